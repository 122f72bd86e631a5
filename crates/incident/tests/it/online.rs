//! What holds of the stage over time: nothing it says rests on what came later, on how long the recording is, or on bystanders.

use std::collections::BTreeMap;

use bulkhead_incident::{Change, Dismissal, Fusion, Memory, Policy, Scope, fuse, fuse_knowing, watch};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;
use proptest::prelude::*;

use crate::fixture::*;

/// Eight kinds of alert on `host` from second `start` on, `apart` seconds from one to the next.
fn attack(host: &str, start: i64, apart: i64) -> Vec<String> {
    (0..8).map(|kind| alert(host, &format!("kind{kind}"), start + kind * apart)).collect()
}

/// One alert.
fn alert(host: &str, rule: &str, second: i64) -> String {
    let (day, rest) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{day}+{hour:02}:{minute:02}:{second:02} {host} - medium {rule} bulkhead.alert")
}

/// Hourly routine of `hosts` hosts for so many hours.
fn routine(hosts: usize, hours: i64) -> Vec<String> {
    (0..hours)
        .flat_map(|hour| (0..hosts).map(move |it| alert(&format!("host{it}"), "routine", hour * 3600 + 60)))
        .collect()
}

fn run(lines: &[String]) -> Fusion {
    fuse(&findings(lines), &Observations::default(), &estate(), &Policy::default(), 1)
}

/// The hosts of each incident, in the order of declaration.
fn hosts(fusion: &Fusion) -> Vec<Vec<String>> {
    let mut incidents: Vec<_> = fusion.incidents.iter().collect();
    incidents.sort_by_key(|it| it.declared_at);
    let names = |it: &&bulkhead_incident::IncidentDraft| {
        let mut names: Vec<String> = it.named().map(|it| it.id.clone()).collect();
        names.sort();
        names
    };
    incidents.iter().map(names).collect()
}

#[track_caller]
fn check(lines: &[Vec<String>], expect: &[&[&str]]) {
    let found = hosts(&run(&lines.concat()));
    assert_eq!(found, expect.iter().map(|it| it.to_vec()).collect::<Vec<_>>());
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

#[test]
fn an_attack_is_found_however_long_the_recording_is() {
    for hours in [6, 12, 24, 72, 240, 720] {
        check(&[routine(6, hours), attack("host3", hours * HOUR, 60)], &[&["host3"]]);
    }
}

#[test]
fn watching_changes_nothing_and_tells_what_the_incident_says() {
    let findings = findings(&[routine(6, 48), attack("host3", 24 * HOUR, 60)].concat());
    let (nobody, estate, policy) = (Observations::default(), estate(), Policy::default());
    let alone = fuse(&findings, &nobody, &estate, &policy, 0);
    let hours: Vec<_> = (1..48).map(|it| at(&format!("{}+{:02}:00:00", it / 24, it % 24))).collect();
    let (watched, told) = watch(Memory::default(), &findings, &nobody, &estate, &policy, &hours);
    assert_eq!(watched.incidents, alone.incidents);
    let of_host = || told.iter().filter(|it| it.id == "host3");
    let last = of_host().next_back().expect("something speaks against it");
    assert_eq!(
        policy.confidence(last.points).to_bits(),
        alone.incidents[0].named().next().expect("it is named").confidence.to_bits()
    );
    let before = of_host().filter(|it| it.at < hours[23]);
    assert!(before.map(|it| it.points).fold(0.0, f64::max) < policy.declare_points);
}

#[test]
fn what_follows_the_attack_does_not_hide_it() {
    for hours in [7, 24, 240] {
        check(&[routine(6, hours), attack("host3", 6 * HOUR, 60)], &[&["host3"]]);
    }
}

#[test]
fn slower_is_found_as_well() {
    for apart in [1, 10, 60, 120, 600] {
        check(&[routine(6, 48), attack("host3", 24 * HOUR, apart.max(6))], &[&["host3"]]);
    }
}

#[test]
fn hosts_attacked_alike_are_one_incident_at_once_or_by_the_hour() {
    for apart in [0, 600, HOUR] {
        let attacks =
            (0..4).flat_map(|it| attack(&format!("host{it}"), 24 * HOUR + it * apart, 60)).collect();
        let found = hosts(&run(&[routine(6, 48), attacks].concat()));
        assert_eq!(found.len(), 1, "{apart}: {found:?}");
        assert_eq!(found[0].len(), 4, "{apart}: {found:?}");
    }
}

#[test]
fn phases_a_day_apart_are_one_incident_and_four_days_apart_two() {
    let twice = |gap: i64| {
        vec![routine(6, 240), attack("host3", 24 * HOUR, 60), attack("host3", 24 * HOUR + gap, 60)]
    };
    check(&twice(28 * HOUR), &[&["host3"]]);
    check(&twice(4 * DAY), &[&["host3"], &["host3"]]);
}

#[test]
fn intrusions_on_unrelated_hosts_are_two() {
    let other: Vec<String> =
        attack("host1", 60 * HOUR, 60).iter().map(|it| it.replace("kind", "other")).collect();
    check(&[routine(6, 96), attack("host3", 24 * HOUR, 60), other], &[&["host3"], &["host1"]]);
}

#[test]
fn bystanders_neither_hide_nor_make_an_incident() {
    for n_hosts in [2, 6, 60, 300] {
        check(&[routine(n_hosts, 24), attack("host1", 24 * HOUR, 60)], &[&["host1"]]);
    }
    check(
        &[routine(6, 24), attack("host3", 24 * HOUR, 60), vec![alert("host5", "once", 24 * HOUR + 30)]],
        &[&["host3"]],
    );
}

#[test]
fn an_incident_ends_and_says_so() {
    let fusion = run(&[routine(6, 240), attack("host3", 24 * HOUR, 60)].concat());
    let draft = &fusion.incidents[0];
    let quiet = draft.ended_at.unwrap().as_second() - draft.last_finding_at.as_second();
    // The routine goes on and is no sign of the attacker.
    assert!(quiet <= 3 * DAY + HOUR && draft.declared_at < draft.ended_at.unwrap(), "{draft:?}");
}

#[test]
fn what_happens_every_day_is_no_surprise_and_is_kept_between_runs() {
    let daily: Vec<String> = (0..10)
        .flat_map(|day| {
            // One kind more each day, so that no day is an attack.
            (0..=day.min(7))
                .map(move |kind| alert("host3", &format!("kind{kind}"), day * DAY + 20 * HOUR + kind * 60))
        })
        .collect();
    let before = run(&[routine(6, 240), daily].concat());
    assert_eq!(before.incidents.len(), 0, "{:#?}", before.incidents);
    let text = serde_json::to_string(&before.memory).unwrap();
    let known: Memory = serde_json::from_str(&text).unwrap();
    let again = |memory, lines: Vec<String>| {
        fuse_knowing(memory, &findings(&lines), &Observations::default(), &estate(), &Policy::default(), 1)
    };
    let usual = attack("host3", 11 * DAY + 20 * HOUR, 60);
    assert_eq!(again(known.clone(), usual).incidents.len(), 0);
    // On another host, and at another hour, the same is an attack.
    assert_eq!(hosts(&again(known.clone(), attack("host4", 11 * DAY + 20 * HOUR, 60))), [["host4"]]);
    assert_eq!(hosts(&again(known, attack("host3", 11 * DAY + 8 * HOUR, 60))), [["host3"]]);
}

#[test]
fn what_is_under_alarm_is_not_learned() {
    let lines = [routine(6, 24), attack("host3", 24 * HOUR, 60)].concat();
    let mut rounds = lines.clone();
    (1..60).for_each(|round| rounds.extend(attack("host3", 24 * HOUR + round * 600, 60)));
    let after = |lines: &[String]| {
        let normal = run(lines).memory.normal;
        let later = findings(&attack("host4", 3 * DAY, 60));
        let found =
            fuse_knowing(normal.into(), &later, &Observations::default(), &estate(), &Policy::default(), 1);
        found.strongest.points
    };
    assert!((after(&lines) - after(&rounds)).abs() < 0.5, "{} {}", after(&lines), after(&rounds));
}

#[test]
fn changes_are_told_as_they_come() {
    let found = findings(&[routine(6, 24), attack("host3", 24 * HOUR, 60)].concat());
    let (estate, policy) = (estate(), Policy::default());
    let mut scope = Scope::new(&Observations::default(), &estate, &policy, Memory::default(), 1);
    let mut sorted = found.clone();
    sorted.sort_by_key(|it| it.time);
    let mut told = Vec::new();
    for (number, finding) in sorted.iter().enumerate() {
        told.extend(scope.observe(finding, number));
    }
    assert!(matches!(told.first(), Some(Change::Declared(_))), "{told:?}");
    let quiet = sorted.last().unwrap().time.unwrap() + jiff::SignedDuration::from_hours(24 * 4);
    assert!(matches!(scope.pass(quiet).as_slice(), [Change::Ended(_)]));
}

/// Goes on from `memory`, which is written and read in between.
fn go_on(memory: &Memory, all: &[Finding]) -> Fusion {
    let text = serde_json::to_string(memory).unwrap();
    let memory: Memory = serde_json::from_str(&text).unwrap();
    assert!(memory.is_sound());
    fuse_knowing(memory, all, &Observations::default(), &estate(), &Policy::default(), 1)
}

#[test]
fn an_attack_cut_by_the_end_of_a_file_is_one_incident() {
    let all = findings(&[routine(6, 24), attack("host3", 24 * HOUR, 60)].concat());
    let whole = fuse(&all, &Observations::default(), &estate(), &Policy::default(), 1);
    for cut in 144..all.len() {
        let before = fuse(&all[..cut], &Observations::default(), &estate(), &Policy::default(), 1);
        let after = go_on(&before.memory, &all[cut..]);
        assert_eq!(
            (hosts(&after), after.incidents[0].declared_at),
            (hosts(&whole), whole.incidents[0].declared_at)
        );
        assert_eq!(after.incidents[0].id, whole.incidents[0].id);
    }
}

#[test]
fn what_is_rare_beside_a_host_held_compromised_is_suspected_and_on_any_day_it_is_nothing() {
    let beside = |at: i64, n: i64| -> Vec<String> {
        (0..n).map(|kind| alert("host5", &format!("odd{kind}"), at + kind * 300)).collect()
    };
    let quiet = routine(6, 72);
    check(&[quiet.clone(), attack("host3", 48 * HOUR, 60), beside(48 * HOUR, 1)], &[&["host3"]]);
    check(&[quiet.clone(), attack("host3", 48 * HOUR, 60), beside(48 * HOUR, 2)], &[&["host3", "host5"]]);
    check(&[quiet.clone(), attack("host3", 48 * HOUR, 60), beside(60 * HOUR, 2)], &[&["host3"]]);
    check(&[quiet, beside(48 * HOUR, 2)], &[]);
}

#[test]
fn what_arrives_too_late_is_judged_and_counted() {
    let all = findings(&[routine(6, 24), attack("host3", 23 * HOUR, 60)].concat());
    let (estate, policy) = (estate(), Policy::default());
    let mut scope = Scope::new(&Observations::default(), &estate, &policy, Memory::default(), 1);
    all.iter().enumerate().for_each(|(number, it)| drop(scope.arrive(it.clone(), number)));
    // The hour's routine came before the attack of that hour, whose last steps are late by nothing.
    scope.arrive(findings(&[alert("host1", "old", HOUR)])[0].clone(), all.len());
    let fusion = scope.finish();
    assert_eq!((fusion.late, hosts(&fusion)), (1, vec![vec!["host3".to_owned()]]));
}

/// The estate with work announced.
fn announced(work: &serde_json::Value) -> bulkhead_model::estate::Estate {
    let mut estate = serde_json::to_value(estate()).unwrap();
    estate.as_object_mut().unwrap().extend(work.as_object().unwrap().clone());
    serde_json::from_value(estate).unwrap()
}

/// `reason findings` of what was muted, and how many incidents there are.
fn muted(all: &[Finding], estate: &bulkhead_model::estate::Estate, memory: Memory) -> (Vec<String>, usize) {
    let found = fuse_knowing(memory, all, &Observations::default(), estate, &Policy::default(), 1);
    (found.muted.iter().map(|it| format!("{} {}", it.by, it.findings)).collect(), found.incidents.len())
}

#[test]
fn maintenance_mutes_what_is_not_grave_on_its_hosts_in_its_time_and_says_so() {
    let window = |from: &str, to: &str| {
        announced(&serde_json::json!({"maintenance": [
            {"id": "patches", "on": {"zone": "office"}, "from": from, "to": to, "why": "patch day"}]}))
    };
    let all = findings(&[routine(6, 24), attack("ws5", 24 * HOUR, 60)].concat());
    let grave = [routine(6, 24), attack("ws5", 24 * HOUR, 60)].concat();
    let grave: Vec<String> = grave.iter().map(|it| it.replace(" medium kind", " critical kind")).collect();
    let other = findings(&[routine(6, 24), attack("db1", 24 * HOUR, 60)].concat());
    let day = window("2026-03-03T00:00:00Z", "2026-03-03T06:00:00Z");
    assert_eq!(muted(&all, &day, Memory::default()), (vec!["maintenance patches 8".to_owned()], 0));
    assert_eq!(muted(&findings(&grave), &day, Memory::default()), (vec![], 1));
    assert_eq!(muted(&other, &day, Memory::default()), (vec![], 1));
    let later = window("2026-03-04T00:00:00Z", "2026-03-04T06:00:00Z");
    assert_eq!(muted(&all, &later, Memory::default()), (vec![], 1));
}

#[test]
fn alerts_that_name_a_scanner_as_their_source_are_muted() {
    let estate = announced(&serde_json::json!({"scanners": [
        {"id": "audit", "from": {"asset": "vault-1"}, "addresses": ["192.0.2.0/24"], "why": "weekly scan"}]}));
    let from = |source: &str| {
        let mut all = findings(&[routine(6, 24), attack("ws5", 24 * HOUR, 60)].concat());
        for it in all.iter_mut().filter(|it| it.rule.id.starts_with("kind")) {
            it.fields.insert("src_ip".to_owned(), source.to_owned());
        }
        muted(&all, &estate, Memory::default())
    };
    assert_eq!(from("10.0.1.3"), (vec!["scanner audit 8".to_owned()], 0));
    assert_eq!(from("192.0.2.7"), (vec!["scanner audit 8".to_owned()], 0));
    assert_eq!(from("10.0.1.2"), (vec![], 1));
}

#[test]
fn what_an_operator_dismisses_counts_for_nothing_there_until_it_is_recalled() {
    let all = findings(&[routine(6, 24), attack("host3", 24 * HOUR, 60)].concat());
    let mut memory = Memory::default();
    for kind in 0..8 {
        memory.normal.dismiss(Dismissal {
            rule: format!("kind{kind}"),
            host: "host3".to_owned(),
            reason: "the new backup".to_owned(),
            at: at("00:00:00"),
        });
    }
    assert_eq!(muted(&all, &estate(), memory.clone()), (vec!["dismissal 8".to_owned()], 0));
    (0..8).for_each(|kind| assert!(memory.normal.recall(&format!("kind{kind}"), "host3")));
    assert_eq!(muted(&all, &estate(), memory), (vec![], 1));
}

fn events() -> impl Strategy<Value = Vec<String>> {
    let one = (0..5 * DAY, 0..5_usize, 0..9_u32, 0..3_usize).prop_map(|(at, host, rule, level)| {
        let line = alert(&format!("host{host}"), &format!("r{rule}"), at);
        line.replace(" medium ", [" low ", " medium ", " high "][level])
    });
    prop::collection::vec(one, 1..60)
}

/// Ids and times of what was declared by `until`.
fn declared(fusion: &Fusion, until: jiff::Timestamp) -> BTreeMap<String, jiff::Timestamp> {
    let all = fusion.incidents.iter().filter(|it| it.declared_at <= until);
    all.map(|it| (it.id.clone(), it.declared_at)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Merging joins two incidents into the older one, so that the later run may have fewer; it never has others.
    #[test]
    fn what_is_said_rests_on_nothing_later(lines in events(), attacked in 0..4 * DAY) {
        let lines = [routine(5, 120), lines, attack("host2", attacked, 60)].concat();
        let all: Vec<Finding> = findings(&lines);
        let whole = fuse(&all, &Observations::default(), &estate(), &Policy::default(), 1);
        for hours in [24, 60, 100] {
            let until = at("00:00:00") + jiff::SignedDuration::from_hours(hours);
            let known: Vec<Finding> = all.iter().filter(|it| it.time <= Some(until)).cloned().collect();
            let part = fuse(&known, &Observations::default(), &estate(), &Policy::default(), 1);
            let (whole, part) = (declared(&whole, until), declared(&part, until));
            for (id, at) in &whole {
                prop_assert!(part.contains_key(id) || part.values().any(|it| it <= at), "{whole:?} {part:?}");
            }
            prop_assert!(whole.len() <= part.len());
            prop_assert_eq!(whole.values().min(), part.values().min());
        }
    }

    /// In which order findings arrive says nothing, if none is later than is waited for.
    #[test]
    fn the_order_of_arrival_says_nothing(lines in events(), attacked in 0..4 * DAY, delays in prop::collection::vec(0..300_i64, 1..97)) {
        let lines = [routine(5, 120), lines, attack("host2", attacked, 60)].concat();
        let all = findings(&lines);
        let mut sorted: Vec<usize> = (0..all.len()).collect();
        sorted.sort_by_key(|it| (all[*it].time, all[*it].source.clone()));
        let mut arrived: Vec<(i64, usize)> = sorted.iter().enumerate()
            .map(|(place, it)| (all[*it].time.unwrap().as_second() + delays[place % delays.len()], *it)).collect();
        arrived.sort();
        let (estate, policy) = (estate(), Policy::default());
        let stage = || Scope::new(&Observations::default(), &estate, &policy, Memory::default(), 1);
        let (mut by_time, mut by_arrival) = (stage(), stage());
        sorted.iter().for_each(|it| { by_time.observe(&all[*it], *it); });
        arrived.iter().for_each(|(_, it)| { by_arrival.arrive(all[*it].clone(), *it); });
        prop_assert_eq!(by_time.finish(), by_arrival.finish());
    }

    /// A recording in two files says what one says.
    #[test]
    fn where_a_recording_is_cut_says_nothing(lines in events(), attacked in 0..4 * DAY, cut in 0.0..1.0_f64) {
        let lines = [routine(5, 120), lines, attack("host2", attacked, 60)].concat();
        let mut all: Vec<Finding> = findings(&lines);
        all.sort_by_key(|it| it.time);
        let cut = (all.len() as f64 * cut) as usize;
        let whole = fuse(&all, &Observations::default(), &estate(), &Policy::default(), 1);
        let before = fuse(&all[..cut], &Observations::default(), &estate(), &Policy::default(), 1);
        let after = go_on(&before.memory, &all[cut..]);
        let told = |it: &bulkhead_incident::IncidentDraft| {
            (it.id.clone(), it.declared_at, it.ended_at, it.named().map(|it| it.id.clone()).collect::<Vec<_>>())
        };
        let over = before.incidents.iter().filter(|it| it.ended_at.is_some());
        let mut parts: Vec<_> = over.chain(&after.incidents).map(told).collect();
        let mut all: Vec<_> = whole.incidents.iter().map(told).collect();
        parts.sort();
        all.sort();
        prop_assert_eq!(parts, all);
    }

    /// Within the hour of an attack, more of it is never less.
    #[test]
    fn more_attack_is_never_less(more in prop::collection::vec((0..600_i64, 0..12_u32), 0..20)) {
        let base = [routine(5, 48), attack("host2", 24 * HOUR, 60)].concat();
        let more: Vec<String> = more.iter().map(|(at, kind)| alert("host2", &format!("kind{kind}"), 24 * HOUR + 480 + at)).collect();
        let (before, after) = (run(&base), run(&[base.clone(), more].concat()));
        prop_assert_eq!(before.incidents.len(), 1);
        prop_assert_eq!(after.incidents.len(), 1);
        prop_assert!(after.incidents[0].points >= before.incidents[0].points - 1e-9);
        prop_assert!(after.incidents[0].declared_at <= before.incidents[0].declared_at);
    }
}
