//! The servers never outlive us, however we end.
//!
//! `up` starts `bildungsbuero watch-children` and holds the writing end of a pipe to it. When `up` is gone, also by
//! `kill -9`, the pipe closes and the watchdog stops what still runs on the data folder. It is in its own process group,
//! so that Ctrl-C does not reach it, and holds a lock, so that a new start waits until it has finished.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::folder::{Folder, lock};
use super::{nats, postgres, process};
use crate::failure::{Exit, Failure};

const FOLDER: &str = "BB_WATCHED_FOLDER";
const NAME: &str = "bb-watchdog";
const DONE: &[u8] = b"done";

/// The running watchdog; when this is dropped it stops whatever is left and ends.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    folder: PathBuf,
}

impl Watchdog {
    /// Starts the watchdog of a data folder.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        // On Linux our own file even when a newer build has taken its name.
        let own = Path::new("/proc/self/exe");
        let program = if own.exists() { own.to_owned() } else { env::current_exe().context("find our own program")? };
        // Not our name and no path in sight: who kills every `bildungsbuero` must not kill the one who cleans up.
        let mut command = Command::new(program);
        command.arg0(NAME).arg("watch-children").env(FOLDER, folder).process_group(0);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("start the watchdog")?;
        let mut line = String::new();
        let said = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        if !matches!(said, Some(Ok(_))) || line.trim() != "watching" {
            let _gone = child.kill();
            let _reaped = child.wait();
            bail!("the watchdog does not start");
        }
        Ok(Self { child, folder: folder.to_owned() })
    }

    /// Starts it anew if somebody ended it.
    pub(crate) fn keep(&mut self) -> Result<()> {
        if !matches!(self.child.try_wait(), Ok(None)) {
            *self = Self::start(&self.folder)?;
        }
        Ok(())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // An orderly end: nothing can be starting any more.
        let _gone = self.child.stdin.as_mut().map(|pipe| pipe.write_all(DONE));
        drop(self.child.stdin.take());
        let _reaped = self.child.wait();
    }
}

/// The hidden subcommand: waits for the end of the pipe, then stops the servers.
pub(crate) fn watch() -> Result<()> {
    let folder = PathBuf::from(env::var_os(FOLDER).context("watch-children is started by `up`, not by hand")?);
    let _lock = lock(&folder.join("run/watchdog.lock"), Duration::from_secs(5))?.context("another watchdog watches this folder")?;
    // What `pkill` and `ps` show on Linux; elsewhere the name above has to do.
    let _elsewhere = fs::write("/proc/self/comm", NAME);
    let mut out = std::io::stdout();
    writeln!(out, "watching")?;
    out.flush()?;
    let mut said = Vec::new();
    let _end = std::io::stdin().read_to_end(&mut said);
    // A server that was just being started writes its pid a moment later.
    let start = Instant::now();
    loop {
        let found = stop_servers(&folder);
        if !found && (said == DONE || start.elapsed() > Duration::from_secs(1)) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Before a start: lets a watchdog of an earlier run finish, then stops what that run has left.
pub(crate) fn clear_orphans(folder: &Folder, say: &dyn Fn(&str)) -> Result<()> {
    let lock_file = folder.run().join("watchdog.lock");
    if lock(&lock_file, Duration::from_secs(15))?.is_none() {
        return Err(Failure::error(
            Exit::InUse,
            format!("the servers of an earlier run on {} are still being stopped: try again in a moment", folder.root().display()),
        ));
    }
    if postgres::live(&folder.postgres()).is_some() || nats::live(&folder.nats()).is_some() {
        say("stopping the servers an earlier run has left behind");
    }
    stop_servers(folder.root());
    if postgres::live(&folder.postgres()).is_some() || nats::live(&folder.nats()).is_some() {
        return Err(Failure::error(
            Exit::InUse,
            format!("the servers of an earlier run on {} cannot be stopped: end them by hand", folder.root().display()),
        ));
    }
    Ok(())
}

/// Stops both servers of a data folder at once; whether there were any.
fn stop_servers(folder: &Path) -> bool {
    let (database, streams) = (folder.join("postgres"), folder.join("nats"));
    let found = postgres::live(&database).is_some() || nats::live(&streams).is_some();
    std::thread::scope(|scope| {
        scope.spawn(|| process::end_foreign(|| nats::live(&streams), nats::HASTY));
        process::end_foreign(|| postgres::live(&database), postgres::HASTY);
    });
    found
}
