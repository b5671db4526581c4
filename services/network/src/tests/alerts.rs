use super::{api, database, from, id, manager, outbox, profile, register};
use crate::Settings;
use crate::events::Alerts;
use bildung_chassis::testing::TestDatabase;
use bildung_chassis::{Handle, Principal, Received};
use bildung_proto::events::Event;
use bildung_proto::events::monitoring::{AlertCleared, AlertRaised, Area, Reference};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as _;
use std::sync::Arc;
use uuid::Uuid;

const ALERT: &str = "01980000-0000-7000-8000-00000000a1e7";

fn raised(value: &str) -> AlertRaised {
    AlertRaised {
        alert_id: id(ALERT),
        rule_id: "above-land".to_owned(),
        indicator_id: "leavers-without-certificate".to_owned(),
        area: Area { code: "07312".to_owned(), name: "Kaiserslautern".to_owned() },
        period: "2023".to_owned(),
        value: value.to_owned(),
        unit: "percent".to_owned(),
        reference: Reference { area: Area { code: "07".to_owned(), name: "Rheinland-Pfalz".to_owned() }, value: "8.58".to_owned() },
        margin: "0.66".to_owned(),
    }
}

fn cleared() -> AlertCleared {
    AlertCleared { alert_id: id(ALERT), reason: "value_within_limits".to_owned() }
}

/// Hands a fact to the service as its inbox does.
async fn hear<E: Event>(db: &TestDatabase, sequence: i64, data: E)
where
    Alerts: Handle<E>,
{
    let alerts = Alerts { settings: Arc::new(Settings::default()) };
    let fact = Uuid::from_u128(u128::try_from(sequence).unwrap());
    let mut work = db.store.begin(&Principal::Event(fact)).await.unwrap();
    let event = Received { id: fact, sequence, time: db.clock.now(), data };
    alerts.handle(&mut work, event).await.unwrap();
    work.commit().await.unwrap();
}

async fn measures(db: &TestDatabase) -> Vec<pb::Measure> {
    let asked = pb::ListMeasuresRequest { alert_ids: vec![ALERT.to_owned()], ..Default::default() };
    api(db).list_measures(from(&manager(), asked)).await.unwrap().into_inner().measures
}

async fn the_measure(db: &TestDatabase) -> pb::Measure {
    let [measure] = measures(db).await.try_into().expect("exactly one measure");
    api(db).get_measure(from(&manager(), pb::GetMeasureRequest { id: measure.id })).await.unwrap().into_inner()
}

fn deciding(measure: &pb::Measure, lead: Uuid) -> pb::DecideMeasureRequest {
    pb::DecideMeasureRequest {
        id: measure.id.clone(),
        goal: "Quote auf den Landeswert senken".to_owned(),
        lead_actor_id: lead.to_string(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_alert_becomes_one_proposed_measure_with_candidates() {
    let db = database().await;
    let school = register(&db, profile("Gesamtschule", &["school"], &["secondary"])).await;
    register(&db, profile("Museum", &["museum"], &["later_life"])).await;
    hear(&db, 7, raised("9.24")).await;
    hear(&db, 7, raised("9.24")).await;

    let measure = the_measure(&db).await;
    assert_eq!(measure.state, "idea");
    assert_eq!(measure.title, "Mehr Jugendliche zu einem Schulabschluss führen (Kaiserslautern 2023)");
    assert!(measure.reasoning.contains("9,24 Prozent") && measure.reasoning.contains("8,58 Prozent"), "{}", measure.reasoning);
    let origin = measure.origin.as_ref().unwrap();
    assert_eq!((origin.alert_id.as_str(), origin.indicator_id.as_str()), (ALERT, "leavers-without-certificate"));
    assert_eq!(origin.alert.as_ref().unwrap().value, "9.24");
    let [candidate] = measure.candidates.as_slice() else { panic!("{:?}", measure.candidates) };
    assert_eq!(candidate.actor.as_ref().unwrap().id, school.id.to_string());
    assert_eq!(candidate.reasons, ["type:school", "life_phase:secondary"]);
    assert_eq!(measure.history.iter().map(|step| step.what.as_str()).collect::<Vec<_>>(), ["proposed"]);
    assert_eq!(measure.next_states, ["decided", "rejected", "cancelled"]);

    let proposed: Vec<_> =
        outbox(&db).await.into_iter().filter(|(kind, _)| kind == "bildung.network.measure.proposed.v1").map(|(_, data)| data).collect();
    let [proposed] = proposed.as_slice() else { panic!("{proposed:?}") };
    assert_eq!(proposed["measure_id"], measure.id);
    assert_eq!(proposed["alert_id"], ALERT);
    assert_eq!(proposed["candidate_actor_ids"], serde_json::json!([school.id]));
}

#[tokio::test]
async fn an_alert_heard_twice_at_once_is_one_measure() {
    let db = database().await;
    tokio::join!(hear(&db, 1, raised("9.24")), hear(&db, 1, raised("9.24")), hear(&db, 2, raised("9.24")));
    assert_eq!(measures(&db).await.len(), 1);
}

#[tokio::test]
async fn the_end_of_an_alert_cancels_the_idea_that_nobody_decided() {
    let db = database().await;
    hear(&db, 1, raised("9.24")).await;
    hear(&db, 2, cleared()).await;
    hear(&db, 2, cleared()).await;
    let measure = the_measure(&db).await;
    assert_eq!((measure.state.as_str(), measure.reason.as_str()), ("cancelled", "alert_cleared"));
    assert_eq!(measure.origin.unwrap().alert.unwrap().cleared_reason, "value_within_limits");
    assert_eq!(measure.history.iter().map(|step| step.what.as_str()).collect::<Vec<_>>(), ["proposed", "alert_cleared"]);
}

#[tokio::test]
async fn the_end_of_an_alert_leaves_a_decision_standing() {
    let db = database().await;
    let lead = register(&db, profile("Schulamt", &["authority"], &[])).await;
    hear(&db, 1, raised("9.24")).await;
    let measure = the_measure(&db).await;
    api(&db).decide_measure(from(&manager(), deciding(&measure, lead.id))).await.unwrap();
    hear(&db, 2, cleared()).await;
    let measure = the_measure(&db).await;
    assert_eq!(measure.state, "decided");
    assert_eq!(measure.history.last().unwrap().what, "alert_cleared");
    // Figures that return later do not change what was decided upon either.
    hear(&db, 3, raised("9.99")).await;
    let after = the_measure(&db).await;
    assert_eq!((after.state.as_str(), &after.reasoning), ("decided", &measure.reasoning));
    assert_eq!(after.origin.unwrap().alert.unwrap().value, "9.99");
}

#[tokio::test]
async fn whatever_the_order_of_arrival_the_end_is_the_same() {
    #[derive(Clone, Copy)]
    enum Fact {
        Raised(&'static str),
        Cleared,
    }
    use Fact::{Cleared, Raised};
    let stories: [&[Fact]; 3] =
        [&[Raised("9.24"), Cleared], &[Raised("9.24"), Raised("9.50"), Cleared], &[Raised("9.24"), Cleared, Raised("9.50")]];
    for story in stories {
        let mut ends = Vec::new();
        for order in orders(story.len()) {
            let db = database().await;
            for &place in &order {
                let sequence = i64::try_from(place).unwrap() + 1;
                match story[place] {
                    Raised(value) => hear(&db, sequence, raised(value)).await,
                    Cleared => hear(&db, sequence, cleared()).await,
                }
            }
            let measure = the_measure(&db).await;
            let alert = measure.origin.unwrap().alert.unwrap();
            ends.push((order, (measure.state, measure.reason, measure.reasoning, alert.value, alert.cleared_reason)));
        }
        for (order, end) in &ends {
            assert_eq!(end, &ends[0].1, "arrived as {order:?}");
        }
    }
}

/// Every order of so many facts; the first is the one in which they were stated.
fn orders(length: usize) -> Vec<Vec<usize>> {
    match length {
        0 => vec![Vec::new()],
        _ => orders(length - 1)
            .into_iter()
            .flat_map(|shorter| {
                (0..length).rev().map(move |at| {
                    let mut order = shorter.clone();
                    order.insert(at, length - 1);
                    order
                })
            })
            .collect(),
    }
}
