//! The loop, from files to the handover, through HTTP: in one process and split into five.
use crate::product::{Arrangement, Person, Product};
use bildung_chassis::{Role, testing::eventually};
use serde_json::{Value, json};

const OFFERS: &[u8] = include_bytes!("../fixtures/vhs.openvhs.xml");
const LEAVERS: &[u8] = include_bytes!("../../deploy/demo/schulabgaenge-21111-02-06-4.csv");
const ACTOR: &str = "Volkshochschule Lauterstadt";

/// Names that must never leave the newcomers' database in the clear.
pub(crate) const CANARIES: [&str; 3] = ["Xanthippe Kanarienvogel", "Kanarienvogel", "Xanthippe"];

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_closes_in_one_process() {
    let product = Product::start(Arrangement::One).await;
    walk(&product).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_closes_over_five_processes() {
    let product = Product::start(Arrangement::Split).await;
    walk(&product).await;
}

/// What a walk leaves to look at.
pub(crate) struct Walked {
    pub(crate) case: String,
    pub(crate) answer_url: String,
}

/// Imports offers, registers their provider, raises an alert, decides a measure, guides a newcomer, hands over.
pub(crate) async fn walk(product: &Product) -> Walked {
    let (offer, actor) = offers(product).await;
    values(product, LEAVERS).await;
    measure(product, &actor).await;
    let walked = case(product, &offer, &actor).await;
    handover(product, &walked.case).await;
    walked
}

async fn offers(product: &Product) -> (String, String) {
    let manager = product.person(Role::EducationManager);
    let actor = manager.post("/api/v1/actors", json!({"name": ACTOR, "kind": "organisation", "types": ["vhs"]})).await.expect(201);
    let actor = actor["id"].as_str().unwrap().to_owned();

    let editor = product.person(Role::Editor);
    let run = editor.upload_and_wait("/api/v1/offer-imports?source=vhs&format=auto", OFFERS.to_vec()).await;
    assert_eq!(run["state"], "completed", "{run:#}");
    assert_eq!(run["counts"], json!({"read": 4, "created": 4, "updated": 0, "unchanged": 0, "withdrawn": 0, "rejected": 0}), "{run:#}");

    eventually("the offers are found and their provider is known", || async {
        let found = product.get("/api/v1/offers?q=Berufsreife").await;
        found["total"] == 1 && found["items"][0]["provider"]["actor_id"] == actor.as_str()
    })
    .await;
    let found = product.get("/api/v1/offers?q=Malerei").await;
    assert_eq!(found["items"][0]["title"], "Aquarellmalerei für Anfänger");
    let offer = product.get("/api/v1/offers?q=Deutsch&level=A1").await["items"][0].clone();
    assert_eq!(offer["price"]["kind"], "free", "{offer:#}");
    (offer["id"].as_str().unwrap().to_owned(), actor)
}

/// Uploads the table, checks and releases it by two people; gives Kaiserslautern's value.
pub(crate) async fn release(product: &Product, table: &[u8]) -> Value {
    let (first, second) = (product.person(Role::Analyst), product.person_named(Role::Analyst, "demo-analyst-2"));
    let dataset = first.upload_and_wait("/api/v1/datasets?profile=auto", table.to_vec()).await;
    assert_eq!(dataset["state"], "completed", "{dataset:#}");
    let of_dataset = format!("/api/v1/datasets/{}", dataset["id"].as_str().unwrap());
    first.post(&format!("{of_dataset}/check"), json!({})).await.expect(200);
    let alone = first.post(&format!("{of_dataset}/release"), json!({})).await;
    assert!(alone.status.is_client_error(), "one person must not check and release");
    second.post(&format!("{of_dataset}/release"), json!({})).await.expect(200);
    value(product, "07312").await
}

pub(crate) async fn value(product: &Product, area: &str) -> Value {
    let values = product.get(&format!("/api/v1/indicators/leavers-without-certificate/values?area={area}&period=2023")).await;
    values["items"][0].clone()
}

async fn values(product: &Product, table: &[u8]) {
    let hidden = value(product, "07312").await;
    assert_eq!(hidden, Value::Null, "nothing is public before its release");
    let kaiserslautern = release(product, table).await;
    assert_eq!((&kaiserslautern["numerator"], &kaiserslautern["denominator"]), (&json!(107), &json!(1158)), "{kaiserslautern:#}");
    assert_eq!(number(&kaiserslautern["value"]), "9.24");
    assert_eq!(number(&value(product, "07").await["value"]), "8.58");
    assert_eq!(number(&value(product, "DG").await["value"]), "7.12");
    let lineage = kaiserslautern["lineage"].as_array().unwrap();
    assert!(
        lineage.len() >= 2 && lineage.iter().all(|cell| cell["line"].as_u64() > Some(1) && cell["column"].as_u64() > Some(0)),
        "{lineage:?}"
    );
}

/// A number of an answer, whether it is written as a number or as text.
pub(crate) fn number(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn measure(product: &Product, actor: &str) {
    let manager = product.person(Role::EducationManager);
    let alert = alerts(product).await.into_iter().find(|alert| alert["area"] == "07312").expect("an alert");
    let of_alert = format!("/api/v1/measures?alert={}", alert["id"].as_str().unwrap());
    eventually("the alert has become a proposed measure", || async { manager.get(&of_alert).await.expect(200)["total"] == 1 }).await;
    let measure = manager.get(&of_alert).await.expect(200)["items"][0].clone();
    assert_eq!(measure["state"], "idea");
    assert_eq!(measure["origin"]["indicator_id"], "leavers-without-certificate");
    let decide = format!("/api/v1/measures/{}/decide", measure["id"].as_str().unwrap());
    let decision = json!({"goal": "Der Anteil sinkt bis 2028 unter den des Landes.", "lead_actor_id": actor});
    let decided = manager.post(&decide, decision.clone()).await.expect(200);
    assert_eq!(decided["state"], "decided");
    let again = manager.post(&decide, decision).await;
    assert!(again.status.is_client_error(), "decided once");
}

pub(crate) async fn alerts(product: &Product) -> Vec<Value> {
    eventually("an alert", || async { product.get("/api/v1/alerts").await["total"].as_u64() > Some(0) }).await;
    product.get("/api/v1/alerts").await["items"].as_array().unwrap().clone()
}

async fn case(product: &Product, offer: &str, actor: &str) -> Walked {
    let coordinator = product.person(Role::Coordinator);
    let notice = notice(&coordinator).await;
    let case = json!({"name": CANARIES[0], "language": "uk", "legal_basis": "public_task", "notice_version": notice});
    let case = coordinator.post("/api/v1/cases", case).await.expect(201);
    let id = case["id"].as_str().unwrap().to_owned();
    let of_case = format!("/api/v1/cases/{id}");
    assert_eq!(coordinator.get(&of_case).await.expect(200)["name"], CANARIES[0]);

    let refer = format!("{of_case}/referrals");
    let nowhere = "0190a000-0000-7000-8000-00000000dead";
    let without = coordinator.post(&refer, json!({"offer_id": offer, "actor_id": actor, "consent_id": nowhere})).await;
    without.refused(409, "consent_missing");

    let consent = json!({"purpose": "referral", "recipient_actor_id": actor, "form": "written", "notice_version": notice});
    let consent = coordinator.post(&format!("{of_case}/consents"), consent).await.expect(201);
    assert_eq!(consent["state"], "given");
    let mut referral = Value::Null;
    eventually("the offer is known to the coordination", || async {
        let body = json!({"offer_id": offer, "actor_id": actor, "consent_id": consent["id"]});
        coordinator.post(&refer, body).await.status == 201
    })
    .await;
    let file = coordinator.get(&of_case).await.expect(200);
    assert_eq!(file["referrals"].as_array().unwrap().len(), 1);
    // The link is given once, to whoever refers; a second referral shows it to this test.
    let body = json!({"offer_id": offer, "actor_id": actor, "consent_id": consent["id"]});
    let second = coordinator.post(&refer, body).await;
    if second.status == 201 {
        referral = second.body;
    }
    let answer_url = referral["answer_url"].as_str().expect("a link").to_owned();
    assert_eq!(referral["state"], "sent");
    let answer = json!({"answer": "accept"});
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    let body = Some(serde_json::to_vec(&answer).unwrap());
    let answered = product.send(None, reqwest::Method::POST, &answer_url, body.clone(), &headers).await;
    assert_eq!(answered.expect(200)["state"], "accepted");
    let again = product.send(None, reqwest::Method::POST, &answer_url, body, &headers).await;
    assert!(again.status.is_client_error(), "a link answers once");

    let found = coordinator.post("/api/v1/case-searches", json!({"name": "kanarienvogel, xanthippe"})).await.expect(200);
    assert_eq!(found["total"], 1, "{found:#}");
    product.person(Role::Admin).get(&of_case).await.refused(403, "role_missing");
    Walked { case: id, answer_url }
}

async fn notice(coordinator: &Person<'_>) -> String {
    let notices = coordinator.get("/api/v1/privacy-notices").await.expect(200);
    notices["items"][0]["version"].as_str().unwrap().to_owned()
}

async fn handover(product: &Product, case: &str) {
    let coordinator = product.person(Role::Coordinator);
    let successor = product.person_named(Role::Coordinator, "demo-coordinator-2");
    successor.get("/api/v1/cases").await.expect(200);
    let note = "Die Anmeldung zum Kurs läuft, bitte nach der Bestätigung fragen.";
    let proposed =
        coordinator.post("/api/v1/handovers", json!({"to": "demo-coordinator-2", "cases": "all", "note": note})).await.expect(201);
    assert_eq!(proposed["state"], "proposed");
    let accept = format!("/api/v1/handovers/{}/accept", proposed["id"].as_str().unwrap());
    let report = successor.post(&accept, json!({})).await.expect(200);
    assert_eq!((&report["before"], &report["after"], &report["without_owner"]), (&json!(1), &json!(1), &json!(0)), "{report:#}");

    let of_case = format!("/api/v1/cases/{case}");
    assert_eq!(successor.get(&of_case).await.expect(200)["name"], CANARIES[0]);
    assert_eq!(coordinator.get(&of_case).await.status, 404, "who handed over sees the case no more");
    let entries = product.person(Role::Auditor).get("/api/v1/audit?per_page=100").await.expect(200);
    assert!(entries["total"].as_u64() > Some(8), "{entries:#}");
}
