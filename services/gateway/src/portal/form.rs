//! Forms: [`Submitted`] reads one and checks its token; [`FormErrors`] shows what is wrong, at the top and at the fields.
use crate::{app::App, caller::Caller, problem::Problem, rest::query};
use axum::{
    extract::{FromRequest, FromRequestParts as _, Request},
    http::{StatusCode, header},
};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

/// A submitted form (`application/x-www-form-urlencoded`) whose token is this session's; use it on every office page.
/// Empty fields count as absent, repeated ones are lists.
#[derive(Clone, Debug)]
pub(crate) struct Submitted<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Submitted<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let declared = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !declared.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", "this address takes a form"));
        }
        let bytes = axum::body::to_bytes(body, app.settings.limits.body_bytes)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the form is larger than allowed"))?;
        let raw =
            std::str::from_utf8(&bytes).map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "form_malformed", "the form cannot be read"))?;
        let given = form_urlencoded::parse(raw.as_bytes()).find(|(name, _)| name == "csrf").map(|(_, value)| value).unwrap_or_default();
        check_csrf(&caller, &given)?;
        query::parse(raw).map(Self)
    }
}

/// Refuses a form without this session's token; whoever is not signed in must sign in first.
pub(crate) fn check_csrf(caller: &Caller, given: &str) -> Result<(), Problem> {
    match caller.session() {
        Some(session) => session.check_csrf(given),
        None => Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_in_required", "sign in first")),
    }
}

/// What is wrong with a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormErrors(pub(crate) Vec<FormError>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormError {
    /// Name of the field, which is also its `id`; empty if it is no field's fault.
    pub(crate) field: String,
    /// What to do about it.
    pub(crate) text: String,
}

impl FormErrors {
    /// What a service found wrong: pointers such as `/title` and `?per_page` name fields of the form.
    pub(crate) fn of(problem: &Problem) -> Self {
        if problem.errors.is_empty() {
            return Self(vec![FormError { field: String::new(), text: problem.detail.clone() }]);
        }
        let name = |pointer: &str| pointer.trim_start_matches(['/', '?']).split('/').next().unwrap_or_default().to_owned();
        Self(problem.errors.iter().map(|error| FormError { field: name(&error.pointer), text: error.detail.clone() }).collect())
    }

    /// Adds one.
    pub(crate) fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(FormError { field: field.into(), text: text.into() });
    }

    /// What is wrong with a field.
    pub(crate) fn at(&self, field: &str) -> &str {
        self.0.iter().find(|error| error.field == field).map_or("", |error| &error.text)
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_names_its_field() {
        let problem =
            Problem::invalid("offer_invalid", "no").field("/title", "fehlt").field("?page", "zu groß").field("/places/1/max", "zu klein");
        let errors = FormErrors::of(&problem);
        assert_eq!((errors.at("title"), errors.at("page"), errors.at("places"), errors.at("other")), ("fehlt", "zu groß", "zu klein", ""));
        assert_eq!(FormErrors::of(&Problem::not_found()).0[0].field, "");
    }
}
