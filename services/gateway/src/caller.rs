//! Who calls: a bearer token, a session cookie, or nobody in particular (a resident).
//!
//! [`identify`] finds out once per request; handlers take [`Caller`] as an argument. The gateway only authenticates: it
//! forwards the access token, and the services verify it again and decide what its holder may do.
use crate::{app::App, locale::Locale, problem::Problem, sign_in::session};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bildung_chassis::{Principal, Role, rpc};
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};

/// Who calls, in which language, and with which token to call on.
#[derive(Clone)]
pub(crate) struct Caller(Arc<Inner>);

struct Inner {
    principal: Principal,
    token: Option<SecretString>,
    session: Option<session::Session>,
    locale: Locale,
    path: String,
    call_timeout: Duration,
    upload_timeout: Duration,
}

impl Caller {
    /// Somebody, without the way there.
    #[cfg(test)]
    pub(crate) fn of(principal: Principal) -> Self {
        Self(Arc::new(Inner {
            principal,
            token: None,
            session: None,
            locale: Locale::GERMAN,
            path: String::new(),
            call_timeout: Duration::from_secs(5),
            upload_timeout: Duration::from_secs(5),
        }))
    }

    /// On whose behalf.
    pub(crate) fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The language to answer in.
    pub(crate) fn locale(&self) -> Locale {
        self.0.locale
    }

    /// The path asked for, without its query.
    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    /// The session, if somebody signed in with a browser.
    pub(crate) fn session(&self) -> Option<&session::Session> {
        self.0.session.as_ref()
    }

    /// A call to a service on the caller's behalf.
    pub(crate) fn request<T>(&self, message: T) -> tonic::Request<T> {
        self.with_timeout(message, self.0.call_timeout)
    }

    /// A call that streams a file to a service; it may take long.
    pub(crate) fn upload<T>(&self, messages: T) -> tonic::Request<T> {
        self.with_timeout(messages, self.0.upload_timeout)
    }

    fn with_timeout<T>(&self, message: T, timeout: Duration) -> tonic::Request<T> {
        rpc::request(message, self.0.token.as_ref(), timeout)
    }

    /// Refuses who is not signed in, or has no role here. A page then leads to the sign-in.
    pub(crate) fn require_staff(&self) -> Result<(), Problem> {
        match &self.0.principal {
            Principal::Resident => Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_in_required", "this needs an access token")),
            principal if principal.is_staff() => Ok(()),
            _ => Err(Problem::new(StatusCode::FORBIDDEN, "role_missing", "this account has no role here")),
        }
    }

    /// Refuses who has none of the roles. The services decide for themselves; this only spares a call or an upload.
    pub(crate) fn require(&self, any_of: &[Role]) -> Result<(), Problem> {
        Ok(self.0.principal.require(any_of)?)
    }

    /// Whether they have one of the roles.
    pub(crate) fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.0.principal.has(*role))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::silent)
    }
}

/// Finds out who calls, once per request; the response carries it along for the pages of errors.
pub(crate) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (method, path, headers) = (request.method().clone(), request.uri().path().to_owned(), request.headers().clone());
    match find(&app, &method, path, &headers).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(caller);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn find(app: &App, method: &Method, path: String, headers: &HeaderMap) -> Result<Caller, Problem> {
    let (machine, session_counts) = (is_api(&path), needs_session(&path));
    let mut inner = Inner {
        principal: Principal::Resident,
        token: None,
        session: None,
        locale: if machine { Locale::negotiate(headers) } else { Locale::GERMAN },
        path,
        call_timeout: Duration::from_secs(app.settings.limits.call_seconds),
        upload_timeout: Duration::from_secs(app.settings.limits.upload_seconds),
    };
    if headers.contains_key(header::AUTHORIZATION) {
        // A bad token is refused, never taken for nobody.
        let token = rpc::bearer(headers).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "token_invalid", "the Authorization header must be: Bearer and an access token")
        })?;
        inner.principal = Principal::User(app.verifier.verify(token).await?);
        inner.token = Some(token.to_owned().into());
    } else if session_counts && let Some(session) = session::of_request(app, headers).await? {
        if machine && !is_safe(method) {
            session.check_csrf(headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default())?;
        }
        inner.principal = Principal::User(session.user.clone());
        inner.token = Some(session.access_token.clone());
        inner.session = Some(session);
    }
    Ok(Caller(Arc::new(inner)))
}

/// Whether an address belongs to machines: problems are JSON there, and languages come from `Accept-Language`.
pub(crate) fn is_api(path: &str) -> bool {
    ["/api/", "/feeds/", "/hsds/", "/livez", "/readyz", "/metrics"].iter().any(|prefix| path.starts_with(prefix)) || path == "/api"
}

fn needs_session(path: &str) -> bool {
    !["/assets/", "/livez", "/readyz", "/metrics"].iter().any(|prefix| path.starts_with(prefix))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
