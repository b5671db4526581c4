//! Values of indicators.
use super::{Page, decimal};
use crate::domain::indicator::{Operand, Outcome};
use anyhow::Context as _;
use bildung_chassis::Result;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Both parts of a value that a data set touches.
pub(crate) struct Parts {
    pub(crate) area: i32,
    pub(crate) period: i32,
    pub(crate) numerator: Option<Operand>,
    pub(crate) denominator: Option<Operand>,
}

/// A computed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Computed {
    pub(crate) area: i32,
    pub(crate) period: i32,
    pub(crate) outcome: Outcome,
    pub(crate) numerator: Option<i64>,
    pub(crate) denominator: Option<i64>,
}

pub(crate) async fn series(tx: &mut PgConnection, key: &str) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!("select id from series where key = $1", key).fetch_optional(tx).await?)
}

/// For each place and time that the data set says something about: the latest numerator and denominator among what is
/// released and what this data set brings or confirms.
pub(crate) async fn parts(tx: &mut PgConnection, dataset: i64, numerator: i32, denominator: i32) -> Result<Vec<Parts>> {
    let rows = sqlx::query!(
        r#"with usable as (
               select o.* from observation o join dataset d on d.seq = o.dataset
               where o.series in ($2, $3) and (
                   d.state = 'released' or o.dataset = $1
                   or exists (select from confirmation c join dataset cd on cd.seq = c.dataset
                              where c.origin = o.dataset and c.series = o.series and c.period = o.period and o.area = any(c.areas)
                                and (c.dataset = $1 or cd.state = 'released')))
           ), touched as (
               select area, period from observation where series in ($2, $3) and dataset = $1
               union
               select unnest(c.areas), c.period from confirmation c where c.dataset = $1 and c.series in ($2, $3)
           ), latest as (
               select distinct on (series, period, area) * from usable order by series, period, area, vintage desc, dataset desc
           )
           select t.area as "area!", t.period as "period!", n.id as "n_id?", n.value::text as n_value, n.status as "n_status?",
                  d.id as "d_id?", d.value::text as d_value, d.status as "d_status?"
           from touched t
           left join latest n on n.series = $2 and n.area = t.area and n.period = t.period
           left join latest d on d.series = $3 and d.area = t.area and d.period = t.period
           order by t.period, t.area"#,
        dataset,
        numerator,
        denominator,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Parts {
                area: row.area,
                period: row.period,
                numerator: operand(row.n_id, row.n_value.as_deref(), row.n_status.as_deref())?,
                denominator: operand(row.d_id, row.d_value.as_deref(), row.d_status.as_deref())?,
            })
        })
        .collect()
}

fn operand(id: Option<i64>, value: Option<&str>, status: Option<&str>) -> Result<Option<Operand>> {
    let Some((observation, status)) = id.zip(status) else { return Ok(None) };
    Ok(Some(Operand { observation, status: status.parse()?, number: decimal(value)? }))
}

/// The values that a data set holds, in the order of [`parts`].
pub(crate) async fn of_dataset(tx: &mut PgConnection, indicator: &str, dataset: i64) -> Result<Vec<Computed>> {
    let rows = sqlx::query!(
        "select area, period, value::text as value, status, reason, numerator, denominator
         from indicator_value where indicator = $1 and dataset = $2 order by period, area",
        indicator,
        dataset,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let number = decimal(row.value.as_deref())?;
            let outcome = match (row.status.as_str(), number, row.reason) {
                ("value", Some(number), _) => Outcome::Value(number),
                ("limited", Some(number), _) => Outcome::Limited(number),
                (_, _, Some(reason)) => Outcome::NotComputable(reason),
                _ => return Err(anyhow::anyhow!("a stored value is neither a number nor has a reason").into()),
            };
            Ok(Computed { area: row.area, period: row.period, outcome, numerator: row.numerator, denominator: row.denominator })
        })
        .collect()
}

/// Writes the values of a data set anew.
pub(crate) async fn replace(tx: &mut PgConnection, indicator: &str, dataset: i64, state: &str, values: &[Computed]) -> Result<()> {
    sqlx::query!("delete from indicator_value where indicator = $1 and dataset = $2", indicator, dataset).execute(&mut *tx).await?;
    let areas: Vec<i32> = values.iter().map(|value| value.area).collect();
    let periods: Vec<i32> = values.iter().map(|value| value.period).collect();
    let numbers: Vec<Option<String>> = values.iter().map(|value| value.outcome.number().map(|number| number.to_string())).collect();
    let statuses: Vec<String> = values.iter().map(|value| value.outcome.status().to_owned()).collect();
    let reasons: Vec<Option<String>> = values.iter().map(|value| value.outcome.reason().map(str::to_owned)).collect();
    let numerators: Vec<Option<i64>> = values.iter().map(|value| value.numerator).collect();
    let denominators: Vec<Option<i64>> = values.iter().map(|value| value.denominator).collect();
    sqlx::query!(
        "insert into indicator_value (indicator, dataset, state, area, period, value, status, reason, numerator, denominator)
         select $1, $2, $3, area, period, value::numeric, status, reason, numerator, denominator
         from unnest($4::int[], $5::int[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
              as row(area, period, value, status, reason, numerator, denominator)",
        indicator,
        dataset,
        state,
        &areas,
        &periods,
        &numbers as _,
        &statuses,
        &reasons as _,
        &numerators as _,
        &denominators as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Releases the values of a data set in place of those released before; gives the periods concerned.
pub(crate) async fn release(tx: &mut PgConnection, indicator: &str, dataset: i64) -> Result<Vec<i32>> {
    sqlx::query!(
        "update indicator_value old set state = 'superseded'
         from indicator_value new
         where new.indicator = $1 and new.dataset = $2 and new.state = 'checked'
           and old.indicator = $1 and old.area = new.area and old.period = new.period and old.state = 'released'",
        indicator,
        dataset,
    )
    .execute(&mut *tx)
    .await?;
    let periods = sqlx::query_scalar!(
        "update indicator_value set state = 'released' where indicator = $1 and dataset = $2 and state = 'checked' returning period",
        indicator,
        dataset,
    )
    .fetch_all(tx)
    .await?;
    Ok(periods.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect())
}

/// Which values.
pub(crate) struct Filter {
    pub(crate) indicator: String,
    pub(crate) areas: Vec<String>,
    pub(crate) periods: Vec<String>,
    pub(crate) dataset: Option<Uuid>,
    pub(crate) states: Vec<String>,
}

/// A value with everything it refers to.
pub(crate) struct Stored {
    pub(crate) indicator: String,
    pub(crate) area_id: i32,
    pub(crate) area: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    pub(crate) state: String,
    pub(crate) dataset: Uuid,
    pub(crate) value: Option<String>,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) numerator: Option<String>,
    pub(crate) numerator_file: Option<String>,
    pub(crate) numerator_line: Option<i64>,
    pub(crate) numerator_column: Option<i32>,
    pub(crate) denominator: Option<String>,
    pub(crate) denominator_file: Option<String>,
    pub(crate) denominator_line: Option<i64>,
    pub(crate) denominator_column: Option<i32>,
}

/// Values, the latest period first, from large areas to small ones.
pub(crate) async fn find(connection: &mut PgConnection, filter: &Filter, page: Page) -> Result<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"select v.indicator, v.area as area_id, a.code as area, a.name as area_name, p.label as period, v.state, d.id as dataset,
                  v.value::text as value, v.status, v.reason,
                  n.value::text as numerator, nd.file_sha256 as "numerator_file?", n.line as "numerator_line?", n.col as "numerator_column?",
                  m.value::text as denominator, md.file_sha256 as "denominator_file?", m.line as "denominator_line?", m.col as "denominator_column?"
           from indicator_value v
           join area a on a.id = v.area join period p on p.id = v.period join dataset d on d.seq = v.dataset
           left join observation n on n.id = v.numerator left join dataset nd on nd.seq = n.dataset
           left join observation m on m.id = v.denominator left join dataset md on md.seq = m.dataset
           where v.indicator = $1 and v.state = any($2)
             and (cardinality($3::text[]) = 0 or a.code = any($3)) and (cardinality($4::text[]) = 0 or p.label = any($4))
             and ($5::uuid is null or d.id = $5)
           order by p.valid_last desc, a.code <> 'DG', length(a.code), a.code, d.seq desc limit $6 offset $7"#,
        filter.indicator,
        &filter.states,
        &filter.areas,
        &filter.periods,
        filter.dataset,
        page.limit,
        page.offset,
    )
    .fetch_all(connection)
    .await?)
}

pub(crate) async fn count(connection: &mut PgConnection, filter: &Filter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from indicator_value v
           join area a on a.id = v.area join period p on p.id = v.period join dataset d on d.seq = v.dataset
           where v.indicator = $1 and v.state = any($2)
             and (cardinality($3::text[]) = 0 or a.code = any($3)) and (cardinality($4::text[]) = 0 or p.label = any($4))
             and ($5::uuid is null or d.id = $5)"#,
        filter.indicator,
        &filter.states,
        &filter.areas,
        &filter.periods,
        filter.dataset,
    )
    .fetch_one(connection)
    .await?)
}

/// Periods with a value in one of the states, the latest first.
pub(crate) async fn periods(pool: &PgPool, indicator: &str, states: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select p.label from period p where exists (
             select from indicator_value v where v.period = p.id and v.indicator = $1 and v.state = any($2))
         order by p.valid_last desc",
        indicator,
        states,
    )
    .fetch_all(pool)
    .await?)
}

/// The name of a period, and whether none later has a released value for the area.
pub(crate) async fn is_latest(tx: &mut PgConnection, indicator: &str, area: &str, period: i32) -> Result<(String, bool)> {
    let row = sqlx::query!(
        r#"select p.label, not exists (
               select from indicator_value v join area a on a.id = v.area join period later on later.id = v.period
               where v.indicator = $1 and v.state = 'released' and a.code = $2 and later.valid_last > p.valid_last) as "latest!"
           from period p where p.id = $3"#,
        indicator,
        area,
        period,
    )
    .fetch_one(tx)
    .await?;
    Ok((row.label, row.latest))
}

impl Stored {
    /// Its number.
    pub(crate) fn number(&self) -> Result<Option<Decimal>> {
        Ok(decimal(self.value.as_deref()).context("a stored value")?)
    }
}
