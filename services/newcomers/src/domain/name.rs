//! A person's name: never shown by `Debug`, wiped from memory when dropped, folded for exact search.
use super::Violation;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use zeroize::Zeroizing;

const LONGEST: usize = 200;

/// A name as it was given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PersonName(Zeroizing<String>);

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonName(..)")
    }
}

impl PersonName {
    /// Takes a name: trimmed, not empty, no control characters.
    pub(crate) fn new(given: String) -> Result<Self, Violation> {
        let given = Zeroizing::new(given);
        let name = Zeroizing::new(given.trim().to_owned());
        let fits = !name.is_empty() && name.chars().count() <= LONGEST && !name.chars().any(char::is_control);
        if fits { Ok(Self(name)) } else { Err(Violation::BadText { field: "name", longest: LONGEST }) }
    }

    /// The name itself, for those who may see it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The form that equal names share: without marks, case, punctuation and order of parts.
    pub(crate) fn folded(&self) -> Zeroizing<String> {
        let mut plain = Zeroizing::new(String::with_capacity(self.0.len() * 2));
        for character in self.0.nfkd().filter(|character| !is_combining_mark(*character)) {
            match character {
                'ß' | 'ẞ' => plain.push_str("ss"),
                other if other.is_alphanumeric() => plain.extend(other.to_lowercase()),
                // An apostrophe of any kind joins, everything else parts.
                '\'' | '’' | 'ʼ' | '`' | '´' | 'ʿ' | 'ʾ' => {}
                _ => plain.push(' '),
            }
        }
        let mut parts: Vec<&str> = plain.split_whitespace().collect();
        parts.sort_unstable();
        Zeroizing::new(parts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str) -> String {
        PersonName::new(name.into()).unwrap().folded().to_string()
    }

    #[test]
    fn marks_case_punctuation_and_order_do_not_matter() {
        assert_eq!(folded("Beispiel-Muster, Ämilia"), folded("ämilia beispiel muster"));
        assert_eq!(folded("A\u{308}milia"), folded("Ämilia"));
        assert_eq!(folded("O’Muster"), folded("OMUSTER"));
        assert_eq!(folded("Groß"), folded("GROSS"));
        assert_eq!(folded("مُحَمَّد"), folded("محمد"));
        assert_ne!(folded("Muster"), folded("Mustermann"));
    }

    #[test]
    fn neither_empty_nor_endless_nor_with_control_characters() {
        for bad in [String::new(), "  ".into(), "a\u{0}b".into(), "x".repeat(201)] {
            assert_eq!(PersonName::new(bad).unwrap_err().code(), "name_invalid");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let name = PersonName::new("Kanarienvogel".into()).unwrap();
        assert!(!format!("{name:?}").contains("Kanarienvogel"));
    }
}
