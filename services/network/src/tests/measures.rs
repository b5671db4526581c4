use super::{api, database, from, manager, outbox, profile, refused, register};
use bildung_chassis::testing::TestDatabase;
use bildung_chassis::{Kind, Principal, Role, testing};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as _;
use serde_json::json;
use uuid::Uuid;

async fn proposed(db: &TestDatabase) -> pb::Measure {
    let asked = pb::ProposeMeasureRequest {
        title: "Lesepaten an allen Grundschulen".to_owned(),
        reasoning: "Die Bücherei fragt danach.".to_owned(),
        indicator_id: "reading-level".to_owned(),
        ..Default::default()
    };
    api(db).propose_measure(from(&manager(), asked)).await.unwrap().into_inner()
}

fn deciding(id: &str, revision: Option<i64>, lead: Uuid) -> pb::DecideMeasureRequest {
    pb::DecideMeasureRequest {
        id: id.to_owned(),
        revision,
        goal: "In jeder Grundschule zwei Lesepaten".to_owned(),
        lead_actor_id: lead.to_string(),
        target: "12.5".to_owned(),
        due_on: "2027-07-31".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_proposal_is_decided_and_followed_to_its_effect() {
    let db = database().await;
    let api = api(&db);
    let lead = register(&db, profile("Bücherei", &["library"], &[])).await;
    let partner = register(&db, profile("Förderverein", &["association"], &[])).await;
    let measure = proposed(&db).await;
    assert_eq!((measure.state.as_str(), measure.revision), ("idea", 1));
    let decision = pb::DecideMeasureRequest { partner_actor_ids: vec![partner.id.to_string()], ..deciding(&measure.id, Some(1), lead.id) };
    let decided = api.decide_measure(from(&manager(), decision)).await.unwrap().into_inner();
    assert_eq!((decided.state.as_str(), decided.target.as_str(), decided.due_on.as_str()), ("decided", "12.5", "2027-07-31"));
    assert_eq!(decided.lead.unwrap().name, "Bücherei");
    assert_eq!(decided.partners[0].name, "Förderverein");

    for (state, note) in [("running", ""), ("paused", "Ferien"), ("running", ""), ("completed", ""), ("evaluated", "Wirkt.")] {
        let asked = pb::MoveMeasureRequest { id: measure.id.clone(), revision: None, state: state.to_owned(), note: note.to_owned() };
        assert_eq!(api.move_measure(from(&manager(), asked)).await.unwrap().into_inner().state, state);
    }
    let end = api.get_measure(from(&manager(), pb::GetMeasureRequest { id: measure.id })).await.unwrap().into_inner();
    let path: Vec<_> = end.history.iter().map(|step| step.to_state.as_str()).collect();
    assert_eq!(path, ["idea", "drafted", "decided", "running", "paused", "running", "completed", "evaluated"]);
    assert_eq!((end.findings.as_str(), end.history[1].by.as_str()), ("Wirkt.", "user:demo-education-manager"));
    assert_eq!(end.next_states, Vec::<String>::new());
}

#[tokio::test]
async fn a_measure_is_decided_once() {
    let db = database().await;
    let api = api(&db);
    let lead = register(&db, profile("Bücherei", &["library"], &[])).await;
    let measure = proposed(&db).await;
    api.decide_measure(from(&manager(), deciding(&measure.id, None, lead.id))).await.unwrap();
    let again = refused(api.decide_measure(from(&manager(), deciding(&measure.id, None, lead.id))).await);
    assert_eq!((again.kind, again.code.as_str()), (Kind::Conflict, "measure_already_decided"));
    let rejecting = pb::RejectMeasureRequest { id: measure.id.clone(), revision: None, reason: "doch nicht".to_owned() };
    assert_eq!(refused(api.reject_measure(from(&manager(), rejecting)).await).kind, Kind::Conflict);
    let outdated = refused(api.decide_measure(from(&manager(), deciding(&measure.id, Some(1), lead.id))).await);
    assert_eq!((outdated.kind, outdated.code.as_str()), (Kind::PreconditionFailed, "revision_outdated"));

    let decided: Vec<_> = outbox(&db).await.into_iter().filter(|(kind, _)| kind == "bildung.network.measure.decided.v1").collect();
    let [(_, data)] = decided.as_slice() else { panic!("{decided:?}") };
    assert_eq!(*data, json!({"measure_id": measure.id, "outcome": "decided", "alert_id": null, "indicator_id": "reading-level"}));
}

#[tokio::test]
async fn of_two_decisions_at_once_one_counts() {
    let db = database().await;
    let api = api(&db);
    let lead = register(&db, profile("Bücherei", &["library"], &[])).await;
    let measure = proposed(&db).await;
    let decide = || api.decide_measure(from(&manager(), deciding(&measure.id, None, lead.id)));
    let reject = api.reject_measure(from(
        &manager(),
        pb::RejectMeasureRequest { id: measure.id.clone(), revision: None, reason: "kein Geld".to_owned() },
    ));
    let (one, two, three) = tokio::join!(decide(), decide(), reject);
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()) + u8::from(three.is_ok()), 1);
    let settled = outbox(&db).await.into_iter().filter(|(kind, _)| kind == "bildung.network.measure.decided.v1").count();
    assert_eq!(settled, 1);
}

#[tokio::test]
async fn a_refused_decision_leaves_the_idea_as_it_was() {
    let db = database().await;
    let api = api(&db);
    let measure = proposed(&db).await;
    let unknown = Uuid::from_u128(9);
    let refusal = refused(api.decide_measure(from(&manager(), deciding(&measure.id, None, unknown))).await);
    assert_eq!((refusal.code.as_str(), refusal.fields[0].pointer.as_str()), ("unknown_reference", "/lead_actor_id"));
    let empty = pb::DecideMeasureRequest { id: measure.id.clone(), ..Default::default() };
    let refusal = refused(api.decide_measure(from(&manager(), empty)).await);
    let pointers: Vec<_> = refusal.fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!((refusal.code.as_str(), pointers.as_slice()), ("goal_missing", ["/goal", "/lead_actor_id"].as_slice()));
    let after = api.get_measure(from(&manager(), pb::GetMeasureRequest { id: measure.id.clone() })).await.unwrap().into_inner();
    assert_eq!(after, measure);
}

#[tokio::test]
async fn a_rejection_is_kept_with_its_reason() {
    let db = database().await;
    let api = api(&db);
    let measure = proposed(&db).await;
    let rejecting = |reason: &str| pb::RejectMeasureRequest { id: measure.id.clone(), revision: Some(1), reason: reason.to_owned() };
    assert_eq!(refused(api.reject_measure(from(&manager(), rejecting(" "))).await).code, "reason_missing");
    let rejected = api.reject_measure(from(&manager(), rejecting("läuft schon"))).await.unwrap().into_inner();
    assert_eq!((rejected.state.as_str(), rejected.reason.as_str()), ("rejected", "läuft schon"));
    assert_eq!(outbox(&db).await.last().unwrap().1["outcome"], "rejected");
}

#[tokio::test]
async fn measures_are_for_staff_and_only_managers_decide() {
    let db = database().await;
    let api = api(&db);
    let measure = proposed(&db).await;
    for (principal, kind) in [(Principal::Resident, Kind::Unauthenticated), (testing::user(Role::Provider), Kind::Forbidden)] {
        let one = pb::GetMeasureRequest { id: measure.id.clone() };
        assert_eq!(refused(api.get_measure(from(&principal, one)).await).kind, kind);
        assert_eq!(refused(api.list_measures(from(&principal, pb::ListMeasuresRequest::default())).await).kind, kind);
    }
    let editor = testing::user(Role::Editor);
    api.get_measure(from(&editor, pb::GetMeasureRequest { id: measure.id.clone() })).await.unwrap();
    assert_eq!(refused(api.decide_measure(from(&editor, deciding(&measure.id, None, Uuid::nil()))).await).kind, Kind::Forbidden);
}

#[tokio::test]
async fn a_list_counts_its_states() {
    let db = database().await;
    let api = api(&db);
    let first = proposed(&db).await;
    proposed(&db).await;
    let rejecting = pb::RejectMeasureRequest { id: first.id.clone(), revision: None, reason: "x".to_owned() };
    api.reject_measure(from(&manager(), rejecting)).await.unwrap();
    let asked = pb::ListMeasuresRequest { states: vec!["rejected".to_owned()], ..Default::default() };
    let listed = api.list_measures(from(&manager(), asked)).await.unwrap().into_inner();
    assert_eq!((listed.total, listed.measures[0].id.as_str()), (1, first.id.as_str()));
    let counts: Vec<_> = listed.by_state.iter().map(|count| (count.state.as_str(), count.count)).collect();
    assert_eq!(counts, [("idea", 1), ("rejected", 1)]);
    let elsewhere = pb::ListMeasuresRequest { alert_ids: vec!["no id".to_owned()], ..Default::default() };
    assert_eq!(api.list_measures(from(&manager(), elsewhere)).await.unwrap().into_inner().total, 0);
}
