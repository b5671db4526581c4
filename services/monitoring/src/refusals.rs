//! How broken rules are told to callers.
use crate::domain::Violation;
use bildung_chassis::{Error, Kind, Refusal};

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        let kind = match violation {
            Violation::FourEyes => Kind::Forbidden,
            _ => Kind::Conflict,
        };
        Refusal::new(kind, violation.code(), violation.to_string())
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Error::Refused(violation.into())
    }
}
