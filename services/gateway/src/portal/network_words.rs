//! The network's codes, dates and refusals in German.
use crate::{portal::form::FormErrors, problem::Problem};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A code and what it is called.
pub(super) type Word = (&'static str, &'static str);

/// States of a measure, in the order of its life.
pub(super) const MEASURE_STATES: &[Word] = &[
    ("idea", "Vorschlag"),
    ("drafted", "Entwurf"),
    ("decided", "Beschlossen"),
    ("running", "Läuft"),
    ("paused", "Ruht"),
    ("completed", "Abgeschlossen"),
    ("evaluated", "Ausgewertet"),
    ("rejected", "Abgelehnt"),
    ("cancelled", "Aufgehoben"),
];

/// States of an actor.
pub(super) const ACTOR_STATES: &[Word] = &[("draft", "Entwurf"), ("active", "Aktiv"), ("dormant", "Ruht"), ("closed", "Geschlossen")];

/// Kinds of actors.
pub(super) const KINDS: &[Word] = &[
    ("organisation", "Organisation"),
    ("unit", "Einrichtung"),
    ("office", "Amt, Dienststelle"),
    ("initiative", "Initiative"),
    ("sole_provider", "Einzelanbieter"),
];

/// Types of actors that are offered for choice; others keep their code.
pub(super) const TYPES: &[Word] = &[
    ("association", "Verein, Verband"),
    ("authority", "Behörde"),
    ("business", "Betrieb"),
    ("chamber", "Kammer"),
    ("counselling", "Beratung"),
    ("foundation", "Stiftung"),
    ("kita", "Kita"),
    ("library", "Bibliothek"),
    ("migrant_organisation", "Migrantenorganisation"),
    ("museum", "Museum"),
    ("music_school", "Musikschule"),
    ("provider", "Bildungsträger"),
    ("school", "Schule"),
    ("university", "Hochschule"),
    ("vhs", "Volkshochschule"),
    ("youth_welfare", "Jugendhilfe"),
];

/// Phases of life in which an actor accompanies people.
pub(super) const LIFE_PHASES: &[Word] = &[
    ("early_childhood", "Kita und frühe Kindheit"),
    ("primary", "Grundschule"),
    ("secondary", "Weiterführende Schule"),
    ("training", "Ausbildung und Studium"),
    ("work", "Beruf und Familie"),
    ("later_life", "Nach dem Beruf"),
];

const THEMES: &[Word] = &[
    ("politics", "Politik, Gesellschaft, Umwelt"),
    ("culture", "Kultur, Gestalten"),
    ("health", "Gesundheit"),
    ("languages", "Sprachen"),
    ("work", "Arbeit, Beruf"),
    ("basic_education", "Grundbildung, Schulabschlüsse"),
    ("early_education", "Frühe Bildung"),
    ("language_support", "Sprachförderung"),
    ("reading", "Lesen"),
    ("family", "Familie"),
    ("transition", "Übergänge"),
    ("integration", "Integration"),
    ("recognition", "Anerkennung"),
    ("digital", "Digitale Bildung"),
    ("inclusion", "Inklusion"),
    ("democracy", "Demokratie"),
    ("sustainability", "Nachhaltigkeit"),
    ("mint", "MINT"),
];

/// What two actors do together.
pub(super) const COOPERATION_TYPES: &[Word] = &[
    ("information", "Information"),
    ("coordination", "Abstimmung"),
    ("joint_offer", "Gemeinsames Angebot"),
    ("referral", "Verweis, Übergang"),
    ("shared_space", "Gemeinsame Räume"),
    ("qualification", "Qualifizierung"),
    ("joint_project", "Gemeinsames Projekt"),
    ("funding", "Förderung"),
];

/// How close a cooperation is.
pub(super) const STRENGTHS: &[Word] =
    &[("1", "1 – sich kennen"), ("2", "2 – sich austauschen"), ("3", "3 – sich abstimmen"), ("4", "4 – gemeinsam leisten")];

/// How binding a cooperation is.
pub(super) const FORMALITIES: &[Word] =
    &[("informal", "informell"), ("agreed", "verabredet"), ("written", "schriftlich"), ("statutory", "gesetzlich")];

/// States of a cooperation.
pub(super) const COOPERATION_STATES: &[Word] =
    &[("wished", "Gewünscht"), ("planned", "Geplant"), ("active", "Aktiv"), ("paused", "Ruht"), ("ended", "Beendet")];

const MEASURE_STEPS: &[Word] = &[
    ("proposed", "Vorgeschlagen"),
    ("refreshed", "Zahlen der Problemlage aktualisiert"),
    ("alert_cleared", "Problemlage besteht nicht mehr"),
    ("reopened", "Problemlage besteht wieder"),
];

/// What a code is called; one that is not known stays as it is.
pub(super) fn word(words: &[Word], code: &str) -> String {
    words.iter().find(|(known, _)| *known == code).map_or(code, |(_, word)| word).to_owned()
}

/// How close a cooperation is.
pub(super) fn strength(number: &u32) -> String {
    word(STRENGTHS, &number.to_string())
}

/// Words to choose from.
pub(super) fn options(words: &[Word]) -> Vec<(String, String)> {
    words.iter().map(|(code, word)| ((*code).to_owned(), (*word).to_owned())).collect()
}

/// What several codes are called, in one line.
pub(super) fn words(known: &[Word], codes: &[String]) -> String {
    codes.iter().map(|code| word(known, code)).collect::<Vec<_>>().join(", ")
}

/// Themes in one line.
pub(super) fn themes(codes: &[String]) -> String {
    words(THEMES, codes)
}

/// What speaks for a candidate.
pub(super) fn reasons(reasons: &[String]) -> String {
    let said = reasons.iter().map(|reason| match reason.split_once(':') {
        Some(("type", code)) => word(TYPES, code),
        Some(("life_phase", code)) => word(LIFE_PHASES, code),
        Some(("theme", code)) => word(THEMES, code),
        Some(("district", name)) => format!("vor Ort in {name}"),
        _ => reason.clone(),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// What happened in a step of a measure's history.
pub(super) fn step(what: &str, to_state: &str) -> String {
    if what == "moved" { word(MEASURE_STATES, to_state) } else { word(MEASURE_STEPS, what) }
}

/// Why a measure ended, or a problem situation.
pub(super) fn reason(text: &str) -> String {
    match text {
        "alert_cleared" => "Die Problemlage besteht nicht mehr.".to_owned(),
        "value_within_limits" => "Der Wert liegt wieder im Rahmen.".to_owned(),
        "value_withdrawn" => "Der Wert wurde zurückgezogen.".to_owned(),
        "rule_changed" => "Die Regel wurde geändert.".to_owned(),
        other => other.to_owned(),
    }
}

/// The shade of a status: `good`, `warn`, `bad`, `info` or none.
pub(super) fn shade(state: &str) -> &'static str {
    match state {
        "active" | "decided" | "running" | "completed" | "evaluated" => "good",
        "idea" | "drafted" | "wished" | "planned" | "draft" => "warn",
        "rejected" | "cancelled" => "bad",
        _ => "info",
    }
}

/// A decimal with its unit as it is read here.
pub(super) fn figure(value: &str, unit: &str) -> String {
    let value = value.replace('.', ",").replace('-', "−");
    match unit {
        "" => value,
        "percent" => format!("{value} %"),
        other => format!("{value} {other}"),
    }
}

/// The distance between two values of a unit.
pub(super) fn distance(value: &str, unit: &str) -> String {
    match unit {
        "percent" => format!("{} Prozentpunkte", figure(value, "")),
        other => figure(value, other),
    }
}

const MONTHS: [&str; 12] =
    ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];

/// A day (`YYYY-MM-DD`), or the day of an instant, in words.
pub(super) fn day(text: &str) -> String {
    let instant = |text: &str| -> Option<Date> {
        Some(text.parse::<Timestamp>().ok()?.to_zoned(TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)).date())
    };
    let Some(date) = instant(text).or_else(|| text.parse().ok()) else { return text.to_owned() };
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month - 1)).copied().unwrap_or_default();
    format!("{}. {month} {}", date.day(), date.year())
}

/// What is wrong with a form, in German.
pub(super) fn errors(problem: &Problem) -> FormErrors {
    let mut errors = FormErrors::default();
    let whole = match problem.code.as_str() {
        "revision_outdated" => "Jemand hat inzwischen etwas geändert. Bitte sehen Sie den neuen Stand an und entscheiden Sie noch einmal.",
        "measure_already_decided" => "Über diese Maßnahme wurde schon entschieden.",
        "transition_not_allowed" => "Dieser Schritt ist im jetzigen Stand nicht möglich.",
        "cooperation_exists" => "Die beiden haben schon eine solche Kooperation, die nicht beendet ist.",
        "role_missing" => "Das darf nur das Bildungsmanagement.",
        _ => "",
    };
    if !whole.is_empty() {
        errors.add("", whole);
        return errors;
    }
    for error in FormErrors::of(problem).0 {
        let text = match error.field.as_str() {
            "name" => "Geben Sie einen Namen mit höchstens 200 Zeichen an.",
            "kind" => "Wählen Sie, was für ein Akteur das ist.",
            "web" => "Geben Sie eine Adresse an, die mit https:// oder http:// beginnt.",
            "languages" => "Geben Sie Sprachen als Kürzel an, zum Beispiel: de, en, uk.",
            "goal" => "Geben Sie das Ziel an.",
            "lead_actor_id" => "Wählen Sie, wer die Federführung hat. Geschlossene Akteure sind nicht wählbar.",
            "target" => "Geben Sie den Zielwert als Zahl an, zum Beispiel 8,5.",
            "due_on" | "since" | "on" | "until" => "Geben Sie einen Tag an, zum Beispiel 2026-07-31.",
            "reason" => "Geben Sie den Grund an.",
            "note" => "Hier fehlt noch eine Angabe.",
            "title" => "Geben Sie einen Titel mit höchstens 200 Zeichen an.",
            "to_actor_id" => "Wählen Sie einen anderen Akteur.",
            "type" => "Wählen Sie die Art der Kooperation.",
            "strength" => "Wählen Sie, wie eng die Kooperation ist.",
            _ => error.text.as_str(),
        };
        errors.add(error.field.clone(), text);
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[test]
    fn figures_are_written_as_they_are_read_here() {
        assert_eq!(figure("9.24", "percent"), "9,24 %");
        assert_eq!(distance("-0.66", "percent"), "−0,66 Prozentpunkte");
        assert_eq!(figure("120", "persons"), "120 persons");
    }

    #[test]
    fn days_are_written_in_words() {
        assert_eq!(day("2026-03-02"), "2. März 2026");
        assert_eq!(day("2026-03-02T23:30:00Z"), "3. März 2026");
        assert_eq!(day("bald"), "bald");
    }

    #[test]
    fn a_refusal_speaks_german() {
        let problem = Problem::invalid("goal_missing", "the goal is missing").field("/goal", "x").field("/lead_actor_id", "y");
        let errors = errors(&problem);
        assert_eq!((errors.at("goal"), errors.0.len()), ("Geben Sie das Ziel an.", 2));
        let outdated = super::errors(&Problem::new(StatusCode::PRECONDITION_FAILED, "revision_outdated", "x"));
        assert!(outdated.at("").starts_with("Jemand hat inzwischen"));
    }

    #[test]
    fn reasons_name_what_speaks_for_a_candidate() {
        let given = ["type:school", "life_phase:secondary", "district:01", "type:circus"].map(str::to_owned);
        assert_eq!(reasons(&given), "Schule, Weiterführende Schule, vor Ort in 01, circus");
    }
}
