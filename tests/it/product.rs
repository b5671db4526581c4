//! The whole product as operators run it: the binary, its own databases and NATS, logs and telemetry in reach.
use bildung_catalogue::Catalogue;
use bildung_chassis::{
    Clock, Ids, Role,
    host::Contract,
    testing::{Stage, eventually, free_port},
};
use bildung_gateway::Gateway;
use bildung_monitoring::Monitoring;
use bildung_network::Network;
use bildung_newcomers::Newcomers;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    fs::File,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

use crate::sink::Sink;

const SERVICES: [&str; 5] = ["catalogue", "network", "monitoring", "newcomers", "gateway"];

/// How the services are spread over processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// All in one, as on a laptop.
    One,
    /// One each, as in a cluster.
    Split,
}

/// A running product.
pub(crate) struct Product {
    pub(crate) stage: Stage,
    pub(crate) folder: TempDir,
    pub(crate) sink: Sink,
    client: Client,
    arrangement: Arrangement,
    processes: Vec<(String, Child)>,
}

impl Deref for Product {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Asks a product through HTTP, as anybody.
pub(crate) struct Client {
    pub(crate) base: String,
    pub(crate) issuer: String,
    http: reqwest::Client,
}

/// An answer: its status and its JSON, or its text if it is none.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, if the status is `expected`.
    #[track_caller]
    pub(crate) fn expect(self, expected: u16) -> Value {
        assert_eq!(self.status.as_u16(), expected, "{:#}", self.body);
        self.body
    }

    /// Asserts a refusal with this stable code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body:#}");
    }
}

/// The program under test, built beside this one.
pub(crate) fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().and_then(Path::parent).unwrap().join("bildungsbuero");
    assert!(program.is_file(), "{} is not built: cargo build -p bildungsbuero", program.display());
    program
}

impl Product {
    pub(crate) async fn start(arrangement: Arrangement) -> Self {
        Self::start_with(arrangement, json!({})).await
    }

    pub(crate) async fn start_with(arrangement: Arrangement, changes: Value) -> Self {
        let contracts = [
            Contract::of::<Catalogue>(),
            Contract::of::<Network>(),
            Contract::of::<Monitoring>(),
            Contract::of::<Newcomers>(),
            Contract::of::<Gateway>(),
        ];
        let stage = Stage::new(&contracts, json!({"bus": {"ack_wait_ms": 3000}})).await;
        let folder = TempDir::new().unwrap();
        let sink = Sink::start().await;
        let key = folder.path().join("key-encryption-key");
        bildung_newcomers::create_key_file(&key, &Ids::new(Clock::system())).unwrap();
        let (http, issuer) = (free_port(), free_port());
        let mut settings = json!({
            "bus": stage.config.common.bus,
            "databases": stage.config.common.databases,
            "identity": {"issuer": format!("http://127.0.0.1:{issuer}"), "demo": true},
            "telemetry": {"format": "json", "filter": "debug,h2=info,hyper=info", "otlp": sink.url()},
            "gateway": {"listen": format!("127.0.0.1:{http}"), "public_url": format!("http://127.0.0.1:{http}/")},
            "newcomers": {"key_file": key},
        });
        if arrangement == Arrangement::Split {
            let peers: serde_json::Map<_, _> =
                SERVICES[..4].iter().map(|name| ((*name).to_owned(), json!(format!("http://127.0.0.1:{}", free_port())))).collect();
            settings["peers"] = peers.into();
        }
        merge(&mut settings, changes);
        without_nulls(&mut settings);
        std::fs::write(folder.path().join("settings.toml"), toml::to_string(&settings).unwrap()).unwrap();
        let mut product = Self { client: Client::new(http, issuer), stage, folder, sink, arrangement, processes: Vec::new() };
        product.run("demo-issuer", &["demo-issuer"], &[]);
        product.start_services().await;
        product
    }

    /// Starts the services and waits until they are ready.
    pub(crate) async fn start_services(&mut self) {
        match self.arrangement {
            Arrangement::One => self.run("all", &SERVICES, &[]),
            Arrangement::Split => {
                let text = std::fs::read_to_string(self.folder.path().join("settings.toml")).unwrap();
                let settings: Value = toml::from_str(&text).unwrap();
                for name in SERVICES {
                    let address = settings["peers"][name].as_str().map(|address| address.trim_start_matches("http://").to_owned());
                    let listen = address.unwrap_or_else(|| "127.0.0.1:0".into());
                    self.run(name, &[name], &[("BILDUNG_RPC__LISTEN", format!("\"{listen}\""))]);
                }
            }
        }
        eventually("the product is ready", || async {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
            answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
        })
        .await;
        eventually("the demo issuer answers", || async {
            self.http.get(format!("{}/.well-known/openid-configuration", self.issuer)).send().await.is_ok()
        })
        .await;
        eventually("the services answer", || async {
            let paths = ["/api/v1/offers", "/api/v1/actors", "/api/v1/indicators"];
            let mut all = true;
            for path in paths {
                all &= self.get_as(None, path).await.status == StatusCode::OK;
            }
            all
        })
        .await;
    }

    fn run(&mut self, name: &str, services: &[&str], environment: &[(&str, String)]) {
        let log = File::options().create(true).append(true).open(self.folder.path().join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(program());
        command.arg("run").args(services).env("BILDUNG_CONFIG", self.folder.path().join("settings.toml")).current_dir(self.folder.path());
        command.envs(environment.iter().map(|(key, value)| (*key, value)));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.processes.push((name.to_owned(), command.spawn().unwrap()));
    }

    /// What every process has written.
    pub(crate) fn logs(&self) -> String {
        let logs = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        logs.filter(|path| path.extension().is_some_and(|e| e == "log")).map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

impl Client {
    /// Of a product and an issuer on these ports.
    pub(crate) fn new(http: u16, issuer: u16) -> Self {
        Self {
            base: format!("http://127.0.0.1:{http}"),
            issuer: format!("http://127.0.0.1:{issuer}"),
            http: bildung_chassis::token::http_client().unwrap(),
        }
    }

    /// An access token as `bildungsbuero token` gives it.
    pub(crate) fn token(&self, role: Role, person: Option<&str>) -> String {
        let mut command = Command::new(program());
        command.args(["token", "--role", role.as_str(), "--url", &self.issuer]).current_dir(std::env::temp_dir());
        if let Some(person) = person {
            command.args(["--as", person]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Somebody to ask as.
    pub(crate) fn person(&self, role: Role) -> Person<'_> {
        Person { client: self, token: self.token(role, None) }
    }

    /// A certain person to ask as.
    pub(crate) fn person_named(&self, role: Role, name: &str) -> Person<'_> {
        Person { client: self, token: self.token(role, Some(name)) }
    }

    pub(crate) async fn get_as(&self, token: Option<&str>, path: &str) -> Answer {
        self.send(token, Method::GET, path, None, &[]).await
    }

    /// A resident's question.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.get_as(None, path).await.expect(200)
    }

    pub(crate) async fn send(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method, url).timeout(std::time::Duration::from_mins(1));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                let text = answer.text().await.unwrap_or_default();
                Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
            }
            Err(error) => Answer { status: StatusCode::IM_A_TEAPOT, body: Value::String(error.to_string()) },
        }
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        for (_, child) in &mut self.processes {
            child.kill().ok();
            child.wait().ok();
        }
        if std::thread::panicking() {
            let kept = std::env::temp_dir().join(format!("bildungsbuero-logs-{}", self.base.rsplit(':').next().unwrap()));
            std::fs::create_dir_all(&kept).ok();
            for entry in std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten() {
                std::fs::copy(entry.path(), kept.join(entry.file_name())).ok();
            }
            eprintln!("logs are kept in {}", kept.display());
        }
    }
}

/// Somebody signed in.
pub(crate) struct Person<'a> {
    client: &'a Client,
    pub(crate) token: String,
}

impl Person<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.get_as(Some(&self.token), path).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let body = serde_json::to_vec(&body).unwrap();
        self.client.send(Some(&self.token), Method::POST, path, Some(body), &[("content-type", "application/json")]).await
    }

    pub(crate) async fn upload(&self, path: &str, file: Vec<u8>) -> Answer {
        self.client.send(Some(&self.token), Method::POST, path, Some(file), &[("content-type", "application/octet-stream")]).await
    }

    /// Uploads a file, expects 202 and waits until the run has come to an end.
    pub(crate) async fn upload_and_wait(&self, path: &str, file: Vec<u8>) -> Value {
        let run = self.upload(path, file).await.expect(202);
        let collection = path.split('?').next().unwrap();
        let of_run = format!("{collection}/{}", run["id"].as_str().unwrap());
        for _ in 0..1200 {
            let run = self.get(&of_run).await.expect(200);
            if !["queued", "received", "running"].contains(&run["state"].as_str().unwrap()) {
                return run;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the run {of_run} does not end");
    }
}

/// TOML knows no null.
fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(without_nulls);
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, from) => *into = from,
    }
}
