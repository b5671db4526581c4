//! Referrals to actors and their answers.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        cases::{present, private},
        json::Json,
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use bildung_proto::rpc::newcomers as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource; the link itself is answered by `portal::answers`.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(refer)).routes(routes!(revoke))
}

/// A referral of a case to an actor's offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Referral {
    pub(crate) id: String,
    /// `sent`, `waitlisted`, `accepted`, `rejected`, `expired`, `completed`, `discontinued` or `revoked`.
    pub(crate) state: String,
    pub(crate) offer_id: String,
    pub(crate) offer_title: String,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) consent_id: String,
    pub(crate) sent_at: String,
    /// Until when the link can be answered.
    pub(crate) expires_at: String,
    pub(crate) answered_at: Option<String>,
    /// `no_place`, `waiting_list_full`, `not_eligible`, `wrong_level`, `outside_area`, `age`, `documents_missing`, `contact_failed`, `duplicate` or `other`.
    pub(crate) reason_code: Option<String>,
    /// The actor's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// A referral just sent, with the link for the actor.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct SentReferral {
    #[serde(flatten)]
    pub(crate) referral: Referral,
    /// Secret, shown this once: give it to the actor and to nobody else. Answered by POST without an access token.
    pub(crate) answer_url: String,
}

/// What is needed to refer.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(crate) struct ReferralInput {
    #[schema(required)]
    pub(crate) offer_id: String,
    #[schema(required)]
    pub(crate) actor_id: String,
    /// A given consent of this case for this actor with the purpose `referral`.
    #[schema(required)]
    pub(crate) consent_id: String,
}

/// Refers a case to an offer of an actor. Without a given consent: 409 `consent_missing`.
#[utoipa::path(post, path = "/api/v1/cases/{id}/referrals", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path)), request_body = ReferralInput, responses((status = 201, body = SentReferral), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn refer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<ReferralInput>,
) -> Result<Response, Problem> {
    Ok(private(StatusCode::CREATED, send(&app, &caller, id, input).await?))
}

/// Takes a referral back.
#[utoipa::path(post, path = "/api/v1/cases/{id}/referrals/{referral_id}/revoke", tag = "newcomers", security(("bearer" = [])), params(("id" = String, Path), ("referral_id" = String, Path)), responses((status = 200, body = Referral), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn revoke(State(app): State<App>, caller: Caller, Path((id, referral_id)): Path<(String, String)>) -> Result<Response, Problem> {
    Ok(private(StatusCode::OK, take_back(&app, &caller, id, referral_id).await?))
}

/// Sends a referral.
pub(crate) async fn send(app: &App, caller: &Caller, case_id: String, input: ReferralInput) -> Result<SentReferral, Problem> {
    let asked = pb::ReferRequest { case_id, offer_id: input.offer_id, actor_id: input.actor_id, consent_id: input.consent_id };
    let sent = app.peers.newcomers.clone().refer(caller.request(asked)).await?.into_inner();
    let mut answer_url = app.settings.public_url.clone();
    if let Ok(mut path) = answer_url.path_segments_mut() {
        path.pop_if_empty().push("antwort").push(&sent.answer_token);
    }
    Ok(SentReferral { referral: sent.referral.unwrap_or_default().into(), answer_url: answer_url.into() })
}

/// Takes a referral back.
pub(crate) async fn take_back(app: &App, caller: &Caller, case_id: String, referral_id: String) -> Result<Referral, Problem> {
    let asked = pb::RevokeReferralRequest { case_id, referral_id };
    Ok(app.peers.newcomers.clone().revoke_referral(caller.request(asked)).await?.into_inner().into())
}

impl From<pb::Referral> for Referral {
    fn from(referral: pb::Referral) -> Self {
        Self {
            id: referral.id,
            state: referral.state,
            offer_id: referral.offer_id,
            offer_title: referral.offer_title,
            actor_id: referral.actor_id,
            actor_name: referral.actor_name,
            consent_id: referral.consent_id,
            sent_at: referral.sent_at,
            expires_at: referral.expires_at,
            answered_at: present(referral.answered_at),
            reason_code: present(referral.reason_code),
            reason: present(referral.reason),
        }
    }
}
