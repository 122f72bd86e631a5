//! Pairs that an action blocks although their source is not compromised: of plans that cost the same the one with the
//! fewest is taken, and where no service prices the flow of one, somebody must approve.

use std::cell::OnceCell;

use crate::actions::Effect;
use crate::ground::{Ground, Ordinary};

/// What an action takes from others than the compromised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Pairs of assets, flow by flow, that it blocks and whose source is not compromised.
    pub(crate) pairs: u64,
    /// Whether one of them is of a flow that no service names.
    pub(crate) unpriced: bool,
}

/// Counts such pairs, flow by flow and without listing them.
pub(crate) struct Blocked<'g, 'e> {
    ground: &'g Ground<'e>,
    flows: Vec<OnceCell<Ends>>,
}

/// How many assets stand at the ends of a flow.
struct Ends {
    /// Those that open it and are not compromised.
    foreign: u64,
    /// Those that answer, and those of them with protected addresses.
    to: u64,
    to_protected: u64,
    /// Units that open it, not compromised, of whose pairs some may be kept open.
    exempt: Vec<u32>,
}

impl<'g, 'e> Blocked<'g, 'e> {
    pub(crate) fn new(ground: &'g Ground<'e>) -> Self {
        Self { ground, flows: ground.ordinary.iter().map(|_| OnceCell::new()).collect() }
    }

    /// What `effect` blocks of the flows at these positions of `ground.ordinary`: those that it may concern.
    pub(crate) fn by(&self, effect: Effect, concerned: &[u32]) -> Foreign {
        let mut found = Foreign::default();
        for &at in concerned {
            let pairs = self.of_flow(effect, at as usize);
            found.pairs += pairs;
            let flow = self.ground.ordinary[at as usize].flow;
            found.unpriced |= pairs > 0 && !self.ground.fixed.named.flows.contains(&flow);
        }
        found
    }

    fn of_flow(&self, effect: Effect, at: usize) -> u64 {
        match effect {
            Effect::Disable(_) => 0,
            Effect::Flow(_) => self.ordinary(at).from.iter().map(|&it| self.out_of(at, it)).sum(),
            Effect::FlowFrom(_, from) => self.out_of(at, from),
            Effect::FlowTo(_, to) => self.into(at, to, false),
            Effect::Segment(from, to) => self.across(at, from, to),
            Effect::Isolate(unit) => {
                let opens = self.ordinary(at).from.binary_search(&unit).is_ok();
                let answers = self.to(at).binary_search(&unit).is_ok();
                let out = if opens { self.out_of(at, unit) } else { 0 };
                let held = self.ground.is_held(unit);
                out + if answers { self.into(at, unit, held) } else { 0 }
            }
        }
    }

    fn ordinary(&self, at: usize) -> &'g Ordinary {
        &self.ground.ordinary[at]
    }

    fn to(&self, at: usize) -> &'g [u32] {
        &self.ground.flow(self.ordinary(at).flow).to
    }

    fn size(&self, unit: u32) -> u64 {
        self.ground.index.size(unit) as u64
    }

    fn own(&self, unit: u32) -> u64 {
        self.size(unit) * (self.size(unit) - 1)
    }

    fn is_foreign(&self, unit: u32) -> bool {
        !self.ground.start.compromised.contains(&unit)
    }

    fn is_protected(&self, unit: u32) -> bool {
        self.ground.exempt.protected().contains(&unit)
    }

    /// Pairs of assets of two units.
    fn between(&self, from: u32, to: u32) -> u64 {
        if from == to { self.own(from) } else { self.size(from) * self.size(to) }
    }

    fn ends(&self, at: usize) -> &Ends {
        self.flows[at].get_or_init(|| {
            let (ground, ordinary) = (self.ground, self.ordinary(at));
            let protected = ground.exempt.protected();
            let covering: Vec<&Vec<u32>> = ground.exempt.covering(ordinary.flow).map(|it| &it.1).collect();
            let mut ends = Ends { foreign: 0, to: 0, to_protected: 0, exempt: Vec::new() };
            for &unit in ordinary.from.iter().filter(|&&it| self.is_foreign(it)) {
                ends.foreign += self.size(unit);
                let kept = covering.iter().any(|it| it.binary_search(&unit).is_ok());
                if kept || (!protected.is_empty() && self.is_protected(unit)) {
                    ends.exempt.push(unit);
                }
            }
            for &unit in self.to(at) {
                ends.to += self.size(unit);
                if !protected.is_empty() && self.is_protected(unit) {
                    ends.to_protected += self.size(unit);
                }
            }
            ends
        })
    }

    /// Pairs that lead from `from`.
    fn out_of(&self, at: usize, from: u32) -> u64 {
        if !self.is_foreign(from) || self.is_protected(from) {
            return 0;
        }
        let ends = self.ends(at);
        let own = if self.to(at).binary_search(&from).is_ok() { self.size(from) } else { 0 };
        let all = self.size(from) * (ends.to - ends.to_protected) - own;
        if ends.exempt.binary_search(&from).is_err() {
            return all;
        }
        let kept = |it: &&u32| !self.is_protected(**it) && self.kept(at, from, **it);
        all - self.to(at).iter().filter(kept).map(|&it| self.between(from, it)).sum::<u64>()
    }

    /// Pairs that lead to `to`; where it is held, those with protected addresses too.
    fn into(&self, at: usize, to: u32, held: bool) -> u64 {
        if self.is_protected(to) {
            return 0;
        }
        let ends = self.ends(at);
        let own = self.is_foreign(to) && self.ordinary(at).from.binary_search(&to).is_ok();
        let all = self.size(to) * ends.foreign - if own { self.size(to) } else { 0 };
        let kept = |it: &&u32| (!held && self.is_protected(**it)) || self.kept(at, **it, to);
        all - ends.exempt.iter().filter(kept).map(|&it| self.between(it, to)).sum::<u64>()
    }

    /// Pairs from one zone to another.
    fn across(&self, at: usize, from: u32, to: u32) -> u64 {
        let zone = |it: &u32| self.ground.index.zone_of(*it);
        let targets: Vec<u32> =
            self.to(at).iter().copied().filter(|it| zone(it) == to && !self.is_protected(*it)).collect();
        let all: u64 = targets.iter().map(|&it| self.size(it)).sum();
        let ends = self.ends(at);
        let mut pairs = 0;
        for &unit in self.ordinary(at).from.iter().filter(|it| zone(it) == from && self.is_foreign(**it)) {
            if self.is_protected(unit) {
                continue;
            }
            if ends.exempt.binary_search(&unit).is_ok() {
                let open = targets.iter().filter(|&&it| !self.kept(at, unit, it));
                pairs += open.map(|&it| self.between(unit, it)).sum::<u64>();
            } else {
                let own = if targets.binary_search(&unit).is_ok() { self.size(unit) } else { 0 };
                pairs += self.size(unit) * all - own;
            }
        }
        pairs
    }

    fn kept(&self, at: usize, from: u32, to: u32) -> bool {
        self.ground.exempt.kept_by_channel(&self.ground.index, self.ordinary(at).flow, from, to)
    }
}
