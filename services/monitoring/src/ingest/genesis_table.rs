//! The "Tabelle" CSV, made for people: a title, stacked headers, a body without names for its first columns, footnotes,
//! licence and `Stand`.
//!
//! The header rows are those whose first cell is empty; as many leading cells are empty in them as the body has key
//! columns: time, area key, area name, and sometimes one more dimension. Everything after the body is one cell wide.
//! For a declared table each label becomes a code, and an unknown label fails the file: a renamed column must not
//! silently become another series.
use super::{
    Collector, Failure, Series,
    delimited::{Record, Records},
};
use crate::{
    definitions::{Definitions, Table},
    domain::{
        area, period,
        value::{DecimalMark, read as read_value},
    },
};
use jiff::civil::DateTime;
use std::{collections::BTreeMap, io::Read};

const UNITS: [&str; 12] = ["Anzahl", "Prozent", "%", "EUR", "Tsd. EUR", "Mill. EUR", "1000", "ha", "qm", "Jahre", "je 1000", "Promille"];
/// Time, area key, area name.
const KEY_COLUMNS: usize = 3;

/// Whether a file that begins with this line has the layout.
pub(crate) fn begins(first_line: &str) -> bool {
    table_code(first_line).is_some()
}

fn table_code(first_line: &str) -> Option<&str> {
    let rest = first_line.strip_prefix("GENESIS-Tabelle:").or_else(|| first_line.strip_prefix("Tabelle:"))?;
    let code = rest.split(';').next()?.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!code.is_empty() && code.bytes().all(plain)).then_some(code)
}

/// What stands above the body.
struct Head {
    code: String,
    title: Vec<String>,
    levels: Vec<Vec<String>>,
    /// The line of each level, to tell where a label is unknown.
    lines: Vec<u32>,
    units: Option<Vec<String>>,
    keys: usize,
    width: usize,
}

/// A column of the body.
struct Column {
    measure: String,
    measure_label: String,
    unit: String,
    dimensions: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
}

/// Reads the file into the collector.
pub(crate) fn read<R: Read>(mut records: Records<R>, definitions: &Definitions, collector: &mut Collector<'_>) -> Result<(), Failure> {
    let mut head = Head { code: String::new(), title: vec![], levels: vec![], lines: vec![], units: None, keys: 0, width: 0 };
    match records.next()? {
        Some(first) => {
            let code = table_code(first.field(0))
                .ok_or_else(|| Failure::at(first.line, 1, "header_unknown", "the first line does not name a table (Tabelle: ...)"))?;
            code.clone_into(&mut head.code);
        }
        None => return Err(Failure::of_file("empty", "the file has no content")),
    }
    let mut body: Option<Body<'_>> = None;
    let mut footer: Vec<String> = Vec::new();
    while let Some(record) = records.next()? {
        match &mut body {
            None if head.takes(&record) => {}
            None => {
                let mut begun = Body::begin(&head, definitions, record.line)?;
                begun.row(&record, collector)?;
                body = Some(begun);
            }
            Some(_) if record.len() == 1 || !footer.is_empty() => footer.push(record.field(0).trim().to_owned()),
            Some(body) => body.row(&record, collector)?,
        }
    }
    let Some(body) = body else {
        return Err(Failure::of_file("no_rows", "the table has no rows"));
    };
    let provenance = &mut collector.provenance;
    provenance.table = Some(body.declared.map_or(head.code.clone(), |table| table.code.clone()));
    provenance.title = Some(head.title.join(" "));
    foot(footer, provenance);
    collector.finish()
}

impl Head {
    /// Takes a line above the body; false when the body begins.
    fn takes(&mut self, record: &Record<'_>) -> bool {
        let first = record.field(0).trim();
        let rest_empty = record.fields().skip(1).all(|field| field.trim().is_empty());
        if self.levels.is_empty() && !first.is_empty() && (record.len() == 1 || rest_empty) {
            self.title.push(first.to_owned());
            return true;
        }
        if !first.is_empty() {
            return false;
        }
        let cells: Vec<String> = record.fields().map(|field| field.trim().to_owned()).collect();
        let leading = cells.iter().take_while(|cell| cell.is_empty()).count();
        let filled: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
        if !filled.is_empty() && filled.iter().all(|cell| UNITS.contains(&cell.as_str())) {
            self.units = Some(cells);
        } else {
            self.keys = if self.levels.is_empty() { leading } else { self.keys.min(leading) };
            self.width = self.width.max(cells.len());
            self.levels.push(cells);
            self.lines.push(record.line);
        }
        true
    }
}

struct Body<'d> {
    code: String,
    declared: Option<&'d Table>,
    statistic: String,
    year_means: period::Kind,
    keys: usize,
    width: usize,
    columns: Vec<Column>,
    /// Series by column, for the present values of the further key columns.
    numbers: BTreeMap<String, Vec<u32>>,
}

impl<'d> Body<'d> {
    fn begin(head: &Head, definitions: &'d Definitions, line: u32) -> Result<Self, Failure> {
        if head.levels.is_empty() || head.keys < KEY_COLUMNS || head.keys >= head.width {
            return Err(Failure::at(line, 1, "header_unknown", "no header rows with three empty cells above the body"));
        }
        let declared = definitions.table(&head.code);
        let code = declared.map_or(&head.code, |table| &table.code).clone();
        let columns = (head.keys..head.width)
            .map(|index| match declared {
                Some(table) => head.declared_column(table, index),
                None => Ok(head.undeclared_column(index)),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            statistic: match declared {
                Some(table) => table.statistic.clone(),
                None => code.split('-').next().unwrap_or(&code).to_owned(),
            },
            code,
            declared,
            year_means: declared.map_or(period::Kind::Year, |table| table.period),
            keys: head.keys,
            width: head.width,
            columns,
            numbers: BTreeMap::new(),
        })
    }

    fn row(&mut self, record: &Record<'_>, collector: &mut Collector<'_>) -> Result<(), Failure> {
        let whole = || record.fields().collect::<Vec<_>>().join(";");
        if record.len() != self.width {
            let detail = format!("{} cells where {} are expected", record.len(), self.width);
            collector.reject(record.line, 1, "row_width", detail, &whole());
            return Ok(());
        }
        let Some(period) = collector.period(record.field(0), self.year_means) else {
            collector.reject(record.line, 1, "period_unreadable", "not a year, a day or a span of months", record.field(0));
            return Ok(());
        };
        let Some(code) = area::canonical(record.field(1)) else {
            collector.reject(record.line, 2, "area_unknown", "not an official area key", record.field(1));
            return Ok(());
        };
        let numbers = self.numbers(record, collector)?;
        let area = collector.area(code, record.field(2));
        for (index, series) in numbers.into_iter().enumerate() {
            let at = self.keys + index;
            let column = u32::try_from(at + 1).unwrap_or(u32::MAX);
            match read_value(record.field(at), DecimalMark::Comma) {
                Ok(reading) => collector.cell(series, area, period, reading, "", record.line, column)?,
                Err(error) => collector.reject(record.line, column, "value_unreadable", error.to_string(), record.field(at)),
            }
        }
        Ok(())
    }

    /// The series of each column; further key columns (such as the kind of school) are a dimension by label.
    fn numbers(&mut self, record: &Record<'_>, collector: &mut Collector<'_>) -> Result<Vec<u32>, Failure> {
        let further: Vec<String> = (KEY_COLUMNS..self.keys).map(|at| record.field(at).trim().to_owned()).collect();
        let key = further.join("\u{1f}");
        if let Some(numbers) = self.numbers.get(&key) {
            return Ok(numbers.clone());
        }
        let mut numbers = Vec::with_capacity(self.columns.len());
        for (index, column) in self.columns.iter().enumerate() {
            let series = || {
                let mut dimensions = column.dimensions.clone();
                let mut labels = column.labels.clone();
                for (at, label) in further.iter().enumerate() {
                    let dimension = format!("KEY{}", at + KEY_COLUMNS + 1);
                    let value = if label == "Insgesamt" { String::new() } else { label.clone() };
                    dimensions.insert(dimension.clone(), value);
                    labels.insert(dimension, label.clone());
                }
                Series {
                    table: self.code.clone(),
                    statistic: self.statistic.clone(),
                    measure: column.measure.clone(),
                    measure_label: column.measure_label.clone(),
                    unit: column.unit.clone(),
                    dimensions,
                    labels,
                }
            };
            numbers.push(collector.series(&format!("{index}\u{1f}{key}"), series)?);
        }
        self.numbers.insert(key, numbers.clone());
        Ok(numbers)
    }
}

impl Head {
    fn path(&self, index: usize) -> impl Iterator<Item = &str> {
        self.levels.iter().map(move |cells| cells.get(index).map_or("", String::as_str))
    }

    fn declared_column(&self, table: &Table, index: usize) -> Result<Column, Failure> {
        let place = |level: usize| (self.lines.get(level).copied().unwrap_or(1), u32::try_from(index + 1).unwrap_or(u32::MAX));
        let Some(above) = self.levels.len().checked_sub(table.header.len()) else {
            let (line, column) = place(0);
            let detail = format!("table {} has {} header rows or more", table.code, table.header.len());
            return Err(Failure::at(line, column, "header_unknown", detail));
        };
        let mut column = Column {
            measure: table.measure.clone(),
            measure_label: table.measure_label.clone(),
            unit: table.unit.clone(),
            dimensions: BTreeMap::new(),
            labels: BTreeMap::new(),
        };
        for (level, (label, dimension)) in self.path(index).skip(above).zip(&table.header).enumerate() {
            let Some(code) = dimension.labels.get(label) else {
                let (line, column) = place(above + level);
                let detail = format!("{label:?} is not a known value of {} in table {}", dimension.code, table.code);
                return Err(Failure::at(line, column, "column_unknown", detail));
            };
            column.dimensions.insert(dimension.code.clone(), code.clone());
            column.labels.insert(dimension.code.clone(), label.to_owned());
        }
        Ok(column)
    }

    fn undeclared_column(&self, index: usize) -> Column {
        let labels: Vec<&str> = self.path(index).filter(|label| !label.is_empty()).collect();
        let (measure, rest) = labels.split_first().map_or(("value", &[][..]), |(first, rest)| (*first, rest));
        let unit = self.units.as_ref().and_then(|units| units.get(index)).cloned().unwrap_or_default();
        let named = |(level, label): (usize, &&str)| (format!("HEADER{}", level + 2), (*label).to_owned());
        let dimensions: BTreeMap<String, String> = rest.iter().enumerate().map(named).collect();
        Column { measure: measure.to_owned(), measure_label: measure.to_owned(), unit, labels: dimensions.clone(), dimensions }
    }
}

/// Footnotes, licence and Stand.
fn foot(footer: Vec<String>, provenance: &mut super::Provenance) {
    let mut notes = Vec::new();
    for cell in footer {
        if let Some(stand) = cell.strip_prefix("Stand:") {
            let stand = stand.trim();
            provenance.vintage = vintage(stand);
            provenance.stand = Some(stand.to_owned());
        } else if cell.starts_with('©') {
            let flowing = cell.split_whitespace().collect::<Vec<_>>().join(" ");
            if flowing.contains("Datenlizenz Deutschland") && flowing.contains("Version 2.0") {
                let zero = flowing.contains("Zero");
                provenance.licence = Some(if zero { "dl-de/zero-2-0" } else { "dl-de/by-2-0" }.to_owned());
            }
            provenance.attribution = Some(flowing);
        } else if !cell.chars().all(|character| character == '_' || character.is_whitespace()) {
            notes.push(cell);
        }
    }
    provenance.footnotes = (!notes.is_empty()).then(|| notes.join("\n\n"));
}

/// `13.03.2025 / 16:40:08`
fn vintage(stand: &str) -> Option<DateTime> {
    let (day, time) = stand.split_once('/').map_or((stand, "00:00:00"), |(day, time)| (day.trim(), time.trim()));
    let mut parts = day.trim().split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let read = |text: &str| text.parse::<i8>().ok();
    let date = jiff::civil::Date::new(year.parse().ok()?, read(month)?, read(day)?).ok()?;
    time.parse::<jiff::civil::Time>().ok().map(|time| date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn the_stand_is_the_vintage() {
        assert_eq!(vintage("13.03.2025 / 16:40:08"), Some(datetime(2025, 3, 13, 16, 40, 8, 0)));
        assert_eq!(vintage("13.03.2025"), Some(datetime(2025, 3, 13, 0, 0, 0, 0)));
        assert_eq!(vintage("März 2025"), None);
    }

    #[test]
    fn the_first_line_names_the_table() {
        assert_eq!(table_code("GENESIS-Tabelle: 21111-02-06-4"), Some("21111-02-06-4"));
        assert_eq!(table_code("Tabelle: 13211-02-05-4;;;"), Some("13211-02-05-4"));
        assert_eq!(table_code("Tabelle: <script>"), None);
    }
}
