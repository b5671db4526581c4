//! Uploaded files, streamed through to a service: never whole in memory, over the limit refused while streaming.
use crate::{app::App, problem::Problem};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use bildung_chassis::Background;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// How long the rest of a refused body is read on, so that the sender gets to see the answer.
const DRAIN: Duration = Duration::from_mins(1);

/// A file on its way in.
pub(crate) struct Upload {
    chunks: BoxStream<'static, Result<Bytes, Problem>>,
    declared_bytes: Option<u64>,
    max_bytes: u64,
    background: Background,
}

impl Upload {
    /// A file whose size may be declared beforehand.
    pub(crate) fn new(app: &App, declared_bytes: Option<u64>, chunks: BoxStream<'static, Result<Bytes, Problem>>) -> Self {
        Self { chunks, declared_bytes, max_bytes: app.max_upload_bytes, background: app.background.clone() }
    }

    /// Streams the file into a call: first `start`, then each piece as `wrap` makes it. An upload that fails on the way
    /// cancels the call, so that the service sees a broken stream and never a short file.
    pub(crate) async fn send<M, R, F, C>(mut self, start: M, wrap: fn(Bytes) -> M, call: F) -> Result<R, Problem>
    where
        M: Send + 'static,
        F: FnOnce(ReceiverStream<M>) -> C,
        C: Future<Output = Result<tonic::Response<R>, tonic::Status>>,
    {
        let outcome = self.stream(start, wrap, call).await;
        if outcome.is_err() {
            let mut rest = self.chunks;
            self.background.spawn("drain a refused upload", async move {
                let _ = tokio::time::timeout(DRAIN, async { while let Some(Ok(_)) = rest.next().await {} }).await;
                Ok(())
            });
        }
        outcome
    }

    async fn stream<M, R, F, C>(&mut self, start: M, wrap: fn(Bytes) -> M, call: F) -> Result<R, Problem>
    where
        M: Send + 'static,
        F: FnOnce(ReceiverStream<M>) -> C,
        C: Future<Output = Result<tonic::Response<R>, tonic::Status>>,
    {
        if self.declared_bytes.is_some_and(|bytes| bytes > self.max_bytes) {
            return Err(too_large(self.max_bytes));
        }
        let first = loop {
            match self.chunks.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => break bytes,
                Some(Err(problem)) => return Err(problem),
                None => return Err(Problem::invalid("body_empty", "the body is empty: send the file as the body")),
            }
        };
        let (sender, receiver) = mpsc::channel(4);
        let mut call = Box::pin(call(ReceiverStream::new(receiver)));
        let pieces = stream::iter([Ok(first)]).chain(&mut self.chunks);
        let fed = tokio::select! {
            biased;
            answered = &mut call => return Ok(answered?.into_inner()),
            fed = feed(sender, start, wrap, pieces, self.max_bytes) => fed,
        };
        match fed {
            Ok(()) => Ok(call.await?.into_inner()),
            Err((problem, sender)) => {
                // The call must go before its sender, or the service would take the end of the pieces for the end of the file.
                drop(call);
                drop(sender);
                Err(problem)
            }
        }
    }
}

async fn feed<M: Send>(
    sender: mpsc::Sender<M>,
    start: M,
    wrap: fn(Bytes) -> M,
    mut pieces: impl futures::Stream<Item = Result<Bytes, Problem>> + Unpin,
    max_bytes: u64,
) -> Result<(), (Problem, mpsc::Sender<M>)> {
    let mut message = start;
    let mut seen = 0_u64;
    loop {
        if sender.send(message).await.is_err() {
            // The call stopped listening, so its answer is on its way.
            std::future::pending::<()>().await;
        }
        let bytes = match pieces.next().await {
            None => return Ok(()),
            Some(Ok(bytes)) => bytes,
            Some(Err(problem)) => return Err((problem, sender)),
        };
        seen = seen.saturating_add(bytes.len() as u64);
        if seen > max_bytes {
            return Err((too_large(max_bytes), sender));
        }
        message = wrap(bytes);
    }
}

fn too_large(max_bytes: u64) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", format!("a file may have at most {max_bytes} bytes"))
}

/// The body as a file.
impl FromRequest<App> for Upload {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let chunks = request
            .into_body()
            .into_data_stream()
            .map(|chunk| chunk.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "body_incomplete", "the body ended too early")));
        Ok(Self::new(app, declared, chunks.boxed()))
    }
}
