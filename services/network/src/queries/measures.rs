//! Questions about measures: for staff.
use super::READERS;
use crate::domain::measure::{Measure, State};
use crate::domain::proposal::{Alert, Candidate};
use crate::store::measure::{Filter, Taken};
use crate::store::{self, Page};
use bildung_chassis::{Principal, Refusal, Result, Store};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A measure with what it refers to.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) measure: Measure,
    pub(crate) alert: Option<Alert>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) names: BTreeMap<Uuid, String>,
    pub(crate) history: Vec<Taken>,
}

/// A page of measures.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) total: i64,
    pub(crate) by_state: Vec<(State, i64)>,
    pub(crate) measures: Vec<View>,
}

/// A measure with its history.
pub(crate) async fn get(store: &Store, principal: &Principal, id: Uuid) -> Result<View> {
    principal.require(READERS)?;
    let measure = store::measure::find(store.pool(), id).await?;
    let measure = measure.ok_or_else(|| Refusal::not_found("measure_not_found", "there is no such measure"))?;
    let mut views = views(store, vec![measure]).await?;
    let mut view = views.pop().ok_or_else(|| anyhow::anyhow!("a measure has no view"))?;
    view.history = store::measure::history(store.pool(), id).await?;
    Ok(view)
}

/// A page of measures, newest first.
pub(crate) async fn list(store: &Store, principal: &Principal, filter: &Filter, page: Page) -> Result<Listed> {
    principal.require(READERS)?;
    let mut by_state = store::measure::count_by_state(store.pool(), filter).await?;
    by_state.sort_unstable();
    let asked = |state: &State| filter.states.is_empty() || filter.states.iter().any(|code| code == state.as_str());
    let total = by_state.iter().filter(|(state, _)| asked(state)).map(|(_, count)| count).sum();
    let measures = store::measure::list(store.pool(), filter, page).await?;
    Ok(Listed { total, by_state, measures: views(store, measures).await? })
}

async fn views(store: &Store, measures: Vec<Measure>) -> Result<Vec<View>> {
    let ids: Vec<Uuid> = measures.iter().map(|measure| measure.id).collect();
    let alert_ids: Vec<Uuid> = measures.iter().filter_map(|measure| measure.origin.as_ref()?.alert_id).collect();
    let mut candidates: BTreeMap<Uuid, Vec<Candidate>> = BTreeMap::new();
    for (measure, candidate) in store::measure::candidates(store.pool(), &ids).await? {
        candidates.entry(measure).or_default().push(candidate);
    }
    let alerts: BTreeMap<Uuid, Alert> =
        store::alert::find(store.pool(), &alert_ids).await?.into_iter().map(|alert| (alert.id, alert)).collect();
    let actors: BTreeSet<Uuid> = measures
        .iter()
        .flat_map(|measure| measure.lead.into_iter().chain(measure.partners.iter().copied()))
        .chain(candidates.values().flatten().map(|candidate| candidate.actor))
        .collect();
    let actors: Vec<Uuid> = actors.into_iter().collect();
    let names: BTreeMap<Uuid, String> = store::actor::names(store.pool(), &actors).await?.into_iter().collect();
    let view = |measure: Measure| View {
        alert: measure.origin.as_ref().and_then(|origin| alerts.get(&origin.alert_id?).cloned()),
        candidates: candidates.remove(&measure.id).unwrap_or_default(),
        names: names.clone(),
        history: Vec::new(),
        measure,
    };
    Ok(measures.into_iter().map(view).collect())
}
