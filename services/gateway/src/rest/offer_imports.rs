//! Imports of whole files of offers, with their reports.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        list::{List, Paging},
        query::Query,
        upload::Upload,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildung_chassis::Role;
use bildung_proto::rpc::catalogue as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, upload)).routes(routes!(get)).routes(routes!(confirm)).routes(routes!(undo))
}

/// One run of an import.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Import {
    pub(crate) id: String,
    /// `queued`, `running`, `completed`, `held`, `failed` or `undone`.
    pub(crate) state: String,
    /// Why it failed or is held: `not_well_formed`, `undecodable`, `interrupted`, `too_many_vanish`, ...
    pub(crate) reason: Option<String>,
    pub(crate) source: String,
    /// As asked for.
    pub(crate) format: String,
    /// As recognised.
    pub(crate) detected_format: String,
    /// `full` or `delta`.
    pub(crate) mode: String,
    /// Nothing is changed; the counts say what would be.
    pub(crate) dry_run: bool,
    pub(crate) progress: Progress,
    pub(crate) counts: Counts,
    /// The first thousand.
    pub(crate) errors: Vec<Note>,
    /// All of them.
    pub(crate) errors_total: u64,
    pub(crate) file_name: String,
    pub(crate) file_sha256: String,
    pub(crate) created_at: String,
    pub(crate) finished_at: Option<String>,
    /// It may be taken back.
    pub(crate) undoable: bool,
}

/// How far a run has come, in records.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    pub(crate) done: u64,
    /// Unknown while the file is read.
    pub(crate) total: Option<u64>,
}

/// What became of the records; `read` is created, updated, unchanged and rejected together.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) read: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) withdrawn: u64,
    pub(crate) rejected: u64,
}

/// Something about a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Note {
    /// `rejected` or `warning`.
    pub(crate) severity: String,
    /// The source's id; `line:column` of a file that cannot be read.
    pub(crate) record: String,
    pub(crate) field: String,
    /// In words.
    pub(crate) reason: String,
    /// Stable code.
    pub(crate) code: String,
}

/// An import that has been taken on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    pub(crate) id: String,
}

/// How a file is to be imported.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Delivery {
    /// Source the file belongs to: 1 to 64 of a-z, 0-9 and hyphen. An editor's first import creates it.
    #[param(required = true)]
    pub(crate) source: String,
    /// `auto` (the default), `open-vhs`, `open-vhs-json`, `kufer` or `ical`.
    pub(crate) format: String,
    /// `full` (the default) withdraws what the file no longer has, `delta` does not.
    pub(crate) mode: String,
    /// Say what would happen, and change nothing.
    pub(crate) dry_run: bool,
    /// Name of the file.
    pub(crate) name: Option<String>,
    /// Who provides the offers if the file does not say.
    pub(crate) provider: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct OfSource {
    source: Option<String>,
}

/// Imports, the latest first.
#[utoipa::path(
    get, path = "/api/v1/offer-imports", tag = "offer-imports", params(OfSource, Paging), security(("bearer" = [])),
    responses((status = 200, body = List<Import>), (status = 401, body = Problem), (status = 403, body = Problem))
)]
async fn list(State(app): State<App>, caller: Caller, which: Query<OfSource>, paging: Paging) -> Result<Json<List<Import>>, Problem> {
    Ok(Json(find(&app, &caller, which.0.source.unwrap_or_default(), paging).await?))
}

/// Imports of a source, or of all of them if it is empty, the latest first; without their notes.
pub(crate) async fn find(app: &App, caller: &Caller, source: String, paging: Paging) -> Result<List<Import>, Problem> {
    let asked = pb::ListImportsRequest { source, page: paging.page, per_page: paging.per_page };
    let found = app.peers.catalogue.clone().list_imports(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, found.total, found.items.into_iter().map(view).collect()))
}

/// Sources that the caller may deliver to.
pub(crate) async fn sources(app: &App, caller: &Caller) -> Result<Vec<pb::Source>, Problem> {
    Ok(app.peers.catalogue.clone().list_sources(caller.request(pb::ListSourcesRequest {})).await?.into_inner().items)
}

/// Takes a file of offers; it is read and applied in the background.
#[utoipa::path(
    post, path = "/api/v1/offer-imports", tag = "offer-imports", params(Delivery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), security(("bearer" = [])),
    responses(
        (status = 202, body = Started), (status = 401, body = Problem),
        (status = 403, description = "Not an editor, or a provider and not its source.", body = Problem),
        (status = 413, description = "Larger than allowed; nothing is stored.", body = Problem),
        (status = 415, description = "No such format.", body = Problem),
        (status = 422, description = "Empty, not recognised, or no such source name.", body = Problem)
    )
)]
async fn upload(State(app): State<App>, caller: Caller, delivery: Query<Delivery>, file: Upload) -> Result<Response, Problem> {
    let id = start(&app, &caller, delivery.0, file).await?;
    let location = format!("/api/v1/offer-imports/{id}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(Started { id })).into_response())
}

/// Hands a file to the catalogue; gives the id of the run.
pub(crate) async fn start(app: &App, caller: &Caller, delivery: Delivery, file: Upload) -> Result<String, Problem> {
    caller.require(&[Role::Editor, Role::Provider])?;
    let start = pb::ImportStart {
        source: delivery.source,
        format: delivery.format,
        mode: delivery.mode,
        dry_run: delivery.dry_run,
        file_name: delivery.name.unwrap_or_default(),
        provider: delivery.provider.unwrap_or_default(),
    };
    let wrap = |bytes: bytes::Bytes| pb::StartImportRequest { part: Some(pb::start_import_request::Part::Data(bytes.into())) };
    let mut catalogue = app.peers.catalogue.clone();
    let call = |messages| async move { catalogue.start_import(caller.upload(messages)).await };
    Ok(file.send(pb::StartImportRequest { part: Some(pb::start_import_request::Part::Start(start)) }, wrap, call).await?.id)
}

/// An import with its report.
#[utoipa::path(
    get, path = "/api/v1/offer-imports/{id}", tag = "offer-imports", security(("bearer" = [])),
    responses((status = 200, body = Import), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<Import>, Problem> {
    Ok(Json(one(&app, &caller, id).await?))
}

/// An import with its report.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<Import, Problem> {
    caller.require(&[Role::Editor, Role::Provider])?;
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Problem::not_found());
    }
    Ok(view(app.peers.catalogue.clone().get_import(caller.request(pb::GetImportRequest { id })).await?.into_inner()))
}

/// Applies an import that is held because too much would vanish.
#[utoipa::path(
    post, path = "/api/v1/offer-imports/{id}/confirm", tag = "offer-imports", security(("bearer" = [])),
    responses(
        (status = 200, body = Import), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "Not held, or a later import has changed the source.", body = Problem)
    )
)]
async fn confirm(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<Import>, Problem> {
    Ok(Json(confirmed(&app, &caller, id).await?))
}

/// Applies an import that is held.
pub(crate) async fn confirmed(app: &App, caller: &Caller, id: String) -> Result<Import, Problem> {
    Ok(view(app.peers.catalogue.clone().confirm_import(caller.request(pb::ConfirmImportRequest { id })).await?.into_inner()))
}

/// Takes a completed import back, or discards a held one.
#[utoipa::path(
    post, path = "/api/v1/offer-imports/{id}/undo", tag = "offer-imports", security(("bearer" = [])),
    responses(
        (status = 200, body = Import), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "Not completed or held, or a later import has changed the source.", body = Problem)
    )
)]
async fn undo(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<Import>, Problem> {
    Ok(Json(undone(&app, &caller, id).await?))
}

/// Takes an import back.
pub(crate) async fn undone(app: &App, caller: &Caller, id: String) -> Result<Import, Problem> {
    Ok(view(app.peers.catalogue.clone().undo_import(caller.request(pb::UndoImportRequest { id })).await?.into_inner()))
}

fn view(run: pb::ImportRun) -> Import {
    let progress = run.progress.unwrap_or_default();
    let counts = run.counts.unwrap_or_default();
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    Import {
        id: run.id,
        state: run.state,
        reason: given(run.reason),
        source: run.source,
        format: run.format,
        detected_format: run.detected_format,
        mode: run.mode,
        dry_run: run.dry_run,
        progress: Progress { done: progress.done, total: progress.total },
        counts: Counts {
            read: counts.read,
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            withdrawn: counts.withdrawn,
            rejected: counts.rejected,
        },
        errors: run
            .errors
            .into_iter()
            .map(|note| Note { severity: note.severity, record: note.record, field: note.field, reason: note.reason, code: note.code })
            .collect(),
        errors_total: run.errors_total,
        file_name: run.file_name,
        file_sha256: run.file_sha256,
        created_at: run.created_at,
        finished_at: given(run.finished_at),
        undoable: run.undoable,
    }
}
