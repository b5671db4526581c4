//! KuferSQL's export for web sites (`internet.xml`), as far as it could be seen: a reduced export. Its codes of subject
//! areas are each school's own.
use super::{
    Adapter, Context, Entry, Header, Sink, Unreadable,
    element::Element,
    text::{clean_line, clean_text},
    values::{Clock, Values, boolean, in_order},
    xml::{self, Shape},
};
use crate::domain::{
    classification::{self, Hints},
    level::Level,
    price::{Cents, Charge, Price},
    record::{Format, Occurrence, Place, Places, Record},
};
use jiff::civil::Date;
use std::io::Read;

/// The adapter.
pub struct Kufer;

const SHAPE: Shape = Shape { roots: &["kurse"], records: &[&["kurs"]] };

impl Adapter for Kufer {
    fn recognises(&self, head: &str) -> bool {
        xml::has_root(head, "kurse")
    }

    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
        let mut position = 0;
        xml::read(source, &SHAPE, &mut |_, course| {
            position += 1;
            sink(map(&course, position, context))
        })?;
        Ok(Header::default())
    }
}

/// Maps one `kurs`.
fn map(course: &Element, position: u64, context: &Context) -> Entry {
    let mut values = Values::new(context);
    let key = values.key(line(course, "knr"), "knr");
    let title = line(course, "haupttitel");
    if title.is_none() {
        values.rejected("haupttitel", "title_missing", "Der Kurs hat keinen Titel.");
    }
    let record = title.filter(|_| values.is_acceptable()).map(|title| Mapping { course, values: &mut values }.record(title));
    Entry { position, key, record, notes: values.into_notes() }
}

struct Mapping<'e, 'v, 'c> {
    course: &'e Element,
    values: &'v mut Values<'c>,
}

impl Mapping<'_, '_, '_> {
    fn record(mut self, title: String) -> Record {
        let course = self.course;
        let subtitle = line(course, "untertitel").unwrap_or_default();
        let subject = line(course, "fachbtext");
        let heading = format!("{title} {subtitle} {}", subject.as_deref().unwrap_or_default());
        let level = Level::parse(&heading);
        let keywords: Vec<String> = subject.into_iter().collect();
        let hints = Hints { dvv_category: None, title: &heading, keywords: &keywords, target_groups: &[], has_level: level.is_some() };
        let topics = classification::topics(hints);
        let life_phases = classification::life_phases(hints, &topics);
        let teaches_language = topics.iter().any(|topic| topic == "languages");
        let place = self.place();
        Record {
            subtitle,
            description: course.value("inhalt").map(clean_text).unwrap_or_default(),
            number: line(course, "knr"),
            raw_codes: line(course, "fachb").map(|code| format!("kufer:{code}")).into_iter().collect(),
            life_phases,
            language: Some(self.values.context().language.clone()),
            level: level.filter(|_| teaches_language),
            format: if is_online(course) { Format::Online } else { Format::OnSite },
            district: place.as_ref().map(|place| place.district.clone()).filter(|district| !district.is_empty()),
            place,
            price: self.price(),
            occurrences: self.occurrences(),
            cancelled: course.value("ausfall").or_else(|| course.value("abgesagt")).and_then(boolean) == Some(true),
            places: self.places(),
            url: course.value("internetlink").or_else(|| course.value("url")).and_then(|url| self.values.url(url, "url")),
            topics,
            keywords,
            title,
            ..Record::default()
        }
    }

    /// Building and room; the branch only where neither is told.
    fn place(&self) -> Option<Place> {
        let first = |names: &[&str]| names.iter().find_map(|name| line(self.course, name)).unwrap_or_default();
        let place = Place {
            name: first(&["ortgebaeude", "ort", "ortraumname", "ortaussenstelle"]),
            street: first(&["ortstr"]),
            postcode: first(&["ortplz"]),
            city: first(&["ortname"]),
            district: first(&["ortsteil"]),
            coordinates: None,
        };
        (place != Place::default()).then_some(place)
    }

    /// Not every export tells prices; none is not free.
    fn price(&mut self) -> Price {
        let Some(text) = self.course.value("gebuehr").or_else(|| self.course.value("preis")) else { return Price::default() };
        let charge = match Cents::parse(text) {
            Some(Cents(0)) => Charge::Free,
            Some(amount) => Charge::Amount { amount, reduced: None },
            None if matches!(text.to_lowercase().as_str(), "kostenlos" | "kostenfrei" | "gebührenfrei" | "entgeltfrei") => Charge::Free,
            None => {
                self.values.warning("gebuehr", "amount_invalid", format!("Kein Betrag: „{text}“."));
                Charge::Unknown
            }
        };
        Price { charge, notes: Vec::new() }
    }

    fn places(&mut self) -> Option<Places> {
        let mut count = |name: &str| self.course.value(name).and_then(|text| self.values.count(text, name));
        let places = Places {
            min: count("tnmin").filter(|min| *min > 0),
            booked: count("tnanmeldungen"),
            max: count("tnmax").filter(|max| *max > 0),
        };
        // nobody booked and no limit says nothing
        (places.min.is_some() || places.max.is_some()).then_some(places)
    }

    /// The meetings, else the span from the first to the last day.
    fn occurrences(&mut self) -> Vec<Occurrence> {
        let meetings: Vec<&Element> = self.course.children_named("termine").flat_map(|group| group.children_named("termin")).collect();
        let mut occurrences: Vec<Occurrence> = meetings.into_iter().filter_map(|meeting| self.meeting(meeting)).collect();
        if occurrences.is_empty() {
            occurrences.extend(self.span());
        }
        in_order(occurrences)
    }

    fn meeting(&mut self, meeting: &Element) -> Option<Occurrence> {
        let day = self.values.date(meeting.value("tag")?, "termin/tag")?;
        let Some(start) = self.time(meeting, "zeitvon", "termin/zeitvon") else { return self.values.days(day, day, "termin/tag") };
        let end = self.time(meeting, "zeitbis", "termin/zeitbis").unwrap_or(start);
        self.values.meeting((day, start), (day, end), "termin/zeitbis")
    }

    /// A course of one day has its times beside its dates.
    fn span(&mut self) -> Option<Occurrence> {
        let first = self.date("beginndat")?;
        let last = if self.course.value("endedat").is_some() { self.date("endedat").unwrap_or(first) } else { first };
        if first == last
            && let Some(start) = self.time(self.course, "beginnuhr", "beginnuhr")
        {
            let end = self.time(self.course, "endeuhr", "endeuhr").unwrap_or(start);
            return self.values.meeting((first, start), (first, end), "endeuhr");
        }
        self.values.days(first, last, "endedat")
    }

    fn date(&mut self, name: &str) -> Option<Date> {
        self.values.date(self.course.value(name)?, name)
    }

    fn time(&mut self, element: &Element, name: &str, field: &str) -> Option<Clock> {
        self.values.time(element.value(name)?, field)
    }
}

fn line(element: &Element, name: &str) -> Option<String> {
    element.value(name).map(clean_line).filter(|line| !line.is_empty())
}

fn is_online(course: &Element) -> bool {
    ["ort", "ortgebaeude", "ortraumname"]
        .iter()
        .filter_map(|name| course.value(name))
        .any(|place| place.to_lowercase().starts_with("online"))
}
