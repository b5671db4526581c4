//! The audit trail: who did or tried what to which case, when. One entry per read, list, search, write and refusal,
//! written in the request's own transaction: neither exists without the other.
//!
//! Entries hold codes and random ids, never personal text. Each entry's hash covers the one before it, so that a changed,
//! missing, added or reordered entry shows; the end of the chain is written to a file outside the database from time to
//! time, so that a cut tail shows, too.
mod anchor;
mod attempt;
mod verify;

#[cfg(test)]
pub(crate) use anchor::write as write_anchor;
pub(crate) use anchor::{Anchor, keep};
pub(crate) use attempt::Attempt;
pub(crate) use verify::{Verdict, verify};

use bildung_chassis::Principal;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What was done or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    AuditRead,
    AuditVerify,
    CaseList,
    CaseOpen,
    CaseRead,
    CaseSearch,
    ConsentDecide,
    ConsentRecord,
    DeputyName,
    Expire,
    HandoverAccept,
    HandoverList,
    HandoverPropose,
    HandoverRead,
    HandoverReject,
    HandoverWithdraw,
    ReferralAnswer,
    ReferralRevoke,
    ReferralSend,
    ReferralShow,
    StaffList,
}

impl Action {
    /// Its code in the trail.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AuditRead => "audit.read",
            Self::AuditVerify => "audit.verify",
            Self::CaseList => "case.list",
            Self::CaseOpen => "case.open",
            Self::CaseRead => "case.read",
            Self::CaseSearch => "case.search",
            Self::ConsentDecide => "consent.decide",
            Self::ConsentRecord => "consent.record",
            Self::DeputyName => "deputy.name",
            Self::Expire => "expire",
            Self::HandoverAccept => "handover.accept",
            Self::HandoverList => "handover.list",
            Self::HandoverPropose => "handover.propose",
            Self::HandoverRead => "handover.read",
            Self::HandoverReject => "handover.reject",
            Self::HandoverWithdraw => "handover.withdraw",
            Self::ReferralAnswer => "referral.answer",
            Self::ReferralRevoke => "referral.revoke",
            Self::ReferralSend => "referral.send",
            Self::ReferralShow => "referral.show",
            Self::StaffList => "staff.list",
        }
    }
}

/// An entry before it is chained.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Gapless, from 1.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// `user:<subject>`, `resident`, `system:<job>`.
    pub actor: String,
    /// The actor's roles then.
    pub roles: Vec<String>,
    /// What was done or tried.
    pub action: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// Code of the refusal.
    pub code: Option<String>,
    /// Cases, referrals, handovers concerned.
    pub subjects: Vec<Uuid>,
}

/// What stands before the first entry.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

impl Entry {
    /// The hash that chains this entry to the one before.
    pub(crate) fn hash(&self, prev: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(prev);
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.at.as_microsecond().to_be_bytes());
        // Lengths first: no two entries have the same bytes.
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        text(&self.actor);
        text(&self.roles.join(","));
        text(&self.action);
        text(&self.outcome);
        text(self.code.as_deref().unwrap_or_default());
        hash.update((self.subjects.len() as u64).to_be_bytes());
        for subject in &self.subjects {
            hash.update(subject.as_bytes());
        }
        hash.finalize().into()
    }
}

/// The roles of a principal, as the trail names them.
fn roles(principal: &Principal) -> Vec<String> {
    match principal {
        Principal::User(user) => user.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        Principal::Resident | Principal::Event(_) | Principal::System(_) => Vec::new(),
    }
}

/// Bytes as people compare them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
