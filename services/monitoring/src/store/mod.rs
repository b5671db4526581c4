//! All SQL.
pub(crate) mod alerts;
pub(crate) mod areas;
pub(crate) mod datasets;
pub(crate) mod observations;
pub(crate) mod staging;
pub(crate) mod values;

use rust_decimal::Decimal;

/// Numbers cross the border to the database as text: exact, and without a second decimal type in the driver.
pub(crate) fn decimal(text: Option<&str>) -> anyhow::Result<Option<Decimal>> {
    Ok(text.map(Decimal::from_str_exact).transpose()?.map(|number| number.normalize()))
}

/// A page of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// How many.
    pub(crate) limit: i64,
    /// After how many.
    pub(crate) offset: i64,
}
