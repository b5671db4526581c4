//! Takes a file for a source and leaves the rest to a worker.
use crate::{
    domain::{Violation, import_run::Mode, source::SourceId},
    import::{HEAD_BYTES, Requested},
    store,
};
use bildung_chassis::{Principal, Refusal, Result, Role, Work, files};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use uuid::Uuid;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewImport {
    pub(crate) source: String,
    pub(crate) format: String,
    pub(crate) mode: String,
    pub(crate) dry_run: bool,
    pub(crate) file_name: String,
    pub(crate) provider: String,
}

/// Refuses who may not deliver to a source. An editor may deliver to any, a provider to its own that are there.
pub(crate) async fn authorise(work: &mut Work, source: &SourceId) -> Result<()> {
    work.principal.require(&[Role::Editor, Role::Provider])?;
    if work.principal.has(Role::Editor) || !matches!(work.principal, Principal::User(_)) {
        return Ok(());
    }
    let own = own_sources(&work.principal).is_some_and(|own| own.iter().any(|id| id == source.as_str()));
    if own && store::sources::exists(work.tx(), source).await? {
        return Ok(());
    }
    Err(Refusal::forbidden("source_forbidden", "this source does not belong to the caller").into())
}

/// The sources a provider is confined to; nothing for those who see all.
pub(crate) fn own_sources(principal: &Principal) -> Option<Vec<String>> {
    match principal {
        Principal::User(user) if !user.roles.contains(&Role::Editor) => Some(user.sources.iter().cloned().collect()),
        _ => None,
    }
}

/// Stores the file, if it is not over `max_bytes`, and queues a run for it.
pub(crate) async fn start<S>(work: &mut Work, max_bytes: u64, new: NewImport, chunks: S) -> Result<Uuid>
where
    S: Stream<Item = Result<Bytes>> + Send,
{
    // who nobody knows learns nothing about what is right
    work.principal.require(&[Role::Editor, Role::Provider])?;
    let requested = Requested::parse(&new.format)?;
    let mode = Mode::parse(&new.mode)?;
    let source = SourceId::parse(&new.source)?;
    authorise(work, &source).await?;

    let mut head: Vec<u8> = Vec::with_capacity(HEAD_BYTES);
    let watched = chunks.inspect(|chunk| {
        if let Ok(bytes) = chunk {
            let missing = HEAD_BYTES.saturating_sub(head.len()).min(bytes.len());
            head.extend_from_slice(&bytes[..missing]);
        }
    });
    let (file_id, run_id, now) = (work.id(), work.id(), work.now);
    let file = files::receive(work.tx(), file_id, now, watched, max_bytes).await?;
    if file.size == 0 {
        return Err(Violation::EmptyFile.into());
    }
    let detected = requested.decide(&head)?;
    let by = work.principal.label();
    let provider = Some(new.provider.trim()).filter(|name| !name.is_empty());
    store::sources::ensure(work.tx(), &source, provider, &by, now).await?;
    let run = store::imports::NewRun {
        id: run_id,
        source: source.as_str(),
        file: file.id,
        file_name: new.file_name.trim(),
        file_sha256: &file.sha256,
        format: if new.format.is_empty() { "auto" } else { &new.format },
        detected: detected.as_str(),
        mode,
        dry_run: new.dry_run,
        created_at: now,
        created_by: &by,
    };
    store::imports::create(work.tx(), run).await?;
    Ok(run_id)
}
