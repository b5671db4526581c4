//! One function per command: authorise, load, let the domain decide, store, state the facts.
use crate::{
    Knowledge,
    domain::Violation,
    indicators,
    ingest::Profile,
    store::{
        datasets::{self, Received},
        values,
    },
};
use bildung_chassis::{Kind, Principal, Refusal, Result, Role, Work, files};
use bytes::Bytes;
use futures::Stream;
use uuid::Uuid;

/// Who loads and checks.
pub(crate) const ANALYSTS: &[Role] = &[Role::Analyst];
/// Who may be the second person.
pub(crate) const RELEASERS: &[Role] = &[Role::Analyst, Role::EducationManager];

/// A file as it comes in.
pub(crate) struct Upload {
    pub(crate) profile: Profile,
    pub(crate) dry_run: bool,
    pub(crate) file_name: Option<String>,
}

/// Stores a file, to be read by the runner.
pub(crate) async fn receive<S>(work: &mut Work, upload: Upload, chunks: S, max_bytes: u64) -> Result<Uuid>
where
    S: Stream<Item = Result<Bytes>> + Send,
{
    work.principal.require(ANALYSTS)?;
    let (id, file, now) = (work.id(), work.id(), work.now);
    let file = files::receive(work.tx(), file, now, chunks, max_bytes).await?;
    let received = Received {
        id,
        dry_run: upload.dry_run,
        profile: upload.profile,
        file,
        file_name: upload.file_name,
        at: now,
        by: work.principal.label(),
    };
    datasets::insert(work.tx(), &received).await?;
    Ok(id)
}

/// A person stands for a data set and the values computed from it. Checking again takes up what has changed since.
pub(crate) async fn check(work: &mut Work, knowledge: &Knowledge, id: Uuid) -> Result<()> {
    work.principal.require(ANALYSTS)?;
    let person = person(&work.principal)?;
    let (seq, standing) = datasets::lock(work.tx(), id).await?.ok_or_else(unknown)?;
    standing.check()?;
    indicators::write(work, &knowledge.definitions, seq, "checked").await?;
    let now = work.now;
    datasets::mark_checked(work.tx(), seq, now, &person).await
}

/// A second person releases a data set with its values, exactly as they were checked.
pub(crate) async fn release(work: &mut Work, knowledge: &Knowledge, id: Uuid) -> Result<()> {
    work.principal.require(RELEASERS)?;
    let person = person(&work.principal)?;
    // Releases come one after the other: each compares with what is released.
    sqlx::query("select pg_advisory_xact_lock(hashtext('monitoring.release'))").execute(work.tx()).await?;
    let (seq, standing) = datasets::lock(work.tx(), id).await?.ok_or_else(unknown)?;
    standing.release(&person)?;
    for indicator in knowledge.definitions.indicators() {
        let now = indicators::compute(work, &knowledge.definitions, indicator, seq).await?;
        if now != values::of_dataset(work.tx(), &indicator.id, seq).await? {
            return Err(Violation::ChangedSinceCheck.into());
        }
    }
    let now = work.now;
    datasets::mark_released(work.tx(), seq, now, &person).await?;
    for indicator in knowledge.definitions.indicators() {
        let periods = values::release(work.tx(), &indicator.id, seq).await?;
        indicators::judge(work, knowledge, indicator, &periods).await?;
    }
    Ok(())
}

/// Four eyes are those of people: a job of our own has none.
fn person(principal: &Principal) -> Result<String, Refusal> {
    match principal.subject() {
        Some(_) => Ok(principal.label()),
        None => Err(Refusal::new(Kind::Forbidden, "person_required", "this has to be done by a person")),
    }
}

fn unknown() -> Refusal {
    Refusal::not_found("dataset_unknown", "there is no such data set")
}
