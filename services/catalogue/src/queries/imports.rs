//! Questions about imports: for editors, and for providers about their own sources.
use crate::{
    commands::{import_control::unknown_run, start_import::own_sources},
    domain::import_run::{Action, Phase, State},
    store::{self, imports::Run},
};
use bildung_chassis::{Principal, Result, Role, Store};
use bildung_proto::rpc::catalogue as wire;
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes of one answer.
const MOST_NOTES: i64 = 1000;

/// One run with its report.
pub(crate) async fn get(store: &Store, principal: &Principal, id: Uuid) -> Result<wire::ImportRun> {
    principal.require(&[Role::Editor, Role::Provider])?;
    let mut connection = store.pool().acquire().await?;
    let run = store::imports::get(&mut connection, id).await?.ok_or_else(unknown_run)?;
    if own_sources(principal).is_some_and(|own| !own.contains(&run.source)) {
        return Err(unknown_run().into());
    }
    view(&mut connection, run, MOST_NOTES).await
}

/// Runs, newest first, without their notes.
pub(crate) async fn list(store: &Store, principal: &Principal, request: wire::ListImportsRequest) -> Result<wire::ListImportsResponse> {
    principal.require(&[Role::Editor, Role::Provider])?;
    let (page, per_page) = (request.page.max(1), request.per_page.clamp(1, 100));
    let mut sources = own_sources(principal);
    if !request.source.is_empty() {
        let visible = sources.as_ref().is_none_or(|own| own.contains(&request.source));
        sources = Some(if visible { vec![request.source] } else { Vec::new() });
    }
    let mut connection = store.pool().acquire().await?;
    let (runs, total) =
        store::imports::list(&mut connection, sources.as_deref(), i64::from(per_page), i64::from(page - 1) * i64::from(per_page)).await?;
    let mut items = Vec::with_capacity(runs.len());
    for run in runs {
        items.push(view(&mut connection, run, 0).await?);
    }
    Ok(wire::ListImportsResponse { total: total.unsigned_abs(), page, per_page, items })
}

/// The sources the caller may deliver to.
pub(crate) async fn sources(store: &Store, principal: &Principal) -> Result<Vec<wire::Source>> {
    principal.require(&[Role::Editor, Role::Provider])?;
    let mut connection = store.pool().acquire().await?;
    let own = own_sources(principal);
    let rows = store::sources::list(&mut connection, own.as_deref()).await?;
    Ok(rows.into_iter().map(|row| wire::Source { id: row.id, provider: row.provider_name, offers: row.offers.unsigned_abs() }).collect())
}

/// A run as it is answered.
pub(crate) async fn view(connection: &mut PgConnection, run: Run, most_notes: i64) -> Result<wire::ImportRun> {
    let (notes, notes_total) = store::imports::notes(connection, run.id, most_notes).await?;
    let undoable = Action::Undo.apply(run.state, run.dry_run).is_ok()
        && (run.state == State::Held || !store::imports::has_later(connection, &run).await?);
    // what is predicted for a dry or held run is a count like any other
    let counts = run.counts;
    let total = match (run.phase, run.state) {
        (Phase::Reading, State::Queued | State::Running) | (Phase::Undoing, _) => None,
        _ => run.total,
    };
    Ok(wire::ImportRun {
        id: run.id.to_string(),
        source: run.source,
        format: run.format,
        detected_format: run.detected,
        mode: run.mode.as_str().into(),
        dry_run: run.dry_run,
        state: run.state.as_str().into(),
        reason: run.reason.unwrap_or_default(),
        progress: Some(wire::ImportProgress { done: run.done, total }),
        counts: Some(wire::ImportCounts {
            read: counts.read,
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            withdrawn: counts.withdrawn,
            rejected: counts.rejected,
        }),
        errors: notes
            .into_iter()
            .map(|note| wire::ImportNote {
                severity: note.severity,
                record: note.record,
                field: note.field,
                reason: note.reason,
                code: note.code,
            })
            .collect(),
        errors_total: notes_total.unsigned_abs(),
        created_at: run.created_at.to_string(),
        finished_at: run.finished_at.map(|at| at.to_string()).unwrap_or_default(),
        file_name: run.file_name,
        file_sha256: run.file_sha256,
        undoable,
    })
}
