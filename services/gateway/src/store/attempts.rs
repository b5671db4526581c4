//! Sign-ins under way: each can be completed once.
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

pub(crate) async fn insert(pool: &PgPool, state_hash: &[u8], browser_hash: &[u8], sealed: &[u8], ends_at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sign_in_attempt (state_hash, browser_hash, sealed, ends_at) values ($1, $2, $3, $4)",
        state_hash,
        browser_hash,
        sealed,
        ends_at.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes the attempt out, so that its state cannot be used again.
pub(crate) async fn take(pool: &PgPool, state_hash: &[u8], browser_hash: &[u8], now: Timestamp) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "delete from sign_in_attempt where state_hash = $1 and browser_hash = $2 and ends_at > $3 returning sealed",
        state_hash,
        browser_hash,
        now.to_sqlx() as _,
    )
    .fetch_optional(pool)
    .await
}
