//! Office: import offers, with trial run and report.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        form::{FormErrors, Submitted},
        offer_words as words,
        page::{self, Page},
        pager::Pager,
        upload::SubmittedFile,
    },
    problem::Problem,
    rest::{
        list::Paging,
        offer_imports::{self as imports, Delivery, Import, Note},
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
        .route("/office/imports", get(list).post(upload).layer(DefaultBodyLimit::disable()))
        .route("/office/imports/{id}", get(run))
        .route("/office/imports/{id}/confirm", post(confirm))
        .route("/office/imports/{id}/undo", post(undo))
}

/// How long an upload waits for small files to be imported, so that most people never see a page that waits.
const PATIENCE: Duration = Duration::from_secs(4);

/// What somebody chose in the form.
struct Choice {
    source: String,
    dry_run: bool,
    delta: bool,
}

#[derive(Template)]
#[template(path = "imports/list.html")]
struct ListPage {
    page: Page,
    errors: FormErrors,
    choice: Choice,
    sources: Vec<String>,
    is_editor: bool,
    runs: Vec<Row>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "imports/run.html")]
struct RunPage {
    page: Page,
    run: Import,
    state: Badge,
    refused: Option<String>,
    waiting: bool,
    percent: Option<u64>,
    received: String,
    rejected: Vec<Note>,
    warnings: Vec<Note>,
    hidden_notes: u64,
}

/// A state as shape and word.
struct Badge {
    class: &'static str,
    text: &'static str,
}

struct Row {
    id: String,
    source: String,
    file_name: String,
    state: Badge,
    changes: String,
    received: String,
}

#[derive(Debug, Deserialize)]
struct Nothing {}

const MAY_IMPORT: [Role; 2] = [Role::Editor, Role::Provider];

async fn list(State(app): State<App>, caller: Caller, paging: Paging, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    caller.require_staff()?;
    let choice = Choice { source: String::new(), dry_run: true, delta: false };
    list_page(&app, &caller, paging, raw.as_deref(), FormErrors::default(), choice).await
}

async fn list_page(
    app: &App,
    caller: &Caller,
    paging: Paging,
    raw: Option<&str>,
    errors: FormErrors,
    choice: Choice,
) -> Result<Response, Problem> {
    caller.require(&MAY_IMPORT)?;
    let found = imports::find(app, caller, String::new(), paging).await?;
    let sources = imports::sources(app, caller).await?.into_iter().map(|source| source.id).collect();
    let pager = Pager::new(&found, "/office/imports", raw);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = if errors.is_empty() { "Angebote importieren" } else { "Fehler: Angebote importieren" };
    let template = ListPage {
        page: Page::new(app, caller, title),
        errors,
        choice,
        sources,
        is_editor: caller.has_any(&[Role::Editor]),
        runs: found.items.into_iter().map(row).collect(),
        pager,
    };
    page::html_with(status, &template)
}

async fn upload(State(app): State<App>, caller: Caller, form: SubmittedFile) -> Result<Response, Problem> {
    caller.require_staff()?;
    let choice =
        Choice { source: form.field("source").to_owned(), dry_run: form.field("dry_run") != "false", delta: form.field("mode") == "delta" };
    let mut errors = FormErrors::default();
    if choice.source.is_empty() {
        errors.add("source", "Geben Sie an, zu welcher Quelle die Datei gehört.");
    }
    if form.file_name.is_empty() {
        errors.add("file", "Wählen Sie eine Datei.");
    }
    if errors.is_empty() {
        let delivery = Delivery {
            source: choice.source.clone(),
            format: form.field("format").to_owned(),
            mode: form.field("mode").to_owned(),
            dry_run: choice.dry_run,
            name: Some(form.file_name),
            provider: None,
        };
        match imports::start(&app, &caller, delivery, form.file).await {
            Ok(id) => {
                wait(&app, &caller, &id).await;
                return Ok(Redirect::to(&format!("/office/imports/{id}")).into_response());
            }
            Err(problem) => match upload_words(&problem) {
                Some((field, text)) => errors.add(field, text),
                None => return Err(problem),
            },
        }
    }
    list_page(&app, &caller, Paging { page: 1, per_page: 20 }, None, errors, choice).await
}

async fn wait(app: &App, caller: &Caller, id: &str) {
    let imported = async {
        while let Ok(run) = imports::one(app, caller, id.to_owned()).await
            && is_waiting(&run)
        {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    tokio::time::timeout(PATIENCE, imported).await.ok();
}

fn is_waiting(run: &Import) -> bool {
    matches!(run.state.as_str(), "queued" | "running")
}

async fn run(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.require_staff()?;
    run_page(&app, &caller, id, None).await
}

async fn confirm(State(app): State<App>, caller: Caller, Path(id): Path<String>, _form: Submitted<Nothing>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let outcome = imports::confirmed(&app, &caller, id.clone()).await;
    acted(&app, &caller, id, outcome).await
}

async fn undo(State(app): State<App>, caller: Caller, Path(id): Path<String>, _form: Submitted<Nothing>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let outcome = imports::undone(&app, &caller, id.clone()).await;
    acted(&app, &caller, id, outcome).await
}

async fn acted(app: &App, caller: &Caller, id: String, outcome: Result<Import, Problem>) -> Result<Response, Problem> {
    match outcome {
        Ok(_) => {
            wait(app, caller, &id).await;
            Ok(Redirect::to(&format!("/office/imports/{id}")).into_response())
        }
        Err(problem) if problem.status == 409 => run_page(app, caller, id, Some(&problem)).await,
        Err(problem) => Err(problem),
    }
}

async fn run_page(app: &App, caller: &Caller, id: String, refused: Option<&Problem>) -> Result<Response, Problem> {
    let mut run = imports::one(app, caller, id).await?;
    let shown = run.errors.len() as u64;
    let (rejected, warnings) = std::mem::take(&mut run.errors).into_iter().partition(|note| note.severity == "rejected");
    let template = RunPage {
        page: Page::new(app, caller, format!("Import aus {}", run.source)),
        state: badge(&run),
        refused: refused.map(|problem| match problem.code.as_str() {
            "import_not_latest" => {
                "Ein späterer Import hat diese Quelle schon geändert. Zurücknehmen lässt sich nur der letzte.".to_owned()
            }
            _ => "Das geht in diesem Zustand nicht mehr. Vielleicht hat jemand anderes schon entschieden.".to_owned(),
        }),
        waiting: is_waiting(&run),
        percent: run.progress.total.filter(|total| *total > 0).map(|total| (run.progress.done * 100 / total).min(100)),
        received: words::date(&run.created_at),
        hidden_notes: run.errors_total.saturating_sub(shown),
        rejected,
        warnings,
        run,
    };
    page::html_with(refused.map_or(StatusCode::OK, Problem::status), &template)
}

fn row(run: Import) -> Row {
    let counts = run.counts;
    let changes = match run.state.as_str() {
        "completed" | "held" if counts.created + counts.updated + counts.withdrawn == 0 => "nichts Neues".to_owned(),
        "completed" | "held" => format!("{} neu, {} geändert, {} zurückgezogen", counts.created, counts.updated, counts.withdrawn),
        _ => String::new(),
    };
    Row { state: badge(&run), received: words::date(&run.created_at), changes, id: run.id, source: run.source, file_name: run.file_name }
}

fn badge(run: &Import) -> Badge {
    let (class, text) = match run.state.as_str() {
        "queued" => ("", "Wartet"),
        "running" => ("bb-status--info", "Läuft"),
        "completed" if run.dry_run => ("", "Nur geprobt"),
        "completed" => ("bb-status--good", "Übernommen"),
        "held" => ("bb-status--warn", "Angehalten"),
        "failed" => ("bb-status--bad", "Gescheitert"),
        "undone" => ("", "Zurückgenommen"),
        _ => ("", "Unbekannt"),
    };
    Badge { class, text }
}

/// What is wrong with an upload, and at which field.
fn upload_words(problem: &Problem) -> Option<(&'static str, &'static str)> {
    Some(match problem.code.as_str() {
        "source_name_invalid" => {
            ("source", "Der Name der Quelle besteht aus 1 bis 64 Zeichen: kleine Buchstaben a bis z, Ziffern und Bindestrich.")
        }
        "source_forbidden" => ("source", "Diese Quelle gehört nicht zu Ihrem Konto, oder es gibt sie noch nicht."),
        "format_unknown" => ("format", "Dieses Format kann nicht gelesen werden."),
        "format_not_recognised" => ("format", "Das Format der Datei wurde nicht erkannt. Wählen Sie es aus, wenn Sie es kennen."),
        "body_empty" | "file_empty" => ("file", "Die Datei ist leer."),
        "body_too_large" | "file_too_large" => ("file", "Die Datei ist größer als erlaubt."),
        _ => return None,
    })
}
