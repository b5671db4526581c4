//! Reading and checking the audit trail; for auditors only.
use super::{Page, total, window};
use crate::{
    Office,
    audit::{self, Anchor, Attempt, Entry, Verdict},
    store::{self, audit::Filter},
};
use bildung_chassis::{Result, Role};

/// An entry with its hash.
pub(crate) struct EntryView {
    pub entry: Entry,
    pub hash: Vec<u8>,
}

/// Entries, the newest first.
pub(crate) async fn list(attempt: &mut Attempt, filter: Filter, page: u32, per_page: u32) -> Result<Page<EntryView>> {
    attempt.principal.require(&[Role::Auditor])?;
    let (count, rows) = store::audit::list(attempt.tx(), &filter, window(page, per_page)).await?;
    let items = rows.into_iter().map(|row| EntryView { hash: row.hash.clone(), entry: row.into() }).collect();
    Ok(Page { total: total(count), items })
}

/// Recomputes the chain and compares it with the anchors.
pub(crate) async fn verify(attempt: &mut Attempt, office: &Office) -> Result<Verdict> {
    attempt.principal.require(&[Role::Auditor])?;
    let anchors = match &office.settings.audit_anchor_file {
        Some(path) => Anchor::read(path).await?,
        None => Vec::new(),
    };
    audit::verify(attempt.tx(), &anchors).await
}
