//! Cooperations: who works with whom, or wishes to.
use super::actor::{self, at_revision};
use super::code::{self, codes};
use super::violation::{Violation, Violations};
use jiff::civil::Date;
use uuid::Uuid;

codes! {
    /// What two actors do together.
    Type {
        /// They keep each other informed.
        Information = "information",
        /// They agree on who does what.
        Coordination = "coordination",
        /// They run offers together.
        JointOffer = "joint_offer",
        /// They pass learners on, or ease a transition between them.
        Referral = "referral",
        /// They share rooms or equipment.
        SharedSpace = "shared_space",
        /// One trains the other's staff.
        Qualification = "qualification",
        /// They run a project together.
        JointProject = "joint_project",
        /// One pays for the other.
        Funding = "funding",
    }
}

codes! {
    /// How binding it is.
    Formality {
        /// By habit.
        Informal = "informal",
        /// By word.
        Agreed = "agreed",
        /// By contract.
        Written = "written",
        /// By law.
        Statutory = "statutory",
    }
}

codes! {
    /// Where a cooperation is in its life.
    State {
        /// At least one of the two would like it.
        Wished = "wished",
        /// Both are preparing it.
        Planned = "planned",
        /// It happens.
        Active = "active",
        /// It rests.
        Paused = "paused",
        /// It is over.
        Ended = "ended",
    }
}

impl State {
    /// `wished -> planned -> active <-> paused -> ended`; what never came about, and what is active, may end too.
    #[expect(clippy::unnested_or_patterns, reason = "one line for each state")]
    pub(crate) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Wished, Self::Planned | Self::Ended)
                | (Self::Planned, Self::Active | Self::Ended)
                | (Self::Active, Self::Paused | Self::Ended)
                | (Self::Paused, Self::Active | Self::Ended)
        )
    }
}

/// A cooperation as given by a caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenCooperation {
    pub(crate) kind: String,
    pub(crate) strength: u32,
    pub(crate) formality: String,
    pub(crate) state: String,
    pub(crate) since: Option<Date>,
    pub(crate) note: String,
}

/// Two actors and what they do together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cooperation {
    pub(crate) id: Uuid,
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    pub(crate) kind: Type,
    /// 1 know each other, 2 exchange, 3 coordinate, 4 act together.
    pub(crate) strength: i16,
    pub(crate) formality: Formality,
    pub(crate) state: State,
    pub(crate) since: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) note: String,
    pub(crate) end_reason: String,
    pub(crate) revision: i64,
}

/// One side of a cooperation to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    pub(crate) actor: Uuid,
    pub(crate) state: actor::State,
}

impl Cooperation {
    /// A cooperation that is wished for, planned, or happening already.
    pub(crate) fn add(id: Uuid, from: Side, to: Side, given: &GivenCooperation, today: Date) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        if from.actor == to.actor {
            violations.0.push(Violation::SameActor);
        }
        for (side, pointer) in [(from, "/from_actor_id"), (to, "/to_actor_id")] {
            if side.state == actor::State::Closed {
                violations.0.push(Violation::ActorClosed { pointer });
            }
        }
        let kind = violations.keep(Type::of_field("/type", &given.kind).map(Some));
        let formality = violations.keep(or_default(&given.formality, Formality::Informal, "/formality", Formality::of_field).map(Some));
        let state = violations.keep(or_default(&given.state, State::Wished, "/state", State::of_field).map(Some)).unwrap_or(State::Wished);
        if matches!(state, State::Paused | State::Ended) {
            violations.0.push(Violation::Transition { what: "a cooperation", from: "new", to: state.as_str() });
        }
        let strength = match given.strength {
            0 => 1,
            given => i16::try_from(given).unwrap_or(i16::MAX),
        };
        if strength > 4 {
            violations.0.push(Violation::Malformed { pointer: "/strength", given: given.strength.to_string() });
        }
        let note = violations.keep(code::text("/note", &given.note, 2_000));
        let since = given.since.or(if state == State::Active { Some(today) } else { None });
        let cooperation = Self {
            id,
            from: from.actor,
            to: to.actor,
            kind: kind.unwrap_or(Type::Information),
            strength,
            formality: formality.unwrap_or(Formality::Informal),
            state,
            since,
            until: None,
            note,
            end_reason: String::new(),
            revision: 1,
        };
        violations.or(cooperation)
    }

    /// A cooperation as another register has it, which may be over already.
    pub(crate) fn record(
        id: Uuid,
        from: Side,
        to: Side,
        given: &GivenCooperation,
        until: Option<Date>,
        today: Date,
    ) -> Result<Self, Violations> {
        let Some(state @ (State::Paused | State::Ended)) = State::parse(&given.state) else {
            return Self::add(id, from, to, given, today);
        };
        let active = GivenCooperation { state: State::Active.as_str().to_owned(), since: given.since.or(until), ..given.clone() };
        let mut cooperation = Self::add(id, from, to, &active, today)?;
        cooperation.move_to(None, state, "imported", until.unwrap_or(today))?;
        cooperation.revision = 1;
        Ok(cooperation)
    }

    /// Moves it to another state on a day.
    pub(crate) fn move_to(&mut self, expected_revision: Option<i64>, next: State, reason: &str, on: Date) -> Result<(), Violation> {
        at_revision(expected_revision.unwrap_or(self.revision), self.revision)?;
        if !self.state.may_become(next) {
            return Err(Violation::Transition { what: "a cooperation", from: self.state.as_str(), to: next.as_str() });
        }
        let reason = code::text("/reason", reason, 2_000)?;
        if next == State::Ended {
            if reason.is_empty() {
                return Err(Violation::Missing { code: "end_reason_missing", pointer: "/reason", what: "why it ends" });
            }
            if self.since.is_some_and(|since| on < since) {
                return Err(Violation::EndsBeforeItBegins);
            }
            self.until = Some(on);
            self.end_reason = reason;
        }
        if next == State::Active && self.since.is_none() {
            self.since = Some(on);
        }
        self.state = next;
        self.revision += 1;
        Ok(())
    }
}

fn or_default<T>(
    given: &str,
    default: T,
    pointer: &'static str,
    parse: impl Fn(&'static str, &str) -> Result<T, Violation>,
) -> Result<T, Violation> {
    if given.is_empty() { Ok(default) } else { parse(pointer, given) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 3, 2);

    fn side(number: u128) -> Side {
        Side { actor: Uuid::from_u128(number), state: actor::State::Active }
    }

    fn given(state: &str) -> GivenCooperation {
        GivenCooperation { kind: "referral".to_owned(), strength: 2, state: state.to_owned(), ..GivenCooperation::default() }
    }

    fn in_state(state: State) -> Cooperation {
        Cooperation { state, ..Cooperation::add(Uuid::nil(), side(1), side(2), &given("wished"), TODAY).unwrap() }
    }

    #[test]
    fn every_pair_of_states_that_is_not_listed_is_refused() {
        let listed = [
            ("wished", "planned"),
            ("planned", "active"),
            ("active", "paused"),
            ("paused", "active"),
            ("wished", "ended"),
            ("planned", "ended"),
            ("active", "ended"),
            ("paused", "ended"),
        ];
        for &from in State::ALL {
            for &to in State::ALL {
                let mut cooperation = in_state(from);
                let before = cooperation.clone();
                let moved = cooperation.move_to(None, to, "Grund", TODAY);
                if listed.contains(&(from.as_str(), to.as_str())) {
                    assert_eq!(moved, Ok(()), "{from:?} -> {to:?}");
                    assert_eq!(cooperation.state, to);
                } else {
                    let refused = Violation::Transition { what: "a cooperation", from: from.as_str(), to: to.as_str() };
                    assert_eq!(moved, Err(refused), "{from:?} -> {to:?}");
                    assert_eq!(cooperation, before);
                }
            }
        }
    }

    #[test]
    fn it_takes_two_that_are_not_closed() {
        let closed = Side { state: actor::State::Closed, ..side(2) };
        let pointers = |from, to| {
            Cooperation::add(Uuid::nil(), from, to, &given(""), TODAY).unwrap_err().0.iter().map(Violation::code).collect::<Vec<_>>()
        };
        assert_eq!(pointers(side(1), side(1)), ["cooperation_with_itself"]);
        assert_eq!(pointers(side(1), closed), ["actor_closed"]);
    }

    #[test]
    fn strength_is_one_to_four() {
        for (strength, fits) in [(0, true), (1, true), (4, true), (5, false), (70_000, false)] {
            let given = GivenCooperation { strength, ..given("active") };
            assert_eq!(Cooperation::add(Uuid::nil(), side(1), side(2), &given, TODAY).is_ok(), fits, "{strength}");
        }
    }

    #[test]
    fn it_ends_with_a_reason_and_not_before_it_began() {
        let mut cooperation = Cooperation::add(Uuid::nil(), side(1), side(2), &given("active"), TODAY).unwrap();
        assert_eq!(cooperation.since, Some(TODAY));
        assert_eq!(cooperation.move_to(None, State::Ended, " ", TODAY).unwrap_err().code(), "end_reason_missing");
        assert_eq!(cooperation.move_to(None, State::Ended, "Projektende", date(2026, 3, 1)), Err(Violation::EndsBeforeItBegins));
        assert_eq!(cooperation.move_to(None, State::Ended, "Projektende", TODAY), Ok(()));
        assert_eq!(cooperation.until, Some(TODAY));
    }

    proptest! {
        #[test]
        fn the_beginning_never_changes_once_it_is_known(path in prop::collection::vec(prop::sample::select(State::ALL), 1..12), day in 0_i32..400) {
            let mut cooperation = in_state(State::Wished);
            let mut began = None;
            for (step, next) in path.into_iter().enumerate() {
                let on = TODAY.saturating_add(jiff::Span::new().days(day + i32::try_from(step).unwrap()));
                let revision = cooperation.revision;
                let moved = cooperation.move_to(Some(revision), next, "Grund", on);
                prop_assert_eq!(cooperation.revision, revision + i64::from(moved.is_ok()));
                if let Some(began) = began {
                    prop_assert_eq!(cooperation.since, Some(began));
                }
                began = cooperation.since;
            }
        }
    }
}
