//! The audit trail: rows are added, never changed.
use super::{Conn, Window};
use crate::audit::Entry;
use bildung_chassis::Result;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

/// Any number: the one lock under which entries are chained.
const CHAIN: i64 = 0x6269_6c64_756e_6701;

/// Locks the end of the chain until this transaction ends, and gives its last number and hash.
pub(crate) async fn lock_end(conn: &mut Conn) -> Result<Option<(i64, Vec<u8>)>> {
    sqlx::query!("select pg_advisory_xact_lock($1)", CHAIN).execute(&mut *conn).await?;
    // A statement of its own, so that it sees what was committed while the lock was waited for.
    end(conn).await
}

/// The last number and hash of the chain.
pub(crate) async fn end(conn: &mut Conn) -> Result<Option<(i64, Vec<u8>)>> {
    let row = sqlx::query!("select sequence, hash from audit_entry order by sequence desc limit 1").fetch_optional(conn).await?;
    Ok(row.map(|row| (row.sequence, row.hash)))
}

/// Adds an entry.
pub(crate) async fn insert(conn: &mut Conn, entry: &Entry, prev: &[u8], hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into audit_entry (sequence, at, actor, roles, action, outcome, code, subjects, prev, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        entry.sequence,
        entry.at.to_sqlx() as _,
        entry.actor,
        &entry.roles,
        entry.action,
        entry.outcome,
        entry.code,
        &entry.subjects,
        prev,
        hash
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An entry as stored.
pub(crate) struct EntryRow {
    pub sequence: i64,
    pub at: jiff_sqlx::Timestamp,
    pub actor: String,
    pub roles: Vec<String>,
    pub action: String,
    pub outcome: String,
    pub code: Option<String>,
    pub subjects: Vec<Uuid>,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
}

/// What is looked for.
#[derive(Default)]
pub(crate) struct Filter {
    /// About this case, handover or referral.
    pub subject: Option<Uuid>,
    /// With this action.
    pub action: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
}

/// Entries, the newest first, and how many there are.
pub(crate) async fn list(conn: &mut Conn, filter: &Filter, window: Window) -> Result<(i64, Vec<EntryRow>)> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from audit_entry
           where ($1::uuid is null or subjects @> array[$1]) and ($2::text is null or action = $2) and ($3::text is null or actor = $3)"#,
        filter.subject,
        filter.action,
        filter.actor
    )
    .fetch_one(&mut *conn)
    .await?;
    let rows = sqlx::query_as!(
        EntryRow,
        "select sequence, at, actor, roles, action, outcome, code, subjects, prev, hash from audit_entry
         where ($1::uuid is null or subjects @> array[$1]) and ($2::text is null or action = $2) and ($3::text is null or actor = $3)
         order by sequence desc limit $4 offset $5",
        filter.subject,
        filter.action,
        filter.actor,
        window.limit,
        window.offset
    )
    .fetch_all(conn)
    .await?;
    Ok((total, rows))
}

/// The entries after a number, in order.
pub(crate) async fn after(conn: &mut Conn, sequence: i64, limit: i64) -> Result<Vec<EntryRow>> {
    Ok(sqlx::query_as!(
        EntryRow,
        "select sequence, at, actor, roles, action, outcome, code, subjects, prev, hash from audit_entry where sequence > $1 order by sequence limit $2",
        sequence,
        limit
    )
    .fetch_all(conn)
    .await?)
}
