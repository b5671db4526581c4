//! Refusals as problem details (RFC 9457): `application/problem+json` with a stable `code` and the fields concerned.
//!
//! A handler of the API or of a page returns a [`Problem`]; it also travels as an extension of the response, so that
//! the portal can show it as a page (`portal::errors`). Answers that axum itself gives (404, 405, 415, 422, a panic, a
//! timeout) become problems too, in [`from_plain`].
use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildung_chassis::{Error, Kind, Refusal};
use serde::Serialize;
use std::sync::Arc;
use tonic::Code;

/// Why a request was not carried out.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// `urn:bildung:problem:` and the code.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What the status means.
    pub(crate) title: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
    /// Stable code, such as `consent_missing`.
    pub(crate) code: String,
    /// What happened and how to go on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
    /// The fields concerned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ProblemField>,
}

/// A field that caused a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ProblemField {
    /// JSON pointer into the body (`/title`) or a parameter (`?per_page`).
    pub(crate) pointer: String,
    /// What is wrong and what would be right.
    pub(crate) detail: String,
}

/// A problem that a response carries along, for the portal.
#[derive(Clone, Debug)]
pub(crate) struct Carried(pub(crate) Arc<Problem>);

impl Problem {
    /// A problem with its status and stable code.
    pub(crate) fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            kind: format!("urn:bildung:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }
    /// Input that breaks a rule (422).
    pub(crate) fn invalid(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }
    /// A parameter that cannot be read (422).
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::invalid("parameter_invalid", "a parameter cannot be used").field(format!("?{name}"), detail)
    }
    /// Not there, or not to be seen (404).
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
    }
    /// Something of ours broke: the log gets the cause, the caller nothing.
    pub(crate) fn internal(cause: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{cause:#}"), "a request failed");
        Self::silent()
    }
    /// An internal error whose cause was logged elsewhere.
    pub(crate) fn silent() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something went wrong on our side")
    }
    /// Names a field.
    #[must_use]
    pub(crate) fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(ProblemField { pointer: pointer.into(), detail: detail.into() });
        self
    }
    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::UnsupportedFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        refusal
            .fields
            .into_iter()
            .fold(Self::new(status, refusal.code, refusal.message), |problem, field| problem.field(field.pointer, field.detail))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Internal(cause) => Self::internal(&cause),
        }
    }
}

impl From<tonic::Status> for Problem {
    fn from(status: tonic::Status) -> Self {
        if let Some(refusal) = Refusal::from_status(&status) {
            return refusal.into();
        }
        match status.code() {
            Code::Unavailable => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", "a service is not available, please try again")
            }
            Code::DeadlineExceeded | Code::Cancelled => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "service_too_slow", "a service did not answer in time, please try again")
            }
            Code::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "sign_in_required", "this needs an access token"),
            code => {
                // The service logged the cause; its message may quote input, so only the code is repeated here.
                tracing::error!(?code, "a service failed");
                Self::silent()
            }
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let json = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")], json).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("5"));
        }
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

/// Turns an error that axum or a layer answered in plain text into a problem; anything else passes.
pub(crate) async fn from_plain(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || response.extensions().get::<Carried>().is_some() {
        return response;
    }
    let plain =
        response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
    if !plain {
        return response;
    }
    let (parts, body) = response.into_parts();
    let detail = if status.is_client_error() { short_text(body).await } else { String::new() };
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(status, "method_not_allowed", "this address does not know this method"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(status, "media_type_unsupported", detail),
        StatusCode::UNPROCESSABLE_ENTITY => Problem::new(status, "body_invalid", detail),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "body_too_large", "the body is larger than allowed"),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "request_too_slow", "the request took too long, please try again")
        }
        StatusCode::SERVICE_UNAVAILABLE => Problem::new(status, "service_unavailable", "a service is not available, please try again"),
        status if status.is_client_error() => Problem::new(status, "request_invalid", detail),
        _ => Problem::silent(),
    };
    let mut response = problem.into_response();
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

async fn short_text(body: Body) -> String {
    let bytes = axum::body::to_bytes(body, 2048).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    async fn body(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_of_a_service_keeps_code_and_fields() {
        let status =
            tonic::Status::from(Refusal::invalid("offer_title_missing", "ein Titel fehlt").field("/title", "darf nicht leer sein"));
        let response = Problem::from(status).into_response();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            body(response).await,
            json!({
                "type": "urn:bildung:problem:offer_title_missing",
                "title": "Unprocessable Entity",
                "status": 422,
                "code": "offer_title_missing",
                "detail": "ein Titel fehlt",
                "errors": [{"pointer": "/title", "detail": "darf nicht leer sein"}],
            })
        );
    }

    #[test]
    fn each_kind_of_refusal_has_its_status() {
        let statuses = [
            (Kind::Invalid, 422),
            (Kind::Unauthenticated, 401),
            (Kind::Forbidden, 403),
            (Kind::NotFound, 404),
            (Kind::Conflict, 409),
            (Kind::PreconditionFailed, 412),
            (Kind::TooLarge, 413),
            (Kind::UnsupportedFormat, 415),
            (Kind::TooMany, 429),
            (Kind::Unavailable, 503),
        ];
        for (kind, status) in statuses {
            let over_grpc = tonic::Status::from(Refusal::new(kind, "code", "message"));
            assert_eq!(Problem::from(over_grpc).status, status, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn an_internal_error_says_nothing() {
        for problem in [
            Problem::from(tonic::Status::internal("relation \"secret\" does not exist")),
            Problem::from(Error::Internal(anyhow::anyhow!("relation \"secret\" does not exist"))),
            Problem::from(tonic::Status::unknown("secret")),
        ] {
            assert_eq!(problem.status, 500);
            assert!(!body(problem.into_response()).await.to_string().contains("secret"));
        }
    }

    #[tokio::test]
    async fn what_axum_says_in_plain_text_becomes_a_problem() {
        let cases = [
            (StatusCode::NOT_FOUND, 404, "not_found"),
            (StatusCode::METHOD_NOT_ALLOWED, 405, "method_not_allowed"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, 415, "media_type_unsupported"),
            (StatusCode::UNPROCESSABLE_ENTITY, 422, "body_invalid"),
            (StatusCode::PAYLOAD_TOO_LARGE, 413, "body_too_large"),
            (StatusCode::REQUEST_TIMEOUT, 504, "request_too_slow"),
            (StatusCode::INTERNAL_SERVER_ERROR, 500, "internal_error"),
        ];
        for (plain, status, code) in cases {
            let response = from_plain((plain, "words of the framework").into_response()).await;
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(body(response).await["code"], code);
        }
    }
}
