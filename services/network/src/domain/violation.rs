//! Broken rules, each with a code that callers may rely on.

/// A rule that a change would break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// A field that must say something is empty.
    #[error("{what} is missing")]
    Missing { code: &'static str, pointer: &'static str, what: &'static str },
    /// A text is too long.
    #[error("longer than {most} characters")]
    TooLong { pointer: &'static str, most: usize },
    /// A list is too long.
    #[error("more than {most} entries")]
    TooMany { pointer: &'static str, most: usize },
    /// A value has not the shape it should have.
    #[error("not understood: {given}")]
    Malformed { pointer: &'static str, given: String },
    /// A code is not in its vocabulary.
    #[error("unknown code {code}; known: {known}")]
    UnknownCode { pointer: &'static str, code: String, known: String },
    /// Something refers to what does not exist.
    #[error("{what} is not known")]
    UnknownReference { pointer: &'static str, what: &'static str },
    /// A state cannot follow another.
    #[error("{what} that is {from} cannot become {to}")]
    Transition { what: &'static str, from: &'static str, to: &'static str },
    /// A measure was decided or rejected before.
    #[error("the measure is {state} already")]
    AlreadyDecided { state: &'static str },
    /// A closed actor takes part in nothing new.
    #[error("the actor is closed")]
    ActorClosed { pointer: &'static str },
    /// Another actor has the key.
    #[error("another actor has this key")]
    ActorKeyTaken,
    /// An actor cannot cooperate with itself.
    #[error("an actor cannot cooperate with itself")]
    SameActor,
    /// There is a cooperation of this type between the two that has not ended.
    #[error("the two actors have a cooperation of this type that has not ended")]
    CooperationExists,
    /// An end before its beginning.
    #[error("it would end before it began")]
    EndsBeforeItBegins,
    /// Someone else changed it meanwhile.
    #[error("it was changed meanwhile: revision {actual}, not {expected}")]
    RevisionOutdated { expected: i64, actual: i64 },
}

impl Violation {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Missing { code, .. } => code,
            Self::TooLong { .. } => "text_too_long",
            Self::TooMany { .. } => "too_many_entries",
            Self::Malformed { .. } => "malformed",
            Self::UnknownCode { .. } => "unknown_code",
            Self::UnknownReference { .. } => "unknown_reference",
            Self::Transition { .. } => "transition_not_allowed",
            Self::AlreadyDecided { .. } => "measure_already_decided",
            Self::ActorClosed { .. } => "actor_closed",
            Self::ActorKeyTaken => "actor_key_taken",
            Self::SameActor => "cooperation_with_itself",
            Self::CooperationExists => "cooperation_exists",
            Self::EndsBeforeItBegins => "ends_before_it_begins",
            Self::RevisionOutdated { .. } => "revision_outdated",
        }
    }

    /// The field that it is about.
    pub(crate) fn pointer(&self) -> Option<&'static str> {
        match self {
            Self::Missing { pointer, .. }
            | Self::TooLong { pointer, .. }
            | Self::TooMany { pointer, .. }
            | Self::Malformed { pointer, .. }
            | Self::UnknownCode { pointer, .. }
            | Self::UnknownReference { pointer, .. }
            | Self::ActorClosed { pointer } => Some(pointer),
            Self::ActorKeyTaken => Some("/key"),
            Self::SameActor => Some("/to_actor_id"),
            Self::EndsBeforeItBegins => Some("/until"),
            Self::Transition { .. } | Self::AlreadyDecided { .. } | Self::CooperationExists | Self::RevisionOutdated { .. } => None,
        }
    }
}

/// Every rule that an input breaks, so that a form can show them all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl Violations {
    /// The value, or its type's default while the violation is kept.
    pub(crate) fn keep<T: Default>(&mut self, checked: Result<T, Violation>) -> T {
        checked.unwrap_or_else(|violation| {
            self.0.push(violation);
            T::default()
        })
    }

    /// `value`, unless something was kept.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}
