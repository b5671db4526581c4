//! State machines as tables: every pair that a table does not list is refused.
use super::Violation;

/// The states of one kind of thing and the ways between them.
pub(crate) trait Machine: Copy + Eq + Sized + 'static {
    /// What the states belong to.
    const NAME: &'static str;
    /// All states.
    const ALL: &'static [Self];
    /// Where it begins.
    const INITIAL: Self;
    /// All allowed ways.
    const EDGES: &'static [(Self, Self)];

    /// Its name in the store, on the wire and in answers.
    fn as_str(self) -> &'static str;

    /// Whether there is a way to `next`.
    fn may_become(self, next: Self) -> bool {
        Self::EDGES.contains(&(self, next))
    }

    /// The next state, or the rule that forbids it.
    fn become_next(self, next: Self) -> Result<Self, Violation> {
        if self.may_become(next) {
            Ok(next)
        } else {
            Err(Violation::NoSuchTransition { machine: Self::NAME, from: self.as_str(), to: next.as_str() })
        }
    }

    /// Whether it stays as it is for ever.
    #[cfg(test)]
    fn is_terminal(self) -> bool {
        Self::EDGES.iter().all(|(from, _)| *from != self)
    }

    /// Reads a name.
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == name)
    }
}

/// Writes an enum and its `Machine` from one table.
macro_rules! machine {
    ($(#[$doc:meta])* $kind:ident $name:literal starts $initial:ident
     states { $($(#[$state_doc:meta])* $state:ident = $text:literal,)+ }
     edges { $($from:ident -> $($to:ident),+;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $kind { $($(#[$state_doc])* $state,)+ }

        impl $crate::domain::machine::Machine for $kind {
            const NAME: &'static str = $name;
            const ALL: &'static [Self] = &[$(Self::$state,)+];
            const INITIAL: Self = Self::$initial;
            const EDGES: &'static [(Self, Self)] = &[$($((Self::$from, Self::$to),)+)+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$state => $text,)+ }
            }
        }
    };
}
pub(super) use machine;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseState, ConsentState, HandoverState, ReferralState};
    use proptest::prelude::*;
    use std::{collections::BTreeSet, path::Path};

    /// Walks at random and checks that each step is taken exactly when the table lists it.
    fn walk<M: Machine + std::fmt::Debug>(wishes: &[prop::sample::Index]) -> Result<(), TestCaseError> {
        let mut state = M::INITIAL;
        for wish in wishes {
            let next = M::ALL[wish.index(M::ALL.len())];
            let listed = M::EDGES.contains(&(state, next));
            match state.become_next(next) {
                Ok(reached) => {
                    prop_assert!(listed);
                    prop_assert!(!state.is_terminal());
                    prop_assert_eq!(reached, next);
                    state = reached;
                }
                Err(violation) => {
                    prop_assert!(!listed);
                    prop_assert_eq!(violation.code(), format!("{}_transition_refused", M::NAME));
                }
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn only_listed_ways_are_open(wishes in prop::collection::vec(any::<prop::sample::Index>(), 1..60)) {
            walk::<CaseState>(&wishes)?;
            walk::<ConsentState>(&wishes)?;
            walk::<ReferralState>(&wishes)?;
            walk::<HandoverState>(&wishes)?;
        }
    }

    /// (states, allowed pairs, terminal states): the figures that the design counts.
    fn shape<M: Machine>() -> (usize, usize, usize) {
        let all = M::ALL.iter().flat_map(|from| M::ALL.iter().map(move |to| (*from, *to)));
        (M::ALL.len(), all.filter(|(from, to)| from.may_become(*to)).count(), M::ALL.iter().filter(|state| state.is_terminal()).count())
    }

    #[test]
    fn of_all_pairs_only_the_listed_are_allowed() {
        assert_eq!(shape::<CaseState>(), (10, 29, 1));
        assert_eq!(shape::<ConsentState>(), (7, 6, 5));
        assert_eq!(shape::<ReferralState>(), (9, 14, 5));
        assert_eq!(shape::<HandoverState>(), (5, 5, 3));
    }

    fn reachable<M: Machine + Ord>() -> usize {
        let mut seen = BTreeSet::from([M::INITIAL]);
        loop {
            let next: BTreeSet<M> = M::EDGES.iter().filter(|(from, _)| seen.contains(from)).map(|(_, to)| *to).collect();
            let before = seen.len();
            seen.extend(next);
            if seen.len() == before {
                return before;
            }
        }
    }

    #[test]
    fn every_state_can_be_reached_and_is_read_as_it_is_written() {
        assert_eq!(reachable::<CaseState>(), CaseState::ALL.len());
        assert_eq!(reachable::<ConsentState>(), ConsentState::ALL.len());
        assert_eq!(reachable::<ReferralState>(), ReferralState::ALL.len());
        assert_eq!(reachable::<HandoverState>(), HandoverState::ALL.len());
        assert!(CaseState::ALL.iter().all(|state| CaseState::parse(state.as_str()) == Some(*state)));
        assert_eq!(CaseState::parse("open"), None);
    }

    fn agrees<M: Machine>(machines: &serde_json::Value) {
        let machine = &machines[M::NAME];
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let states: BTreeSet<String> = machine["states"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(states, M::ALL.iter().map(|state| state.as_str().to_owned()).collect(), "{}", M::NAME);
        let edges: BTreeSet<(String, String)> =
            machine["edges"].as_array().unwrap().iter().map(|edge| (text(&edge[0]), text(&edge[1]))).collect();
        assert_eq!(edges, M::EDGES.iter().map(|(from, to)| (from.as_str().to_owned(), to.as_str().to_owned())).collect(), "{}", M::NAME);
        assert_eq!(text(&machine["initial"]), M::INITIAL.as_str());
        if let Some(terminal) = machine.get("terminal").and_then(|list| list.as_array()) {
            let terminal: BTreeSet<String> = terminal.iter().map(text).collect();
            assert_eq!(
                terminal,
                M::ALL.iter().filter(|state| state.is_terminal()).map(|state| state.as_str().to_owned()).collect(),
                "{}",
                M::NAME
            );
        }
    }

    #[test]
    fn the_tables_agree_with_the_shared_ones() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/newcomers/state-machines.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("skipped: shared data absent");
            return;
        };
        let machines = serde_json::from_str(&text).unwrap();
        agrees::<CaseState>(&machines);
        agrees::<ConsentState>(&machines);
        agrees::<ReferralState>(&machines);
        agrees::<HandoverState>(&machines);
    }
}
