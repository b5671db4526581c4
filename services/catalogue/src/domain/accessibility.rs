//! Whether people with disabilities can take part: yes, no or unknown, with reasons.
use serde::{Deserialize, Serialize};

/// Three values: that nobody said anything is not a no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accessible {
    /// Stated as accessible.
    Yes,
    /// Stated as not accessible.
    No,
    /// Nothing stated.
    #[default]
    Unknown,
}

impl Accessible {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Accessibility of an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accessibility {
    /// The answer.
    pub value: Accessible,
    /// Codes of what it rests on: `place_accessible`, `place_not_accessible`, `accessible_learning`, `slow_pace`, `online`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}
