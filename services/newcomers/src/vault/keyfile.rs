//! The key file: key-encryption keys and the key of the blind index, outside the database.
//!
//! Text, one key a line: `key <id> <64 hex digits>` (the last one wraps, older ones only unwrap) and one
//! `index <64 hex digits>`. A line that begins with `#` is a remark.
use anyhow::{Context as _, bail, ensure};
use bildung_chassis::Ids;
use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};
use zeroize::Zeroizing;

/// A key of 256 bits.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// What the file holds.
pub(super) struct KeyFile {
    keys: Vec<(String, Key)>,
    index: Key,
}

/// Makes a key file with fresh keys, readable by its owner only. Never overwrites one: without the old keys every
/// sealed field is lost.
pub fn create_key_file(path: &Path, ids: &Ids) -> anyhow::Result<()> {
    let mut text = Zeroizing::new(String::from("# Keys of the newcomers service. Keep a copy apart from the database's backups.\n"));
    for head in ["key 1", "index"] {
        let key: Key = Zeroizing::new(ids.bytes());
        writeln!(text, "{head} {}", hex(key.as_slice()).as_str())?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("the key file {} could not be made", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

/// Whether group and others are kept out. A secret that Kubernetes mounts belongs to root, and the program reads it through
/// its group: nobody can write it.
fn is_private(mode: u32, owner: u32) -> bool {
    mode.trailing_zeros() >= 6 || (owner == 0 && mode == 0o440)
}

impl KeyFile {
    /// Reads and checks the file.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut file =
            File::open(path).with_context(|| format!("the key file {shown} (setting newcomers.key_file) could not be opened"))?;
        // Of the opened file, so that it cannot be exchanged in between.
        let found = file.metadata()?;
        let mode = found.permissions().mode() & 0o777;
        ensure!(is_private(mode, found.uid()), "the key file {shown} has mode {mode:03o}, others may use it: chmod 600 {shown}");
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).with_context(|| format!("the key file {shown} could not be read"))?;
        Self::parse(&text).with_context(|| format!("the key file {shown} is defective"))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let (mut keys, mut index) = (Vec::<(String, Key)>::new(), None);
        for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["key", id, digits] => {
                    ensure!(keys.iter().all(|(known, _)| known != id), "line {number} repeats a key's id");
                    keys.push(((*id).to_owned(), unhex(digits).with_context(|| format!("line {number} has no 64 hex digits"))?));
                }
                ["index", digits] if index.is_none() => {
                    index = Some(unhex(digits).with_context(|| format!("line {number} has no 64 hex digits"))?);
                }
                _ => bail!("line {number} is neither a key nor a remark"),
            }
        }
        ensure!(!keys.is_empty(), "it has no line \"key <id> <64 hex digits>\"");
        Ok(Self { keys, index: index.context("it has no line \"index <64 hex digits>\"")? })
    }

    /// The key that wraps new data keys.
    pub(super) fn current(&self) -> (&str, &Key) {
        let (id, key) = self.keys.last().expect("checked when read");
        (id, key)
    }

    /// A key by its id.
    pub(super) fn named(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }

    /// The key of the blind index.
    pub(super) fn index_key(&self) -> &Key {
        &self.index
    }
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

fn unhex(digits: &str) -> Option<Key> {
    let mut key: Key = Zeroizing::new([0; 32]);
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_mounted_secret_is_private_though_a_group_reads_it() {
        for (mode, owner, private) in [
            (0o600, 0, true),
            (0o600, 1000, true),
            (0o440, 0, true),
            (0o440, 1000, false),
            (0o640, 0, false),
            (0o444, 0, false),
            (0o460, 0, false),
        ] {
            assert_eq!(is_private(mode, owner), private, "{mode:o} of {owner}");
        }
    }
}
