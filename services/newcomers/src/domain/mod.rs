//! Rules of case coordination: states, ownership, names, codes. Pure: no IO, no async.
mod case;
mod codes;
mod consent;
mod handover;
mod machine;
mod name;
mod referral;
mod violation;

pub(crate) use case::{CaseState, Ownership};
pub(crate) use codes::{CONSENT_FORMS, LEGAL_BASES, PURPOSE_REFERRAL, PURPOSES, REJECT_REASONS, known_code, language_tag};
pub(crate) use consent::{ConsentState, Grant, covers};
pub(crate) use handover::{HandoverState, Scope};
pub(crate) use machine::Machine;
pub(crate) use name::PersonName;
pub(crate) use referral::{Answer, ReferralState};
pub(crate) use violation::Violation;
