//! Uploaded files as they came, in the service's own database, in chunks: any replica can read what another received, a
//! backup of the database holds them, and a file that is refused half-way leaves nothing.
use crate::{
    Refusal, Store,
    refusal::{Kind, Result},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use std::pin::pin;
use uuid::Uuid;

const CHUNK: usize = 256 * 1024;

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// Its identifier.
    pub id: Uuid,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// Receives a file within the caller's transaction; refuses it as soon as it is over `max_bytes`.
pub async fn receive<S>(tx: &mut PgConnection, id: Uuid, now: Timestamp, chunks: S, max_bytes: u64) -> Result<FileRef>
where
    S: Stream<Item = Result<Bytes>> + Send,
{
    sqlx::query("insert into chassis.file (id, sha256, size, created_at) values ($1, sha256(''), 0, $2)")
        .bind(id)
        .bind(now.to_sqlx())
        .execute(&mut *tx)
        .await?;
    let mut chunks = pin!(chunks);
    let mut hash = Sha256::new();
    let mut size = 0_u64;
    let mut no = 0;
    let mut buffer: Vec<u8> = Vec::with_capacity(CHUNK);
    while let Some(bytes) = chunks.next().await {
        let mut bytes = bytes?;
        size += bytes.len() as u64;
        if size > max_bytes {
            return Err(
                Refusal::new(Kind::TooLarge, "file_too_large", format!("the file is larger than the {max_bytes} bytes allowed")).into()
            );
        }
        hash.update(&bytes);
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(CHUNK - buffer.len()));
            buffer.extend_from_slice(&part);
            if buffer.len() == CHUNK {
                store_chunk(tx, id, &mut no, &buffer).await?;
                buffer.clear();
            }
        }
    }
    if !buffer.is_empty() {
        store_chunk(tx, id, &mut no, &buffer).await?;
    }
    let digest = hash.finalize();
    sqlx::query("update chassis.file set sha256 = $2, size = $3 where id = $1")
        .bind(id)
        .bind(digest.as_slice())
        .bind(i64::try_from(size).unwrap_or(i64::MAX))
        .execute(tx)
        .await?;
    Ok(FileRef { id, sha256: hex(&digest), size })
}

async fn store_chunk(tx: &mut PgConnection, file: Uuid, no: &mut i32, body: &[u8]) -> Result<()> {
    sqlx::query("insert into chassis.file_chunk (file, no, body) values ($1, $2, $3)").bind(file).bind(*no).bind(body).execute(tx).await?;
    *no += 1;
    Ok(())
}

/// The files of one service.
#[derive(Clone, Debug)]
pub struct Files {
    pool: PgPool,
}

impl Files {
    /// The files in `store`.
    pub fn new(store: &Store) -> Self {
        Self { pool: store.pool().clone() }
    }

    /// The whole file; only for files known to be small.
    pub async fn read(&self, id: Uuid) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut no = 0;
        while let Some(chunk) = self.chunk(id, no).await? {
            all.extend_from_slice(&chunk);
            no += 1;
        }
        Ok(all)
    }

    /// A reader for a parser that works in `spawn_blocking`; holds one chunk at a time.
    pub fn open_blocking(&self, id: Uuid) -> BlockingReader {
        BlockingReader { files: self.clone(), runtime: tokio::runtime::Handle::current(), id, no: 0, chunk: Bytes::new() }
    }

    async fn chunk(&self, id: Uuid, no: i32) -> Result<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar("select body from chassis.file_chunk where file = $1 and no = $2")
            .bind(id)
            .bind(no)
            .fetch_optional(&self.pool)
            .await?)
    }
}

/// Reads a stored file from a blocking thread.
#[derive(Debug)]
pub struct BlockingReader {
    files: Files,
    runtime: tokio::runtime::Handle,
    id: Uuid,
    no: i32,
    chunk: Bytes,
}

impl std::io::Read for BlockingReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.chunk.is_empty() {
            match self.runtime.block_on(self.files.chunk(self.id, self.no)).map_err(std::io::Error::other)? {
                None => return Ok(0),
                Some(chunk) => self.chunk = chunk.into(),
            }
            self.no += 1;
        }
        let part = self.chunk.split_to(self.chunk.len().min(buffer.len()));
        buffer[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}
