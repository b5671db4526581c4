//! Names of areas.
use bildung_chassis::Result;
use sqlx::PgPool;
use std::collections::HashMap;

/// The names that tables gave to these areas.
pub(crate) async fn names(pool: &PgPool, codes: &[String]) -> Result<HashMap<String, String>> {
    let found = sqlx::query!("select code, name from area where code = any($1)", codes).fetch_all(pool).await?;
    Ok(found.into_iter().map(|area| (area.code, area.name)).collect())
}
