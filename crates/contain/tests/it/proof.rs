//! The checker against a plain reachability oracle over the rules read back: every mutated certificate, every mutated rule.

use std::collections::BTreeSet;
use std::rc::Rc;

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Request, certificate, checker, plan};
use bulkhead_model::case::{Attitude, Certificate, Foothold};
use bulkhead_model::estate::{Flow, Movement, Port, Protocol};
use bulkhead_model::id::{AssetId, IdentityId};
use bulkhead_model::rules::{PointRules, Rule, Verdict};

use crate::brute_force::{Case, case};
use crate::oracle::{self, Oracle};
use crate::random::{Dice, Shape};

/// Assets reachable when exactly `rules` are in force, pair by pair and port by port.
fn reachable(
    case: &Case,
    flows: &Rc<Vec<oracle::Flow>>,
    certificate: &Certificate,
    rules: &[PointRules],
) -> BTreeSet<usize> {
    let position = |id: &str| case.estate.assets.iter().position(|it| it.id.as_str() == id);
    let mut oracle = oracle_of(case, flows, certificate);
    oracle.compromised.extend(certificate.sources.iter().filter_map(|it| position(it)));
    let disabled: BTreeSet<&IdentityId> =
        rules.iter().flat_map(|it| &it.disabled).map(|it| &it.identity).collect();
    let mut reached = oracle.compromised.clone();
    loop {
        let usable = (0..case.estate.identities.len())
            .filter(|&it| {
                let identity = &case.estate.identities[it];
                let found =
                    |at: &usize| identity.secrets_on.iter().any(|on| on.matches(&case.estate.assets[*at]));
                let held = oracle.identities.contains(&it) || certificate.identities.contains(&identity.id);
                !disabled.contains(&identity.id) && (held || reached.iter().any(found))
            })
            .collect();
        let before = reached.len();
        for (number, flow) in oracle.flows.iter().enumerate() {
            for &(from, to) in &flow.pairs {
                if !reached.contains(&from) || reached.contains(&to) {
                    continue;
                }
                let counts = |port| oracle.port_counts(number, to, port, &usable);
                let open = interesting().into_iter().any(|port| {
                    let declared = flow.ports.iter().any(|it| it.contains(port));
                    declared && counts(port) && !dropped(case, rules, from, to, port)
                });
                if open {
                    reached.insert(to);
                }
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

fn oracle_of<'c>(case: &'c Case, flows: &Rc<Vec<oracle::Flow>>, certificate: &Certificate) -> Oracle<'c> {
    let (estate, attitude) = (&case.estate, certificate.attitude);
    Oracle::over(estate, attitude, &case.compromised, &case.identities, flows.clone())
}

/// The ports that admit movement, the others that random estates use, and one that stands for all the rest.
fn interesting() -> Vec<Port> {
    let udp = Port { protocol: Protocol::Udp, first: 53, last: 53 };
    let others = [389, 443, 3128, 8080, 8443, 9999];
    let tcp = oracle::LOGINS.into_iter().map(|it| it.0).chain(others);
    tcp.map(Port::tcp).chain([udp]).collect()
}

fn dropped(case: &Case, rules: &[PointRules], from: usize, to: usize, port: Port) -> bool {
    let (source, target) = (&case.estate.assets[from], &case.estate.assets[to]);
    rules.iter().any(|held| {
        let sees = case.estate.enforcement_points.iter().filter(|it| it.id == held.point).any(|it| {
            it.covers.contains(&(source.zone.clone(), target.zone.clone()))
                || it.hosts.as_ref().is_some_and(|on| on.matches(source) || on.matches(target))
        });
        let matches = |rule: &&Rule| {
            end(&rule.from, source)
                && end(&rule.to, target)
                && (rule.ports.is_empty() || rule.ports.iter().any(|it| it.contains(port)))
        };
        sees && held.rules.iter().find(matches).is_some_and(|it| it.verdict == Verdict::Drop)
    })
}

/// Random assets have at most one address.
fn end(end: &bulkhead_model::rules::Endpoint, asset: &bulkhead_model::estate::Asset) -> bool {
    let everything = end.zones.is_empty() && end.assets.is_empty() && end.addresses.is_empty();
    everything
        || match asset.addresses.first() {
            Some(address) => end.addresses.iter().any(|it| it.contains(address)),
            None => end.assets.contains(&asset.id) || end.zones.contains(&asset.zone),
        }
}

fn check(
    case: &Case,
    flows: &Rc<Vec<oracle::Flow>>,
    ports: &MovementPorts,
    certificate: &Certificate,
    rules: &[PointRules],
    what: &str,
) -> bool {
    let reached = reachable(case, flows, certificate, rules);
    let claimed = |at: usize| certificate.reached.iter().any(|it| *it == *case.estate.assets[at].id.as_str());
    let mut oracle = oracle_of(case, flows, certificate);
    let sources =
        |at: &usize| certificate.sources.iter().any(|it| *it == *case.estate.assets[*at].id.as_str());
    oracle.compromised.extend((0..case.estate.assets.len()).filter(sources));
    let protected = |at: usize| {
        let stated = certificate.protected.iter().any(|it| *it == *case.estate.assets[at].id.as_str());
        oracle.is_hard(at) || (stated && !oracle.compromised.contains(&at))
    };
    let expected = reached.iter().all(|&at| claimed(at) && !protected(at));
    let facts = checker::Facts {
        estate: &case.estate,
        compromised: &case.compromised,
        identities: &case.identities,
        movement_ports: ports,
    };
    let verdict = checker::check(&facts, &all_listed(case, certificate), rules);
    assert_eq!(verdict.holds, expected, "{what}: {verdict:#?}\n{certificate:#?}\n{rules:#?}");
    expected
}

/// The certificate with everybody compromised listed as a foothold: here only reachability decides.
fn all_listed(case: &Case, certificate: &Certificate) -> Certificate {
    let assets = case.compromised.iter().map(AssetId::to_string).chain(certificate.sources.iter().cloned());
    let identities = case.identities.iter().chain(&certificate.identities).map(IdentityId::to_string);
    let listed = |way_out: Option<&str>| {
        let way_out = way_out.map(str::to_owned);
        move |entity| Foothold { entity, way_out: way_out.clone() }
    };
    let footholds = assets.map(listed(Some("any"))).chain(identities.map(listed(None))).collect();
    Certificate { footholds, silenced: Vec::new(), ..certificate.clone() }
}

fn mutate(
    dice: &mut Dice,
    case: &Case,
    certificate: &mut Certificate,
    rules: &mut Vec<PointRules>,
) -> &'static str {
    let asset = dice.pick(&case.estate.assets).id.to_string();
    let drop_one = |list: &mut Vec<String>, dice: &mut Dice| {
        if !list.is_empty() {
            list.remove(dice.below(list.len()));
        }
    };
    match dice.below(11) {
        0 => drop_one(&mut certificate.reached, dice),
        1 => certificate.reached.push(asset),
        2 => drop_one(&mut certificate.sources, dice),
        3 => certificate.sources.push(asset),
        4 => drop_one(&mut certificate.protected, dice),
        5 => certificate.protected.push(asset),
        6 => certificate.attitude = *dice.pick(&[Attitude::Movement, Attitude::Strict, Attitude::Credential]),
        7 => certificate.cut.clear(),
        _ if rules.is_empty() => return "nothing",
        8 => {
            rules.remove(dice.below(rules.len()));
        }
        9 => {
            let at = dice.below(rules.len());
            rules[at].disabled.clear();
            rules[at].rules.pop();
        }
        _ => mutate_rule(dice, case, rules),
    }
    "one mutation"
}

fn mutate_rule(dice: &mut Dice, case: &Case, rules: &mut [PointRules]) {
    let at = dice.below(rules.len());
    let held = &mut rules[at].rules;
    if held.is_empty() {
        return;
    }
    let which = dice.below(held.len());
    match dice.below(6) {
        0 => {
            held[which].verdict =
                if held[which].verdict == Verdict::Drop { Verdict::Accept } else { Verdict::Drop }
        }
        1 => held.reverse(),
        2 => held[which].ports = vec![Port::tcp(22)],
        3 => {
            held[which].to.addresses.pop();
            held[which].to.assets.pop();
        }
        4 => held[which].from.zones.clear(),
        _ => rules[at].point = dice.pick(&case.estate.enforcement_points).id.clone(),
    }
}

/// Plans the case, then judges the certificate and `mutations` changed ones: how many hold, how many do not.
fn check_mutations(case: &Case, seed: u64, mutations: usize) -> (u32, u32) {
    let ports = MovementPorts::default();
    let request = Request {
        identities: &case.identities,
        attitude: case.attitude,
        ..Request::new(&case.estate, &case.compromised, &ports)
    };
    let Ok(planned) = plan(&request) else { return (0, 0) };
    let flows = Rc::new(oracle::flows(&case.estate));
    let certificate = certificate::from_rules(&request, &planned.rules).unwrap();
    assert!(check(case, &flows, &ports, &certificate, &planned.rules, "unchanged"), "seed {seed}");
    let mut dice = Dice::new(seed ^ 0xC0FFEE);
    let (mut held, mut refused) = (0, 0);
    for _ in 0..mutations {
        let (mut certificate, mut rules) = (certificate.clone(), planned.rules.clone());
        let what = mutate(&mut dice, case, &mut certificate, &mut rules);
        let holds = check(case, &flows, &ports, &certificate, &rules, &format!("seed {seed}, {what}"));
        if holds { held += 1 } else { refused += 1 }
    }
    (held, refused)
}

#[test]
fn the_checker_agrees_with_plain_reachability() {
    let (mut held, mut refused) = (0, 0);
    for seed in 0..250 {
        let case =
            case(seed, Shape { assets: 8, flows: 5, management: seed % 2 == 0, protected: seed % 5 == 0 });
        let (hold, refuse) = check_mutations(&case, seed, 8);
        (held, refused) = (held + hold, refused + refuse);
    }
    assert!(held > 200 && refused > 200, "mutations are too tame: {held} hold, {refused} do not");
}

#[test]
fn the_checker_agrees_on_estates_of_a_thousand_assets() {
    let (mut held, mut refused) = (0, 0);
    for (seed, attitude) in (1..).zip([Attitude::Movement, Attitude::Strict, Attitude::Credential]) {
        let estate = bulkhead_contain::generate::estate(1_000, seed);
        let mut dice = Dice::new(seed);
        let mut compromised: Vec<AssetId> = (0..5).map(|_| dice.pick(&estate.assets).id.clone()).collect();
        compromised.extend(["p000-web-1", "p001-batch-1"].map(AssetId::new));
        compromised.sort();
        compromised.dedup();
        let case = Case { estate, compromised, identities: Vec::new(), attitude };
        let (hold, refuse) = check_mutations(&case, seed, 24);
        (held, refused) = (held + hold, refused + refuse);
    }
    assert!(held > 15 && refused > 15, "mutations are too tame: {held} hold, {refused} do not");
}

/// Whether every pair of every management channel still passes, whatever the plan does.
fn management_passes(case: &Case, rules: &[PointRules]) -> bool {
    let oracle = Oracle::new(&case.estate, case.attitude, &case.compromised, &case.identities);
    oracle.flows.iter().filter(|it| it.management).all(|flow| {
        let kept = flow.pairs.iter().filter(|it| !oracle.compromised.contains(&it.0));
        kept.into_iter()
            .all(|&(from, to)| flow.ports.iter().all(|port| !dropped(case, rules, from, to, *port)))
    })
}

/// The same estate with its channels as ordinary flows: the rule that keeps management open, switched off.
fn switched_off(case: &Case) -> Case {
    let mut estate = case.estate.clone();
    for (n, it) in std::mem::take(&mut estate.management).into_iter().enumerate() {
        let id = format!("management:{n}").as_str().into();
        estate.flows.push(Flow { id, from: it.from, to: it.to, ports: it.ports, movement: Movement::Auto });
    }
    Case { estate, compromised: case.compromised.clone(), identities: case.identities.clone(), ..*case }
}

fn rules_for(case: &Case, ports: &MovementPorts) -> Option<Vec<PointRules>> {
    let request = Request {
        identities: &case.identities,
        attitude: case.attitude,
        ..Request::new(&case.estate, &case.compromised, ports)
    };
    plan(&request).ok().map(|it| it.rules)
}

#[test]
fn management_on_the_cheapest_cut_is_never_cut() {
    let ports = MovementPorts::default();
    let wanted = if std::env::var_os("BULKHEAD_ESTATES").is_some() { 10_000 } else { 60 };
    let (mut on_the_cut, mut seed) = (0, 5_000_000);
    while on_the_cut < wanted {
        seed += 1;
        let case = case(seed, Shape { assets: 10, flows: 5, management: true, protected: false });
        // Only estates in which the cheapest plan cuts the channel once the rule is switched off.
        let Some(rules) = rules_for(&switched_off(&case), &ports) else { continue };
        if management_passes(&case, &rules) {
            continue;
        }
        on_the_cut += 1;
        if let Some(rules) = rules_for(&case, &ports) {
            assert!(management_passes(&case, &rules), "seed {seed}: {rules:#?}");
        }
    }
}
