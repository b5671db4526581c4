//! Broken rules, each with a stable code.

/// A rule that a request would break. Its text never holds personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// A state machine has no such edge.
    #[error("from {from} there is no way to {to}")]
    NoSuchTransition {
        /// The machine: `case`, `consent`, `referral`, `handover`.
        machine: &'static str,
        /// The state it is in.
        from: &'static str,
        /// The state asked for.
        to: &'static str,
    },
    /// A value is not in its code list.
    #[error("not a known code; known are: {known}")]
    UnknownCode {
        /// Where in the request.
        field: &'static str,
        /// The codes that are.
        known: String,
    },
    /// A text is empty, too long or holds control characters.
    #[error("{field} must have 1 to {longest} characters and no control characters")]
    BadText {
        /// Where in the request.
        field: &'static str,
        /// Most characters allowed.
        longest: usize,
    },
    /// Not a language tag.
    #[error("not a BCP 47 language tag, such as `uk` or `ckb-Arab`")]
    BadLanguage,
    /// The case is already part of an open handover.
    #[error("a case of these already waits in another handover")]
    HandoverPending,
    /// Nobody hands over to themselves.
    #[error("a handover needs another person")]
    HandoverToSelf,
    /// A case that is no longer worked on takes no change.
    #[error("the case is {state} and takes no change")]
    CaseReadOnly {
        /// Its state.
        state: &'static str,
    },
}

impl Violation {
    /// The stable code that callers may rely on.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::NoSuchTransition { machine, .. } => format!("{machine}_transition_refused"),
            Self::UnknownCode { field, .. } => format!("{field}_unknown"),
            Self::BadText { field, .. } => format!("{field}_invalid"),
            Self::BadLanguage => "language_invalid".into(),
            Self::HandoverPending => "case_handover_pending".into(),
            Self::HandoverToSelf => "handover_to_self".into(),
            Self::CaseReadOnly { .. } => "case_read_only".into(),
        }
    }

    /// The field of the request concerned.
    pub(crate) fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnknownCode { field, .. } | Self::BadText { field, .. } => Some(field),
            Self::BadLanguage => Some("language"),
            Self::HandoverToSelf => Some("to"),
            Self::NoSuchTransition { .. } | Self::HandoverPending | Self::CaseReadOnly { .. } => None,
        }
    }
}
