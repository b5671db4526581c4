//! One pass over what the words match: filters, the best offers of a page, and all facets.
//!
//! A facet ignores its own filter. A document that fails exactly one filter therefore still counts for that facet, and
//! one that fails two counts for none: so every facet is counted in the same pass.
use super::{
    question::{Question, Sort},
    schema::FACETS,
};
use jiff::Timestamp;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};
use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::{Column, StrColumn},
};

/// Order of a hit: the smaller, the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    over: bool,
    first: u64,
    second: u64,
    tiebreak: u64,
}

/// What a search found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) total: u64,
    /// Offers of the page, in order.
    pub(super) hits: Vec<DocAddress>,
    /// Offers per value of each facet.
    pub(super) facets: [HashMap<String, u64>; FACETS.len()],
    /// Offers that cost nothing, and others.
    pub(super) free: [u64; 2],
    /// Offers with a free place, and others.
    pub(super) places: [u64; 2],
}

/// Collects the answer to a question.
pub(super) struct Gather<'q> {
    pub(super) question: &'q Question,
    pub(super) has_words: bool,
    pub(super) now: Timestamp,
}

impl Gather<'_> {
    fn wanted(&self) -> usize {
        self.question.page.saturating_mul(self.question.per_page)
    }
}

impl Collector for Gather<'_> {
    type Fruit = Found;
    type Child = GatherSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<GatherSegment> {
        let question = self.question;
        let fast = reader.fast_fields();
        let mut facets = Vec::with_capacity(FACETS.len());
        for (name, wanted) in FACETS.iter().zip(&question.facets) {
            let column = fast.str(name)?;
            let mut ordinals = Vec::with_capacity(wanted.len());
            if let Some(column) = &column {
                for value in wanted {
                    ordinals.extend(column.dictionary().term_ord(value.as_bytes())?);
                }
            }
            let counts = vec![0; column.as_ref().map_or(0, |column| column.num_terms())];
            facets.push(Facet { column, filtered: !wanted.is_empty(), wanted: ordinals, counts });
        }
        Ok(GatherSegment {
            segment,
            facets,
            visible: fast.bool("visible")?,
            free: fast.bool("free")?,
            places: fast.bool("places")?,
            latitude: fast.f64("latitude")?,
            longitude: fast.f64("longitude")?,
            starts: fast.i64("starts")?,
            ends: fast.i64("ends")?,
            price: fast.u64("price")?,
            tiebreak: fast.u64("tiebreak")?,
            hidden_too: question.hidden_too,
            want_free: question.free,
            want_places: question.places,
            near: question.near,
            radius_km: question.radius_km,
            from: question.from.map_or(i64::MIN, Timestamp::as_second),
            to: question.to.map_or(i64::MAX, Timestamp::as_second),
            spanned: question.from.is_some() || question.to.is_some(),
            by_score: question.sort == Sort::Relevance && self.has_words,
            sort: question.sort,
            now: self.now.as_second(),
            wanted_hits: self.wanted(),
            total: 0,
            hits: BinaryHeap::new(),
            count_free: [0; 2],
            count_places: [0; 2],
        })
    }

    fn requires_scoring(&self) -> bool {
        self.question.sort == Sort::Relevance && self.has_words
    }

    fn merge_fruits(&self, segments: Vec<SegmentFound>) -> tantivy::Result<Found> {
        let mut found = Found::default();
        let mut hits: Vec<(Rank, DocAddress)> = Vec::new();
        for segment in segments {
            found.total += segment.total;
            hits.extend(segment.hits);
            for (all, part) in found.facets.iter_mut().zip(segment.facets) {
                for (value, count) in part {
                    *all.entry(value).or_default() += count;
                }
            }
            for at in 0..2 {
                found.free[at] += segment.free[at];
                found.places[at] += segment.places[at];
            }
        }
        hits.sort_unstable_by_key(|(rank, _)| *rank);
        let skipped = self.wanted() - self.question.per_page;
        found.hits = hits.into_iter().skip(skipped).take(self.question.per_page).map(|(_, address)| address).collect();
        Ok(found)
    }
}

struct Facet {
    column: Option<StrColumn>,
    filtered: bool,
    wanted: Vec<u64>,
    counts: Vec<u64>,
}

impl Facet {
    fn passes(&self, doc: DocId) -> bool {
        !self.filtered || self.column.as_ref().is_some_and(|column| column.term_ords(doc).any(|ordinal| self.wanted.contains(&ordinal)))
    }

    fn count(&mut self, doc: DocId) {
        if let Some(column) = &self.column {
            for ordinal in column.term_ords(doc) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|at| self.counts.get_mut(at)) {
                    *count += 1;
                }
            }
        }
    }
}

/// Collects within one segment.
pub(super) struct GatherSegment {
    segment: SegmentOrdinal,
    facets: Vec<Facet>,
    visible: Column<bool>,
    free: Column<bool>,
    places: Column<bool>,
    latitude: Column<f64>,
    longitude: Column<f64>,
    starts: Column<i64>,
    ends: Column<i64>,
    price: Column<u64>,
    tiebreak: Column<u64>,
    hidden_too: bool,
    want_free: Option<bool>,
    want_places: Option<bool>,
    near: Option<(f64, f64)>,
    radius_km: Option<f64>,
    from: i64,
    to: i64,
    spanned: bool,
    by_score: bool,
    sort: Sort,
    now: i64,
    wanted_hits: usize,
    total: u64,
    /// The worst hit on top, to be replaced by a better one.
    hits: BinaryHeap<(Rank, Reverse<DocId>)>,
    count_free: [u64; 2],
    count_places: [u64; 2],
}

/// What one segment holds.
pub(super) struct SegmentFound {
    total: u64,
    hits: Vec<(Rank, DocAddress)>,
    facets: Vec<HashMap<String, u64>>,
    free: [u64; 2],
    places: [u64; 2],
}

/// The filters that count for a facet of their own, after those of [`FACETS`].
const FREE: usize = FACETS.len();
const PLACES: usize = FREE + 1;

impl GatherSegment {
    /// The first start of an instance that is not over, or that overlaps the span asked for.
    fn next_start(&self, doc: DocId) -> Option<i64> {
        let (from, to) = if self.spanned { (self.from, self.to) } else { (self.now, i64::MAX) };
        self.starts
            .values_for_doc(doc)
            .zip(self.ends.values_for_doc(doc))
            .filter(|(start, end)| *end >= from && *start <= to)
            .map(|(start, _)| start)
            .min()
    }

    fn distance_km(&self, doc: DocId) -> Option<f64> {
        let (latitude, longitude) = (self.latitude.first(doc)?, self.longitude.first(doc)?);
        Some(distance_km(self.near?, (latitude, longitude)))
    }

    fn rank(&self, doc: DocId, score: Score, next: Option<i64>) -> Rank {
        let has_dates = self.starts.first(doc).is_some();
        let over = !self.spanned && has_dates && next.is_none();
        // what has no date comes after what has one, what is over with the most recent first
        let when = match next {
            Some(start) => ordered(start),
            None if over => u64::MAX - ordered(self.ends.values_for_doc(doc).max().unwrap_or(0)),
            None => u64::MAX,
        };
        let first = match self.sort {
            Sort::Relevance if self.by_score => u64::MAX - u64::from(score.max(0.0).to_bits()),
            Sort::Relevance | Sort::Date => when,
            Sort::Distance => self.distance_km(doc).map_or(u64::MAX, f64::to_bits),
            Sort::Price => self.price.first(doc).unwrap_or(u64::MAX),
        };
        Rank { over, first, second: when, tiebreak: self.tiebreak.first(doc).unwrap_or(0) }
    }
}

/// A signed number so that unsigned order is its order.
fn ordered(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// Great-circle distance.
pub(super) fn distance_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    const EARTH_RADIUS_KM: f64 = 6371.0;
    let (from_latitude, to_latitude) = (from.0.to_radians(), to.0.to_radians());
    let (latitude, longitude) = ((to.0 - from.0).to_radians() / 2.0, (to.1 - from.1).to_radians() / 2.0);
    let a = latitude.sin().powi(2) + from_latitude.cos() * to_latitude.cos() * longitude.sin().powi(2);
    2.0 * EARTH_RADIUS_KM * a.sqrt().min(1.0).asin()
}

impl SegmentCollector for GatherSegment {
    type Fruit = SegmentFound;

    fn collect(&mut self, doc: DocId, score: Score) {
        if !self.hidden_too && self.visible.first(doc) != Some(true) {
            return;
        }
        if let Some(radius) = self.radius_km
            && self.near.is_some()
            && self.distance_km(doc).is_none_or(|distance| distance > radius)
        {
            return;
        }
        let next = self.next_start(doc);
        if self.spanned && next.is_none() {
            return;
        }
        let free = self.free.first(doc).unwrap_or(false);
        let places = self.places.first(doc).unwrap_or(false);
        let mut failed = None;
        let mut fails = |filter: usize| failed.replace(filter).is_some();
        for (place, facet) in self.facets.iter().enumerate() {
            if !facet.passes(doc) && fails(place) {
                return;
            }
        }
        if self.want_free.is_some_and(|wanted| wanted != free) && fails(FREE) {
            return;
        }
        if self.want_places.is_some_and(|wanted| wanted != places) && fails(PLACES) {
            return;
        }
        for (place, facet) in self.facets.iter_mut().enumerate() {
            if failed.is_none_or(|only| only == place) {
                facet.count(doc);
            }
        }
        if failed.is_none_or(|only| only == FREE) {
            self.count_free[usize::from(free)] += 1;
        }
        if failed.is_none_or(|only| only == PLACES) {
            self.count_places[usize::from(places)] += 1;
        }
        if failed.is_some() {
            return;
        }
        self.total += 1;
        let hit = (self.rank(doc, score, next), Reverse(doc));
        if self.hits.len() < self.wanted_hits {
            self.hits.push(hit);
        } else if self.hits.peek().is_some_and(|worst| hit < *worst) {
            self.hits.pop();
            self.hits.push(hit);
        }
    }

    fn harvest(self) -> SegmentFound {
        let named = |facet: Facet| {
            let mut values = HashMap::new();
            let Some(column) = facet.column else { return values };
            for (ordinal, count) in facet.counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                let mut value = String::new();
                if column.ord_to_str(ordinal as u64, &mut value).unwrap_or(false) {
                    values.insert(value, count);
                }
            }
            values
        };
        SegmentFound {
            total: self.total,
            hits: self.hits.into_iter().map(|(rank, Reverse(doc))| (rank, DocAddress::new(self.segment, doc))).collect(),
            facets: self.facets.into_iter().map(named).collect(),
            free: self.count_free,
            places: self.count_places,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_a_map() {
        let kaiserslautern = (49.4447, 7.7690);
        let mainz = (49.9929, 8.2473);
        assert!((distance_km(kaiserslautern, mainz) - 70.0).abs() < 2.0);
        assert!(distance_km(mainz, mainz).abs() < 1e-9);
    }

    #[test]
    fn numbers_keep_their_order() {
        let numbers = [i64::MIN, -5, 0, 7, i64::MAX];
        assert!(numbers.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
    }
}
