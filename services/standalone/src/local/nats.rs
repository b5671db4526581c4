//! NATS with JetStream on loopback: every acknowledged event on the disk, one user per service with its own rights.

use std::fmt::Write;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::process;
use super::secrets;

const TEMPLATE: &str = include_str!("../../../../deploy/nats/local.conf");
const PATIENT: &[(Signal, Duration)] = &[(Signal::TERM, Duration::from_secs(10))];
/// For a watchdog in a hurry; every acknowledged event is on the disk already.
pub(crate) const HASTY: &[(Signal, Duration)] = &[(Signal::TERM, Duration::from_millis(1500))];

/// What a server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) monitor_port: u16,
    pub(crate) log: PathBuf,
    pub(crate) admin_password: String,
    /// Name and password of each service.
    pub(crate) services: Vec<(String, String)>,
}

/// A running server; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Nats {
    child: Child,
    setup: Setup,
}

/// The server of this folder, if one is alive.
pub(crate) fn live(folder: &Path) -> Option<i32> {
    process::ours(&folder.join("nats.pid"), "nats-server", folder)
}

impl Nats {
    /// Writes the configuration, starts the server and waits until it is healthy.
    pub(crate) fn start(setup: Setup) -> Result<Self> {
        let config = setup.folder.join("nats.conf");
        secrets::write_private(&config, configuration(&setup)?.as_bytes())?;
        let _stale = fs::remove_file(setup.folder.join("nats.pid"));
        let log =
            fs::OpenOptions::new().create(true).append(true).open(&setup.log).with_context(|| format!("open {}", setup.log.display()))?;
        let child = Command::new(&setup.program)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("start nats-server")?;
        let mut server = Self { child, setup };
        let mut ended = false;
        let monitor = server.setup.monitor_port;
        let healthy = process::wait_until(Duration::from_mins(1), || {
            ended = !matches!(server.child.try_wait(), Ok(None));
            ended || healthy(monitor)
        });
        if ended || !healthy {
            let how = if ended { "it ended" } else { "it is not healthy after a minute" };
            bail!("nats-server does not start: {how}: {} (log: {})", process::tail(&server.setup.log, 3), server.setup.log.display());
        }
        Ok(server)
    }

    /// The address without credentials.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.setup.port)
    }

    /// Where the server tells about itself.
    pub(crate) fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.setup.monitor_port)
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it cleanly.
    pub(crate) fn stop(&mut self) {
        process::end(&mut self.child, PATIENT);
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}

fn configuration(setup: &Setup) -> Result<String> {
    let mut users = String::new();
    for (service, password) in &setup.services {
        writeln!(users, "{}", user(service, password))?;
    }
    let text = |path: &Path| {
        path.to_str().map(|path| path.replace('\\', "\\\\").replace('"', "\\\"")).context("the data folder has a name in UTF-8")
    };
    Ok(TEMPLATE
        .replace("<port>", &setup.port.to_string())
        .replace("<monitor_port>", &setup.monitor_port.to_string())
        .replace("<pid_file>", &text(&setup.folder.join("nats.pid"))?)
        .replace("<store>", &text(&setup.folder.join("store"))?)
        .replace("<password:admin>", &setup.admin_password)
        .replace("<users>", users.trim_end()))
}

/// A service publishes its own facts and dead letters, reads its own consumer and nothing else.
fn user(service: &str, password: &str) -> String {
    let publish = [
        format!("bildung.{service}.>"),
        format!("dead.{service}.>"),
        format!("$JS.API.CONSUMER.MSG.NEXT.BILDUNG_EVENTS.{service}"),
        format!("$JS.API.CONSUMER.INFO.BILDUNG_EVENTS.{service}"),
        "$JS.API.STREAM.INFO.BILDUNG_EVENTS".to_owned(),
        "$JS.API.STREAM.INFO.BILDUNG_DEAD".to_owned(),
        format!("$JS.ACK.BILDUNG_EVENTS.{service}.>"),
    ];
    let quoted: Vec<String> = publish.iter().map(|subject| format!("\"{subject}\"")).collect();
    format!(
        "    {{ user: \"{service}\", password: \"{password}\", permissions: {{\n      publish: [{}]\n      subscribe: [\"_INBOX_{service}.>\"]\n    }} }}",
        quoted.join(", ")
    )
}

fn healthy(monitor_port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, monitor_port))?;
        connection.set_read_timeout(Some(Duration::from_secs(2)))?;
        connection.write_all(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.split_whitespace().nth(1) == Some("200"))
}
