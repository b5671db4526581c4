//! Facts about problem situations.
use super::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A released value fulfils a problem rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertRaised {
    /// The alert.
    pub alert_id: Uuid,
    /// The rule that it fulfils.
    pub rule_id: String,
    /// The indicator, such as `leavers-without-certificate`.
    pub indicator_id: String,
    /// Where.
    pub area: Area,
    /// When, such as `2023`.
    pub period: String,
    /// The value, as a decimal with a point.
    pub value: String,
    /// Unit of both values, such as `percent`.
    pub unit: String,
    /// What it was compared with.
    pub reference: Reference,
    /// Difference to the reference, in the unit, as a decimal with a point.
    pub margin: String,
}

/// An area by its official key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Area {
    /// AGS, text with leading zeros; `DG` for Germany.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// The value that an alert's value is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// Where it was measured.
    pub area: Area,
    /// The value, as a decimal with a point.
    pub value: String,
}

/// The situation that gave rise to an alert no longer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlertCleared {
    /// The alert.
    pub alert_id: Uuid,
    /// Why: `value_within_limits`, `value_withdrawn` or `rule_changed`.
    pub reason: String,
}

impl Event for AlertRaised {
    const TYPE: &'static str = "bildung.monitoring.alert.raised.v1";
    fn aggregate(&self) -> Uuid {
        self.alert_id
    }
}
impl Event for AlertCleared {
    const TYPE: &'static str = "bildung.monitoring.alert.cleared.v1";
    fn aggregate(&self) -> Uuid {
        self.alert_id
    }
}
