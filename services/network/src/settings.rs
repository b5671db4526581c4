//! What a city can set differently.
use crate::domain::proposal::{IndicatorProfile, IndicatorProfiles};
use serde::{Deserialize, Serialize};

/// Section `network` of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// At most so many candidate actors of a proposed measure.
    pub candidates: usize,
    /// What the network has to know of an indicator to propose a measure, by its id.
    pub indicators: IndicatorProfiles,
}

impl Default for Settings {
    fn default() -> Self {
        let codes = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect();
        let leavers = IndicatorProfile {
            label: "Schulabgänge ohne Hauptschulabschluss".to_owned(),
            aim: "Mehr Jugendliche zu einem Schulabschluss führen".to_owned(),
            types: codes(&["school", "youth_welfare", "vhs", "counselling"]),
            life_phases: codes(&["secondary"]),
            themes: codes(&["basic_education", "transition"]),
        };
        Self { candidates: 8, indicators: IndicatorProfiles::from([("leavers-without-certificate".to_owned(), leavers)]) }
    }
}
