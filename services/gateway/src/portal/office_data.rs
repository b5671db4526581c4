//! Office: load data, check and release values.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        chart::{self, Bar},
        form::{FormErrors, Submitted},
        page::{self, Page},
        pager::Pager,
        upload::SubmittedFile,
    },
    problem::Problem,
    rest::{
        datasets::{self, Dataset, Quarantined, Reading},
        indicators::{self, Indicator, Value, Which},
        list::{List, Paging},
        query::Query,
    },
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use bildung_chassis::Role;
use serde::Deserialize;
use std::time::Duration;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/office/data", get(list).post(upload).layer(DefaultBodyLimit::disable()))
        .route("/office/data/{id}", get(dataset))
        .route("/office/data/{id}/check", post(check))
        .route("/office/data/{id}/release", post(release))
}

/// How long an upload waits for small files to be read, so that most people never see a page that waits.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Template)]
#[template(path = "data/list.html")]
struct ListPage {
    page: Page,
    errors: FormErrors,
    may_upload: bool,
    dry_run: bool,
    datasets: Vec<Row>,
    pager: Pager,
}

/// A data set in the list.
struct Row {
    id: String,
    title: String,
    table: String,
    state: Badge,
    received: Moment,
    changes: String,
}

#[derive(Template)]
#[template(path = "data/dataset.html")]
struct DatasetPage {
    page: Page,
    dataset: Dataset,
    title: String,
    state: Badge,
    done: Option<&'static str>,
    refused: Option<String>,
    steps: Vec<Step>,
    received: Moment,
    vintage: Option<Moment>,
    quarantined: Vec<BadCell>,
    quarantine_total: u64,
    indicators: Vec<Comparison>,
    checked_by_me: bool,
    is_analyst: bool,
}

/// A state as shape and word.
struct Badge {
    class: &'static str,
    text: &'static str,
}

/// A point in time for people and machines.
struct Moment {
    machine: String,
    text: String,
}

struct Step {
    title: &'static str,
    note: String,
    done: bool,
    current: bool,
}

struct BadCell {
    row: u64,
    column: u64,
    reason: String,
    raw: String,
}

/// The values of an indicator that a data set brings, beside Land and Germany.
struct Comparison {
    number: usize,
    label: String,
    description: String,
    period: String,
    svg: String,
    focus: Vec<ValueRow>,
    rule: Option<String>,
    others: Vec<ValueRow>,
    total: u64,
    shown: usize,
    all: String,
}

struct ValueRow {
    area: String,
    period: String,
    value: String,
    numerator: String,
    denominator: String,
    difference: String,
    lineage: String,
    state: Badge,
    subject: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shown {
    done: String,
}

#[derive(Debug, Deserialize)]
struct Nothing {}

async fn list(State(app): State<App>, caller: Caller, paging: Paging, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    caller.require_staff()?;
    list_page(&app, &caller, paging, raw.as_deref(), FormErrors::default(), true).await
}

async fn list_page(
    app: &App,
    caller: &Caller,
    paging: Paging,
    raw: Option<&str>,
    errors: FormErrors,
    dry_run: bool,
) -> Result<Response, Problem> {
    let found = datasets::find(app, caller, paging).await?;
    let pager = Pager::new(&found, "/office/data", raw);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = if errors.is_empty() { "Daten" } else { "Fehler: Daten" };
    let template = ListPage {
        page: Page::new(app, caller, title),
        errors,
        may_upload: caller.has_any(&[Role::Analyst]),
        dry_run,
        datasets: found.items.into_iter().map(row).collect(),
        pager,
    };
    page::html_with(status, &template)
}

fn row(dataset: Dataset) -> Row {
    let counts = dataset.counts;
    let changes = match dataset.state.as_str() {
        "failed" | "received" | "running" => String::new(),
        _ if counts.inserted + counts.revised == 0 => "nichts Neues".to_owned(),
        _ => format!("{} neu, {} geändert", thousands(&counts.inserted.to_string()), thousands(&counts.revised.to_string())),
    };
    Row {
        title: title(&dataset),
        table: dataset.provenance.table.clone().unwrap_or_default(),
        state: badge(&dataset.state, dataset.dry_run),
        received: moment(&dataset.received_at),
        changes,
        id: dataset.id,
    }
}

async fn upload(State(app): State<App>, caller: Caller, form: SubmittedFile) -> Result<Response, Problem> {
    caller.require_staff()?;
    let dry_run = form.field("dry_run") != "false";
    let mut errors = FormErrors::default();
    if form.file_name.is_empty() {
        errors.add("file", "Wählen Sie eine Datei.");
    } else {
        let reading = Reading { profile: form.field("profile").to_owned(), dry_run, name: Some(form.file_name) };
        match datasets::start(&app, &caller, reading, form.file).await {
            Ok(id) => {
                wait(&app, &caller, &id).await;
                return Ok(Redirect::to(&format!("/office/data/{id}")).into_response());
            }
            Err(problem) if matches!(problem.status, 413 | 415 | 422) => errors.add("file", upload_words(&problem)),
            Err(problem) => return Err(problem),
        }
    }
    list_page(&app, &caller, Paging { page: 1, per_page: 20 }, None, errors, dry_run).await
}

async fn wait(app: &App, caller: &Caller, id: &str) {
    let read = async {
        while let Ok(dataset) = datasets::one(app, caller, id.to_owned()).await
            && matches!(dataset.state.as_str(), "received" | "running")
        {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.ok();
}

async fn dataset(State(app): State<App>, caller: Caller, Path(id): Path<String>, shown: Query<Shown>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let done = match shown.0.done.as_str() {
        "checked" => Some("Die Daten sind geprüft. Jetzt gibt eine zweite Person sie frei."),
        "released" => Some("Die Daten und die Werte daraus sind freigegeben und öffentlich zu sehen."),
        _ => None,
    };
    dataset_page(&app, &caller, id, done, None).await
}

async fn check(State(app): State<App>, caller: Caller, Path(id): Path<String>, _form: Submitted<Nothing>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let checked = datasets::checked(&app, &caller, id.clone()).await;
    decided(&app, &caller, id, checked, "checked").await
}

async fn release(State(app): State<App>, caller: Caller, Path(id): Path<String>, _form: Submitted<Nothing>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let released = datasets::released(&app, &caller, id.clone()).await;
    decided(&app, &caller, id, released, "released").await
}

async fn decided(app: &App, caller: &Caller, id: String, outcome: Result<Dataset, Problem>, done: &str) -> Result<Response, Problem> {
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("/office/data/{id}?done={done}")).into_response()),
        Err(problem) if problem.code.starts_with("dataset_") && problem.status != 404 => {
            dataset_page(app, caller, id, None, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn dataset_page(
    app: &App,
    caller: &Caller,
    id: String,
    done: Option<&'static str>,
    refused: Option<&Problem>,
) -> Result<Response, Problem> {
    let dataset = datasets::one(app, caller, id.clone()).await?;
    let quarantine = if dataset.counts.quarantined > 0 {
        datasets::quarantined(app, caller, id.clone(), Paging { page: 1, per_page: 100 }).await?
    } else {
        List::new(Paging { page: 1, per_page: 100 }, 0, Vec::new())
    };
    let mut comparisons = Vec::new();
    if dataset.values > 0 {
        for (number, indicator) in indicators::all(app, caller).await?.into_iter().enumerate() {
            comparisons.extend(compare(app, caller, &dataset, number + 1, indicator).await?);
        }
    }
    let me = caller.principal().label();
    let template = DatasetPage {
        page: Page::new(app, caller, if refused.is_some() { format!("Fehler: {}", title(&dataset)) } else { title(&dataset) }),
        title: title(&dataset),
        state: badge(&dataset.state, dataset.dry_run),
        done,
        refused: refused.map(refusal_words),
        steps: steps(&dataset, &me),
        received: moment(&dataset.received_at),
        vintage: dataset.provenance.vintage.as_deref().map(moment),
        quarantined: quarantine.items.into_iter().map(bad_cell).collect(),
        quarantine_total: dataset.counts.quarantined,
        indicators: comparisons,
        checked_by_me: dataset.checked_by.as_ref() == Some(&me),
        is_analyst: caller.has_any(&[Role::Analyst]),
        dataset,
    };
    page::html_with(refused.map_or(StatusCode::OK, Problem::status), &template)
}

/// The watched areas, their Land and Germany side by side; the other values of the data set below.
async fn compare(
    app: &App,
    caller: &Caller,
    dataset: &Dataset,
    number: usize,
    indicator: Indicator,
) -> Result<Option<Comparison>, Problem> {
    let find = |area: Vec<String>, period: Vec<String>, dataset: Option<String>, per_page| {
        let which = Which { area, period, dataset };
        indicators::find(app, caller, indicator.id.clone(), which, Paging { page: 1, per_page })
    };
    let others = find(Vec::new(), Vec::new(), Some(dataset.id.clone()), 50).await?;
    let Some(period) = others.items.first().map(|value| value.period.clone()) else { return Ok(None) };
    let watched: Vec<String> = indicator.rules.iter().flat_map(|rule| rule.areas.clone()).collect();
    let mut wanted = watched.clone();
    wanted.extend(watched.iter().filter_map(|code| code.get(..2)).map(str::to_owned));
    wanted.push("DG".to_owned());
    wanted.dedup();
    let candidates = find(wanted.clone(), vec![period.clone()], None, 100).await?.items;
    // The data set's own value where it brings one, else the released one.
    let pick = |code: &String| {
        let of = |own: bool| {
            candidates
                .iter()
                .find(move |value| &value.area == code && (if own { value.dataset_id == dataset.id } else { value.state == "released" }))
        };
        of(true).or_else(|| of(false))
    };
    let focus: Vec<&Value> = wanted.iter().filter_map(pick).collect();
    let land = |value: &Value| {
        let code = value.area.get(..2).filter(|code| *code != value.area && value.area != "DG")?;
        focus.iter().find(|other| other.area == code).copied()
    };
    let rows: Vec<ValueRow> =
        focus.iter().map(|value| value_row(value, land(value), &indicator, dataset, watched.contains(&value.area))).collect();
    let bars: Vec<Bar> = focus
        .iter()
        .filter_map(|value| {
            Some(Bar {
                label: value.area_name.clone(),
                value: value.value.as_ref()?.as_f64()?,
                text: shown(value, &indicator),
                subject: watched.contains(&value.area),
            })
        })
        .collect();
    let rule = indicator.rules.first().and_then(|rule| rule.margin.as_ref()).map(|margin| {
        format!("Problemlage: mindestens {} {} über dem Wert des Landes.", german(&margin.to_string()), points(&indicator.unit))
    });
    Ok(Some(Comparison {
        number,
        svg: if bars.is_empty() { String::new() } else { chart::bars(&bars, &format!("chart-{number}")) },
        label: indicator.label.clone(),
        description: indicator.description.clone(),
        period,
        focus: rows,
        rule,
        total: others.total,
        shown: others.items.len(),
        others: others.items.iter().map(|value| value_row(value, None, &indicator, dataset, false)).collect(),
        all: format!("/api/v1/indicators/{}/values?dataset={}", indicator.id, dataset.id),
    }))
}

fn value_row(value: &Value, land: Option<&Value>, indicator: &Indicator, dataset: &Dataset, subject: bool) -> ValueRow {
    let number =
        |number: Option<&serde_json::Number>| number.map_or_else(|| "–".to_owned(), |number| thousands(&german(&number.to_string())));
    let difference = land.and_then(|land| Some(value.value.as_ref()?.as_f64()? - land.value.as_ref()?.as_f64()?)).map_or_else(
        || "–".to_owned(),
        |difference| {
            let digits = indicator.decimals as usize;
            format!("{} {}", german(&format!("{difference:+.digits$}")).replace('-', "−"), points(&indicator.unit))
        },
    );
    let cells = value.lineage.iter().map(|cell| {
        let file =
            if cell.file_sha256 == dataset.provenance.file_sha256 { String::new() } else { format!("Datei {}, ", &cell.file_sha256[..8]) };
        format!("{file}Zeile {}, Spalte {}", cell.line, cell.column)
    });
    ValueRow {
        area: value.area_name.clone(),
        period: value.period.clone(),
        value: shown(value, indicator),
        numerator: number(value.numerator.as_ref()),
        denominator: number(value.denominator.as_ref()),
        difference,
        lineage: cells.collect::<Vec<_>>().join("; "),
        state: value_badge(&value.state),
        subject,
    }
}

fn shown(value: &Value, indicator: &Indicator) -> String {
    match (value.value.as_ref().and_then(serde_json::Number::as_f64), &value.reason) {
        (Some(number), _) => format!("{} {}", german(&format!("{number:.*}", indicator.decimals as usize)), unit(&indicator.unit)),
        (None, Some(reason)) => reason_words(reason),
        (None, None) => "–".to_owned(),
    }
}

fn unit(code: &str) -> &str {
    if code == "percent" { "%" } else { code }
}

fn points(code: &str) -> &str {
    if code == "percent" { "Prozentpunkte" } else { code }
}

/// A decimal with a comma.
fn german(number: &str) -> String {
    number.replace('.', ",")
}

/// A whole number, or one with decimal comma, with dots between thousands.
fn thousands(number: &str) -> String {
    let (whole, fraction) = number.split_once(',').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{grouped},{fraction}"),
        None => grouped,
    }
}

/// The title of a table as far as it says what is counted; depth of regions, statistic and unit follow behind a dash.
fn title(dataset: &Dataset) -> String {
    let provenance = &dataset.provenance;
    let short = |title: &str| title.split(" - ").next().unwrap_or(title).to_owned();
    provenance.title.as_deref().map(short).or_else(|| provenance.file_name.clone()).unwrap_or_else(|| "Datei ohne Namen".to_owned())
}

fn badge(state: &str, dry_run: bool) -> Badge {
    let (class, text) = match state {
        "completed" if dry_run => ("", "Nur geprobt"),
        "completed" => ("bb-status--warn", "Zu prüfen"),
        "checked" => ("bb-status--info", "Geprüft"),
        "released" => ("bb-status--good", "Freigegeben"),
        "failed" => ("bb-status--bad", "Nicht lesbar"),
        _ => ("bb-status--warn", "Wird gelesen"),
    };
    Badge { class, text }
}

fn value_badge(state: &str) -> Badge {
    let (class, text) = match state {
        "released" => ("bb-status--good", "Freigegeben"),
        "checked" => ("bb-status--info", "Geprüft"),
        _ => ("", "Entwurf"),
    };
    Badge { class, text }
}

fn steps(dataset: &Dataset, me: &str) -> Vec<Step> {
    let note = |at: Option<&String>, by: Option<&String>| {
        let when = at.map(|at| moment(at).text).unwrap_or_default();
        match by {
            Some(by) if by == me => format!("{when} von Ihnen"),
            Some(by) => format!("{when} von {}", by.strip_prefix("user:").unwrap_or(by)),
            None => when,
        }
    };
    let reached = match dataset.state.as_str() {
        "completed" => 1,
        "checked" => 2,
        "released" => 3,
        _ => 0,
    };
    let step = |number: usize, title, note| Step { title, note, done: number <= reached, current: number == reached + 1 };
    let read = note(dataset.completed_at.as_ref(), None);
    if dataset.dry_run || dataset.state == "failed" {
        return Vec::new();
    }
    vec![
        step(1, "Eingelesen", read),
        step(2, "Geprüft", note(dataset.checked_at.as_ref(), dataset.checked_by.as_ref())),
        step(3, "Freigegeben", note(dataset.released_at.as_ref(), dataset.released_by.as_ref())),
    ]
}

fn bad_cell(row: Quarantined) -> BadCell {
    let reason = match row.reason.as_str() {
        "value_unreadable" => "weder eine Zahl in deutscher Schreibweise noch ein bekanntes Zeichen".to_owned(),
        "area_unknown" => "kein amtlicher Gebietsschlüssel".to_owned(),
        "period_unreadable" => "kein Jahr, Tag oder Zeitraum".to_owned(),
        "row_width" => "falsche Zahl von Spalten".to_owned(),
        "contradicts_earlier_line" => "widerspricht einer früheren Zeile der Datei".to_owned(),
        "code_missing" => "Schlüssel der Statistik oder des Merkmals fehlt".to_owned(),
        _ => row.detail,
    };
    BadCell { row: row.row, column: row.column, reason, raw: row.raw }
}

fn reason_words(reason: &str) -> String {
    let (part, sign) = reason.split_once('_').unwrap_or((reason, ""));
    let part = match part {
        "numerator" => "Zähler",
        "denominator" => "Nenner",
        _ => "Wert",
    };
    let sign = match sign {
        "concealed" => "unbekannt oder geheim (.)",
        "nothing" => "nichts vorhanden (-)",
        "pending" => "folgt später (...)",
        "unreliable" => "nicht sicher genug (/)",
        "blocked" => "gesperrt (x)",
        "missing" => "fehlt",
        "zero" => "ist null",
        "minimum_count" => "zu kleine Zahl",
        _ => "keine Zahl",
    };
    format!("nicht berechenbar: {part} {sign}")
}

fn refusal_words(problem: &Problem) -> String {
    match problem.code.as_str() {
        "dataset_four_eyes" => "Sie haben diese Daten selbst geprüft. Freigeben muss sie eine zweite Person.",
        "dataset_not_checked" => "Diese Daten hat noch niemand geprüft.",
        "dataset_already_released" => "Diese Daten sind schon freigegeben.",
        "dataset_changed_since_check" => {
            "Seit der Prüfung wurden andere Daten freigegeben, die diese Werte ändern. Bitte prüfen Sie noch einmal."
        }
        "dataset_not_read_yet" => "Diese Daten werden noch gelesen.",
        "dataset_dry_run" => "Eine Probe speichert nichts, was man prüfen oder freigeben könnte.",
        _ => "Das ging nicht. Es wurde nichts gespeichert.",
    }
    .to_owned()
}

fn upload_words(problem: &Problem) -> &'static str {
    match problem.code.as_str() {
        "body_empty" => "Die Datei ist leer.",
        "profile_not_recognised" => {
            "Der Aufbau der Datei wurde nicht erkannt. Gelesen werden die „Tabelle“ und die flache CSV-Datei der Regionaldatenbank."
        }
        "body_too_large" | "file_too_large" => "Die Datei ist größer als erlaubt.",
        _ => "Die Datei kann nicht gelesen werden.",
    }
}

/// A point in time in words, in the time of the city.
fn moment(machine: &str) -> Moment {
    let months = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC);
    let text = machine.parse::<jiff::Timestamp>().map_or_else(
        |_| machine.to_owned(),
        |time| {
            let time = time.to_zoned(zone);
            let month = usize::try_from(time.month()).ok().and_then(|month| months.get(month - 1)).copied().unwrap_or_default();
            format!("{}. {month} {}, {:02}:{:02} Uhr", time.day(), time.year(), time.hour(), time.minute())
        },
    );
    Moment { machine: machine.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_in_german() {
        assert_eq!(thousands("782423"), "782.423");
        assert_eq!(thousands("1158"), "1.158");
        assert_eq!(thousands("-107"), "-107");
        assert_eq!(thousands(&german("1234567.5")), "1.234.567,5");
        assert_eq!(moment("2026-03-02T08:05:00Z").text, "2. März 2026, 09:05 Uhr");
        assert_eq!(moment("unknown").text, "unknown");
    }

    #[test]
    fn reasons_are_said_in_words() {
        assert_eq!(reason_words("numerator_concealed"), "nicht berechenbar: Zähler unbekannt oder geheim (.)");
        assert_eq!(reason_words("denominator_zero"), "nicht berechenbar: Nenner ist null");
        assert_eq!(reason_words("below_minimum_count"), "nicht berechenbar: Wert zu kleine Zahl");
    }
}
