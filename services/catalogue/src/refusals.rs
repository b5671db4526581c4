//! How broken rules are told to callers.
use crate::domain::Violation;
use bildung_chassis::{Kind, Refusal};

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        if let Violation::Parameter { name, detail } = &violation {
            return Refusal::invalid(violation.code(), violation.to_string()).field(format!("?{name}"), *detail);
        }
        let (kind, pointer) = match &violation {
            Violation::SourceName => (Kind::Invalid, Some("?source")),
            Violation::UnknownFormat(_) => (Kind::UnsupportedFormat, Some("?format")),
            Violation::UnknownMode => (Kind::Invalid, Some("?mode")),
            Violation::EmptyFile | Violation::FormatNotRecognised | Violation::Parameter { .. } => (Kind::Invalid, None),
            Violation::ImportState { .. } | Violation::NotTheLatestImport => (Kind::Conflict, None),
        };
        let refusal = Refusal::new(kind, violation.code(), violation.to_string());
        match pointer {
            Some(pointer) => refusal.field(pointer, violation.to_string()),
            None => refusal,
        }
    }
}

impl From<Violation> for bildung_chassis::Error {
    fn from(violation: Violation) -> Self {
        Refusal::from(violation).into()
    }
}
