//! Answers kept for idempotency keys.
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

/// What is known of an idempotency key.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) sealed_answer: Option<Vec<u8>>,
}

/// Claims a key for a request; false if it is known already and neither forgotten nor abandoned.
pub(crate) async fn claim(
    pool: &PgPool,
    scope: &[u8],
    fingerprint: &[u8],
    now: Timestamp,
    claimed_until: Timestamp,
    ends_at: Timestamp,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "insert into idempotency_key as known (scope, fingerprint, claimed_until, ends_at) values ($1, $2, $4, $5)
         on conflict (scope) do update
            set fingerprint = excluded.fingerprint, claimed_until = excluded.claimed_until, ends_at = excluded.ends_at, sealed_answer = null
            where known.ends_at <= $3
               or (known.sealed_answer is null and known.claimed_until <= $3 and known.fingerprint = excluded.fingerprint)",
        scope,
        fingerprint,
        now.to_sqlx() as _,
        claimed_until.to_sqlx() as _,
        ends_at.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

pub(crate) async fn find(pool: &PgPool, scope: &[u8]) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(Row, "select fingerprint, sealed_answer from idempotency_key where scope = $1", scope).fetch_optional(pool).await
}

pub(crate) async fn keep(pool: &PgPool, scope: &[u8], sealed_answer: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("update idempotency_key set sealed_answer = $2 where scope = $1", scope, sealed_answer).execute(pool).await?;
    Ok(())
}

/// Gives a key free, because its request changed nothing.
pub(crate) async fn release(pool: &PgPool, scope: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from idempotency_key where scope = $1 and sealed_answer is null", scope).execute(pool).await?;
    Ok(())
}
