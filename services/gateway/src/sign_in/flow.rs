//! `/sign-in`, `/sign-in/callback` and `/sign-out`.
use super::{cookie::Cookie, session};
use crate::{app::App, caller::Caller, portal::form::Submitted, problem::Problem, rest::query::Query, seal, store::attempts};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use bildung_chassis::{Error, Kind};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use url::Url;

/// How long a sign-in may take.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// The routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(begin))
        .route("/sign-in/callback", get(complete))
        .route("/sign-out", post(sign_out).get(sign_out_asked))
}

#[derive(Deserialize)]
struct Wish {
    return_to: Option<String>,
}

/// What is remembered while the browser is at the issuer.
#[derive(Serialize, Deserialize)]
struct Attempt {
    nonce: String,
    verifier: String,
    return_to: String,
}

async fn begin(State(app): State<App>, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let return_to = safe_return(&app.settings.public_url, wish.return_to.as_deref().unwrap_or_default());
    let departure = app.issuer.depart().await.map_err(|error| unavailable(&error))?;
    let browser = app.ids().bytes::<32>();
    let attempt = Attempt { nonce: departure.nonce, verifier: departure.verifier, return_to };
    let sealed = seal::seal(app.ids(), "sign-in", &browser, &attempt)?;
    let ends_at = app.clock().now() + PATIENCE;
    attempts::insert(app.store.pool(), &state_hash(&departure.state), &browser_hash(&browser), &sealed, ends_at)
        .await
        .map_err(Error::from)?;
    let cookie = Cookie::SignIn.set(&app, &browser, PATIENCE.as_secs());
    Ok(([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, no_store())], Redirect::to(departure.address.as_str())).into_response())
}

#[derive(Deserialize)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

async fn complete(State(app): State<App>, headers: HeaderMap, Query(answer): Query<Answer>) -> Result<Response, Problem> {
    let unknown = || {
        Problem::new(StatusCode::BAD_REQUEST, "sign_in_unknown", "this sign-in was not begun here, or took too long; please begin again")
    };
    let state = answer.state.ok_or_else(unknown)?;
    let browser = Cookie::SignIn.read(&app, &headers).ok_or_else(unknown)?;
    let sealed =
        attempts::take(app.store.pool(), &state_hash(&state), &browser_hash(&browser), app.clock().now()).await.map_err(Error::from)?;
    let attempt: Attempt = seal::open("sign-in", &browser, &sealed.ok_or_else(unknown)?)?;
    if let Some(error) = answer.error {
        tracing::info!(error = error.chars().take(64).collect::<String>(), "the issuer did not sign somebody in");
        return Err(Problem::new(StatusCode::FORBIDDEN, "sign_in_refused", "the identity provider did not sign you in"));
    }
    let arrival = app.issuer.arrive(answer.code.ok_or_else(unknown)?, attempt.nonce, attempt.verifier).await.map_err(|error| {
        tracing::warn!(error = format!("{error:#}"), "a sign-in could not be completed");
        Problem::new(StatusCode::BAD_GATEWAY, "sign_in_failed", "the identity provider's answer could not be used; please begin again")
    })?;
    let user = app.verifier.verify(&arrival.tokens.access).await.map_err(|refusal| {
        if refusal.kind == Kind::Unavailable {
            return Problem::from(refusal);
        }
        tracing::warn!(code = refusal.code, reason = refusal.message, "the issuer's access token is refused here");
        Problem::new(StatusCode::BAD_GATEWAY, "sign_in_failed", "the identity provider's access token cannot be used here")
    })?;
    // Whoever was signed in before in this browser no longer is, and the new session has a new secret.
    session::end(&app, &headers).await?;
    let cookie = session::begin(&app, &user.subject, arrival.name, arrival.tokens).await?;
    let mut response = Redirect::to(&attempt.return_to).into_response();
    let answer = response.headers_mut();
    answer.append(header::SET_COOKIE, Cookie::SignIn.clear(&app));
    answer.append(header::SET_COOKIE, cookie);
    answer.insert(header::CACHE_CONTROL, no_store());
    Ok(response)
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(State(app): State<App>, caller: Caller, headers: HeaderMap, _form: Submitted<Nothing>) -> Result<Response, Problem> {
    let cookie = session::end(&app, &headers).await?;
    let farewell = match caller.session() {
        Some(session) => app.issuer.farewell(session.id_token()).await,
        None => None,
    };
    let target = farewell.map_or_else(|| "/".to_owned(), String::from);
    Ok(([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, no_store())], Redirect::to(&target)).into_response())
}

/// A link cannot sign anybody out, for anybody could make one.
async fn sign_out_asked() -> Redirect {
    Redirect::to("/office")
}

/// The path on this site that `wish` names, else the office: never another site.
fn safe_return(home: &Url, wish: &str) -> String {
    const OFFICE: &str = "/office";
    if !wish.starts_with('/') || wish.contains('\\') || wish.chars().any(char::is_control) {
        return OFFICE.to_owned();
    }
    match home.join(wish) {
        Ok(target) if target.origin() == home.origin() && !target.path().starts_with("//") && !target.path().starts_with("/sign-") => {
            target[url::Position::BeforePath..].to_owned()
        }
        _ => OFFICE.to_owned(),
    }
}

fn unavailable(error: &anyhow::Error) -> Problem {
    tracing::warn!(error = format!("{error:#}"), "nobody can sign in");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "issuer_unavailable", "the identity provider is not available, please try again")
}

fn state_hash(state: &str) -> [u8; 32] {
    seal::digest("sign-in state", &[state.as_bytes()])
}

fn browser_hash(secret: &[u8; 32]) -> [u8; 32] {
    seal::digest("sign-in browser", &[secret])
}

fn no_store() -> http::HeaderValue {
    http::HeaderValue::from_static("no-store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        let home = Url::parse("https://bildung.example/").unwrap();
        assert_eq!(safe_return(&home, "/office/data?page=2#x"), "/office/data?page=2#x");
        for elsewhere in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "/\t/evil.example/",
            "\\\\evil.example",
            "javascript:alert(1)",
            "office",
            "",
            "/.//evil.example/",
            "/x/..//evil.example/",
            "/sign-out",
            "/sign-in?return_to=/sign-in",
        ] {
            assert_eq!(safe_return(&home, elsewhere), "/office", "{elsewhere}");
        }
    }
}
