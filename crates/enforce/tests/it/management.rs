//! Nobody is locked out, and if somebody is, it shows and it passes.

use std::collections::BTreeSet;

use bulkhead_enforce::{ErrorClass, Expectation, FaultPlan, Fleet, Guards, PointState, verify};

use crate::fixture::*;

#[test]
fn an_intent_that_cuts_management_never_reaches_the_point() {
    let mut fleet = fleet(&FaultPlan::none());
    let (report, _) = run(&mut fleet, &[intent("agents", 1, &["drop * a:db-1 tcp/1-100"], 0)], 0);
    let PointState::Failed(error) = &report.points[0].state else { panic!("{report:?}") };
    assert_eq!(error.class, ErrorClass::Lockout);
    assert_eq!(
        error.message,
        "rule `drop * a:db-1 tcp/1-100` would cut the management channel console-1 -> db-1 on tcp/22"
    );
    assert_eq!(fleet.read_back(&point("agents"), at(9)).unwrap().generation, 0);
}

#[test]
fn an_isolation_that_lets_management_through_is_taken() {
    let mut fleet = fleet(&FaultPlan::none());
    let rules = ["accept a:console-1 a:db-1 tcp/22,tcp/8443", "drop a:db-1 *", "drop * a:db-1"];
    let (report, end) = run(&mut fleet, &[intent("agents", 1, &rules, 0)], 0);
    assert!(report.is_confirmed(), "{report:?}");
    let verdicts = verify(&mut fleet, &Expectation::management(&guards()), end);
    assert_eq!(verdicts.len(), 14);
    assert!(verdicts.iter().all(bulkhead_enforce::Verification::is_met), "{verdicts:?}");
    assert!(!fleet.probe(&asset("web-1"), &asset("db-1"), port("tcp/5432"), end).unwrap().is_open());
}

#[test]
fn a_compromised_console_has_no_channel_to_guard() {
    let guards = Guards::new(&estate(), &BTreeSet::from([asset("console-1")]));
    assert_eq!(guards.violated_by(&intent("agents", 1, &["drop * *"], 0)), None);
    assert_eq!(guards.list().count(), 0);
}

#[test]
fn a_point_that_cut_itself_off_answers_again_when_the_lease_is_over() {
    let mut fleet = fleet(&FaultPlan::none());
    // Straight to the point, past the guards: the firewall drops what comes from the console.
    fleet.apply(&intent("fw-core", 1, &["drop a:console-1 *"], 600), at(0)).unwrap();
    let error = fleet.read_back(&point("fw-core"), at(5)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable);
    assert!(fleet.read_back(&point("fw-core"), at(602)).unwrap().rules.is_empty());
}
