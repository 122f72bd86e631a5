//! Random estates with an outside, rules that points may hold, and ways to spoil a certificate.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Request, plan};
use bulkhead_model::case::{Attitude, Certificate, Foothold, Silenced};
use bulkhead_model::estate::{AssetKind, Estate, Flow, ManagementChannel, Movement, Port, Selector, Zone};
use bulkhead_model::id::{FlowId, ZoneId};
use bulkhead_model::rules::{DisabledIdentity, Endpoint, PointRules, Rule, Verdict};

use crate::brute_force::Case;
use crate::random::Dice;

/// The case with an outside: external assets, relays, flows that lead there, channels by which agents report.
pub(super) fn with_outside(mut case: Case, dice: &mut Dice) -> Case {
    let estate = &mut case.estate;
    let n = estate.assets.len();
    let mut zone: Zone = serde_json::from_value(serde_json::json!({"id": "out"})).unwrap();
    (zone.external, zone.flat) = (true, dice.once_in(3));
    estate.zones.push(zone);
    for at in 0..1 + dice.below(2) {
        let mut asset = estate.assets[0].clone();
        asset.id = format!("x{at}").as_str().into();
        asset.zone = "out".into();
        asset.addresses =
            if dice.once_in(2) { vec![] } else { vec![format!("203.0.113.{at}").parse().unwrap()] };
        (asset.crown_jewel, asset.kind) = (false, AssetKind::Server);
        estate.assets.push(asset);
    }
    estate.assets[..n].iter_mut().for_each(|it| it.relay = dice.once_in(4));
    let somebody = |dice: &mut Dice, estate: &Estate| match dice.below(4) {
        0 => Selector { zone: Some("out".into()), ..Selector::default() },
        1 => Selector { any: true, ..Selector::default() },
        _ => Selector { asset: Some(dice.pick(&estate.assets).id.clone()), ..Selector::default() },
    };
    for at in 0..dice.below(5) {
        let (from, to) = (somebody(dice, estate), somebody(dice, estate));
        let ports = vec![*dice.pick(&[Port::tcp(443), Port::tcp(25), Port::tcp(22), Port::tcp(3389)])];
        let movement = *dice.pick(&[Movement::Auto, Movement::No, Movement::Yes]);
        estate.flows.push(Flow { id: FlowId::new(format!("o{at}")), from, to, ports, movement });
    }
    if dice.once_in(2) {
        let (from, to) = (somebody(dice, estate), somebody(dice, estate));
        estate.management.push(ManagementChannel {
            from,
            to,
            ports: vec![Port::tcp(443)],
            reply_only: dice.once_in(2),
        });
    }
    for point in &mut estate.enforcement_points {
        for zone in ["z0", "z1", "z2"]
            .map(ZoneId::from)
            .into_iter()
            .filter(|it| estate.zones.iter().any(|zone| zone.id == *it))
        {
            if !dice.once_in(3) {
                point.covers.push((zone.clone(), "out".into()));
            }
            if !dice.once_in(3) {
                point.covers.push(("out".into(), zone));
            }
        }
        if dice.once_in(4) {
            point.hosts = Some(Selector { any: true, ..Selector::default() });
        }
    }
    if dice.once_in(8) {
        case.compromised.push("x0".into());
    }
    if let Some(identity) = case.estate.identities.first().filter(|_| dice.once_in(3)) {
        case.identities = vec![identity.id.clone()];
    }
    case
}

/// Rules as somebody might hold them, beside those of a plan.
pub(super) fn some_rules(dice: &mut Dice, case: &Case, ports: &MovementPorts) -> Vec<PointRules> {
    let request = Request {
        identities: &case.identities,
        attitude: case.attitude,
        ..Request::new(&case.estate, &case.compromised, ports)
    };
    let mut rules = plan(&request).map(|it| it.rules).unwrap_or_default();
    for point in case.estate.enforcement_points.iter().filter(|_| !dice.once_in(3)) {
        if rules.iter().all(|it| it.point != point.id) {
            let point = point.id.clone();
            rules.push(PointRules { point, generation: 1, rules: vec![], disabled: vec![], lease_s: 60 });
        }
    }
    for held in &mut rules {
        for at in 0..dice.below(4) {
            let end = |dice: &mut Dice| {
                let asset = dice.pick(&case.estate.assets);
                match dice.below(3) {
                    0 => Endpoint::default(),
                    _ => Endpoint {
                        assets: vec![asset.id.clone()],
                        addresses: asset.addresses.iter().map(|&it| it.into()).collect(),
                        zones: vec![],
                    },
                }
            };
            let (from, to) = (end(dice), end(dice));
            let ports = if dice.once_in(3) { vec![Port::tcp(443)] } else { vec![] };
            let verdict = if dice.once_in(5) { Verdict::Accept } else { Verdict::Drop };
            held.rules.push(Rule { name: format!("r{at}"), action: None, from, to, ports, verdict });
        }
        // Somebody alone: what isolation looks like.
        if dice.once_in(2) {
            let asset = case.estate.assets.iter().find(|it| case.compromised.contains(&it.id)).unwrap();
            let own = Endpoint {
                assets: vec![asset.id.clone()],
                addresses: asset.addresses.iter().map(|&it| it.into()).collect(),
                zones: vec![],
            };
            for (name, from, to) in
                [("out", own.clone(), Endpoint::default()), ("in", Endpoint::default(), own.clone())]
            {
                let verdict = Verdict::Drop;
                held.rules.push(Rule {
                    name: name.to_owned(),
                    action: None,
                    from,
                    to,
                    ports: vec![],
                    verdict,
                });
            }
        }
        if let Some(identity) = case.identities.first().filter(|_| dice.once_in(2)) {
            held.disabled.push(DisabledIdentity { name: "off".to_owned(), identity: identity.clone() });
        }
    }
    rules
}

pub(super) fn mutate(
    dice: &mut Dice,
    case: &Case,
    certificate: &mut Certificate,
    rules: &mut Vec<PointRules>,
) {
    match dice.below(8) {
        0 if !certificate.footholds.is_empty() => {
            let at = dice.below(certificate.footholds.len());
            let entity = certificate.footholds.remove(at).entity;
            certificate.silenced.push(Silenced { entity, cut: vec![] });
        }
        1 if !certificate.footholds.is_empty() => {
            certificate.footholds.remove(dice.below(certificate.footholds.len()));
        }
        2 if !certificate.silenced.is_empty() => {
            let entity = certificate.silenced.remove(dice.below(certificate.silenced.len())).entity;
            let way_out = (!entity.starts_with('i')).then(|| "unknown".to_owned());
            certificate.footholds.push(Foothold { entity, way_out });
        }
        3 => certificate.sources.push(dice.pick(&case.estate.assets).id.to_string()),
        4 => certificate.attitude = Attitude::Strict,
        _ if rules.is_empty() => {}
        5 => drop(rules.remove(dice.below(rules.len()))),
        _ => {
            let at = dice.below(rules.len());
            rules[at].rules.pop();
            rules[at].disabled.clear();
        }
    }
}
