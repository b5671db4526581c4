//! Naming a deputy.
use super::{text, worker};
use crate::{audit::Attempt, store};
use bildung_chassis::{Refusal, Result};
use jiff::{SignedDuration, Timestamp};

const LONGEST_COVER: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Lets somebody with the role of a deputy work on the caller's cases until then; a time in the past ends it.
pub(crate) async fn name_deputy(attempt: &mut Attempt, deputy: &str, until: Timestamp) -> Result<()> {
    let owner = worker(attempt)?;
    let deputy = text("deputy", deputy, 200)?;
    if until > attempt.now + LONGEST_COVER {
        return Err(Refusal::invalid("until_too_late", "nobody stands in for longer than a year")
            .field("/until", "at most one year from now")
            .into());
    }
    store::staff::put_cover(attempt.tx(), &owner, &deputy, until).await
}
