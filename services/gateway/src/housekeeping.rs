//! Forgets sessions, sign-in attempts and idempotency keys whose time is over.
use crate::{app::App, store};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_mins(10);

pub(crate) async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = store::forget_ended(app.store.pool(), app.clock().now()).await {
            tracing::warn!(%error, "what has ended could not be forgotten; trying again later");
        }
        tokio::select! { () = stop.cancelled() => return Ok(()), () = tokio::time::sleep(EVERY) => {} }
    }
}
