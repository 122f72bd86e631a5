//! What is no sign of an intruder because somebody said so: maintenance and scanners the estate announces, findings an operator
//! dismissed. It is counted, and said beside the verdict.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulkhead_model::case::{Muted, MutedRule};
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::finding::{Finding, Level};
use jiff::Timestamp;

use crate::normal::Normal;
use crate::tactics::tactics_of;

/// Hosts named for each reason.
const NAMED: usize = 10;
/// Rules named for each reason.
const RULES_NAMED: usize = 5;
/// Fields in which sensors name where something came from.
const SOURCES: [&str; 5] = ["src_ip", "id.orig_h", "SourceIp", "IpAddress", "data.srcip"];

/// Whether a rule speaks of nothing but looking around, which is what a scanner does where it stands.
fn looks_around(finding: &Finding) -> bool {
    let tactics = tactics_of(&finding.rule.tags);
    !tactics.is_empty() && tactics.iter().all(|it| matches!(*it, "discovery" | "reconnaissance"))
}

/// What mutes, and what was muted so far.
#[derive(Clone, Debug)]
pub(crate) struct Mutes<'e> {
    estate: &'e Estate,
    assets: BTreeMap<&'e str, &'e Asset>,
    /// By reason and host.
    counted: BTreeMap<(String, String), BTreeMap<String, OnHost>>,
}

/// What was muted on one host for one reason, by the id of the rule.
type OnHost = BTreeMap<String, OfRule>;

#[derive(Clone, Debug)]
struct OfRule {
    title: String,
    counted: Counted,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    findings: u64,
    first: Timestamp,
    last: Timestamp,
}

impl Counted {
    fn and(self, other: Self) -> Self {
        let (first, last) = (self.first.min(other.first), self.last.max(other.last));
        Self { findings: self.findings + other.findings, first, last }
    }
}

impl<'e> Mutes<'e> {
    pub(crate) fn new(estate: &'e Estate) -> Self {
        let is_used = !estate.maintenance.is_empty() || !estate.scanners.is_empty();
        let assets = estate.assets.iter().filter(|_| is_used).map(|it| (it.id.as_str(), it)).collect();
        Self { estate, assets, counted: BTreeMap::new() }
    }

    /// Whether `finding` on `host` counts for nothing; then it is counted.
    pub(crate) fn takes(&mut self, finding: &Finding, host: &str, at: Timestamp, normal: &Normal) -> bool {
        let Some((by, why)) = self.reason(finding, host, at, normal) else { return false };
        let one = Counted { findings: 1, first: at, last: at };
        let rules = self.counted.entry((by, why)).or_default().entry(host.to_owned()).or_default();
        if let Some(known) = rules.get_mut(&finding.rule.id) {
            known.counted = known.counted.and(one);
        } else {
            let title = finding.rule.title.clone();
            rules.insert(finding.rule.id.clone(), OfRule { title, counted: one });
        }
        true
    }

    fn reason(
        &self,
        finding: &Finding,
        host: &str,
        at: Timestamp,
        normal: &Normal,
    ) -> Option<(String, String)> {
        let level = finding.rule.level;
        if let Some(it) = normal.dismissed(&finding.rule.id, host) {
            return Some(("dismissal".to_owned(), it.reason.clone()));
        }
        let asset = self.assets.get(host).copied();
        let window = self.estate.maintenance.iter().find(|it| {
            level < Level::High
                && it.covers(at)
                && asset.is_some_and(|asset| self.estate.selects(&it.on, asset))
        });
        if let Some(it) = window {
            return Some((format!("maintenance {}", it.id), it.why.clone()));
        }
        if self.estate.scanners.is_empty() || level >= Level::Critical {
            return None;
        }
        let named = || SOURCES.iter().find_map(|it| finding.fields.get(*it)?.parse::<IpAddr>().ok());
        let source = finding.trace.origin.or_else(named).map(|it| it.to_canonical());
        let it = self.estate.scanners.iter().find(|it| {
            let is_from = |asset: &Asset| it.from.as_ref().is_some_and(|it| self.estate.selects(it, asset));
            let probes = source.is_some_and(|source| {
                let owns = |asset: &&&Asset| asset.addresses.contains(&source);
                it.addresses.iter().any(|it| it.contains(&source))
                    || self.assets.values().filter(owns).any(|asset| is_from(asset))
            });
            probes || (looks_around(finding) && asset.is_some_and(is_from))
        })?;
        Some((format!("scanner {}", it.id), it.why.clone()))
    }

    /// What was muted, by reason; on one host, or on all.
    pub(crate) fn told(&self, on: Option<&str>) -> Vec<Muted> {
        let told = |((by, why), hosts): (&(String, String), &BTreeMap<String, OnHost>)| {
            let of: Vec<_> = hosts.iter().filter(|it| on.is_none_or(|on| on == it.0)).collect();
            let sum = of.iter().flat_map(|it| it.1.values()).map(|it| it.counted).reduce(Counted::and)?;
            let rules = by_rule(of.iter().map(|it| it.1));
            Some(Muted {
                by: by.clone(),
                why: why.clone(),
                findings: sum.findings,
                n_rules: rules.len() as u64,
                rules: rules.into_iter().take(RULES_NAMED).collect(),
                hosts: of.iter().take(NAMED).map(|it| it.0.clone()).collect(),
                n_hosts: of.len() as u64,
                first: sum.first,
                last: sum.last,
            })
        };
        self.counted.iter().filter_map(told).collect()
    }
}

/// The rules of several hosts, those with the most findings first.
fn by_rule<'a>(hosts: impl Iterator<Item = &'a OnHost>) -> Vec<MutedRule> {
    let mut rules = BTreeMap::<&str, MutedRule>::new();
    for (id, it) in hosts.flatten() {
        let fresh = || MutedRule { id: id.clone(), title: it.title.clone(), findings: 0 };
        rules.entry(id).or_insert_with(fresh).findings += it.counted.findings;
    }
    let mut rules: Vec<MutedRule> = rules.into_values().collect();
    rules.sort_by(|a, b| b.findings.cmp(&a.findings).then_with(|| a.id.cmp(&b.id)));
    rules
}
