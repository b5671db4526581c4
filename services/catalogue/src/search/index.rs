//! The index: written by one follower, asked by many.
use super::{
    analysis::Analyser,
    collect::{Found, Gather, distance_km},
    document::{complete, document},
    question::Question,
    schema::{FACETS, Fields, PROVIDER},
    suggest, text_query,
};
use crate::domain::{
    classification::{self as labels},
    offer::Offer,
};
use bildung_proto::rpc::catalogue as wire;
use jiff::{Timestamp, tz::TimeZone};
use prost::Message as _;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tantivy::{
    DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    schema::{IndexRecordOption, Value as _},
};
use uuid::Uuid;

/// Memory for documents on their way into the index.
const WRITER_BYTES: usize = 48 * 1024 * 1024;

/// An index of offers in files of its own that end with it.
#[derive(Clone)]
pub struct OfferIndex {
    fields: Arc<Fields>,
    reader: IndexReader,
    writer: Arc<Mutex<Writing>>,
    /// Names of providers by id, for the labels of their facet.
    names: Arc<Mutex<HashMap<String, String>>>,
    zone: TimeZone,
}

struct Writing {
    writer: IndexWriter,
    analyser: Analyser,
}

impl OfferIndex {
    /// An empty index in a folder of its own.
    pub fn create(zone: TimeZone) -> tantivy::Result<Self> {
        let fields = Fields::new();
        let index = Index::create_from_tempdir(fields.schema.clone())?;
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self {
            fields: Arc::new(fields),
            reader,
            writer: Arc::new(Mutex::new(Writing { writer, analyser: Analyser::default() })),
            names: Arc::default(),
            zone,
        })
    }

    /// Puts offers in, in place of what was there of them. Blocks; nothing is found before [`OfferIndex::commit`].
    pub fn put(&self, offers: &[Offer]) -> tantivy::Result<()> {
        let mut writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Writing { writer, analyser } = &mut *writing;
        for offer in offers {
            writer.delete_term(self.term_of(offer.id));
            writer.add_document(document(&self.fields, analyser, offer, &self.zone))?;
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for offer in offers {
            let id = offer.provider.id.to_string();
            if names.get(&id) != Some(&offer.provider.name) {
                names.insert(id, offer.provider.name.clone());
            }
        }
        Ok(())
    }

    /// Makes what was put in findable. Blocks.
    pub fn commit(&self) -> tantivy::Result<()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).writer.commit()?;
        self.reader.reload()
    }

    fn term_of(&self, id: Uuid) -> Term {
        Term::from_field_text(self.fields.id, &id.simple().to_string())
    }

    /// How many offers are in it.
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether none is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Answers a question.
    pub fn ask(&self, question: &Question, now: Timestamp) -> tantivy::Result<wire::SearchOffersResponse> {
        let searcher = self.reader.searcher();
        let (query, has_words) = text_query::query(&searcher, &self.fields, &question.text)?;
        let found = searcher.search(&query, &Gather { question, has_words, now })?;
        let items = found.hits.iter().map(|address| self.answer(&searcher, *address, question, now)).collect::<tantivy::Result<_>>()?;
        Ok(wire::SearchOffersResponse {
            total: found.total,
            page: u32::try_from(question.page).unwrap_or(u32::MAX),
            per_page: u32::try_from(question.per_page).unwrap_or(u32::MAX),
            took_ms: 0.0,
            facets: self.facets(found, question),
            items,
        })
    }

    /// One offer.
    pub fn get(&self, id: Uuid, now: Timestamp) -> tantivy::Result<Option<wire::Offer>> {
        let searcher = self.reader.searcher();
        let query = tantivy::query::TermQuery::new(self.term_of(id), IndexRecordOption::Basic);
        let found = searcher.search(&query, &tantivy::collector::TopDocs::with_limit(1).order_by_score())?;
        found.first().map(|(_, address)| self.answer(&searcher, *address, &Question::default(), now)).transpose()
    }

    /// Completions of what is being typed.
    pub fn suggest(&self, text: &str, limit: usize, now: Timestamp) -> tantivy::Result<Vec<wire::Suggestion>> {
        let searcher = self.reader.searcher();
        let mut found = suggest::topics(text);
        let question = Question { page: 1, per_page: 5 * limit, ..Question::default() };
        if let Some(query) = text_query::unfinished(&searcher, &self.fields, text)? {
            let hits = searcher.search(&query, &Gather { question: &question, has_words: true, now })?;
            for address in hits.hits {
                let offer = self.answer(&searcher, address, &question, now)?;
                if !found.iter().any(|known| known.text == offer.title) {
                    found.push(wire::Suggestion { text: offer.title, kind: "offer".into(), id: offer.id });
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    fn answer(&self, searcher: &Searcher, address: DocAddress, question: &Question, now: Timestamp) -> tantivy::Result<wire::Offer> {
        let document: TantivyDocument = searcher.doc(address)?;
        let bytes = document.get_first(self.fields.offer).and_then(|value| value.as_bytes()).unwrap_or_default();
        let mut offer = wire::Offer::decode(bytes).map_err(|error| tantivy::TantivyError::InternalError(error.to_string()))?;
        complete(&mut offer, now);
        let place = offer.place.as_ref().and_then(|place| Some((place.latitude?, place.longitude?)));
        offer.distance_km = question.near.zip(place).map(|(from, to)| (distance_km(from, to) * 10.0).round() / 10.0);
        Ok(offer)
    }

    fn facets(&self, found: Found, question: &Question) -> Vec<wire::Facet> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let locale = question.locale.as_str();
        let label = |facet: usize, value: &str| match FACETS[facet] {
            "life_phase" => labels::label(&labels::LIFE_PHASES, value, locale),
            "topic" => labels::label(&labels::TOPICS, value, locale),
            "language" => labels::label(&labels::LANGUAGES, value, locale),
            "format" => labels::label(&labels::FORMATS, value, locale),
            "accessible" => labels::label(&labels::ACCESSIBLE, value, locale),
            _ if facet == PROVIDER => names.get(value).cloned().unwrap_or_else(|| value.to_owned()),
            _ => value.to_owned(),
        };
        let mut facets: Vec<wire::Facet> = Vec::with_capacity(FACETS.len() + 2);
        for (facet, counts) in found.facets.into_iter().enumerate() {
            let mut values: Vec<wire::FacetValue> =
                counts.into_iter().map(|(value, count)| wire::FacetValue { label: label(facet, &value), value, count }).collect();
            // a value that is asked for is shown even if nothing has it
            for wanted in &question.facets[facet] {
                if !values.iter().any(|value| value.value == *wanted) {
                    values.push(wire::FacetValue { value: wanted.clone(), label: label(facet, wanted), count: 0 });
                }
            }
            match FACETS[facet] {
                "life_phase" => by_vocabulary(&mut values, &labels::LIFE_PHASES),
                "level" => values.sort_by(|a, b| a.value.cmp(&b.value)),
                _ => values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label))),
            }
            facets.push(wire::Facet { name: FACETS[facet].to_owned(), values });
        }
        for (name, [no, yes]) in [("free", found.free), ("places", found.places)] {
            let values = [("true", yes), ("false", no)]
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(value, count)| wire::FacetValue {
                    value: value.to_owned(),
                    label: labels::label(&labels::YES_NO, value, locale),
                    count,
                })
                .collect();
            facets.push(wire::Facet { name: name.to_owned(), values });
        }
        facets
    }
}

fn by_vocabulary(values: &mut [wire::FacetValue], vocabulary: &[labels::Code]) {
    values.sort_by_key(|value| vocabulary.iter().position(|code| code.code == value.value).unwrap_or(usize::MAX));
}
