//! A light stemmer for German: singular and plural meet, and short words such as Kurs stay what they are.

/// The key under which the forms of a word meet. Takes a folded word ([`super::fold::fold`]).
pub fn stem(folded: &str) -> String {
    let key = without_umlauts(folded);
    if key.bytes().any(|byte| byte.is_ascii_digit()) {
        return key;
    }
    strip(&strip_feminine(key))
}

/// ae, oe and ue as a, o and u: an umlaut written out, typed without its dots, or missing in the singular.
fn without_umlauts(folded: &str) -> String {
    let mut key = String::with_capacity(folded.len());
    let mut characters = folded.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        key.push(character);
        // neue and Quelle have no umlaut
        if matches!(character, 'a' | 'o' | 'u') && characters.peek() == Some(&'e') && !matches!(before, 'a' | 'e' | 'q') {
            characters.next();
        }
        before = character;
    }
    key
}

/// Lehrerinnen and Lehrerin as Lehrer.
fn strip_feminine(mut key: String) -> String {
    for (ending, kept) in [("erinnen", 2), ("innen", 2), ("erin", 2)] {
        if key.ends_with(ending) && key.len() >= ending.len() + 3 {
            key.truncate(key.len() - ending.len() + kept);
            return key;
        }
    }
    key
}

/// Takes one ending of case or number off, if enough of a word remains.
fn strip(key: &str) -> String {
    const ENDINGS: [(&str, usize); 8] = [("ern", 4), ("em", 4), ("en", 3), ("er", 3), ("es", 3), ("e", 3), ("s", 4), ("n", 4)];
    // an s after these is mostly an ending; after others it belongs to the word, as in Kurs, Basis and Haus
    const BEFORE_S: [char; 13] = ['a', 'b', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'o', 't', 'y'];
    for (ending, remaining) in ENDINGS {
        if let Some(rest) = key.strip_suffix(ending)
            && rest.chars().count() >= remaining
            && (ending != "s" || rest.ends_with(BEFORE_S))
            && (ending != "n" || rest.ends_with("el") || rest.ends_with("er"))
        {
            return rest.to_owned();
        }
    }
    key.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;
    use proptest::prelude::*;

    fn same(words: &[&str]) {
        let stems: Vec<String> = words.iter().map(|word| stem(&fold(word))).collect();
        assert!(stems.iter().all(|stem| *stem == stems[0]), "{words:?} -> {stems:?}");
    }

    #[test]
    fn forms_of_a_word_meet() {
        same(&["Kurs", "Kurse", "Kurses", "Kursen"]);
        same(&["Sprache", "Sprachen"]);
        same(&["Sprachkurs", "Sprachkurse", "Sprachkursen", "Sprachkurses"]);
        same(&["Team", "Teams"]);
        same(&["Maschine", "Maschinen"]);
        same(&["Regel", "Regeln"]);
        same(&["Freundin", "Freundinnen"]);
        same(&["Haus", "Häuser", "Haeuser", "Hauses"]);
        same(&["Bild", "Bilder", "Bildern"]);
        same(&["Führerschein", "Fuehrerschein", "Fuhrerschein", "Führerscheine"]);
        same(&["Lehrer", "Lehrerin", "Lehrerinnen", "Lehrern"]);
        same(&["Tag", "Tage", "Tagen"]);
        same(&["Prüfung", "Prüfungen"]);
        same(&["Foto", "Fotos"]);
        same(&["Tanz", "Tänze", "Tänzen"]);
        same(&["Integrations", "Integration"]);
    }

    #[test]
    fn other_words_stay_apart() {
        assert_ne!(stem("kurs"), stem("kur"));
        assert_ne!(stem("kurs"), stem("kuren"));
        assert_eq!(stem("b1"), "b1");
        assert_eq!(stem("edv"), "edv");
    }

    proptest! {
        #[test]
        fn a_stem_is_never_empty(word in "[a-zäöüß]{1,20}") {
            prop_assert!(!stem(&fold(&word)).is_empty());
        }
    }
}
