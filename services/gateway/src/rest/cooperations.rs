//! Cooperations between actors.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        actors::{present, revision},
        etag::{self, IfMatch},
        json::Json,
        list::{List, Paging},
        query::Query,
    },
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildung_proto::rpc::network as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(get)).routes(routes!(move_to))
}

/// Two actors and what they do together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Cooperation {
    pub(crate) id: String,
    pub(crate) from: ActorRef,
    pub(crate) to: ActorRef,
    /// `information`, `coordination`, `joint_offer`, `referral`, `shared_space`, `qualification`, `joint_project` or `funding`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// 1 know each other, 2 exchange, 3 coordinate, 4 act together.
    pub(crate) strength: u32,
    /// `informal`, `agreed`, `written` or `statutory`.
    pub(crate) formality: String,
    /// `wished`, `planned`, `active`, `paused` or `ended`; residents see active ones only.
    pub(crate) state: String,
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
    /// Staff only.
    pub(crate) note: Option<String>,
    /// Staff only.
    pub(crate) end_reason: Option<String>,
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// An actor that is referred to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActorRef {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A cooperation to be recorded.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct CooperationInput {
    /// Also taken as `from`.
    #[serde(alias = "from")]
    #[schema(required)]
    pub(crate) from_actor_id: String,
    /// Also taken as `to`.
    #[serde(alias = "to")]
    #[schema(required)]
    pub(crate) to_actor_id: String,
    #[serde(rename = "type")]
    #[schema(required)]
    pub(crate) kind: String,
    /// 1 (the default) to 4.
    pub(crate) strength: u32,
    /// `informal` if nothing is said.
    pub(crate) formality: String,
    /// `wished` if nothing is said.
    pub(crate) state: String,
    /// `YYYY-MM-DD`.
    pub(crate) since: String,
    /// Of an ended one; today if nothing is said.
    pub(crate) until: String,
    pub(crate) note: String,
}

/// Where a cooperation goes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct CooperationMove {
    #[schema(required)]
    pub(crate) state: String,
    /// Needed to end it.
    pub(crate) reason: String,
    /// `YYYY-MM-DD`; today if nothing is said.
    pub(crate) on: String,
}

/// Which cooperations.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Either side.
    pub(crate) actor: Vec<String>,
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub(crate) types: Vec<String>,
    /// Staff only.
    pub(crate) state: Vec<String>,
}

/// Lists cooperations by the names of the two.
#[utoipa::path(get, path = "/api/v1/cooperations", tag = "network", params(Filter, Paging), responses((status = 200, body = List<Cooperation>), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    paging: Paging,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Cooperation>>, Problem> {
    Ok(Json(page_of(&app, &caller, paging, filter).await?))
}

/// Records that two actors work together, or wish to.
#[utoipa::path(post, path = "/api/v1/cooperations", tag = "network", security(("bearer" = [])), request_body = CooperationInput, responses((status = 201, body = Cooperation), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add(State(app): State<App>, caller: Caller, Json(input): Json<CooperationInput>) -> Result<Response, Problem> {
    let cooperation = record(&app, &caller, input).await?;
    let location = format!("/api/v1/cooperations/{}", cooperation.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(cooperation)).into_response())
}

/// Gives a cooperation.
#[utoipa::path(get, path = "/api/v1/cooperations/{id}", tag = "network", params(("id" = String, Path)), responses((status = 200, body = Cooperation), (status = 404, body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = app.peers.network.clone().get_cooperation(caller.request(pb::GetCooperationRequest { id })).await?;
    Ok(tagged(found.into_inner().into()))
}

/// Moves a cooperation: wished, planned, active, paused, ended.
#[utoipa::path(post, path = "/api/v1/cooperations/{id}/move", tag = "network", security(("bearer" = [])), params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = CooperationMove, responses((status = 200, body = Cooperation), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn move_to(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    Json(input): Json<CooperationMove>,
) -> Result<Response, Problem> {
    Ok(tagged(shift(&app, &caller, id, revision(&version)?, input).await?))
}

/// A page of the cooperations that match.
pub(crate) async fn page_of(app: &App, caller: &Caller, paging: Paging, filter: Filter) -> Result<List<Cooperation>, Problem> {
    let asked = pb::ListCooperationsRequest {
        actor_ids: filter.actor,
        types: filter.types,
        states: filter.state,
        page: paging.page,
        per_page: paging.per_page,
    };
    let listed = app.peers.network.clone().list_cooperations(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, u64::try_from(listed.total).unwrap_or_default(), listed.cooperations.into_iter().map(Into::into).collect()))
}

/// Records a cooperation.
pub(crate) async fn record(app: &App, caller: &Caller, input: CooperationInput) -> Result<Cooperation, Problem> {
    let asked = pb::AddCooperationRequest {
        from_actor_id: input.from_actor_id,
        to_actor_id: input.to_actor_id,
        r#type: input.kind,
        strength: input.strength,
        formality: input.formality,
        state: input.state,
        since: input.since,
        note: input.note,
        until: input.until,
    };
    Ok(app.peers.network.clone().add_cooperation(caller.request(asked)).await?.into_inner().into())
}

/// Moves a cooperation.
pub(crate) async fn shift(
    app: &App,
    caller: &Caller,
    id: String,
    revision: Option<i64>,
    input: CooperationMove,
) -> Result<Cooperation, Problem> {
    let asked = pb::MoveCooperationRequest { id, revision, state: input.state, reason: input.reason, on: input.on };
    Ok(app.peers.network.clone().move_cooperation(caller.request(asked)).await?.into_inner().into())
}

fn tagged(cooperation: Cooperation) -> Response {
    ([(header::ETAG, etag::of(cooperation.revision))], Json(cooperation)).into_response()
}

impl From<pb::ActorRef> for ActorRef {
    fn from(actor: pb::ActorRef) -> Self {
        Self { id: actor.id, name: actor.name }
    }
}

impl From<pb::Cooperation> for Cooperation {
    fn from(cooperation: pb::Cooperation) -> Self {
        Self {
            id: cooperation.id,
            from: cooperation.from.unwrap_or_default().into(),
            to: cooperation.to.unwrap_or_default().into(),
            kind: cooperation.r#type,
            strength: cooperation.strength,
            formality: cooperation.formality,
            state: cooperation.state,
            since: present(cooperation.since),
            until: present(cooperation.until),
            note: present(cooperation.note),
            end_reason: present(cooperation.end_reason),
            revision: cooperation.revision,
        }
    }
}
