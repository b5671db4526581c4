//! The language of an answer: the prefix of the address for pages, `Accept-Language` for the API.
use axum::http::{HeaderMap, header};

/// A language that answers may be given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale(&'static str);

/// Languages that labels exist in; German is what everything exists in.
const KNOWN: &[&str] = &["de", "de-simple", "en", "uk", "ru", "ar", "fa", "tr", "fr", "pl", "ro", "bg", "ti"];

impl Locale {
    /// German.
    pub(crate) const GERMAN: Self = Self("de");

    /// The language of a tag such as `en-GB`, if it is known.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let primary = tag.split('-').next().unwrap_or_default();
        KNOWN.iter().find(|known| **known == tag).or_else(|| KNOWN.iter().find(|known| **known == primary)).map(|known| Self(known))
    }

    /// The best known language of `Accept-Language`, else German.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (0.0, Self::GERMAN);
        for range in accepted.split(',') {
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            let weight: f32 = weight.trim().parse().unwrap_or(0.0);
            if weight > best.0
                && let Some(locale) = Self::parse(tag)
            {
                best = (weight, locale);
            }
        }
        best.1
    }

    /// Its tag, such as `de`.
    pub(crate) fn tag(self) -> &'static str {
        self.0
    }

    /// The direction it is written in.
    pub(crate) fn dir(self) -> &'static str {
        if matches!(self.0, "ar" | "fa") { "rtl" } else { "ltr" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_known_language_wins() {
        let accept = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
            Locale::negotiate(&headers).tag()
        };
        assert_eq!(accept("xx, en-GB;q=0.8, uk;q=0.9"), "uk");
        assert_eq!(accept("en-GB,de;q=0.5"), "en");
        assert_eq!(accept("xx"), "de");
        assert_eq!(accept("de;q=0.3,en;q=x"), "de");
        assert_eq!(Locale::negotiate(&HeaderMap::new()), Locale::GERMAN);
    }
}
