//! Keeps the names of the network's actors and binds providers to them.
use crate::store;
use bildung_chassis::{Result, Work};
use bildung_proto::events::network::ActorProfile;

/// Takes over what the network says of an actor, unless something newer is held.
pub(crate) async fn keep(work: &mut Work, actor: &ActorProfile, sequence: i64) -> Result<()> {
    if store::providers::keep_actor(work.tx(), actor.actor_id, &actor.name, &actor.other_names, sequence).await? {
        let marked = store::providers::bind_to_actor(work.tx(), actor.actor_id, &actor.name).await?;
        if marked > 0 {
            tracing::info!(actor.id = %actor.actor_id, offers = marked, "offers belong to an actor of the network");
        }
    }
    Ok(())
}
