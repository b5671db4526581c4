//! An offer: what a resident can take part in, with its source and its state.
use super::record::{Occurrence, Record};
use bildung_proto::events::catalogue::{OfferProvider, OfferState as Fact};
use jiff::Timestamp;
use uuid::Uuid;

/// Where an offer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not yet visible.
    Draft,
    /// Visible to everybody.
    Published,
    /// Its source's window of validity has closed.
    Expired,
    /// Taken back.
    Withdrawn,
}

impl State {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Expired, Self::Withdrawn].into_iter().find(|state| state.as_str() == code)
    }
}

/// Why an offer is no longer visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// A full feed no longer has it.
    VanishedFromSource,
    /// The import that brought it was taken back.
    ImportUndone,
}

impl Withdrawal {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VanishedFromSource => "vanished_from_source",
            Self::ImportUndone => "import_undone",
        }
    }
}

/// A provider of offers, the actor of the network if it is known there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The catalogue's provider.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The actor.
    pub actor_id: Option<Uuid>,
}

/// An offer as it is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its id, the same for ever.
    pub id: Uuid,
    /// The source.
    pub source: String,
    /// The source's id of the record.
    pub record_key: String,
    /// Its state.
    pub state: State,
    /// Its content.
    pub record: Record,
    /// Its provider.
    pub provider: Provider,
    /// Its dates, with their ids.
    pub instances: Vec<Instance>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A date of an offer with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub occurrence: Occurrence,
}

/// Whether all dates have passed; an offer without dates is never over.
pub fn is_over<'o>(occurrences: impl IntoIterator<Item = &'o Occurrence>, now: Timestamp) -> bool {
    let mut any = false;
    for occurrence in occurrences {
        if occurrence.end >= now {
            return false;
        }
        any = true;
    }
    any
}

/// What other services may know of an offer.
pub fn fact(offer_id: Uuid, record: &Record, provider: &Provider, now: Timestamp) -> Fact {
    Fact {
        offer_id,
        title: record.title.clone(),
        provider: OfferProvider { provider_id: provider.id, actor_id: provider.actor_id, name: provider.name.clone() },
        topics: record.topics.clone(),
        life_phases: record.life_phases.clone(),
        district: record.district.clone(),
        language: record.language.clone(),
        level: record.level.map(|level| level.as_str().to_owned()),
        over: is_over(&record.occurrences, now),
    }
}

/// Gives the dates of a record their ids: a date that was there before keeps its own.
pub fn assign_ids(before: &[Instance], occurrences: &[Occurrence], mut new_id: impl FnMut() -> Uuid) -> Vec<Instance> {
    let mut free: Vec<&Instance> = before.iter().collect();
    occurrences
        .iter()
        .map(|occurrence| {
            let held = free.iter().position(|instance| instance.occurrence.start == occurrence.start).map(|at| free.remove(at).id);
            Instance { id: held.unwrap_or_else(&mut new_id), occurrence: occurrence.clone() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: &str, end: &str) -> Occurrence {
        Occurrence { start: start.parse().unwrap(), end: end.parse().unwrap(), all_day: false }
    }

    #[test]
    fn over_means_that_every_date_has_passed() {
        let now = "2026-03-02T08:00:00Z".parse().unwrap();
        let past = at("2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z");
        let running = at("2026-03-02T07:00:00Z", "2026-03-02T09:00:00Z");
        assert!(is_over([&past], now));
        assert!(!is_over([&past, &running], now));
        assert!(!is_over([], now));
    }

    #[test]
    fn dates_keep_their_ids() {
        let first = at("2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z");
        let second = at("2026-03-08T08:00:00Z", "2026-03-08T09:00:00Z");
        let held = assign_ids(&[], &[first.clone(), second.clone()], || Uuid::from_u128(7));
        let before = vec![Instance { id: Uuid::from_u128(1), ..held[0].clone() }, Instance { id: Uuid::from_u128(2), ..held[1].clone() }];
        let longer = at("2026-03-08T08:00:00Z", "2026-03-08T10:00:00Z");
        let third = at("2026-03-15T08:00:00Z", "2026-03-15T09:00:00Z");
        let after = assign_ids(&before, &[longer, third], || Uuid::from_u128(9));
        assert_eq!(after.iter().map(|instance| instance.id.as_u128()).collect::<Vec<_>>(), [2, 9]);
    }
}
