//! Where the adapters put what they read: series, areas and periods are numbered as they appear, cells go on in batches
//! of bounded size, what cannot be read is counted and a bounded part of it kept for quarantine.
use super::Failure;
use crate::domain::{
    period::{self, Period},
    value::{Reading, Status},
};
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};

/// More distinct series than any table has: such a file is broken.
const MOST_SERIES: usize = 100_000;
/// Cells in one batch.
const BATCH: usize = 8_192;

/// What an observation measures, apart from where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// The table.
    pub(crate) table: String,
    /// The statistic.
    pub(crate) statistic: String,
    /// Code of the measure.
    pub(crate) measure: String,
    /// Name of the measure.
    pub(crate) measure_label: String,
    /// Unit.
    pub(crate) unit: String,
    /// Code of the value of each dimension; the empty code is the total.
    pub(crate) dimensions: BTreeMap<String, String>,
    /// The labels as this file prints them.
    pub(crate) labels: BTreeMap<String, String>,
}

impl Series {
    /// The identity of the series, made of codes only.
    pub(crate) fn key(&self) -> String {
        crate::domain::series::key(&self.table, &self.measure, &self.unit, &self.dimensions)
    }
}

/// What a file says about itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provenance {
    pub(crate) table: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) stand: Option<String>,
    pub(crate) vintage: Option<DateTime>,
    pub(crate) licence: Option<String>,
    pub(crate) attribution: Option<String>,
    pub(crate) footnotes: Option<String>,
    pub(crate) encoding: &'static str,
    pub(crate) lost_characters: u64,
}

/// A cell; series, area and period by their number in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) series: u32,
    pub(crate) area: u32,
    pub(crate) period: u32,
    pub(crate) number: Option<Decimal>,
    pub(crate) status: Status,
    /// As printed, unless it is just the number.
    pub(crate) raw: Option<Box<str>>,
    pub(crate) quality: Option<Box<str>>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What cannot be read, for quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
    pub(crate) raw: String,
}

/// Cells together with the series, areas and periods that appear in them for the first time.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) series: Vec<Series>,
    pub(crate) areas: Vec<(String, String)>,
    pub(crate) periods: Vec<Period>,
    pub(crate) rows: Vec<Row>,
}

/// Collects what an adapter reads.
pub(crate) struct Collector<'a> {
    pub(crate) provenance: Provenance,
    pub(crate) read: u64,
    pub(crate) quarantined: u64,
    pub(crate) rejected: Vec<Rejected>,
    keep_rejected: usize,
    series: HashMap<String, u32>,
    areas: HashMap<Box<str>, u32>,
    periods: HashMap<Box<str>, Option<u32>>,
    counts: [u32; 3],
    batch: Batch,
    send: Box<dyn FnMut(Batch) -> Result<(), Failure> + 'a>,
}

impl<'a> Collector<'a> {
    /// Collects, keeps at most `keep_rejected` rejections, and hands batches on.
    pub(crate) fn new(keep_rejected: usize, send: impl FnMut(Batch) -> Result<(), Failure> + 'a) -> Self {
        Self {
            provenance: Provenance::default(),
            read: 0,
            quarantined: 0,
            rejected: Vec::new(),
            keep_rejected,
            series: HashMap::new(),
            areas: HashMap::new(),
            periods: HashMap::new(),
            counts: [0; 3],
            batch: Batch::default(),
            send: Box::new(send),
        }
    }

    /// The number of a series, by a key that the adapter is free to choose.
    pub(crate) fn series(&mut self, key: &str, make: impl FnOnce() -> Series) -> Result<u32, Failure> {
        if let Some(number) = self.series.get(key) {
            return Ok(*number);
        }
        if self.series.len() >= MOST_SERIES {
            return Err(Failure::of_file("too_many_series", format!("more than {MOST_SERIES} different series")));
        }
        let number = next(&mut self.counts[0]);
        self.series.insert(key.to_owned(), number);
        self.batch.series.push(make());
        Ok(number)
    }

    /// The number of an area, by its canonical key.
    pub(crate) fn area(&mut self, code: &str, name: &str) -> u32 {
        if let Some(number) = self.areas.get(code) {
            return *number;
        }
        let number = next(&mut self.counts[1]);
        self.areas.insert(code.into(), number);
        self.batch.areas.push((code.to_owned(), name.trim().to_owned()));
        number
    }

    /// The number of a period; none when the text is no period.
    pub(crate) fn period(&mut self, text: &str, year_means: period::Kind) -> Option<u32> {
        if let Some(number) = self.periods.get(text) {
            return *number;
        }
        let number = Period::read(text, year_means).map(|period| {
            self.batch.periods.push(period);
            next(&mut self.counts[2])
        });
        self.periods.insert(text.into(), number);
        number
    }

    /// A cell that could be read.
    #[expect(clippy::too_many_arguments, reason = "one cell, spelt out")]
    pub(crate) fn cell(
        &mut self,
        series: u32,
        area: u32,
        period: u32,
        reading: Reading<'_>,
        quality: &str,
        line: u32,
        column: u32,
    ) -> Result<(), Failure> {
        let printed_plainly = reading.status == Status::Value && !reading.raw.contains(',');
        self.read += 1;
        self.batch.rows.push(Row {
            series,
            area,
            period,
            number: reading.number,
            status: reading.status,
            raw: (!printed_plainly).then(|| reading.raw.into()),
            quality: (!quality.is_empty()).then(|| quality.into()),
            line,
            column,
        });
        if self.batch.rows.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// A cell or row that could not be read.
    pub(crate) fn reject(&mut self, line: u32, column: u32, reason: &'static str, detail: impl Into<String>, raw: &str) {
        const LONGEST: usize = 500;
        self.read += 1;
        self.quarantined += 1;
        if self.rejected.len() < self.keep_rejected {
            self.rejected.push(Rejected { line, column, reason, detail: detail.into(), raw: raw.chars().take(LONGEST).collect() });
        }
    }

    /// Hands on what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        (self.send)(std::mem::take(&mut self.batch))
    }
}

fn next(count: &mut u32) -> u32 {
    let number = *count;
    *count += 1;
    number
}
