//! KuferSQL: German dates, encodings, overbooked courses, and a real export.
use crate::shared;
use bildung_catalogue::{
    domain::{
        level::Level,
        price::{Cents, Charge},
        record::Record,
    },
    import::{Context, Entry, Format, Severity, Unreadable, read},
};
use jiff::tz::TimeZone;

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, Unreadable> {
    let context = Context { time_zone: TimeZone::get("Europe/Berlin").unwrap(), language: "de".into() };
    let mut entries = Vec::new();
    read(Format::Kufer, &context, Box::new(bytes), &mut |entry| {
        entries.push(entry);
        true
    })?;
    Ok(entries)
}

fn course(fields: &str) -> Entry {
    entries(format!("<kurse><kurs>{fields}</kurs></kurse>").as_bytes()).unwrap().remove(0)
}

fn record(fields: &str) -> Record {
    course(&format!("<knr>1</knr><haupttitel>Töpfern</haupttitel>{fields}")).record.unwrap()
}

fn notes(entry: &Entry) -> Vec<(&str, &str, Severity)> {
    entry.notes.iter().map(|note| (note.field.as_str(), note.code, note.severity)).collect()
}

#[test]
fn a_course_becomes_an_offer() {
    let record = course(
        "<knr>26-1042</knr><fachb>D2</fachb><fachbtext>Sprachförderung Deutsch</fachbtext><haupttitel>Deutsch B1.2</haupttitel>
         <inhalt>Wir sprechen.\n\n\nWir schreiben.</inhalt><mitarbeiter_planend>XY</mitarbeiter_planend>
         <ortaussenstelle>Zentrum</ortaussenstelle><ortraumname>Raum 3</ortraumname><ortgebaeude>Altes Rathaus</ortgebaeude>
         <ortstr>Markt 1</ortstr><ortplz>62001</ortplz><ortname>Lauterstadt</ortname>
         <beginndat>02.03.2026</beginndat><endedat>09.03.2026</endedat><beginnuhr>18:30</beginnuhr><endeuhr>20:00</endeuhr>
         <termine><termin><tag>09.03.2026</tag><zeitvon>18:30</zeitvon><zeitbis>20:00</zeitbis></termin>
         <termin><tag>02.03.2026</tag><zeitvon>18:30</zeitvon><zeitbis>20:00</zeitbis></termin></termine>
         <tnmax>14</tnmax><tnmin>8</tnmin><tnanmeldungen>16</tnanmeldungen>",
    );
    assert!(record.notes.is_empty(), "{:?}", record.notes);
    assert_eq!(record.key.as_deref(), Some("26-1042"));
    let record = record.record.unwrap();
    assert_eq!((record.title.as_str(), record.level), ("Deutsch B1.2", Some(Level::B1)));
    assert_eq!(record.description, "Wir sprechen.\n\nWir schreiben.");
    assert_eq!(record.raw_codes, ["kufer:D2"]);
    assert!(record.topics.contains(&"german".to_owned()), "{:?}", record.topics);
    let place = record.place.clone().unwrap();
    assert_eq!((place.name.as_str(), place.city.as_str()), ("Altes Rathaus", "Lauterstadt"));
    assert_eq!(record.places.unwrap().free(), Some(0), "overbooked is not an error");
    let starts: Vec<String> = record.occurrences.iter().map(|occurrence| occurrence.start.to_string()).collect();
    assert_eq!(starts, ["2026-03-02T17:30:00Z", "2026-03-09T17:30:00Z"]);
    assert!(!serde_json::to_string(&record).unwrap().contains("XY"), "who plans it stays with the school");
}

#[test]
fn a_missing_price_is_not_free() {
    assert_eq!(record("").price.charge, Charge::Unknown);
    assert_eq!(record("<gebuehr>62,50 EUR</gebuehr>").price.charge, Charge::Amount { amount: Cents(6250), reduced: None });
    assert_eq!(record("<gebuehr>0,00</gebuehr>").price.charge, Charge::Free);
    let unclear = course("<knr>1</knr><haupttitel>Töpfern</haupttitel><gebuehr>nach Aufwand</gebuehr>");
    assert_eq!(notes(&unclear), [("gebuehr", "amount_invalid", Severity::Warning)]);
}

#[test]
fn dates_without_meetings_are_a_span() {
    let one_day =
        record("<beginndat>02.03.2026</beginndat><endedat>02.03.2026</endedat><beginnuhr>10:00</beginnuhr><endeuhr>12:00</endeuhr>");
    assert_eq!(one_day.occurrences[0].end.to_string(), "2026-03-02T11:00:00Z");
    let days = record("<beginndat>02.03.2026</beginndat><endedat>06.03.2026</endedat><beginnuhr>10:00</beginnuhr>");
    assert!(days.occurrences[0].all_day);
    let backwards = course("<knr>1</knr><haupttitel>Töpfern</haupttitel><beginndat>02.03.2026</beginndat><endedat>01.03.2026</endedat>");
    assert_eq!(notes(&backwards), [("endedat", "end_before_start", Severity::Warning)]);
}

#[test]
fn what_cannot_be_an_offer_is_said() {
    assert_eq!(notes(&course("<haupttitel>Töpfern</haupttitel>")), [("knr", "key_missing", Severity::Rejected)]);
    assert_eq!(notes(&course("<knr>1</knr>")), [("haupttitel", "title_missing", Severity::Rejected)]);
    assert_eq!(entries(b"<kurse><kurs><knr>1</knr>").unwrap_err().code, "not_well_formed");
    assert_eq!(entries(b"<liste/>").unwrap_err().code, "unexpected_structure");
}

#[test]
fn the_declaration_decides_the_encoding() {
    let text =
        "<?xml version=\"1.0\" encoding=\"windows-1252\"?><kurse><kurs><knr>1</knr><haupttitel>Töpfern für 5 €</haupttitel></kurs></kurse>";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    assert_eq!(entries(&bytes).unwrap()[0].record.as_ref().unwrap().title, "Töpfern für 5 €");
}

#[test]
fn a_real_export_is_read_whole() {
    let Some(path) = shared::file("catalogue/kufer/ifak-65-courses.xml") else { return };
    let entries = entries(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(entries.len(), 65);
    let records: Vec<Record> = entries.iter().filter_map(|entry| entry.record.clone()).collect();
    assert_eq!(records.len(), 65, "{:?}", entries.iter().flat_map(|entry| &entry.notes).collect::<Vec<_>>());
    assert_eq!(records.iter().map(|record| record.occurrences.len()).sum::<usize>(), 1381);
    assert!(records.iter().all(|record| record.place.as_ref().is_some_and(|place| place.city == "Bochum")));
}
