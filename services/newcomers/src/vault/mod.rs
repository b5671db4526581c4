//! Encryption of what could name a person.
//!
//! Each person (and each handover note) has a data key of their own, kept in the database wrapped by a key-encryption
//! key that is not: it lies in a file only its owner may read. Destroying the wrapped key makes everything sealed under
//! it unreadable. Whatever is sealed is bound to its table, column and owner, so that a ciphertext moved elsewhere does
//! not open. Exact search goes through a blind index, keyed apart from the data.
mod index;
mod keyfile;
mod seal;

pub use keyfile::create_key_file;
pub(crate) use seal::{DataKey, Place, WrappedKey};

use bildung_chassis::Ids;
use keyfile::KeyFile;
use std::{path::Path, sync::Arc};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Holds the key-encryption keys.
#[derive(Clone)]
pub(crate) struct Vault(Arc<KeyFile>);

impl Vault {
    /// Reads the key file; refuses one that others may read.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(KeyFile::read(path)?)))
    }

    /// Makes the data key of a new owner, and what the database keeps of it.
    pub(crate) fn new_key(&self, ids: &Ids, owner: Uuid) -> anyhow::Result<(DataKey, WrappedKey)> {
        let key = DataKey::new(Zeroizing::new(ids.bytes()));
        let (kek_id, kek) = self.0.current();
        let wrapped = WrappedKey { kek_id: kek_id.to_owned(), bytes: key.wrap(kek_id, kek, ids.bytes(), owner)? };
        Ok((key, wrapped))
    }

    /// Unwraps the data key of an owner.
    pub(crate) fn unwrap(&self, owner: Uuid, wrapped: &WrappedKey) -> anyhow::Result<DataKey> {
        let kek = self
            .0
            .named(&wrapped.kek_id)
            .ok_or_else(|| anyhow::anyhow!("the key file has no key-encryption key \"{}\"", wrapped.kek_id))?;
        DataKey::unwrap(wrapped, kek, owner)
    }

    /// The blind index of a folded text: equal texts have equal values, nothing else can be told from it.
    pub(crate) fn blind_index(&self, column: &str, folded: &str) -> Vec<u8> {
        index::blind(self.0.index_key(), column, folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildung_chassis::Clock;
    use std::os::unix::fs::PermissionsExt as _;

    const NAME: &str = "person.name";

    fn vault() -> (tempfile::TempDir, Vault, Ids) {
        let folder = tempfile::tempdir().unwrap();
        let ids = Ids::new(Clock::system());
        let path = folder.path().join("newcomers.key");
        create_key_file(&path, &ids).unwrap();
        let vault = Vault::open(&path).unwrap();
        (folder, vault, ids)
    }

    fn name(owner: Uuid) -> Place {
        Place { table: "person", column: "name", owner }
    }

    #[test]
    fn what_is_sealed_opens_again_and_looks_different_each_time() {
        let (_folder, vault, ids) = vault();
        let owner = ids.id();
        let (key, wrapped) = vault.new_key(&ids, owner).unwrap();
        let (once, twice) = (key.seal(&ids, name(owner), b"Kanarie").unwrap(), key.seal(&ids, name(owner), b"Kanarie").unwrap());
        assert_ne!(once, twice);
        assert!(!once.windows(7).any(|bytes| bytes == b"Kanarie"));
        assert_eq!(vault.unwrap(owner, &wrapped).unwrap().open(name(owner), &once).unwrap().as_slice(), b"Kanarie");
    }

    #[test]
    fn a_moved_ciphertext_does_not_open() {
        let (_folder, vault, ids) = vault();
        let (owner, other) = (ids.id(), ids.id());
        let (key, wrapped) = vault.new_key(&ids, owner).unwrap();
        let sealed = key.seal(&ids, name(owner), b"Kanarie").unwrap();
        assert!(key.open(name(other), &sealed).is_err(), "another row");
        assert!(key.open(Place { column: "remark", ..name(owner) }, &sealed).is_err(), "another column");
        assert!(key.open(Place { table: "handover", ..name(owner) }, &sealed).is_err(), "another table");
        assert!(vault.unwrap(other, &wrapped).is_err(), "the data key moved along");
    }

    #[test]
    fn a_changed_or_cut_ciphertext_does_not_open() {
        let (_folder, vault, ids) = vault();
        let owner = ids.id();
        let (key, _) = vault.new_key(&ids, owner).unwrap();
        let sealed = key.seal(&ids, name(owner), b"Kanarie").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(name(owner), &changed).is_err(), "byte {at}");
            assert!(key.open(name(owner), &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_key_file_opens_nothing() {
        let (_folder, vault, ids) = vault();
        let (_other_folder, other, _) = self::vault();
        let owner = ids.id();
        let (_, wrapped) = vault.new_key(&ids, owner).unwrap();
        assert!(other.unwrap(owner, &wrapped).is_err());
        assert_ne!(vault.blind_index(NAME, "kanarie"), other.blind_index(NAME, "kanarie"));
    }

    #[test]
    fn the_blind_index_is_equal_for_equal_texts_of_one_column_only() {
        let (_folder, vault, _) = vault();
        assert_eq!(vault.blind_index(NAME, "kanarie"), vault.blind_index(NAME, "kanarie"));
        assert_ne!(vault.blind_index(NAME, "kanarie"), vault.blind_index(NAME, "kanari"));
        assert_ne!(vault.blind_index(NAME, "kanarie"), vault.blind_index("person.other", "kanarie"));
    }

    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        let (folder, _, ids) = vault();
        let path = folder.path().join("newcomers.key");
        for mode in [0o640, 0o604, 0o620, 0o660, 0o777] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let told = Vault::open(&path).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(told.contains("chmod 600"), "{mode:o}: {told}");
        }
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(Vault::open(&path).is_ok(), "{mode:o}");
        }
        assert!(create_key_file(&path, &ids).is_err(), "an existing key file is never overwritten");
    }

    #[test]
    fn a_rotated_key_file_opens_what_the_old_key_wrapped() {
        let (folder, vault, ids) = vault();
        let owner = ids.id();
        let (_, wrapped) = vault.new_key(&ids, owner).unwrap();
        let path = folder.path().join("newcomers.key");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}key 2 {}\n", "ab".repeat(32))).unwrap();
        let rotated = Vault::open(&path).unwrap();
        assert!(rotated.unwrap(owner, &wrapped).is_ok());
        assert_eq!(rotated.new_key(&ids, owner).unwrap().1.kek_id, "2");
    }

    #[test]
    fn a_defective_key_file_is_named_without_its_content() {
        let (folder, _, _) = vault();
        let path = folder.path().join("newcomers.key");
        let good = std::fs::read_to_string(&path).unwrap();
        for bad in [
            String::new(),
            "key 1 zz\n".into(),
            good.replace("index", "indes"),
            format!("{good}key 1 {}\n", "cd".repeat(32)),
            "\u{0}\u{1}".into(),
        ] {
            std::fs::write(&path, &bad).unwrap();
            let told = Vault::open(&path).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(told.contains("newcomers.key"), "{told}");
            assert!(!told.contains(&"cd".repeat(32)));
        }
    }
}
