//! Referring a case to an actor's offer, and the actor's answer.
use super::{case_unknown, consents::state_of, random_ref, text, worker};
use crate::{
    Office,
    audit::Attempt,
    domain::{Answer, CaseState, ConsentState, Grant, Machine as _, PURPOSE_REFERRAL, REJECT_REASONS, ReferralState, Violation, covers},
    queries::referrals::{Invitation, ReferralView},
    store::{self, referrals::ReferralRow},
    vault::Place,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bildung_chassis::{Refusal, Result};
use bildung_proto::events::newcomers::{ReferralAnswered, ReferralSent};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

const LONGEST_REASON: usize = 500;

/// What is needed to refer.
#[expect(clippy::struct_field_names, reason = "ids of four kinds of things")]
pub(crate) struct Refer {
    pub case_id: Uuid,
    pub offer_id: Uuid,
    pub actor_id: Uuid,
    /// Absent or unknown: refused.
    pub consent_id: Option<Uuid>,
}

/// The secret in an answer link. Only its hash is kept.
pub(crate) struct AnswerToken(Zeroizing<String>);

impl AnswerToken {
    /// As it stands in the link.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash of a token that somebody presents; what is no token has the hash of no referral.
    pub(crate) fn hash(presented: &str) -> [u8; 32] {
        Sha256::digest(presented.as_bytes()).into()
    }
}

/// Where an actor's own words lie.
pub(crate) fn reason_place(person: Uuid) -> Place {
    Place { table: "referral", column: "reason", owner: person }
}

/// The referral is not there for whoever asks.
pub(crate) fn referral_unknown() -> Refusal {
    Refusal::not_found("referral_unknown", "there is no such referral")
}

/// Refers a case; without a given, unexpired consent of this case for this actor and purpose nothing is sent.
pub(crate) async fn refer(attempt: &mut Attempt, office: &Office, input: Refer) -> Result<(ReferralView, AnswerToken)> {
    worker(attempt)?;
    attempt.about(input.case_id);
    let case = store::cases::lock(attempt.tx(), input.case_id).await?.ok_or_else(case_unknown)?;
    state_of::<CaseState>(&case.state)?.require_open()?;
    let consent_id = require_consent(attempt, &input).await?;

    let offer = store::copies::offer(attempt.tx(), input.offer_id).await?;
    let offer = offer.ok_or_else(|| {
        Refusal::invalid("offer_unknown", "the catalogue has not told of such an offer").field("/offer_id", "not a published offer")
    })?;
    if offer.withdrawn {
        return Err(Refusal::conflict("offer_withdrawn", "the offer is no longer published").field("/offer_id", "withdrawn").into());
    }
    let actor_name = store::copies::actor_name(attempt.tx(), input.actor_id).await?;
    let actor_name = actor_name.ok_or_else(|| {
        Refusal::invalid("actor_unknown", "the network has not told of such an actor").field("/actor_id", "not a registered actor")
    })?;
    if offer.actor_id.is_some_and(|provider| provider != input.actor_id) {
        let refusal = Refusal::invalid("actor_not_provider", "another actor provides this offer");
        return Err(refusal.field("/actor_id", "not the provider of the offer").into());
    }

    let token = AnswerToken(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(Zeroizing::new(attempt.ids().bytes::<32>()))));
    let (id, now) = (attempt.id(), attempt.now);
    let expires_at = now + SignedDuration::from_hours(24 * i64::from(office.settings.answer_days));
    let state = ReferralState::INITIAL.become_next(ReferralState::Sent)?;
    let referral_ref = random_ref(attempt.ids());
    let referral = store::referrals::NewReferral {
        id,
        referral_ref,
        case_id: input.case_id,
        person_id: case.person_id,
        offer_id: input.offer_id,
        actor_id: input.actor_id,
        consent_id,
        state: state.as_str(),
        answer_hash: &AnswerToken::hash(token.reveal()),
        sent_at: now,
        expires_at,
    };
    store::referrals::insert(attempt.tx(), &referral).await?;
    attempt.about(id);
    attempt.publish(&ReferralSent { referral_ref, offer_id: input.offer_id, actor_id: input.actor_id }).await?;
    let view = ReferralView {
        id,
        state: state.as_str().into(),
        offer_id: input.offer_id,
        offer_title: offer.title,
        actor_id: input.actor_id,
        actor_name,
        consent_id,
        sent_at: now,
        expires_at,
        answered_at: None,
        reason_code: None,
        reason: None,
    };
    Ok((view, token))
}

async fn require_consent(attempt: &mut Attempt, input: &Refer) -> Result<Uuid> {
    let missing = || {
        Refusal::conflict("consent_missing", "the person has not given a consent, still valid, to be referred to this actor")
            .field("/consent_id", "not a given consent for this case, actor and purpose")
    };
    let id = input.consent_id.ok_or_else(missing)?;
    let row = store::consents::find(attempt.tx(), id).await?.ok_or_else(missing)?;
    let grant = Grant {
        case_id: row.case_id,
        purpose: row.purpose,
        recipient: row.recipient_actor_id,
        state: state_of::<ConsentState>(&row.state)?,
        valid_until: row.valid_until.map(jiff_sqlx::Timestamp::to_jiff),
    };
    if covers(&grant, input.case_id, input.actor_id, PURPOSE_REFERRAL, attempt.now) { Ok(id) } else { Err(missing().into()) }
}

/// The office takes a referral back.
pub(crate) async fn revoke(attempt: &mut Attempt, office: &Office, case_id: Uuid, id: Uuid) -> Result<ReferralView> {
    worker(attempt)?;
    attempt.about(case_id);
    attempt.about(id);
    store::cases::lock(attempt.tx(), case_id).await?.ok_or_else(case_unknown)?;
    let mut row = store::referrals::lock(attempt.tx(), case_id, id).await?.ok_or_else(referral_unknown)?;
    let next = state_of::<ReferralState>(&row.state)?.become_next(ReferralState::Revoked)?;
    store::referrals::set_state(attempt.tx(), id, next.as_str()).await?;
    row.state = next.as_str().into();
    ReferralView::open(attempt, office, row).await
}

/// Revokes what relied on a consent that has ended.
pub(crate) async fn revoke_relying_on(attempt: &mut Attempt, case_id: Uuid, actor_id: Uuid, purpose: &str) -> Result<usize> {
    let relying = store::referrals::lock_relying_on(attempt.tx(), case_id, actor_id, purpose).await?;
    for (id, state) in &relying {
        let next = state_of::<ReferralState>(state)?.become_next(ReferralState::Revoked)?;
        store::referrals::set_state(attempt.tx(), *id, next.as_str()).await?;
        attempt.about(*id);
    }
    Ok(relying.len())
}

/// The referral behind an answer link, locked.
pub(crate) async fn behind_link(attempt: &mut Attempt, answer_hash: &[u8]) -> Result<ReferralRow> {
    let row = store::referrals::lock_by_answer(attempt.tx(), answer_hash).await?.ok_or_else(referral_unknown)?;
    attempt.about(row.case_id);
    attempt.about(row.id);
    Ok(row)
}

/// The actor answers. A second answer, one too late or one to a referral taken back is refused.
pub(crate) async fn answer(attempt: &mut Attempt, office: &Office, answer_hash: &[u8], answer: &str, reason: &str) -> Result<Invitation> {
    let row = behind_link(attempt, answer_hash).await?;
    let answer =
        Answer::parse(answer).ok_or_else(|| Violation::UnknownCode { field: "answer", known: "accept, reject, waitlist".into() })?;
    let state = state_of::<ReferralState>(&row.state)?;
    let now = attempt.now;
    let next = still_open(&row, now).and_then(|()| state.become_next(answer.state()).map_err(|_| already(state)))?;

    let rejected = next == ReferralState::Rejected;
    let (reason_code, own_words) = match reason.trim() {
        "" => (None, None),
        code if REJECT_REASONS.contains(&code) => (rejected.then(|| code.to_owned()), None),
        words => (rejected.then(|| "other".to_owned()), Some(text("reason", words, LONGEST_REASON)?)),
    };
    let sealed = match own_words {
        None => None,
        Some(words) => {
            let wrapped = store::people::key(attempt.tx(), row.person_id)
                .await?
                .ok_or_else(|| anyhow::anyhow!("a referral's person has no data key"))?;
            Some(office.vault.unwrap(row.person_id, &wrapped)?.seal(attempt.ids(), reason_place(row.person_id), words.as_bytes())?)
        }
    };
    // Whoever waits is placed later than the link would otherwise allow.
    let expires_at = if next == ReferralState::Waitlisted {
        now + SignedDuration::from_hours(24 * i64::from(office.settings.waitlist_days))
    } else {
        row.expires_at.to_jiff()
    };
    let answered = store::referrals::Answered {
        state: next.as_str(),
        at: now,
        expires_at,
        reason_code: reason_code.as_deref(),
        reason: sealed.as_deref(),
    };
    store::referrals::answer(attempt.tx(), row.id, &answered).await?;
    let fact = ReferralAnswered {
        referral_ref: row.referral_ref,
        offer_id: row.offer_id,
        actor_id: row.actor_id,
        status: next.as_str().into(),
        reason_code,
    };
    attempt.publish(&fact).await?;
    Ok(Invitation::new(&row, next, expires_at))
}

/// Refuses what can no longer be answered, with the reason.
pub(crate) fn still_open(row: &ReferralRow, now: Timestamp) -> Result<(), Refusal> {
    let state = ReferralState::parse(&row.state);
    let late = matches!(state, Some(ReferralState::Sent | ReferralState::Waitlisted)) && row.expires_at.to_jiff() <= now;
    if late { Err(already(ReferralState::Expired)) } else { Ok(()) }
}

fn already(state: ReferralState) -> Refusal {
    match state {
        ReferralState::Expired => Refusal::conflict("referral_expired", "the time to answer is over"),
        ReferralState::Revoked => Refusal::conflict("referral_revoked", "the referral was taken back"),
        _ => Refusal::conflict("referral_already_answered", "the referral was already answered"),
    }
}
