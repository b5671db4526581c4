//! `backup` and `restore`: the databases of a local installation, each consistent in itself, with a manifest that tells
//! whether everything came back. The imported files are in the databases. The bus is not backed up: its streams are
//! rebuilt from the outboxes. Keys stay apart, so that a lost backup reveals nobody.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use bildung_chassis::outbox;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::failure::{Exit, Failure};
use crate::local::folder::Folder;
use crate::local::ports::Ports;
use crate::local::servers::Servers;
use crate::local::tools::PostgresBin;
use crate::local::{postgres, process, secrets, tools};
use crate::progress::{self, Progress};
use crate::{services, up};

const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    made_at: jiff::Timestamp,
    program: String,
    postgres: u32,
    databases: BTreeMap<String, Dump>,
    /// The demo city's day of loading, if it was loaded.
    #[serde(default)]
    demo: Option<String>,
}

/// The dump of one database.
#[derive(Debug, Serialize, Deserialize)]
struct Dump {
    file: String,
    sha256: String,
    rows: BTreeMap<String, i64>,
}

/// A server to read from: the running one, or one of our own for the while.
struct Source {
    bin: PostgresBin,
    port: u16,
    password: String,
    _own: Option<Servers>,
}

impl Source {
    fn open(folder: &Folder) -> Result<Self> {
        let Some(major) = postgres::major_of(&folder.postgres())? else {
            return Err(Failure::error(
                Exit::Folder,
                format!("there is no database in {}: name the data folder with --data-dir (or BB_DATA_DIR)", folder.root().display()),
            ));
        };
        let password = folder.secrets().password("postgres")?;
        if folder.running().is_some() && postgres::live(&folder.postgres()).is_some() {
            let bin = tools::postgres(&folder.tools(), Some(major), &progress::say)?;
            let port =
                Ports::read(&folder.run().join("ports.json")).known("postgres").context("the port of the running database is not known")?;
            return Ok(Self { bin, port, password, _own: None });
        }
        let servers = Servers::start(folder.clone(), &services::names(), &progress::say)?;
        let setup = servers.postgres().setup().clone();
        Ok(Self { bin: setup.bin, port: setup.port, password, _own: Some(servers) })
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new().host("127.0.0.1").port(self.port).username("postgres").password(&self.password).database(database)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.program(name));
        command.args(["--host=127.0.0.1", "--username=postgres", "--no-password"]).arg(format!("--port={}", self.port));
        command.env("PGPASSWORD", &self.password).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// Writes a backup into an empty folder.
pub(crate) async fn backup(data_dir: &Path, target: &Path, with_keys: bool, now: jiff::Timestamp) -> Result<()> {
    require_empty(target)?;
    let folder = Folder::open(data_dir)?;
    let source = Source::open(&folder)?;
    process::folder(target, 0o700)?;
    let mut databases = BTreeMap::new();
    for name in services::names() {
        let progress = Progress::begin(&format!("backing up {name}"));
        let dump = dump(&source, name, target).await.with_context(|| format!("cannot back up {name}"))?;
        progress.end(&format!("{} rows", dump.rows.values().sum::<i64>()));
        databases.insert(name.to_owned(), dump);
    }
    let keys = copy_keys(&folder.keys(), &target.join("keys"), with_keys)?;
    let manifest = Manifest {
        format: FORMAT,
        made_at: now,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        postgres: source.bin.major,
        databases,
        demo: fs::read_to_string(up::demo_note(&folder)).ok(),
    };
    // Last: a backup without a manifest is none.
    secrets::write_private(&target.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?)?;
    progress::print(&format!("backup: {}", target.display()));
    if with_keys {
        progress::print(&format!(
            "keys: {} copied into {}: whoever has this folder can read the cases",
            keys.len(),
            target.join("keys").display()
        ));
    } else {
        progress::print(&format!(
            "keys: not copied; keep {} apart from this backup, nobody can read the cases without it",
            folder.keys().display()
        ));
    }
    Ok(())
}

/// Dumps one database and counts its rows in the same snapshot.
async fn dump(source: &Source, name: &str, target: &Path) -> Result<Dump> {
    let mut connection = PgConnection::connect_with(&source.options(name)).await?;
    let mut snapshot = connection.begin().await?;
    sqlx::raw_sql("set transaction isolation level repeatable read read only").execute(&mut *snapshot).await?;
    let id: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *snapshot).await?;
    let file = target.join(format!("{name}.dump"));
    let mut program = source.program("pg_dump");
    program.args(["--format=custom", "--compress=6"]).arg(format!("--snapshot={id}")).arg("--file").arg(&file).arg(name);
    run(program)?;
    let rows = count(&mut snapshot).await?;
    snapshot.commit().await?;
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(Dump { file: format!("{name}.dump"), sha256: sha256(&file)?, rows })
}

/// Rows of every table.
async fn count(connection: &mut PgConnection) -> Result<BTreeMap<String, i64>> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_' order by 1, 2",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = BTreeMap::new();
    for (schema, table) in tables {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let sql = format!("select count(*) from {}.{}", quoted(&schema), quoted(&table));
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        rows.insert(format!("{schema}.{table}"), found);
    }
    Ok(rows)
}

/// Brings a backup back into a data folder without databases.
pub(crate) async fn restore(file: Option<&Path>, data_dir: &Path, from: &Path) -> Result<()> {
    let manifest = read_manifest(from)?;
    let folder = Folder::open(data_dir)?;
    folder.moved().iter().for_each(|line| progress::say(line));
    if folder.postgres().exists() {
        return Err(Failure::error(
            Exit::Folder,
            format!("{} holds a database already: restore into an empty folder with --data-dir", folder.root().display()),
        ));
    }
    let servers = Servers::start(folder.clone(), &services::names(), &progress::say)?;
    let config = up::local_config(&crate::settings::load(file)?, &servers, &up::Front::default())?;
    let administrator = up::administrator(&servers);
    let contracts = services::contracts();
    // Makes the roles that the dumps name; the empty databases are replaced.
    bildung_chassis::prepare::prepare(&config, &administrator, &contracts).await?;
    let setup = servers.postgres().setup();
    let source = Source { bin: setup.bin.clone(), port: setup.port, password: setup.password.clone(), _own: None };
    for (name, dump) in &manifest.databases {
        let progress = Progress::begin(&format!("restoring {name}"));
        let rows = bring_back(&source, name, dump, from).await.with_context(|| format!("cannot restore {name}"))?;
        progress.end(&format!("{rows} rows, as in the backup"));
    }
    // Brings an older backup to this program's version and renews every right.
    bildung_chassis::prepare::prepare(&config, &administrator, &contracts).await?;
    let mut waiting = 0;
    for name in manifest.databases.keys() {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(source.options(name)).await?;
        outbox::republish(&pool).await?;
        waiting += sqlx::query_scalar::<_, i64>("select count(*) from chassis.outbox where published_at is null").fetch_one(&pool).await?;
        pool.close().await;
    }
    if let Some(note) = &manifest.demo {
        secrets::write_private(&up::demo_note(&folder), note.as_bytes())?;
    }
    fs::write(up::keys_note(&folder), "The key of the case files was made with the backup's data; it is never made again.\n")?;
    let keys = from.join("keys");
    let copied = copy_keys(&keys, &folder.keys(), keys.is_dir())?;
    servers.stop();
    progress::print(&format!("restored into {}; {waiting} events go to the new streams at the next start", folder.root().display()));
    if copied.is_empty() {
        progress::print(&format!(
            "keys: the backup holds none; put your copy into {} (mode 0600) before the next start",
            folder.keys().display()
        ));
    }
    Ok(())
}

async fn bring_back(source: &Source, name: &str, dump: &Dump, from: &Path) -> Result<i64> {
    let mut maintenance = PgConnection::connect_with(&source.options("postgres")).await?;
    let owner = format!("{name}_owner");
    for sql in [
        format!("drop database if exists \"{name}\" with (force)"),
        format!("create database \"{name}\" owner \"{owner}\" template template0 encoding 'UTF8'"),
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut maintenance).await?;
    }
    let mut program = source.program("pg_restore");
    program.args(["--exit-on-error", "--single-transaction"]).arg(format!("--dbname={name}")).arg(from.join(&dump.file));
    run(program)?;
    let found = count(&mut PgConnection::connect_with(&source.options(name)).await?).await?;
    for (table, expected) in &dump.rows {
        let there = found.get(table).copied().unwrap_or_default();
        if there != *expected {
            bail!("{table} has {there} rows, the backup says {expected}");
        }
    }
    Ok(found.values().sum())
}

fn read_manifest(from: &Path) -> Result<Manifest> {
    let damaged = |why: String| Failure::error(Exit::Folder, format!("{} is no usable backup: {why}", from.display()));
    let text = fs::read_to_string(from.join(MANIFEST)).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
    if manifest.format != FORMAT {
        return Err(damaged(format!("its format {} is not known to this program", manifest.format)));
    }
    for name in services::names() {
        let Some(dump) = manifest.databases.get(name) else { return Err(damaged(format!("the database {name} is missing"))) };
        if !sha256(&from.join(&dump.file)).is_ok_and(|found| found == dump.sha256) {
            return Err(damaged(format!("{} is not what the manifest says", dump.file)));
        }
    }
    Ok(manifest)
}

fn require_empty(target: &Path) -> Result<()> {
    let empty = fs::read_dir(target).map_or(!target.exists(), |mut entries| entries.next().is_none());
    if empty {
        Ok(())
    } else {
        Err(Failure::error(Exit::Folder, format!("{} is not empty: name a new folder for the backup", target.display())))
    }
}

fn copy_keys(from: &Path, to: &Path, wanted: bool) -> Result<Vec<PathBuf>> {
    let mut copied = Vec::new();
    if !wanted {
        return Ok(copied);
    }
    process::folder(to, 0o700)?;
    for entry in fs::read_dir(from)?.flatten() {
        let target = to.join(entry.file_name());
        secrets::write_private(&target, &fs::read(entry.path())?)?;
        copied.push(target);
    }
    Ok(copied)
}

fn sha256(file: &Path) -> Result<String> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(secrets::hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

fn run(mut command: Command) -> Result<()> {
    let name = PathBuf::from(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let out = command.stderr(Stdio::piped()).output().with_context(|| format!("start {name}"))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    bail!("{name}: {}", said.lines().next().unwrap_or("it failed"))
}
