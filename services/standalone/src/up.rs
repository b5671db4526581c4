//! `up`: the whole product on a laptop. Servers, preparation, demo issuer, services, demo city, in this order; and back.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bildung_chassis::config::BusUser;
use bildung_chassis::prepare::Administrator;
use bildung_chassis::{Clock, Config, Host, Ids, Role, host, telemetry};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::failure::{Exit, Failure};
use crate::local::folder::{Folder, Running};
use crate::local::ports::Ports;
use crate::local::servers::{self, Servers};
use crate::progress::{self, Progress};
use crate::services::{self, Part};
use crate::{demo_city, issuer, settings};

/// What `up` was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) config: Option<PathBuf>,
    pub(crate) data_dir: PathBuf,
    pub(crate) port: u16,
    pub(crate) demo: bool,
}

/// What people and browsers see of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Front {
    /// The portal's port; 0 is any.
    port: u16,
    /// The demo issuer, if there is one.
    issuer: Option<String>,
}

/// Runs the product until a signal comes.
pub(crate) async fn run(options: Options) -> Result<()> {
    let stop = CancellationToken::new();
    tokio::select! {
        ended = product(options, stop.clone()) => ended,
        failed = host::stop_on_signal(stop) => failed,
    }
}

async fn product(options: Options, stop: CancellationToken) -> Result<()> {
    let begun = Instant::now();
    let base = settings::load(options.config.as_deref())?;
    let port = servers::front_port(options.port)?;
    let folder = Folder::open(&options.data_dir)?;
    folder.moved().iter().for_each(|line| progress::say(line));

    let progress = Progress::begin("starting PostgreSQL and NATS");
    let at = folder.clone();
    let mut servers = tokio::task::spawn_blocking(move || Servers::start(at, &services::names(), &progress::say)).await??;
    progress.end("ready");

    let issuer = options.demo.then(|| Ports::read(&folder.run().join("ports.json")).take("issuer")).transpose()?;
    let front = Front { port, issuer: issuer.map(|port| format!("http://127.0.0.1:{port}")) };
    let config = local_config(&base, &servers, &front)?;
    let _telemetry = telemetry::init("up", &config.common.telemetry)?;
    make_keys(&folder)?;
    if !stop.is_cancelled() {
        let progress = Progress::begin("preparing databases and streams");
        bildung_chassis::prepare::prepare(&config, &administrator(&servers), &services::contracts()).await?;
        progress.end("ready");
    }
    let ended = if stop.is_cancelled() { Ok(()) } else { serve(&options, &config, &front, &mut servers, stop, begun).await };
    progress::say("stopping NATS and PostgreSQL");
    tokio::task::spawn_blocking(move || servers.stop()).await?;
    if ended.is_ok() {
        progress::say("stopped");
    }
    ended
}

/// Everything between prepared servers and their end.
async fn serve(
    options: &Options,
    config: &Config,
    front: &Front,
    servers: &mut Servers,
    stop: CancellationToken,
    begun: Instant,
) -> Result<()> {
    // The issuer outlives the services: they may ask it for its keys until the end.
    let issuer_stop = CancellationToken::new();
    let persons = async {
        match front.issuer {
            Some(_) => issuer::serve(config, issuer_stop.clone()).await,
            None => std::future::pending().await,
        }
    };
    let services = async {
        let mut host = Host::bind(config.clone(), Clock::system()).await?;
        for part in Part::SERVICES.iter().copied() {
            host = part.join(host).await?;
        }
        let address = format!("http://{}", host.address("http").context("the gateway does not listen")?);
        let host_stop = host.stop();
        let served = host.serve();
        let beside = async {
            wait_ready(&address).await?;
            let ready = begun.elapsed();
            servers.folder().announce(&Running { pid: std::process::id(), address: address.clone(), issuer: front.issuer.clone() })?;
            if options.demo {
                let api = Api::new(&address, None)?;
                let loaded = demo_city::load(&api, front.issuer.as_deref().unwrap_or_default(), &demo_note(servers.folder())).await;
                if let Err(error) = loaded {
                    progress::complain(&format!("the demo city is not complete, the next start goes on: {error:#}"));
                }
            }
            welcome(&address, servers.folder(), options.demo, ready);
            if !options.demo && has_no_provider(config) {
                progress::print(
                    "Nobody can sign in: name your identity provider in the section [identity] of a settings file (--config), or start with --demo.",
                );
            }
            loop {
                tokio::time::sleep(Servers::ROUND).await;
                tokio::task::block_in_place(|| servers.keep(&progress::say))?;
            }
        };
        tokio::pin!(served);
        let failed: Result<()> = tokio::select! {
            ended = &mut served => return ended,
            () = stop.cancelled() => Ok(()),
            failed = beside => failed,
        };
        host_stop.cancel();
        served.await.and(failed)
    };
    tokio::select! {
        ended = services => ended,
        ended = persons => ended.and_then(|()| bail!("the demo issuer has ended")),
    }
}

async fn wait_ready(address: &str) -> Result<()> {
    let api = Api::new(address, None)?;
    let begun = Instant::now();
    while !api.is_ready().await {
        if begun.elapsed() > Duration::from_mins(2) {
            bail!("the product is not ready after two minutes: see {address}/readyz");
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Ok(())
}

fn welcome(address: &str, folder: &Folder, demo: bool, ready: Duration) {
    progress::print(&format!("\nbildungsbuero is running: {address}   (ready after {:.1} s)\n", ready.as_secs_f64()));
    progress::print(&format!("  portal   {address}/angebote"));
    progress::print(&format!("  office   {address}/office"));
    progress::print(&format!("  API      {address}/api/docs"));
    progress::print(&format!("  data     {}", folder.root().display()));
    if demo {
        progress::print(&format!("\nDemo sign-ins at {address}/sign-in, one button each:"));
        for role in Role::ALL {
            progress::print(&format!("  {:<24} bildungsbuero token --role {role}", format!("demo-{role}")));
        }
    }
    progress::print("\nCtrl-C stops everything.");
}

/// The settings of the local servers on top of what was set.
pub(crate) fn local_config(base: &Config, servers: &Servers, front: &Front) -> Result<Config> {
    let secrets = servers.folder().secrets();
    let port = servers.postgres().setup().port;
    let mut users = serde_json::Map::new();
    let mut databases = serde_json::Map::new();
    for name in services::names() {
        let of = format!("postgres-{name}");
        secrets.password(&of)?;
        users.insert(name.to_owned(), json!({"user": name, "password_file": secrets.path(&format!("nats-{name}"))}));
        databases.insert(
            name.to_owned(),
            json!({"url": format!("postgres://{name}@127.0.0.1:{port}/{name}"), "password_file": secrets.path(&of)}),
        );
    }
    let mut changes = json!({
        "bus": {"url": servers.nats().url(), "monitor_url": servers.nats().monitor_url(), "users": users},
        "databases": databases,
        "gateway": {"listen": format!("127.0.0.1:{}", front.port), "public_url": format!("http://127.0.0.1:{}/", front.port)},
        "newcomers": {"key_file": key_file(servers.folder()), "audit_anchor_file": servers.folder().audit().join("newcomers.anchors")},
    });
    if front.issuer.is_none() && !base.common.identity.demo && has_no_provider(base) {
        // Residents need no sign-in; without a provider nobody else gets in.
        changes["identity"] = json!({"demo": true});
    }
    if let Some(issuer) = &front.issuer {
        changes["identity"] = json!({"issuer": issuer, "demo": true});
        changes["demo_issuer"] = json!({"key_file": secrets.path("demo-issuer.key")});
        let own_city = base.unknown_sections(&services::names())?.iter().any(|section| section == "city");
        if !own_city {
            changes["city"] = demo_city::words()?.get("city").cloned().unwrap_or(Value::Null);
        }
    }
    base.with(changes)
}

/// Whether nobody has named an identity provider.
fn has_no_provider(config: &Config) -> bool {
    Config::load(None).is_ok_and(|defaults| defaults.common.identity.issuer == config.common.identity.issuer)
}

/// Who prepares a local installation.
pub(crate) fn administrator(servers: &Servers) -> Administrator {
    let setup = servers.postgres().setup();
    let postgres =
        PgConnectOptions::new().host("127.0.0.1").port(setup.port).username("postgres").password(&setup.password).database("postgres");
    let password_file = servers.folder().secrets().path("nats-admin");
    // A slow statement is logged, and one of these sets a password.
    let postgres = postgres.disable_statement_logging();
    Administrator { postgres, nats: Some(BusUser { user: "admin".to_owned(), password_file }) }
}

fn key_file(folder: &Folder) -> PathBuf {
    folder.keys().join("newcomers.keys")
}

/// The note that the demo city is loaded, with its day.
pub(crate) fn demo_note(folder: &Folder) -> PathBuf {
    folder.root().join("demo-city.json")
}

/// Makes the key-encryption key at the first start only: a new key beside old data would open nothing.
fn make_keys(folder: &Folder) -> Result<()> {
    let path = key_file(folder);
    if path.exists() {
        return Ok(());
    }
    if keys_note(folder).exists() {
        return Err(Failure::error(
            Exit::Folder,
            format!("the key of the case files, {}, is missing: put your copy there (mode 0600)", path.display()),
        ));
    }
    bildung_newcomers::create_key_file(&path, &Ids::new(Clock::system()))?;
    fs::write(keys_note(folder), "The key of the case files was made; it is never made again for this data.\n")?;
    progress::say(&format!("made the key of the case files: {}; keep a copy apart from backups", path.display()));
    Ok(())
}

/// The note that a key exists for the data of this folder.
pub(crate) fn keys_note(folder: &Folder) -> PathBuf {
    folder.root().join("key-was-made")
}
