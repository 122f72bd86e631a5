//! Findings held in bounded memory: what repeats is counted, the gravest stay in full.
//!
//! Telemetry of a noisy rule makes findings without end. Of one rule on one host and account the first are kept in full,
//! which is more than anybody reads; and all findings together take no more than a fixed number of places: where these are
//! taken, a graver one takes that of the last of the least grave. What is not kept is counted by rule, and said.

use std::collections::BTreeMap;

use bulkhead_model::finding::{Finding, Level};

/// Findings of one rule on one host and account that are kept in full.
const ALIKE_MAX: u32 = 10_000;

/// Findings that are kept in full.
const FINDINGS_MAX: usize = 60_000;

/// Rules, hosts and accounts that are told apart.
const GROUPS_MAX: usize = 100_000;

/// Findings as they come.
#[derive(Debug, Default)]
pub struct Kept {
    /// By level, in the order of their events, each with its number among all that were ever kept.
    findings: BTreeMap<Level, Vec<(u64, Finding)>>,
    n_kept: usize,
    n_ever: u64,
    /// By rule, host and account, how many are kept.
    alike: BTreeMap<u64, u32>,
    not_kept: BTreeMap<String, u64>,
    /// Memory for the findings of one event.
    pub buffer: Vec<Finding>,
}

impl Kept {
    /// Takes findings in, in the order of their events.
    pub fn take(&mut self, found: &mut Vec<Finding>) {
        for finding in found.drain(..) {
            if self.repeats(&finding) || !self.has_room(finding.rule.level) {
                self.give_up(&finding);
                continue;
            }
            self.findings.entry(finding.rule.level).or_default().push((self.n_ever, finding));
            self.n_ever += 1;
            self.n_kept += 1;
        }
    }

    /// Whether enough findings like this one are kept.
    fn repeats(&mut self, finding: &Finding) -> bool {
        let key = key(finding);
        if !self.alike.contains_key(&key) && self.alike.len() >= GROUPS_MAX {
            return false;
        }
        let n = self.alike.entry(key).or_default();
        *n = n.saturating_add(1);
        *n > ALIKE_MAX
    }

    fn give_up(&mut self, finding: &Finding) {
        *self.not_kept.entry(finding.rule.title.clone()).or_default() += 1;
    }

    /// Whether a finding of this level finds room: the last of the least grave level below it makes some.
    fn has_room(&mut self, level: Level) -> bool {
        if self.n_kept < FINDINGS_MAX {
            return true;
        }
        let least = self.findings.iter_mut().find(|(it, list)| **it < level && !list.is_empty());
        let Some((_, last)) = least.and_then(|it| it.1.pop()) else { return false };
        self.n_kept -= 1;
        self.give_up(&last);
        true
    }

    /// What is kept, in the order of the events; and what is not, by rule.
    pub fn finish(self) -> (Vec<Finding>, BTreeMap<String, u64>) {
        let mut all: Vec<(u64, Finding)> = self.findings.into_values().flatten().collect();
        all.sort_by_key(|it| it.0);
        (all.into_iter().map(|it| it.1).collect(), self.not_kept)
    }
}

/// A hash of rule, host and account (FNV-1a), the same on every machine.
fn key(finding: &Finding) -> u64 {
    let parts = [Some(finding.rule.id.as_str()), finding.host.as_deref(), finding.user.as_deref()];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.unwrap_or_default().bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use bulkhead_model::finding::{RuleRef, SourceRef};

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
        Finding { time: None, rule, source, host, user: None, fields: BTreeMap::new() }
    }

    #[test]
    fn what_repeats_is_counted() {
        let mut kept = Kept::default();
        for record in 0..u64::from(ALIKE_MAX) + 500 {
            kept.take(&mut vec![
                finding(Level::Medium, 1, record),
                finding(Level::High, record as usize, record),
            ]);
        }
        let (findings, not_kept) = kept.finish();
        assert_eq!(
            (findings.len(), not_kept["medium"], not_kept.get("high")),
            (2 * ALIKE_MAX as usize + 500, 500, None)
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
}
