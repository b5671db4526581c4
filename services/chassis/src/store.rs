//! A service's database as its commands and questions see it.
use crate::{Clock, Ids, Principal, refusal::Result, telemetry};
use anyhow::Context as _;
use bildung_proto::events::Event;
use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// The database of one service, with the time and the identifiers to use in it.
#[derive(Clone, Debug)]
pub struct Store {
    service: &'static str,
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    commits: Arc<watch::Sender<u64>>,
}

impl Store {
    /// The store of `service`.
    pub fn new(service: &'static str, pool: PgPool, clock: Clock, ids: Ids) -> Self {
        Self { service, pool, clock, ids, commits: Arc::new(watch::Sender::new(0)) }
    }
    /// The service it belongs to.
    pub fn service(&self) -> &'static str {
        self.service
    }
    /// Connections for questions.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
    /// The time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
    /// Identifiers.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }
    /// Changes after each commit of a command in this process; a change may stand for several commits.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Opens a transaction, runs the command, commits and wakes the relay; a command that fails leaves nothing behind.
    pub async fn command<T, F>(&self, principal: &Principal, command: F) -> Result<T>
    where
        T: Send,
        F: for<'w> FnOnce(&'w mut Work) -> BoxFuture<'w, Result<T>> + Send,
    {
        let mut work = self.begin(principal).await?;
        let outcome = command(&mut work).await?;
        work.commit().await?;
        Ok(outcome)
    }

    /// Opens the transaction of a command; [`Store::command`] is the usual way.
    pub async fn begin(&self, principal: &Principal) -> Result<Work> {
        Ok(Work {
            tx: self.pool.begin().await?,
            principal: principal.clone(),
            now: self.clock.now(),
            ids: self.ids.clone(),
            commits: Arc::clone(&self.commits),
        })
    }
}

/// A command at work: its transaction, on whose behalf, and at what time.
pub struct Work {
    tx: crate::Tx<'static>,
    /// On whose behalf.
    pub principal: Principal,
    /// The command's one point in time.
    pub now: Timestamp,
    ids: Ids,
    commits: Arc<watch::Sender<u64>>,
}

impl Work {
    /// The transaction.
    pub fn tx(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
    /// A new identifier.
    pub fn id(&self) -> Uuid {
        self.ids.id()
    }
    /// Identifiers and secrets.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Writes a fact to the outbox; it is published once this transaction has committed.
    pub async fn publish<E: Event>(&mut self, fact: &E) -> Result<Uuid> {
        let id = self.ids.id();
        let data = serde_json::to_value(fact).context("an event could not be written as JSON")?;
        sqlx::query("insert into chassis.outbox (id, type, subject, time, data, traceparent) values ($1, $2, $3, $4, $5, $6)")
            .bind(id)
            .bind(E::TYPE)
            .bind(fact.aggregate())
            .bind(self.now.to_sqlx())
            .bind(data)
            .bind(telemetry::traceparent())
            .execute(&mut *self.tx)
            .await?;
        Ok(id)
    }

    /// Commits and wakes the relay.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        self.commits.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}
