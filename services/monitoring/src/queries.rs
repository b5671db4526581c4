//! One function per question: authorise, read, view.
use crate::{
    Knowledge,
    commands::{ANALYSTS, RELEASERS},
    disclosure::{Figure, Origin},
    store::{Page, alerts, areas, datasets, decimal, observations, values},
};
use bildung_chassis::{Principal, Refusal, Result, Role, Store};
use bildung_proto::rpc::monitoring as view;
use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

/// Who may see data sets on their way to release.
const READERS: &[Role] = &[Role::Analyst, Role::EducationManager, Role::Supervisor, Role::Auditor];

/// A page as a caller asks for it; nothing means the first twenty.
pub(crate) fn page(page: u32, per_page: u32) -> Result<Page, Refusal> {
    let per_page = if per_page == 0 { 20 } else { per_page };
    if per_page > 100 {
        return Err(Refusal::invalid("per_page_too_large", "at most 100 per page").field("?per_page", "1 to 100"));
    }
    let limit = i64::from(per_page);
    Ok(Page { limit, offset: (i64::from(page.max(1)) - 1) * limit })
}

/// One data set.
pub(crate) async fn dataset(store: &Store, principal: &Principal, id: Uuid) -> Result<view::Dataset> {
    principal.require(READERS)?;
    let found = datasets::find(store.pool(), Some(id), Page { limit: 1, offset: 0 }).await?.pop();
    dataset_view(found.ok_or_else(unknown)?, principal)
}

/// All data sets, the latest first.
pub(crate) async fn datasets(store: &Store, principal: &Principal, page: Page) -> Result<view::ListDatasetsResponse> {
    principal.require(READERS)?;
    let total = natural(datasets::count(store.pool()).await?);
    let found = datasets::find(store.pool(), None, page).await?;
    let datasets = found.into_iter().map(|dataset| dataset_view(dataset, principal)).collect::<Result<_>>()?;
    Ok(view::ListDatasetsResponse { total, datasets })
}

fn dataset_view(stored: datasets::Stored, principal: &Principal) -> Result<view::Dataset> {
    let standing = stored.standing()?;
    let me = principal.subject().map(|_| principal.label());
    let may_check = principal.require(ANALYSTS).is_ok() && standing.check().is_ok();
    let may_release = principal.require(RELEASERS).is_ok() && me.is_some_and(|me| standing.release(&me).is_ok());
    let time = |time: SqlTimestamp| time.to_jiff().to_string();
    Ok(view::Dataset {
        id: stored.id.to_string(),
        state: stored.state,
        profile: stored.profile,
        dry_run: stored.dry_run,
        counts: Some(view::Counts {
            read: natural(stored.read),
            inserted: natural(stored.inserted),
            revised: natural(stored.revised),
            unchanged: natural(stored.unchanged),
            quarantined: natural(stored.quarantined),
        }),
        provenance: Some(view::Provenance {
            file_sha256: stored.file_sha256,
            file_name: stored.file_name,
            file_size: natural(stored.file_size),
            table: stored.table_code,
            title: stored.title,
            stand: stored.stand,
            vintage: stored.vintage.map(time),
            licence: stored.licence,
            attribution: stored.attribution,
            footnotes: stored.footnotes,
            encoding: stored.encoding,
            lost_characters: natural(stored.lost_characters),
        }),
        progress: natural(stored.progress),
        failure: stored.failure.map(|reason| view::Failure {
            reason,
            detail: stored.failure_detail.unwrap_or_default(),
            line: natural(stored.failure_line.unwrap_or_default()),
            column: natural(stored.failure_column.unwrap_or_default()),
        }),
        received_at: time(stored.received_at),
        received_by: stored.received_by,
        completed_at: stored.completed_at.map(time),
        checked_at: stored.checked_at.map(time),
        checked_by: stored.checked_by,
        released_at: stored.released_at.map(time),
        released_by: stored.released_by,
        values: natural(stored.values),
        may_check,
        may_release,
    })
}

/// What of a data set could not be read.
pub(crate) async fn quarantine(store: &Store, principal: &Principal, id: Uuid, page: Page) -> Result<view::GetQuarantineResponse> {
    principal.require(READERS)?;
    let found = datasets::find(store.pool(), Some(id), Page { limit: 1, offset: 0 }).await?.pop().ok_or_else(unknown)?;
    let total = natural(datasets::count_quarantined(store.pool(), found.seq).await?);
    let rows = datasets::quarantined(store.pool(), found.seq, page).await?;
    let row = |row: datasets::Quarantined| view::QuarantinedRow {
        row: natural(row.line),
        column: natural(row.col),
        reason: row.reason,
        detail: row.detail,
        raw: row.raw,
    };
    Ok(view::GetQuarantineResponse { total, rows: rows.into_iter().map(row).collect() })
}

/// Observations as known at a point in time.
pub(crate) async fn observations(
    store: &Store,
    principal: &Principal,
    knowledge: &Knowledge,
    asked: view::ListObservationsRequest,
) -> Result<view::ListObservationsResponse> {
    principal.require(&[Role::Analyst])?;
    let page = page(asked.page, asked.per_page)?;
    if asked.table.is_empty() {
        return Err(Refusal::invalid("table_missing", "name a table").field("?table", "code of a table or statistic").into());
    }
    let filter = observations::Filter {
        table: asked.table,
        areas: asked.areas,
        periods: asked.periods,
        vintage: asked.vintage.as_deref().map(vintage).transpose()?,
    };
    let total = natural(observations::count(store.pool(), &filter).await?);
    let found = observations::find(store.pool(), &filter, page).await?;
    let observations = found.into_iter().map(|stored| observation_view(stored, knowledge)).collect::<Result<_>>()?;
    Ok(view::ListObservationsResponse { total, observations })
}

/// A time, or the end of a day.
fn vintage(text: &str) -> Result<Timestamp, Refusal> {
    let day = |date: jiff::civil::Date| date.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse().ok().and_then(day))
        .ok_or_else(|| Refusal::invalid("vintage_invalid", "not a time").field("?vintage", "RFC 3339, or a day such as 2025-03-13"))
}

fn observation_view(stored: observations::Stored, knowledge: &Knowledge) -> Result<view::Observation> {
    let origin = knowledge.definitions.origin(&stored.table_code);
    let number = decimal(stored.value.as_deref())?;
    let figure = Figure { value: number, status: stored.status, reason: None, numerator: number, denominator: None };
    let shown = knowledge.disclosure.show(origin, figure);
    let printed = stored.raw.or(stored.value).unwrap_or_default();
    Ok(view::Observation {
        table: stored.table_code,
        measure: stored.measure,
        measure_label: stored.measure_label,
        unit: stored.unit,
        dimensions: codes(stored.dimensions)?,
        labels: codes(stored.labels)?,
        area: Some(view::Area { code: stored.area, name: stored.area_name }),
        period: Some(view::Period {
            label: stored.period,
            kind: stored.kind,
            first: stored.valid_first.to_jiff().to_string(),
            last: stored.valid_last.to_jiff().to_string(),
        }),
        value: shown.figure().value.map(|value| value.to_string()),
        status: shown.figure().status.clone(),
        raw: if shown.shows_lineage() { printed } else { String::new() },
        quality: stored.quality,
        vintage: stored.vintage.to_jiff().to_string(),
        dataset_id: stored.dataset.to_string(),
        released: stored.released,
        source: shown.shows_lineage().then(|| view::Source {
            file_sha256: stored.file_sha256,
            line: natural(stored.line),
            column: natural(stored.col.into()),
        }),
    })
}

fn codes(json: serde_json::Value) -> Result<HashMap<String, String>> {
    serde_json::from_value(json).map_err(|error| anyhow::Error::from(error).into())
}

/// The indicators with the periods for which the caller may see values.
pub(crate) async fn indicators(store: &Store, principal: &Principal, knowledge: &Knowledge) -> Result<view::ListIndicatorsResponse> {
    let mut indicators = Vec::new();
    for indicator in knowledge.definitions.indicators() {
        indicators.push(view::Indicator {
            id: indicator.id.clone(),
            label: indicator.label.clone().into_iter().collect(),
            description: indicator.description.clone().into_iter().collect(),
            unit: indicator.unit.clone(),
            decimals: indicator.decimals,
            table: indicator.table.clone(),
            periods: values::periods(store.pool(), &indicator.id, &visible(principal)).await?,
            rules: rules(store, knowledge, &indicator.id).await?,
        });
    }
    Ok(view::ListIndicatorsResponse { indicators })
}

async fn rules(store: &Store, knowledge: &Knowledge, indicator: &str) -> Result<Vec<view::ProblemRule>> {
    let mut rules = Vec::new();
    for rule in knowledge.rules.iter().filter(|rule| rule.indicator == indicator) {
        let names = areas::names(store.pool(), &rule.areas).await?;
        let area = |code: &String| view::Area { code: code.clone(), name: names.get(code).cloned().unwrap_or_default() };
        rules.push(view::ProblemRule {
            id: rule.id.clone(),
            areas: rule.areas.iter().map(area).collect(),
            margin: rule.margin.to_string(),
        });
    }
    Ok(rules)
}

/// Values of an indicator: released ones for everybody, those on their way too for staff.
pub(crate) async fn indicator_values(
    store: &Store,
    principal: &Principal,
    knowledge: &Knowledge,
    asked: view::GetIndicatorValuesRequest,
) -> Result<view::GetIndicatorValuesResponse> {
    let page = page(asked.page, asked.per_page)?;
    let indicator = knowledge
        .definitions
        .indicator(&asked.indicator_id)
        .ok_or_else(|| Refusal::not_found("indicator_unknown", "there is no such indicator"))?;
    let dataset = asked.dataset_id.as_deref().map(|id| bildung_chassis::rpc::id(id, "?dataset")).transpose()?;
    let filter =
        values::Filter { indicator: indicator.id.clone(), areas: asked.areas, periods: asked.periods, dataset, states: visible(principal) };
    let mut connection = store.pool().acquire().await?;
    let total = natural(values::count(&mut connection, &filter).await?);
    let found = values::find(&mut connection, &filter, page).await?;
    let origin = knowledge.definitions.origin(&indicator.table);
    let decimals = indicator.decimals as usize;
    let view = |stored: values::Stored| value_view(stored, knowledge, origin, &indicator.unit, decimals);
    Ok(view::GetIndicatorValuesResponse { total, values: found.into_iter().map(view).collect::<Result<_>>()? })
}

fn value_view(stored: values::Stored, knowledge: &Knowledge, origin: Origin, unit: &str, decimals: usize) -> Result<view::IndicatorValue> {
    let figure = Figure {
        value: stored.number()?,
        status: stored.status,
        reason: stored.reason,
        numerator: decimal(stored.numerator.as_deref())?,
        denominator: decimal(stored.denominator.as_deref())?,
    };
    let shown = knowledge.disclosure.show(origin, figure);
    let cell = |file: Option<String>, line: Option<i64>, column: Option<i32>| {
        let (file_sha256, line, column) = (file?, line?, column?);
        Some(view::Source { file_sha256, line: natural(line), column: natural(column.into()) })
    };
    let lineage = [
        cell(stored.numerator_file, stored.numerator_line, stored.numerator_column),
        cell(stored.denominator_file, stored.denominator_line, stored.denominator_column),
    ];
    let text = |number: Option<Decimal>| number.map(|number| number.to_string());
    Ok(view::IndicatorValue {
        indicator_id: stored.indicator,
        area: Some(view::Area { code: stored.area, name: stored.area_name }),
        period: stored.period,
        value: shown.figure().value.map(|value| format!("{value:.decimals$}")),
        unit: unit.to_owned(),
        numerator: text(shown.figure().numerator),
        denominator: text(shown.figure().denominator),
        status: shown.figure().status.clone(),
        reason: shown.figure().reason.clone(),
        lineage: if shown.shows_lineage() { lineage.into_iter().flatten().collect() } else { Vec::new() },
        state: stored.state,
        dataset_id: stored.dataset.to_string(),
    })
}

/// Problem situations: raised ones for everybody, cleared ones too for staff.
pub(crate) async fn alerts(store: &Store, principal: &Principal, asked: view::ListAlertsRequest) -> Result<view::ListAlertsResponse> {
    let page = page(asked.page, asked.per_page)?;
    let seen = if principal.is_staff() { vec!["raised", "cleared"] } else { vec!["raised"] };
    let states: Vec<String> = seen
        .into_iter()
        .filter(|state| asked.states.is_empty() || asked.states.iter().any(|asked| asked == state))
        .map(str::to_owned)
        .collect();
    let total = natural(alerts::count(store.pool(), &states, &asked.areas).await?);
    let found = alerts::find(store.pool(), &states, &asked.areas, page).await?;
    let alert = |stored: alerts::Stored| view::Alert {
        id: stored.id.to_string(),
        rule_id: stored.rule,
        indicator_id: stored.indicator,
        area: Some(view::Area { code: stored.area, name: stored.area_name }),
        period: stored.period,
        value: stored.value,
        unit: stored.unit,
        reference_area: Some(view::Area { code: stored.reference, name: stored.reference_name }),
        reference_value: stored.reference_value,
        margin: stored.margin,
        state: stored.state,
        raised_at: stored.raised_at.to_jiff().to_string(),
        cleared_at: stored.cleared_at.map(|time| time.to_jiff().to_string()),
        cleared_reason: stored.cleared_reason,
    };
    Ok(view::ListAlertsResponse { total, alerts: found.into_iter().map(alert).collect() })
}

/// States of values that the caller may see.
fn visible(principal: &Principal) -> Vec<String> {
    let states: &[&str] = if principal.require(READERS).is_ok() { &["draft", "checked", "released"] } else { &["released"] };
    states.iter().map(|state| (*state).to_owned()).collect()
}

fn unknown() -> Refusal {
    Refusal::not_found("dataset_unknown", "there is no such data set")
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
