//! Recomputes the chain.
use super::{Anchor, Entry, GENESIS};
use crate::store::{Conn, audit};
use bildung_chassis::Result;

const CHUNK: i64 = 5_000;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Entries in order up to the first problem.
    pub entries: i64,
    /// Hash of the last of them.
    pub head: Vec<u8>,
    /// The first entry that does not fit, and why.
    pub broken: Option<(i64, String)>,
}

/// Walks the chain from its beginning and compares it with the anchors outside the database.
pub(crate) async fn verify(conn: &mut Conn, anchors: &[Anchor]) -> Result<Verdict> {
    let mut verdict = Verdict { entries: 0, head: GENESIS.to_vec(), broken: None };
    loop {
        let rows = audit::after(conn, verdict.entries, CHUNK).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let (stored_prev, stored_hash, sequence) = (row.prev.clone(), row.hash.clone(), row.sequence);
            let problem = if sequence != verdict.entries + 1 {
                Some("the entry before it is missing")
            } else if stored_prev != verdict.head {
                Some("it does not follow the entry before it")
            } else if Entry::from(row).hash(&verdict.head).as_slice() != stored_hash {
                Some("its content does not fit its hash")
            } else if anchors.iter().any(|anchor| anchor.sequence == sequence && anchor.hash != stored_hash) {
                Some("it differs from the one anchored outside the database")
            } else {
                None
            };
            if let Some(problem) = problem {
                verdict.broken = Some((sequence, problem.into()));
                return Ok(verdict);
            }
            verdict.entries = sequence;
            verdict.head = stored_hash;
        }
    }
    if let Some(lost) = anchors.iter().map(|anchor| anchor.sequence).max().filter(|last| *last > verdict.entries) {
        verdict.broken = Some((verdict.entries + 1, format!("the trail ends, but entry {lost} was anchored outside the database")));
    }
    Ok(verdict)
}

impl From<audit::EntryRow> for Entry {
    fn from(row: audit::EntryRow) -> Self {
        Self {
            sequence: row.sequence,
            at: row.at.to_jiff(),
            actor: row.actor,
            roles: row.roles,
            action: row.action,
            outcome: row.outcome,
            code: row.code,
            subjects: row.subjects,
        }
    }
}
