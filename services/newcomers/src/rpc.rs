//! gRPC on one side, commands and questions on the other. Each call is one attempt, with one entry in the trail.
use crate::{
    Office,
    audit::{Action, Attempt, hex},
    commands::{
        self, case_unknown,
        cases::OpenCase,
        consents::RecordConsent,
        handovers::ProposeHandover,
        referrals::{AnswerToken, Refer},
    },
    domain::PersonName,
    queries::{
        self, Page,
        audit::EntryView,
        cases::{CaseFile, CaseView, ConsentView, Wanted},
        handovers::{HandoverView, Report},
        referrals::{Invitation, ReferralView},
    },
    store,
};
use bildung_chassis::{Refusal, Result, rpc};
use bildung_proto::rpc::newcomers as wire;
use jiff::Timestamp;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};
use uuid::Uuid;

type Answer<T> = std::result::Result<Response<T>, Status>;

/// The service's side of the contract.
pub(crate) struct Desk(pub(crate) Office);

impl Desk {
    async fn begin<T>(&self, request: &Request<T>, action: Action) -> Result<Attempt> {
        Attempt::begin(&self.0.store, &rpc::principal(request), action).await
    }

    async fn begin_answer(&self, token: &str, action: Action) -> Result<(Attempt, [u8; 32])> {
        let hash = AnswerToken::hash(token);
        Ok((Attempt::begin_answer(&self.0.store, &hash, action).await?, hash))
    }
}

/// The id of a case; what is no id is no case.
fn case_id(text: &str) -> Result<Uuid, Refusal> {
    text.parse().map_err(|_| case_unknown())
}

fn handover_id(text: &str) -> Result<Uuid, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("handover_unknown", "there is no such handover, or it is not yours"))
}

fn name(given: Option<String>) -> Result<Option<PersonName>> {
    // A form without a name sends an empty one.
    Ok(given.filter(|name| !name.trim().is_empty()).map(PersonName::new).transpose()?)
}

#[tonic::async_trait]
impl wire::newcomers_server::Newcomers for Desk {
    async fn list_notices(&self, request: Request<wire::ListNoticesRequest>) -> Answer<wire::ListNoticesResponse> {
        let language = request.into_inner().language;
        let mut conn = self.0.store.pool().acquire().await.map_err(bildung_chassis::Error::from)?;
        let notices = store::notices::all(&mut conn, (!language.is_empty()).then_some(language.as_str())).await?;
        let notices = notices.into_iter().map(|notice| wire::Notice {
            version: notice.version,
            language: notice.language,
            title: notice.title,
            text: notice.body,
        });
        Ok(Response::new(wire::ListNoticesResponse { notices: notices.collect() }))
    }

    async fn open_case(&self, request: Request<wire::OpenCaseRequest>) -> Answer<wire::Case> {
        let mut attempt = self.begin(&request, Action::CaseOpen).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let input = OpenCase {
                name: name(message.name)?,
                language: message.language,
                legal_basis: message.legal_basis,
                notice_version: message.notice_version,
            };
            commands::cases::open(&mut attempt, &self.0, input).await
        }
        .await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn get_case(&self, request: Request<wire::GetCaseRequest>) -> Answer<wire::CaseFile> {
        let mut attempt = self.begin(&request, Action::CaseRead).await?;
        let outcome = async { queries::cases::read(&mut attempt, &self.0, case_id(&request.get_ref().id)?).await }.await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn list_cases(&self, request: Request<wire::ListCasesRequest>) -> Answer<wire::ListCasesResponse> {
        let mut attempt = self.begin(&request, Action::CaseList).await?;
        let message = request.into_inner();
        let wanted =
            Wanted { states: message.states, mine: message.mine, page: message.page, per_page: message.per_page, ..Wanted::default() };
        let outcome = queries::cases::list(&mut attempt, &self.0, wanted).await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn search_cases(&self, request: Request<wire::SearchCasesRequest>) -> Answer<wire::ListCasesResponse> {
        let mut attempt = self.begin(&request, Action::CaseSearch).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let wanted = Wanted {
                states: message.states,
                language: (!message.language.is_empty()).then_some(message.language),
                name: name(message.name)?,
                page: message.page,
                per_page: message.per_page,
                ..Wanted::default()
            };
            queries::cases::search(&mut attempt, &self.0, wanted).await
        }
        .await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn record_consent(&self, request: Request<wire::RecordConsentRequest>) -> Answer<wire::Consent> {
        let mut attempt = self.begin(&request, Action::ConsentRecord).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let input = RecordConsent {
                case_id: case_id(&message.case_id)?,
                purpose: message.purpose,
                recipient: rpc::id(&message.recipient_actor_id, "/recipient_actor_id")?,
                form: message.form,
                notice_version: message.notice_version,
                state: message.state,
            };
            commands::consents::record(&mut attempt, &self.0, input).await
        }
        .await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn decide_consent(&self, request: Request<wire::DecideConsentRequest>) -> Answer<wire::Consent> {
        let mut attempt = self.begin(&request, Action::ConsentDecide).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let case_id = case_id(&message.case_id)?;
            let consent_id =
                message.consent_id.parse().map_err(|_| Refusal::not_found("consent_unknown", "the case has no such consent"))?;
            commands::consents::decide(&mut attempt, &self.0, case_id, consent_id, &message.state).await
        }
        .await;
        let (consent, revoked) = attempt.finish(outcome).await?;
        Ok(Response::new(wire::Consent { revoked_referrals: u32::try_from(revoked).unwrap_or(u32::MAX), ..consent.into() }))
    }

    async fn refer(&self, request: Request<wire::ReferRequest>) -> Answer<wire::ReferResponse> {
        let mut attempt = self.begin(&request, Action::ReferralSend).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let input = Refer {
                case_id: case_id(&message.case_id)?,
                offer_id: rpc::id(&message.offer_id, "/offer_id")?,
                actor_id: rpc::id(&message.actor_id, "/actor_id")?,
                consent_id: message.consent_id.parse().ok(),
            };
            commands::referrals::refer(&mut attempt, &self.0, input).await
        }
        .await;
        let (referral, token) = attempt.finish(outcome).await?;
        Ok(Response::new(wire::ReferResponse { referral: Some(referral.into()), answer_token: token.reveal().to_owned() }))
    }

    async fn revoke_referral(&self, request: Request<wire::RevokeReferralRequest>) -> Answer<wire::Referral> {
        let mut attempt = self.begin(&request, Action::ReferralRevoke).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let case_id = case_id(&message.case_id)?;
            let id = message.referral_id.parse().map_err(|_| commands::referrals::referral_unknown())?;
            commands::referrals::revoke(&mut attempt, &self.0, case_id, id).await
        }
        .await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn show_referral(&self, request: Request<wire::ShowReferralRequest>) -> Answer<wire::ReferralInvitation> {
        let (mut attempt, hash) = self.begin_answer(&request.get_ref().token, Action::ReferralShow).await?;
        let outcome = queries::referrals::show(&mut attempt, &hash).await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn answer_referral(&self, request: Request<wire::AnswerReferralRequest>) -> Answer<wire::ReferralInvitation> {
        let message = request.into_inner();
        let (mut attempt, hash) = self.begin_answer(&message.token, Action::ReferralAnswer).await?;
        let outcome = commands::referrals::answer(&mut attempt, &self.0, &hash, &message.answer, &message.reason).await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn propose_handover(&self, request: Request<wire::ProposeHandoverRequest>) -> Answer<wire::Handover> {
        let mut attempt = self.begin(&request, Action::HandoverPropose).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let cases = if message.all {
                None
            } else {
                Some(message.case_ids.iter().map(|id| case_id(id)).collect::<Result<BTreeSet<Uuid>, Refusal>>()?)
            };
            commands::handovers::propose(&mut attempt, &self.0, ProposeHandover { to: message.to, cases, note: message.note }).await
        }
        .await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn get_handover(&self, request: Request<wire::GetHandoverRequest>) -> Answer<wire::Handover> {
        let mut attempt = self.begin(&request, Action::HandoverRead).await?;
        let outcome = async { queries::handovers::read(&mut attempt, &self.0, handover_id(&request.get_ref().id)?).await }.await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn list_handovers(&self, request: Request<wire::ListHandoversRequest>) -> Answer<wire::ListHandoversResponse> {
        let mut attempt = self.begin(&request, Action::HandoverList).await?;
        let message = request.into_inner();
        let outcome = queries::handovers::list(&mut attempt, &message.states, message.page, message.per_page).await;
        let page = attempt.finish(outcome).await?;
        Ok(Response::new(wire::ListHandoversResponse { total: page.total, handovers: page.items.into_iter().map(Into::into).collect() }))
    }

    async fn accept_handover(&self, request: Request<wire::DecideHandoverRequest>) -> Answer<wire::HandoverReport> {
        let mut attempt = self.begin(&request, Action::HandoverAccept).await?;
        let outcome = async { commands::handovers::accept(&mut attempt, handover_id(&request.get_ref().id)?).await }.await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn reject_handover(&self, request: Request<wire::DecideHandoverRequest>) -> Answer<wire::Handover> {
        let mut attempt = self.begin(&request, Action::HandoverReject).await?;
        let outcome = async { commands::handovers::reject(&mut attempt, &self.0, handover_id(&request.get_ref().id)?).await }.await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn withdraw_handover(&self, request: Request<wire::DecideHandoverRequest>) -> Answer<wire::Handover> {
        let mut attempt = self.begin(&request, Action::HandoverWithdraw).await?;
        let outcome = async { commands::handovers::withdraw(&mut attempt, &self.0, handover_id(&request.get_ref().id)?).await }.await;
        Ok(Response::new(attempt.finish(outcome).await?.into()))
    }

    async fn list_staff(&self, request: Request<wire::ListStaffRequest>) -> Answer<wire::ListStaffResponse> {
        let mut attempt = self.begin(&request, Action::StaffList).await?;
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            store::staff::all(attempt.tx()).await
        }
        .await;
        let staff = attempt.finish(outcome).await?.into_iter().map(|(subject, role)| wire::StaffMember { subject, role });
        Ok(Response::new(wire::ListStaffResponse { staff: staff.collect() }))
    }

    async fn name_deputy(&self, request: Request<wire::NameDeputyRequest>) -> Answer<wire::NameDeputyResponse> {
        let mut attempt = self.begin(&request, Action::DeputyName).await?;
        let message = request.into_inner();
        let outcome = async {
            attempt.principal.require(commands::WORKERS)?;
            let until: Timestamp = message
                .until
                .parse()
                .map_err(|_| Refusal::invalid("until_invalid", "not an RFC 3339 time").field("/until", "such as 2026-09-01T00:00:00Z"))?;
            commands::staff::name_deputy(&mut attempt, &message.deputy, until).await
        }
        .await;
        attempt.finish(outcome).await?;
        Ok(Response::new(wire::NameDeputyResponse {}))
    }

    async fn list_audit(&self, request: Request<wire::ListAuditRequest>) -> Answer<wire::ListAuditResponse> {
        let mut attempt = self.begin(&request, Action::AuditRead).await?;
        let message = request.into_inner();
        let outcome = async {
            let subject = if message.case_id.is_empty() { None } else { Some(rpc::id(&message.case_id, "?case_id")?) };
            let some = |text: String| (!text.is_empty()).then_some(text);
            let filter = store::audit::Filter { subject, action: some(message.action), actor: some(message.actor) };
            queries::audit::list(&mut attempt, filter, message.page, message.per_page).await
        }
        .await;
        let page = attempt.finish(outcome).await?;
        Ok(Response::new(wire::ListAuditResponse { total: page.total, entries: page.items.into_iter().map(Into::into).collect() }))
    }

    async fn verify_audit(&self, request: Request<wire::VerifyAuditRequest>) -> Answer<wire::VerifyAuditResponse> {
        let mut attempt = self.begin(&request, Action::AuditVerify).await?;
        let outcome = queries::audit::verify(&mut attempt, &self.0).await;
        let verdict = attempt.finish(outcome).await?;
        let (broken_at, problem) = verdict.broken.clone().unwrap_or_default();
        Ok(Response::new(wire::VerifyAuditResponse {
            intact: verdict.broken.is_none(),
            entries: queries::total(verdict.entries),
            broken_at: queries::total(broken_at),
            problem,
            head: hex(&verdict.head),
        }))
    }
}

fn time(time: Option<Timestamp>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

impl From<CaseView> for wire::Case {
    fn from(case: CaseView) -> Self {
        Self {
            id: case.id.to_string(),
            state: case.state,
            ownership: case.ownership,
            owner: case.owner.unwrap_or_default(),
            name: case.name.map(|name| name.reveal().to_owned()),
            language: case.language,
            legal_basis: case.legal_basis,
            notice_version: case.notice_version,
            notice_language: case.notice_language,
            opened_at: case.opened_at.to_string(),
        }
    }
}

impl From<Page<CaseView>> for wire::ListCasesResponse {
    fn from(page: Page<CaseView>) -> Self {
        Self { total: page.total, cases: page.items.into_iter().map(Into::into).collect() }
    }
}

impl From<CaseFile> for wire::CaseFile {
    fn from(file: CaseFile) -> Self {
        Self {
            case: Some(file.case.into()),
            consents: file.consents.into_iter().map(Into::into).collect(),
            referrals: file.referrals.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ConsentView> for wire::Consent {
    fn from(consent: ConsentView) -> Self {
        Self {
            id: consent.id.to_string(),
            state: consent.state,
            purpose: consent.purpose,
            recipient_actor_id: consent.recipient_actor_id.to_string(),
            recipient_name: consent.recipient_name.unwrap_or_default(),
            form: consent.form,
            notice_version: consent.notice_version,
            given_at: time(consent.given_at),
            valid_until: time(consent.valid_until),
            ended_at: time(consent.ended_at),
            revoked_referrals: 0,
        }
    }
}

impl From<ReferralView> for wire::Referral {
    fn from(referral: ReferralView) -> Self {
        Self {
            id: referral.id.to_string(),
            state: referral.state,
            offer_id: referral.offer_id.to_string(),
            offer_title: referral.offer_title,
            actor_id: referral.actor_id.to_string(),
            actor_name: referral.actor_name,
            consent_id: referral.consent_id.to_string(),
            sent_at: referral.sent_at.to_string(),
            expires_at: referral.expires_at.to_string(),
            answered_at: time(referral.answered_at),
            reason_code: referral.reason_code.unwrap_or_default(),
            reason: referral.reason.unwrap_or_default(),
        }
    }
}

impl From<Invitation> for wire::ReferralInvitation {
    fn from(invitation: Invitation) -> Self {
        Self {
            state: invitation.state,
            offer_title: invitation.offer_title,
            actor_name: invitation.actor_name,
            sent_at: invitation.sent_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
            answers: invitation.answers.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Report> for wire::HandoverReport {
    fn from(report: Report) -> Self {
        let count = |count: i32| u32::try_from(count).unwrap_or_default();
        Self { before: count(report.before), after: count(report.after), without_owner: count(report.without_owner) }
    }
}

impl From<HandoverView> for wire::Handover {
    fn from(handover: HandoverView) -> Self {
        let cases = handover.cases.into_iter().map(|case| wire::HandoverCase {
            case_id: case.case_id.to_string(),
            state: case.state,
            open_referrals: case.open_referrals,
            ending_consents: case.ending_consents,
        });
        Self {
            id: handover.id.to_string(),
            state: handover.state,
            from: handover.from,
            to: handover.to,
            scope: handover.scope,
            note: handover.note,
            proposed_at: handover.proposed_at.to_string(),
            decided_at: time(handover.decided_at),
            case_count: handover.case_count,
            cases: cases.collect(),
            report: handover.report.map(Into::into),
        }
    }
}

impl From<EntryView> for wire::AuditEntry {
    fn from(view: EntryView) -> Self {
        Self {
            sequence: queries::total(view.entry.sequence),
            at: view.entry.at.to_string(),
            actor: view.entry.actor,
            roles: view.entry.roles,
            action: view.entry.action,
            outcome: view.entry.outcome,
            code: view.entry.code.unwrap_or_default(),
            subjects: view.entry.subjects.iter().map(Uuid::to_string).collect(),
            hash: hex(&view.hash),
        }
    }
}
