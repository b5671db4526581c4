//! iCalendar: recurrence, exceptions, whole days, and what is refused.
use crate::shared;
use bildung_catalogue::{
    domain::price::Charge,
    import::{Context, Entry, Format, Unreadable, read},
};
use jiff::tz::TimeZone;

fn entries(text: &str) -> Result<Vec<Entry>, Unreadable> {
    let context = Context { time_zone: TimeZone::get("Europe/Berlin").unwrap(), language: "de".into() };
    let mut entries = Vec::new();
    read(Format::ICal, &context, Box::new(text.as_bytes()), &mut |entry| {
        entries.push(entry);
        true
    })?;
    Ok(entries)
}

fn calendar(events: &[&str]) -> String {
    let events = events.iter().map(|event| format!("BEGIN:VEVENT\n{}\nEND:VEVENT\n", event.trim())).collect::<Vec<_>>().concat();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-CALNAME:Kultur\n{events}END:VCALENDAR\n").replace('\n', "\r\n")
}

/// Starts in UTC of the one event.
fn starts(event: &str) -> Vec<String> {
    let found = entries(&calendar(&[event])).unwrap();
    found[0].record.as_ref().unwrap().occurrences.iter().map(|occurrence| occurrence.start.to_string()).collect()
}

#[test]
fn recurrence_follows_the_clock_through_summer_time() {
    let weekly = "UID:a\nSUMMARY:Lesen\nDTSTART;TZID=Europe/Berlin:20260320T100000\nDTEND;TZID=Europe/Berlin:20260320T110000\n";
    assert_eq!(
        starts(&format!("{weekly}RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20260327T100000")),
        ["2026-03-20T09:00:00Z", "2026-04-03T08:00:00Z"]
    );
    assert_eq!(starts(&format!("{weekly}RRULE:FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20260327T235959Z")).len(), 3);
    assert_eq!(starts(&format!("{weekly}RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2")), ["2026-03-20T09:00:00Z", "2026-03-22T09:00:00Z"]);
    assert_eq!(starts(&format!("{weekly}RRULE:FREQ=MONTHLY;COUNT=3")).len(), 1);
    let vendor = weekly.replace("TZID=Europe/Berlin", "TZID=/vendor.example/Europe/Berlin");
    assert_eq!(starts(&vendor), ["2026-03-20T09:00:00Z"]);
}

#[test]
fn exceptions_move_and_cancel() {
    let master = "UID:a\nSUMMARY:Lesen\nDTSTART:20260320T090000Z\nDTEND:20260320T100000Z\nRRULE:FREQ=DAILY;COUNT=3";
    let moved = "UID:a\nSUMMARY:Lesen\nRECURRENCE-ID:20260321T090000Z\nDTSTART:20260321T150000Z\nDTEND:20260321T160000Z";
    let cancelled = "UID:a\nSUMMARY:Lesen\nRECURRENCE-ID:20260322T090000Z\nDTSTART:20260322T090000Z\nSTATUS:CANCELLED";
    let found = entries(&calendar(&[master, moved, cancelled])).unwrap();
    assert_eq!(found.len(), 1);
    let starts: Vec<String> = found[0].record.as_ref().unwrap().occurrences.iter().map(|occurrence| occurrence.start.to_string()).collect();
    assert_eq!(starts, ["2026-03-20T09:00:00Z", "2026-03-21T15:00:00Z"]);
}

#[test]
fn an_event_becomes_an_offer() {
    let event = "UID:a\nSUMMARY:Ausstellung\\, neu\nDTSTART;VALUE=DATE:20260401\nDTEND;VALUE=DATE:20260403\nDESCRIPTION:Eintritt frei\\nbis\n  zum Abend\n\
                 LOCATION:Stadtbibliothek\\, Marktplatz 7\\, 62001 Lauterstadt\nGEO:49.4445;7.7702\nCATEGORIES:Kunst,Kinder\nSTATUS:CANCELLED\nURL:https://a.example/";
    let found = entries(&calendar(&[event])).unwrap();
    let record = found[0].record.clone().unwrap();
    assert_eq!(record.title, "Ausstellung, neu");
    assert_eq!(record.description, "Eintritt frei\nbis zum Abend");
    assert_eq!(record.occurrences[0].end.to_string(), "2026-04-02T21:59:59Z", "the end of a day is the day after");
    let place = record.place.unwrap();
    assert_eq!((place.name.as_str(), place.street.as_str(), place.postcode.as_str()), ("Stadtbibliothek", "Marktplatz 7", "62001"));
    assert_eq!(place.coordinates, Some((49.4445, 7.7702)));
    assert_eq!((record.price.charge, record.cancelled), (Charge::Free, true));
    assert_eq!((record.topics, record.life_phases), (vec!["culture".to_owned()], vec!["primary".to_owned()]));
}

#[test]
fn broken_calendars_name_their_line() {
    for (text, line) in [
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", 3),
        ("BEGIN:VCALENDAR\nUnsinn\nEND:VCALENDAR\n", 2),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n", 3),
        ("UID:a\n", 1),
        ("", 1),
    ] {
        let error = entries(text).unwrap_err();
        assert_eq!((error.line, error.code), (line, "not_well_formed"), "{text}");
    }
    let found = entries(&calendar(&["SUMMARY:ohne Kennung", "UID:b"])).unwrap();
    assert!(found.iter().all(|entry| entry.record.is_none()));
}

#[test]
fn real_calendars_are_read() {
    let Some(folder) = shared::file("catalogue/ical") else { return };
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let found = entries(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(found.iter().any(|entry| entry.record.is_some()), "{}", file.display());
    }
}
