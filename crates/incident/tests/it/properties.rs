//! What holds for all findings and observations.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_incident::{Policy, fuse, is_local_service};
use bulkhead_model::case::{Entity, EntityKind};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;
use proptest::prelude::*;

use crate::fixture::*;

const HOSTS: [&str; 6] =
    ["ws5.corp.example", "ws6", "WS7.corp.example", "dc1.corp.example", "db1", "stranger"];
const USERS: [&str; 5] = ["corp\\ada", "bob", "SYSTEM", "corp\\ws5$", "-"];
const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
const TAGS: [&str; 4] = ["execution", "lateral-movement,t1021", "-", "bulkhead.alert"];

fn time() -> impl Strategy<Value = String> {
    (0..48_u32, 0..60_u32, 0..60_u32)
        .prop_map(|(hour, minute, second)| format!("{}+{:02}:{minute:02}:{second:02}", hour / 24, hour % 24))
}

fn finding() -> impl Strategy<Value = String> {
    (time(), 0..HOSTS.len(), 0..USERS.len(), 0..LEVELS.len(), 0..8_u32, 0..TAGS.len(), 1..12_u32).prop_map(
        |(time, host, user, level, rule, tag, count)| {
            format!(
                "{time} {} {} {} r{rule}-{level} {} x{count}/7",
                HOSTS[host], USERS[user], LEVELS[level], TAGS[tag]
            )
        },
    )
}

fn logon() -> impl Strategy<Value = String> {
    (time(), 0..USERS.len() - 1, 0..HOSTS.len(), 0..HOSTS.len(), prop::bool::ANY).prop_map(
        |(time, user, from, to, ok)| {
            format!(
                "{time} {} {} {} network{}",
                USERS[user],
                HOSTS[from],
                HOSTS[to],
                if ok { "" } else { "!" }
            )
        },
    )
}

fn world() -> impl Strategy<Value = (Vec<Finding>, Observations)> {
    let flow = (time(), 5..8_u8, 5..8_u8)
        .prop_map(|(time, from, to)| format!("{time} 10.0.0.{from} 10.0.0.{to} tcp/445"));
    let lists = (
        prop::collection::vec(finding(), 0..14),
        prop::collection::vec(logon(), 0..8),
        prop::collection::vec(flow, 0..5),
    );
    lists.prop_map(|(lines, logons, flows)| {
        (findings(&lines), observations(&BTreeMap::new(), &logons, &flows, &[]))
    })
}

/// What the reasons of an entity may refer to.
fn references(findings: &[Finding], seen: &Observations) -> BTreeSet<String> {
    let of_finding = |it: &Finding| format!("{}#{} {}", it.source.file, it.source.record, it.rule.id);
    let mut known: BTreeSet<String> = findings.iter().map(of_finding).collect();
    known.extend(seen.logons.keys().map(|it| format!("logon {} ", it.kind)));
    known.extend(seen.flows.keys().map(|it| format!("flow tcp/{} ", it.port)));
    known
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nobody_is_named_without_a_finding_or_an_observation((findings, seen) in world()) {
        let fusion = fuse(&findings, &seen, &estate(), &Policy::default(), 1);
        let known = references(&findings, &seen);
        let times: BTreeSet<_> = findings.iter().filter_map(|it| it.time)
            .chain(seen.logons.values().chain(seen.flows.values()).flat_map(|it| [it.first, it.last]).flatten()).collect();
        for entity in fusion.incidents.iter().flat_map(|it| it.compromised.iter().chain(&it.suspected)) {
            prop_assert!(!entity.reasons.is_empty(), "{entity:?}");
            prop_assert!(entity.confidence > 0.0 && entity.confidence <= 1.0);
            prop_assert!(entity.kind == EntityKind::Asset || !is_local_service(&entity.id), "{entity:?}");
            for reason in &entity.reasons {
                let refers = |it: &String| reason.finding == *it || (it.ends_with(' ') && reason.finding.starts_with(it.as_str()));
                prop_assert!(known.iter().any(refers), "{reason:?}");
                prop_assert!(times.contains(&reason.at), "{reason:?}");
            }
        }
    }

    #[test]
    fn compromised_and_suspected_are_told_apart_by_confidence((findings, seen) in world()) {
        let policy = Policy::default();
        let fusion = fuse(&findings, &seen, &estate(), &policy, 1);
        let mut assets = Vec::new();
        for incident in &fusion.incidents {
            prop_assert!(incident.compromised.iter().all(|it| it.confidence >= policy.compromised));
            prop_assert!(incident.suspected.iter().all(|it| it.confidence >= policy.suspected && it.confidence < policy.compromised));
            prop_assert!(incident.first_finding_at <= incident.last_finding_at);
            prop_assert!(incident.findings.iter().all(|it| findings[*it].time >= Some(incident.first_finding_at)));
            let all = incident.compromised.iter().chain(&incident.suspected);
            assets.extend(all.filter(|it| it.kind == EntityKind::Asset).map(|it| it.id.clone()));
        }
        // A host belongs to one incident.
        prop_assert_eq!(assets.iter().collect::<BTreeSet<_>>().len(), assets.len());
    }

    #[test]
    fn the_order_of_findings_does_not_matter((findings, seen) in world(), turn in 0..20_usize) {
        let mut turned = findings.clone();
        turned.rotate_left(turn % findings.len().max(1));
        let named = |findings: &[Finding]| -> Vec<(String, Vec<Entity>, Vec<Entity>)> {
            let fusion = fuse(findings, &seen, &estate(), &Policy::default(), 1);
            fusion.incidents.into_iter().map(|it| (it.id, it.compromised, it.suspected)).collect()
        };
        prop_assert_eq!(named(&findings), named(&turned));
    }

    #[test]
    fn more_of_what_is_low_never_clears_anybody((findings, seen) in world()) {
        let policy = Policy::default();
        let before = fuse(&findings, &seen, &estate(), &policy, 1).incidents.len();
        let quiet: Vec<Finding> = findings.iter().filter(|it| it.rule.level < bulkhead_model::finding::Level::Medium).cloned().collect();
        prop_assert!(fuse(&quiet, &seen, &estate(), &policy, 1).incidents.is_empty());
        prop_assert!(findings.is_empty() <= (before == 0));
    }

    #[test]
    fn hosts_attacked_alike_are_no_less_attacked_than_one(
        kinds in prop::collection::vec((1..90_u32, prop::bool::ANY), 1..7),
        seconds_apart in 0..200_u32,
    ) {
        // Grave alerts, the same on each of the first `n` hosts.
        let lines = |n: usize| -> Vec<String> {
            let of_host = |host: usize| kinds.iter().enumerate().map(move |(kind, (minute, critical))| {
                let second = u32::try_from(host).unwrap_or(0) * seconds_apart + minute * 60;
                let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
                let level = if *critical { "critical" } else { "high" };
                format!("{hour:02}:{minute:02}:{second:02} {} - {level} kind{kind} bulkhead.alert", HOSTS[host])
            });
            (0..n).flat_map(of_host).collect()
        };
        let seen = Observations::default();
        let strongest = |n: usize| {
            let fusion = fuse(&findings(&lines(n)), &seen, &estate(), &Policy::default(), 1);
            let named = fusion.incidents.iter().flat_map(|it| it.compromised.iter().chain(&it.suspected));
            named.map(|it| it.confidence).fold(0.0, f64::max)
        };
        let one = strongest(1);
        for n in 2..=HOSTS.len() - 1 {
            prop_assert!(strongest(n) >= one - 1e-9, "{n} hosts: {} under {one}", strongest(n));
        }
    }
}
