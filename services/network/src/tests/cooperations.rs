use super::{api, database, from, manager, profile, refused, register};
use bildung_chassis::testing::TestDatabase;
use bildung_chassis::{Kind, Principal};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as _;

async fn two(db: &TestDatabase) -> (String, String) {
    let school = register(db, profile("Schule", &["school"], &[])).await;
    let library = register(db, profile("Bücherei", &["library"], &[])).await;
    (school.id.to_string(), library.id.to_string())
}

fn adding(from: &str, to: &str, state: &str) -> pb::AddCooperationRequest {
    pb::AddCooperationRequest {
        from_actor_id: from.to_owned(),
        to_actor_id: to.to_owned(),
        r#type: "joint_offer".to_owned(),
        strength: 3,
        state: state.to_owned(),
        note: "nur für uns".to_owned(),
        ..pb::AddCooperationRequest::default()
    }
}

fn moving(id: &str, state: &str) -> pb::MoveCooperationRequest {
    pb::MoveCooperationRequest { id: id.to_owned(), state: state.to_owned(), reason: "Projektende".to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_wish_becomes_a_cooperation_and_ends() {
    let db = database().await;
    let api = api(&db);
    let (school, library) = two(&db).await;
    let wished = api.add_cooperation(from(&manager(), adding(&school, &library, ""))).await.unwrap().into_inner();
    assert_eq!((wished.state.as_str(), wished.since.as_str()), ("wished", ""));
    assert_eq!(wished.from.as_ref().unwrap().name, "Schule");
    let skipped = refused(api.move_cooperation(from(&manager(), moving(&wished.id, "paused"))).await);
    assert_eq!((skipped.kind, skipped.code.as_str()), (Kind::Conflict, "transition_not_allowed"));
    for state in ["planned", "active", "paused", "active", "ended"] {
        let moved = api.move_cooperation(from(&manager(), moving(&wished.id, state))).await.unwrap().into_inner();
        assert_eq!(moved.state, state);
    }
    let ended = api.get_cooperation(from(&manager(), pb::GetCooperationRequest { id: wished.id })).await.unwrap().into_inner();
    assert_eq!((ended.since.as_str(), ended.until.as_str(), ended.revision), ("2026-03-02", "2026-03-02", 6));
}

#[tokio::test]
async fn two_actors_have_one_live_cooperation_of_a_type() {
    let db = database().await;
    let api = api(&db);
    let (school, library) = two(&db).await;
    let first = api.add_cooperation(from(&manager(), adding(&school, &library, "active"))).await.unwrap().into_inner();
    let again = refused(api.add_cooperation(from(&manager(), adding(&library, &school, "wished"))).await);
    assert_eq!((again.kind, again.code.as_str()), (Kind::Conflict, "cooperation_exists"));
    api.move_cooperation(from(&manager(), moving(&first.id, "ended"))).await.unwrap();
    api.add_cooperation(from(&manager(), adding(&library, &school, "wished"))).await.unwrap();
}

#[tokio::test]
async fn what_it_refers_to_must_exist() {
    let db = database().await;
    let api = api(&db);
    let (school, _) = two(&db).await;
    for (to, code) in [
        ("", "reference_missing"),
        ("x", "malformed"),
        ("01980000-0000-7000-8000-000000000000", "unknown_reference"),
        (school.as_str(), "cooperation_with_itself"),
    ] {
        let refusal = refused(api.add_cooperation(from(&manager(), adding(&school, to, ""))).await);
        assert_eq!((refusal.kind, refusal.code.as_str()), (Kind::Invalid, code));
        assert_eq!(refusal.fields[0].pointer, "/to_actor_id");
    }
}

#[tokio::test]
async fn residents_see_active_ones_without_notes() {
    let db = database().await;
    let api = api(&db);
    let (school, library) = two(&db).await;
    let cooperation = api.add_cooperation(from(&manager(), adding(&school, &library, "wished"))).await.unwrap().into_inner();
    let seen = async || {
        let listed = api.list_cooperations(from(&Principal::Resident, pb::ListCooperationsRequest::default())).await.unwrap().into_inner();
        let one = api.get_cooperation(from(&Principal::Resident, pb::GetCooperationRequest { id: cooperation.id.clone() })).await;
        assert_eq!(listed.total == 1, one.is_ok());
        listed.cooperations
    };
    assert_eq!(seen().await, []);
    for state in ["planned", "active"] {
        api.move_cooperation(from(&manager(), moving(&cooperation.id, state))).await.unwrap();
    }
    let [visible] = seen().await.try_into().unwrap();
    assert_eq!(visible.note, "");

    let closing = pb::ChangeActorRequest {
        id: library,
        revision: 1,
        profile: Some(pb::ActorProfile { name: "Bücherei".to_owned(), kind: "unit".to_owned(), ..Default::default() }),
        state: "closed".to_owned(),
    };
    api.change_actor(from(&manager(), closing)).await.unwrap();
    assert_eq!(seen().await, []);
}

#[tokio::test]
async fn what_is_over_already_can_be_recorded() {
    let db = database().await;
    let api = api(&db);
    let (school, library) = two(&db).await;
    let asked =
        pb::AddCooperationRequest { since: "2022-08-01".to_owned(), until: "2024-07-31".to_owned(), ..adding(&school, &library, "ended") };
    let ended = api.add_cooperation(from(&manager(), asked)).await.unwrap().into_inner();
    assert_eq!((ended.state.as_str(), ended.since.as_str(), ended.until.as_str()), ("ended", "2022-08-01", "2024-07-31"));
    let backwards =
        pb::AddCooperationRequest { since: "2022-08-01".to_owned(), until: "2021-07-31".to_owned(), ..adding(&school, &library, "ended") };
    assert_eq!(refused(api.add_cooperation(from(&manager(), backwards)).await).code, "ends_before_it_begins");
}
