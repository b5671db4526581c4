//! The demo city, loaded through the REST interface as a city's own staff would do it.
//!
//! Dates in the files are offsets from the day of the first loading, which is kept: a second start sends the same files
//! and changes nothing. How far the loading got is kept too, so that a broken one goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use bildung_chassis::{Clock, Role};
use jiff::civil::{Date, Weekday};
use jiff::{ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::Api;
use crate::issuer;
use crate::local::secrets;
use crate::progress::{self, Progress};
use crate::upload::{self, wait, word};

const WORDS: &str = include_str!("../../../deploy/demo/city.toml");
const ACTORS: &str = include_str!("../../../deploy/demo/actors.json");
/// Source, format and template of each file of offers.
const OFFERS: &[(&str, &str, &str)] = &[
    ("vhs-demo", "open-vhs", include_str!("../../../deploy/demo/vhs-offers.openvhs.xml")),
    ("kultur", "ical", include_str!("../../../deploy/demo/culture.ics.tmpl")),
];
/// Table, profile and file of each data set.
const DATA: &[(&str, &str, &[u8])] = &[
    ("12411-01-01-4", "genesis-flat", include_bytes!("../../../deploy/demo/bevoelkerung-12411-01-01-4.csv")),
    ("21111-02-06-4", "genesis-table", include_bytes!("../../../deploy/demo/schulabgaenge-21111-02-06-4.csv")),
];

/// What is loaded already.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    day: Option<Date>,
    actors: BTreeMap<String, String>,
    cooperations: BTreeSet<String>,
    done: BTreeSet<String>,
}

/// The city's own words, section `[city]`.
pub(crate) fn words() -> Result<Value> {
    Ok(toml::from_str(WORDS)?)
}

/// Loads what is not loaded yet.
pub(crate) async fn load(api: &Api, issuer: &str, note_file: &Path) -> Result<()> {
    let mut note: Note = fs::read_to_string(note_file).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let keep = |note: &Note| secrets::write_private(note_file, &serde_json::to_vec(note)?);
    if note.done.contains("all") {
        return Ok(());
    }
    let day =
        *note.day.get_or_insert_with(|| Clock::system().now().to_zoned(TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)).date());
    keep(&note)?;
    let holder =
        |role: Role, person: Option<&'static str>| async move { anyhow::Ok(api.as_holder_of(issuer::token(issuer, role, person).await?)) };

    if !note.done.contains("actors") {
        let progress = Progress::begin("loading the demo city: actors");
        let manager = holder(Role::EducationManager, None).await?;
        actors(&manager, &mut note, &progress, &keep).await?;
        note.done.insert("actors".to_owned());
        keep(&note)?;
        progress.end(&format!("{} actors, {} cooperations", note.actors.len(), note.cooperations.len()));
    }

    let editor = holder(Role::Editor, None).await?;
    let analyst = holder(Role::Analyst, None).await?;
    let colleague = holder(Role::Analyst, Some("demo-analyst-2")).await?;
    let mut broken = Vec::new();
    let mut waiting = false;
    for (source, format, template) in OFFERS {
        let step = format!("offers of {source}");
        if !note.done.contains(&step) {
            match offers(&editor, source, format, render(template, day)?).await {
                Ok(()) => drop(note.done.insert(step)),
                // Tried again by a later program.
                Err(error) if format!("{error:#}").contains("format_unknown") => {
                    waiting = true;
                    progress::say(&format!("{step} are left out: this program does not read {format}"));
                }
                Err(error) => broken.push(format!("{step}: {error:#}")),
            }
            keep(&note)?;
        }
    }
    for (table, profile, body) in DATA {
        let step = format!("table {table}");
        if !note.done.contains(&step) {
            match data(&analyst, &colleague, table, profile, body).await {
                Ok(()) => drop(note.done.insert(step)),
                Err(error) => broken.push(format!("{step}: {error:#}")),
            }
            keep(&note)?;
        }
    }
    if !broken.is_empty() {
        bail!("{}", broken.join("; "));
    }
    if !waiting {
        note.done.insert("all".to_owned());
    }
    keep(&note)
}

async fn offers(editor: &Api, source: &str, format: &str, file: String) -> Result<()> {
    let progress = Progress::begin(&format!("loading the demo city: offers of {source}"));
    let begun = editor.post_bytes(&format!("/api/v1/offer-imports?source={source}&format={format}&mode=full"), file.into_bytes()).await?;
    let run = wait(editor, &format!("/api/v1/offer-imports/{}", word(&begun, "id")), upload::OFFER_ENDS, progress).await?;
    if word(&run, "state") != "completed" {
        bail!("ended {}: {run}", word(&run, "state"));
    }
    Ok(())
}

/// Two people let a table into the public: one checks, the other releases.
async fn data(analyst: &Api, colleague: &Api, table: &str, profile: &str, file: &[u8]) -> Result<()> {
    let progress = Progress::begin(&format!("loading the demo city: table {table}"));
    let begun = analyst.post_bytes(&format!("/api/v1/datasets?profile={profile}"), file.to_vec()).await?;
    let path = format!("/api/v1/datasets/{}", word(&begun, "id"));
    let set = wait(analyst, &path, upload::DATA_ENDS, progress).await?;
    let state = word(&set, "state");
    if state == "failed" {
        bail!("ended {state}: {set}");
    }
    if state == "completed" {
        analyst.post(&format!("{path}/check"), &json!({}), None).await?;
    }
    if state != "released" {
        colleague.post(&format!("{path}/release"), &json!({}), None).await?;
    }
    Ok(())
}

async fn actors(api: &Api, note: &mut Note, progress: &Progress, keep: &impl Fn(&Note) -> Result<()>) -> Result<()> {
    let file: Value = serde_json::from_str(ACTORS)?;
    let part = |name: &str| file.get(name).and_then(Value::as_array).with_context(|| format!("{name} in actors.json"));
    let (actors, cooperations) = (part("actors")?, part("cooperations")?);
    let total = u64::try_from(actors.len() + cooperations.len()).ok();
    let mut done = 0;
    for actor in actors {
        done += 1;
        progress.at(done, total);
        let key = word(actor, "key");
        if note.actors.contains_key(key) {
            continue;
        }
        let made =
            api.post("/api/v1/actors", actor, Some(&format!("demo-city-actor-{key}"))).await.with_context(|| format!("actor {key}"))?;
        note.actors.insert(key.to_owned(), word(&made, "id").to_owned());
        keep(note)?;
    }
    for cooperation in cooperations {
        done += 1;
        progress.at(done, total);
        let name = format!("{}-{}-{}", word(cooperation, "from"), word(cooperation, "to"), word(cooperation, "type"));
        if note.cooperations.contains(&name) {
            continue;
        }
        let mut body = cooperation.clone();
        for end in ["from", "to"] {
            let id = note.actors.get(word(cooperation, end)).with_context(|| format!("cooperation {name} names an unknown actor"))?;
            body[end] = json!(id);
        }
        api.post("/api/v1/cooperations", &body, Some(&format!("demo-city-cooperation-{name}")))
            .await
            .with_context(|| format!("cooperation {name}"))?;
        note.cooperations.insert(name);
        keep(note)?;
    }
    Ok(())
}

/// Writes the dates of a template for a day of loading: `{{+21d@mo|ics}}` is the first Monday on or after the 21st day.
fn render(template: &str, day: Date) -> Result<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find("}}").with_context(|| format!("an open placeholder: {{{{{}", &inner[..inner.len().min(20)]))?;
        out.push_str(&placeholder(&inner[..end], day).with_context(|| format!("the placeholder {{{{{}}}}}", &inner[..end]))?);
        rest = &inner[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

fn placeholder(text: &str, day: Date) -> Result<String> {
    let (text, compact) = text.strip_suffix("|ics").map_or((text, false), |text| (text, true));
    let (offset, weekday) = text.split_once('@').map_or((text, None), |(offset, weekday)| (offset, Some(weekday)));
    let digits = offset.strip_suffix('d').context("it does not end in d")?;
    if !digits.starts_with(['+', '-']) || !(2..=5).contains(&digits.len()) {
        bail!("the offset is a sign and one to four digits");
    }
    let mut date = day.checked_add(digits.parse::<i32>()?.days())?;
    if let Some(weekday) = weekday {
        let wanted = match weekday {
            "mo" => Weekday::Monday,
            "di" => Weekday::Tuesday,
            "mi" => Weekday::Wednesday,
            "do" => Weekday::Thursday,
            "fr" => Weekday::Friday,
            "sa" => Weekday::Saturday,
            "so" => Weekday::Sunday,
            other => bail!("{other} is no weekday"),
        };
        date = date.checked_add(i32::from(date.weekday().until(wanted)).days())?;
    }
    Ok(if compact { date.strftime("%Y%m%d").to_string() } else { date.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_offsets_from_the_day_of_loading() {
        for (loaded, template, written) in [
            ("2026-03-02", "{{+0d}}", "2026-03-02"),
            ("2026-03-02", "{{+21d}}", "2026-03-23"),
            ("2026-03-02", "{{+21d@mo}}", "2026-03-23"),
            ("2026-03-03", "{{+21d@mo}}", "2026-03-30"),
            ("2026-03-03", "{{+23d@mi}}", "2026-04-01"),
            ("2026-03-02", "{{-30d|ics}}", "20260131"),
            ("2028-02-26", "{{+2d@so|ics}}", "20280305"),
        ] {
            assert_eq!(render(template, loaded.parse().unwrap()).unwrap(), written, "{loaded} {template}");
        }
        let day = "2026-03-02".parse().unwrap();
        assert_eq!(render("a {{+1d}} b {{+2d}} c", day).unwrap(), "a 2026-03-03 b 2026-03-04 c");
        for wrong in ["{{+0d", "{{}}", "{{0d}}", "{{+0}}", "{{+0d@xx}}", "{{+12345d}}"] {
            assert!(render(wrong, day).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_file_is_understood() {
        assert!(words().unwrap().get("city").is_some());
        let day = "2026-03-02".parse().unwrap();
        for (_, _, template) in OFFERS {
            assert!(!render(template, day).unwrap().contains("{{"));
        }
        let file: Value = serde_json::from_str(ACTORS).unwrap();
        let keys: BTreeSet<&str> = file["actors"].as_array().unwrap().iter().map(|actor| word(actor, "key")).collect();
        assert!(keys.len() >= 40);
        for cooperation in file["cooperations"].as_array().unwrap() {
            assert!(keys.contains(word(cooperation, "from")) && keys.contains(word(cooperation, "to")), "{cooperation}");
        }
    }
}
