//! Small copies of what the catalogue and the network stated; an older statement never replaces a newer one.
use super::Conn;
use bildung_chassis::Result;
use uuid::Uuid;

/// Keeps an offer's visible state.
pub(crate) async fn put_offer(
    conn: &mut Conn,
    id: Uuid,
    title: &str,
    provider_name: &str,
    actor_id: Option<Uuid>,
    sequence: i64,
) -> Result<()> {
    sqlx::query!(
        "insert into offer (id, title, provider_name, actor_id, withdrawn, sequence) values ($1, $2, $3, $4, false, $5)
         on conflict (id) do update set title = excluded.title, provider_name = excluded.provider_name, actor_id = excluded.actor_id,
             withdrawn = false, sequence = excluded.sequence
         where offer.sequence < excluded.sequence",
        id,
        title,
        provider_name,
        actor_id,
        sequence
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that an offer is no longer visible, also one never seen: its publication may still be on the way.
pub(crate) async fn withdraw_offer(conn: &mut Conn, id: Uuid, sequence: i64) -> Result<()> {
    sqlx::query!(
        "insert into offer (id, withdrawn, sequence) values ($1, true, $2)
         on conflict (id) do update set withdrawn = true, sequence = excluded.sequence where offer.sequence < excluded.sequence",
        id,
        sequence
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps an actor's name.
pub(crate) async fn put_actor(conn: &mut Conn, id: Uuid, name: &str, sequence: i64) -> Result<()> {
    sqlx::query!(
        "insert into actor (id, name, sequence) values ($1, $2, $3)
         on conflict (id) do update set name = excluded.name, sequence = excluded.sequence where actor.sequence < excluded.sequence",
        id,
        name,
        sequence
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An offer as far as referrals need it.
pub(crate) struct OfferCopy {
    pub title: String,
    /// The actor who provides it, if it is known as one.
    pub actor_id: Option<Uuid>,
    pub withdrawn: bool,
}

/// An offer, if the catalogue has told of it.
pub(crate) async fn offer(conn: &mut Conn, id: Uuid) -> Result<Option<OfferCopy>> {
    Ok(sqlx::query_as!(OfferCopy, "select title, actor_id, withdrawn from offer where id = $1", id).fetch_optional(conn).await?)
}

/// An actor's name, if the network has told of it.
pub(crate) async fn actor_name(conn: &mut Conn, id: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select name from actor where id = $1", id).fetch_optional(conn).await?)
}
