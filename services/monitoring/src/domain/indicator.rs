//! Indicators: a numerator over a denominator times a factor, and what becomes of it when one of them is no number.
use super::value::Status;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An indicator as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Its stable id, such as `leavers-without-certificate`.
    pub id: String,
    /// Its name by language.
    pub label: BTreeMap<String, String>,
    /// How it is computed, in words, by language.
    pub description: BTreeMap<String, String>,
    /// The table both parts come from.
    pub table: String,
    /// The measure within the table.
    pub measure: String,
    /// Dimension values of the numerator.
    pub numerator: BTreeMap<String, String>,
    /// Dimension values of the denominator.
    pub denominator: BTreeMap<String, String>,
    /// What the ratio is multiplied with: 100 for per cent.
    pub factor: Decimal,
    /// Unit of the result, such as `percent`.
    pub unit: String,
    /// Decimals that are kept; a half is rounded away from zero.
    pub decimals: u32,
}

/// One of the two parts as it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The observation, by its number in the store.
    pub observation: i64,
    /// What its cell says.
    pub status: Status,
    /// Its number, if it has one.
    pub number: Option<Decimal>,
}

/// What an indicator's value says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A number.
    Value(Decimal),
    /// A number of limited informative value, because a part of it is.
    Limited(Decimal),
    /// No number, and the reason why, such as `numerator_concealed`.
    NotComputable(String),
}

impl Outcome {
    /// The stable code.
    pub fn status(&self) -> &'static str {
        match self {
            Outcome::Value(_) => "value",
            Outcome::Limited(_) => "limited",
            Outcome::NotComputable(_) => "not_computable",
        }
    }

    /// The number, if there is one.
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Outcome::Value(number) | Outcome::Limited(number) => Some(*number),
            Outcome::NotComputable(_) => None,
        }
    }

    /// Why there is none.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::NotComputable(reason) => Some(reason),
            _ => None,
        }
    }
}

impl Indicator {
    /// The value from its two parts.
    pub fn compute(&self, numerator: Option<&Operand>, denominator: Option<&Operand>) -> Outcome {
        let part = |name: &str, operand: Option<&Operand>| match operand {
            None => Err(format!("{name}_missing")),
            Some(Operand { number: Some(number), .. }) => Ok(*number),
            Some(Operand { status, .. }) => Err(format!("{name}_{status}")),
        };
        let ratio = || {
            let (above, below) = (part("numerator", numerator)?, part("denominator", denominator)?);
            if below.is_zero() {
                return Err("denominator_zero".to_owned());
            }
            above
                .checked_mul(self.factor)
                .and_then(|product| product.checked_div(below))
                .map(|value| value.round_dp_with_strategy(self.decimals, RoundingStrategy::MidpointAwayFromZero))
                .ok_or_else(|| "out_of_range".to_owned())
        };
        let limited = |operand: Option<&Operand>| operand.is_some_and(|operand| operand.status == Status::Limited);
        match ratio() {
            Err(reason) => Outcome::NotComputable(reason),
            Ok(value) if limited(numerator) || limited(denominator) => Outcome::Limited(value),
            Ok(value) => Outcome::Value(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share() -> Indicator {
        Indicator {
            id: "share".into(),
            label: BTreeMap::new(),
            description: BTreeMap::new(),
            table: String::new(),
            measure: String::new(),
            numerator: BTreeMap::new(),
            denominator: BTreeMap::new(),
            factor: Decimal::ONE_HUNDRED,
            unit: "percent".into(),
            decimals: 2,
        }
    }

    fn number(number: i64) -> Operand {
        Operand { observation: 1, status: Status::Value, number: Some(number.into()) }
    }

    fn of(numerator: i64, denominator: i64) -> Outcome {
        share().compute(Some(&number(numerator)), Some(&number(denominator)))
    }

    #[test]
    fn published_shares_of_2023() {
        for (numerator, denominator, percent) in [(107, 1158, 924), (3318, 38686, 858), (55_708, 782_423, 712)] {
            assert_eq!(of(numerator, denominator), Outcome::Value(Decimal::new(percent, 2)));
        }
    }

    #[test]
    fn a_half_is_rounded_away_from_zero() {
        assert_eq!(of(1, 800), Outcome::Value(Decimal::new(13, 2)), "0.125");
        assert_eq!(of(-1, 800), Outcome::Value(Decimal::new(-13, 2)));
    }

    #[test]
    fn a_sign_is_propagated_with_its_reason() {
        let sign = |status| Operand { observation: 1, status, number: None };
        let reason = |outcome: Outcome| outcome.reason().map(str::to_owned);
        let computed = |above: Option<&Operand>, below: Option<&Operand>| reason(share().compute(above, below));
        assert_eq!(computed(Some(&sign(Status::Concealed)), Some(&number(5))).as_deref(), Some("numerator_concealed"));
        assert_eq!(computed(Some(&number(5)), Some(&sign(Status::Nothing))).as_deref(), Some("denominator_nothing"));
        assert_eq!(computed(None, Some(&number(5))).as_deref(), Some("numerator_missing"));
        assert_eq!(computed(Some(&number(5)), Some(&number(0))).as_deref(), Some("denominator_zero"));
        let limited = Operand { status: Status::Limited, ..number(1) };
        assert_eq!(share().compute(Some(&limited), Some(&number(2))), Outcome::Limited(Decimal::new(50, 0)));
    }

    proptest! {
        #[test]
        fn never_panics(above in any::<i64>(), below in any::<i64>()) {
            let outcome = of(above, below);
            prop_assert_eq!(outcome.number().is_none(), below == 0);
        }
    }
}
