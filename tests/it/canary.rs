//! Personal data is radioactive: unique names go through the whole loop and must be nowhere but sealed in their row.
use crate::{
    journey::{self, CANARIES},
    product::{Arrangement, Product},
};
use bildung_chassis::Role;
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};
use std::path::Path;

const STORES: [&str; 5] = ["catalogue", "network", "monitoring", "newcomers", "gateway"];

#[tokio::test(flavor = "multi_thread")]
async fn a_name_leaves_no_trace_anywhere() {
    let product = Product::start(Arrangement::Split).await;
    let walked = journey::walk(&product).await;
    let errors = provoke_errors(&product, &walked.case).await;
    let token = walked.answer_url.rsplit('/').next().unwrap().to_owned();
    assert!(token.len() > 20, "{}", walked.answer_url);

    let mut words: Vec<String> = CANARIES.iter().map(|&canary| canary.to_owned()).collect();
    words.push(token.clone());
    let finds = |text: &str| words.iter().any(|word| text.to_lowercase().contains(&word.to_lowercase()));

    // The scan itself must be able to find.
    let admin = product.stage.admin("gateway").await;
    let plain = sqlx::query_scalar::<_, String>("select $1").bind(CANARIES[0]).fetch_one(&admin);
    assert!(finds(&plain.await.unwrap()));

    for store in STORES {
        for (table, row) in rows(&product.stage.admin(store).await).await {
            assert!(!finds(&row) && !words.iter().any(|word| row.contains(&hex(word))), "{store}.{table} holds a canary: {row:.200}");
        }
    }
    for file in files(&product.stage.nats.folder()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!finds(&String::from_utf8_lossy(&bytes)), "{} holds a canary", file.display());
    }
    // Batches of spans are sent every five seconds.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let logs = product.logs();
    assert!(logs.len() > 10_000, "the processes log at debug level");
    for line in logs.lines() {
        assert!(!finds(line), "a log line holds a canary: {line}");
    }
    let spans = product.sink.text();
    assert!(product.sink.spans().len() > 50, "spans arrive");
    assert!(!finds(&spans), "a span or metric holds a canary");
    let metrics = product.get("/metrics").await;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("outbox_published") && !finds(metrics));
    for error in errors {
        assert!(!finds(&error.to_string()), "an error body holds a canary: {error:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_request_into_the_consumer() {
    let product = Product::start(Arrangement::Split).await;
    let manager = product.person(Role::EducationManager);
    manager.post("/api/v1/actors", json!({"name": "Stadtbibliothek", "kind": "organisation", "types": ["library"]})).await.expect(201);
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    let spans = product.sink.spans();
    let consumed = spans.iter().find(|span| span.name == "process").expect("consumers are traced");
    let of_trace: Vec<&str> = spans.iter().filter(|span| span.trace_id == consumed.trace_id).map(|span| span.name.as_str()).collect();
    assert!(of_trace.iter().any(|name| name.contains("RegisterActor")), "the consumer's trace holds the call: {of_trace:?}");
    assert!(of_trace.len() >= 4, "gateway, call and both consumers: {of_trace:?}");
    assert!(spans.iter().any(|span| span.span_id == consumed.parent_span_id), "its parent is a span of that trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_name_moved_to_another_row_does_not_open() {
    let product = Product::start(Arrangement::One).await;
    let coordinator = product.person(Role::Coordinator);
    let mut cases = Vec::new();
    for name in [CANARIES[0], "Jemand Anders"] {
        let case = json!({"name": name, "language": "de", "legal_basis": "public_task", "notice_version": "1"});
        cases.push(coordinator.post("/api/v1/cases", case).await.expect(201)["id"].as_str().unwrap().to_owned());
    }
    let admin = product.stage.admin("newcomers").await;
    let moved = sqlx::query(
        "update person set name = (select name from person p join case_file c on c.person_id = p.id where c.id = $1::uuid)
         where id = (select person_id from case_file where id = $2::uuid)",
    );
    assert_eq!(moved.bind(&cases[0]).bind(&cases[1]).execute(&admin).await.unwrap().rows_affected(), 1);
    assert_eq!(coordinator.get(&format!("/api/v1/cases/{}", cases[0])).await.expect(200)["name"], CANARIES[0]);
    let answer = coordinator.get(&format!("/api/v1/cases/{}", cases[1])).await;
    assert!(answer.status != 200 || answer.body["name"].is_null(), "{:#}", answer.body);
    assert!(!answer.body.to_string().contains("Kanarienvogel"));
}

/// Refusals and mistakes of every kind with the name in them.
async fn provoke_errors(product: &Product, case: &str) -> Vec<Value> {
    let name = CANARIES[0];
    let coordinator = product.person(Role::Coordinator);
    let open = json!({"name": name, "language": name, "legal_basis": name, "notice_version": name});
    let consent = json!({"purpose": name, "recipient_actor_id": name, "form": name, "notice_version": name});
    let handover = json!({"to": name, "cases": [name], "note": name});
    let analyst = product.person(Role::Analyst);
    let mut answers = vec![
        coordinator.post("/api/v1/cases", open.clone()).await,
        coordinator.post("/api/v1/cases", json!({"name": [name]})).await,
        coordinator.post(&format!("/api/v1/cases/{case}/consents"), consent).await,
        coordinator.post("/api/v1/handovers", handover).await,
        coordinator.post("/api/v1/case-searches", json!({"name": {"x": name}})).await,
        analyst.post("/api/v1/cases", open).await,
        analyst.post("/api/v1/case-searches", json!({"name": name})).await,
    ];
    let broken = format!("{{\"name\": \"{name}\", ");
    let headers = [("content-type", "application/json")];
    answers.push(product.send(Some(&coordinator.token), reqwest::Method::POST, "/api/v1/cases", Some(broken.into_bytes()), &headers).await);
    for answer in &answers {
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
    answers.into_iter().map(|answer| answer.body).collect()
}

async fn rows(pool: &PgPool) -> Vec<(String, String)> {
    let tables = "select format('%I.%I', table_schema, table_name) from information_schema.tables
                  where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    assert!(tables.len() > 5, "{tables:?}");
    let mut all = Vec::new();
    for table in tables {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("select t::text from {table} t"))).fetch_all(pool).await.unwrap();
        all.extend(rows.into_iter().map(|row| (table.clone(), row.get(0))));
    }
    all
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn hex(text: &str) -> String {
    bildung_chassis::files::hex(text.as_bytes())
}
