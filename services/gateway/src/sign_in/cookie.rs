//! The two cookies. With https they carry the `__Host-` prefix: only this host can set and get them.
use crate::app::App;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The session.
    Session,
    /// A sign-in under way.
    SignIn,
}

impl Cookie {
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-bildung-session",
            (Self::Session, false) => "bildung-session",
            (Self::SignIn, true) => "__Host-bildung-sign-in",
            (Self::SignIn, false) => "bildung-sign-in",
        }
    }

    /// The secret that the browser sent.
    pub(super) fn read(self, app: &App, headers: &HeaderMap) -> Option<[u8; 32]> {
        let name = self.name(app.settings.https());
        let value = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(given, value)| (given == name).then_some(value))?;
        BASE64_URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok()
    }

    /// The header that gives the browser a secret.
    pub(super) fn set(self, app: &App, secret: &[u8; 32], seconds: i64) -> HeaderValue {
        self.header(app, &BASE64_URL_SAFE_NO_PAD.encode(secret), seconds)
    }

    /// The header that takes it away.
    pub(super) fn clear(self, app: &App) -> HeaderValue {
        self.header(app, "", 0)
    }

    fn header(self, app: &App, value: &str, seconds: i64) -> HeaderValue {
        let https = app.settings.https();
        let secure = if https { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.name(https));
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}
