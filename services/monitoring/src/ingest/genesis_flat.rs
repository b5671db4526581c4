//! The flat CSV that GENESIS databases deliver since 2024: UTF-8 with mark, one value per line, 9 + 4k columns, decimal
//! comma, headers in English whatever the language, lines in no order.
//!
//! One of the variables is the area, under a different name on each level; the others become dimensions. The total is
//! an empty code in one statistic and `INSGESAMT` in another: both are the empty code here.
use super::{
    Collector, Failure, Series,
    delimited::{Record, Records},
};
use crate::{
    definitions::Definitions,
    domain::{
        area, period,
        value::{DecimalMark, read as read_value},
    },
};
use std::{collections::BTreeMap, io::Read};

/// Variables that are areas.
const GEOGRAPHY: [&str; 10] = ["DINSG", "DG", "DLAND", "REGBEZ", "KREISE", "GEMEIN", "GEODL1", "GEOBL1", "GEORB1", "GEOKR1"];
const FIXED: [&str; 5] = ["statistics_code", "statistics_label", "time_code", "time_label", "time"];
const VALUE: [&str; 4] = ["value", "value_unit", "value_variable_code", "value_variable_label"];

/// Whether a file that begins with this line has the layout. The old English layout begins alike, but has no `value`.
pub(crate) fn begins(first_line: &str) -> bool {
    first_line.starts_with("statistics_code;") && first_line.split(';').any(|name| name.trim() == "value")
}

struct Layout {
    variables: usize,
    value: usize,
    quality: Option<usize>,
    width: usize,
}

impl Layout {
    fn of(header: &Record<'_>) -> Result<Self, Failure> {
        let names: Vec<&str> = header.fields().map(str::trim).collect();
        let value = names.iter().position(|name| *name == "value");
        let described = value.filter(|value| {
            *value >= FIXED.len()
                && names.starts_with(&FIXED)
                && (*value - FIXED.len()).is_multiple_of(4)
                && names[*value..].starts_with(&VALUE)
                && (names.len() == *value + VALUE.len()
                    || (names.len() == *value + VALUE.len() + 1 && names[*value + VALUE.len()] == "value_q"))
        });
        let value = described.ok_or_else(|| {
            Failure::at(header.line, 1, "header_unknown", "this is not the header of a flat file with one value per line")
        })?;
        let quality = (names.len() > value + VALUE.len()).then_some(value + VALUE.len());
        Ok(Self { variables: (value - FIXED.len()) / 4, value, quality, width: names.len() })
    }
}

fn column(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Reads the file into the collector.
pub(crate) fn read<R: Read>(mut records: Records<R>, definitions: &Definitions, collector: &mut Collector<'_>) -> Result<(), Failure> {
    let layout = match records.next()? {
        Some(header) => Layout::of(&header)?,
        None => return Err(Failure::of_file("empty", "the file has no content")),
    };
    let mut key = String::new();
    while let Some(record) = records.next()? {
        if let Err((index, reason, detail)) = line(&record, &layout, definitions, collector, &mut key)? {
            let raw = if reason == "row_width" { record.fields().collect::<Vec<_>>().join(";") } else { record.field(index).to_owned() };
            collector.reject(record.line, column(index), reason, detail, &raw);
        }
    }
    if collector.read == 0 {
        return Err(Failure::of_file("no_rows", "the file has a header, but no lines"));
    }
    collector.finish()
}

type Bad = (usize, &'static str, String);

fn line(
    record: &Record<'_>,
    layout: &Layout,
    definitions: &Definitions,
    collector: &mut Collector<'_>,
    key: &mut String,
) -> Result<Result<(), Bad>, Failure> {
    if record.len() != layout.width {
        return Ok(Err((0, "row_width", format!("{} fields where {} are expected", record.len(), layout.width))));
    }
    let mut place = None;
    key.clear();
    for index in [0, layout.value + 1, layout.value + 2] {
        key.push_str(record.field(index));
        key.push('\u{1f}');
    }
    for variable in 0..layout.variables {
        let at = FIXED.len() + 4 * variable;
        if place.is_none() && GEOGRAPHY.contains(&record.field(at)) {
            place = Some(at + 2);
        } else {
            key.push_str(record.field(at));
            key.push('=');
            key.push_str(record.field(at + 2));
            key.push('\u{1f}');
        }
    }
    let (code, name) = match place {
        None => (area::GERMANY, "Deutschland"),
        Some(at) => match area::canonical(record.field(at)) {
            Some(code) => (code, record.field(at + 1)),
            None if record.field(at).trim().is_empty() => (area::GERMANY, "Deutschland"),
            None => return Ok(Err((at, "area_unknown", "not an official area key".into()))),
        },
    };
    let Some(period) = collector.period(record.field(4), period::Kind::Year) else {
        return Ok(Err((4, "period_unreadable", "not a year, a day or a span of months".into())));
    };
    if record.field(0).trim().is_empty() || record.field(layout.value + 2).trim().is_empty() {
        return Ok(Err((0, "code_missing", "a line without the code of its statistic or measure".into())));
    }
    let reading = match read_value(record.field(layout.value), DecimalMark::Comma) {
        Ok(reading) => reading,
        Err(error) => return Ok(Err((layout.value, "value_unreadable", error.to_string()))),
    };
    if collector.provenance.title.is_none() {
        collector.provenance.title = Some(record.field(1).trim().to_owned());
    }
    let series = collector.series(key, || series(record, layout, definitions))?;
    if collector.provenance.table.is_none() {
        collector.provenance.table = Some(series_table(record, layout, definitions));
    }
    let area = collector.area(code, name);
    let quality = layout.quality.map_or("", |at| record.field(at).trim());
    collector.cell(series, area, period, reading, quality, record.line, column(layout.value))?;
    Ok(Ok(()))
}

fn series_table(record: &Record<'_>, layout: &Layout, definitions: &Definitions) -> String {
    series(record, layout, definitions).table
}

fn series(record: &Record<'_>, layout: &Layout, definitions: &Definitions) -> Series {
    let mut dimensions = BTreeMap::new();
    let mut labels = BTreeMap::new();
    let mut placed = false;
    for variable in 0..layout.variables {
        let at = FIXED.len() + 4 * variable;
        let code = record.field(at).trim();
        if !placed && GEOGRAPHY.contains(&code) {
            placed = true;
            continue;
        }
        let value = record.field(at + 2).trim();
        dimensions.insert(code.to_owned(), if value == "INSGESAMT" { String::new() } else { value.to_owned() });
        labels.insert(code.to_owned(), record.field(at + 3).trim().to_owned());
    }
    let (statistic, measure) = (record.field(0).trim(), record.field(layout.value + 2).trim());
    Series {
        table: definitions.table_of_flat(statistic, measure, &dimensions).to_owned(),
        statistic: statistic.to_owned(),
        measure: measure.to_owned(),
        measure_label: record.field(layout.value + 3).trim().to_owned(),
        unit: record.field(layout.value + 1).trim().to_owned(),
        dimensions,
        labels,
    }
}
