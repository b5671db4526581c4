//! Ports of the local servers: chosen once, remembered in the data folder, always on loopback.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::failure::{Exit, Failure};

/// The remembered ports by name.
#[derive(Debug)]
pub(crate) struct Ports {
    file: PathBuf,
    known: BTreeMap<String, u16>,
}

impl Ports {
    /// Reads what earlier starts chose; a damaged note is forgotten, since any free port will do.
    pub(crate) fn read(file: &Path) -> Self {
        let known = fs::read_to_string(file).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self { file: file.to_owned(), known }
    }

    /// The remembered port of `name`.
    pub(crate) fn known(&self, name: &str) -> Option<u16> {
        self.known.get(name).copied()
    }

    /// The port of `name`: the remembered one if it is free, else a new one that is remembered from now on.
    pub(crate) fn take(&mut self, name: &str) -> Result<u16> {
        if let Some(port) = self.known.get(name).copied().filter(|port| is_free(*port)) {
            return Ok(port);
        }
        let port = loop {
            let port = any_free()?;
            if !self.known.values().any(|taken| *taken == port) {
                break port;
            }
        };
        self.known.insert(name.to_owned(), port);
        fs::write(&self.file, serde_json::to_vec(&self.known)?)
            .with_context(|| format!("remember the ports in {}", self.file.display()))?;
        Ok(port)
    }
}

/// A free port of loopback.
pub(crate) fn any_free() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?.local_addr()?.port())
}

/// Whether a port can be listened on now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Says in one line that the port people open is taken.
pub(crate) fn require_free(port: u16) -> Result<()> {
    if is_free(port) {
        return Ok(());
    }
    Err(Failure::error(
        Exit::InUse,
        format!(
            "port {port} is in use by another program: stop that one, or choose another port with `--port {}` (or BB_PORT)",
            port.saturating_add(1)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_remembered_until_somebody_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ports.json");
        let first = Ports::read(&file).take("postgres").unwrap();
        assert_eq!(Ports::read(&file).take("postgres").unwrap(), first);
        let thief = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        assert_ne!(Ports::read(&file).take("postgres").unwrap(), first);
        let refused = require_free(first).unwrap_err().to_string();
        assert!(refused.contains(&format!("port {first} is in use")) && refused.contains("--port"), "{refused}");
        drop(thief);
    }
}
