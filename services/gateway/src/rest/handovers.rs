//! Handovers of cases.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        cases::{present, private},
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
use bildung_proto::rpc::newcomers as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, propose))
        .routes(routes!(get))
        .routes(routes!(accept))
        .routes(routes!(reject))
        .routes(routes!(withdraw))
        .routes(routes!(staff))
        .routes(routes!(name_deputy))
}

/// A handover of cases from one person to another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Handover {
    pub(crate) id: String,
    /// `proposed`, `accepted`, `rejected` or `withdrawn`.
    pub(crate) state: String,
    /// Subject of the proposer.
    pub(crate) from: String,
    /// Subject of the recipient.
    pub(crate) to: String,
    /// `all` or `some`.
    pub(crate) scope: String,
    /// What the next person must know; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) proposed_at: String,
    pub(crate) decided_at: Option<String>,
    pub(crate) case_count: u32,
    /// Without names, and as far as the caller may see them; empty in lists.
    pub(crate) cases: Vec<HandoverCase>,
    /// Once accepted.
    pub(crate) report: Option<HandoverReport>,
}

/// A case in a handover, without the person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HandoverCase {
    pub(crate) case_id: String,
    pub(crate) state: String,
    pub(crate) open_referrals: u32,
    /// Consents that end within 90 days.
    pub(crate) ending_consents: u32,
}

/// The proof of a handover.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HandoverReport {
    /// Cases before.
    pub(crate) before: u32,
    /// Of these, cases the recipient owns now.
    pub(crate) after: u32,
    /// Of these, cases nobody owns.
    pub(crate) without_owner: u32,
}

/// What is needed to propose a handover.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct HandoverInput {
    /// Subject of the recipient, see `/api/v1/case-staff`.
    #[schema(required)]
    pub(crate) to: String,
    /// `"all"` or a list of case ids.
    #[schema(required)]
    pub(crate) cases: Cases,
    /// What the next person must know.
    #[schema(required)]
    pub(crate) note: String,
}

/// Which cases.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = HandoverCases)]
pub(crate) enum Cases {
    /// The whole caseload.
    All(All),
    /// These.
    Some(Vec<String>),
}

/// The word for the whole caseload.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HandoverAll)]
pub(crate) enum All {
    /// All cases.
    All,
}

impl Default for Cases {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

/// Which handovers.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    pub(crate) state: Vec<String>,
}

/// Somebody who may own cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StaffMember {
    pub(crate) subject: String,
    /// `coordinator` or `deputy`.
    pub(crate) role: String,
}

/// Who stands in, and until when.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct DeputyInput {
    /// Subject of somebody with the role `deputy`.
    #[schema(required)]
    pub(crate) deputy: String,
    /// RFC 3339; a time in the past ends it.
    #[schema(required)]
    pub(crate) until: String,
}

/// Lists handovers of and to the caller, newest first.
#[utoipa::path(get, path = "/api/v1/handovers", tag = "newcomers", security(("bearer" = [])), params(Filter, Paging), responses((status = 200, body = List<Handover>), (status = 401, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller, paging: Paging, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, page_of(&app, &caller, paging, filter.state).await?))
}

/// Proposes to hand over the whole caseload or named cases.
#[utoipa::path(post, path = "/api/v1/handovers", tag = "newcomers", security(("bearer" = [])), request_body = HandoverInput, responses((status = 201, body = Handover), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn propose(State(app): State<App>, caller: Caller, Json(input): Json<HandoverInput>) -> Result<Response, Problem> {
    let handover = add(&app, &caller, input).await?;
    let location = format!("/api/v1/handovers/{}", handover.id);
    Ok(([(header::LOCATION, location)], private(StatusCode::CREATED, handover)).into_response())
}

/// Gives a handover with its note and cases, to the two people concerned.
#[utoipa::path(get, path = "/api/v1/handovers/{id}", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), responses((status = 200, body = Handover), (status = 404, body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, one(&app, &caller, id).await?))
}

/// The recipient takes all cases, in one transaction.
#[utoipa::path(post, path = "/api/v1/handovers/{id}/accept", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), responses((status = 200, body = HandoverReport), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn accept(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, take(&app, &caller, id).await?))
}

/// The recipient does not want it.
#[utoipa::path(post, path = "/api/v1/handovers/{id}/reject", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), responses((status = 200, body = Handover), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reject(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, turn_down(&app, &caller, id).await?))
}

/// The proposer takes it back.
#[utoipa::path(post, path = "/api/v1/handovers/{id}/withdraw", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), responses((status = 200, body = Handover), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn withdraw(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, take_back(&app, &caller, id).await?))
}

/// Lists people who may own cases, as far as they were seen here.
#[utoipa::path(get, path = "/api/v1/case-staff", tag = "newcomers", security(("bearer" = [])), responses((status = 200, body = Vec<StaffMember>), (status = 401, body = Problem)))]
async fn staff(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, seen(&app, &caller).await?))
}

/// Names a deputy who may work on the caller's cases for a time.
#[utoipa::path(post, path = "/api/v1/case-deputies", tag = "newcomers", security(("bearer" = [])), request_body = DeputyInput, responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn name_deputy(State(app): State<App>, caller: Caller, Json(input): Json<DeputyInput>) -> Result<StatusCode, Problem> {
    let asked = pb::NameDeputyRequest { deputy: input.deputy, until: input.until };
    app.peers.newcomers.clone().name_deputy(caller.request(asked)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A page of the caller's handovers.
pub(crate) async fn page_of(app: &App, caller: &Caller, paging: Paging, states: Vec<String>) -> Result<List<Handover>, Problem> {
    let asked = pb::ListHandoversRequest { states, page: paging.page, per_page: paging.per_page };
    let listed = app.peers.newcomers.clone().list_handovers(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, listed.total, listed.handovers.into_iter().map(Into::into).collect()))
}

/// Proposes a handover.
pub(crate) async fn add(app: &App, caller: &Caller, input: HandoverInput) -> Result<Handover, Problem> {
    let (all, case_ids) = match input.cases {
        Cases::All(All::All) => (true, Vec::new()),
        Cases::Some(ids) => (false, ids),
    };
    let asked = pb::ProposeHandoverRequest { to: input.to, all, case_ids, note: input.note };
    Ok(app.peers.newcomers.clone().propose_handover(caller.request(asked)).await?.into_inner().into())
}

/// A handover with its cases.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<Handover, Problem> {
    Ok(app.peers.newcomers.clone().get_handover(caller.request(pb::GetHandoverRequest { id })).await?.into_inner().into())
}

/// Accepts a handover.
pub(crate) async fn take(app: &App, caller: &Caller, id: String) -> Result<HandoverReport, Problem> {
    Ok(app.peers.newcomers.clone().accept_handover(caller.request(pb::DecideHandoverRequest { id })).await?.into_inner().into())
}

/// Rejects a handover.
pub(crate) async fn turn_down(app: &App, caller: &Caller, id: String) -> Result<Handover, Problem> {
    Ok(app.peers.newcomers.clone().reject_handover(caller.request(pb::DecideHandoverRequest { id })).await?.into_inner().into())
}

/// Withdraws a handover.
pub(crate) async fn take_back(app: &App, caller: &Caller, id: String) -> Result<Handover, Problem> {
    Ok(app.peers.newcomers.clone().withdraw_handover(caller.request(pb::DecideHandoverRequest { id })).await?.into_inner().into())
}

/// People who may own cases.
pub(crate) async fn seen(app: &App, caller: &Caller) -> Result<Vec<StaffMember>, Problem> {
    let listed = app.peers.newcomers.clone().list_staff(caller.request(pb::ListStaffRequest {})).await?.into_inner();
    Ok(listed.staff.into_iter().map(|member| StaffMember { subject: member.subject, role: member.role }).collect())
}

impl From<pb::HandoverReport> for HandoverReport {
    fn from(report: pb::HandoverReport) -> Self {
        Self { before: report.before, after: report.after, without_owner: report.without_owner }
    }
}

impl From<pb::Handover> for Handover {
    fn from(handover: pb::Handover) -> Self {
        let cases = handover.cases.into_iter().map(|case| HandoverCase {
            case_id: case.case_id,
            state: case.state,
            open_referrals: case.open_referrals,
            ending_consents: case.ending_consents,
        });
        Self {
            id: handover.id,
            state: handover.state,
            from: handover.from,
            to: handover.to,
            scope: handover.scope,
            note: handover.note,
            proposed_at: handover.proposed_at,
            decided_at: present(handover.decided_at),
            case_count: handover.case_count,
            cases: cases.collect(),
            report: handover.report.map(Into::into),
        }
    }
}
