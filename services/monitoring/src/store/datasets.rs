//! Data sets and their quarantine.
use super::Page;
use crate::{
    domain::dataset::{Standing, State},
    ingest::{Failure, Profile, Provenance, Rejected},
};
use anyhow::Context as _;
use bildung_chassis::{Result, files::FileRef};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A data set that has just come in.
pub(crate) struct Received {
    pub(crate) id: Uuid,
    pub(crate) dry_run: bool,
    pub(crate) profile: Profile,
    pub(crate) file: FileRef,
    pub(crate) file_name: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
}

/// A data set as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) seq: i64,
    pub(crate) state: String,
    pub(crate) dry_run: bool,
    pub(crate) profile: String,
    pub(crate) file_sha256: String,
    pub(crate) file_name: Option<String>,
    pub(crate) file_size: i64,
    pub(crate) received_at: SqlTimestamp,
    pub(crate) received_by: String,
    pub(crate) progress: i64,
    pub(crate) table_code: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) stand: Option<String>,
    pub(crate) vintage: Option<SqlTimestamp>,
    pub(crate) licence: Option<String>,
    pub(crate) attribution: Option<String>,
    pub(crate) footnotes: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) lost_characters: i64,
    pub(crate) read: i64,
    pub(crate) inserted: i64,
    pub(crate) revised: i64,
    pub(crate) unchanged: i64,
    pub(crate) quarantined: i64,
    pub(crate) completed_at: Option<SqlTimestamp>,
    pub(crate) failure: Option<String>,
    pub(crate) failure_detail: Option<String>,
    pub(crate) failure_line: Option<i64>,
    pub(crate) failure_column: Option<i64>,
    pub(crate) checked_at: Option<SqlTimestamp>,
    pub(crate) checked_by: Option<String>,
    pub(crate) released_at: Option<SqlTimestamp>,
    pub(crate) released_by: Option<String>,
    pub(crate) values: i64,
}

impl Stored {
    /// Where it stands.
    pub(crate) fn standing(&self) -> Result<Standing> {
        Ok(Standing { state: self.state.parse()?, dry_run: self.dry_run, checked_by: self.checked_by.clone() })
    }
}

/// What is needed to read a file.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) seq: i64,
    pub(crate) file: Uuid,
    pub(crate) profile: String,
    pub(crate) dry_run: bool,
    pub(crate) file_name: Option<String>,
    pub(crate) received_at: SqlTimestamp,
    pub(crate) attempts: i32,
}

/// What became of the cells of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) read: u64,
    pub(crate) inserted: u64,
    pub(crate) revised: u64,
    pub(crate) unchanged: u64,
    pub(crate) quarantined: u64,
}

pub(crate) async fn insert(tx: &mut PgConnection, received: &Received) -> Result<()> {
    sqlx::query!(
        "insert into dataset (id, state, dry_run, profile, file, file_sha256, file_name, file_size, received_at, received_by)
         values ($1, 'received', $2, $3, $4, $5, $6, $7, $8, $9)",
        received.id,
        received.dry_run,
        received.profile.as_str(),
        received.file.id,
        received.file.sha256,
        received.file_name,
        big(received.file.size),
        received.at.to_sqlx() as _,
        received.by,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// One data set, or a page of all, the latest first.
pub(crate) async fn find(pool: &PgPool, id: Option<Uuid>, page: Page) -> Result<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"select d.id, d.seq, d.state, d.dry_run, d.profile, d.file_sha256, d.file_name, d.file_size, d.received_at, d.received_by,
                  d.progress, d.table_code, d.title, d.stand, d.vintage, d.licence, d.attribution, d.footnotes, d.encoding,
                  d.lost_characters, d.read, d.inserted, d.revised, d.unchanged, d.quarantined, d.completed_at, d.failure,
                  d.failure_detail, d.failure_line, d.failure_column, d.checked_at, d.checked_by, d.released_at, d.released_by,
                  (select count(*) from indicator_value v where v.dataset = d.seq) as "values!"
           from dataset d where $1::uuid is null or d.id = $1 order by d.seq desc limit $2 offset $3"#,
        id,
        page.limit,
        page.offset,
    )
    .fetch_all(pool)
    .await?)
}

pub(crate) async fn count(pool: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from dataset"#).fetch_one(pool).await?)
}

/// Locks a data set for a change of its state.
pub(crate) async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Option<(i64, Standing)>> {
    let row = sqlx::query!("select seq, state, dry_run, checked_by from dataset where id = $1 for update", id).fetch_optional(tx).await?;
    row.map(|row| Ok((row.seq, Standing { state: row.state.parse::<State>()?, dry_run: row.dry_run, checked_by: row.checked_by })))
        .transpose()
}

/// Data sets that wait to be read or whose reading broke off.
pub(crate) async fn waiting(pool: &PgPool) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!("select seq from dataset where state in ('received', 'running') order by seq limit 20").fetch_all(pool).await?)
}

/// Begins an attempt to read a data set; nothing when it no longer waits.
pub(crate) async fn begin_attempt(connection: &mut PgConnection, seq: i64) -> Result<Option<Waiting>> {
    Ok(sqlx::query_as!(
        Waiting,
        "update dataset set state = 'running', attempts = attempts + 1, progress = 0
         where seq = $1 and state in ('received', 'running')
         returning seq, file, profile, dry_run, file_name, received_at, attempts",
        seq
    )
    .fetch_optional(connection)
    .await?)
}

/// Tells how far reading has come.
pub(crate) async fn progress(pool: &PgPool, seq: i64, cells: u64) -> Result<()> {
    sqlx::query!("update dataset set progress = $2 where seq = $1", seq, big(cells)).execute(pool).await?;
    Ok(())
}

/// Everything has been read.
pub(crate) async fn complete(
    tx: &mut PgConnection,
    seq: i64,
    now: Timestamp,
    vintage: Timestamp,
    provenance: &Provenance,
    counts: Counts,
) -> Result<()> {
    sqlx::query!(
        "update dataset set state = 'completed', completed_at = $2, vintage = $3, table_code = $4, title = $5, stand = $6, licence = $7,
                attribution = $8, footnotes = $9, encoding = $10, lost_characters = $11, read = $12, inserted = $13, revised = $14,
                unchanged = $15, quarantined = $16, progress = $12
         where seq = $1",
        seq,
        now.to_sqlx() as _,
        vintage.to_sqlx() as _,
        provenance.table,
        provenance.title,
        provenance.stand,
        provenance.licence,
        provenance.attribution,
        provenance.footnotes,
        provenance.encoding,
        big(provenance.lost_characters),
        big(counts.read),
        big(counts.inserted),
        big(counts.revised),
        big(counts.unchanged),
        big(counts.quarantined),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The file cannot be read.
pub(crate) async fn fail(connection: &mut PgConnection, seq: i64, now: Timestamp, failure: &Failure) -> Result<()> {
    sqlx::query!(
        "update dataset set state = 'failed', completed_at = $2, failure = $3, failure_detail = $4, failure_line = $5, failure_column = $6
         where seq = $1",
        seq,
        now.to_sqlx() as _,
        failure.code,
        failure.detail,
        failure.place.map(|(line, _)| i64::from(line)),
        failure.place.map(|(_, column)| i64::from(column)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What could not be read of it.
pub(crate) async fn quarantine(tx: &mut PgConnection, seq: i64, rejected: &[Rejected]) -> Result<()> {
    let lines: Vec<i64> = rejected.iter().map(|row| i64::from(row.line)).collect();
    let columns: Vec<i64> = rejected.iter().map(|row| i64::from(row.column)).collect();
    let reasons: Vec<String> = rejected.iter().map(|row| row.reason.to_owned()).collect();
    let details: Vec<String> = rejected.iter().map(|row| row.detail.clone()).collect();
    let raws: Vec<String> = rejected.iter().map(|row| row.raw.clone()).collect();
    sqlx::query!(
        "insert into quarantine (dataset, no, line, col, reason, detail, raw)
         select $1, no, line, col, reason, detail, raw
         from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[]) with ordinality as row(line, col, reason, detail, raw, no)",
        seq,
        &lines,
        &columns,
        &reasons,
        &details,
        &raws,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A quarantined row.
pub(crate) struct Quarantined {
    pub(crate) line: i64,
    pub(crate) col: i64,
    pub(crate) reason: String,
    pub(crate) detail: String,
    pub(crate) raw: String,
}

pub(crate) async fn quarantined(pool: &PgPool, seq: i64, page: Page) -> Result<Vec<Quarantined>> {
    Ok(sqlx::query_as!(
        Quarantined,
        "select line, col, reason, detail, raw from quarantine where dataset = $1 order by no limit $2 offset $3",
        seq,
        page.limit,
        page.offset
    )
    .fetch_all(pool)
    .await?)
}

pub(crate) async fn count_quarantined(pool: &PgPool, seq: i64) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from quarantine where dataset = $1"#, seq).fetch_one(pool).await?)
}

pub(crate) async fn mark_checked(tx: &mut PgConnection, seq: i64, now: Timestamp, by: &str) -> Result<()> {
    sqlx::query!("update dataset set state = 'checked', checked_at = $2, checked_by = $3 where seq = $1", seq, now.to_sqlx() as _, by)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn mark_released(tx: &mut PgConnection, seq: i64, now: Timestamp, by: &str) -> Result<()> {
    sqlx::query!("update dataset set state = 'released', released_at = $2, released_by = $3 where seq = $1", seq, now.to_sqlx() as _, by)
        .execute(tx)
        .await?;
    Ok(())
}

fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count from the database.
pub(crate) fn natural(number: i64) -> Result<u64> {
    Ok(u64::try_from(number).context("a negative count in the store")?)
}
