//! Published privacy notices.
use super::Conn;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

/// A notice in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoticeRow {
    pub version: String,
    pub language: String,
    pub title: String,
    pub body: String,
}

/// Publishes a notice; one that is there stays as it is.
pub(crate) async fn publish(conn: &mut Conn, notice: &NoticeRow, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into privacy_notice (version, language, title, body, published_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
        notice.version,
        notice.language,
        notice.title,
        notice.body,
        now.to_sqlx() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A notice in one language.
pub(crate) async fn find(conn: &mut Conn, version: &str, language: &str) -> Result<Option<NoticeRow>> {
    Ok(sqlx::query_as!(
        NoticeRow,
        "select version, language, title, body from privacy_notice where version = $1 and language = $2",
        version,
        language
    )
    .fetch_optional(conn)
    .await?)
}

/// All notices, the newest first; of one language if asked for.
pub(crate) async fn all(conn: &mut Conn, language: Option<&str>) -> Result<Vec<NoticeRow>> {
    Ok(sqlx::query_as!(
        NoticeRow,
        "select version, language, title, body from privacy_notice where $1::text is null or language = $1 order by published_at desc, version desc, language",
        language
    )
    .fetch_all(conn)
    .await?)
}

/// In which of these languages the version was published, the most wanted first.
pub(crate) async fn language_of(conn: &mut Conn, version: &str, wanted: &[String]) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select language from privacy_notice where version = $1 and language = any ($2) order by array_position($2, language) limit 1",
        version,
        wanted
    )
    .fetch_optional(conn)
    .await?)
}
