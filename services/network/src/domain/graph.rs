//! The net as a graph: simple figures that are true of what is recorded, no more.
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A link between two actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    pub(crate) strength: u32,
    /// It happens now; otherwise it is wished for or planned.
    pub(crate) active: bool,
}

/// How an actor is linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Distinct actors it works with.
    pub(crate) partners: u32,
    /// Active cooperations.
    pub(crate) cooperations: u32,
    /// Sum of their strength.
    pub(crate) strength: u32,
    /// Wished or planned cooperations.
    pub(crate) intended: u32,
}

/// The standing of every actor, in the order given. Links to actors that are not given do not count.
pub(crate) fn standings(actors: &[Uuid], links: &[Link]) -> Vec<(Uuid, Standing)> {
    let known: BTreeSet<Uuid> = actors.iter().copied().collect();
    let mut standings: BTreeMap<Uuid, (Standing, BTreeSet<Uuid>)> = BTreeMap::new();
    for link in links.iter().filter(|link| known.contains(&link.from) && known.contains(&link.to)) {
        for (one, other) in [(link.from, link.to), (link.to, link.from)] {
            let (standing, partners) = standings.entry(one).or_default();
            if link.active {
                standing.cooperations += 1;
                standing.strength += link.strength;
                partners.insert(other);
            } else {
                standing.intended += 1;
            }
        }
    }
    let standing_of = |actor: &Uuid| match standings.get(actor) {
        Some((standing, partners)) => Standing { partners: count(partners.len()), ..*standing },
        None => Standing::default(),
    };
    actors.iter().map(|actor| (*actor, standing_of(actor))).collect()
}

/// Linked pairs among all possible pairs; 0 where no pair is possible.
pub(crate) fn density(actors: &[Uuid], links: &[Link]) -> f64 {
    let known: BTreeSet<Uuid> = actors.iter().copied().collect();
    let linked: BTreeSet<(Uuid, Uuid)> = links
        .iter()
        .filter(|link| link.active && known.contains(&link.from) && known.contains(&link.to))
        .map(|link| (link.from.min(link.to), link.from.max(link.to)))
        .collect();
    let nodes = f64::from(count(known.len()));
    let possible = nodes * (nodes - 1.0) / 2.0;
    if possible > 0.0 { f64::from(count(linked.len())) / possible } else { 0.0 }
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn link(from: u128, to: u128, active: bool) -> Link {
        Link { from: id(from), to: id(to), strength: 2, active }
    }

    #[test]
    fn two_cooperations_with_one_partner_are_one_partner() {
        let actors = [id(1), id(2), id(3)];
        let links = [link(1, 2, true), link(2, 1, true), link(1, 3, false)];
        let standings = standings(&actors, &links);
        assert_eq!(standings[0].1, Standing { partners: 1, cooperations: 2, strength: 4, intended: 1 });
        assert_eq!(standings[2].1, Standing { intended: 1, ..Standing::default() });
        assert!((density(&actors, &links) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn links_to_actors_outside_do_not_count() {
        assert_eq!(standings(&[id(1)], &[link(1, 9, true)])[0].1, Standing::default());
        assert!(density(&[id(1)], &[link(1, 9, true)]).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn the_sum_of_cooperations_is_twice_their_number(pairs in prop::collection::vec((0_u128..8, 0_u128..8), 0..30)) {
            let actors: Vec<Uuid> = (0..8).map(id).collect();
            let links: Vec<Link> = pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| link(a, b, true)).collect();
            let sum: u32 = standings(&actors, &links).iter().map(|(_, standing)| standing.cooperations).sum();
            prop_assert_eq!(sum, 2 * count(links.len()));
            prop_assert!((0.0..=1.0).contains(&density(&actors, &links)));
        }
    }
}
