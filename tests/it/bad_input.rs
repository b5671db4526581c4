//! Bad input gets a clear answer, and nothing is half done.
use crate::product::{Arrangement, Product};
use bildung_chassis::Role;
use serde_json::{Value, json};

const GOOD: &[u8] = include_bytes!("../fixtures/vhs.openvhs.xml");

async fn nothing_was_done(product: &Product) {
    assert_eq!(product.get("/api/v1/offers").await["total"], 0);
    let facts: i64 =
        sqlx::query_scalar("select count(*) from chassis.outbox").fetch_one(&product.stage.admin("catalogue").await).await.unwrap();
    assert_eq!(facts, 0);
}

async fn failed_run(product: &Product, format: &str, file: Vec<u8>) -> Value {
    let run = product.person(Role::Editor).upload_and_wait(&format!("/api/v1/offer-imports?source=vhs&format={format}"), file).await;
    assert_eq!(run["state"], "failed", "{run:#}");
    let place = run["errors"][0]["record"].as_str().unwrap().to_owned();
    let (line, column) = place.split_once(':').expect("line:column");
    assert!(line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok(), "{place}");
    nothing_was_done(product).await;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_offers_are_refused_whole() {
    let product = Product::start_with(Arrangement::One, json!({"import": {"max_bytes": 100_000}})).await;
    let editor = product.person(Role::Editor);
    let imports = |query: &str| format!("/api/v1/offer-imports?{query}");

    // Not well-formed after good records; bytes that are no UTF-8; a document that is something else.
    let text = String::from_utf8(GOOD.to_vec()).unwrap();
    failed_run(&product, "open-vhs", text.replacen("</openvhs:veranstaltungen>", "<veranstaltung>", 1).into_bytes()).await;
    let mut undecodable = GOOD.to_vec();
    let at = text.find("Aquarell").unwrap();
    undecodable[at] = 0xFF;
    failed_run(&product, "open-vhs", undecodable).await;
    failed_run(&product, "open-vhs-json", b"{\"veranstaltungen\": {\"veranstaltung\": [{\"guid\": ".to_vec()).await;

    // At once.
    product
        .send(None, reqwest::Method::POST, &imports("source=vhs&format=auto"), Some(GOOD.to_vec()), &[])
        .await
        .refused(401, "sign_in_required");
    let forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
    let answer = product.send(Some(forged), reqwest::Method::POST, &imports("source=vhs&format=auto"), Some(GOOD.to_vec()), &[]).await;
    assert_eq!(answer.status, 401);
    product.person(Role::Analyst).upload(&imports("source=vhs&format=auto"), GOOD.to_vec()).await.expect(403);
    product.person(Role::Provider).upload(&imports("source=somebody-elses&format=auto"), GOOD.to_vec()).await.expect(403);
    editor.upload(&imports("source=vhs&format=word-document"), GOOD.to_vec()).await.expect(415);
    editor.upload(&imports("source=vhs&format=auto"), Vec::new()).await.expect(422);
    editor.upload(&imports("source=vhs&format=auto"), b"Liebe Kolleginnen, anbei die Kurse.".to_vec()).await.expect(422);
    editor.upload(&imports("source=Not%20A%20Name&format=auto"), GOOD.to_vec()).await.expect(422);
    editor.upload(&imports("source=vhs&format=open-vhs"), vec![b' '; 100_001]).await.expect(413);
    nothing_was_done(&product).await;
    let files: i64 =
        sqlx::query_scalar("select count(*) from chassis.file").fetch_one(&product.stage.admin("catalogue").await).await.unwrap();
    assert_eq!(files, 3, "only what was accepted with 202 is kept");

    // And a good file is taken afterwards, again without change, then with one.
    let good = editor.upload_and_wait(&imports("source=vhs&format=auto"), GOOD.to_vec()).await;
    assert_eq!((&good["state"], &good["counts"]["created"]), (&json!("completed"), &json!(4)), "{good:#}");
    let reindented = text.replace("    <", "\t\t<").replace('\n', "\r\n");
    let again = editor.upload_and_wait(&imports("source=vhs&format=auto"), reindented.into_bytes()).await;
    assert_eq!(again["counts"]["unchanged"], 4, "{again:#}");
    let changed = text.replace("Aquarellmalerei für Anfänger", "Aquarellmalerei für alle");
    let changed = editor.upload_and_wait(&imports("source=vhs&format=auto"), changed.into_bytes()).await;
    assert_eq!((&changed["counts"]["updated"], &changed["counts"]["unchanged"]), (&json!(1), &json!(3)), "{changed:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_name_what_is_wrong() {
    let product = Product::start(Arrangement::One).await;
    for path in
        ["/api/v1/offers?per_page=101", "/api/v1/offers?per_page=0", "/api/v1/offers?page=x", "/api/v1/offers?near=here&radius_km=2"]
    {
        let problem = product.get_as(None, path).await.expect(422);
        assert!(problem["code"].is_string() && problem["errors"][0]["pointer"].is_string(), "{path}: {problem:#}");
    }
    product.get("/api/v1/offers?whatever=1").await;
    product.get_as(None, "/api/v1/offers/not-a-uuid").await.expect(404);
    let nowhere = product.get_as(None, "/api/v1/nowhere").await.expect(404);
    assert!(nowhere["code"].is_string(), "{nowhere:#}");
    let manager = product.person(Role::EducationManager);
    let nameless = manager.post("/api/v1/actors", json!({"kind": "organisation"})).await.expect(422);
    assert!(nameless["errors"][0]["pointer"].as_str().unwrap_or_default().contains("name"), "{nameless:#}");
    let analyst = product.person(Role::Analyst);
    analyst.upload("/api/v1/datasets?profile=nonsense", b"x".to_vec()).await.expect(415);
    analyst.upload("/api/v1/datasets?profile=auto", Vec::new()).await.expect(422);
    product.person(Role::Editor).upload("/api/v1/datasets?profile=auto", b"x".to_vec()).await.expect(403);
}
