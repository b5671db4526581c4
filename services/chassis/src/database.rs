//! Connections to a service's own database. Migrating is [`crate::prepare`]'s work; a service only checks.
use crate::config::{Database, read_secret};
use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;
use sqlx::{
    PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr as _, time::Duration};

/// Schema `chassis`: outbox, inbox, files.
pub static CHASSIS: Migrator = sqlx::migrate!();

/// How to connect, with the password from its file.
pub fn options(settings: &Database) -> anyhow::Result<PgConnectOptions> {
    let mut options = PgConnectOptions::from_str(&settings.url).context("the database address is not understood")?;
    if let Some(file) = &settings.password_file {
        options = options.password(read_secret(file)?.expose_secret());
    }
    Ok(options.application_name("bildungsbuero"))
}

/// A pool that connects when it is first used, so that a service starts before its database.
pub fn pool(settings: &Database) -> anyhow::Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options(settings)?))
}

/// Refuses a database that is not at the versions this program was built with.
pub async fn check(pool: &PgPool, service: Option<&Migrator>) -> anyhow::Result<()> {
    compare(pool, "chassis._sqlx_migrations", &CHASSIS).await?;
    if let Some(migrator) = service {
        compare(pool, "public._sqlx_migrations", migrator).await?;
    }
    Ok(())
}

async fn compare(pool: &PgPool, table: &'static str, migrator: &Migrator) -> anyhow::Result<()> {
    let query = match table {
        "chassis._sqlx_migrations" => "select version from chassis._sqlx_migrations where success",
        _ => "select version from public._sqlx_migrations where success",
    };
    let applied: Vec<i64> = sqlx::query_scalar(query)
        .fetch_all(pool)
        .await
        .with_context(|| format!("cannot read {table}: has `bildungsbuero prepare` been run?"))?;
    // A newer database is fine: the old program runs on while the new one is rolled out.
    let missing: Vec<i64> =
        migrator.iter().filter(|m| m.migration_type.is_up_migration()).map(|m| m.version).filter(|v| !applied.contains(v)).collect();
    if !missing.is_empty() {
        bail!("{table} lacks migrations {missing:?}: run `bildungsbuero prepare`");
    }
    Ok(())
}
