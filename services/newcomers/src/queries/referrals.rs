//! Referrals as the office sees them, and as the actor behind the link does.
use crate::{
    Office,
    audit::Attempt,
    commands::referrals::{behind_link, reason_place, still_open},
    domain::{Machine as _, ReferralState},
    store::{self, referrals::ReferralRow},
};
use bildung_chassis::Result;
use jiff::Timestamp;
use uuid::Uuid;

/// A referral as its caseworker sees it.
#[derive(Clone, Debug)]
pub(crate) struct ReferralView {
    pub id: Uuid,
    pub state: String,
    pub offer_id: Uuid,
    pub offer_title: String,
    pub actor_id: Uuid,
    pub actor_name: String,
    pub consent_id: Uuid,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub reason_code: Option<String>,
    pub reason: Option<String>,
}

impl ReferralView {
    /// Opens the actor's words if the one who asks may see them.
    pub(crate) async fn open(attempt: &mut Attempt, office: &Office, row: ReferralRow) -> Result<Self> {
        let reason = match row.reason {
            None => None,
            Some(sealed) => match store::people::key(attempt.tx(), row.person_id).await? {
                None => None,
                Some(wrapped) => Some(office.vault.unwrap(row.person_id, &wrapped)?.open_text(reason_place(row.person_id), &sealed)?),
            },
        };
        Ok(Self {
            id: row.id,
            state: row.state,
            offer_id: row.offer_id,
            offer_title: row.offer_title.unwrap_or_default(),
            actor_id: row.actor_id,
            actor_name: row.actor_name.unwrap_or_default(),
            consent_id: row.consent_id,
            sent_at: row.sent_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
            answered_at: row.answered_at.map(jiff_sqlx::Timestamp::to_jiff),
            reason_code: row.reason_code,
            reason,
        })
    }
}

/// What the actor sees behind the link: nothing about the person.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    pub state: String,
    pub offer_title: String,
    pub actor_name: String,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    /// What can still be answered.
    pub answers: Vec<&'static str>,
}

impl Invitation {
    pub(crate) fn new(row: &ReferralRow, state: ReferralState, expires_at: Timestamp) -> Self {
        let answers = [("accept", ReferralState::Accepted), ("waitlist", ReferralState::Waitlisted), ("reject", ReferralState::Rejected)];
        Self {
            state: state.as_str().into(),
            offer_title: row.offer_title.clone().unwrap_or_default(),
            actor_name: row.actor_name.clone().unwrap_or_default(),
            sent_at: row.sent_at.to_jiff(),
            expires_at,
            answers: answers.into_iter().filter(|(_, next)| state.may_become(*next)).map(|(answer, _)| answer).collect(),
        }
    }
}

/// Shows a referral to whoever holds its link.
pub(crate) async fn show(attempt: &mut Attempt, answer_hash: &[u8]) -> Result<Invitation> {
    let row = behind_link(attempt, answer_hash).await?;
    still_open(&row, attempt.now)?;
    let state = crate::commands::consents::state_of(&row.state)?;
    Ok(Invitation::new(&row, state, row.expires_at.to_jiff()))
}
