//! What lies damaged on the disk is refused, with its place and why, or is a memory that the stage goes on from.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bulkhead_incident::{Dismissal, Memory, Policy, explain, fuse_knowing};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;
use proptest::prelude::*;
use serde_json::{Number, Value, json};

use crate::fixture::*;

/// Ways, logons and accounts made on two days.
fn seen() -> Observations {
    let lines = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let hosts = BTreeMap::from([("ws7.corp.example".to_owned(), vec!["domain_controller".to_owned()])]);
    observations(
        &hosts,
        &lines(&[
            "0+08:00:00 corp\\ada ws5.corp.example ws6.corp.example network",
            "0+08:10:00 corp\\ada ws5.corp.example ws6.corp.example network",
            "1+20:04:00 corp\\eve ws5.corp.example ws6.corp.example remote_interactive",
        ]),
        &lines(&["0+09:00:00 10.0.0.5 10.0.0.6 tcp/445"]),
        &lines(&["1+20:05:00 corp\\eve corp\\svc ws5.corp.example"]),
    )
}

/// Routine on two hosts, and from the evening of the second day on an attack.
fn recording(days: std::ops::Range<i64>) -> Vec<Finding> {
    let routine = |day: i64| {
        (0..24).flat_map(move |hour| {
            ["ws5", "ws6"].map(|host| {
                format!("{day}+{hour:02}:07:00 {host}.corp.example corp\\ada medium routine bulkhead.alert")
            })
        })
    };
    let attack = |day: i64| {
        (0..8).map(move |it| {
            format!("{day}+20:{it:02}:30 ws5.corp.example corp\\eve high kind{it} execution,lateral-movement")
        })
    };
    let lines = days.clone().flat_map(routine).chain(days.filter(|it| *it == 1).flat_map(attack));
    let lines: Vec<String> = lines.collect();
    findings(&lines)
}

/// A memory with something in each of its parts.
static KEPT: LazyLock<Value> = LazyLock::new(|| {
    let (estate, policy) = (estate(), Policy::default());
    let all = recording(0..2);
    let mut memory = fuse_knowing(Memory::default(), &all, &seen(), &estate, &policy, 1).memory;
    let (rule, host) = ("routine".to_owned(), "ws9".to_owned());
    memory.normal.dismiss(Dismissal { rule, host, reason: "audit".to_owned(), at: at("1+00:00:00") });
    serde_json::to_value(&memory).expect("written")
});

/// Where the numbers of a value stand.
fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(at.to_owned()),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, it)| numbers(it, &format!("{at}/{n}"), found));
        }
        Value::Object(map) => map.iter().for_each(|(key, it)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            numbers(it, &format!("{at}/{key}"), found);
        }),
        _ => {}
    }
}

/// The memory with another number at a place; why it is refused, where it is.
fn changed(place: &str, to: Number) -> Result<Memory, String> {
    let mut kept = KEPT.clone();
    *kept.pointer_mut(place).expect("a number") = Value::Number(to);
    let text = serde_json::to_string(&kept).expect("written");
    let memory: Memory = serde_json::from_str(&text).map_err(|it| it.to_string())?;
    memory.check().map_err(|it| it.to_string())?;
    Ok(memory)
}

/// The place of the first number below keys that end so.
fn place_of(ending: &str) -> String {
    let mut all = Vec::new();
    numbers(&KEPT, "", &mut all);
    all.into_iter().find(|it| it.contains(ending)).unwrap_or_else(|| panic!("no number at {ending}"))
}

#[test]
fn what_was_kept_is_taken_up() {
    let memory: Memory = serde_json::from_value(KEPT.clone()).expect("read");
    assert_eq!(memory.check(), Ok(()));
    let known = &KEPT["known"];
    for part in ["hot", "open", "creations", "read"] {
        assert!(known[part].as_array().is_some_and(|it| !it.is_empty()), "nothing in {part}");
    }
    assert!(known["ways"]["links"].as_array().is_some_and(|it| !it.is_empty()), "no ways");
}

#[test]
fn what_cannot_be_is_refused_with_its_place_and_why() {
    let check = |ending: &str, to: Value, key: &str, why: &str| {
        let place = place_of(ending);
        let Value::Number(to) = to else { panic!("no number") };
        let refused = changed(&place, to).expect_err(&place);
        assert!(refused.contains(key) && refused.contains(why), "{place}: {refused}");
    };
    check(
        "/rules/routine/fleet/spans",
        json!(-3.0),
        "normal.rules[\"routine\"].fleet.spans",
        "-3 is no number",
    );
    check(
        "/rules/routine/fleet/at",
        json!(1_000_000),
        "normal.rules[\"routine\"].fleet.at",
        "beyond the clock",
    );
    check("/normal/faded/spans", json!(40.0), "normal.faded.spans", "40 is no number from 0 to");
    check(
        "/evidence/groups/0/chance",
        json!(2.5),
        "known.evidence.groups[0].chance",
        "2.5 is no number from 0 to 1",
    );
    check(
        "/evidence/groups/0/peaks/0/1",
        json!(-1.0),
        "known.evidence.groups[0].peaks[0][1]",
        "-1 is no number of points",
    );
    check("/evidence/raised/0/0", json!(9999), "known.evidence.raised[0][0]", "no rule of number 9999");
    check("/evidence/raised/0/1/0/0", json!(i64::MIN), "known.evidence.raised[0][1][0][0]", "no second");
    check("/known/open/0/hosts/0", json!(77), "known.open[0].hosts[", "no host of number 77");
    check("/ways/links/0/uses/periods/0/0", json!(i64::MIN), "known.ways.links[0].uses", "lie outside");
    check("/normal/observed/0/to", json!(i64::MAX), "normal.observed[0].to", "longer than anybody watched");
}

#[test]
fn times_out_of_order_are_refused() {
    let mut kept = KEPT.clone();
    let groups = kept["known"]["evidence"]["groups"].as_array_mut().expect("groups");
    let n = groups.iter().position(|it| it["hits"].as_array().is_some_and(|it| it.len() > 1)).expect("hits");
    groups[n]["hits"].as_array_mut().expect("hits").reverse();
    let memory: Memory = serde_json::from_value(kept).expect("read");
    let refused = memory.check().expect_err("out of order");
    assert_eq!(refused.key, format!("known.evidence.groups[{n}].hits"));
    assert_eq!(refused.why, "they are not in the order of their time");
}

/// Numbers that files hold by mistake, by mischief or by a flipped bit.
fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        Just(Number::from(-1)),
        Just(Number::from(0)),
        Just(Number::from(1)),
        Just(Number::from(i64::MAX)),
        Just(Number::from(i64::MIN)),
        Just(Number::from(u64::MAX)),
        (-2000i64..2_000_000).prop_map(Number::from),
        any::<i64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        (-3.0..3.0f64).prop_filter_map("finite", Number::from_f64),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever one number is changed to: loading is refused, or the stage goes on from it, explains by it, and leaves what the
    /// next run can go on from.
    #[test]
    fn one_number_changed_is_refused_or_does_no_harm(place in any::<prop::sample::Index>(), to in any_number()) {
        let mut places = Vec::new();
        numbers(&KEPT, "", &mut places);
        let place = &places[place.index(places.len())];
        if let Ok(memory) = changed(place, to) {
            let (estate, policy) = (estate(), Policy::default());
            let all = recording(1..4);
            let found = fuse_knowing(memory.clone(), &all, &seen(), &estate, &policy, 1);
            prop_assert_eq!(found.memory.check(), Ok(()));
            explain(&memory, &all, &seen(), &estate, &policy, "ws5.corp.example");
            memory.normal.learned();
        }
    }
}
