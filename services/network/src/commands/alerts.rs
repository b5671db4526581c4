//! What the network does about problem situations that monitoring raises and clears.
//!
//! Facts about one alert may come late or in another order than they were stated. Each has its place in the publisher's
//! order: whatever the order of arrival, the measure ends as if they had come in turn.
use super::{WRITERS, measures};
use crate::Settings;
use crate::domain::measure::Measure;
use crate::domain::proposal::{self, Alert, Proposal};
use crate::store;
use bildung_chassis::{Result, Work};
use uuid::Uuid;

/// A problem situation was raised, or has other figures: it gets one measure, as an idea.
pub(crate) async fn raised(work: &mut Work, settings: &Settings, alert: &Alert, sequence: i64) -> Result<()> {
    work.principal.require(WRITERS)?;
    let heard = store::alert::lock(work.tx(), alert.id).await?;
    if heard.raised.is_some_and(|known| known >= sequence) {
        return Ok(());
    }
    store::alert::raise(work.tx(), alert, sequence).await?;
    let ceased_since = heard.cleared.is_some_and(|cleared| cleared > sequence);
    let actors = store::actor::all_active(work.tx()).await?;
    let proposal = proposal::propose(alert, &settings.indicators, &actors, settings.candidates);
    match store::measure::lock_of_alert(work.tx(), alert.id).await? {
        None => {
            let measure = Measure::from_alert(work.id(), alert.id, &alert.indicator_id, &proposal, work.now);
            measures::add(work, &measure, &proposal.candidates).await?;
            if ceased_since { end(work, measure, &heard.cleared_reason).await } else { Ok(()) }
        }
        Some(measure) => renew(work, measure, &proposal, !ceased_since).await,
    }
}

/// A problem situation ceased: its measure, if nobody decided it, is no longer needed.
pub(crate) async fn cleared(work: &mut Work, alert_id: Uuid, reason: &str, at: jiff::Timestamp, sequence: i64) -> Result<()> {
    work.principal.require(WRITERS)?;
    let heard = store::alert::lock(work.tx(), alert_id).await?;
    if heard.cleared.is_some_and(|known| known >= sequence) {
        return Ok(());
    }
    store::alert::clear(work.tx(), alert_id, at, reason, sequence).await?;
    if heard.raised.is_some_and(|raised| raised > sequence) {
        return Ok(());
    }
    match store::measure::lock_of_alert(work.tx(), alert_id).await? {
        Some(measure) => end(work, measure, reason).await,
        None => Ok(()),
    }
}

async fn renew(work: &mut Work, mut measure: Measure, proposal: &Proposal, holds: bool) -> Result<()> {
    let Some(step) = measure.alert_raised_again(proposal, holds) else {
        return Ok(());
    };
    store::measure::set_candidates(work.tx(), measure.id, &proposal.candidates).await?;
    measures::save(work, &measure, &[step]).await
}

async fn end(work: &mut Work, mut measure: Measure, reason: &str) -> Result<()> {
    let step = measure.alert_cleared(reason);
    measures::save(work, &measure, &[step]).await
}
