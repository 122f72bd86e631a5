//! The fault table: every file of `tests/fault_cases` is one fault plan, intents, and what must come of them.

use std::collections::BTreeMap;

use bulkhead_enforce::{ErrorClass, FaultPlan, Fleet, Left, PointState, Session};
use serde::Deserialize;

use crate::fixture::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Why the case is there.
    #[serde(rename = "why")]
    _why: String,
    faults: FaultPlan,
    /// Sessions alive beforehand, as `from to port`.
    #[serde(default)]
    sessions: Vec<String>,
    /// Reconciled one after the other.
    rounds: Vec<Round>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Round {
    at_s: i64,
    generation: u64,
    #[serde(default)]
    lease_s: u64,
    /// Rules by point.
    intents: BTreeMap<String, Vec<String>>,
    /// By point: `confirmed` or the class of the error.
    expect: BTreeMap<String, Expect>,
    /// Probes at an instant: `secs from to port` -> open.
    #[serde(default)]
    probes: BTreeMap<String, bool>,
    #[serde(default)]
    sessions_left: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    state: String,
    attempts: u32,
    /// Seconds from the start of the round.
    #[serde(default)]
    confirmed_after_s: Option<i64>,
    #[serde(default)]
    missing: Option<Vec<String>>,
}

fn class_name(class: ErrorClass) -> String {
    serde_json::to_value(class).unwrap().as_str().unwrap().to_owned()
}

fn check(name: &str, text: &str) {
    let case: Case = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut fleet = fleet(&case.faults);
    for session in &case.sessions {
        let words: Vec<&str> = session.split(' ').collect();
        let session = Session { from: words[0].into(), to: words[1].into(), port: port(words[2]) };
        assert!(fleet.open_session(session, at(0)).unwrap().is_open(), "{name}");
    }
    for (number, round) in case.rounds.iter().enumerate() {
        check_round(&format!("{name} round {}", number + 1), round, &mut fleet);
    }
}

fn check_round(name: &str, round: &Round, fleet: &mut bulkhead_enforce::SimFleet) {
    let intents: Vec<_> = round
        .intents
        .iter()
        .map(|(point, rules)| {
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            intent(point, round.generation, &rules, round.lease_s)
        })
        .collect();
    let (report, _) = run(fleet, &intents, round.at_s);
    assert_eq!(report.points.len(), round.expect.len(), "{name}: every point has an expectation");
    for found in &report.points {
        let expect = &round.expect[found.point.as_str()];
        let state = match &found.state {
            PointState::Pending => "pending".to_owned(),
            PointState::Confirmed => "confirmed".to_owned(),
            PointState::Failed(error) => class_name(error.class),
        };
        assert_eq!(state, expect.state, "{name}: {}", found.point);
        assert_eq!(found.attempts, expect.attempts, "{name}: attempts at {}", found.point);
        let after = found.confirmed_at.map(|it| it.duration_since(at(round.at_s)).as_secs());
        assert_eq!(after, expect.confirmed_after_s, "{name}: time at {}", found.point);
        if let Some(expected) = &expect.missing {
            let PointState::Failed(error) = &found.state else { panic!("{name}: not failed") };
            let Left::Partial { missing, .. } = &*error.left else { panic!("{name}: {:?}", error.left) };
            assert_eq!(missing, expected, "{name}");
        }
    }
    for (probe, open) in &round.probes {
        let words: Vec<&str> = probe.split(' ').collect();
        let when = at(words[0].parse().unwrap());
        let found = fleet.probe(&asset(words[1]), &asset(words[2]), port(words[3]), when).unwrap();
        assert_eq!(found.is_open(), *open, "{name}: {probe}");
    }
    if let Some(left) = round.sessions_left {
        assert_eq!(fleet.sessions().count(), left, "{name}: live sessions");
    }
}

#[test]
fn every_case_of_the_table() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fault_cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "the table is there");
    for file in files {
        check(&file.file_stem().unwrap().to_string_lossy(), &std::fs::read_to_string(&file).unwrap());
    }
}
