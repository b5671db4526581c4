//! The steps of a run, each in a transaction of its own that also keeps how far the run has come. A worker that dies
//! between two steps leaves a run that another one goes on with; a worker that has lost its lease changes nothing.
use crate::{
    domain::{
        import_run::{Counts, Mode, Outcome, Phase, State, VanishGuard},
        offer::{self, Offer, Provider, Withdrawal, assign_ids},
        record::Record,
        source::normalise_name,
    },
    import::{Header, Severity, Unreadable},
    store::{
        self,
        imports::{NoteRow, Run},
        offers::Content,
        staging::Staged,
    },
};
use bildung_chassis::{Result, Work};
use bildung_proto::events::catalogue::{OfferPublished, OfferUpdated, OfferWithdrawn};
use std::collections::HashMap;
use uuid::Uuid;

/// Who works on a run, and how long it may be silent before another one takes over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worker {
    pub(crate) id: Uuid,
    pub(crate) lease_seconds: f64,
}
/// Times a run is taken up without getting on before it is given up.
pub(crate) const MAX_ATTEMPTS: i32 = 10;
/// Records of one transaction.
const BATCH: i64 = 200;

/// Whether a phase has more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Call again.
    More,
    /// The run has ended or goes on in another phase.
    Done,
    /// Somebody else works on the run.
    Lost,
}

/// Takes up a run.
pub(crate) async fn claim(work: &mut Work, worker: Worker) -> Result<Option<Run>> {
    let Some(run) = store::imports::claim(work.tx(), worker.id, worker.lease_seconds).await? else { return Ok(None) };
    if run.attempts <= MAX_ATTEMPTS {
        return Ok(Some(run));
    }
    let note =
        NoteRow::new(Severity::Rejected, "", "", "interrupted", "Der Import wurde mehrfach unterbrochen. Er kann wiederholt werden.");
    store::imports::add_notes(work.tx(), run.id, &[note]).await?;
    let now = work.now;
    store::imports::finish(work.tx(), run.id, State::Failed, Some("interrupted"), now).await?;
    Ok(None)
}

/// Leaves a run to whoever comes next, without waiting for the lease to end.
pub(crate) async fn release(work: &mut Work, run: &Run, worker: Worker) -> Result<()> {
    store::imports::release(work.tx(), run.id, worker.id).await
}

/// Begins reading from the first record.
pub(crate) async fn begin_reading(work: &mut Work, run: &Run, worker: Worker) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    store::imports::reset(work.tx(), run.id).await?;
    Ok(Step::More)
}

/// Stages what was read.
pub(crate) async fn stage(work: &mut Work, run: &Run, worker: Worker, records: &[Staged], notes: &[NoteRow]) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    store::staging::stage(work.tx(), run.id, records).await?;
    store::imports::add_notes(work.tx(), run.id, notes).await?;
    Ok(Step::More)
}

/// Ends a run whose file cannot be read to its end: nothing of it is applied.
pub(crate) async fn fail(work: &mut Work, run: &Run, worker: Worker, unreadable: &Unreadable) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    store::imports::reset(work.tx(), run.id).await?;
    let place = format!("{}:{}", unreadable.line, unreadable.column);
    let note = NoteRow::new(Severity::Rejected, &place, "", unreadable.code, &unreadable.reason);
    store::imports::add_notes(work.tx(), run.id, &[note]).await?;
    let now = work.now;
    store::imports::finish(work.tx(), run.id, State::Failed, Some(unreadable.code), now).await?;
    Ok(Step::Done)
}

/// Everything is read: settles duplicates, foresees what would happen, and decides whether to go on.
pub(crate) async fn decide(work: &mut Work, run: &Run, worker: Worker, header: &Header, guard: VanishGuard) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    let (now, new_id) = (work.now, work.id());
    let mut notes = store::staging::reject_duplicates(work.tx(), run).await?;
    notes.extend(store::staging::shared_numbers(work.tx(), run.id).await?);
    store::imports::add_notes(work.tx(), run.id, &notes).await?;

    if let Some(name) = &header.provider {
        store::imports::set_provider_name(work.tx(), run.id, name).await?;
    }
    let name = provider_name(work, run).await?;
    let provider = if run.dry_run {
        store::providers::find(work.tx(), &name).await?
    } else {
        Some(store::providers::find_or_create(work.tx(), &name, new_id).await?)
    };
    let mut counts = store::staging::forecast(work.tx(), run, provider.map(|provider| provider.id)).await?;
    let (visible, vanishing) = match run.mode {
        Mode::Full => store::offers::vanishing(work.tx(), &run.source, run.id).await?,
        Mode::Delta => (0, 0),
    };
    counts.withdrawn = vanishing.unsigned_abs();
    let too_many = guard.holds(visible.unsigned_abs(), vanishing.unsigned_abs());
    let reason = too_many.then_some("too_many_vanish");
    if run.dry_run {
        store::imports::set_counts(work.tx(), run.id, counts, counts.read, Some(counts.read)).await?;
        store::imports::finish(work.tx(), run.id, State::Completed, reason, now).await?;
        store::staging::clear(work.tx(), run.id).await?;
        return Ok(Step::Done);
    }
    if too_many {
        store::imports::set_counts(work.tx(), run.id, counts, 0, Some(counts.read)).await?;
        store::imports::finish(work.tx(), run.id, State::Held, reason, now).await?;
        return Ok(Step::Done);
    }
    let counts = Counts { read: counts.read, rejected: counts.rejected, ..Counts::default() };
    store::imports::set_counts(work.tx(), run.id, counts, counts.rejected, Some(counts.read)).await?;
    store::imports::enter(work.tx(), run.id, Phase::Applying).await?;
    Ok(Step::More)
}

/// Turns some staged records into offers.
pub(crate) async fn apply(work: &mut Work, run: &Run, worker: Worker) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    let pending = store::staging::pending(work.tx(), run.id, BATCH).await?;
    if pending.is_empty() {
        store::imports::enter(work.tx(), run.id, Phase::Withdrawing).await?;
        return Ok(Step::Done);
    }
    let keys: Vec<String> = pending.iter().map(|record| record.key.clone()).collect();
    let held: HashMap<String, _> =
        store::offers::held(work.tx(), &run.source, &keys).await?.into_iter().map(|held| (held.record_key.clone(), held)).collect();
    let mut providers = Providers { by_name: HashMap::new(), default: provider_name(work, run).await? };

    let mut outcomes = Vec::with_capacity(pending.len());
    let (mut changed, mut new) = (Vec::new(), Vec::new());
    for record in pending {
        let provider = providers.of(work, &record.record).await?;
        let before = held.get(&record.key);
        let outcome = match before {
            None => Outcome::Created,
            Some(held)
                if held.state == offer::State::Published && held.content_hash == record.content_hash && held.provider == provider.id =>
            {
                Outcome::Unchanged
            }
            Some(_) => Outcome::Updated,
        };
        outcomes.push((record.position, outcome));
        if outcome == Outcome::Unchanged {
            continue;
        }
        let content = Content {
            id: before.map_or_else(|| work.id(), |held| held.id),
            record_key: record.key,
            provider: provider.id,
            record: record.record,
            content_hash: record.content_hash,
            instances: Vec::new(),
        };
        let visible_before = before.is_some_and(|held| held.state == offer::State::Published);
        match before {
            Some(_) => changed.push((content, provider, visible_before)),
            None => new.push((content, provider, visible_before)),
        }
    }
    let changed_ids: Vec<Uuid> = changed.iter().map(|(content, ..)| content.id).collect();
    store::staging::remember(work.tx(), run.id, &changed_ids).await?;
    let new_ids: Vec<Uuid> = new.iter().map(|(content, ..)| content.id).collect();
    changed.extend(new);
    publish(work, &run.source, changed).await?;
    store::staging::remember_new(work.tx(), run.id, &new_ids).await?;

    store::staging::mark(work.tx(), run.id, &outcomes).await?;
    let count = |wanted: Outcome| outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count() as u64;
    let added = Counts {
        created: count(Outcome::Created),
        updated: count(Outcome::Updated),
        unchanged: count(Outcome::Unchanged),
        ..Counts::default()
    };
    store::imports::add_counts(work.tx(), run.id, added, outcomes.len() as u64).await?;
    Ok(Step::More)
}

/// Withdraws some offers that a full file no longer has; then the run is complete.
pub(crate) async fn withdraw(work: &mut Work, run: &Run, worker: Worker) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    let now = work.now;
    let vanished = match run.mode {
        Mode::Full => store::offers::vanished(work.tx(), &run.source, run.id, BATCH).await?,
        Mode::Delta => Vec::new(),
    };
    if vanished.is_empty() {
        store::imports::finish(work.tx(), run.id, State::Completed, None, now).await?;
        store::staging::forget_earlier(work.tx(), run).await?;
        return Ok(Step::Done);
    }
    store::staging::remember(work.tx(), run.id, &vanished).await?;
    take_back(work, &vanished, Withdrawal::VanishedFromSource).await?;
    let added = Counts { withdrawn: vanished.len() as u64, ..Counts::default() };
    store::imports::add_counts(work.tx(), run.id, added, 0).await?;
    Ok(Step::More)
}

/// Takes back some of what a run did.
pub(crate) async fn undo(work: &mut Work, run: &Run, worker: Worker) -> Result<Step> {
    if !renew(work, run, worker).await? {
        return Ok(Step::Lost);
    }
    let taken = store::staging::take_before(work.tx(), run.id, BATCH).await?;
    if taken.is_empty() {
        let now = work.now;
        store::imports::finish(work.tx(), run.id, State::Undone, None, now).await?;
        return Ok(Step::Done);
    }
    let done = taken.len() as u64;
    let (mut again, mut gone) = (Vec::new(), Vec::new());
    for before in taken {
        match before.was.filter(|was| was.state == offer::State::Published) {
            Some(was) => {
                let content = Content {
                    id: before.offer,
                    record_key: before.record_key,
                    provider: was.provider,
                    record: was.record,
                    content_hash: was.content_hash,
                    instances: Vec::new(),
                };
                let provider = store::providers::get(work.tx(), was.provider).await?;
                let Some(provider) = provider else { continue };
                let provider = Provider { id: provider.id, name: provider.name, actor_id: provider.actor_id };
                again.push((content, provider, before.state_now == offer::State::Published));
            }
            None if before.state_now == offer::State::Published => gone.push(before.offer),
            None => {}
        }
    }
    publish(work, &run.source, again).await?;
    take_back(work, &gone, Withdrawal::ImportUndone).await?;
    store::imports::add_counts(work.tx(), run.id, Counts::default(), done).await?;
    Ok(Step::More)
}

/// Writes offers and tells the other services. The flag says whether an offer was visible before.
async fn publish(work: &mut Work, source: &str, offers: Vec<(Content, Provider, bool)>) -> Result<()> {
    let now = work.now;
    let ids: Vec<Uuid> = offers.iter().map(|(content, ..)| content.id).collect();
    let before = store::offers::instances(work.tx(), &ids).await?;
    let mut contents = Vec::with_capacity(offers.len());
    let mut facts = Vec::with_capacity(offers.len());
    for (mut content, provider, visible_before) in offers {
        let held = before.get(&content.id).map_or(&[][..], Vec::as_slice);
        content.instances = assign_ids(held, &content.record.occurrences, || work.id());
        facts.push((offer::fact(content.id, &content.record, &provider, now), visible_before));
        contents.push(content);
    }
    store::offers::publish(work.tx(), source, &contents, now).await?;
    for (offer, visible_before) in facts {
        if visible_before {
            work.publish(&OfferUpdated { offer }).await?;
        } else {
            work.publish(&OfferPublished { offer }).await?;
        }
    }
    Ok(())
}

async fn take_back(work: &mut Work, ids: &[Uuid], reason: Withdrawal) -> Result<()> {
    let now = work.now;
    store::offers::withdraw(work.tx(), ids, reason, now).await?;
    for id in ids {
        work.publish(&OfferWithdrawn { offer_id: *id, reason: reason.as_str().into() }).await?;
    }
    Ok(())
}

async fn renew(work: &mut Work, run: &Run, worker: Worker) -> Result<bool> {
    store::imports::renew(work.tx(), run.id, worker.id, worker.lease_seconds).await
}

/// Who provides the offers of a run that do not say it themselves: what the file says, else what the source says.
async fn provider_name(work: &mut Work, run: &Run) -> Result<String> {
    store::imports::provider_name(work.tx(), run.id).await
}

/// Providers met in one transaction.
struct Providers {
    by_name: HashMap<String, Provider>,
    default: String,
}

impl Providers {
    async fn of(&mut self, work: &mut Work, record: &Record) -> Result<Provider> {
        let name = record.provider.as_ref().unwrap_or(&self.default);
        let normalised = normalise_name(name);
        if let Some(provider) = self.by_name.get(&normalised) {
            return Ok(provider.clone());
        }
        let new_id = work.id();
        let provider = store::providers::find_or_create(work.tx(), name, new_id).await?;
        self.by_name.insert(normalised, provider.clone());
        Ok(provider)
    }
}

/// What the offers look like to other services, for offers already stored.
pub(crate) async fn announce_again(work: &mut Work, offers: &[Offer]) -> Result<()> {
    let now = work.now;
    for offer in offers.iter().filter(|offer| offer.state == offer::State::Published) {
        work.publish(&OfferUpdated { offer: offer::fact(offer.id, &offer.record, &offer.provider, now) }).await?;
    }
    Ok(())
}
