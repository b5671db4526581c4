//! Handovers of cases.
use super::{Conn, Window, on_constraint};
use crate::domain::Violation;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

/// A handover as stored.
pub(crate) struct HandoverRow {
    pub id: Uuid,
    pub state: String,
    pub scope: String,
    pub from_subject: String,
    pub to_subject: String,
    pub note: Vec<u8>,
    pub proposed_at: jiff_sqlx::Timestamp,
    pub decided_at: Option<jiff_sqlx::Timestamp>,
    pub before: Option<i32>,
    pub after: Option<i32>,
    pub unowned: Option<i32>,
    pub case_count: i64,
}

/// A new handover.
pub(crate) struct NewHandover<'a> {
    pub id: Uuid,
    pub state: &'a str,
    pub scope: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub note: &'a [u8],
    pub proposed_at: Timestamp,
}

/// Enters a handover.
pub(crate) async fn insert(conn: &mut Conn, handover: &NewHandover<'_>) -> Result<()> {
    let outcome = sqlx::query!(
        "insert into handover (id, state, scope, from_subject, to_subject, note, proposed_at) values ($1, $2, $3, $4, $5, $6, $7)",
        handover.id,
        handover.state,
        handover.scope,
        handover.from,
        handover.to,
        handover.note,
        handover.proposed_at.to_sqlx() as _
    )
    .execute(conn)
    .await;
    on_constraint(outcome, "handover_whole_caseload", Violation::HandoverPending)?;
    Ok(())
}

/// Locks the caller's cases that are to be handed over, in a fixed order: all of them or the named ones. Gives their
/// ownership.
pub(crate) async fn lock_own_cases(conn: &mut Conn, owner: &str, named: Option<&[Uuid]>) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "select id, ownership from case_file where owner_subject = $1 and state <> 'erased' and ($2::uuid[] is null or id = any ($2)) order by id for update",
        owner,
        named
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.ownership)).collect())
}

/// Puts cases into a handover.
pub(crate) async fn add_cases(conn: &mut Conn, handover_id: Uuid, cases: &[Uuid]) -> Result<()> {
    sqlx::query!("insert into handover_item (handover_id, case_id) select $1, id from unnest($2::uuid[]) as id", handover_id, cases)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update case_file set ownership = 'handover_pending', handover_id = $1 where id = any ($2) and handover_id is distinct from $1",
        handover_id,
        cases
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes one more case in a waiting handover of the whole caseload.
pub(crate) async fn add_opened(conn: &mut Conn, handover_id: Uuid, case_id: Uuid) -> Result<()> {
    sqlx::query!("insert into handover_item (handover_id, case_id) values ($1, $2)", handover_id, case_id).execute(conn).await?;
    Ok(())
}

/// The waiting handover of somebody's whole caseload, held against being decided until this transaction ends.
pub(crate) async fn hold_whole_caseload(conn: &mut Conn, from: &str) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!("select id from handover where from_subject = $1 and scope = 'all' and state = 'proposed' for share", from)
        .fetch_optional(conn)
        .await?)
}

/// Locks a handover that the one who asks takes part in.
pub(crate) async fn lock(conn: &mut Conn, id: Uuid) -> Result<Option<HandoverRow>> {
    Ok(sqlx::query_as!(
        HandoverRow,
        r#"select id, state, scope, from_subject, to_subject, note, proposed_at, decided_at, before, after, unowned,
                  (select count(*) from handover_item i where i.handover_id = handover.id) as "case_count!"
           from handover where id = $1 for update"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// A handover that the one who asks takes part in.
pub(crate) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<HandoverRow>> {
    Ok(sqlx::query_as!(
        HandoverRow,
        r#"select id, state, scope, from_subject, to_subject, note, proposed_at, decided_at, before, after, unowned,
                  (select count(*) from handover_item i where i.handover_id = handover.id) as "case_count!"
           from handover where id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Handovers that the one who asks takes part in, the newest first.
pub(crate) async fn list(conn: &mut Conn, states: &[String], window: Window) -> Result<(i64, Vec<HandoverRow>)> {
    let total =
        sqlx::query_scalar!(r#"select count(*) as "count!" from handover where cardinality($1::text[]) = 0 or state = any ($1)"#, states)
            .fetch_one(&mut *conn)
            .await?;
    let rows = sqlx::query_as!(
        HandoverRow,
        r#"select id, state, scope, from_subject, to_subject, note, proposed_at, decided_at, before, after, unowned,
                  (select count(*) from handover_item i where i.handover_id = handover.id) as "case_count!"
           from handover where cardinality($1::text[]) = 0 or state = any ($1) order by proposed_at desc, id desc limit $2 offset $3"#,
        states,
        window.limit,
        window.offset
    )
    .fetch_all(conn)
    .await?;
    Ok((total, rows))
}

/// A case in a handover, without the person.
pub(crate) struct ItemRow {
    pub case_id: Uuid,
    pub state: String,
    pub open_referrals: i64,
    pub ending_consents: i64,
}

/// The cases of a handover that the one who asks may see.
pub(crate) async fn items(conn: &mut Conn, id: Uuid, consents_until: Timestamp) -> Result<Vec<ItemRow>> {
    Ok(sqlx::query_as!(
        ItemRow,
        r#"select c.id as case_id, c.state,
                  (select count(*) from referral r where r.case_id = c.id and r.state in ('sent', 'waitlisted')) as "open_referrals!",
                  (select count(*) from consent o where o.case_id = c.id and o.state = 'given' and o.valid_until <= $2) as "ending_consents!"
           from handover_item i join case_file c on c.id = i.case_id where i.handover_id = $1 order by c.id"#,
        id,
        consents_until.to_sqlx() as _
    )
    .fetch_all(conn)
    .await?)
}

/// A case as its handover finds it.
pub(crate) struct PendingRow {
    pub id: Uuid,
    pub case_ref: Uuid,
    pub owner_subject: Option<String>,
}

/// Locks the cases that wait in a handover, in a fixed order.
pub(crate) async fn lock_cases(conn: &mut Conn, id: Uuid) -> Result<Vec<PendingRow>> {
    Ok(sqlx::query_as!(PendingRow, "select id, case_ref, owner_subject from case_file where handover_id = $1 order by id for update", id)
        .fetch_all(conn)
        .await?)
}

/// Gives the cases that wait in a handover to their new owner.
pub(crate) async fn give_cases(conn: &mut Conn, id: Uuid, to: &str) -> Result<u64> {
    Ok(sqlx::query!("update case_file set ownership = 'assigned', owner_subject = $2, handover_id = null where handover_id = $1", id, to)
        .execute(conn)
        .await?
        .rows_affected())
}

/// Lets the cases that waited in a handover stay where they are.
pub(crate) async fn release_cases(conn: &mut Conn, id: Uuid) -> Result<()> {
    sqlx::query!("update case_file set ownership = case when owner_subject is null then 'pool' else 'assigned' end, handover_id = null where handover_id = $1", id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Of the cases of a handover: how many the recipient owns, and how many nobody does.
pub(crate) async fn count_owned(conn: &mut Conn, id: Uuid, to: &str) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) filter (where c.ownership = 'assigned' and c.owner_subject = $2) as "owned!", count(*) filter (where c.owner_subject is null) as "unowned!"
           from handover_item i left join case_file c on c.id = i.case_id where i.handover_id = $1"#,
        id,
        to
    )
    .fetch_one(conn)
    .await?;
    Ok((row.owned, row.unowned))
}

/// Notes how a handover ended.
pub(crate) async fn decide(conn: &mut Conn, id: Uuid, state: &str, at: Timestamp, report: Option<(i32, i32, i32)>) -> Result<()> {
    sqlx::query!(
        "update handover set state = $2, decided_at = $3, before = $4, after = $5, unowned = $6 where id = $1",
        id,
        state,
        at.to_sqlx() as _,
        report.map(|(before, ..)| before),
        report.map(|(_, after, _)| after),
        report.map(|(.., unowned)| unowned)
    )
    .execute(conn)
    .await?;
    Ok(())
}
