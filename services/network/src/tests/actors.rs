use super::{api, database, from, manager, outbox, refused};
use bildung_chassis::{Kind, Principal, Role, testing};
use bildung_proto::events::{
    Event as _,
    network::{ActorProfileChanged, ActorRegistered},
};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as _;

fn vhs() -> pb::ActorProfile {
    pb::ActorProfile {
        name: "Volkshochschule Lauterstadt".to_owned(),
        short_name: "VHS".to_owned(),
        kind: "organisation".to_owned(),
        types: vec!["vhs".to_owned()],
        districts: vec!["01".to_owned()],
        languages: vec!["de".to_owned(), "uk".to_owned()],
        web: "https://vhs.example".to_owned(),
        ..pb::ActorProfile::default()
    }
}

fn registering(profile: pb::ActorProfile) -> pb::RegisterActorRequest {
    pb::RegisterActorRequest { profile: Some(profile), state: String::new(), key: String::new() }
}

#[tokio::test]
async fn a_registered_actor_is_read_back_and_announced() {
    let db = database().await;
    let api = api(&db);
    let actor = api.register_actor(from(&manager(), registering(vhs()))).await.unwrap().into_inner();
    assert_eq!((actor.state.as_str(), actor.revision), ("active", 1));
    let read = api.get_actor(from(&Principal::Resident, pb::GetActorRequest { id: actor.id.clone() })).await.unwrap().into_inner();
    assert_eq!(read, actor);

    let published = outbox(&db).await;
    let [(kind, data)] = published.as_slice() else { panic!("{published:?}") };
    assert_eq!(kind, ActorRegistered::TYPE);
    let fact: ActorRegistered = serde_json::from_value(data.clone()).unwrap();
    assert_eq!(fact.actor.actor_id.to_string(), actor.id);
    assert_eq!(fact.actor.other_names, ["VHS"]);
}

#[tokio::test]
async fn only_an_education_manager_writes() {
    let db = database().await;
    let api = api(&db);
    for (principal, kind) in [
        (Principal::Resident, Kind::Unauthenticated),
        (testing::user(Role::Editor), Kind::Forbidden),
        (testing::user(Role::Admin), Kind::Forbidden),
    ] {
        assert_eq!(refused(api.register_actor(from(&principal, registering(pb::ActorProfile::default()))).await).kind, kind);
    }
    assert_eq!(outbox(&db).await, []);
}

#[tokio::test]
async fn a_bad_profile_names_every_field_and_leaves_nothing() {
    let db = database().await;
    let bad = pb::ActorProfile { kind: "club".to_owned(), web: "javascript:alert(1)".to_owned(), ..pb::ActorProfile::default() };
    let refusal = refused(api(&db).register_actor(from(&manager(), registering(bad))).await);
    assert_eq!((refusal.kind, refusal.code.as_str()), (Kind::Invalid, "actor_name_missing"));
    let pointers: Vec<_> = refusal.fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/kind", "/web"]);
    assert_eq!(outbox(&db).await, []);
}

#[tokio::test]
async fn a_change_needs_the_revision_that_was_read() {
    let db = database().await;
    let api = api(&db);
    let actor = api.register_actor(from(&manager(), registering(vhs()))).await.unwrap().into_inner();
    let changing = |revision, name: &str, state: &str| pb::ChangeActorRequest {
        id: actor.id.clone(),
        revision,
        profile: Some(pb::ActorProfile { name: name.to_owned(), ..vhs() }),
        state: state.to_owned(),
    };
    let changed = api.change_actor(from(&manager(), changing(1, "Neue VHS", ""))).await.unwrap().into_inner();
    assert_eq!((changed.revision, changed.state.as_str()), (2, "active"));
    let late = refused(api.change_actor(from(&manager(), changing(1, "Ältere VHS", ""))).await);
    assert_eq!((late.kind, late.code.as_str()), (Kind::PreconditionFailed, "revision_outdated"));
    let kinds: Vec<String> = outbox(&db).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [ActorRegistered::TYPE, ActorProfileChanged::TYPE]);

    let unknown = pb::ChangeActorRequest { id: "0198".to_owned(), ..changing(1, "x", "") };
    assert_eq!(refused(api.change_actor(from(&manager(), unknown)).await).kind, Kind::NotFound);
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let db = database().await;
    let api = api(&db);
    let actor = api.register_actor(from(&manager(), registering(vhs()))).await.unwrap().into_inner();
    let change = |name: &str| {
        let profile = pb::ActorProfile { name: name.to_owned(), ..vhs() };
        api.change_actor(from(
            &manager(),
            pb::ChangeActorRequest { id: actor.id.clone(), revision: 1, profile: Some(profile), state: String::new() },
        ))
    };
    let (one, other) = tokio::join!(change("Eins"), change("Zwei"));
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
}

#[tokio::test]
async fn residents_see_active_actors_only() {
    let db = database().await;
    let api = api(&db);
    let draft = pb::RegisterActorRequest {
        profile: Some(pb::ActorProfile { name: "Entwurf".to_owned(), ..vhs() }),
        state: "draft".to_owned(),
        key: String::new(),
    };
    let draft = api.register_actor(from(&manager(), draft)).await.unwrap().into_inner();
    api.register_actor(from(&manager(), registering(vhs()))).await.unwrap();
    let names = async |principal: &Principal, states: &[&str]| {
        let states = states.iter().map(|&state| state.to_owned()).collect();
        let listed = api.list_actors(from(principal, pb::ListActorsRequest { states, ..pb::ListActorsRequest::default() })).await;
        let listed = listed.unwrap().into_inner();
        assert_eq!(usize::try_from(listed.total).unwrap(), listed.actors.len());
        listed.actors.into_iter().map(|actor| actor.profile.unwrap().name).collect::<Vec<_>>()
    };
    let editor = testing::user(Role::Editor);
    assert_eq!(names(&editor, &[]).await, ["Entwurf", "Volkshochschule Lauterstadt"]);
    assert_eq!(names(&editor, &["draft"]).await, ["Entwurf"]);
    for outsider in [Principal::Resident, testing::user(Role::Provider)] {
        assert_eq!(names(&outsider, &["draft"]).await, ["Volkshochschule Lauterstadt"]);
        let hidden = api.get_actor(from(&outsider, pb::GetActorRequest { id: draft.id.clone() })).await;
        assert_eq!(refused(hidden).kind, Kind::NotFound);
    }
    // A draft is nobody's business until it is active.
    assert_eq!(outbox(&db).await.len(), 1);
}

#[tokio::test]
async fn filters_narrow_and_pages_cut() {
    let db = database().await;
    let api = api(&db);
    for (name, types, districts) in [
        ("Bücherei", vec!["library"], vec!["01"]),
        ("Grundschule Nord", vec!["school"], vec!["02"]),
        ("Grundschule Süd 100 %", vec!["school"], vec!["01"]),
    ] {
        let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect();
        let profile = pb::ActorProfile {
            name: name.to_owned(),
            types: owned(types),
            districts: owned(districts),
            kind: "unit".to_owned(),
            ..Default::default()
        };
        api.register_actor(from(&manager(), registering(profile))).await.unwrap();
    }
    let list = async |asked: pb::ListActorsRequest| {
        let listed = api.list_actors(from(&Principal::Resident, asked)).await.unwrap().into_inner();
        (listed.total, listed.actors.into_iter().map(|actor| actor.profile.unwrap().name).collect::<Vec<_>>())
    };
    let asked = pb::ListActorsRequest::default;
    let text = |value: &str| vec![value.to_owned()];
    assert_eq!(
        list(pb::ListActorsRequest { types: text("school"), districts: text("01"), ..asked() }).await,
        (1, text("Grundschule Süd 100 %"))
    );
    assert_eq!(list(pb::ListActorsRequest { types: vec!["school".into(), "library".into()], ..asked() }).await.0, 3);
    assert_eq!(list(pb::ListActorsRequest { q: " BÜCHER ".to_owned(), ..asked() }).await, (1, text("Bücherei")));
    assert_eq!(list(pb::ListActorsRequest { q: "%".to_owned(), ..asked() }).await.0, 1, "a wildcard is a letter like others");
    assert_eq!(list(pb::ListActorsRequest { page: 2, per_page: 1, ..asked() }).await, (3, text("Grundschule Nord")));
    assert_eq!(list(pb::ListActorsRequest { page: 9, per_page: 100, ..asked() }).await, (3, Vec::new()));
}

#[tokio::test]
async fn a_key_belongs_to_one_actor() {
    let db = database().await;
    let api = api(&db);
    let keyed = || pb::RegisterActorRequest { key: "vhs".to_owned(), ..registering(vhs()) };
    assert_eq!(api.register_actor(from(&manager(), keyed())).await.unwrap().into_inner().key, "vhs");
    let taken = refused(api.register_actor(from(&manager(), keyed())).await);
    assert_eq!((taken.kind, taken.code.as_str()), (Kind::Conflict, "actor_key_taken"));
}
