//! Domain events as CloudEvents 1.0 in structured JSON, the only mode of the official NATS binding.
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A CloudEvent on the bus.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope<D = serde_json::Value> {
    /// Always `1.0`.
    pub specversion: String,
    /// Identity: UUIDv7, `Nats-Msg-Id` and inbox key.
    pub id: Uuid,
    /// `urn:bildung:<service>`.
    pub source: String,
    /// Event type, also the NATS subject.
    #[serde(rename = "type")]
    pub kind: String,
    /// The aggregate.
    pub subject: Uuid,
    /// When it happened.
    pub time: jiff::Timestamp,
    /// Order of the publishing service's outbox (the sequence extension).
    pub sequence: String,
    /// W3C trace context (the distributed tracing extension).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The fact.
    pub data: D,
}

/// A fact as a handler gets it.
#[derive(Clone, Debug)]
pub struct Received<E> {
    /// Identity of the event.
    pub id: Uuid,
    /// Order of the publishing service's outbox: of two states of one aggregate the higher is the later.
    pub sequence: i64,
    /// When it happened.
    pub time: jiff::Timestamp,
    /// The fact.
    pub data: E,
}

impl<E> TryFrom<Envelope<E>> for Received<E> {
    type Error = std::num::ParseIntError;
    fn try_from(envelope: Envelope<E>) -> Result<Self, Self::Error> {
        Ok(Self { id: envelope.id, sequence: envelope.sequence.parse()?, time: envelope.time, data: envelope.data })
    }
}
