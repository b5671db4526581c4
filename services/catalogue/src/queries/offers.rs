//! Questions about offers. The public sees what is published; who is signed in for the office sees all, with its state.
use crate::{
    domain::offer::State,
    search::{OfferIndex, Question, document},
    store,
};
use anyhow::Context as _;
use bildung_chassis::{Principal, Refusal, Result, Store};
use bildung_proto::rpc::catalogue as wire;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Finds offers.
pub(crate) async fn search(
    index: &OfferIndex,
    store: &Store,
    zone: &TimeZone,
    principal: &Principal,
    request: wire::SearchOffersRequest,
) -> Result<wire::SearchOffersResponse> {
    let question = Question::parse(request, zone, principal.is_staff())?;
    let (index, now) = (index.clone(), store.clock().now());
    let started = std::time::Instant::now();
    let mut answer =
        tokio::task::spawn_blocking(move || index.ask(&question, now)).await.context("a search panicked")?.map_err(anyhow::Error::from)?;
    answer.took_ms = started.elapsed().as_secs_f64() * 1000.0;
    Ok(answer)
}

/// One offer, from the store: a reader who follows a link sees what is true now.
pub(crate) async fn get(store: &Store, zone: &TimeZone, principal: &Principal, id: Uuid) -> Result<wire::Offer> {
    let unknown = || Refusal::not_found("offer_unknown", "there is no such offer");
    let mut connection = store.pool().acquire().await?;
    let offer = store::offers::by_ids(&mut connection, &[id]).await?.pop().ok_or_else(unknown)?;
    if offer.state != State::Published && !principal.is_staff() {
        return Err(unknown().into());
    }
    let mut answer = document::answer(&offer, zone);
    document::complete(&mut answer, store.clock().now());
    Ok(answer)
}

/// Completions of what is being typed.
pub(crate) async fn suggest(index: &OfferIndex, store: &Store, text: String, limit: u32) -> Result<Vec<wire::Suggestion>> {
    let (index, now) = (index.clone(), store.clock().now());
    let limit = usize::try_from(limit.clamp(1, 20)).unwrap_or(8);
    Ok(tokio::task::spawn_blocking(move || index.suggest(&text, limit, now))
        .await
        .context("a search panicked")?
        .map_err(anyhow::Error::from)?)
}
