use super::{api, database, from, manager, outbox, refused};
use bildung_chassis::{Kind, Principal};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as _;

fn actor(key: &str, name: &str) -> pb::ImportedActor {
    let profile = pb::ActorProfile { name: name.to_owned(), kind: "organisation".to_owned(), ..Default::default() };
    pb::ImportedActor { key: key.to_owned(), profile: Some(profile) }
}

fn cooperation(from: &str, to: &str, state: &str) -> pb::ImportedCooperation {
    pb::ImportedCooperation {
        from: from.to_owned(),
        to: to.to_owned(),
        r#type: "referral".to_owned(),
        strength: 2,
        state: state.to_owned(),
        since: "2024-01-01".to_owned(),
        ..Default::default()
    }
}

fn list() -> pb::ImportActorsRequest {
    pb::ImportActorsRequest {
        actors: vec![actor("vhs", "VHS"), actor("amt", "Amt"), actor("kita", "Kita")],
        cooperations: vec![cooperation("vhs", "amt", "active"), cooperation("amt", "kita", "paused"), cooperation("vhs", "kita", "ended")],
    }
}

fn counts(counts: Option<pb::ImportCounts>) -> [u32; 5] {
    let counts = counts.unwrap();
    [counts.read, counts.created, counts.updated, counts.unchanged, counts.rejected]
}

#[tokio::test]
async fn the_same_list_again_changes_nothing() {
    let db = database().await;
    let api = api(&db);
    let first = api.import_actors(from(&manager(), list())).await.unwrap().into_inner();
    assert_eq!((counts(first.actors), counts(first.cooperations), first.errors), ([3, 3, 0, 0, 0], [3, 3, 0, 0, 0], vec![]));
    let events = outbox(&db).await.len();
    let again = api.import_actors(from(&manager(), list())).await.unwrap().into_inner();
    assert_eq!((counts(again.actors), counts(again.cooperations)), ([3, 0, 0, 3, 0], [3, 0, 0, 3, 0]));
    assert_eq!(outbox(&db).await.len(), events);
}

#[tokio::test]
async fn an_edit_by_staff_stays_until_the_record_itself_changes() {
    let db = database().await;
    let api = api(&db);
    api.import_actors(from(&manager(), list())).await.unwrap();
    let named = async |q: &str| {
        let asked = pb::ListActorsRequest { q: q.to_owned(), ..Default::default() };
        api.list_actors(from(&manager(), asked)).await.unwrap().into_inner().actors
    };
    let vhs = named("VHS").await.remove(0);
    let profile = pb::ActorProfile { name: "VHS am Markt".to_owned(), ..vhs.profile.unwrap() };
    let changing = pb::ChangeActorRequest { id: vhs.id.clone(), revision: 1, profile: Some(profile), state: String::new() };
    api.change_actor(from(&manager(), changing)).await.unwrap();
    api.import_actors(from(&manager(), list())).await.unwrap();
    assert_eq!(named("VHS am Markt").await.len(), 1);

    let mut renamed = list();
    renamed.actors[0] = actor("vhs", "Volkshochschule");
    let report = api.import_actors(from(&manager(), renamed)).await.unwrap().into_inner();
    assert_eq!(counts(report.actors), [3, 0, 1, 2, 0]);
    assert_eq!(named("Volkshochschule").await[0].id, vhs.id);
}

#[tokio::test]
async fn a_bad_record_is_refused_alone() {
    let db = database().await;
    let api = api(&db);
    let mut bad = list();
    bad.actors.push(actor("", "Ohne Schlüssel"));
    bad.actors.push(actor("leer", ""));
    bad.cooperations.push(cooperation("vhs", "nirgends", "active"));
    bad.cooperations.push(pb::ImportedCooperation { since: "gestern".to_owned(), ..cooperation("vhs", "amt", "active") });
    let report = api.import_actors(from(&manager(), bad)).await.unwrap().into_inner();
    assert_eq!((counts(report.actors), counts(report.cooperations)), ([5, 3, 0, 0, 2], [5, 3, 0, 0, 2]));
    let errors: Vec<_> = report.errors.iter().map(|error| (error.pointer.as_str(), error.code.as_str())).collect();
    assert_eq!(
        errors,
        [
            ("/actors/3/key", "actor_key_missing"),
            ("/actors/4/name", "actor_name_missing"),
            ("/cooperations/3/to", "unknown_reference"),
            ("/cooperations/4/since", "malformed"),
        ]
    );
}

#[tokio::test]
async fn importing_is_for_managers() {
    let db = database().await;
    assert_eq!(refused(api(&db).import_actors(from(&Principal::Resident, list())).await).kind, Kind::Unauthenticated);
}

/// The demo city's own list is taken over without a complaint.
#[tokio::test]
async fn the_demo_city_is_taken_over_whole() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/demo/actors.json");
    let demo: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &serde_json::Value| value.as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default();
    let actors = demo["actors"].as_array().unwrap().iter().map(|actor| pb::ImportedActor {
        key: text(&actor["key"]),
        profile: Some(pb::ActorProfile {
            name: text(&actor["name"]),
            short_name: text(&actor["short_name"]),
            other_names: Vec::new(),
            kind: text(&actor["kind"]),
            types: texts(&actor["types"]),
            life_phases: texts(&actor["life_phases"]),
            themes: texts(&actor["themes"]),
            districts: texts(&actor["districts"]),
            languages: texts(&actor["languages"]),
            web: text(&actor["web"]),
            description: text(&actor["description"]),
        }),
    });
    let cooperations = demo["cooperations"].as_array().unwrap().iter().map(|cooperation| pb::ImportedCooperation {
        from: text(&cooperation["from"]),
        to: text(&cooperation["to"]),
        r#type: text(&cooperation["type"]),
        strength: u32::try_from(cooperation["strength"].as_u64().unwrap()).unwrap(),
        formality: text(&cooperation["formality"]),
        state: text(&cooperation["state"]),
        since: text(&cooperation["since"]),
        until: String::new(),
    });
    let asked = pb::ImportActorsRequest { actors: actors.collect(), cooperations: cooperations.collect() };
    let db = database().await;
    let report = api(&db).import_actors(from(&manager(), asked)).await.unwrap().into_inner();
    assert_eq!(report.errors, vec![]);
    assert!(report.actors.unwrap().created >= 40);
}
