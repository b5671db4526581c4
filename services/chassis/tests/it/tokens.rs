//! Access tokens: what is accepted, and the known ways to cheat.
use axum::{Json, Router, routing::get};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bildung_chassis::{Clock, Kind, Role, config::Identity, testing::start_of_time, token::Verifier};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

struct Issuer {
    key: SigningKey,
    url: String,
    fetches: Arc<AtomicU32>,
}

impl Issuer {
    async fn start() -> Self {
        let key = SigningKey::from_bytes(&[7; 32].into()).unwrap();
        let point = key.verifying_key().to_encoded_point(false);
        let jwk = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": BASE64_URL_SAFE_NO_PAD.encode(point.x().unwrap()), "y": BASE64_URL_SAFE_NO_PAD.encode(point.y().unwrap())});
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/jwks")});
        let fetches = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&fetches);
        let router = Router::new().route("/.well-known/openid-configuration", get(async move || Json(discovery))).route(
            "/jwks",
            get(async move || {
                count.fetch_add(1, Ordering::SeqCst);
                Json(json!({"keys": [jwk]}))
            }),
        );
        #[expect(clippy::disallowed_methods, reason = "a test's own server")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { key, url, fetches }
    }

    fn settings(&self) -> Identity {
        Identity {
            issuer: self.url.clone(),
            audience: "bildungsbuero".into(),
            roles_claim: "realm_access.roles".into(),
            sources_claim: "sources".into(),
            role_names: [("editor".to_owned(), "redaktion".to_owned())].into(),
            demo: true,
        }
    }

    fn claims(&self) -> Value {
        let now = start_of_time().as_second();
        json!({"iss": self.url, "aud": "bildungsbuero", "sub": "somebody", "exp": now + 300, "iat": now, "client_id": "x",
            "realm_access": {"roles": ["redaktion", "analyst", "unheard-of"]}, "sources": ["vhs"]})
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"})
}

fn changed(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

#[tokio::test]
async fn a_good_token_says_who_and_what() {
    let issuer = Issuer::start().await;
    let verifier = Verifier::new(&issuer.settings(), Clock::manual(start_of_time())).unwrap();
    let user = verifier.verify(&issuer.token(&header(), &issuer.claims())).await.unwrap();
    assert_eq!(user.subject, "somebody");
    assert_eq!(user.roles, [Role::Editor, Role::Analyst].into());
    assert_eq!(user.sources, ["vhs".to_owned()].into());
}

#[tokio::test]
async fn the_known_ways_to_cheat_are_refused() {
    let issuer = Issuer::start().await;
    let verifier = Verifier::new(&issuer.settings(), Clock::manual(start_of_time())).unwrap();
    let good = issuer.claims();
    let now = start_of_time().as_second();
    let mut tokens = vec![
        issuer.token(&json!({"alg": "none", "typ": "at+jwt"}), &good),
        issuer.token(&json!({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}), &good),
        issuer.token(&json!({"alg": "ES256", "typ": "id+jwt", "kid": "k1"}), &good),
        issuer.token(&json!({"alg": "ES256", "kid": "k1"}), &good),
        issuer.token(&json!({"alg": "ES256", "typ": "at+jwt", "kid": "unknown"}), &good),
        issuer.token(&header(), &changed(&good, "iss", json!("https://elsewhere.example"))),
        issuer.token(&header(), &changed(&good, "aud", json!(["somebody-else"]))),
        issuer.token(&header(), &changed(&good, "exp", json!(now - 61))),
        issuer.token(&header(), &changed(&good, "nbf", json!(now + 120))),
        issuer.token(&header(), &changed(&good, "sub", json!(""))),
        "a.b".into(),
        "x".repeat(70_000),
    ];
    let token = issuer.token(&header(), &good);
    let (signed, _) = token.rsplit_once('.').unwrap();
    tokens.push(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode([1; 64])));
    tokens.push(format!("{signed}."));
    for token in &tokens {
        let refusal = verifier.verify(token).await.unwrap_err();
        assert_eq!(refusal.kind, Kind::Unauthenticated, "{token:.60}");
    }
    assert!(issuer.fetches.load(Ordering::SeqCst) <= 2, "a flood of bad tokens fetches keys once");
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_remembered_token_still_expires() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(start_of_time());
    let verifier = Verifier::new(&issuer.settings(), clock.clone()).unwrap();
    let token = issuer.token(&header(), &issuer.claims());
    verifier.verify(&token).await.unwrap();
    clock.advance(jiff::SignedDuration::from_secs(361));
    assert_eq!(verifier.verify(&token).await.unwrap_err().code, "token_expired");
}

#[tokio::test]
async fn an_issuer_on_this_machine_is_for_demonstrations_only() {
    let issuer = Issuer::start().await;
    let settings = Identity { demo: false, ..issuer.settings() };
    assert!(Verifier::new(&settings, Clock::system()).unwrap_err().to_string().contains("identity.demo"));
    let settings = Identity { demo: false, issuer: "http://sso.example".into(), ..issuer.settings() };
    assert!(Verifier::new(&settings, Clock::system()).unwrap_err().to_string().contains("https"));
}
