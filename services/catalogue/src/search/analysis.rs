//! From text to what is indexed: words as they are written, their stems, and the parts of compounds.
use super::{fold::fold, fold::fold_short, stem::stem};
use charabia::{Language, Segment as _};
use std::collections::HashMap;

/// What is indexed of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The word folded, and folded with dotless umlauts if that differs.
    pub forms: Vec<String>,
    /// Its stem.
    pub stem: String,
    /// Stems of the parts of a compound, and of what neighbouring parts make together.
    pub parts: Vec<String>,
}

/// Scraps of a split shorter than this mean nothing.
const SHORTEST_PART: usize = 4;
/// A word of more parts than this has been torn, not split.
const MOST_PARTS: usize = 8;
/// Longest token that is indexed, in bytes.
const LONGEST: usize = 200;

/// Analyses words, and remembers those it has met: texts repeat themselves.
#[derive(Debug, Default)]
pub struct Analyser {
    known: HashMap<String, Word>,
}

const REMEMBERED: usize = 100_000;

impl Analyser {
    /// The words of a text in order. Words joined by a hyphen are given one by one and together.
    pub fn words(&mut self, text: &str) -> Vec<Word> {
        let mut found = Vec::new();
        let mut joined = String::new();
        let mut links = 0;
        let mut rest = text;
        while let Some(start) = rest.find(char::is_alphanumeric) {
            let gap = &rest[..start];
            let word = &rest[start..];
            let length = word.find(|c: char| !(c.is_alphanumeric() || is_mark(c))).unwrap_or(word.len());
            let raw = &word[..length];
            if !matches!(gap, "-" | "\u{2010}" | "\u{2011}") {
                self.push_joined(&mut found, &mut joined, &mut links);
            }
            joined.push_str(raw);
            links += 1;
            self.push(&mut found, raw);
            rest = &word[length..];
        }
        self.push_joined(&mut found, &mut joined, &mut links);
        found
    }

    fn push_joined(&mut self, found: &mut Vec<Word>, joined: &mut String, links: &mut usize) {
        if *links > 1 {
            let word = std::mem::take(joined);
            self.push(found, &word);
        }
        joined.clear();
        *links = 0;
    }

    fn push(&mut self, found: &mut Vec<Word>, raw: &str) {
        if raw.len() > LONGEST {
            return;
        }
        if let Some(word) = self.known.get(raw) {
            found.push(word.clone());
            return;
        }
        let word = analyse(raw);
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(raw.to_owned(), word.clone());
        found.push(word);
    }
}

/// Marks inside words of other scripts, and the soft hyphen.
fn is_mark(character: char) -> bool {
    character == '\u{ad}' || unicode_normalization::char::is_combining_mark(character)
}

/// Analyses one word.
pub fn analyse(raw: &str) -> Word {
    let raw: String = raw.chars().filter(|c| *c != '\u{ad}').collect();
    let whole = fold(&raw);
    let short = fold_short(&raw);
    let stemmed = stem(&whole);
    let mut parts = part_stems(&split(&raw));
    parts.retain(|part| *part != stemmed);
    let forms = if short == whole { vec![whole] } else { vec![whole, short] };
    Word { forms, stem: stemmed, parts }
}

/// The parts of a compound as the segmenter sees them; a word that is none is its own only part.
pub fn split(raw: &str) -> Vec<String> {
    let lower = raw.to_lowercase();
    if lower.chars().count() < 2 * SHORTEST_PART || !lower.chars().all(char::is_alphabetic) {
        return vec![lower];
    }
    let as_written = segments(&lower);
    // the segmenter's dictionary knows umlauts, not ae: Fuehrerscheinkurs would be torn to pieces
    let with_umlauts = lower.replace("ae", "ä").replace("oe", "ö").replace("ue", "ü");
    if with_umlauts == lower {
        return as_written;
    }
    let restored = segments(&with_umlauts);
    if restored.len() < as_written.len() { restored } else { as_written }
}

fn segments(lower: &str) -> Vec<String> {
    lower.segment_str_with_option(None, Some(&[Language::Deu])).map(str::to_owned).collect()
}

fn part_stems(parts: &[String]) -> Vec<String> {
    if parts.len() < 2 || parts.len() > MOST_PARTS {
        return Vec::new();
    }
    let mut stems = Vec::new();
    for first in 0..parts.len() {
        let mut together = String::new();
        for (place, part) in parts.iter().enumerate().skip(first) {
            together.push_str(part);
            let is_whole = first == 0 && place + 1 == parts.len();
            // a run of parts has to begin and end with one that is no scrap
            let ends_well = parts[first].chars().count() >= SHORTEST_PART && part.chars().count() >= SHORTEST_PART;
            if !is_whole && ends_well {
                stems.push(stem(&fold(&together)));
            }
        }
    }
    stems.sort();
    stems.dedup();
    stems
}

/// Words that say nothing in a query of several.
pub fn is_stop_word(folded: &str) -> bool {
    const STOP_WORDS: [&str; 46] = [
        "aber", "als", "am", "an", "auf", "aus", "bei", "beim", "bis", "das", "dem", "den", "der", "des", "die", "ein", "eine", "einem",
        "einen", "einer", "eines", "fuer", "fur", "ich", "im", "in", "ins", "ist", "mit", "nach", "oder", "ohne", "the", "und", "ueber",
        "um", "vom", "von", "vor", "wie", "wo", "zu", "zum", "zur", "and", "for",
    ];
    STOP_WORDS.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(word: &str) -> Vec<String> {
        analyse(word).parts
    }

    #[test]
    fn compounds_are_split() {
        assert_eq!(parts("Deutschkurse"), ["deutsch", "kurs"]);
        assert_eq!(parts("Aquarellmalerei"), ["aquarell", "malerei"]);
        assert_eq!(parts("Rückenschule"), ["rucken", "schul"].map(|part| stem(&fold(part))));
        assert!(parts("Volkshochschulkurs").contains(&"hochschul".to_owned()));
        assert!(!parts("Alphabetisierungskurs").iter().any(|part| part == "gs" || part == "run"));
        assert!(parts("Fuehrerscheinkurs").contains(&"kurs".to_owned()));
        assert!(!parts("Fuehrerscheinkurs").contains(&"ehre".to_owned()));
        for whole in ["Kurs", "EDV", "A1", "Tai", "Substanz", "Yoga"] {
            assert!(parts(whole).is_empty(), "{whole}");
        }
    }

    #[test]
    fn words_keep_their_spellings() {
        let mut analyser = Analyser::default();
        let words = analyser.words("Rücken-Yoga für A1, E\u{ad}DV!");
        let forms: Vec<&str> = words.iter().map(|word| word.forms[0].as_str()).collect();
        assert_eq!(forms, ["ruecken", "yoga", "rueckenyoga", "fuer", "a1", "edv"]);
        assert_eq!(words[0].forms, ["ruecken", "rucken"]);
        assert!(analyser.words(&"x".repeat(1000)).is_empty());
    }
}
