//! Flows that telemetry shows and the estate does not declare: open, whatever the estate believes.
//!
//! They are declared in the copy of the estate that an incident is answered on, as `seen:<from>><to>`, so that planner, proof
//! and page all know of them. What neither declares nor telemetry shows stays closed by the estate's own word. Who moved to or
//! from a private address that no asset has is known by that address (`strangers`).

mod strangers;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::address::is_public;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{self, Asset, Estate, Flow, Movement, Port, Protocol, Selector, Zone};
use bulkhead_model::id::FlowId;
use bulkhead_model::yaml::{self, Node};
use serde::Serialize;

use crate::estate_input::EstateInput;
use crate::failure::Outcome;
use crate::say::{line, note};
use crate::ui::counted;

/// Pairs of assets that are declared so; a sensor that takes the whole Internet for hosts must not fill the estate.
const MOST: usize = 2_000;
/// Ports of one pair that are named one by one.
const PORTS: usize = 16;
/// From here on a port may be one that a program opened to be answered on.
const EPHEMERAL: u16 = 32_768;
/// Flows named at the terminal.
const SHOWN: usize = 6;

/// The estate with what telemetry shows besides, and how many pairs of assets found no room in it.
pub fn with(input: EstateInput, seen: &Observations, quiet: bool) -> Outcome<EstateInput> {
    let (strangers, unnamed) = strangers::of(&input.estate, seen);
    let mut estate = input.estate;
    let mut text = Some(input.text.clone());
    if !strangers.is_empty() {
        let zone = strangers::zone();
        text = text.and_then(|it| added(&it, "zones", std::slice::from_ref(&zone)));
        text = text.and_then(|it| added(&it, "assets", &strangers));
        estate.zones.insert(0, zone);
        estate.assets.splice(0..0, strangers.iter().cloned());
    }
    let (flows, left_out) = undeclared(&estate, seen);
    if flows.is_empty() {
        return Ok(EstateInput { estate, ..input });
    }
    if !quiet {
        strangers::say(&strangers, unnamed);
        say(&flows, left_out);
    }
    text = text.and_then(|it| added(&it, "flows", &flows));
    estate.flows.splice(0..0, flows);
    let same = |text: &String| estate::read(&input.origin, text).0.as_ref() == Some(&estate);
    let text = match text.filter(same) {
        Some(text) => text,
        None => {
            let value = serde_json::to_value(&estate).map_err(anyhow::Error::new)?;
            format!(
                "# With flows that telemetry shows and the estate did not declare (`seen:...`).\n{}",
                yaml::emit(&value)
            )
        }
    };
    Ok(EstateInput { origin: input.origin, text, estate })
}

fn say(flows: &[Flow], left_out: usize) {
    note!(
        "{} seen in telemetry, not declared in the estate; taken as open (what nobody declares is not closed by that):",
        counted(flows.len(), "flow")
    );
    for it in flows.iter().take(SHOWN) {
        let ports: Vec<String> = it.ports.iter().map(ToString::to_string).collect();
        note!("  {} on {}", it.id, ports.join(" "));
    }
    if flows.len() > SHOWN {
        note!("  and {} more, under `flows` in the case's estate.yaml", flows.len() - SHOWN);
    }
    if left_out > 0 {
        note!("  {} were left out: the estate would not hold them", counted(left_out, "further pair"));
    }
    note!("  declare them, or close them where they run: `bulkhead estate check` then knows them");
}

/// The flows seen that `estate` does not declare, one for a pair of assets, and how many pairs there was no room for.
pub fn undeclared(estate: &Estate, seen: &Observations) -> (Vec<Flow>, usize) {
    let places = Places::new(estate, seen);
    let mut pairs: BTreeMap<(&str, &str), Pair<'_>> = BTreeMap::new();
    for flow in seen.flows.keys() {
        let Some(port) = port(&flow.protocol, flow.port) else { continue };
        // A record of the answer, not of the question.
        let is_answer = flow.port >= EPHEMERAL && places.answers(seen, flow.to, flow.from);
        if is_answer {
            continue;
        }
        if let (Some(from), Some(to)) = (places.of(flow.from), places.of(flow.to)) {
            Pair::of(&mut pairs, from, to).ports.insert(port);
        }
    }
    for logon in seen.logons.keys().filter(|it| it.success) {
        let port = match logon.kind.as_str() {
            "ssh" => Port::tcp(22),
            "remote_interactive" => Port::tcp(3389),
            _ => continue,
        };
        let from = logon.from.as_deref().and_then(|it| places.called(it));
        if let (Some(from), Some(to)) = (from, places.called(&logon.to)) {
            Pair::of(&mut pairs, from, to).ports.insert(port);
        }
    }
    let mut flows = Vec::new();
    let mut left_out = 0;
    for Pair { from, to, ports } in pairs.into_values() {
        // From outside to outside is nobody's business here.
        if from.id == to.id || (estate.is_external(&from.zone) && estate.is_external(&to.zone)) {
            continue;
        }
        let open: BTreeSet<Port> =
            ports.into_iter().filter(|it| !is_declared(estate, from, to, *it)).collect();
        if open.is_empty() {
            continue;
        }
        if flows.len() == MOST {
            left_out += 1;
            continue;
        }
        let only = |asset: &Asset| Selector { asset: Some(asset.id.clone()), ..Selector::default() };
        flows.push(Flow {
            id: FlowId::new(format!("{}{}>{}", Flow::SEEN, from.id, to.id)),
            from: only(from),
            to: only(to),
            ports: together(open),
            movement: Movement::Auto,
        });
    }
    (flows, left_out)
}

/// Two assets, and the ports on which one was seen to open something to the other.
struct Pair<'e> {
    from: &'e Asset,
    to: &'e Asset,
    ports: BTreeSet<Port>,
}

impl<'e> Pair<'e> {
    fn of<'p>(
        pairs: &'p mut BTreeMap<(&'e str, &'e str), Self>,
        from: &'e Asset,
        to: &'e Asset,
    ) -> &'p mut Self {
        let none = || Self { from, to, ports: BTreeSet::new() };
        pairs.entry((from.id.as_str(), to.id.as_str())).or_insert_with(none)
    }
}

/// Many ports of one protocol as one range.
fn together(ports: BTreeSet<Port>) -> Vec<Port> {
    if ports.len() <= PORTS {
        return ports.into_iter().collect();
    }
    let mut ranges: BTreeMap<Protocol, Port> = BTreeMap::new();
    for port in ports {
        let range = ranges.entry(port.protocol).or_insert(port);
        range.first = range.first.min(port.first);
        range.last = range.last.max(port.last);
    }
    ranges.into_values().collect()
}

fn port(protocol: &str, port: u16) -> Option<Port> {
    match protocol {
        "tcp" | "udp" if port == 0 => None,
        "tcp" | "udp" => format!("{protocol}/{port}").parse().ok(),
        // An echo request moves nobody, and every monitoring makes them.
        _ => None,
    }
}

/// Whether the estate allows it: by a flow, inside a flat zone, or as a channel of the responders.
fn is_declared(estate: &Estate, from: &Asset, to: &Asset, port: Port) -> bool {
    let on = |ports: &[Port]| ports.iter().any(|it| it.contains(port));
    let flat = from.zone == to.zone && estate.zones.iter().any(|it| it.id == from.zone && it.flat);
    let meant = |one: &Selector, other: &Selector| estate.selects(one, from) && estate.selects(other, to);
    flat || estate.flows.iter().any(|it| on(&it.ports) && meant(&it.from, &it.to))
        || estate.management.iter().any(|it| on(&it.ports) && meant(&it.from, &it.to))
}

/// Whose addresses and names are whose.
struct Places<'e> {
    by_address: BTreeMap<IpAddr, &'e Asset>,
    by_name: BTreeMap<String, &'e Asset>,
    /// Where the rest of the world stands in the estate.
    outside: Vec<(&'e Zone, &'e Asset)>,
}

impl<'e> Places<'e> {
    fn new(estate: &'e Estate, seen: &Observations) -> Self {
        let mut places = Self { by_address: BTreeMap::new(), by_name: BTreeMap::new(), outside: Vec::new() };
        for asset in &estate.assets {
            let hostname = asset.hostname.as_deref().unwrap_or_default().to_lowercase();
            let short = hostname.split('.').next().unwrap_or_default().to_owned();
            for name in [asset.id.as_str().to_lowercase(), short, hostname] {
                if !name.is_empty() {
                    places.by_name.entry(name).or_insert(asset);
                }
            }
            asset.addresses.iter().for_each(|it| {
                places.by_address.insert(it.to_canonical(), asset);
            });
        }
        for (name, host) in &seen.hosts {
            let Some(asset) = places.named(name) else { continue };
            host.addresses.iter().for_each(|it| {
                places.by_address.entry(it.to_canonical()).or_insert(asset);
            });
        }
        for zone in estate.zones.iter().filter(|it| it.external) {
            if let Some(asset) = estate.assets.iter().find(|it| it.zone == zone.id) {
                places.outside.push((zone, asset));
            }
        }
        places
    }

    fn named(&self, name: &str) -> Option<&'e Asset> {
        let name = name.to_lowercase();
        let short = name.split('.').next().unwrap_or_default();
        self.by_name.get(&name).or_else(|| self.by_name.get(short)).copied()
    }

    /// The asset that a name or an address means.
    fn called(&self, text: &str) -> Option<&'e Asset> {
        text.parse().map_or_else(|_| self.named(text), |it| self.of(it))
    }

    /// The asset at `address`; what is public and nobody's is outside.
    fn of(&self, address: IpAddr) -> Option<&'e Asset> {
        let address = address.to_canonical();
        if let Some(asset) = self.by_address.get(&address) {
            return Some(asset);
        }
        let holds = |it: &&(&Zone, &'e Asset)| it.0.cidrs.iter().any(|it| it.contains(&address));
        let within = self.outside.iter().find(holds);
        let elsewhere = || self.outside.first().filter(|_| is_public(address));
        within.or_else(elsewhere).map(|it| it.1)
    }

    /// Whether `from` was seen to have opened something to `to`.
    fn answers(&self, seen: &Observations, from: IpAddr, to: IpAddr) -> bool {
        let first = bulkhead_model::entity::ObservedFlow { from, to, protocol: String::new(), port: 0 };
        let mut from_here =
            seen.flows.range(first..).map(|it| it.0).take_while(|it| it.from == from && it.to == to);
        from_here.any(|it| it.port < EPHEMERAL)
    }
}

/// The estate's text with these items at the head of one of its lists; none where that is not a list of one item a line.
fn added(text: &str, list: &str, items: &[impl Serialize]) -> Option<String> {
    let documents = yaml::parse("estate.yaml", text).0;
    let list = documents.first()?.get(list).and_then(Node::as_seq)?;
    let line = usize::try_from(list.first()?.pos.line).ok()?.checked_sub(1)?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = lines.get(line)?;
    let indent = &first[..first.len() - first.trim_start().len()];
    if !first.trim_start().starts_with("- ") {
        return None;
    }
    let mut out: String = lines[..line].concat();
    for item in items {
        let value = serde_json::to_string(item).ok()?;
        line!(out, "{}- {} # seen in telemetry, not declared in the estate", indent, value);
    }
    lines[line..].iter().for_each(|it| out.push_str(it));
    Some(out)
}

#[cfg(test)]
mod tests {
    use bulkhead_model::entity::{Logon, ObservedFlow, ObservedHost};
    use bulkhead_model::uses::Uses;

    use super::*;

    const ESTATE: &str = "version: 1
estate: {id: e, name: E, country: FR, currency: EUR, timezone: Europe/Paris}
zones:
  - {id: out, name: Outside, external: true, tier: 3}
  - {id: a, name: A, cidrs: [10.0.1.0/24], tier: 1}
  - {id: flat, name: F, cidrs: [10.0.2.0/24], tier: 2, flat: true}
assets:
  - {id: internet, zone: out, kind: appliance}
  - {id: web-1, hostname: web-1.e.example, addresses: [10.0.1.1], zone: a, kind: server}
  - {id: db-1, addresses: [10.0.1.2], zone: a, kind: server}
  - {id: pc-1, addresses: [10.0.2.1], zone: flat, kind: workstation}
  - {id: pc-2, zone: flat, kind: workstation}
flows:
  # The web.
  - {id: web, from: {zone: out}, to: {asset: web-1}, ports: [tcp/443]}
  - {id: to-db, from: {asset: web-1}, to: {asset: db-1}, ports: [tcp/5432]}
management:
  - {from: {asset: pc-1}, to: {any: true}, ports: [tcp/22]}
";

    /// Flows seen as `from to port`, logons as `from to kind`.
    fn seen(flows: &[&str]) -> Observations {
        let mut seen = Observations::default();
        for flow in flows {
            let words: Vec<&str> = flow.split(' ').collect();
            if let Ok(port) = words[2].parse() {
                let (from, to) =
                    (words[0].parse().expect("an address"), words[1].parse().expect("an address"));
                let flow = ObservedFlow { from, to, protocol: "tcp".to_owned(), port };
                seen.flows.insert(flow, Uses::default());
            } else {
                let (kind, success) = words[2].strip_prefix('!').map_or((words[2], true), |it| (it, false));
                let (from, to) = (Some(words[0].to_owned()), words[1].to_owned());
                let logon = Logon { user: "u".to_owned(), from, to, kind: kind.to_owned(), success };
                seen.logons.insert(logon, Uses::default());
            }
        }
        let addresses = ["10.0.2.9".parse().expect("an address")].into();
        seen.hosts.insert("pc-2".to_owned(), ObservedHost { addresses, ..ObservedHost::default() });
        seen
    }

    #[track_caller]
    fn check(flows: &[&str], expect: &[&str]) {
        let estate = estate::read("e", ESTATE).0.expect("sound");
        let told = |it: Flow| {
            let ports: Vec<String> = it.ports.iter().map(ToString::to_string).collect();
            format!("{} {}", it.id, ports.join(","))
        };
        let found: Vec<String> = undeclared(&estate, &seen(flows)).0.into_iter().map(told).collect();
        assert_eq!(found, expect, "{flows:?}");
    }

    #[test]
    fn what_is_seen_and_not_declared_is_open() {
        check(&["198.51.100.7 10.0.1.2 22"], &["seen:internet>db-1 tcp/22"]);
        check(&["198.51.100.7 web-1.e.example ssh"], &["seen:internet>web-1 tcp/22"]);
        check(
            &["10.0.1.2 203.0.113.9 443", "10.0.1.2 203.0.113.10 8443"],
            &["seen:db-1>internet tcp/443,tcp/8443"],
        );
        check(
            &["10.0.2.9 10.0.1.2 5432", "pc-2 db-1 remote_interactive"],
            &["seen:pc-2>db-1 tcp/3389,tcp/5432"],
        );
        // Declared, flat, of the responders, refused, an answer, or nobody of ours.
        check(&["198.51.100.7 10.0.1.1 443", "10.0.1.1 10.0.1.2 5432"], &[]);
        check(&["10.0.2.1 10.0.2.9 445", "10.0.2.1 10.0.1.2 22"], &[]);
        check(
            &[
                "198.51.100.7 db-1 !ssh",
                "10.9.9.9 10.0.1.2 22",
                "100.64.0.9 10.0.1.2 22",
                "10.0.1.1 10.0.1.1 80",
            ],
            &[],
        );
        check(&["198.51.100.7 10.0.1.1 443", "10.0.1.1 198.51.100.7 50123"], &[]);
    }

    #[test]
    fn whom_nobody_declared_is_known_by_the_address() {
        let input = || {
            let estate = estate::read("e", ESTATE).0.expect("sound");
            EstateInput { origin: "e".to_owned(), text: ESTATE.to_owned(), estate }
        };
        let of = |flows: &[&str]| {
            let made = with(input(), &seen(flows), true).expect("made");
            assert_eq!(estate::read("e", &made.text).0.as_ref(), Some(&made.estate), "{}", made.text);
            let strangers = made.estate.assets.iter().filter(|it| it.zone.as_str() == "seen");
            let flows = made.estate.flows.iter().filter(|it| it.is_seen()).map(|it| it.id.to_string());
            strangers.map(|it| it.id.to_string()).chain(flows).collect::<Vec<_>>()
        };
        assert_eq!(of(&["10.0.1.1 10.0.1.77 445"]), ["seen-10.0.1.77", "seen:web-1>seen-10.0.1.77"]);
        assert_eq!(of(&["192.168.7.7 10.0.1.2 22"]), ["seen-192.168.7.7", "seen:seen-192.168.7.7>db-1"]);
        // No way to move, no host's address, or between two that nobody knows.
        assert_eq!(
            of(&[
                "10.0.1.1 10.0.1.77 53",
                "10.0.1.1 10.0.1.255 445",
                "10.0.1.1 127.0.0.1 445",
                "10.9.9.9 10.9.9.8 22"
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_estate_keeps_its_words_and_gains_what_was_seen() {
        let input = |text: &str| {
            let estate = estate::read("e", text).0.expect("sound");
            EstateInput { origin: "e".to_owned(), text: text.to_owned(), estate }
        };
        let made = with(input(ESTATE), &seen(&["198.51.100.7 10.0.1.2 22"]), true).expect("made");
        assert!(made.text.contains("  # The web.\n  - {\"id\":\"seen:internet>db-1\""), "{}", made.text);
        assert!(
            made.text.contains("# seen in telemetry, not declared in the estate\n  - {id: web,"),
            "{}",
            made.text
        );
        let (read, told) = estate::read("e", &made.text);
        assert_eq!(read.as_ref(), Some(&made.estate));
        assert!(told.iter().any(|it| it.code == "seen-flow"), "{told:?}");
        // Seen again, it is declared by then.
        assert_eq!(undeclared(&made.estate, &seen(&["198.51.100.7 10.0.1.2 22"])).0, []);
        // Written another way, it is written anew.
        let json = serde_json::to_string(&input(ESTATE).estate).expect("JSON");
        let made = with(input(&json), &seen(&["198.51.100.7 10.0.1.2 22"]), true).expect("made");
        assert_eq!(estate::read("e", &made.text).0, Some(made.estate));
    }
}
