//! Measures, their candidates, partners and history.
use super::{Page, stored};
use crate::domain::measure::{Measure, Origin, State, Step, What};
use crate::domain::proposal::Candidate;
use bildung_chassis::Result;
use jiff_sqlx::{Date, Timestamp, ToSqlx};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Which measures; an empty list means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) alerts: Vec<Uuid>,
    pub(crate) indicators: Vec<String>,
    pub(crate) states: Vec<String>,
}

/// A step of a measure's history as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) step: Step,
    pub(crate) at: jiff::Timestamp,
    pub(crate) by: String,
}

struct Row {
    id: Uuid,
    alert_id: Option<Uuid>,
    indicator_id: Option<String>,
    title: String,
    reasoning: String,
    state: String,
    goal: String,
    lead_actor: Option<Uuid>,
    target: Option<String>,
    due_on: Option<Date>,
    reason: String,
    findings: String,
    proposed_at: Timestamp,
    decided_at: Option<Timestamp>,
    revision: i64,
    partners: Vec<Uuid>,
}

impl Row {
    fn measure(self) -> Result<Measure> {
        let alert_id = self.alert_id;
        Ok(Measure {
            id: self.id,
            origin: self.indicator_id.map(|indicator_id| Origin { alert_id, indicator_id }),
            title: self.title,
            reasoning: self.reasoning,
            state: stored(State::parse(&self.state), &self.state)?,
            goal: self.goal,
            lead: self.lead_actor,
            partners: self.partners,
            target: self.target,
            due_on: self.due_on.map(Date::to_jiff),
            reason: self.reason,
            findings: self.findings,
            proposed_at: self.proposed_at.to_jiff(),
            decided_at: self.decided_at.map(Timestamp::to_jiff),
            revision: self.revision,
        })
    }
}

/// Adds a measure; the database holds that an alert has one.
pub(crate) async fn insert(tx: &mut PgConnection, measure: &Measure) -> Result<()> {
    sqlx::query!(
        "insert into measure (id, alert_id, indicator_id, title, reasoning, state, goal, reason, findings, proposed_at, revision)
         values ($1, $2, $3, $4, $5, $6, '', $7, '', $8, $9)",
        measure.id,
        measure.origin.as_ref().and_then(|origin| origin.alert_id),
        measure.origin.as_ref().map(|origin| origin.indicator_id.as_str()),
        measure.title,
        measure.reasoning,
        measure.state.as_str(),
        measure.reason,
        measure.proposed_at.to_sqlx(),
        measure.revision,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores a changed measure.
pub(crate) async fn save(tx: &mut PgConnection, measure: &Measure) -> Result<()> {
    sqlx::query!(
        "update measure set title = $2, reasoning = $3, state = $4, goal = $5, lead_actor = $6, target = $7, due_on = $8, reason = $9,
                            findings = $10, decided_at = $11, revision = $12
         where id = $1",
        measure.id,
        measure.title,
        measure.reasoning,
        measure.state.as_str(),
        measure.goal,
        measure.lead,
        measure.target,
        measure.due_on.map(ToSqlx::to_sqlx),
        measure.reason,
        measure.findings,
        measure.decided_at.map(ToSqlx::to_sqlx),
        measure.revision,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from measure_partner where measure_id = $1 and actor_id <> all($2)", measure.id, &measure.partners)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into measure_partner (measure_id, actor_id) select $1, unnest($2::uuid[]) on conflict do nothing",
        measure.id,
        &measure.partners,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Waits until nobody else changes the measure; it stays as it is until this transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Option<Measure>> {
    sqlx::query_scalar!("select revision from measure where id = $1 for update", id).fetch_optional(&mut *tx).await?;
    find(tx, id).await
}

/// The measure that an alert gave rise to, as [`lock`] gives it.
pub(crate) async fn lock_of_alert(tx: &mut PgConnection, alert: Uuid) -> Result<Option<Measure>> {
    match sqlx::query_scalar!("select id from measure where alert_id = $1 for update", alert).fetch_optional(&mut *tx).await? {
        Some(id) => find(tx, id).await,
        None => Ok(None),
    }
}

/// A measure.
pub(crate) async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Measure>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, alert_id, indicator_id, title, reasoning, state, goal, lead_actor, target, due_on, reason, findings,
                  proposed_at, decided_at, revision,
                  array(select actor_id from measure_partner where measure_id = id order by actor_id) as "partners!"
           from measure where id = $1"#,
        id,
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::measure).transpose()
}

/// A page of the measures that match, newest first.
pub(crate) async fn list(db: impl PgExecutor<'_>, filter: &Filter, page: Page) -> Result<Vec<Measure>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, alert_id, indicator_id, title, reasoning, state, goal, lead_actor, target, due_on, reason, findings,
                  proposed_at, decided_at, revision,
                  array(select actor_id from measure_partner where measure_id = id order by actor_id) as "partners!"
           from measure
           where ($1::uuid[] = '{}' or alert_id = any($1)) and ($2::text[] = '{}' or indicator_id = any($2))
             and ($3::text[] = '{}' or state = any($3))
           order by proposed_at desc, id desc limit $4 offset $5"#,
        &filter.alerts,
        &filter.indicators,
        &filter.states,
        page.limit,
        page.offset,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::measure).collect()
}

/// How many measures match, by state; the filter's own states do not count.
pub(crate) async fn count_by_state(db: impl PgExecutor<'_>, filter: &Filter) -> Result<Vec<(State, i64)>> {
    let rows = sqlx::query!(
        r#"select state, count(*) as "count!" from measure
           where ($1::uuid[] = '{}' or alert_id = any($1)) and ($2::text[] = '{}' or indicator_id = any($2))
           group by state"#,
        &filter.alerts,
        &filter.indicators,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| Ok((stored(State::parse(&row.state), &row.state)?, row.count))).collect()
}

/// Replaces the candidates of a measure, best first.
pub(crate) async fn set_candidates(tx: &mut PgConnection, measure: Uuid, candidates: &[Candidate]) -> Result<()> {
    sqlx::query!("delete from measure_candidate where measure_id = $1", measure).execute(&mut *tx).await?;
    for (position, candidate) in (0_i16..).zip(candidates) {
        sqlx::query!(
            "insert into measure_candidate (measure_id, actor_id, position, reasons) values ($1, $2, $3, $4)",
            measure,
            candidate.actor,
            position,
            &candidate.reasons,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// The candidates of measures, best first.
pub(crate) async fn candidates(db: impl PgExecutor<'_>, measures: &[Uuid]) -> Result<Vec<(Uuid, Candidate)>> {
    let rows = sqlx::query!(
        "select measure_id, actor_id, reasons from measure_candidate where measure_id = any($1) order by measure_id, position",
        measures,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.measure_id, Candidate { actor: row.actor_id, reasons: row.reasons })).collect())
}

/// Adds to the history of a measure that this transaction holds.
pub(crate) async fn append(tx: &mut PgConnection, measure: Uuid, steps: &[Step], at: jiff::Timestamp, by: &str) -> Result<()> {
    for step in steps {
        sqlx::query!(
            "insert into measure_step (measure_id, number, at, what, from_state, to_state, by, note)
             select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 from measure_step where measure_id = $1",
            measure,
            at.to_sqlx(),
            step.what.as_str(),
            step.from.as_str(),
            step.to.as_str(),
            by,
            step.note,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// The history of a measure, oldest first.
pub(crate) async fn history(db: impl PgExecutor<'_>, measure: Uuid) -> Result<Vec<Taken>> {
    let rows =
        sqlx::query!("select at, what, from_state, to_state, by, note from measure_step where measure_id = $1 order by number", measure,)
            .fetch_all(db)
            .await?;
    let taken = rows.into_iter().map(|row| {
        let step = Step {
            what: stored(What::parse(&row.what), &row.what)?,
            from: stored(State::parse(&row.from_state), &row.from_state)?,
            to: stored(State::parse(&row.to_state), &row.to_state)?,
            note: row.note,
        };
        Ok(Taken { step, at: row.at.to_jiff(), by: row.by })
    });
    taken.collect()
}
