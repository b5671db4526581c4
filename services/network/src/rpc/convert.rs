//! Between messages and the domain's types.
use crate::commands::import::{Counts, ImportedActor, ImportedCooperation, Rejected, Report};
use crate::domain::Violation;
use crate::domain::actor::{Actor, GivenProfile, Profile};
use crate::domain::cooperation::GivenCooperation;
use crate::domain::graph;
use crate::domain::measure::State;
use crate::domain::proposal::Alert;
use crate::queries::measures::{Listed, View};
use crate::queries::net::{self, Net, Table};
use crate::store::cooperation::Named;
use crate::store::measure::Taken;
use bildung_proto::rpc::network as pb;
use jiff::civil::Date;
use std::collections::BTreeMap;
use uuid::Uuid;

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl From<pb::ActorProfile> for GivenProfile {
    fn from(profile: pb::ActorProfile) -> Self {
        Self {
            name: profile.name,
            short_name: profile.short_name,
            other_names: profile.other_names,
            kind: profile.kind,
            types: profile.types,
            life_phases: profile.life_phases,
            themes: profile.themes,
            districts: profile.districts,
            languages: profile.languages,
            web: profile.web,
            description: profile.description,
        }
    }
}

impl From<Profile> for pb::ActorProfile {
    fn from(profile: Profile) -> Self {
        Self {
            name: profile.name,
            short_name: profile.short_name,
            other_names: profile.other_names,
            kind: profile.kind.as_str().to_owned(),
            types: profile.types,
            life_phases: profile.life_phases,
            themes: profile.themes,
            districts: profile.districts,
            languages: profile.languages,
            web: profile.web,
            description: profile.description,
        }
    }
}

impl From<Actor> for pb::Actor {
    fn from(actor: Actor) -> Self {
        Self {
            id: actor.id.to_string(),
            profile: Some(actor.profile.into()),
            state: actor.state.as_str().to_owned(),
            revision: actor.revision,
            key: actor.key.unwrap_or_default(),
            registered_at: actor.registered_at.to_string(),
            changed_at: actor.changed_at.to_string(),
        }
    }
}

pub(super) fn cooperation(message: pb::AddCooperationRequest, since: Option<Date>) -> GivenCooperation {
    GivenCooperation {
        kind: message.r#type,
        strength: message.strength,
        formality: message.formality,
        state: message.state,
        since,
        note: message.note,
    }
}

impl From<Named> for pb::Cooperation {
    fn from(named: Named) -> Self {
        let cooperation = named.cooperation;
        Self {
            id: cooperation.id.to_string(),
            from: Some(pb::ActorRef { id: cooperation.from.to_string(), name: named.from_name }),
            to: Some(pb::ActorRef { id: cooperation.to.to_string(), name: named.to_name }),
            r#type: cooperation.kind.as_str().to_owned(),
            strength: u32::try_from(cooperation.strength).unwrap_or_default(),
            formality: cooperation.formality.as_str().to_owned(),
            state: cooperation.state.as_str().to_owned(),
            since: text(cooperation.since),
            until: text(cooperation.until),
            note: cooperation.note,
            end_reason: cooperation.end_reason,
            revision: cooperation.revision,
        }
    }
}

impl From<View> for pb::Measure {
    fn from(view: View) -> Self {
        let View { measure, alert, candidates, names, history } = view;
        let actor = |id: Uuid| named(&names, id);
        Self {
            id: measure.id.to_string(),
            next_states: measure.next_states().into_iter().map(|state| state.as_str().to_owned()).collect(),
            title: measure.title,
            reasoning: measure.reasoning,
            state: measure.state.as_str().to_owned(),
            origin: measure.origin.map(|origin| pb::MeasureOrigin {
                alert_id: text(origin.alert_id),
                indicator_id: origin.indicator_id,
                alert: alert.map(Into::into),
            }),
            candidates: candidates
                .into_iter()
                .map(|candidate| pb::Candidate { actor: Some(actor(candidate.actor)), reasons: candidate.reasons })
                .collect(),
            goal: measure.goal,
            lead: measure.lead.map(actor),
            partners: measure.partners.into_iter().map(actor).collect(),
            target: measure.target.unwrap_or_default(),
            due_on: text(measure.due_on),
            reason: measure.reason,
            findings: measure.findings,
            proposed_at: measure.proposed_at.to_string(),
            decided_at: text(measure.decided_at),
            revision: measure.revision,
            history: history.into_iter().map(Into::into).collect(),
        }
    }
}

fn named(names: &BTreeMap<Uuid, String>, id: Uuid) -> pb::ActorRef {
    pb::ActorRef { id: id.to_string(), name: names.get(&id).cloned().unwrap_or_default() }
}

impl From<Alert> for pb::Alert {
    fn from(alert: Alert) -> Self {
        Self {
            rule_id: alert.rule_id,
            area_code: alert.area_code,
            area_name: alert.area_name,
            period: alert.period,
            value: alert.value,
            unit: alert.unit,
            reference_area_code: alert.reference_area_code,
            reference_area_name: alert.reference_area_name,
            reference_value: alert.reference_value,
            margin: alert.margin,
            raised_at: alert.raised_at.to_string(),
            cleared_at: text(alert.cleared_at),
            cleared_reason: alert.cleared_reason,
        }
    }
}

impl From<Taken> for pb::MeasureStep {
    fn from(taken: Taken) -> Self {
        Self {
            at: taken.at.to_string(),
            what: taken.step.what.as_str().to_owned(),
            from_state: taken.step.from.as_str().to_owned(),
            to_state: taken.step.to.as_str().to_owned(),
            by: taken.by,
            note: taken.step.note,
        }
    }
}

impl From<Listed> for pb::ListMeasuresResponse {
    fn from(listed: Listed) -> Self {
        let count = |(state, count): (State, i64)| pb::StateCount { state: state.as_str().to_owned(), count };
        Self {
            total: listed.total,
            measures: listed.measures.into_iter().map(Into::into).collect(),
            by_state: listed.by_state.into_iter().map(count).collect(),
        }
    }
}

impl From<Net> for pb::GetNetworkResponse {
    fn from(net: Net) -> Self {
        let node = |(actor, degree): (Actor, u32)| pb::Node {
            id: actor.id.to_string(),
            name: actor.profile.name,
            kind: actor.profile.kind.as_str().to_owned(),
            types: actor.profile.types,
            life_phases: actor.profile.life_phases,
            districts: actor.profile.districts,
            degree,
        };
        let edges = net.edges.into_iter().map(|edge| pb::Edge {
            id: edge.id.to_string(),
            from: edge.from.to_string(),
            to: edge.to.to_string(),
            r#type: edge.kind.as_str().to_owned(),
            strength: u32::try_from(edge.strength).unwrap_or_default(),
            state: edge.state.as_str().to_owned(),
        });
        Self { edges: edges.collect(), nodes: net.nodes.into_iter().map(node).collect() }
    }
}

pub(super) fn table(view: net::View, table: Table) -> pb::AnalyseResponse {
    let rows = table.rows.into_iter().map(|(actor, standing)| pb::AnalysisRow {
        actor: Some(pb::ActorRef { id: actor.id.to_string(), name: actor.profile.name }),
        partners: standing.partners,
        cooperations: standing.cooperations,
        strength: standing.strength,
        intended: standing.intended,
    });
    pb::AnalyseResponse {
        view: view.as_str().to_owned(),
        as_of: table.as_of.to_string(),
        actors: graph::count(table.actors),
        cooperations: graph::count(table.cooperations),
        density: table.density,
        rows: rows.collect(),
    }
}

impl From<pb::ImportedActor> for ImportedActor {
    fn from(actor: pb::ImportedActor) -> Self {
        Self { key: actor.key, profile: actor.profile.unwrap_or_default().into() }
    }
}

/// A record whose days cannot be read is refused alone, not with the whole list.
pub(super) fn imported_cooperation(message: pb::ImportedCooperation) -> Result<ImportedCooperation, Violation> {
    let since = super::day(&message.since, "/since")?;
    let until = super::day(&message.until, "/until")?;
    let cooperation = GivenCooperation {
        kind: message.r#type,
        strength: message.strength,
        formality: message.formality,
        state: message.state,
        since,
        note: String::new(),
    };
    Ok(ImportedCooperation { from: message.from, to: message.to, cooperation, until })
}

impl From<Counts> for pb::ImportCounts {
    fn from(counts: Counts) -> Self {
        Self { read: counts.read, created: counts.created, updated: counts.updated, unchanged: counts.unchanged, rejected: counts.rejected }
    }
}

impl From<Report> for pb::ImportActorsResponse {
    fn from(report: Report) -> Self {
        let error = |rejected: Rejected| pb::ImportError { pointer: rejected.pointer, code: rejected.code, detail: rejected.detail };
        Self {
            actors: Some(report.actors.into()),
            cooperations: Some(report.cooperations.into()),
            errors: report.rejected.into_iter().map(error).collect(),
        }
    }
}
