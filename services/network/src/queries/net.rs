//! Questions about the net as a whole.
use super::{READERS, sees_all};
use crate::domain::actor::Actor;
use crate::domain::cooperation::{Cooperation, State};
use crate::domain::graph::{self, Link, Standing};
use crate::domain::violation::Violation;
use crate::store::{self, Page};
use bildung_chassis::{Principal, Result, Store};
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The net: actors with their degree, and the cooperations between them.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    pub(crate) nodes: Vec<(Actor, u32)>,
    pub(crate) edges: Vec<Cooperation>,
}

/// Which part of the net; an empty list means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) types: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) districts: Vec<String>,
    pub(crate) states: Vec<String>,
}

const ALL: Page = Page { limit: i64::MAX, offset: 0 };

/// The active actors that match and the cooperations between them.
pub(crate) async fn net(store: &Store, principal: &Principal, part: Part) -> Result<Net> {
    let actors = store::actor::Filter {
        types: part.types,
        life_phases: part.life_phases,
        districts: part.districts,
        states: vec!["active".to_owned()],
        ..store::actor::Filter::default()
    };
    let actors = store::actor::list(store.pool(), &actors, ALL).await?;
    let shown = |state: State| match part.states.is_empty() {
        _ if !sees_all(principal) => state == State::Active,
        true => state != State::Ended,
        false => part.states.iter().any(|code| code == state.as_str()),
    };
    let known: BTreeSet<Uuid> = actors.iter().map(|actor| actor.id).collect();
    let edges: Vec<Cooperation> = cooperations(store)
        .await?
        .into_iter()
        .filter(|edge| shown(edge.state) && known.contains(&edge.from) && known.contains(&edge.to))
        .collect();
    let ids: Vec<Uuid> = actors.iter().map(|actor| actor.id).collect();
    // A node's degree counts the edges that are shown, whatever their state.
    let links: Vec<Link> = edges.iter().map(|edge| Link { active: true, ..link(edge) }).collect();
    let degrees = graph::standings(&ids, &links).into_iter().map(|(_, standing)| standing.partners);
    Ok(Net { nodes: actors.into_iter().zip(degrees).collect(), edges })
}

/// A table about the active actors.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) as_of: Timestamp,
    pub(crate) actors: usize,
    pub(crate) cooperations: usize,
    pub(crate) density: f64,
    pub(crate) rows: Vec<(Actor, Standing)>,
}

/// What a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Every actor, the best linked first.
    Degree,
    /// Actors without an active cooperation, those without an intended one first.
    Isolates,
}

impl View {
    /// Its code.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Degree => "degree",
            Self::Isolates => "isolates",
        }
    }

    /// The view of a code.
    pub(crate) fn of_field(code: &str) -> Result<Self, Violation> {
        match code {
            "degree" | "" => Ok(Self::Degree),
            "isolates" => Ok(Self::Isolates),
            _ => Err(Violation::UnknownCode {
                pointer: "?view",
                code: code.chars().take(64).collect(),
                known: "degree, isolates".to_owned(),
            }),
        }
    }
}

/// A table about the active actors and the live cooperations between them.
pub(crate) async fn table(store: &Store, principal: &Principal, view: View) -> Result<Table> {
    principal.require(READERS)?;
    let actors = store::actor::all_active(store.pool()).await?;
    let ids: Vec<Uuid> = actors.iter().map(|actor| actor.id).collect();
    let known: BTreeSet<Uuid> = ids.iter().copied().collect();
    let links: Vec<Link> = cooperations(store)
        .await?
        .iter()
        .filter(|edge| matches!(edge.state, State::Wished | State::Planned | State::Active))
        .map(link)
        .filter(|link| known.contains(&link.from) && known.contains(&link.to))
        .collect();
    let standings = graph::standings(&ids, &links).into_iter().map(|(_, standing)| standing);
    let mut rows: Vec<(Actor, Standing)> = actors.into_iter().zip(standings).collect();
    match view {
        View::Degree => rows.sort_by_key(|(_, standing)| std::cmp::Reverse((standing.partners, standing.strength))),
        View::Isolates => {
            rows.retain(|(_, standing)| standing.cooperations == 0);
            rows.sort_by_key(|(_, standing)| standing.intended);
        }
    }
    Ok(Table {
        as_of: store.clock().now(),
        actors: ids.len(),
        cooperations: links.iter().filter(|link| link.active).count(),
        density: graph::density(&ids, &links),
        rows,
    })
}

async fn cooperations(store: &Store) -> Result<Vec<Cooperation>> {
    let all = store::cooperation::list(store.pool(), &store::cooperation::Filter::default(), ALL).await?;
    Ok(all.into_iter().map(|named| named.cooperation).collect())
}

fn link(edge: &Cooperation) -> Link {
    Link { from: edge.from, to: edge.to, strength: u32::try_from(edge.strength).unwrap_or_default(), active: edge.state == State::Active }
}
