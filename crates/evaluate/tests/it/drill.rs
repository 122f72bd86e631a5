//! Scenarios played on the example estates: what must hold whatever the seed.

use std::collections::BTreeSet;

use bulkhead_contain::Request;
use bulkhead_contain::ports::MovementPorts;
use bulkhead_evaluate::scenario::{ActKind, NoiseKind, Pick, Step};
use bulkhead_evaluate::{Defence, Generated, Outcome, Play, Scenario, generate};
use bulkhead_incident::{IncidentDraft, Policy};
use bulkhead_model::case::EntityKind;
use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::{self, Estate, Port, Selector};
use bulkhead_model::finding::Level;
use bulkhead_model::id::AssetId;
use bulkhead_model::rules::{DisabledIdentity, Endpoint, PointRules, Rule, Verdict};
use bulkhead_model::span::Span;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::hunt::{hunt, hunt_until, starter, workspace};

/// Windows, Linux and a router in one flat zone, with a domain controller, so that every act has a place to happen.
const SMALL: &str = r"
version: 1
estate: {id: small, name: Small}
zones:
  - {id: lan, cidrs: [192.168.7.0/24], flat: true}
  - {id: far, cidrs: [192.168.8.0/24]}
assets:
  - {id: win, hostname: win.small.example, addresses: [192.168.7.10], zone: lan, kind: workstation, os: windows}
  - {id: lin, hostname: lin.small.example, addresses: [192.168.7.20], zone: lan, os: linux}
  - {id: dc, hostname: dc.small.example, addresses: [192.168.8.5], zone: far, kind: identity_provider, os: windows}
  - {id: rtr, hostname: rtr.small.example, addresses: [192.168.7.1], zone: lan, kind: network_device, os: network}
  - {id: island, hostname: island.small.example, addresses: [192.168.8.9], zone: far, os: linux, crown_jewel: true}
identities:
  - {id: adm, privileged: true, rights: [{on: {any: true}, via: [ssh, smb, rdp]}], secrets_on: [{asset: win}]}
flows:
  - {id: kerberos, from: {zone: lan}, to: {asset: dc}, ports: [tcp/88]}
enforcement_points:
  - {id: agents, kind: simulated, hosts: {zone: lan}, can: [isolate, disable_identity]}
";

fn read_estate(name: &str, text: &str) -> Estate {
    let (estate, faults) = estate::read(name, text);
    estate.unwrap_or_else(|| panic!("{faults:?}"))
}

fn example(name: &str) -> Estate {
    let path = workspace(&format!("examples/{name}/estate.yaml"));
    read_estate(name, &std::fs::read_to_string(&path).expect("an example estate"))
}

fn small() -> Estate {
    read_estate("small", SMALL)
}

fn embedded(name: &str) -> Scenario {
    let text = bulkhead_evaluate::scenario(name).expect("an embedded scenario");
    let (scenario, faults) = bulkhead_evaluate::read(name, text);
    assert_eq!(faults, Vec::<Diagnostic>::new());
    scenario.expect("no faults, so a scenario")
}

fn play(scenario: &Scenario, estate: &Estate) -> Generated {
    generate(scenario, estate, scenario.seed, &Play::default())
}

/// A scenario of one act on the asset `host`, without noise; `toward` is what it aims at.
fn one_act(act: ActKind, host: &str, toward: &str) -> Scenario {
    let text = format!(
        "{{version: 1, id: one, start: 2025-07-25T12:00:00Z, cast: [{{name: host, pick: [{{asset: {host}}}]}}, \
         {{name: aim, pick: [{{asset: {toward}}}]}}], steps: [{{id: entry, at: 0s, do: login, on: host}}]}}"
    );
    let (scenario, faults) = bulkhead_evaluate::read("one", &text);
    let mut scenario = scenario.unwrap_or_else(|| panic!("{faults:?}"));
    let step = |id: &str, at: u64, act: ActKind| Step {
        id: id.to_owned(),
        at: Span::from_secs(at),
        act,
        on: Some("host".to_owned()),
        toward: act.has_aim().then(|| "aim".to_owned()),
        every: Span::from_secs(60),
        count: 6,
    };
    if act.is_entry() {
        scenario.steps.clear();
    }
    scenario.steps.push(step("act", 600, act));
    scenario
}

/// Rules that drop everything from and to `assets` at the point `agents`, as an isolation does.
fn isolation(estate: &Estate, point: &str, assets: &BTreeSet<AssetId>, at: Timestamp) -> Defence {
    let mut end = Endpoint { assets: assets.iter().cloned().collect(), ..Endpoint::default() };
    for asset in estate.assets.iter().filter(|it| assets.contains(&it.id)) {
        end.addresses.extend(asset.addresses.iter().map(|it| ipnet::IpNet::from(*it)));
    }
    let rule = |name: &str, from: &Endpoint, to: &Endpoint| Rule {
        name: name.to_owned(),
        action: None,
        from: from.clone(),
        to: to.clone(),
        ports: Vec::new(),
        verdict: Verdict::Drop,
    };
    let any = Endpoint::default();
    let rules = PointRules {
        point: bulkhead_model::id::PointId::new(point),
        generation: 1,
        rules: vec![rule("out", &end, &any), rule("in", &any, &end)],
        disabled: Vec::new(),
        lease_s: 0,
    };
    Defence { at, rules: vec![rules], rebuilt: Vec::new() }
}

fn minutes(at: Timestamp, minutes: i64) -> Timestamp {
    at + SignedDuration::from_mins(minutes)
}

#[test]
fn every_act_is_seen_by_the_starter_pack() {
    let (rules, _) = starter();
    let estate = small();
    let mut unseen = Vec::new();
    for (name, act) in ActKind::ALL {
        for host in ["win", "lin"] {
            let toward = if host == "win" { "lin" } else { "win" };
            let out = play(&one_act(*act, host, toward), &estate);
            let done = out.truth.acts.iter().filter(|it| it.step == "act" && it.is_done()).count();
            assert!(done > 0, "{name} on {host} was not done: {:?}", out.truth.acts);
            let from = out.truth.acts.iter().find(|it| it.step == "act").map(|it| it.at);
            let (findings, telemetry) = hunt(&rules, &out.telemetry);
            assert!(telemetry.sources.iter().all(|it| it.malformed == 0), "{name} on {host}: {telemetry:?}");
            let seen = findings.iter().any(|it| it.time >= from && it.rule.level > Level::Informational);
            if !seen {
                unseen.push(format!("{name} on {host}"));
            }
        }
    }
    assert_eq!(unseen, Vec::<String>::new());
}

#[test]
fn ordinary_life_sets_off_next_to_nothing_and_odd_things_do() {
    let (rules, _) = starter();
    let odd = embedded("false-alarm");
    let mut plain = odd.clone();
    plain.noise.retain(|it| it.kind != NoiseKind::Odd && it.kind.dates().is_none());
    for seed in [odd.seed, 1, 2, 3] {
        let grave = |scenario: &Scenario| {
            let out = generate(scenario, &example("telco"), seed, &Play::default());
            assert_eq!(out.truth.first_act, None);
            let (findings, telemetry) = hunt(&rules, &out.telemetry);
            let events: u64 = telemetry.sources.iter().map(|it| it.events).sum();
            assert!(events > 5_000, "hardly a busy day: {events} events");
            findings.iter().filter(|it| it.rule.level >= Level::Medium).count()
        };
        assert_eq!(grave(&plain), 0, "seed {seed}");
        assert!(grave(&odd) > 0, "seed {seed}");
    }
}

#[test]
fn the_reference_attack_reaches_its_aims_when_nobody_answers() {
    let (scenario, estate) = (embedded("reference"), example("telco"));
    let truth = play(&scenario, &estate).truth;
    let held = truth.held_at(Timestamp::MAX);
    for part in ["clerk", "platform", "store"] {
        assert!(held.contains(&truth.cast[part]), "{part}: {truth:?}");
    }
    let zone =
        |part: &str| estate.assets.iter().find(|it| it.id == truth.cast[part]).map(|it| it.zone.as_str());
    assert_eq!((zone("clerk"), zone("platform"), zone("store")), (Some("office"), Some("b2b"), Some("data")));
}

#[test]
fn scenarios_carry_over_to_other_estates() {
    for name in ["reference", "oss-ssh"] {
        for estate in [example("telco"), example("minimal"), small()] {
            let scenario = embedded(name);
            let truth = play(&scenario, &estate).truth;
            assert!(truth.first_act.is_some(), "{name} on {}", estate.estate.id);
            assert_eq!(
                truth.cast.len(),
                scenario.cast.len(),
                "{name} on {}: a part without a host",
                estate.estate.id
            );
        }
    }
}

#[test]
fn another_seed_or_estate_gives_another_drill() {
    let (scenario, estate) = (embedded("reference"), example("telco"));
    let plays: BTreeSet<_> = (0..6)
        .map(|seed| format!("{:?}", generate(&scenario, &estate, seed, &Play::default()).truth.cast))
        .collect();
    assert!(plays.len() > 1, "six seeds, one cast");
    assert_ne!(play(&scenario, &estate).truth.cast, play(&scenario, &small()).truth.cast);
}

#[test]
fn a_silent_host_leaves_no_endpoint_finding() {
    let (rules, _) = starter();
    let (mut scenario, estate) = (embedded("reference"), example("telco"));
    let watched = play(&scenario, &estate).truth.cast["platform"].clone();
    let name = estate
        .assets
        .iter()
        .find(|it| it.id == watched)
        .and_then(|it| it.hostname.clone())
        .expect("a host name");
    let of_it = |scenario: &Scenario| {
        let (findings, _) = hunt(&rules, &play(scenario, &estate).telemetry);
        findings.iter().filter(|it| it.host.as_ref() == Some(&name)).count()
    };
    assert!(of_it(&scenario) > 0);
    scenario
        .silent
        .push(Pick { selector: Selector { asset: Some(watched), ..Selector::default() }, ..Pick::default() });
    assert_eq!(of_it(&scenario), 0);
}

#[test]
fn isolation_stops_the_attacker_and_what_came_before_stays() {
    let (scenario, estate) = (embedded("reference"), example("telco"));
    let free = play(&scenario, &estate);
    let start = free.truth.first_act.expect("an attack");
    let contained = minutes(start, 30);
    let held = free.truth.held_at(contained);
    // One point whose agents run everywhere, so that the test needs no planner.
    let mut estate_with_agents = estate.clone();
    estate_with_agents.enforcement_points[0].hosts = Some(Selector { any: true, ..Selector::default() });
    let point = estate_with_agents.enforcement_points[0].id.clone();
    let defence = [isolation(&estate_with_agents, point.as_str(), &held, contained)];
    let out = generate(
        &scenario,
        &estate_with_agents,
        scenario.seed,
        &Play { defences: &defence, surveillance_from: None },
    );
    assert_eq!(out.truth.held_at(Timestamp::MAX), held);
    assert_eq!(out.truth.gained_after(contained, &[]), BTreeSet::new());
    let later: Vec<_> = out.truth.acts.iter().filter(|it| it.at >= contained).collect();
    assert!(!later.is_empty() && later.iter().all(|it| !it.is_done()), "{later:?}");
    assert!(
        later.iter().any(|it| matches!(&it.outcome, Outcome::Blocked(rule) if rule.contains(point.as_str())))
    );
    assert_eq!(before(&free, contained), before(&out, contained));
}

/// Every line whose own time lies before `limit`, sorted.
fn before(out: &Generated, limit: Timestamp) -> Vec<String> {
    let limit = limit.to_string();
    let mut lines = Vec::new();
    for (file, bytes) in &out.telemetry {
        for line in String::from_utf8_lossy(bytes).lines() {
            let stamp = stamp(file, line);
            if stamp < limit {
                lines.push(format!("{file} {line}"));
            }
        }
    }
    lines
}

/// The time of a line as RFC 3339.
fn stamp(file: &str, line: &str) -> String {
    let between =
        |start: &str, end: &str| line.split_once(start).and_then(|it| it.1.split_once(end)).map(|it| it.0);
    let text = match file.split('/').next() {
        Some("windows") => between("\"TimeCreated\":\"", "\"").map(str::to_owned),
        Some("zeek") => between("\"ts\":", ",").map(seconds),
        _ if file.ends_with("audit.log") => between("msg=audit(", ":").map(seconds),
        _ => line.split(['>', ' ']).find(|it| it.starts_with("2025-")).map(str::to_owned),
    };
    text.unwrap_or_else(|| panic!("no time in {file}: {line}"))
}

fn seconds(text: &str) -> String {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let ms = format!("{part:0<3}").parse::<i64>().expect("milliseconds");
    let at = Timestamp::from_millisecond(whole.parse::<i64>().expect("seconds") * 1000 + ms).expect("a time");
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[test]
fn rebuilt_hosts_are_lost_and_a_relapse_comes_back() {
    let (scenario, estate) = (embedded("reference"), example("telco"));
    let held = play(&scenario, &estate).truth.held_at(Timestamp::MAX);
    let recovered = minutes(scenario.start, 60 * 72);
    let defence = [Defence { at: recovered, rules: Vec::new(), rebuilt: held.iter().cloned().collect() }];
    let watched = minutes(recovered, 60);
    let out = generate(
        &scenario,
        &estate,
        scenario.seed,
        &Play { defences: &defence, surveillance_from: Some(watched) },
    );
    assert_eq!(out.truth.held_at(recovered), BTreeSet::new());
    let again = out.truth.held_at(Timestamp::MAX);
    assert!(
        again.contains(&out.truth.cast["colleague"]) && again.contains(&out.truth.cast["platform"]),
        "{again:?}"
    );
}

#[test]
fn a_disabled_identity_is_of_no_use() {
    let estate = small();
    let scenario = one_act(ActKind::Advance, "win", "lin");
    let with = play(&scenario, &estate).truth;
    let mover = with.acts.iter().find(|it| it.step == "act").expect("a move");
    assert_eq!(
        (mover.is_done(), mover.identity.as_ref().map(bulkhead_model::id::IdentityId::as_str)),
        (true, Some("adm"))
    );
    let disabled =
        DisabledIdentity { name: "d1".to_owned(), identity: bulkhead_model::id::IdentityId::new("adm") };
    let rules = PointRules {
        point: bulkhead_model::id::PointId::new("agents"),
        generation: 1,
        rules: Vec::new(),
        disabled: vec![disabled],
        lease_s: 0,
    };
    let defence = [Defence { at: scenario.start, rules: vec![rules], rebuilt: Vec::new() }];
    let without =
        generate(&scenario, &estate, scenario.seed, &Play { defences: &defence, surveillance_from: None })
            .truth;
    assert!(without.acts.iter().filter(|it| it.step == "act").all(|it| !it.is_done()), "{:?}", without.acts);
}

#[test]
fn what_the_estate_does_not_allow_is_impossible() {
    let truth = play(&one_act(ActKind::Advance, "win", "island"), &small()).truth;
    let last = truth.acts.last().expect("an attempt");
    assert!(matches!(&last.outcome, Outcome::Impossible(why) if why.contains("no path")), "{last:?}");
}

/// Whether the estate allows the connection, by its file's words alone: slow and simple.
fn allows(estate: &Estate, from: &AssetId, to: &AssetId, port: Port) -> bool {
    let asset = |id: &AssetId| estate.assets.iter().find(|it| it.id == *id).expect("an asset");
    let (from, to) = (asset(from), asset(to));
    let flow = estate
        .flows
        .iter()
        .any(|it| it.from.matches(from) && it.to.matches(to) && it.ports.iter().any(|it| it.contains(port)));
    let channel = estate
        .management
        .iter()
        .any(|it| it.from.matches(from) && it.to.matches(to) && it.ports.iter().any(|it| it.contains(port)));
    let flat = from.zone == to.zone && estate.zones.iter().any(|it| it.id == from.zone && it.flat);
    flow || channel || flat
}

/// What the planner makes of everything the attacker holds at `at`, as rules in force from then on.
fn planned(estate: &Estate, held: &BTreeSet<AssetId>, at: Timestamp) -> (Defence, BTreeSet<String>) {
    let (ports, compromised) = (MovementPorts::default(), held.iter().cloned().collect::<Vec<_>>());
    let request = Request::new(estate, &compromised, &ports);
    let planned = bulkhead_contain::plan(&request).unwrap_or_else(|it| panic!("{it}"));
    let certificate =
        bulkhead_contain::certificate(&request, &planned.rules).unwrap_or_else(|it| panic!("{it}"));
    let reached = certificate.reached.into_iter().chain(held.iter().map(ToString::to_string)).collect();
    (Defence { at, rules: planned.rules, rebuilt: Vec::new() }, reached)
}

#[test]
fn a_planned_containment_holds_the_attacker_within_its_certificate() {
    let estate = example("telco");
    for (name, after) in
        [("reference", 20), ("reference", 26), ("reference", 50), ("oss-ssh", 30), ("oss-ssh", 60)]
    {
        for seed in 0..4 {
            let mut scenario = embedded(name);
            scenario.noise.clear();
            let free = generate(&scenario, &estate, seed, &Play::default()).truth;
            let at = minutes(free.first_act.expect("an attack"), after);
            let (defence, reached) = planned(&estate, &free.held_at(at), at);
            let play = Play { defences: &[defence], surveillance_from: None };
            let truth = generate(&scenario, &estate, seed, &play).truth;
            let held: BTreeSet<_> = truth.held_at(Timestamp::MAX).iter().map(ToString::to_string).collect();
            assert!(held.is_subset(&reached), "{name} seed {seed} +{after}: {held:?} beyond {reached:?}");
            let jewels =
                estate.assets.iter().filter(|it| it.crown_jewel && held.contains(it.id.as_str())).count();
            assert_eq!(jewels, 0, "{name} seed {seed} +{after}: {held:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_attacker_obeys_the_estate(seed in any::<u64>(), which in 0..2_usize) {
        let estate = example("telco");
        let mut scenario = embedded(["reference", "oss-ssh"][which]);
        scenario.noise.clear();
        let out = generate(&scenario, &estate, seed, &Play::default());
        let mut held = BTreeSet::new();
        for act in &out.truth.acts {
            if act.is_done() && !act.tactic.starts_with("initial") {
                prop_assert!(held.contains(&act.host), "{act:?} from a host that is not held");
            }
            if let (true, Some(target), Some(port)) = (act.is_done(), &act.target, &act.port) {
                let port: Port = port.parse().expect("a port");
                prop_assert!(allows(&estate, &act.host, target, port), "{act:?}");
            }
            held.extend(act.gained().cloned());
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes(seed in any::<u64>()) {
        let estate = example("minimal");
        let scenario = embedded("reference");
        let twice = [(); 2].map(|()| generate(&scenario, &estate, seed, &Play::default()));
        prop_assert_eq!(&twice[0], &twice[1]);
    }
}

/// Assets that the one incident over the telemetry until `limit` holds compromised; none when there is no incident.
fn accused(
    scenario: &Scenario,
    estate: &Estate,
    out: &Generated,
    limit: Timestamp,
) -> Option<BTreeSet<String>> {
    let (rules, _) = starter();
    let seen = hunt_until(&rules, &out.telemetry, limit);
    let policy = Policy::default();
    let fusion = bulkhead_incident::fuse(&seen.findings, &seen.observations, estate, &policy, scenario.seed);
    assert!(fusion.incidents.len() <= 1, "more than one incident: {:?}", fusion.incidents);
    let assets = |it: &IncidentDraft| {
        let assets = it.compromised.iter().filter(|it| it.kind == EntityKind::Asset);
        assets.map(|it| it.id.clone()).collect()
    };
    fusion.incidents.first().map(assets)
}

#[test]
fn the_incident_names_the_hosts_the_attacker_holds() {
    let estate = example("telco");
    let quiet = embedded("reference");
    let out = play(&quiet, &estate);
    let early = minutes(out.truth.first_act.expect("an attack"), 10);
    assert_eq!(accused(&quiet, &estate, &out, early), None, "nobody watches the first host");
    for (name, after) in [("reference", 18), ("reference", 26), ("oss-ssh", 30), ("oss-ssh", 60)] {
        let scenario = embedded(name);
        let out = play(&scenario, &estate);
        let limit = minutes(out.truth.first_act.expect("an attack"), after);
        let held: BTreeSet<_> = out.truth.held_at(limit).iter().map(ToString::to_string).collect();
        assert_eq!(accused(&scenario, &estate, &out, limit), Some(held), "{name} after {after} minutes");
    }
}

#[test]
fn a_day_without_an_attack_has_no_incident() {
    let (scenario, estate) = (embedded("false-alarm"), example("telco"));
    for seed in [scenario.seed, scenario.seed ^ 1, 1] {
        let out = generate(&scenario, &estate, seed, &Play::default());
        assert_eq!(accused(&scenario, &estate, &out, Timestamp::MAX), None, "seed {seed}");
    }
}
