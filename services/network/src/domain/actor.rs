//! Actors: organisations, units, offices and initiatives of the education landscape, never persons.
use super::code::{self, codes};
use super::violation::{Violation, Violations};
use jiff::Timestamp;
use uuid::Uuid;

codes! {
    /// What kind of body an actor is.
    Kind {
        /// A legal person or a public authority.
        Organisation = "organisation",
        /// A part of an organisation that acts for itself, such as a school or a branch library.
        Unit = "unit",
        /// A department of the administration.
        Office = "office",
        /// People who act together without a legal form.
        Initiative = "initiative",
        /// Someone who offers education as a business of one.
        SoleProvider = "sole_provider",
    }
}

codes! {
    /// Where an actor is in its life.
    State {
        /// Not yet to be seen.
        Draft = "draft",
        /// Part of the network.
        Active = "active",
        /// Not heard of at present.
        Dormant = "dormant",
        /// Gone for good.
        Closed = "closed",
    }
}

impl State {
    /// `draft -> active <-> dormant -> closed`; an active actor may close at once, a draft too.
    #[expect(clippy::unnested_or_patterns, reason = "one line for each state")]
    pub(crate) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Active | Self::Closed)
                | (Self::Active, Self::Dormant | Self::Closed)
                | (Self::Dormant, Self::Active | Self::Closed)
        )
    }
}

/// What an actor says of itself, as given by a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenProfile {
    pub(crate) name: String,
    pub(crate) short_name: String,
    pub(crate) other_names: Vec<String>,
    pub(crate) kind: String,
    pub(crate) types: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) themes: Vec<String>,
    pub(crate) districts: Vec<String>,
    pub(crate) languages: Vec<String>,
    pub(crate) web: String,
    pub(crate) description: String,
}

/// A profile that keeps the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) short_name: String,
    pub(crate) other_names: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) types: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) themes: Vec<String>,
    pub(crate) districts: Vec<String>,
    pub(crate) languages: Vec<String>,
    pub(crate) web: String,
    pub(crate) description: String,
}

impl Profile {
    /// Checks every field and reports all that is wrong.
    pub(crate) fn check(given: &GivenProfile) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let name = violations.keep(code::text("/name", &given.name, 200));
        if given.name.trim().is_empty() {
            violations.0.push(Violation::Missing { code: "actor_name_missing", pointer: "/name", what: "the actor's name" });
        }
        let kind = violations.keep(kind(&given.kind).map(Some));
        let profile = Self {
            name,
            short_name: violations.keep(code::text("/short_name", &given.short_name, 60)),
            other_names: violations.keep(code::names("/other_names", &given.other_names)),
            kind: kind.unwrap_or(Kind::Organisation),
            types: violations.keep(code::open_codes("/types", &given.types)),
            life_phases: violations.keep(code::open_codes("/life_phases", &given.life_phases)),
            themes: violations.keep(code::open_codes("/themes", &given.themes)),
            districts: violations.keep(code::names("/districts", &given.districts)),
            languages: violations.keep(code::languages("/languages", &given.languages)),
            web: violations.keep(web(&given.web)),
            description: violations.keep(code::text("/description", &given.description, 5_000)),
        };
        violations.or(profile)
    }

    /// Whether what others know of the actor differs.
    pub(crate) fn differs_in_public(&self, other: &Self) -> bool {
        (&self.name, &self.short_name, &self.other_names, self.kind) != (&other.name, &other.short_name, &other.other_names, other.kind)
            || (&self.types, &self.life_phases, &self.themes, &self.districts)
                != (&other.types, &other.life_phases, &other.themes, &other.districts)
    }
}

fn kind(given: &str) -> Result<Kind, Violation> {
    if given.trim().is_empty() {
        return Err(Violation::Missing { code: "actor_kind_missing", pointer: "/kind", what: "the actor's kind" });
    }
    Kind::of_field("/kind", given)
}

// Shown as a link: any other scheme would run in the reader's browser.
fn web(given: &str) -> Result<String, Violation> {
    let address = code::text("/web", given, 500)?;
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let fits = match host {
        Some(host) => host.starts_with(char::is_alphanumeric) && !address.contains(|c: char| c.is_whitespace() || "<>\"'".contains(c)),
        None => address.is_empty(),
    };
    if fits { Ok(address) } else { Err(Violation::Malformed { pointer: "/web", given: address.chars().take(64).collect() }) }
}

/// A member of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) id: Uuid,
    /// The key under which it was imported.
    pub(crate) key: Option<String>,
    pub(crate) profile: Profile,
    pub(crate) state: State,
    pub(crate) revision: i64,
    pub(crate) registered_at: Timestamp,
    pub(crate) changed_at: Timestamp,
}

/// What other services have to hear of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing.
    None,
    /// It joined the network.
    Registered,
    /// Its public profile is another.
    ProfileChanged,
}

impl Actor {
    /// A new actor, as a draft or part of the network at once.
    pub(crate) fn register(id: Uuid, key: Option<String>, profile: Profile, state: State, now: Timestamp) -> Result<Self, Violation> {
        if !matches!(state, State::Draft | State::Active) {
            return Err(Violation::Transition { what: "an actor", from: "new", to: state.as_str() });
        }
        Ok(Self { id, key, profile, state, revision: 1, registered_at: now, changed_at: now })
    }

    /// What a newly registered actor is to others.
    pub(crate) fn news_of_registration(&self) -> News {
        if self.state == State::Draft { News::None } else { News::Registered }
    }

    /// Replaces the profile and, if given, moves the state.
    pub(crate) fn change(&mut self, expected_revision: i64, profile: Profile, state: State, now: Timestamp) -> Result<News, Violation> {
        at_revision(expected_revision, self.revision)?;
        if state != self.state && !self.state.may_become(state) {
            return Err(Violation::Transition { what: "an actor", from: self.state.as_str(), to: state.as_str() });
        }
        let news = match (self.state, state) {
            (State::Draft, State::Active) => News::Registered,
            (State::Draft, _) => News::None,
            _ if self.profile.differs_in_public(&profile) => News::ProfileChanged,
            _ => News::None,
        };
        self.profile = profile;
        self.state = state;
        self.revision += 1;
        self.changed_at = now;
        Ok(news)
    }
}

/// Refuses a change that was made against an older revision.
pub(crate) fn at_revision(expected: i64, actual: i64) -> Result<(), Violation> {
    if expected == actual { Ok(()) } else { Err(Violation::RevisionOutdated { expected, actual }) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn given(name: &str) -> GivenProfile {
        GivenProfile { name: name.to_owned(), kind: "organisation".to_owned(), ..GivenProfile::default() }
    }

    pub(crate) fn actor(state: State) -> Actor {
        let profile = Profile::check(&given("Volkshochschule")).unwrap();
        Actor {
            id: Uuid::nil(),
            key: None,
            profile,
            state,
            revision: 3,
            registered_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_profile_reports_everything_that_is_wrong_with_it() {
        let bad = GivenProfile {
            kind: "club".to_owned(),
            types: vec!["Not A Code".to_owned()],
            web: "javascript:alert(1)".to_owned(),
            ..GivenProfile::default()
        };
        let Violations(all) = Profile::check(&bad).unwrap_err();
        let pointers: Vec<_> = all.iter().filter_map(Violation::pointer).collect();
        assert_eq!(pointers, ["/name", "/kind", "/types", "/web"]);
    }

    #[test]
    fn only_web_addresses_become_links() {
        for good in ["", "https://vhs.example", "http://xn--mnchen-3ya.example/a?b=c#d"] {
            assert_eq!(web(good), Ok(good.to_owned()));
        }
        for bad in ["vhs.example", "javascript:alert(1)", "https://", "https://a b", "data:text/html,x", "https://a\"onclick="] {
            assert!(web(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_draft_is_announced_when_it_becomes_active() {
        let mut draft = actor(State::Draft);
        assert_eq!(draft.news_of_registration(), News::None);
        let profile = Profile::check(&given("Bücherei")).unwrap();
        assert_eq!(draft.change(3, profile.clone(), State::Draft, Timestamp::UNIX_EPOCH), Ok(News::None));
        assert_eq!(draft.change(4, profile.clone(), State::Active, Timestamp::UNIX_EPOCH), Ok(News::Registered));
        assert_eq!(draft.change(5, profile, State::Active, Timestamp::UNIX_EPOCH), Ok(News::None));
    }

    #[test]
    fn a_description_is_nobody_elses_business_but_a_name_is() {
        let mut active = actor(State::Active);
        let described = Profile { description: "neu".to_owned(), ..active.profile.clone() };
        assert_eq!(active.change(3, described.clone(), State::Active, Timestamp::UNIX_EPOCH), Ok(News::None));
        let renamed = Profile { name: "VHS".to_owned(), ..described };
        assert_eq!(active.change(4, renamed, State::Active, Timestamp::UNIX_EPOCH), Ok(News::ProfileChanged));
    }

    #[test]
    fn every_pair_of_states_that_is_not_listed_is_refused() {
        let listed = [
            ("draft", "active"),
            ("draft", "closed"),
            ("active", "dormant"),
            ("active", "closed"),
            ("dormant", "active"),
            ("dormant", "closed"),
        ];
        for &from in State::ALL {
            for &to in State::ALL {
                assert_eq!(from.may_become(to), listed.contains(&(from.as_str(), to.as_str())), "{from:?} -> {to:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_change_counts_up_by_one_or_changes_nothing(
            from in prop::sample::select(State::ALL), to in prop::sample::select(State::ALL), expected in 0_i64..6,
        ) {
            let before = actor(from);
            let mut after = before.clone();
            let outcome = after.change(expected, before.profile.clone(), to, Timestamp::UNIX_EPOCH);
            if outcome.is_ok() {
                prop_assert_eq!(after.revision, before.revision + 1);
                prop_assert_eq!(after.state, to);
            } else {
                prop_assert_eq!(after, before);
            }
        }

        #[test]
        fn a_checked_profile_passes_its_own_check(name in "\\PC{1,40}", types in prop::collection::vec("[a-z][a-z_]{0,8}", 0..5)) {
            if let Ok(profile) = Profile::check(&GivenProfile { name, types, kind: "unit".to_owned(), ..GivenProfile::default() }) {
                let again = GivenProfile { name: profile.name.clone(), types: profile.types.clone(), kind: "unit".to_owned(), ..GivenProfile::default() };
                prop_assert_eq!(Profile::check(&again), Ok(profile));
            }
        }
    }
}
