//! Where a compromised account lets the attacker in: from outside, by a login it has a right to, whatever the attitude.

use std::collections::BTreeSet;

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Movement;
use bulkhead_service::FlowOrigin;

use crate::ground::{Ground, overlap};

/// A flow by which a compromised account, unless disabled, lets the attacker in from outside.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which account: its position among the compromised ones.
    pub(crate) account: usize,
    pub(crate) flow: u32,
    /// External units.
    pub(crate) from: Vec<u32>,
    pub(crate) to: Vec<u32>,
}

impl Ground<'_> {
    /// The flows by which compromised accounts let the attacker in from outside.
    pub(crate) fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| {
            let identities = self.start.identities.iter().enumerate();
            identities.flat_map(|(at, &it)| self.entries_of(at, it)).collect()
        })
    }

    fn entries_of(&self, account: usize, identity: u32) -> Vec<Entry> {
        let outside = |it: &u32| self.index.is_external(*it);
        let rights = &self.estate.identities[identity as usize].rights;
        let rights: Vec<(BTreeSet<u32>, &Vec<String>)> = rights
            .iter()
            .map(|it| (self.index.select(self.estate, &it.on).into_iter().collect(), &it.via))
            .collect();
        let mut entries = Vec::new();
        for (number, flow) in (0..).zip(self.index.flows()) {
            let counts = flow.movement != Movement::No || self.start.attitude == Attitude::Strict;
            if !matches!(flow.origin, FlowOrigin::Declared(_)) || !counts || !flow.from.iter().any(outside) {
                continue;
            }
            let logins: Vec<&String> = (self.ports.ports().iter())
                .filter(|it| overlap(&flow.ports, &[it.port]))
                .filter_map(|it| it.login.as_ref())
                .collect();
            let lets_in = |to: &u32| {
                !outside(to)
                    && rights
                        .iter()
                        .any(|(on, via)| on.contains(to) && logins.iter().any(|it| via.contains(it)))
            };
            let to: Vec<u32> = flow.to.iter().copied().filter(lets_in).collect();
            if !to.is_empty() {
                let from = flow.from.iter().copied().filter(outside).collect();
                entries.push(Entry { account, flow: number, from, to });
            }
        }
        entries
    }
}
