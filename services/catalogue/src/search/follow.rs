//! Keeps an index fresh: fills it from the store and follows what changes, with the bus there or not.
//!
//! The cursor is a transaction number. What is read is every offer changed by a transaction that had not certainly ended
//! when the last reading began; so a transaction that commits late is not passed over, whatever the order of commits.
use super::OfferIndex;
use crate::store::offers;
use bildung_chassis::{Result, Store};
use std::{collections::HashMap, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Offers read at a time.
const PAGE: i64 = 500;
/// How often the store is asked though nothing committed in this process: other replicas write, too.
const POLL: Duration = Duration::from_millis(500);

/// Follows a store.
pub(crate) struct Follower {
    pub(crate) store: Store,
    pub(crate) index: OfferIndex,
    cursor: i64,
    /// Changes at or after the cursor that are in the index already.
    seen: HashMap<Uuid, i64>,
}

impl Follower {
    pub(crate) fn new(store: Store, index: OfferIndex) -> Self {
        Self { store, index, cursor: 0, seen: HashMap::new() }
    }

    /// Puts everything in.
    pub(crate) async fn fill(&mut self) -> Result<()> {
        let mut connection = self.store.pool().acquire().await.map_err(bildung_chassis::Error::from)?;
        self.cursor = offers::horizon(&mut connection).await?;
        let mut after = Uuid::nil();
        loop {
            let page = offers::page(&mut connection, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            self.put(page).await?;
        }
        self.commit().await?;
        tracing::info!(offers = self.index.len(), "the search index is filled");
        Ok(())
    }

    /// Takes over what has changed; how many offers.
    pub(crate) async fn catch_up(&mut self) -> Result<usize> {
        let mut connection = self.store.pool().acquire().await.map_err(bildung_chassis::Error::from)?;
        let (changed, horizon) = offers::changed_since(&mut connection, self.cursor).await?;
        let new: Vec<(Uuid, i64)> = changed.into_iter().filter(|(id, transaction)| self.seen.get(id) != Some(transaction)).collect();
        for ids in new.chunks(usize::try_from(PAGE).unwrap_or(1)) {
            let ids: Vec<Uuid> = ids.iter().map(|(id, _)| *id).collect();
            let page = offers::by_ids(&mut connection, &ids).await?;
            self.put(page).await?;
        }
        if !new.is_empty() {
            self.commit().await?;
        }
        let count = new.len();
        self.cursor = horizon;
        self.seen.extend(new);
        self.seen.retain(|_, transaction| *transaction >= horizon);
        Ok(count)
    }

    async fn put(&self, offers: Vec<crate::domain::offer::Offer>) -> Result<()> {
        let index = self.index.clone();
        blocking(move || index.put(&offers)).await
    }

    async fn commit(&self) -> Result<()> {
        let index = self.index.clone();
        blocking(move || index.commit()).await
    }

    /// The task. A store that is away is waited for: until then the index answers with what it has.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut commits = self.store.commits();
        while !stop.is_cancelled() {
            if let Err(error) = self.catch_up().await {
                tracing::warn!(error = %error, "the search index cannot follow the store");
                tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(Duration::from_secs(1)) => {} }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = commits.changed() => {
                    // commits of an import come in quick succession: index them together
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        Ok(())
    }
}

async fn blocking<F: FnOnce() -> tantivy::Result<()> + Send + 'static>(work: F) -> Result<()> {
    tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?;
    Ok(())
}
