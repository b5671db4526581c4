//! Problem situations: when a released value says that somebody should act.
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A problem rule: an area stands worse than its Land by at least a margin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemRule {
    /// Its stable id.
    pub id: String,
    /// The indicator it watches; a higher value is worse.
    pub indicator: String,
    /// The areas it watches.
    pub areas: Vec<String>,
    /// By how much, in the indicator's unit, a value has to exceed that of the Land.
    pub margin: Decimal,
}

/// What a rule makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A problem situation, by this much.
    Raise(Decimal),
    /// Above the Land, but by less than the margin: an open alert stays open, none is raised. Without this band a small
    /// revision would open and close an alert again and again.
    Keep,
    /// No problem situation, because the value is at or below that of the Land.
    Clear,
    /// Nothing can be said, because one of the two is no number.
    Unknown,
}

impl ProblemRule {
    /// Compares the shown, rounded values: what is raised can be checked by hand.
    pub fn judge(&self, value: Option<Decimal>, land: Option<Decimal>) -> Verdict {
        let (Some(value), Some(land)) = (value, land) else { return Verdict::Unknown };
        match value - land {
            margin if margin <= Decimal::ZERO => Verdict::Clear,
            margin if margin >= self.margin => Verdict::Raise(margin),
            _ => Verdict::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_decides() {
        let rule = ProblemRule { id: "r".into(), indicator: "i".into(), areas: vec![], margin: Decimal::new(5, 1) };
        let judge = |value, land| rule.judge(Some(Decimal::new(value, 2)), Some(Decimal::new(land, 2)));
        assert_eq!(judge(924, 858), Verdict::Raise(Decimal::new(66, 2)));
        assert_eq!(judge(908, 858), Verdict::Raise(Decimal::new(50, 2)));
        assert_eq!(judge(907, 858), Verdict::Keep);
        assert_eq!(judge(858, 858), Verdict::Clear, "at the Land");
        assert_eq!(judge(700, 858), Verdict::Clear);
        assert_eq!(rule.judge(None, Some(Decimal::ONE)), Verdict::Unknown);
        assert_eq!(rule.judge(Some(Decimal::ONE), None), Verdict::Unknown);
    }
}
