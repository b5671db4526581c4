//! Facts of the catalogue and the network: kept as small copies, so that a referral needs neither of them.
use crate::store::copies;
use bildung_chassis::{Handle, Received, Rejection, Work};
use bildung_proto::events::{
    catalogue::{OfferPublished, OfferState, OfferUpdated, OfferWithdrawn},
    network::{ActorProfileChanged, ActorRegistered},
};

/// Keeps the copies.
#[derive(Clone, Copy)]
pub(crate) struct Copies;

async fn keep(work: &mut Work, offer: OfferState, sequence: i64) -> Result<(), Rejection> {
    Ok(copies::put_offer(work.tx(), offer.offer_id, &offer.title, &offer.provider.name, offer.provider.actor_id, sequence).await?)
}

impl Handle<OfferPublished> for Copies {
    async fn handle(&self, work: &mut Work, event: Received<OfferPublished>) -> Result<(), Rejection> {
        keep(work, event.data.offer, event.sequence).await
    }
}

impl Handle<OfferUpdated> for Copies {
    async fn handle(&self, work: &mut Work, event: Received<OfferUpdated>) -> Result<(), Rejection> {
        keep(work, event.data.offer, event.sequence).await
    }
}

impl Handle<OfferWithdrawn> for Copies {
    async fn handle(&self, work: &mut Work, event: Received<OfferWithdrawn>) -> Result<(), Rejection> {
        Ok(copies::withdraw_offer(work.tx(), event.data.offer_id, event.sequence).await?)
    }
}

impl Handle<ActorRegistered> for Copies {
    async fn handle(&self, work: &mut Work, event: Received<ActorRegistered>) -> Result<(), Rejection> {
        Ok(copies::put_actor(work.tx(), event.data.actor.actor_id, &event.data.actor.name, event.sequence).await?)
    }
}

impl Handle<ActorProfileChanged> for Copies {
    async fn handle(&self, work: &mut Work, event: Received<ActorProfileChanged>) -> Result<(), Rejection> {
        Ok(copies::put_actor(work.tx(), event.data.actor.actor_id, &event.data.actor.name, event.sequence).await?)
    }
}
