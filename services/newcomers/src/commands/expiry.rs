//! What ends by time: unanswered referrals, and consents with all that relied on them.
use super::referrals;
use crate::{
    Office,
    audit::{Action, Attempt},
    domain::{ConsentState, Machine as _},
    store,
};
use bildung_chassis::{Principal, Result};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Runs [`once`] now and then.
pub(crate) async fn run(office: Office, stop: CancellationToken) -> anyhow::Result<()> {
    let every = Duration::from_secs(office.settings.expire_every_s.max(1));
    loop {
        tokio::select! { () = stop.cancelled() => return Ok(()), () = tokio::time::sleep(every) => {} }
        if let Err(error) = once(&office).await {
            tracing::error!(error = format!("{:#}", anyhow::Error::from(error)), "what is over could not be ended, trying again later");
        }
    }
}

/// Ends what is over; gives the number of referrals and consents ended.
pub(crate) async fn once(office: &Office) -> Result<usize> {
    let mut attempt = Attempt::begin(&office.store, &Principal::System("expiry"), Action::Expire).await?;
    let outcome = end(&mut attempt).await;
    if matches!(outcome, Ok(0)) && !attempt.is_about_something() {
        return Ok(0);
    }
    attempt.finish(outcome).await
}

async fn end(attempt: &mut Attempt) -> Result<usize> {
    let now = attempt.now;
    let mut ended = 0;
    for case_id in store::referrals::expire(attempt.tx(), now).await? {
        attempt.about(case_id);
        ended += 1;
    }
    for (id, case_id) in store::consents::overdue(attempt.tx(), now).await? {
        attempt.about(case_id);
        let Some(consent) = store::consents::find(attempt.tx(), id).await? else { continue };
        store::consents::end(attempt.tx(), id, ConsentState::Expired.as_str(), now).await?;
        referrals::revoke_relying_on(attempt, case_id, consent.recipient_actor_id, &consent.purpose).await?;
        ended += 1;
    }
    Ok(ended)
}
