//! Proposing, deciding and following measures.
use super::{WRITERS, not_found, takes_part};
use crate::domain::Violation;
use crate::domain::measure::{GivenDecision, Measure, State, Step};
use crate::domain::proposal::Candidate;
use crate::store;
use bildung_chassis::{Result, Work};
use bildung_proto::events::network::{MeasureDecided, MeasureProposed};
use uuid::Uuid;

/// Proposes a measure that a person thought of.
pub(crate) async fn propose(work: &mut Work, title: &str, reasoning: &str, indicator_id: &str, candidates: &[Uuid]) -> Result<Measure> {
    work.principal.require(WRITERS)?;
    let measure = Measure::by_hand(work.id(), title, reasoning, indicator_id, work.now)?;
    let mut chosen: Vec<Candidate> = Vec::new();
    for &actor in candidates {
        takes_part(work, actor, "/candidate_actor_ids").await?;
        if chosen.iter().all(|candidate| candidate.actor != actor) {
            chosen.push(Candidate { actor, reasons: Vec::new() });
        }
    }
    if chosen.len() > 50 {
        return Err(Violation::TooMany { pointer: "/candidate_actor_ids", most: 50 }.into());
    }
    add(work, &measure, &chosen).await?;
    Ok(measure)
}

/// Stores a new measure with its candidates and its first step, and publishes it.
pub(super) async fn add(work: &mut Work, measure: &Measure, candidates: &[Candidate]) -> Result<()> {
    store::measure::insert(work.tx(), measure).await?;
    store::measure::set_candidates(work.tx(), measure.id, candidates).await?;
    append(work, measure.id, &[measure.proposed()]).await?;
    let origin = measure.origin.as_ref();
    let proposed = MeasureProposed {
        measure_id: measure.id,
        alert_id: origin.and_then(|origin| origin.alert_id),
        indicator_id: origin.map(|origin| origin.indicator_id.clone()),
        candidate_actor_ids: candidates.iter().map(|candidate| candidate.actor).collect(),
    };
    work.publish(&proposed).await?;
    Ok(())
}

/// Decides that a measure will be done.
pub(crate) async fn decide(work: &mut Work, id: Uuid, revision: Option<i64>, given: &GivenDecision) -> Result<Measure> {
    work.principal.require(WRITERS)?;
    let mut measure = load(work, id).await?;
    let steps = measure.decide(revision, given, work.now)?;
    if let Some(lead) = measure.lead {
        takes_part(work, lead, "/lead_actor_id").await?;
    }
    for partner in measure.partners.clone() {
        takes_part(work, partner, "/partner_actor_ids").await?;
    }
    settle(work, measure, &steps).await
}

/// Decides that a measure will not be done.
pub(crate) async fn reject(work: &mut Work, id: Uuid, revision: Option<i64>, reason: &str) -> Result<Measure> {
    work.principal.require(WRITERS)?;
    let mut measure = load(work, id).await?;
    let step = measure.reject(revision, reason, work.now)?;
    settle(work, measure, &[step]).await
}

/// Moves a measure on after its decision, or cancels it.
pub(crate) async fn move_to(work: &mut Work, id: Uuid, revision: Option<i64>, state: &str, note: &str) -> Result<Measure> {
    work.principal.require(WRITERS)?;
    let mut measure = load(work, id).await?;
    let step = measure.move_to(revision, State::of_field("/state", state)?, note)?;
    save(work, &measure, &[step]).await?;
    Ok(measure)
}

/// Stores a changed measure with the steps that changed it.
pub(super) async fn save(work: &mut Work, measure: &Measure, steps: &[Step]) -> Result<()> {
    store::measure::save(work.tx(), measure).await?;
    append(work, measure.id, steps).await
}

async fn settle(work: &mut Work, measure: Measure, steps: &[Step]) -> Result<Measure> {
    save(work, &measure, steps).await?;
    let origin = measure.origin.as_ref();
    let decided = MeasureDecided {
        measure_id: measure.id,
        outcome: measure.state.as_str().to_owned(),
        alert_id: origin.and_then(|origin| origin.alert_id),
        indicator_id: origin.map(|origin| origin.indicator_id.clone()),
    };
    work.publish(&decided).await?;
    Ok(measure)
}

async fn append(work: &mut Work, measure: Uuid, steps: &[Step]) -> Result<()> {
    let (now, by) = (work.now, work.principal.label());
    store::measure::append(work.tx(), measure, steps, now, &by).await
}

async fn load(work: &mut Work, id: Uuid) -> Result<Measure> {
    store::measure::lock(work.tx(), id).await?.ok_or_else(|| not_found("measure").into())
}
