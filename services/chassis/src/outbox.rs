//! Publishes the facts that commands wrote to `chassis.outbox`.
//!
//! One relay per database works at a time (advisory lock), however many replicas run. It is woken by commits of its own
//! process and polls besides; it marks a row after the bus has acknowledged it and never keeps a "last position", so a
//! lower number that commits late is simply found next time. No transaction is open while it publishes. Rows stay for the
//! retention period: [`republish`] rebuilds a stream from them.
use crate::{
    bus::{Bus, EVENTS},
    event::Envelope,
    telemetry,
};
use anyhow::{Context as _, bail};
use async_nats::jetstream::{context::PublishAckFuture, message::PublishMessage};
use opentelemetry::metrics::{Counter, Gauge};
use sqlx::{PgConnection, PgPool, types::Json};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const BATCH: i64 = 256;
const LOCK: &str = "select pg_try_advisory_lock(hashtext('chassis.outbox'))";

/// The relay of one service.
pub(crate) struct Relay {
    pub(crate) service: &'static str,
    pub(crate) pool: PgPool,
    pub(crate) bus: Bus,
    pub(crate) commits: watch::Receiver<u64>,
    pub(crate) retention_days: u16,
}

struct Metrics {
    published: Counter<u64>,
    waiting: Gauge<u64>,
    oldest: Gauge<f64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    id: Uuid,
    r#type: String,
    subject: Uuid,
    time: jiff_sqlx::Timestamp,
    data: Json<Box<serde_json::value::RawValue>>,
    traceparent: Option<String>,
}

impl Relay {
    /// Publishes until `stop`; troubles are logged and tried again.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let meter = telemetry::meter();
        let metrics = Metrics {
            published: meter.u64_counter("outbox_published").build(),
            waiting: meter.u64_gauge("outbox_waiting").build(),
            oldest: meter.f64_gauge("outbox_oldest_waiting_seconds").build(),
        };
        while !stop.is_cancelled() {
            if let Err(error) = self.lead(&metrics, &stop).await {
                tracing::warn!(service = self.service, error = format!("{error:#}"), "cannot publish events, will try again");
                self.measure(&metrics).await.ok();
                pause(Duration::from_secs(1), &stop).await;
            }
        }
        Ok(())
    }

    /// Works as the only relay of this database while it holds the lock, which ends with its connection.
    async fn lead(&mut self, metrics: &Metrics, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut connection = self.pool.acquire().await?.detach();
        let leader: bool = sqlx::query_scalar(LOCK).fetch_one(&mut connection).await?;
        if !leader {
            pause(jittered(Duration::from_secs(2)), stop).await;
            return Ok(());
        }
        let mut rounds = 0_u32;
        while !stop.is_cancelled() {
            self.commits.mark_unchanged();
            let published = self.drain(&mut connection).await?;
            metrics.published.add(published, &[opentelemetry::KeyValue::new("service", self.service)]);
            if published > 0 {
                continue;
            }
            if rounds.is_multiple_of(10) {
                self.measure(metrics).await?;
                self.tidy(&mut connection).await?;
            }
            rounds = rounds.wrapping_add(1);
            tokio::select! {
                () = stop.cancelled() => {}
                changed = self.commits.changed() => changed.context("the store is gone")?,
                () = tokio::time::sleep(jittered(Duration::from_secs(1))) => {}
            }
        }
        Ok(())
    }

    /// Publishes one batch in order; marks what the bus has acknowledged before the first failure.
    async fn drain(&self, connection: &mut PgConnection) -> anyhow::Result<u64> {
        let batch: Vec<Row> = sqlx::query_as(
            "select seq, id, type, subject, time, data, traceparent from chassis.outbox where published_at is null order by seq limit $1",
        )
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
        if batch.is_empty() {
            return Ok(0);
        }
        fail::fail_point!("outbox::commit_publish", |_| bail!("fail point between commit and publish"));
        let mut acknowledgements = Vec::with_capacity(batch.len());
        for row in batch {
            let seq = row.seq;
            acknowledgements.push((seq, self.send(row).await));
        }
        let mut stored = Vec::with_capacity(acknowledgements.len());
        let mut failure = None;
        for (seq, acknowledgement) in acknowledgements {
            match confirm(acknowledgement).await {
                Ok(()) => stored.push(seq),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        fail::fail_point!("outbox::publish_mark", |_| bail!("fail point between publish and mark"));
        sqlx::query("update chassis.outbox set published_at = now() where seq = any($1)").bind(&stored).execute(connection).await?;
        match failure {
            None => Ok(u64::try_from(stored.len())?),
            Some(error) => Err(error),
        }
    }

    async fn send(&self, row: Row) -> anyhow::Result<PublishAckFuture> {
        let envelope = Envelope {
            specversion: "1.0".into(),
            id: row.id,
            source: format!("urn:bildung:{}", self.service),
            kind: row.r#type,
            subject: row.subject,
            time: row.time.to_jiff(),
            sequence: row.seq.to_string(),
            traceparent: row.traceparent,
            datacontenttype: "application/json".into(),
            data: row.data.0,
        };
        let message = PublishMessage::build()
            .message_id(row.id.to_string())
            .header("Content-Type", "application/cloudevents+json")
            .payload(serde_json::to_vec(&envelope)?.into());
        Ok(self.bus.js.send_publish(envelope.kind.clone(), message).await?)
    }

    async fn measure(&self, metrics: &Metrics) -> anyhow::Result<()> {
        let (waiting, oldest): (i64, Option<f64>) =
            sqlx::query_as("select count(*), extract(epoch from now() - min(time))::float8 from chassis.outbox where published_at is null")
                .fetch_one(&self.pool)
                .await?;
        let service = [opentelemetry::KeyValue::new("service", self.service)];
        metrics.waiting.record(u64::try_from(waiting)?, &service);
        metrics.oldest.record(oldest.unwrap_or_default().max(0.0), &service);
        Ok(())
    }

    /// Deletes what is older than the retention period; inbox rows stay twice as long as any event can come back.
    async fn tidy(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        let days = i32::from(self.retention_days);
        sqlx::query("delete from chassis.outbox where seq in (select seq from chassis.outbox where published_at < now() - make_interval(days => $1) limit 10000)")
            .bind(days)
            .execute(&mut *connection)
            .await?;
        sqlx::query("delete from chassis.inbox where event in (select event from chassis.inbox where received_at < now() - make_interval(days => $1) limit 10000)")
            .bind(days * 2)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

async fn confirm(sent: anyhow::Result<PublishAckFuture>) -> anyhow::Result<()> {
    let acknowledgement = sent?.await.context("the bus did not store the event")?;
    if acknowledgement.stream != EVENTS {
        bail!("the event went to the stream {} instead of {EVENTS}", acknowledgement.stream);
    }
    Ok(())
}

/// Marks the kept rows as waiting again, so that the relay rebuilds a stream that was lost. Consumers recognise what they
/// have had by its identifier.
pub async fn republish(pool: &PgPool) -> sqlx::Result<u64> {
    Ok(sqlx::query("update chassis.outbox set published_at = null where published_at is not null").execute(pool).await?.rows_affected())
}

async fn pause(time: Duration, stop: &CancellationToken) {
    tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(time) => {} }
}

/// `time` give or take a fifth, so that replicas do not step together.
fn jittered(time: Duration) -> Duration {
    time.mul_f64(rand::random_range(0.8..1.2))
}
