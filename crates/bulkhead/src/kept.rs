//! Findings held in bounded memory: what repeats is counted, and noise never takes the place of what is rare.
//!
//! Telemetry of a noisy rule makes findings without end. Of one rule on one host the first are kept in full, which is more
//! than anybody reads; and all findings together take no more than a fixed number of places. Where these are taken, room is
//! made by the last of the rule and host with the most, the least grave first; only where none has many does a finding give
//! way to a graver one. What is not kept is counted by rule, and said.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::trace::fnv;

/// Findings of one rule on one host that are kept in full.
const ALIKE_MAX: usize = 10_000;

/// So many of one rule on one host never give way to another's as long as some have more.
const FEW: usize = 100;

/// Findings that are kept in full.
const FINDINGS_MAX: usize = 60_000;

/// Findings as they come.
#[derive(Debug, Default)]
pub struct Kept {
    /// By rule and host, in the order of their events, each with its number among all that were ever kept.
    groups: BTreeMap<u64, Group>,
    /// Every group that holds any; the last makes room first.
    order: BTreeSet<Rank>,
    n_kept: usize,
    n_ever: u64,
    not_kept: BTreeMap<String, u64>,
    /// Memory for the findings of one event.
    pub buffer: Vec<Finding>,
}

/// How soon a group makes room: one of many before one of few, the least grave first, then the largest and the newest.
type Rank = (bool, Reverse<Level>, usize, u64, u64);

#[derive(Debug, Default)]
struct Group {
    level: Level,
    findings: Vec<(u64, Finding)>,
}

impl Group {
    /// Its rank if it held `more` findings more.
    fn rank(&self, key: u64, more: usize, newest: u64) -> Rank {
        let size = self.findings.len() + more;
        (size > FEW, Reverse(self.level), size, newest, key)
    }

    fn newest(&self) -> u64 {
        self.findings.last().map_or(0, |it| it.0)
    }
}

impl Kept {
    /// Takes findings in, in the order of their events.
    pub fn take(&mut self, found: &mut Vec<Finding>) {
        for finding in found.drain(..) {
            self.keep(finding);
        }
    }

    fn keep(&mut self, finding: Finding) {
        let key = key(&finding);
        let fresh = Group { level: finding.rule.level, findings: Vec::new() };
        let (size, rank) = {
            let group = self.groups.get(&key).unwrap_or(&fresh);
            (group.findings.len(), group.rank(key, 1, self.n_ever))
        };
        if size >= ALIKE_MAX || (self.n_kept >= FINDINGS_MAX && !self.make_room(rank)) {
            self.give_up(&finding);
            return;
        }
        let group = self.groups.entry(key).or_insert(fresh);
        self.order.remove(&group.rank(key, 0, group.newest()));
        group.findings.push((self.n_ever, finding));
        self.order.insert(group.rank(key, 0, self.n_ever));
        self.n_ever += 1;
        self.n_kept += 1;
    }

    /// Whether a group gave its last finding up for a newcomer whose group would have this rank.
    fn make_room(&mut self, newcomer: Rank) -> bool {
        let Some(&last) = self.order.last() else { return false };
        if newcomer >= last {
            return false;
        }
        let Some(group) = self.groups.get_mut(&last.4) else { return false };
        let Some((_, finding)) = group.findings.pop() else { return false };
        self.order.remove(&last);
        if group.findings.is_empty() {
            self.groups.remove(&last.4);
        } else {
            self.order.insert(group.rank(last.4, 0, group.newest()));
        }
        self.n_kept -= 1;
        self.give_up(&finding);
        true
    }

    fn give_up(&mut self, finding: &Finding) {
        *self.not_kept.entry(finding.rule.title.clone()).or_default() += 1;
    }

    /// What is kept, in the order of the events; and what is not, by rule.
    pub fn finish(self) -> (Vec<Finding>, BTreeMap<String, u64>) {
        let mut all: Vec<(u64, Finding)> = self.groups.into_values().flat_map(|it| it.findings).collect();
        all.sort_by_key(|it| it.0);
        (all.into_iter().map(|it| it.1).collect(), self.not_kept)
    }
}

/// A hash of rule and host (FNV-1a), the same on every machine.
fn key(finding: &Finding) -> u64 {
    let parts = [Some(finding.rule.id.as_str()), finding.host.as_deref()];
    fnv(parts.into_iter().flat_map(|it| it.unwrap_or_default().bytes().chain([0xff])))
}

#[cfg(test)]
mod tests {
    use bulkhead_model::finding::{RuleRef, SourceRef};

    use bulkhead_model::trace::Trace;

    use super::*;

    fn finding(level: Level, host: usize, record: u64) -> Finding {
        let rule = RuleRef {
            id: level.as_str().to_owned(),
            title: level.as_str().to_owned(),
            level,
            tags: Vec::new(),
        };
        let source = SourceRef { file: "a".to_owned(), record };
        let host = Some(format!("h{host}"));
        Finding {
            time: None,
            rule,
            source,
            host,
            user: None,
            fields: BTreeMap::new(),
            trace: Trace::default(),
        }
    }

    #[test]
    fn what_repeats_is_counted() {
        let mut kept = Kept::default();
        for record in 0..ALIKE_MAX as u64 + 500 {
            kept.take(&mut vec![
                finding(Level::Medium, 1, record),
                finding(Level::High, record as usize, record),
            ]);
        }
        let (findings, not_kept) = kept.finish();
        assert_eq!(
            (findings.len(), not_kept["medium"], not_kept.get("high")),
            (2 * ALIKE_MAX + 500, 500, None)
        );
    }

    #[test]
    fn the_least_grave_are_given_up_first_and_counted() {
        let mut kept = Kept::default();
        for n in 0..FINDINGS_MAX {
            kept.take(&mut vec![finding(Level::Low, n, 1), finding(Level::High, n, 2)]);
        }
        let (findings, not_kept) = kept.finish();
        assert_eq!(findings.len(), FINDINGS_MAX);
        assert!(findings.iter().all(|it| it.rule.level == Level::High));
        assert_eq!(not_kept["low"], FINDINGS_MAX as u64);
    }

    #[test]
    fn what_is_rare_is_kept_however_loud_the_others_are() {
        let mut kept = Kept::default();
        for host in 0..8 {
            kept.take(&mut (0..ALIKE_MAX as u64 + 1).map(|it| finding(Level::High, host, it)).collect());
        }
        // A rule of its own, less grave and last of all.
        let rare: Vec<Finding> = (0..3).map(|it| finding(Level::Medium, 99, it)).collect();
        kept.take(&mut rare.clone());
        let (findings, not_kept) = kept.finish();
        assert_eq!(findings.len(), FINDINGS_MAX);
        assert_eq!(findings[FINDINGS_MAX - 3..], rare);
        assert_eq!(not_kept.get("medium"), None);
        assert_eq!(not_kept["high"], 8 * (ALIKE_MAX as u64 + 1) + 3 - FINDINGS_MAX as u64);
    }
}
