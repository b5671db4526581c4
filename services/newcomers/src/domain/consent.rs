//! Consent: immutable once given, for one purpose and one recipient, checked at the moment of every disclosure.
use super::machine::machine;
use jiff::Timestamp;
use uuid::Uuid;

machine! {
    /// What became of a consent.
    ConsentState "consent" starts Requested
    states {
        /// Asked for, not answered.
        Requested = "requested",
        /// Given.
        Given = "given",
        /// Not given.
        Refused = "refused",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// Its time is over.
        Expired = "expired",
        /// A newer one for the same purpose and recipient took its place.
        Superseded = "superseded",
        /// Was never valid.
        Invalidated = "invalidated",
    }
    edges {
        Requested -> Given, Refused;
        Given -> Withdrawn, Expired, Superseded, Invalidated;
    }
}

impl ConsentState {
    /// Whether disclosures that relied on it must end at once.
    pub(crate) fn ends_disclosure(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Expired | Self::Invalidated)
    }
}

/// A consent as far as the question of disclosure needs it.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// Whose case.
    pub case_id: Uuid,
    /// For what.
    pub purpose: String,
    /// To whom.
    pub recipient: Uuid,
    /// What became of it.
    pub state: ConsentState,
    /// Until when.
    pub valid_until: Option<Timestamp>,
}

/// Whether a consent allows to disclose something of `case_id` to `recipient` for `purpose`, now.
pub(crate) fn covers(grant: &Grant, case_id: Uuid, recipient: Uuid, purpose: &str, now: Timestamp) -> bool {
    grant.case_id == case_id
        && grant.recipient == recipient
        && grant.purpose == purpose
        && grant.state == ConsentState::Given
        && grant.valid_until.is_some_and(|until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Machine as _;
    use jiff::SignedDuration;

    #[test]
    fn only_a_given_unexpired_consent_for_this_case_recipient_and_purpose_covers() {
        let (case_id, recipient, now) = (Uuid::from_u128(1), Uuid::from_u128(2), Timestamp::UNIX_EPOCH);
        let until = now + SignedDuration::from_hours(1);
        let good = Grant { case_id, purpose: "referral".into(), recipient, state: ConsentState::Given, valid_until: Some(until) };
        assert!(covers(&good, case_id, recipient, "referral", now));
        assert!(!covers(&good, case_id, recipient, "referral", until), "expired");
        assert!(!covers(&good, Uuid::from_u128(9), recipient, "referral", now), "another case");
        assert!(!covers(&good, case_id, Uuid::from_u128(9), "referral", now), "another recipient");
        assert!(!covers(&good, case_id, recipient, "advice", now), "another purpose");
        assert!(!covers(&Grant { valid_until: None, ..good.clone() }, case_id, recipient, "referral", now), "no end set");
        for state in ConsentState::ALL.iter().filter(|state| **state != ConsentState::Given) {
            assert!(!covers(&Grant { state: *state, ..good.clone() }, case_id, recipient, "referral", now), "{state:?}");
        }
    }
}
