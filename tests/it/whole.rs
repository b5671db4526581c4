//! The whole product as `up` runs it on a data folder, PostgreSQL and NATS included, so that it can be killed as a whole.
use crate::product::{Client, program};
use bildung_chassis::testing::free_port;
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    io::{BufRead as _, BufReader},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Whom a kill hits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Victims {
    /// The process of the product; its watchdog then stops the servers.
    Product,
    /// Every process at once, as when the power fails: watchdog, product, PostgreSQL, NATS.
    Everything,
}

/// A product on a data folder of its own, with a demo issuer that outlives it.
pub(crate) struct Whole {
    pub(crate) client: Client,
    place: TempDir,
    port: u16,
    issuer: Child,
    up: Option<Child>,
}

impl Whole {
    pub(crate) async fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        // As root the databases belong to `nobody`, who has to get here.
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let (port, issuer) = (free_port(), free_port());
        let settings = json!({
            "identity": {"issuer": format!("http://127.0.0.1:{issuer}"), "demo": true},
            "catalogue": {"import": {"lease_seconds": 2.0}},
        });
        let file = place.path().join("settings.toml");
        std::fs::write(&file, toml::to_string(&settings).unwrap()).unwrap();
        let mut demo_issuer = Command::new(program());
        demo_issuer.args(["run", "demo-issuer", "--config"]).arg(&file).current_dir(place.path());
        let issuer_process = demo_issuer.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut whole = Self { client: Client::new(port, issuer), place, port, issuer: issuer_process, up: None };
        whole.up().await;
        whole
    }

    /// A folder or file beside the data.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.place("data")
    }

    /// Starts the product and waits until it says that it runs.
    pub(crate) async fn up(&mut self) {
        let mut command = Command::new(program());
        command.arg("up").arg("--config").arg(self.place("settings.toml")).arg("--data-dir").arg(self.data());
        command.arg("--port").arg(self.port.to_string()).process_group(0);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (runs, lines) =
            tokio::task::spawn_blocking(move || (lines.any(|line| line.starts_with("bildungsbuero is running")), lines)).await.unwrap();
        self.up = Some(child);
        assert!(runs, "the product does not start");
        // Nobody may be kept waiting by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// Kills without any warning.
    pub(crate) fn kill(&mut self, victims: Victims) {
        let mut child = self.up.take().unwrap();
        let mut pids = vec![child.id()];
        if matches!(victims, Victims::Everything) {
            let (watchdog, servers) = self.others(child.id());
            assert!(servers.len() >= 2, "PostgreSQL and NATS: {servers:?}");
            // The watchdog first, or it would still stop the servers in order.
            pids.insert(0, watchdog);
            pids.extend(servers);
        }
        let killed = Command::new("kill").arg("-KILL").args(pids.iter().map(u32::to_string)).status().unwrap();
        assert!(killed.success());
        child.wait().unwrap();
    }

    /// The watchdog, and the servers that run on the data folder.
    fn others(&self, up: u32) -> (u32, Vec<u32>) {
        let out = Command::new("ps").args(["axww", "-o", "pid=,ppid=,command="]).output().unwrap();
        let data = self.data();
        let (mut watchdog, mut servers) = (None, Vec::new());
        for line in String::from_utf8_lossy(&out.stdout).lines() {
            let mut words = line.split_whitespace();
            let (pid, parent): (u32, u32) = (words.next().unwrap().parse().unwrap(), words.next().unwrap().parse().unwrap());
            if parent == up && line.contains("watch-children") {
                watchdog = Some(pid);
            } else if pid != up && line.contains(data.to_str().unwrap()) {
                servers.push(pid);
            }
        }
        (watchdog.expect("a watchdog"), servers)
    }

    /// A service's database, as the administrator.
    pub(crate) async fn database(&self, service: &str) -> PgPool {
        let ports: Value = serde_json::from_slice(&std::fs::read(self.data().join("run/ports.json")).unwrap()).unwrap();
        let password = std::fs::read_to_string(self.data().join("secrets/postgres")).unwrap();
        let url = format!("postgres://postgres:{password}@127.0.0.1:{}/{service}", ports["postgres"]);
        PgPoolOptions::new().max_connections(2).connect(&url).await.unwrap()
    }

    /// Backs a data folder up; the rows of every table as the manifest states them.
    pub(crate) fn backup(&self, name: &str, data: PathBuf) -> Value {
        let target = self.place(name);
        let output = Command::new(program()).arg("backup").arg(&target).arg("--data-dir").arg(data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let manifest: Value = serde_json::from_slice(&std::fs::read(target.join("manifest.json")).unwrap()).unwrap();
        let databases = manifest["databases"].as_object().unwrap();
        databases.iter().map(|(name, dump)| (name.clone(), dump["rows"].clone())).collect()
    }

    /// Restores a backup into a folder that is not there yet.
    pub(crate) fn restore(&self, backup: &str, into: &str) {
        let output =
            Command::new(program()).arg("restore").arg(self.place(backup)).arg("--data-dir").arg(self.place(into)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        for child in self.up.iter_mut().chain([&mut self.issuer]) {
            child.kill().ok();
            child.wait().ok();
        }
    }
}
