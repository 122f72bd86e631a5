//! What the defence has installed, as the enforcement points read it back, and whether a connection passes it.

use std::net::IpAddr;

use bulkhead_model::estate::{EnforcementPoint, Port};
use bulkhead_model::id::{AssetId, IdentityId};
use bulkhead_model::rules::{Endpoint, PointRules, Rule, Verdict};
use jiff::Timestamp;

use crate::world::{HostNo, World};

/// The state of the defence from an instant on, until the next one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defence {
    /// From when.
    pub at: Timestamp,
    /// The rules at every point, as read back. They replace those of the defence before.
    pub rules: Vec<PointRules>,
    /// Assets rebuilt at this instant: no longer in the attacker's hands.
    pub rebuilt: Vec<AssetId>,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Host(HostNo),
    Outside(IpAddr),
}

impl Defence {
    /// The name of the rule that drops the connection, if every pair of addresses of the two ends is dropped.
    pub(crate) fn dropped_by(&self, world: &World<'_>, from: Peer, to: Peer, port: Port) -> Option<String> {
        let on_path: Vec<&PointRules> = self
            .rules
            .iter()
            .filter(|it| {
                let point = world.estate.enforcement_points.iter().find(|point| point.id == it.point);
                point.is_some_and(|point| is_on_path(world, point, from, to))
            })
            .collect();
        let mut first = None;
        for source in addresses(world, from) {
            for target in addresses(world, to) {
                let dropped = on_path.iter().find_map(|at| {
                    let meets = |it: &&Rule| {
                        meets(world, &it.from, (from, source))
                            && meets(world, &it.to, (to, target))
                            && speaks_of(it, port)
                    };
                    let rule = at.rules.iter().find(meets)?;
                    (rule.verdict == Verdict::Drop).then(|| format!("{} at {}", rule.name, at.point))
                });
                match dropped {
                    Some(name) => first = first.or(Some(name)),
                    None => return None,
                }
            }
        }
        first
    }

    /// The point at which `identity` is disabled, if it is.
    pub(crate) fn disabled_at(&self, identity: &IdentityId) -> Option<String> {
        let at = self.rules.iter().find(|it| it.disabled.iter().any(|one| one.identity == *identity))?;
        Some(format!("identity:{identity} disabled at {}", at.point))
    }
}

fn speaks_of(rule: &Rule, port: Port) -> bool {
    rule.ports.is_empty() || rule.ports.iter().any(|it| it.contains(port))
}

/// The addresses of one end; one unknown address when the estate gives none.
fn addresses(world: &World<'_>, peer: Peer) -> Vec<Option<IpAddr>> {
    let known = match peer {
        Peer::Host(no) => world.asset(no).addresses.as_slice(),
        Peer::Outside(address) => return vec![Some(address)],
    };
    if known.is_empty() { vec![None] } else { known.iter().copied().map(Some).collect() }
}

/// A packet filter goes by addresses; names count only for an asset without any.
fn meets(world: &World<'_>, end: &Endpoint, (peer, address): (Peer, Option<IpAddr>)) -> bool {
    if end.zones.is_empty() && end.assets.is_empty() && end.addresses.is_empty() {
        return true;
    }
    match (address, peer) {
        (Some(address), _) => end.addresses.iter().any(|net| net.contains(&address)),
        (None, Peer::Host(no)) => {
            let asset = world.asset(no);
            end.zones.contains(&asset.zone) || end.assets.contains(&asset.id)
        }
        (None, Peer::Outside(_)) => false,
    }
}

/// Whether connections between the two pass `point`: its agent runs on one end, or it stands between the zones. The
/// border to the outside is taken to be every point that stands at a border of the inner zone.
fn is_on_path(world: &World<'_>, point: &EnforcementPoint, from: Peer, to: Peer) -> bool {
    let asset = |peer| match peer {
        Peer::Host(no) => Some(world.asset(no)),
        Peer::Outside(_) => None,
    };
    let (from, to) = (asset(from), asset(to));
    let has_agent =
        |it: &bulkhead_model::estate::Asset| point.hosts.as_ref().is_some_and(|on| on.matches(it));
    if from.is_some_and(has_agent) || to.is_some_and(has_agent) {
        return true;
    }
    point.covers.iter().any(|(a, b)| match (from, to) {
        (Some(from), Some(to)) => *a == from.zone && *b == to.zone,
        (Some(inner), None) | (None, Some(inner)) => *a == inner.zone || *b == inner.zone,
        (None, None) => false,
    })
}
