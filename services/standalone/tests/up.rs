//! The whole product from one command: start, murder, second start, a taken port; backup and restore.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bildungsbuero");

struct Up {
    child: Child,
    address: String,
}

impl Drop for Up {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Up {
    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap().success());
    }

    fn end(mut self) {
        self.signal("INT");
        assert!(self.child.wait().unwrap().success());
    }
}

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

fn program(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--data-dir").arg(data).process_group(0).env_remove("BB_PORT");
    command
}

fn said(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn up(data: &Path) -> Up {
    let mut child = program(&["up", "--port", "0"], data).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut errors = child.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        let _broken = errors.read_to_string(&mut text);
        text
    });
    let found = lines
        .by_ref()
        .find_map(|line| line.ok()?.strip_prefix("bildungsbuero is running: ").map(|rest| rest.split(' ').next().unwrap().to_owned()));
    let Some(address) = found else { panic!("no start: {}", complaints.join().unwrap()) };
    // Nobody may be kept waiting by a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Up { child, address }
}

fn children(data: &Path) -> Vec<String> {
    let out = Command::new("ps").args(["axww", "-o", "pid=,command="]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines().filter(|line| line.contains(data.to_str().unwrap())).map(str::to_owned).collect()
}

/// The database of a service as the superuser.
fn database(data: &Path, name: &str) -> String {
    let ports: serde_json::Value = serde_json::from_slice(&fs::read(data.join("run/ports.json")).unwrap()).unwrap();
    let password = fs::read_to_string(data.join("secrets/postgres")).unwrap();
    format!("postgres://postgres:{password}@127.0.0.1:{}/{name}", ports["postgres"])
}

async fn number(url: &str, sql: &'static str) -> i64 {
    use sqlx::Connection;
    sqlx::query_scalar(sql).fetch_one(&mut sqlx::PgConnection::connect(url).await.unwrap()).await.unwrap()
}

async fn execute(url: &str, sql: &'static str) {
    use sqlx::Connection;
    sqlx::raw_sql(sql).execute(&mut sqlx::PgConnection::connect(url).await.unwrap()).await.unwrap();
}

async fn ready(address: &str) -> bool {
    let Ok(answer) = bildung_chassis::token::http_client().unwrap().get(format!("{address}/readyz")).send().await else { return false };
    answer.status().is_success()
}

#[tokio::test]
async fn murder_and_a_second_start() {
    let folder = place();
    let data = folder.path().join("data");
    let first = up(&data);
    assert!(ready(&first.address).await);
    let (code, _, error) = said(program(&["up", "--port", "0"], &data));
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("already running") && error.contains(&first.address), "{error}");

    first.signal("KILL");
    let begun = Instant::now();
    while !children(&data).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", children(&data));
        std::thread::sleep(Duration::from_millis(50));
    }
    let second = up(&data);
    assert!(ready(&second.address).await);
    second.end();
    assert_eq!(children(&data), Vec::<String>::new());
}

#[test]
fn a_taken_port_is_said_before_anything_starts() {
    let folder = place();
    let data = folder.path().join("data");
    let thief = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = thief.local_addr().unwrap().port().to_string();
    let (code, _, error) = said(program(&["up", "--port", &port], &data));
    assert_eq!(code, 6, "{error}");
    assert!(error.contains(&format!("port {port} is in use")) && error.contains("--port") && error.lines().count() == 1, "{error}");
    assert!(!data.join("postgres").exists());
}

#[test]
fn a_lost_key_is_not_replaced() {
    let folder = place();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("key-was-made"), "").unwrap();
    let (code, _, error) = said(program(&["up", "--port", "0"], &data));
    assert_eq!(code, 7, "{error}");
    assert!(error.contains("key of the case files"), "{error}");
}

#[test]
fn nothing_runs_is_an_answer_of_its_own() {
    let folder = place();
    let data = folder.path().join("data");
    for command in [&["token", "--role", "editor"][..], &["events", "dead-letters", "list"]] {
        let mut command = program(command, &data);
        // A port where nobody listens.
        command.env("BB_PORT", "9");
        let (code, out, error) = said(command);
        assert_eq!((code, out.as_str()), (3, ""), "{error}");
        assert!(error.contains("bildungsbuero up") && error.lines().count() == 1, "{error}");
    }
}

#[tokio::test]
async fn what_is_backed_up_comes_back() {
    let folder = place();
    let (data, copy, backup) = (folder.path().join("data"), folder.path().join("copy"), folder.path().join("backup"));
    let backup_text = backup.to_str().unwrap();
    let first = up(&data);
    let network = database(&data, "network");
    execute(
        &network,
        "insert into chassis.outbox (id, type, subject, time, data) select gen_random_uuid(), 'bildung.network.actor.registered.v1', gen_random_uuid(), now(), '{}' from generate_series(1, 100);
         insert into chassis.file (id, sha256, size, created_at) values ('018f0000-0000-7000-8000-000000000001', sha256('hello'), 5, now());
         insert into chassis.file_chunk (file, no, body) values ('018f0000-0000-7000-8000-000000000001', 0, 'hello')",
    )
    .await;
    // While it runs.
    let (code, out, error) = said(program(&["backup", backup_text], &data));
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("keys: not copied"), "{out}");
    let (code, _, error) = said(program(&["backup", backup_text], &data));
    assert_eq!(code, 7, "a backup is never overwritten: {error}");
    let expected = rows(&network).await;
    assert!(expected >= 102);
    first.end();

    let (code, _, error) = said(program(&["restore", backup_text], &data));
    assert_eq!(code, 7, "data is never overwritten: {error}");
    let (code, out, error) = said(program(&["restore", backup_text], &copy));
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("100 events go to the new streams"), "{out}");
    let key: PathBuf = ["keys", "newcomers.keys"].iter().collect();
    if data.join(&key).exists() {
        fs::copy(data.join(&key), copy.join(&key)).unwrap();
    } else {
        fs::write(copy.join(&key), "").unwrap();
    }
    let second = up(&copy);
    let network = database(&copy, "network");
    assert_eq!(rows(&network).await, expected);
    assert_eq!(number(&network, "select count(*) from chassis.file_chunk where body = 'hello'").await, 1);
    let begun = Instant::now();
    while number(&network, "select count(*) from chassis.outbox where published_at is null").await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the streams are rebuilt");
        std::thread::sleep(Duration::from_millis(100));
    }
    second.end();

    // A damaged backup is not restored.
    let dump = backup.join("network.dump");
    let mut bytes = fs::read(&dump).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&dump, bytes).unwrap();
    let (code, _, error) = said(program(&["restore", backup_text], &folder.path().join("other")));
    assert_eq!(code, 7);
    assert!(error.contains("network.dump is not what the manifest says"), "{error}");
}

async fn rows(url: &str) -> i64 {
    number(
        url,
        "select (select count(*) from chassis.outbox) + (select count(*) from chassis.file) + (select count(*) from chassis.file_chunk)",
    )
    .await
}
