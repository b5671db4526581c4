//! The audit trail.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        cases::{present, private},
        list::{List, Paging},
        query::Query,
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use bildung_proto::rpc::newcomers as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

/// Who did or tried what, when. Without personal text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Gapless, from 1.
    pub(crate) sequence: u64,
    pub(crate) at: String,
    /// `user:<subject>`, `resident` or `system:<job>`.
    pub(crate) actor: String,
    /// The actor's roles then.
    pub(crate) roles: Vec<String>,
    /// Such as `case.read`.
    pub(crate) action: String,
    /// `done` or `refused`.
    pub(crate) outcome: String,
    /// Code of the refusal.
    pub(crate) code: Option<String>,
    /// Cases, referrals and handovers concerned.
    pub(crate) subjects: Vec<String>,
    /// SHA-256 over the entry before and this one.
    pub(crate) hash: String,
}

/// Whether the trail is as it was written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditVerdict {
    pub(crate) intact: bool,
    /// Entries in order, from the first.
    pub(crate) entries: u64,
    /// The first entry that does not fit.
    pub(crate) broken_at: Option<u64>,
    pub(crate) problem: Option<String>,
    /// Hash of the last entry in order.
    pub(crate) head: String,
}

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// About this case, referral or handover.
    pub(crate) case_id: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) actor: Option<String>,
}

/// Lists entries of the audit trail, newest first. For auditors.
#[utoipa::path(get, path = "/api/v1/audit", tag = "newcomers", security(("bearer" = [])), params(Filter, Paging), responses((status = 200, body = List<AuditEntry>), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller, paging: Paging, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let asked = pb::ListAuditRequest {
        case_id: filter.case_id.unwrap_or_default(),
        action: filter.action.unwrap_or_default(),
        actor: filter.actor.unwrap_or_default(),
        page: paging.page,
        per_page: paging.per_page,
    };
    let listed = app.peers.newcomers.clone().list_audit(caller.request(asked)).await?.into_inner();
    let entries: Vec<AuditEntry> = listed.entries.into_iter().map(Into::into).collect();
    Ok(private(StatusCode::OK, List::new(paging, listed.total, entries)))
}

/// Recomputes the chain of the audit trail. For auditors.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "newcomers", security(("bearer" = [])), responses((status = 200, body = AuditVerdict), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn verify(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let verdict = app.peers.newcomers.clone().verify_audit(caller.request(pb::VerifyAuditRequest {})).await?.into_inner();
    let verdict = AuditVerdict {
        intact: verdict.intact,
        entries: verdict.entries,
        broken_at: (!verdict.intact).then_some(verdict.broken_at),
        problem: present(verdict.problem),
        head: verdict.head,
    };
    Ok(private(StatusCode::OK, verdict))
}

impl From<pb::AuditEntry> for AuditEntry {
    fn from(entry: pb::AuditEntry) -> Self {
        Self {
            sequence: entry.sequence,
            at: entry.at,
            actor: entry.actor,
            roles: entry.roles,
            action: entry.action,
            outcome: entry.outcome,
            code: present(entry.code),
            subjects: entry.subjects,
            hash: entry.hash,
        }
    }
}
