//! What a caller is told when a request is not carried out, and what only the log is told.
//!
//! A [`Refusal`] crosses gRPC as a status whose metadata carries the stable code and the fields, so that the gateway can
//! turn it into problem details (RFC 9457) without knowing the domain.
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use tonic::{Code, Status, metadata::MetadataValue};

/// Result of a command or question.
pub type Result<T, E = Error> = std::result::Result<T, E>;

const METADATA_KEY: &str = "bildung-refusal";

/// The kind of a refusal, which decides the gRPC and HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The input breaks a rule (422).
    Invalid,
    /// Nobody is signed in (401).
    Unauthenticated,
    /// Signed in, but not allowed (403).
    Forbidden,
    /// Not there, or not to be seen (404).
    NotFound,
    /// The present state does not allow it (409).
    Conflict,
    /// Changed by somebody else in between (412).
    PreconditionFailed,
    /// Over a size limit (413).
    TooLarge,
    /// A format nobody here reads (415).
    UnsupportedFormat,
    /// Too often (429).
    TooMany,
    /// A part is away; try again (503).
    Unavailable,
}

/// A field that caused a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer into the body (`/title`) or a parameter (`?per_page`).
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Why a request is not carried out, in words for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The kind.
    pub kind: Kind,
    /// Stable code, such as `consent_missing`.
    pub code: String,
    /// What happened and how to go on; never personal data.
    pub message: String,
    /// The fields concerned.
    #[serde(default)]
    pub fields: Vec<FieldError>,
}

impl Refusal {
    /// A refusal without fields.
    pub fn new(kind: Kind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), fields: Vec::new() }
    }
    /// The input breaks a rule.
    pub fn invalid(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }
    /// Not there, or not to be seen.
    pub fn not_found(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, code, message)
    }
    /// Not allowed.
    pub fn forbidden(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, code, message)
    }
    /// Not in this state.
    pub fn conflict(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }
    /// Names a field.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.fields.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }
    /// The refusal that a gRPC status carries, if it carries one.
    pub fn from_status(status: &Status) -> Option<Self> {
        let value = status.metadata().get(METADATA_KEY)?.to_str().ok()?;
        serde_json::from_slice(&BASE64_STANDARD.decode(value).ok()?).ok()
    }
}

/// Why a command or question failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller is told nothing; the boundary logs it once.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                tracing::warn!(%error, "the database is not available");
                Self::Refused(Refusal::new(
                    Kind::Unavailable,
                    "database_unavailable",
                    "the store of this service is not available, please try again",
                ))
            }
            other => Self::Internal(other.into()),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.kind {
            Kind::Invalid | Kind::UnsupportedFormat => Code::InvalidArgument,
            Kind::Unauthenticated => Code::Unauthenticated,
            Kind::Forbidden => Code::PermissionDenied,
            Kind::NotFound => Code::NotFound,
            Kind::Conflict => Code::FailedPrecondition,
            Kind::PreconditionFailed => Code::Aborted,
            Kind::TooLarge => Code::OutOfRange,
            Kind::TooMany => Code::ResourceExhausted,
            Kind::Unavailable => Code::Unavailable,
        };
        let mut status = Status::new(code, refusal.message.clone());
        let carried = serde_json::to_vec(&refusal).map(|json| BASE64_STANDARD.encode(json));
        if let Some(value) = carried.ok().and_then(|text| MetadataValue::try_from(text).ok()) {
            status.metadata_mut().insert(METADATA_KEY, value);
        }
        status
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "a request failed");
                Self::internal("internal error")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_the_way_over_grpc() {
        let refusal = Refusal::invalid("offer_title_missing", "ein Titel fehlt").field("/title", "darf nicht leer sein");
        let status = Status::from(refusal.clone());
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(Refusal::from_status(&status), Some(refusal));
    }

    #[test]
    fn an_internal_error_tells_nothing() {
        let status = Status::from(Error::Internal(anyhow::anyhow!("secret table name")));
        assert!(!status.message().contains("secret"));
        assert_eq!(Refusal::from_status(&status), None);
    }
}
