//! Cases, and who was responsible for them since when.
use super::{Conn, Window};
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

/// A case as stored, with the sealed name if the one who asks may see it.
pub(crate) struct CaseRow {
    pub id: Uuid,
    pub person_id: Uuid,
    pub state: String,
    pub ownership: String,
    pub owner_subject: Option<String>,
    pub language: String,
    pub legal_basis: String,
    pub notice_version: String,
    pub notice_language: String,
    pub opened_at: jiff_sqlx::Timestamp,
    pub name: Option<Vec<u8>>,
    pub kek_id: Option<String>,
    pub wrapped: Option<Vec<u8>>,
}

/// A new case.
pub(crate) struct NewCase<'a> {
    pub id: Uuid,
    pub case_ref: Uuid,
    pub person_id: Uuid,
    pub state: &'a str,
    pub ownership: &'a str,
    pub owner: &'a str,
    pub handover_id: Option<Uuid>,
    pub language: &'a str,
    pub legal_basis: &'a str,
    pub notice_version: &'a str,
    pub notice_language: &'a str,
    pub opened_at: Timestamp,
}

/// Enters a case.
pub(crate) async fn insert(conn: &mut Conn, case: &NewCase<'_>) -> Result<()> {
    sqlx::query!(
        "insert into case_file (id, case_ref, person_id, state, ownership, owner_subject, handover_id, language, legal_basis, notice_version, notice_language, opened_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        case.id,
        case.case_ref,
        case.person_id,
        case.state,
        case.ownership,
        case.owner,
        case.handover_id,
        case.language,
        case.legal_basis,
        case.notice_version,
        case.notice_language,
        case.opened_at.to_sqlx() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes who is responsible from now on.
pub(crate) async fn note_responsibility(
    conn: &mut Conn,
    cases: &[Uuid],
    owner: &str,
    handover_id: Option<Uuid>,
    since: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "insert into responsibility (case_id, since, owner_subject, handover_id) select id, $2, $3, $4 from unnest($1::uuid[]) as id",
        cases,
        since.to_sqlx() as _,
        owner,
        handover_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A case that the one who asks works on or supervises.
pub(crate) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<CaseRow>> {
    Ok(sqlx::query_as!(
        CaseRow,
        r#"select c.id, c.person_id, c.state, c.ownership, c.owner_subject, c.language, c.legal_basis, c.notice_version, c.notice_language, c.opened_at,
                  p.name as "name?", k.kek_id as "kek_id?", k.wrapped as "wrapped?"
           from case_file c left join person p on p.id = c.person_id left join data_key k on k.owner = p.id
           where c.id = $1 and (works_for(c.owner_subject) or context_has('supervisor'))"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// What a change of a case must know of it.
pub(crate) struct LockedCase {
    pub person_id: Uuid,
    pub state: String,
    pub language: String,
}

/// Locks a case that the one who asks works on. Waits for a handover that is just being accepted, and then finds the
/// case in other hands.
pub(crate) async fn lock(conn: &mut Conn, id: Uuid) -> Result<Option<LockedCase>> {
    Ok(sqlx::query_as!(
        LockedCase,
        "select person_id, state, language from case_file where id = $1 and works_for(owner_subject) for update",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// What is looked for.
#[derive(Default)]
pub(crate) struct Filter {
    /// Empty for all.
    pub states: Vec<String>,
    /// Only of this owner.
    pub owner: Option<String>,
    /// Only in this language.
    pub language: Option<String>,
    /// Only with this blind index of the name.
    pub name_index: Option<Vec<u8>>,
}

/// The cases that the one who asks works on or supervises, the newest first, and how many there are.
pub(crate) async fn list(conn: &mut Conn, filter: &Filter, window: Window) -> Result<(i64, Vec<CaseRow>)> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from case_file c left join person p on p.id = c.person_id
           where (works_for(c.owner_subject) or context_has('supervisor'))
             and (cardinality($1::text[]) = 0 or c.state = any ($1)) and ($2::text is null or c.owner_subject = $2)
             and ($3::text is null or c.language = $3) and ($4::bytea is null or p.name_index = $4)"#,
        &filter.states,
        filter.owner.as_deref(),
        filter.language.as_deref(),
        filter.name_index.as_deref()
    )
    .fetch_one(&mut *conn)
    .await?;
    let rows = sqlx::query_as!(
        CaseRow,
        r#"select c.id, c.person_id, c.state, c.ownership, c.owner_subject, c.language, c.legal_basis, c.notice_version, c.notice_language, c.opened_at,
                  p.name as "name?", k.kek_id as "kek_id?", k.wrapped as "wrapped?"
           from case_file c left join person p on p.id = c.person_id left join data_key k on k.owner = p.id
           where (works_for(c.owner_subject) or context_has('supervisor'))
             and (cardinality($1::text[]) = 0 or c.state = any ($1)) and ($2::text is null or c.owner_subject = $2)
             and ($3::text is null or c.language = $3) and ($4::bytea is null or p.name_index = $4)
           order by c.opened_at desc, c.id desc limit $5 offset $6"#,
        &filter.states,
        filter.owner.as_deref(),
        filter.language.as_deref(),
        filter.name_index.as_deref(),
        window.limit,
        window.offset
    )
    .fetch_all(conn)
    .await?;
    Ok((total, rows))
}
