//! `servers`: PostgreSQL and NATS of a data folder without the product, for developers and for tests of the launcher.

use std::path::Path;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::local::folder::{Folder, Running};
use crate::local::servers::Servers;
use crate::{progress, services};

/// Runs both servers until a signal comes.
pub(crate) fn run(data_dir: &Path) -> Result<()> {
    let folder = Folder::open(data_dir)?;
    folder.moved().iter().for_each(|line| progress::say(line));
    let mut servers = Servers::start(folder, &services::names(), &progress::say)?;
    servers.folder().announce(&Running { pid: std::process::id(), address: servers.nats().monitor_url(), issuer: None })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        progress::print(&servers.postgres().url("postgres"));
        progress::print(&servers.nats().url());
        progress::print("ready");
        loop {
            tokio::select! {
                _ = interrupted.recv() => return anyhow::Ok(()),
                _ = terminated.recv() => return Ok(()),
                () = tokio::time::sleep(Servers::ROUND) => servers.keep(&progress::say)?,
            }
        }
    })?;
    servers.stop();
    Ok(())
}
