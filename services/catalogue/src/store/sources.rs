//! Sources.
use crate::domain::source::SourceId;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

/// A source with the number of its visible offers.
pub(crate) struct SourceRow {
    pub(crate) id: String,
    pub(crate) provider_name: String,
    pub(crate) offers: i64,
}

/// Whether a source is there.
pub(crate) async fn exists(tx: &mut PgConnection, source: &SourceId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from source where id = $1) as "exists!""#, source.as_str()).fetch_one(tx).await?)
}

/// Creates a source if it is not there; a name of the provider that is given replaces the one held.
pub(crate) async fn ensure(tx: &mut PgConnection, source: &SourceId, provider_name: Option<&str>, by: &str, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into source (id, provider_name, created_at, created_by) values ($1, coalesce($2, $1), $3, $4)
         on conflict (id) do update set provider_name = coalesce($2, source.provider_name)",
        source.as_str(),
        provider_name,
        now.to_sqlx() as _,
        by,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sources, all or those named.
pub(crate) async fn list(tx: &mut PgConnection, only: Option<&[String]>) -> Result<Vec<SourceRow>> {
    Ok(sqlx::query_as!(
        SourceRow,
        r#"select s.id, s.provider_name,
                  (select count(*) from offer o where o.source = s.id and o.state = 'published') as "offers!"
           from source s where $1::text[] is null or s.id = any($1) order by s.id"#,
        only,
    )
    .fetch_all(tx)
    .await?)
}
