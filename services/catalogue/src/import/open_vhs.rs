//! An Open-vhs record, whatever it was written in, as an offer of the catalogue.
use super::{
    Context, Entry, Header,
    element::Element,
    text::{clean_line, clean_text},
    values::{Clock, Values, boolean, in_order, sorted, sorted_by_content},
};
use crate::domain::{
    accessibility::{Accessibility, Accessible},
    classification::{self, Hints},
    level::Level,
    price::{Cents, Charge, Price, is_on_request, reduced_price_in},
    record::{Certificate, Format, Link, Occurrence, Place, Places, Record},
};
use jiff::civil::Date;

/// What `export` says about the whole file.
pub fn header(export: &Element) -> Header {
    let name = export.child("ersteller").and_then(|creator| creator.value("name").map(clean_line));
    Header { provider: name.filter(|name| !name.is_empty()) }
}

/// Maps one `veranstaltung`.
pub fn map(element: &Element, position: u64, context: &Context) -> Entry {
    let mut values = Values::new(context);
    let key = values.key(element.value("guid").map(clean_line).filter(|key| !key.is_empty()), "guid");
    let title = element.value("name").map(clean_line).unwrap_or_default();
    if title.is_empty() {
        values.rejected("name", "title_missing", "Die Veranstaltung hat keinen Namen.");
    }
    let record = values.is_acceptable().then(|| Mapping { element, values: &mut values }.record(title));
    Entry { position, key, record, notes: values.into_notes() }
}

struct Mapping<'e, 'v, 'c> {
    element: &'e Element,
    values: &'v mut Values<'c>,
}

impl Mapping<'_, '_, '_> {
    fn record(mut self, title: String) -> Record {
        let element = self.element;
        let subtitle = element.values("untertitel").map(clean_line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ");
        let keywords = sorted(element.values("schlagwort").map(clean_line));
        let target_groups = sorted(element.values("zielgruppe").map(target_group));
        let category = element.child("dvv_kategorie").filter(|category| !category.text.trim().is_empty());
        let stated_level = element.value("level").and_then(Level::parse);
        let place = self.place();
        let heading = format!("{title} {subtitle}");
        let hints = Hints {
            dvv_category: category.map(|category| category.text.trim()),
            title: &heading,
            keywords: &keywords,
            target_groups: &target_groups,
            has_level: stated_level.is_some() || Level::parse(&heading).is_some(),
        };
        let topics = classification::topics(hints);
        let life_phases = classification::life_phases(hints, &topics);
        let teaches_language = topics.iter().any(|topic| topic == "languages");
        let level = stated_level
            .or_else(|| teaches_language.then(|| Level::parse(&heading)).flatten())
            .or_else(|| teaches_language.then(|| keywords.iter().filter_map(|keyword| Level::parse(keyword)).max()).flatten());
        let (url, links) = self.links();
        let format = self.format(place.as_ref());
        Record {
            title,
            subtitle,
            description: description(element),
            provider: element.value("veranstalter").or_else(|| element.value("anbieter")).map(clean_line),
            number: element.value("nummer").map(clean_line),
            raw_codes: category
                .map(|category| clean_line(&format!("dvv-{}:{}", category.attribute("version").unwrap_or("?"), category.text)))
                .into_iter()
                .collect(),
            topics,
            life_phases,
            target_groups,
            language: Some(
                element
                    .value("unterrichtssprache")
                    .map_or_else(|| self.values.context().language.clone(), |code| clean_line(code).to_lowercase()),
            ),
            level,
            format,
            district: element
                .value("bezirk")
                .map(clean_line)
                .or_else(|| place.as_ref().map(|place| place.district.clone()))
                .filter(|district| !district.is_empty()),
            accessibility: self.accessibility(),
            place,
            price: self.price(),
            occurrences: self.occurrences(),
            cancelled: false,
            places: self.places(),
            url,
            links,
            certificates: sorted_by_content(element.children_named("zertifikat").filter_map(|certificate| {
                let name = certificate.value("name").map(clean_line)?;
                Some(Certificate { name, text: certificate.value("text").map(clean_line).unwrap_or_default() })
            })),
            keywords,
        }
    }

    fn place(&mut self) -> Option<Place> {
        let site = self.element.child("veranstaltungsort")?;
        let address = site.child("adresse").unwrap_or(site);
        // in a list of addresses the first is the place
        let address = address.child("adresse").unwrap_or(address);
        let line = |element: &Element, name: &str| element.value(name).map(clean_line).unwrap_or_default();
        let place = Place {
            name: line(site, "name"),
            street: line(address, "strasse"),
            postcode: line(address, "plz"),
            city: line(address, "ort"),
            district: line(address, "ortsteil"),
            coordinates: self.coordinates(&[address, site, self.element]),
        };
        (place != Place::default()).then_some(place)
    }

    fn coordinates(&mut self, candidates: &[&Element]) -> Option<(f64, f64)> {
        let value =
            |names: [&str; 4]| candidates.iter().find_map(|element| names.iter().find_map(|name| element.value(name))).map(str::to_owned);
        let (latitude, longitude) =
            (value(["lat", "latitude", "breitengrad", "geo_lat"])?, value(["lon", "lng", "longitude", "laengengrad"])?);
        self.values.coordinates(&latitude, &longitude, "veranstaltungsort")
    }

    fn features(&self) -> impl Iterator<Item = (&str, &str)> {
        self.element
            .children_named("merkmale")
            .flat_map(|features| features.children_named("merkmal"))
            .chain(self.element.children_named("merkmal"))
            .filter_map(|feature| Some((feature.value("name")?, feature.value("wert")?)))
    }

    fn has_feature(&self, name: &str) -> bool {
        self.features().any(|(feature, value)| feature == name && boolean(value) == Some(true))
    }

    fn format(&self, place: Option<&Place>) -> Format {
        match self.features().find(|(name, _)| *name == "kursart_digital").map(|(_, value)| value) {
            Some("online_angebot" | "selbstlernangebot") => return Format::Online,
            Some("blended_learning") => return Format::Blended,
            _ => {}
        }
        let online = place.is_some_and(|place| {
            let name = place.name.to_lowercase();
            place.street.is_empty()
                && (name.starts_with("online") || name.contains("vhs.cloud") || place.city.eq_ignore_ascii_case("online"))
        });
        if online { Format::Online } else { Format::OnSite }
    }

    fn accessibility(&mut self) -> Accessibility {
        let mut reasons = Vec::new();
        let stated = self.element.child("veranstaltungsort").and_then(|site| site.value("barrierefrei"));
        let value = match stated.map(|text| (text, boolean(text))) {
            None => Accessible::Unknown,
            Some((_, Some(true))) => {
                reasons.push("place_accessible".to_owned());
                Accessible::Yes
            }
            Some((_, Some(false))) => {
                reasons.push("place_not_accessible".to_owned());
                Accessible::No
            }
            Some((text, None)) => {
                self.values.warning("veranstaltungsort/barrierefrei", "boolean_invalid", format!("Weder ja noch nein: „{text}“."));
                Accessible::Unknown
            }
        };
        if self.has_feature("barrierefreies_lernen") {
            reasons.push("accessible_learning".to_owned());
        }
        if self.has_feature("langsames_lerntempo") {
            reasons.push("slow_pace".to_owned());
        }
        Accessibility { value, reasons }
    }

    fn price(&mut self) -> Price {
        let free_registration = self.has_feature("anmeldung_kostenlos");
        let Some(element) = self.element.child("preis") else {
            let charge = if free_registration { Charge::Free } else { Charge::Unknown };
            return Price { charge, notes: Vec::new() };
        };
        let notes: Vec<String> = element.values("zusatz").map(clean_line).filter(|note| !note.is_empty()).collect();
        if let Some(text) = element.value("rabatt_moeglich").filter(|text| boolean(text).is_none()) {
            self.values.warning("preis/rabatt_moeglich", "boolean_invalid", format!("Weder ja noch nein: „{text}“."));
        }
        let stated = element.value("betrag").and_then(|text| {
            let amount = Cents::parse(text);
            if amount.is_none() {
                self.values.warning("preis/betrag", "amount_invalid", format!("Kein Betrag: „{text}“."));
            }
            amount
        });
        let charge = match stated {
            Some(amount) if amount.0 > 0 => {
                let reduced = notes.iter().find_map(|note| reduced_price_in(note)).filter(|reduced| *reduced < amount);
                Charge::Amount { amount, reduced }
            }
            _ if notes.iter().any(|note| is_on_request(note)) => Charge::OnRequest,
            Some(_) => Charge::Free,
            None if free_registration => Charge::Free,
            None => Charge::Unknown,
        };
        Price { charge, notes }
    }

    fn places(&mut self) -> Option<Places> {
        let places = Places {
            min: self.number("minimale_teilnehmerzahl"),
            booked: self.number("aktuelle_teilnehmerzahl"),
            max: self.number("maximale_teilnehmerzahl").filter(|max| *max > 0),
        };
        (places != Places::default()).then_some(places)
    }

    fn number(&mut self, name: &str) -> Option<u16> {
        self.values.count(self.element.value(name)?, name)
    }

    /// The dates: each `termin`, else the span from the first to the last day.
    fn occurrences(&mut self) -> Vec<Occurrence> {
        let sessions: Vec<&Element> = self
            .element
            .children_named("termin")
            .chain(self.element.children_named("ortetermine").flat_map(|group| group.children_named("termin")))
            .collect();
        let mut occurrences: Vec<Occurrence> = sessions.into_iter().filter_map(|session| self.session(session)).collect();
        if occurrences.is_empty() {
            occurrences.extend(self.span());
        }
        in_order(occurrences)
    }

    fn session(&mut self, session: &Element) -> Option<Occurrence> {
        let date = self.date(session.value("beginn_datum")?, "termin/beginn_datum")?;
        let last_date = match session.value("ende_datum") {
            Some(text) => self.date(text, "termin/ende_datum").unwrap_or(date).max(date),
            None => date,
        };
        let Some(start) = self.time(session, "beginn_uhrzeit") else {
            return self.values.days(date, last_date, "termin/ende_datum");
        };
        let end = self.time(session, "ende_uhrzeit").unwrap_or(start);
        self.values.meeting((date, start), (last_date, end), "termin/ende_uhrzeit")
    }

    fn span(&mut self) -> Option<Occurrence> {
        let first = self.date(self.element.value("beginn_datum")?, "beginn_datum")?;
        let last = match self.element.value("ende_datum") {
            Some(text) => self.date(text, "ende_datum").unwrap_or(first),
            None => first,
        };
        self.values.days(first, last, "ende_datum")
    }

    fn date(&mut self, text: &str, field: &str) -> Option<Date> {
        self.values.date(text, field)
    }

    fn time(&mut self, session: &Element, name: &str) -> Option<Clock> {
        self.values.time(session.value(name)?, &format!("termin/{name}"))
    }

    /// The page where one books, and all others.
    fn links(&mut self) -> (Option<String>, Vec<Link>) {
        let mut links: Vec<Link> = Vec::new();
        for address in self.element.children_named("webadresse") {
            let Some(uri) = address.value("uri") else { continue };
            let Some(uri) = self.values.url(&clean_line(uri), "webadresse/uri") else { continue };
            let line = |name: &str| address.value(name).map(clean_line).unwrap_or_default();
            links.push(Link { kind: line("typ"), name: line("name"), url: uri });
        }
        let booking = links.iter().position(|link| link.kind == "website").or_else(|| (!links.is_empty()).then_some(0));
        let url = booking.map(|at| links.remove(at).url);
        (url, sorted_by_content(links.into_iter()))
    }
}

/// Texts in the order of the file; remarks the portal has no use for are left out by the source, not by us.
fn description(element: &Element) -> String {
    let texts: Vec<String> =
        element.children_named("text").filter_map(|text| text.value("text")).map(clean_text).filter(|text| !text.is_empty()).collect();
    texts.join("\n\n")
}

/// Berlin writes groups as `h - Sonstige` and ` - Frauen`.
fn target_group(raw: &str) -> String {
    let line = clean_line(raw);
    match line.split_once("- ") {
        Some((code, name)) if code.trim().len() <= 1 => name.trim().to_owned(),
        _ => line,
    }
}
