//! The end of the chain, written to a file outside the database: `<sequence> <hash> <time>`, one a line.
use super::{GENESIS, hex};
use crate::store;
use anyhow::Context as _;
use bildung_chassis::Store;
use std::{path::Path, time::Duration};
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

/// An entry as it once was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// Its number.
    pub sequence: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

impl Anchor {
    /// All anchors of a file; none if there is no file yet.
    pub(crate) async fn read(path: &Path) -> anyhow::Result<Vec<Self>> {
        match tokio::fs::read_to_string(path).await {
            Ok(text) => Ok(text.lines().filter_map(Self::parse).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error).with_context(|| format!("the anchors of the audit trail in {} could not be read", path.display())),
        }
    }

    /// A line; one that a crash cut short is none.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (sequence, digits) = (words.next()?.parse().ok()?, words.next()?);
        words.next()?;
        let hash: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect();
        hash.filter(|hash| hash.len() == GENESIS.len()).map(|hash| Self { sequence, hash })
    }
}

/// Writes an anchor now and then, whenever the trail has grown, and at the end.
pub(crate) async fn keep(store: Store, path: &Path, every: Duration, stop: CancellationToken) -> anyhow::Result<()> {
    let mut last = Anchor::read(path).await?.into_iter().map(|anchor| anchor.sequence).max().unwrap_or_default();
    loop {
        let stopping = tokio::select! { () = stop.cancelled() => true, () = tokio::time::sleep(every) => false };
        match write(&store, path, last).await {
            Ok(written) => last = written,
            Err(error) => tracing::error!(error = format!("{error:#}"), "the end of the audit trail could not be anchored"),
        }
        if stopping {
            return Ok(());
        }
    }
}

/// Writes an anchor if the trail has grown beyond `last`.
pub(crate) async fn write(store: &Store, path: &Path, last: i64) -> anyhow::Result<i64> {
    let mut conn = store.pool().acquire().await?;
    let Some((sequence, hash)) = store::audit::end(&mut conn).await?.filter(|(sequence, _)| *sequence > last) else {
        return Ok(last);
    };
    let mut file =
        tokio::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).await.with_context(|| path.display().to_string())?;
    file.write_all(format!("{sequence} {} {}\n", hex(&hash), store.clock().now()).as_bytes()).await?;
    file.sync_data().await?;
    Ok(sequence)
}
