//! Verifies access tokens (JWT profile, RFC 9068): issuer, audience, times and signature by the issuer's published keys.
//!
//! Keys are fetched when the first token comes, kept while the issuer is away, and fetched again for an unknown key at
//! most every thirty seconds, so that neither a rotation nor a flood of bad tokens needs care.
use crate::{Clock, Principal, Refusal, Role, User, config::Identity, refusal::Kind};
use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use openidconnect::{
    JsonWebKey as _,
    core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::RwLock;

const LEEWAY_SECONDS: i64 = 60;
const REFETCH_AFTER_SECONDS: i64 = 30;
const LARGEST_TOKEN: usize = 16 * 1024;

/// Verifies tokens of the configured issuer.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Identity,
    clock: Clock,
    http: reqwest::Client,
    keys: RwLock<Keys>,
    verified: Mutex<HashMap<[u8; 32], (User, i64)>>,
}

#[derive(Debug)]
struct Keys {
    set: CoreJsonWebKeySet,
    fetched_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    typ: Option<String>,
    kid: Option<String>,
}

impl Verifier {
    /// A verifier for the issuer in `settings`; refuses an issuer on loopback unless this is a demonstration.
    pub fn new(settings: &Identity, clock: Clock) -> anyhow::Result<Self> {
        let issuer = url::Url::parse(&settings.issuer).context("identity.issuer is not an address")?;
        let loopback = match issuer.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if loopback && !settings.demo {
            bail!("identity.issuer {} is on this machine; set identity.demo = true if this is a demonstration", settings.issuer);
        }
        if !loopback && issuer.scheme() != "https" {
            bail!("identity.issuer {} must use https", settings.issuer);
        }
        Ok(Self(Arc::new(Inner {
            settings: settings.clone(),
            clock,
            http: http_client()?,
            keys: RwLock::new(Keys { set: CoreJsonWebKeySet::new(Vec::new()), fetched_at: None }),
            verified: Mutex::default(),
        })))
    }

    /// Who a request comes from: nobody without a token; a bad token is refused, never taken for nobody.
    pub async fn principal(&self, token: Option<&str>) -> Result<Principal, Refusal> {
        let Some(token) = token else { return Ok(Principal::Resident) };
        self.verify(token).await.map(Principal::User)
    }

    /// The user that a token stands for.
    pub async fn verify(&self, token: &str) -> Result<User, Refusal> {
        let now = self.0.clock.now().as_second();
        let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(token.as_bytes()).into();
        if let Some((user, expires)) = self.0.verified.lock().unwrap_or_else(PoisonError::into_inner).get(&digest)
            && now < *expires + LEEWAY_SECONDS
        {
            return Ok(user.clone());
        }
        let (user, expires) = self.check(token, now).await?;
        let mut verified = self.0.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= 10_000 {
            verified.clear();
        }
        verified.insert(digest, (user.clone(), expires));
        Ok(user)
    }

    async fn check(&self, token: &str, now: i64) -> Result<(User, i64), Refusal> {
        if token.len() > LARGEST_TOKEN {
            return Err(bad("the access token is too long"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(bad("the access token is not a JWT"));
        };
        let signed = &token[..header.len() + 1 + claims.len()];
        let header: Header = decode(header)?;
        let kind = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        if !matches!(kind.as_str(), "at+jwt" | "application/at+jwt" | "jwt") {
            return Err(bad("the token is not an access token"));
        }
        if !is_asymmetric(&header.alg) {
            return Err(bad("the access token is signed in a way that is not accepted"));
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| bad("the access token is not a JWT"))?;
        self.check_signature(&header, signed.as_bytes(), &signature).await?;
        let claims: BTreeMap<String, Value> = decode(claims)?;
        self.check_claims(&claims, now)
    }

    async fn check_signature(&self, header: &Header, signed: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        for attempt in 0..2 {
            {
                let keys = self.0.keys.read().await;
                let candidates = keys.set.keys().iter().filter(|key| match (&header.kid, key.key_id()) {
                    (Some(wanted), Some(id)) => wanted == id.as_str(),
                    _ => true,
                });
                let mut seen = false;
                for key in candidates {
                    seen = true;
                    if key.verify_signature(&header.alg, signed, signature).is_ok() {
                        return Ok(());
                    }
                }
                if seen {
                    return Err(bad("the signature of the access token is wrong"));
                }
            }
            if attempt == 0 {
                self.fetch_keys().await?;
            }
        }
        Err(bad("the access token is signed with a key that the issuer does not publish"))
    }

    async fn fetch_keys(&self) -> Result<(), Refusal> {
        let mut keys = self.0.keys.write().await;
        let now = self.0.clock.now();
        if keys.fetched_at.is_some_and(|at| now.as_second() - at.as_second() < REFETCH_AFTER_SECONDS) {
            return Ok(());
        }
        match self.download_keys().await {
            Ok(set) => {
                *keys = Keys { set, fetched_at: Some(now) };
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "cannot fetch the issuer's keys");
                Err(Refusal::new(Kind::Unavailable, "issuer_unavailable", "the identity provider is not available, please try again"))
            }
        }
    }

    async fn download_keys(&self) -> anyhow::Result<CoreJsonWebKeySet> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let issuer = self.0.settings.issuer.trim_end_matches('/');
        let discovery: Discovery =
            self.0.http.get(format!("{issuer}/.well-known/openid-configuration")).send().await?.error_for_status()?.json().await?;
        if discovery.issuer != self.0.settings.issuer {
            bail!("the issuer calls itself {} instead of {}", discovery.issuer, self.0.settings.issuer);
        }
        Ok(self.0.http.get(discovery.jwks_uri).send().await?.error_for_status()?.json().await?)
    }

    fn check_claims(&self, claims: &BTreeMap<String, Value>, now: i64) -> Result<(User, i64), Refusal> {
        let settings = &self.0.settings;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        if text("iss") != Some(&settings.issuer) {
            return Err(bad("the access token comes from another issuer"));
        }
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => *one == settings.audience,
            Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(&settings.audience)),
            _ => false,
        };
        if !audience {
            return Err(bad("the access token is meant for somebody else"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        let expires = time("exp").ok_or_else(|| bad("the access token never expires"))? as i64;
        if now >= expires + LEEWAY_SECONDS {
            return Err(Refusal::new(Kind::Unauthenticated, "token_expired", "the access token has expired, sign in again"));
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        if time("nbf").is_some_and(|begins| begins > (now + LEEWAY_SECONDS) as f64) {
            return Err(bad("the access token is not valid yet"));
        }
        let subject = text("sub").filter(|sub| !sub.is_empty() && sub.len() <= 255).ok_or_else(|| bad("the access token names nobody"))?;
        let roles = strings(claims, &settings.roles_claim)
            .into_iter()
            .filter_map(|name| {
                Role::ALL.into_iter().find(|role| settings.role_names.get(role.as_str()).map_or(role.as_str(), String::as_str) == name)
            })
            .collect();
        let sources = strings(claims, &settings.sources_claim).into_iter().map(str::to_owned).collect();
        Ok((User { subject: subject.to_owned(), roles, sources }, expires))
    }
}

/// An HTTP client with time limits and our TLS.
pub fn http_client() -> anyhow::Result<reqwest::Client> {
    rustls::crypto::ring::default_provider().install_default().ok();
    #[expect(clippy::disallowed_methods, reason = "the one place that makes clients")]
    let builder = reqwest::Client::builder();
    Ok(builder
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

fn is_asymmetric(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm as A;
    matches!(
        algorithm,
        A::EcdsaP256Sha256
            | A::EcdsaP384Sha384
            | A::EdDsa
            | A::RsaSsaPkcs1V15Sha256
            | A::RsaSsaPkcs1V15Sha384
            | A::RsaSsaPkcs1V15Sha512
            | A::RsaSsaPssSha256
            | A::RsaSsaPssSha384
            | A::RsaSsaPssSha512
    )
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| bad("the access token is not a JWT"))?;
    serde_json::from_slice(&bytes).map_err(|_| bad("the access token is not a JWT"))
}

/// The strings at a dotted path such as `realm_access.roles`.
fn strings<'a>(claims: &'a BTreeMap<String, Value>, path: &str) -> Vec<&'a str> {
    let mut steps = path.split('.');
    let mut value = steps.next().and_then(|first| claims.get(first));
    for step in steps {
        value = value.and_then(|inner| inner.get(step));
    }
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.split(' ').filter(|word| !word.is_empty()).collect(),
        _ => Vec::new(),
    }
}

fn bad(message: &str) -> Refusal {
    Refusal::new(Kind::Unauthenticated, "token_invalid", message)
}
