//! Offers and their instances.
use super::RecordJson;
use crate::domain::{
    offer::{Instance, Offer, Provider, State, Withdrawal},
    record::{Occurrence, Record},
};
use anyhow::Context as _;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// An offer as an import meets it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: Uuid,
    pub(crate) record_key: String,
    pub(crate) state: State,
    pub(crate) provider: Uuid,
    pub(crate) content_hash: Vec<u8>,
}

/// Content to be written.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the hash of the content")]
pub(crate) struct Content {
    pub(crate) id: Uuid,
    pub(crate) record_key: String,
    pub(crate) provider: Uuid,
    pub(crate) record: Record,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) instances: Vec<Instance>,
}

/// The offers of a source with these keys, locked.
pub(crate) async fn held(tx: &mut PgConnection, source: &str, keys: &[String]) -> Result<Vec<Held>> {
    let rows = sqlx::query!(
        "select id, record_key, state, provider, content_hash from offer where source = $1 and record_key = any($2) order by id for update",
        source,
        keys
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Held {
                id: row.id,
                record_key: row.record_key,
                state: state(&row.state)?,
                provider: row.provider,
                content_hash: row.content_hash,
            })
        })
        .collect()
}

/// The instances of some offers.
pub(crate) async fn instances(tx: &mut PgConnection, offers: &[Uuid]) -> Result<HashMap<Uuid, Vec<Instance>>> {
    let rows = sqlx::query!(
        "select id, offer, start_at, end_at, all_day from instance where offer = any($1) order by offer, start_at, id",
        offers
    )
    .fetch_all(tx)
    .await?;
    let mut found: HashMap<Uuid, Vec<Instance>> = HashMap::new();
    for row in rows {
        let occurrence = Occurrence { start: row.start_at.to_jiff(), end: row.end_at.to_jiff(), all_day: row.all_day };
        found.entry(row.offer).or_default().push(Instance { id: row.id, occurrence });
    }
    Ok(found)
}

/// Writes offers as published: new ones appear, others change.
pub(crate) async fn publish(tx: &mut PgConnection, source: &str, contents: &[Content], now: Timestamp) -> Result<()> {
    if contents.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = contents.iter().map(|content| content.id).collect();
    let keys: Vec<String> = contents.iter().map(|content| content.record_key.clone()).collect();
    let providers: Vec<Uuid> = contents.iter().map(|content| content.provider).collect();
    let hashes: Vec<Vec<u8>> = contents.iter().map(|content| content.content_hash.clone()).collect();
    let records: Vec<serde_json::Value> =
        contents.iter().map(|content| serde_json::to_value(&content.record)).collect::<Result<_, _>>().context("a record as JSON")?;
    sqlx::query!(
        "insert into offer (id, source, record_key, state, provider, record, content_hash, created_at, updated_at)
         select u.id, $1, u.key, 'published', u.provider, u.record, u.hash, $7, $7
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::jsonb[], $6::bytea[]) as u (id, key, provider, record, hash)
         on conflict (id) do update set
            state = 'published', withdrawn_reason = null, provider = excluded.provider, record = excluded.record,
            content_hash = excluded.content_hash, updated_at = excluded.updated_at, announce = false,
            changed_xact = pg_current_xact_id()::text::bigint",
        source,
        &ids,
        &keys,
        &providers,
        &records,
        &hashes,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    write_instances(tx, &ids, contents).await
}

async fn write_instances(tx: &mut PgConnection, offers: &[Uuid], contents: &[Content]) -> Result<()> {
    let (mut ids, mut of, mut starts, mut ends, mut all_day) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (offer, instance) in contents.iter().flat_map(|content| content.instances.iter().map(|instance| (content.id, instance))) {
        ids.push(instance.id);
        of.push(offer);
        starts.push(instance.occurrence.start.to_sqlx());
        ends.push(instance.occurrence.end.to_sqlx());
        all_day.push(instance.occurrence.all_day);
    }
    sqlx::query!("delete from instance where offer = any($1) and id <> all($2)", offers, &ids).execute(&mut *tx).await?;
    sqlx::query!(
        "insert into instance (id, offer, start_at, end_at, all_day)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::boolean[])
         on conflict (id) do update set start_at = excluded.start_at, end_at = excluded.end_at, all_day = excluded.all_day",
        &ids,
        &of,
        &starts as _,
        &ends as _,
        &all_day,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes offers back.
pub(crate) async fn withdraw(tx: &mut PgConnection, ids: &[Uuid], reason: Withdrawal, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update offer set state = 'withdrawn', withdrawn_reason = $2, updated_at = $3, announce = false,
                changed_xact = pg_current_xact_id()::text::bigint
         where id = any($1)",
        ids,
        reason.as_str(),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Some visible offers of a source that a run's file does not have, locked.
pub(crate) async fn vanished(tx: &mut PgConnection, source: &str, run: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from offer o
         where source = $1 and state = 'published'
           and not exists (select from import_record r where r.run = $2 and r.record_key = o.record_key)
         order by id limit $3 for update",
        source,
        run,
        limit
    )
    .fetch_all(tx)
    .await?)
}

/// How many offers of a source are visible, and how many of them a run's file does not have.
pub(crate) async fn vanishing(tx: &mut PgConnection, source: &str, run: Uuid) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) as "visible!",
                  count(*) filter (where not exists (select from import_record r where r.run = $2 and r.record_key = o.record_key)) as "vanishing!"
           from offer o where source = $1 and state = 'published'"#,
        source,
        run
    )
    .fetch_one(tx)
    .await?;
    Ok((row.visible, row.vanishing))
}

/// Whether some offers have to be announced.
pub(crate) async fn any_to_announce(tx: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from offer where announce) as "any!""#).fetch_one(tx).await?)
}

/// Some visible offers whose new provider has to be announced; they are marked as announced.
pub(crate) async fn take_to_announce(tx: &mut PgConnection, limit: i64) -> Result<Vec<Offer>> {
    let ids = sqlx::query_scalar!("select id from offer where announce order by id limit $1 for update skip locked", limit)
        .fetch_all(&mut *tx)
        .await?;
    sqlx::query!("update offer set announce = false where id = any($1)", &ids).execute(&mut *tx).await?;
    by_ids(tx, &ids).await
}

/// Offers by id.
pub(crate) async fn by_ids(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Offer>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select o.id, o.source, o.record_key, o.state, o.record as "record: RecordJson", o.updated_at,
                  p.id as provider, p.name, p.actor_id
           from offer o join provider p on p.id = o.provider where o.id = any($1)"#,
        ids
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut instances = instances(tx, ids).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Offer {
                id: row.id,
                source: row.source,
                record_key: row.record_key,
                state: state(&row.state)?,
                record: row.record.0,
                provider: Provider { id: row.provider, name: row.name, actor_id: row.actor_id },
                instances: instances.remove(&row.id).unwrap_or_default(),
                updated_at: row.updated_at.to_jiff(),
            })
        })
        .collect()
}

/// Offers after an id, in its order: for building an index from nothing.
pub(crate) async fn page(tx: &mut PgConnection, after: Uuid, limit: i64) -> Result<Vec<Offer>> {
    let ids = sqlx::query_scalar!("select id from offer where id > $1 order by id limit $2", after, limit).fetch_all(&mut *tx).await?;
    let mut offers = by_ids(tx, &ids).await?;
    offers.sort_by_key(|offer| offer.id);
    Ok(offers)
}

/// From which transaction on a reader that begins now may have missed something.
pub(crate) async fn horizon(tx: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!""#).fetch_one(tx).await?)
}

/// Ids of offers changed by transactions from `cursor` on, and the cursor to go on from. A transaction that was running
/// while this was read is read again next time, so no change is missed whatever the order of commits.
pub(crate) async fn changed_since(tx: &mut PgConnection, cursor: i64) -> Result<(Vec<(Uuid, i64)>, i64)> {
    let rows = sqlx::query!(
        r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!",
                  coalesce(array_agg(o.id order by o.id) filter (where o.id is not null), '{}') as "ids!",
                  coalesce(array_agg(o.changed_xact order by o.id) filter (where o.id is not null), '{}') as "xacts!"
           from (select 1) one
           left join offer o on o.changed_xact >= $1 and o.changed_xact < pg_snapshot_xmax(pg_current_snapshot())::text::bigint"#,
        cursor
    )
    .fetch_one(tx)
    .await?;
    Ok((rows.ids.into_iter().zip(rows.xacts).collect(), rows.horizon))
}

pub(crate) fn state(code: &str) -> Result<State> {
    Ok(State::parse(code).with_context(|| format!("unknown state {code}"))?)
}
