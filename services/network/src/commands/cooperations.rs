//! Adding and moving cooperations.
use super::{WRITERS, not_found, today};
use crate::domain::Violation;
use crate::domain::cooperation::{Cooperation, GivenCooperation, Side, State};
use crate::store;
use crate::store::cooperation::Named;
use bildung_chassis::{Result, Work};
use jiff::civil::Date;
use uuid::Uuid;

/// Records that two actors work together, wish to, or did.
pub(crate) async fn add(work: &mut Work, from: Uuid, to: Uuid, given: &GivenCooperation, until: Option<Date>) -> Result<Named> {
    work.principal.require(WRITERS)?;
    let from = side(work, from, "/from_actor_id").await?;
    let to = side(work, to, "/to_actor_id").await?;
    let cooperation = Cooperation::record(work.id(), from, to, given, until, today(work.now))?;
    let now = work.now;
    store::cooperation::insert(work.tx(), &cooperation, now).await?;
    store::cooperation::find(work.tx(), cooperation.id).await?.ok_or_else(|| not_found("cooperation").into())
}

/// Moves a cooperation to another state.
pub(crate) async fn move_to(
    work: &mut Work,
    id: Uuid,
    revision: Option<i64>,
    state: &str,
    reason: &str,
    on: Option<Date>,
) -> Result<Named> {
    work.principal.require(WRITERS)?;
    let Some(mut named) = store::cooperation::lock(work.tx(), id).await? else {
        return Err(not_found("cooperation").into());
    };
    let on = on.unwrap_or_else(|| today(work.now));
    named.cooperation.move_to(revision, State::of_field("/state", state)?, reason, on)?;
    store::cooperation::save(work.tx(), &named.cooperation).await?;
    Ok(named)
}

async fn side(work: &mut Work, actor: Uuid, pointer: &'static str) -> Result<Side> {
    match store::actor::hold_state(work.tx(), actor).await? {
        Some(state) => Ok(Side { actor, state }),
        None => Err(Violation::UnknownReference { pointer, what: "the actor" }.into()),
    }
}
