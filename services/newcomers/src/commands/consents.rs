//! Recording consents, and what becomes of them.
use super::{case_unknown, worker};
use crate::{
    Office,
    audit::Attempt,
    commands::{notices, referrals},
    domain::{CONSENT_FORMS, CaseState, ConsentState, Machine, PURPOSES, known_code},
    queries::cases::ConsentView,
    store,
};
use bildung_chassis::{Refusal, Result};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// What is needed to record a consent.
pub(crate) struct RecordConsent {
    pub case_id: Uuid,
    /// Code.
    pub purpose: String,
    pub recipient: Uuid,
    /// Code.
    pub form: String,
    /// The notice that was shown.
    pub notice_version: String,
    /// `requested`, `given` or `refused`; empty for given.
    pub state: String,
}

/// Records a consent. A given one takes the place of an earlier one for the same purpose and recipient.
pub(crate) async fn record(attempt: &mut Attempt, office: &Office, input: RecordConsent) -> Result<ConsentView> {
    let subject = worker(attempt)?;
    attempt.about(input.case_id);
    let case = store::cases::lock(attempt.tx(), input.case_id).await?.ok_or_else(case_unknown)?;
    state_of::<CaseState>(&case.state)?.require_open()?;
    let purpose = known_code("purpose", &input.purpose, PURPOSES)?;
    let form = known_code("form", &input.form, CONSENT_FORMS)?;
    let first = known_code("state", if input.state.is_empty() { "given" } else { &input.state }, &["given", "refused", "requested"])?;
    let notice_language = notices::language_shown(attempt, &input.notice_version, &case.language).await?;
    let mut state = ConsentState::INITIAL;
    if first != state.as_str() {
        state = state.become_next(state_of(first)?)?;
    }
    let now = attempt.now;
    let given = (state == ConsentState::Given).then(|| (now, ends(office, now)));
    if given.is_some() {
        store::consents::supersede(attempt.tx(), input.case_id, purpose, input.recipient, now).await?;
    }
    let id = attempt.id();
    let consent = store::consents::NewConsent {
        id,
        case_id: input.case_id,
        state: state.as_str(),
        purpose,
        recipient_actor_id: input.recipient,
        form,
        notice_version: &input.notice_version,
        notice_language: &notice_language,
        recorded_by: &subject,
        recorded_at: now,
        given,
    };
    store::consents::insert(attempt.tx(), &consent).await?;
    view(attempt, id).await
}

/// Moves a consent on. When it ends, so does at once every referral that relied on it.
pub(crate) async fn decide(attempt: &mut Attempt, office: &Office, case_id: Uuid, id: Uuid, next: &str) -> Result<(ConsentView, usize)> {
    worker(attempt)?;
    attempt.about(case_id);
    store::cases::lock(attempt.tx(), case_id).await?.ok_or_else(case_unknown)?;
    let known = known_code("state", next, &["given", "invalidated", "refused", "withdrawn"])?;
    let consent = store::consents::find(attempt.tx(), id).await?.filter(|consent| consent.case_id == case_id);
    let consent = consent.ok_or_else(|| Refusal::not_found("consent_unknown", "the case has no such consent"))?;
    let next = state_of::<ConsentState>(&consent.state)?.become_next(state_of(known)?)?;
    let now = attempt.now;
    let mut revoked = 0;
    if next == ConsentState::Given {
        store::consents::supersede(attempt.tx(), case_id, &consent.purpose, consent.recipient_actor_id, now).await?;
        store::consents::give(attempt.tx(), id, now, ends(office, now)).await?;
    } else {
        store::consents::end(attempt.tx(), id, next.as_str(), now).await?;
    }
    if next.ends_disclosure() {
        revoked = referrals::revoke_relying_on(attempt, case_id, consent.recipient_actor_id, &consent.purpose).await?;
    }
    Ok((view(attempt, id).await?, revoked))
}

fn ends(office: &Office, now: Timestamp) -> Timestamp {
    now + SignedDuration::from_hours(24 * i64::from(office.settings.consent_days))
}

async fn view(attempt: &mut Attempt, id: Uuid) -> Result<ConsentView> {
    let now = attempt.now;
    let row = store::consents::find(attempt.tx(), id).await?.ok_or_else(|| anyhow::anyhow!("the consent just written is not there"))?;
    Ok(ConsentView::new(row, now))
}

/// A state as the store has it.
pub(crate) fn state_of<M: Machine>(name: &str) -> Result<M> {
    M::parse(name).ok_or_else(|| anyhow::anyhow!("the store holds an unknown {} state", M::NAME).into())
}
