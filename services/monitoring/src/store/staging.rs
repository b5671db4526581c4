//! From the cells of a file to observations, in sets. The cells wait in a temporary table of the run's one transaction:
//! they are copied in, compared with what is known, and only what is new is written.
//!
//! The statements on the temporary table cannot be checked against the schema when this is compiled; the tests run them.
use super::datasets::Counts;
use crate::{
    domain::{area, period::Period},
    ingest::{Batch, Rejected, Row, Series},
};
use anyhow::Context as _;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{Executor as _, PgConnection};
use std::{collections::HashMap, fmt::Write as _, hash::Hash};

/// The cells of one file on their way into the store.
#[derive(Default)]
pub(crate) struct Staging {
    series: Vec<i32>,
    areas: Vec<i32>,
    periods: Vec<i32>,
    cells: u64,
    text: String,
}

/// What became of the staged cells.
pub(crate) struct Applied {
    pub(crate) counts: Counts,
    /// Cells that contradict an earlier cell of the same file.
    pub(crate) contradictions: Vec<Rejected>,
}

impl Staging {
    /// Makes the temporary table.
    pub(crate) async fn begin(tx: &mut PgConnection) -> Result<Self> {
        tx.execute(
            "create temporary table staged (
                 series int not null, period int not null, area int not null, value numeric, status text not null,
                 raw text, quality text, line bigint not null, col int not null
             ) on commit drop",
        )
        .await?;
        Ok(Self::default())
    }

    /// How many cells have been staged.
    pub(crate) fn cells(&self) -> u64 {
        self.cells
    }

    /// Copies a batch in.
    pub(crate) async fn add(&mut self, tx: &mut PgConnection, batch: Batch) -> Result<()> {
        self.series.extend(series_ids(tx, &batch.series).await?);
        self.areas.extend(area_ids(tx, &batch.areas).await?);
        self.periods.extend(period_ids(tx, &batch.periods).await?);
        self.text.clear();
        for row in &batch.rows {
            self.write(row).context("a cell of an unknown series, area or period")?;
        }
        let mut copy = tx.copy_in_raw("copy staged (series, period, area, value, status, raw, quality, line, col) from stdin").await?;
        copy.send(self.text.as_bytes()).await?;
        copy.finish().await?;
        self.cells += batch.rows.len() as u64;
        Ok(())
    }

    fn write(&mut self, row: &Row) -> Option<()> {
        let id = |ids: &[i32], number: u32| ids.get(number as usize).copied();
        let text = &mut self.text;
        write!(text, "{}\t{}\t{}\t", id(&self.series, row.series)?, id(&self.periods, row.period)?, id(&self.areas, row.area)?).ok()?;
        match row.number {
            Some(number) => write!(text, "{number}").ok()?,
            None => text.push_str("\\N"),
        }
        write!(text, "\t{}\t", row.status).ok()?;
        escaped(text, row.raw.as_deref());
        text.push('\t');
        escaped(text, row.quality.as_deref());
        writeln!(text, "\t{}\t{}", row.line, row.column).ok()
    }

    /// Compares with what is known of that vintage or before, writes what is new, and confirms what nobody has released yet.
    pub(crate) async fn apply(&self, tx: &mut PgConnection, dataset: i64, vintage: Timestamp) -> Result<Applied> {
        tx.execute("analyze staged").await?;
        // Millions of cells are sorted once: worth some memory, and nothing to compile for.
        tx.execute("set local work_mem = '64MB'").await?;
        tx.execute("set local jit = off").await?;
        let (inserted, revised, unchanged): (i64, i64, i64) = sqlx::query_as(
            "with fresh as (
                 select distinct on (series, period, area) * from staged order by series, period, area, line, col
             ), known as (
                 select distinct on (series, period, area) series, period, area, vintage, dataset, value, status, quality
                 from observation
                 where series = any(array(select distinct series from staged)) and period = any(array(select distinct period from staged))
                   and vintage <= $1
                 order by series, period, area, vintage desc, dataset desc
             ), compared as (
                 select fresh.*, known.dataset as known_from, known.vintage as known_vintage,
                        case when known.dataset is null then 'inserted'
                             when (known.value, known.status, known.quality) is not distinct from (fresh.value, fresh.status, fresh.quality)
                             then 'unchanged' else 'revised' end as effect
                 from fresh left join known using (series, period, area)
             ), written as (
                 insert into observation (series, period, area, vintage, dataset, value, status, raw, quality, line, col)
                 select series, period, area, $1, $2, value, status, raw, quality, line, col from compared where effect <> 'unchanged'
             ), confirmed as (
                 insert into confirmation (dataset, origin, series, period, areas)
                 select $2, c.known_from, c.series, c.period, array_agg(c.area)
                 from compared c join dataset d on d.seq = c.known_from
                 where c.effect = 'unchanged' and d.state <> 'released' group by c.known_from, c.series, c.period
             ), sighted as (
                 insert into sighting (dataset, series, period, areas, lines, cols)
                 select $2, series, period, array_agg(area order by area), array_agg(line order by area), array_agg(col order by area)
                 from compared where effect = 'unchanged' and known_vintage < $1 group by series, period
             )
             select count(*) filter (where effect = 'inserted'), count(*) filter (where effect = 'revised'),
                    count(*) filter (where effect = 'unchanged')
             from compared",
        )
        .bind(vintage.to_sqlx())
        .bind(dataset)
        .fetch_one(&mut *tx)
        .await?;
        bound(tx, dataset, vintage).await?;
        let count = super::datasets::natural;
        let mut counts =
            Counts { read: self.cells, inserted: count(inserted)?, revised: count(revised)?, unchanged: count(unchanged)?, quarantined: 0 };
        let repeated = self.cells.saturating_sub(counts.inserted + counts.revised + counts.unchanged);
        let contradictions = if repeated == 0 { Vec::new() } else { contradictions(tx).await? };
        counts.quarantined = contradictions.len() as u64;
        counts.unchanged += repeated.saturating_sub(counts.quarantined);
        Ok(Applied { counts, contradictions })
    }
}

/// A file of an older vintage may arrive after newer ones. Where one of those repeated the number that this file changes,
/// that number holds again from there on, with the newer file's cell as its origin.
async fn bound(tx: &mut PgConnection, dataset: i64, vintage: Timestamp) -> Result<()> {
    sqlx::query(
        "with again as (
             select distinct on (o.series, o.period, o.area) o.series, o.period, o.area, d.seq, d.vintage, cell.line, cell.col
             from observation o
             join sighting s on s.series = o.series and s.period = o.period
             join dataset d on d.seq = s.dataset and d.vintage > $2
             cross join lateral unnest(s.areas, s.lines, s.cols) as cell(area, line, col)
             where o.dataset = $1 and cell.area = o.area
             order by o.series, o.period, o.area, d.vintage, d.seq
         )
         insert into observation (series, period, area, vintage, dataset, value, status, raw, quality, line, col)
         select a.series, a.period, a.area, a.vintage, a.seq, before.value, before.status, before.raw, before.quality, a.line, a.col
         from again a
         cross join lateral (
             select o.value, o.status, o.raw, o.quality from observation o
             where o.series = a.series and o.period = a.period and o.area = a.area and o.vintage <= $2 and o.dataset <> $1
             order by o.vintage desc, o.dataset desc limit 1
         ) before
         where not exists (
             select from observation o
             where o.series = a.series and o.period = a.period and o.area = a.area and o.vintage > $2 and o.vintage <= a.vintage
         )",
    )
    .bind(dataset)
    .bind(vintage.to_sqlx())
    .execute(tx)
    .await?;
    Ok(())
}

/// Cells for which an earlier cell of the file says something else.
async fn contradictions(tx: &mut PgConnection) -> Result<Vec<Rejected>> {
    let rows: Vec<(i64, i32, String, i64)> = sqlx::query_as(
        "select line, col, coalesce(raw, value::text, ''), first_line from (
             select *, first_value(line) over same as first_line,
                    first_value(value) over same as first_value, first_value(status) over same as first_status,
                    first_value(quality) over same as first_quality
             from staged window same as (partition by series, period, area order by line, col)
         ) repeated
         where (value, status, quality) is distinct from (first_value, first_status, first_quality)
         order by line, col",
    )
    .fetch_all(tx)
    .await?;
    let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(rows
        .into_iter()
        .map(|(line, column, raw, first)| Rejected {
            line: small(line),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            reason: "contradicts_earlier_line",
            detail: format!("line {first} of the file says something else about the same place and time"),
            raw,
        })
        .collect())
}

async fn series_ids(tx: &mut PgConnection, new: &[Series]) -> Result<Vec<i32>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = new.iter().map(Series::key).collect();
    let column = |part: fn(&Series) -> &String| new.iter().map(|series| part(series).clone()).collect::<Vec<String>>();
    let json = |part: fn(&Series) -> serde_json::Value| new.iter().map(part).collect::<Vec<serde_json::Value>>();
    sqlx::query!(
        "insert into series (key, table_code, statistic, measure, measure_label, unit, dimensions, labels)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[])
         on conflict (key) do nothing",
        &keys,
        &column(|series| &series.table),
        &column(|series| &series.statistic),
        &column(|series| &series.measure),
        &column(|series| &series.measure_label),
        &column(|series| &series.unit),
        &json(|series| serde_json::json!(series.dimensions)),
        &json(|series| serde_json::json!(series.labels)),
    )
    .execute(&mut *tx)
    .await?;
    let found = sqlx::query!("select key, id from series where key = any($1)", &keys).fetch_all(tx).await?;
    in_order(&keys, found.into_iter().map(|row| (row.key, row.id)))
}

async fn area_ids(tx: &mut PgConnection, new: &[(String, String)]) -> Result<Vec<i32>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let (codes, names): (Vec<String>, Vec<String>) = new.iter().cloned().unzip();
    let levels: Vec<String> = codes.iter().map(|code| area::level(code).as_str().to_owned()).collect();
    sqlx::query!(
        "insert into area (code, name, level) select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (code) do nothing",
        &codes,
        &names,
        &levels,
    )
    .execute(&mut *tx)
    .await?;
    let found = sqlx::query!("select code, id from area where code = any($1)", &codes).fetch_all(tx).await?;
    in_order(&codes, found.into_iter().map(|row| (row.code, row.id)))
}

async fn period_ids(tx: &mut PgConnection, new: &[Period]) -> Result<Vec<i32>> {
    let mut ids = Vec::with_capacity(new.len());
    for period in new {
        sqlx::query!(
            "insert into period (label, kind, valid_first, valid_last) values ($1, $2, $3, $4) on conflict (label, kind) do nothing",
            period.label,
            period.kind.as_str(),
            period.first.to_sqlx() as _,
            period.last.to_sqlx() as _,
        )
        .execute(&mut *tx)
        .await?;
        let (label, kind) = (&period.label, period.kind.as_str());
        ids.push(sqlx::query_scalar!("select id from period where label = $1 and kind = $2", label, kind).fetch_one(&mut *tx).await?);
    }
    Ok(ids)
}

fn in_order<K: Eq + Hash>(keys: &[K], found: impl Iterator<Item = (K, i32)>) -> Result<Vec<i32>> {
    let found: HashMap<K, i32> = found.collect();
    let ids: Option<Vec<i32>> = keys.iter().map(|key| found.get(key).copied()).collect();
    Ok(ids.context("what was just written is not there")?)
}

/// COPY's text format.
fn escaped(text: &mut String, cell: Option<&str>) {
    let Some(cell) = cell else {
        text.push_str("\\N");
        return;
    };
    for character in cell.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other => text.push(other),
        }
    }
}
