//! What speaks against every host and account at given instants, named or not: what confidence is held against.

use std::collections::BTreeMap;

use bulkhead_model::case::EntityKind;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use jiff::Timestamp;

use crate::change::Who;
use crate::evidence::discount;
use crate::memory::Memory;
use crate::policy::Policy;
use crate::resolve::HostNo;
use crate::scope::Scope;
use crate::score::{Ground, Scores, Seen, score, total};
use crate::whole::{Fusion, in_order, last_instant};

/// What speaks against a host or an account at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// When.
    pub at: Timestamp,
    /// Host or account.
    pub kind: EntityKind,
    /// Its id.
    pub id: String,
    /// Its points; see [`Policy::confidence`].
    pub points: f64,
}

/// As [`crate::fuse_knowing`], telling on the way what spoke against each at `instants` (ascending) and at the end; whom
/// nothing speaks against is not told of.
pub fn watch(
    memory: Memory,
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    policy: &Policy,
    instants: &[Timestamp],
) -> (Fusion, Vec<Standing>) {
    let mut scope = Scope::new(observations, estate, policy, memory, 0);
    let mut told = Vec::new();
    let mut instants = instants.iter().copied().peekable();
    for number in in_order(&mut scope, findings, None) {
        let finding = &findings[number];
        while let Some(at) = instants.next_if(|it| finding.time > Some(*it)) {
            told.extend(scope.standings(at));
        }
        scope.observe(finding, number);
    }
    let end = last_instant(&scope, findings, observations);
    if let Some(end) = end {
        scope.settle(end);
        told.extend(scope.standings(end));
    }
    (scope.finish(), told)
}

impl Scope<'_> {
    /// What speaks against each as of `at`.
    fn standings(&self, at: Timestamp) -> Vec<Standing> {
        let mut hosts: BTreeMap<HostNo, f64> = BTreeMap::new();
        let points = |it: &Vec<Ground>| total(it);
        let scores = self.scores(at, None);
        hosts.extend(scores.hosts.iter().map(|(host, it)| (*host, points(it))));
        // Hosts that are not looked at together with others, since too little speaks against them.
        for host in 0..self.resolver.hosts.len() {
            if !hosts.contains_key(&host) && self.evidence.points_of(host, at, self.policy) > 0.0 {
                let alone = self.scores(at, Some(host));
                hosts.extend(alone.hosts.get(&host).map(|it| (host, points(it))));
            }
        }
        let hosts = hosts.into_iter().map(|(host, points)| (Who::Host(host), points));
        let people = scores
            .people
            .iter()
            .map(|(account, it)| (Who::Account(*account), total(it.iter().map(|it| &it.1))));
        let standing = |(who, points): (Who, f64)| {
            let (kind, id) = match who {
                Who::Host(host) => (EntityKind::Asset, &self.resolver.hosts[host].id),
                Who::Account(account) => (EntityKind::Identity, &self.resolver.people[account].id),
            };
            (points > 0.0).then(|| Standing { at, kind, id: id.clone(), points })
        };
        hosts.chain(people).filter_map(standing).collect()
    }

    fn scores(&self, at: Timestamp, about: Option<HostNo>) -> Scores {
        let mut weighed = self.weigh(at, about);
        discount(&mut weighed, &self.evidence, self.policy);
        score(Seen {
            groups: &weighed,
            links: &self.links,
            creations: &self.creations,
            at,
            policy: self.policy,
        })
    }
}
