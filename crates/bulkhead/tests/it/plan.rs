//! `plan contain` as operators steer it: forced, forbidden, pinned, explained, listed, drawn.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

const ESTATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/telco/estate.yaml");

/// A folder with what every test asks of the telco: two compromised hosts.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn plan(dir: &Path, flags: &str) -> Value {
    let output = run(
        dir,
        &format!("plan contain --estate {ESTATE} --compromised b2b-web-1,bill-app-1 --format json {flags}"),
    );
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ids(plan: &Value) -> Vec<String> {
    plan["actions"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

fn cost(plan: &Value) -> f64 {
    plan["objective"]["total"].as_f64().unwrap()
}

#[test]
fn what_is_forced_is_done_and_what_is_forbidden_is_not() {
    let dir = folder();
    let free = plan(dir.path(), "");
    let first = &ids(&free)[0];
    let without = plan(dir.path(), &format!("--forbid {first}"));
    assert!(!ids(&without).contains(first));
    assert!(cost(&without) >= cost(&free), "the free plan is the cheapest");
    let kind = first.split(':').next().unwrap();
    let pattern = plan(dir.path(), &format!("--forbid {kind}:*"));
    assert!(ids(&pattern).iter().all(|it| !it.starts_with(kind)), "{:?}", ids(&pattern));
    let listed = run(
        dir.path(),
        &format!(
            "plan contain --estate {ESTATE} --compromised b2b-web-1,bill-app-1 --list-actions --format json"
        ),
    );
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let other =
        listed.iter().map(|it| it["id"].as_str().unwrap()).find(|it| !ids(&free).iter().any(|id| id == it));
    let other = other.unwrap();
    let forced = plan(dir.path(), &format!("--force {other}"));
    assert!(ids(&forced).iter().any(|it| it == other), "{other} in {:?}", ids(&forced));
    assert!(cost(&forced) >= cost(&free));
}

#[test]
fn a_re_plan_goes_on_from_the_earlier_one() {
    let dir = folder();
    let first = plan(dir.path(), "");
    fs::write(dir.path().join("first.json"), first.to_string()).unwrap();
    let pinned = &ids(&first)[0];
    let grown =
        plan(dir.path(), &format!("--previous first.json --pin {pinned} --suspected sdwan-ctl-1=0.9"));
    assert_eq!(grown["generation"], 2);
    assert!(ids(&grown).contains(pinned));
    let told = run(
        dir.path(),
        &format!("plan contain --estate {ESTATE} --compromised b2b-web-1,bill-app-1 --previous first.json"),
    );
    assert!(stdout(&told).contains("against plan 1, this is plan 2:\n  keeps"), "{}", stdout(&told));
    let unknown = run(
        dir.path(),
        &format!(
            "plan contain --estate {ESTATE} --compromised b2b-web-1 --previous first.json --pin isolate:nobody"
        ),
    );
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("the earlier plan has no action `isolate:nobody`"));
}

#[test]
fn every_action_is_explained_by_what_opens_without_it() {
    let dir = folder();
    let plan = plan(dir.path(), "--explain");
    let explanations = plan["explanations"].as_array().unwrap();
    assert_eq!(explanations.len(), ids(&plan).len());
    for it in explanations {
        let opens = !it["opens"].as_array().unwrap().is_empty();
        let footholds = !it["footholds"].as_array().unwrap().is_empty();
        assert!(opens || footholds, "an optimal plan has no idle action: {it}");
        // What only keeps a host from talking to the outside opens no path to another.
        let Some(path) = it["paths"].get(0).and_then(|it| it.as_array()) else { continue };
        let first = path[0].as_str().unwrap();
        assert!(first.starts_with("b2b-web-1 -> ") || first.starts_with("bill-app-1 -> "), "{first}");
    }
    let stages = plan["stages"].as_array().unwrap();
    assert_eq!(stages.last().unwrap()["protected_exposed"], 0, "{stages:?}");
}

#[test]
fn nothing_to_force_is_an_input_error_that_says_where_to_look() {
    let dir = folder();
    let output = run(
        dir.path(),
        &format!("plan contain --estate {ESTATE} --compromised b2b-web-1 --force isolate:x@y"),
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no action `isolate:x@y` is possible here"), "{}", stderr(&output));
    assert!(stderr(&output).contains("--list-actions"), "{}", stderr(&output));
}

#[test]
fn a_budget_of_approvals_is_kept() {
    let dir = folder();
    let plan = plan(dir.path(), "--approval-budget 0");
    for it in plan["actions"].as_array().unwrap() {
        assert_eq!(it["approval"], "automatic", "{it}");
    }
}

#[test]
fn the_attack_graph_is_drawn_with_the_cut() {
    let dir = folder();
    plan(dir.path(), "--svg graph.svg");
    let svg = fs::read_to_string(dir.path().join("graph.svg")).unwrap();
    assert!(svg.contains("b2b-web-1") && svg.contains("Cut by"));
}

/// What `plan contain` says on standard error, and its exit code.
#[track_caller]
fn check_refused(flags: &str, message: &str) {
    let dir = folder();
    let output = run(dir.path(), &format!("plan contain --estate {ESTATE} {flags}"));
    assert_eq!(output.status.code(), Some(2), "{flags}");
    assert!(stderr(&output).contains(message), "{flags}: {}", stderr(&output));
}

#[test]
fn a_name_that_is_none_says_what_it_may_stand_for() {
    check_refused("--compromised b2b-wep-1", "did you mean `b2b-web-1`?");
    check_refused("--compromised b2b-web-1.telco.exampel", "did you mean `b2b-web-1.telco.example`?");
    check_refused(
        "--compromised b2b-web-1,",
        "--compromised: an empty id is no asset or identity of the estate",
    );
    check_refused(
        "--compromised b2b-web-1 --suspected b2b-wep-2=0.7",
        "--suspected: `b2b-wep-2` is no asset",
    );
    check_refused("--compromised b2b-web-1 --suspected b2b-web-2=1.5", "the confidence lies between 0 and 1");
    check_refused("--compromised b2b-web-1 --unavailable microsec", "did you mean `microseg`?");
    check_refused("--compromised b2b-web-1 --horizon -1", "it must be a number above 0");
    check_refused("--compromised b2b-web-1 --suspect-threshold -1", "it must be a number between 0 and 1");
}

#[track_caller]
fn check_forbid(forbid: &str, idle: bool) {
    let dir = folder();
    let output =
        run(dir.path(), &format!("plan contain --estate {ESTATE} --compromised b2b-web-1 --forbid {forbid}"));
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output).contains(&format!("--forbid {forbid}: nothing that could be done here"));
    assert_eq!(said, idle, "{forbid}: {}", stderr(&output));
}

#[test]
fn a_ban_that_bans_nothing_is_told() {
    check_forbid("isolate:b2b-web-1@agents-b2bb", true);
    check_forbid("isolat:*", true);
    check_forbid("isolate:*", false);
    check_forbid("block_flow:b2b-web-to-app@microseg:from=b2b-web-1", false);
}

#[test]
fn the_headline_counts_what_stays_within_reach_beyond_the_compromised() {
    let dir = folder();
    let told = |flags: &str| {
        let output = run(dir.path(), &format!("plan contain --estate {ESTATE} --attitude movement {flags}"));
        stdout(&output).lines().next().unwrap().to_owned()
    };
    assert_eq!(
        told("--compromised b2b-web-1"),
        "3 actions cut the attacker off under `movement`: 300 EUR over 24 h, gap 0 %; of 7 assets within reach beyond \
         what is compromised, 0 stay so"
    );
    let held = told("--compromised b2b-web-1 --suspected b2b-web-1=0.9");
    assert!(held.contains("of 7 assets within reach"), "counted once: {held}");
}

#[test]
fn an_account_without_a_host_is_pointed_out() {
    let dir = folder();
    let said = |compromised: &str| {
        stderr(&run(dir.path(), &format!("plan contain --estate {ESTATE} --compromised {compromised}")))
            .contains("name the hosts the attacker works from too")
    };
    assert!(said("adm-b2b"));
    assert!(!said("adm-b2b,b2b-web-1"));
    assert!(!said("adm-b2b --suspected b2b-web-1=0.9"));
    assert!(said("adm-b2b --suspected b2b-web-1=0.2"));
}
