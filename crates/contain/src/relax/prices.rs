//! How the prices of a node are moved: what no flow needs is taken back, and put where the cut pays.

use std::collections::BTreeMap;

use super::{Prices, Query, Relaxation, Status, WHOLE};
use crate::maxflow::Network;

impl Relaxation<'_, '_, '_> {
    /// Puts what services lose into the budgets of the actions that alone break them, as far as they held it before.
    pub(super) fn charge(
        &self,
        query: &Query<'_>,
        count: &[i128],
        budget: &mut [i128],
    ) -> (BTreeMap<u32, i128>, BTreeMap<(u32, u32), i128>) {
        let mut pool: BTreeMap<u32, i128> = BTreeMap::new();
        let mut wanted: BTreeMap<(u32, u32), i128> = BTreeMap::new();
        for (&action, broken) in query.alone {
            let at = action as usize;
            if query.status[at] != Status::Undecided || count[at] == 0 {
                continue;
            }
            for &(service, state) in broken {
                let step = self.step(query, service, state);
                if step > 0 {
                    let least = pool.entry(service).or_insert(step);
                    *least = (*least).min(step);
                    let before = self.charged.get(&(service, action)).copied().unwrap_or(0);
                    wanted.insert((service, action), before);
                }
            }
        }
        let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
        wanted.iter().for_each(|(key, it)| *sums.entry(key.0).or_insert(0) += it);
        let whole = pool.clone();
        for ((service, action), held) in &mut wanted {
            let (sum, most) = (sums[service], whole[service]);
            if sum > most {
                // Scaled down; costs have room for the factor once the lowest bits are left out.
                *held = (*held >> 24) * ((most << 2) / ((sum >> 22).max(1))).min(WHOLE);
            }
            *held = (*held).min(pool[service]);
            if let Some(left) = pool.get_mut(service) {
                *left -= *held;
            }
            budget[*action as usize] += *held;
        }
        (pool, wanted)
    }

    /// Takes back what no flow needs and puts it where the cut pays; false when there is nothing to move.
    pub(crate) fn move_prices(
        &self,
        prices: &mut Prices<'_>,
        network: &mut Network,
        side: &[bool],
        last: bool,
    ) -> bool {
        let n = self.problem.candidates.len();
        let first = prices.roots.len();
        let (mut used, mut here, mut elsewhere) = (vec![0_i128; n], vec![0_i128; n], vec![0_i128; n]);
        let crosses = |number: u32| {
            let arc = &self.problem.graph.arcs[number as usize];
            side[arc.from as usize] && !side[arc.to as usize]
        };
        let undecided = |action: u32| prices.query.status[action as usize] == Status::Undecided;
        for (at, &number) in prices.relevant.iter().enumerate() {
            let (sent, crossing) = (network.sent(first + at), crosses(number));
            for (_, action) in self.cutters(number).filter(|it| undecided(it.1)) {
                used[action as usize] += sent;
                let counts = if crossing { &mut here } else { &mut elsewhere };
                counts[action as usize] += 1;
            }
        }
        self.charge_more(prices, &used, &here);
        let mut moved = false;
        for (at, &number) in prices.relevant.iter().enumerate() {
            if !self.cutters(number).any(|it| here[it.1 as usize] > 0 && undecided(it.1)) {
                continue;
            }
            let (sent, crossing) = (network.sent(first + at), crosses(number));
            for (place, action) in self.cutters(number).filter(|it| undecided(it.1)) {
                let a = action as usize;
                if here[a] == 0 {
                    continue;
                }
                let slack = prices.budget[a] - used[a];
                let kept = if last || elsewhere[a] == 0 { 0 } else { slack / 4 };
                prices.price[place] =
                    sent + if crossing { (slack - kept) / here[a] } else { kept / elsewhere[a].max(1) };
            }
            let capacity = self.capacity(prices, number);
            moved |= crossing && capacity > sent;
            network.set_capacity(first + at, capacity);
        }
        moved
    }

    /// Lets actions that the cut pays in full hold more of what the services they break lose; takes back what others
    /// hold and no flow needs.
    fn charge_more(&self, prices: &mut Prices<'_>, used: &[i128], here: &[i128]) {
        for (&(service, action), held) in &mut prices.charged {
            let a = action as usize;
            let idle = (prices.budget[a] - used[a]).min(*held);
            if here[a] == 0 && idle > 0 {
                *held -= idle;
                prices.budget[a] -= idle;
                *prices.pool.entry(service).or_insert(0) += idle;
            }
        }
        let wants = |action: u32| {
            let a = action as usize;
            here[a] > 0 && (prices.budget[a] - used[a]) * 64 <= prices.budget[a]
        };
        let mut wanting: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &(service, action) in prices.charged.keys().filter(|it| wants(it.1)) {
            wanting.entry(service).or_default().push(action);
        }
        for (service, actions) in wanting {
            let left = prices.pool.get(&service).copied().unwrap_or(0);
            let each = left / actions.len() as i128;
            if each == 0 {
                continue;
            }
            prices.pool.insert(service, left - each * actions.len() as i128);
            for action in actions {
                prices.budget[action as usize] += each;
                *prices.charged.entry((service, action)).or_insert(0) += each;
            }
        }
    }
}
