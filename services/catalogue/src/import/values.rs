//! The values of one record: how dates, times, counts and links of German systems are written, and what is noted when one
//! cannot be read. A value that cannot be read is left out with a warning; the record is taken.
use super::{Context, Note, Severity};
use crate::domain::record::Occurrence;
use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::Offset,
};

/// Longest id of a record.
const MAX_KEY: usize = 255;

/// A time of day, with its offset from UTC if the file states one.
pub type Clock = (Option<Offset>, Time);

/// Reads the values of a record and keeps what is noted about them.
pub struct Values<'c> {
    context: &'c Context,
    notes: Vec<Note>,
}

impl<'c> Values<'c> {
    /// For a new record.
    pub fn new(context: &'c Context) -> Self {
        Self { context, notes: Vec::new() }
    }

    /// What the reading may depend on.
    pub fn context(&self) -> &'c Context {
        self.context
    }

    /// Notes that the record cannot be taken.
    pub fn rejected(&mut self, field: &str, code: &'static str, reason: impl Into<String>) {
        self.notes.push(Note { severity: Severity::Rejected, field: field.to_owned(), code, reason: reason.into() });
    }

    /// Notes that a value is left out or was mended.
    pub fn warning(&mut self, field: &str, code: &'static str, reason: impl Into<String>) {
        self.notes.push(Note { severity: Severity::Warning, field: field.to_owned(), code, reason: reason.into() });
    }

    /// Whether nothing stands against the record.
    pub fn is_acceptable(&self) -> bool {
        self.notes.iter().all(|note| note.severity != Severity::Rejected)
    }

    /// All that was noted.
    pub fn into_notes(self) -> Vec<Note> {
        self.notes
    }

    /// The id by which the source knows the record again; `field` is its name in the format.
    pub fn key(&mut self, key: Option<String>, field: &'static str) -> Option<String> {
        match &key {
            None => self.rejected(
                field,
                "key_missing",
                format!("Der Datensatz hat keine {field} und könnte beim nächsten Import nicht wiedererkannt werden."),
            ),
            Some(key) if key.len() > MAX_KEY => {
                self.rejected(field, "key_too_long", format!("Die {field} ist länger als {MAX_KEY} Zeichen."));
            }
            Some(_) => {}
        }
        key
    }

    /// A day, as `2026-02-03` or `03.02.2026`.
    pub fn date(&mut self, text: &str, field: &str) -> Option<Date> {
        let day = text.get(..10).unwrap_or(text);
        let date = day.parse::<Date>().ok().or_else(|| Date::strptime("%d.%m.%Y", text).ok());
        // a year such as 0001 or 9999 is a way of saying nothing
        let date = date.filter(|date| (1990..2100).contains(&date.year()));
        if date.is_none() {
            self.warning(field, "date_invalid", format!("Kein Datum: „{text}“."));
        }
        date
    }

    /// A time of day, as `18:30`, `18:30:00` or `18:30:00+02:00`.
    pub fn time(&mut self, text: &str, field: &str) -> Option<Clock> {
        let (clock, offset) = match text.rfind(['+', '-', 'Z']).filter(|at| *at >= 4) {
            Some(at) => (&text[..at], Some(&text[at..])),
            None => (text, None),
        };
        let time = clock.parse::<Time>().ok().or_else(|| Time::strptime("%H:%M", clock).ok());
        let offset = match offset {
            None => Some(None),
            Some("Z") => Some(Some(Offset::UTC)),
            Some(text) => offset_of(text).map(Some),
        };
        if let (Some(time), Some(offset)) = (time, offset) {
            return Some((offset, time));
        }
        self.warning(field, "time_invalid", format!("Keine Uhrzeit: „{text}“."));
        None
    }

    /// The moment of a day's time.
    pub fn instant(&self, date: Date, (offset, time): Clock) -> Option<Timestamp> {
        let local = date.to_datetime(time);
        match offset {
            Some(offset) => offset.to_timestamp(local).ok(),
            None => self.context.time_zone.to_timestamp(local).ok(),
        }
    }

    /// A meeting from a start to an end; one that ends before it starts is taken as its start alone. `field` names the end.
    pub fn meeting(&mut self, from: (Date, Clock), to: (Date, Clock), field: &str) -> Option<Occurrence> {
        let (start, end) = (self.instant(from.0, from.1)?, self.instant(to.0, to.1)?);
        if end < start {
            self.warning(field, "end_before_start", format!("Das Ende {} liegt vor dem Beginn {}.", to.1.1, from.1.1));
            return Some(Occurrence { start, end: start, all_day: false });
        }
        Some(Occurrence { start, end, all_day: false })
    }

    /// From one day to another without times; one that ends before it starts is taken as its first day. `field` names the last.
    pub fn days(&mut self, first: Date, last: Date, field: &str) -> Option<Occurrence> {
        if last < first {
            self.warning(
                field,
                "end_before_start",
                format!("Das Ende {last} liegt vor dem Beginn {first}; nur der Beginn wird übernommen."),
            );
        }
        let start = self.instant(first, (None, Time::midnight()))?;
        let end = self.instant(last.max(first), (None, jiff::civil::time(23, 59, 59, 0)))?;
        Some(Occurrence { start, end, all_day: true })
    }

    /// A count of people; `-1` says that the source does not know.
    pub fn count(&mut self, text: &str, field: &str) -> Option<u16> {
        match text.parse::<i64>() {
            Ok(-1) => None,
            Ok(number) => {
                let count = u16::try_from(number).ok();
                if count.is_none() {
                    self.warning(field, "number_invalid", format!("Keine mögliche Zahl: „{text}“."));
                }
                count
            }
            Err(_) => {
                self.warning(field, "number_invalid", format!("Keine Zahl: „{text}“."));
                None
            }
        }
    }

    /// Degrees north and east, with a point or a comma; nobody means the Gulf of Guinea.
    pub fn coordinates(&mut self, latitude: &str, longitude: &str, field: &str) -> Option<(f64, f64)> {
        let degrees = |text: &str, most: f64| text.trim().replace(',', ".").parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
        match (degrees(latitude, 90.0), degrees(longitude, 180.0)) {
            (Some(latitude), Some(longitude)) => (latitude != 0.0 || longitude != 0.0).then_some((latitude, longitude)),
            _ => {
                self.warning(field, "coordinates_invalid", format!("Keine Koordinaten: „{latitude}, {longitude}“."));
                None
            }
        }
    }

    /// A web address.
    pub fn url(&mut self, text: &str, field: &str) -> Option<String> {
        let url = text.trim().replace(' ', "%20");
        if url.starts_with("http://") || url.starts_with("https://") {
            return Some(url);
        }
        self.warning(field, "url_invalid", format!("Keine Webadresse: „{url}“."));
        None
    }
}

/// Yes or no, in whatever words.
pub fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "ja" | "yes" | "wahr" => Some(true),
        "false" | "0" | "nein" | "no" | "falsch" => Some(false),
        _ => None,
    }
}

/// Meetings in the order of time, each once.
pub fn in_order(mut occurrences: Vec<Occurrence>) -> Vec<Occurrence> {
    occurrences.sort();
    occurrences.dedup();
    occurrences
}

/// Lines that say something, in order, each once.
pub fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    sorted_by_content(lines.filter(|line| !line.is_empty()))
}

/// In order, each once: equal content is equal however it was ordered.
pub fn sorted_by_content<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items.dedup();
    items
}

fn offset_of(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).unwrap_or("00").parse().ok()?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}
