//! Areas by their official key. A key is text: its leading zero carries the Land.
/// The key of Germany in official tables.
pub const GERMANY: &str = "DG";

/// The kinds of area, from large to small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Germany.
    Country,
    /// A Land.
    Land,
    /// Regierungsbezirk or statistical region.
    Region,
    /// Kreis or kreisfreie Stadt.
    District,
    /// Gemeinde, or a part of a Kreis that is published like one.
    Municipality,
}

impl Level {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Country => "country",
            Level::Land => "land",
            Level::Region => "region",
            Level::District => "district",
            Level::Municipality => "municipality",
        }
    }
}

/// The key as it is kept, or nothing when the text is no key. Municipal tables lengthen the key of a kreisfreie Stadt
/// by three zeros; it stays the same area.
pub fn canonical(code: &str) -> Option<&str> {
    let code = code.trim();
    if code == GERMANY {
        return Some(code);
    }
    if !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match code.len() {
        8 if code.ends_with("000") => Some(&code[..5]),
        2 | 3 | 5 | 8 => Some(code),
        _ => None,
    }
}

/// What kind of area a canonical key names.
pub fn level(code: &str) -> Level {
    match code.len() {
        _ if code == GERMANY => Level::Country,
        2 => Level::Land,
        3 => Level::Region,
        5 => Level::District,
        _ => Level::Municipality,
    }
}

/// The Land an area lies in; none for Germany and for a Land itself.
pub fn land_of(code: &str) -> Option<&str> {
    (level(code) > Level::Land).then(|| &code[..2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_text() {
        assert_eq!(canonical("07312"), Some("07312"));
        assert_eq!(canonical(" 07312000 "), Some("07312"), "a kreisfreie Stadt in a municipal table");
        assert_eq!(canonical("03241001"), Some("03241001"), "Hannover lies in a Kreis");
        assert_eq!(canonical("DG"), Some("DG"));
        for text in ["", "7312", "7", "0731a", "Deutschland", "073120001"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn each_area_knows_its_land() {
        assert_eq!(land_of("07312"), Some("07"));
        assert_eq!(land_of("03241001"), Some("03"));
        assert_eq!(land_of("07"), None);
        assert_eq!(land_of("DG"), None);
        assert_eq!(level("031"), Level::Region);
    }
}
