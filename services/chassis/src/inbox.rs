//! Consumes facts: each changes a service's state exactly once.
//!
//! The inbox row is written in the transaction of the effect, so a redelivered event finds it and does nothing. A handler
//! that fails for want of its database or the network is tried again in place for as long as it takes, which keeps order;
//! one that fails otherwise is tried a few times and then becomes a dead letter, as does a poisonous event at once.
use crate::{
    Principal, Store,
    bus::Bus,
    dead_letters,
    event::{Envelope, Received},
    refusal::Error,
    store::Work,
    telemetry,
};
use anyhow::Context as _;
use async_nats::jetstream::{AckKind, Message, consumer::PullConsumer};
use bildung_proto::events::Event;
use futures::{StreamExt as _, future::BoxFuture};
use opentelemetry::{KeyValue, metrics::Counter};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

/// Attempts after which an event becomes a dead letter.
pub const MAX_ATTEMPTS: u32 = 5;

/// Why a handler did not take an event.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// Trying again cannot help.
    #[error("unacceptable event: {0}")]
    Poison(String),
    /// Trying again may help.
    #[error(transparent)]
    Later(#[from] anyhow::Error),
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) if refusal.kind == crate::Kind::Unavailable => Self::Later(refusal.into()),
            Error::Refused(refusal) => Self::Poison(refusal.to_string()),
            Error::Internal(error) => Self::Later(error),
        }
    }
}

impl From<sqlx::Error> for Rejection {
    fn from(error: sqlx::Error) -> Self {
        Self::Later(error.into())
    }
}

/// What a service does about a fact.
pub trait Handle<E: Event>: Send + Sync + 'static {
    /// Changes state in the transaction in which the event is marked as seen; calls the same commands as gRPC does.
    fn handle(&self, work: &mut Work, event: Received<E>) -> impl Future<Output = Result<(), Rejection>> + Send;
}

type Erased = Box<dyn for<'a> Fn(&'a mut Work, &'a [u8]) -> BoxFuture<'a, Result<(), Rejection>> + Send + Sync>;

/// The handlers of one service by event type.
#[derive(Default)]
pub(crate) struct Handlers(BTreeMap<&'static str, Erased>);

impl Handlers {
    pub(crate) fn add<E: Event, H: Handle<E>>(&mut self, handler: H) {
        let handler = Arc::new(handler);
        let erased: Erased = Box::new(move |work, body| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let poison = |error: &dyn std::fmt::Display| Rejection::Poison(format!("not a {}: {error}", E::TYPE));
                let envelope: Envelope<E> = serde_json::from_slice(body).map_err(|e| poison(&e))?;
                let event = Received::try_from(envelope).map_err(|e| poison(&e))?;
                handler.handle(work, event).await
            })
        });
        self.0.insert(E::TYPE, erased);
    }

    pub(crate) fn types(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The consumer of one service.
pub(crate) struct Inbox {
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) handlers: Handlers,
}

struct Head {
    id: Uuid,
    kind: String,
    traceparent: Option<String>,
}

impl Inbox {
    /// Consumes until `stop`; opens the consumer again when the bus has been away.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let handled = telemetry::meter().u64_counter("inbox_events").with_description("events by outcome: effect, duplicate, dead").build();
        while !stop.is_cancelled() {
            if let Err(error) = self.consume(&handled, &stop).await {
                tracing::warn!(service = self.store.service(), error = format!("{error:#}"), "cannot consume events, will try again");
                tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(Duration::from_secs(1)) => {} }
            }
        }
        Ok(())
    }

    async fn consume(&self, handled: &Counter<u64>, stop: &CancellationToken) -> anyhow::Result<()> {
        let consumer: PullConsumer = self.bus.js.get_consumer_from_stream(self.store.service(), crate::bus::EVENTS).await?;
        let mut messages = consumer.stream().max_messages_per_batch(100).heartbeat(Duration::from_secs(5)).messages().await?;
        loop {
            let message = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                next = messages.next() => next.context("the consumer ended")??,
            };
            if !self.settle(&message, handled, stop).await? {
                return Ok(());
            }
        }
    }

    /// Brings one message to its end; false if told to stop before that.
    async fn settle(&self, message: &Message, handled: &Counter<u64>, stop: &CancellationToken) -> anyhow::Result<bool> {
        let mut failures = 0;
        let mut pause = Duration::from_millis(100);
        loop {
            let (outcome, kind) = match self.process(message).await {
                Ok(fresh) => {
                    fail::fail_point!("inbox::commit_ack", |_| Err(anyhow::anyhow!("fail point between commit and acknowledgement")));
                    (AckKind::Ack, if fresh { "effect" } else { "duplicate" })
                }
                Err(rejection) => {
                    let away = matches!(&rejection, Rejection::Later(error) if is_away(error));
                    failures += u32::from(!away);
                    if matches!(rejection, Rejection::Later(_)) && failures < MAX_ATTEMPTS {
                        tracing::warn!(subject = %message.subject, failures, %rejection, "an event was not handled, will try again");
                        message.ack_with(AckKind::Progress).await.map_err(anyhow::Error::from_boxed)?;
                        tokio::select! { () = stop.cancelled() => return Ok(false), () = tokio::time::sleep(pause) => {} }
                        pause = (pause * 2).min(Duration::from_secs(5));
                        continue;
                    }
                    tracing::error!(subject = %message.subject, %rejection, "an event became a dead letter");
                    // Buried before it is taken off, so that a crash repeats it rather than loses it.
                    dead_letters::bury(&self.bus, self.store.service(), message, &rejection.to_string()).await?;
                    (AckKind::Term, "dead")
                }
            };
            message.ack_with(outcome).await.map_err(anyhow::Error::from_boxed)?;
            handled.add(1, &[KeyValue::new("service", self.store.service()), KeyValue::new("outcome", kind)]);
            return Ok(true);
        }
    }

    /// Marks the event as seen and lets the handler act, in one transaction; false if it had been seen.
    async fn process(&self, message: &Message) -> Result<bool, Rejection> {
        let head: Envelope = serde_json::from_slice(&message.payload).map_err(|e| Rejection::Poison(format!("not a CloudEvent: {e}")))?;
        let head = Head { id: head.id, kind: head.kind, traceparent: head.traceparent };
        let span = tracing::info_span!("process", otel.kind = "consumer", messaging.system = "nats", messaging.destination.name = %head.kind, messaging.message.id = %head.id);
        telemetry::continue_from(&span, head.traceparent.as_deref());
        self.apply(&head, &message.payload).instrument(span).await
    }

    async fn apply(&self, head: &Head, body: &[u8]) -> Result<bool, Rejection> {
        let Some(handler) = self.handlers.0.get(head.kind.as_str()) else {
            return Err(Rejection::Poison(format!("nobody here handles {}", head.kind)));
        };
        let mut work = self.store.begin(&Principal::Event(head.id)).await?;
        if !first_time(&mut work, head.id).await? {
            return Ok(false);
        }
        handler(&mut work, body).await?;
        work.commit().await?;
        Ok(true)
    }
}

async fn first_time(work: &mut Work, event: Uuid) -> sqlx::Result<bool> {
    // Shows in a test what the row is for.
    fail::fail_point!("inbox::leave_out_row", |_| Ok(true));
    let inserted =
        sqlx::query("insert into chassis.inbox (event) values ($1) on conflict do nothing").bind(event).execute(work.tx()).await?;
    Ok(inserted.rows_affected() == 1)
}

/// Whether the handler failed because something it needs is away, so that waiting is all that helps.
fn is_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref::<sqlx::Error>(), Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed))
            || cause
                .downcast_ref::<sqlx::Error>()
                .and_then(|e| e.as_database_error())
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
            || cause.downcast_ref::<crate::Refusal>().is_some_and(|refusal| refusal.kind == crate::Kind::Unavailable)
    })
}
