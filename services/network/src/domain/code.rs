//! Vocabularies: closed ones as enums that know their codes, open ones as checked text.
use super::Violation;

/// A closed vocabulary whose members are known by a code.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($(#[$member_doc])* $member),+ }

        impl $name {
            /// Every member.
            pub(crate) const ALL: &[Self] = &[$(Self::$member),+];

            /// The code that REST, gRPC, events and the database use.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$member => $code),+ }
            }

            /// The member of a code.
            pub(crate) fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.as_str() == code)
            }

            /// The member of a code, or what is wrong with a caller's field.
            pub(crate) fn of_field(pointer: &'static str, code: &str) -> Result<Self, Violation> {
                Self::parse(code).ok_or_else(|| Violation::UnknownCode {
                    pointer,
                    code: code.chars().take(64).collect(),
                    known: Self::ALL.iter().map(|member| member.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}
pub(crate) use codes;

const MAX_ENTRIES: usize = 50;

/// Codes of an open vocabulary: lower case, sorted, each once.
pub(crate) fn open_codes(pointer: &'static str, given: &[String]) -> Result<Vec<String>, Violation> {
    list(pointer, given, |code| {
        code.len() <= 64
            && code.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
    })
}

/// Language tags (BCP 47): sorted, each once.
pub(crate) fn languages(pointer: &'static str, given: &[String]) -> Result<Vec<String>, Violation> {
    list(pointer, given, |tag| {
        let mut parts = tag.split('-');
        let primary = parts.next().unwrap_or_default();
        (2..=3).contains(&primary.len())
            && primary.chars().all(|c| c.is_ascii_lowercase())
            && parts.all(|part| (2..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()))
    })
}

/// Names in the city's own spelling: sorted, each once.
pub(crate) fn names(pointer: &'static str, given: &[String]) -> Result<Vec<String>, Violation> {
    list(pointer, given, |name| name.chars().count() <= 200 && !name.chars().any(char::is_control))
}

fn list(pointer: &'static str, given: &[String], fits: impl Fn(&str) -> bool) -> Result<Vec<String>, Violation> {
    let mut entries: Vec<String> = given.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
    entries.sort();
    entries.dedup();
    if entries.len() > MAX_ENTRIES {
        return Err(Violation::TooMany { pointer, most: MAX_ENTRIES });
    }
    match entries.iter().find(|entry| !fits(entry)) {
        Some(entry) => Err(Violation::Malformed { pointer, given: entry.chars().take(64).collect() }),
        None => Ok(entries),
    }
}

/// Trimmed text of at most `most` characters; control characters other than line breaks are refused.
pub(crate) fn text(pointer: &'static str, given: &str, most: usize) -> Result<String, Violation> {
    let text = given.trim();
    if text.chars().count() > most {
        return Err(Violation::TooLong { pointer, most });
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
        return Err(Violation::Malformed { pointer, given: "control characters".to_owned() });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|&entry| entry.to_owned()).collect()
    }

    #[test]
    fn lists_are_sorted_and_each_entry_counts_once() {
        assert_eq!(open_codes("/types", &owned(&["vhs", " school ", "vhs", ""])), Ok(owned(&["school", "vhs"])));
    }

    #[test]
    fn open_codes_are_plain_words() {
        for bad in ["VHS", "a b", "ü", "-x", "a;b", "<b>"] {
            let refused = open_codes("/types", &owned(&[bad]));
            assert!(matches!(refused, Err(Violation::Malformed { pointer: "/types", .. })), "{bad}: {refused:?}");
        }
    }

    #[test]
    fn language_tags_have_the_shape_of_bcp_47() {
        assert!(languages("/languages", &owned(&["de", "ar", "zh-Hans", "de-AT"])).is_ok());
        for bad in ["Deutsch", "d", "de_DE", "DE", "de-"] {
            assert!(languages("/languages", &owned(&[bad])).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_keeps_line_breaks_and_refuses_other_control_characters() {
        assert_eq!(text("/d", " a\nb ", 10), Ok("a\nb".to_owned()));
        assert!(matches!(text("/d", "a\u{0}b", 10), Err(Violation::Malformed { .. })));
        assert_eq!(text("/d", "äöü", 2), Err(Violation::TooLong { pointer: "/d", most: 2 }));
    }
}
