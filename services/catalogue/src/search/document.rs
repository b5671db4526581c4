//! An offer as it is answered and as it is indexed.
use super::{analysis::Analyser, schema::Fields};
use crate::domain::{
    offer::{Instance, Offer, State},
    price::Charge,
    record::{Place, Places, Record},
};
use bildung_proto::rpc::catalogue as wire;
use jiff::{Timestamp, tz::TimeZone};
use prost::Message as _;
use tantivy::{
    TantivyDocument,
    schema::Field,
    tokenizer::{PreTokenizedString, Token},
};

/// The offer as it is answered; what depends on the time is left to [`complete`].
pub fn answer(offer: &Offer, zone: &TimeZone) -> wire::Offer {
    let record = &offer.record;
    let place = record.place.as_ref().map(place);
    let places = record.places.map(places);
    wire::Offer {
        id: offer.id.to_string(),
        title: record.title.clone(),
        subtitle: record.subtitle.clone(),
        summary: record.summary(),
        description: record.description.clone(),
        keywords: record.keywords.clone(),
        provider: Some(wire::ProviderRef {
            id: offer.provider.id.to_string(),
            name: offer.provider.name.clone(),
            actor_id: offer.provider.actor_id.map(|id| id.to_string()),
        }),
        topics: record.topics.clone(),
        life_phases: record.life_phases.clone(),
        target_groups: record.target_groups.clone(),
        language: record.language.clone(),
        level: record.level.map(|level| level.as_str().to_owned()),
        format: record.format.as_str().to_owned(),
        district: record.district.clone(),
        place: place.clone(),
        price: Some(price(&record.price.charge, &record.price.notes)),
        accessibility: Some(wire::Accessibility {
            value: record.accessibility.value.as_str().to_owned(),
            reasons: record.accessibility.reasons.clone(),
        }),
        next_instance: None,
        instances: offer.instances.iter().map(|held| instance(held, place.as_ref(), places, record.cancelled, zone)).collect(),
        over: false,
        source: Some(wire::OfferSource { id: offer.source.clone(), record: offer.record_key.clone() }),
        url: record.url.clone(),
        updated_at: time(offer.updated_at, zone),
        state: offer.state.as_str().to_owned(),
        certificates: record
            .certificates
            .iter()
            .map(|certificate| wire::Certificate { name: certificate.name.clone(), text: certificate.text.clone() })
            .collect(),
        links: record
            .links
            .iter()
            .map(|link| wire::Link { kind: link.kind.clone(), name: link.name.clone(), url: link.url.clone() })
            .collect(),
        number: record.number.clone(),
        distance_km: None,
    }
}

/// Adds what depends on the time: the next instance, and whether all are over.
pub fn complete(offer: &mut wire::Offer, now: Timestamp) {
    let end = |instance: &wire::Instance| instance.end.parse::<Timestamp>().unwrap_or(Timestamp::MAX);
    offer.next_instance = offer.instances.iter().find(|instance| end(instance) >= now).cloned();
    offer.over = !offer.instances.is_empty() && offer.next_instance.is_none();
}

/// RFC 3339 with the zone's offset at that time.
fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.display_with_offset(zone.to_offset(at)).to_string()
}

fn place(place: &Place) -> wire::Place {
    wire::Place {
        name: place.name.clone(),
        street: place.street.clone(),
        postcode: place.postcode.clone(),
        city: place.city.clone(),
        district: place.district.clone(),
        latitude: place.coordinates.map(|(latitude, _)| latitude),
        longitude: place.coordinates.map(|(_, longitude)| longitude),
    }
}

fn places(places: Places) -> wire::Places {
    wire::Places {
        min: places.min.map(i32::from),
        booked: places.booked.map(i32::from),
        max: places.max.map(i32::from),
        free: places.free().map(i32::from),
    }
}

fn instance(
    held: &Instance,
    place: Option<&wire::Place>,
    places: Option<wire::Places>,
    cancelled: bool,
    zone: &TimeZone,
) -> wire::Instance {
    wire::Instance {
        id: held.id.to_string(),
        start: time(held.occurrence.start, zone),
        end: time(held.occurrence.end, zone),
        all_day: held.occurrence.all_day,
        place: place.cloned(),
        places,
        status: if cancelled { "cancelled" } else { "scheduled" }.to_owned(),
    }
}

fn price(charge: &Charge, notes: &[String]) -> wire::Price {
    let (amount, reduced) = match charge {
        Charge::Amount { amount, reduced } => (Some(amount.to_string()), reduced.map(|cents| cents.to_string())),
        Charge::Free | Charge::OnRequest | Charge::Unknown => (None, None),
    };
    wire::Price { kind: charge.kind().to_owned(), amount, reduced, currency: "EUR".to_owned(), notes: notes.to_vec() }
}

/// The offer as a document of the index.
pub(super) fn document(fields: &Fields, analyser: &mut Analyser, offer: &Offer, zone: &TimeZone) -> TantivyDocument {
    let record = &offer.record;
    let mut document = TantivyDocument::default();
    document.add_text(fields.id, offer.id.simple().to_string());
    document.add_bytes(fields.offer, &answer(offer, zone).encode_to_vec());

    let mut all_words = Tokens::default();
    let mut all_stems = Tokens::default();
    let keywords = record.keywords.join(" ; ");
    let provider = &offer.provider.name;
    let place = place_words(record);
    let texts = [&record.title, &record.subtitle, &keywords, &place, provider, &record.description];
    for (place, text) in texts.into_iter().enumerate() {
        let (mut words, mut stems) = (Tokens::default(), Tokens::default());
        for word in analyser.words(text) {
            for form in &word.forms {
                words.add(form);
                all_words.add_once(form);
            }
            stems.add(&word.stem);
            all_stems.add_once(&word.stem);
            for part in &word.parts {
                stems.add(part);
                all_stems.add_once(part);
            }
        }
        stems.write(&mut document, fields.stems[place]);
        if let Some(field) = fields.words.get(place) {
            words.write(&mut document, *field);
        }
    }
    all_words.write(&mut document, fields.all_words);
    all_stems.write(&mut document, fields.all_stems);

    let mut facet = |place: usize, value: &str| document.add_text(fields.facets[place], value);
    record.life_phases.iter().for_each(|code| facet(super::schema::LIFE_PHASE, code));
    record.topics.iter().for_each(|code| facet(super::schema::TOPIC, code));
    record.district.iter().for_each(|name| facet(super::schema::DISTRICT, name));
    record.language.iter().for_each(|code| facet(super::schema::LANGUAGE, code));
    record.level.iter().for_each(|level| facet(super::schema::LEVEL, level.as_str()));
    facet(super::schema::FORMAT, record.format.as_str());
    facet(super::schema::ACCESSIBLE, record.accessibility.value.as_str());
    facet(super::schema::PROVIDER, &offer.provider.id.to_string());

    document.add_bool(fields.visible, offer.state == State::Published);
    document.add_bool(fields.free, record.price.charge == Charge::Free);
    document.add_bool(fields.places, !record.cancelled && record.places.and_then(Places::free).is_some_and(|free| free > 0));
    if let Some((latitude, longitude)) = record.place.as_ref().and_then(|place| place.coordinates) {
        document.add_f64(fields.latitude, latitude);
        document.add_f64(fields.longitude, longitude);
    }
    for instance in &offer.instances {
        document.add_i64(fields.starts, instance.occurrence.start.as_second());
        document.add_i64(fields.ends, instance.occurrence.end.as_second());
    }
    if let Some(cents) = record.price.charge.full() {
        document.add_u64(fields.price, u64::from(cents.0));
    }
    document.add_u64(fields.tiebreak, offer.id.as_u64_pair().1);
    document
}

/// House, street, town and district: where people look for something nearby. Sources write `Linienstr.`, people either.
fn place_words(record: &Record) -> String {
    let parts = record.place.iter().flat_map(|place| [&place.name, &place.street, &place.postcode, &place.city, &place.district]);
    let words = parts.chain(&record.district).map(String::as_str).collect::<Vec<_>>().join(" ; ");
    words.replace("str.", "straße").replace("Str.", "Straße")
}

/// Tokens of one field, all that the index needs of a text.
#[derive(Default)]
struct Tokens {
    tokens: Vec<Token>,
    seen: std::collections::HashSet<String>,
}

impl Tokens {
    fn add(&mut self, text: &str) {
        let position = self.tokens.len();
        self.tokens.push(Token { text: text.to_owned(), position, ..Token::default() });
    }

    fn add_once(&mut self, text: &str) {
        if !self.seen.contains(text) {
            self.seen.insert(text.to_owned());
            self.add(text);
        }
    }

    fn write(self, document: &mut TantivyDocument, field: Field) {
        if !self.tokens.is_empty() {
            document.add_pre_tokenized_text(field, PreTokenizedString { text: String::new(), tokens: self.tokens });
        }
    }
}
