//! Settings: the default file embedded here, then a TOML file, then `BILDUNG_A__B` variables. The documented default file
//! *is* the default. Secrets are read from files that settings name, so the effective settings can be printed.
use anyhow::{Context as _, bail};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The default settings, with their documentation.
pub const DEFAULTS: &str = include_str!("../../../deploy/settings.toml");

/// Settings that the chassis itself reads; each service has a section of its own name besides.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Common {
    /// gRPC between services.
    pub rpc: Rpc,
    /// Health and metrics.
    pub admin: Admin,
    /// The bus.
    pub bus: Bus,
    /// A database for each service.
    pub databases: BTreeMap<String, Database>,
    /// gRPC address of each service as its callers see it; a service without one is in this process.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
    /// Uploaded files.
    pub import: Import,
    /// The identity provider.
    pub identity: Identity,
    /// Logs, traces, metrics.
    pub telemetry: Telemetry,
}

/// gRPC between services.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rpc {
    /// The one gRPC listener of the process.
    pub listen: SocketAddr,
}

/// Health and metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Listener of `/livez`, `/readyz` and `/metrics`; without one the gateway serves them.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
}

/// The bus.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// NATS address.
    pub url: String,
    /// Monitoring address of the NATS server, to see whether a single node syncs always.
    #[serde(default)]
    pub monitor_url: Option<String>,
    /// Copies of each stream: 1 or 3.
    pub replicas: usize,
    /// How long events stay in the stream and published rows in the outbox, in days.
    pub retention_days: u16,
    /// How long the bus itself refuses a second event of the same identifier, in milliseconds.
    pub duplicate_window_ms: u64,
    /// How long a consumer may take for an event before the bus delivers it again, in milliseconds.
    pub ack_wait_ms: u64,
    /// User of each service; without one the service connects without.
    #[serde(default)]
    pub users: BTreeMap<String, BusUser>,
}

/// Who a service is on the bus.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BusUser {
    /// User name.
    pub user: String,
    /// File with the password.
    pub password_file: PathBuf,
}

/// The database of one service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `postgres://<service>@host:port/<database>`, without password.
    pub url: String,
    /// File with the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Connections at most.
    #[serde(default = "Database::default_connections")]
    pub max_connections: u32,
}

impl Database {
    fn default_connections() -> u32 {
        8
    }
}

/// Uploaded files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Largest file that is taken, in bytes.
    pub max_bytes: u64,
}

/// The identity provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Issuer of access tokens, exactly as in `iss`.
    pub issuer: String,
    /// Who tokens must be meant for.
    pub audience: String,
    /// Where a token holds the roles, such as `realm_access.roles`.
    pub roles_claim: String,
    /// Where a provider's token holds the sources that belong to it.
    pub sources_claim: String,
    /// Names of roles at the identity provider, if they differ from ours.
    #[serde(default)]
    pub role_names: BTreeMap<String, String>,
    /// Accept an issuer on loopback: only for demonstrations.
    pub demo: bool,
}

/// Logs, traces, metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Which log lines, as in `info,bildung_catalogue=debug`.
    pub filter: String,
    /// Collector of traces and metrics (OTLP over gRPC).
    #[serde(default)]
    pub otlp: Option<String>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The effective settings.
#[derive(Clone, Debug)]
pub struct Config {
    figment: Figment,
    /// The part that the chassis reads.
    pub common: Common,
}

impl Config {
    /// Reads defaults, `file` if there is one, and the environment.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::new().merge(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                bail!("the settings file {} does not exist", file.display());
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        Self::from_figment(figment.merge(Env::prefixed("BILDUNG_").ignore(&["config"]).split("__")))
    }

    /// The settings with `changes` on top, which are nested as in the file.
    pub fn with(&self, changes: impl Serialize) -> anyhow::Result<Self> {
        Self::from_figment(self.figment.clone().merge(Serialized::defaults(changes)))
    }

    fn from_figment(figment: Figment) -> anyhow::Result<Self> {
        let common = figment.extract().map_err(|error| anyhow::anyhow!("a setting is wrong: {error}"))?;
        Ok(Self { figment, common })
    }

    /// A section that is not the chassis's own; absent means its defaults.
    pub fn section<T: DeserializeOwned + Default>(&self, name: &str) -> anyhow::Result<T> {
        if self.figment.find_value(name).is_err() {
            return Ok(T::default());
        }
        self.figment.extract_inner(name).map_err(|error| anyhow::anyhow!("a setting is wrong: {error}"))
    }

    /// Top-level sections that nobody of `known` reads: usually a spelling mistake.
    pub fn unknown_sections(&self, known: &[&str]) -> anyhow::Result<Vec<String>> {
        let all: BTreeMap<String, figment::value::Value> = self.figment.extract()?;
        let own = ["rpc", "admin", "bus", "databases", "peers", "import", "identity", "telemetry"];
        Ok(all.into_keys().filter(|key| !own.contains(&key.as_str()) && !known.contains(&key.as_str())).collect())
    }

    /// The effective settings as TOML, without secrets.
    pub fn printed(&self) -> anyhow::Result<String> {
        let mut all: toml::Value = self.figment.extract()?;
        redact(&mut all, "");
        Ok(toml::to_string_pretty(&all)?)
    }

    /// The database settings of a service.
    pub fn database(&self, service: &str) -> anyhow::Result<&Database> {
        self.common.databases.get(service).with_context(|| format!("no database is configured for {service}: set databases.{service}.url"))
    }
}

fn redact(value: &mut toml::Value, key: &str) {
    match value {
        toml::Value::Table(table) => table.iter_mut().for_each(|(key, value)| redact(value, key)),
        toml::Value::Array(items) => items.iter_mut().for_each(|item| redact(item, key)),
        toml::Value::String(text) => {
            let secret = ["password", "secret", "token", "seed"].iter().any(|word| key.ends_with(word));
            if secret {
                *text = "<hidden>".into();
            } else if let Ok(mut url) = url::Url::parse(text)
                && url.password().is_some()
                && url.set_password(Some("hidden")).is_ok()
            {
                *text = url.into();
            }
        }
        _ => {}
    }
}

/// Reads a secret from a file; the value never enters the settings.
pub fn read_secret(file: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read the secret file {}", file.display()))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Section {
        answer: Option<u8>,
    }

    #[test]
    fn the_default_file_is_complete() {
        let config = Config::load(None).unwrap();
        assert_eq!(config.common.bus.replicas, 1);
        assert!(!config.common.identity.demo);
        for service in ["catalogue", "network", "monitoring", "newcomers", "gateway"] {
            config.database(service).unwrap();
        }
    }

    #[test]
    fn later_layers_win_and_mistakes_name_their_key() {
        let config = Config::load(None).unwrap();
        let changed = config.with(serde_json::json!({"mine": {"answer": 42}, "bus": {"replicas": 3}})).unwrap();
        assert_eq!(changed.section::<Section>("mine").unwrap(), Section { answer: Some(42) });
        assert_eq!(changed.common.bus.replicas, 3);
        assert_eq!(changed.unknown_sections(&["catalogue", "network", "monitoring", "newcomers", "gateway", "city"]).unwrap(), ["mine"]);
        let error = config.with(serde_json::json!({"bus": {"replicas": "many"}})).unwrap_err().to_string();
        assert!(error.contains("replicas"), "{error}");
    }

    #[test]
    fn printed_settings_hold_no_secret() {
        let config = Config::load(None)
            .unwrap()
            .with(serde_json::json!({"gateway": {"client_secret": "canary"}, "databases": {"x": {"url": "postgres://u:canary@h/d"}}}))
            .unwrap();
        let printed = config.printed().unwrap();
        assert!(!printed.contains("canary"), "{printed}");
        assert!(printed.contains("<hidden>"));
    }
}
