//! The one way out for numbers. Every page, answer, export and event takes its figures from [`Policy::show`], and what it
//! gives can be made nowhere else: a small count must not lead to a person.
//!
//! Tables of the statistical offices are protected by their publishers. For statistics of our own, a count below the
//! minimum hides the whole figure with all its parts and its lineage, because a share and one part give the other.
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Where numbers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Published by a statistical office.
    #[default]
    Official,
    /// Counted by ourselves.
    Own,
}

/// What may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Smaller counts of our own are hidden; zero is shown.
    pub minimum_count: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { minimum_count: 5 }
    }
}

/// A figure as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) value: Option<Decimal>,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) numerator: Option<Decimal>,
    pub(crate) denominator: Option<Decimal>,
}

/// A figure that may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    figure: Figure,
    hidden: bool,
}

impl Shown {
    /// The figure.
    pub(crate) fn figure(&self) -> &Figure {
        &self.figure
    }
    /// Whether its lineage may be shown too: it leads to the numbers themselves.
    pub(crate) fn shows_lineage(&self) -> bool {
        !self.hidden
    }
}

impl Policy {
    /// What of a figure may be shown.
    pub(crate) fn show(&self, origin: Origin, figure: Figure) -> Shown {
        let small = |count: Decimal| count > Decimal::ZERO && count < Decimal::from(self.minimum_count);
        let rest = figure.numerator.zip(figure.denominator).and_then(|(part, whole)| whole.checked_sub(part));
        let hidden = origin == Origin::Own && [figure.numerator, figure.denominator, rest].into_iter().flatten().any(small);
        if !hidden {
            return Shown { figure, hidden };
        }
        let nothing = Figure {
            value: None,
            status: "suppressed".into(),
            reason: Some("below_minimum_count".into()),
            numerator: None,
            denominator: None,
        };
        Shown { figure: nothing, hidden }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(numerator: i64, denominator: i64) -> Figure {
        Figure {
            value: Some(Decimal::ONE),
            status: "value".into(),
            reason: None,
            numerator: Some(numerator.into()),
            denominator: Some(denominator.into()),
        }
    }

    #[test]
    fn small_counts_of_our_own_are_hidden_with_all_their_parts() {
        let policy = Policy::default();
        for (numerator, denominator) in [(1, 100), (4, 100), (98, 100), (2, 3)] {
            let shown = policy.show(Origin::Own, figure(numerator, denominator));
            assert_eq!(shown.figure().status, "suppressed", "{numerator}/{denominator}");
            assert_eq!((shown.figure().value, shown.figure().numerator, shown.figure().denominator), (None, None, None));
            assert!(!shown.shows_lineage());
        }
        for (numerator, denominator) in [(0, 100), (5, 100), (100, 100)] {
            assert!(policy.show(Origin::Own, figure(numerator, denominator)).shows_lineage(), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn published_numbers_are_protected_already() {
        assert_eq!(Policy::default().show(Origin::Official, figure(1, 3)).figure(), &figure(1, 3));
    }
}
