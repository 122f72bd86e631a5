//! What observed traffic means: both directions put together, the serving end told, scans and clients' ports left out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{Port, Protocol};

use super::{DYNAMIC, End, OneWay, RST, SYN, Traffic, Tried, UNCLEAR, serves, turned};
use crate::facts::{Gathered, Seen};
use crate::outside;
use crate::report::{LeftOut, Report};

/// A source that got no answer from so many targets (host and port), and from at least half of all it tried, scans.
const SCAN_TARGETS: usize = 25;

/// What a scanning source was seen to use fewer times than this is part of its scan.
const USED_BY_SCANNER: u64 = 3;

/// Why connections to ports of the range that systems give out are left out.
pub(crate) const PASSING: &str =
    "connections to a port from 49152 on that one client alone used: agreed on by the two, not served";

/// Turns traffic into links, and says what was left out.
pub(crate) fn settle(gathered: &mut Gathered, report: &mut Report) {
    let mut traffic = std::mem::take(&mut gathered.traffic);
    gathered.traffic.own = std::mem::take(&mut traffic.own);
    let mut out = Left::default();
    pair(&mut traffic, &mut out);
    let scanners = scanners(&traffic.directed);
    let listening = listening(gathered);
    let mut clients: BTreeMap<(IpAddr, Port), BTreeSet<IpAddr>> = BTreeMap::new();
    for ((from, to, port), _) in traffic.directed.iter().filter(|it| it.1.answered > 0) {
        if port.first >= DYNAMIC {
            clients.entry((*to, *port)).or_default().insert(*from);
        }
    }
    for ((from, to, port), tried) in traffic.directed {
        out.unanswered += tried.unanswered;
        if tried.answered == 0 {
            continue;
        }
        let few = clients.get(&(to, port)).is_none_or(|it| it.len() < 2);
        if scanners.contains(&from) && tried.answered < USED_BY_SCANNER {
            out.scans += tried.answered;
            continue;
        }
        // Whether an end outside serves there is not ours to doubt: it is where something went.
        let passing = port.first >= DYNAMIC && few && !tried.served && !listening.contains(&(to, port));
        if passing && !outside::is_public(to) {
            out.dynamic += tried.answered;
        } else if from != to {
            gathered.links.insert(
                (from, to, port),
                Seen {
                    connections: tried.answered,
                    first: tried.first_ms.map(|it| it.div_euclid(1000)),
                    last: tried.last_ms.map(|it| it.div_euclid(1000)),
                    origin: tried.origin,
                    passing,
                },
            );
        }
    }
    out.tell(&scanners, report);
}

/// Connections left out, by reason.
#[derive(Default)]
struct Left {
    unanswered: u64,
    scans: u64,
    dynamic: u64,
    unclear: u64,
}

impl Left {
    fn tell(self, scanners: &BTreeSet<IpAddr>, report: &mut Report) {
        let mut tell = |count: u64, why: String| {
            if count > 0 {
                report.left_out.push(LeftOut { why, count });
            }
        };
        tell(
            self.unanswered,
            "connections that nobody answered, that were refused, or of which one direction is seen"
                .to_owned(),
        );
        let named: Vec<String> = scanners.iter().take(3).map(ToString::to_string).collect();
        let more = if scanners.len() > 3 { ", ..." } else { "" };
        tell(
            self.scans,
            format!("answered connections that are part of a scan, from {}{more}", named.join(", ")),
        );
        tell(self.dynamic, PASSING.to_owned());
        tell(self.unclear, UNCLEAR.to_owned());
    }
}

/// Puts both directions of one-way records together.
fn pair(traffic: &mut Traffic, out: &mut Left) {
    let one_way = std::mem::take(&mut traffic.one_way);
    for ((protocol, a, b), way) in &one_way {
        let Some(back) = one_way.get(&(*protocol, *b, *a)) else {
            // Towards a served port it is an attempt; away from one it is half of something unseen.
            if serves(b.1) < serves(a.1) {
                note(traffic, *a, *b, *protocol, (way, None), false);
            } else {
                out.unanswered += way.records;
            }
            continue;
        };
        // Each pair is met twice; the smaller end speaks.
        if a > b {
            continue;
        }
        let granted = |it: &OneWay| it.flags.is_none_or(|it| it & SYN != 0 || it & RST == 0);
        match opener(*a, way, *b, back) {
            Some(true) => note(traffic, *a, *b, *protocol, (way, Some(back)), granted(back)),
            Some(false) => note(traffic, *b, *a, *protocol, (back, Some(way)), granted(way)),
            None => out.unclear += way.records,
        }
    }
}

/// Whether `a` opened the connection: by its first packet, by the ports, by who was first.
fn opener(a: End, way: &OneWay, b: End, back: &OneWay) -> Option<bool> {
    match (way.opened, back.opened) {
        (Some(true), Some(false) | None) => return Some(true),
        (Some(false) | None, Some(true)) => return Some(false),
        _ => {}
    }
    if let Some(turned) = turned(a, b) {
        return Some(!turned);
    }
    match (way.first_ms, back.first_ms) {
        (Some(first), Some(second)) if first != second => Some(first < second),
        _ => None,
    }
}

fn note(
    traffic: &mut Traffic,
    from: End,
    to: End,
    protocol: Protocol,
    (way, back): (&OneWay, Option<&OneWay>),
    answered: bool,
) {
    let port = Port { protocol, first: to.1, last: to.1 };
    let tried = traffic.directed.entry((from.0, to.0, port)).or_insert_with(|| Tried {
        served: false,
        answered: 0,
        unanswered: 0,
        first_ms: None,
        last_ms: None,
        origin: way.origin,
    });
    *(if answered { &mut tried.answered } else { &mut tried.unanswered }) += way.records;
    tried.origin = tried.origin.min(way.origin);
    let ends = [Some(way), back];
    let seen = || ends.iter().flatten();
    tried.first_ms = seen().filter_map(|it| it.first_ms).chain(tried.first_ms).min();
    tried.last_ms = seen().filter_map(|it| it.last_ms).chain(tried.last_ms).max();
}

/// Sources that look for what answers.
fn scanners(directed: &BTreeMap<(IpAddr, IpAddr, Port), Tried>) -> BTreeSet<IpAddr> {
    let mut targets: BTreeMap<IpAddr, (usize, usize)> = BTreeMap::new();
    for ((from, ..), tried) in directed {
        let (silent, all) = targets.entry(*from).or_default();
        *silent += usize::from(tried.answered == 0);
        *all += 1;
    }
    let scans = |(silent, all): (usize, usize)| silent >= SCAN_TARGETS && silent * 2 >= all;
    targets.into_iter().filter(|it| scans(it.1)).map(|it| it.0).collect()
}

/// Ports on which a scan found a host to listen.
fn listening(gathered: &Gathered) -> BTreeSet<(IpAddr, Port)> {
    let of = |it: &crate::facts::Host| -> Vec<(IpAddr, Port)> {
        it.addresses.iter().flat_map(|address| it.listening.iter().map(|port| (*address, *port))).collect()
    };
    gathered.hosts.iter().flat_map(of).collect()
}
