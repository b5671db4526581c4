//! Facts that a consumer gave up on: kept with the reason until an operator replays or drops them.
use crate::bus::{Bus, DEAD};
use anyhow::Context as _;
use async_nats::jetstream::{Message, message::PublishMessage, stream::LastRawMessageErrorKind};
use std::time::Duration;

const REASON: &str = "Bildung-Reason";

/// A dead letter.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DeadLetter {
    /// Its number, for `show`, `replay` and `drop`.
    pub number: u64,
    /// The service that gave up on it.
    pub consumer: String,
    /// Event type.
    pub event: String,
    /// Why.
    pub reason: String,
    /// The event as it came.
    pub body: String,
}

/// Puts a message aside with the reason.
pub(crate) async fn bury(bus: &Bus, consumer: &str, message: &Message, reason: &str) -> anyhow::Result<()> {
    let number = message.info().map_err(anyhow::Error::from_boxed)?.stream_sequence;
    let reason: String = reason.replace(['\r', '\n'], " ").chars().take(500).collect();
    let letter = PublishMessage::build().message_id(format!("{consumer}:{number}")).header(REASON, reason).payload(message.payload.clone());
    bus.js.send_publish(format!("dead.{consumer}.{}", message.subject), letter).await?.await.context("cannot store a dead letter")?;
    Ok(())
}

/// All dead letters, oldest first. Needs the operator's rights.
pub async fn list(bus: &Bus) -> anyhow::Result<Vec<DeadLetter>> {
    let mut stream = bus.js.get_stream(DEAD).await?;
    let state = stream.info().await?.state.clone();
    let mut letters = Vec::new();
    for number in state.first_sequence.max(1)..=state.last_sequence {
        match stream.get_raw_message(number).await {
            Ok(message) => letters.push(letter(number, message.subject.as_str(), &message.headers, &message.payload)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(letters)
}

/// One dead letter.
pub async fn show(bus: &Bus, number: u64) -> anyhow::Result<DeadLetter> {
    let message =
        bus.js.get_stream(DEAD).await?.get_raw_message(number).await.with_context(|| format!("there is no dead letter {number}"))?;
    Ok(letter(number, message.subject.as_str(), &message.headers, &message.payload))
}

/// Publishes the event again and removes the letter. Services that have had it recognise it by its identifier.
pub async fn replay(bus: &Bus, number: u64) -> anyhow::Result<()> {
    let found = show(bus, number).await?;
    let message = PublishMessage::build().message_id(format!("replay:{number}")).payload(found.body.into());
    bus.js.send_publish(found.event, message).await?.await.context("the bus did not store the event")?;
    drop_letter(bus, number).await
}

/// Removes a dead letter for good.
pub async fn drop_letter(bus: &Bus, number: u64) -> anyhow::Result<()> {
    bus.js.get_stream(DEAD).await?.delete_message(number).await.with_context(|| format!("cannot remove the dead letter {number}"))?;
    Ok(())
}

/// Follows `subject` on the bus from now on, without a durable consumer.
pub async fn tail(bus: &Bus, subject: &str) -> anyhow::Result<impl futures::Stream<Item = String> + use<>> {
    use futures::StreamExt as _;
    let messages = bus.client.subscribe(subject.to_owned()).await?;
    tokio::time::timeout(Duration::from_secs(5), bus.client.flush()).await??;
    Ok(messages.map(|message| String::from_utf8_lossy(&message.payload).into_owned()))
}

fn letter(number: u64, subject: &str, headers: &async_nats::HeaderMap, payload: &[u8]) -> DeadLetter {
    let mut parts = subject.splitn(3, '.').skip(1);
    DeadLetter {
        number,
        consumer: parts.next().unwrap_or_default().to_owned(),
        event: parts.next().unwrap_or_default().to_owned(),
        reason: headers.get(REASON).map(ToString::to_string).unwrap_or_default(),
        body: String::from_utf8_lossy(payload).into_owned(),
    }
}
