//! Questions about actors.
use super::sees_all;
use crate::domain::actor::{Actor, State};
use crate::store::{self, Page, actor::Filter};
use bildung_chassis::{Principal, Refusal, Result, Store};
use uuid::Uuid;

/// An actor; residents see it while it is active.
pub(crate) async fn get(store: &Store, principal: &Principal, id: Uuid) -> Result<Actor> {
    match store::actor::find(store.pool(), id).await? {
        Some(actor) if actor.state == State::Active || sees_all(principal) => Ok(actor),
        _ => Err(Refusal::not_found("actor_not_found", "there is no such actor").into()),
    }
}

/// A page of actors by name and how many there are in all.
pub(crate) async fn list(store: &Store, principal: &Principal, mut filter: Filter, page: Page) -> Result<(i64, Vec<Actor>)> {
    if !sees_all(principal) {
        filter.states = vec![State::Active.as_str().to_owned()];
    }
    filter.q = filter.q.trim().to_owned();
    Ok((store::actor::count(store.pool(), &filter).await?, store::actor::list(store.pool(), &filter, page).await?))
}
