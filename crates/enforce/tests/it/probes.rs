//! Probes walk the rules really installed at every point of the path.

use bulkhead_enforce::{FaultPlan, Fleet, ProbeOutcome};

use crate::fixture::*;

/// Installs `rules` as `point: rule` lines and probes `from to port` lines: `=> outcome [point/rule]`.
#[track_caller]
fn check(installed: &[(&str, &[&str])], probe: &str, expect: &str) {
    let mut fleet = fleet(&FaultPlan::none());
    for (point, rules) in installed {
        fleet.apply(&intent(point, 1, rules, 0), at(0)).unwrap();
    }
    let words: Vec<&str> = probe.split_whitespace().collect();
    let found = fleet.probe(&asset(words[0]), &asset(words[1]), port(words[2]), at(10)).unwrap();
    let outcome = match found.outcome {
        ProbeOutcome::Open => "open",
        ProbeOutcome::Dropped => "dropped",
        ProbeOutcome::NotAllowed => "not allowed",
    };
    let by = found.dropped_by.map_or(String::new(), |it| format!(" at {}: {}", it.point, it.rule));
    assert_eq!(format!("{outcome}{by}"), expect);
}

#[test]
fn without_rules_the_declared_flows_decide() {
    check(&[], "pc-1 web-1 tcp/443", "open");
    check(&[], "pc-1 db-1 tcp/443", "not allowed");
    check(&[], "db-1 web-1 tcp/5432", "not allowed");
    check(&[], "lab-1 lab-2 udp/9", "open");
    check(&[], "console-1 db-1 tcp/8443", "open");
    check(&[], "db-1 console-1 tcp/8443", "not allowed");
}

#[test]
fn a_drop_at_the_firewall_stops_the_zone_pair_on_its_ports() {
    let fw: &[(&str, &[&str])] = &[("fw-core", &["drop z:office z:b2b tcp/22"])];
    check(fw, "pc-1 db-1 tcp/22", "dropped at fw-core: drop z:office z:b2b tcp/22");
    check(fw, "pc-1 web-1 tcp/443", "open");
    // The pair does not pass the firewall.
    check(&[("fw-core", &["drop * *"])], "web-1 db-1 tcp/5432", "open");
    check(&[("agents", &["drop * *"])], "web-1 db-1 tcp/5432", "dropped at agents: drop * *");
}

#[test]
fn the_first_rule_that_matches_decides() {
    let exempt: &[(&str, &[&str])] =
        &[("fw-core", &["accept a:pc-2 * tcp/22", "drop z:office z:b2b tcp/22"])];
    check(exempt, "pc-2 db-1 tcp/22", "open");
    check(exempt, "pc-1 db-1 tcp/22", "dropped at fw-core: drop z:office z:b2b tcp/22");
}

#[test]
fn an_accept_at_one_point_does_not_open_another() {
    let both: &[(&str, &[&str])] = &[("fw-core", &["accept * *"]), ("agents", &["drop * a:db-1"])];
    check(both, "pc-1 db-1 tcp/22", "dropped at agents: drop * a:db-1");
}

#[test]
fn a_forgotten_ipv6_address_leaves_the_path_open() {
    let v4: &[(&str, &[&str])] = &[("fw-core", &["drop a:pc-1+10.1.0.1/32 *"])];
    check(v4, "pc-1 web-1 tcp/443", "open");
    let both: &[(&str, &[&str])] = &[("fw-core", &["drop a:pc-1+10.1.0.1/32+fd00::1/128 *"])];
    check(both, "pc-1 web-1 tcp/443", "dropped at fw-core: drop a:pc-1+10.1.0.1/32+fd00::1/128 *");
}

#[test]
fn a_range_is_open_when_any_of_its_ports_is() {
    let hole: &[(&str, &[&str])] =
        &[("fw-core", &["drop z:office z:b2b tcp/8000-8049", "drop z:office z:b2b tcp/8051-8100"])];
    check(hole, "pc-1 web-1 tcp/8000-8100", "open");
    check(hole, "pc-1 web-1 tcp/8051-8100", "dropped at fw-core: drop z:office z:b2b tcp/8051-8100");
    check(&[("fw-core", &["drop * * tcp/any"])], "pc-1 web-1 any", "dropped at fw-core: drop * * tcp/any");
}

#[test]
fn a_disabled_identity_cannot_log_on() {
    let mut fleet = fleet(&FaultPlan::none());
    assert!(fleet.probe_identity(&"adm".into(), at(0)).unwrap().is_open());
    fleet.apply(&disable(1, "adm"), at(0)).unwrap();
    let found = fleet.probe_identity(&"adm".into(), at(0)).unwrap();
    assert_eq!(found.dropped_by.unwrap().rule, "adm@directory");
}

#[test]
fn strangers_are_unknown() {
    let mut fleet = fleet(&FaultPlan::none());
    assert!(fleet.probe(&asset("nobody"), &asset("web-1"), port("tcp/1"), at(0)).is_err());
    assert!(fleet.probe_identity(&"nobody".into(), at(0)).is_err());
    assert!(fleet.read_back(&point("nowhere"), at(0)).is_err());
}
