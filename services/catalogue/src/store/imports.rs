//! Import runs and their notes.
use crate::{
    domain::import_run::{Counts, Mode, Phase, State},
    import::Severity,
};
use anyhow::Context as _;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// A run as it is held.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "a dry run is called that")]
pub(crate) struct Run {
    pub(crate) id: Uuid,
    pub(crate) source: String,
    pub(crate) file: Uuid,
    pub(crate) file_name: String,
    pub(crate) file_sha256: String,
    pub(crate) format: String,
    pub(crate) detected: String,
    pub(crate) mode: Mode,
    pub(crate) dry_run: bool,
    pub(crate) state: State,
    pub(crate) phase: Phase,
    pub(crate) reason: Option<String>,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) counts: Counts,
    pub(crate) attempts: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

/// A run about to be created.
pub(crate) struct NewRun<'r> {
    pub(crate) id: Uuid,
    pub(crate) source: &'r str,
    pub(crate) file: Uuid,
    pub(crate) file_name: &'r str,
    pub(crate) file_sha256: &'r str,
    pub(crate) format: &'r str,
    pub(crate) detected: &'r str,
    pub(crate) mode: Mode,
    pub(crate) dry_run: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: &'r str,
}

/// A note as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct NoteRow {
    pub(crate) severity: String,
    pub(crate) record: String,
    pub(crate) field: String,
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl NoteRow {
    /// A note on a record.
    pub(crate) fn new(severity: Severity, record: &str, field: &str, code: &str, reason: &str) -> Self {
        Self { severity: severity.as_str().into(), record: record.into(), field: field.into(), code: code.into(), reason: reason.into() }
    }
}

struct RunRow {
    id: Uuid,
    source: String,
    file: Uuid,
    file_name: String,
    file_sha256: String,
    format: String,
    detected: String,
    mode: String,
    dry_run: bool,
    state: String,
    phase: String,
    reason: Option<String>,
    done: i64,
    total: Option<i64>,
    read: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    withdrawn: i64,
    rejected: i64,
    attempts: i32,
    created_at: jiff_sqlx::Timestamp,
    finished_at: Option<jiff_sqlx::Timestamp>,
}

impl TryFrom<RunRow> for Run {
    type Error = bildung_chassis::Error;

    fn try_from(row: RunRow) -> Result<Self> {
        Ok(Self {
            state: State::parse(&row.state).context("state of a run")?,
            phase: Phase::parse(&row.phase).context("phase of a run")?,
            mode: Mode::parse(&row.mode)?,
            counts: Counts {
                read: row.read.unsigned_abs(),
                created: row.created.unsigned_abs(),
                updated: row.updated.unsigned_abs(),
                unchanged: row.unchanged.unsigned_abs(),
                withdrawn: row.withdrawn.unsigned_abs(),
                rejected: row.rejected.unsigned_abs(),
            },
            id: row.id,
            source: row.source,
            file: row.file,
            file_name: row.file_name,
            file_sha256: row.file_sha256,
            format: row.format,
            detected: row.detected,
            dry_run: row.dry_run,
            reason: row.reason,
            done: row.done.unsigned_abs(),
            total: row.total.map(i64::unsigned_abs),
            attempts: row.attempts,
            created_at: row.created_at.to_jiff(),
            finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

/// Creates a run that waits for a worker.
pub(crate) async fn create(tx: &mut PgConnection, run: NewRun<'_>) -> Result<()> {
    sqlx::query!(
        "insert into import_run (id, source, file, file_name, file_sha256, format, detected, mode, dry_run, state, phase, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', 'reading', $10, $11)",
        run.id,
        run.source,
        run.file,
        run.file_name,
        run.file_sha256,
        run.format,
        run.detected,
        run.mode.as_str(),
        run.dry_run,
        run.created_at.to_sqlx() as _,
        run.created_by,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// One run.
pub(crate) async fn get(tx: &mut PgConnection, id: Uuid) -> Result<Option<Run>> {
    let row = sqlx::query_as!(
        RunRow,
        "select id, source, file, file_name, file_sha256, format, detected, mode, dry_run, state, phase, reason,
                done, total, read, created, updated, unchanged, withdrawn, rejected, attempts, created_at, finished_at
         from import_run where id = $1",
        id
    )
    .fetch_optional(tx)
    .await?;
    row.map(Run::try_from).transpose()
}

/// One run, locked.
pub(crate) async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Option<Run>> {
    sqlx::query!("select 1 as one from import_run where id = $1 for update", id).fetch_optional(&mut *tx).await?;
    get(tx, id).await
}

/// Runs, newest first, of all sources or those named, and how many there are.
pub(crate) async fn list(tx: &mut PgConnection, sources: Option<&[String]>, limit: i64, offset: i64) -> Result<(Vec<Run>, i64)> {
    let rows = sqlx::query_as!(
        RunRow,
        "select id, source, file, file_name, file_sha256, format, detected, mode, dry_run, state, phase, reason,
                done, total, read, created, updated, unchanged, withdrawn, rejected, attempts, created_at, finished_at
         from import_run where $1::text[] is null or source = any($1) order by created_at desc, id desc limit $2 offset $3",
        sources,
        limit,
        offset
    )
    .fetch_all(&mut *tx)
    .await?;
    let total = sqlx::query_scalar!(r#"select count(*) as "total!" from import_run where $1::text[] is null or source = any($1)"#, sources)
        .fetch_one(tx)
        .await?;
    Ok((rows.into_iter().map(Run::try_from).collect::<Result<_>>()?, total))
}

/// Whether a later run of the source has changed it, or is about to.
pub(crate) async fn has_later(tx: &mut PgConnection, run: &Run) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from import_run where source = $1 and (created_at, id) > ($2, $3) and not dry_run
                          and state in ('queued', 'running', 'completed', 'held')) as "later!""#,
        run.source,
        run.created_at.to_sqlx() as _,
        run.id
    )
    .fetch_one(tx)
    .await?)
}

/// Puts a run back into the queue in another phase, or ends it.
pub(crate) async fn redirect(tx: &mut PgConnection, id: Uuid, state: State, phase: Phase, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update import_run set state = $2, phase = $3, done = 0, attempts = 0, worker = null, leased_until = null,
                finished_at = case when $2 in ('queued', 'running') then null else $4::timestamptz end
         where id = $1",
        id,
        state.as_str(),
        phase.as_str(),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether there is a run that nobody works on.
pub(crate) async fn any_to_claim(tx: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from import_run where state in ('queued', 'running') and (leased_until is null or leased_until < now()))
           as "any!""#
    )
    .fetch_one(tx)
    .await?)
}

/// Takes up the oldest run that nobody works on, one per source at a time.
pub(crate) async fn claim(tx: &mut PgConnection, worker: Uuid, lease_seconds: f64) -> Result<Option<Run>> {
    let id = sqlx::query_scalar!(
        "update import_run set worker = $1, leased_until = now() + make_interval(secs => $2), state = 'running', attempts = attempts + 1
         where id = (select id from import_run r
                     where state in ('queued', 'running') and (leased_until is null or leased_until < now())
                       and not exists (select from import_run o where o.source = r.source and o.state in ('queued', 'running')
                                       and (o.created_at, o.id) < (r.created_at, r.id))
                     order by created_at, id limit 1 for update skip locked)
         returning id",
        worker,
        lease_seconds
    )
    .fetch_optional(&mut *tx)
    .await?;
    match id {
        Some(id) => get(tx, id).await,
        None => Ok(None),
    }
}

/// Locks the run for its worker and prolongs the lease. False if somebody else has it.
pub(crate) async fn renew(tx: &mut PgConnection, id: Uuid, worker: Uuid, lease_seconds: f64) -> Result<bool> {
    let renewed = sqlx::query!(
        "update import_run set leased_until = now() + make_interval(secs => $3) where id = $1 and worker = $2 and state = 'running'",
        id,
        worker,
        lease_seconds
    )
    .execute(tx)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Gives up the lease.
pub(crate) async fn release(tx: &mut PgConnection, id: Uuid, worker: Uuid) -> Result<()> {
    sqlx::query!("update import_run set worker = null, leased_until = null, attempts = 0 where id = $1 and worker = $2", id, worker)
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps who provides the offers of a file, as the file says.
pub(crate) async fn set_provider_name(tx: &mut PgConnection, id: Uuid, name: &str) -> Result<()> {
    sqlx::query!("update import_run set provider_name = $2 where id = $1", id, name).execute(tx).await?;
    Ok(())
}

/// Who provides the offers of a run: what the file says, else what the source says.
pub(crate) async fn provider_name(tx: &mut PgConnection, id: Uuid) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(r.provider_name, s.provider_name) as "name!" from import_run r join source s on s.id = r.source where r.id = $1"#,
        id
    )
    .fetch_one(tx)
    .await?)
}

/// Begins reading anew.
pub(crate) async fn reset(tx: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("delete from import_record where run = $1", id).execute(&mut *tx).await?;
    sqlx::query!("delete from import_note where run = $1", id).execute(&mut *tx).await?;
    sqlx::query!("update import_run set done = 0, total = null, read = 0 where id = $1", id).execute(tx).await?;
    Ok(())
}

/// Goes on to another phase.
pub(crate) async fn enter(tx: &mut PgConnection, id: Uuid, phase: Phase) -> Result<()> {
    sqlx::query!("update import_run set phase = $2, attempts = 0 where id = $1", id, phase.as_str()).execute(tx).await?;
    Ok(())
}

/// Ends a run, or holds it.
pub(crate) async fn finish(tx: &mut PgConnection, id: Uuid, state: State, reason: Option<&str>, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update import_run set state = $2, reason = $3, worker = null, leased_until = null, finished_at = $4 where id = $1",
        id,
        state.as_str(),
        reason,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets the counts.
pub(crate) async fn set_counts(tx: &mut PgConnection, id: Uuid, counts: Counts, done: u64, total: Option<u64>) -> Result<()> {
    sqlx::query!(
        "update import_run set read = $2, created = $3, updated = $4, unchanged = $5, withdrawn = $6, rejected = $7, done = $8, total = $9
         where id = $1",
        id,
        signed(counts.read),
        signed(counts.created),
        signed(counts.updated),
        signed(counts.unchanged),
        signed(counts.withdrawn),
        signed(counts.rejected),
        signed(done),
        total.map(signed),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds to the counts; something happened, so the run is getting on.
pub(crate) async fn add_counts(tx: &mut PgConnection, id: Uuid, added: Counts, done: u64) -> Result<()> {
    sqlx::query!(
        "update import_run set created = created + $2, updated = updated + $3, unchanged = unchanged + $4, withdrawn = withdrawn + $5,
                done = done + $6, attempts = 0
         where id = $1",
        id,
        signed(added.created),
        signed(added.updated),
        signed(added.unchanged),
        signed(added.withdrawn),
        signed(done),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds notes after those that are there.
pub(crate) async fn add_notes(tx: &mut PgConnection, run: Uuid, notes: &[NoteRow]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let column = |field: fn(&NoteRow) -> &String| notes.iter().map(|note| field(note).clone()).collect::<Vec<String>>();
    sqlx::query!(
        "insert into import_note (run, no, severity, record, field, code, reason)
         select $1, coalesce((select max(no) from import_note where run = $1), 0) + u.no, u.severity, u.record, u.field, u.code, u.reason
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
              with ordinality as u (severity, record, field, code, reason, no)",
        run,
        &column(|note| &note.severity),
        &column(|note| &note.record),
        &column(|note| &note.field),
        &column(|note| &note.code),
        &column(|note| &note.reason),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The first notes, what was left out before what was changed, and how many there are.
pub(crate) async fn notes(tx: &mut PgConnection, run: Uuid, limit: i64) -> Result<(Vec<NoteRow>, i64)> {
    let rows = sqlx::query_as!(
        NoteRow,
        "select severity, record, field, code, reason from import_note where run = $1 order by severity, no limit $2",
        run,
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    let total = sqlx::query_scalar!(r#"select count(*) as "total!" from import_note where run = $1"#, run).fetch_one(tx).await?;
    Ok((rows, total))
}

/// A count as the database holds it.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
