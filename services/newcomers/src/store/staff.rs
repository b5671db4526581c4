//! Who may own cases, as far as they were seen, and who stands in for whom.
use super::{Conn, on_constraint};
use crate::domain::Violation;
use bildung_chassis::Result;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;

/// Notes that somebody with this role was here; writes at most once a day.
pub(crate) async fn seen(conn: &mut Conn, subject: &str, role: &str, on: Date) -> Result<()> {
    sqlx::query!(
        "insert into staff (subject, role, seen_on) values ($1, $2, $3)
         on conflict (subject) do update set role = excluded.role, seen_on = excluded.seen_on where staff.role <> excluded.role or staff.seen_on < excluded.seen_on",
        subject,
        role,
        on.to_sqlx() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Everybody seen, with the role they last had.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select subject, role from staff order by subject").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.subject, row.role)).collect())
}

/// The role somebody was last seen with.
pub(crate) async fn role(conn: &mut Conn, subject: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select role from staff where subject = $1", subject).fetch_optional(conn).await?)
}

/// Lets a deputy stand in until then.
pub(crate) async fn put_cover(conn: &mut Conn, owner: &str, deputy: &str, until: Timestamp) -> Result<()> {
    let outcome = sqlx::query!(
        "insert into cover (owner_subject, deputy_subject, until) values ($1, $2, $3) on conflict (owner_subject, deputy_subject) do update set until = excluded.until",
        owner,
        deputy,
        until.to_sqlx() as _
    )
    .execute(conn)
    .await;
    on_constraint(outcome, "cover_not_self", Violation::HandoverToSelf)?;
    Ok(())
}
