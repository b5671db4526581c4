//! Works on import runs, one at a time per process: takes up what is queued or was left by a worker that is gone.
use super::{Context, Format, Header, Unreadable};
use crate::{
    commands::import_steps::{self as steps, Step, Worker},
    domain::import_run::{Phase, VanishGuard},
    store::{
        imports::{NoteRow, Run},
        staging::Staged,
    },
};
use anyhow::Context as _;
use bildung_chassis::{Principal, Result, Store, Work, files::Files};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const BY: Principal = Principal::System("import");
/// Records between two transactions while reading.
const STAGE_BATCH: usize = 500;

/// Works on runs until it is told to stop.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) store: Store,
    pub(crate) context: Context,
    pub(crate) guard: VanishGuard,
    pub(crate) lease_seconds: f64,
}

impl Runner {
    /// The task. A database that is away is waited for.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let worker = self.worker();
        let mut commits = self.store.commits();
        while !stop.is_cancelled() {
            let worked = match self.work_once(worker, &stop).await {
                Ok(worked) => worked,
                Err(error) => {
                    tracing::warn!(error = %error, "an import was interrupted and will be taken up again");
                    false
                }
            };
            if !worked {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    _ = commits.changed() => {}
                }
            }
        }
        Ok(())
    }

    /// A worker that nobody has met.
    pub(crate) fn worker(&self) -> Worker {
        Worker { id: self.store.ids().id(), lease_seconds: self.lease_seconds }
    }

    /// Works on one run until it ends or is held. False if there was none.
    pub(crate) async fn work_once(&self, worker: Worker, stop: &CancellationToken) -> Result<bool> {
        // only who has something to do begins a transaction: each commit wakes everybody
        let mut connection = self.store.pool().acquire().await?;
        if !crate::store::imports::any_to_claim(&mut connection).await? {
            return Ok(false);
        }
        drop(connection);
        let mut work = self.begin().await?;
        let claimed = steps::claim(&mut work, worker).await?;
        work.commit().await?;
        let Some(run) = claimed else { return Ok(false) };
        tracing::info!(import.id = %run.id, import.source = run.source, import.phase = run.phase.as_str(), "working on an import");
        let mut phase = run.phase;
        loop {
            phase = match phase {
                Phase::Reading => match self.read(&run, worker, stop).await? {
                    Some(phase) => phase,
                    None => return Ok(true),
                },
                Phase::Applying => {
                    if !self.repeat(&run, worker, stop, Phase::Applying).await? {
                        return Ok(true);
                    }
                    Phase::Withdrawing
                }
                Phase::Withdrawing | Phase::Undoing => {
                    self.repeat(&run, worker, stop, phase).await?;
                    return Ok(true);
                }
            };
        }
    }

    async fn begin(&self) -> Result<Work> {
        self.store.begin(&BY).await
    }

    /// Leaves a run to whoever comes next.
    async fn release(&self, run: &Run, worker: Worker) -> Result<()> {
        let mut work = self.begin().await?;
        steps::release(&mut work, run, worker).await?;
        work.commit().await
    }

    /// Repeats the step of a phase until there is no more; false if the run is no longer ours.
    async fn repeat(&self, run: &Run, worker: Worker, stop: &CancellationToken, phase: Phase) -> Result<bool> {
        loop {
            if stop.is_cancelled() {
                self.release(run, worker).await?;
                return Ok(false);
            }
            let mut work = self.begin().await?;
            let step = match phase {
                Phase::Undoing => steps::undo(&mut work, run, worker).await?,
                Phase::Withdrawing => steps::withdraw(&mut work, run, worker).await?,
                Phase::Applying | Phase::Reading => steps::apply(&mut work, run, worker).await?,
            };
            work.commit().await?;
            match step {
                Step::More => {}
                Step::Done => return Ok(true),
                Step::Lost => return Ok(false),
            }
        }
    }

    /// Reads the whole file into the staging table, then decides. The phase to go on with, if any.
    async fn read(&self, run: &Run, worker: Worker, stop: &CancellationToken) -> Result<Option<Phase>> {
        let mut work = self.begin().await?;
        let begun = steps::begin_reading(&mut work, run, worker).await?;
        work.commit().await?;
        if begun == Step::Lost {
            return Ok(None);
        }
        let format = Format::parse(&run.detected).context("format of a run")?;
        let file = Files::new(&self.store).open_blocking(run.file);
        let context = self.context.clone();
        let (sender, mut entries) = mpsc::channel(STAGE_BATCH);
        let reading = tokio::task::spawn_blocking(move || {
            super::read(format, &context, Box::new(file), &mut |entry| sender.blocking_send(entry).is_ok())
        });
        let mut batch = Vec::with_capacity(STAGE_BATCH);
        let mut lost = false;
        while entries.recv_many(&mut batch, STAGE_BATCH).await > 0 {
            let (records, notes) = staged(std::mem::take(&mut batch));
            let mut work = self.begin().await?;
            let step = steps::stage(&mut work, run, worker, &records, &notes).await?;
            work.commit().await?;
            if step == Step::Lost || stop.is_cancelled() {
                lost = step == Step::Lost;
                entries.close();
                break;
            }
        }
        let outcome: Result<Header, Unreadable> = reading.await.context("reading a file panicked")?;
        if lost {
            return Ok(None);
        }
        if stop.is_cancelled() {
            self.release(run, worker).await?;
            return Ok(None);
        }
        let mut work = self.begin().await?;
        let step = match outcome {
            Ok(header) => steps::decide(&mut work, run, worker, &header, self.guard).await?,
            // the database went away while its chunks were read: the run is taken up again
            Err(unreadable) if unreadable.code == "interrupted" => return Err(anyhow::anyhow!(unreadable).into()),
            Err(unreadable) => steps::fail(&mut work, run, worker, &unreadable).await?,
        };
        work.commit().await?;
        Ok((step == Step::More).then_some(Phase::Applying))
    }
}

fn staged(entries: Vec<super::Entry>) -> (Vec<Staged>, Vec<NoteRow>) {
    let mut notes = Vec::new();
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = entry.key.clone().unwrap_or_else(|| format!("#{}", entry.position));
        notes.extend(entry.notes.iter().map(|note| NoteRow::new(note.severity, &name, &note.field, note.code, &note.reason)));
        records.push(Staged { position: entry.position, key: entry.key, record: entry.record });
    }
    (records, notes)
}
