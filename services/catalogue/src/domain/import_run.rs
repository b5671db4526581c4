//! One run of an import: its states, its counts and the guard against a truncated file.
use super::Violation;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The file is stored, nobody works on it yet.
    Queued,
    /// Being read or applied.
    Running,
    /// Done.
    Completed,
    /// Too much would vanish: somebody has to look.
    Held,
    /// Nothing of it was applied, or it was interrupted too often.
    Failed,
    /// Taken back, or discarded while held.
    Undone,
}

impl State {
    const ALL: [Self; 6] = [Self::Queued, Self::Running, Self::Completed, Self::Held, Self::Failed, Self::Undone];

    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == code)
    }
}

/// What a running run is doing; it is kept so that a run resumes after a crash where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The file is read into the staging table; nothing is visible yet.
    Reading,
    /// Staged records become offers, a batch at a time.
    Applying,
    /// Offers that vanished are withdrawn, a batch at a time.
    Withdrawing,
    /// What was applied is taken back, a batch at a time.
    Undoing,
}

impl Phase {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Applying => "applying",
            Self::Withdrawing => "withdrawing",
            Self::Undoing => "undoing",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Reading, Self::Applying, Self::Withdrawing, Self::Undoing].into_iter().find(|phase| phase.as_str() == code)
    }
}

/// What somebody does to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Apply although much vanishes.
    Confirm,
    /// Take back or discard.
    Undo,
}

impl Action {
    /// The state and phase that follow. A dry run has nothing to confirm or undo.
    pub fn apply(self, from: State, dry_run: bool) -> Result<(State, Phase), Violation> {
        match (self, from) {
            (Self::Confirm, State::Held) => Ok((State::Queued, Phase::Applying)),
            (Self::Undo, State::Held) => Ok((State::Undone, Phase::Reading)),
            (Self::Undo, State::Completed) if !dry_run => Ok((State::Queued, Phase::Undoing)),
            (action, from) => Err(Violation::ImportState {
                from: from.as_str(),
                attempted: match action {
                    Self::Confirm => "confirmed",
                    Self::Undo => "undone",
                },
            }),
        }
    }
}

/// Whether the file is everything the source has, or only what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Everything: what is missing has vanished.
    #[default]
    Full,
    /// Only what changed.
    Delta,
}

impl Mode {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Delta => "delta",
        }
    }

    /// Reads a code; nothing is `full`.
    pub fn parse(code: &str) -> Result<Self, Violation> {
        match code {
            "" | "full" => Ok(Self::Full),
            "delta" => Ok(Self::Delta),
            _ => Err(Violation::UnknownMode),
        }
    }
}

/// What became of the records of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records in the file.
    pub read: u64,
    /// New offers.
    pub created: u64,
    /// Changed offers.
    pub updated: u64,
    /// Offers whose content is the same.
    pub unchanged: u64,
    /// Offers that the file no longer has.
    pub withdrawn: u64,
    /// Records that could not become an offer.
    pub rejected: u64,
}

impl Counts {
    /// Every record has exactly one outcome.
    pub fn is_complete(&self) -> bool {
        self.read == self.created + self.updated + self.unchanged + self.rejected
    }
}

/// How many offers of a source may vanish in one run without somebody looking.
#[derive(Clone, Copy, Debug)]
pub struct VanishGuard {
    /// Share between 0 and 1.
    pub max_share: f64,
}

impl VanishGuard {
    /// Whether a run has to be held.
    pub fn holds(self, visible_before: u64, vanishing: u64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "counts of offers are far below 2^52")]
        let share = vanishing as f64 / visible_before.max(1) as f64;
        vanishing > 0 && share > self.max_share
    }
}

/// What happened to one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new offer.
    Created,
    /// A changed offer.
    Updated,
    /// The same content as before.
    Unchanged,
    /// No offer.
    Rejected,
}

impl Outcome {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_listed_transitions_exist() {
        let allowed: Vec<_> = State::ALL
            .into_iter()
            .flat_map(|state| [(Action::Confirm, state), (Action::Undo, state)])
            .filter(|(action, state)| action.apply(*state, false).is_ok())
            .collect();
        assert_eq!(allowed, [(Action::Undo, State::Completed), (Action::Confirm, State::Held), (Action::Undo, State::Held)]);
        assert!(Action::Undo.apply(State::Completed, true).is_err());
    }

    #[test]
    fn the_guard_looks_at_the_share() {
        let guard = VanishGuard { max_share: 0.3 };
        assert!(!guard.holds(0, 0));
        assert!(!guard.holds(10, 3));
        assert!(guard.holds(10, 4));
        assert!(guard.holds(2, 1));
        assert!(!VanishGuard { max_share: 1.0 }.holds(10, 10));
    }

    proptest! {
        #[test]
        fn nothing_vanishing_is_never_held(before in 0u64..100_000, share in 0.0f64..1.0) {
            let guard = VanishGuard { max_share: share };
            prop_assert!(!guard.holds(before, 0));
        }
    }
}
