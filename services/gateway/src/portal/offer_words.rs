//! How codes, prices and dates of offers are said in German.
use crate::rest::offers::{Accessibility, Instance, Place, Places, Price};
use jiff::civil::{Date, DateTime};

const MONTHS: [&str; 12] =
    ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
const SHORT_MONTHS: [&str; 12] = ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez."];
const WEEKDAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];

/// A day on the leaf of a calendar.
#[expect(clippy::struct_field_names, reason = "the day of the month is called that")]
pub(crate) struct Day {
    pub(crate) machine: String,
    pub(crate) weekday: &'static str,
    pub(crate) day: i8,
    pub(crate) month: &'static str,
}

impl Day {
    /// The day of a time with an offset, where it takes place.
    pub(crate) fn of(time: &str) -> Option<Self> {
        let date = civil(time)?.date();
        Some(Self { machine: date.to_string(), weekday: weekday(date).get(..2)?, day: date.day(), month: named(&SHORT_MONTHS, date) })
    }
}

fn civil(time: &str) -> Option<DateTime> {
    time.get(..19)?.parse().ok()
}

fn month(date: Date) -> &'static str {
    named(&MONTHS, date)
}

fn named(names: &[&'static str; 12], date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
}

fn weekday(date: Date) -> &'static str {
    usize::try_from(date.weekday().to_monday_zero_offset()).ok().and_then(|at| WEEKDAYS.get(at)).copied().unwrap_or_default()
}

/// A day in words: 2. März 2026.
pub(crate) fn date(text: &str) -> String {
    match text.get(..10).and_then(|day| day.parse::<Date>().ok()) {
        Some(date) => format!("{}. {} {}", date.day(), month(date), date.year()),
        None => text.to_owned(),
    }
}

/// The day or days of an instance.
pub(crate) fn span(instance: &Instance) -> String {
    let (Some(start), Some(end)) = (civil(&instance.start), civil(&instance.end)) else { return date(&instance.start) };
    if start.date() == end.date() {
        format!("{}, {}", weekday(start.date()), date(&instance.start))
    } else {
        format!("{} bis {}", date(&instance.start), date(&instance.end))
    }
}

/// From when to when, if the times are known.
pub(crate) fn times(instance: &Instance) -> Option<String> {
    let (start, end) = (civil(&instance.start)?, civil(&instance.end)?);
    if instance.all_day {
        return (start.date() != end.date()).then(|| format!("bis {}", date(&instance.end)));
    }
    let clock = |time: DateTime| format!("{:02}:{:02}", time.hour(), time.minute());
    Some(if start == end { format!("{} Uhr", clock(start)) } else { format!("{}–{} Uhr", clock(start), clock(end)) })
}

/// A price in words.
pub(crate) struct PriceWords {
    pub(crate) main: String,
    pub(crate) note: Option<String>,
}

/// What an offer costs.
pub(crate) fn price(price: &Price) -> PriceWords {
    let euros = |amount: &str| format!("{} €", amount.replace('.', ","));
    let main = match (price.kind.as_str(), &price.amount) {
        ("free", _) => "kostenlos".to_owned(),
        ("amount", Some(amount)) => euros(amount),
        ("on_request", _) => "Preis auf Anfrage".to_owned(),
        _ => "Preis beim Anbieter".to_owned(),
    };
    PriceWords { main, note: price.reduced.as_ref().map(|reduced| format!("ermäßigt {}", euros(reduced))) }
}

/// What an offer costs, for a page that shows the provider's own remarks too: what one of them says is not said twice.
pub(crate) fn price_beside_notes(price: &Price) -> PriceWords {
    let said = |sum: &str| price.notes.iter().any(|note| note.contains(sum) || note.contains(&sum.replace('.', ",")));
    let words = self::price(price);
    PriceWords { note: words.note.filter(|_| !price.reduced.as_deref().is_some_and(said)), ..words }
}

/// Free places in words.
pub(crate) fn places(places: Option<&Places>) -> Option<String> {
    match places?.free? {
        0 => Some("ausgebucht".to_owned()),
        1 => Some("noch 1 Platz frei".to_owned()),
        free => Some(format!("noch {free} Plätze frei")),
    }
}

/// The lines of an address.
pub(crate) fn place_lines(place: &Place) -> Vec<String> {
    let town = format!("{} {}", place.postcode, place.city);
    [place.name.as_str(), place.street.as_str(), town.trim()].into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Accessibility in sentences.
pub(crate) fn accessibility(accessibility: &Accessibility) -> Vec<&'static str> {
    let mut lines = vec![match accessibility.value.as_str() {
        "yes" => "Der Ort ist barrierefrei.",
        "no" => "Der Ort ist nicht barrierefrei.",
        _ => "Ob der Ort barrierefrei ist, ist nicht bekannt.",
    }];
    for reason in &accessibility.reasons {
        match reason.as_str() {
            "accessible_learning" => lines.push("Der Unterricht ist barrierefrei gestaltet."),
            "slow_pace" => lines.push("Das Lerntempo ist langsam."),
            _ => {}
        }
    }
    lines
}

/// A state in words.
pub(crate) fn state(code: &str) -> &'static str {
    match code {
        "draft" => "Entwurf",
        "expired" => "Abgelaufen",
        "withdrawn" => "Zurückgezogen",
        _ => "Veröffentlicht",
    }
}

/// How it is taught.
pub(crate) fn format(code: &str) -> &str {
    match code {
        "on_site" => "Vor Ort",
        "online" => "Online",
        "blended" => "Vor Ort und online",
        other => other,
    }
}

/// A topic.
pub(crate) fn topic(code: &str) -> &str {
    match code {
        "politics" => "Politik, Gesellschaft, Umwelt",
        "culture" => "Kultur, Gestalten",
        "health" => "Gesundheit",
        "languages" => "Sprachen",
        "work" => "Arbeit, Beruf",
        "basic_education" => "Grundbildung, Schulabschlüsse",
        "german" => "Deutsch lernen",
        "digital" => "Digitale Bildung",
        "integration" => "Integration",
        "family" => "Familie",
        "counselling" => "Beratung",
        other => other,
    }
}

/// A life phase.
pub(crate) fn life_phase(code: &str) -> &str {
    match code {
        "early_childhood" => "Kita und frühe Kindheit",
        "primary" => "Grundschule",
        "secondary" => "Weiterführende Schule",
        "training" => "Ausbildung und Studium",
        "work" => "Beruf und Familie",
        "later_life" => "Nach dem Beruf",
        other => other,
    }
}

/// A language.
pub(crate) fn language(code: &str) -> &str {
    match code {
        "de" => "Deutsch",
        "en" => "Englisch",
        "fr" => "Französisch",
        "es" => "Spanisch",
        "it" => "Italienisch",
        "tr" => "Türkisch",
        "ar" => "Arabisch",
        "fa" => "Persisch",
        "ru" => "Russisch",
        "uk" => "Ukrainisch",
        "pl" => "Polnisch",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(start: &str, end: &str, all_day: bool) -> Instance {
        Instance { id: String::new(), start: start.into(), end: end.into(), all_day, place: None, places: None, status: String::new() }
    }

    #[test]
    fn dates_are_said_in_german() {
        let evening = instance("2026-03-02T18:30:00+01:00", "2026-03-02T20:00:00+01:00", false);
        assert_eq!((span(&evening), times(&evening).unwrap()), ("Montag, 2. März 2026".into(), "18:30–20:00 Uhr".into()));
        let weeks = instance("2026-03-02T00:00:00+01:00", "2026-03-30T23:59:59+02:00", true);
        assert_eq!((span(&weeks), times(&weeks).unwrap()), ("2. März 2026 bis 30. März 2026".into(), "bis 30. März 2026".into()));
        let day = Day::of("2026-03-02T18:30:00+01:00").unwrap();
        assert_eq!((day.weekday, day.day, day.month), ("Mo", 2, "März"));
    }

    #[test]
    fn prices_are_said_in_german() {
        let amount = Price { kind: "amount".into(), amount: Some("126.20".into()), reduced: Some("65.60".into()), ..Price::default() };
        assert_eq!((price(&amount).main, price(&amount).note), ("126,20 €".into(), Some("ermäßigt 65,60 €".into())));
        assert_eq!(price_beside_notes(&amount).note, price(&amount).note);
        let said = Price { notes: vec!["erm. Preis: 65,60 EUR".into()], ..amount };
        assert_eq!((price_beside_notes(&said).note, price(&said).note.is_some()), (None, true));
        assert_eq!(price(&Price { kind: "free".into(), ..Price::default() }).main, "kostenlos");
    }
}
