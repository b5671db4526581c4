//! Providers become actors of the network when their names meet.
use super::stage::{Stage, file};
use crate::commands::{actors, announce};
use bildung_chassis::Principal;
use bildung_proto::events::network::ActorProfile;
use uuid::Uuid;

fn profile(name: &str, other_names: &[&str]) -> ActorProfile {
    ActorProfile {
        actor_id: Uuid::from_u128(77),
        name: name.into(),
        other_names: other_names.iter().map(|name| (*name).to_owned()).collect(),
        kind: "organisation".into(),
        types: Vec::new(),
        districts: Vec::new(),
        life_phases: Vec::new(),
        themes: Vec::new(),
    }
}

async fn hear(stage: &Stage, profile: ActorProfile, sequence: i64) {
    let principal = Principal::Event(Uuid::nil());
    stage.db.store.command(&principal, move |work| Box::pin(async move { actors::keep(work, &profile, sequence).await })).await.unwrap();
    stage.db.store.command(&Principal::System("announce"), |work| Box::pin(announce::announce_some(work))).await.unwrap();
}

#[tokio::test]
async fn a_provider_is_bound_to_the_actor_of_its_name() {
    let mut stage = Stage::new().await;
    stage.import("vhs", &file(&["Yoga", "Kochen"])).await;
    hear(&stage, profile("Volkshochschule Beispielstadt", &["VHS Beispielstadt"]), 5).await;
    assert_eq!(stage.events("updated").await, 2, "their provider became an actor");
    let told: serde_json::Value =
        sqlx::query_scalar("select data from chassis.outbox where type like '%updated%' limit 1").fetch_one(&stage.db.admin).await.unwrap();
    assert_eq!(told["provider"]["actor_id"], Uuid::from_u128(77).to_string());
    assert_eq!(told["provider"]["name"], "Volkshochschule Beispielstadt");
    assert_eq!(stage.titles("Volkshochschule").await.len(), 2);

    hear(&stage, profile("Uralter Name", &[]), 4).await;
    assert_eq!(stage.events("updated").await, 2, "older than what is held");
    hear(&stage, profile("Volkshochschule Beispielstadt", &["VHS Beispielstadt"]), 6).await;
    assert_eq!(stage.events("updated").await, 2, "nothing new");
    hear(&stage, profile("vhs neu", &[]), 7).await;
    assert_eq!(stage.events("updated").await, 4, "a new name");
    // the file still says the old name: it is the same provider
    let again = stage.import("vhs", &file(&["Yoga", "Kochen"])).await;
    assert_eq!(again.counts.unwrap().unchanged, 2);
}

#[tokio::test]
async fn an_actor_known_before_is_bound_at_the_import() {
    let stage = Stage::new().await;
    hear(&stage, profile("VHS Beispielstadt", &[]), 1).await;
    stage.import("vhs", &file(&["Yoga"])).await;
    let told: serde_json::Value =
        sqlx::query_scalar("select data from chassis.outbox where type like '%published%'").fetch_one(&stage.db.admin).await.unwrap();
    assert_eq!(told["provider"]["actor_id"], Uuid::from_u128(77).to_string());
}
