//! For tests: a real NATS server, a database of one's own, a clock that the test moves, users, patience.
//!
//! `BB_TEST_POSTGRES` is the address of a Postgres server as its administrator; `BB_NATS_BIN` the NATS server's program.
//! `make test` sets both.
use crate::{Clock, Config, Host, Ids, Principal, Role, Service, Store, User, config::Database, host::Contract, prepare};
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    str::FromStr as _,
    time::Duration,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The address of the test server as its administrator.
///
/// # Panics
/// If no test server is there.
pub fn administrator() -> PgConnectOptions {
    let url = std::env::var("BB_TEST_POSTGRES")
        .expect("BB_TEST_POSTGRES is not set: run the tests by `make test`, or under `bildungsbuero with-postgres -- cargo nextest run`");
    PgConnectOptions::from_str(&url).expect("BB_TEST_POSTGRES is an address")
}

/// A database of one test, dropped at its end.
pub struct TestDatabase {
    /// The service's store: its own role, the manual clock.
    pub store: Store,
    /// Stands at 2026-03-02T08:00:00Z until it is moved.
    pub clock: Clock,
    /// Connections as the administrator, past all restrictions.
    pub admin: PgPool,
    /// The settings to reach it.
    pub settings: Database,
    name: String,
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop_database(self.name.clone());
    }
}

fn drop_database(name: String) {
    // A thread of its own: the test's runtime is ending.
    let dropping = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            if let Ok(mut connection) = PgConnection::connect_with(&administrator()).await {
                connection.execute(sqlx::AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).await.ok();
            }
        });
    });
    dropping.join().ok();
}

/// The moment at which a test's clock stands.
pub fn start_of_time() -> jiff::Timestamp {
    "2026-03-02T08:00:00Z".parse().expect("a time")
}

/// A fresh database with the schemas of `S`, used as the service uses it.
pub async fn database<S: Service>() -> TestDatabase {
    let clock = Clock::manual(start_of_time());
    let ids = Ids::new(Clock::system());
    let name = format!("bbtest_{}_{}", S::NAME, ids.id().simple());
    let administrator = administrator();
    let settings = database_settings(&administrator, S::NAME, &name);
    prepare::prepare_database(&settings, &administrator, &Contract::of::<S>()).await.expect("the test database can be prepared");
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect_with(crate::database::options(&settings).expect("settings"))
        .await
        .expect("the service can connect");
    let admin =
        PgPoolOptions::new().max_connections(2).connect_with(administrator.database(&name)).await.expect("the administrator can connect");
    TestDatabase { store: Store::new(S::NAME, pool, clock.clone(), ids), clock, admin, settings, name }
}

/// Settings to reach database `name` of the test server as `service`.
pub fn database_settings(administrator: &PgConnectOptions, service: &str, name: &str) -> Database {
    let password = std::env::temp_dir().join("bildungsbuero-test-password");
    if !password.exists() {
        std::fs::write(&password, "test").expect("a password file");
    }
    Database {
        url: format!("postgres://{service}@{}:{}/{name}", administrator.get_host(), administrator.get_port()),
        password_file: Some(password),
        max_connections: 8,
    }
}

/// A real NATS server with JetStream that writes every message to disk; ends with this value.
pub struct Nats {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl Nats {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// If the program is not there or does not start.
    pub async fn start() -> Self {
        let port = free_port();
        let mut nats = Self { child: None, port, folder: TempDir::new().expect("a folder") };
        nats.restart().await;
        nats
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The folder with its streams.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Kills the server.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Starts it again on the same port and folder.
    pub async fn restart(&mut self) {
        self.stop();
        let config = self.folder.path().join("nats.conf");
        let store = self.folder.path().join("store");
        let text = format!("listen: 127.0.0.1:{}\njetstream {{ store_dir: \"{}\", sync_interval: always }}\n", self.port, store.display());
        std::fs::write(&config, text).expect("a configuration");
        let program = std::env::var("BB_NATS_BIN").unwrap_or_else(|_| "nats-server".into());
        let child = Command::new(program).arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.expect("nats-server can be started: is BB_NATS_BIN right?"));
        let address = format!("127.0.0.1:{}", self.port);
        eventually("the NATS server listens", || async { tokio::net::TcpStream::connect(&address).await.is_ok() }).await;
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Databases, a bus and the settings to reach them, for whole services; gone at the end.
pub struct Stage {
    /// The settings of every process of the test.
    pub config: Config,
    /// The bus.
    pub nats: Nats,
    databases: Vec<(&'static str, String)>,
}

impl Stage {
    /// Prepares everything for the services, with `changes` on top of [`config`].
    pub async fn new(contracts: &[Contract], changes: serde_json::Value) -> Self {
        let nats = Nats::start().await;
        let administrator = administrator();
        let ids = Ids::new(Clock::system());
        let mut databases = Vec::new();
        let mut settings = serde_json::Map::new();
        for contract in contracts {
            let name = format!("bbtest_{}_{}", contract.name, ids.id().simple());
            let database = database_settings(&administrator, contract.name, &name);
            settings.insert(contract.name.into(), serde_json::to_value(database).expect("settings"));
            databases.push((contract.name, name));
        }
        let config = config().with(serde_json::json!({"databases": settings, "bus": {"url": nats.url()}})).expect("settings");
        let config = config.with(changes).expect("settings");
        let administrator = prepare::Administrator { postgres: administrator, nats: None };
        prepare::prepare(&config, &administrator, contracts).await.expect("the stage can be prepared");
        Self { config, nats, databases }
    }

    /// Connections to a service's database past all restrictions.
    pub async fn admin(&self, service: &str) -> PgPool {
        let (_, name) = self.databases.iter().find(|(known, _)| *known == service).expect("a prepared service");
        PgPoolOptions::new().max_connections(2).connect_with(administrator().database(name)).await.expect("the administrator can connect")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for (_, name) in std::mem::take(&mut self.databases) {
            drop_database(name);
        }
    }
}

/// A process of the product within the test: a host with a runtime of its own, so that it can be killed.
pub struct Process {
    runtime: Option<tokio::runtime::Runtime>,
    stop: CancellationToken,
    served: tokio::sync::oneshot::Receiver<anyhow::Result<()>>,
    addresses: Vec<(&'static str, SocketAddr)>,
}

impl Process {
    /// Starts the host that `build` makes and waits until it serves.
    pub async fn start<F, R>(build: F) -> anyhow::Result<Self>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Future<Output = anyhow::Result<Host>> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (tell, served) = tokio::sync::oneshot::channel();
        let (built, host) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            match build().await {
                Err(error) => drop(built.send(Err(error))),
                Ok(host) => {
                    let addresses = ["rpc", "http", "admin"].into_iter().filter_map(|name| Some((name, host.address(name)?))).collect();
                    built.send(Ok((host.stop(), addresses))).ok();
                    tell.send(host.serve().await).ok();
                }
            }
        });
        match host.await? {
            Ok((stop, addresses)) => Ok(Self { runtime: Some(runtime), stop, served, addresses }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Where it listens: `rpc`, `http`.
    pub fn address(&self, name: &str) -> SocketAddr {
        self.addresses.iter().find(|(known, _)| *known == name).expect("a listener").1
    }

    /// Stops it in order.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let outcome = (&mut self.served).await?;
        self.runtime.take().expect("a runtime").shutdown_background();
        outcome
    }

    /// Ends it wherever it is.
    pub fn kill(mut self) {
        self.runtime.take().expect("a runtime").shutdown_background();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Default settings, on free ports, that log little.
pub fn config() -> Config {
    Config::load(None)
        .expect("defaults")
        .with(serde_json::json!({"telemetry": {"filter": "warn"}, "identity": {"demo": true}}))
        .expect("settings")
}

/// Somebody with one role.
pub fn user(role: Role) -> Principal {
    user_named(&format!("demo-{}", role.as_str().replace('_', "-")), role)
}

/// A certain person with one role.
pub fn user_named(subject: &str, role: Role) -> Principal {
    Principal::User(User { subject: subject.into(), roles: [role].into(), sources: BTreeSet::new() })
}

/// Waits until something holds, thirty seconds at most.
///
/// # Panics
/// If it does not.
pub async fn eventually<F, R>(what: &str, mut holds: F)
where
    F: FnMut() -> R,
    R: Future<Output = bool>,
{
    for round in 0_u32..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(if round < 20 { 5 } else { 50 })).await;
    }
    panic!("not within 30 s: {what}");
}
