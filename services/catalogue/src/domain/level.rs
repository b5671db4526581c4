//! Levels of the Common European Framework of Reference (CEFR).
use serde::{Deserialize, Serialize};

/// A CEFR level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the levels are their own names")]
pub enum Level {
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
}

impl Level {
    /// Its usual name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A1 => "A1",
            Self::A2 => "A2",
            Self::B1 => "B1",
            Self::B2 => "B2",
            Self::C1 => "C1",
            Self::C2 => "C2",
        }
    }

    /// The level a text leads to: the highest of those it names (`A2/B1`, `B1.2`, `A1+`).
    pub fn parse(text: &str) -> Option<Self> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '+')).filter_map(Self::word).max()
    }

    /// A whole word that is a level, with or without a sub-level.
    fn word(word: &str) -> Option<Self> {
        let mut characters = word.chars();
        let (letter, digit) = (characters.next()?, characters.next()?);
        let level = match (letter.to_ascii_uppercase(), digit) {
            ('A', '1') => Self::A1,
            ('A', '2') => Self::A2,
            ('B', '1') => Self::B1,
            ('B', '2') => Self::B2,
            ('C', '1') => Self::C1,
            ('C', '2') => Self::C2,
            _ => return None,
        };
        let rest = characters.as_str();
        let sub_level = rest.strip_prefix('.').map(|digits| digits.trim_end_matches('+'));
        let whole = rest.is_empty()
            || rest == "+"
            || rest == "."
            || sub_level.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit() || c == '.'));
        whole.then_some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn levels_are_whole_words_and_the_highest_counts() {
        for (text, level) in [
            ("B1.2", Some(Level::B1)),
            ("Englisch B1.2 intensiv (BU)", Some(Level::B1)),
            ("A2/B1", Some(Level::B1)),
            ("a1+", Some(Level::A1)),
            ("Niveau C1.", Some(Level::C1)),
            ("Einsteiger", None),
            ("A10", None),
            ("Xpert B12", None),
            ("XA1", None),
            ("", None),
        ] {
            assert_eq!(Level::parse(text), level, "{text}");
        }
    }
}
