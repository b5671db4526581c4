//! `Idempotency-Key` on POST under `/api/v1`: carried out once, answered again for 24 hours.
//!
//! A key belongs to its caller. The same key with another request is refused (422), while the first is under way too (409).
//! Answers may hold personal data, so they are sealed with a key derived from the idempotency key itself, of which only a
//! hash is stored. The request runs on even if its sender hangs up, so that a repetition finds its answer. Of an uploaded
//! file only the headers count, for it is not read twice.
use crate::{app::App, caller::Caller, problem::Problem, router::is_upload, seal, store::answers};
use axum::{
    body::{self, Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const KEPT: SignedDuration = SignedDuration::from_hours(24);
const LARGEST_ANSWER: usize = 1024 * 1024;
const KEPT_HEADERS: [HeaderName; 4] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CACHE_CONTROL];

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// A key in use: whose it is, what it stands for, and the secret that seals its answer.
struct Key {
    secret: [u8; 32],
    scope: [u8; 32],
    fingerprint: [u8; 32],
}

/// Carries a POST with a key out once.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let concerned = request.method() == Method::POST && request.uri().path().starts_with("/api/v1/");
    let Some(given) = request.headers().get(HEADER).filter(|_| concerned).cloned() else { return next.run(request).await };
    match once_with(app, given, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once_with(app: App, given: HeaderValue, request: Request, next: Next) -> Result<Response, Problem> {
    if given.is_empty() || given.len() > 255 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid", "Idempotency-Key must have 1 to 255 characters"));
    }
    let uploads = is_upload(&request);
    let (key, request) = identify(&app, given.as_bytes(), request, uploads).await?;
    let now = app.clock().now();
    let seconds = if uploads { app.settings.limits.upload_seconds } else { app.settings.limits.request_seconds };
    let claimed_until = now + SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(3600) + 5);
    let pool = app.store.pool();
    let claimed = answers::claim(pool, &key.scope, &key.fingerprint, now, claimed_until, now + KEPT).await.map_err(store_problem)?;
    if !claimed {
        return repeat(&app, &key).await;
    }
    // The sender may hang up; the request is carried out all the same.
    let (sender, receiver) = oneshot::channel();
    let job = app.clone();
    app.background.spawn("carry out a request with an idempotency key", async move {
        let response = next.run(request).await;
        let response = keep(&job, &key, response).await?;
        sender.send(response).ok();
        Ok(())
    });
    receiver.await.map_err(|_| Problem::silent())
}

async fn identify(app: &App, given: &[u8], request: Request, uploads: bool) -> Result<(Key, Request), Problem> {
    let (parts, body) = request.into_parts();
    let caller = parts.extensions.get::<Caller>().map(|caller| caller.principal().label()).unwrap_or_default();
    let (content, body) = if uploads {
        (header_bytes(&parts.headers, &header::CONTENT_LENGTH), body)
    } else {
        let bytes = body::to_bytes(body, app.settings.limits.body_bytes)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than allowed"))?;
        (bytes.to_vec(), Body::from(bytes))
    };
    let secret = seal::digest("idempotency secret", &[caller.as_bytes(), given]);
    let address = parts.uri.path_and_query().map_or("", |address| address.as_str());
    let kind = header_bytes(&parts.headers, &header::CONTENT_TYPE);
    let key = Key {
        secret,
        scope: seal::digest("idempotency scope", &[&secret]),
        // Keyed by the secret, so that a guess at the body cannot be checked against the database.
        fingerprint: seal::digest("idempotency fingerprint", &[&secret, address.as_bytes(), &kind, &content]),
    };
    Ok((key, Request::from_parts(parts, body)))
}

fn header_bytes(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    headers.get(name).map(|value| value.as_bytes().to_vec()).unwrap_or_default()
}

async fn repeat(app: &App, key: &Key) -> Result<Response, Problem> {
    let under_way =
        || Problem::new(StatusCode::CONFLICT, "idempotency_key_in_use", "the first request with this Idempotency-Key is still under way");
    let Some(row) = answers::find(app.store.pool(), &key.scope).await.map_err(store_problem)? else { return Err(under_way()) };
    if row.fingerprint != key.fingerprint {
        return Err(Problem::invalid("idempotency_key_reused", "this Idempotency-Key was used with another request"));
    }
    let Some(sealed) = row.sealed_answer else { return Err(under_way()) };
    let answer: Answer = seal::open("idempotency answer", &key.secret, &sealed)?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, BASE64_STANDARD.decode(answer.body).unwrap_or_default()).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    Ok(response)
}

/// Keeps an answer that a repetition should get; what did not come to a decision may be tried again.
async fn keep(app: &App, key: &Key, response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    let undecided = status.is_server_error()
        || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if undecided {
        answers::release(app.store.pool(), &key.scope).await?;
        return Ok(response);
    }
    let extensions = response.extensions().clone();
    let (parts, body) = response.into_parts();
    let bytes: Bytes = body::to_bytes(body, LARGEST_ANSWER).await?;
    let headers = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some((name.as_str().to_owned(), parts.headers.get(name)?.to_str().ok()?.to_owned())))
        .collect();
    let answer = Answer { status: status.as_u16(), headers, body: BASE64_STANDARD.encode(&bytes) };
    let sealed = seal::seal(app.ids(), "idempotency answer", &key.secret, &answer)?;
    answers::keep(app.store.pool(), &key.scope, &sealed).await?;
    let mut response = Response::from_parts(parts, Body::from(bytes));
    *response.extensions_mut() = extensions;
    Ok(response)
}

fn store_problem(error: sqlx::Error) -> Problem {
    bildung_chassis::Error::from(error).into()
}
