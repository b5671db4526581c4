//! Offer search and offer pages for residents.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        offer_words::{self as words, Day},
        page::{self, Page},
        pager::Pager,
    },
    problem::Problem,
    rest::{
        list::{List, Paging},
        offers::{self, Instance, Offer, Which},
        query,
    },
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, RawQuery, State},
    response::Response,
    routing::get,
};
use serde_json::json;
use url::form_urlencoded;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/angebote", get(search)).route("/angebote/{id}", get(offer)).route("/anbieter/{id}", get(provider))
}

/// Facets in the order of the page, with their headings; the first are open.
const FACETS: [(&str, &str); 10] = [
    ("life_phase", "Lebensphase"),
    ("topic", "Thema"),
    ("district", "Stadtteil"),
    ("free", "Kostenlos"),
    ("places", "Freie Plätze"),
    ("format", "Ort oder online"),
    ("level", "Sprachniveau"),
    ("accessible", "Barrierefreiheit"),
    ("language", "Unterrichtssprache"),
    ("provider", "Anbieter"),
];
const OPEN_FACETS: usize = 3;
/// Values of a facet that are shown.
const SHOWN_VALUES: usize = 12;

#[derive(Template)]
#[template(path = "offers/search.html")]
struct SearchPage {
    page: Page,
    q: String,
    from: String,
    to: String,
    /// Filters that the form keeps.
    kept: Vec<(String, String)>,
    total: u64,
    facets: Vec<Facet>,
    chips: Vec<Link>,
    sorts: Vec<Link>,
    cards: Vec<Card>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "offers/provider.html")]
struct ProviderPage {
    page: Page,
    name: String,
    id: String,
    total: u64,
    cards: Vec<Card>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "offers/offer.html")]
struct OfferPage {
    page: Page,
    offer: Offer,
    paragraphs: Vec<Vec<String>>,
    price: words::PriceWords,
    dates: Vec<DateRow>,
    next: Option<DateRow>,
    facts: Vec<(&'static str, String)>,
    accessibility: Vec<&'static str>,
    place: Vec<String>,
    free_places: Option<String>,
    state: Option<&'static str>,
    updated: String,
    json_ld: String,
    cancelled: bool,
}

struct Facet {
    title: &'static str,
    open: bool,
    values: Vec<Link>,
}

/// A link that changes one thing about the search.
struct Link {
    id: String,
    label: String,
    count: u64,
    href: String,
    chosen: bool,
}

struct Card {
    id: String,
    title: String,
    subtitle: Option<String>,
    provider: String,
    summary: String,
    day: Option<Day>,
    over: bool,
    cancelled: bool,
    time: Option<String>,
    place: Option<String>,
    price: String,
    free: bool,
    level: Option<String>,
    places: Option<String>,
    distance: Option<String>,
    state: Option<&'static str>,
}

struct DateRow {
    machine: String,
    day: String,
    time: String,
}

async fn search(State(app): State<App>, caller: Caller, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let raw = raw.unwrap_or_default();
    let which: Which = query::parse(&raw)?;
    let (q, from, to) = (which.q.clone().unwrap_or_default(), which.from.clone().unwrap_or_default(), which.to.clone().unwrap_or_default());
    let sort = which.sort.clone().unwrap_or_else(|| "relevance".to_owned());
    let near = which.near.is_some();
    let mut found = offers::find(&app, &caller, which, Paging::parse(&raw)?).await?;
    let asked = Asked::read(&raw);

    let mut facets = Vec::new();
    let mut chips = Vec::new();
    for (place, (name, title)) in FACETS.into_iter().enumerate() {
        let values = found.facets.remove(name).unwrap_or_default();
        let mut links: Vec<Link> = Vec::new();
        for value in values {
            let chosen = asked.has(name, &value.value);
            let href = asked.toggled(name, &value.value);
            if chosen {
                let label = if matches!(name, "free" | "places") { format!("{title}: {}", value.label) } else { value.label.clone() };
                chips.push(Link { id: String::new(), label, count: 0, href: href.clone(), chosen });
            }
            links.push(Link { id: format!("f-{name}-{}", links.len()), label: value.label, count: value.count, href, chosen });
        }
        let any_chosen = links.iter().any(|link| link.chosen);
        // what is chosen stays in sight
        let mut shown = 0;
        links.retain(|link| {
            shown += 1;
            link.chosen || shown <= SHOWN_VALUES
        });
        if links.len() > 1 || any_chosen {
            facets.push(Facet { title, open: place < OPEN_FACETS || any_chosen, values: links });
        }
    }
    for (name, text) in [("from", format!("ab {}", words::date(&from))), ("to", format!("bis {}", words::date(&to)))] {
        if asked.any(name) {
            chips.push(Link { id: String::new(), label: text, count: 0, href: asked.without(name), chosen: true });
        }
    }
    let sorts = [("relevance", "Treffer"), ("date", "Datum"), ("price", "Preis"), ("distance", "Entfernung")]
        .into_iter()
        .filter(|(code, _)| *code != "distance" || near)
        .map(|(code, label)| Link {
            id: format!("s-{code}"),
            label: label.to_owned(),
            count: 0,
            href: asked.with("sort", code),
            chosen: sort == code,
        })
        .collect();
    let title = if q.is_empty() { "Angebote".to_owned() } else { format!("Angebote zu „{q}“") };
    let mut page = Page::new(&app, &caller, title);
    page.indexed = page.indexed && raw.is_empty();
    let template = SearchPage {
        page,
        q,
        from,
        to,
        kept: asked.kept(&["q", "from", "to", "page"]),
        total: found.list.total,
        facets,
        chips,
        sorts,
        pager: Pager::new(&found.list, "/angebote", Some(&raw)),
        cards: cards(found.list),
    };
    page::html(&template)
}

async fn provider(State(app): State<App>, caller: Caller, Path(id): Path<String>, paging: Paging) -> Result<Response, Problem> {
    let (provider, total) = offers::provider(&app, &caller, id.clone()).await?;
    let which = Which { provider: vec![id.clone()], sort: Some("date".into()), ..Which::default() };
    let found = offers::find(&app, &caller, which, paging).await?;
    let template = ProviderPage {
        page: Page::new(&app, &caller, provider.name.clone()),
        name: provider.name,
        total,
        pager: Pager::new(&found.list, &format!("/anbieter/{id}"), None),
        cards: cards(found.list),
        id,
    };
    page::html(&template)
}

async fn offer(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let offer = offers::one(&app, &caller, id).await?;
    let address = app.settings.public_url.join(&format!("angebote/{}", offer.id)).map(String::from).unwrap_or_default();
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let list = |codes: &[String], label: fn(&str) -> &str| codes.iter().map(|code| label(code)).collect::<Vec<_>>().join(", ");
    facts.push(("Form", words::format(&offer.format).to_owned()));
    if let Some(level) = &offer.level {
        facts.push(("Sprachniveau", level.clone()));
    }
    if let Some(language) = &offer.language {
        facts.push(("Unterrichtssprache", words::language(language).to_owned()));
    }
    for (title, text) in [
        ("Thema", list(&offer.topics, words::topic)),
        ("Für", offer.target_groups.join(", ")),
        ("Lebensphase", list(&offer.life_phases, words::life_phase)),
        ("Abschluss", offer.certificates.iter().map(|certificate| certificate.name.clone()).collect::<Vec<_>>().join(", ")),
        ("Stadtteil", offer.district.clone().unwrap_or_default()),
        ("Nummer", offer.number.clone().unwrap_or_default()),
    ] {
        if !text.is_empty() {
            facts.push((title, text));
        }
    }
    let template = OfferPage {
        page: Page::new(&app, &caller, offer.title.clone()),
        paragraphs: offer.description.split("\n\n").map(|paragraph| paragraph.lines().map(str::to_owned).collect()).collect(),
        price: words::price_beside_notes(&offer.price),
        dates: offer.instances.iter().map(date_row).collect(),
        next: offer.next_instance.as_ref().map(date_row),
        facts,
        accessibility: words::accessibility(&offer.accessibility),
        place: offer.place.as_ref().map(words::place_lines).unwrap_or_default(),
        free_places: offer.next_instance.as_ref().and_then(|instance| words::places(instance.places.as_ref())),
        state: offer.state.as_deref().filter(|state| *state != "published").map(words::state),
        updated: words::date(&offer.updated_at),
        json_ld: json_ld(&offer, &address),
        cancelled: is_cancelled(&offer),
        offer,
    };
    page::html(&template)
}

fn cards(list: List<Offer>) -> Vec<Card> {
    list.items
        .into_iter()
        .map(|offer| {
            let next = offer.next_instance.as_ref().or_else(|| offer.instances.last());
            let price = words::price(&offer.price);
            Card {
                day: next.and_then(|instance| Day::of(&instance.start)),
                over: offer.over,
                cancelled: is_cancelled(&offer),
                time: next.and_then(words::times),
                place: offer
                    .district
                    .clone()
                    .or_else(|| offer.place.as_ref().map(|place| place.name.clone()))
                    .filter(|name| !name.is_empty()),
                free: offer.price.kind == "free",
                price: price.main,
                level: offer.level.clone(),
                places: if offer.over { None } else { words::places(next.and_then(|instance| instance.places.as_ref())) },
                distance: offer.distance_km.map(|km| format!("{} km", km.to_string().replace('.', ","))),
                state: offer.state.as_deref().filter(|state| *state != "published").map(words::state),
                id: offer.id,
                title: offer.title,
                subtitle: offer.subtitle,
                provider: offer.provider.name,
                summary: offer.summary,
            }
        })
        .collect()
}

/// Nothing of it takes place.
fn is_cancelled(offer: &Offer) -> bool {
    !offer.instances.is_empty() && offer.instances.iter().all(|instance| instance.status == "cancelled")
}

fn date_row(instance: &Instance) -> DateRow {
    DateRow {
        machine: instance.start.clone(),
        day: words::span(instance),
        time: words::times(instance).unwrap_or_else(|| "Uhrzeit beim Anbieter".to_owned()),
    }
}

/// The offer as schema.org Course, for machines that read pages.
fn json_ld(offer: &Offer, address: &str) -> String {
    let instances: Vec<_> = offer
        .instances
        .iter()
        .map(|instance| {
            let mode = match offer.format.as_str() {
                "online" => "online",
                "blended" => "blended",
                _ => "onsite",
            };
            json!({
                "@type": "CourseInstance",
                "courseMode": mode,
                "startDate": instance.start,
                "endDate": instance.end,
                "location": instance.place.as_ref().map(|place| json!({
                    "@type": "Place",
                    "name": place.name,
                    "address": {
                        "@type": "PostalAddress", "streetAddress": place.street, "postalCode": place.postcode, "addressLocality": place.city,
                    },
                })),
                "maximumAttendeeCapacity": instance.places.and_then(|places| places.max),
                "remainingAttendeeCapacity": instance.places.and_then(|places| places.free),
            })
        })
        .collect();
    let price = match offer.price.kind.as_str() {
        "free" => Some("0".to_owned()),
        _ => offer.price.amount.clone(),
    };
    let course = json!({
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": address,
        "url": address,
        "name": offer.title,
        "description": offer.summary,
        "courseCode": offer.number,
        "inLanguage": offer.language,
        "provider": { "@type": "Organization", "name": offer.provider.name },
        "offers": price.map(|price| json!({ "@type": "Offer", "price": price, "priceCurrency": offer.price.currency, "url": offer.url })),
        "hasCourseInstance": instances,
    });
    // nothing in it may end the element that holds it
    course.to_string().replace('<', "\\u003c")
}

/// The parameters of a search, to build the addresses of others from.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn read(raw: &str) -> Self {
        let pairs = form_urlencoded::parse(raw.as_bytes()).filter(|(_, value)| !value.trim().is_empty());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn any(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, held)| known == name && held == value)
    }

    fn address<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.filter(|(name, _)| *name != "page")).finish();
        if query.is_empty() { "/angebote".to_owned() } else { format!("/angebote?{query}") }
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// With a value added, or taken away if it is there. Yes and no exclude each other.
    fn toggled(&self, name: &str, value: &str) -> String {
        if self.has(name, value) {
            return Self::address(self.pairs().filter(|pair| *pair != (name, value)));
        }
        if matches!(name, "free" | "places") {
            return self.with(name, value);
        }
        Self::address(self.pairs().chain([(name, value)]))
    }

    fn without(&self, name: &str) -> String {
        Self::address(self.pairs().filter(|(known, _)| *known != name))
    }

    fn with(&self, name: &str, value: &str) -> String {
        Self::address(self.pairs().filter(|(known, _)| *known != name).chain([(name, value)]))
    }

    /// What a form has to carry on besides its own fields.
    fn kept(&self, own: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_added_and_taken_away() {
        let asked = Asked::read("q=a%26b&topic=health&free=true&page=3&district=");
        assert_eq!(asked.toggled("topic", "work"), "/angebote?q=a%26b&topic=health&free=true&topic=work");
        assert_eq!(asked.toggled("topic", "health"), "/angebote?q=a%26b&free=true");
        assert_eq!(asked.toggled("free", "false"), "/angebote?q=a%26b&topic=health&free=false");
        assert_eq!(asked.without("q"), "/angebote?topic=health&free=true");
        assert_eq!(Asked::read("").without("q"), "/angebote");
    }
}
