//! Handovers as the two people concerned see them.
use super::{Page, total, window};
use crate::{
    Office,
    audit::Attempt,
    commands::{WORKERS, handovers::note_place},
    store::{self, handovers::HandoverRow},
};
use bildung_chassis::{Refusal, Result};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Consents that end so soon are told to the next person.
const ENDING: SignedDuration = SignedDuration::from_hours(24 * 90);

/// A handover.
#[derive(Clone, Debug)]
pub(crate) struct HandoverView {
    pub id: Uuid,
    pub state: String,
    pub from: String,
    pub to: String,
    pub scope: String,
    /// Absent in lists.
    pub note: Option<String>,
    pub proposed_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    pub case_count: u32,
    /// Absent in lists.
    pub cases: Vec<HandoverCase>,
    pub report: Option<Report>,
}

/// A case in a handover, without the person.
#[derive(Clone, Debug)]
pub(crate) struct HandoverCase {
    pub case_id: Uuid,
    pub state: String,
    pub open_referrals: u32,
    pub ending_consents: u32,
}

/// The proof of a handover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub before: i32,
    pub after: i32,
    pub without_owner: i32,
}

impl From<&HandoverRow> for HandoverView {
    fn from(row: &HandoverRow) -> Self {
        let report = match (row.before, row.after, row.unowned) {
            (Some(before), Some(after), Some(without_owner)) => Some(Report { before, after, without_owner }),
            _ => None,
        };
        Self {
            id: row.id,
            state: row.state.clone(),
            from: row.from_subject.clone(),
            to: row.to_subject.clone(),
            scope: row.scope.clone(),
            note: None,
            proposed_at: row.proposed_at.to_jiff(),
            decided_at: row.decided_at.map(jiff_sqlx::Timestamp::to_jiff),
            case_count: count(row.case_count),
            cases: Vec::new(),
            report,
        }
    }
}

fn count(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Reads a handover with its note and those of its cases that the caller may see.
pub(crate) async fn read(attempt: &mut Attempt, office: &Office, id: Uuid) -> Result<HandoverView> {
    attempt.about(id);
    attempt.principal.require(WORKERS)?;
    let handover = view(attempt, office, id).await?;
    for case in &handover.cases {
        attempt.about(case.case_id);
    }
    Ok(handover)
}

/// A handover as it is now.
pub(crate) async fn view(attempt: &mut Attempt, office: &Office, id: Uuid) -> Result<HandoverView> {
    let row = store::handovers::find(attempt.tx(), id).await?;
    let row = row.ok_or_else(|| Refusal::not_found("handover_unknown", "there is no such handover, or it is not yours"))?;
    let wrapped = store::people::key(attempt.tx(), id).await?.ok_or_else(|| anyhow::anyhow!("a handover has no data key"))?;
    let mut handover = HandoverView::from(&row);
    handover.note = Some(office.vault.unwrap(id, &wrapped)?.open_text(note_place(id), &row.note)?);
    let soon = attempt.now + ENDING;
    let items = store::handovers::items(attempt.tx(), id, soon).await?;
    handover.cases = items
        .into_iter()
        .map(|item| HandoverCase {
            case_id: item.case_id,
            state: item.state,
            open_referrals: count(item.open_referrals),
            ending_consents: count(item.ending_consents),
        })
        .collect();
    Ok(handover)
}

/// Handovers of and to the caller, without notes and cases.
pub(crate) async fn list(attempt: &mut Attempt, states: &[String], page: u32, per_page: u32) -> Result<Page<HandoverView>> {
    attempt.principal.require(WORKERS)?;
    let (count, rows) = store::handovers::list(attempt.tx(), states, window(page, per_page)).await?;
    for row in &rows {
        attempt.about(row.id);
    }
    Ok(Page { total: total(count), items: rows.iter().map(HandoverView::from).collect() })
}
