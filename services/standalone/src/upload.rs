//! `offers import` and `data ingest`: a file goes in, a report per record comes out.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use url::form_urlencoded;

use crate::api::Api;
use crate::failure::{Exit, Failure};
use crate::progress::{self, Progress};

/// How many records of a report are shown.
const SHOWN: usize = 50;
/// States in which an import of offers has come to rest.
pub(crate) const OFFER_ENDS: &[&str] = &["completed", "held", "failed", "undone"];
/// States in which a data set has come to rest.
pub(crate) const DATA_ENDS: &[&str] = &["completed", "checked", "released", "failed"];

/// Sends offers and waits for the report.
pub(crate) async fn offers(api: &Api, source: &str, format: &str, mode: &str, dry_run: bool, file: &Path) -> Result<()> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("source", source)
        .append_pair("format", format)
        .append_pair("mode", mode)
        .append_pair("dry_run", if dry_run { "true" } else { "false" })
        .finish();
    let run = follow(api, "/api/v1/offer-imports", &query, file, OFFER_ENDS).await?;
    report(&run, &["read", "created", "updated", "unchanged", "withdrawn", "rejected"]);
    match word(&run, "state") {
        "completed" if count(&run, "rejected") == 0 => Ok(()),
        "completed" => Err(Failure::error(Exit::Refused, format!("{} records were rejected", count(&run, "rejected")))),
        "held" => Err(Failure::error(
            Exit::Refused,
            format!("held: too much of the source would vanish; confirm it with POST /api/v1/offer-imports/{}/confirm", word(&run, "id")),
        )),
        state => Err(Failure::error(Exit::Refused, format!("the import ended {state}"))),
    }
}

/// Sends a data set and waits for the report.
pub(crate) async fn data(api: &Api, profile: &str, dry_run: bool, file: &Path) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("profile", profile)
        .append_pair("name", &name)
        .append_pair("dry_run", if dry_run { "true" } else { "false" })
        .finish();
    let run = follow(api, "/api/v1/datasets", &query, file, DATA_ENDS).await?;
    report(&run, &["read", "inserted", "revised", "unchanged", "quarantined"]);
    match word(&run, "state") {
        "failed" => {
            Err(Failure::error(Exit::Refused, format!("the file could not be read: {}", run.get("failure").unwrap_or(&Value::Null))))
        }
        _ if count(&run, "quarantined") > 0 => {
            Err(Failure::error(Exit::Refused, format!("{} rows are in quarantine", count(&run, "quarantined"))))
        }
        _ => Ok(()),
    }
}

async fn follow(api: &Api, path: &str, query: &str, file: &Path, ends: &[&str]) -> Result<Value> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let progress = Progress::begin(&format!("sending {name}"));
    let begun = api.post_file(&format!("{path}?{query}"), file).await?;
    let id = begun.get("id").and_then(Value::as_str).context("the answer names no id")?.to_owned();
    progress.end(&id);
    let run = wait(api, &format!("{path}/{id}"), ends, Progress::begin(&format!("reading {name}"))).await?;
    Ok(run)
}

/// Asks until the run has one of the final states.
pub(crate) async fn wait(api: &Api, path: &str, ends: &[&str], progress: Progress) -> Result<Value> {
    let mut pause = Duration::from_millis(50);
    loop {
        let run = api.get(path).await?;
        let number = |name: &str| run.pointer(&format!("/progress/{name}")).and_then(Value::as_u64);
        progress.at(number("done").unwrap_or_default(), number("total"));
        if ends.contains(&word(&run, "state")) {
            progress.end(word(&run, "state"));
            return Ok(run);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

fn report(run: &Value, names: &[&str]) {
    let counts: Vec<String> = names.iter().map(|name| format!("{name} {}", count(run, name))).collect();
    progress::print(&format!("{} {}: {}", word(run, "id"), word(run, "state"), counts.join(", ")));
    let errors = run.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for error in errors.iter().take(SHOWN) {
        progress::print(&format!(
            "{}\t{}\t{}\t{}",
            word(error, "severity"),
            word(error, "record"),
            word(error, "field"),
            word(error, "reason")
        ));
    }
    if errors.len() > SHOWN {
        progress::print(&format!("... and {} more", errors.len() - SHOWN));
    }
}

/// A text of an answer, empty if it is not there.
pub(crate) fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn count(run: &Value, name: &str) -> u64 {
    run.pointer(&format!("/counts/{name}")).and_then(Value::as_u64).unwrap_or_default()
}
