//! From what was typed to a query of the index.
//!
//! Every word has to be found. For each: its stem and the words that begin with it; if there are none, words that differ
//! by a typo; if there are none either, its parts, all of them.
use super::{
    analysis::{self, Analyser, Word},
    schema::{Fields, TEXTS},
};
use std::collections::BTreeSet;
use tantivy::{
    Searcher, Term,
    query::{AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, Query, TermQuery, TermSetQuery},
    schema::{Field, IndexRecordOption},
};

/// Shortest word that words may begin with.
const SHORTEST_PREFIX: usize = 3;
/// Most words that one is widened to.
const WIDEST: usize = 400;
/// Words of a query that count; nobody types more.
const MOST_WORDS: usize = 12;

/// The query, and whether it holds any words.
pub(super) fn query(searcher: &Searcher, fields: &Fields, text: &str) -> tantivy::Result<(Box<dyn Query>, bool)> {
    let mut words = Analyser::default().words(text);
    let says_something: Vec<Word> = words.iter().filter(|word| !analysis::is_stop_word(&word.forms[0])).cloned().collect();
    if !says_something.is_empty() {
        words = says_something;
    }
    words.truncate(MOST_WORDS);
    match words.len() {
        0 if text.trim().is_empty() => return Ok((Box::new(AllQuery), false)),
        0 => return Ok((Box::new(EmptyQuery), true)),
        _ => {}
    }
    // words with a hyphen are asked for together or one by one, whichever finds something
    let hyphenated = text.contains(['-', '\u{2010}', '\u{2011}']);
    let lookup = Lookup { searcher, fields };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(words.len());
    let longest = words.iter().map(|word| word.forms[0].len()).max().unwrap_or_default();
    for word in &words {
        if hyphenated
            && words.len() > 1
            && word.forms[0].len() == longest
            && words.iter().any(|other| other != word && word.forms[0].starts_with(&other.forms[0]))
        {
            continue;
        }
        clauses.push((Occur::Must, lookup.word(word)?));
    }
    let query: Box<dyn Query> = match clauses.len() {
        1 => clauses.remove(0).1,
        _ => Box::new(BooleanQuery::new(clauses)),
    };
    Ok((query, true))
}

/// Titles that hold all words, the last of them perhaps unfinished.
pub(super) fn unfinished(searcher: &Searcher, fields: &Fields, text: &str) -> tantivy::Result<Option<Box<dyn Query>>> {
    let words = Analyser::default().words(text);
    let lookup = Lookup { searcher, fields };
    let Some((last, before)) = words.split_last() else { return Ok(None) };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for word in before.iter().filter(|word| !analysis::is_stop_word(&word.forms[0])) {
        clauses.push((Occur::Must, lookup.word(word)?));
    }
    let mut terms = lookup.beginning_with(fields.words[0], &last.forms, 1)?;
    if terms.is_empty() {
        terms = lookup.near(fields.words[0], &last.forms[0])?.into_iter().collect();
    }
    if terms.is_empty() {
        return Ok(None);
    }
    clauses.push((Occur::Must, any_of(fields.words[0], &terms, 1.0)));
    Ok(Some(Box::new(BooleanQuery::new(clauses))))
}

struct Lookup<'s> {
    searcher: &'s Searcher,
    fields: &'s Fields,
}

impl Lookup<'_> {
    fn word(&self, word: &Word) -> tantivy::Result<Box<dyn Query>> {
        if let Some(query) = self.as_written(word)? {
            return Ok(query);
        }
        if let Some(query) = self.mended(word)? {
            return Ok(query);
        }
        Ok(self.in_parts(word)?.unwrap_or_else(|| Box::new(EmptyQuery)))
    }

    /// The word in any of its forms, also as a part of others, and what begins with it.
    fn as_written(&self, word: &Word) -> tantivy::Result<Option<Box<dyn Query>>> {
        let fields = self.fields;
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        if self.is_known(fields.all_stems, &word.stem)? {
            for (field, (_, weight)) in fields.stems.iter().zip(TEXTS) {
                clauses.push((Occur::Should, boosted(term(*field, &word.stem, IndexRecordOption::WithFreqs), weight)));
            }
            for (field, (_, weight)) in fields.words.iter().zip(TEXTS) {
                for form in &word.forms {
                    // as typed is better than a part or another form
                    clauses
                        .push((Occur::Should, Box::new(ConstScoreQuery::new(term(*field, form, IndexRecordOption::Basic), weight * 1.5))));
                }
            }
        }
        let longer = self.beginning_with(fields.all_words, &word.forms, SHORTEST_PREFIX)?;
        if !longer.is_empty() {
            clauses.push((Occur::Should, any_of(fields.words[0], &longer, TEXTS[0].1)));
            clauses.push((Occur::Should, any_of(fields.all_words, &longer, 0.5)));
        }
        Ok((!clauses.is_empty()).then(|| Box::new(BooleanQuery::new(clauses)) as Box<dyn Query>))
    }

    /// Words and parts that differ by as few letters as possible.
    fn mended(&self, word: &Word) -> tantivy::Result<Option<Box<dyn Query>>> {
        let fields = self.fields;
        let words = self.near(fields.all_words, &word.forms[0])?;
        let stems = self.near(fields.all_stems, &word.stem)?;
        if words.is_empty() && stems.is_empty() {
            return Ok(None);
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        if !words.is_empty() {
            clauses.push((Occur::Should, any_of(fields.words[0], &words, TEXTS[0].1)));
            clauses.push((Occur::Should, any_of(fields.words[1], &words, TEXTS[1].1)));
            clauses.push((Occur::Should, any_of(fields.words[2], &words, TEXTS[2].1)));
            clauses.push((Occur::Should, any_of(fields.all_words, &words, 1.0)));
        }
        if !stems.is_empty() {
            clauses.push((Occur::Should, any_of(fields.stems[0], &stems, TEXTS[0].1 * 0.8)));
            clauses.push((Occur::Should, any_of(fields.all_stems, &stems, 0.8)));
        }
        Ok(Some(Box::new(BooleanQuery::new(clauses))))
    }

    /// All parts of a compound that nobody wrote as one word.
    fn in_parts(&self, word: &Word) -> tantivy::Result<Option<Box<dyn Query>>> {
        let pieces: Vec<Word> =
            analysis::split(&word.forms[0]).iter().filter(|part| part.chars().count() >= 4).map(|part| analysis::analyse(part)).collect();
        if pieces.len() < 2 {
            return Ok(None);
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(pieces.len());
        for piece in &pieces {
            match self.as_written(piece)? {
                Some(query) => clauses.push((Occur::Must, query)),
                None => return Ok(None),
            }
        }
        Ok(Some(Box::new(BooleanQuery::new(clauses))))
    }

    fn is_known(&self, field: Field, text: &str) -> tantivy::Result<bool> {
        let term = Term::from_field_text(field, text);
        for segment in self.searcher.segment_readers() {
            if segment.inverted_index(field)?.get_term_info(&term)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Words of the dictionary that begin with one of the forms.
    fn beginning_with(&self, field: Field, forms: &[String], shortest: usize) -> tantivy::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            for form in forms.iter().filter(|form| form.chars().count() >= shortest) {
                let mut stream = index.terms().range().ge(form.as_bytes()).into_stream()?;
                while found.len() < WIDEST && stream.advance() {
                    if !stream.key().starts_with(form.as_bytes()) {
                        break;
                    }
                    if let Ok(text) = std::str::from_utf8(stream.key()) {
                        found.insert(text.to_owned());
                    }
                }
            }
        }
        Ok(found)
    }

    /// Words of the dictionary at the smallest distance from a word, as far as its length allows typos.
    fn near(&self, field: Field, text: &str) -> tantivy::Result<BTreeSet<String>> {
        let letters = text.chars().count();
        let farthest = match letters {
            0..=3 => 0,
            4..=8 => 1,
            _ => 2,
        };
        // a level or a year with another digit is another thing, not a typo
        if text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Ok(BTreeSet::new());
        }
        for distance in 1..=farthest {
            let automaton = FuzzyTermQuery::new(Term::from_field_text(field, text), distance, true).automaton()?;
            let mut found = BTreeSet::new();
            for segment in self.searcher.segment_readers() {
                let index = segment.inverted_index(field)?;
                let mut stream = index.terms().search(&automaton).into_stream()?;
                while found.len() < WIDEST && stream.advance() {
                    if let Ok(text) = std::str::from_utf8(stream.key()) {
                        found.insert(text.to_owned());
                    }
                }
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(BTreeSet::new())
    }
}

fn term(field: Field, text: &str, option: IndexRecordOption) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), option))
}

fn boosted(query: Box<dyn Query>, weight: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, weight))
}

fn any_of(field: Field, texts: &BTreeSet<String>, score: f32) -> Box<dyn Query> {
    let terms = texts.iter().map(|text| Term::from_field_text(field, text));
    Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(terms)), score))
}
