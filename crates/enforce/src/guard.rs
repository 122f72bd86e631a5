//! Nobody is locked out: an intent that would cut a management channel is refused before it reaches a point.

use std::collections::BTreeSet;

use bulkhead_model::estate::{Asset, Estate, Port};
use bulkhead_model::id::{AssetId, PointId};
use bulkhead_model::rules::PointRules;

use crate::eval::{Decision, decide, representatives};
use crate::topology::Topology;

/// A management channel between two assets that must stay open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// Who opens it.
    pub from: AssetId,
    /// Who answers.
    pub to: AssetId,
    /// On which ports.
    pub ports: Vec<Port>,
}

/// All management channels that must stay open, and the network they run through.
#[derive(Clone, Debug)]
pub struct Guards {
    topology: Topology,
    compromised: BTreeSet<AssetId>,
}

impl Guards {
    /// Every channel of `estate` except those opened by an asset the attacker holds (`compromised`).
    pub fn new(estate: &Estate, compromised: &BTreeSet<AssetId>) -> Self {
        Self { topology: Topology::new(estate), compromised: compromised.clone() }
    }

    /// The channels, one per pair of assets.
    pub fn list(&self) -> impl Iterator<Item = Guard> + '_ {
        self.pairs().map(|(from, to, ports)| Guard {
            from: from.id.clone(),
            to: to.id.clone(),
            ports: ports.to_vec(),
        })
    }

    /// The first channel that `intent` would cut at its point, and the name of the rule that would.
    pub fn violated_by(&self, intent: &PointRules) -> Option<(Guard, String)> {
        let edges: Vec<Port> = intent.rules.iter().flat_map(|it| it.ports.iter().copied()).collect();
        for (from, to, ports) in self.pairs() {
            if !self.passes(from, to, &intent.point) {
                continue;
            }
            for port in ports {
                for packet in representatives(from, to, *port, &edges) {
                    if let Decision::Drop(rule) = decide(&intent.rules, &packet) {
                        let guard = Guard { from: from.id.clone(), to: to.id.clone(), ports: vec![*port] };
                        return Some((guard, rule.name.clone()));
                    }
                }
            }
        }
        None
    }

    fn passes(&self, from: &Asset, to: &Asset, point: &PointId) -> bool {
        self.topology.path(from, to).contains(&point)
    }

    fn pairs(&self) -> impl Iterator<Item = (&Asset, &Asset, &[Port])> {
        self.topology.management_pairs().filter(|it| !self.compromised.contains(&it.0.id))
    }
}
