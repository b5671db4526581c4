//! The blind index: a keyed hash, so that a leaked database does not tell who is in it.
use super::keyfile::Key;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

pub(super) fn blind(key: &Key, column: &str, folded: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("HMAC takes keys of any length");
    mac.update(column.as_bytes());
    mac.update(&[0]);
    mac.update(folded.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
