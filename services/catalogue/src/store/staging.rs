//! Records of a file between reading and applying, and offers as they were before.
use super::{
    RecordJson,
    imports::{NoteRow, Run, signed},
    offers::state,
};
use crate::domain::{
    import_run::{Counts, Outcome},
    offer::State,
    record::Record,
};
use anyhow::Context as _;
use bildung_chassis::Result;
use sqlx::PgConnection;
use uuid::Uuid;

/// A record as it was read.
pub(crate) struct Staged {
    pub(crate) position: u64,
    pub(crate) key: Option<String>,
    pub(crate) record: Option<Record>,
}

/// A record to be applied.
pub(crate) struct Pending {
    pub(crate) position: i64,
    pub(crate) key: String,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) record: Record,
}

/// An offer as it was.
pub(crate) struct Before {
    pub(crate) offer: Uuid,
    pub(crate) record_key: String,
    pub(crate) state_now: State,
    pub(crate) was: Option<Was>,
}

/// What it was, if it was there.
pub(crate) struct Was {
    pub(crate) state: State,
    pub(crate) provider: Uuid,
    pub(crate) record: Record,
    pub(crate) content_hash: Vec<u8>,
}

/// Writes records; those without content are rejected.
pub(crate) async fn stage(tx: &mut PgConnection, run: Uuid, records: &[Staged]) -> Result<()> {
    let positions: Vec<i64> = records.iter().map(|staged| signed(staged.position)).collect();
    let keys: Vec<Option<String>> = records.iter().map(|staged| staged.key.clone()).collect();
    let hashes: Vec<Option<Vec<u8>>> =
        records.iter().map(|staged| staged.record.as_ref().map(|record| record.content_hash().to_vec())).collect();
    let contents: Vec<Option<serde_json::Value>> = records
        .iter()
        .map(|staged| staged.record.as_ref().map(serde_json::to_value).transpose())
        .collect::<Result<_, _>>()
        .context("a record as JSON")?;
    sqlx::query!(
        "insert into import_record (run, position, record_key, content_hash, record, outcome)
         select $1, u.position, u.key, u.hash, u.record, case when u.record is null then 'rejected' end
         from unnest($2::bigint[], $3::text[], $4::bytea[], $5::jsonb[]) as u (position, key, hash, record)",
        run,
        &positions,
        &keys as &[Option<String>],
        &hashes as &[Option<Vec<u8>>],
        &contents as &[Option<serde_json::Value>],
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("update import_run set read = read + $2, done = done + $2 where id = $1", run, signed(records.len() as u64))
        .execute(tx)
        .await?;
    Ok(())
}

/// Rejects all but one of the records that share a key: what equals the offer held wins, else the first. So a file in
/// another order means the same.
pub(crate) async fn reject_duplicates(tx: &mut PgConnection, run: &Run) -> Result<Vec<NoteRow>> {
    let rejected = sqlx::query!(
        r#"update import_record r set outcome = 'rejected'
           from (select d.position, row_number() over (partition by d.record_key
                            order by (o.content_hash is not distinct from d.content_hash) desc, d.position) as place
                 from import_record d left join offer o on o.source = $2 and o.record_key = d.record_key
                 where d.run = $1 and d.outcome is null) ranked
           where r.run = $1 and r.position = ranked.position and ranked.place > 1
           returning r.position, r.record_key as "key!""#,
        run.id,
        run.source
    )
    .fetch_all(tx)
    .await?;
    let mut rejected: Vec<_> = rejected.into_iter().map(|row| (row.position, row.key)).collect();
    rejected.sort();
    Ok(rejected
        .into_iter()
        .map(|(position, key)| NoteRow {
            severity: "rejected".into(),
            reason: format!("Die guid steht mehrfach in der Datei; dieser Datensatz (der {position}.) wird nicht übernommen."),
            record: key,
            field: "guid".into(),
            code: "guid_duplicate".into(),
        })
        .collect())
}

/// Warnings for numbers that several records of a file bear; providers allow themselves that.
pub(crate) async fn shared_numbers(tx: &mut PgConnection, run: Uuid) -> Result<Vec<NoteRow>> {
    let rows = sqlx::query!(
        r#"select record_key as "key!", number as "number!" from (
               select position, record_key, record->>'number' as number, count(*) over (partition by record->>'number') as bearers
               from import_record where run = $1 and outcome is null and record->>'number' is not null) numbered
           where bearers > 1 order by position"#,
        run
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| NoteRow {
            severity: "warning".into(),
            record: row.key,
            field: "nummer".into(),
            code: "number_shared".into(),
            reason: format!("Die Nummer „{}“ haben mehrere Veranstaltungen der Datei.", row.number),
        })
        .collect())
}

/// What applying would do, if offers keep the provider that the run has.
pub(crate) async fn forecast(tx: &mut PgConnection, run: &Run, provider: Option<Uuid>) -> Result<Counts> {
    let row = sqlx::query!(
        r#"select count(*) as "read!",
                  count(*) filter (where r.outcome = 'rejected') as "rejected!",
                  count(*) filter (where r.outcome is null and o.id is null) as "created!",
                  count(*) filter (where r.outcome is null and o.state = 'published' and o.content_hash = r.content_hash
                                   and (r.record ? 'provider' or o.provider = $3)) as "unchanged!"
           from import_record r left join offer o on o.source = $2 and o.record_key = r.record_key
           where r.run = $1"#,
        run.id,
        run.source,
        provider
    )
    .fetch_one(tx)
    .await?;
    let count = i64::unsigned_abs;
    Ok(Counts {
        read: count(row.read),
        created: count(row.created),
        updated: count(row.read - row.rejected - row.created - row.unchanged),
        unchanged: count(row.unchanged),
        withdrawn: 0,
        rejected: count(row.rejected),
    })
}

/// Some records that are still to be applied.
pub(crate) async fn pending(tx: &mut PgConnection, run: Uuid, limit: i64) -> Result<Vec<Pending>> {
    let rows = sqlx::query!(
        r#"select position, record_key as "key!", content_hash as "hash!", record as "record!: RecordJson"
           from import_record where run = $1 and outcome is null order by position limit $2"#,
        run,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| Pending { position: row.position, key: row.key, content_hash: row.hash, record: row.record.0 }).collect())
}

/// Marks what became of records; their content is no longer needed here.
pub(crate) async fn mark(tx: &mut PgConnection, run: Uuid, outcomes: &[(i64, Outcome)]) -> Result<()> {
    let positions: Vec<i64> = outcomes.iter().map(|(position, _)| *position).collect();
    let codes: Vec<String> = outcomes.iter().map(|(_, outcome)| outcome.as_str().to_owned()).collect();
    sqlx::query!(
        "update import_record r set outcome = u.outcome, record = null
         from unnest($2::bigint[], $3::text[]) as u (position, outcome) where r.run = $1 and r.position = u.position",
        run,
        &positions,
        &codes
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps offers as they are, before the run changes them. New ones are kept as having been nothing.
pub(crate) async fn remember(tx: &mut PgConnection, run: Uuid, offers: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "insert into import_before (run, offer, state, provider, record, content_hash)
         select $1, id, state, provider, record, content_hash from offer where id = any($2)
         on conflict do nothing",
        run,
        offers
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that offers were not there before the run.
pub(crate) async fn remember_new(tx: &mut PgConnection, run: Uuid, offers: &[Uuid]) -> Result<()> {
    sqlx::query!("insert into import_before (run, offer) select $1, unnest($2::uuid[]) on conflict do nothing", run, offers)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes some offers as they were; what is taken is no longer remembered.
pub(crate) async fn take_before(tx: &mut PgConnection, run: Uuid, limit: i64) -> Result<Vec<Before>> {
    let rows = sqlx::query!(
        r#"delete from import_before b using offer o
           where b.run = $1 and o.id = b.offer
             and b.offer in (select offer from import_before where run = $1 order by offer limit $2)
           returning b.offer, o.record_key, o.state as state_now, b.state, b.provider, b.record as "record: RecordJson", b.content_hash"#,
        run,
        limit
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let was = match (row.state, row.provider, row.record, row.content_hash) {
                (Some(was), Some(provider), Some(record), Some(content_hash)) => {
                    Some(Was { state: state(&was)?, provider, record: record.0, content_hash })
                }
                _ => None,
            };
            Ok(Before { offer: row.offer, record_key: row.record_key, state_now: state(&row.state_now)?, was })
        })
        .collect()
}

/// Forgets what earlier runs of a source staged and remembered: they can no longer be taken back.
pub(crate) async fn forget_earlier(tx: &mut PgConnection, run: &Run) -> Result<()> {
    sqlx::query!(
        "delete from import_before where run in (select id from import_run where source = $1 and id <> $2 and state <> 'held')",
        run.source,
        run.id
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from import_record where run in (select id from import_run where source = $1 and id <> $2 and state in ('completed', 'failed', 'undone'))",
        run.source,
        run.id
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes what a run staged.
pub(crate) async fn clear(tx: &mut PgConnection, run: Uuid) -> Result<()> {
    sqlx::query!("delete from import_record where run = $1", run).execute(tx).await?;
    Ok(())
}
