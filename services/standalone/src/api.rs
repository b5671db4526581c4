//! The product's REST interface as the commands use it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use url::Url;

use crate::failure::{Exit, Failure};
use crate::local::folder::Folder;

/// A running product, spoken to as somebody.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Api {
    /// The product at this address.
    pub(crate) fn new(base: &str, token: Option<String>) -> Result<Self> {
        let base = Url::parse(base).map_err(|error| Failure::error(Exit::Settings, format!("{base} is no address: {error}")))?;
        Ok(Self { http: bildung_chassis::token::http_client()?, base, token })
    }

    /// The same product, spoken to as somebody else.
    pub(crate) fn as_holder_of(&self, token: String) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// A JSON answer.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(self.request(Method::GET, path)?).await
    }

    /// Sends JSON; the key makes a repetition harmless.
    pub(crate) async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Value> {
        let mut request = self.request(Method::POST, path)?.json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(request).await
    }

    /// Sends bytes that are in memory.
    pub(crate) async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Result<Value> {
        self.send(self.request(Method::POST, path)?.header("content-type", "application/octet-stream").body(body)).await
    }

    /// Sends a file without reading it into memory.
    pub(crate) async fn post_file(&self, path: &str, file: &Path) -> Result<Value> {
        let opened = tokio::fs::File::open(file).await.with_context(|| format!("open {}", file.display()))?;
        let size = opened.metadata().await?.len();
        let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::with_capacity(opened, 256 * 1024));
        let request = self.request(Method::POST, path)?.header("content-type", "application/octet-stream").header("content-length", size);
        self.send(request.timeout(Duration::from_hours(1)).body(body)).await
    }

    /// Whether it serves.
    pub(crate) async fn is_ready(&self) -> bool {
        let Ok(request) = self.request(Method::GET, "/readyz") else { return false };
        request.timeout(Duration::from_secs(2)).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let request = self.http.request(method, self.base.join(path)?).header("accept-language", "de");
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value> {
        match request.send().await {
            Ok(answer) => read(answer).await,
            Err(error) if error.is_connect() => Err(Failure::error(
                Exit::NothingRuns,
                format!("nothing runs at {}: start it with `bildungsbuero up`, or name its address with --url", self.base),
            )),
            Err(error) => Err(error).context("the product does not answer"),
        }
    }
}

async fn read(answer: Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await.context("the answer broke off")?;
    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(value);
    }
    let word = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut message = format!(
        "refused with {}: {} {}",
        status.as_u16(),
        word("code"),
        if word("detail").is_empty() { word("title") } else { word("detail") }
    );
    for error in value.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        message.extend(["; ", part("pointer"), " ", part("detail")]);
    }
    Err(Failure::error(Exit::Refused, message.trim().to_owned()))
}

/// Where the product is: as asked, else as the data folder says, else on the usual port.
pub(crate) fn address(url: Option<&str>, data_dir: &Path) -> Result<String> {
    if let Some(url) = url {
        return Ok(url.to_owned());
    }
    if let Some(running) = Folder::look(data_dir)?.running() {
        return Ok(running.address);
    }
    let port = std::env::var("BB_PORT").ok().and_then(|port| port.parse::<u16>().ok()).unwrap_or(8080);
    Ok(format!("http://127.0.0.1:{port}"))
}
