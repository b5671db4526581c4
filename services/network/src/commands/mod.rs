//! What can be done: each command authorises, loads, lets the domain decide, stores and publishes, in one transaction.
pub(crate) mod actors;
pub(crate) mod alerts;
pub(crate) mod cooperations;
pub(crate) mod import;
pub(crate) mod measures;

use crate::domain::Violation;
use crate::domain::actor::State;
use crate::store;
use bildung_chassis::{Refusal, Result, Role, Work};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Who may change the network.
pub(crate) const WRITERS: &[Role] = &[Role::EducationManager];

fn not_found(what: &str) -> Refusal {
    Refusal::not_found(format!("{what}_not_found"), format!("there is no such {what}"))
}

/// The civil day in the city; without its zone in the system, the day in UTC.
fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)).date()
}

/// Refuses an actor that is not there or takes part in nothing new.
async fn takes_part(work: &mut Work, actor: Uuid, pointer: &'static str) -> Result<()> {
    match store::actor::hold_state(work.tx(), actor).await? {
        None => Err(Violation::UnknownReference { pointer, what: "the actor" }.into()),
        Some(State::Closed) => Err(Violation::ActorClosed { pointer }.into()),
        Some(_) => Ok(()),
    }
}
