//! On whose behalf a transaction runs; row-level security reads it. Ends with the transaction.
use super::Conn;
use bildung_chassis::{Principal, Result};
use jiff::Timestamp;

/// A person with their roles, or a job of our own.
pub(crate) async fn enter(conn: &mut Conn, principal: &Principal, now: Timestamp) -> Result<()> {
    let (subject, roles) = match principal {
        Principal::User(user) => (user.subject.as_str(), user.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(",")),
        // No role is called so, hence no token can claim it.
        Principal::System(_) => ("", "system".to_owned()),
        Principal::Resident | Principal::Event(_) => ("", String::new()),
    };
    set(conn, subject, &roles, &[], now).await
}

/// Whoever holds the answer link of a referral; sees that referral and nothing else.
pub(crate) async fn enter_answer(conn: &mut Conn, answer_hash: &[u8], now: Timestamp) -> Result<()> {
    set(conn, "", "", answer_hash, now).await
}

async fn set(conn: &mut Conn, subject: &str, roles: &str, answer: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "select set_config('bildung.subject', $1, true) as a, set_config('bildung.roles', $2, true) as b,
                set_config('bildung.answer', encode($3, 'hex'), true) as c, set_config('bildung.now', $4, true) as d",
        subject,
        roles,
        answer,
        now.to_string()
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
