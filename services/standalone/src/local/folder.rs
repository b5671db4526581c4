//! The data folder: what lies where, who may have it, and where it goes when `nobody` cannot reach it.
//!
//! ```text
//! postgres/   the databases            nats/     the streams and the server's configuration
//! secrets/    generated passwords      keys/     the key-encryption key, apart from the databases
//! audit/      ends of audit trails, apart from the databases
//! run/        locks, pids, ports       logs/     of the servers          tools/  fetched programs
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::process::{self, Servant};
use super::secrets;
use crate::failure::{Exit, Failure};

/// An opened data folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    asked: PathBuf,
}

/// What a running `up` tells the other commands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// The process of `up`.
    pub(crate) pid: u32,
    /// Where the portal is.
    pub(crate) address: String,
    /// Where the demo issuer is, if there is one.
    pub(crate) issuer: Option<String>,
}

/// The folder is ours until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Hold {
    _lock: File,
}

impl Folder {
    /// Opens the folder, creating what is missing.
    pub(crate) fn open(asked: &Path) -> Result<Self> {
        let asked = std::path::absolute(asked).context("find the data folder")?;
        let root = match Servant::needed() {
            None => asked.clone(),
            Some(nobody) => {
                make_reachable(nobody, &asked)?;
                if nobody.reaches(&asked) { asked.clone() } else { fallback(&asked) }
            }
        };
        if root != asked {
            process::folder(&root, 0o711)?;
            let found = fs::symlink_metadata(&root)?;
            if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
                return Err(Failure::error(
                    Exit::Folder,
                    format!(
                        "{} belongs to somebody else: choose a data folder that `nobody` reaches with --data-dir (or BB_DATA_DIR)",
                        root.display()
                    ),
                ));
            }
        } else if !root.exists() {
            process::folder(&root, 0o711)?;
        }
        let folder = Self { root, asked };
        for part in ["secrets", "keys", "audit", "run", "logs", "nats"] {
            process::folder(&folder.root.join(part), 0o700)?;
        }
        process::folder(&folder.tools(), 0o755)?;
        Ok(folder)
    }

    /// The folder as it is, without creating anything: for commands that speak to a running product.
    pub(crate) fn look(asked: &Path) -> Result<Self> {
        let asked = std::path::absolute(asked).context("find the data folder")?;
        let root = if asked.join("run").exists() { asked.clone() } else { fallback(&asked) };
        Ok(Self { root, asked })
    }

    /// The folder that is really used.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Said at start when the data does not lie where it was asked to.
    pub(crate) fn moved(&self) -> Option<String> {
        (self.root != self.asked).then(|| {
            format!(
                "user `nobody`, whom PostgreSQL runs as, cannot reach {}: the data goes to {}",
                self.asked.display(),
                self.root.display()
            )
        })
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub(crate) fn nats(&self) -> PathBuf {
        self.root.join("nats")
    }

    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    pub(crate) fn audit(&self) -> PathBuf {
        self.root.join("audit")
    }

    pub(crate) fn secrets(&self) -> secrets::Secrets {
        secrets::Secrets::new(&self.root.join("secrets"))
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }

    /// Takes the folder for this process alone.
    pub(crate) fn hold(&self) -> Result<Hold> {
        match lock(&self.run().join("up.lock"), Duration::ZERO)? {
            Some(file) => Ok(Hold { _lock: file }),
            None => Err(Failure::error(
                Exit::InUse,
                match self.running() {
                    Some(up) => format!(
                        "already running on {} at {} (process {}): stop that one first, or choose another --data-dir",
                        self.root.display(),
                        up.address,
                        up.pid
                    ),
                    None => format!("another bildungsbuero works on {}: wait for it, or choose another --data-dir", self.root.display()),
                },
            )),
        }
    }

    /// What runs on this folder right now.
    pub(crate) fn running(&self) -> Option<Running> {
        let held = matches!(lock(&self.run().join("up.lock"), Duration::ZERO), Ok(None));
        let note = fs::read_to_string(self.run().join("up.json")).ok()?;
        held.then(|| serde_json::from_str(&note).ok()).flatten()
    }

    /// Tells the other commands where we are.
    pub(crate) fn announce(&self, running: &Running) -> Result<()> {
        secrets::write_private(&self.run().join("up.json"), &serde_json::to_vec(running)?)
    }

    /// Takes the announcement back.
    pub(crate) fn withdraw(&self) {
        let _absent = fs::remove_file(self.run().join("up.json"));
    }
}

/// Locks a file for as long as it stays open; none when another process has it after this patience.
pub(crate) fn lock(path: &Path, patience: Duration) -> Result<Option<File>> {
    if !path.parent().is_some_and(Path::exists) {
        return Ok(None);
    }
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(path).with_context(|| format!("open {}", path.display()))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("lock {}", path.display())),
        }
    }
}

fn fallback(asked: &Path) -> PathBuf {
    let real = asked.canonicalize().unwrap_or_else(|_| asked.to_owned());
    let name = secrets::hex(&Sha256::digest(real.as_os_str().as_encoded_bytes())[..6]);
    Path::new("/var/tmp").join(format!("bildungsbuero-{name}"))
}

/// Creates the folder; lets `nobody` through one that holds nothing yet. What lies below guards itself.
fn make_reachable(nobody: Servant, asked: &Path) -> Result<()> {
    if !asked.exists() {
        return process::folder(asked, 0o711);
    }
    let empty = fs::read_dir(asked).with_context(|| format!("read {}", asked.display()))?.next().is_none();
    if empty && !nobody.reaches(asked) && asked.parent().is_some_and(|above| nobody.reaches(above)) {
        let mode = fs::metadata(asked)?.permissions().mode();
        fs::set_permissions(asked, fs::Permissions::from_mode(mode | 0o001))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let hold = folder.hold().unwrap();
        folder.announce(&Running { pid: 7, address: "http://127.0.0.1:8080".to_owned(), issuer: None }).unwrap();
        let refused = folder.hold().unwrap_err().to_string();
        assert!(refused.contains("already running") && refused.contains("http://127.0.0.1:8080"), "{refused}");
        assert!(folder.running().is_some());
        drop(hold);
        assert!(folder.running().is_none());
        folder.hold().unwrap();
    }

    #[test]
    fn root_goes_where_nobody_can_follow() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let asked = place.path().join("deep").join(".local");
        let folder = Folder::open(&asked).unwrap();
        if Servant::needed().is_some() {
            assert!(folder.root().starts_with("/var/tmp") && folder.moved().unwrap().contains("cannot reach"));
            assert_eq!(Folder::open(&asked).unwrap().root(), folder.root());
            fs::remove_dir_all(folder.root()).unwrap();
        } else {
            assert_eq!((folder.root(), folder.moved()), (asked.as_path(), None));
        }
    }
}
