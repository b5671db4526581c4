//! Actors.
use super::{Page, stored};
use crate::domain::Violation;
use crate::domain::actor::{Actor, Kind, Profile, State};
use bildung_chassis::Result;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Which actors; an empty list means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) q: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) types: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) themes: Vec<String>,
    pub(crate) districts: Vec<String>,
    pub(crate) languages: Vec<String>,
    pub(crate) states: Vec<String>,
}

struct Row {
    id: Uuid,
    key: Option<String>,
    name: String,
    short_name: String,
    other_names: Vec<String>,
    kind: String,
    types: Vec<String>,
    life_phases: Vec<String>,
    themes: Vec<String>,
    districts: Vec<String>,
    languages: Vec<String>,
    web: String,
    description: String,
    state: String,
    revision: i64,
    registered_at: Timestamp,
    changed_at: Timestamp,
}

impl Row {
    fn actor(self) -> Result<Actor> {
        Ok(Actor {
            id: self.id,
            key: self.key,
            profile: Profile {
                name: self.name,
                short_name: self.short_name,
                other_names: self.other_names,
                kind: stored(Kind::parse(&self.kind), &self.kind)?,
                types: self.types,
                life_phases: self.life_phases,
                themes: self.themes,
                districts: self.districts,
                languages: self.languages,
                web: self.web,
                description: self.description,
            },
            state: stored(State::parse(&self.state), &self.state)?,
            revision: self.revision,
            registered_at: self.registered_at.to_jiff(),
            changed_at: self.changed_at.to_jiff(),
        })
    }
}

/// Adds an actor.
pub(crate) async fn insert(tx: &mut PgConnection, actor: &Actor) -> Result<()> {
    let profile = &actor.profile;
    let inserted = sqlx::query!(
        "insert into actor (id, key, name, short_name, other_names, kind, types, life_phases, themes, districts, languages, web,
                            description, state, revision, registered_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        actor.id,
        actor.key,
        profile.name,
        profile.short_name,
        &profile.other_names,
        profile.kind.as_str(),
        &profile.types,
        &profile.life_phases,
        &profile.themes,
        &profile.districts,
        &profile.languages,
        profile.web,
        profile.description,
        actor.state.as_str(),
        actor.revision,
        actor.registered_at.to_sqlx(),
        actor.changed_at.to_sqlx(),
    )
    .execute(tx)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.as_database_error().and_then(|e| e.constraint()) == Some("actor_key_once") => {
            Err(Violation::ActorKeyTaken.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Stores a changed actor.
pub(crate) async fn save(tx: &mut PgConnection, actor: &Actor) -> Result<()> {
    let profile = &actor.profile;
    sqlx::query!(
        "update actor set name = $2, short_name = $3, other_names = $4, kind = $5, types = $6, life_phases = $7, themes = $8,
                          districts = $9, languages = $10, web = $11, description = $12, state = $13, revision = $14, changed_at = $15
         where id = $1",
        actor.id,
        profile.name,
        profile.short_name,
        &profile.other_names,
        profile.kind.as_str(),
        &profile.types,
        &profile.life_phases,
        &profile.themes,
        &profile.districts,
        &profile.languages,
        profile.web,
        profile.description,
        actor.state.as_str(),
        actor.revision,
        actor.changed_at.to_sqlx(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// An actor.
pub(crate) async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Actor>> {
    let row = sqlx::query_as!(
        Row,
        "select id, key, name, short_name, other_names, kind, types, life_phases, themes, districts, languages, web, description,
                state, revision, registered_at, changed_at
         from actor where id = $1",
        id,
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::actor).transpose()
}

/// An actor that nobody else changes before this transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Option<Actor>> {
    let row = sqlx::query_as!(
        Row,
        "select id, key, name, short_name, other_names, kind, types, life_phases, themes, districts, languages, web, description,
                state, revision, registered_at, changed_at
         from actor where id = $1 for update",
        id,
    )
    .fetch_optional(tx)
    .await?;
    row.map(Row::actor).transpose()
}

/// The state of an actor that stays as it is until this transaction ends.
pub(crate) async fn hold_state(tx: &mut PgConnection, id: Uuid) -> Result<Option<State>> {
    let state = sqlx::query_scalar!("select state from actor where id = $1 for share", id).fetch_optional(tx).await?;
    state.map(|state| stored(State::parse(&state), &state)).transpose()
}

/// The actor that was imported under a key, with the record as it was imported; nobody else changes it meanwhile.
pub(crate) async fn lock_imported(tx: &mut PgConnection, key: &str) -> Result<Option<(Actor, Option<Value>)>> {
    let Some(found) = sqlx::query!("select id, imported from actor where key = $1 for update", key).fetch_optional(&mut *tx).await? else {
        return Ok(None);
    };
    Ok(lock(tx, found.id).await?.map(|actor| (actor, found.imported)))
}

/// Remembers the record that an actor was imported from.
pub(crate) async fn remember_imported(tx: &mut PgConnection, id: Uuid, record: &Value) -> Result<()> {
    sqlx::query!("update actor set imported = $2 where id = $1", id, record).execute(tx).await?;
    Ok(())
}

/// How many actors match.
pub(crate) async fn count(db: impl PgExecutor<'_>, filter: &Filter) -> Result<i64> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from actor
           where strpos(lower(name || ' ' || short_name || ' ' || array_to_string(other_names, ' ')), lower($1)) > 0
             and ($2::text[] = '{}' or kind = any($2)) and ($3::text[] = '{}' or types && $3)
             and ($4::text[] = '{}' or life_phases && $4) and ($5::text[] = '{}' or themes && $5)
             and ($6::text[] = '{}' or districts && $6) and ($7::text[] = '{}' or languages && $7)
             and ($8::text[] = '{}' or state = any($8))"#,
        filter.q,
        &filter.kinds,
        &filter.types,
        &filter.life_phases,
        &filter.themes,
        &filter.districts,
        &filter.languages,
        &filter.states,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}

/// A page of the actors that match, by name.
pub(crate) async fn list(db: impl PgExecutor<'_>, filter: &Filter, page: Page) -> Result<Vec<Actor>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, key, name, short_name, other_names, kind, types, life_phases, themes, districts, languages, web, description,
                state, revision, registered_at, changed_at
         from actor
         where strpos(lower(name || ' ' || short_name || ' ' || array_to_string(other_names, ' ')), lower($1)) > 0
           and ($2::text[] = '{}' or kind = any($2)) and ($3::text[] = '{}' or types && $3)
           and ($4::text[] = '{}' or life_phases && $4) and ($5::text[] = '{}' or themes && $5)
           and ($6::text[] = '{}' or districts && $6) and ($7::text[] = '{}' or languages && $7)
           and ($8::text[] = '{}' or state = any($8))
         order by lower(name), id limit $9 offset $10",
        filter.q,
        &filter.kinds,
        &filter.types,
        &filter.life_phases,
        &filter.themes,
        &filter.districts,
        &filter.languages,
        &filter.states,
        page.limit,
        page.offset,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::actor).collect()
}

/// Every actor that is part of the network, by name.
pub(crate) async fn all_active(db: impl PgExecutor<'_>) -> Result<Vec<Actor>> {
    let active = Filter { states: vec![State::Active.as_str().to_owned()], ..Filter::default() };
    list(db, &active, Page { limit: i64::MAX, offset: 0 }).await
}

/// The names of actors.
pub(crate) async fn names(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!("select id, name from actor where id = any($1)", ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
