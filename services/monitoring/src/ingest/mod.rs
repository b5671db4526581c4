//! From an uploaded file to observations: recognise the layout, read it cell by cell, stage, compare with what is
//! known, keep what is new. The adapters are plain synchronous parsers; [`run`] puts them to work.
mod collector;
mod delimited;
mod encoding;
mod genesis_flat;
mod genesis_table;
pub(crate) mod run;

pub(crate) use collector::{Batch, Collector, Provenance, Rejected, Row, Series};

use crate::definitions::Definitions;
use bildung_chassis::{Kind, Refusal};
use std::io::Read;

/// The layouts that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The "Tabelle" CSV: title, stacked headers, body, footnotes, Stand.
    GenesisTable,
    /// The flat CSV of 2024 and later: one value per line.
    GenesisFlat,
}

/// Layouts that are planned but not read yet; naming one is not a mistake of the caller.
const PLANNED: [&str; 6] = ["genesis-flat-old", "destatis-xlsx", "sdmx-csv", "json-stat", "px", "geojson"];

impl Profile {
    /// The name in the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Profile::GenesisTable => "genesis-table",
            Profile::GenesisFlat => "genesis-flat",
        }
    }

    /// The profile of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Profile::GenesisTable, Profile::GenesisFlat].into_iter().find(|profile| profile.as_str() == name)
    }

    /// The profile a caller asks for, `auto` being decided by the beginning of the file.
    pub(crate) fn choose(asked: &str, head: &[u8]) -> Result<Self, Refusal> {
        if let Some(profile) = Self::named(asked) {
            return Ok(profile);
        }
        match asked {
            "" | "auto" => Self::recognise(head).ok_or_else(|| {
                Refusal::invalid("profile_not_recognised", "the layout of the file was not recognised; name a profile")
                    .field("?profile", "genesis-table or genesis-flat")
            }),
            planned if PLANNED.contains(&planned) => {
                Err(Refusal::new(Kind::UnsupportedFormat, "profile_not_supported", format!("the profile {planned} is not supported yet"))
                    .field("?profile", "genesis-table or genesis-flat"))
            }
            _ => Err(Refusal::new(Kind::UnsupportedFormat, "profile_unknown", "there is no such profile")
                .field("?profile", "auto, genesis-table or genesis-flat")),
        }
    }

    /// Recognises a layout by its first line.
    fn recognise(head: &[u8]) -> Option<Self> {
        let first = String::from_utf8_lossy(encoding::without_mark(head));
        let first = first.trim_start().lines().next()?.to_owned();
        if genesis_table::begins(&first) {
            Some(Profile::GenesisTable)
        } else if genesis_flat::begins(&first) {
            Some(Profile::GenesisFlat)
        } else {
            None
        }
    }
}

/// Why a file as a whole cannot be read. Nothing of it is kept.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Stable code.
    pub(crate) code: &'static str,
    /// What is wrong, in words.
    pub(crate) detail: String,
    /// Line and column.
    pub(crate) place: Option<(u32, u32)>,
    /// Our own storage failed, not the file: the run may be tried again.
    pub(crate) storage: bool,
}

impl Failure {
    fn at(line: u32, column: u32, code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), place: Some((line, column)), storage: false }
    }
    fn of_file(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), place: None, storage: false }
    }
    fn stopped() -> Self {
        Self { code: "storage", detail: "nobody takes the cells any more".into(), place: None, storage: true }
    }
    #[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
    fn storage(error: std::io::Error) -> Self {
        Self { code: "storage", detail: error.to_string(), place: None, storage: true }
    }
}

/// Reads a whole file: `open` gives it twice, once to decide the encoding and once to read it.
pub(crate) fn read<R: Read>(
    profile: Profile,
    definitions: &Definitions,
    open: impl Fn() -> R,
    collector: &mut Collector<'_>,
) -> Result<(), Failure> {
    let look = encoding::look(open())?;
    collector.provenance.encoding = look.encoding.as_str();
    collector.provenance.lost_characters = look.lost_characters;
    let records = delimited::Records::new(open(), look.encoding, b';');
    match profile {
        Profile::GenesisTable => genesis_table::read(records, definitions, collector),
        Profile::GenesisFlat => genesis_flat::read(records, definitions, collector),
    }
}

#[cfg(test)]
mod tests;
