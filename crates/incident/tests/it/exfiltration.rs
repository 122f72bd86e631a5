//! The exfiltration statement, from one compromised host and what was seen of it.

use std::collections::BTreeMap;

use bulkhead_incident::{Policy, assess, fuse};
use bulkhead_model::case::{Exfiltration, ExfiltrationConclusion, Incident, TelemetrySummary, Unread};
use bulkhead_model::entity::{Between, Observations};
use bulkhead_model::finding::Finding;
use bulkhead_model::sensor::{Hours, Sensor, hour_of};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::fixture::*;

/// An incident of `lines`, and what was seen: hosts with the sensors on them as `HOST SENSOR FROM..TO` (hours), flows.
struct Case {
    incident: Incident,
    findings: Vec<Finding>,
    seen: Observations,
}

fn case(lines: &[&str], sensors: &[&str], flows: &[&str]) -> Case {
    let own = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let found = findings(&own(lines));
    let names = lines.iter().filter_map(|it| it.split(' ').nth(1));
    let hosts: BTreeMap<String, Vec<String>> = names.map(|it| (it.to_owned(), Vec::new())).collect();
    let mut seen = observations(&hosts, &[], &own(flows), &[]);
    for line in sensors {
        let [host, sensor, hours] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let sensor: Sensor = serde_json::from_value(sensor.into()).unwrap();
        let (from, to) = hours.split_once("..").unwrap();
        let day = hour_of(at("00:00:00"));
        for hour in from.parse::<i64>().unwrap()..to.parse().unwrap() {
            seen.hosts.entry(host.to_owned()).or_default().sensed.entry(sensor).or_default().add(day + hour);
            seen.last = seen.last.max(Timestamp::from_second((day + hour) * 3600 + 1800).ok());
        }
    }
    let fusion = fuse(&found, &seen, &estate(), &Policy::default(), 1);
    let incident = fusion.incidents[0].declare(at("13:00:00"), TelemetrySummary::default());
    Case { incident, findings: found, seen }
}

/// Findings, sensors and flows in; `conclusion coverage store:conclusion:coverage ...` out, as asked at a time.
#[track_caller]
fn check(lines: &[&str], sensors: &[&str], flows: &[&str], asked: &str, expect: &str) {
    let case = case(lines, sensors, flows);
    let statement = assess(&case.incident, &estate(), &case.seen, &case.findings, at(asked));
    let word = |it: ExfiltrationConclusion| serde_json::to_value(it).unwrap().as_str().unwrap().to_owned();
    let mut text = format!("{} {:.2}", word(statement.conclusion), statement.coverage);
    for store in &statement.stores {
        text.push_str(&format!(" {}:{}:{:.2}", store.asset, word(store.conclusion), store.coverage));
        assert_eq!(store.evidence.is_empty(), store.conclusion == ExfiltrationConclusion::NoneSeen);
    }
    assert_eq!(text, expect);
}

const OFFICE: &str = "12:00:00 ws5 corp\\ada critical dropper execution";
const VAULT: &str = "12:00:00 vault1 corp\\ada critical dropper execution";
const TOOL: &str = "12:10:00 vault1 corp\\ada high rclone exfiltration,t1567";

/// All five sensors on `vault1` from noon to two o'clock.
const SEEN: &[&str] = &[
    "vault1 logon 12..14",
    "vault1 process 12..14",
    "vault1 file 12..14",
    "vault1 egress 12..14",
    "vault1 dns 12..14",
];

#[test]
fn a_store_one_flow_away_is_in_reach_and_coverage_is_what_each_sensor_recorded() {
    check(&[OFFICE], &[], &[], "14:00:00", "not_assessable 0.00 db-1:not_assessable:0.00");
    check(&[OFFICE], &["db1 logon 12..14"], &[], "14:00:00", "not_assessable 0.20 db-1:not_assessable:0.20");
    check(&[OFFICE], &["db1 egress 12..13"], &[], "14:00:00", "none_seen 0.10 db-1:none_seen:0.10");
    check(&[VAULT], SEEN, &[], "14:00:00", "none_seen 1.00 vault-1:none_seen:1.00");
    check(&[VAULT], SEEN, &[], "16:00:00", "none_seen 0.50 vault-1:none_seen:0.50");
}

#[test]
fn holes_are_named_with_their_times_and_merged() {
    let case = case(&[VAULT], &["vault1 egress 13..14", "vault1 egress 16..17"], &[]);
    let statement = assess(&case.incident, &estate(), &case.seen, &case.findings, at("19:30:00"));
    let holes: Vec<_> = statement.holes.iter().filter(|it| it.sensor == Sensor::Egress).collect();
    let spans: Vec<_> = holes.iter().map(|it| (it.store.as_str(), it.from, it.to)).collect();
    let of = |from: &str, to: &str| ("vault-1", at(from), at(to));
    let expect = [of("12:00:00", "13:00:00"), of("14:00:00", "16:00:00"), of("17:00:00", "19:30:00")];
    assert_eq!(spans, expect);
    assert_eq!(statement.holes.len(), 3 + 4, "the other sensors recorded nothing at all");
}

#[test]
fn what_was_not_read_is_a_hole() {
    let mut case = case(&[VAULT], SEEN, &[]);
    let cut = |from: Option<&str>, to: Option<&str>| Unread {
        source: "a.tar".to_owned(),
        what: "ends in the middle of a member".to_owned(),
        from: from.map(at),
        to: to.map(at),
        ..Unread::default()
    };
    for (unread, coverage) in [
        (cut(Some("13:00:00"), None), 0.5),
        (cut(Some("12:30:00"), Some("13:00:00")), 0.75),
        (cut(None, None), 0.0),
    ] {
        case.incident.telemetry.unread = vec![unread];
        let statement = assess(&case.incident, &estate(), &case.seen, &case.findings, at("14:00:00"));
        assert!((statement.coverage - coverage).abs() < 1e-9, "{}", statement.coverage);
        assert_eq!(statement.holes.len(), Sensor::ALL.len());
    }
}

#[test]
fn it_is_never_dated_past_the_telemetry() {
    let case = case(&[VAULT], SEEN, &[]);
    let dated = |asked: &str| assess(&case.incident, &estate(), &case.seen, &case.findings, at(asked)).as_of;
    assert_eq!(dated("500+12:00:00"), at("13:30:00"));
    assert_eq!(dated("12:30:00"), at("12:30:00"));
}

#[test]
fn a_tool_alone_indicates_and_with_a_flow_outside_it_is_evidence() {
    check(&[VAULT, TOOL], SEEN, &[], "14:00:00", "indications 1.00 vault-1:indications:1.00");
    let out = ["12:11:00 10.0.1.3 203.0.113.9 tcp/443"];
    check(&[VAULT, TOOL], SEEN, &out, "14:00:00", "evidenced 1.00 vault-1:evidenced:1.00");
}

#[test]
fn the_statement_is_dated_and_changes_with_the_facts() {
    let out = ["12:11:00 10.0.1.3 203.0.113.9 tcp/443"];
    check(&[VAULT, TOOL], SEEN, &out, "12:05:00", "none_seen 1.00 vault-1:none_seen:1.00");
}

#[test]
fn new_destinations_outside_indicate_and_known_ones_do_not() {
    let many = ["12:11:00 10.0.1.3 203.0.113.9 tcp/443 x150"];
    check(&[VAULT], SEEN, &many, "14:00:00", "indications 1.00 vault-1:indications:1.00");
    let known = ["08:00:00 10.0.1.3 203.0.113.9 tcp/443", "12:11:00 10.0.1.3 203.0.113.9 tcp/443 x150"];
    check(&[VAULT], SEEN, &known, "14:00:00", "none_seen 1.00 vault-1:none_seen:1.00");
    let inside = ["12:11:00 10.0.1.3 10.0.0.5 tcp/443 x150"];
    check(&[VAULT], SEEN, &inside, "14:00:00", "none_seen 1.00 vault-1:none_seen:1.00");
}

#[test]
fn a_sign_on_a_host_without_declared_data_is_still_a_sign() {
    let tool = "12:10:00 ws5 corp\\ada high rclone exfiltration,t1567";
    check(&[OFFICE, tool], &["db1 egress 12..14"], &[], "14:00:00", "indications 0.20 db-1:none_seen:0.20");
}

#[test]
fn a_large_volume_to_where_little_went_before_indicates() {
    let none = "none_seen 1.00 vault-1:none_seen:1.00";
    let sign = "indications 1.00 vault-1:indications:1.00";
    let since = |flows: &[&str], expect: &str| check(&[VAULT], SEEN, flows, "14:00:00", expect);
    since(&["12:11:00 10.0.1.3 203.0.113.9 tcp/443 +9000000000"], sign);
    since(&["12:11:00 10.0.1.3 203.0.113.9 tcp/443 +99999999"], none);
    // Slowly, too.
    since(
        &["12:11:00 10.0.1.3 8.8.4.4 tcp/443 +60000000", "13:11:00 10.0.1.3 8.8.4.4 tcp/443 +60000000"],
        sign,
    );
    // To where as much went before, ten times as much, not yet ten times as much.
    let backup = "08:00:00 10.0.1.3 198.51.100.7 tcp/443 +500000000";
    since(&[backup, "12:11:00 10.0.1.3 198.51.100.7 tcp/443 +600000000"], none);
    since(&[backup, "12:11:00 10.0.1.3 198.51.100.7 tcp/443 +5000000000"], sign);
    since(&[backup, "12:11:00 10.0.1.3 198.51.100.8 tcp/443 +600000000"], sign);
    // Before the intrusion, inside, after the time asked for, and from a host that nobody compromised.
    since(&["08:00:00 10.0.1.3 8.8.4.4 tcp/443 +9000000000"], none);
    since(&["12:11:00 10.0.1.3 10.0.0.9 tcp/443 +9000000000"], none);
    since(&["15:11:00 10.0.1.3 8.8.4.4 tcp/443 +9000000000"], none);
    since(&["12:11:00 10.0.0.9 8.8.4.4 tcp/443 +9000000000"], none);
}

#[test]
fn the_evidence_of_a_volume_names_where_how_much_and_when() {
    let flows = [
        "08:00:00 10.0.1.3 203.0.113.9 tcp/443 +7000",
        "12:11:00 10.0.1.3 203.0.113.9 tcp/443 +9000000000",
        "13:11:00 10.0.1.3 203.0.113.9 tcp/443 +1",
    ];
    let case = case(&[VAULT], SEEN, &flows);
    let statement = assess(&case.incident, &estate(), &case.seen, &case.findings, at("14:00:00"));
    let expect = "9000000001 bytes sent to 203.0.113.9 between 2026-03-02T12:11:00Z and 2026-03-02T13:11:00Z; \
                  7000 before the intrusion, at most 7000 in an hour";
    assert_eq!(statement.stores[0].evidence, [expect]);
}

#[test]
fn a_large_volume_from_an_attackers_host_without_data_is_a_sign() {
    let out = ["12:11:00 10.0.0.5 8.8.4.4 tcp/443 +9000000000"];
    check(&[OFFICE], &["db1 egress 12..14"], &out, "14:00:00", "indications 0.20 db-1:none_seen:0.20");
}

#[test]
fn every_address_that_is_nobodys_of_ours_is_outside() {
    let mut estate = estate();
    let networks = ["203.0.113.0/24", "2001:db8::/32"].map(|it| it.parse().unwrap());
    let external =
        bulkhead_model::estate::Zone { cidrs: networks.to_vec(), external: true, ..estate.zones[0].clone() };
    estate.zones.push(bulkhead_model::estate::Zone { id: "internet".into(), ..external });
    for to in ["8.8.4.4", "192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::9", "2a00:1450::1"] {
        let flow = format!("12:11:00 10.0.1.3 {to} tcp/443 +9000000000");
        let mut case = case(&[VAULT], SEEN, &[&flow]);
        let ask = |seen: &Observations| assess(&case.incident, &estate, seen, &case.findings, at("14:00:00"));
        assert_eq!(ask(&case.seen).conclusion, ExfiltrationConclusion::Indications, "{to}");
        // That it has a name in the logs makes it no host of ours.
        case.seen.names.insert(to.parse().unwrap(), "drop.example".to_owned());
        let named = assess(&case.incident, &estate, &case.seen, &case.findings, at("14:00:00"));
        assert_eq!(named.conclusion, ExfiltrationConclusion::Indications, "{to}");
    }
}

/// What a sensor on the wire, or the store's own, recorded between noon and two o'clock with private addresses alone; whether
/// the store counts as watched, and what is said of it.
#[track_caller]
fn check_inside(on_host: bool, from: &str, to: &str, watched: bool, places: &[&str]) {
    let flow = format!("12:11:00 {from} {to} tcp/443 x7");
    let mut case = case(&[VAULT], &["vault1 dns 12..14"], &[&flow]);
    let between = Between { from: from.parse().unwrap(), to: to.parse().unwrap() };
    let mut hours = Hours::default();
    [12, 13].into_iter().for_each(|it| hours.add(hour_of(at("00:00:00")) + it));
    if on_host {
        case.seen.hosts.get_mut("vault1").unwrap().inside.insert(between, hours);
    } else {
        case.seen.inside.insert(between, hours);
    }
    let statement = assess(&case.incident, &estate(), &case.seen, &case.findings, at("14:00:00"));
    let told: Vec<String> = statement
        .unknown_places
        .iter()
        .map(|it| format!("{} {} {} {}", it.from, it.address, it.flows, it.first))
        .collect();
    assert_eq!(told, places, "{flow}");
    let store = &statement.stores[0];
    let expect =
        if watched { ExfiltrationConclusion::NoneSeen } else { ExfiltrationConclusion::NotAssessable };
    assert_eq!((store.conclusion, store.coverage > 0.3), (expect, watched), "{flow}: {statement:#?}");
    let is_said = store.evidence.iter().any(|it| it.starts_with("flows to unknown places inside"));
    assert_eq!(is_said, !places.is_empty(), "{:?}", store.evidence);
}

#[test]
fn a_private_address_that_the_estate_does_not_know_is_neither_outside_nor_watched() {
    for on_host in [false, true] {
        // A host of the estate, and an address in one of its networks.
        check_inside(on_host, "10.0.1.3", "10.0.0.5", true, &[]);
        check_inside(on_host, "10.0.0.77", "10.0.1.3", true, &[]);
        for place in ["10.77.0.9", "172.20.0.9", "192.168.7.9", "100.64.0.9", "fd00:77::9"] {
            let told = format!("vault-1 {place} 7 2026-03-02T12:11:00Z");
            check_inside(on_host, "10.0.1.3", place, false, &[&told]);
            check_inside(on_host, place, "10.0.1.3", false, &[&told]);
        }
    }
}

/// What is taken away: an hour, all of a host, or all that one kind of sensor recorded.
#[derive(Clone, Debug)]
enum Cut {
    Hour(i64),
    Host(usize),
    Sensor(Sensor),
}

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![
        (10i64..20).prop_map(Cut::Hour),
        (0usize..4).prop_map(Cut::Host),
        prop::sample::select(Sensor::ALL.to_vec()).prop_map(Cut::Sensor),
    ]
}

const NAMES: [&str; 4] = ["vault1", "db1", "vault1.corp.example", "ws5"];

fn without(seen: &Observations, cut: &Cut) -> Observations {
    let mut seen = seen.clone();
    let day = hour_of(at("00:00:00"));
    for (name, host) in &mut seen.hosts {
        for (sensor, hours) in &mut host.sensed {
            let gone = match cut {
                Cut::Sensor(it) => it == sensor,
                Cut::Host(it) => NAMES[*it] == name,
                Cut::Hour(_) => false,
            };
            let mut left = Hours::default();
            for hour in day..day + 24 {
                if hours.has(hour) && !gone && !matches!(cut, Cut::Hour(it) if day + it == hour) {
                    left.add(hour);
                }
            }
            *hours = left;
        }
    }
    seen
}

/// Every instant at half past an hour, store and sensor that `statement` calls covered.
fn cells(statement: &Exfiltration) -> Vec<(String, Sensor, i64)> {
    let mut cells = Vec::new();
    for store in &statement.stores {
        for sensor in Sensor::ALL {
            for hour in 12..18 {
                let moment = at(&format!("{hour}:30:00"));
                let open = statement.holes.iter().any(|it| {
                    it.store == store.asset && it.sensor == sensor && it.from <= moment && moment < it.to
                });
                if !open {
                    cells.push((store.asset.clone(), sensor, hour));
                }
            }
        }
    }
    cells
}

/// Flows out of the hosts there are, most of them large.
fn outbound() -> impl Strategy<Value = String> {
    let from = prop::sample::select(vec!["10.0.1.3", "10.0.0.5", "10.0.1.9"]);
    let to = prop::sample::select(vec!["203.0.113.9", "8.8.4.4", "10.0.0.9"]);
    let bytes = prop_oneof![Just(0_u64), 0..200_000_000_u64, Just(9_000_000_000)];
    (8..20_u32, from, to, bytes)
        .prop_map(|(hour, from, to, bytes)| format!("{hour:02}:30:00 {from} {to} tcp/443 +{bytes}"))
}

proptest! {
    /// Whatever else was recorded, another flow out since the first compromise makes nothing look better; where it is large
    /// and goes from a compromised store to a new address, it is a sign.
    #[test]
    fn more_that_leaves_never_lowers_a_conclusion(
        flows in prop::collection::vec(outbound(), 0..12),
        (hour, to, bytes) in (12..18_u32, prop::sample::select(vec!["203.0.113.9", "1.1.1.1"]), 1..9_000_000_000_u64),
    ) {
        let lines: Vec<&str> = flows.iter().map(String::as_str).collect();
        let more = format!("{hour}:45:00 10.0.1.3 {to} tcp/443 +{bytes}");
        let ask = |lines: &[&str]| {
            let case = case(&[OFFICE, VAULT], SEEN, lines);
            assess(&case.incident, &estate(), &case.seen, &case.findings, at("18:00:00"))
        };
        let (before, after) = (ask(&lines), ask(&[&lines[..], &[&more]].concat()));
        prop_assert!(after.conclusion >= before.conclusion);
        for (one, other) in before.stores.iter().zip(&after.stores) {
            prop_assert!(other.conclusion >= one.conclusion);
        }
        if to == "1.1.1.1" && bytes >= 100_000_000 {
            prop_assert!(after.conclusion >= ExfiltrationConclusion::Indications);
        }
    }

    /// Whatever telemetry is taken away, coverage never rises; it falls exactly where something covered is gone, and
    /// what is gone stands among the holes.
    #[test]
    fn less_telemetry_never_covers_more(
        records in prop::collection::vec((0usize..4, prop::sample::select(Sensor::ALL.to_vec()), 10i64..20), 0..60),
        cut in cut(),
    ) {
        let lines: Vec<String> = records
            .iter()
            .map(|(host, sensor, hour)| format!("{} {} {hour}..{}", NAMES[*host], sensor.as_str(), hour + 1))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let case = case(&[OFFICE, VAULT], &lines, &[]);
        let ask = |seen: &Observations| assess(&case.incident, &estate(), seen, &case.findings, at("18:00:00"));
        let (before, after) = (ask(&case.seen), ask(&without(&case.seen, &cut)));
        let (covered, left) = (cells(&before), cells(&after));
        prop_assert!(left.iter().all(|it| covered.contains(it)));
        prop_assert!(after.coverage <= before.coverage);
        prop_assert_eq!(after.coverage < before.coverage, left.len() < covered.len());
        for (one, other) in before.stores.iter().zip(&after.stores) {
            prop_assert!(other.coverage <= one.coverage);
            prop_assert!(other.conclusion >= one.conclusion);
        }
    }
}
