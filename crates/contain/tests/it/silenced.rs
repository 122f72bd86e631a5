//! Footholds: the checker and the certificate against a plain oracle, pair by pair and port by port, over estates with
//! external zones, relays, reporting channels and stolen identities, under mutated rules and certificates.

mod cases;

use std::collections::BTreeSet;

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Request, certificate, checker};
use bulkhead_model::case::{Attitude, Certificate, Foothold};
use bulkhead_model::estate::{Asset, AssetKind, Capability, Estate, Movement, Port, Protocol, Selector};
use bulkhead_model::id::ZoneId;
use bulkhead_model::rules::{Endpoint, PointRules, Rule, Verdict};

use crate::brute_force::{Case, case};
use crate::oracle::LOGINS;
use crate::random::{Dice, Shape};

use cases::{mutate, some_rules, with_outside};

/// Estates beyond the first that once told checker and oracle apart: a flat zone in which a rule drops one of the ports
/// that need no credential.
const ALSO: [u64; 1] = [1714];

/// The ports that admit movement, the others that these estates use, and two that stand for all the rest.
fn ports() -> Vec<Port> {
    let udp = |port| Port { protocol: Protocol::Udp, first: port, last: port };
    let others = [25, 443, 3128, 8080, 8443, 9999];
    let tcp = LOGINS.into_iter().map(|it| it.0).chain(others);
    tcp.map(Port::tcp).chain([udp(53), udp(9999)]).collect()
}

/// The contract's words, slowly.
struct Plain<'a> {
    case: &'a Case,
    attitude: Attitude,
    compromised: BTreeSet<usize>,
    identities: BTreeSet<usize>,
    rules: &'a [PointRules],
}

/// (from, to, ports, movement, kind)
struct Pairs {
    pairs: Vec<(usize, usize)>,
    ports: Vec<Port>,
    movement: Movement,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Declared,
    Flat,
    Managed,
}

impl<'a> Plain<'a> {
    fn new(case: &'a Case, certificate: &Certificate, rules: &'a [PointRules]) -> Self {
        let assets = case.estate.assets.iter().enumerate();
        let source = |it: &Asset| {
            case.compromised.contains(&it.id) || certificate.sources.iter().any(|id| *id == *it.id.as_str())
        };
        let identities = case.estate.identities.iter().enumerate();
        let held = identities
            .filter(|(_, it)| case.identities.contains(&it.id) || certificate.identities.contains(&it.id));
        Self {
            case,
            attitude: certificate.attitude,
            compromised: assets.filter(|(_, it)| source(it)).map(|(at, _)| at).collect(),
            identities: held.map(|(at, _)| at).collect(),
            rules,
        }
    }

    fn estate(&self) -> &'a Estate {
        &self.case.estate
    }

    fn asset(&self, at: usize) -> &'a Asset {
        &self.case.estate.assets[at]
    }

    fn external(&self, at: usize) -> bool {
        self.estate().zones.iter().any(|it| it.external && it.id == self.asset(at).zone)
    }

    fn means(&self, selector: &Selector, at: usize) -> bool {
        let any = *selector == Selector { any: true, ..Selector::default() };
        selector.matches(self.asset(at)) && !(any && self.external(at))
    }

    fn flows(&self) -> Vec<Pairs> {
        let all = 0..self.estate().assets.len();
        let pairs = |from: &dyn Fn(usize) -> bool, to: &dyn Fn(usize) -> bool| {
            let sources = all.clone().filter(|&u| from(u));
            sources
                .flat_map(|u| all.clone().filter(move |&v| u != v).map(move |v| (u, v)))
                .filter(|it| to(it.1))
                .collect()
        };
        let mut flows = Vec::new();
        for it in &self.estate().flows {
            let pairs = pairs(&|u| self.means(&it.from, u), &|v| self.means(&it.to, v));
            flows.push(Pairs { pairs, ports: it.ports.clone(), movement: it.movement, kind: Kind::Declared });
        }
        for zone in self.estate().zones.iter().filter(|it| it.flat) {
            let within = |at: usize| self.asset(at).zone == zone.id;
            let pairs = pairs(&within, &within);
            flows.push(Pairs { pairs, ports: vec![Port::ANY], movement: Movement::Auto, kind: Kind::Flat });
        }
        for it in &self.estate().management {
            let reports = |v: usize| !it.reply_only && !self.external(v) && !self.asset(v).relay;
            let pairs = pairs(&|u| self.means(&it.from, u), &|v| self.means(&it.to, v) && !reports(v));
            flows.push(Pairs {
                pairs,
                ports: it.ports.clone(),
                movement: Movement::Auto,
                kind: Kind::Managed,
            });
        }
        flows
    }

    fn disabled(&self, identity: usize) -> bool {
        let id = &self.estate().identities[identity].id;
        self.rules.iter().any(|held| {
            let able = self
                .estate()
                .enforcement_points
                .iter()
                .any(|it| it.id == held.point && it.can.contains(&Capability::DisableIdentity));
            able && held.disabled.iter().any(|it| it.identity == *id)
        })
    }

    /// Whether some point drops this packet.
    fn dropped(&self, from: usize, to: usize, port: Port) -> bool {
        self.rules.iter().any(|held| {
            let points = self.estate().enforcement_points.iter().filter(|it| it.id == held.point);
            let sees = points.into_iter().any(|it| {
                it.covers.contains(&(self.asset(from).zone.clone(), self.asset(to).zone.clone()))
                    || it.hosts.as_ref().is_some_and(|on| self.means(on, from) || self.means(on, to))
            });
            sees && self.first(&held.rules, Some(from), Some(to), port) == Some(Verdict::Drop)
        })
    }

    /// What the first rule says that matches; an end that is nobody's is matched only by rules for everybody.
    fn first(&self, rules: &[Rule], from: Option<usize>, to: Option<usize>, port: Port) -> Option<Verdict> {
        let end = |end: &Endpoint, at: Option<usize>| {
            let everybody = *end == Endpoint::default();
            everybody
                || at.is_some_and(|at| match self.asset(at).addresses.first() {
                    Some(address) => end.addresses.iter().any(|it| it.contains(address)),
                    None => {
                        end.assets.contains(&self.asset(at).id) || end.zones.contains(&self.asset(at).zone)
                    }
                })
        };
        let on = |it: &Rule| it.ports.is_empty() || it.ports.iter().any(|it| it.contains(port));
        rules.iter().find(|it| end(&it.from, from) && end(&it.to, to) && on(it)).map(|it| it.verdict)
    }

    fn open(&self, flow: &Pairs, (from, to): (usize, usize)) -> bool {
        let declared = |port: &Port| flow.ports.iter().any(|it| it.contains(*port));
        ports().into_iter().filter(declared).any(|port| !self.dropped(from, to, port))
    }

    fn may_log_on(&self, identity: usize, to: usize, port: Port) -> bool {
        self.estate().identities[identity].rights.iter().any(|right| {
            let by = |via: &String| LOGINS.iter().any(|it| it.1 == via && Port::tcp(it.0) == port);
            self.means(&right.on, to) && right.via.iter().any(by)
        })
    }

    fn counts(&self, flow: &Pairs, to: usize, port: Port, usable: &BTreeSet<usize>) -> bool {
        match (self.attitude, flow.movement) {
            (Attitude::Strict, _) | (_, Movement::Yes) => return true,
            (_, Movement::No) => return false,
            _ => {}
        }
        let exploitable = self.asset(to).exploitable.iter().any(|it| it.contains(port));
        exploitable
            || LOGINS.iter().any(|&(number, login)| {
                let credential = self.attitude == Attitude::Credential && !login.is_empty();
                Port::tcp(number) == port
                    && (!credential || usable.iter().any(|&it| self.may_log_on(it, to, port)))
            })
    }

    fn reached(&self) -> BTreeSet<usize> {
        let flows = self.flows();
        let mut reached = self.compromised.clone();
        loop {
            let secret = |it: usize| {
                let on = &self.estate().identities[it].secrets_on;
                on.iter().any(|on| reached.iter().any(|&at| self.means(on, at)))
            };
            let usable: BTreeSet<usize> = (0..self.estate().identities.len())
                .filter(|&it| !self.disabled(it) && (self.identities.contains(&it) || secret(it)))
                .collect();
            let mut next = reached.clone();
            for flow in &flows {
                for &(from, to) in flow.pairs.iter().filter(|it| !self.external(it.1)) {
                    let declared = |port: &Port| flow.ports.iter().any(|it| it.contains(*port));
                    let outside = flow.kind == Kind::Declared && self.external(from);
                    let held = |it: &&usize| !self.disabled(**it);
                    let moves = |port: Port| {
                        let counted = self.counts(flow, to, port, &usable);
                        let as_identity = outside
                            && (self.attitude == Attitude::Strict || flow.movement != Movement::No)
                            && self.identities.iter().filter(held).any(|&it| self.may_log_on(it, to, port));
                        !self.dropped(from, to, port) && ((reached.contains(&from) && counted) || as_identity)
                    };
                    if ports().into_iter().filter(declared).any(moves) {
                        next.insert(to);
                    }
                }
            }
            if next == reached {
                return reached;
            }
            reached = next;
        }
    }

    fn hard(&self, at: usize) -> bool {
        let asset = self.asset(at);
        let of_point = self.estate().enforcement_points.iter().any(|it| it.asset.as_ref() == Some(&asset.id));
        asset.crown_jewel || asset.kind == AssetKind::IdentityProvider || of_point
    }

    /// Open pairs on any port; of management only those whose source is compromised.
    fn talks(&self) -> BTreeSet<(usize, usize)> {
        let mut talks = BTreeSet::new();
        for flow in self.flows() {
            let counts =
                |it: &&(usize, usize)| flow.kind != Kind::Managed || self.compromised.contains(&it.0);
            talks.extend(flow.pairs.iter().filter(counts).filter(|it| self.open(&flow, **it)));
        }
        talks
    }

    /// Compromised assets that keep a foothold.
    fn footholds(&self) -> BTreeSet<usize> {
        let talks = self.talks();
        let all = 0..self.estate().assets.len();
        let inside: BTreeSet<usize> =
            self.compromised.iter().copied().filter(|&it| !self.external(it)).collect();
        let outside: BTreeSet<usize> = all.filter(|&it| self.external(it)).collect();
        let mut kept: BTreeSet<usize> = if self.outside_is_declared() {
            let (mut outlets, mut inlets) = (outside.clone(), outside);
            for _ in 0..self.estate().assets.len() {
                for &(from, to) in &talks {
                    if self.asset(from).relay && outlets.contains(&to) {
                        outlets.insert(from);
                    }
                    if self.asset(to).relay && inlets.contains(&from) {
                        inlets.insert(to);
                    }
                }
            }
            let tells = |at: usize| talks.iter().any(|it| it.0 == at && outlets.contains(&it.1));
            let told = |at: usize| talks.iter().any(|it| it.1 == at && inlets.contains(&it.0));
            inside.iter().copied().filter(|&at| tells(at) || told(at)).collect()
        } else {
            inside.iter().copied().filter(|&at| !self.isolated(at)).collect()
        };
        for _ in 0..inside.len() {
            let joined = |at: usize| {
                talks
                    .iter()
                    .any(|it| (it.0 == at && kept.contains(&it.1)) || (it.1 == at && kept.contains(&it.0)))
            };
            let more: Vec<usize> = inside.iter().copied().filter(|&at| joined(at)).collect();
            kept.extend(more);
        }
        kept
    }

    fn outside_is_declared(&self) -> bool {
        let flows = self.flows();
        let mut declared = flows.iter().filter(|it| it.kind == Kind::Declared).flat_map(|it| &it.pairs);
        declared.any(|it| self.external(it.0) || self.external(it.1))
    }

    /// Nothing leaves for or arrives from nowhere: at its agent, or at the points of each zone pair that its flows cross.
    fn isolated(&self, at: usize) -> bool {
        let shut = |pair: Option<(ZoneId, ZoneId)>, outward: bool| {
            ports().into_iter().all(|port| {
                self.rules.iter().any(|held| {
                    let points = self.estate().enforcement_points.iter().filter(|it| it.id == held.point);
                    let sees = points.into_iter().any(|it| {
                        it.hosts.as_ref().is_some_and(|on| self.means(on, at))
                            || pair.as_ref().is_some_and(|pair| it.covers.contains(pair))
                    });
                    let ends = if outward { (Some(at), None) } else { (None, Some(at)) };
                    sees && self.first(&held.rules, ends.0, ends.1, port) == Some(Verdict::Drop)
                })
            })
        };
        let zone = |at: usize| self.asset(at).zone.clone();
        let mut crossed = Vec::new();
        for flow in self.flows() {
            for &(from, to) in &flow.pairs {
                let counts = flow.kind != Kind::Managed || self.compromised.contains(&from);
                if counts && (from == at || to == at) {
                    crossed.push(((zone(from), zone(to)), from == at));
                }
            }
        }
        (shut(None, true) && shut(None, false))
            || (!crossed.is_empty() && crossed.into_iter().all(|(pair, outward)| shut(Some(pair), outward)))
    }

    /// Ids that keep a foothold, identities marked.
    fn keeping(&self) -> BTreeSet<(String, bool)> {
        let assets = self.footholds().into_iter().map(|at| (self.asset(at).id.to_string(), false));
        let held = self.identities.iter().filter(|it| !self.disabled(**it));
        assets.chain(held.map(|&it| (self.estate().identities[it].id.to_string(), true))).collect()
    }
}

/// Checks the verdict on `certificate`: whether it holds, and whether anything keeps a foothold.
fn check(case: &Case, certificate: &Certificate, rules: &[PointRules], what: &str) -> (bool, bool) {
    let ports = MovementPorts::default();
    let plain = Plain::new(case, certificate, rules);
    let keeping = plain.keeping();
    let reached = plain.reached();
    let claimed = |at: usize| certificate.reached.iter().any(|it| *it == *plain.asset(at).id.as_str());
    let protected = |at: usize| {
        let stated = certificate.protected.iter().any(|it| *it == *plain.asset(at).id.as_str());
        !plain.compromised.contains(&at) && (plain.hard(at) || stated)
    };
    let listed = |(entity, identity): &(String, bool)| {
        let named = |it: &Foothold| it.entity == *entity && it.way_out.is_none() == *identity;
        certificate.footholds.iter().any(named) && certificate.silenced.iter().all(|it| it.entity != *entity)
    };
    let expected = reached.iter().all(|&at| claimed(at) && !protected(at)) && keeping.iter().all(listed);
    let facts = checker::Facts {
        estate: &case.estate,
        compromised: &case.compromised,
        identities: &case.identities,
        movement_ports: &ports,
    };
    let verdict = checker::check(&facts, certificate, rules);
    let found: BTreeSet<(String, bool)> =
        verdict.footholds.iter().map(|it| (it.entity.clone(), it.way_out.is_none())).collect();
    let all = format!("{what}: {verdict:#?}\n{certificate:#?}\n{rules:#?}\n{:#?}", case.estate);
    assert_eq!(found, keeping, "{all}");
    assert_eq!(verdict.reached.len(), reached.len(), "{all}");
    assert_eq!(verdict.holds, expected, "{all}");
    (expected, !keeping.is_empty())
}

#[test]
fn a_certificate_holds_exactly_when_it_lists_what_stays() {
    let wanted = std::env::var("BULKHEAD_ESTATES").ok().and_then(|it| it.parse().ok()).unwrap_or(200_u64);
    let (mut held, mut refused, mut silent, mut unknown) = (0, 0, 0, 0);
    for seed in (0..wanted).chain(ALSO.into_iter().filter(|it| *it >= wanted)) {
        let shape =
            Shape { assets: 8, flows: 4, management: seed % 2 == 0, protected: seed.is_multiple_of(5) };
        let mut dice = Dice::new(seed ^ 0xF007);
        let case = with_outside(case(seed, shape), &mut dice);
        let ports = MovementPorts::default();
        let rules = some_rules(&mut dice, &case, &ports);
        let request = Request {
            identities: &case.identities,
            attitude: case.attitude,
            ..Request::new(&case.estate, &case.compromised, &ports)
        };
        let certificate = certificate::from_rules(&request, &rules).unwrap();
        let what = format!("seed {seed}");
        let (_, stays) = check(&case, &certificate, &rules, &what);
        let plain = Plain::new(&case, &certificate, &rules);
        let listed: BTreeSet<String> = certificate.footholds.iter().map(|it| it.entity.clone()).collect();
        let keeping: BTreeSet<String> = plain.keeping().into_iter().map(|it| it.0).collect();
        assert_eq!(listed, keeping, "{what}: {certificate:#?}\n{rules:#?}\n{:#?}", case.estate);
        silent += u32::from(!stays);
        unknown += u32::from(!plain.outside_is_declared());
        for _ in 0..6 {
            let (mut certificate, mut rules) = (certificate.clone(), rules.clone());
            mutate(&mut dice, &case, &mut certificate, &mut rules);
            match check(&case, &certificate, &rules, &what).0 {
                true => held += 1,
                false => refused += 1,
            }
        }
    }
    println!("{held} hold, {refused} do not; {silent} silent, {unknown} know no outside");
    for (what, n) in [("hold", held), ("refused", refused), ("silent", silent), ("unknown", unknown)] {
        assert!(n > 20, "too few of {what}: {n}");
    }
}
