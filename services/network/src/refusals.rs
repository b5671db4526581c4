//! How broken rules are told to callers.
use crate::domain::Violation;
use crate::domain::violation::Violations;
use bildung_chassis::{Kind, Refusal};

fn kind(violation: &Violation) -> Kind {
    match violation {
        Violation::Transition { .. }
        | Violation::AlreadyDecided { .. }
        | Violation::ActorKeyTaken
        | Violation::CooperationExists
        | Violation::ActorClosed { .. } => Kind::Conflict,
        Violation::RevisionOutdated { .. } => Kind::PreconditionFailed,
        _ => Kind::Invalid,
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        let refusal = Self::new(kind(&violation), violation.code(), violation.to_string());
        match violation.pointer() {
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

impl From<Violations> for Refusal {
    fn from(Violations(all): Violations) -> Self {
        let mut violations = all.into_iter();
        let Some(first) = violations.next() else {
            return Self::invalid("invalid", "not accepted");
        };
        let mut refusal = Self::from(first);
        for violation in violations {
            if let Some(pointer) = violation.pointer() {
                refusal = refusal.field(pointer, violation.to_string());
            }
        }
        refusal
    }
}

impl From<Violations> for bildung_chassis::Error {
    fn from(violations: Violations) -> Self {
        Refusal::from(violations).into()
    }
}
