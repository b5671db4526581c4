//! The case: how far it has come, and who answers for it.
use super::{Machine, Violation, machine::machine};

machine! {
    /// How far a case has come.
    CaseState "case" starts Enquiry
    states {
        /// Somebody asked; no name needed.
        Enquiry = "enquiry",
        /// Notice shown, legal basis set.
        Intake = "intake",
        /// Needs and languages are being found out.
        Assessment = "assessment",
        /// A plan is being made.
        Planning = "planning",
        /// The plan is being followed.
        Active = "active",
        /// Waits, with reason and date.
        OnHold = "on_hold",
        /// Ended with a reason.
        Closed = "closed",
        /// Another municipality or service has it.
        TransferredOut = "transferred_out",
        /// Became part of another case.
        Merged = "merged",
        /// Only a tombstone is left.
        Erased = "erased",
    }
    edges {
        Enquiry -> Intake, Closed, Merged, Erased;
        Intake -> Assessment, Closed, Merged, TransferredOut;
        Assessment -> Planning, Closed, Merged, TransferredOut;
        Planning -> Active, Closed, Merged, TransferredOut;
        Active -> OnHold, Closed, Merged, TransferredOut;
        OnHold -> Active, Closed, Merged, TransferredOut;
        Closed -> Assessment, Merged, Erased;
        TransferredOut -> Erased;
        Merged -> Erased;
    }
}

impl CaseState {
    /// Whether somebody works on it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Enquiry | Self::Intake | Self::Assessment | Self::Planning | Self::Active | Self::OnHold)
    }

    /// Refuses changes to a case nobody works on.
    pub(crate) fn require_open(self) -> Result<(), Violation> {
        if self.is_open() { Ok(()) } else { Err(Violation::CaseReadOnly { state: self.as_str() }) }
    }
}

/// Who answers for a case. Orthogonal to its state: every case has exactly one, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Somebody has it.
    Assigned,
    /// The post is vacant.
    Pool,
    /// Somebody has it and has proposed to hand it over.
    HandoverPending,
}

impl Ownership {
    /// Its name in the store and in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Pool => "pool",
            Self::HandoverPending => "handover_pending",
        }
    }
}
