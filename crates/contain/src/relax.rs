//! The lower bound: a minimum cut of the compact attack graph whose prices add up to no more than any plan pays.
//!
//! An action that cuts several arcs has its cost split among them, and what a service loses is split among the actions
//! that alone break it; a cut under such prices costs no more than any plan does. Any split gives a bound. Here a
//! round finds the cut, takes back what no flow needs of the prices and puts it where the cut pays: the bound never
//! falls, and the flow is carried on instead of begun anew.

mod prices;

use std::collections::BTreeMap;

use crate::alone::Breaks;
use crate::cover::{Judge, Row};
use crate::maxflow::{INFINITE, Network};
use crate::problem::Problem;

/// Prices are remembered from node to node in shares of this.
const WHOLE: i128 = 1 << 24;

/// What is decided about an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Undecided,
    Chosen,
    Excluded,
}

/// A minimum cut.
pub(crate) struct Cut {
    /// What it costs: a lower bound of what undecided actions, broken services and exposure must cost.
    pub(crate) flow: i128,
    /// Nodes of the graph on the attacker's side.
    pub(crate) side: Vec<bool>,
    /// Actions proposed, ascending, each with the part of its price that the cut does not pay.
    pub(crate) picked: Vec<(u32, i128)>,
    /// Per service: how much of its loss the proposed actions pay.
    pub(crate) paid: BTreeMap<u32, i128>,
    /// Per action: what taking it must cost beyond the cut.
    pub(crate) slack: Vec<i128>,
    /// Per asset: what its being reached must cost beyond the cut.
    pub(crate) spared: Vec<i128>,
    /// Per service: how much of its loss is in the prices of actions.
    pub(crate) charged: BTreeMap<u32, i128>,
}

/// What the bound is asked for.
pub(crate) struct Query<'q> {
    pub(crate) status: &'q [Status],
    /// What each action by itself breaks.
    pub(crate) alone: &'q Breaks,
    /// Per service: least state paid for and worst state allowed.
    pub(crate) levels: &'q [(u8, u8)],
    /// Assets reached whatever is done.
    pub(crate) reached: &'q [u32],
    /// No cut that costs this much is of interest.
    pub(crate) enough: i128,
    /// How often prices may be moved.
    pub(crate) rounds: u32,
    /// How many rows may be added for what actions break only together.
    pub(crate) rows: u32,
    /// What services say to sets of actions.
    pub(crate) judge: Judge<'q>,
}

/// The graph with the prices that served best so far.
pub(crate) struct Relaxation<'s, 'p, 'e> {
    pub(crate) problem: &'s Problem<'p, 'e>,
    has_gates: bool,
    /// Where the attacker stands and arcs leave.
    roots: Vec<u32>,
    /// What is reached from the start, whatever is done.
    exposed: i128,
    /// Per arc: where its cutters' prices begin.
    places: Vec<usize>,
    /// Per arc and cutter: its share of the cutter's price.
    shares: Vec<u32>,
    /// (service, action) -> how much of the service's loss the action's price holds.
    charged: BTreeMap<(u32, u32), i128>,
    /// Arcs looked at so far.
    pub(crate) work: u64,
}

/// The prices of one node while they are moved.
#[derive(Clone)]
pub(crate) struct Prices<'q> {
    pub(crate) query: &'q Query<'q>,
    pub(crate) roots: Vec<u32>,
    pub(crate) relevant: Vec<u32>,
    /// Per place.
    pub(crate) price: Vec<i128>,
    /// Per action: what its prices may add up to.
    pub(crate) budget: Vec<i128>,
    /// Per service: what none of its breakers holds yet.
    pub(crate) pool: BTreeMap<u32, i128>,
    pub(crate) charged: BTreeMap<(u32, u32), i128>,
    /// Sets of actions that break a service only together.
    pub(crate) rows: Vec<Row>,
}

impl<'s, 'p, 'e> Relaxation<'s, 'p, 'e> {
    pub(crate) fn new(problem: &'s Problem<'p, 'e>) -> Self {
        let mut places = vec![0];
        for arc in &problem.graph.arcs {
            places.push(places[places.len() - 1] + arc.cutters.len());
        }
        let graph = problem.graph;
        let sources = || graph.sources.iter().copied();
        let exposed: i128 = sources().filter_map(|it| problem.values.get(it as usize)).sum();
        Self {
            problem,
            roots: sources().filter(|&it| !graph.leaving[it as usize].is_empty()).collect(),
            exposed: exposed * problem.weights.exposure,
            has_gates: problem.graph.arcs.iter().any(|it| it.gate.is_some()),
            shares: vec![1; places[places.len() - 1]],
            places,
            charged: BTreeMap::new(),
            work: 0,
        }
    }

    /// The minimum cut, with prices moved for as long as that helps; none when it costs `enough` or none exists.
    pub(crate) fn cut(&mut self, query: &Query<'_>) -> Option<Cut> {
        let mut prices = self.prices(query, self.relevant(query.status, query.reached));
        let mut network = self.network(&prices);
        let mut bound = self.exposed;
        for row in 0..=query.rows {
            bound = self.settle(&mut prices, &mut network, bound)?;
            let side = self.side(&network);
            let raised = (row < query.rows).then(|| self.add_row(&mut prices, &mut network, bound, &side));
            let Some(raised) = raised.flatten() else {
                let cut = self.describe(&prices, &network, bound, side);
                self.remember(&prices);
                return Some(cut);
            };
            bound = raised;
        }
        None
    }

    /// Moves prices for as long as the bound rises; none when it is `enough`.
    fn settle(&mut self, prices: &mut Prices<'_>, network: &mut Network, bound: i128) -> Option<i128> {
        let query = prices.query;
        let (source, sink) = self.ends();
        let mut flow = bound;
        let mut stalled = 0;
        for round in 0.. {
            let before = flow;
            flow += network.run(source, sink, (query.enough - flow).max(0));
            self.work += prices.relevant.len() as u64 * 2 + 50;
            if flow >= query.enough {
                self.remember(prices);
                return None;
            }
            let side = self.side(network);
            stalled = if (flow - before) * 4096 < flow { stalled + 1 } else { 0 };
            let moved = round < query.rounds
                && stalled < 4
                && self.move_prices(prices, network, &side, round + 1 == query.rounds);
            if !moved {
                break;
            }
        }
        Some(flow)
    }

    /// Nodes on the attacker's side of the cut.
    pub(crate) fn side(&self, network: &Network) -> Vec<bool> {
        let mut side = network.source_side(self.ends().0);
        self.problem.graph.sources.iter().for_each(|&it| side[it as usize] = true);
        side
    }

    /// The cut when each action costs its own cost and `extra`, unsplit: a proposal, no bound.
    pub(crate) fn proposal(
        &mut self,
        status: &[Status],
        reached: &[u32],
        extra: &[i128],
    ) -> Option<Vec<u32>> {
        let relevant = self.relevant(status, reached);
        let cost = |it: u32| self.problem.operating[it as usize].saturating_add(extra[it as usize]);
        let undecided = |it: &&u32| status[**it as usize] == Status::Undecided;
        let cheapest = |number: u32| {
            let cutters = self.problem.graph.arcs[number as usize].cutters.iter().filter(undecided);
            cutters.copied().min_by_key(|&it| (cost(it), it))
        };
        let capacity = |number: u32| cheapest(number).map_or(INFINITE, |it| cost(it).min(INFINITE - 1));
        let mut network = self.network_of(&self.roots_with(reached), &relevant, capacity);
        let (source, sink) = self.ends();
        if network.run(source, sink, INFINITE) >= INFINITE {
            return None;
        }
        let side = network.source_side(source);
        let arc = |number: u32| &self.problem.graph.arcs[number as usize];
        let crossing =
            relevant.iter().filter(|&&it| side[arc(it).from as usize] && !side[arc(it).to as usize]);
        let mut picked: Vec<u32> = crossing.filter_map(|&it| cheapest(it)).collect();
        picked.sort_unstable();
        picked.dedup();
        self.work += relevant.len() as u64 * 2;
        Some(picked)
    }

    fn roots_with(&self, reached: &[u32]) -> Vec<u32> {
        self.roots.iter().chain(reached).copied().collect()
    }

    pub(crate) fn ends(&self) -> (u32, u32) {
        (self.problem.graph.n_nodes as u32, self.problem.graph.n_nodes as u32 + 1)
    }

    /// Arcs that an attacker may pass although the chosen actions are taken, as far as that is sure.
    fn relevant(&self, status: &[Status], reached: &[u32]) -> Vec<u32> {
        let graph = self.problem.graph;
        let shut =
            |arc: &crate::attack::Arc| arc.cutters.iter().any(|&it| status[it as usize] == Status::Chosen);
        let most = graph.reach_from(reached, shut).nodes;
        // A gate is believed open when its secret is reached even if every action still possible were taken.
        let sure = self.has_gates.then(|| {
            let gone = |it: &u32| status[*it as usize] != Status::Excluded;
            graph.reach_from(reached, |arc| arc.cutters.iter().any(gone)).usable
        });
        let open = |arc: &crate::attack::Arc| {
            most[arc.from as usize]
                && arc.gate.is_none_or(|it| sure.as_ref().is_some_and(|sure| sure[it as usize]))
                && !shut(arc)
        };
        (0..).zip(&graph.arcs).filter(|it| open(it.1)).map(|it| it.0).collect()
    }

    /// Places and actions of an arc's cutters.
    pub(crate) fn cutters(&self, number: u32) -> impl Iterator<Item = (usize, u32)> + '_ {
        let cutters = &self.problem.graph.arcs[number as usize].cutters;
        (self.places[number as usize]..).zip(cutters.iter().copied())
    }

    /// What a service must at least lose when `action` breaks it, beyond what is paid for.
    pub(crate) fn step(&self, query: &Query<'_>, service: u32, state: u8) -> i128 {
        let table = &self.problem.losses[service as usize];
        let beyond = table[state as usize] - table[query.levels[service as usize].0 as usize];
        beyond.max(0) * self.problem.weights.service
    }

    /// Prices to begin with: as they were left, scaled to what this node allows.
    fn prices<'q>(&self, query: &'q Query<'q>, relevant: Vec<u32>) -> Prices<'q> {
        let problem = self.problem;
        let n = problem.candidates.len();
        let mut total = vec![0_i128; n];
        let mut count = vec![0_i128; n];
        for &number in &relevant {
            for (place, action) in self.cutters(number) {
                total[action as usize] += i128::from(self.shares[place]);
                count[action as usize] += 1;
            }
        }
        let mut budget = problem.operating.clone();
        let (pool, charged) = self.charge(query, &count, &mut budget);
        let mut price = vec![INFINITE; self.shares.len()];
        for &number in &relevant {
            for (place, action) in self.cutters(number) {
                let at = action as usize;
                if query.status[at] != Status::Undecided {
                    continue;
                }
                price[place] = match total[at] {
                    _ if count[at] == 1 => budget[at],
                    0 => budget[at] / count[at],
                    total => budget[at] / total * i128::from(self.shares[place]),
                };
            }
        }
        Prices {
            query,
            roots: self.roots_with(query.reached),
            relevant,
            price,
            budget,
            pool,
            charged,
            rows: Vec::new(),
        }
    }

    fn network(&self, prices: &Prices<'_>) -> Network {
        self.network_of(&prices.roots, &prices.relevant, |number| self.capacity(prices, number))
    }

    /// Sources first, then the relevant arcs in order, then what being reached costs.
    fn network_of(&self, roots: &[u32], relevant: &[u32], capacity: impl Fn(u32) -> i128) -> Network {
        let (problem, graph) = (self.problem, self.problem.graph);
        let (source, sink) = self.ends();
        let mut network = Network::new(graph.n_nodes + 2);
        for &it in roots {
            network.arc(source, it, INFINITE);
        }
        for &number in relevant {
            let arc = &graph.arcs[number as usize];
            network.arc(arc.from, arc.to, capacity(number));
        }
        for asset in network_sinks(problem, relevant) {
            let value = problem.values[asset] * problem.weights.exposure;
            let capacity = if problem.hard[asset] { INFINITE } else { value };
            network.arc(asset as u32, sink, capacity);
        }
        network
    }

    pub(crate) fn capacity(&self, prices: &Prices<'_>, number: u32) -> i128 {
        self.cutters(number).map(|it| prices.price[it.0]).min().unwrap_or(INFINITE)
    }

    /// The actions that the cut proposes, the cheapest of each arc, with what it pays of their prices; ascending.
    fn proposed(&self, prices: &Prices<'_>, side: &[bool]) -> BTreeMap<u32, i128> {
        let mut paid: BTreeMap<u32, i128> = BTreeMap::new();
        for &number in &prices.relevant {
            let arc = &self.problem.graph.arcs[number as usize];
            if !side[arc.from as usize] || side[arc.to as usize] {
                continue;
            }
            let undecided = |it: &(usize, u32)| prices.query.status[it.1 as usize] == Status::Undecided;
            // Among equals one that is proposed already, then the smallest id.
            let rank = |it: &(usize, u32)| (prices.price[it.0], !paid.contains_key(&it.1), it.1);
            if let Some((place, action)) = self.cutters(number).filter(undecided).min_by_key(rank) {
                *paid.entry(action).or_insert(0) += prices.price[place];
            }
        }
        paid
    }

    /// The actions that the cut proposes, ascending.
    pub(crate) fn picked(&self, prices: &Prices<'_>, side: &[bool]) -> Vec<u32> {
        self.proposed(prices, side).into_keys().collect()
    }

    fn describe(&self, prices: &Prices<'_>, network: &Network, flow: i128, side: Vec<bool>) -> Cut {
        let first = prices.roots.len();
        let mut slack = prices.budget.clone();
        for (at, &number) in prices.relevant.iter().enumerate() {
            self.cutters(number).for_each(|it| slack[it.1 as usize] -= network.sent(first + at));
        }
        let spared = self.spared(prices, network);
        let paid = self.proposed(prices, &side);
        let (mut services, mut charged) = (BTreeMap::new(), BTreeMap::new());
        for (&(service, action), held) in &prices.charged {
            if paid.contains_key(&action) {
                *services.entry(service).or_insert(0) += held;
            }
            *charged.entry(service).or_insert(0) += held;
        }
        for row in &prices.rows {
            if row.is_in(|it| paid.contains_key(&it)) {
                *services.entry(row.service).or_insert(0) += row.held;
            }
            *charged.entry(row.service).or_insert(0) += row.held;
        }
        let picked =
            paid.into_iter().map(|(action, paid)| (action, prices.budget[action as usize] - paid)).collect();
        Cut { flow, side, picked, paid: services, slack, spared, charged }
    }

    /// Per asset: its value less what the cut pays of it; without end for assets that must not be reached.
    fn spared(&self, prices: &Prices<'_>, network: &Network) -> Vec<i128> {
        let (problem, graph) = (self.problem, self.problem.graph);
        let mut spared: Vec<i128> = (0..graph.n_valued)
            .map(|it| {
                let value = problem.values[it] * problem.weights.exposure;
                if problem.hard[it] { INFINITE } else { value }
            })
            .collect();
        let first = prices.roots.len() + prices.relevant.len();
        for (at, asset) in (first..).zip(network_sinks(problem, &prices.relevant)) {
            spared[asset] -= network.sent(at);
        }
        graph
            .sources
            .iter()
            .filter(|&&it| (it as usize) < graph.n_valued)
            .for_each(|&it| spared[it as usize] = 0);
        spared
    }

    fn remember(&mut self, prices: &Prices<'_>) {
        for &number in &prices.relevant {
            let from = self.places[number as usize];
            for (place, &action) in (from..).zip(&self.problem.graph.arcs[number as usize].cutters) {
                let price = prices.price[place];
                if prices.query.status[action as usize] == Status::Undecided && price < INFINITE {
                    let whole = prices.budget[action as usize] >> 24;
                    self.shares[place] = (price / whole.max(1)).clamp(0, WHOLE) as u32;
                }
            }
        }
        self.charged.extend(prices.charged.iter().map(|(key, held)| (*key, *held)));
    }
}

/// Assets whose being reached costs something, of those the relevant arcs lead to.
fn network_sinks(problem: &Problem<'_, '_>, relevant: &[u32]) -> Vec<usize> {
    let mut seen = vec![false; problem.graph.n_valued];
    for &number in relevant {
        if let Some(seen) = seen.get_mut(problem.graph.arcs[number as usize].to as usize) {
            *seen = true;
        }
    }
    let matters = |it: &usize| seen[*it] && (problem.hard[*it] || problem.values[*it] > 0);
    (0..problem.graph.n_valued).filter(matters).collect()
}
