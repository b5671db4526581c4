//! The network's copy of problem situations.
use crate::domain::proposal::Alert;
use bildung_chassis::Result;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// The facts known of an alert, by their order at the publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) raised: Option<i64>,
    pub(crate) cleared: Option<i64>,
    pub(crate) cleared_reason: String,
}

/// What is known of an alert; nobody else learns of it before this transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Heard> {
    sqlx::query!("insert into alert (id) values ($1) on conflict do nothing", id).execute(&mut *tx).await?;
    let row = sqlx::query!("select raised_sequence, cleared_sequence, cleared_reason from alert where id = $1 for update", id)
        .fetch_one(tx)
        .await?;
    Ok(Heard { raised: row.raised_sequence, cleared: row.cleared_sequence, cleared_reason: row.cleared_reason.unwrap_or_default() })
}

/// Stores the figures of an alert.
pub(crate) async fn raise(tx: &mut PgConnection, alert: &Alert, sequence: i64) -> Result<()> {
    sqlx::query!(
        "update alert set rule_id = $2, indicator_id = $3, area_code = $4, area_name = $5, period = $6, value = $7, unit = $8,
                          reference_area_code = $9, reference_area_name = $10, reference_value = $11, margin = $12,
                          raised_at = $13, raised_sequence = $14
         where id = $1",
        alert.id,
        alert.rule_id,
        alert.indicator_id,
        alert.area_code,
        alert.area_name,
        alert.period,
        alert.value,
        alert.unit,
        alert.reference_area_code,
        alert.reference_area_name,
        alert.reference_value,
        alert.margin,
        alert.raised_at.to_sqlx(),
        sequence,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores that an alert ceased.
pub(crate) async fn clear(tx: &mut PgConnection, id: Uuid, at: jiff::Timestamp, reason: &str, sequence: i64) -> Result<()> {
    sqlx::query!(
        "update alert set cleared_at = $2, cleared_reason = $3, cleared_sequence = $4 where id = $1",
        id,
        at.to_sqlx(),
        reason,
        sequence,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The alerts that were raised among these, as last heard of; one that was raised after it ceased holds.
pub(crate) async fn find(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Alert>> {
    let rows = sqlx::query!(
        r#"select id, rule_id as "rule_id!", indicator_id as "indicator_id!", area_code as "area_code!", area_name as "area_name!",
                  period as "period!", value as "value!", unit as "unit!", reference_area_code as "reference_area_code!",
                  reference_area_name as "reference_area_name!", reference_value as "reference_value!", margin as "margin!",
                  raised_at as "raised_at!", cleared_at, cleared_reason, (cleared_sequence > raised_sequence) as ceased
           from alert where id = any($1) and raised_sequence is not null"#,
        ids,
    )
    .fetch_all(db)
    .await?;
    let alerts = rows.into_iter().map(|row| {
        let ceased = row.ceased == Some(true);
        Alert {
            id: row.id,
            rule_id: row.rule_id,
            indicator_id: row.indicator_id,
            area_code: row.area_code,
            area_name: row.area_name,
            period: row.period,
            value: row.value,
            unit: row.unit,
            reference_area_code: row.reference_area_code,
            reference_area_name: row.reference_area_name,
            reference_value: row.reference_value,
            margin: row.margin,
            raised_at: row.raised_at.to_jiff(),
            cleared_at: row.cleared_at.filter(|_| ceased).map(Timestamp::to_jiff),
            cleared_reason: row.cleared_reason.filter(|_| ceased).unwrap_or_default(),
        }
    });
    Ok(alerts.collect())
}
