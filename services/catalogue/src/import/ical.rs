//! iCalendar (RFC 5545): events of a culture calendar. One offer per UID; recurrence becomes dates.
//!
//! Daily and weekly rules with INTERVAL, COUNT, UNTIL and BYDAY are followed, EXDATE, RDATE and RECURRENCE-ID too; of any
//! other rule the first date is taken, with a warning.
use super::{
    Adapter, Context, Entry, Header, Note, Severity, Sink, Unreadable,
    decode::{DecodeFailure, DecodingReader, interrupted},
    text::{clean_line, clean_text},
};
use crate::domain::{
    classification::{self, Hints},
    price::{Charge, Price},
    record::{Format, Occurrence, Place, Record},
};
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead, BufReader, Read},
};

/// The adapter.
pub struct ICal;

/// Most dates of one event.
const MOST_DATES: usize = 500;
/// A line longer than this, unfolded, is no calendar.
const LONGEST_LINE: usize = 1024 * 1024;
/// Longest id of a record.
const MAX_KEY: usize = 255;

impl Adapter for ICal {
    fn recognises(&self, head: &str) -> bool {
        head.trim_start().get(..15).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
    }

    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
        let decoding = DecodingReader::new(source)?;
        let failure = decoding.failure();
        let mut lines = Lines { reader: BufReader::new(decoding), failure, line: 0, ahead: None };
        let (header, events) = events(&mut lines)?;
        // an event and the exceptions to its recurrence share a UID
        let mut order: Vec<String> = Vec::new();
        let mut by_uid: HashMap<String, Vec<Properties>> = HashMap::new();
        for (number, event) in events.into_iter().enumerate() {
            let uid = event.text("UID").map_or_else(|| format!("\u{0}{number}"), |uid| clean_line(&uid));
            by_uid
                .entry(uid.clone())
                .or_insert_with(|| {
                    order.push(uid);
                    Vec::new()
                })
                .push(event);
        }
        for (at, uid) in order.into_iter().enumerate() {
            let group = by_uid.remove(&uid).unwrap_or_default();
            if !sink(map(&uid, group, at as u64 + 1, context)) {
                break;
            }
        }
        Ok(header)
    }
}

/// Lines with their continuations put together.
struct Lines<R> {
    reader: BufReader<R>,
    failure: DecodeFailure,
    line: u64,
    ahead: Option<String>,
}

impl<R: Read> Lines<R> {
    fn raw(&mut self) -> Result<Option<String>, Unreadable> {
        if let Some(line) = self.ahead.take() {
            return Ok(Some(line));
        }
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => {
                line.truncate(line.trim_end_matches(['\r', '\n']).len());
                Ok(Some(line))
            }
            Err(error) => Err(self.failure.take().unwrap_or_else(|| interrupted(&error))),
        }
    }

    fn next(&mut self) -> Result<Option<String>, Unreadable> {
        let Some(mut line) = self.raw()? else { return Ok(None) };
        self.line += 1;
        let mut folded = 0;
        while let Some(more) = self.raw()? {
            let Some(rest) = more.strip_prefix([' ', '\t']) else {
                self.ahead = Some(more);
                break;
            };
            folded += 1;
            line.push_str(rest);
            if line.len() > LONGEST_LINE {
                return Err(self.wrong("Eine Zeile ist zu lang für einen Kalender."));
            }
        }
        let first = self.line;
        self.line += folded;
        if line.chars().any(|c| c.is_control() && c != '\t') {
            self.line = first;
            return Err(self.wrong("Ein Steuerzeichen, das in einem Kalender nicht vorkommen darf."));
        }
        Ok(Some(line))
    }

    fn wrong(&self, reason: &str) -> Unreadable {
        Unreadable { line: self.line.max(1), column: 1, code: "not_well_formed", reason: reason.to_owned() }
    }
}

/// A property: its parameters and its value as it stands there.
struct Property {
    parameters: Vec<(String, String)>,
    value: String,
}

/// The properties of one event.
#[derive(Default)]
struct Properties(Vec<(String, Property)>);

impl Properties {
    fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Property> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, property)| property)
    }

    fn first(&self, name: &str) -> Option<&Property> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, property)| property)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.first(name).map(|property| unescaped(&property.value)).filter(|text| !text.trim().is_empty())
    }
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('n' | 'N') => text.push('\n'),
            Some(escaped) => text.push(escaped),
            None => {}
        }
    }
    text
}

/// Splits at commas that are not escaped.
fn listed(value: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut escaped = false;
    for character in value.chars() {
        if character == ',' && !escaped {
            items.push(String::new());
        } else if let Some(item) = items.last_mut() {
            item.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    items.iter().map(|item| clean_line(&unescaped(item))).filter(|item| !item.is_empty()).collect()
}

/// `NAME;PARAMETER=value;OTHER="a:b":value`.
fn property(line: &str) -> Option<(String, Property)> {
    let mut quoted = false;
    let mut marks = Vec::new();
    let mut end = None;
    for (at, character) in line.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ';' if !quoted => marks.push(at),
            ':' if !quoted => {
                end = Some(at);
                break;
            }
            _ => {}
        }
    }
    let end = end?;
    let name_end = marks.first().copied().unwrap_or(end);
    let name = line[..name_end].trim().to_ascii_uppercase();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return None;
    }
    let parameters = marks
        .iter()
        .enumerate()
        .filter_map(|(place, start)| {
            let stop = marks.get(place + 1).copied().unwrap_or(end);
            let (key, value) = line[start + 1..stop].split_once('=')?;
            Some((key.to_ascii_uppercase(), value.trim_matches('"').to_owned()))
        })
        .collect();
    Some((name, Property { parameters, value: line[end + 1..].to_owned() }))
}

/// The header and all events of all calendars of a file.
fn events<R: Read>(lines: &mut Lines<R>) -> Result<(Header, Vec<Properties>), Unreadable> {
    let mut header = Header::default();
    let mut events = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<Properties> = None;
    let mut calendars = 0;
    while let Some(line) = lines.next()? {
        if line.trim().is_empty() {
            continue;
        }
        let Some((name, property)) = property(line.trim_start_matches('\u{feff}')) else {
            return Err(lines.wrong("Diese Zeile ist keine Eigenschaft eines Kalenders."));
        };
        match name.as_str() {
            "BEGIN" => {
                let component = property.value.trim().to_ascii_uppercase();
                match (open.is_empty(), component.as_str()) {
                    (true, "VCALENDAR") => calendars += 1,
                    (true, _) => return Err(lines.wrong("Die Datei beginnt nicht mit BEGIN:VCALENDAR.")),
                    (false, "VEVENT") if open.len() == 1 => event = Some(Properties::default()),
                    _ => {}
                }
                open.push(component);
            }
            "END" => {
                let component = property.value.trim().to_ascii_uppercase();
                if open.pop().as_deref() != Some(component.as_str()) {
                    return Err(lines.wrong(&format!("END:{component} passt zu keinem BEGIN.")));
                }
                if component == "VEVENT" && open.len() == 1 {
                    events.extend(event.take());
                }
            }
            _ if open.is_empty() => return Err(lines.wrong("Die Datei beginnt nicht mit BEGIN:VCALENDAR.")),
            // what stands in an alarm within an event is not the event's
            _ if open.len() == 2 => {
                if let Some(event) = &mut event {
                    event.0.push((name, property));
                }
            }
            "X-WR-CALNAME" if open.len() == 1 => {
                header.provider = Some(clean_line(&unescaped(&property.value))).filter(|name| !name.is_empty());
            }
            _ => {}
        }
    }
    if let Some(component) = open.last() {
        return Err(lines.wrong(&format!("Die Datei endet, bevor {component} geschlossen ist.")));
    }
    if calendars == 0 {
        return Err(lines.wrong("Die Datei enthält keinen Kalender."));
    }
    Ok((header, events))
}

/// A time of the calendar: a day, or a local time in a zone.
#[derive(Clone)]
struct When {
    local: DateTime,
    zone: TimeZone,
    all_day: bool,
}

impl When {
    fn read(property: &Property, value: &str, context: &Context) -> Option<Self> {
        let value = value.trim();
        if value.len() == 8 {
            let date = Date::strptime("%Y%m%d", value).ok()?;
            return Some(Self { local: date.at(0, 0, 0, 0), zone: context.time_zone.clone(), all_day: true });
        }
        let (text, utc) = value.strip_suffix('Z').map_or((value, false), |text| (text, true));
        let local = DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
        let zone = match property.parameters.iter().find(|(key, _)| key == "TZID") {
            _ if utc => TimeZone::UTC,
            Some((_, name)) => zone(name).unwrap_or_else(|| context.time_zone.clone()),
            None => context.time_zone.clone(),
        };
        Some(Self { local, zone, all_day: false })
    }

    fn instant(&self) -> Option<Timestamp> {
        self.zone.to_timestamp(self.local).ok()
    }
}

/// A zone by its name, also behind a vendor's prefix (`/vendor.example/Europe/Berlin`).
fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name.trim_start_matches('/')).ok().or_else(|| {
        let mut parts = name.rsplit('/');
        let (city, area) = (parts.next()?, parts.next()?);
        TimeZone::get(&format!("{area}/{city}")).ok()
    })
}

fn map(uid: &str, group: Vec<Properties>, position: u64, context: &Context) -> Entry {
    let mut notes: Vec<Note> = Vec::new();
    let mut note = |severity, field: &str, code, reason: &str| {
        notes.push(Note { severity, field: field.to_owned(), code, reason: reason.to_owned() });
    };
    let key = (!uid.starts_with('\u{0}')).then(|| uid.to_owned());
    let (exceptions, masters): (Vec<Properties>, Vec<Properties>) =
        group.into_iter().partition(|event| event.first("RECURRENCE-ID").is_some());
    if masters.len() > 1 {
        note(Severity::Warning, "UID", "uid_duplicate", "Die UID steht bei mehreren Terminen; der erste gilt.");
    }
    // if only exceptions were delivered, the first stands for the event
    let fallback = Properties::default();
    let event = masters.first().or(exceptions.first()).unwrap_or(&fallback);
    let title = event.text("SUMMARY").map(|text| clean_line(&text)).unwrap_or_default();
    match &key {
        None => note(
            Severity::Rejected,
            "UID",
            "key_missing",
            "Der Termin hat keine UID und könnte beim nächsten Import nicht wiedererkannt werden.",
        ),
        Some(key) if key.len() > MAX_KEY => note(Severity::Rejected, "UID", "key_too_long", "Die UID ist länger als 255 Zeichen."),
        Some(_) => {}
    }
    if title.is_empty() {
        note(Severity::Rejected, "SUMMARY", "title_missing", "Der Termin hat keinen Titel.");
    }
    if notes.iter().any(|note| note.severity == Severity::Rejected) {
        return Entry { position, key, record: None, notes };
    }
    let occurrences = occurrences(event, &exceptions, context, &mut notes);
    let description = event.text("DESCRIPTION").map(|text| clean_text(&text)).unwrap_or_default();
    let mut keywords: Vec<String> = event.all("CATEGORIES").flat_map(|property| listed(&property.value)).collect();
    keywords.sort();
    keywords.dedup();
    let hints = Hints { dvv_category: None, title: &title, keywords: &keywords, target_groups: &[], has_level: false };
    let topics = classification::topics(hints);
    let life_phases = classification::life_phases(hints, &topics);
    let record = Record {
        topics,
        life_phases,
        language: Some(context.language.clone()),
        format: Format::OnSite,
        place: place(event),
        price: Price { charge: charge(&description), notes: Vec::new() },
        occurrences,
        url: event.text("URL").map(|url| clean_line(&url)).filter(|url| url.starts_with("http://") || url.starts_with("https://")),
        cancelled: event.text("STATUS").is_some_and(|status| status.trim().eq_ignore_ascii_case("CANCELLED")),
        title,
        description,
        keywords,
        ..Record::default()
    };
    Entry { position, key, record: Some(record), notes }
}

fn charge(description: &str) -> Charge {
    let text = description.to_lowercase();
    let free =
        ["eintritt frei", "eintritt ist frei", "kostenlos", "kostenfrei", "ohne eintritt"].iter().any(|phrase| text.contains(phrase));
    // "Erwachsene 5 EUR, Kinder frei" names an amount, but whose it is cannot be told
    if free && !text.contains(" eur") && !text.contains('€') { Charge::Free } else { Charge::Unknown }
}

fn place(event: &Properties) -> Option<Place> {
    let location = event.text("LOCATION");
    let mut parts: Vec<String> =
        location.iter().flat_map(|text| text.split([',', '\n'])).map(clean_line).filter(|part| !part.is_empty()).collect();
    let mut place = Place::default();
    if let Some(at) = parts.iter().position(|part| part.get(..5).is_some_and(|code| code.chars().all(|c| c.is_ascii_digit()))) {
        let town = parts.remove(at);
        town[..5].clone_into(&mut place.postcode);
        town[5..].trim().clone_into(&mut place.city);
    }
    if parts.len() > 1 && parts.last().is_some_and(|part| part.chars().any(|c| c.is_ascii_digit())) {
        place.street = parts.pop().unwrap_or_default();
    }
    place.name = parts.join(", ");
    place.coordinates = event.first("GEO").and_then(|geo| {
        let (latitude, longitude) = geo.value.split_once(';')?;
        let point = (latitude.trim().parse::<f64>().ok()?, longitude.trim().parse::<f64>().ok()?);
        (point.0.abs() <= 90.0 && point.1.abs() <= 180.0 && point != (0.0, 0.0)).then_some(point)
    });
    (place != Place::default()).then_some(place)
}

fn occurrences(event: &Properties, exceptions: &[Properties], context: &Context, notes: &mut Vec<Note>) -> Vec<Occurrence> {
    let mut warn =
        |field: &str, code, reason: String| notes.push(Note { severity: Severity::Warning, field: field.to_owned(), code, reason });
    let Some(property) = event.first("DTSTART") else { return Vec::new() };
    let Some(start) = When::read(property, &property.value, context) else {
        warn("DTSTART", "date_invalid", format!("Kein Datum: „{}“.", clean_line(&property.value)));
        return Vec::new();
    };
    let mut seconds = length(event, &start, context);
    if seconds < 0 {
        warn("DTEND", "end_before_start", "Das Ende liegt vor dem Beginn; nur der Beginn wird übernommen.".to_owned());
        seconds = 0;
    }
    let mut starts: BTreeSet<DateTime> = [start.local].into();
    if let Some(rule) = event.first("RRULE") {
        match recurrence(&start, &rule.value) {
            Some(dates) => starts.extend(dates),
            None => warn(
                "RRULE",
                "rule_unknown",
                format!("Die Wiederholung „{}“ wird nicht verstanden; nur der erste Termin wird übernommen.", clean_line(&rule.value)),
            ),
        }
    }
    let times = |name: &'static str| {
        event
            .all(name)
            .flat_map(|property| property.value.split(',').filter_map(|value| When::read(property, value, context)).collect::<Vec<_>>())
    };
    starts.extend(times("RDATE").map(|when| in_zone(&when, &start)));
    for excluded in times("EXDATE").map(|when| in_zone(&when, &start)) {
        starts.remove(&excluded);
    }
    let mut dates: BTreeMap<DateTime, Option<Occurrence>> =
        starts.into_iter().map(|local| (local, occurrence(&When { local, ..start.clone() }, seconds))).collect();
    for exception in exceptions {
        let original = exception.first("RECURRENCE-ID").and_then(|property| When::read(property, &property.value, context));
        let Some(original) = original.map(|when| in_zone(&when, &start)) else { continue };
        let cancelled = exception.text("STATUS").is_some_and(|status| status.trim().eq_ignore_ascii_case("CANCELLED"));
        let moved = exception.first("DTSTART").and_then(|property| When::read(property, &property.value, context));
        match moved.filter(|_| !cancelled) {
            Some(when) => {
                let seconds = length(exception, &when, context).max(0);
                dates.insert(original, occurrence(&when, seconds));
            }
            None => {
                dates.remove(&original);
            }
        }
    }
    let mut occurrences: Vec<Occurrence> = dates.into_values().flatten().collect();
    occurrences.sort();
    occurrences.dedup();
    occurrences
}

/// A time as the clock in the zone of the event's start shows it.
fn in_zone(when: &When, start: &When) -> DateTime {
    if start.all_day {
        return when.local.date().at(0, 0, 0, 0);
    }
    if when.all_day {
        // a day without a time means the event of that day
        return when.local.date().to_datetime(start.local.time());
    }
    when.instant().map_or(when.local, |instant| instant.to_zoned(start.zone.clone()).datetime())
}

fn occurrence(when: &When, seconds: i64) -> Option<Occurrence> {
    let start = when.instant()?;
    if when.all_day {
        let last = when.local.checked_add(seconds.seconds()).ok()?;
        let end = when.zone.to_timestamp(last).ok()?;
        return Some(Occurrence { start, end, all_day: true });
    }
    Some(Occurrence { start, end: start.checked_add(seconds.seconds()).ok()?, all_day: false })
}

/// How long an event lasts, in seconds; a whole day ends with its last second (the end of a day is the next one).
fn length(event: &Properties, start: &When, context: &Context) -> i64 {
    const DAY: i64 = 24 * 60 * 60;
    let end = event.first("DTEND").and_then(|property| When::read(property, &property.value, context));
    let seconds = match (&end, start.all_day) {
        (Some(end), true) => end.local.duration_since(start.local).as_secs() - 1,
        (Some(end), false) => match (start.instant(), end.instant()) {
            (Some(start), Some(end)) => end.duration_since(start).as_secs(),
            _ => 0,
        },
        (None, true) => DAY - 1,
        (None, false) => {
            let duration = event.text("DURATION").and_then(|text| text.trim().parse::<jiff::SignedDuration>().ok());
            duration.map_or(0, |duration| duration.as_secs())
        }
    };
    // an all-day event whose end is its start lasts that day
    if start.all_day && (-DAY..0).contains(&seconds) && end.is_some_and(|end| end.local == start.local) { DAY - 1 } else { seconds }
}

/// The starts that a daily or weekly rule gives.
fn recurrence(start: &When, rule: &str) -> Option<Vec<DateTime>> {
    let parts: HashMap<String, String> = rule
        .split(';')
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_uppercase(), value.trim().to_ascii_uppercase()))
        .collect();
    let weekly = match parts.get("FREQ")?.as_str() {
        "DAILY" => false,
        "WEEKLY" => true,
        _ => return None,
    };
    if parts.keys().any(|key| !["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"].contains(&key.as_str())) {
        return None;
    }
    let interval: i64 = parts.get("INTERVAL").map_or(Some(1), |text| text.parse().ok()).filter(|interval| (1..=1000).contains(interval))?;
    let count: usize = parts.get("COUNT").map_or(Some(MOST_DATES), |text| text.parse().ok())?.min(MOST_DATES);
    let until = match parts.get("UNTIL") {
        None => start.local.checked_add(2.years()).ok()?,
        Some(text) if text.len() == 8 => Date::strptime("%Y%m%d", text).ok()?.at(23, 59, 59, 0),
        Some(text) => {
            let utc = DateTime::strptime("%Y%m%dT%H%M%S", text.trim_end_matches('Z')).ok()?;
            if text.ends_with('Z') { TimeZone::UTC.to_timestamp(utc).ok()?.to_zoned(start.zone.clone()).datetime() } else { utc }
        }
    };
    let days: Option<Vec<Weekday>> = parts.get("BYDAY").map(|text| text.split(',').filter_map(weekday).collect());
    if !weekly && days.is_some() {
        return None;
    }
    let mut found = Vec::new();
    let mut period = 0_i64;
    // a period is a week that begins on Monday, or a day
    let first = if weekly {
        start.local.date().checked_sub(i64::from(start.local.weekday().to_monday_zero_offset()).days()).ok()?
    } else {
        start.local.date()
    };
    while found.len() < count {
        let base = first.checked_add((period * interval * if weekly { 7 } else { 1 }).days()).ok()?;
        if base.to_datetime(start.local.time()) > until {
            break;
        }
        let offsets: Vec<i64> = match (&days, weekly) {
            (Some(days), true) => {
                let mut offsets: Vec<i64> = days.iter().map(|day| i64::from(day.to_monday_zero_offset())).collect();
                offsets.sort_unstable();
                offsets
            }
            (_, true) => vec![i64::from(start.local.weekday().to_monday_zero_offset())],
            (_, false) => vec![0],
        };
        for offset in offsets {
            let local = base.checked_add(offset.days()).ok()?.to_datetime(start.local.time());
            if local >= start.local && local <= until && found.len() < count {
                found.push(local);
            }
        }
        period += 1;
    }
    Some(found)
}

fn weekday(code: &str) -> Option<Weekday> {
    Some(match code.trim() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}
