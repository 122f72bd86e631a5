//! What several actions break only together: rows that raise the bound where a cut takes all of them.
//!
//! For a set B of actions that together cost a service L, and any plan x, the service loses at least
//! λ·(Σ x over B − |B| + 1) for every 0 ≤ λ ≤ L: nothing unless all of B are taken, then λ. Put into prices: each action
//! of B costs λ more, and the whole λ·(|B| − 1) less (a cover inequality with its Lagrangian multiplier; Nemhauser and
//! Wolsey, *Integer and Combinatorial Optimization*, II.2). As long as the cut takes all of B it rises by λ. Several such
//! elements of one service, single breakers included, hold together at most what it loses: of those with a loss of at
//! most t, never more than t.

use bulkhead_service::Losses;

use crate::alone::Breakers;
use crate::maxflow::{INFINITE, Network};
use crate::node::Node;
use crate::problem::Problem;
use crate::relax::{Prices, Relaxation, Status};

/// Rows added at the first node. At the others they halve the nodes and double the time (measured on 30 hosts of an
/// estate of 100,000 assets).
pub(crate) const ROOT_ROWS: u32 = 4;
/// Moves of prices after a row was added.
const ROUNDS: u32 = 8;
/// Larger sets are not looked for: their rows seldom say anything.
const MOST: usize = 12;

/// What services say to a set of actions at a node.
pub(crate) struct Judge<'q> {
    pub(crate) node: &'q Node,
    pub(crate) breakers: &'q Breakers,
    pub(crate) losses: &'q Losses,
}

/// A row with its multiplier.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) service: u32,
    /// Ascending; at least two.
    actions: Vec<u32>,
    /// What the service loses when all are taken, beyond what is paid.
    loss: i128,
    pub(crate) held: i128,
}

impl Row {
    /// Whether all of its actions are among `picked`.
    pub(crate) fn is_in(&self, picked: impl Fn(u32) -> bool) -> bool {
        self.actions.iter().all(|&it| picked(it))
    }
}

impl Judge<'_> {
    /// States of the services when `picked` are taken as well.
    fn states(&self, problem: &Problem<'_, '_>, picked: &[u32]) -> Vec<u8> {
        let mut losses = self.losses.clone();
        picked.iter().for_each(|&it| problem.candidates[it as usize].effect.apply(&mut losses));
        let all: Vec<u32> = self.node.chosen.iter().copied().chain(picked.iter().copied()).collect();
        problem.evaluate(&all, &losses).states.iter().map(|&it| it as u8).collect()
    }

    /// What a service loses beyond what is paid when it is left in `state`; without end when that is not allowed.
    fn loss(&self, problem: &Problem<'_, '_>, service: usize, state: u8) -> i128 {
        let (paid, allowed) = self.node.levels[service];
        if state > allowed {
            return INFINITE;
        }
        let table = &problem.losses[service];
        (table[state as usize] - table[paid as usize]).max(0) * problem.weights.service
    }

    /// Sets of `picked` actions that together break a service, none of which can be left out; dearest service first.
    fn covers(&self, problem: &Problem<'_, '_>, picked: &[u32]) -> Vec<Row> {
        let states = self.states(problem, picked);
        let lost = |it: usize| self.loss(problem, it, states[it]);
        let mut services: Vec<usize> = (0..states.len()).filter(|&it| lost(it) > 0).collect();
        services.sort_by_key(|&it| (std::cmp::Reverse(lost(it)), it));
        let row = |service: usize| {
            let actions = self.smallest(problem, service, states[service], picked);
            let several = (2..=MOST).contains(&actions.len());
            several.then(|| Row { service: service as u32, actions, loss: lost(service), held: 0 })
        };
        services.into_iter().filter_map(row).collect()
    }

    /// Of `picked`, a set that leaves the service in `state` and none of which can be left out.
    fn smallest(&self, problem: &Problem<'_, '_>, service: usize, state: u8, picked: &[u32]) -> Vec<u32> {
        let breakers = self.breakers.of(service);
        let mut part: Vec<u32> =
            picked.iter().copied().filter(|it| breakers.binary_search(it).is_ok()).collect();
        if part.len() > MOST * 4 {
            return Vec::new();
        }
        for at in (0..part.len()).rev() {
            let action = part.remove(at);
            if self.states(problem, &part)[service] < state {
                part.insert(at, action);
            }
        }
        part
    }
}

impl Relaxation<'_, '_, '_> {
    /// Adds the row that raises the bound `flow` (what the cut costs less what rows take off), if any does; the bound then.
    pub(crate) fn add_row(
        &mut self,
        prices: &mut Prices<'_>,
        network: &mut Network,
        flow: i128,
        side: &[bool],
    ) -> Option<i128> {
        let picked = self.picked(prices, side);
        let rows = prices.query.judge.covers(self.problem, &picked);
        rows.into_iter().find_map(|row| {
            let most = self.left_for(prices, &row).min(prices.query.enough - flow + 1);
            if most <= flow >> 12
                || prices.rows.iter().any(|it| it.actions == row.actions && it.service == row.service)
            {
                return None;
            }
            self.try_row(prices, network, flow, row, most)
        })
    }

    /// What the service's loss still leaves for a row.
    fn left_for(&self, prices: &Prices<'_>, row: &Row) -> i128 {
        if row.loss >= INFINITE {
            return INFINITE;
        }
        let mut held: Vec<(i128, i128)> = prices
            .charged
            .range((row.service, 0)..=(row.service, u32::MAX))
            .flat_map(|(&(service, action), &held)| {
                let broken = prices.query.alone.get(&action).into_iter().flatten();
                let steps = broken.filter(move |it| it.0 == service);
                steps.map(move |it| (self.step(prices.query, service, it.1), held)).collect::<Vec<_>>()
            })
            .collect();
        held.extend(prices.rows.iter().filter(|it| it.service == row.service).map(|it| (it.loss, it.held)));
        let up_to = |loss: i128| held.iter().filter(|it| it.0 <= loss).map(|it| it.1).sum::<i128>();
        let thresholds = held.iter().map(|it| it.0).filter(|&it| it >= row.loss && it < INFINITE);
        thresholds.chain([row.loss]).map(|it| it - up_to(it)).min().unwrap_or(0)
    }

    /// Tries the row with what the cut can make of it; keeps it when the bound rises.
    fn try_row(
        &mut self,
        prices: &mut Prices<'_>,
        network: &mut Network,
        flow: i128,
        row: Row,
        most: i128,
    ) -> Option<i128> {
        let mut most = most;
        // Where the actions make unlike use of it, more than the least of them uses may cost more than it brings.
        for _ in 0..2 {
            let (mut tried, mut carried) = (prices.clone(), network.clone());
            let (gain, used) = self.gain_of(&mut tried, &mut carried, flow, &row, most);
            if gain > flow >> 12 {
                for &action in &row.actions {
                    let before = prices.budget[action as usize];
                    tried.budget[action as usize] = (before + used.1).min(INFINITE);
                }
                self.trim(&mut tried, &mut carried, &row);
                if let Some(pool) = tried.pool.get_mut(&row.service) {
                    *pool = (*pool - used.1).max(0);
                }
                tried.rows.push(Row { held: used.1, ..row });
                (*prices, *network) = (tried, carried);
                return Some(flow + gain);
            }
            if used.0 == 0 || used.0 == used.1 {
                return None;
            }
            most = used.0;
        }
        None
    }

    /// Carries the flow on with `most` more for every action of the row: what the bound gains, and the least and the most
    /// that an action uses of it.
    fn gain_of(
        &mut self,
        prices: &mut Prices<'_>,
        network: &mut Network,
        flow: i128,
        row: &Row,
        most: i128,
    ) -> (i128, (i128, i128)) {
        let others = row.actions.len() as i128 - 1;
        let before: Vec<i128> = row.actions.iter().map(|&it| prices.budget[it as usize]).collect();
        for &action in &row.actions {
            let budget = &mut prices.budget[action as usize];
            *budget = (*budget + most).min(INFINITE);
        }
        let enough = (prices.query.enough + others * most).min(INFINITE);
        let (source, sink) = self.ends();
        let mut sent = flow;
        for round in 0..ROUNDS {
            let side = self.side(network);
            if !self.move_prices(prices, network, &side, round + 1 == ROUNDS) {
                break;
            }
            let more = network.run(source, sink, (enough - sent).max(0));
            self.work += prices.relevant.len() as u64 * 2 + 50;
            sent += more;
            if more == 0 || sent >= enough {
                break;
            }
        }
        let used = self.used(prices, network);
        let beyond = || {
            row.actions.iter().zip(&before).map(|(&it, before)| (used[it as usize] - before).clamp(0, most))
        };
        let (least, largest) = (beyond().min().unwrap_or(0), beyond().max().unwrap_or(0));
        (sent - flow - others * largest, (least, largest))
    }

    /// Leaves the row's actions the prices that the flow uses; what is left of their budgets is moved by the next round.
    fn trim(&self, prices: &mut Prices<'_>, network: &mut Network, row: &Row) {
        let first = prices.roots.len();
        for (at, &number) in prices.relevant.iter().enumerate() {
            let places = self.cutters(number).filter(|it| row.actions.binary_search(&it.1).is_ok());
            let places: Vec<usize> = places.map(|it| it.0).collect();
            if places.is_empty() {
                continue;
            }
            let sent = network.sent(first + at);
            places.iter().for_each(|&it| prices.price[it] = sent);
            network.set_capacity(first + at, self.capacity(prices, number));
        }
    }

    /// Per action: what the flow uses of its prices.
    fn used(&self, prices: &Prices<'_>, network: &Network) -> Vec<i128> {
        let first = prices.roots.len();
        let mut used = vec![0_i128; self.problem.candidates.len()];
        for (at, &number) in prices.relevant.iter().enumerate() {
            let undecided = |it: &(usize, u32)| prices.query.status[it.1 as usize] == Status::Undecided;
            self.cutters(number)
                .filter(undecided)
                .for_each(|it| used[it.1 as usize] += network.sent(first + at));
        }
        used
    }
}
