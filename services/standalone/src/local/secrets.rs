//! Passwords and keys of a local installation: made once, each in a file only its owner reads.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A folder of secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    folder: PathBuf,
}

impl Secrets {
    /// Secrets of this folder, which exists.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where a secret lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The password of this name, made at the first call.
    pub(crate) fn password(&self, name: &str) -> Result<String> {
        let path = self.path(name);
        if !path.exists() {
            write_private(&path, hex(&random::<24>()?).as_bytes())?;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let text = text.trim();
        if text.is_empty() {
            bail!("{} is empty: put the secret back from your backup", path.display());
        }
        Ok(text.to_owned())
    }
}

/// Fresh randomness of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    use std::io::Read;
    let mut bytes = [0; N];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).context("read randomness from /dev/urandom")?;
    Ok(bytes)
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Writes a file that only its owner reads: complete or not at all, also after a crash.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let named = || format!("write {}", path.display());
    let fresh = path.with_extension("new");
    let _stale = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).with_context(named)?;
    file.write_all(content).and_then(|()| file.sync_all()).with_context(named)?;
    fs::rename(&fresh, path).with_context(named)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::new(folder.path());
        let first = secrets.password("postgres").unwrap();
        assert_eq!(first.len(), 48);
        assert_eq!(secrets.password("postgres").unwrap(), first);
        assert_ne!(secrets.password("nats").unwrap(), first);
        assert_eq!(fs::metadata(secrets.path("postgres")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
