//! What time an observation is about. `2023` is a calendar year in one statistic and the school year that ends in 2023
//! in another: the table says which (here in its footnotes), the text alone does not.
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The kinds of period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A calendar year.
    Year,
    /// August to July, named by the year in which it ends.
    SchoolYear,
    /// A single day.
    ReferenceDate,
    /// Several months, such as a semester.
    Months,
}

impl Kind {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Year => "year",
            Kind::SchoolYear => "school_year",
            Kind::ReferenceDate => "reference_date",
            Kind::Months => "months",
        }
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        [Kind::Year, Kind::SchoolYear, Kind::ReferenceDate, Kind::Months]
            .into_iter()
            .find(|kind| kind.as_str() == code)
            .ok_or_else(|| anyhow::anyhow!("unknown kind of period: {code}"))
    }
}

/// A valid period with both of its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// How it is named, such as `2023`, `2024-12-31` or `2023-10P6M`.
    pub label: String,
    /// Its kind.
    pub kind: Kind,
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

impl Period {
    /// Reads a period as the GENESIS layouts print it; a bare year is taken as `year_means`.
    pub fn read(text: &str, year_means: Kind) -> Option<Self> {
        let text = text.trim();
        let period = |label: String, kind, first, last| Some(Self { label, kind, first, last });
        if let Some(year) = year(text) {
            return match year_means {
                Kind::SchoolYear => period(text.into(), Kind::SchoolYear, Date::new(year - 1, 8, 1).ok()?, Date::new(year, 7, 31).ok()?),
                _ => period(text.into(), Kind::Year, Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?),
            };
        }
        if let Some((month, length)) = text.split_once('P') {
            let months: i64 = length.strip_suffix('M')?.parse().ok().filter(|months| (1..=120).contains(months))?;
            let first: Date = iso(&format!("{month}-01"))?;
            let last = first.checked_add(months.months()).ok()?.yesterday().ok()?;
            return period(text.into(), Kind::Months, first, last);
        }
        let day = iso(text).or_else(|| german(text))?;
        period(day.to_string(), Kind::ReferenceDate, day, day)
    }
}

fn year(text: &str) -> Option<i16> {
    (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
        .filter(|year| (1800..=2200).contains(year))
}

fn iso(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn german(text: &str) -> Option<Date> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && day.len() == 2 && month.len() == 2 && year.len() == 4)
        .then(|| iso(&format!("{year}-{month}-{day}")))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(text: &str) -> Option<(String, Kind, Date, Date)> {
        Period::read(text, Kind::Year).map(|period| (period.label, period.kind, period.first, period.last))
    }

    #[test]
    fn a_year_means_what_the_table_says() {
        assert_eq!(read("2023"), Some(("2023".into(), Kind::Year, date(2023, 1, 1), date(2023, 12, 31))));
        let school = Period::read("2023", Kind::SchoolYear).expect("a school year");
        assert_eq!((school.first, school.last), (date(2022, 8, 1), date(2023, 7, 31)));
    }

    #[test]
    fn days_and_semesters() {
        let day = Some(("2024-12-31".to_owned(), Kind::ReferenceDate, date(2024, 12, 31), date(2024, 12, 31)));
        assert_eq!(read("2024-12-31"), day);
        assert_eq!(read("31.12.2024"), day);
        assert_eq!(read("2023-10P6M"), Some(("2023-10P6M".into(), Kind::Months, date(2023, 10, 1), date(2024, 3, 31))));
    }

    #[test]
    fn nothing_else_is_a_period() {
        for text in ["", "20 23", "23", "20231", "2023-13-01", "31.02.2024", "1.1.2024", "2023-10P", "2023-10P0M", "2023-10PM", "Insgesamt"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
