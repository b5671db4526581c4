//! Sessions: found by the hash of a random secret that only the browser's cookie holds. The tokens are sealed with that
//! secret, so the database alone signs nobody in.
use super::{
    cookie::Cookie,
    oidc::{Refreshed, Tokens},
};
use crate::{
    app::App,
    problem::Problem,
    seal,
    store::sessions::{self, Times},
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bildung_chassis::{Error, Kind, User};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A token is refreshed when it has less than this left.
const REFRESH_AHEAD: SignedDuration = SignedDuration::from_secs(60);
/// One request has this long to refresh it.
const REFRESH_CLAIM: SignedDuration = SignedDuration::from_secs(20);
/// How often a session's use is written down.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Somebody signed in with a browser.
#[derive(Clone)]
pub(crate) struct Session {
    /// Who.
    pub(crate) user: User,
    /// How the issuer calls them.
    pub(crate) name: String,
    /// With what to call the services.
    pub(crate) access_token: SecretString,
    id_token: String,
    secret: [u8; 32],
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    access_token: String,
    refresh_token: Option<String>,
    id_token: String,
}

impl Session {
    /// The token that each form of this session carries.
    pub(crate) fn csrf(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(seal::digest("form token", &[&self.secret]))
    }

    /// Refuses a form that this session's pages did not make.
    pub(crate) fn check_csrf(&self, given: &str) -> Result<(), Problem> {
        // Compared as hashes, so that the time taken tells nothing of the token.
        if seal::digest("compare", &[given.as_bytes()]) == seal::digest("compare", &[self.csrf().as_bytes()]) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "form_token_invalid", "this form is from another session; load the page again"))
    }

    /// What the issuer wants to see at sign-out.
    pub(super) fn id_token(&self) -> &str {
        &self.id_token
    }
}

/// Begins a session; the header gives the browser its secret.
pub(super) async fn begin(app: &App, subject: &str, name: String, tokens: Tokens) -> Result<HeaderValue, Problem> {
    let secret = app.ids().bytes::<32>();
    let now = app.clock().now();
    let lifetime = SignedDuration::from_mins(i64::from(app.settings.session.max_minutes));
    let sealed = Sealed { name, access_token: tokens.access, refresh_token: tokens.refresh, id_token: tokens.id };
    let sealed = seal::seal(app.ids(), "session", &secret, &sealed)?;
    let times = Times { now, ends_at: now + lifetime, token_ends_at: tokens.ends_at };
    sessions::insert(app.store.pool(), &hash(&secret), subject, &sealed, times).await.map_err(Error::from)?;
    Ok(Cookie::Session.set(app, &secret, lifetime.as_secs()))
}

/// The session of a request, if it has one that lives.
pub(crate) async fn of_request(app: &App, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
    let Some(secret) = Cookie::Session.read(app, headers) else { return Ok(None) };
    let hash = hash(&secret);
    let now = app.clock().now();
    let idle_since = now - SignedDuration::from_mins(i64::from(app.settings.session.idle_minutes));
    let Some(row) = sessions::find(app.store.pool(), &hash, now, idle_since).await.map_err(Error::from)? else { return Ok(None) };
    let Ok(mut sealed) = seal::open::<Sealed>("session", &secret, &row.sealed) else { return Ok(None) };
    if now.duration_since(row.used_at) >= TOUCH_EVERY {
        sessions::touch(app.store.pool(), &hash, now).await.map_err(Error::from)?;
    }
    if row.token_ends_at <= now + REFRESH_AHEAD {
        match refresh(app, &secret, &hash, &mut sealed, now).await? {
            Token::Usable => {}
            Token::AsBefore if row.token_ends_at > now => {}
            Token::AsBefore | Token::Over => return Ok(None),
        }
    }
    match app.verifier.verify(&sealed.access_token).await {
        Ok(user) => {
            Ok(Some(Session { user, name: sealed.name, access_token: sealed.access_token.into(), id_token: sealed.id_token, secret }))
        }
        Err(refusal) if refusal.kind == Kind::Unauthenticated => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

enum Token {
    Usable,
    AsBefore,
    Over,
}

async fn refresh(app: &App, secret: &[u8; 32], hash: &[u8; 32], sealed: &mut Sealed, now: Timestamp) -> Result<Token, Problem> {
    let Some(refresh_token) = sealed.refresh_token.clone() else { return Ok(Token::AsBefore) };
    let pool = app.store.pool();
    if !sessions::claim_refresh(pool, hash, now, now + REFRESH_CLAIM).await.map_err(Error::from)? {
        return wait_for_other(app, secret, hash, sealed, now).await;
    }
    match app.issuer.refresh(&refresh_token).await {
        Ok(Refreshed::Renewed(tokens)) => {
            sealed.access_token = tokens.access;
            sealed.refresh_token = tokens.refresh.or(Some(refresh_token));
            let again = seal::seal(app.ids(), "session", secret, &sealed)?;
            sessions::renew(pool, hash, &again, tokens.ends_at).await.map_err(Error::from)?;
            Ok(Token::Usable)
        }
        Ok(Refreshed::Refused) => {
            sessions::delete(pool, hash).await.map_err(Error::from)?;
            Ok(Token::Over)
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "an access token could not be refreshed");
            Ok(Token::AsBefore)
        }
    }
}

/// Another request refreshes the token: its result is as good as ours.
async fn wait_for_other(app: &App, secret: &[u8; 32], hash: &[u8; 32], sealed: &mut Sealed, now: Timestamp) -> Result<Token, Problem> {
    for _ in 0..50 {
        let row = sessions::find(app.store.pool(), hash, now, Timestamp::MIN).await.map_err(Error::from)?;
        let Some(row) = row else { return Ok(Token::Over) };
        if row.token_ends_at > now + REFRESH_AHEAD
            && let Ok(renewed) = seal::open::<Sealed>("session", secret, &row.sealed)
        {
            *sealed = renewed;
            return Ok(Token::Usable);
        }
        if row.token_ends_at > now {
            return Ok(Token::AsBefore);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(Token::AsBefore)
}

/// Ends the session of a request; the header takes the browser's secret away.
pub(super) async fn end(app: &App, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    if let Some(secret) = Cookie::Session.read(app, headers) {
        sessions::delete(app.store.pool(), &hash(&secret)).await.map_err(Error::from)?;
    }
    Ok(Cookie::Session.clear(app))
}

fn hash(secret: &[u8; 32]) -> [u8; 32] {
    seal::digest("session secret", &[secret])
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("user", &self.user.subject).finish_non_exhaustive()
    }
}
