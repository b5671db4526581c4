//! From a problem situation to a proposed measure: its words and the actors that could take part.
use super::actor::{Actor, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The network's copy of a problem situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alert {
    pub(crate) id: Uuid,
    pub(crate) rule_id: String,
    pub(crate) indicator_id: String,
    pub(crate) area_code: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    pub(crate) value: String,
    pub(crate) unit: String,
    pub(crate) reference_area_code: String,
    pub(crate) reference_area_name: String,
    pub(crate) reference_value: String,
    pub(crate) margin: String,
    pub(crate) raised_at: Timestamp,
    pub(crate) cleared_at: Option<Timestamp>,
    pub(crate) cleared_reason: String,
}

/// What the network has to know of an indicator to propose a measure. Configurable: each city counts other things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndicatorProfile {
    /// Its name in the city's language.
    pub label: String,
    /// What a measure would aim at, as the beginning of its title.
    pub aim: String,
    /// Types of actors that can do something about it.
    pub types: Vec<String>,
    /// Life phases of the people concerned.
    pub life_phases: Vec<String>,
    /// Themes that are concerned.
    pub themes: Vec<String>,
}

/// Profiles by indicator.
pub(crate) type IndicatorProfiles = BTreeMap<String, IndicatorProfile>;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) title: String,
    pub(crate) reasoning: String,
    pub(crate) candidates: Vec<Candidate>,
}

/// An actor that could take part, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) actor: Uuid,
    pub(crate) reasons: Vec<String>,
}

/// The measure that an alert calls for, with at most `most` candidates among `actors`.
pub(crate) fn propose(alert: &Alert, profiles: &IndicatorProfiles, actors: &[Actor], most: usize) -> Proposal {
    let unknown = IndicatorProfile::default();
    let profile = profiles.get(&alert.indicator_id).unwrap_or(&unknown);
    Proposal { title: title(alert, profile), reasoning: reasoning(alert, profile), candidates: candidates(alert, profile, actors, most) }
}

fn title(alert: &Alert, profile: &IndicatorProfile) -> String {
    let aim = if profile.aim.is_empty() { format!("Problemlage {} angehen", alert.indicator_id) } else { profile.aim.clone() };
    format!("{aim} ({} {})", short(&alert.area_name), alert.period)
}

fn reasoning(alert: &Alert, profile: &IndicatorProfile) -> String {
    let label = if profile.label.is_empty() { &alert.indicator_id } else { &profile.label };
    let unit = unit(&alert.unit);
    format!(
        "{label}: {} hat {} den Wert {}{unit}, {} {}{unit}. Abstand: {}{}. Auslösende Regel: {}.",
        short(&alert.area_name),
        alert.period,
        german(&alert.value),
        short(&alert.reference_area_name),
        german(&alert.reference_value),
        german(&alert.margin),
        difference_unit(&alert.unit),
        alert.rule_id,
    )
}

// Official statistics write "Kaiserslautern, kreisfreie Stadt".
fn short(area: &str) -> &str {
    area.split(',').next().unwrap_or(area).trim()
}

fn german(decimal: &str) -> String {
    decimal.replace('.', ",")
}

fn unit(code: &str) -> String {
    match code {
        "percent" => " Prozent".to_owned(),
        "" => String::new(),
        other => format!(" {other}"),
    }
}

fn difference_unit(code: &str) -> String {
    match code {
        "percent" => " Prozentpunkte".to_owned(),
        other => unit(other),
    }
}

// What an actor is says most, then whom it serves, then where and with what.
const TYPE: usize = 4;
const LIFE_PHASE: usize = 3;
const THEME: usize = 2;
const DISTRICT: usize = 2;

fn candidates(alert: &Alert, profile: &IndicatorProfile, actors: &[Actor], most: usize) -> Vec<Candidate> {
    let mut scored: Vec<(usize, &Actor, Vec<String>)> = actors
        .iter()
        .filter(|actor| actor.state == State::Active)
        .map(|actor| {
            let (score, reasons) = fit(alert, profile, actor);
            (score, actor, reasons)
        })
        .filter(|(score, ..)| *score > 0)
        .collect();
    scored.sort_by(|(a, first, _), (b, second, _)| {
        b.cmp(a).then_with(|| first.profile.name.cmp(&second.profile.name)).then_with(|| first.id.cmp(&second.id))
    });
    scored.truncate(most);
    scored.into_iter().map(|(_, actor, reasons)| Candidate { actor: actor.id, reasons }).collect()
}

fn fit(alert: &Alert, wanted: &IndicatorProfile, actor: &Actor) -> (usize, Vec<String>) {
    let profile = &actor.profile;
    let mut score = 0;
    let mut reasons = Vec::new();
    for (weight, label, has, wants) in [
        (TYPE, "type", &profile.types, &wanted.types),
        (LIFE_PHASE, "life_phase", &profile.life_phases, &wanted.life_phases),
        (THEME, "theme", &profile.themes, &wanted.themes),
    ] {
        let shared: Vec<_> = has.iter().filter(|code| wants.contains(code)).collect();
        // Serving every life phase is no better than serving the one that matters.
        if !shared.is_empty() {
            score += weight;
        }
        reasons.extend(shared.into_iter().map(|code| format!("{label}:{code}")));
    }
    let here = |district: &&String| same(district, short(&alert.area_name)) || same(district, &alert.area_code);
    if let Some(district) = profile.districts.iter().find(here) {
        score += DISTRICT;
        reasons.push(format!("district:{district}"));
    }
    (score, reasons)
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::actor::{self, Profile};

    pub(crate) fn alert() -> Alert {
        Alert {
            id: Uuid::from_u128(1),
            rule_id: "above-land".to_owned(),
            indicator_id: "leavers-without-certificate".to_owned(),
            area_code: "07312".to_owned(),
            area_name: "Kaiserslautern, kreisfreie Stadt".to_owned(),
            period: "2023".to_owned(),
            value: "9.24".to_owned(),
            unit: "percent".to_owned(),
            reference_area_code: "07".to_owned(),
            reference_area_name: "Rheinland-Pfalz".to_owned(),
            reference_value: "8.58".to_owned(),
            margin: "0.66".to_owned(),
            raised_at: Timestamp::UNIX_EPOCH,
            cleared_at: None,
            cleared_reason: String::new(),
        }
    }

    fn actor(number: u128, name: &str, types: &[&str], life_phases: &[&str], districts: &[&str]) -> Actor {
        let owned = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect::<Vec<_>>();
        let given = actor::GivenProfile {
            types: owned(types),
            life_phases: owned(life_phases),
            districts: owned(districts),
            ..actor::tests::given(name)
        };
        Actor { id: Uuid::from_u128(number), profile: Profile::check(&given).unwrap(), ..actor::tests::actor(State::Active) }
    }

    fn profiles() -> IndicatorProfiles {
        let profile = IndicatorProfile {
            label: "Schulabgänge ohne Hauptschulabschluss".to_owned(),
            aim: "Mehr Jugendliche zum Schulabschluss führen".to_owned(),
            types: vec!["school".to_owned(), "vhs".to_owned()],
            life_phases: vec!["school".to_owned()],
            themes: Vec::new(),
        };
        IndicatorProfiles::from([("leavers-without-certificate".to_owned(), profile)])
    }

    #[test]
    fn the_words_hold_the_figures_of_the_alert() {
        let proposal = propose(&alert(), &profiles(), &[], 8);
        assert_eq!(proposal.title, "Mehr Jugendliche zum Schulabschluss führen (Kaiserslautern 2023)");
        assert_eq!(
            proposal.reasoning,
            "Schulabgänge ohne Hauptschulabschluss: Kaiserslautern hat 2023 den Wert 9,24 Prozent, Rheinland-Pfalz 8,58 Prozent. \
             Abstand: 0,66 Prozentpunkte. Auslösende Regel: above-land."
        );
    }

    #[test]
    fn an_indicator_without_a_profile_is_named_by_its_id() {
        let proposal = propose(&alert(), &IndicatorProfiles::new(), &[], 8);
        assert_eq!(proposal.title, "Problemlage leavers-without-certificate angehen (Kaiserslautern 2023)");
        assert!(proposal.reasoning.starts_with("leavers-without-certificate: Kaiserslautern hat 2023 den Wert 9,24 Prozent"));
    }

    #[test]
    fn candidates_are_those_that_fit_best_first() {
        let actors = [
            actor(1, "Museum", &["museum"], &["adult"], &[]),
            actor(2, "Jugendtreff", &["youth_centre"], &["school"], &[]),
            actor(3, "Realschule plus", &["school"], &["school"], &[]),
            actor(4, "Bücherei", &["library"], &[], &["kaiserslautern"]),
            Actor { state: State::Dormant, ..actor(5, "Alte Schule", &["school"], &["school"], &[]) },
            actor(6, "Abendschule", &["school"], &["school"], &[]),
        ];
        let proposal = propose(&alert(), &profiles(), &actors, 8);
        let found: Vec<_> = proposal.candidates.iter().map(|candidate| candidate.actor.as_u128()).collect();
        assert_eq!(found, [6, 3, 2, 4]);
        assert_eq!(proposal.candidates[0].reasons, ["type:school", "life_phase:school"]);
        assert_eq!(proposal.candidates[3].reasons, ["district:kaiserslautern"]);
        assert_eq!(propose(&alert(), &profiles(), &actors, 2).candidates.len(), 2);
    }
}
