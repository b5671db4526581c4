//! Registering and changing actors.
use super::{WRITERS, not_found};
use crate::domain::Violation;
use crate::domain::actor::{Actor, GivenProfile, News, Profile, State};
use crate::store;
use bildung_chassis::{Result, Work};
use bildung_proto::events::network::{ActorProfile, ActorProfileChanged, ActorRegistered};
use uuid::Uuid;

/// Adds an organisation to the network.
pub(crate) async fn register(work: &mut Work, given: &GivenProfile, state: &str, key: &str) -> Result<Actor> {
    work.principal.require(WRITERS)?;
    let key = if key.trim().is_empty() { None } else { Some(self::key(key)?) };
    let state = if state.is_empty() { State::Active } else { State::of_field("/state", state)? };
    let actor = Actor::register(work.id(), key, Profile::check(given)?, state, work.now)?;
    store::actor::insert(work.tx(), &actor).await?;
    tell(work, &actor, actor.news_of_registration()).await?;
    Ok(actor)
}

/// Replaces an actor's profile and, if given, its state.
pub(crate) async fn change(work: &mut Work, id: Uuid, revision: i64, given: &GivenProfile, state: &str) -> Result<Actor> {
    work.principal.require(WRITERS)?;
    let Some(mut actor) = store::actor::lock(work.tx(), id).await? else {
        return Err(not_found("actor").into());
    };
    let state = if state.is_empty() { actor.state } else { State::of_field("/state", state)? };
    let news = actor.change(revision, Profile::check(given)?, state, work.now)?;
    store::actor::save(work.tx(), &actor).await?;
    tell(work, &actor, news).await?;
    Ok(actor)
}

/// Publishes what others have to hear of an actor.
pub(super) async fn tell(work: &mut Work, actor: &Actor, news: News) -> Result<()> {
    match news {
        News::None => {}
        News::Registered => {
            work.publish(&ActorRegistered { actor: public(actor) }).await?;
        }
        News::ProfileChanged => {
            work.publish(&ActorProfileChanged { actor: public(actor) }).await?;
        }
    }
    Ok(())
}

fn public(actor: &Actor) -> ActorProfile {
    let profile = &actor.profile;
    let mut other_names = profile.other_names.clone();
    if !profile.short_name.is_empty() {
        other_names.insert(0, profile.short_name.clone());
    }
    ActorProfile {
        actor_id: actor.id,
        name: profile.name.clone(),
        other_names,
        kind: profile.kind.as_str().to_owned(),
        types: profile.types.clone(),
        districts: profile.districts.clone(),
        life_phases: profile.life_phases.clone(),
        themes: profile.themes.clone(),
    }
}

/// A key under which an actor can be imported.
pub(super) fn key(given: &str) -> Result<String, Violation> {
    let key = crate::domain::code::text("/key", given, 200)?;
    if key.is_empty() { Err(Violation::Missing { code: "actor_key_missing", pointer: "/key", what: "the actor's key" }) } else { Ok(key) }
}
