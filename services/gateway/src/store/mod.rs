//! All SQL of the gateway.
pub(crate) mod answers;
pub(crate) mod attempts;
pub(crate) mod sessions;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

/// Deletes what has ended.
pub(crate) async fn forget_ended(pool: &PgPool, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!("delete from session where ends_at <= $1", now.to_sqlx() as _).execute(pool).await?;
    sqlx::query!("delete from sign_in_attempt where ends_at <= $1", now.to_sqlx() as _).execute(pool).await?;
    sqlx::query!("delete from idempotency_key where ends_at <= $1", now.to_sqlx() as _).execute(pool).await?;
    Ok(())
}
