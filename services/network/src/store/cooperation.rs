//! Cooperations.
use super::{Page, stored};
use crate::domain::Violation;
use crate::domain::cooperation::{Cooperation, Formality, State, Type};
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::{Date, ToSqlx};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Which cooperations; an empty list means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) actors: Vec<Uuid>,
    pub(crate) types: Vec<String>,
    pub(crate) states: Vec<String>,
    /// Only those between two active actors.
    pub(crate) between_active: bool,
}

/// A cooperation with the names of the two.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) cooperation: Cooperation,
    pub(crate) from_name: String,
    pub(crate) to_name: String,
}

struct Row {
    id: Uuid,
    from_actor: Uuid,
    to_actor: Uuid,
    kind: String,
    strength: i16,
    formality: String,
    state: String,
    since: Option<Date>,
    until: Option<Date>,
    note: String,
    end_reason: String,
    revision: i64,
    from_name: String,
    to_name: String,
}

impl Row {
    fn named(self) -> Result<Named> {
        let cooperation = Cooperation {
            id: self.id,
            from: self.from_actor,
            to: self.to_actor,
            kind: stored(Type::parse(&self.kind), &self.kind)?,
            strength: self.strength,
            formality: stored(Formality::parse(&self.formality), &self.formality)?,
            state: stored(State::parse(&self.state), &self.state)?,
            since: self.since.map(Date::to_jiff),
            until: self.until.map(Date::to_jiff),
            note: self.note,
            end_reason: self.end_reason,
            revision: self.revision,
        };
        Ok(Named { cooperation, from_name: self.from_name, to_name: self.to_name })
    }
}

/// Adds a cooperation.
pub(crate) async fn insert(tx: &mut PgConnection, cooperation: &Cooperation, now: Timestamp) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into cooperation (id, from_actor, to_actor, kind, strength, formality, state, since, until, note, end_reason, revision, added_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        cooperation.id,
        cooperation.from,
        cooperation.to,
        cooperation.kind.as_str(),
        cooperation.strength,
        cooperation.formality.as_str(),
        cooperation.state.as_str(),
        cooperation.since.map(ToSqlx::to_sqlx),
        cooperation.until.map(ToSqlx::to_sqlx),
        cooperation.note,
        cooperation.end_reason,
        cooperation.revision,
        now.to_sqlx(),
    )
    .execute(tx)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.as_database_error().and_then(|e| e.constraint()) == Some("cooperation_once") => {
            Err(Violation::CooperationExists.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Stores a cooperation that moved.
pub(crate) async fn save(tx: &mut PgConnection, cooperation: &Cooperation) -> Result<()> {
    sqlx::query!(
        "update cooperation set state = $2, since = $3, until = $4, end_reason = $5, revision = $6 where id = $1",
        cooperation.id,
        cooperation.state.as_str(),
        cooperation.since.map(ToSqlx::to_sqlx),
        cooperation.until.map(ToSqlx::to_sqlx),
        cooperation.end_reason,
        cooperation.revision,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Waits until nobody else changes the cooperation; it stays as it is until this transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Option<Named>> {
    sqlx::query_scalar!("select revision from cooperation where id = $1 for update", id).fetch_optional(&mut *tx).await?;
    find(tx, id).await
}

/// A cooperation.
pub(crate) async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Named>> {
    let row = sqlx::query_as!(
        Row,
        "select c.id, from_actor, to_actor, c.kind, strength, formality, c.state, since, until, note, end_reason, c.revision,
                f.name as from_name, t.name as to_name
         from cooperation c join actor f on f.id = from_actor join actor t on t.id = to_actor
         where c.id = $1",
        id,
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::named).transpose()
}

/// Whether two actors have a cooperation of a type, in whatever state and whoever is named first.
pub(crate) async fn exists(tx: &mut PgConnection, one: Uuid, other: Uuid, kind: Type) -> Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from cooperation where kind = $3
               and ((from_actor = $1 and to_actor = $2) or (from_actor = $2 and to_actor = $1))) as "exists!""#,
        one,
        other,
        kind.as_str(),
    )
    .fetch_one(tx)
    .await?;
    Ok(exists)
}

/// How many cooperations match.
pub(crate) async fn count(db: impl PgExecutor<'_>, filter: &Filter) -> Result<i64> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from cooperation c join actor f on f.id = from_actor join actor t on t.id = to_actor
           where ($1::uuid[] = '{}' or from_actor = any($1) or to_actor = any($1))
             and ($2::text[] = '{}' or c.kind = any($2)) and ($3::text[] = '{}' or c.state = any($3))
             and (not $4 or (f.state = 'active' and t.state = 'active'))"#,
        &filter.actors,
        &filter.types,
        &filter.states,
        filter.between_active,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}

/// A page of the cooperations that match, by the names of the two.
pub(crate) async fn list(db: impl PgExecutor<'_>, filter: &Filter, page: Page) -> Result<Vec<Named>> {
    let rows = sqlx::query_as!(
        Row,
        "select c.id, from_actor, to_actor, c.kind, strength, formality, c.state, since, until, note, end_reason, c.revision,
                f.name as from_name, t.name as to_name
         from cooperation c join actor f on f.id = from_actor join actor t on t.id = to_actor
         where ($1::uuid[] = '{}' or from_actor = any($1) or to_actor = any($1))
           and ($2::text[] = '{}' or c.kind = any($2)) and ($3::text[] = '{}' or c.state = any($3))
           and (not $4 or (f.state = 'active' and t.state = 'active'))
         order by lower(f.name), lower(t.name), c.id limit $5 offset $6",
        &filter.actors,
        &filter.types,
        &filter.states,
        filter.between_active,
        page.limit,
        page.offset,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::named).collect()
}
