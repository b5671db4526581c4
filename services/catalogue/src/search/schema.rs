//! The fields of the index.
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};

/// Fields of an offer that hold text, the weightier first, with their weights.
pub(super) const TEXTS: [(&str, f32); 6] =
    [("title", 10.0), ("subtitle", 6.0), ("keywords", 4.0), ("place", 3.0), ("provider", 2.0), ("description", 1.0)];

/// Names of the facets with a code or name as value, in the order of answers.
pub(super) const FACETS: [&str; 8] = ["life_phase", "topic", "district", "language", "level", "format", "accessible", "provider"];

/// Places in [`FACETS`].
pub(super) const LIFE_PHASE: usize = 0;
pub(super) const TOPIC: usize = 1;
pub(super) const DISTRICT: usize = 2;
pub(super) const LANGUAGE: usize = 3;
pub(super) const LEVEL: usize = 4;
pub(super) const FORMAT: usize = 5;
pub(super) const ACCESSIBLE: usize = 6;
pub(super) const PROVIDER: usize = 7;

/// The fields.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    /// The offer's id, to replace it.
    pub(super) id: Field,
    /// The offer as it is answered, without what depends on the time.
    pub(super) offer: Field,
    /// Stems of words and of their parts, per text.
    pub(super) stems: [Field; 6],
    /// Words as written, of the three weightiest texts.
    pub(super) words: [Field; 3],
    /// All words as written: the dictionary that typos are mended with.
    pub(super) all_words: Field,
    /// All stems: the dictionary of parts.
    pub(super) all_stems: Field,
    pub(super) facets: [Field; 8],
    pub(super) visible: Field,
    pub(super) free: Field,
    pub(super) places: Field,
    pub(super) latitude: Field,
    pub(super) longitude: Field,
    pub(super) starts: Field,
    pub(super) ends: Field,
    pub(super) price: Field,
    pub(super) tiebreak: Field,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut builder = SchemaBuilder::new();
        let tokens = |option: IndexRecordOption, norms: bool| {
            TextOptions::default()
                .set_indexing_options(TextFieldIndexing::default().set_tokenizer("raw").set_index_option(option).set_fieldnorms(norms))
        };
        let name = TextOptions::default().set_fast("raw");
        let number = NumericOptions::default() | FAST;
        Self {
            id: builder.add_text_field("id", STRING),
            offer: builder.add_bytes_field("offer", STORED),
            stems: TEXTS.map(|(text, _)| builder.add_text_field(&format!("{text}_stems"), tokens(IndexRecordOption::WithFreqs, true))),
            words: [0, 1, 2]
                .map(|text| builder.add_text_field(&format!("{}_words", TEXTS[text].0), tokens(IndexRecordOption::Basic, false))),
            all_words: builder.add_text_field("all_words", tokens(IndexRecordOption::Basic, false)),
            all_stems: builder.add_text_field("all_stems", tokens(IndexRecordOption::Basic, false)),
            facets: FACETS.map(|facet| builder.add_text_field(facet, name.clone())),
            visible: builder.add_bool_field("visible", FAST | INDEXED),
            free: builder.add_bool_field("free", FAST),
            places: builder.add_bool_field("places", FAST),
            latitude: builder.add_f64_field("latitude", number.clone()),
            longitude: builder.add_f64_field("longitude", number.clone()),
            starts: builder.add_i64_field("starts", number.clone()),
            ends: builder.add_i64_field("ends", number.clone()),
            price: builder.add_u64_field("price", number.clone()),
            tiebreak: builder.add_u64_field("tiebreak", number),
            schema: builder.build(),
        }
    }
}
