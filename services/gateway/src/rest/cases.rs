//! Newcomers' cases: opening, search, consents. Answers hold personal data and are never stored by browsers.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        json::Json,
        list::{List, PER_PAGE, PER_PAGE_MAX, Paging},
        query::Query,
        referrals::Referral,
    },
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildung_proto::rpc::newcomers as pb;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(search))
        .routes(routes!(get))
        .routes(routes!(record_consent))
        .routes(routes!(decide_consent))
        .routes(routes!(notices))
}

/// A newcomer's case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// `enquiry`, `intake`, `assessment`, `planning`, `active`, `on_hold`, `closed`, `transferred_out`, `merged` or `erased`.
    pub(crate) state: String,
    /// `assigned`, `pool` (the post is vacant) or `handover_pending`.
    pub(crate) ownership: String,
    /// Subject of the owner; null while the post is vacant.
    pub(crate) owner: Option<String>,
    /// Absent in anonymous advice, and for whoever may not see names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Of the person, BCP 47.
    pub(crate) language: String,
    pub(crate) legal_basis: String,
    pub(crate) notice_version: String,
    /// Language of the notice that was shown.
    pub(crate) notice_language: String,
    pub(crate) opened_at: String,
}

/// A case with its consents and referrals.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CaseFile {
    #[serde(flatten)]
    pub(crate) case: Case,
    pub(crate) consents: Vec<Consent>,
    pub(crate) referrals: Vec<Referral>,
}

/// What is needed to open a case.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct CaseInput {
    /// Leave out for anonymous advice.
    pub(crate) name: Option<String>,
    /// Of the person, BCP 47.
    #[schema(required)]
    pub(crate) language: String,
    /// `consent`, `legal_obligation`, `public_task`, `vital_interests` or `youth_welfare`.
    #[schema(required)]
    pub(crate) legal_basis: String,
    /// Version of the privacy notice that was shown, see `/api/v1/privacy-notices`.
    #[schema(required)]
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) notice_version: String,
}

/// What is looked for among the cases.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct CaseSearch {
    /// The exact name, whatever its case, marks and order of parts.
    pub(crate) name: Option<String>,
    /// Any of these states.
    pub(crate) state: Vec<String>,
    /// BCP 47.
    pub(crate) language: Option<String>,
    #[schema(minimum = 1, default = 1)]
    pub(crate) page: Option<u32>,
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub(crate) per_page: Option<u32>,
}

/// Which cases.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    pub(crate) state: Vec<String>,
    /// Only the caller's own.
    pub(crate) mine: Option<bool>,
}

/// A person's consent for one purpose and one recipient.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Consent {
    pub(crate) id: String,
    /// `requested`, `given`, `refused`, `withdrawn`, `expired`, `superseded` or `invalidated`.
    pub(crate) state: String,
    pub(crate) purpose: String,
    pub(crate) recipient_actor_id: String,
    /// Null as long as the network has not told it.
    pub(crate) recipient_name: Option<String>,
    pub(crate) form: String,
    pub(crate) notice_version: String,
    pub(crate) given_at: Option<String>,
    pub(crate) valid_until: Option<String>,
    pub(crate) ended_at: Option<String>,
    /// Referrals that were revoked with it, in the answer to a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_referrals: Option<u32>,
}

/// What is needed to record a consent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ConsentInput {
    /// `referral`, `advice` or `contact`.
    #[schema(required)]
    pub(crate) purpose: String,
    #[schema(required)]
    pub(crate) recipient_actor_id: String,
    /// `written` or `electronic`.
    #[schema(required)]
    pub(crate) form: String,
    #[schema(required)]
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) notice_version: String,
    /// `given` (the default), `requested` or `refused`.
    pub(crate) state: String,
}

/// What became of a consent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ConsentDecision {
    /// `withdrawn`, `given`, `refused` or `invalidated`.
    #[schema(required)]
    pub(crate) state: String,
}

/// A privacy notice in one language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PrivacyNotice {
    pub(crate) version: String,
    pub(crate) language: String,
    pub(crate) title: String,
    /// An empty line parts paragraphs.
    pub(crate) text: String,
}

/// Which notices.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoticeFilter {
    /// BCP 47.
    pub(crate) language: Option<String>,
}

/// A version may be written as a text or a number.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Number(u32),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::Text(text) => text,
        Given::Number(number) => number.to_string(),
    })
}

/// Lists the caller's own, vacant and covered cases; a supervisor sees all, without names.
#[utoipa::path(get, path = "/api/v1/cases", tag = "newcomers", security(("bearer" = [])), params(Filter, Paging), responses((status = 200, body = List<Case>), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller, paging: Paging, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, page_of(&app, &caller, paging, filter).await?))
}

/// Opens a case; whoever opens it owns it.
#[utoipa::path(post, path = "/api/v1/cases", tag = "newcomers", security(("bearer" = [])), request_body = CaseInput, responses((status = 201, body = Case), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn open(State(app): State<App>, caller: Caller, Json(input): Json<CaseInput>) -> Result<Response, Problem> {
    let case = add(&app, &caller, input).await?;
    let location = format!("/api/v1/cases/{}", case.id);
    Ok(([(header::LOCATION, location)], private(StatusCode::CREATED, case)).into_response())
}

/// Finds cases by the exact name. A POST, so that no name stands in an address.
#[utoipa::path(post, path = "/api/v1/case-searches", tag = "newcomers", security(("bearer" = [])), request_body = CaseSearch, responses((status = 200, body = List<Case>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn search(State(app): State<App>, caller: Caller, Json(wanted): Json<CaseSearch>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, find(&app, &caller, wanted).await?))
}

/// Gives a case with its consents and referrals. An unknown case and somebody else's answer the same.
#[utoipa::path(get, path = "/api/v1/cases/{id}", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), responses((status = 200, body = CaseFile), (status = 404, body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, one(&app, &caller, id).await?))
}

/// Records a consent. A given one takes the place of an earlier one for the same purpose and recipient.
#[utoipa::path(post, path = "/api/v1/cases/{id}/consents", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), request_body = ConsentInput, responses((status = 201, body = Consent), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn record_consent(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<ConsentInput>,
) -> Result<Response, Problem> {
    Ok(private(StatusCode::CREATED, consent(&app, &caller, id, input).await?))
}

/// Moves a consent on. A withdrawal revokes what was referred on its strength, at once.
#[utoipa::path(post, path = "/api/v1/cases/{id}/consents/{consent_id}/decide", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path), ("consent_id" = String, Path)), request_body = ConsentDecision, responses((status = 200, body = Consent), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn decide_consent(
    State(app): State<App>,
    caller: Caller,
    Path((id, consent_id)): Path<(String, String)>,
    Json(decision): Json<ConsentDecision>,
) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, decide(&app, &caller, id, consent_id, decision.state).await?))
}

/// Lists the published privacy notices, the newest version first.
#[utoipa::path(get, path = "/api/v1/privacy-notices", tag = "newcomers", params(NoticeFilter, Paging), responses((status = 200, body = List<PrivacyNotice>)))]
async fn notices(
    State(app): State<App>,
    caller: Caller,
    paging: Paging,
    Query(filter): Query<NoticeFilter>,
) -> Result<Json<List<PrivacyNotice>>, Problem> {
    let all = published(&app, &caller, filter.language.unwrap_or_default()).await?;
    let total = all.len() as u64;
    let skipped = usize::try_from(u64::from(paging.page - 1) * u64::from(paging.per_page)).unwrap_or(usize::MAX);
    Ok(Json(List::new(paging, total, all.into_iter().skip(skipped).take(paging.per_page as usize).collect())))
}

/// An answer with personal data, which nobody stores.
pub(crate) fn private(status: StatusCode, body: impl Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A page of the cases that the caller may see.
pub(crate) async fn page_of(app: &App, caller: &Caller, paging: Paging, filter: Filter) -> Result<List<Case>, Problem> {
    let asked =
        pb::ListCasesRequest { states: filter.state, mine: filter.mine.unwrap_or_default(), page: paging.page, per_page: paging.per_page };
    let listed = app.peers.newcomers.clone().list_cases(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, listed.total, listed.cases.into_iter().map(Into::into).collect()))
}

/// The cases that match.
pub(crate) async fn find(app: &App, caller: &Caller, wanted: CaseSearch) -> Result<List<Case>, Problem> {
    let (page, per_page) = (wanted.page.unwrap_or(1), wanted.per_page.unwrap_or(PER_PAGE));
    if page == 0 || !(1..=PER_PAGE_MAX).contains(&per_page) {
        return Err(Problem::invalid("body_invalid", "the page cannot be given")
            .field("/per_page", format!("from 1 to {PER_PAGE_MAX}; page from 1")));
    }
    let asked =
        pb::SearchCasesRequest { name: wanted.name, states: wanted.state, language: wanted.language.unwrap_or_default(), page, per_page };
    let found = app.peers.newcomers.clone().search_cases(caller.request(asked)).await?.into_inner();
    Ok(List::new(Paging { page, per_page }, found.total, found.cases.into_iter().map(Into::into).collect()))
}

/// Opens a case.
pub(crate) async fn add(app: &App, caller: &Caller, input: CaseInput) -> Result<Case, Problem> {
    let asked = pb::OpenCaseRequest {
        name: input.name,
        language: input.language,
        legal_basis: input.legal_basis,
        notice_version: input.notice_version,
    };
    let mut case: Case = app.peers.newcomers.clone().open_case(caller.request(asked)).await?.into_inner().into();
    // Whoever opens it knows the name; the answer need not carry it.
    case.name = None;
    Ok(case)
}

/// A case with all that belongs to it.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<CaseFile, Problem> {
    Ok(app.peers.newcomers.clone().get_case(caller.request(pb::GetCaseRequest { id })).await?.into_inner().into())
}

/// Records a consent.
pub(crate) async fn consent(app: &App, caller: &Caller, case_id: String, input: ConsentInput) -> Result<Consent, Problem> {
    let asked = pb::RecordConsentRequest {
        case_id,
        purpose: input.purpose,
        recipient_actor_id: input.recipient_actor_id,
        form: input.form,
        notice_version: input.notice_version,
        state: input.state,
    };
    Ok(app.peers.newcomers.clone().record_consent(caller.request(asked)).await?.into_inner().into())
}

/// Moves a consent on.
pub(crate) async fn decide(app: &App, caller: &Caller, case_id: String, consent_id: String, state: String) -> Result<Consent, Problem> {
    let asked = pb::DecideConsentRequest { case_id, consent_id, state };
    let decided = app.peers.newcomers.clone().decide_consent(caller.request(asked)).await?.into_inner();
    let revoked = decided.revoked_referrals;
    Ok(Consent { revoked_referrals: Some(revoked), ..decided.into() })
}

/// The published privacy notices.
pub(crate) async fn published(app: &App, caller: &Caller, language: String) -> Result<Vec<PrivacyNotice>, Problem> {
    let listed = app.peers.newcomers.clone().list_notices(caller.request(pb::ListNoticesRequest { language })).await?.into_inner();
    Ok(listed
        .notices
        .into_iter()
        .map(|notice| PrivacyNotice { version: notice.version, language: notice.language, title: notice.title, text: notice.text })
        .collect())
}

/// A text, if there is one.
pub(crate) fn present(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl From<pb::Case> for Case {
    fn from(case: pb::Case) -> Self {
        Self {
            id: case.id,
            state: case.state,
            ownership: case.ownership,
            owner: present(case.owner),
            name: case.name,
            language: case.language,
            legal_basis: case.legal_basis,
            notice_version: case.notice_version,
            notice_language: case.notice_language,
            opened_at: case.opened_at,
        }
    }
}

impl From<pb::CaseFile> for CaseFile {
    fn from(file: pb::CaseFile) -> Self {
        Self {
            case: file.case.unwrap_or_default().into(),
            consents: file.consents.into_iter().map(Into::into).collect(),
            referrals: file.referrals.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<pb::Consent> for Consent {
    fn from(consent: pb::Consent) -> Self {
        Self {
            id: consent.id,
            state: consent.state,
            purpose: consent.purpose,
            recipient_actor_id: consent.recipient_actor_id,
            recipient_name: present(consent.recipient_name),
            form: consent.form,
            notice_version: consent.notice_version,
            given_at: present(consent.given_at),
            valid_until: present(consent.valid_until),
            ended_at: present(consent.ended_at),
            revoked_referrals: None,
        }
    }
}
