use super::*;
use crate::events::Copies;
use bildung_chassis::{Handle, Received};
use bildung_proto::events::{
    catalogue::{OfferProvider, OfferPublished, OfferState, OfferUpdated, OfferWithdrawn},
    network::{ActorProfile, ActorProfileChanged, ActorRegistered},
};

fn offer(title: &str) -> OfferState {
    OfferState {
        offer_id: OFFER,
        title: title.into(),
        provider: OfferProvider { provider_id: Uuid::from_u128(1), actor_id: Some(ACTOR), name: "Volkshochschule".into() },
        topics: Vec::new(),
        life_phases: Vec::new(),
        district: None,
        language: None,
        level: None,
        over: false,
    }
}

fn actor(name: &str) -> ActorProfile {
    ActorProfile {
        actor_id: ACTOR,
        name: name.into(),
        other_names: Vec::new(),
        kind: "organisation".into(),
        types: Vec::new(),
        districts: Vec::new(),
        life_phases: Vec::new(),
        themes: Vec::new(),
    }
}

async fn told<E: bildung_proto::events::Event>(bureau: &Bureau, sequence: i64, data: E)
where
    Copies: Handle<E>,
{
    let event = Received { id: bureau.office.store.ids().id(), sequence, time: bureau.db.clock.now(), data };
    let mut work = bureau.office.store.begin(&Principal::Event(event.id)).await.unwrap();
    Copies.handle(&mut work, event).await.unwrap();
    work.commit().await.unwrap();
}

async fn held(bureau: &Bureau) -> (String, bool) {
    sqlx::query_as("select title, withdrawn from offer where id = $1").bind(OFFER).fetch_one(&bureau.db.admin).await.unwrap()
}

#[tokio::test]
async fn an_older_state_never_replaces_a_newer_one() {
    let bureau = Bureau::new().await;
    told(&bureau, 12, OfferUpdated { offer: offer("neu") }).await;
    told(&bureau, 11, OfferPublished { offer: offer("alt") }).await;
    assert_eq!(held(&bureau).await, ("neu".into(), false));
    told(&bureau, 14, OfferWithdrawn { offer_id: OFFER, reason: "expired".into() }).await;
    told(&bureau, 13, OfferUpdated { offer: offer("dazwischen") }).await;
    assert_eq!(held(&bureau).await, ("neu".into(), true));
    told(&bureau, 15, OfferPublished { offer: offer("wieder da") }).await;
    assert_eq!(held(&bureau).await, ("wieder da".into(), false));

    told(&bureau, 7, ActorProfileChanged { actor: actor("neu") }).await;
    told(&bureau, 6, ActorRegistered { actor: actor("alt") }).await;
    let name: String = sqlx::query_scalar("select name from actor where id = $1").bind(ACTOR).fetch_one(&bureau.db.admin).await.unwrap();
    assert_eq!(name, "neu");
}
