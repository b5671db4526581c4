//! Sign-in from end to end: a browser without scripts, the gateway on real Postgres, and this issuer.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use bildung_chassis::host::Contract;
use bildung_chassis::testing::{self, Process};
use bildung_chassis::{Clock, Host};
use bildung_gateway::Gateway;
use jiff::SignedDuration;
use reqwest::header;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{DEMO_GRANT, Settings, serve};

/// The gateway and the issuer, served.
struct Stage {
    portal: String,
    issuer: String,
    clock: Clock,
    stop: CancellationToken,
    issuer_stop: CancellationToken,
    folder: tempfile::TempDir,
    _process: Process,
    prepared: testing::Stage,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn start_issuer(listener: TcpListener, issuer: &str, folder: &Path, clock: &Clock, stop: &CancellationToken) {
    let settings = Settings {
        issuer: issuer.to_owned(),
        audience: "bildungsbuero".into(),
        roles_claim: "roles".into(),
        sources_claim: "sources".into(),
        key_file: folder.join("issuer").join("key.pem"),
        clock: clock.clone(),
    };
    let stop = stop.clone();
    #[expect(clippy::disallowed_methods, reason = "a test is its own host")]
    tokio::spawn(async move { serve(listener, settings, stop).await.unwrap() });
}

async fn stage() -> Stage {
    // Identity tokens are checked against the machine's clock, so the manual one begins there.
    let clock = Clock::manual(Clock::system().now());
    let stop = CancellationToken::new();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let issuer_stop = stop.child_token();
    start_issuer(listener, &issuer, folder.path(), &clock, &issuer_stop);

    let port = testing::free_port();
    let portal = format!("http://127.0.0.1:{port}");
    let prepared = testing::Stage::new(
        &[Contract::of::<Gateway>()],
        json!({
            "identity": {"issuer": issuer, "demo": true},
            "gateway": {"listen": SocketAddr::from(([127, 0, 0, 1], port)), "public_url": portal},
        }),
    )
    .await;
    let (config, host_clock) = (prepared.config.clone(), clock.clone());
    let process = Process::start(|| async move { Host::bind(config, host_clock).await?.with::<Gateway>().await }).await.unwrap();
    testing::eventually("the portal serves", || async { http().get(format!("{portal}/livez")).send().await.is_ok() }).await;
    Stage { portal, issuer, clock, stop, issuer_stop, folder, _process: process, prepared }
}

/// A browser without scripts: keeps cookies per host and port, follows no redirect by itself.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

struct Page {
    status: u16,
    location: String,
    cookies: Vec<String>,
    text: String,
}

impl Browser {
    async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let cookie = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = if cookie.is_empty() { request } else { request.header(header::COOKIE, cookie) };
        let response = request.send().await.unwrap();
        let texts = |name| response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>();
        let (location, cookies) = (texts(header::LOCATION).pop().unwrap_or_default(), texts(header::SET_COOKIE));
        for cookie in &cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Page { status: response.status().as_u16(), location, cookies, text: response.text().await.unwrap() }
    }

    async fn get(&mut self, url: &str) -> Page {
        self.send(http().get(url)).await
    }

    async fn post(&mut self, url: &str, form: &[(String, String)]) -> Page {
        self.send(http().post(url).form(form)).await
    }

    /// As far as the issuer's answer, which is returned unvisited.
    async fn choose(&mut self, stage: &Stage, return_to: &str, persona: &str) -> String {
        let departure = self.get(&format!("{}/sign-in?return_to={return_to}", stage.portal)).await;
        assert_eq!(departure.status, 303, "{}", departure.text);
        assert!(departure.location.starts_with(&stage.issuer));
        let page = http().get(&departure.location).send().await.unwrap().text().await.unwrap();
        let mut form = hidden_fields(&page);
        form.push(("persona".into(), persona.into()));
        let chosen = http().post(format!("{}/authorize", stage.issuer)).form(&form).send().await.unwrap();
        assert_eq!(chosen.status(), 303);
        chosen.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    async fn sign_in(&mut self, stage: &Stage, persona: &str) -> Page {
        let callback = self.choose(stage, "/office", persona).await;
        self.get(&callback).await
    }
}

fn http() -> reqwest::Client {
    bildung_chassis::token::http_client().unwrap()
}

/// Name and value of the hidden fields of the first form.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let form = page.split("<form").find(|form| form.contains("type=\"hidden\"")).unwrap_or_default().split("</form>").next().unwrap();
    let part = |text: &str, name: &str| text.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    form.split("<input")
        .filter(|input| input.contains("type=\"hidden\""))
        .map(|input| (part(input, "name"), part(input, "value")))
        .collect()
}

async fn demo_token(issuer: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = http().post(format!("{issuer}/token")).form(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn somebody_signs_in_works_and_signs_out() {
    let stage = stage().await;
    let mut browser = Browser::default();

    let led = browser.get(&format!("{}/office", stage.portal)).await;
    assert_eq!((led.status, led.location.as_str()), (303, "/sign-in?return_to=%2Foffice"));
    assert!(led.cookies.is_empty());

    let arrived = browser.sign_in(&stage, "demo-coordinator").await;
    assert_eq!((arrived.status, arrived.location.as_str()), (303, "/office"), "{}", arrived.text);
    let cookie = arrived.cookies.iter().find(|cookie| cookie.starts_with("bildung-session=")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert_eq!(browser.cookies.len(), 1, "the cookie of the sign-in is gone");

    let office = browser.get(&format!("{}/office", stage.portal)).await;
    assert_eq!(office.status, 200);
    assert!(office.text.contains("Bildungskoordination") && office.text.contains("/office/handovers"));
    assert!(!office.text.contains("href=\"/office/data\""), "not a step of a coordinator");

    // A form without the session's token, or with another's, changes nothing.
    let url = format!("{}/sign-out", stage.portal);
    assert_eq!(browser.post(&url, &[]).await.status, 403);
    assert_eq!(browser.post(&url, &[("csrf".into(), "x".repeat(43))]).await.status, 403);
    assert_eq!(browser.get(&format!("{}/office", stage.portal)).await.status, 200);

    let kept = browser.cookies.clone();
    let left = browser.post(&url, &hidden_fields(&office.text)).await;
    assert_eq!(left.status, 303);
    assert!(left.location.starts_with(&format!("{}/sign-out", stage.issuer)), "{}", left.location);
    assert!(browser.cookies.is_empty());
    browser.cookies = kept;
    assert_eq!(browser.get(&format!("{}/office", stage.portal)).await.status, 303, "the old cookie opens nothing");
}

#[tokio::test]
async fn residents_get_no_cookie() {
    let stage = stage().await;
    for path in ["/", "/impressum", "/datenschutz", "/barrierefreiheit", "/nirgends", "/api/docs", "/api/openapi.json", "/office"] {
        let page = Browser::default().get(&format!("{}{path}", stage.portal)).await;
        assert!(page.cookies.is_empty(), "{path}");
        assert!(page.status == 200 || ["/nirgends", "/office"].contains(&path), "{path}: {}", page.status);
    }
}

#[tokio::test]
async fn an_answer_of_the_issuer_counts_once_and_only_in_its_browser() {
    let stage = stage().await;
    let mut victim = Browser::default();
    let mut attacker = Browser::default();

    // The attacker's answer, slipped to a browser that began no sign-in, or another one.
    let slipped = attacker.choose(&stage, "/office", "demo-admin").await;
    assert_eq!(victim.get(&slipped).await.status, 400);
    victim.choose(&stage, "/office", "demo-editor").await;
    assert_eq!(victim.get(&slipped).await.status, 400);
    assert!(!victim.cookies.contains_key("bildung-session"));

    let attempt = attacker.cookies.clone();
    assert_eq!(attacker.get(&slipped).await.status, 303);
    attacker.cookies = attempt;
    assert_eq!(attacker.get(&slipped).await.status, 400, "the same answer a second time");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_sign_in() {
    let stage = stage().await;
    for (wish, target) in
        [("https://evil.example/", "/office"), ("//evil.example/", "/office"), ("/office/data%3Fpage%3D2", "/office/data?page=2")]
    {
        let mut browser = Browser::default();
        let callback = browser.choose(&stage, wish, "demo-analyst").await;
        assert_eq!(browser.get(&callback).await.location, target, "{wish}");
    }
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_its_time() {
    let stage = stage().await;
    let office = format!("{}/office", stage.portal);
    let minutes = SignedDuration::from_mins;

    let mut browser = Browser::default();
    browser.sign_in(&stage, "demo-editor").await;
    stage.clock.advance(minutes(59));
    assert_eq!(browser.get(&office).await.status, 200, "an hour of idleness, not yet over; the token was refreshed on the way");
    stage.clock.advance(minutes(59));
    assert_eq!(browser.get(&office).await.status, 200, "the use before counts");
    stage.clock.advance(minutes(61));
    assert_eq!(browser.get(&office).await.status, 303, "idle for too long");

    let mut browser = Browser::default();
    browser.sign_in(&stage, "demo-editor").await;
    for _ in 0..11 {
        stage.clock.advance(minutes(50));
        assert_eq!(browser.get(&office).await.status, 200);
    }
    stage.clock.advance(minutes(51));
    assert_eq!(browser.get(&office).await.status, 303, "ten hours, however busy");
}

#[tokio::test]
async fn every_sign_in_has_a_secret_of_its_own_and_the_database_holds_none() {
    let stage = stage().await;
    let mut browser = Browser::default();
    browser.sign_in(&stage, "demo-editor").await;
    let first = browser.cookies.clone();
    browser.sign_in(&stage, "demo-analyst").await;
    let second = browser.cookies.clone();
    assert_ne!(first, second);
    browser.cookies = first;
    assert_eq!(browser.get(&format!("{}/office", stage.portal)).await.status, 303, "the first session ended with the second sign-in");

    let stored: Vec<String> =
        sqlx::query_scalar("select row_to_json(s)::text from session s").fetch_all(&stage.prepared.admin("gateway").await).await.unwrap();
    assert_eq!(stored.len(), 1);
    let secret = second.values().next().unwrap();
    assert!(!stored[0].contains(secret) && !stored[0].contains("Bildungsmonitoring") && !stored[0].contains("eyJ"));
}

#[tokio::test]
async fn tokens_of_the_command_line_and_of_systems_are_accepted_and_survive_a_restart() {
    let stage = stage().await;
    let openapi = format!("{}/api/openapi.json", stage.portal);
    let (status, answer) = demo_token(&stage.issuer, &[("grant_type", DEMO_GRANT), ("role", "education_manager")]).await;
    assert_eq!(status, 200);
    let token = answer["access_token"].as_str().unwrap().to_owned();
    assert_eq!(http().get(&openapi).bearer_auth(&token).send().await.unwrap().status(), 200);

    let (status, answer) =
        demo_token(&stage.issuer, &[("grant_type", "client_credentials"), ("client_id", "vhs-demo-system"), ("client_secret", "vhs-demo")])
            .await;
    assert_eq!(status, 200);
    assert_eq!(http().get(&openapi).bearer_auth(answer["access_token"].as_str().unwrap()).send().await.unwrap().status(), 200);

    for wrong in [
        vec![("grant_type", DEMO_GRANT), ("role", "king")],
        vec![("grant_type", DEMO_GRANT), ("role", "admin"), ("as", "a b")],
        vec![("grant_type", "client_credentials"), ("client_id", "vhs-demo-system"), ("client_secret", "wrong")],
        vec![("grant_type", "authorization_code"), ("code", "x")],
        vec![("grant_type", "refresh_token"), ("refresh_token", &token)],
        vec![("grant_type", "password")],
    ] {
        assert_eq!(demo_token(&stage.issuer, &wrong).await.0, 400, "{wrong:?}");
    }
    for wrong in ["x", "x.y.z", &format!("{}x", &token[..token.len() - 1])] {
        let answer = http().get(&openapi).bearer_auth(wrong).send().await.unwrap();
        assert_eq!(answer.status(), 401, "a bad token is never taken for nobody");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "token_invalid");
    }

    // The same key signs after a restart.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let again = format!("http://{}", listener.local_addr().unwrap());
    start_issuer(listener, &stage.issuer, stage.folder.path(), &stage.clock, &stage.stop);
    let keys = |base: String| async move { http().get(format!("{base}/keys")).send().await.unwrap().json::<Value>().await.unwrap() };
    assert_eq!(keys(stage.issuer.clone()).await, keys(again).await);
}

#[tokio::test]
async fn the_issuer_answers_only_to_names_of_this_machine() {
    let stage = stage().await;
    let answer = http().get(format!("{}/keys", stage.issuer)).header(header::HOST, "evil.example").send().await.unwrap();
    assert_eq!(answer.status(), 421);
    let asked = "client_id=x&response_type=code&state=s&code_challenge_method=S256&code_challenge=";
    let challenge = "a".repeat(43);
    for wrong in ["https://evil.example/sign-in/callback", "http://127.0.0.1.evil.example/sign-in/callback", "http://127.0.0.1/elsewhere"] {
        let answer = http().get(format!("{}/authorize?{asked}{challenge}&redirect_uri={wrong}", stage.issuer)).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
    }
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let settings = Settings {
        issuer: stage.issuer.clone(),
        audience: String::new(),
        roles_claim: "roles".into(),
        sources_claim: "sources".into(),
        key_file: stage.folder.path().join("other.pem"),
        clock: stage.clock.clone(),
    };
    assert!(serve(listener, settings, stage.stop.clone()).await.is_err());
    assert!(!stage.folder.path().join("other.pem").exists());
}

#[tokio::test]
async fn without_the_issuer_only_signing_in_fails() {
    let stage = stage().await;
    stage.issuer_stop.cancel();
    let issuer = stage.issuer.trim_start_matches("http://").to_owned();
    testing::eventually("the issuer is gone", || async { tokio::net::TcpStream::connect(&issuer).await.is_err() }).await;
    let mut browser = Browser::default();
    assert_eq!(browser.get(&stage.portal).await.status, 200);
    let page = browser.get(&format!("{}/sign-in", stage.portal)).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Anmeldung zurzeit nicht möglich"), "{}", page.text);
    assert!(page.cookies.is_empty());
}
