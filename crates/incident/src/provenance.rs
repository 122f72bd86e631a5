//! What happened on a host as one doing: findings of one process tree, one logon session, or of a file that was written and then
//! run (after Hassan et al. 2019, "NoDoze": an alert is judged by what led to it and what came of it).

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::trace::Trace;
use serde::{Deserialize, Serialize};

use crate::evidence::Weighed;
use crate::resolve::HostNo;

/// Fingerprints of a kind that are kept for a rule on a host, the first.
const PRINTS_MAX: usize = 64;

/// Of which processes, sessions and files the findings of a rule on a host speak.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Traces {
    /// Processes, what started them, sessions.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    doing: BTreeSet<u64>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    ran: BTreeSet<u64>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    wrote: BTreeSet<u64>,
}

impl Traces {
    pub(crate) fn add(&mut self, it: Trace) {
        let enter = |set: &mut BTreeSet<u64>, print: u64| {
            if print != 0 && set.len() < PRINTS_MAX {
                set.insert(print);
            }
        };
        for print in [it.process, it.parent, it.session] {
            enter(&mut self.doing, print);
        }
        enter(&mut self.ran, it.ran);
        enter(&mut self.wrote, it.wrote);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.doing.is_empty() && self.ran.is_empty() && self.wrote.is_empty()
    }
}

/// For each group, the weightiest group of the same doing on its host that says by itself that somebody was at work; none
/// where there is none but itself.
pub(crate) fn doings(groups: &[Weighed<'_>]) -> Vec<Option<usize>> {
    let mut parts: Vec<usize> = (0..groups.len()).collect();
    let mut by_print = BTreeMap::<(HostNo, u64), usize>::new();
    let mut writers = BTreeMap::<(HostNo, u64), usize>::new();
    for (index, it) in groups.iter().enumerate() {
        for print in &it.group.traces.doing {
            let first = *by_print.entry((it.group.host, *print)).or_insert(index);
            join(&mut parts, first, index);
        }
        for print in &it.group.traces.wrote {
            let first = *writers.entry((it.group.host, *print)).or_insert(index);
            join(&mut parts, first, index);
        }
    }
    for (index, it) in groups.iter().enumerate() {
        // What everybody runs ties nothing; what was written here does.
        for print in &it.group.traces.ran {
            if let Some(writer) = writers.get(&(it.group.host, *print)) {
                join(&mut parts, *writer, index);
            }
        }
    }
    let mut gravest = BTreeMap::<usize, Vec<usize>>::new();
    for (index, it) in groups.iter().enumerate() {
        if it.is_telling() && it.points > 0.0 {
            gravest.entry(root(&mut parts, index)).or_default().push(index);
        }
    }
    for list in gravest.values_mut() {
        list.sort_by(|a, b| groups[*b].points.total_cmp(&groups[*a].points).then(a.cmp(b)));
    }
    (0..groups.len())
        .map(|index| {
            let list = gravest.get(&root(&mut parts, index))?;
            list.iter().copied().find(|it| *it != index)
        })
        .collect()
}

fn root(parts: &mut [usize], mut it: usize) -> usize {
    while parts[it] != it {
        parts[it] = parts[parts[it]];
        it = parts[it];
    }
    it
}

fn join(parts: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parts, a), root(parts, b));
    // The first stands for all, whatever the order.
    parts[a.max(b)] = a.min(b);
}
