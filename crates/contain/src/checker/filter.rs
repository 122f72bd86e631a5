//! What the rules of points let through of a packet: the first rule that matches at a point decides, at every point it passes.

use std::net::IpAddr;

use bulkhead_model::estate::Asset;
use bulkhead_model::rules::{Endpoint, PointRules, Rule, Verdict as RuleVerdict};

use super::line::{Range, common, ranges, without};

/// Addresses of an asset; one nameless end when it has none, which only rules naming the asset or its zone match.
pub(super) fn addresses(asset: &Asset) -> Vec<Option<IpAddr>> {
    if asset.addresses.is_empty() { vec![None] } else { asset.addresses.iter().copied().map(Some).collect() }
}

/// One side of a packet.
#[derive(Clone, Copy)]
pub(super) enum Side<'a> {
    /// An asset at one of its addresses; without one only rules that name it or its zone match.
    Asset(&'a Asset, Option<IpAddr>),
    /// Somewhere that no rule names, in the address family of the other side (true: IPv4) where it has one.
    Elsewhere(Option<bool>),
}

/// What is left of `ports` after the rules of several points, all of which the packet passes.
pub(super) fn after_all(points: &[&PointRules], from: Side<'_>, to: Side<'_>, ports: &[Range]) -> Vec<Range> {
    points.iter().fold(ports.to_vec(), |left, it| after(&it.rules, from, to, left))
}

/// What is left of `ports` after the rules of one point: the first rule that matches a port decides it.
fn after(rules: &[Rule], from: Side<'_>, to: Side<'_>, ports: Vec<Range>) -> Vec<Range> {
    let (mut undecided, mut accepted) = (ports, Vec::new());
    for rule in rules.iter().filter(|it| matches(it, from, to)) {
        let all = [(0, u32::MAX)];
        let matched: Vec<Range> = rule.ports.iter().flat_map(|&it| ranges(it)).collect();
        for &range in if rule.ports.is_empty() { &all[..] } else { &matched } {
            if rule.verdict == RuleVerdict::Accept {
                accepted.extend(undecided.iter().filter_map(|&it| common(it, range)));
            }
            undecided = undecided.into_iter().flat_map(|it| without(it, range)).collect();
        }
    }
    accepted.extend(undecided);
    accepted
}

/// Whether both ends match; the end of fewer addresses is looked at first, since the other may list the whole estate.
fn matches(rule: &Rule, from: Side<'_>, to: Side<'_>) -> bool {
    let mut ends = [(&rule.from, from), (&rule.to, to)];
    ends.sort_by_key(|it| it.0.addresses.len());
    ends.into_iter().all(|(end, side)| matches_end(end, side))
}

fn matches_end(end: &Endpoint, side: Side<'_>) -> bool {
    if end.zones.is_empty() && end.assets.is_empty() && end.addresses.is_empty() {
        return true;
    }
    match side {
        Side::Asset(_, Some(address)) => end.addresses.iter().any(|it| it.contains(&address)),
        Side::Asset(asset, None) => end.assets.contains(&asset.id) || end.zones.contains(&asset.zone),
        Side::Elsewhere(family) => end
            .addresses
            .iter()
            .any(|it| it.prefix_len() == 0 && family.is_some_and(|v4| v4 == it.addr().is_ipv4())),
    }
}
