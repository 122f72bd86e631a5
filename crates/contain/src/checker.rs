//! The independent checker: does a certificate hold, given the rules read back from the enforcement points?
//!
//! It shares no code with the planner, the attack graph or the renderer, and believes neither plan nor certificate. It
//! computes, from the estate and the rules as read back, all an attacker can reach; the certificate holds exactly when
//! that lies within the closed set it states, touches nothing protected, and every foothold that stays is listed as one.
//! In the order of reading: the verdict, the closure, one move, one rule; footholds stand in a room of their own.
//!
//! What counts as a move is the contract's: a declared flow (or an implicit one inside a flat zone, or a management
//! channel) whose ports count under the attitude. A rule stops a packet only at a point that sees it (its `covers` holds
//! the zone pair, or its agent sits on one end), only if it is the first to match there, and only for the addresses it
//! lists: an asset with an IPv6 address that no rule names is not cut off.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Attitude, Certificate, Foothold};
use bulkhead_model::estate::{Asset, AssetKind, Capability, Estate, Identity, Movement, Port, Selector};
use bulkhead_model::id::{AssetId, IdentityId};
use bulkhead_model::rules::PointRules;

use crate::ports::MovementPorts;

mod filter;
mod foothold;
mod line;

use filter::{Side, addresses, after_all};
use line::{Range, common, ranges};

/// What the checker is told beside the certificate; the certificate may claim more sources, never fewer.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// Assets in the attacker's hands.
    pub compromised: &'a [AssetId],
    /// Identities in the attacker's hands.
    pub identities: &'a [IdentityId],
    /// Ports that admit movement.
    pub movement_ports: &'a MovementPorts,
}

/// A move that nothing stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenMove {
    /// From this asset, within reach.
    pub from: AssetId,
    /// To this asset, outside the closed set or protected.
    pub to: AssetId,
    /// Flow by which: declared, `flat:<zone>` or `management:<n>`.
    pub flow: String,
}

/// The checker's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the certificate holds.
    pub holds: bool,
    /// Everything reachable under the rules read back, ascending.
    pub reached: Vec<AssetId>,
    /// Compromised assets and identities that keep a foothold under the rules read back, ascending by id, assets before
    /// identities. The certificate may hold and these stay: then nothing is contained but "except" them.
    pub footholds: Vec<Foothold>,
    /// Moves that leave the closed set or arrive at something protected.
    pub open: Vec<OpenMove>,
    /// Why it does not hold, in words; empty when it does.
    pub faults: Vec<String>,
    /// What is odd without opening a path, such as a rule named by the certificate that was not read back.
    pub remarks: Vec<String>,
}

/// Checks `certificate` against the rules read back.
pub fn check(facts: &Facts<'_>, certificate: &Certificate, installed: &[PointRules]) -> Verdict {
    let checker = Checker::new(facts, certificate, installed);
    let (reached, moves) = checker.closure();
    let footholds = checker.footholds();
    let name = |at: &usize| checker.estate.assets[*at].id.as_str();
    let claimed: BTreeSet<&str> = certificate.reached.iter().map(String::as_str).collect();
    let protected = checker.protected(&certificate.protected);
    let bad = |at: &usize| !claimed.contains(name(at)) || protected.contains(at);
    let mut faults: Vec<String> = Vec::new();
    for at in reached.iter().filter(|at| bad(at)) {
        let what = if protected.contains(at) { "is protected" } else { "lies outside the closed set" };
        faults.push(format!("the attacker reaches {}, which {what}", name(at)));
    }
    faults.extend(foothold::unlisted(certificate, &checker.held_entities(), &footholds));
    let open = moves.into_iter().filter(|it| bad(&it.1)).map(|(from, to, flow)| OpenMove {
        from: checker.estate.assets[from].id.clone(),
        to: checker.estate.assets[to].id.clone(),
        flow,
    });
    Verdict {
        holds: faults.is_empty(),
        open: open.collect(),
        reached: reached
            .iter()
            .map(|&at| checker.estate.assets[at].id.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        footholds,
        faults,
        remarks: checker.remarks(certificate),
    }
}

/// Where a channel stands in the estate file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Flow,
    Flat,
    /// A management channel; `collecting` when it is not `reply_only`.
    Management {
        collecting: bool,
    },
}

struct Channel<'a> {
    id: String,
    origin: Origin,
    /// Positions of the assets that open it, ascending.
    from: Vec<usize>,
    /// Positions of the assets that answer, ascending.
    to: Vec<usize>,
    ports: &'a [Port],
    movement: Movement,
}

struct Checker<'a> {
    estate: &'a Estate,
    external: BTreeSet<usize>,
    attitude: Attitude,
    movement: &'a MovementPorts,
    sources: BTreeSet<&'a str>,
    identities: BTreeSet<&'a str>,
    disabled: BTreeSet<&'a str>,
    channels: Vec<Channel<'a>>,
    installed: Vec<Installed<'a>>,
}

/// The rules of one point with what the point sees.
struct Installed<'a> {
    estate: &'a Estate,
    rules: &'a PointRules,
    covers: BTreeSet<(&'a str, &'a str)>,
    hosts: Vec<&'a Selector>,
}

/// Where to look for the assets that a selector means.
struct Members<'a> {
    estate: &'a Estate,
    by_zone: BTreeMap<&'a str, Vec<usize>>,
    by_id: BTreeMap<&'a str, Vec<usize>>,
    by_role: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Members<'a> {
    fn new(estate: &'a Estate) -> Self {
        let (by_zone, by_id, by_role) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut members = Self { estate, by_zone, by_id, by_role };
        for (at, asset) in estate.assets.iter().enumerate() {
            members.by_zone.entry(asset.zone.as_str()).or_default().push(at);
            members.by_id.entry(asset.id.as_str()).or_default().push(at);
            for role in &asset.roles {
                members.by_role.entry(role.as_str()).or_default().push(at);
            }
        }
        members
    }

    /// Positions of the assets that `selector` means, ascending: `any` means nothing that lies outside.
    fn of(&self, selector: &Selector, external: &BTreeSet<usize>) -> Vec<usize> {
        let listed = |known: Option<&Vec<usize>>| known.cloned().unwrap_or_default();
        let near = match selector {
            Selector { asset: Some(id), .. } => listed(self.by_id.get(id.as_str())),
            Selector { zone: Some(zone), .. } => listed(self.by_zone.get(zone.as_str())),
            Selector { roles, .. } if !roles.is_empty() => listed(self.by_role.get(roles[0].as_str())),
            _ => (0..self.estate.assets.len()).filter(|it| !external.contains(it)).collect(),
        };
        near.into_iter().filter(|&at| selector.matches(&self.estate.assets[at])).collect()
    }

    fn of_zone(&self, zone: &str) -> Vec<usize> {
        self.by_zone.get(zone).cloned().unwrap_or_default()
    }
}

/// (from, to, flow) by positions in `assets`.
type Move = (usize, usize, String);

impl<'a> Checker<'a> {
    fn new(facts: &Facts<'a>, certificate: &'a Certificate, installed: &'a [PointRules]) -> Self {
        let sources = facts
            .compromised
            .iter()
            .map(AssetId::as_str)
            .chain(certificate.sources.iter().map(String::as_str));
        let identities = facts.identities.iter().chain(&certificate.identities).map(IdentityId::as_str);
        let able = |rules: &&PointRules| {
            let points = &facts.estate.enforcement_points;
            points.iter().any(|it| it.id == rules.point && it.can.contains(&Capability::DisableIdentity))
        };
        let outside: BTreeSet<&str> =
            facts.estate.zones.iter().filter(|it| it.external).map(|it| it.id.as_str()).collect();
        let assets = facts.estate.assets.iter().enumerate();
        let external: BTreeSet<usize> =
            assets.filter(|(_, it)| outside.contains(it.zone.as_str())).map(|(at, _)| at).collect();
        let channels = channels(facts.estate, &external);
        Self {
            estate: facts.estate,
            external,
            attitude: certificate.attitude,
            movement: facts.movement_ports,
            sources: sources.collect(),
            identities: identities.collect(),
            disabled: installed
                .iter()
                .filter(able)
                .flat_map(|it| &it.disabled)
                .map(|it| it.identity.as_str())
                .collect(),
            channels,
            installed: installed.iter().map(|it| seen_by(facts.estate, it)).collect(),
        }
    }

    /// What must not be reached: crown jewels, identity providers, assets of enforcement points, and what the
    /// certificate adds; without the sources.
    fn protected(&self, stated: &[String]) -> BTreeSet<usize> {
        let stated: BTreeSet<&str> = stated.iter().map(String::as_str).collect();
        let points: BTreeSet<&AssetId> =
            self.estate.enforcement_points.iter().filter_map(|it| it.asset.as_ref()).collect();
        let is_protected = |it: &Asset| {
            let hard = it.crown_jewel || it.kind == AssetKind::IdentityProvider || points.contains(&it.id);
            (hard || stated.contains(it.id.as_str())) && !self.sources.contains(it.id.as_str())
        };
        let assets = self.estate.assets.iter().enumerate();
        assets.filter(|(_, it)| is_protected(it)).map(|(at, _)| at).collect()
    }

    /// Everything reachable, and every move by which something was first reached. Each reached asset is looked at once
    /// for every set of usable identities, with the targets of its flows that are not reached yet.
    fn closure(&self) -> (BTreeSet<usize>, Vec<Move>) {
        let assets = &self.estate.assets;
        let start = assets.iter().enumerate().filter(|(_, it)| self.sources.contains(it.id.as_str()));
        let mut reached: BTreeSet<usize> = start.map(|(at, _)| at).collect();
        let mut opens: Vec<Vec<usize>> = vec![Vec::new(); assets.len()];
        let mut missing: Vec<Vec<usize>> = Vec::new();
        for (number, channel) in self.channels.iter().enumerate() {
            channel.from.iter().for_each(|&at| opens[at].push(number));
            missing.push(channel.to.iter().copied().filter(|it| !self.external.contains(it)).collect());
        }
        let mut moves = self.log_ons_from_outside(&reached);
        reached.extend(moves.iter().map(|it| it.1));
        loop {
            let usable = self.usable(&reached);
            let mut queue: Vec<usize> = reached.iter().copied().collect();
            while let Some(from) = queue.pop() {
                for &number in &opens[from] {
                    self.spread(&self.channels[number], from, &usable, &missing[number], |to| {
                        if reached.insert(to) {
                            queue.push(to);
                            moves.push((from, to, self.channels[number].id.clone()));
                        }
                    });
                    missing[number].retain(|it| !reached.contains(it));
                }
            }
            if self.usable(&reached) == usable {
                return (reached, moves);
            }
        }
    }

    /// Calls `found` with every one of `targets` to which `channel` leads from `from`.
    fn spread(
        &self,
        channel: &Channel<'a>,
        from: usize,
        usable: &BTreeSet<&str>,
        targets: &[usize],
        mut found: impl FnMut(usize),
    ) {
        let assets = &self.estate.assets;
        for &to in targets.iter().filter(|it| **it != from && !self.is_collecting(channel, **it)) {
            let counting = self.counting(channel, &assets[to], usable);
            if !counting.is_empty() && self.passes(from, to, &counting) {
                found(to);
            }
        }
    }

    /// Whether the pair towards `to` is a channel by which agents report: open for ever, and of no use to an attacker.
    fn is_collecting(&self, channel: &Channel<'_>, to: usize) -> bool {
        let passed_on = self.external.contains(&to) || self.estate.assets[to].relay;
        channel.origin == Origin::Management { collecting: true } && !passed_on
    }

    /// Moves out of external assets with an identity held from the start, on a protocol by which it may log on.
    fn log_ons_from_outside(&self, reached: &BTreeSet<usize>) -> Vec<Move> {
        let held: Vec<&Identity> = self.estate.identities.iter().filter(|it| self.holds(it)).collect();
        let mut found: BTreeMap<usize, Move> = BTreeMap::new();
        let declared = self.channels.iter().filter(|it| it.origin == Origin::Flow);
        for channel in declared.filter(|it| it.movement != Movement::No || self.attitude == Attitude::Strict)
        {
            for &from in channel.from.iter().filter(|it| self.external.contains(it)) {
                let inside = |to: &usize| !self.external.contains(to) && !reached.contains(to);
                for &to in channel.to.iter().filter(|it| inside(it)) {
                    let ports = self.log_on_ports(channel, &self.estate.assets[to], &held);
                    if !ports.is_empty() && self.passes(from, to, &ports) {
                        found.entry(to).or_insert_with(|| (from, to, channel.id.clone()));
                    }
                }
            }
        }
        found.into_values().collect()
    }

    /// Ports of `channel` on which one of `held` may log on to `to`.
    fn log_on_ports(&self, channel: &Channel<'_>, to: &Asset, held: &[&Identity]) -> Vec<Range> {
        let rights = || held.iter().flat_map(|it| &it.rights).filter(|it| self.has(&it.on, to));
        let via: BTreeSet<&str> = rights().flat_map(|it| &it.via).map(String::as_str).collect();
        let logins = self.movement.ports().iter();
        let logins = logins.filter(|it| it.login.as_deref().is_some_and(|login| via.contains(login)));
        let logins: Vec<Range> = logins.flat_map(|it| ranges(it.port)).collect();
        let ports = channel.ports.iter().flat_map(|&it| ranges(it));
        ports.flat_map(|it| logins.iter().filter_map(move |&other| common(it, other))).collect()
    }

    /// Whether the attacker holds this identity from the start and it was not disabled.
    fn holds(&self, identity: &Identity) -> bool {
        self.identities.contains(identity.id.as_str()) && !self.disabled.contains(identity.id.as_str())
    }

    /// Whether `selector` means `asset`: `any` means nothing that lies outside.
    fn has(&self, selector: &Selector, asset: &Asset) -> bool {
        means(self.estate, selector, asset)
    }

    /// Identities the attacker can use: held from the start or with a secret on a reached asset, and not disabled.
    fn usable(&self, reached: &BTreeSet<usize>) -> BTreeSet<&'a str> {
        let found = |on: &Selector| reached.iter().any(|&at| self.has(on, &self.estate.assets[at]));
        let identities = self.estate.identities.iter();
        identities
            .filter(|it| self.identities.contains(it.id.as_str()) || it.secrets_on.iter().any(found))
            .map(|it| it.id.as_str())
            .filter(|it| !self.disabled.contains(it))
            .collect()
    }

    /// Ports of `channel` by which an attacker moves to `to` under the attitude.
    fn counting(&self, channel: &Channel<'_>, to: &Asset, usable: &BTreeSet<&str>) -> Vec<Range> {
        let all = || channel.ports.iter().flat_map(|&it| ranges(it)).collect::<Vec<Range>>();
        if self.attitude == Attitude::Strict {
            return all();
        }
        match channel.movement {
            Movement::Yes => return all(),
            Movement::No => return Vec::new(),
            Movement::Auto => {}
        }
        let admitted = self.movement.ports().iter().filter(|it| match &it.login {
            Some(via) if self.attitude == Attitude::Credential => self.may_log_on(to, via, usable),
            _ => true,
        });
        let counting = to.exploitable.iter().copied().chain(admitted.map(|it| it.port));
        let counting: Vec<Range> = counting.flat_map(ranges).collect();
        all().into_iter().flat_map(|it| counting.iter().filter_map(move |&other| common(it, other))).collect()
    }

    fn may_log_on(&self, to: &Asset, via: &str, usable: &BTreeSet<&str>) -> bool {
        let identities = self.estate.identities.iter().filter(|it| usable.contains(it.id.as_str()));
        identities
            .flat_map(|it| &it.rights)
            .any(|it| self.has(&it.on, to) && it.via.iter().any(|protocol| protocol == via))
    }

    /// Whether a packet from `from` to `to` on one of `ports` passes every point that sees it, on any of their addresses.
    fn passes(&self, from: usize, to: usize, ports: &[Range]) -> bool {
        let (from, to) = (&self.estate.assets[from], &self.estate.assets[to]);
        let seen: Vec<&PointRules> =
            self.installed.iter().filter(|it| it.sees(from, to)).map(|it| it.rules).collect();
        addresses(from).into_iter().any(|source| {
            addresses(to).into_iter().any(|target| {
                !after_all(&seen, Side::Asset(from, source), Side::Asset(to, target), ports).is_empty()
            })
        })
    }

    /// What the certificate names and was not read back: odd, but only an open path decides.
    fn remarks(&self, certificate: &Certificate) -> Vec<String> {
        let rules: BTreeSet<&str> =
            self.installed.iter().flat_map(|it| &it.rules.rules).map(|it| it.name.as_str()).collect();
        let known = |by: &str| match by.strip_prefix("identity:") {
            Some(identity) => self.disabled.contains(identity),
            None => rules.contains(by),
        };
        let named: BTreeSet<&str> = certificate.cut.iter().map(|it| it.by.as_str()).collect();
        let missing = named.into_iter().filter(|it| !known(it));
        let mut remarks: Vec<String> =
            missing.map(|it| format!("the certificate names {it}, which was not read back")).collect();
        let points = &self.estate.enforcement_points;
        let strange = self
            .installed
            .iter()
            .map(|it| it.rules)
            .filter(|it| points.iter().all(|point| point.id != it.point));
        remarks.extend(
            strange.map(|it| {
                format!("rules of {}, which the estate does not have, count for nothing", it.point)
            }),
        );
        remarks
    }
}

impl Installed<'_> {
    fn sees(&self, from: &Asset, to: &Asset) -> bool {
        self.covers.contains(&(from.zone.as_str(), to.zone.as_str()))
            || self.has_agent_on(from)
            || self.has_agent_on(to)
    }

    fn has_agent_on(&self, asset: &Asset) -> bool {
        self.hosts.iter().any(|it| means(self.estate, it, asset))
    }
}

fn means(estate: &Estate, selector: &Selector, asset: &Asset) -> bool {
    let bare = selector.asset.is_none() && selector.zone.is_none() && selector.roles.is_empty();
    let outside = || estate.zones.iter().any(|it| it.id == asset.zone && it.external);
    selector.matches(asset) && !(bare && outside())
}

fn seen_by<'a>(estate: &'a Estate, rules: &'a PointRules) -> Installed<'a> {
    let points = || estate.enforcement_points.iter().filter(|it| it.id == rules.point);
    Installed {
        estate,
        rules,
        covers: points().flat_map(|it| &it.covers).map(|it| (it.0.as_str(), it.1.as_str())).collect(),
        hosts: points().filter_map(|it| it.hosts.as_ref()).collect(),
    }
}

fn channels<'a>(estate: &'a Estate, external: &BTreeSet<usize>) -> Vec<Channel<'a>> {
    let members = Members::new(estate);
    let declared = estate.flows.iter().map(|it| Channel {
        id: it.id.to_string(),
        origin: Origin::Flow,
        from: members.of(&it.from, external),
        to: members.of(&it.to, external),
        ports: &it.ports,
        movement: it.movement,
    });
    let flat = estate.zones.iter().filter(|it| it.flat).map(|it| Channel {
        id: format!("flat:{}", it.id),
        origin: Origin::Flat,
        from: members.of_zone(it.id.as_str()),
        to: members.of_zone(it.id.as_str()),
        ports: &[Port::ANY],
        movement: Movement::Auto,
    });
    let management = estate.management.iter().enumerate().map(|(n, it)| Channel {
        id: format!("management:{n}"),
        origin: Origin::Management { collecting: !it.reply_only },
        from: members.of(&it.from, external),
        to: members.of(&it.to, external),
        ports: &it.ports,
        movement: Movement::Auto,
    });
    declared.chain(flat).chain(management).collect()
}
