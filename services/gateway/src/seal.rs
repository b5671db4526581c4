//! Seals what the gateway must keep but a dump of its database must not tell: the key comes from a secret that only
//! the other side holds, such as a session cookie, and is never stored.
use anyhow::{Context as _, bail};
use bildung_chassis::Ids;
use chacha20poly1305::{
    ChaCha20Poly1305, Nonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

const NONCE_BYTES: usize = 12;

/// SHA-256 of parts, kept apart by their lengths, for one purpose.
pub(crate) fn digest(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Seals `value` for `purpose` with a key derived from `secret`.
pub(crate) fn seal<T: Serialize>(ids: &Ids, purpose: &str, secret: &[u8], value: &T) -> anyhow::Result<Vec<u8>> {
    let nonce = ids.bytes::<NONCE_BYTES>();
    let plain = serde_json::to_vec(value)?;
    let sealed = cipher(purpose, secret)
        .encrypt(Nonce::from_slice(&nonce), Payload { msg: &plain, aad: purpose.as_bytes() })
        .map_err(|_| anyhow::anyhow!("a value could not be sealed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] sealed.
pub(crate) fn open<T: DeserializeOwned>(purpose: &str, secret: &[u8], sealed: &[u8]) -> anyhow::Result<T> {
    let Some((nonce, sealed)) = sealed.split_at_checked(NONCE_BYTES) else { bail!("a sealed value is too short") };
    let plain = cipher(purpose, secret)
        .decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: purpose.as_bytes() })
        .map_err(|_| anyhow::anyhow!("a sealed value does not open"))?;
    serde_json::from_slice(&plain).context("a sealed value is not what was sealed")
}

fn cipher(purpose: &str, secret: &[u8]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&digest(purpose, &[b"seal", secret]).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildung_chassis::Clock;

    #[test]
    fn only_the_secret_and_the_purpose_open_it() {
        let ids = Ids::new(Clock::system());
        let sealed = seal(&ids, "session", b"secret", &"value").unwrap();
        assert_eq!(open::<String>("session", b"secret", &sealed).unwrap(), "value");
        assert!(open::<String>("session", b"other", &sealed).is_err());
        assert!(open::<String>("answer", b"secret", &sealed).is_err());
        assert!(open::<String>("session", b"secret", &sealed[..8]).is_err());
    }
}
