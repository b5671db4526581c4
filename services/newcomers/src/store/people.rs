//! Data keys, and the people behind cases.
use super::Conn;
use crate::vault::WrappedKey;
use bildung_chassis::Result;
use uuid::Uuid;

/// Keeps a wrapped data key.
pub(crate) async fn insert_key(conn: &mut Conn, owner: Uuid, key: &WrappedKey) -> Result<()> {
    sqlx::query!("insert into data_key (owner, kek_id, wrapped) values ($1, $2, $3)", owner, key.kek_id, key.bytes).execute(conn).await?;
    Ok(())
}

/// The wrapped data key of a person or handover.
pub(crate) async fn key(conn: &mut Conn, owner: Uuid) -> Result<Option<WrappedKey>> {
    Ok(sqlx::query_as!(WrappedKey, "select kek_id, wrapped as bytes from data_key where owner = $1", owner).fetch_optional(conn).await?)
}

/// Enters a person; name and blind index only together.
pub(crate) async fn insert(conn: &mut Conn, id: Uuid, name: Option<(&[u8], &[u8])>) -> Result<()> {
    sqlx::query!(
        "insert into person (id, name, name_index) values ($1, $2, $3)",
        id,
        name.map(|(name, _)| name),
        name.map(|(_, index)| index)
    )
    .execute(conn)
    .await?;
    Ok(())
}
