//! From observations to values of indicators, and from released values to problem situations.
mod problems;

pub(crate) use problems::judge;

use crate::{
    definitions::Definitions,
    domain::indicator::Indicator,
    store::values::{self, Computed},
};
use bildung_chassis::{Result, Work};

/// The values of an indicator that a data set brings or changes, computed from what is released and from what this data
/// set says.
pub(crate) async fn compute(work: &mut Work, definitions: &Definitions, indicator: &Indicator, dataset: i64) -> Result<Vec<Computed>> {
    let Some([numerator, denominator]) = definitions.parts(indicator) else { return Ok(Vec::new()) };
    let (Some(numerator), Some(denominator)) =
        (values::series(work.tx(), &numerator).await?, values::series(work.tx(), &denominator).await?)
    else {
        return Ok(Vec::new());
    };
    let parts = values::parts(work.tx(), dataset, numerator, denominator).await?;
    let computed = |parts: values::Parts| Computed {
        area: parts.area,
        period: parts.period,
        outcome: indicator.compute(parts.numerator.as_ref(), parts.denominator.as_ref()),
        numerator: parts.numerator.map(|operand| operand.observation),
        denominator: parts.denominator.map(|operand| operand.observation),
    };
    Ok(parts.into_iter().map(computed).collect())
}

/// Computes and writes the values of every indicator for a data set.
pub(crate) async fn write(work: &mut Work, definitions: &Definitions, dataset: i64, state: &str) -> Result<()> {
    for indicator in definitions.indicators() {
        let computed = compute(work, definitions, indicator, dataset).await?;
        values::replace(work.tx(), &indicator.id, dataset, state, &computed).await?;
    }
    Ok(())
}
