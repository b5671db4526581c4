//! Taking over a list of actors and cooperations from another register.
use super::{WRITERS, actors, today};
use crate::domain::Violation;
use crate::domain::actor::{Actor, GivenProfile, News, Profile, State};
use crate::domain::cooperation::{Cooperation, GivenCooperation, Side, Type};
use crate::store;
use bildung_chassis::{Error, Refusal, Result, Work};
use jiff::civil::Date;
use serde_json::{Value, json};

/// An actor as the other register has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportedActor {
    pub(crate) key: String,
    pub(crate) profile: GivenProfile,
}

/// A cooperation as the other register has it, between keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportedCooperation {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) cooperation: GivenCooperation,
    pub(crate) until: Option<Date>,
}

/// What became of the records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) read: u32,
    pub(crate) created: u32,
    pub(crate) updated: u32,
    pub(crate) unchanged: u32,
    pub(crate) rejected: u32,
}

/// A record that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) pointer: String,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// What became of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) actors: Counts,
    pub(crate) cooperations: Counts,
    pub(crate) rejected: Vec<Rejected>,
}

enum Outcome {
    Created,
    Updated,
    Unchanged,
}

/// Takes over what is new or changed in the list. Actors are known by their keys, cooperations by the two and the type;
/// what staff edited stays unless the record itself changed since the last time.
pub(crate) async fn import(
    work: &mut Work,
    given_actors: &[ImportedActor],
    cooperations: &[Result<ImportedCooperation, Violation>],
) -> Result<Report> {
    work.principal.require(WRITERS)?;
    let mut report = Report::default();
    for (index, given) in given_actors.iter().enumerate() {
        let outcome = actor(work, given).await;
        report.rejected.extend(count(&mut report.actors, outcome, format!("/actors/{index}"))?);
    }
    for (index, given) in cooperations.iter().enumerate() {
        let outcome = cooperation(work, given).await;
        report.rejected.extend(count(&mut report.cooperations, outcome, format!("/cooperations/{index}"))?);
    }
    Ok(report)
}

fn count(counts: &mut Counts, outcome: Result<Outcome>, pointer: String) -> Result<Option<Rejected>> {
    counts.read += 1;
    match outcome {
        Ok(Outcome::Created) => counts.created += 1,
        Ok(Outcome::Updated) => counts.updated += 1,
        Ok(Outcome::Unchanged) => counts.unchanged += 1,
        // A failed statement has ended the transaction: only what the domain refuses can be passed over.
        Err(Error::Refused(refusal)) if refusal.kind != bildung_chassis::Kind::Unavailable => {
            counts.rejected += 1;
            return Ok(Some(rejected(pointer, refusal)));
        }
        Err(error) => return Err(error),
    }
    Ok(None)
}

fn rejected(pointer: String, refusal: Refusal) -> Rejected {
    let field = refusal.fields.first().map(|field| field.pointer.as_str()).unwrap_or_default();
    Rejected { pointer: pointer + field, code: refusal.code, detail: refusal.message }
}

async fn actor(work: &mut Work, given: &ImportedActor) -> Result<Outcome> {
    let key = actors::key(&given.key)?;
    let profile = Profile::check(&given.profile)?;
    let record = record(&profile);
    let Some((mut actor, imported)) = store::actor::lock_imported(work.tx(), &key).await? else {
        let actor = Actor::register(work.id(), Some(key), profile, State::Active, work.now)?;
        store::actor::insert(work.tx(), &actor).await?;
        store::actor::remember_imported(work.tx(), actor.id, &record).await?;
        actors::tell(work, &actor, News::Registered).await?;
        return Ok(Outcome::Created);
    };
    if imported.as_ref() == Some(&record) {
        return Ok(Outcome::Unchanged);
    }
    let (revision, state) = (actor.revision, actor.state);
    let news = actor.change(revision, profile, state, work.now)?;
    store::actor::save(work.tx(), &actor).await?;
    store::actor::remember_imported(work.tx(), actor.id, &record).await?;
    actors::tell(work, &actor, news).await?;
    Ok(Outcome::Updated)
}

fn record(profile: &Profile) -> Value {
    json!({
        "name": profile.name, "short_name": profile.short_name, "other_names": profile.other_names,
        "kind": profile.kind.as_str(), "types": profile.types, "life_phases": profile.life_phases,
        "themes": profile.themes, "districts": profile.districts, "languages": profile.languages,
        "web": profile.web, "description": profile.description,
    })
}

async fn cooperation(work: &mut Work, given: &Result<ImportedCooperation, Violation>) -> Result<Outcome> {
    let given = given.as_ref().map_err(Clone::clone)?;
    let from = side(work, &given.from, "/from").await?;
    let to = side(work, &given.to, "/to").await?;
    let kind = Type::of_field("/type", &given.cooperation.kind)?;
    if store::cooperation::exists(work.tx(), from.actor, to.actor, kind).await? {
        return Ok(Outcome::Unchanged);
    }
    let cooperation = Cooperation::record(work.id(), from, to, &given.cooperation, given.until, today(work.now))?;
    let now = work.now;
    store::cooperation::insert(work.tx(), &cooperation, now).await?;
    Ok(Outcome::Created)
}

async fn side(work: &mut Work, key: &str, pointer: &'static str) -> Result<Side> {
    match store::actor::lock_imported(work.tx(), key).await? {
        Some((actor, _)) => Ok(Side { actor: actor.id, state: actor.state }),
        None => Err(Violation::UnknownReference { pointer, what: "the actor's key" }.into()),
    }
}
