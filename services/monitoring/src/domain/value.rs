//! What a cell of a statistical table says: a number, or a sign that is not a number.
//!
//! Official tables print signs where a number is missing. Each means something else, none of them is zero, and none
//! may be calculated with. The printed text is kept beside the normalised status.
use rust_decimal::Decimal;
use std::{fmt, str::FromStr};

/// The character between whole and fraction, fixed by the profile of a file and never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// `6,8`
    Comma,
    /// `6.8`
    Point,
}

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A number.
    Value,
    /// `(12)` or `()`: of limited informative value.
    Limited,
    /// `-`: nothing there, exactly zero, or set to zero for confidentiality.
    Nothing,
    /// `.`: unknown or confidential.
    Concealed,
    /// `...`: comes later.
    Pending,
    /// `/`: not certain enough.
    Unreliable,
    /// `x`: blocked, a statement would not make sense.
    Blocked,
    /// Nothing was printed.
    Empty,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 8] = [
        Status::Value,
        Status::Limited,
        Status::Nothing,
        Status::Concealed,
        Status::Pending,
        Status::Unreliable,
        Status::Blocked,
        Status::Empty,
    ];

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Value => "value",
            Status::Limited => "limited",
            Status::Nothing => "nothing",
            Status::Concealed => "concealed",
            Status::Pending => "pending",
            Status::Unreliable => "unreliable",
            Status::Blocked => "blocked",
            Status::Empty => "empty",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = anyhow::Error;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == code)
            .ok_or_else(|| anyhow::anyhow!("unknown status of an observation: {code}"))
    }
}

/// A cell as printed and as understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// As printed, without surrounding blanks.
    pub raw: &'a str,
    /// What it means.
    pub status: Status,
    /// The number, where there is one.
    pub number: Option<Decimal>,
}

/// A cell that is neither a number nor a known sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not a number in the notation of the profile.
    #[error("neither a number with decimal {} nor a known sign", .0.name())]
    NotANumber(DecimalMark),
    /// More digits than can be kept exactly.
    #[error("more digits than can be kept exactly")]
    TooLong,
}

impl DecimalMark {
    fn name(self) -> &'static str {
        match self {
            DecimalMark::Comma => "comma",
            DecimalMark::Point => "point",
        }
    }
    fn byte(self) -> u8 {
        match self {
            DecimalMark::Comma => b',',
            DecimalMark::Point => b'.',
        }
    }
}

/// Reads a cell.
///
/// # Errors
/// When the cell is neither a number in the given notation nor a known sign: such a cell belongs in quarantine.
pub fn read(cell: &str, mark: DecimalMark) -> Result<Reading<'_>, Unreadable> {
    let raw = cell.trim();
    let sign = |status| Ok(Reading { raw, status, number: None });
    match raw {
        "" => sign(Status::Empty),
        "-" | "–" => sign(Status::Nothing),
        "." => sign(Status::Concealed),
        "..." | "…" => sign(Status::Pending),
        "/" => sign(Status::Unreliable),
        "x" | "X" => sign(Status::Blocked),
        "()" => sign(Status::Limited),
        _ => match raw.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => Ok(Reading { raw, status: Status::Limited, number: Some(number(inner.trim(), mark)?) }),
            None => Ok(Reading { raw, status: Status::Value, number: Some(number(raw, mark)?) }),
        },
    }
}

/// Digits, at most one mark, an optional minus sign, nothing else: a thousands separator is not guessed away.
fn number(text: &str, mark: DecimalMark) -> Result<Decimal, Unreadable> {
    const DIGITS: usize = 28;
    let malformed = Unreadable::NotANumber(mark);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.bytes().position(|byte| byte == mark.byte()) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !fraction.is_none_or(all_digits) {
        return Err(malformed);
    }
    let scale = fraction.map_or(0, str::len);
    if whole.len() + scale > DIGITS {
        return Err(Unreadable::TooLong);
    }
    let magnitude = whole.bytes().chain(fraction.unwrap_or_default().bytes()).fold(0_i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
    let signed = if digits.len() == text.len() { magnitude } else { -magnitude };
    Decimal::try_from_i128_with_scale(signed, u32::try_from(scale).map_err(|_| Unreadable::TooLong)?).map_err(|_| Unreadable::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comma(cell: &str) -> Result<Reading<'_>, Unreadable> {
        read(cell, DecimalMark::Comma)
    }

    #[test]
    fn signs_are_not_numbers() {
        for (cell, status) in [
            ("-", Status::Nothing),
            (".", Status::Concealed),
            ("...", Status::Pending),
            ("/", Status::Unreliable),
            ("x", Status::Blocked),
            ("()", Status::Limited),
            ("", Status::Empty),
        ] {
            let reading = comma(cell).expect(cell);
            assert_eq!((reading.status, reading.number, reading.raw), (status, None, cell));
        }
    }

    #[test]
    fn zero_is_a_number_and_limited_numbers_keep_theirs() {
        assert_eq!(comma("0").expect("zero").number, Some(Decimal::ZERO));
        let limited = comma("(12)").expect("limited");
        assert_eq!((limited.status, limited.number), (Status::Limited, Some(Decimal::from(12))));
    }

    #[test]
    fn the_notation_is_the_profiles() {
        assert_eq!(comma("6,8").expect("comma").number, Some(Decimal::new(68, 1)));
        assert_eq!(read("6.8", DecimalMark::Point).expect("point").number, Some(Decimal::new(68, 1)));
        for cell in ["6.8", "1.158", "1 158", "1'158", "abc", "1,", ",5", "--1", "1e3", "+1", "1,2,3", "12 )", "(", "1_0"] {
            assert!(comma(cell).is_err(), "{cell}");
        }
        assert_eq!(comma(&"9".repeat(29)), Err(Unreadable::TooLong));
    }

    #[test]
    fn statuses_have_stable_codes() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>().expect("known"), status);
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_what_was_printed(cell in ".{0,40}") {
            if let Ok(reading) = comma(&cell) {
                prop_assert_eq!(reading.raw, cell.trim());
                prop_assert_eq!(reading.number.is_some(), reading.raw.bytes().any(|byte| byte.is_ascii_digit()));
            }
        }

        #[test]
        fn numbers_survive(mantissa in -999_999_999_999_i64..999_999_999_999, scale in 0_u32..6) {
            let number = Decimal::new(mantissa, scale);
            let printed = number.to_string().replace('.', ",");
            prop_assert_eq!(comma(&printed).expect("a printed number").number, Some(number));
            let with_parentheses = format!("({printed})");
            prop_assert_eq!(comma(&with_parentheses).expect("limited").number, Some(number));
        }
    }
}
