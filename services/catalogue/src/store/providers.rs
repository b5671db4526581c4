//! Providers, and the names by which the network's actors are known.
use crate::domain::{offer::Provider, source::normalise_name};
use bildung_chassis::Result;
use sqlx::PgConnection;
use uuid::Uuid;

/// A provider with the number of its visible offers.
pub(crate) struct ProviderRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) offers: i64,
}

/// The provider of a name.
pub(crate) async fn find(tx: &mut PgConnection, name: &str) -> Result<Option<Provider>> {
    Ok(sqlx::query_as!(
        Provider,
        "select p.id, p.name, p.actor_id from provider_name n join provider p on p.id = n.provider where n.name = $1",
        normalise_name(name),
    )
    .fetch_optional(tx)
    .await?)
}

/// The provider of a name, made if it is not there; an actor of that name is bound to it.
pub(crate) async fn find_or_create(tx: &mut PgConnection, name: &str, new_id: Uuid) -> Result<Provider> {
    let normalised = normalise_name(name);
    // two imports may meet the same name for the first time
    sqlx::query!("select pg_advisory_xact_lock(hashtext('provider_name'), hashtext($1))", normalised).execute(&mut *tx).await?;
    if let Some(provider) = find(tx, name).await? {
        return Ok(provider);
    }
    let actor = sqlx::query!(
        "select a.id, a.name from actor_name n join actor a on a.id = n.actor where n.name = $1 order by a.sequence desc limit 1",
        normalised
    )
    .fetch_optional(&mut *tx)
    .await?;
    let (actor_id, name) = match actor {
        Some(actor) => (Some(actor.id), actor.name),
        None => (None, name.to_owned()),
    };
    sqlx::query!("insert into provider (id, name, actor_id) values ($1, $2, $3)", new_id, name, actor_id).execute(&mut *tx).await?;
    sqlx::query!("insert into provider_name (name, provider) values ($1, $2)", normalised, new_id).execute(tx).await?;
    Ok(Provider { id: new_id, name, actor_id })
}

/// Keeps what the network says of an actor. False if something newer is held.
pub(crate) async fn keep_actor(tx: &mut PgConnection, actor: Uuid, name: &str, other_names: &[String], sequence: i64) -> Result<bool> {
    let kept = sqlx::query!(
        "insert into actor (id, name, sequence) values ($1, $2, $3)
         on conflict (id) do update set name = $2, sequence = $3 where actor.sequence < $3",
        actor,
        name,
        sequence,
    )
    .execute(&mut *tx)
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(false);
    }
    let mut names: Vec<String> = std::iter::once(name).chain(other_names.iter().map(String::as_str)).map(normalise_name).collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    sqlx::query!("delete from actor_name where actor = $1", actor).execute(&mut *tx).await?;
    sqlx::query!("insert into actor_name (name, actor) select unnest($1::text[]), $2", &names, actor).execute(tx).await?;
    Ok(true)
}

/// Binds the providers that bear one of the actor's names to it, takes over the actor's name, and marks their visible
/// offers to be announced. A provider once bound stays bound when the actor changes its name.
pub(crate) async fn bind_to_actor(tx: &mut PgConnection, actor: Uuid, name: &str) -> Result<u64> {
    let changed = sqlx::query_scalar!(
        "update provider p set actor_id = $1, name = $2
         where (p.actor_id = $1
                or (p.actor_id is null
                    and exists (select from provider_name n join actor_name a on a.name = n.name where n.provider = p.id and a.actor = $1)))
           and (p.actor_id, p.name) is distinct from ($1, $2)
         returning p.id",
        actor,
        name,
    )
    .fetch_all(&mut *tx)
    .await?;
    let marked = sqlx::query!(
        "update offer set announce = (state = 'published'), changed_xact = pg_current_xact_id()::text::bigint where provider = any($1)",
        &changed
    )
    .execute(tx)
    .await?;
    Ok(marked.rows_affected())
}

/// One provider.
pub(crate) async fn get(tx: &mut PgConnection, id: Uuid) -> Result<Option<ProviderRow>> {
    Ok(sqlx::query_as!(
        ProviderRow,
        r#"select p.id, p.name, p.actor_id,
                  (select count(*) from offer o where o.provider = p.id and o.state = 'published') as "offers!"
           from provider p where p.id = $1"#,
        id,
    )
    .fetch_optional(tx)
    .await?)
}

/// Providers with visible offers, by name, and how many there are.
pub(crate) async fn list(tx: &mut PgConnection, limit: i64, offset: i64) -> Result<(Vec<ProviderRow>, i64)> {
    let rows = sqlx::query_as!(
        ProviderRow,
        r#"select p.id, p.name, p.actor_id, count(*) as "offers!"
           from provider p join offer o on o.provider = p.id and o.state = 'published'
           group by p.id order by p.name, p.id limit $1 offset $2"#,
        limit,
        offset,
    )
    .fetch_all(&mut *tx)
    .await?;
    let total =
        sqlx::query_scalar!(r#"select count(distinct provider) as "total!" from offer where state = 'published'"#).fetch_one(tx).await?;
    Ok((rows, total))
}
