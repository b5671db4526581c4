//! Settings of the service, section `[newcomers]`.
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Section `[newcomers]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The file with the key-encryption keys, mode 0600, outside the database's folder and its backups.
    pub key_file: Option<PathBuf>,
    /// Where the end of the audit trail is anchored, outside the database; not anchored if absent.
    pub audit_anchor_file: Option<PathBuf>,
    /// Seconds between two anchors.
    pub audit_anchor_every_s: u64,
    /// Days in which a referral can be answered.
    pub answer_days: u16,
    /// Days in which somebody on a waiting list can still be placed through the same link.
    pub waitlist_days: u16,
    /// Days for which a consent is given.
    pub consent_days: u16,
    /// Seconds between two looks for what is over.
    pub expire_every_s: u64,
    /// Privacy notices. A published text is never edited: a new text is a new version.
    pub notices: Vec<Notice>,
}

/// A privacy notice in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Version, the same in all languages.
    pub version: String,
    /// BCP 47.
    pub language: String,
    /// Heading.
    pub title: String,
    /// Text; an empty line parts paragraphs.
    pub text: String,
}

impl Default for Settings {
    fn default() -> Self {
        let notice = |language: &str, title: &str, text: &str| Notice {
            version: "1".into(),
            language: language.into(),
            title: title.into(),
            text: text.trim().into(),
        };
        Self {
            key_file: None,
            audit_anchor_file: None,
            audit_anchor_every_s: 300,
            answer_days: 14,
            waitlist_days: 90,
            consent_days: 365,
            expire_every_s: 60,
            notices: vec![
                notice("de", "Hinweise zum Datenschutz", include_str!("../notices/1.de.txt")),
                notice("en", "Privacy notice", include_str!("../notices/1.en.txt")),
            ],
        }
    }
}
