//! The demo issuer as `up`, `run` and `token` use it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use bildung_chassis::{Clock, Config, Role};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::demo_issuer;
use crate::failure::{Exit, Failure};
use crate::local::process;

/// Section `[demo_issuer]`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where its signing key is kept; made at the first start.
    key_file: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self { key_file: PathBuf::from(".local/secrets/demo-issuer.key") }
    }
}

/// Serves the demo issuer at the address of `identity.issuer` until told to stop.
pub(crate) async fn serve(config: &Config, stop: CancellationToken) -> Result<()> {
    let identity = &config.common.identity;
    if !identity.demo {
        return Err(Failure::error(Exit::Settings, "the demo issuer lets anybody in: set identity.demo = true if this is a demonstration"));
    }
    let key_file = config.section::<Settings>("demo_issuer")?.key_file;
    if let Some(folder) = key_file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        process::folder(folder, 0o700)?;
    }
    let address = Url::parse(&identity.issuer).with_context(|| format!("identity.issuer = {}", identity.issuer))?;
    let sockets = address.socket_addrs(|| None).with_context(|| format!("identity.issuer = {}", identity.issuer))?;
    let listener =
        TcpListener::bind(&*sockets).await.with_context(|| format!("the demo issuer cannot listen on identity.issuer = {address}"))?;
    demo_issuer::serve(listener, demo_issuer::Settings::of(identity, key_file, Clock::system()), stop).await
}

/// An access token for a demo person from the running issuer.
pub(crate) async fn token(issuer: &str, role: Role, person: Option<&str>) -> Result<String> {
    let http = bildung_chassis::token::http_client()?;
    let address = Url::parse(issuer)?.join("/token")?;
    let subject = person.map_or_else(|| format!("demo-{role}"), str::to_owned);
    let form = [("grant_type", "urn:bildungsbuero:demo"), ("role", role.as_str()), ("as", subject.as_str())];
    let answer = http.post(address).form(&form).send().await.map_err(|_| nothing_runs(issuer))?;
    let status = answer.status();
    let value: serde_json::Value = answer.json().await.context("the demo issuer gives no JSON")?;
    let token = value.get("access_token").and_then(|token| token.as_str());
    token.map(str::to_owned).with_context(|| format!("the demo issuer gives no token ({status}): {value}"))
}

/// The issuer behind an address, which is the product's own or the issuer's.
pub(crate) async fn find(address: &str) -> Result<String> {
    let http = bildung_chassis::token::http_client()?;
    let base = Url::parse(address).map_err(|error| Failure::error(Exit::Settings, format!("{address} is no address: {error}")))?;
    // The portal sends who wants to sign in to its issuer.
    let answer = http.get(base.join("/sign-in")?).send().await.map_err(|_| nothing_runs(address))?;
    let there = answer.headers().get("location").and_then(|to| to.to_str().ok()).and_then(|to| base.join(to).ok());
    match there {
        Some(there) if there.origin() != base.origin() => Ok(there.origin().ascii_serialization()),
        _ => Ok(base.origin().ascii_serialization()),
    }
}

fn nothing_runs(address: &str) -> anyhow::Error {
    Failure::error(
        Exit::NothingRuns,
        format!("nothing runs at {address}: start it with `bildungsbuero up --demo`, or name its address with --url"),
    )
}
