//! Tells the other services about offers whose provider has become known as an actor.
use super::import_steps::announce_again;
use crate::store;
use bildung_chassis::{Principal, Result, Store, Work};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Announces whatever there is to announce, until told to stop.
pub(crate) async fn run(store: Store, stop: CancellationToken) -> anyhow::Result<()> {
    let mut commits = store.commits();
    while !stop.is_cancelled() {
        match announce_all(&store).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(error = %error, "offers cannot be announced yet"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            _ = commits.changed() => {}
        }
    }
    Ok(())
}

async fn announce_all(store: &Store) -> Result<()> {
    let mut connection = store.pool().acquire().await?;
    // only who has something to do begins a transaction: each commit wakes everybody
    while store::offers::any_to_announce(&mut connection).await? {
        if store.command(&Principal::System("announce"), |work| Box::pin(announce_some(work))).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Announces some offers; how many.
pub(crate) async fn announce_some(work: &mut Work) -> Result<usize> {
    let offers = store::offers::take_to_announce(work.tx(), 200).await?;
    announce_again(work, &offers).await?;
    Ok(offers.len())
}
