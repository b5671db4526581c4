//! Sessions, found by the hash of their secret.
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

/// A session as it is stored.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sealed: Vec<u8>,
    pub(crate) used_at: Timestamp,
    pub(crate) token_ends_at: Timestamp,
}

/// Times of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) now: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) token_ends_at: Timestamp,
}

pub(crate) async fn insert(pool: &PgPool, secret_hash: &[u8], subject: &str, sealed: &[u8], times: Times) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into session (secret_hash, subject, sealed, began_at, used_at, ends_at, token_ends_at) values ($1, $2, $3, $4, $4, $5, $6)",
        secret_hash,
        subject,
        sealed,
        times.now.to_sqlx() as _,
        times.ends_at.to_sqlx() as _,
        times.token_ends_at.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The session, if it was used after `idle_since` and has not ended.
pub(crate) async fn find(pool: &PgPool, secret_hash: &[u8], now: Timestamp, idle_since: Timestamp) -> sqlx::Result<Option<Row>> {
    let row = sqlx::query!(
        "select sealed, used_at, token_ends_at from session where secret_hash = $1 and ends_at > $2 and used_at > $3",
        secret_hash,
        now.to_sqlx() as _,
        idle_since.to_sqlx() as _,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Row { sealed: row.sealed, used_at: row.used_at.to_jiff(), token_ends_at: row.token_ends_at.to_jiff() }))
}

pub(crate) async fn touch(pool: &PgPool, secret_hash: &[u8], now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!("update session set used_at = $2 where secret_hash = $1 and used_at < $2", secret_hash, now.to_sqlx() as _)
        .execute(pool)
        .await?;
    Ok(())
}

/// Claims the refreshing of the session's token; false if another request is at it.
pub(crate) async fn claim_refresh(pool: &PgPool, secret_hash: &[u8], now: Timestamp, until: Timestamp) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "update session set refreshing_until = $3 where secret_hash = $1 and (refreshing_until is null or refreshing_until <= $2)",
        secret_hash,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

pub(crate) async fn renew(pool: &PgPool, secret_hash: &[u8], sealed: &[u8], token_ends_at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update session set sealed = $2, token_ends_at = $3, refreshing_until = null where secret_hash = $1",
        secret_hash,
        sealed,
        token_ends_at.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(crate) async fn delete(pool: &PgPool, secret_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from session where secret_hash = $1", secret_hash).execute(pool).await?;
    Ok(())
}
