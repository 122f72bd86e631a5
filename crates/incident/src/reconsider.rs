//! What an operator dismissed since the last run is taken out of the evidence, and the incidents that rested on it are judged anew.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::draft::IncidentDraft;
use crate::evidence::discount;
use crate::resolve::HostNo;
use crate::scope::Scope;
use crate::score::{Seen, score};
use crate::tell::Case;

impl Scope<'_> {
    /// Judges the open incidents anew that rested on what is dismissed now: one for which the rest does not suffice is withdrawn, of
    /// the others the rest says whom they name.
    pub(crate) fn reconsider(&mut self) {
        let (normal, hosts) = (&self.normal, &self.resolver.hosts);
        let dropped =
            self.evidence.drop_dismissed(|rule, host| normal.dismissed(rule, &hosts[host].id).is_some());
        let concerned = (0..self.open.len()).rev().filter(|it| !self.open[*it].hosts.is_disjoint(&dropped));
        for index in concerned.collect::<Vec<_>>() {
            let (hosts, at) = (self.open[index].hosts.clone(), self.open[index].last);
            let Some((hosts, draft)) = self.rest_of(&hosts, at) else {
                let mut it = self.open.remove(index);
                it.draft.ended_at = Some(at);
                it.draft.is_withdrawn = true;
                self.over.push(it.draft);
                continue;
            };
            let it = &mut self.open[index];
            it.hosts = hosts;
            let (id, declared_at) = (it.draft.id.clone(), it.draft.declared_at);
            it.draft = IncidentDraft { id, declared_at, ..draft };
        }
    }

    /// What is left of the incident on these hosts as of `at`; none where that is not enough for one.
    fn rest_of(&self, hosts: &BTreeSet<HostNo>, at: Timestamp) -> Option<(BTreeSet<HostNo>, IncidentDraft)> {
        let mut weighed = self.weigh(at, None);
        discount(&mut weighed, &self.evidence, self.policy);
        let seen = Seen {
            groups: &weighed,
            links: &self.links,
            creations: &self.creations,
            at,
            policy: self.policy,
        };
        let scores = score(seen);
        let case = Case { seen, scores: &scores, resolver: &self.resolver };
        let clusters = case.clusters().into_iter();
        let rest =
            clusters.filter(|it| !it.is_disjoint(hosts) && case.suffices(it)).reduce(|a, b| &a | &b)?;
        let draft = case.draft(&rest, self.seed)?;
        Some((rest, draft))
    }
}
