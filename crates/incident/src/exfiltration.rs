//! What can be said about theft of data: a dated statement with the coverage it rests on, made anew when facts change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::case::{EntityKind, Exfiltration, ExfiltrationConclusion, Incident, StoreAssessment};
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::id::AssetId;
use jiff::Timestamp;

use crate::link::shift;
use crate::resolve::{HostNo, Resolver};
use crate::tactics::tactics_of;

/// Flows to so many new destinations outside, or so many times, are a sign of their own.
const NEW_DESTINATIONS: usize = 3;
/// Flows to one new destination that are a sign of their own.
const MANY_FLOWS: u64 = 100;

/// Assesses theft of data in `incident`, as of `as_of`; what happened later is not looked at.
///
/// Stores are the assets with `data` that are compromised, suspected, or one declared flow away from one that is. A
/// store's conclusion is `evidenced` when a rule of the exfiltration tactic and at least high level fired on it and it
/// spoke to an address outside since; `indications` when either such a rule of any level fired on it, or on the
/// attacker's hosts, or when it spoke to several new destinations outside. With no stores known, coverage is 0: the
/// statement rests on nothing.
pub fn assess(
    incident: &Incident,
    estate: &Estate,
    observations: &Observations,
    findings: &[Finding],
    as_of: Timestamp,
) -> Exfiltration {
    let mut resolver = Resolver::new(estate, observations);
    let facts = Facts::gather(incident, estate, observations, findings, as_of, &mut resolver);
    let stores: Vec<StoreAssessment> =
        estate.assets.iter().filter(|it| facts.is_in_reach(estate, it)).map(|it| facts.store(it)).collect();
    let covered = stores.iter().filter(|it| it.covered).count();
    // A sign on a host that holds no declared data is a sign all the same.
    let elsewhere = if facts.signs.is_empty() {
        ExfiltrationConclusion::NoneSeen
    } else {
        ExfiltrationConclusion::Indications
    };
    Exfiltration {
        conclusion: stores.iter().map(|it| it.conclusion).fold(elsewhere, ExfiltrationConclusion::max),
        coverage: share(covered, stores.len()),
        stores,
        as_of,
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of assets")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A rule of the exfiltration tactic that fired on a host of the incident.
struct Sign {
    asset: String,
    level: Level,
    text: String,
}

/// Flows of one asset to one address outside.
#[derive(Default)]
struct Outbound {
    before: bool,
    since: u64,
}

struct Facts {
    attackers: BTreeSet<String>,
    signs: Vec<Sign>,
    /// By asset id, then address.
    outbound: BTreeMap<String, BTreeMap<IpAddr, Outbound>>,
    covered: BTreeSet<String>,
}

impl Facts {
    fn gather(
        incident: &Incident,
        estate: &Estate,
        observations: &Observations,
        findings: &[Finding],
        as_of: Timestamp,
        resolver: &mut Resolver<'_>,
    ) -> Self {
        let entities = incident.compromised.iter().chain(&incident.suspected);
        let attackers: BTreeSet<String> =
            entities.filter(|it| it.kind == EntityKind::Asset).map(|it| it.id.clone()).collect();
        // Flows are stamped late by some sensors; a minute of slack loses none.
        let start = shift(incident.first_finding_at, -60);
        let mut facts =
            Self { attackers, signs: Vec::new(), outbound: BTreeMap::new(), covered: BTreeSet::new() };
        for finding in findings {
            facts.add_sign(finding, start, as_of, resolver);
        }
        for name in observations.hosts.keys() {
            facts.cover(resolver.host(name), resolver);
        }
        for (flow, seen) in &observations.flows {
            let (from, to) = (resolver.address(flow.from), resolver.address(flow.to));
            facts.cover(from, resolver);
            facts.cover(to, resolver);
            let (Some(from), None, true) = (from, to, is_outside(flow.to, estate)) else { continue };
            let outbound = facts
                .outbound
                .entry(resolver.hosts[from].id.clone())
                .or_default()
                .entry(flow.to)
                .or_default();
            outbound.before |= seen.first.is_none_or(|it| it < start);
            if seen.first.is_some_and(|it| it <= as_of) && seen.last.is_some_and(|it| it >= start) {
                outbound.since += seen.count;
            }
        }
        facts
    }

    fn cover(&mut self, host: Option<HostNo>, resolver: &Resolver<'_>) {
        if let Some(host) = host {
            self.covered.insert(resolver.hosts[host].id.clone());
        }
    }

    fn add_sign(
        &mut self,
        finding: &Finding,
        start: Timestamp,
        as_of: Timestamp,
        resolver: &mut Resolver<'_>,
    ) {
        let in_time = finding.time.is_some_and(|it| it >= start && it <= as_of);
        if !in_time
            || finding.rule.level < Level::Low
            || !tactics_of(&finding.rule.tags).contains(&"exfiltration")
        {
            return;
        }
        let Some(host) = finding.host.as_ref().and_then(|it| resolver.host(it)) else { return };
        let asset = resolver.hosts[host].id.clone();
        if self.attackers.contains(&asset) {
            let source = &finding.source;
            let text =
                format!("{}#{} {}: {}", source.file, source.record, finding.rule.id, finding.rule.title);
            self.signs.push(Sign { asset, level: finding.rule.level, text });
        }
    }

    /// Whether `asset` holds data and is in the attacker's hands or one declared flow away.
    fn is_in_reach(&self, estate: &Estate, asset: &Asset) -> bool {
        if asset.data.is_empty() {
            return false;
        }
        let holds = |it: &AssetId| self.attackers.contains(it.as_str());
        let from_attacker = |from: &bulkhead_model::estate::Selector| {
            estate.assets.iter().any(|it| holds(&it.id) && from.matches(it))
        };
        let zone_is_flat = estate.zones.iter().any(|it| it.id == asset.zone && it.flat);
        holds(&asset.id)
            || estate.flows.iter().any(|it| it.to.matches(asset) && from_attacker(&it.from))
            || (zone_is_flat && estate.assets.iter().any(|it| it.zone == asset.zone && holds(&it.id)))
    }

    fn store(&self, asset: &Asset) -> StoreAssessment {
        let id = asset.id.as_str();
        let signs: Vec<&Sign> = self.signs.iter().filter(|it| it.asset == id).collect();
        let empty = BTreeMap::new();
        let outbound = self.outbound.get(id).unwrap_or(&empty);
        let fresh: Vec<(&IpAddr, u64)> = outbound
            .iter()
            .filter(|it| !it.1.before && it.1.since > 0)
            .map(|it| (it.0, it.1.since))
            .collect();
        let spoke_out = outbound.values().any(|it| it.since > 0);
        // What leaves a host that was never compromised is business as usual until a rule says otherwise.
        let odd = self.attackers.contains(id)
            && (fresh.len() >= NEW_DESTINATIONS || fresh.iter().any(|it| it.1 >= MANY_FLOWS));
        let grave = signs.iter().any(|it| it.level >= Level::High);
        let conclusion = if grave && spoke_out {
            ExfiltrationConclusion::Evidenced
        } else if !signs.is_empty() || odd {
            ExfiltrationConclusion::Indications
        } else {
            ExfiltrationConclusion::NoneSeen
        };
        let mut evidence: Vec<String> = signs.iter().map(|it| it.text.clone()).collect();
        if odd || grave {
            let flows = fresh.iter().map(|it| format!("flow to {}, {} times, not seen before", it.0, it.1));
            evidence.extend(flows);
        }
        StoreAssessment {
            asset: id.to_owned(),
            data: asset.data.clone(),
            conclusion,
            covered: self.covered.contains(id),
            evidence,
        }
    }
}

/// Whether an address lies outside the estate and outside private networks.
fn is_outside(address: IpAddr, estate: &Estate) -> bool {
    let inside = match address.to_canonical() {
        IpAddr::V4(it) => {
            it.is_private()
                || it.is_loopback()
                || it.is_link_local()
                || it.is_multicast()
                || it.is_broadcast()
                || it.is_unspecified()
        }
        IpAddr::V6(it) => {
            it.is_loopback()
                || it.is_multicast()
                || it.is_unspecified()
                || it.is_unique_local()
                || it.is_unicast_link_local()
        }
    };
    !inside && !estate.zones.iter().flat_map(|it| &it.cidrs).any(|it| it.contains(&address))
}
