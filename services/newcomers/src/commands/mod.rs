//! One function per command, inside an [`Attempt`]: authorise, load, let the domain decide, store, state the fact.
pub(crate) mod cases;
pub(crate) mod consents;
pub(crate) mod expiry;
pub(crate) mod handovers;
pub(crate) mod notices;
pub(crate) mod referrals;
pub(crate) mod staff;

use crate::{audit::Attempt, domain::Violation};
use bildung_chassis::{Error, Ids, Refusal, Result, Role};
use uuid::Uuid;

/// Who may work on cases.
pub(crate) const WORKERS: &[Role] = &[Role::Coordinator, Role::Deputy];

/// The subject of a person who may work on cases.
pub(crate) fn worker(attempt: &Attempt) -> Result<String> {
    attempt.principal.require(WORKERS)?;
    attempt.principal.subject().map(str::to_owned).ok_or_else(|| anyhow::anyhow!("cases are worked on by people").into())
}

/// The one answer for a case that does not exist and one that is none of the caller's business.
pub(crate) fn case_unknown() -> Refusal {
    Refusal::not_found("case_unknown", "there is no such case, or it is not yours")
}

/// A reference that says nothing, not even when it was made.
fn random_ref(ids: &Ids) -> Uuid {
    uuid::Builder::from_random_bytes(ids.bytes()).into_uuid()
}

/// A text with content, trimmed.
fn text(field: &'static str, given: &str, longest: usize) -> Result<String, Violation> {
    let text = given.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= longest
        && !text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'));
    if fits { Ok(text.to_owned()) } else { Err(Violation::BadText { field, longest }) }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        let (code, message) = (violation.code(), violation.to_string());
        match violation.field() {
            Some(field) => Self::invalid(code, format!("{field}: {message}")).field(format!("/{field}"), message),
            None => Self::conflict(code, message),
        }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Refused(violation.into())
    }
}
