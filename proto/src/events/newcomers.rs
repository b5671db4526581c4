//! Facts about newcomers' cases: random references and codes, nothing else.
use super::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A case was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseOpened {
    /// Random reference, used on the bus only.
    pub case_ref: Uuid,
}

/// A case has a new owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseHandedOver {
    /// Random reference, used on the bus only.
    pub case_ref: Uuid,
    /// Who had it: `coordinator`, `deputy` or `pool`.
    pub from_role: String,
    /// Who has it now: `coordinator`, `deputy` or `pool`.
    pub to_role: String,
}

/// A newcomer was referred to an actor's offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferralSent {
    /// Random reference, used on the bus only.
    pub referral_ref: Uuid,
    /// The offer.
    pub offer_id: Uuid,
    /// The actor who answers.
    pub actor_id: Uuid,
}

/// The actor answered a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferralAnswered {
    /// Random reference, used on the bus only.
    pub referral_ref: Uuid,
    /// The offer.
    pub offer_id: Uuid,
    /// The actor.
    pub actor_id: Uuid,
    /// `accepted`, `rejected` or `waitlisted`.
    pub status: String,
    /// Code of the reason for a rejection.
    #[serde(default)]
    pub reason_code: Option<String>,
}

impl Event for CaseOpened {
    const TYPE: &'static str = "bildung.newcomers.case.opened.v1";
    fn aggregate(&self) -> Uuid {
        self.case_ref
    }
}
impl Event for CaseHandedOver {
    const TYPE: &'static str = "bildung.newcomers.case.handed_over.v1";
    fn aggregate(&self) -> Uuid {
        self.case_ref
    }
}
impl Event for ReferralSent {
    const TYPE: &'static str = "bildung.newcomers.referral.sent.v1";
    fn aggregate(&self) -> Uuid {
        self.referral_ref
    }
}
impl Event for ReferralAnswered {
    const TYPE: &'static str = "bildung.newcomers.referral.answered.v1";
    fn aggregate(&self) -> Uuid {
        self.referral_ref
    }
}
