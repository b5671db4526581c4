//! A record of a source, mapped to the catalogue's terms: what an offer is made of.
use super::{accessibility::Accessibility, level::Level, price::Price};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a source says of one offer. Lists whose order means nothing are kept sorted, so that equal content is equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Title.
    pub title: String,
    /// Subtitle, empty if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subtitle: String,
    /// Plain text, paragraphs separated by an empty line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Keywords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Who provides it, if the record says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The number by which the provider calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Codes of the source as they came, with their system: `dvv-2.0:5.01`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub raw_codes: Vec<String>,
    /// Topic codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Life phase codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub life_phases: Vec<String>,
    /// Target groups in the source's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_groups: Vec<String>,
    /// Language of instruction (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// CEFR level it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// On site, online or both.
    pub format: Format,
    /// District of the city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Where it takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What it costs.
    pub price: Price,
    /// Who can take part.
    pub accessibility: Accessibility,
    /// When.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<Occurrence>,
    /// It does not take place.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// Places, if the source counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// The provider's page, where one books.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// More pages and files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Certificates one can gain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
}

impl Record {
    /// The digest of the content: equal for equal content, however the file was written.
    pub fn content_hash(&self) -> [u8; 32] {
        // a struct of strings, numbers and lists always serialises
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(canonical).into()
    }

    /// The beginning of the description, cut at a sentence or a word.
    pub fn summary(&self) -> String {
        summary(&self.description, 240)
    }
}

fn summary(text: &str, limit: usize) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= limit {
        return flat;
    }
    let cut = flat.char_indices().nth(limit).map_or(flat.len(), |(at, _)| at);
    let head = &flat[..cut];
    if let Some(at) = head.rfind(". ").filter(|at| *at > cut / 2) {
        return head[..=at].to_owned();
    }
    let at = head.rfind(' ').unwrap_or(cut);
    format!("{} …", head[..at].trim_end_matches([',', ';', '-', ' ']))
}

/// How an offer is taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// At a place.
    #[default]
    OnSite,
    /// Over the network.
    Online,
    /// Both.
    Blended,
}

impl Format {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnSite => "on_site",
            Self::Online => "online",
            Self::Blended => "blended",
        }
    }
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// Name of the building.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Street and number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub street: String,
    /// Postcode.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postcode: String,
    /// Town.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// Part of the town.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub district: String,
    /// Degrees north and east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<(f64, f64)>,
}

impl Eq for Place {}

/// One date of an offer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occurrence {
    /// Its start.
    pub start: Timestamp,
    /// Its end; with `all_day` the last second of the last day.
    pub end: Timestamp,
    /// The times of day are not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_day: bool,
}

/// Places for participants. A course may be overbooked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Fewest participants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u16>,
    /// Participants so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked: Option<u16>,
    /// Most participants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u16>,
}

impl Places {
    /// Places left, if both numbers are known; an overbooked course has none.
    pub fn free(self) -> Option<u16> {
        Some(self.max?.saturating_sub(self.booked?))
    }
}

/// A further page or file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// `website`, `website_mobile`, `attachment`, `picture`, `video`.
    pub kind: String,
    /// What to call it.
    pub name: String,
    /// Its address.
    pub url: String,
}

/// A certificate one can gain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Certificate {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overbooked_course_has_no_free_place() {
        let places = |booked, max| Places { min: None, booked, max };
        assert_eq!(places(Some(9), Some(12)).free(), Some(3));
        assert_eq!(places(Some(14), Some(12)).free(), Some(0));
        assert_eq!(places(None, Some(12)).free(), None);
    }

    #[test]
    fn a_summary_ends_at_a_sentence_or_a_word() {
        assert_eq!(summary("Kurz.", 240), "Kurz.");
        assert_eq!(summary("Erster Satz ist hier. Zweiter Satz", 30), "Erster Satz ist hier.");
        assert_eq!(summary("eins zwei drei vier", 12), "eins zwei …");
        assert_eq!(summary("ääääääää", 3), "äää …");
    }

    #[test]
    fn the_digest_depends_on_content_only() {
        let record = Record { title: "Yoga".into(), ..Record::default() };
        assert_eq!(record.content_hash(), record.clone().content_hash());
        assert_ne!(record.content_hash(), Record { title: "Yoga II".into(), ..Record::default() }.content_hash());
    }
}
