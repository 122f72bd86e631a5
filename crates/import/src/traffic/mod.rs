//! Observed traffic to flows: only what was answered, by the end that serves; scans and ports of clients left out.

pub(crate) mod netflow;
mod settle;
pub(crate) mod zeek;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{Port, Protocol};

use crate::facts::Intake;
use crate::names;
use crate::source::Origin;

pub(crate) use settle::{PASSING, settle};

/// First port of the range that systems take for clients and dynamic RPC (RFC 6335).
const DYNAMIC: u16 = 49_152;

/// Everything observed, before anybody says what it means.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Connections of which the opener is known.
    pub(crate) directed: BTreeMap<(IpAddr, IpAddr, Port), Tried>,
    /// Packets in one direction, by both ends.
    pub(crate) one_way: BTreeMap<(Protocol, End, End), OneWay>,
    /// Public addresses that a sensor was told to be the operator's.
    pub(crate) own: BTreeSet<IpAddr>,
}

/// Address and port.
pub(crate) type End = (IpAddr, u16);

/// Connections from one host to a port of another.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    /// Whether the sensor knew what is spoken there.
    pub(crate) served: bool,
    pub(crate) answered: u64,
    pub(crate) unanswered: u64,
    pub(crate) first_ms: Option<i64>,
    pub(crate) last_ms: Option<i64>,
    pub(crate) origin: Origin,
}

/// Packets one end sent to the other.
#[derive(Clone, Debug)]
pub(crate) struct OneWay {
    pub(crate) records: u64,
    /// All TCP flags seen, where told.
    pub(crate) flags: Option<u8>,
    /// Whether the first packet asked for a connection (SYN without ACK) or granted one, where told.
    pub(crate) opened: Option<bool>,
    pub(crate) first_ms: Option<i64>,
    pub(crate) last_ms: Option<i64>,
    pub(crate) origin: Origin,
}

/// FIN 1, SYN 2, RST 4, PSH 8, ACK 16 (RFC 9293).
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// One record of either kind.
pub(crate) struct Seen {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) protocol: Protocol,
    /// Whether the other end answered; none where the record tells of one direction only.
    pub(crate) answered: Option<bool>,
    /// Whether the sensor knew what is spoken there.
    pub(crate) served: bool,
    pub(crate) flags: Option<u8>,
    pub(crate) opened: Option<bool>,
    pub(crate) first_ms: Option<i64>,
    pub(crate) last_ms: Option<i64>,
}

/// Why a connection was left out whose ends are known, but not which of them served.
pub(crate) const UNCLEAR: &str = "connections of which neither port nor time tells who served";

/// How much a port looks like a served one; less is more. Linux takes ports of clients from 32768 on.
pub(crate) fn serves(port: u16) -> u8 {
    match port {
        0..1024 => 0,
        1024..32_768 => 1,
        32_768.. => 2,
    }
}

/// Whether `from` serves, by the ports alone; none where they do not tell.
pub(crate) fn turned(from: End, to: End) -> Option<bool> {
    let (from, to) = (serves(from.1), serves(to.1));
    (from != to).then_some(from < to)
}

impl Intake<'_> {
    /// Notes an address that a sensor was told to be the operator's.
    pub(crate) fn own(&mut self, address: Option<IpAddr>) {
        let public = |it: &IpAddr| names::is_host_address(*it) && !names::is_private(*it);
        if self.gathered.traffic.own.len() < self.bounds.hosts {
            self.gathered.traffic.own.extend(address.filter(public));
        }
    }

    /// Notes one record of traffic.
    pub(crate) fn traffic(&mut self, seen: &Seen, line: u32) {
        if !names::is_host_address(seen.from.0) || !is_destination(seen.to.0) {
            self.left_out("traffic to groups, everybody, or addresses that are no host's own");
            return;
        }
        if seen.protocol == Protocol::Icmp || seen.to.1 == 0 {
            self.left_out("traffic of protocols without ports");
            return;
        }
        let origin = self.origin(line);
        let bound = self.bounds.links;
        let traffic = &mut self.gathered.traffic;
        let full = traffic.directed.len() + traffic.one_way.len() >= bound;
        let taken = if let Some(answered) = seen.answered {
            let port = Port { protocol: seen.protocol, first: seen.to.1, last: seen.to.1 };
            let key = (seen.from.0, seen.to.0, port);
            if full && !traffic.directed.contains_key(&key) {
                false
            } else {
                let tried = traffic.directed.entry(key).or_insert_with(|| Tried {
                    served: false,
                    answered: 0,
                    unanswered: 0,
                    first_ms: None,
                    last_ms: None,
                    origin,
                });
                *(if answered { &mut tried.answered } else { &mut tried.unanswered }) += 1;
                tried.origin = tried.origin.min(origin);
                tried.served |= seen.served;
                widen(&mut tried.first_ms, &mut tried.last_ms, seen);
                true
            }
        } else {
            let key = (seen.protocol, seen.from, seen.to);
            if full && !traffic.one_way.contains_key(&key) {
                false
            } else {
                let way = traffic.one_way.entry(key).or_insert_with(|| OneWay {
                    records: 0,
                    flags: None,
                    opened: None,
                    first_ms: None,
                    last_ms: None,
                    origin,
                });
                way.records += 1;
                way.flags = merge(way.flags, seen.flags, |a, b| a | b);
                way.opened = merge(way.opened, seen.opened, |a, b| a | b);
                way.origin = way.origin.min(origin);
                widen(&mut way.first_ms, &mut way.last_ms, seen);
                true
            }
        };
        if taken {
            self.report.taken += 1;
        } else {
            self.left_out("more different flows than can be held");
        }
    }
}

fn merge<T>(a: Option<T>, b: Option<T>, both: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(both(a, b)),
        (a, b) => a.or(b),
    }
}

fn widen(first: &mut Option<i64>, last: &mut Option<i64>, seen: &Seen) {
    *first = merge(*first, seen.first_ms, i64::min);
    *last = merge(*last, seen.last_ms.or(seen.first_ms), i64::max);
}

/// A host's own address, and no subnet's broadcast by the looks of it.
fn is_destination(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(it) if it.octets()[3] == 255);
    names::is_host_address(address) && !broadcast
}

/// From 1995 to 2100.
const PLAUSIBLE_MS: std::ops::Range<f64> = 788_918_400_000.0..4_102_444_800_000.0;

/// Milliseconds since 1970: seconds down to nanoseconds as a number, or a date and time, taken for UTC without a zone.
pub(crate) fn time_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let ms = match number {
            ..1e11 => number * 1000.0,
            1e11..1e14 => number,
            1e14..1e17 => number / 1e3,
            _ => number / 1e6,
        };
        // Counted from a capture's or a router's start, as some do, a number says nothing of the date.
        #[expect(clippy::cast_possible_truncation, reason = "range checked")]
        return (PLAUSIBLE_MS.contains(&ms)).then_some(ms.round() as i64);
    }
    let text = text.replace('/', "-");
    if let Ok(it) = text.parse::<jiff::Timestamp>() {
        return Some(it.as_millisecond());
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
