//! The referral to an actor's offer, answered through a link without an account.
use super::machine::machine;

machine! {
    /// What became of a referral. A terminal one never changes.
    ReferralState "referral" starts Draft
    states {
        /// Being written.
        Draft = "draft",
        /// The actor was asked.
        Sent = "sent",
        /// On the actor's waiting list.
        Waitlisted = "waitlisted",
        /// The actor takes the person.
        Accepted = "accepted",
        /// The actor does not.
        Rejected = "rejected",
        /// Nobody answered in time.
        Expired = "expired",
        /// Came to a good end.
        Completed = "completed",
        /// Broken off.
        Discontinued = "discontinued",
        /// Taken back by the office or with the consent.
        Revoked = "revoked",
    }
    edges {
        Draft -> Sent, Revoked;
        Sent -> Accepted, Rejected, Waitlisted, Expired, Revoked;
        Waitlisted -> Accepted, Rejected, Expired, Revoked;
        Accepted -> Completed, Discontinued, Revoked;
    }
}

/// What an actor may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Takes the person.
    Accept,
    /// Does not.
    Reject,
    /// Puts them on the waiting list.
    Waitlist,
}

impl Answer {
    /// Reads an answer.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "accept" => Some(Self::Accept),
            "reject" => Some(Self::Reject),
            "waitlist" => Some(Self::Waitlist),
            _ => None,
        }
    }

    /// The state it leads to.
    pub(crate) fn state(self) -> ReferralState {
        match self {
            Self::Accept => ReferralState::Accepted,
            Self::Reject => ReferralState::Rejected,
            Self::Waitlist => ReferralState::Waitlisted,
        }
    }
}
