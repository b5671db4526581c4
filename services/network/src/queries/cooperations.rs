//! Questions about cooperations.
use super::sees_all;
use crate::domain::cooperation::State;
use crate::store::cooperation::{Filter, Named};
use crate::store::{self, Page};
use bildung_chassis::{Principal, Refusal, Result, Store};
use uuid::Uuid;

/// A cooperation; residents see it while it is active between active actors.
pub(crate) async fn get(store: &Store, principal: &Principal, id: Uuid) -> Result<Named> {
    let unknown = || Refusal::not_found("cooperation_not_found", "there is no such cooperation");
    let named = store::cooperation::find(store.pool(), id).await?.ok_or_else(unknown)?;
    if sees_all(principal) {
        return Ok(named);
    }
    let visible =
        Filter { actors: vec![named.cooperation.from], types: vec![named.cooperation.kind.as_str().to_owned()], ..Filter::default() };
    let (_, visible) = list(store, principal, visible, Page { limit: i64::MAX, offset: 0 }).await?;
    visible.into_iter().find(|visible| visible.cooperation.id == id).ok_or_else(|| unknown().into())
}

/// A page of cooperations by the names of the two and how many there are in all.
pub(crate) async fn list(store: &Store, principal: &Principal, mut filter: Filter, page: Page) -> Result<(i64, Vec<Named>)> {
    let all = sees_all(principal);
    if !all {
        filter.states = vec![State::Active.as_str().to_owned()];
        filter.between_active = true;
    }
    let total = store::cooperation::count(store.pool(), &filter).await?;
    let mut cooperations = store::cooperation::list(store.pool(), &filter, page).await?;
    if !all {
        cooperations = cooperations.into_iter().map(without_notes).collect();
    }
    Ok((total, cooperations))
}

fn without_notes(mut named: Named) -> Named {
    named.cooperation.note.clear();
    named.cooperation.end_reason.clear();
    named
}
