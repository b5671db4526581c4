//! The handover of cases from one person to another: proposed by the one, accepted by the other, all at once.
use super::machine::machine;

machine! {
    /// What became of a handover.
    HandoverState "handover" starts Prepared
    states {
        /// Being put together.
        Prepared = "prepared",
        /// Waits for the recipient.
        Proposed = "proposed",
        /// The cases have changed hands.
        Accepted = "accepted",
        /// The recipient did not want it.
        Rejected = "rejected",
        /// The proposer took it back.
        Withdrawn = "withdrawn",
    }
    edges {
        Prepared -> Proposed, Withdrawn;
        Proposed -> Accepted, Rejected, Withdrawn;
    }
}

/// Which cases a handover takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole caseload, also what is opened while the handover waits.
    All,
    /// Named cases.
    Some,
}

impl Scope {
    /// Its name in the store and in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Some => "some",
        }
    }
}
