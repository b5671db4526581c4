//! Folding of German words: lower case, umlauts written out, accents dropped.
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, ä as ae, ö as oe, ü as ue, ß as ss, other accents dropped. Equal for `Führerschein` and `Fuehrerschein`.
pub fn fold(text: &str) -> String {
    fold_with(text, true)
}

/// As [`fold`], but ä as a: how people without the key type it. Equal for `Führerschein` and `Fuhrerschein`.
pub fn fold_short(text: &str) -> String {
    fold_with(text, false)
}

fn fold_with(text: &str, umlauts_long: bool) -> String {
    let mut folded = String::with_capacity(text.len() + 4);
    // composed first, so that an umlaut written as letter and mark is an umlaut
    for character in text.nfc().flat_map(char::to_lowercase) {
        match character {
            'ä' => folded.push_str(if umlauts_long { "ae" } else { "a" }),
            'ö' => folded.push_str(if umlauts_long { "oe" } else { "o" }),
            'ü' => folded.push_str(if umlauts_long { "ue" } else { "u" }),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            '\u{2019}' | '\u{02bc}' => folded.push('\''),
            _ if character.is_ascii() => folded.push(character),
            _ => folded.extend(std::iter::once(character).nfd().filter(|c| !is_combining_mark(*c))),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_meet() {
        assert_eq!(fold("Führerschein"), fold("FUEHRERSCHEIN"));
        assert_eq!(fold("Straße"), "strasse");
        assert_eq!(fold("Fu\u{308}hrer"), "fuehrer");
        assert_eq!(fold_short("Übungen"), "ubungen");
        assert_eq!(fold("Café"), "cafe");
        assert_eq!(fold("İstanbul"), "istanbul");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC*") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
