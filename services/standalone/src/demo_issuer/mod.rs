//! A small OpenID Connect issuer for demonstrations and tests: everybody may be anybody, so it serves loopback only.
//!
//! It speaks what the product needs of a city's identity provider, by the same code path: discovery, keys, authorization
//! code with PKCE, refresh, client credentials, sign-out. Beyond that it has one grant of its own for the command line
//! (`urn:bildungsbuero:demo`), which gives a token for any role. Its key is kept, so that tokens survive a restart.
mod key;
mod page;
mod personas;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bildung_chassis::{Clock, Ids, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::key::Key;
use self::personas::{Persona, SYSTEM_CLIENT, SYSTEM_SECRET};
use self::tokens::Tokens;

/// The grant of the command line.
pub(crate) const DEMO_GRANT: &str = "urn:bildungsbuero:demo";

/// How long a code may wait to be exchanged.
const CODE_SECONDS: i64 = 120;

/// What the issuer needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Its address, exactly as in `iss`.
    pub(crate) issuer: String,
    /// Who its access tokens are meant for.
    pub(crate) audience: String,
    /// Where roles stand in a token.
    pub(crate) roles_claim: String,
    /// Where a provider's sources stand in a token.
    pub(crate) sources_claim: String,
    /// Where its key is kept; made at the first start.
    pub(crate) key_file: PathBuf,
    /// The time.
    pub(crate) clock: Clock,
}

impl Settings {
    /// The settings of the product, seen from the issuer's side.
    pub(crate) fn of(identity: &bildung_chassis::config::Identity, key_file: PathBuf, clock: Clock) -> Self {
        Self {
            issuer: identity.issuer.clone(),
            audience: identity.audience.clone(),
            roles_claim: identity.roles_claim.clone(),
            sources_claim: identity.sources_claim.clone(),
            key_file,
            clock,
        }
    }
}

#[derive(Clone)]
struct Issuer(Arc<Inner>);

struct Inner {
    settings: Settings,
    tokens: Tokens,
    ids: Ids,
    codes: Mutex<HashMap<String, Code>>,
}

/// A code that waits to be exchanged, once.
struct Code {
    persona: &'static Persona,
    asked: Asked,
    ends_at: i64,
}

/// What a client asks the issuer for.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    #[serde(default)]
    nonce: Option<String>,
}

/// Serves the issuer until told to stop; refuses a listener that others could reach.
pub(crate) async fn serve(listener: TcpListener, settings: Settings, stop: CancellationToken) -> Result<()> {
    let address = listener.local_addr()?;
    ensure!(address.ip().is_loopback(), "the demo issuer lets anybody in, so it serves loopback only, not {address}");
    let key = Key::load_or_make(&settings.key_file)?;
    let ids = Ids::new(settings.clock.clone());
    let issuer = Issuer(Arc::new(Inner { tokens: Tokens::new(&settings, key, ids.clone()), settings, ids, codes: Mutex::default() }));
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(describe))
        .route("/keys", get(keys))
        .route("/authorize", get(choose).post(chosen))
        .route("/token", post(token))
        .route("/sign-out", get(sign_out))
        .route("/assets/{*name}", get(asset))
        .layer(middleware::from_fn(only_loopback_names))
        .with_state(issuer);
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.context("the demo issuer failed")
}

/// A page from elsewhere that lets its name point here (DNS rebinding) gets nothing.
async fn only_loopback_names(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url)) {
        return (StatusCode::MISDIRECTED_REQUEST, "the demo issuer answers on loopback only").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn describe(State(Issuer(issuer)): State<Issuer>) -> Json<Value> {
    let base = issuer.settings.issuer.trim_end_matches('/');
    Json(json!({
        "issuer": issuer.settings.issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "end_session_endpoint": format!("{base}/sign-out"),
        "jwks_uri": format!("{base}/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", DEMO_GRANT],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "scopes_supported": ["openid", "profile"],
        "claims_supported": ["sub", "name", "preferred_username"],
    }))
}

async fn keys(State(Issuer(issuer)): State<Issuer>) -> Json<Value> {
    Json(issuer.tokens.public_keys())
}

async fn asset(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    match bildung_gateway::embedded(&name) {
        Some((kind, bytes)) => ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn choose(Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    check(&asked)?;
    let query = serde_json::to_value(&asked).unwrap_or_default();
    Ok(Html(page::personas(&query)))
}

#[derive(Deserialize)]
struct Choice {
    persona: String,
    #[serde(flatten)]
    asked: Asked,
}

async fn chosen(State(Issuer(issuer)): State<Issuer>, Form(choice): Form<Choice>) -> Result<Response, Refused> {
    let Choice { persona, asked } = choice;
    let mut target = check(&asked)?;
    let persona = Persona::find(&persona).ok_or(Refused("unknown person"))?;
    let code = BASE64_URL_SAFE_NO_PAD.encode(issuer.ids.bytes::<32>());
    target.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked.state).append_pair("iss", &issuer.settings.issuer);
    let now = issuer.settings.clock.now().as_second();
    let mut codes = issuer.codes.lock().unwrap_or_else(PoisonError::into_inner);
    codes.retain(|_, waiting| waiting.ends_at > now);
    codes.insert(code, Code { persona, asked, ends_at: now + CODE_SECONDS });
    Ok(Redirect::to(target.as_str()).into_response())
}

/// The address to go back to, if the request is one that this issuer answers.
fn check(asked: &Asked) -> Result<Url, Refused> {
    if asked.response_type != "code" {
        return Err(Refused("response_type must be code"));
    }
    if asked.code_challenge_method != "S256" || asked.code_challenge.len() != 43 {
        return Err(Refused("PKCE with S256 is needed"));
    }
    let target = Url::parse(&asked.redirect_uri).map_err(|_| Refused("redirect_uri is not an address"))?;
    if !is_loopback(&target) || target.path() != "/sign-in/callback" {
        return Err(Refused("redirect_uri must be the portal on this machine"));
    }
    Ok(target)
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// Said to whoever builds a client; never a redirect, for the address to go back to is what is wrong.
#[derive(Debug)]
struct Refused(&'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.0).into_response()
    }
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    code_verifier: Option<String>,
    redirect_uri: Option<String>,
    refresh_token: Option<String>,
    role: Option<String>,
    #[serde(rename = "as")]
    person: Option<String>,
}

async fn token(State(Issuer(issuer)): State<Issuer>, headers: HeaderMap, Form(request): Form<TokenRequest>) -> Response {
    let answer = match request.grant_type.as_str() {
        "authorization_code" => exchange(&issuer, &request),
        "refresh_token" => refresh(&issuer, &request),
        "client_credentials" => system(&issuer, &headers, &request),
        DEMO_GRANT => demo(&issuer, &request),
        _ => Err(("unsupported_grant_type", "unknown grant")),
    };
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err((code, text)) => (StatusCode::BAD_REQUEST, Json(json!({"error": code, "error_description": text}))).into_response(),
    }
}

type TokenAnswer = Result<Value, (&'static str, &'static str)>;

fn exchange(issuer: &Inner, request: &TokenRequest) -> TokenAnswer {
    let wrong = |text| ("invalid_grant", text);
    let code = request.code.as_deref().unwrap_or_default();
    let waiting = issuer.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(code).ok_or_else(|| wrong("unknown code"))?;
    let Code { persona, asked, ends_at } = waiting;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(request.code_verifier.as_deref().unwrap_or_default()));
    if ends_at <= issuer.settings.clock.now().as_second() {
        return Err(wrong("the code has expired"));
    }
    if challenge != asked.code_challenge {
        return Err(wrong("the verifier does not fit the challenge"));
    }
    if request.redirect_uri.as_deref() != Some(&asked.redirect_uri) || request.client_id.as_deref().is_some_and(|id| id != asked.client_id)
    {
        return Err(wrong("the code was given to another client"));
    }
    Ok(issuer.tokens.for_browser(persona, &asked.client_id, asked.nonce.as_deref()))
}

fn refresh(issuer: &Inner, request: &TokenRequest) -> TokenAnswer {
    let (subject, client) = issuer
        .tokens
        .read_refresh(request.refresh_token.as_deref().unwrap_or_default())
        .ok_or(("invalid_grant", "the refresh token is not valid"))?;
    let persona = Persona::find(&subject).ok_or(("invalid_grant", "unknown person"))?;
    Ok(issuer.tokens.for_browser(persona, &client, None))
}

fn system(issuer: &Inner, headers: &HeaderMap, request: &TokenRequest) -> TokenAnswer {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let basic = basic.and_then(|text| String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok());
    let given = match basic.as_deref().and_then(|text| text.split_once(':')) {
        Some((id, secret)) => (id.to_owned(), secret.to_owned()),
        None => (request.client_id.clone().unwrap_or_default(), request.client_secret.clone().unwrap_or_default()),
    };
    if given != (SYSTEM_CLIENT.to_owned(), SYSTEM_SECRET.to_owned()) {
        return Err(("invalid_client", "unknown system"));
    }
    Ok(issuer.tokens.for_tool(SYSTEM_CLIENT, &[Role::Provider], SYSTEM_CLIENT))
}

fn demo(issuer: &Inner, request: &TokenRequest) -> TokenAnswer {
    let role: Role = request.role.as_deref().unwrap_or_default().parse().map_err(|()| ("invalid_request", "unknown role"))?;
    let subject = request.person.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("demo-{role}"));
    if subject.len() > 64 || !subject.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)) {
        return Err(("invalid_request", "a name may have 64 letters, digits and - _ ."));
    }
    Ok(issuer.tokens.for_tool(&subject, &[role], "bildungsbuero-cli"))
}

#[derive(Deserialize)]
struct SignOut {
    post_logout_redirect_uri: Option<String>,
}

/// There is no session here to end; the browser goes back to where it came from.
async fn sign_out(Query(request): Query<SignOut>) -> Response {
    let target = request.post_logout_redirect_uri.and_then(|target| Url::parse(&target).ok()).filter(is_loopback);
    match target {
        Some(target) => Redirect::to(target.as_str()).into_response(),
        None => Html(page::signed_out()).into_response(),
    }
}
