//! Open-vhs in both dialects: what becomes of a record, and what is refused.
use crate::shared;
use bildung_catalogue::{
    domain::{
        accessibility::Accessible,
        level::Level,
        price::{Cents, Charge},
        record::{Format as Taught, Record},
    },
    import::{Context, Entry, Format, Header, Severity, Unreadable, read},
};
use jiff::tz::TimeZone;

const FIXTURE: &str = include_str!("../fixtures/openvhs.xml");

fn context() -> Context {
    Context { time_zone: TimeZone::get("Europe/Berlin").unwrap(), language: "de".into() }
}

fn entries(format: Format, bytes: &[u8]) -> Result<(Header, Vec<Entry>), Unreadable> {
    let mut entries = Vec::new();
    let header = read(format, &context(), Box::new(bytes), &mut |entry| {
        entries.push(entry);
        true
    })?;
    Ok((header, entries))
}

fn xml(text: &str) -> Result<(Header, Vec<Entry>), Unreadable> {
    entries(Format::OpenVhs, text.as_bytes())
}

fn json(text: &str) -> Result<(Header, Vec<Entry>), Unreadable> {
    entries(Format::OpenVhsJson, text.as_bytes())
}

fn records(entries: Vec<Entry>) -> Vec<Record> {
    entries.into_iter().filter_map(|entry| entry.record).collect()
}

#[test]
fn a_record_becomes_an_offer() {
    let (header, entries) = xml(FIXTURE).unwrap();
    assert_eq!(header.provider.as_deref(), Some("Volkshochschule Beispielstadt"));
    assert_eq!(entries[0].key.as_deref(), Some("A-1"));
    assert!(entries[0].notes.is_empty(), "{:?}", entries[0].notes);
    let record = entries[0].record.clone().unwrap();
    assert_eq!(record.title, "Deutsch als Fremdsprache B1.2");
    assert_eq!(record.subtitle, "Intensivkurs · am Vormittag");
    assert_eq!(record.description, "Sprechen & schreiben.\nMit Prüfung.\n\nEinstufung am ersten Tag.");
    assert_eq!(record.keywords, ["Bildungsurlaub", "Deutsch"]);
    assert_eq!(record.topics, ["german", "integration", "languages"]);
    assert_eq!(record.raw_codes, ["dvv-2.0:4.04"]);
    assert_eq!(record.level, Some(Level::B1));
    assert_eq!(record.district.as_deref(), Some("Innenstadt"));
    assert_eq!(record.price.charge, Charge::Amount { amount: Cents(12620), reduced: Some(Cents(6560)) });
    assert_eq!(record.accessibility.value, Accessible::Yes);
    assert_eq!(record.places.unwrap().free(), Some(0), "overbooked is not an error");
    assert_eq!(record.url.as_deref(), Some("https://vhs.beispiel.example/4001"));
    assert_eq!(record.links.len(), 1);
    let starts: Vec<String> = record.occurrences.iter().map(|occurrence| occurrence.start.to_string()).collect();
    // summer time begins on 29 March
    assert_eq!(starts, ["2026-03-23T08:00:00Z", "2026-03-24T23:00:00Z", "2026-03-30T07:00:00Z"]);
    assert_eq!(record.occurrences.iter().map(|occurrence| occurrence.all_day).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn what_is_wrong_is_reported_with_its_field() {
    let (_, entries) = xml(FIXTURE).unwrap();
    let codes = |at: usize| entries[at].notes.iter().map(|note| (note.field.as_str(), note.code, note.severity)).collect::<Vec<_>>();
    let mut second = codes(1);
    second.sort_by_key(|(field, ..)| *field);
    assert_eq!(
        second,
        [
            ("ende_datum", "end_before_start", Severity::Warning),
            ("maximale_teilnehmerzahl", "number_invalid", Severity::Warning),
            ("veranstaltungsort/barrierefrei", "boolean_invalid", Severity::Warning),
            ("webadresse/uri", "url_invalid", Severity::Warning),
        ]
    );
    let record = entries[1].record.clone().unwrap();
    assert_eq!(record.title, "Tabellen & Diagramme");
    assert_eq!(record.format, Taught::Online);
    assert_eq!(record.price.charge, Charge::Free);
    assert_eq!(record.accessibility.value, Accessible::Unknown);
    assert_eq!((record.places, record.url), (None, None));
    assert_eq!(codes(2), [("name", "title_missing", Severity::Rejected)]);
    assert_eq!(codes(3), [("guid", "key_missing", Severity::Rejected)]);
    assert!(entries[2].record.is_none() && entries[3].record.is_none());
}

#[test]
fn indentation_and_order_change_no_content() {
    let (_, before) = xml(FIXTURE).unwrap();
    let flat: String = FIXTURE.lines().map(str::trim).collect();
    let deep: String = FIXTURE.replace("><", ">\n\t\t\t<").replace('\n', "\r\n    ").trim_start().to_owned();
    for changed in [flat, deep] {
        // indentation inside CDATA is content of the line only
        let (_, after) = xml(&changed).unwrap();
        let hashes =
            |entries: &[Entry]| entries.iter().filter_map(|entry| entry.record.as_ref().map(Record::content_hash)).collect::<Vec<_>>();
        assert_eq!(hashes(&before), hashes(&after));
    }
}

#[test]
fn files_that_cannot_be_read_name_line_and_column() {
    let root = |inner: &str| format!("<veranstaltungen>\n{inner}\n</veranstaltungen>");
    for (text, place, code) in [
        (root("<veranstaltung><guid>1</veranstaltung>"), Some((2, 23)), "not_well_formed"),
        (root("<veranstaltung>"), None, "not_well_formed"),
        ("<veranstaltungen>\n <veranstaltung>".to_owned(), Some((2, 17)), "not_well_formed"),
        (root("<veranstaltung>&uuml;</veranstaltung>"), Some((2, 16)), "not_well_formed"),
        (root("<veranstaltung a='1' a='2'/>"), Some((2, 1)), "not_well_formed"),
        (root("a\u{1}b"), None, "not_well_formed"),
        ("<veranstaltungen/><veranstaltungen/>".to_owned(), Some((1, 19)), "not_well_formed"),
        ("<veranstaltungen/> Text".to_owned(), None, "not_well_formed"),
        (String::new(), Some((1, 1)), "not_well_formed"),
        ("nur Text".to_owned(), Some((1, 1)), "not_well_formed"),
        ("<kurse/>".to_owned(), Some((1, 1)), "unexpected_structure"),
        (
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<veranstaltungen>&e;</veranstaltungen>".to_owned(),
            Some((1, 1)),
            "dtd_refused",
        ),
        (root(&"<a>".repeat(200)), None, "unexpected_structure"),
    ] {
        let error = xml(&text).unwrap_err();
        assert_eq!(error.code, code, "{text}: {error}");
        if let Some(place) = place {
            assert_eq!((error.line, error.column), place, "{text}: {error}");
        }
    }
    for (text, place, code) in [
        ("{\"veranstaltungen\": {\"veranstaltung\": [\n{\"guid\": \"1\",}]}}", Some((2, 14)), "not_well_formed"),
        ("{\"veranstaltungen\": {\"veranstaltung\": [", None, "not_well_formed"),
        ("{\"kurse\": []}", Some((1, 1)), "unexpected_structure"),
        ("{\"veranstaltungen\": 5}", None, "unexpected_structure"),
        ("[] []", None, "not_well_formed"),
    ] {
        let error = json(text).unwrap_err();
        assert_eq!(error.code, code, "{text}: {error}");
        if let Some(place) = place {
            assert_eq!((error.line, error.column), place, "{text}: {error}");
        }
    }
}

#[test]
fn undecodable_bytes_are_a_failure_of_the_file() {
    let mut bytes = FIXTURE.as_bytes().to_vec();
    let at = FIXTURE.find("Ohne Kennung").unwrap();
    bytes[at] = 0xfc;
    let error = entries(Format::OpenVhs, &bytes).unwrap_err();
    let line = FIXTURE[..at].lines().count() as u64;
    assert_eq!((error.line, error.code), (line, "undecodable"));
    let error = entries(Format::OpenVhsJson, b"{\"veranstaltungen\": {\"veranstaltung\": [{\"name\": \"\xfc\"}]}}").unwrap_err();
    assert_eq!((error.line, error.column, error.code), (1, 50, "undecodable"));
}

#[test]
fn other_encodings_are_followed() {
    let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><veranstaltungen><veranstaltung><guid>1</guid><name>Grün für 5 €</name></veranstaltung></veranstaltungen>";
    let (bytes, _, _) = encoding_rs::ISO_8859_15.encode(text);
    let (_, entries) = entries(Format::OpenVhs, &bytes).unwrap();
    assert_eq!(records(entries)[0].title, "Grün für 5 €");
}

#[test]
fn json_may_hold_one_or_many() {
    let one = r##"{"veranstaltungen": {"veranstaltung": {"guid": 7, "name": "Yoga", "schlagwort": "Yoga", "zielgruppe": null,
        "preis": {"betrag": "12,50", "rabatt_moeglich": "fasle"}, "aktuelle_teilnehmerzahl": "-1", "maximale_teilnehmerzahl": 10,
        "termin": {"beginn_datum": "2026-03-23", "beginn_uhrzeit": "18:00"}, "dvv_kategorie": {"@version": "1.0", "#text": "3.01"}}}}"##;
    let (_, found) = json(one).unwrap();
    let record = found[0].record.clone().unwrap();
    assert_eq!(found[0].key.as_deref(), Some("7"));
    assert_eq!(record.keywords, ["Yoga"]);
    assert_eq!(record.price.charge, Charge::Amount { amount: Cents(1250), reduced: None });
    assert_eq!(record.raw_codes, ["dvv-1.0:3.01"]);
    assert_eq!(record.topics, ["health"]);
    assert_eq!((record.places.unwrap().booked, record.places.unwrap().max), (None, Some(10)));
    assert_eq!(found[0].notes.iter().map(|note| note.code).collect::<Vec<_>>(), ["boolean_invalid"]);
    assert_eq!(json(r#"[{"guid": "1", "name": "a"}, {"guid": "2", "name": "b"}]"#).unwrap().1.len(), 2);
    assert_eq!(json(r#"{"veranstaltungen": {"veranstaltung": []}}"#).unwrap().1.len(), 0);
}

#[test]
fn reading_stops_when_nobody_wants_more() {
    for format in [Format::OpenVhs, Format::OpenVhsJson] {
        let text = if format == Format::OpenVhs { FIXTURE } else { r#"[{"guid": "1", "name": "a"}, {"guid": "2", "name": "b"}]"# };
        let mut count = 0;
        read(format, &context(), Box::new(text.as_bytes()), &mut |_| {
            count += 1;
            false
        })
        .unwrap();
        assert_eq!(count, 1);
    }
}

#[test]
fn the_association_s_example_is_read() {
    let Some(path) = shared::file("catalogue/open-vhs/openvhs-1.2_dvv-example.xml") else { return };
    let (header, entries) = entries(Format::OpenVhs, &std::fs::read(path).unwrap()).unwrap();
    assert_eq!(header.provider.as_deref(), Some("vhs Landkreis Fulda"));
    assert_eq!(entries.len(), 6);
    let notes: Vec<_> = entries.iter().flat_map(|entry| entry.notes.iter().map(|note| (entry.position, note.field.clone()))).collect();
    assert_eq!(notes, [(4, "ende_datum".to_owned())]);
    let records = records(entries);
    assert_eq!(records.iter().map(|record| record.occurrences.len()).collect::<Vec<_>>(), [5, 10, 1, 1, 1, 1]);
    assert_eq!(records[1].occurrences[0].start.to_string(), "2021-04-11T11:00:00Z");
    assert_eq!(records[1].level, Some(Level::B1));
    assert_eq!(
        records.iter().map(|record| record.price.charge.kind()).collect::<Vec<_>>(),
        ["amount", "amount", "amount", "amount", "free", "unknown"]
    );
}

#[test]
fn berlin_s_courses_are_read() {
    let Some(bytes) = shared::berlin() else { return };
    let (_, entries) = entries(Format::OpenVhsJson, &bytes).unwrap();
    assert_eq!(entries.len(), 1878);
    assert_eq!(entries.iter().flat_map(|entry| &entry.notes).filter(|note| note.severity == Severity::Rejected).count(), 0);
    let records = records(entries);
    assert_eq!(records.iter().filter(|record| matches!(record.price.charge, Charge::Amount { reduced: Some(_), .. })).count(), 1455);
    assert_eq!(records.iter().filter(|record| record.price.charge == Charge::Free).count(), 204);
    assert!(records.iter().all(|record| !record.description.contains("<br") && !record.description.contains("</a>")));
    assert!(
        records.iter().filter(|record| record.topics.is_empty()).count() < 200,
        "{}",
        records.iter().filter(|r| r.topics.is_empty()).count()
    );
}
