//! What surrounds each route.
use super::{empty, get, parts, text, unchanged};
use crate::{problem::Problem, router};
use axum::{
    Router,
    body::{Body, Bytes},
    response::Response,
    routing::{get as route_get, post},
};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use std::{
    io::Write,
    sync::{Arc, Mutex},
};
use tower::ServiceExt as _;

async fn panics() -> &'static str {
    panic!("Canary in a panic")
}

async fn body(_: Bytes) -> &'static str {
    "read"
}

/// The whole router, with routes that misbehave.
async fn served(changes: Value) -> (super::Parts, Router) {
    let parts = parts(changes).await;
    let extra = Router::new()
        .route("/api/v1/panics", route_get(panics))
        .route("/panics", route_get(panics))
        .route("/api/v1/body", post(body))
        .route("/api/v1/broken", route_get(|| async { Err::<(), _>(Problem::from(anyhow::anyhow!("Canary in a cause"))) }));
    let router = router::build(parts.app.clone(), Some(extra));
    (parts, router)
}

async fn problem(router: &Router, request: Request<Body>) -> (u16, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    (status, serde_json::from_str(&text(response).await).unwrap())
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn errors_are_problems_on_the_api_and_pages_in_the_portal() {
    let (_parts, router) = served(unchanged()).await;
    let cases = [
        (empty(get("/api/v1/nothing")), 404, "not_found"),
        (empty(Request::delete("/api/v1/body")), 405, "method_not_allowed"),
        (empty(get("/api/v1/panics")), 500, "internal_error"),
        (empty(get("/api/v1/broken")), 500, "internal_error"),
        (empty(get("/api/openapi.json").header("authorization", "Basic x")), 401, "token_invalid"),
        (Request::post("/api/v1/body").body(Body::from(vec![0; 3 << 20])).unwrap(), 413, "body_too_large"),
    ];
    for (request, status, code) in cases {
        let name = format!("{} {}", request.method(), request.uri());
        let (given, problem) = problem(&router, request).await;
        assert_eq!((given, problem["code"].as_str().unwrap()), (status, code), "{name}");
        assert!(!problem.to_string().contains("Canary"), "{name}");
    }
    for (path, status, words) in [("/nirgends", 404, "Seite nicht gefunden"), ("/panics", 500, "schiefgegangen")] {
        let response = router.clone().oneshot(empty(get(path).header("accept", "text/html"))).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        let text = text(response).await;
        assert!(text.contains(words) && text.contains("/impressum") && !text.contains("Canary"), "{path}");
    }
    // Who asks a page's address for JSON gets JSON.
    let (status, problem) = problem(&router, empty(get("/nirgends").header("accept", "application/json"))).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (404, "not_found"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let (_parts, router) = served(json!({"gateway": {"public_url": "https://bildung.example/"}})).await;
    for path in ["/", "/nirgends", "/api/openapi.json", "/api/v1/panics", "/assets/nothing.css", "/office"] {
        let response = router.clone().oneshot(empty(get(path))).await.unwrap();
        let policy = header(&response, "content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "referrer-policy"), "same-origin", "{path}");
        assert!(header(&response, "strict-transport-security").contains("max-age=31536000"), "{path}");
        assert!(!header(&response, "cache-control").is_empty(), "{path}");
        assert_eq!(header(&response, "set-cookie"), "", "{path}");
    }
    let (_parts, router) = served(unchanged()).await;
    let response = router.oneshot(empty(get("/"))).await.unwrap();
    assert_eq!(header(&response, "strict-transport-security"), "", "without TLS it would lock people out");
}

#[tokio::test]
async fn a_public_page_is_sent_again_only_when_it_changed() {
    let (_parts, router) = served(unchanged()).await;
    let first = router.clone().oneshot(empty(get("/impressum"))).await.unwrap();
    let tag = header(&first, "etag").to_owned();
    assert_eq!((first.status(), header(&first, "cache-control")), (StatusCode::OK, "no-cache"));
    let again = router.clone().oneshot(empty(get("/impressum").header("if-none-match", &tag))).await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(again).await, "");
    let other = router.clone().oneshot(empty(get("/datenschutz").header("if-none-match", &tag))).await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
    let german = router.clone().oneshot(empty(get("/de/impressum?a=b"))).await.unwrap();
    assert_eq!((german.status(), header(&german, "location")), (StatusCode::PERMANENT_REDIRECT, "/impressum?a=b"));
    let elsewhere = router.oneshot(empty(get("/de//evil.example/"))).await.unwrap();
    assert_eq!(header(&elsewhere, "location"), "/evil.example/", "never another site");
}

#[tokio::test]
async fn assets_may_be_kept_for_ever_under_their_hash() {
    let (_parts, router) = served(unchanged()).await;
    let page = text(router.clone().oneshot(empty(get("/"))).await.unwrap()).await;
    let href = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let sheet = router.clone().oneshot(empty(get(href).header("accept-encoding", "gzip, br"))).await.unwrap();
    assert_eq!((sheet.status(), header(&sheet, "content-encoding")), (StatusCode::OK, "br"));
    assert!(header(&sheet, "cache-control").contains("immutable"));
    let plain = router.clone().oneshot(empty(get("/assets/portal.css"))).await.unwrap();
    assert_eq!((plain.status(), header(&plain, "content-encoding")), (StatusCode::OK, ""));
    assert!(!header(&plain, "cache-control").contains("immutable"));
}

#[tokio::test]
async fn the_api_describes_itself() {
    let (_parts, router) = served(unchanged()).await;
    let document: Value =
        serde_json::from_str(&text(router.clone().oneshot(empty(get("/api/openapi.json"))).await.unwrap()).await).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let described = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("BB_WRITE_CONTRACTS").is_some() {
        std::fs::write(file, &described).unwrap();
    }
    assert!(std::fs::read_to_string(file).unwrap_or_default() == described, "openapi.json is not what the API is: make contracts");
    let docs = router.oneshot(empty(get("/api/docs"))).await.unwrap();
    assert_eq!(docs.status(), StatusCode::OK);
    let docs = text(docs).await;
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(docs.contains(&path.replace('&', "&amp;")), "{path}");
    }
}

/// Collects log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_name_routes_and_neither_searches_nor_tokens() {
    let (_parts, router) = served(unchanged()).await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    for request in [
        get("/?q=Canary"),
        get("/impressum?near=Canary"),
        get("/nirgends/Canary?q=Canary"),
        get("/api/v1/offers?q=Canary"),
        get("/sign-in/callback?code=Canary&state=Canary"),
        get("/api/v1/panics?q=Canary").header("idempotency-key", "Canary"),
        get("/api/openapi.json").header("authorization", "Bearer Canary.Canary.Canary").header("referer", "https://x.example/Canary"),
        get("/office?x=Canary").header("cookie", "bildung-session=Canary").header("user-agent", "Canary"),
    ] {
        router.clone().oneshot(empty(request)).await.unwrap();
    }
    drop(guard);
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("/impressum"), "{logged}");
    assert!(!logged.contains("Canary"), "{logged}");
}
