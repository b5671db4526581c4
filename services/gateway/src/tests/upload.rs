//! Files on their way through.
use super::{Parts, parts};
use crate::{problem::Problem, rest::upload::Upload};
use axum::body::Bytes;
use bildung_chassis::testing;
use futures::{StreamExt as _, stream};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_stream::wrappers::ReceiverStream;

/// A service that takes a file, and notices whether it came to its end.
struct Taker {
    ended: Arc<AtomicBool>,
    dropped: Arc<AtomicBool>,
}

struct Noticed(Arc<AtomicBool>);
impl Drop for Noticed {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Taker {
    fn new() -> Self {
        Self { ended: Arc::default(), dropped: Arc::default() }
    }

    async fn take(&self, mut messages: ReceiverStream<Vec<u8>>) -> Result<tonic::Response<String>, tonic::Status> {
        let _noticed = Noticed(Arc::clone(&self.dropped));
        let mut taken = Vec::new();
        while let Some(message) = messages.next().await {
            taken.extend(message);
        }
        self.ended.store(true, Ordering::SeqCst);
        Ok(tonic::Response::new(String::from_utf8(taken).unwrap()))
    }
}

fn upload(parts: &Parts, declared: Option<u64>, pieces: Vec<Result<&'static str, Problem>>) -> Upload {
    let pieces = pieces.into_iter().map(|piece| piece.map(|piece| Bytes::from_static(piece.as_bytes())));
    Upload::new(&parts.app, declared, stream::iter(pieces.collect::<Vec<_>>()).boxed())
}

#[tokio::test]
async fn a_file_reaches_the_service_whole_or_not_at_all() {
    let parts = parts(json!({"import": {"max_bytes": 10}})).await;

    let taker = Taker::new();
    let whole = upload(&parts, Some(10), vec![Ok(""), Ok("01234"), Ok("56789")]);
    let answer = whole.send(b"start:".to_vec(), |piece| piece.to_vec(), |messages| taker.take(messages)).await;
    assert_eq!(answer.unwrap(), "start:0123456789");

    let broken = || Err(Problem::new(http::StatusCode::BAD_REQUEST, "body_incomplete", "ended too early"));
    for (declared, pieces, status) in [
        (None, vec![Ok("01234"), Ok("56789"), Ok("a")], 413),
        (Some(11), vec![Ok("0")], 413),
        (None, vec![], 422),
        (None, vec![Ok(""), Ok("")], 422),
        (None, vec![Ok("01"), broken()], 400),
        (None, vec![broken()], 400),
    ] {
        let taker = Taker::new();
        let refused = upload(&parts, declared, pieces).send(Vec::new(), |piece| piece.to_vec(), |messages| taker.take(messages)).await;
        assert_eq!(refused.unwrap_err().status, status);
        assert!(!taker.ended.load(Ordering::SeqCst), "the service must not take a piece for the whole");
    }
}

#[tokio::test]
async fn a_refusal_of_the_service_comes_before_the_end_of_the_file_and_the_rest_is_read_on() {
    let parts = parts(json!({})).await;
    let read_on = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&read_on);
    let endless = stream::iter(0..1000).map(move |piece| {
        noticed.store(piece == 999, Ordering::SeqCst);
        Ok(Bytes::from_static(b"x"))
    });
    let upload = Upload::new(&parts.app, None, endless.boxed());
    let refused = upload
        .send(Vec::new(), |piece| piece.to_vec(), |_messages| async { Err::<tonic::Response<()>, _>(tonic::Status::unauthenticated("no")) })
        .await;
    assert_eq!(refused.unwrap_err().status, 401);
    testing::eventually("the rest is read", || async { read_on.load(Ordering::SeqCst) }).await;
}
