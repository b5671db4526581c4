//! Measures: what is done about a problem situation, from the idea to its effect.
use super::actor::at_revision;
use super::code::{self, codes};
use super::proposal::Proposal;
use super::violation::{Violation, Violations};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

codes! {
    /// Where a measure is in its life.
    State {
        /// Proposed, by a person or because a problem situation was raised.
        Idea = "idea",
        /// Goal and lead are written down.
        Drafted = "drafted",
        /// It will be done.
        Decided = "decided",
        /// It is being done.
        Running = "running",
        /// It rests.
        Paused = "paused",
        /// It is done.
        Completed = "completed",
        /// What came of it is known.
        Evaluated = "evaluated",
        /// It will not be done.
        Rejected = "rejected",
        /// It is no longer done, or no longer needed.
        Cancelled = "cancelled",
    }
}

impl State {
    /// `idea -> drafted -> decided -> running <-> paused -> completed -> evaluated`; before the decision it may be
    /// rejected, before its completion cancelled.
    pub(crate) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Idea, Self::Drafted | Self::Rejected | Self::Cancelled)
                | (Self::Drafted, Self::Decided | Self::Rejected | Self::Cancelled)
                | (Self::Decided, Self::Running | Self::Cancelled)
                | (Self::Running, Self::Paused | Self::Completed | Self::Cancelled)
                | (Self::Paused, Self::Running | Self::Completed | Self::Cancelled)
                | (Self::Completed, Self::Evaluated)
        )
    }

    /// Nobody has decided about it yet.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Idea | Self::Drafted)
    }
}

/// The reason of a measure that was cancelled because its problem situation ceased.
pub(crate) const ALERT_CLEARED: &str = "alert_cleared";

/// What gave rise to a measure that nobody thought of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) alert_id: Option<Uuid>,
    pub(crate) indicator_id: String,
}

/// Something that is to be done, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) reasoning: String,
    pub(crate) origin: Option<Origin>,
    pub(crate) state: State,
    pub(crate) goal: String,
    pub(crate) lead: Option<Uuid>,
    pub(crate) partners: Vec<Uuid>,
    /// The indicator's value that it is to reach, as a decimal with a point.
    pub(crate) target: Option<String>,
    pub(crate) due_on: Option<Date>,
    /// Why it was rejected or cancelled.
    pub(crate) reason: String,
    pub(crate) findings: String,
    pub(crate) proposed_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) revision: i64,
}

/// What happened to a measure, for its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) what: What,
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) note: String,
}

/// Kinds of steps in a measure's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It came into being.
    Proposed,
    /// The problem situation has new figures.
    Refreshed,
    /// The problem situation ceased.
    AlertCleared,
    /// The problem situation is back.
    Reopened,
    /// Someone moved it to another state.
    Moved,
}

impl What {
    const ALL: [Self; 5] = [Self::Proposed, Self::Refreshed, Self::AlertCleared, Self::Reopened, Self::Moved];

    /// Its code.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Refreshed => "refreshed",
            Self::AlertCleared => "alert_cleared",
            Self::Reopened => "reopened",
            Self::Moved => "moved",
        }
    }

    /// The kind of a code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == code)
    }
}

/// A decision as given by a caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenDecision {
    pub(crate) goal: String,
    pub(crate) lead: Option<Uuid>,
    pub(crate) partners: Vec<Uuid>,
    pub(crate) title: String,
    pub(crate) target: String,
    pub(crate) due_on: Option<Date>,
}

impl Measure {
    /// A measure thought of by a person.
    pub(crate) fn by_hand(id: Uuid, title: &str, reasoning: &str, indicator_id: &str, now: Timestamp) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let title = violations.keep(required("measure_title_missing", "/title", "the measure's title", title, 200));
        let reasoning = violations.keep(code::text("/reasoning", reasoning, 5_000));
        let indicator_id = violations.keep(code::open_codes("/indicator_id", &[indicator_id.to_owned()])).pop();
        let origin = indicator_id.map(|indicator_id| Origin { alert_id: None, indicator_id });
        violations.or(Self::idea(id, title, reasoning, origin, now))
    }

    /// A measure that answers a problem situation.
    pub(crate) fn from_alert(id: Uuid, alert_id: Uuid, indicator_id: &str, proposal: &Proposal, now: Timestamp) -> Self {
        let origin = Origin { alert_id: Some(alert_id), indicator_id: indicator_id.to_owned() };
        Self::idea(id, proposal.title.clone(), proposal.reasoning.clone(), Some(origin), now)
    }

    fn idea(id: Uuid, title: String, reasoning: String, origin: Option<Origin>, now: Timestamp) -> Self {
        Self {
            id,
            title,
            reasoning,
            origin,
            state: State::Idea,
            goal: String::new(),
            lead: None,
            partners: Vec::new(),
            target: None,
            due_on: None,
            reason: String::new(),
            findings: String::new(),
            proposed_at: now,
            decided_at: None,
            revision: 1,
        }
    }

    /// The first step of its history.
    pub(crate) fn proposed(&self) -> Step {
        Step { what: What::Proposed, from: self.state, to: self.state, note: String::new() }
    }

    /// Decides that it will be done. An idea becomes a draft on the way, by the goal and lead given here.
    pub(crate) fn decide(
        &mut self,
        expected_revision: Option<i64>,
        given: &GivenDecision,
        now: Timestamp,
    ) -> Result<Vec<Step>, Violations> {
        self.still_open(expected_revision)?;
        let mut violations = Violations::default();
        let goal = violations.keep(required("goal_missing", "/goal", "the goal", &given.goal, 2_000));
        if given.lead.is_none() {
            violations.0.push(Violation::Missing { code: "lead_missing", pointer: "/lead_actor_id", what: "who takes the lead" });
        }
        let title = violations.keep(code::text("/title", &given.title, 200));
        let target = violations.keep(decimal("/target", &given.target));
        if given.partners.len() > 50 {
            violations.0.push(Violation::TooMany { pointer: "/partner_actor_ids", most: 50 });
        }
        let goal = violations.or(goal)?;

        let mut steps = Vec::new();
        if self.state == State::Idea {
            steps.push(self.step_to(State::Drafted, String::new())?);
        }
        steps.push(self.step_to(State::Decided, String::new())?);
        self.goal = goal;
        self.lead = given.lead;
        self.partners.clone_from(&given.partners);
        self.partners.sort();
        self.partners.dedup();
        self.partners.retain(|partner| Some(*partner) != self.lead);
        if !title.is_empty() {
            self.title = title;
        }
        self.target = target;
        self.due_on = given.due_on;
        self.decided_at = Some(now);
        self.revision += 1;
        Ok(steps)
    }

    /// Decides that it will not be done.
    pub(crate) fn reject(&mut self, expected_revision: Option<i64>, reason: &str, now: Timestamp) -> Result<Step, Violation> {
        self.still_open(expected_revision)?;
        let reason = required("reason_missing", "/reason", "why it is rejected", reason, 2_000)?;
        let step = self.step_to(State::Rejected, reason.clone())?;
        self.reason = reason;
        self.decided_at = Some(now);
        self.revision += 1;
        Ok(step)
    }

    /// Moves it on after the decision, or cancels it.
    pub(crate) fn move_to(&mut self, expected_revision: Option<i64>, next: State, note: &str) -> Result<Step, Violation> {
        at_revision(expected_revision.unwrap_or(self.revision), self.revision)?;
        let from_a_decision = !matches!(next, State::Idea | State::Drafted | State::Decided | State::Rejected);
        if !from_a_decision || !self.state.may_become(next) {
            return Err(self.refused(next));
        }
        let note = match next {
            State::Cancelled => required("reason_missing", "/note", "why it is cancelled", note, 2_000)?,
            State::Evaluated => required("findings_missing", "/note", "what came of it", note, 10_000)?,
            _ => code::text("/note", note, 2_000)?,
        };
        let step = self.step_to(next, note.clone())?;
        match next {
            State::Cancelled => self.reason = note,
            State::Evaluated => self.findings = note,
            _ => {}
        }
        self.revision += 1;
        Ok(step)
    }

    /// The states that [`Self::move_to`], [`Self::decide`] and [`Self::reject`] can reach from here.
    pub(crate) fn next_states(&self) -> Vec<State> {
        let reachable = State::ALL.iter().copied().filter(|&next| match next {
            State::Decided => self.state.is_open(),
            State::Idea | State::Drafted => false,
            _ => self.state.may_become(next),
        });
        reachable.collect()
    }

    /// The problem situation has other figures now: an idea follows them, later states keep what was decided upon.
    /// One that was cancelled because the situation ceased is an idea again if the situation `holds`; the figures may
    /// also be older than its end and only late.
    pub(crate) fn alert_raised_again(&mut self, proposal: &Proposal, holds: bool) -> Option<Step> {
        let from = self.state;
        let (what, to) = match from {
            State::Idea => (What::Refreshed, State::Idea),
            State::Cancelled if self.reason != ALERT_CLEARED => return None,
            State::Cancelled if holds => (What::Reopened, State::Idea),
            State::Cancelled => (What::Refreshed, State::Cancelled),
            _ => return None,
        };
        if from == to && (&self.title, &self.reasoning) == (&proposal.title, &proposal.reasoning) {
            return None;
        }
        self.title.clone_from(&proposal.title);
        self.reasoning.clone_from(&proposal.reasoning);
        if to == State::Idea {
            self.reason.clear();
        }
        self.state = to;
        self.revision += 1;
        Some(Step { what, from, to, note: String::new() })
    }

    /// The problem situation ceased: an idea that nobody decided is cancelled, anything else only learns of it.
    pub(crate) fn alert_cleared(&mut self, why: &str) -> Step {
        let from = self.state;
        if from == State::Idea {
            self.state = State::Cancelled;
            ALERT_CLEARED.clone_into(&mut self.reason);
        }
        self.revision += 1;
        Step { what: What::AlertCleared, from, to: self.state, note: why.to_owned() }
    }

    fn still_open(&self, expected_revision: Option<i64>) -> Result<(), Violation> {
        at_revision(expected_revision.unwrap_or(self.revision), self.revision)?;
        if self.state.is_open() { Ok(()) } else { Err(Violation::AlreadyDecided { state: self.state.as_str() }) }
    }

    fn step_to(&mut self, next: State, note: String) -> Result<Step, Violation> {
        if !self.state.may_become(next) {
            return Err(self.refused(next));
        }
        let from = std::mem::replace(&mut self.state, next);
        Ok(Step { what: What::Moved, from, to: next, note })
    }

    fn refused(&self, next: State) -> Violation {
        Violation::Transition { what: "a measure", from: self.state.as_str(), to: next.as_str() }
    }
}

fn required(code: &'static str, pointer: &'static str, what: &'static str, given: &str, most: usize) -> Result<String, Violation> {
    let text = code::text(pointer, given, most)?;
    if text.is_empty() { Err(Violation::Missing { code, pointer, what }) } else { Ok(text) }
}

fn decimal(pointer: &'static str, given: &str) -> Result<Option<String>, Violation> {
    let given = given.trim();
    if given.is_empty() {
        return Ok(None);
    }
    let (whole, fraction) = given.split_once('.').unwrap_or((given, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 15 && text.chars().all(|c| c.is_ascii_digit());
    if digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction) {
        Ok(Some(given.to_owned()))
    } else {
        Err(Violation::Malformed { pointer, given: given.chars().take(64).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn idea() -> Measure {
        Measure::by_hand(Uuid::nil(), "Abschlüsse sichern", "", "leavers-without-certificate", NOW).unwrap()
    }

    fn in_state(state: State) -> Measure {
        Measure { state, ..idea() }
    }

    fn decision() -> GivenDecision {
        GivenDecision { goal: "Quote senken".to_owned(), lead: Some(Uuid::from_u128(7)), ..GivenDecision::default() }
    }

    fn proposal(title: &str) -> Proposal {
        Proposal { title: title.to_owned(), reasoning: "neu".to_owned(), candidates: Vec::new() }
    }

    #[test]
    fn every_pair_of_states_that_is_not_listed_is_refused() {
        let listed = [
            ("idea", "drafted"),
            ("idea", "rejected"),
            ("idea", "cancelled"),
            ("drafted", "decided"),
            ("drafted", "rejected"),
            ("drafted", "cancelled"),
            ("decided", "running"),
            ("decided", "cancelled"),
            ("running", "paused"),
            ("running", "completed"),
            ("running", "cancelled"),
            ("paused", "running"),
            ("paused", "completed"),
            ("paused", "cancelled"),
            ("completed", "evaluated"),
        ];
        for &from in State::ALL {
            for &to in State::ALL {
                assert_eq!(from.may_become(to), listed.contains(&(from.as_str(), to.as_str())), "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn an_idea_is_decided_by_way_of_a_draft() {
        let mut measure = idea();
        let steps = measure.decide(Some(1), &decision(), NOW).unwrap();
        let path: Vec<_> = steps.iter().map(|step| (step.from, step.to)).collect();
        assert_eq!(path, [(State::Idea, State::Drafted), (State::Drafted, State::Decided)]);
        assert_eq!((measure.state, measure.revision), (State::Decided, 2));
    }

    #[test]
    fn a_decision_names_goal_and_lead() {
        let mut measure = idea();
        let Violations(all) =
            measure.decide(None, &GivenDecision { target: "7,5".to_owned(), ..GivenDecision::default() }, NOW).unwrap_err();
        let codes: Vec<_> = all.iter().map(Violation::code).collect();
        assert_eq!(codes, ["goal_missing", "lead_missing", "malformed"]);
        assert_eq!(measure, idea());
    }

    #[test]
    fn the_lead_is_no_partner_of_itself_and_each_partner_counts_once() {
        let partners = [9, 7, 8, 9].map(Uuid::from_u128).to_vec();
        let mut measure = idea();
        measure.decide(None, &GivenDecision { partners, ..decision() }, NOW).unwrap();
        assert_eq!(measure.partners, [8, 9].map(Uuid::from_u128));
    }

    #[test]
    fn what_was_decided_cannot_be_decided_again() {
        for &state in State::ALL {
            let decided = in_state(state).decide(None, &decision(), NOW);
            let rejected = in_state(state).reject(None, "kein Geld", NOW);
            assert_eq!(decided.is_ok(), state.is_open(), "{state:?}");
            assert_eq!(rejected.is_ok(), state.is_open(), "{state:?}");
            if !state.is_open() {
                assert_eq!(rejected.unwrap_err().code(), "measure_already_decided");
            }
        }
    }

    #[test]
    fn a_rejection_says_why() {
        assert_eq!(idea().reject(None, "  ", NOW).unwrap_err().code(), "reason_missing");
        let mut measure = idea();
        measure.reject(None, "läuft schon woanders", NOW).unwrap();
        assert_eq!((measure.state, measure.reason.as_str()), (State::Rejected, "läuft schon woanders"));
    }

    #[test]
    fn a_cleared_alert_cancels_only_what_is_an_idea() {
        for &state in State::ALL {
            let mut measure = in_state(state);
            let step = measure.alert_cleared("value_within_limits");
            let expected = if state == State::Idea { State::Cancelled } else { state };
            assert_eq!((measure.state, step.to), (expected, expected), "{state:?}");
        }
    }

    #[test]
    fn an_alert_that_returns_reopens_what_its_end_cancelled_and_nothing_else() {
        let mut measure = idea();
        measure.alert_cleared("value_within_limits");
        let step = measure.alert_raised_again(&proposal("Neu"), true).unwrap();
        assert_eq!((step.what, measure.state, measure.title.as_str(), measure.reason.as_str()), (What::Reopened, State::Idea, "Neu", ""));
        assert_eq!(measure.alert_raised_again(&proposal("Neu"), true), None, "the same figures change nothing");
        assert_eq!(measure.alert_raised_again(&proposal("Neuer"), true).unwrap().what, What::Refreshed);

        let mut late = idea();
        late.alert_cleared("value_within_limits");
        late.alert_raised_again(&proposal("Spät"), false).unwrap();
        assert_eq!((late.state, late.title.as_str(), late.reason.as_str()), (State::Cancelled, "Spät", ALERT_CLEARED));

        let mut cancelled = idea();
        cancelled.move_to(None, State::Cancelled, "anders gelöst").unwrap();
        assert_eq!(cancelled.alert_raised_again(&proposal("Neu"), true), None);
        let mut decided = idea();
        decided.decide(None, &decision(), NOW).unwrap();
        assert_eq!(decided.alert_raised_again(&proposal("Neu"), true), None);
    }

    #[test]
    fn a_move_never_goes_around_the_decision() {
        for &from in State::ALL {
            for next in [State::Idea, State::Drafted, State::Decided, State::Rejected] {
                assert!(in_state(from).move_to(None, next, "x").is_err(), "{from:?} -> {next:?}");
            }
        }
    }

    #[test]
    fn decimals_have_a_point() {
        for good in ["7", "7.5", "-0.25"] {
            assert_eq!(decimal("/target", good), Ok(Some(good.to_owned())));
        }
        for bad in ["7,5", "7.", ".5", "1e3", "NaN", "--1"] {
            assert!(decimal("/target", bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_outdated_revision_changes_nothing(from in prop::sample::select(State::ALL), next in prop::sample::select(State::ALL), off in 1_i64..5) {
            let before = in_state(from);
            let mut measure = before.clone();
            let outdated = Some(measure.revision - off);
            let refused = |violation: &Violation| matches!(violation, Violation::RevisionOutdated { .. });
            prop_assert!(measure.move_to(outdated, next, "x").is_err_and(|violation| refused(&violation)));
            prop_assert!(measure.reject(outdated, "x", NOW).is_err_and(|violation| refused(&violation)));
            prop_assert!(measure.decide(outdated, &decision(), NOW).is_err_and(|violations| refused(&violations.0[0])));
            prop_assert_eq!(measure, before);
        }

        #[test]
        fn whatever_is_done_every_step_is_an_edge_of_the_machine(actions in prop::collection::vec(0_usize..13, 1..20)) {
            let mut measure = idea();
            for action in actions {
                let before = measure.clone();
                let steps = match action {
                    0..=8 => measure.move_to(None, State::ALL[action], "x").map(|step| vec![step]).ok(),
                    9 => measure.decide(None, &decision(), NOW).ok(),
                    10 => measure.reject(None, "x", NOW).map(|step| vec![step]).ok(),
                    11 => Some(vec![measure.alert_cleared("value_within_limits")]),
                    _ => measure.alert_raised_again(&proposal("x"), true).map(|step| vec![step]),
                };
                let Some(steps) = steps else {
                    prop_assert_eq!(&measure, &before);
                    continue;
                };
                prop_assert_eq!(measure.revision, before.revision + 1);
                prop_assert_eq!(steps[0].from, before.state);
                prop_assert_eq!(steps[steps.len() - 1].to, measure.state);
                for step in steps {
                    let stays = step.from == step.to && step.what != What::Moved;
                    let reopened = step.what == What::Reopened && step.from == State::Cancelled && step.to == State::Idea;
                    prop_assert!(stays || reopened || step.from.may_become(step.to), "{:?}", step);
                }
            }
        }
    }
}
