//! A POST with a key is carried out once.
use super::{Parts, parts, text, unchanged};
use crate::{caller::Caller, idempotency, problem::Problem};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::post,
};
use bildung_chassis::{Role, testing};
use http::StatusCode;
use jiff::SignedDuration;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// A resource that counts what is done to it.
#[derive(Clone)]
struct Things {
    made: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
}

async fn make(State(things): State<Things>, body: String) -> Response {
    let _open = things.gate.acquire().await.unwrap();
    let number = things.made.fetch_add(1, Ordering::SeqCst) + 1;
    match body.as_str() {
        "broken" => Problem::silent().into_response(),
        "invalid" => Problem::invalid("thing_invalid", "no").into_response(),
        _ => (StatusCode::CREATED, [("location", format!("/things/{number}"))], format!("{{\"number\":{number},\"name\":\"{body}\"}}"))
            .into_response(),
    }
}

async fn as_given(mut request: Request, next: Next) -> Response {
    let name = request.headers().get("x-person").map(|name| name.to_str().unwrap().to_owned()).unwrap_or_default();
    request.extensions_mut().insert(Caller::of(testing::user_named(&name, Role::Coordinator)));
    next.run(request).await
}

async fn things() -> (Parts, Things, Router) {
    let parts = parts(unchanged()).await;
    let things = Things { made: Arc::default(), gate: Arc::new(Semaphore::new(100)) };
    let router = Router::new()
        .route("/api/v1/things", post(make))
        .route("/api/v1/offer-imports", post(make))
        .with_state(things.clone())
        .layer(middleware::from_fn_with_state(parts.app.clone(), idempotency::once))
        .layer(middleware::from_fn(as_given));
    (parts, things, router)
}

fn request(path: &str, key: &str, person: &str, body: &str) -> Request {
    http::Request::post(path).header("idempotency-key", key).header("x-person", person).body(Body::from(body.to_owned())).unwrap()
}

async fn send(router: &Router, key: &str, person: &str, body: &str) -> Response {
    router.clone().oneshot(request("/api/v1/things", key, person, body)).await.unwrap()
}

#[tokio::test]
async fn the_same_request_is_answered_again_and_another_refused() {
    let (parts, things, router) = things().await;
    let first = send(&router, "k", "a", "Canary").await;
    assert_eq!((first.status(), first.headers()["location"].to_str().unwrap()), (StatusCode::CREATED, "/things/1"));
    let first = text(first).await;

    let again = send(&router, "k", "a", "Canary").await;
    assert_eq!((again.status(), again.headers()["location"].to_str().unwrap()), (StatusCode::CREATED, "/things/1"));
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(text(again).await, first);
    assert_eq!(things.made.load(Ordering::SeqCst), 1);

    let other = send(&router, "k", "a", "other").await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(other).await.contains("idempotency_key_reused"));
    assert_eq!(send(&router, "k", "b", "other").await.status(), StatusCode::CREATED, "another caller's key is another key");
    assert_eq!(send(&router, "", "a", "x").await.status(), StatusCode::BAD_REQUEST);

    // Neither the answer nor the key nor the person can be read in the database.
    let admin = parts.stage.admin("gateway").await;
    let stored: Vec<String> = sqlx::query_scalar("select encode(scope || fingerprint || sealed_answer, 'escape') from idempotency_key")
        .fetch_all(&admin)
        .await
        .unwrap();
    assert_eq!(stored.len(), 2);
    assert!(!stored.concat().contains("Canary"));

    parts.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(send(&router, "k", "a", "other").await.status(), StatusCode::CREATED, "forgotten after a day");
}

#[tokio::test]
async fn what_came_to_no_decision_may_be_tried_again() {
    let (_parts, things, router) = things().await;
    assert_eq!(send(&router, "k", "a", "broken").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(send(&router, "k", "a", "broken").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(things.made.load(Ordering::SeqCst), 2);
    assert_eq!(send(&router, "l", "a", "invalid").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let again = send(&router, "l", "a", "invalid").await;
    assert!(text(again).await.contains("thing_invalid"), "a refusal is a decision");
    assert_eq!(things.made.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_second_request_does_not_overtake_the_first_and_one_hung_up_is_carried_out() {
    let (parts, things, router) = things().await;
    let held = things.gate.clone().acquire_many_owned(100).await.unwrap();
    let hung_up = tokio::time::timeout(std::time::Duration::from_millis(500), send(&router, "k", "a", "x")).await;
    assert!(hung_up.is_err(), "the sender gave up waiting");
    let second = send(&router, "k", "a", "x").await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
    assert!(text(second).await.contains("idempotency_key_in_use"));
    drop(held);
    let (sent, made) = (&router, &things.made);
    testing::eventually("the first is carried out", || async { send(sent, "k", "a", "x").await.status() == StatusCode::CREATED }).await;
    assert_eq!(made.load(Ordering::SeqCst), 1);

    // A process that died while carrying out leaves its claim behind; it lapses.
    let admin = parts.stage.admin("gateway").await;
    sqlx::query("update idempotency_key set sealed_answer = null").execute(&admin).await.unwrap();
    assert_eq!(send(&router, "k", "a", "x").await.status(), StatusCode::CONFLICT);
    parts.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(send(&router, "k", "a", "other").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(&router, "k", "a", "x").await.status(), StatusCode::CREATED);
    assert_eq!(made.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn of_an_uploaded_file_only_the_headers_count() {
    let (_parts, things, router) = things().await;
    let upload = |length: &'static str| {
        let mut request = request("/api/v1/offer-imports?source=x", "k", "a", "file");
        request.headers_mut().insert("content-length", http::HeaderValue::from_static(length));
        router.clone().oneshot(request)
    };
    assert_eq!(upload("4").await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(upload("4").await.unwrap().headers()["idempotency-replayed"], "true");
    assert_eq!(upload("5").await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(things.made.load(Ordering::SeqCst), 1);
}
