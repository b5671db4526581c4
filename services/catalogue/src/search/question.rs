//! What somebody looks for.
use super::schema::{self, FACETS};
use crate::domain::Violation;
use bildung_proto::rpc::catalogue as wire;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A search: words, filters, order, page. Values of one filter are alternatives, filters add up.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What was typed.
    pub text: String,
    /// Wanted values per facet, in the order of [`FACETS`].
    pub facets: [Vec<String>; FACETS.len()],
    /// Free of charge, or not.
    pub free: Option<bool>,
    /// With a free place, or not.
    pub places: Option<bool>,
    /// Latitude and longitude to search around.
    pub near: Option<(f64, f64)>,
    /// How far around, in kilometres.
    pub radius_km: Option<f64>,
    /// An instance has to overlap this span, both ends included.
    pub from: Option<Timestamp>,
    /// See `from`.
    pub to: Option<Timestamp>,
    /// The order.
    pub sort: Sort,
    /// Page, from 1.
    pub page: usize,
    /// Offers per page.
    pub per_page: usize,
    /// Also offers that the public does not see.
    pub hidden_too: bool,
    /// Language of labels.
    pub locale: String,
}

/// Orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What fits best first; without words what comes next.
    #[default]
    Relevance,
    /// What comes next first.
    Date,
    /// What is near first.
    Distance,
    /// What costs little first.
    Price,
}

impl Sort {
    fn parse(code: &str) -> Result<Self, Violation> {
        match code {
            "" | "relevance" => Ok(Self::Relevance),
            "date" => Ok(Self::Date),
            "distance" => Ok(Self::Distance),
            "price" => Ok(Self::Price),
            _ => Err(Violation::Parameter { name: "sort", detail: "relevance, date, distance or price" }),
        }
    }
}

/// Farthest radius: half the way round.
const MAX_RADIUS_KM: f64 = 20_000.0;

impl Question {
    /// Reads a request.
    pub fn parse(request: wire::SearchOffersRequest, zone: &TimeZone, hidden_too: bool) -> Result<Self, Violation> {
        let near = match &request.near {
            None => None,
            Some(point) if point.latitude.abs() <= 90.0 && point.longitude.abs() <= 180.0 => Some((point.latitude, point.longitude)),
            Some(_) => return Err(Violation::Parameter { name: "near", detail: "latitude,longitude in degrees" }),
        };
        if request.radius_km.is_some_and(|radius| !(0.0..=MAX_RADIUS_KM).contains(&radius)) {
            return Err(Violation::Parameter { name: "radius_km", detail: "a positive number of kilometres" });
        }
        let sort = Sort::parse(&request.sort)?;
        if sort == Sort::Distance && near.is_none() {
            return Err(Violation::Parameter { name: "near", detail: "needed to sort by distance" });
        }
        let day = |name: &'static str, text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse::<Date>().map(Some).map_err(|_| Violation::Parameter { name, detail: "a date such as 2026-03-02" }),
        };
        let start_of = |date: Date| date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).ok();
        let from = day("from", &request.from)?.and_then(start_of);
        let to = day("to", &request.to)?
            .and_then(|date| date.tomorrow().ok())
            .and_then(start_of)
            .map(|at| at - jiff::SignedDuration::from_secs(1));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Violation::Parameter { name: "to", detail: "not before from" });
        }
        let mut facets: [Vec<String>; FACETS.len()] = Default::default();
        facets[schema::LIFE_PHASE] = request.life_phases;
        facets[schema::TOPIC] = request.topics;
        facets[schema::DISTRICT] = request.districts;
        facets[schema::LANGUAGE] = request.languages;
        facets[schema::LEVEL] = request.levels;
        facets[schema::FORMAT] = request.formats;
        facets[schema::ACCESSIBLE] = request.accessible;
        facets[schema::PROVIDER] = request.providers;
        for values in &mut facets {
            values.retain(|value| !value.is_empty());
        }
        Ok(Self {
            text: request.query,
            facets,
            free: request.free,
            places: request.places,
            near,
            radius_km: request.radius_km,
            from,
            to,
            sort,
            page: usize::try_from(request.page.max(1)).unwrap_or(1),
            per_page: usize::try_from(request.per_page.clamp(1, 100)).unwrap_or(20),
            hidden_too,
            locale: request.locale,
        })
    }
}
