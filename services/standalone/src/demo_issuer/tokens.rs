//! Tokens: access tokens in the JWT profile (RFC 9068), identity tokens, refresh tokens.
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bildung_chassis::{Clock, Ids, Role};
use serde_json::{Map, Value, json};

use super::Settings;
use super::key::Key;
use super::personas::{PROVIDER_SOURCE, Persona};

/// Short enough that a demonstration sees refreshing at work.
const BROWSER_SECONDS: i64 = 600;
const TOOL_SECONDS: i64 = 8 * 3600;
const REFRESH_SECONDS: i64 = 12 * 3600;
const REFRESH_KIND: &str = "refresh+jwt";

pub(super) struct Tokens {
    issuer: String,
    audience: String,
    roles_claim: String,
    sources_claim: String,
    key: Key,
    clock: Clock,
    ids: Ids,
}

impl Tokens {
    pub(super) fn new(settings: &Settings, key: Key, ids: Ids) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            roles_claim: settings.roles_claim.clone(),
            sources_claim: settings.sources_claim.clone(),
            key,
            clock: settings.clock.clone(),
            ids,
        }
    }

    pub(super) fn public_keys(&self) -> Value {
        json!({"keys": [self.key.public()]})
    }

    /// Tokens for a person who signed in with a browser.
    pub(super) fn for_browser(&self, persona: &Persona, client: &str, nonce: Option<&str>) -> Value {
        let now = self.now();
        let mut identity = json!({
            "iss": self.issuer, "sub": persona.subject, "aud": client, "iat": now, "exp": now + BROWSER_SECONDS,
            "name": persona.name, "preferred_username": persona.subject,
        });
        if let Some(nonce) = nonce {
            identity["nonce"] = nonce.into();
        }
        let refresh = json!({"iss": self.issuer, "sub": persona.subject, "aud": self.issuer, "client_id": client, "iat": now, "exp": now + REFRESH_SECONDS, "jti": self.random()});
        json!({
            "token_type": "Bearer",
            "expires_in": BROWSER_SECONDS,
            "access_token": self.access(persona.subject, persona.roles, client, BROWSER_SECONDS),
            "id_token": self.key.sign("JWT", &identity),
            "refresh_token": self.key.sign(REFRESH_KIND, &refresh),
        })
    }

    /// An access token alone, for a system or the command line.
    pub(super) fn for_tool(&self, subject: &str, roles: &[Role], client: &str) -> Value {
        json!({"token_type": "Bearer", "expires_in": TOOL_SECONDS, "access_token": self.access(subject, roles, client, TOOL_SECONDS)})
    }

    /// Subject and client of a refresh token of ours that has not expired.
    pub(super) fn read_refresh(&self, token: &str) -> Option<(String, String)> {
        let claims = self.key.read(REFRESH_KIND, token)?;
        let alive = claims["iss"] == self.issuer.as_str() && claims["exp"].as_i64()? > self.now();
        alive.then(|| Some((claims["sub"].as_str()?.to_owned(), claims["client_id"].as_str()?.to_owned())))?
    }

    fn access(&self, subject: &str, roles: &[Role], client: &str, seconds: i64) -> String {
        let now = self.now();
        let mut claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": subject, "client_id": client,
            "iat": now, "exp": now + seconds, "jti": self.random(),
        });
        if let Some(claims) = claims.as_object_mut() {
            place(claims, &self.roles_claim, json!(roles));
            if roles.contains(&Role::Provider) {
                place(claims, &self.sources_claim, json!([PROVIDER_SOURCE]));
            }
        }
        self.key.sign("at+jwt", &claims)
    }

    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    fn random(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.ids.bytes::<12>())
    }
}

/// Puts a claim at a dotted path such as `realm_access.roles`.
fn place(claims: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            claims.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = claims.entry(first).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                place(inner, rest, value);
            }
        }
    }
}
