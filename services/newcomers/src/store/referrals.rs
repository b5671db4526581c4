//! Referrals. Of the answer link only a hash is kept.
use super::Conn;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

/// A referral as stored.
pub(crate) struct ReferralRow {
    pub id: Uuid,
    pub referral_ref: Uuid,
    pub case_id: Uuid,
    pub person_id: Uuid,
    pub offer_id: Uuid,
    pub offer_title: Option<String>,
    pub actor_id: Uuid,
    pub actor_name: Option<String>,
    pub consent_id: Uuid,
    pub state: String,
    pub sent_at: jiff_sqlx::Timestamp,
    pub expires_at: jiff_sqlx::Timestamp,
    pub answered_at: Option<jiff_sqlx::Timestamp>,
    pub reason_code: Option<String>,
    pub reason: Option<Vec<u8>>,
}

/// A new referral.
pub(crate) struct NewReferral<'a> {
    pub id: Uuid,
    pub referral_ref: Uuid,
    pub case_id: Uuid,
    pub person_id: Uuid,
    pub offer_id: Uuid,
    pub actor_id: Uuid,
    pub consent_id: Uuid,
    pub state: &'a str,
    pub answer_hash: &'a [u8],
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Enters a referral.
pub(crate) async fn insert(conn: &mut Conn, referral: &NewReferral<'_>) -> Result<()> {
    sqlx::query!(
        "insert into referral (id, referral_ref, case_id, person_id, offer_id, actor_id, consent_id, state, answer_hash, sent_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        referral.id,
        referral.referral_ref,
        referral.case_id,
        referral.person_id,
        referral.offer_id,
        referral.actor_id,
        referral.consent_id,
        referral.state,
        referral.answer_hash,
        referral.sent_at.to_sqlx() as _,
        referral.expires_at.to_sqlx() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All referrals of a case, the oldest first.
pub(crate) async fn of_case(conn: &mut Conn, case_id: Uuid) -> Result<Vec<ReferralRow>> {
    Ok(sqlx::query_as!(
        ReferralRow,
        r#"select r.id, r.referral_ref, r.case_id, r.person_id, r.offer_id, o.title as "offer_title?", r.actor_id, a.name as "actor_name?", r.consent_id, r.state,
                  r.sent_at, r.expires_at, r.answered_at, r.reason_code, r.reason
           from referral r left join offer o on o.id = r.offer_id left join actor a on a.id = r.actor_id where r.case_id = $1 order by r.sent_at, r.id"#,
        case_id
    )
    .fetch_all(conn)
    .await?)
}

/// Locks the referral that an answer link belongs to.
pub(crate) async fn lock_by_answer(conn: &mut Conn, answer_hash: &[u8]) -> Result<Option<ReferralRow>> {
    Ok(sqlx::query_as!(
        ReferralRow,
        r#"select r.id, r.referral_ref, r.case_id, r.person_id, r.offer_id, o.title as "offer_title?", r.actor_id, a.name as "actor_name?", r.consent_id, r.state,
                  r.sent_at, r.expires_at, r.answered_at, r.reason_code, r.reason
           from referral r left join offer o on o.id = r.offer_id left join actor a on a.id = r.actor_id where r.answer_hash = $1 for update of r"#,
        answer_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Locks a referral of a case.
pub(crate) async fn lock(conn: &mut Conn, case_id: Uuid, id: Uuid) -> Result<Option<ReferralRow>> {
    Ok(sqlx::query_as!(
        ReferralRow,
        r#"select r.id, r.referral_ref, r.case_id, r.person_id, r.offer_id, o.title as "offer_title?", r.actor_id, a.name as "actor_name?", r.consent_id, r.state,
                  r.sent_at, r.expires_at, r.answered_at, r.reason_code, r.reason
           from referral r left join offer o on o.id = r.offer_id left join actor a on a.id = r.actor_id where r.case_id = $1 and r.id = $2 for update of r"#,
        case_id,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// What an answer changes.
pub(crate) struct Answered<'a> {
    pub state: &'a str,
    pub at: Timestamp,
    pub expires_at: Timestamp,
    pub reason_code: Option<&'a str>,
    pub reason: Option<&'a [u8]>,
}

/// Notes the actor's answer.
pub(crate) async fn answer(conn: &mut Conn, id: Uuid, answered: &Answered<'_>) -> Result<()> {
    sqlx::query!(
        "update referral set state = $2, answered_at = $3, expires_at = $4, reason_code = $5, reason = $6 where id = $1",
        id,
        answered.state,
        answered.at.to_sqlx() as _,
        answered.expires_at.to_sqlx() as _,
        answered.reason_code,
        answered.reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves a referral on.
pub(crate) async fn set_state(conn: &mut Conn, id: Uuid, state: &str) -> Result<()> {
    sqlx::query!("update referral set state = $2 where id = $1", id, state).execute(conn).await?;
    Ok(())
}

/// Locks what was referred to an actor for a purpose whose consent has ended, and is not yet terminal.
pub(crate) async fn lock_relying_on(conn: &mut Conn, case_id: Uuid, actor_id: Uuid, purpose: &str) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "select r.id, r.state from referral r join consent c on c.id = r.consent_id
         where r.case_id = $1 and r.actor_id = $2 and c.purpose = $3 and r.state in ('draft', 'sent', 'waitlisted', 'accepted') order by r.id for update of r",
        case_id,
        actor_id,
        purpose
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.state)).collect())
}

/// Ends what nobody answered in time; gives the cases.
pub(crate) async fn expire(conn: &mut Conn, now: Timestamp) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update referral set state = 'expired' where id in
           (select id from referral where state in ('sent', 'waitlisted') and expires_at <= $1 order by id limit 500 for update skip locked)
         returning case_id",
        now.to_sqlx() as _
    )
    .fetch_all(conn)
    .await?)
}
