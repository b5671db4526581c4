//! `with-postgres -- CMD...`: a throw-away PostgreSQL for the test suite, gone with the command.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::local::folder::Folder;
use crate::local::process::{self, Servant};
use crate::local::watchdog::Watchdog;
use crate::local::{ports, postgres, secrets, tools};
use crate::progress;

/// Runs a command with `BB_TEST_POSTGRES`, `BB_PG_BIN` and `BB_NATS_BIN` set, and passes its exit code on.
pub(crate) fn run(data_dir: &Path, durable: bool, command: &[String]) -> Result<ExitCode> {
    let tools_folder = Folder::open(data_dir)?.tools();
    let say = |line: &str| progress::say(line);
    let bin = tools::postgres(&tools_folder, None, &say)?;
    let nats = tools::nats(&tools_folder, &say)?;

    let place = std::env::temp_dir();
    let reached = Servant::needed().is_none_or(|nobody| nobody.reaches(&place));
    let folder =
        tempfile::Builder::new().prefix("bildungsbuero-test-").tempdir_in(if reached { place.as_path() } else { Path::new("/var/tmp") })?;
    process::folder(folder.path(), 0o711)?;
    process::folder(&folder.path().join("run"), 0o700)?;
    let watchdog = Watchdog::start(folder.path())?;
    let setup = postgres::Setup {
        bin: bin.clone(),
        data: folder.path().join("postgres"),
        port: ports::any_free()?,
        log: folder.path().join("postgres.log"),
        password: secrets::hex(&secrets::random::<16>()?),
        durable,
    };
    postgres::create(&setup)?;
    let mut server = postgres::Postgres::start(&setup, &say)?;

    let (program, arguments) = command.split_first().context("name the command to run")?;
    let mut child = Command::new(program);
    child.args(arguments).env("BB_TEST_POSTGRES", server.url("postgres")).env("BB_PG_BIN", &bin.folder).env("BB_NATS_BIN", &nats);
    let status = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(wait(child, program))?;
    server.stop();
    drop(watchdog);
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(1));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Waits for the command; a signal to us is its to answer, the server stays until it is done.
async fn wait(command: Command, program: &str) -> Result<std::process::ExitStatus> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut child = tokio::process::Command::from(command).spawn().with_context(|| format!("start {program}"))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {
                if let Some(pid) = child.id() {
                    process::signal(pid.cast_signed(), Signal::TERM);
                }
            }
        }
    }
}
