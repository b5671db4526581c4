//! Observations as known at a point in time.
use super::Page;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::{Date as SqlDate, Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgPool;
use uuid::Uuid;

/// Which observations.
pub(crate) struct Filter {
    pub(crate) table: String,
    pub(crate) areas: Vec<String>,
    pub(crate) periods: Vec<String>,
    pub(crate) vintage: Option<Timestamp>,
}

/// An observation with everything it refers to.
pub(crate) struct Stored {
    pub(crate) table_code: String,
    pub(crate) measure: String,
    pub(crate) measure_label: String,
    pub(crate) unit: String,
    pub(crate) dimensions: serde_json::Value,
    pub(crate) labels: serde_json::Value,
    pub(crate) area: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    pub(crate) kind: String,
    pub(crate) valid_first: SqlDate,
    pub(crate) valid_last: SqlDate,
    pub(crate) value: Option<String>,
    pub(crate) status: String,
    pub(crate) raw: Option<String>,
    pub(crate) quality: Option<String>,
    pub(crate) vintage: SqlTimestamp,
    pub(crate) dataset: Uuid,
    pub(crate) released: bool,
    pub(crate) file_sha256: String,
    pub(crate) line: i64,
    pub(crate) col: i32,
}

/// The latest statement about each place and time, made at `vintage` or before.
pub(crate) async fn find(pool: &PgPool, filter: &Filter, page: Page) -> Result<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"select s.table_code, s.measure, s.measure_label, s.unit, s.dimensions, s.labels, a.code as area, a.name as area_name,
                  p.label as period, p.kind, p.valid_first, p.valid_last, o.value::text as value, o.status, o.raw, o.quality, o.vintage,
                  d.id as dataset, d.state = 'released' as "released!", d.file_sha256, o.line, o.col
           from (
               select distinct on (o.series, o.period, o.area) o.*
               from observation o
               where o.series in (select id from series where table_code = $1 or statistic = $1)
                 and (cardinality($2::text[]) = 0 or o.area in (select id from area where code = any($2)))
                 and (cardinality($3::text[]) = 0 or o.period in (select id from period where label = any($3)))
                 and ($4::timestamptz is null or o.vintage <= $4)
               order by o.series, o.period, o.area, o.vintage desc, o.dataset desc
           ) o
           join series s on s.id = o.series join area a on a.id = o.area join period p on p.id = o.period join dataset d on d.seq = o.dataset
           order by p.valid_last desc, a.code, s.key limit $5 offset $6"#,
        filter.table,
        &filter.areas,
        &filter.periods,
        filter.vintage.map(ToSqlx::to_sqlx) as _,
        page.limit,
        page.offset,
    )
    .fetch_all(pool)
    .await?)
}

pub(crate) async fn count(pool: &PgPool, filter: &Filter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(distinct (o.series, o.period, o.area)) as "count!"
           from observation o
           where o.series in (select id from series where table_code = $1 or statistic = $1)
             and (cardinality($2::text[]) = 0 or o.area in (select id from area where code = any($2)))
             and (cardinality($3::text[]) = 0 or o.period in (select id from period where label = any($3)))
             and ($4::timestamptz is null or o.vintage <= $4)"#,
        filter.table,
        &filter.areas,
        &filter.periods,
        filter.vintage.map(ToSqlx::to_sqlx) as _,
    )
    .fetch_one(pool)
    .await?)
}
