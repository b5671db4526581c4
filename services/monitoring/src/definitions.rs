//! What the service knows about tables and indicators: data, not code (`definitions.toml`).
use crate::{
    disclosure::Origin,
    domain::{indicator::Indicator, period, series},
};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Tables and indicators as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definitions {
    #[serde(rename = "table", default)]
    tables: Vec<Table>,
    #[serde(rename = "flat", default)]
    flats: Vec<Flat>,
    #[serde(rename = "indicator", default)]
    indicators: Vec<Indicator>,
}

/// A table whose layout is declared, so that its labels become codes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Its code.
    pub(crate) code: String,
    /// Other codes under which the same numbers are published.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// The statistic it belongs to.
    pub(crate) statistic: String,
    /// Who published it.
    #[serde(default)]
    pub(crate) origin: Origin,
    /// What a bare year means in it.
    pub(crate) period: period::Kind,
    /// Code of its measure.
    pub(crate) measure: String,
    /// Name of its measure.
    pub(crate) measure_label: String,
    /// Unit of its measure.
    pub(crate) unit: String,
    /// The dimensions that its last header rows stand for.
    pub(crate) header: Vec<Dimension>,
}

/// A dimension and the labels of its values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dimension {
    /// Its code.
    pub(crate) code: String,
    /// Code of a value by label; the empty code is the total.
    pub(crate) labels: BTreeMap<String, String>,
}

/// A table recognised by what a flat file holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    table: String,
    statistic: String,
    measure: String,
    dimensions: Vec<String>,
}

impl Definitions {
    /// The definitions that come with the service.
    pub(crate) fn embedded() -> anyhow::Result<Self> {
        Self::parse(include_str!("../definitions.toml"))
    }

    /// Reads definitions and checks that each indicator stands on a declared table.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let definitions: Self = toml::from_str(text).context("the definitions of tables and indicators")?;
        for indicator in &definitions.indicators {
            let table = definitions
                .table(&indicator.table)
                .with_context(|| format!("indicator {}: table {} is not declared", indicator.id, indicator.table))?;
            for part in [&indicator.numerator, &indicator.denominator] {
                let declared = table
                    .header
                    .iter()
                    .all(|dimension| part.get(&dimension.code).is_some_and(|value| dimension.labels.values().any(|code| code == value)));
                ensure!(
                    declared && part.len() == table.header.len(),
                    "indicator {}: each dimension of table {} needs one of its values",
                    indicator.id,
                    table.code
                );
            }
        }
        Ok(definitions)
    }

    /// The declared table of that code.
    pub(crate) fn table(&self, code: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.code == code || table.also.iter().any(|also| also == code))
    }

    /// The table that a series of a flat file belongs to, else the statistic itself.
    pub(crate) fn table_of_flat<'a>(&'a self, statistic: &'a str, measure: &str, dimensions: &BTreeMap<String, String>) -> &'a str {
        self.flats
            .iter()
            .find(|flat| flat.statistic == statistic && flat.measure == measure && dimensions.keys().eq(&flat.dimensions))
            .map_or(statistic, |flat| &flat.table)
    }

    /// The identities of the two series that an indicator is computed from.
    pub(crate) fn parts(&self, indicator: &Indicator) -> Option<[String; 2]> {
        let table = self.table(&indicator.table)?;
        let key = |part| series::key(&table.code, &indicator.measure, &table.unit, part);
        Some([key(&indicator.numerator), key(&indicator.denominator)])
    }

    /// Where the numbers of a table come from.
    pub(crate) fn origin(&self, table: &str) -> Origin {
        self.table(table).map_or(Origin::Official, |table| table.origin)
    }

    /// Every indicator.
    pub(crate) fn indicators(&self) -> &[Indicator] {
        &self.indicators
    }

    /// The indicator of that id.
    pub(crate) fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_definitions_hold_together() {
        let definitions = Definitions::embedded().expect("the embedded definitions are well-formed");
        assert!(definitions.indicator("leavers-without-certificate").is_some());
        assert_eq!(definitions.table("21111-02-06-4-B").map(|table| table.code.as_str()), Some("21111-02-06-4"));
    }

    #[test]
    fn an_indicator_needs_declared_values() {
        let wrong = include_str!("../definitions.toml").replace("BILABS = \"BILABS11\"", "BILABS = \"BILABS99\"");
        assert!(Definitions::parse(&wrong).is_err());
    }
}
