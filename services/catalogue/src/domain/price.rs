//! What an offer costs. That nothing is known is not the same as free.
use serde::{Deserialize, Serialize};

/// What an offer costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Kind and amount.
    #[serde(flatten)]
    pub charge: Charge,
    /// Remarks of the provider on the price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Kind of a charge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Charge {
    /// Costs nothing.
    Free,
    /// Costs an amount, perhaps a reduced one for some.
    Amount {
        /// The full price.
        amount: Cents,
        /// The reduced price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reduced: Option<Cents>,
    },
    /// The provider tells on request.
    OnRequest,
    /// Not known.
    #[default]
    Unknown,
}

impl Charge {
    /// The code of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Amount { .. } => "amount",
            Self::OnRequest => "on_request",
            Self::Unknown => "unknown",
        }
    }

    /// The lowest sum somebody has to pay, if it is known.
    pub fn full(&self) -> Option<Cents> {
        match self {
            Self::Free => Some(Cents(0)),
            Self::Amount { amount, .. } => Some(*amount),
            Self::OnRequest | Self::Unknown => None,
        }
    }
}

/// Euro cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub u32);

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Cents {
    /// Reads `126.20`, `65,60`, `1.234,50`, `82.8` or `12`; at most two decimals count.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches(['€', ' ']).trim_end_matches("EUR").trim();
        let decimal_mark = text.rfind([',', '.']);
        let (whole, fraction) = match decimal_mark {
            // 1.234 is a thousand, 1.2345 is nothing that a price list holds
            Some(at) if text.len() - at - 1 == 3 && text.matches(['.', ',']).count() == 1 && !text.starts_with('0') => (text, ""),
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        };
        let digits: String = whole.chars().filter(|c| !matches!(c, '.' | ',' | ' ' | '\'')).collect();
        if digits.is_empty() || digits.len() > 7 || !digits.chars().chain(fraction.chars()).all(|c| c.is_ascii_digit()) {
            return None;
        }
        let cents = match fraction.len() {
            0 => 0,
            1 => fraction.parse::<u32>().ok()? * 10,
            _ => fraction.get(..2)?.parse().ok()?,
        };
        Some(Self(digits.parse::<u32>().ok()? * 100 + cents))
    }
}

/// The reduced price that a remark such as `erm. Preis: 65,60 EUR` names.
pub fn reduced_price_in(note: &str) -> Option<Cents> {
    let folded = note.to_lowercase();
    let keyword = ["erm.", "ermäßig", "ermaessig", "ermässig"].iter().find_map(|keyword| folded.find(keyword))?;
    let rest = &folded[keyword..];
    let start = rest.find(|c: char| c.is_ascii_digit())?;
    let number = &rest[start..];
    let end = number.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(number.len());
    let amount = number[..end].trim_end_matches(['.', ',']);
    // a percentage is a discount, not a price
    if number[end..].trim_start().starts_with('%') {
        return None;
    }
    Cents::parse(amount)
}

/// Whether a remark says that the price is told on request.
pub fn is_on_request(note: &str) -> bool {
    let folded = note.to_lowercase();
    ["auf anfrage", "auf nachfrage", "preis a. a."].iter().any(|phrase| folded.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_in_german_and_english_notation() {
        for (text, cents) in [
            ("126.20", Some(12620)),
            ("65,60", Some(6560)),
            ("82.8", Some(8280)),
            ("12", Some(1200)),
            ("0.0", Some(0)),
            ("1.234,50", Some(123_450)),
            ("1.234", Some(123_400)),
            ("65,60 EUR", Some(6560)),
            ("kostenlos", None),
            ("", None),
            ("-5", None),
        ] {
            assert_eq!(Cents::parse(text).map(|cents| cents.0), cents, "{text}");
        }
    }

    #[test]
    fn reduced_price_stands_in_a_remark() {
        assert_eq!(reduced_price_in("erm. Preis: 65,60 EUR"), Some(Cents(6560)));
        assert_eq!(reduced_price_in("ermäßigt 12 €"), Some(Cents(1200)));
        assert_eq!(reduced_price_in("Ermäßigung 50 % für Studierende"), None);
        assert_eq!(reduced_price_in("zzgl. ca. 5 € für Unterrichtsmaterial"), None);
    }

    proptest! {
        #[test]
        fn every_price_survives_being_written_and_read(cents in 0u32..100_000_000) {
            prop_assert_eq!(Cents::parse(&Cents(cents).to_string()), Some(Cents(cents)));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = Cents::parse(&text);
            let _ = reduced_price_in(&text);
        }
    }
}
