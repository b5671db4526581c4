//! Puts the adapters to work, one data set at a time and outside of any request.
//!
//! A run is one transaction: after a crash nothing of it is there, and the next process that finds the data set waiting
//! begins again. A lock of the session, not of the row, says who is at work: it ends with the connection, and so with
//! the process.
use super::{Batch, Collector, Failure, Profile, Provenance, Rejected};
use crate::{
    Knowledge, indicators,
    store::{
        datasets::{self, Counts, Waiting},
        staging::Staging,
    },
};
use anyhow::Context as _;
use bildung_chassis::{Principal, Store, Work, files::Files};
use jiff::{Timestamp, tz};
use sqlx::PgConnection;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A run that broke off this often is given up: it may be what broke the process.
const ATTEMPTS: i32 = 10;
/// How often to look for data sets whose reading broke off in another process.
const POLL: Duration = Duration::from_secs(5);
/// First key of the session locks, so that they are apart from other uses.
const LOCKS: i32 = 0x4d6f_6e69;

/// Reads waiting data sets until told to stop.
pub(crate) struct Runner {
    pub(crate) store: Store,
    pub(crate) knowledge: Arc<Knowledge>,
}

struct Parsed {
    provenance: Provenance,
    read: u64,
    quarantined: u64,
    rejected: Vec<Rejected>,
}

enum Broken {
    /// The file cannot be read.
    File(Failure),
    /// We could not; another attempt may succeed.
    Own(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Broken {
    fn from(error: E) -> Self {
        Broken::Own(error.into())
    }
}

impl Runner {
    /// Runs until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut commits = self.store.commits();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let pause = match self.read_waiting(&stop).await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "data sets could not be read, trying again");
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                _ = commits.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    /// Reads what waits at this moment.
    pub(crate) async fn read_waiting(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        for seq in datasets::waiting(self.store.pool()).await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            // Not given back to the pool: the lock must end with the connection in every case.
            let mut session = self.store.pool().acquire().await?.detach();
            if !locked(&mut session, seq).await? {
                continue;
            }
            if let Some(waiting) = datasets::begin_attempt(&mut session, seq).await? {
                tokio::select! {
                    () = stop.cancelled() => {}
                    // One that cannot be read now must not keep the others waiting.
                    read = self.attempt(&mut session, &waiting) => if let Err(error) = read {
                        tracing::warn!(dataset = seq, error = format!("{error:#}"), "reading broke off");
                    },
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, session: &mut PgConnection, waiting: &Waiting) -> anyhow::Result<()> {
        let seq = waiting.seq;
        if waiting.attempts > ATTEMPTS {
            let failure = Failure::of_file("interrupted", format!("reading broke off {ATTEMPTS} times"));
            datasets::fail(session, seq, self.store.clock().now(), &failure).await?;
            return Ok(());
        }
        match self.read(waiting).await {
            Ok(counts) => tracing::info!(dataset = seq, cells = counts.read, quarantined = counts.quarantined, "a data set has been read"),
            Err(Broken::File(failure)) if !failure.storage => {
                tracing::info!(dataset = seq, reason = failure.code, "a data set could not be read");
                datasets::fail(session, seq, self.store.clock().now(), &failure).await?;
            }
            Err(Broken::File(failure)) => anyhow::bail!("the file of data set {seq} cannot be opened: {}", failure.detail),
            Err(Broken::Own(error)) => return Err(error.context(format!("data set {seq}"))),
        }
        Ok(())
    }

    async fn read(&self, waiting: &Waiting) -> Result<Counts, Broken> {
        let principal = Principal::System("ingest");
        let mut work = self.store.begin(&principal).await?;
        let mut staging = Staging::begin(work.tx()).await?;
        let (parsing, mut batches) = self.parse(waiting)?;
        let mut told = 0;
        while let Some(batch) = batches.recv().await {
            staging.add(work.tx(), batch).await?;
            if staging.cells() >= told + 100_000 {
                told = staging.cells();
                datasets::progress(self.store.pool(), waiting.seq, told).await?;
            }
        }
        let mut parsed = parsing.await.context("the parser panicked")?.map_err(Broken::File)?;
        let vintage = vintage(waiting, &parsed.provenance);

        lock_table(work.tx(), parsed.provenance.table.as_deref().unwrap_or_default()).await?;
        let applied = staging.apply(work.tx(), waiting.seq, vintage).await?;
        let counts = Counts {
            read: applied.counts.read + parsed.quarantined,
            quarantined: applied.counts.quarantined + parsed.quarantined,
            ..applied.counts
        };
        let room = (self.knowledge.quarantine_kept as usize).saturating_sub(parsed.rejected.len());
        parsed.rejected.extend(applied.contradictions.into_iter().take(room));
        parsed.rejected.sort_by_key(|row| (row.line, row.column));
        if waiting.dry_run {
            work.rollback().await?;
            work = self.store.begin(&principal).await?;
        } else {
            indicators::write(&mut work, &self.knowledge.definitions, waiting.seq, "draft").await?;
        }
        finish(&mut work, waiting.seq, vintage, &parsed, counts).await?;
        work.commit().await?;
        Ok(counts)
    }

    /// Starts the parser on a blocking thread; a bounded channel keeps it from running ahead.
    #[expect(clippy::type_complexity, reason = "the handle and the channel belong together")]
    fn parse(&self, waiting: &Waiting) -> anyhow::Result<(tokio::task::JoinHandle<Result<Parsed, Failure>>, mpsc::Receiver<Batch>)> {
        let (send, receive) = mpsc::channel::<Batch>(2);
        let profile = Profile::named(&waiting.profile).with_context(|| format!("unknown profile {}", waiting.profile))?;
        let (files, file, knowledge) = (Files::new(&self.store), waiting.file, Arc::clone(&self.knowledge));
        let runtime = tokio::runtime::Handle::current();
        let parsing = tokio::task::spawn_blocking(move || {
            let _entered = runtime.enter();
            let hand_on = |batch| send.blocking_send(batch).map_err(|_| Failure::stopped());
            let mut collector = Collector::new(knowledge.quarantine_kept as usize, hand_on);
            super::read(profile, &knowledge.definitions, || files.open_blocking(file), &mut collector)?;
            Ok(Parsed {
                provenance: std::mem::take(&mut collector.provenance),
                read: collector.read,
                quarantined: collector.quarantined,
                rejected: std::mem::take(&mut collector.rejected),
            })
        });
        Ok((parsing, receive))
    }
}

async fn finish(work: &mut Work, seq: i64, vintage: Timestamp, parsed: &Parsed, counts: Counts) -> anyhow::Result<()> {
    anyhow::ensure!(counts.read == parsed.read, "{} cells were read, {} arrived", parsed.read, counts.read);
    let now = work.now;
    datasets::quarantine(work.tx(), seq, &parsed.rejected).await?;
    datasets::complete(work.tx(), seq, now, vintage, &parsed.provenance, counts).await?;
    Ok(())
}

/// Two files of one table are compared with what is known one after the other.
async fn lock_table(tx: &mut PgConnection, table: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtext('monitoring.table'), hashtext($1))").bind(table).execute(tx).await?;
    Ok(())
}

async fn locked(session: &mut PgConnection, seq: i64) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("select pg_try_advisory_lock($1, $2)").bind(LOCKS).bind(i32::try_from(seq)?).fetch_one(session).await?)
}

/// The Stand, else the time in the name that the databases give to their flat files, else the time of receipt. GENESIS
/// prints local time; one fixed offset keeps the order of vintages independent of the machine's zone data.
fn vintage(waiting: &Waiting, provenance: &Provenance) -> Timestamp {
    let stand = provenance.vintage.and_then(|stand| stand.to_zoned(tz::TimeZone::fixed(tz::offset(1))).ok());
    stand
        .map(|stand| stand.timestamp())
        .or_else(|| waiting.file_name.as_deref().and_then(stamped))
        .unwrap_or_else(|| waiting.received_at.to_jiff())
}

/// `12411-01-01-4_1741234567890_de_flat.csv`
fn stamped(name: &str) -> Option<Timestamp> {
    let milliseconds = name.split('_').find(|part| part.len() == 13 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
    Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_files_carry_their_time_in_their_name() {
        let time = stamped("11111-02-01-4_1773174974558_de_flat.csv").map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2026-03-10T20:36:14.558Z"));
        assert_eq!(stamped("bevoelkerung.csv"), None);
    }
}
