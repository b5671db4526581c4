//! Data sets: upload, quarantine, check and release; observations.
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
use bildung_proto::rpc::monitoring as pb;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, upload))
        .routes(routes!(get))
        .routes(routes!(quarantine))
        .routes(routes!(check))
        .routes(routes!(release))
        .routes(routes!(observations))
}

/// An uploaded file on its way to released numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Dataset {
    pub(crate) id: String,
    /// `received`, `running`, `completed`, `checked`, `released` or `failed`.
    pub(crate) state: String,
    pub(crate) profile: String,
    /// Read and compared, but nothing of it stored.
    pub(crate) dry_run: bool,
    pub(crate) counts: Counts,
    pub(crate) provenance: Provenance,
    pub(crate) progress: Progress,
    /// Why it could not be read.
    pub(crate) failure: Option<Failure>,
    /// How many values of indicators were computed from it.
    pub(crate) values: u64,
    pub(crate) received_at: String,
    pub(crate) received_by: String,
    pub(crate) completed_at: Option<String>,
    pub(crate) checked_at: Option<String>,
    pub(crate) checked_by: Option<String>,
    pub(crate) released_at: Option<String>,
    pub(crate) released_by: Option<String>,
    /// Whether you may check it now.
    pub(crate) may_check: bool,
    /// Whether you may release it now: never what you checked yourself.
    pub(crate) may_release: bool,
}

/// What became of the cells; `read` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) read: u64,
    pub(crate) inserted: u64,
    pub(crate) revised: u64,
    pub(crate) unchanged: u64,
    pub(crate) quarantined: u64,
}

/// Where the numbers come from.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Provenance {
    pub(crate) file_sha256: String,
    pub(crate) file_name: Option<String>,
    pub(crate) file_size: u64,
    pub(crate) table: Option<String>,
    pub(crate) title: Option<String>,
    /// As printed in the file.
    pub(crate) stand: Option<String>,
    /// The Stand, else the time in the file's name, else that of receipt.
    pub(crate) vintage: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) attribution: Option<String>,
    pub(crate) footnotes: Option<String>,
    pub(crate) encoding: Option<String>,
    /// Characters that had been lost before the file came here.
    pub(crate) lost_characters: u64,
}

/// How far reading has come, in cells.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    pub(crate) done: u64,
}

/// Why a file could not be read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// Stable code.
    pub(crate) reason: String,
    pub(crate) detail: String,
    /// Line in the file; 0 when it is the file as a whole.
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// A cell or line that could not be read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Quarantined {
    /// Line in the file, from 1.
    pub(crate) row: u64,
    /// Cell in the line, from 1.
    pub(crate) column: u64,
    /// Stable code.
    pub(crate) reason: String,
    pub(crate) detail: String,
    /// What is there.
    pub(crate) raw: String,
}

/// A number, or a sign that is not a number, as a file states it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Observation {
    pub(crate) table: String,
    pub(crate) measure: String,
    pub(crate) measure_label: String,
    pub(crate) unit: String,
    /// Code by dimension; the empty code is the total.
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    /// AGS, or `DG` for Germany.
    pub(crate) area: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    /// `year`, `school_year`, `reference_date` or `months`.
    pub(crate) period_kind: String,
    pub(crate) valid_from: String,
    pub(crate) valid_to: String,
    #[schema(value_type = Option<f64>)]
    pub(crate) value: Option<serde_json::Number>,
    /// `value`, `limited`, `nothing`, `concealed`, `pending`, `unreliable`, `blocked` or `empty`.
    pub(crate) status: String,
    /// As printed.
    pub(crate) raw: String,
    pub(crate) quality: Option<String>,
    pub(crate) vintage: String,
    pub(crate) dataset_id: String,
    pub(crate) released: bool,
    pub(crate) lineage: Vec<Cell>,
}

/// A cell of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Cell {
    pub(crate) file_sha256: String,
    /// From 1.
    pub(crate) line: u64,
    /// Number of the cell in its line, from 1.
    pub(crate) column: u64,
}

/// A data set that is being read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    pub(crate) id: String,
}

/// How a file is to be read.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Reading {
    /// `auto` (the default), `genesis-table` or `genesis-flat`.
    pub(crate) profile: String,
    /// Read, compare and report, but store nothing.
    pub(crate) dry_run: bool,
    /// Name of the file.
    pub(crate) name: Option<String>,
}

/// Which observations.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Code of a table or a statistic.
    #[param(required = true)]
    pub(crate) table: String,
    /// AGS, or `DG`.
    pub(crate) area: Vec<String>,
    pub(crate) period: Vec<String>,
    /// As known at that time: RFC 3339, or a day.
    pub(crate) vintage: Option<String>,
}

/// A decimal text as a JSON number.
pub(crate) fn number(text: Option<String>) -> Option<serde_json::Number> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}

impl From<pb::Source> for Cell {
    fn from(source: pb::Source) -> Self {
        Self { file_sha256: source.file_sha256, line: source.line, column: source.column }
    }
}

impl From<pb::Dataset> for Dataset {
    fn from(dataset: pb::Dataset) -> Self {
        let counts = dataset.counts.unwrap_or_default();
        let provenance = dataset.provenance.unwrap_or_default();
        Self {
            id: dataset.id,
            state: dataset.state,
            profile: dataset.profile,
            dry_run: dataset.dry_run,
            counts: Counts {
                read: counts.read,
                inserted: counts.inserted,
                revised: counts.revised,
                unchanged: counts.unchanged,
                quarantined: counts.quarantined,
            },
            provenance: Provenance {
                file_sha256: provenance.file_sha256,
                file_name: provenance.file_name,
                file_size: provenance.file_size,
                table: provenance.table,
                title: provenance.title,
                stand: provenance.stand,
                vintage: provenance.vintage,
                licence: provenance.licence,
                attribution: provenance.attribution,
                footnotes: provenance.footnotes,
                encoding: provenance.encoding,
                lost_characters: provenance.lost_characters,
            },
            progress: Progress { done: dataset.progress },
            failure: dataset.failure.map(|failure| Failure {
                reason: failure.reason,
                detail: failure.detail,
                line: failure.line,
                column: failure.column,
            }),
            values: dataset.values,
            received_at: dataset.received_at,
            received_by: dataset.received_by,
            completed_at: dataset.completed_at,
            checked_at: dataset.checked_at,
            checked_by: dataset.checked_by,
            released_at: dataset.released_at,
            released_by: dataset.released_by,
            may_check: dataset.may_check,
            may_release: dataset.may_release,
        }
    }
}

impl From<pb::Observation> for Observation {
    fn from(observation: pb::Observation) -> Self {
        let area = observation.area.unwrap_or_default();
        let period = observation.period.unwrap_or_default();
        Self {
            table: observation.table,
            measure: observation.measure,
            measure_label: observation.measure_label,
            unit: observation.unit,
            dimensions: observation.dimensions.into_iter().collect(),
            labels: observation.labels.into_iter().collect(),
            area: area.code,
            area_name: area.name,
            period: period.label,
            period_kind: period.kind,
            valid_from: period.first,
            valid_to: period.last,
            value: number(observation.value),
            status: observation.status,
            raw: observation.raw,
            quality: observation.quality,
            vintage: observation.vintage,
            dataset_id: observation.dataset_id,
            released: observation.released,
            lineage: observation.source.into_iter().map(Cell::from).collect(),
        }
    }
}

/// Data sets, the latest first.
#[utoipa::path(
    get, path = "/api/v1/datasets", tag = "datasets", params(Paging), security(("bearer" = [])),
    responses((status = 200, body = List<Dataset>), (status = 401, body = Problem), (status = 403, body = Problem))
)]
async fn list(State(app): State<App>, caller: Caller, paging: Paging) -> Result<Json<List<Dataset>>, Problem> {
    Ok(Json(find(&app, &caller, paging).await?))
}

/// Data sets, the latest first.
pub(crate) async fn find(app: &App, caller: &Caller, paging: Paging) -> Result<List<Dataset>, Problem> {
    let asked = pb::ListDatasetsRequest { page: paging.page, per_page: paging.per_page };
    let found = app.peers.monitoring.clone().list_datasets(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, found.total, found.datasets.into_iter().map(Dataset::from).collect()))
}

/// Uploads a file of statistics; it is read in the background.
#[utoipa::path(
    post, path = "/api/v1/datasets", tag = "datasets", params(Reading), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    responses(
        (status = 202, body = Started), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, description = "Larger than allowed; nothing is stored.", body = Problem),
        (status = 415, description = "No such profile.", body = Problem),
        (status = 422, description = "Empty, or the layout was not recognised.", body = Problem)
    )
)]
async fn upload(State(app): State<App>, caller: Caller, reading: Query<Reading>, file: Upload) -> Result<Response, Problem> {
    let id = start(&app, &caller, reading.0, file).await?;
    let location = format!("/api/v1/datasets/{id}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(Started { id })).into_response())
}

/// Hands a file to monitoring; gives the id of the data set.
pub(crate) async fn start(app: &App, caller: &Caller, reading: Reading, file: Upload) -> Result<String, Problem> {
    caller.require(&[Role::Analyst])?;
    let start = pb::start_ingest_request::Start { profile: reading.profile, dry_run: reading.dry_run, file_name: reading.name };
    let message = |part| pb::StartIngestRequest { part: Some(part) };
    let mut monitoring = app.peers.monitoring.clone();
    let wrap = |bytes: bytes::Bytes| pb::StartIngestRequest { part: Some(pb::start_ingest_request::Part::Data(bytes.into())) };
    let call = |messages| async move { monitoring.start_ingest(caller.upload(messages)).await };
    Ok(file.send(message(pb::start_ingest_request::Part::Start(start)), wrap, call).await?.id)
}

/// A data set.
#[utoipa::path(
    get, path = "/api/v1/datasets/{id}", tag = "datasets", security(("bearer" = [])),
    responses((status = 200, body = Dataset), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<Dataset>, Problem> {
    Ok(Json(one(&app, &caller, id).await?))
}

/// A data set.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<Dataset, Problem> {
    Ok(app.peers.monitoring.clone().get_dataset(caller.request(pb::GetDatasetRequest { id })).await?.into_inner().into())
}

/// What of a data set could not be read.
#[utoipa::path(
    get, path = "/api/v1/datasets/{id}/quarantine", tag = "datasets", params(Paging), security(("bearer" = [])),
    responses((status = 200, body = List<Quarantined>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn quarantine(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<List<Quarantined>>, Problem> {
    Ok(Json(quarantined(&app, &caller, id, paging).await?))
}

/// What of a data set could not be read.
pub(crate) async fn quarantined(app: &App, caller: &Caller, id: String, paging: Paging) -> Result<List<Quarantined>, Problem> {
    let asked = pb::GetQuarantineRequest { id, page: paging.page, per_page: paging.per_page };
    let found = app.peers.monitoring.clone().get_quarantine(caller.request(asked)).await?.into_inner();
    let row =
        |row: pb::QuarantinedRow| Quarantined { row: row.row, column: row.column, reason: row.reason, detail: row.detail, raw: row.raw };
    Ok(List::new(paging, found.total, found.rows.into_iter().map(row).collect()))
}

/// Stands for a data set and the values computed from it.
#[utoipa::path(
    post, path = "/api/v1/datasets/{id}/check", tag = "datasets", security(("bearer" = [])),
    responses(
        (status = 200, body = Dataset), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "Not in this state.", body = Problem)
    )
)]
async fn check(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<Dataset>, Problem> {
    Ok(Json(checked(&app, &caller, id).await?))
}

/// Stands for a data set and the values computed from it.
pub(crate) async fn checked(app: &App, caller: &Caller, id: String) -> Result<Dataset, Problem> {
    Ok(app.peers.monitoring.clone().check_dataset(caller.request(pb::CheckDatasetRequest { id })).await?.into_inner().into())
}

/// Releases a data set with its values: another person than the one who checked it.
#[utoipa::path(
    post, path = "/api/v1/datasets/{id}/release", tag = "datasets", security(("bearer" = [])),
    responses(
        (status = 200, body = Dataset), (status = 401, body = Problem),
        (status = 403, description = "`dataset_four_eyes`: checked by yourself.", body = Problem), (status = 404, body = Problem),
        (status = 409, description = "Not in this state, or changed since the check.", body = Problem)
    )
)]
async fn release(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<Dataset>, Problem> {
    Ok(Json(released(&app, &caller, id).await?))
}

/// Releases a data set with its values.
pub(crate) async fn released(app: &App, caller: &Caller, id: String) -> Result<Dataset, Problem> {
    Ok(app.peers.monitoring.clone().release_dataset(caller.request(pb::ReleaseDatasetRequest { id })).await?.into_inner().into())
}

/// Observations: the latest statement about each place and time, or the latest at a vintage.
#[utoipa::path(
    get, path = "/api/v1/observations", tag = "datasets", params(Which, Paging), security(("bearer" = [])),
    responses((status = 200, body = List<Observation>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn observations(
    State(app): State<App>,
    caller: Caller,
    which: Query<Which>,
    paging: Paging,
) -> Result<Json<List<Observation>>, Problem> {
    let which = which.0;
    let asked = pb::ListObservationsRequest {
        table: which.table,
        areas: which.area,
        periods: which.period,
        vintage: which.vintage,
        page: paging.page,
        per_page: paging.per_page,
    };
    let found = app.peers.monitoring.clone().list_observations(caller.request(asked)).await?.into_inner();
    Ok(Json(List::new(paging, found.total, found.observations.into_iter().map(Observation::from).collect())))
}
