//! All routes and what surrounds each of them: trace, security headers, panics, problems, time limits, the caller.
use crate::{app::App, assets, caller, idempotency, portal, problem, rest, sign_in, theme};
use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use bildung_chassis::telemetry;
use opentelemetry::{KeyValue, metrics::Histogram};
use std::{sync::LazyLock, time::Duration};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate as _},
    },
};
use tracing::Instrument as _;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter().f64_histogram("http_server_request_duration_seconds").with_description("Time to answer, by route and status").build()
});

/// The whole of it; `health` is served here unless it has a port of its own.
pub(crate) fn build(app: App, health: Option<Router<App>>) -> Router {
    let body_bytes = app.settings.limits.body_bytes;
    let routes = Router::new()
        .merge(rest::routes())
        .merge(portal::routes())
        .merge(sign_in::routes())
        .merge(assets::routes())
        .merge(theme::routes())
        .merge(health.unwrap_or_default())
        .fallback(|| async { problem::Problem::not_found() });
    // The last layer is the first to see a request.
    routes
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::once))
        .layer(middleware::from_fn_with_state(app.clone(), portal::fresh))
        .layer(middleware::from_fn_with_state(app.clone(), caller::identify))
        .layer(middleware::from_fn_with_state(app.clone(), time_limit))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn std::any::Any + Send>| {
            // The message may quote input, so only the place (printed by the panic hook) is to be found in the log.
            drop(panic);
            tracing::error!("a handler panicked");
            problem::Problem::silent().into_response()
        }))
        .layer(middleware::from_fn_with_state(app.clone(), portal::errors::as_page))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_public)))
        .layer(middleware::from_fn_with_state(app.clone(), security_headers))
        .layer(middleware::from_fn(observe))
        .with_state(app)
}

/// What holds a secret (a form's token) beside text from outside must not be compressed.
fn is_public(_: StatusCode, _: http::Version, headers: &http::HeaderMap, _: &http::Extensions) -> bool {
    headers.get(header::CACHE_CONTROL).is_none_or(|value| !value.as_bytes().starts_with(b"no-store"))
}

/// A span and a duration per request, named by the route: paths hold identifiers and query strings hold what people look
/// for, so neither is recorded.
async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!(
        "http",
        otel.kind = "server",
        otel.name = format!("{method} {route}"),
        http.request.method = %method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    telemetry::continue_from_headers(&span, request.headers());
    let began = std::time::Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let seconds = began.elapsed().as_secs_f64();
    DURATION.record(
        seconds,
        &[
            KeyValue::new("http_route", route.clone()),
            KeyValue::new("http_request_method", method.to_string()),
            KeyValue::new("http_response_status_code", i64::from(status)),
        ],
    );
    span.in_scope(|| tracing::debug!(%method, route, status, seconds, "answered"));
    response
}

/// Gives up what takes too long; files may take longer.
async fn time_limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let limits = &app.settings.limits;
    let seconds = if is_upload(&request) { limits.upload_seconds } else { limits.request_seconds };
    match tokio::time::timeout(Duration::from_secs(seconds), next.run(request)).await {
        Ok(response) => response,
        Err(_) => problem::Problem::new(StatusCode::GATEWAY_TIMEOUT, "request_too_slow", "the request took too long, please try again")
            .into_response(),
    }
}

/// Whether a request streams a file.
pub(crate) fn is_upload(request: &Request) -> bool {
    let path = request.uri().path();
    let form = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    request.method() == Method::POST && (form || matches!(path, "/api/v1/offer-imports" | "/api/v1/datasets"))
}

/// Nothing inline, nothing from elsewhere, no framing, no sniffing.
async fn security_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // Signing out leads from a form to the issuer, which browsers count as the form's target.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        app.issuer.origin()
    );
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.entry(name).or_insert(value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "geolocation=(self), camera=(), microphone=()");
    if app.settings.https() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    response
}
