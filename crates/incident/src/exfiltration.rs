//! What can be said about theft of data: a dated statement with the coverage it rests on, made anew when facts change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::address::{is_of_whole_network, is_public};
use bulkhead_model::case::{
    CoverageHole, EntityKind, Exfiltration, ExfiltrationConclusion, Incident, StoreAssessment, UnknownPlace,
};
use bulkhead_model::entity::{Between, Observations, ObservedFlow, Sensed};
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::id::AssetId;
use bulkhead_model::sensor::{Hours, Sensor};
use bulkhead_model::uses::Uses;
use jiff::Timestamp;

use crate::link::shift;
use crate::resolve::{HostNo, Resolver};
use crate::tactics::tactics_of;
use crate::volume::Sent;

/// Flows to so many new destinations outside, or so many times, are a sign of their own.
const NEW_DESTINATIONS: usize = 3;
/// Flows to one new destination that are a sign of their own.
const MANY_FLOWS: u64 = 100;

/// Assesses theft of data in `incident` as far as telemetry goes, at `asked`; what happened later is not looked at.
///
/// Stores are the assets with `data` that are compromised, suspected, or one declared flow away from one that is. A
/// store's conclusion is `evidenced` when a rule of the exfiltration tactic and at least high level fired on it and it
/// spoke to an address outside since; `indications` when either such a rule of any level fired on it, or on the
/// attacker's hosts, or when it spoke to several new destinations outside, or sent a large volume to one beyond what it
/// sent there before (see `volume`); `not_assessable` when no sensor recorded what left it. With no stores known nothing can
/// be assessed. A large volume from an attacker's host that holds no declared data is a sign all the same.
///
/// Coverage is counted over stores x time x sensors from the first compromise to `asked`, in hours: an hour counts for a
/// store and a sensor when that sensor recorded something of that store in it, and no source has an unread part there. Of
/// what leaves, a record of a flow to a private address that the estate does not know is none: such a flow goes neither
/// outside nor to anybody known, and is told as one to an unknown place. The rest is listed as holes, what lies
/// between the end of the telemetry and `asked` included; fewer events never cover more.
pub fn assess(
    incident: &Incident,
    estate: &Estate,
    observations: &Observations,
    findings: &[Finding],
    asked: Timestamp,
) -> Exfiltration {
    let mut resolver = Resolver::new(estate, observations);
    let facts = Facts::gather(incident, estate, observations, findings, asked, &mut resolver);
    let from = incident.compromised.iter().map(|it| it.since).chain([incident.first_finding_at]).min();
    let from = from.unwrap_or(incident.first_finding_at);
    let window = (from, asked.max(shift(from, 1)));
    let in_reach: Vec<&Asset> = estate.assets.iter().filter(|it| facts.is_in_reach(estate, it)).collect();
    let holes: Vec<CoverageHole> = in_reach.iter().flat_map(|it| facts.holes(it, window)).collect();
    let stores: Vec<StoreAssessment> = in_reach.iter().map(|it| facts.store(it, &holes, window)).collect();
    // A sign on a host that holds no declared data is a sign all the same.
    let is_clean =
        facts.signs.is_empty() && facts.attackers.iter().all(|it| facts.large(it).next().is_none());
    let elsewhere = match (is_clean, stores.is_empty()) {
        (false, _) => ExfiltrationConclusion::Indications,
        (true, true) => ExfiltrationConclusion::NotAssessable,
        (true, false) => ExfiltrationConclusion::NoneSeen,
    };
    let last = observations.last.into_iter().chain(findings.iter().filter_map(|it| it.time)).max();
    Exfiltration {
        conclusion: stores.iter().map(|it| it.conclusion).fold(elsewhere, ExfiltrationConclusion::max),
        coverage: covered(&holes, stores.len(), window),
        stores,
        holes,
        unknown_places: facts.unknown_places(&in_reach),
        as_of: last.map_or(asked, |it| it.min(asked)),
        from: Some(window.0),
        until: Some(window.1),
    }
}

/// Stretches cut to the window, those that touch as one, ascending.
fn merged(
    stretches: impl IntoIterator<Item = (Timestamp, Timestamp)>,
    (from, to): (Timestamp, Timestamp),
) -> Vec<(Timestamp, Timestamp)> {
    let cut = stretches.into_iter().map(|it| (it.0.max(from), it.1.min(to))).filter(|it| it.0 < it.1);
    let mut sorted: Vec<_> = cut.collect();
    sorted.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for it in sorted {
        match merged.last_mut() {
            Some(last) if it.0 <= last.1 => last.1 = last.1.max(it.1),
            _ => merged.push(it),
        }
    }
    merged
}

/// The share of `stores` x sensors x time in `window` that no hole takes.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of some years times assets")]
fn covered<'h>(
    holes: impl IntoIterator<Item = &'h CoverageHole>,
    stores: usize,
    (from, to): (Timestamp, Timestamp),
) -> f64 {
    let millis = |from: Timestamp, to: Timestamp| i128::from(to.as_millisecond() - from.as_millisecond());
    let whole = millis(from, to) * (stores * Sensor::ALL.len()) as i128;
    let open: i128 = holes.into_iter().map(|it| millis(it.from, it.to)).sum();
    if whole <= 0 { 0.0 } else { (whole - open) as f64 / whole as f64 }
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
    sent: Sent,
}

struct Facts {
    attackers: BTreeSet<String>,
    /// The operator's own assets.
    own: BTreeSet<String>,
    signs: Vec<Sign>,
    /// By asset id, then address.
    outbound: BTreeMap<String, BTreeMap<IpAddr, Outbound>>,
    /// Stretches of which some source was not read, so that nothing can be said of what it recorded.
    unread: Vec<(Timestamp, Timestamp)>,
    /// What each sensor recorded of an asset, by its id.
    sensed: BTreeMap<String, Sensed>,
    /// Flows since the beginning between an asset and a private address that the estate does not know.
    strangers: BTreeMap<(String, IpAddr), UnknownPlace>,
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
        // Where nothing tells when the rest of a source was recorded, it may have been at any time.
        let unread = incident.telemetry.unread.iter();
        let unread =
            unread.map(|it| (it.from.unwrap_or(Timestamp::MIN), it.to.unwrap_or(Timestamp::MAX))).collect();
        let own = estate.assets.iter().filter(|it| !estate.is_external(&it.zone));
        let own = own.map(|it| it.id.as_str().to_owned()).collect();
        let (signs, outbound) = (Vec::new(), BTreeMap::new());
        let (sensed, strangers) = (BTreeMap::new(), BTreeMap::new());
        let mut facts = Self { attackers, own, signs, outbound, unread, sensed, strangers };
        for finding in findings {
            facts.add_sign(finding, start, as_of, resolver);
        }
        for (name, host) in &observations.hosts {
            let number = resolver.host(name);
            facts.sense(number, &host.sensed, resolver);
            for (pair, hours) in &host.inside {
                let known = |end| facts.knows(end, number, estate, resolver);
                if [pair.from, pair.to].into_iter().any(known) {
                    facts.sense(number, &Sensed::from([(Sensor::Egress, hours.clone())]), resolver);
                }
            }
        }
        for (pair, hours) in &observations.inside {
            for (end, other) in [(pair.from, pair.to), (pair.to, pair.from)] {
                let number = resolver.address(end);
                if facts.knows(other, number, estate, resolver) {
                    facts.sense(number, &Sensed::from([(Sensor::Egress, hours.clone())]), resolver);
                }
            }
        }
        for (address, sensed) in &observations.wire {
            facts.sense(resolver.address(*address), sensed, resolver);
        }
        for (flow, seen) in &observations.flows {
            facts.stranger(flow, seen, (start, as_of), estate, resolver);
            let Some(outbound) = facts.outbound(flow.from, flow.to, estate, resolver) else { continue };
            outbound.before |= seen.first.is_none_or(|it| it < start);
            if seen.first.is_some_and(|it| it <= as_of) && seen.last.is_some_and(|it| it >= start) {
                outbound.since += seen.count;
            }
        }
        for (transfer, volume) in &observations.sent {
            if let Some(outbound) = facts.outbound(transfer.from, transfer.to, estate, resolver) {
                outbound.sent.add(volume, start, as_of);
            }
        }
        facts
    }

    /// What one of our hosts sent to an address outside; none where it is no such pair. That logs give an address a name
    /// does not make it one of ours.
    fn outbound(
        &mut self,
        from: IpAddr,
        to: IpAddr,
        estate: &Estate,
        resolver: &mut Resolver<'_>,
    ) -> Option<&mut Outbound> {
        let id = |it: HostNo, resolver: &Resolver<'_>| resolver.hosts[it].id.clone();
        if !is_outside(to, estate)
            || resolver.address(to).is_some_and(|it| self.own.contains(&id(it, resolver)))
        {
            return None;
        }
        let from = resolver.address(from)?;
        Some(self.outbound.entry(id(from, resolver)).or_default().entry(to).or_default())
    }

    /// Whether the estate knows who or what is at the private address `end`, other than the host `other` itself.
    fn knows(
        &self,
        end: IpAddr,
        other: Option<HostNo>,
        estate: &Estate,
        resolver: &mut Resolver<'_>,
    ) -> bool {
        match resolver.address(end) {
            _ if is_whole_network(end, estate) => false,
            Some(it) if Some(it) == other => false,
            Some(it) if self.own.contains(&resolver.hosts[it].id) => true,
            _ => is_in_zone(end, estate),
        }
    }

    /// Takes in a flow between one of our hosts and a private address that the estate does not know.
    fn stranger(
        &mut self,
        flow: &ObservedFlow,
        seen: &Uses,
        (start, as_of): (Timestamp, Timestamp),
        estate: &Estate,
        resolver: &mut Resolver<'_>,
    ) {
        let (Some(pair), Some(first), Some(last)) = (Between::of(flow), seen.first, seen.last) else {
            return;
        };
        if first > as_of || last < start {
            return;
        }
        for (end, to) in [(pair.from, pair.to), (pair.to, pair.from)] {
            let Some(host) = resolver.address(end) else { continue };
            let id = resolver.hosts[host].id.clone();
            if !self.own.contains(&id)
                || resolver.address(to) == Some(host)
                || is_whole_network(to, estate)
                || self.knows(to, Some(host), estate, resolver)
            {
                continue;
            }
            let (first, last) = (first.max(start), last.min(as_of));
            let new = UnknownPlace { from: id.clone(), address: to.to_string(), flows: 0, first, last };
            let place = self.strangers.entry((id, to)).or_insert(new);
            place.flows += seen.count;
            (place.first, place.last) = (place.first.min(first), place.last.max(last));
        }
    }

    /// Those of the attacker's hosts and of the stores within reach.
    fn unknown_places(&self, stores: &[&Asset]) -> Vec<UnknownPlace> {
        let counts =
            |id: &String| self.attackers.contains(id) || stores.iter().any(|it| *it.id.as_str() == **id);
        self.strangers.iter().filter(|it| counts(&it.0.0)).map(|it| it.1.clone()).collect()
    }

    /// Large volumes that an asset sent, with where to.
    fn large<'f>(&'f self, asset: &str) -> impl Iterator<Item = (&'f IpAddr, &'f Sent)> + use<'f> {
        let outbound = self.outbound.get(asset).into_iter().flatten();
        outbound.map(|it| (it.0, &it.1.sent)).filter(|it| it.1.is_sign())
    }

    fn sense(&mut self, host: Option<HostNo>, sensed: &Sensed, resolver: &Resolver<'_>) {
        let Some(host) = host.filter(|_| !sensed.is_empty()) else { return };
        let known = self.sensed.entry(resolver.hosts[host].id.clone()).or_default();
        for (sensor, hours) in sensed {
            known.entry(*sensor).or_default().merge(hours);
        }
    }

    /// The stretches of `window` in which a sensor recorded nothing of `asset`, by sensor and time.
    fn holes(&self, asset: &Asset, (from, to): (Timestamp, Timestamp)) -> Vec<CoverageHole> {
        let (never, nothing) = (Hours::default(), Sensed::new());
        let sensed = self.sensed.get(asset.id.as_str()).unwrap_or(&nothing);
        let of = |sensor: Sensor| {
            let gaps = sensed.get(&sensor).unwrap_or(&never).gaps(from, to);
            let gaps = merged(gaps.into_iter().chain(self.unread.iter().copied()), (from, to)).into_iter();
            let store = asset.id.as_str();
            gaps.map(move |(from, to)| CoverageHole { store: store.to_owned(), sensor, from, to })
        };
        Sensor::ALL.into_iter().flat_map(of).collect()
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

    fn store(
        &self,
        asset: &Asset,
        holes: &[CoverageHole],
        window: (Timestamp, Timestamp),
    ) -> StoreAssessment {
        let id = asset.id.as_str();
        let own = || holes.iter().filter(|it| it.store == id);
        // One hole that takes the whole time: no sensor ever recorded what left it.
        let blind = own().any(|it| it.sensor == Sensor::Egress && (it.from, it.to) == window);
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
        let large: Vec<_> = self.large(id).filter(|_| self.attackers.contains(id)).collect();
        let grave = signs.iter().any(|it| it.level >= Level::High);
        let conclusion = if grave && spoke_out {
            ExfiltrationConclusion::Evidenced
        } else if !signs.is_empty() || odd || !large.is_empty() {
            ExfiltrationConclusion::Indications
        } else if blind {
            ExfiltrationConclusion::NotAssessable
        } else {
            ExfiltrationConclusion::NoneSeen
        };
        let mut evidence: Vec<String> = signs.iter().map(|it| it.text.clone()).collect();
        evidence.extend(large.iter().map(|it| it.1.words(*it.0)));
        if odd || grave {
            let flows = fresh.iter().map(|it| format!("flow to {}, {} times, not seen before", it.0, it.1));
            evidence.extend(flows);
        }
        if let Some(places) = unknown_words(self.strangers.iter().filter(|it| it.0.0 == id).map(|it| it.0.1))
        {
            evidence.push(places);
        }
        if blind {
            evidence.push("no sensor recorded what left it".to_owned());
        }
        StoreAssessment {
            asset: id.to_owned(),
            data: asset.data.clone(),
            conclusion,
            coverage: covered(own(), 1, window),
            covered: None,
            evidence,
        }
    }
}

/// Whether an address lies outside the estate and outside private networks.
fn is_outside(address: IpAddr, estate: &Estate) -> bool {
    is_public(address) && !is_in_zone(address, estate)
}

/// Whether an address lies in a network that the estate says is the operator's: what it says of others does not make them so.
fn is_in_zone(address: IpAddr, estate: &Estate) -> bool {
    let own = estate.zones.iter().filter(|it| !it.external).flat_map(|it| &it.cidrs);
    own.into_iter().any(|it| it.contains(&address))
}

/// Whether an address stands for a whole network of the operator's (its first, or the one that all of it hears), and so for
/// no host.
fn is_whole_network(of: IpAddr, estate: &Estate) -> bool {
    estate.zones.iter().flat_map(|it| &it.cidrs).any(|it| is_of_whole_network(it, of))
}

/// That flows went to private addresses that the estate does not know; none where none did.
fn unknown_words(addresses: impl Iterator<Item = IpAddr>) -> Option<String> {
    const NAMED: usize = 5;
    let all: Vec<String> = addresses.map(|it| it.to_string()).collect();
    let more = if all.len() > NAMED { format!(", and {} more", all.len() - NAMED) } else { String::new() };
    let named = all.get(..NAMED).unwrap_or(&all).join(", ");
    (!all.is_empty()).then(|| {
        format!(
            "flows to unknown places inside, private addresses that the estate does not know: {named}{more}; what left from \
             there is not known"
        )
    })
}
