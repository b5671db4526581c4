//! What people do to a run after it has stopped: confirm it, or take it back.
use super::start_import::authorise;
use crate::{
    domain::{
        Violation,
        import_run::{Action, Phase, State},
        source::SourceId,
    },
    store::{self, imports::Run},
};
use bildung_chassis::{Refusal, Result, Role, Work};
use uuid::Uuid;

/// There is no such run, or it is not the caller's to see.
pub(crate) fn unknown_run() -> Refusal {
    Refusal::not_found("import_unknown", "there is no such import")
}

/// Confirms a held run or takes one back; the work itself is left to a worker.
pub(crate) async fn act(work: &mut Work, id: Uuid, action: Action) -> Result<Run> {
    work.principal.require(&[Role::Editor, Role::Provider])?;
    let run = store::imports::lock(work.tx(), id).await?.ok_or_else(unknown_run)?;
    authorise(work, &SourceId::parse(&run.source)?).await?;
    let (state, phase) = action.apply(run.state, run.dry_run)?;
    if state == State::Queued && store::imports::has_later(work.tx(), &run).await? {
        return Err(Violation::NotTheLatestImport.into());
    }
    let now = work.now;
    store::imports::redirect(work.tx(), id, state, phase, now).await?;
    match (action, phase) {
        (Action::Confirm, _) => {
            let counts = crate::domain::import_run::Counts { created: 0, updated: 0, unchanged: 0, withdrawn: 0, ..run.counts };
            store::imports::set_counts(work.tx(), id, counts, 0, run.total).await?;
        }
        (Action::Undo, Phase::Undoing) => {}
        (Action::Undo, _) => store::staging::clear(work.tx(), id).await?,
    }
    Ok(store::imports::get(work.tx(), id).await?.ok_or_else(unknown_run)?)
}
