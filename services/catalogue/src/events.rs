//! Facts of other services that the catalogue takes notice of.
use crate::commands;
use bildung_chassis::{Handle, Received, Rejection, Work};
use bildung_proto::events::network::{ActorProfileChanged, ActorRegistered};

/// Keeps the names of the network's actors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorNames;

impl Handle<ActorRegistered> for ActorNames {
    async fn handle(&self, work: &mut Work, event: Received<ActorRegistered>) -> Result<(), Rejection> {
        Ok(commands::actors::keep(work, &event.data.actor, event.sequence).await?)
    }
}

impl Handle<ActorProfileChanged> for ActorNames {
    async fn handle(&self, work: &mut Work, event: Received<ActorProfileChanged>) -> Result<(), Rejection> {
        Ok(commands::actors::keep(work, &event.data.actor, event.sequence).await?)
    }
}
