//! What is no sign of an intruder because somebody said so: maintenance and scanners the estate announces, findings an operator
//! dismissed. It is counted, and said beside the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::case::Muted;
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::finding::{Finding, Level};
use jiff::Timestamp;

use crate::normal::Normal;
use crate::tactics::tactics_of;

/// Hosts named for each reason.
const NAMED: usize = 10;
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
    counted: BTreeMap<(String, String), Counted>,
}

#[derive(Clone, Debug)]
struct Counted {
    findings: u64,
    hosts: BTreeSet<String>,
    first: Timestamp,
    last: Timestamp,
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
        let counted = self.counted.entry((by, why)).or_insert_with(|| Counted {
            findings: 0,
            hosts: BTreeSet::new(),
            first: at,
            last: at,
        });
        counted.findings += 1;
        counted.hosts.insert(host.to_owned());
        counted.first = counted.first.min(at);
        counted.last = counted.last.max(at);
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

    /// What was muted, by reason.
    pub(crate) fn told(&self) -> Vec<Muted> {
        let told = |((by, why), it): (&(String, String), &Counted)| Muted {
            by: by.clone(),
            why: why.clone(),
            findings: it.findings,
            hosts: it.hosts.iter().take(NAMED).cloned().collect(),
            n_hosts: it.hosts.len() as u64,
            first: it.first,
            last: it.last,
        };
        self.counted.iter().map(told).collect()
    }
}
