//! Problem situations.
use super::Page;
use bildung_chassis::Result;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// An alert to be raised.
pub(crate) struct Raised<'a> {
    pub(crate) id: Uuid,
    pub(crate) rule: &'a str,
    pub(crate) indicator: &'a str,
    pub(crate) area: i32,
    pub(crate) period: i32,
    pub(crate) reference_area: i32,
    pub(crate) value: Decimal,
    pub(crate) reference: Decimal,
    pub(crate) margin: Decimal,
    pub(crate) unit: &'a str,
    pub(crate) at: Timestamp,
}

/// The open alert of a rule for an area and a period.
pub(crate) async fn open(tx: &mut PgConnection, rule: &str, area: &str, period: i32) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select l.id from alert l join area a on a.id = l.area
         where l.rule = $1 and a.code = $2 and l.period = $3 and l.state = 'raised' for update of l",
        rule,
        area,
        period,
    )
    .fetch_optional(tx)
    .await?)
}

pub(crate) async fn raise(tx: &mut PgConnection, alert: &Raised<'_>) -> Result<()> {
    sqlx::query!(
        "insert into alert (id, rule, indicator, area, period, reference_area, state, value, reference_value, margin, unit, raised_at)
         values ($1, $2, $3, $4, $5, $6, 'raised', $7::text::numeric, $8::text::numeric, $9::text::numeric, $10, $11)",
        alert.id,
        alert.rule,
        alert.indicator,
        alert.area,
        alert.period,
        alert.reference_area,
        alert.value.to_string(),
        alert.reference.to_string(),
        alert.margin.to_string(),
        alert.unit,
        alert.at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear(tx: &mut PgConnection, id: Uuid, at: Timestamp, reason: &str) -> Result<()> {
    sqlx::query!("update alert set state = 'cleared', cleared_at = $2, cleared_reason = $3 where id = $1", id, at.to_sqlx() as _, reason)
        .execute(tx)
        .await?;
    Ok(())
}

/// An alert with everything it refers to.
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) rule: String,
    pub(crate) indicator: String,
    pub(crate) area: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    pub(crate) reference: String,
    pub(crate) reference_name: String,
    pub(crate) state: String,
    pub(crate) value: String,
    pub(crate) reference_value: String,
    pub(crate) margin: String,
    pub(crate) unit: String,
    pub(crate) raised_at: SqlTimestamp,
    pub(crate) cleared_at: Option<SqlTimestamp>,
    pub(crate) cleared_reason: Option<String>,
}

/// Alerts, the latest first.
pub(crate) async fn find(pool: &PgPool, states: &[String], areas: &[String], page: Page) -> Result<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"select l.id, l.rule, l.indicator, a.code as area, a.name as area_name, p.label as period, r.code as reference,
                  r.name as reference_name, l.state, l.value::text as "value!", l.reference_value::text as "reference_value!",
                  l.margin::text as "margin!", l.unit, l.raised_at, l.cleared_at, l.cleared_reason
           from alert l join area a on a.id = l.area join area r on r.id = l.reference_area join period p on p.id = l.period
           where l.state = any($1) and (cardinality($2::text[]) = 0 or a.code = any($2))
           order by l.raised_at desc, l.id desc limit $3 offset $4"#,
        states,
        areas,
        page.limit,
        page.offset,
    )
    .fetch_all(pool)
    .await?)
}

pub(crate) async fn count(pool: &PgPool, states: &[String], areas: &[String]) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from alert l join area a on a.id = l.area
           where l.state = any($1) and (cardinality($2::text[]) = 0 or a.code = any($2))"#,
        states,
        areas,
    )
    .fetch_one(pool)
    .await?)
}
