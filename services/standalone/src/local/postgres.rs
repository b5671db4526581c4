//! PostgreSQL on loopback: made complete or not at all, started with real durability, stopped cleanly.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::process::{self, Servant};
use super::secrets;
use super::tools::PostgresBin;
use crate::failure::{Exit, Failure};

/// Fast shutdown, then immediate shutdown; the next start recovers from the log after the latter.
pub(crate) const PATIENT: &[(Signal, Duration)] = &[(Signal::INT, Duration::from_secs(30)), (Signal::QUIT, Duration::from_secs(5))];
/// The same for a watchdog in a hurry.
pub(crate) const HASTY: &[(Signal, Duration)] = &[(Signal::INT, Duration::from_millis(2500)), (Signal::QUIT, Duration::from_millis(800))];

/// What a server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) bin: PostgresBin,
    pub(crate) data: PathBuf,
    pub(crate) port: u16,
    pub(crate) log: PathBuf,
    /// The password of the superuser `postgres`.
    pub(crate) password: String,
    /// Off only for throw-away servers of tests.
    pub(crate) durable: bool,
}

/// A running server; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    child: Child,
    setup: Setup,
}

/// The major version that made this data folder; none when there is no folder yet.
pub(crate) fn major_of(data: &Path) -> Result<Option<u32>> {
    if !data.exists() {
        return Ok(None);
    }
    let made = fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
    let whole = data.join("global/pg_control").is_file();
    match made {
        Some(major) if whole => Ok(Some(major)),
        _ => Err(Failure::error(
            Exit::Folder,
            format!(
                "{} is half written (no PG_VERSION or no pg_control): restore it from a backup, or remove it to begin with an empty database",
                data.display()
            ),
        )),
    }
}

/// Makes the database folder if there is none. A crash in between leaves only a temporary folder, which is removed.
pub(crate) fn create(setup: &Setup) -> Result<()> {
    let above = setup.data.parent().context("the database folder has a parent")?;
    for entry in fs::read_dir(above)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("postgres.new-") {
            fs::remove_dir_all(entry.path())
                .or_else(|_| fs::remove_file(entry.path()))
                .with_context(|| format!("remove the rest of a broken start, {}", entry.path().display()))?;
        }
    }
    if major_of(&setup.data)?.is_some() {
        return Ok(());
    }
    let servant = Servant::needed();
    let fresh = above.join(format!("postgres.new-{}", std::process::id()));
    let password = above.join(format!("postgres.new-{}.password", std::process::id()));
    process::folder(&fresh, 0o700)?;
    secrets::write_private(&password, setup.password.as_bytes())?;
    let mut initdb = Command::new(setup.bin.program("initdb"));
    initdb.arg("-D").arg(&fresh).arg("--pwfile").arg(&password);
    initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]);
    initdb.args(locale(setup.bin.major));
    if !setup.durable {
        initdb.arg("--no-sync");
    }
    if let Some(nobody) = servant {
        nobody.own(&fresh)?;
        nobody.own(&password)?;
        nobody.dress(&mut initdb);
    }
    let made = initdb.stdin(Stdio::null()).output();
    fs::remove_file(&password)?;
    let made = made.context("start initdb")?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        let _rest = fs::remove_dir_all(&fresh);
        bail!("initdb failed: {}", said.lines().find(|line| line.contains("error")).or_else(|| said.lines().last()).unwrap_or_default());
    }
    fs::rename(&fresh, &setup.data).with_context(|| format!("put the new database folder to {}", setup.data.display()))?;
    fs::File::open(above)?.sync_all().context("make the new database folder durable")
}

/// Texts must fold ü and Ü alike everywhere, without a library of the system where PostgreSQL brings its own.
fn locale(major: u32) -> &'static [&'static str] {
    if major >= 17 {
        &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    } else if cfg!(target_os = "macos") {
        &["--locale=en_US.UTF-8"]
    } else {
        &["--locale=C.UTF-8"]
    }
}

/// The postmaster of this folder, if one is alive.
pub(crate) fn live(data: &Path) -> Option<i32> {
    process::ours(&data.join("postmaster.pid"), "postgres", data)
}

impl Postgres {
    /// Starts the server on a folder that exists and waits until it answers.
    pub(crate) fn start(setup: &Setup, say: &dyn Fn(&str)) -> Result<Self> {
        if live(&setup.data).is_none() {
            // A number that now belongs to another program would keep PostgreSQL from starting.
            let _stale = fs::remove_file(setup.data.join("postmaster.pid"));
        }
        let mut last = String::new();
        // Backends of a killed server need a moment to notice that it is gone.
        for _attempt in 0..5 {
            let mut server = Self { child: spawn(setup)?, setup: setup.clone() };
            match server.wait_ready(say) {
                Ok(()) => return Ok(server),
                Err(why) => last = format!("{why:#}"),
            }
            if !last.contains("shared memory block") && !last.contains("is the postmaster") {
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        bail!("PostgreSQL does not start: {last} (log: {})", setup.log.display())
    }

    fn wait_ready(&mut self, say: &dyn Fn(&str)) -> Result<()> {
        let pid_file = self.setup.data.join("postmaster.pid");
        let mut rounds = 0_u32;
        let mut ended = None;
        let child = &mut self.child;
        let ready = process::wait_until(Duration::from_mins(10), || {
            rounds += 1;
            if rounds.is_multiple_of(500) {
                say("PostgreSQL is still starting (it recovers after a crash)");
            }
            ended = child.try_wait().ok().flatten();
            let text = fs::read_to_string(&pid_file).unwrap_or_default();
            let mine = text.lines().next().is_some_and(|pid| pid.trim() == child.id().to_string());
            ended.is_some() || (mine && text.lines().any(|line| line.trim() == "ready"))
        });
        match ended {
            Some(status) => bail!("it ended with {status}: {}", process::tail(&self.setup.log, 3)),
            None if ready => Ok(()),
            None => bail!("it is not ready after ten minutes: {}", process::tail(&self.setup.log, 3)),
        }
    }

    /// The address of a database for the superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.setup.password, self.setup.port)
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

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(setup: &Setup) -> Result<Child> {
    let log = fs::OpenOptions::new().create(true).append(true).open(&setup.log).with_context(|| format!("open {}", setup.log.display()))?;
    let mut server = Command::new(setup.bin.program("postgres"));
    server.arg("-D").arg(&setup.data);
    let mut set = |name: &str, value: &str| {
        server.arg("-c").arg(format!("{name}={value}"));
    };
    set("port", &setup.port.to_string());
    set("listen_addresses", "127.0.0.1");
    set("unix_socket_directories", "");
    set("max_connections", if setup.durable { "200" } else { "400" });
    set("timezone", "UTC");
    set("log_timezone", "UTC");
    // Details of an error quote the row: personal data stays out of the log.
    set("log_error_verbosity", "terse");
    set("log_min_error_statement", "panic");
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        set(name, if setup.durable { "on" } else { "off" });
    }
    if let Some(nobody) = Servant::needed() {
        nobody.dress(&mut server);
    }
    // Its own group: Ctrl-C reaches us alone, and we stop it when its clients are done.
    server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0).spawn().context("start PostgreSQL")
}
