//! Sealing and opening: XChaCha20-Poly1305, the nonce in front, the place as associated data.
use super::keyfile::Key;
use anyhow::{Context as _, anyhow};
use bildung_chassis::Ids;
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use uuid::Uuid;
use zeroize::Zeroizing;

const NONCE: usize = 24;

/// Where a ciphertext belongs; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The person (or handover) whose row it is.
    pub owner: Uuid,
}

impl Place {
    fn associated(self) -> Vec<u8> {
        format!("v1|{}|{}|{}", self.table, self.column, self.owner).into_bytes()
    }
}

/// What the database keeps of a data key.
#[derive(Clone, Debug)]
pub(crate) struct WrappedKey {
    /// The key-encryption key that wraps it.
    pub kek_id: String,
    /// The wrapped key.
    pub bytes: Vec<u8>,
}

/// The data key of one owner, wiped when dropped.
pub(crate) struct DataKey(Key);

impl DataKey {
    pub(super) fn new(key: Key) -> Self {
        Self(key)
    }

    pub(super) fn wrap(&self, kek_id: &str, kek: &Key, nonce: [u8; NONCE], owner: Uuid) -> anyhow::Result<Vec<u8>> {
        seal(kek, nonce, &key_place(kek_id, owner), self.0.as_slice())
    }

    pub(super) fn unwrap(wrapped: &WrappedKey, kek: &Key, owner: Uuid) -> anyhow::Result<Self> {
        let bytes = open(kek, &key_place(&wrapped.kek_id, owner), &wrapped.bytes).context("a data key does not unwrap")?;
        let mut key: Key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(anyhow!("a data key has the wrong length"));
        }
        key.copy_from_slice(&bytes);
        Ok(Self(key))
    }

    /// Seals a text for one place.
    pub(crate) fn seal(&self, ids: &Ids, place: Place, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        seal(&self.0, ids.bytes(), &place.associated(), plain)
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        open(&self.0, &place.associated(), sealed).with_context(|| format!("{}.{} does not open", place.table, place.column))
    }

    /// Opens a text.
    pub(crate) fn open_text(&self, place: Place, sealed: &[u8]) -> anyhow::Result<String> {
        String::from_utf8(self.open(place, sealed)?.to_vec()).map_err(|_| anyhow!("{}.{} is not a text", place.table, place.column))
    }
}

fn key_place(kek_id: &str, owner: Uuid) -> Vec<u8> {
    format!("v1|data_key|wrapped|{kek_id}|{owner}").into_bytes()
}

fn seal(key: &Key, nonce: [u8; NONCE], associated: &[u8], plain: &[u8]) -> anyhow::Result<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let sealed =
        cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: associated }).map_err(|_| anyhow!("sealing failed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &Key, associated: &[u8], sealed: &[u8]) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(|| anyhow!("a ciphertext is too short"))?;
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let plain = cipher
        .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: associated })
        .map_err(|_| anyhow!("wrong key, wrong place or changed"))?;
    Ok(Zeroizing::new(plain))
}
