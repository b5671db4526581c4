//! The settings of monitoring.
use crate::{disclosure::Policy, domain::rule::ProblemRule};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Section `monitoring` of the settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Uploaded data sets.
    pub ingest: IngestSettings,
    /// A file with tables and indicators in place of those that come with the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definitions: Option<PathBuf>,
    /// When a released value is a problem situation.
    pub rules: Vec<ProblemRule>,
    /// What small numbers may be shown.
    pub disclosure: Policy,
}

/// Uploaded data sets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestSettings {
    /// How many unreadable cells of a file are kept for quarantine; all are counted.
    pub quarantine_kept: u32,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self { quarantine_kept: 1000 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ingest: IngestSettings::default(),
            definitions: None,
            // The demo city borrows the figures of Kaiserslautern; a municipality sets its own key.
            rules: vec![ProblemRule {
                id: "leavers-without-certificate-above-land".into(),
                indicator: "leavers-without-certificate".into(),
                areas: vec!["07312".into()],
                margin: Decimal::new(5, 1),
            }],
            disclosure: Policy::default(),
        }
    }
}
