//! Handing cases over: proposed by one person, accepted by the other, in one transaction.
use super::{case_unknown, consents::state_of, text, worker};
use crate::{
    Office,
    audit::Attempt,
    domain::{HandoverState, Machine as _, Ownership, Scope, Violation},
    queries::handovers::{HandoverView, Report},
    store::{self, handovers::HandoverRow},
    vault::Place,
};
use anyhow::ensure;
use bildung_chassis::{Principal, Refusal, Result, Role};
use bildung_proto::events::newcomers::CaseHandedOver;
use std::collections::BTreeSet;
use uuid::Uuid;

const LONGEST_NOTE: usize = 4_000;

/// What is needed to propose a handover.
pub(crate) struct ProposeHandover {
    /// Subject of the recipient.
    pub to: String,
    /// The whole caseload if absent.
    pub cases: Option<BTreeSet<Uuid>>,
    /// What the next person must know.
    pub note: String,
}

/// Where a handover's note lies.
pub(crate) fn note_place(handover: Uuid) -> Place {
    Place { table: "handover", column: "note", owner: handover }
}

fn handover_unknown() -> Refusal {
    Refusal::not_found("handover_unknown", "there is no such handover, or it is not yours")
}

/// Proposes to hand over the whole caseload or named cases.
pub(crate) async fn propose(attempt: &mut Attempt, office: &Office, input: ProposeHandover) -> Result<HandoverView> {
    let from = worker(attempt)?;
    let to = text("to", &input.to, 200)?;
    if to == from {
        return Err(Violation::HandoverToSelf.into());
    }
    let note = text("note", &input.note, LONGEST_NOTE)?;
    let named: Option<Vec<Uuid>> = input.cases.map(|cases| cases.into_iter().collect());
    let found = store::handovers::lock_own_cases(attempt.tx(), &from, named.as_deref()).await?;
    let cases: Vec<Uuid> = match &named {
        None => found.iter().map(|(id, _)| *id).collect(),
        Some(named) => named.clone(),
    };
    for id in &cases {
        attempt.about(*id);
    }
    if cases.len() != found.len() {
        return Err(case_unknown().into());
    }
    if cases.is_empty() {
        return Err(Refusal::conflict("handover_without_cases", "there is no case to hand over").into());
    }
    if found.iter().any(|(_, ownership)| ownership == Ownership::HandoverPending.as_str()) {
        return Err(Violation::HandoverPending.into());
    }

    let (id, now) = (attempt.id(), attempt.now);
    attempt.about(id);
    let (key, wrapped) = office.vault.new_key(attempt.ids(), id)?;
    let sealed = key.seal(attempt.ids(), note_place(id), note.as_bytes())?;
    store::people::insert_key(attempt.tx(), id, &wrapped).await?;
    let state = HandoverState::INITIAL.become_next(HandoverState::Proposed)?;
    let scope = if named.is_none() { Scope::All } else { Scope::Some };
    let handover = store::handovers::NewHandover {
        id,
        state: state.as_str(),
        scope: scope.as_str(),
        from: &from,
        to: &to,
        note: &sealed,
        proposed_at: now,
    };
    store::handovers::insert(attempt.tx(), &handover).await?;
    store::handovers::add_cases(attempt.tx(), id, &cases).await?;
    crate::queries::handovers::view(attempt, office, id).await
}

/// The recipient takes all cases of a handover, all at once: from here on they are theirs and no longer the proposer's.
pub(crate) async fn accept(attempt: &mut Attempt, id: Uuid) -> Result<Report> {
    let handover = decide(attempt, id, HandoverState::Accepted, Side::Recipient).await?;
    let (now, to) = (attempt.now, handover.to_subject);
    let cases = store::handovers::lock_cases(attempt.tx(), id).await?;
    let before = i32::try_from(handover.case_count).map_err(anyhow::Error::from)?;
    store::handovers::give_cases(attempt.tx(), id, &to).await?;
    let ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
    store::cases::note_responsibility(attempt.tx(), &ids, &to, Some(id), now).await?;
    let (after, without_owner) = store::handovers::count_owned(attempt.tx(), id, &to).await?;
    let (after, without_owner) =
        (i32::try_from(after).map_err(anyhow::Error::from)?, i32::try_from(without_owner).map_err(anyhow::Error::from)?);
    proof(before, after, without_owner)?;
    store::handovers::decide(attempt.tx(), id, HandoverState::Accepted.as_str(), now, Some((before, after, without_owner))).await?;

    let from_role = store::staff::role(attempt.tx(), &handover.from_subject).await?.unwrap_or_else(|| Role::Coordinator.as_str().into());
    let to_role = own_role(&attempt.principal).as_str();
    for case in cases {
        attempt.about(case.id);
        let from_role = if case.owner_subject.is_some() { from_role.clone() } else { Ownership::Pool.as_str().into() };
        attempt.publish(&CaseHandedOver { case_ref: case.case_ref, from_role, to_role: to_role.into() }).await?;
    }
    Ok(Report { before, after, without_owner })
}

/// Without this, nothing is committed.
fn proof(before: i32, after: i32, without_owner: i32) -> anyhow::Result<()> {
    ensure!(
        before == after && without_owner == 0,
        "a handover of {before} cases would end with {after} and leave {without_owner} without owner"
    );
    Ok(())
}

/// The recipient does not want it: everything stays where it is.
pub(crate) async fn reject(attempt: &mut Attempt, office: &Office, id: Uuid) -> Result<HandoverView> {
    stay(attempt, office, id, HandoverState::Rejected, Side::Recipient).await
}

/// The proposer takes it back: everything stays where it is.
pub(crate) async fn withdraw(attempt: &mut Attempt, office: &Office, id: Uuid) -> Result<HandoverView> {
    stay(attempt, office, id, HandoverState::Withdrawn, Side::Proposer).await
}

async fn stay(attempt: &mut Attempt, office: &Office, id: Uuid, next: HandoverState, side: Side) -> Result<HandoverView> {
    decide(attempt, id, next, side).await?;
    let now = attempt.now;
    for case in store::handovers::lock_cases(attempt.tx(), id).await? {
        attempt.about(case.id);
    }
    store::handovers::release_cases(attempt.tx(), id).await?;
    store::handovers::decide(attempt.tx(), id, next.as_str(), now, None).await?;
    crate::queries::handovers::view(attempt, office, id).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Proposer,
    Recipient,
}

/// Locks a handover and checks that it may go to `next`, by who asks.
async fn decide(attempt: &mut Attempt, id: Uuid, next: HandoverState, side: Side) -> Result<HandoverRow> {
    let subject = worker(attempt)?;
    attempt.about(id);
    let handover = store::handovers::lock(attempt.tx(), id).await?.ok_or_else(handover_unknown)?;
    let theirs = match side {
        Side::Proposer => handover.from_subject == subject,
        Side::Recipient => handover.to_subject == subject,
    };
    if !theirs {
        return Err(
            Refusal::forbidden("handover_other_side", "only the recipient accepts or rejects, and only the proposer withdraws").into()
        );
    }
    state_of::<HandoverState>(&handover.state)?.become_next(next)?;
    Ok(handover)
}

fn own_role(principal: &Principal) -> Role {
    if principal.has(Role::Coordinator) { Role::Coordinator } else { Role::Deputy }
}
