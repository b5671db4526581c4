//! The issuer's signing key (ES256), made once and kept.
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) struct Key {
    signing: SigningKey,
    id: String,
}

impl Key {
    /// Reads the key from its file, or makes both.
    pub(super) fn load_or_make(file: &Path) -> Result<Self> {
        if !file.exists() {
            Self::make(file).with_context(|| format!("the demo issuer's key cannot be written to {}", file.display()))?;
        }
        let pem = std::fs::read_to_string(file).with_context(|| format!("the demo issuer's key {} cannot be read", file.display()))?;
        let secret = SecretKey::from_pkcs8_pem(&pem)
            .with_context(|| format!("{} holds no key: delete it, and a new one is made", file.display()))?;
        let signing = SigningKey::from(secret);
        let (x, y) = coordinates(signing.verifying_key());
        let id = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(format!("{x}.{y}"))[..12]);
        Ok(Self { signing, id })
    }

    fn make(file: &Path) -> Result<()> {
        let mut bytes = [0; 32];
        // Not every 32 bytes are a key of this curve.
        let secret = loop {
            rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
            if let Ok(secret) = SecretKey::from_slice(&bytes) {
                break secret;
            }
        };
        let pem = secret.to_pkcs8_pem(LineEnding::LF)?;
        let folder = file.parent().context("the key file has no folder")?;
        std::fs::create_dir_all(folder)?;
        let mut part = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).tempfile_in(folder)?;
        part.write_all(pem.as_bytes())?;
        part.as_file().sync_all()?;
        part.persist(file)?;
        Ok(())
    }

    /// The public half as a JSON web key.
    pub(super) fn public(&self) -> Value {
        let (x, y) = coordinates(self.signing.verifying_key());
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": x, "y": y})
    }

    /// Signs claims as a JWT of type `kind`.
    pub(super) fn sign(&self, kind: &str, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": kind, "kid": self.id});
        let signed = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()), BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = self.signing.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The claims of a JWT of type `kind` that this key signed.
    pub(super) fn read(&self, kind: &str, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = Signature::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        self.signing.verifying_key().verify(signed.as_bytes(), &signature).ok()?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        (header["typ"] == kind).then(|| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok())?
    }
}

fn coordinates(key: &VerifyingKey) -> (String, String) {
    let point = key.to_encoded_point(false);
    let text = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default();
    (text(point.x()), text(point.y()))
}
