//! Search over an index of one's own: German words, filters, facets, orders.
use crate::shared;
use bildung_catalogue::{
    domain::{
        offer::{Instance, Offer, Provider, State},
        price::{Cents, Charge, Price},
        record::{Occurrence, Place, Places, Record},
    },
    import::{Context, Format, read},
    search::{OfferIndex, Question, question::Sort},
};
use bildung_proto::rpc::catalogue::SearchOffersResponse;
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn offer(number: u128, record: Record) -> Offer {
    Offer {
        id: Uuid::from_u128(number),
        source: "test".into(),
        record_key: number.to_string(),
        state: State::Published,
        instances: record.occurrences.iter().map(|occurrence| Instance { id: Uuid::nil(), occurrence: occurrence.clone() }).collect(),
        record,
        provider: Provider { id: Uuid::from_u128(1), name: "Bildungswerk Beispielstadt".into(), actor_id: None },
        updated_at: now(),
    }
}

fn titled(number: u128, title: &str) -> Offer {
    offer(number, Record { title: title.into(), ..Record::default() })
}

fn index(offers: &[Offer]) -> OfferIndex {
    let index = OfferIndex::create(zone()).unwrap();
    index.put(offers).unwrap();
    index.commit().unwrap();
    index
}

fn question(text: &str) -> Question {
    Question { text: text.into(), page: 1, per_page: 100, ..Question::default() }
}

fn ask(index: &OfferIndex, question: &Question) -> SearchOffersResponse {
    index.ask(question, now()).unwrap()
}

fn titles(index: &OfferIndex, text: &str) -> Vec<String> {
    ask(index, &question(text)).items.into_iter().map(|offer| offer.title).collect()
}

fn facet(answer: &SearchOffersResponse, name: &str) -> Vec<(String, u64)> {
    let facet = answer.facets.iter().find(|facet| facet.name == name).unwrap();
    facet.values.iter().map(|value| (value.value.clone(), value.count)).collect()
}

#[test]
fn german_words_find_each_other() {
    let all = [
        "Kurse für alle",
        "Deutschkurs am Abend",
        "Kur und Erholung",
        "Führerschein Theorie",
        "Integrationskurs Modul 1",
        "Aquarellmalerei",
        "Volkshochschulgeschichte",
        "Yoga für den Rücken",
        "EDV Grundlagen",
        "Häuser bauen",
        "Englisch A1",
        "Englisch A2",
        "Umgang mit Substanzen",
        "Rücken-Fit",
    ];
    let offers: Vec<Offer> = all.iter().enumerate().map(|(at, title)| titled(at as u128 + 10, title)).collect();
    let index = index(&offers);
    let found = |text: &str| {
        let mut titles = titles(&index, text);
        titles.sort();
        titles
    };
    assert_eq!(found("Kurs"), ["Deutschkurs am Abend", "Integrationskurs Modul 1", "Kurse für alle"]);
    assert_eq!(found("kursen"), ["Deutschkurs am Abend", "Integrationskurs Modul 1", "Kurse für alle"]);
    for spelling in ["Fuehrerschein", "Führerschein", "Fuhrerschein", "FÜHRERSCHEINE", "Führershein"] {
        assert_eq!(found(spelling), ["Führerschein Theorie"], "{spelling}");
    }
    assert_eq!(found("Integratonskurs"), ["Integrationskurs Modul 1"]);
    assert_eq!(found("Malerei"), ["Aquarellmalerei"]);
    assert_eq!(found("Hochschule"), ["Volkshochschulgeschichte"]);
    assert_eq!(found("Haus"), ["Häuser bauen"]);
    assert_eq!(found("edv"), ["EDV Grundlagen"]);
    assert_eq!(found("A1"), ["Englisch A1"]);
    assert_eq!(found("englisch a2"), ["Englisch A2"]);
    assert_eq!(found("Rücken"), ["Rücken-Fit", "Yoga für den Rücken"]);
    assert_eq!(found("Yoga für Rücken"), ["Yoga für den Rücken"]);
    assert_eq!(found("Rückenfit"), ["Rücken-Fit"]);
    assert_eq!(found("Deutsch-Kurs"), ["Deutschkurs am Abend"]);
    assert_eq!(found("Kurs Yoga"), Vec::<String>::new());
    assert_eq!(found("Tanz"), Vec::<String>::new());
    for nonsense in ["xqzvw", "Blorptikon", "!?", "zzzzzzzzzz"] {
        assert_eq!(found(nonsense), Vec::<String>::new(), "{nonsense}");
    }
    assert_eq!(found("").len(), all.len());
}

#[test]
fn the_title_weighs_more_than_the_rest() {
    let record = |title: &str, subtitle: &str, keyword: &str, description: &str| Record {
        title: title.into(),
        subtitle: subtitle.into(),
        keywords: vec![keyword.into()],
        description: description.into(),
        ..Record::default()
    };
    let index = index(&[
        offer(1, record("A", "", "", "Töpfern im Alltag")),
        offer(2, record("B", "", "Töpfern", "")),
        offer(3, record("C", "Töpfern", "", "")),
        offer(4, record("Töpfern", "", "", "")),
        offer(5, record("D", "", "", "Bildungswerk")),
    ]);
    assert_eq!(titles(&index, "Töpfern"), ["Töpfern", "C", "B", "A"]);
    // the provider's name counts, more than a description
    assert_eq!(titles(&index, "Bildungswerk").len(), 5);
}

fn dated(number: u128, title: &str, start: &str, end: &str) -> Offer {
    let occurrence = Occurrence { start: start.parse().unwrap(), end: end.parse().unwrap(), all_day: false };
    offer(number, Record { title: title.into(), occurrences: vec![occurrence], ..Record::default() })
}

#[test]
fn what_is_over_comes_last_and_what_comes_next_first() {
    let index = index(&[
        dated(1, "vorbei", "2026-02-01T08:00:00Z", "2026-02-01T10:00:00Z"),
        dated(2, "übermorgen", "2026-03-04T08:00:00Z", "2026-03-04T10:00:00Z"),
        titled(3, "ohne Termin"),
        dated(4, "morgen", "2026-03-03T08:00:00Z", "2026-03-03T10:00:00Z"),
        dated(5, "läuft", "2026-03-01T08:00:00Z", "2026-03-02T10:00:00Z"),
    ]);
    assert_eq!(titles(&index, ""), ["läuft", "morgen", "übermorgen", "ohne Termin", "vorbei"]);
    let answer = ask(&index, &question(""));
    assert_eq!(answer.items.iter().map(|offer| offer.over).collect::<Vec<_>>(), [false, false, false, false, true]);
    assert!(answer.items[4].next_instance.is_none() && answer.items[1].next_instance.is_some());
    let span = |from: &str, to: &str| {
        let question = Question { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()), ..question("") };
        ask(&index, &question).items.into_iter().map(|offer| offer.title).collect::<Vec<_>>()
    };
    assert_eq!(span("2026-02-01T00:00:00Z", "2026-03-03T08:00:00Z"), ["vorbei", "läuft", "morgen"]);
    assert_eq!(span("2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z"), ["morgen"]);
}

fn rich(number: u128, topics: &[&str], district: Option<&str>, cents: Option<u32>, booked: Option<u16>) -> Offer {
    offer(
        number,
        Record {
            title: format!("Angebot {number}"),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            district: district.map(str::to_owned),
            price: Price {
                charge: match cents {
                    None => Charge::Unknown,
                    Some(0) => Charge::Free,
                    Some(cents) => Charge::Amount { amount: Cents(cents), reduced: None },
                },
                notes: Vec::new(),
            },
            places: booked.map(|booked| Places { min: None, booked: Some(booked), max: Some(10) }),
            place: district.map(|name| Place { coordinates: Some((if name == "Nord" { 49.5 } else { 49.4 }, 7.7)), ..Place::default() }),
            ..Record::default()
        },
    )
}

#[test]
fn a_facet_ignores_its_own_filter_only() {
    let index = index(&[
        rich(1, &["health"], Some("Nord"), Some(0), Some(10)),
        rich(2, &["health", "work"], Some("Süd"), Some(1000), Some(3)),
        rich(3, &["work"], Some("Nord"), Some(500), None),
        rich(4, &[], None, None, Some(12)),
    ]);
    let all = ask(&index, &question(""));
    assert_eq!(facet(&all, "topic"), [("work".to_owned(), 2), ("health".to_owned(), 2)]);
    assert_eq!(facet(&all, "free"), [("true".to_owned(), 1), ("false".to_owned(), 3)]);
    assert_eq!(facet(&all, "places"), [("true".to_owned(), 1), ("false".to_owned(), 3)]);

    let mut filtered = question("");
    filtered.facets[1] = vec!["health".into()];
    filtered.facets[2] = vec!["Nord".into()];
    let answer = ask(&index, &filtered);
    assert_eq!(answer.total, 1);
    assert_eq!(facet(&answer, "topic"), [("work".to_owned(), 1), ("health".to_owned(), 1)]);
    assert_eq!(facet(&answer, "district"), [("Nord".to_owned(), 1), ("Süd".to_owned(), 1)]);
    assert_eq!(facet(&answer, "free"), [("true".to_owned(), 1)]);

    filtered.facets[1].push("work".into());
    assert_eq!(ask(&index, &filtered).total, 2, "values of one filter are alternatives");
    assert_eq!(ask(&index, &Question { free: Some(true), ..question("") }).total, 1);
    let free_places = ask(&index, &Question { places: Some(true), ..question("") });
    assert_eq!(free_places.items.iter().map(|offer| offer.title.as_str()).collect::<Vec<_>>(), ["Angebot 2"]);
    assert_eq!(facet(&free_places, "places"), [("true".to_owned(), 1), ("false".to_owned(), 3)]);
}

#[test]
fn orders_and_the_radius() {
    let index = index(&[
        rich(1, &[], Some("Nord"), Some(900), None),
        rich(2, &[], Some("Süd"), Some(0), None),
        rich(3, &[], None, Some(500), None),
    ]);
    let order = |question: &Question| ask(&index, question).items.into_iter().map(|offer| offer.title).collect::<Vec<_>>();
    assert_eq!(order(&Question { sort: Sort::Price, ..question("") }), ["Angebot 2", "Angebot 3", "Angebot 1"]);
    let near = Question { sort: Sort::Distance, near: Some((49.51, 7.7)), ..question("") };
    assert_eq!(order(&near), ["Angebot 1", "Angebot 2", "Angebot 3"]);
    let found = ask(&index, &Question { radius_km: Some(5.0), ..near.clone() });
    assert_eq!(found.items.iter().map(|offer| offer.title.as_str()).collect::<Vec<_>>(), ["Angebot 1"]);
    assert_eq!(found.items[0].distance_km, Some(1.1));
}

#[test]
fn pages_follow_each_other_without_gaps() {
    let offers: Vec<Offer> = (1..=45).map(|number| titled(number, "Kurs")).collect();
    let index = index(&offers);
    let mut seen = Vec::new();
    for page in 1..=4 {
        let answer = ask(&index, &Question { page, per_page: 20, ..question("kurs") });
        assert_eq!(answer.total, 45);
        seen.extend(answer.items.into_iter().map(|offer| offer.id));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 45);
}

#[test]
fn an_offer_is_replaced_and_hidden() {
    let index = index(&[titled(1, "Alt"), titled(2, "Bleibt")]);
    index.put(&[Offer { state: State::Withdrawn, ..titled(1, "Neu") }]).unwrap();
    index.commit().unwrap();
    assert_eq!(titles(&index, ""), ["Bleibt"]);
    let all = ask(&index, &Question { hidden_too: true, ..question("") });
    assert_eq!(all.items.iter().map(|offer| offer.state.as_str()).filter(|state| *state == "withdrawn").count(), 1);
    assert!(titles(&index, "Alt").is_empty());
    assert_eq!(index.get(Uuid::from_u128(2), now()).unwrap().unwrap().title, "Bleibt");
}

#[test]
fn suggestions_complete_what_is_typed() {
    let index = index(&[titled(1, "Aquarellmalerei für Anfänger"), titled(2, "Aquafitness"), titled(3, "Spanisch A1")]);
    let texts = |typed: &str| index.suggest(typed, 8, now()).unwrap().into_iter().map(|suggestion| suggestion.text).collect::<Vec<_>>();
    let mut aqua = texts("aqua");
    aqua.sort();
    assert_eq!(aqua, ["Aquafitness", "Aquarellmalerei für Anfänger"]);
    assert_eq!(texts("gesundh"), ["Gesundheit"]);
    assert!(texts("xqz").is_empty());
}

/// Berlin's courses, indexed.
pub(crate) struct BerlinIndex {
    index: OfferIndex,
    records: Vec<Record>,
    keys: Vec<String>,
}

impl BerlinIndex {
    pub(crate) fn new(file: &[u8]) -> Self {
        let context = Context { time_zone: zone(), language: "de".into() };
        let (mut records, mut keys) = (Vec::new(), Vec::new());
        read(Format::OpenVhsJson, &context, Box::new(file), &mut |entry| {
            if let (Some(record), Some(key)) = (entry.record, entry.key) {
                records.push(record);
                keys.push(key);
            }
            true
        })
        .unwrap();
        let offers: Vec<Offer> = records.iter().enumerate().map(|(at, record)| offer(at as u128 + 1, record.clone())).collect();
        Self { index: index(&offers), records, keys }
    }

    /// Ids, at the source, of all courses found, the best first.
    pub(crate) fn find(&self, text: &str) -> Vec<String> {
        let answer = ask(&self.index, &Question { per_page: self.keys.len(), ..question(text) });
        assert_eq!(answer.items.len() as u64, answer.total);
        let key = |id: &str| self.keys[usize::try_from(Uuid::parse_str(id).unwrap().as_u128()).unwrap() - 1].clone();
        answer.items.iter().map(|offer| key(&offer.id)).collect()
    }
}

#[test]
fn berlin_s_courses_are_found() {
    let Some(file) = shared::berlin() else { return };
    let BerlinIndex { index, records, .. } = BerlinIndex::new(&file);
    let total = |text: &str| ask(&index, &question(text)).total;
    let heading = |record: &Record| format!("{} {} {}", record.title, record.subtitle, record.keywords.join(" ")).to_lowercase();
    let holding = |part: &str| records.iter().filter(|record| heading(record).contains(part)).count() as u64;
    for (query, part) in [
        ("Kurs", "kurs"),
        ("Sprachkurs", "sprachkurs"),
        ("Bildungsurlaub", "bildungsurlaub"),
        ("Malerei", "malerei"),
        ("Deutsch", "deutsch"),
    ] {
        println!("{query}: {} found, {} titles, subtitles or keywords hold it", total(query), holding(part));
        assert!(total(query) >= holding(part), "{query}: {} < {}", total(query), holding(part));
    }
    for (typo, right, part) in [
        ("Sprachkus", "Sprachkurs", "sprachkurs"),
        ("Bildungsurlab", "Bildungsurlaub", "bildungsurlaub"),
        ("Integratonskurs", "Integrationskurs", "integrationskurs"),
    ] {
        println!("{typo}: {} found, {right}: {}", total(typo), total(right));
        assert!(total(typo) > 0 && total(typo) >= holding(part) * 9 / 10, "{typo}");
        let first = &ask(&index, &Question { per_page: 5, ..question(typo) }).items;
        assert!(
            first.iter().all(|offer| format!("{offer:?}").to_lowercase().contains(part)),
            "{typo}: {:?}",
            first.iter().map(|offer| &offer.title).collect::<Vec<_>>()
        );
    }
    for nonsense in ["xqzvwk", "Blorptikon", "Quarzfagottrohling", "qwertzuiop"] {
        assert_eq!(total(nonsense), 0, "{nonsense}");
    }
}
