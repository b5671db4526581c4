//! Measures and their origin in problem situations.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        actors::{present, revision},
        cooperations::ActorRef,
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
    OpenApiRouter::new()
        .routes(routes!(list, propose))
        .routes(routes!(get))
        .routes(routes!(decide))
        .routes(routes!(reject))
        .routes(routes!(move_to))
}

/// Something that is to be done about a problem situation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Measure {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) reasoning: String,
    /// `idea`, `drafted`, `decided`, `running`, `paused`, `completed`, `evaluated`, `rejected` or `cancelled`.
    pub(crate) state: String,
    /// What gave rise to it; null if a person thought of it without an indicator.
    pub(crate) origin: Option<Origin>,
    /// Actors that could take part, the best first.
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) goal: Option<String>,
    pub(crate) lead: Option<ActorRef>,
    pub(crate) partners: Vec<ActorRef>,
    /// The indicator's value that it is to reach.
    pub(crate) target: Option<String>,
    pub(crate) due_on: Option<String>,
    /// Why it was rejected or cancelled; `alert_cleared` if the problem situation ceased.
    pub(crate) reason: Option<String>,
    pub(crate) findings: Option<String>,
    pub(crate) proposed_at: String,
    pub(crate) decided_at: Option<String>,
    /// Oldest first; empty in lists.
    pub(crate) history: Vec<Step>,
    /// States that it may move to.
    pub(crate) next_states: Vec<String>,
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// What gave rise to a measure.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MeasureOrigin)]
pub(crate) struct Origin {
    pub(crate) alert_id: Option<String>,
    pub(crate) indicator_id: String,
    /// The problem situation as last heard of.
    pub(crate) alert: Option<Situation>,
}

/// A problem situation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MeasureAlert)]
pub(crate) struct Situation {
    pub(crate) rule_id: String,
    pub(crate) area_code: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    pub(crate) value: String,
    pub(crate) unit: String,
    pub(crate) reference_area_code: String,
    pub(crate) reference_area_name: String,
    pub(crate) reference_value: String,
    pub(crate) margin: String,
    pub(crate) raised_at: String,
    /// Null while it holds.
    pub(crate) cleared_at: Option<String>,
    pub(crate) cleared_reason: Option<String>,
}

/// An actor that could take part, and what speaks for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MeasureCandidate)]
pub(crate) struct Candidate {
    pub(crate) actor: ActorRef,
    /// `type:CODE`, `life_phase:CODE`, `theme:CODE`, `district:NAME`.
    pub(crate) reasons: Vec<String>,
}

/// A step in a measure's history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MeasureStep)]
pub(crate) struct Step {
    pub(crate) at: String,
    /// `proposed`, `refreshed`, `alert_cleared`, `reopened` or `moved`.
    pub(crate) what: String,
    pub(crate) from_state: String,
    pub(crate) to_state: String,
    pub(crate) by: String,
    pub(crate) note: Option<String>,
}

/// A measure that a person thought of.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct MeasureInput {
    #[schema(required)]
    pub(crate) title: String,
    pub(crate) reasoning: String,
    pub(crate) indicator_id: String,
    pub(crate) candidate_actor_ids: Vec<String>,
}

/// A decision that a measure will be done.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = MeasureDecision)]
pub(crate) struct Decision {
    #[schema(required)]
    pub(crate) goal: String,
    #[schema(required)]
    pub(crate) lead_actor_id: String,
    pub(crate) partner_actor_ids: Vec<String>,
    /// A better title than it has.
    pub(crate) title: String,
    /// A decimal with a point.
    pub(crate) target: String,
    /// `YYYY-MM-DD`.
    pub(crate) due_on: String,
}

/// A decision that a measure will not be done.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = MeasureRejection)]
pub(crate) struct Rejection {
    #[schema(required)]
    pub(crate) reason: String,
}

/// Where a measure goes after its decision.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct MeasureMove {
    /// `running`, `paused`, `completed`, `evaluated` or `cancelled`.
    #[schema(required)]
    pub(crate) state: String,
    /// The reason to cancel, the findings to evaluate, else a remark.
    pub(crate) note: String,
}

/// Which measures.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    pub(crate) alert: Vec<String>,
    pub(crate) indicator: Vec<String>,
    pub(crate) state: Vec<String>,
}

/// Lists measures, newest first. For staff.
#[utoipa::path(get, path = "/api/v1/measures", tag = "network", security(("bearer" = [])), params(Filter, Paging), responses((status = 200, body = List<Measure>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    paging: Paging,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Measure>>, Problem> {
    Ok(Json(page_of(&app, &caller, paging, filter).await?.list))
}

/// Proposes a measure by hand.
#[utoipa::path(post, path = "/api/v1/measures", tag = "network", security(("bearer" = [])), request_body = MeasureInput, responses((status = 201, body = Measure), (status = 422, body = Problem)))]
async fn propose(State(app): State<App>, caller: Caller, Json(input): Json<MeasureInput>) -> Result<Response, Problem> {
    let measure = add(&app, &caller, input).await?;
    let location = format!("/api/v1/measures/{}", measure.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(measure)).into_response())
}

/// Gives a measure with its history. For staff.
#[utoipa::path(get, path = "/api/v1/measures/{id}", tag = "network", security(("bearer" = [])), params(("id" = String, Path)), responses((status = 200, body = Measure), (status = 404, body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(tagged(one(&app, &caller, id).await?))
}

/// Decides that an idea or a draft will be done.
#[utoipa::path(post, path = "/api/v1/measures/{id}/decide", tag = "network", security(("bearer" = [])), params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = Decision, responses((status = 200, body = Measure), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn decide(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    Json(decision): Json<Decision>,
) -> Result<Response, Problem> {
    Ok(tagged(settle(&app, &caller, id, revision(&version)?, decision).await?))
}

/// Decides that an idea or a draft will not be done.
#[utoipa::path(post, path = "/api/v1/measures/{id}/reject", tag = "network", security(("bearer" = [])), params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = Rejection, responses((status = 200, body = Measure), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn reject(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    Json(rejection): Json<Rejection>,
) -> Result<Response, Problem> {
    Ok(tagged(turn_down(&app, &caller, id, revision(&version)?, rejection).await?))
}

/// Follows a decided measure, or cancels it.
#[utoipa::path(post, path = "/api/v1/measures/{id}/move", tag = "network", security(("bearer" = [])), params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = MeasureMove, responses((status = 200, body = Measure), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn move_to(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    Json(input): Json<MeasureMove>,
) -> Result<Response, Problem> {
    Ok(tagged(shift(&app, &caller, id, revision(&version)?, input).await?))
}

/// A page of measures, and how many there are in each state under the other filters.
pub(crate) struct Measures {
    pub(crate) list: List<Measure>,
    pub(crate) by_state: Vec<(String, i64)>,
}

/// A page of the measures that match.
pub(crate) async fn page_of(app: &App, caller: &Caller, paging: Paging, filter: Filter) -> Result<Measures, Problem> {
    let asked = pb::ListMeasuresRequest {
        alert_ids: filter.alert,
        indicator_ids: filter.indicator,
        states: filter.state,
        page: paging.page,
        per_page: paging.per_page,
    };
    let listed = app.peers.network.clone().list_measures(caller.request(asked)).await?.into_inner();
    let items = listed.measures.into_iter().map(Into::into).collect();
    Ok(Measures {
        list: List::new(paging, u64::try_from(listed.total).unwrap_or_default(), items),
        by_state: listed.by_state.into_iter().map(|count| (count.state, count.count)).collect(),
    })
}

/// A measure with its history.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<Measure, Problem> {
    Ok(app.peers.network.clone().get_measure(caller.request(pb::GetMeasureRequest { id })).await?.into_inner().into())
}

/// Proposes a measure.
pub(crate) async fn add(app: &App, caller: &Caller, input: MeasureInput) -> Result<Measure, Problem> {
    let asked = pb::ProposeMeasureRequest {
        title: input.title,
        reasoning: input.reasoning,
        indicator_id: input.indicator_id,
        candidate_actor_ids: input.candidate_actor_ids,
    };
    Ok(app.peers.network.clone().propose_measure(caller.request(asked)).await?.into_inner().into())
}

/// Decides that a measure will be done.
pub(crate) async fn settle(app: &App, caller: &Caller, id: String, revision: Option<i64>, decision: Decision) -> Result<Measure, Problem> {
    let asked = pb::DecideMeasureRequest {
        id,
        revision,
        goal: decision.goal,
        lead_actor_id: decision.lead_actor_id,
        partner_actor_ids: decision.partner_actor_ids,
        title: decision.title,
        target: decision.target,
        due_on: decision.due_on,
    };
    Ok(app.peers.network.clone().decide_measure(caller.request(asked)).await?.into_inner().into())
}

/// Decides that a measure will not be done.
pub(crate) async fn turn_down(
    app: &App,
    caller: &Caller,
    id: String,
    revision: Option<i64>,
    rejection: Rejection,
) -> Result<Measure, Problem> {
    let asked = pb::RejectMeasureRequest { id, revision, reason: rejection.reason };
    Ok(app.peers.network.clone().reject_measure(caller.request(asked)).await?.into_inner().into())
}

/// Moves a measure on.
pub(crate) async fn shift(app: &App, caller: &Caller, id: String, revision: Option<i64>, input: MeasureMove) -> Result<Measure, Problem> {
    let asked = pb::MoveMeasureRequest { id, revision, state: input.state, note: input.note };
    Ok(app.peers.network.clone().move_measure(caller.request(asked)).await?.into_inner().into())
}

fn tagged(measure: Measure) -> Response {
    ([(header::ETAG, etag::of(measure.revision))], Json(measure)).into_response()
}

impl From<pb::Measure> for Measure {
    fn from(measure: pb::Measure) -> Self {
        Self {
            id: measure.id,
            title: measure.title,
            reasoning: measure.reasoning,
            state: measure.state,
            origin: measure.origin.map(Into::into),
            candidates: measure
                .candidates
                .into_iter()
                .map(|candidate| Candidate { actor: candidate.actor.unwrap_or_default().into(), reasons: candidate.reasons })
                .collect(),
            goal: present(measure.goal),
            lead: measure.lead.map(Into::into),
            partners: measure.partners.into_iter().map(Into::into).collect(),
            target: present(measure.target),
            due_on: present(measure.due_on),
            reason: present(measure.reason),
            findings: present(measure.findings),
            proposed_at: measure.proposed_at,
            decided_at: present(measure.decided_at),
            history: measure.history.into_iter().map(Into::into).collect(),
            next_states: measure.next_states,
            revision: measure.revision,
        }
    }
}

impl From<pb::MeasureOrigin> for Origin {
    fn from(origin: pb::MeasureOrigin) -> Self {
        Self { alert_id: present(origin.alert_id), indicator_id: origin.indicator_id, alert: origin.alert.map(Into::into) }
    }
}

impl From<pb::Alert> for Situation {
    fn from(alert: pb::Alert) -> Self {
        Self {
            rule_id: alert.rule_id,
            area_code: alert.area_code,
            area_name: alert.area_name,
            period: alert.period,
            value: alert.value,
            unit: alert.unit,
            reference_area_code: alert.reference_area_code,
            reference_area_name: alert.reference_area_name,
            reference_value: alert.reference_value,
            margin: alert.margin,
            raised_at: alert.raised_at,
            cleared_at: present(alert.cleared_at),
            cleared_reason: present(alert.cleared_reason),
        }
    }
}

impl From<pb::MeasureStep> for Step {
    fn from(step: pb::MeasureStep) -> Self {
        Self { at: step.at, what: step.what, from_state: step.from_state, to_state: step.to_state, by: step.by, note: present(step.note) }
    }
}
