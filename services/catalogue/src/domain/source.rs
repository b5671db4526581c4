//! Where offers come from.
use super::Violation;
use serde::{Deserialize, Serialize};

/// The name of a source: `[a-z0-9-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// Checks a name.
    pub fn parse(name: &str) -> Result<Self, Violation> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(Violation::SourceName);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of an organisation as it is compared: lower-case, umlauts folded, punctuation and legal form dropped.
pub fn normalise_name(name: &str) -> String {
    const LEGAL_FORMS: [&str; 9] = ["ev", "gmbh", "ggmbh", "ag", "kg", "mbh", "ug", "eg", "gug"];
    let folded = crate::search::fold::fold(name);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    let mut index = 0;
    while index < words.len() {
        if words[index] == "e" && words.get(index + 1) == Some(&"v") {
            index += 2;
            continue;
        }
        if !LEGAL_FORMS.contains(&words[index]) {
            kept.push(words[index]);
        }
        index += 1;
    }
    if kept.is_empty() { words.join(" ") } else { kept.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_names() {
        assert!(SourceId::parse("vhs-kl-2026").is_ok());
        for bad in ["", "VHS", "vhs kl", "ä", &"x".repeat(65)] {
            assert_eq!(SourceId::parse(bad), Err(Violation::SourceName), "{bad}");
        }
    }

    #[test]
    fn names_of_organisations_meet() {
        assert_eq!(normalise_name("Bildungswerk Süd e.V."), normalise_name("BILDUNGSWERK  Sued"));
        assert_eq!(normalise_name("VHS Musterstadt gGmbH"), "vhs musterstadt");
        assert_ne!(normalise_name("VHS Musterstadt"), normalise_name("VHS Neustadt"));
        assert_eq!(normalise_name("e.V."), "e v");
    }
}
