//! Settings of the catalogue.
use serde::{Deserialize, Serialize};

/// Section `[catalogue]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Zone of times in files that do not name one, and of the times in answers.
    pub time_zone: String,
    /// Language of instruction where a format cannot say (BCP 47).
    pub language: String,
    /// Imports of whole files.
    pub import: ImportSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self { time_zone: "Europe/Berlin".into(), language: "de".into(), import: ImportSettings::default() }
    }
}

/// Section `[catalogue.import]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportSettings {
    /// Share of a source's visible offers that may vanish in one full import without somebody confirming it.
    pub max_vanishing_share: f64,
    /// How many seconds a process that works on an import may be silent before another one takes over.
    pub lease_seconds: f64,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self { max_vanishing_share: 0.3, lease_seconds: 10.0 }
    }
}
