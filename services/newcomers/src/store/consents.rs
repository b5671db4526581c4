//! Consents: entered once, afterwards only what became of them changes.
use super::Conn;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

/// A consent as stored.
pub(crate) struct ConsentRow {
    pub id: Uuid,
    pub case_id: Uuid,
    pub state: String,
    pub purpose: String,
    pub recipient_actor_id: Uuid,
    pub recipient_name: Option<String>,
    pub form: String,
    pub notice_version: String,
    pub given_at: Option<jiff_sqlx::Timestamp>,
    pub valid_until: Option<jiff_sqlx::Timestamp>,
    pub ended_at: Option<jiff_sqlx::Timestamp>,
}

/// A new consent.
pub(crate) struct NewConsent<'a> {
    pub id: Uuid,
    pub case_id: Uuid,
    pub state: &'a str,
    pub purpose: &'a str,
    pub recipient_actor_id: Uuid,
    pub form: &'a str,
    pub notice_version: &'a str,
    pub notice_language: &'a str,
    pub recorded_by: &'a str,
    pub recorded_at: Timestamp,
    pub given: Option<(Timestamp, Timestamp)>,
}

/// Enters a consent.
pub(crate) async fn insert(conn: &mut Conn, consent: &NewConsent<'_>) -> Result<()> {
    sqlx::query!(
        "insert into consent (id, case_id, state, purpose, recipient_actor_id, form, notice_version, notice_language, recorded_by, recorded_at, given_at, valid_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        consent.id,
        consent.case_id,
        consent.state,
        consent.purpose,
        consent.recipient_actor_id,
        consent.form,
        consent.notice_version,
        consent.notice_language,
        consent.recorded_by,
        consent.recorded_at.to_sqlx() as _,
        consent.given.map(|(at, _)| at.to_sqlx()) as _,
        consent.given.map(|(_, until)| until.to_sqlx()) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A newer consent takes the place of the given one for the same purpose and recipient.
pub(crate) async fn supersede(conn: &mut Conn, case_id: Uuid, purpose: &str, recipient: Uuid, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update consent set state = 'superseded', ended_at = $4 where case_id = $1 and purpose = $2 and recipient_actor_id = $3 and state = 'given'",
        case_id,
        purpose,
        recipient,
        now.to_sqlx() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A consent of a case.
pub(crate) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<ConsentRow>> {
    Ok(sqlx::query_as!(
        ConsentRow,
        r#"select o.id, o.case_id, o.state, o.purpose, o.recipient_actor_id, a.name as "recipient_name?", o.form, o.notice_version, o.given_at, o.valid_until, o.ended_at
           from consent o left join actor a on a.id = o.recipient_actor_id where o.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// All consents of a case, the oldest first.
pub(crate) async fn of_case(conn: &mut Conn, case_id: Uuid) -> Result<Vec<ConsentRow>> {
    Ok(sqlx::query_as!(
        ConsentRow,
        r#"select o.id, o.case_id, o.state, o.purpose, o.recipient_actor_id, a.name as "recipient_name?", o.form, o.notice_version, o.given_at, o.valid_until, o.ended_at
           from consent o left join actor a on a.id = o.recipient_actor_id where o.case_id = $1 order by o.recorded_at, o.id"#,
        case_id
    )
    .fetch_all(conn)
    .await?)
}

/// A requested consent was given.
pub(crate) async fn give(conn: &mut Conn, id: Uuid, at: Timestamp, until: Timestamp) -> Result<()> {
    sqlx::query!(
        "update consent set state = 'given', given_at = $2, valid_until = $3 where id = $1",
        id,
        at.to_sqlx() as _,
        until.to_sqlx() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A consent came to its end.
pub(crate) async fn end(conn: &mut Conn, id: Uuid, state: &str, at: Timestamp) -> Result<()> {
    sqlx::query!("update consent set state = $2, ended_at = $3 where id = $1", id, state, at.to_sqlx() as _).execute(conn).await?;
    Ok(())
}

/// Given consents whose time is over.
pub(crate) async fn overdue(conn: &mut Conn, now: Timestamp) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "select id, case_id from consent where state = 'given' and valid_until <= $1 order by id limit 500 for update skip locked",
        now.to_sqlx() as _
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.case_id)).collect())
}
