//! Which ends of flows the attacker could use: for moving on, and for talking to the outside. Other actions hinder nobody.

use std::collections::{BTreeMap, BTreeSet};

use crate::ground::{Ground, Ordinary};

/// What actions are of interest to an attacker who could reach some assets and talk to the outside.
pub(crate) struct Wanted<'w> {
    within: &'w [bool],
    /// Per flow: sources and targets that talk, or from which an account lets somebody in.
    talking: BTreeMap<u32, (BTreeSet<u32>, BTreeSet<u32>)>,
    segments: BTreeSet<(u32, u32)>,
    inhabited: BTreeSet<u32>,
}

/// Ends of one flow that are of interest.
pub(crate) struct Ends<'w> {
    within: &'w [bool],
    moves: bool,
    talking: Option<&'w (BTreeSet<u32>, BTreeSet<u32>)>,
}

impl Ends<'_> {
    pub(crate) fn wants_from(&self, unit: u32) -> bool {
        self.within[unit as usize] || self.talking.is_some_and(|it| it.0.contains(&unit))
    }

    pub(crate) fn wants_to(&self, unit: u32) -> bool {
        (self.moves && self.within[unit as usize]) || self.talking.is_some_and(|it| it.1.contains(&unit))
    }
}

impl<'w> Wanted<'w> {
    pub(crate) fn new(ground: &Ground<'_>, within: &'w [bool]) -> Self {
        let mut talking: BTreeMap<u32, (BTreeSet<u32>, BTreeSet<u32>)> = BTreeMap::new();
        let talk = ground.talk();
        for chain in talk.chains.iter().filter(|_| !talk.unknown) {
            let ends = talking.entry(chain.flow).or_default();
            let (far, near) =
                if chain.outward { (&mut ends.1, &mut ends.0) } else { (&mut ends.0, &mut ends.1) };
            far.extend(chain.far.iter().map(|it| it.unit()));
            near.extend(chain.near.iter().map(|it| it.unit()));
        }
        for entry in ground.entries() {
            let ends = talking.entry(entry.flow).or_default();
            ends.0.extend(&entry.from);
            ends.1.extend(&entry.to);
        }
        let zone = |it: &u32| ground.index.zone_of(*it);
        let mut segments = BTreeSet::new();
        for (from, to) in talking.values() {
            let to: BTreeSet<u32> = to.iter().map(zone).collect();
            for from in from.iter().map(zone).collect::<BTreeSet<u32>>() {
                segments.extend(to.iter().map(|&it| (from, it)));
            }
        }
        let reached = (0..within.len() as u32).filter(|&it| within[it as usize]);
        let inhabited = reached.map(|it| zone(&it)).collect();
        Self { within, talking, segments, inhabited }
    }

    /// The ends of interest of a flow; none when it has none.
    pub(crate) fn ends(&self, ordinary: &Ordinary) -> Option<Ends<'_>> {
        let moves = ordinary.from.iter().any(|&it| self.within[it as usize]);
        let talking = self.talking.get(&ordinary.flow);
        (moves || talking.is_some()).then_some(Ends { within: self.within, moves, talking })
    }

    pub(crate) fn wants_segment(&self, pair: (u32, u32)) -> bool {
        self.inhabited.contains(&pair.0) || self.segments.contains(&pair)
    }

    /// Assets whose isolation is of interest, ascending.
    pub(crate) fn isolated(&self, ground: &Ground<'_>) -> Vec<u32> {
        let talk = ground.talk();
        let of_interest =
            |it: &u32| self.within[*it as usize] || talk.outlets.contains(it) || talk.inlets.contains(it);
        (0..self.within.len() as u32).filter(of_interest).collect()
    }
}

/// Sources and targets, every pair of which is meant.
type Biclique = (Vec<u32>, Vec<u32>);

/// Pairs of a relay, which no service names and the attacker does not hold, and an external asset, by a flow that no
/// service names: nobody knows what blocking them costs.
pub(crate) struct Unpriced {
    /// Per flow, by its position in `ground.ordinary`: (sources, targets) of such pairs, both ways.
    ends: BTreeMap<usize, [Biclique; 2]>,
}

impl Unpriced {
    pub(crate) fn new(ground: &Ground<'_>) -> Self {
        let outside = |it: &u32| ground.index.is_external(*it);
        let relay = |it: &u32| {
            let named = ground.fixed.named.assets.contains(it);
            !outside(it) && ground.asset(*it).relay && !ground.is_held(*it) && !named
        };
        let mut ends = BTreeMap::new();
        for (at, ordinary) in ground.ordinary.iter().enumerate() {
            let touches = ordinary.from_zones.iter().chain(&ordinary.to_zones).any(|it| outside(&it.1));
            if !touches || ground.fixed.named.flows.contains(&ordinary.flow) {
                continue;
            }
            let to = &ground.flow(ordinary.flow).to;
            let of = |units: &[u32], wanted: &dyn Fn(&u32) -> bool| -> Vec<u32> {
                units.iter().copied().filter(|it| wanted(it)).collect()
            };
            let out = (of(&ordinary.from, &relay), of(to, &outside));
            let back = (of(&ordinary.from, &outside), of(to, &relay));
            ends.insert(at, [out, back]);
        }
        Self { ends }
    }

    /// Whether blocking the pairs of such ends of the flow at this position would block such a pair.
    pub(crate) fn is_hit(
        &self,
        ground: &Ground<'_>,
        at: usize,
        from: impl Fn(u32) -> bool,
        to: impl Fn(u32) -> bool,
    ) -> bool {
        let flow = ground.ordinary[at].flow;
        self.ends.get(&at).into_iter().flatten().any(|(sources, targets)| {
            sources.iter().filter(|it| from(**it)).any(|&source| {
                let mut blocked = targets.iter().filter(|it| to(**it));
                blocked.any(|&it| !ground.exempt.covers(&ground.index, flow, source, it))
            })
        })
    }
}
