//! The sum of the entities of all events, in tables of bounded size.

mod watched;

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulkhead_model::entity::{Creation, Entities, Observations, ObservedHost, Seen, Transfer, Volume};
use bulkhead_model::sensor::hour_of;
use bulkhead_model::uses::Uses;

use self::watched::{Room, is_local};
use crate::entities::is_usable;

/// How much an [`Observer`] keeps. What comes beyond is counted in `Observations::dropped`.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Hosts.
    pub hosts: usize,
    /// Distinct logons.
    pub logons: usize,
    /// Distinct flows.
    pub flows: usize,
    /// Accounts that were made.
    pub created: usize,
    /// Addresses with a name given by others.
    pub names: usize,
    /// Accounts of one host.
    pub users_per_host: usize,
    /// Addresses of one host.
    pub addresses_per_host: usize,
    /// Addresses that sensors on the wire watch; those of public networks take at most half.
    pub watched: usize,
    /// Pairs of private addresses between which a sensor of what leaves recorded something, of hosts and on the wire.
    pub inside: usize,
    /// Stretches of hours in which something was recorded, over all hosts, addresses and sensors.
    pub stretches: usize,
    /// Volumes: by sender, receiver and hour. Twice as many are kept where they are large.
    pub volumes: usize,
}

/// Volumes of an hour that are worth room when there is little.
const LARGE: u64 = 1_000_000;
/// Stretches of hours that are noted as heard: further ones are of clocks gone astray.
const HEARD_MAX: usize = 50_000;

impl Default for Bounds {
    fn default() -> Self {
        Self {
            hosts: 20_000,
            logons: 100_000,
            flows: 200_000,
            created: 20_000,
            names: 50_000,
            users_per_host: 1000,
            addresses_per_host: 64,
            watched: 100_000,
            inside: 200_000,
            stretches: 1_000_000,
            volumes: 200_000,
        }
    }
}

/// Sums up entities event by event.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    bounds: Bounds,
    seen: Observations,
    /// Stretches of hours kept so far.
    stretches: usize,
    /// Pairs of private addresses kept so far.
    inside: usize,
}

impl Observer {
    /// An observer that keeps no more than `bounds`.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Takes in the entities of one event.
    pub fn add(&mut self, entities: &Entities) {
        self.seen.last = self.seen.last.max(entities.time);
        if let Some(hour) = entities.time.map(hour_of)
            && !self.seen.heard.has(hour)
            && self.seen.heard.runs() < HEARD_MAX
        {
            self.seen.heard.add(hour);
        }
        self.host(entities);
        self.wire(entities);
        if let Some(logon) = &entities.logon {
            count(&mut self.seen.logons, logon, entities, self.bounds.logons, &mut self.seen.dropped);
        }
        if let Some(flow) = &entities.flow {
            count(&mut self.seen.flows, flow, entities, self.bounds.flows, &mut self.seen.dropped);
        }
        self.created(entities);
        self.volumes(entities);
        for (address, name) in &entities.named {
            if self.seen.names.contains_key(address) {
                continue;
            }
            if self.seen.names.len() < self.bounds.names {
                self.seen.names.insert(*address, name.clone());
            } else {
                self.seen.dropped += 1;
            }
        }
    }

    fn created(&mut self, entities: &Entities) {
        let (Some(account), Some(on)) = (&entities.created, &entities.host) else { return };
        let it = Creation { account: account.clone(), by: entities.user.clone(), on: on.clone() };
        if let Some(seen) = self.seen.created.get_mut(&it) {
            seen.add(entities.time);
        } else if self.seen.created.len() < self.bounds.created {
            self.seen.created.entry(it).or_default().add(entities.time);
        } else {
            self.seen.dropped += 1;
        }
    }

    fn host(&mut self, entities: &Entities) {
        let Some(name) = &entities.host else {
            return;
        };
        if !self.seen.hosts.contains_key(name) {
            if self.seen.hosts.len() >= self.bounds.hosts {
                self.seen.dropped += 1;
                return;
            }
            self.seen.hosts.insert(name.clone(), ObservedHost::default());
        }
        let Some(host) = self.seen.hosts.get_mut(name) else {
            return;
        };
        host.seen.add(entities.time);
        if let Some(at) = entities.time {
            let room = Room { stretches: &mut self.stretches, inside: &mut self.inside, bounds: self.bounds };
            self.seen.dropped += room.host(host, entities, hour_of(at));
        }
        if let Some(os) = entities.os
            && host.os.is_none()
        {
            host.os = Some(os.to_owned());
        }
        if let Some(role) = entities.role
            && !host.roles.contains(role)
        {
            host.roles.insert(role.to_owned());
        }
        for address in entities.host_addresses.iter().filter(|it| is_usable(**it)) {
            if host.addresses.len() < self.bounds.addresses_per_host {
                host.addresses.insert(*address);
            } else if !host.addresses.contains(address) {
                self.seen.dropped += 1;
            }
        }
        // Who failed to log on did nothing on the host, and may not even exist.
        let refused = entities.refused || entities.logon.as_ref().is_some_and(|it| !it.success);
        if let Some(user) = entities.user.as_ref().filter(|_| !refused) {
            let sets = [Some(&mut host.users), entities.privileged.then_some(&mut host.privileged)];
            for set in sets.into_iter().flatten() {
                if set.contains(user) {
                    continue;
                }
                if set.len() < self.bounds.users_per_host {
                    set.insert(user.clone());
                } else {
                    self.seen.dropped += 1;
                }
            }
        }
    }

    /// What went over a flow, to those of its ends that lie in no private network.
    fn volumes(&mut self, entities: &Entities) {
        let (Some(flow), Some(at)) = (&entities.flow, entities.until.max(entities.time)) else { return };
        for (from, to, bytes) in
            [(flow.from, flow.to, entities.bytes[0]), (flow.to, flow.from, entities.bytes[1])]
        {
            if bytes == 0 || is_local(to) {
                continue;
            }
            let key = Transfer { from: from.to_canonical(), to: to.to_canonical(), hour: hour_of(at) };
            let new = Volume::new(bytes, at);
            let full = if bytes >= LARGE { 2 * self.bounds.volumes } else { self.bounds.volumes };
            if let Some(known) = self.seen.sent.get_mut(&key) {
                *known = known.and(new);
            } else if self.seen.sent.len() < full {
                self.seen.sent.insert(key, new);
            } else {
                self.seen.dropped += 1;
            }
        }
    }

    /// The sum, with one name per host: a short name becomes the qualified one where only one host has it, and logons
    /// name hosts instead of addresses where the owner is known.
    pub fn finish(self) -> Observations {
        let mut seen = self.seen;
        let full = qualified_names(&seen.hosts);
        let mut hosts: BTreeMap<String, ObservedHost> = BTreeMap::new();
        for (name, host) in std::mem::take(&mut seen.hosts) {
            let name = full.get(&name).cloned().unwrap_or(name);
            merge_host(hosts.entry(name).or_default(), host);
        }
        let owners = owners(&hosts);
        let resolve = |name: String| -> String {
            let known = name.parse().ok().and_then(|it: IpAddr| owners.get(&it).cloned()?);
            known.or_else(|| full.get(&name).cloned()).unwrap_or(name)
        };
        for (mut logon, count) in std::mem::take(&mut seen.logons) {
            logon.to = resolve(logon.to);
            logon.from = logon.from.map(resolve).filter(|it| *it != logon.to);
            seen.logons.entry(logon).or_default().merge(&count);
        }
        for name in seen.names.values_mut() {
            if let Some(full) = full.get(name) {
                name.clone_from(full);
            }
        }
        seen.hosts = hosts;
        seen
    }
}

/// Counts `key` in a table of at most `limit` rows.
fn count<K: Ord + Clone>(
    table: &mut BTreeMap<K, Uses>,
    key: &K,
    entities: &Entities,
    limit: usize,
    dropped: &mut u64,
) {
    if let Some(seen) = table.get_mut(key) {
        seen.add(entities.time);
    } else if table.len() < limit {
        table.entry(key.clone()).or_default().add(entities.time);
    } else {
        *dropped += 1;
    }
}

/// The qualified name for every short name that exactly one qualified host begins with, whether or not a host of the
/// short name was seen.
fn qualified_names(hosts: &BTreeMap<String, ObservedHost>) -> BTreeMap<String, String> {
    let mut full: BTreeMap<String, Option<String>> = BTreeMap::new();
    for name in hosts.keys() {
        if let Some((short, _)) = name.split_once('.') {
            full.entry(short.to_owned()).and_modify(|it| *it = None).or_insert_with(|| Some(name.clone()));
        }
    }
    full.into_iter().filter_map(|(short, name)| Some((short, name?))).collect()
}

/// The one host that owns an address; none where several claim it.
fn owners(hosts: &BTreeMap<String, ObservedHost>) -> BTreeMap<IpAddr, Option<String>> {
    let mut owners: BTreeMap<IpAddr, Option<String>> = BTreeMap::new();
    for (name, host) in hosts {
        for address in &host.addresses {
            owners.entry(*address).and_modify(|it| *it = None).or_insert_with(|| Some(name.clone()));
        }
    }
    owners
}

fn merge_host(into: &mut ObservedHost, from: ObservedHost) {
    merge_seen(&mut into.seen, from.seen);
    into.addresses.extend(from.addresses);
    into.users.extend(from.users);
    into.privileged.extend(from.privileged);
    into.roles.extend(from.roles);
    into.os = into.os.take().or(from.os);
    for (sensor, hours) in from.sensed {
        into.sensed.entry(sensor).or_default().merge(&hours);
    }
    for (pair, hours) in from.inside {
        into.inside.entry(pair).or_default().merge(&hours);
    }
}

fn merge_seen(into: &mut Seen, from: Seen) {
    into.count += from.count;
    into.first = [into.first, from.first].into_iter().flatten().min();
    into.last = into.last.max(from.last);
}

#[cfg(test)]
mod tests {
    use bulkhead_model::entity::{Logon, ObservedFlow};
    use bulkhead_model::sensor::{Sensor, Sensors};

    use super::*;

    fn host(name: &str, address: &str) -> Entities {
        Entities {
            host: Some(name.to_owned()),
            host_addresses: address.parse().into_iter().collect(),
            ..Entities::default()
        }
    }

    fn logon(user: &str, from: &str, to: &str) -> Entities {
        let (user, from, to) = (user.to_owned(), Some(from.to_owned()), to.to_owned());
        let logon = Logon { user, from, to, kind: "network".to_owned(), success: true };
        Entities { logon: Some(logon), ..Entities::default() }
    }

    #[test]
    fn hosts_have_one_name() {
        let mut observer = Observer::default();
        observer.add(&host("ws5.corp.example", "10.0.0.5"));
        observer.add(&host("ws5", "10.0.0.6"));
        observer.add(&host("ws6.corp.example", "10.0.0.7"));
        observer.add(&logon("corp\\a", "10.0.0.5", "ws6"));
        observer.add(&logon("corp\\a", "ws5", "ws6.corp.example"));
        let seen = observer.finish();
        assert_eq!(seen.hosts.keys().collect::<Vec<_>>(), ["ws5.corp.example", "ws6.corp.example"]);
        assert_eq!(seen.hosts["ws5.corp.example"].addresses.len(), 2);
        let (logon, count) = seen.logons.first_key_value().unwrap();
        assert_eq!((seen.logons.len(), count.count), (1, 2));
        assert_eq!(
            (logon.from.as_deref(), logon.to.as_str()),
            (Some("ws5.corp.example"), "ws6.corp.example")
        );
    }

    #[test]
    fn an_address_that_two_hosts_claim_is_nobodys() {
        let mut observer = Observer::default();
        observer.add(&host("a.example", "10.0.0.5"));
        observer.add(&host("b.example", "10.0.0.5"));
        observer.add(&logon("x", "10.0.0.5", "b"));
        let seen = observer.finish();
        assert_eq!(seen.logons.first_key_value().unwrap().0.from.as_deref(), Some("10.0.0.5"));
    }

    #[test]
    fn sensors_are_noted_by_host_and_hour_within_bounds() {
        let mut observer = Observer::new(Bounds { stretches: 2, watched: 3, ..Bounds::default() });
        let seen = |hour: i64, name: &str| Entities {
            time: jiff::Timestamp::from_second(hour * 3600 + 1).ok(),
            sensors: Sensors::one(Sensor::Process),
            ..host(name, "10.0.0.5")
        };
        [3, 4, 9, 10, 20].into_iter().for_each(|hour| observer.add(&seen(hour, "ws5.corp.example")));
        observer.add(&seen(5, "ws5"));
        let seen = observer.finish();
        let hours = &seen.hosts["ws5.corp.example"].sensed[&Sensor::Process];
        assert_eq!((3..21).filter(|it| hours.has(*it)).collect::<Vec<_>>(), [3, 4, 9, 10]);
        assert_eq!(seen.dropped, 2, "a third stretch, and the first of another name");
        assert_eq!(seen.last.map(hour_of), Some(20));
    }

    #[test]
    fn a_sensor_on_the_wire_watches_both_ends_and_for_names_who_asks() {
        let mut observer = Observer::new(Bounds { watched: 4, ..Bounds::default() });
        let flow = |sensor, to: &str| Entities {
            time: jiff::Timestamp::from_second(0).ok(),
            flow: Some(ObservedFlow {
                from: "10.0.0.5".parse().unwrap(),
                to: to.parse().unwrap(),
                protocol: "tcp".to_owned(),
                port: 443,
            }),
            wire: Sensors::one(sensor),
            ..Entities::default()
        };
        observer.add(&flow(Sensor::Egress, "8.8.8.8"));
        observer.add(&flow(Sensor::Dns, "10.0.0.6"));
        observer.add(&flow(Sensor::Egress, "203.0.113.9"));
        // Whether that shows what leaves depends on who knows both ends.
        observer.add(&flow(Sensor::Egress, "10.0.0.6"));
        let seen = observer.finish();
        let of = |it: &str| seen.wire[&it.parse::<IpAddr>().unwrap()].keys().copied().collect::<Vec<_>>();
        assert_eq!(of("10.0.0.5"), [Sensor::Egress, Sensor::Dns]);
        assert_eq!(of("8.8.8.8"), [Sensor::Egress]);
        assert_eq!((seen.wire.len(), seen.inside.len(), seen.dropped), (2, 1, 1));
    }

    #[test]
    fn what_leaves_is_summed_up_by_receiver_and_hour() {
        let mut observer = Observer::new(Bounds { volumes: 3, ..Bounds::default() });
        let flow = |second: i64, from: &str, to: &str, bytes: [u64; 2]| Entities {
            time: jiff::Timestamp::from_second(second).ok(),
            until: jiff::Timestamp::from_second(second + 60).ok(),
            flow: Some(ObservedFlow {
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
                protocol: "tcp".to_owned(),
                port: 443,
            }),
            bytes,
            ..Entities::default()
        };
        observer.add(&flow(0, "10.0.0.5", "203.0.113.9", [10, 2]));
        observer.add(&flow(60, "10.0.0.5", "203.0.113.9", [5, 2]));
        // Begun in the first hour, and ended in the second.
        observer.add(&flow(3570, "203.0.113.9", "10.0.0.5", [1, 7]));
        observer.add(&flow(0, "10.0.0.5", "10.0.0.6", [100, 100]));
        observer.add(&flow(0, "10.0.0.5", "8.8.8.8", [1, 0]));
        observer.add(&flow(0, "10.0.0.6", "8.8.8.8", [1, 0]));
        observer.add(&flow(0, "10.0.0.7", "8.8.8.8", [LARGE, 0]));
        let seen = observer.finish();
        let sent: Vec<String> = seen
            .sent
            .iter()
            .map(|(it, volume)| format!("{} {} {} {}", it.from, it.to, it.hour, volume.bytes))
            .collect();
        let expect = [
            "10.0.0.5 8.8.8.8 0 1",
            "10.0.0.5 203.0.113.9 0 15",
            "10.0.0.5 203.0.113.9 1 7",
            "10.0.0.7 8.8.8.8 0 1000000",
        ];
        assert_eq!(sent, expect);
        assert_eq!(seen.dropped, 1);
    }

    #[test]
    fn tables_stay_within_bounds() {
        let bounds = Bounds { hosts: 3, logons: 4, addresses_per_host: 2, ..Bounds::default() };
        let mut observer = Observer::new(bounds);
        for n in 0..10 {
            observer.add(&host(&format!("h{n}"), "10.0.0.1"));
            observer.add(&host("h0", &format!("10.0.1.{n}")));
            observer.add(&logon(&format!("u{n}"), "10.0.0.9", "h0"));
        }
        let seen = observer.finish();
        assert_eq!((seen.hosts.len(), seen.logons.len()), (3, 4));
        assert_eq!(seen.hosts["h0"].addresses.len(), 2);
        assert_eq!(seen.dropped, 7 + 9 + 6);
    }
}
