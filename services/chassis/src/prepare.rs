//! Administration apart from running: makes roles and databases, migrates as the owner, declares streams and consumers.
//! Holds the administrators' credentials, which no service ever sees. Runs as often as one likes.
use crate::{
    bus::Bus,
    config::{BusUser, Config, Database, read_secret},
    database::CHASSIS,
    host::Contract,
};
use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use std::str::FromStr as _;

/// Who prepares.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// A Postgres role that may create roles and databases, with its maintenance database.
    pub postgres: PgConnectOptions,
    /// A NATS user that may declare streams; `None` connects without.
    pub nats: Option<BusUser>,
}

/// Prepares databases, streams and consumers of the services.
pub async fn prepare(config: &Config, administrator: &Administrator, contracts: &[Contract]) -> anyhow::Result<()> {
    // The databases side by side: each waits for its disk.
    let databases = contracts.iter().map(async |contract| {
        prepare_database(config.database(contract.name)?, &administrator.postgres, contract)
            .await
            .with_context(|| format!("cannot prepare the database of {}", contract.name))
    });
    futures::future::try_join_all(databases).await?;
    let bus = Bus::connect_as_admin(&config.common.bus, administrator.nats.as_ref()).await?;
    let consumers: Vec<_> = contracts.iter().map(|contract| (contract.name, contract.consumes)).collect();
    bus.declare(&config.common.bus, &consumers).await
}

/// Makes role and database of one service and brings both schemas to this program's version.
pub async fn prepare_database(settings: &Database, administrator: &PgConnectOptions, contract: &Contract) -> anyhow::Result<()> {
    let service = contract.name;
    let target = PgConnectOptions::from_str(&settings.url).context("the database address is not understood")?;
    let database = target.get_database().unwrap_or(service);
    let password = settings.password_file.as_deref().map(read_secret).transpose()?;
    let mut connection = PgConnection::connect_with(administrator).await.context("cannot connect as the administrator of Postgres")?;
    check_server(&mut connection).await?;
    // Two preparations at once would collide on roles, which are shared by the cluster.
    connection.execute("select pg_advisory_lock(hashtext('bildungsbuero.prepare'))").await?;
    make_role(&mut connection, &format!("{service}_owner"), false, None).await?;
    make_role(&mut connection, service, true, password.as_ref()).await?;
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)").bind(database).fetch_one(&mut connection).await?;
    if !exists {
        let statement = format!(
            "create database {} owner {} template template0 encoding 'UTF8'",
            quoted(database),
            quoted(&format!("{service}_owner"))
        );
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    }
    connection.execute("select pg_advisory_unlock(hashtext('bildungsbuero.prepare'))").await?;
    connection.close().await?;

    let extensions = administrator.clone().database(database);
    let mut connection = PgConnection::connect_with(&extensions).await?;
    for extension in ["pg_trgm", "unaccent", "btree_gist", "citext"] {
        connection.execute(sqlx::AssertSqlSafe(format!("create extension if not exists {extension}"))).await?;
    }
    let owner = format!("{service}_owner");
    for statement in [
        format!("revoke all on database {} from public", quoted(database)),
        format!("grant connect, temporary on database {} to {}", quoted(database), quoted(service)),
        format!("alter schema public owner to {}", quoted(&owner)),
        "revoke all on schema public from public".to_owned(),
        format!("grant usage on schema public to {}", quoted(service)),
    ] {
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    }
    connection.close().await?;

    let mut connection = PgConnection::connect_with(&extensions.options([("role", owner.as_str())])).await?;
    for statement in [
        "create schema if not exists chassis".to_owned(),
        format!("grant usage on schema chassis to {}", quoted(service)),
        // Before the migrations, so that one of them can take a right away again.
        format!("alter default privileges grant select, insert, update, delete on tables to {}", quoted(service)),
        format!("alter default privileges grant usage, select on sequences to {}", quoted(service)),
    ] {
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    }
    CHASSIS.run(&mut connection).await.context("cannot migrate the schema chassis")?;
    contract.migrator.run(&mut connection).await.context("cannot migrate the schema of the service")?;
    for statement in [
        format!("revoke insert, update, delete on chassis._sqlx_migrations from {}", quoted(service)),
        format!("revoke insert, update, delete on public._sqlx_migrations from {}", quoted(service)),
    ] {
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    }
    connection.close().await?;
    Ok(())
}

async fn check_server(connection: &mut PgConnection) -> anyhow::Result<()> {
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int").fetch_one(connection).await?;
    if version < 150_000 {
        bail!("the Postgres server is version {}; 15 or newer is needed", version / 10_000);
    }
    Ok(())
}

async fn make_role(connection: &mut PgConnection, role: &str, login: bool, password: Option<&SecretString>) -> anyhow::Result<()> {
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)").bind(role).fetch_one(&mut *connection).await?;
    let login = if login { "login" } else { "nologin" };
    let verb = if exists { "alter" } else { "create" };
    let mut statement = format!("{verb} role {} {login} nosuperuser nocreatedb nocreaterole nobypassrls", quoted(role));
    if let Some(password) = password {
        // A role's password cannot be a bound parameter.
        statement.push_str(" password '");
        statement.push_str(&password.expose_secret().replace('\'', "''"));
        statement.push('\'');
    }
    connection.execute(sqlx::AssertSqlSafe(statement)).await.with_context(|| format!("cannot make the role {role}"))?;
    if role.ends_with("_owner") {
        connection.execute(sqlx::AssertSqlSafe(format!("grant {} to current_user", quoted(role)))).await?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
