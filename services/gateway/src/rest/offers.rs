//! Offers: search, single offers, suggestions, calendars, providers.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        list::{List, Paging},
        query::Query,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use bildung_proto::rpc::catalogue as pb;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(suggest)).routes(routes!(get))
}

/// What somebody can take part in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) subtitle: Option<String>,
    /// The beginning of the description.
    pub(crate) summary: String,
    /// Plain text; an empty line ends a paragraph.
    pub(crate) description: String,
    pub(crate) keywords: Vec<String>,
    pub(crate) provider: Provider,
    pub(crate) topics: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) target_groups: Vec<String>,
    /// Language of instruction (BCP 47).
    pub(crate) language: Option<String>,
    /// CEFR level it leads to.
    pub(crate) level: Option<String>,
    /// `on_site`, `online` or `blended`.
    pub(crate) format: String,
    pub(crate) district: Option<String>,
    pub(crate) place: Option<Place>,
    pub(crate) price: Price,
    pub(crate) accessibility: Accessibility,
    /// The next one that is not over.
    pub(crate) next_instance: Option<Instance>,
    pub(crate) instances: Vec<Instance>,
    /// All instances have ended.
    pub(crate) over: bool,
    pub(crate) source: Source,
    /// The provider's page, where one books.
    pub(crate) url: Option<String>,
    pub(crate) updated_at: String,
    /// By which the provider calls it.
    pub(crate) number: Option<String>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) links: Vec<Link>,
    /// From the point asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distance_km: Option<f64>,
    /// `draft`, `published`, `expired` or `withdrawn`; only for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
}

/// Who provides an offer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Provider {
    pub(crate) id: String,
    pub(crate) name: String,
    /// In the network, once known there.
    pub(crate) actor_id: Option<String>,
}

/// Where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) street: String,
    pub(crate) postcode: String,
    pub(crate) city: String,
    pub(crate) district: String,
    pub(crate) latitude: Option<f64>,
    pub(crate) longitude: Option<f64>,
}

/// What it costs.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Price {
    /// `free`, `amount`, `on_request` or `unknown`.
    pub(crate) kind: String,
    /// Such as `65.60`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reduced: Option<String>,
    pub(crate) currency: String,
    pub(crate) notes: Vec<String>,
}

/// Whether people with disabilities can take part.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Accessibility {
    /// `yes`, `no` or `unknown`.
    pub(crate) value: String,
    /// `place_accessible`, `place_not_accessible`, `accessible_learning`, `slow_pace`.
    pub(crate) reasons: Vec<String>,
}

/// A date.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) start: String,
    /// With `all_day` the last second of the last day.
    pub(crate) end: String,
    /// The times of day are not known.
    pub(crate) all_day: bool,
    pub(crate) place: Option<Place>,
    pub(crate) places: Option<Places>,
    /// `scheduled` or `cancelled`.
    pub(crate) status: String,
}

/// Places for participants; what the source does not count is null.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Places {
    pub(crate) min: Option<i32>,
    pub(crate) booked: Option<i32>,
    pub(crate) max: Option<i32>,
    pub(crate) free: Option<i32>,
}

/// Where an offer comes from.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Source {
    pub(crate) id: String,
    pub(crate) record: String,
}

/// What one can gain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Certificate {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A further page or file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) url: String,
}

/// A value that offers can be narrowed to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FacetValue {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) count: u64,
}

/// A page of offers with the facets of all of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    #[serde(flatten)]
    pub(crate) list: List<Offer>,
    pub(crate) took_ms: f64,
    /// By name; each ignores its own filter.
    pub(crate) facets: BTreeMap<String, Vec<FacetValue>>,
}

/// Completions of what is being typed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    pub(crate) items: Vec<Suggestion>,
}

/// A completion.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Suggestion {
    pub(crate) text: String,
    /// `offer` or `topic`.
    pub(crate) kind: String,
    pub(crate) id: String,
}

/// Which offers; a repeated parameter means or, different ones mean and.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Words, all of which have to be found.
    pub(crate) q: Option<String>,
    pub(crate) life_phase: Vec<String>,
    pub(crate) topic: Vec<String>,
    pub(crate) district: Vec<String>,
    /// Latitude and longitude, such as `49.444,7.769`.
    pub(crate) near: Option<String>,
    pub(crate) radius_km: Option<f64>,
    /// An instance ends on this day or later.
    pub(crate) from: Option<String>,
    /// An instance starts on this day or earlier.
    pub(crate) to: Option<String>,
    /// Of instruction.
    pub(crate) language: Vec<String>,
    pub(crate) level: Vec<String>,
    /// No charge.
    pub(crate) free: Option<bool>,
    pub(crate) format: Vec<String>,
    /// `yes`, `no`, `unknown`; `true` is `yes`.
    pub(crate) accessible: Vec<String>,
    /// At least one free place.
    pub(crate) places: Option<bool>,
    pub(crate) provider: Vec<String>,
    /// `relevance`, `date`, `distance` or `price`.
    pub(crate) sort: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Typed {
    /// What has been typed so far.
    q: Option<String>,
}

/// Searches offers.
#[utoipa::path(
    get, path = "/api/v1/offers", tag = "offers", params(Which, Paging), security((), ("bearer" = [])),
    responses((status = 200, body = Found), (status = 422, body = Problem))
)]
async fn list(State(app): State<App>, caller: Caller, which: Query<Which>, paging: Paging) -> Result<Json<Found>, Problem> {
    Ok(Json(find(&app, &caller, which.0, paging).await?))
}

/// Searches offers.
pub(crate) async fn find(app: &App, caller: &Caller, which: Which, paging: Paging) -> Result<Found, Problem> {
    let near = which.near.as_deref().map(point).transpose()?;
    let asked = pb::SearchOffersRequest {
        query: which.q.unwrap_or_default(),
        life_phases: which.life_phase,
        topics: which.topic,
        districts: which.district,
        languages: which.language,
        levels: which.level,
        formats: which.format,
        accessible: which.accessible.into_iter().map(|value| if value == "true" { "yes".into() } else { value }).collect(),
        providers: which.provider,
        free: which.free,
        places: which.places,
        near,
        radius_km: which.radius_km,
        from: which.from,
        to: which.to,
        sort: which.sort.unwrap_or_default(),
        page: paging.page,
        per_page: paging.per_page,
        locale: caller.locale().tag().to_owned(),
    };
    let found = app.peers.catalogue.clone().search_offers(caller.request(asked)).await?.into_inner();
    let staff = caller.principal().is_staff();
    let facets = found.facets.into_iter().map(|facet| {
        let value = |value: pb::FacetValue| FacetValue { value: value.value, label: value.label, count: value.count };
        (facet.name, facet.values.into_iter().map(value).collect())
    });
    Ok(Found {
        facets: facets.collect(),
        took_ms: (found.took_ms * 1000.0).round() / 1000.0,
        list: List::new(paging, found.total, found.items.into_iter().map(|offer| view(offer, staff)).collect()),
    })
}

/// A point, rounded to about a hundred metres: nobody has to say where they live.
fn point(text: &str) -> Result<pb::GeoPoint, Problem> {
    let wrong = || Problem::parameter("near", "must be latitude,longitude in degrees, such as 49.444,7.769");
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    let degrees = |text: &str| text.trim().parse::<f64>().ok().filter(|degrees| degrees.is_finite()).ok_or_else(wrong);
    let rounded = |degrees: f64| (degrees * 1000.0).round() / 1000.0;
    Ok(pb::GeoPoint { latitude: rounded(degrees(latitude)?), longitude: rounded(degrees(longitude)?) })
}

/// Completions of what is being typed.
#[utoipa::path(get, path = "/api/v1/offers/suggest", tag = "offers", params(Typed), responses((status = 200, body = Suggestions)))]
async fn suggest(State(app): State<App>, caller: Caller, typed: Query<Typed>) -> Result<Json<Suggestions>, Problem> {
    let asked = pb::SuggestOffersRequest { query: typed.0.q.unwrap_or_default(), limit: 8 };
    let found = app.peers.catalogue.clone().suggest_offers(caller.request(asked)).await?.into_inner();
    let item = |found: pb::Suggestion| Suggestion { text: found.text, kind: found.kind, id: found.id };
    Ok(Json(Suggestions { items: found.items.into_iter().map(item).collect() }))
}

/// An offer; with `.ics` behind its id as a calendar.
#[utoipa::path(
    get, path = "/api/v1/offers/{id}", tag = "offers", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "Id of the offer, with `.ics` for a calendar of its dates")),
    responses((status = 200, body = Offer), (status = 404, body = Problem))
)]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    if let Some(id) = id.strip_suffix(".ics") {
        let offer = one(&app, &caller, id.to_owned()).await?;
        let page = app.settings.public_url.join(&format!("angebote/{}", offer.id)).map(String::from).unwrap_or_default();
        let headers = [
            (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"angebot-{}.ics\"", offer.id)),
        ];
        return Ok((headers, calendar(&offer, &page)).into_response());
    }
    Ok(Json(one(&app, &caller, id).await?).into_response())
}

/// An offer.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<Offer, Problem> {
    // whatever is no id is no offer
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Problem::not_found());
    }
    let offer = app.peers.catalogue.clone().get_offer(caller.request(pb::GetOfferRequest { id })).await?.into_inner();
    Ok(view(offer, caller.principal().is_staff()))
}

/// A provider and the number of its visible offers.
pub(crate) async fn provider(app: &App, caller: &Caller, id: String) -> Result<(Provider, u64), Problem> {
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Problem::not_found());
    }
    let found = app.peers.catalogue.clone().get_provider(caller.request(pb::GetProviderRequest { id })).await?.into_inner();
    Ok((Provider { id: found.id, name: found.name, actor_id: found.actor_id }, found.offers))
}

fn view(offer: pb::Offer, staff: bool) -> Offer {
    let provider = offer.provider.unwrap_or_default();
    let price = offer.price.unwrap_or_default();
    let accessibility = offer.accessibility.unwrap_or_default();
    let source = offer.source.unwrap_or_default();
    Offer {
        id: offer.id,
        title: offer.title,
        subtitle: Some(offer.subtitle).filter(|subtitle| !subtitle.is_empty()),
        summary: offer.summary,
        description: offer.description,
        keywords: offer.keywords,
        provider: Provider { id: provider.id, name: provider.name, actor_id: provider.actor_id },
        topics: offer.topics,
        life_phases: offer.life_phases,
        target_groups: offer.target_groups,
        language: offer.language,
        level: offer.level,
        format: offer.format,
        district: offer.district,
        place: offer.place.map(place),
        price: Price { kind: price.kind, amount: price.amount, reduced: price.reduced, currency: price.currency, notes: price.notes },
        accessibility: Accessibility { value: accessibility.value, reasons: accessibility.reasons },
        next_instance: offer.next_instance.map(instance),
        instances: offer.instances.into_iter().map(instance).collect(),
        over: offer.over,
        source: Source { id: source.id, record: source.record },
        url: offer.url,
        updated_at: offer.updated_at,
        number: offer.number,
        certificates: offer.certificates.into_iter().map(|found| Certificate { name: found.name, text: found.text }).collect(),
        links: offer.links.into_iter().map(|link| Link { kind: link.kind, name: link.name, url: link.url }).collect(),
        distance_km: offer.distance_km,
        state: staff.then_some(offer.state),
    }
}

fn place(place: pb::Place) -> Place {
    Place {
        name: place.name,
        street: place.street,
        postcode: place.postcode,
        city: place.city,
        district: place.district,
        latitude: place.latitude,
        longitude: place.longitude,
    }
}

fn instance(instance: pb::Instance) -> Instance {
    Instance {
        id: instance.id,
        start: instance.start,
        end: instance.end,
        all_day: instance.all_day,
        place: instance.place.map(place),
        places: instance.places.map(|places| Places { min: places.min, booked: places.booked, max: places.max, free: places.free }),
        status: instance.status,
    }
}

/// The dates of an offer as iCalendar (RFC 5545).
fn calendar(offer: &Offer, page: &str) -> String {
    let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".to_owned(), "PRODID:-//bildungsbuero//offers//DE".to_owned()];
    let utc = |text: &str| text.parse::<jiff::Timestamp>().map(|at| at.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default();
    for instance in &offer.instances {
        lines.extend([
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}@bildungsbuero", instance.id),
            format!("DTSTAMP:{}", utc(&offer.updated_at)),
        ]);
        if instance.all_day {
            let day = |text: &str| text.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok());
            if let (Some(first), Some(last)) = (day(&instance.start), day(&instance.end)) {
                // the end of an all-day event is the day after
                let after = last.tomorrow().unwrap_or(last);
                lines.push(format!("DTSTART;VALUE=DATE:{}", first.strftime("%Y%m%d")));
                lines.push(format!("DTEND;VALUE=DATE:{}", after.strftime("%Y%m%d")));
            }
        } else {
            lines.push(format!("DTSTART:{}", utc(&instance.start)));
            lines.push(format!("DTEND:{}", utc(&instance.end)));
        }
        lines.push(format!("SUMMARY:{}", escaped(&offer.title)));
        lines.push(format!("DESCRIPTION:{}", escaped(&offer.summary)));
        if let Some(place) = &instance.place {
            let parts = [place.name.clone(), place.street.clone(), format!("{} {}", place.postcode, place.city).trim().to_owned()];
            lines.push(format!("LOCATION:{}", escaped(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))));
        }
        lines.push(format!("URL:{page}"));
        lines.push(if instance.status == "cancelled" { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" }.to_owned());
        lines.push("END:VEVENT".to_owned());
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.into_iter().map(|line| folded(&line)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n").replace('\r', "")
}

/// A line of at most 75 bytes, the rest on lines that begin with a space.
fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut used = 0;
    for character in line.chars() {
        if used + character.len_utf8() > 75 {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(character);
        used += character.len_utf8();
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_rounded() {
        let found = point("49.44468, 7.76902").unwrap();
        assert!((found.latitude - 49.445).abs() < 1e-9 && (found.longitude - 7.769).abs() < 1e-9);
        for wrong in ["", "49", "a,b", "49;7", "NaN,1"] {
            assert_eq!(point(wrong).unwrap_err().status, 422, "{wrong}");
        }
    }

    #[test]
    fn calendars_fold_and_escape() {
        let pb_instance = pb::Instance {
            id: "i".into(),
            start: "2026-04-20T00:00:00+02:00".into(),
            end: "2026-04-21T23:59:59+02:00".into(),
            all_day: true,
            ..Default::default()
        };
        let offer = pb::Offer {
            title: format!("Kochen, {}", "ä".repeat(60)),
            instances: vec![
                pb_instance,
                pb::Instance { start: "2026-04-22T18:00:00+02:00".into(), end: "2026-04-22T19:00:00+02:00".into(), ..Default::default() },
            ],
            updated_at: "2026-03-02T09:00:00+01:00".into(),
            ..Default::default()
        };
        let text = calendar(&view(offer, false), "https://stadt.example/angebote/1");
        assert!(text.contains("DTSTART;VALUE=DATE:20260420\r\nDTEND;VALUE=DATE:20260422\r\n"));
        assert!(text.contains("DTSTART:20260422T160000Z\r\n"));
        assert!(text.contains("SUMMARY:Kochen\\, "));
        assert!(text.split("\r\n").all(|line| line.len() <= 75));
    }
}
