//! Plans on a small estate: precedence across tiers, crews, stages, percentiles, relapse.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_recover::{Policy, Progress, RecoverError, Request, plan, replan, sample_durations};
use support::{assert_sound, assets, back_at, estate, plan_for, starts_at, steps};

const ALL: &[&str] = &["db-1", "web-1", "web-2", "web-3", "bill-1", "ad-1"];

#[test]
fn what_others_need_comes_first() {
    let estate = estate();
    let plan = plan_for(&estate, ALL, 0);
    assert_sound(&estate, &plan);
    for asset in ["db-1", "web-1", "web-2", "web-3", "bill-1"] {
        assert!(back_at(&plan, "ad-1") <= starts_at(&plan, asset), "{asset} before the identity provider");
    }
    assert!(back_at(&plan, "db-1") <= starts_at(&plan, "bill-1"), "billing needs the portal");
}

#[test]
fn critical_services_come_in_the_first_stage() {
    let plan = plan_for(&estate(), ALL, 0);
    let first: Vec<&str> =
        plan.stages[0].gate.restores.iter().map(bulkhead_model::id::ServiceId::as_str).collect();
    assert!(first.contains(&"portal"));
    let service = |id: &str| plan.services.iter().find(|it| it.service.as_str() == id).expect("service");
    assert!(service("portal").planned_s < service("billing").planned_s);
    assert_eq!(service("portal").stage, 1);
    // One of three web servers is spare: it waits for the last stage.
    let last: BTreeSet<&str> =
        plan.stages.last().expect("stages").steps.iter().map(|it| it.asset.as_str()).collect();
    assert_eq!(last.len(), 1);
    assert!(last.iter().all(|it| it.starts_with("web-")));
}

#[test]
fn degraded_mode_comes_before_full() {
    let plan = plan_for(&estate(), &["db-1", "web-1", "web-2", "web-3"], 0);
    let portal = plan.services.iter().find(|it| it.service.as_str() == "portal").expect("portal");
    assert!(portal.degraded_s.is_none_or(|it| it < portal.planned_s));
    assert_eq!(portal.rto, Some(4 * 3600));
}

#[test]
fn a_host_without_procedure_gets_the_default_and_the_plan_says_so() {
    let mut estate = estate();
    estate.procedures.remove(1);
    let plan = plan_for(&estate, &["odd-1"], 0);
    assert!(plan.notes.iter().any(|it| it.contains("odd-1")), "{:?}", plan.notes);
    assert_eq!(steps(&plan).len(), 2);
}

#[test]
fn the_first_procedure_that_means_a_host_applies() {
    let plan = plan_for(&estate(), &["db-1"], 0);
    assert_eq!(
        steps(&plan).iter().map(|it| it.id.as_str()).collect::<Vec<_>>(),
        ["db-1/restore", "db-1/verify"]
    );
}

#[test]
fn more_value_moves_a_service_forward() {
    let mut estate = estate();
    estate.services[2].requires =
        serde_json::from_value(serde_json::json!({"asset": "bill-1"})).expect("a need");
    let lost = ["web-1", "web-2", "bill-1"];
    let late = plan_for(&estate, &lost, 0);
    estate.services[2].value_per_hour = 90_000.0;
    let early = plan_for(&estate, &lost, 0);
    assert!(back_at(&early, "bill-1") < back_at(&late, "bill-1"));
}

#[test]
fn percentiles_are_ordered_and_depend_on_the_seed_alone() {
    let estate = estate();
    let plan = plan_for(&estate, ALL, 300);
    for service in &plan.services {
        assert!(service.p50 <= service.p90 && (0.0..=1.0).contains(&service.mtpd_breach));
    }
    let again = plan_for(&estate, ALL, 300);
    assert_eq!(serde_json::to_string(&plan).expect("json"), serde_json::to_string(&again).expect("json"));
}

#[test]
fn a_tight_mtpd_is_missed_with_a_probability() {
    let mut estate = estate();
    estate.services[1].mtpd = Some("3h".parse().expect("span"));
    let plan = plan_for(&estate, &["db-1"], 2000);
    let portal = plan.services.iter().find(|it| it.service.as_str() == "portal").expect("portal");
    // restore p50 2 h, p90 5 h, then 20 min: over 2 h 40 min with probability between one half and one tenth.
    assert!((0.1..0.5).contains(&portal.mtpd_breach), "{}", portal.mtpd_breach);
}

#[test]
fn unknown_assets_and_circular_steps_are_refused() {
    let mut estate = estate();
    let policy = Policy::default();
    let lost = assets(&["nothing"]);
    let request =
        Request { estate: &estate, lost: &lost, actions: &[], policy: &policy, samples: 0, seed: 0 };
    assert_eq!(plan(&request), Err(RecoverError::UnknownAsset("nothing".into())));
    estate.procedures[0].steps[0].after = vec!["verify".to_owned()];
    let lost = assets(&["db-1"]);
    let request =
        Request { estate: &estate, lost: &lost, actions: &[], policy: &policy, samples: 0, seed: 0 };
    assert!(matches!(plan(&request), Err(RecoverError::Cycle(asset, _)) if asset.as_str() == "db-1"));
}

#[test]
fn relapse_keeps_what_is_done() {
    let estate = estate();
    let before = plan_for(&estate, ALL, 0);
    let now = back_at(&before, "db-1");
    let done: BTreeMap<String, (u64, u64)> = steps(&before)
        .into_iter()
        .filter(|it| it.end_s <= now)
        .map(|it| (it.id.clone(), (it.start_s, it.end_s)))
        .collect();
    let progress =
        Progress { now_s: now, done: done.clone(), relapsed: assets(&["ad-1"]).into_iter().collect() };
    let (lost, policy) = (assets(ALL), Policy::default());
    let request =
        Request { estate: &estate, lost: &lost, actions: &[], policy: &policy, samples: 50, seed: 7 };
    let after = replan(&request, &before, &progress).expect("a plan");
    assert_sound(&estate, &after);
    for step in steps(&after) {
        match done.get(&step.id).filter(|_| step.asset.as_str() != "ad-1") {
            Some(times) => assert_eq!((step.start_s, step.end_s), *times, "{} was done", step.id),
            None => assert!(step.start_s >= now, "{} is planned in the past", step.id),
        }
    }
    assert!(starts_at(&after, "ad-1") >= now, "the relapsed host is recovered again");
    assert!(back_at(&after, "ad-1") <= starts_at(&after, "bill-1"));
    assert_eq!(steps(&after).len(), steps(&before).len());
}

#[test]
fn relapse_may_bring_a_host_that_was_not_lost_before() {
    let estate = estate();
    let before = plan_for(&estate, &["web-1", "web-2"], 0);
    let progress =
        Progress { now_s: 60, done: BTreeMap::new(), relapsed: assets(&["db-1"]).into_iter().collect() };
    let (lost, policy) = (assets(&["web-1", "web-2"]), Policy::default());
    let request =
        Request { estate: &estate, lost: &lost, actions: &[], policy: &policy, samples: 0, seed: 7 };
    let after = replan(&request, &before, &progress).expect("a plan");
    assert_sound(&estate, &after);
    assert!(starts_at(&after, "db-1") >= 60 && starts_at(&after, "web-1") >= 60);
    assert!(after.notes[0].contains("db-1"), "{:?}", after.notes);
}

#[test]
fn containment_is_lifted_when_its_assets_are_back() {
    let estate = estate();
    let block = serde_json::json!({"id": "block", "kind": "block_flow", "target": "web-to-db", "enforcement_point": "fw",
        "lease_s": 3600, "reversible": true, "approval": "automatic", "time_to_effect_s": 1, "cuts": [], "breaks": []});
    let actions = [serde_json::from_value(block).expect("an action")];
    let (lost, policy) = (assets(&["web-3"]), Policy::default());
    let request =
        Request { estate: &estate, lost: &lost, actions: &actions, policy: &policy, samples: 0, seed: 7 };
    let blocked = plan(&request).expect("a plan");
    // Two web servers are left, but none may speak to the database until the third is clean.
    let portal =
        blocked.services.iter().find(|it| it.service.as_str() == "portal").expect("portal is affected");
    assert_eq!(portal.planned_s, back_at(&blocked, "web-3"));
    assert_eq!(blocked.stages[0].gate.lifts, ["block"]);
    let open = plan(&Request { actions: &[], ..request }).expect("a plan");
    assert!(open.services.is_empty(), "without the block two of three suffice");
    assert_eq!(open.objective, 0.0);
}

#[test]
fn drills_draw_every_step_once() {
    let plan = plan_for(&estate(), ALL, 0);
    let drawn = sample_durations(&plan, 3);
    assert_eq!(drawn.len(), steps(&plan).len());
    assert_eq!(drawn, sample_durations(&plan, 3));
    assert_ne!(drawn, sample_durations(&plan, 4));
}

#[test]
fn hosts_that_no_service_waits_for_cost_nothing_but_their_time() {
    let plan = plan_for(&estate(), &["odd-1", "web-3"], 0);
    assert_sound(&estate(), &plan);
    assert_eq!((plan.objective, plan.stages.len()), (0.0, 1));
    // Two hands, two hosts, an hour and a quarter each.
    assert_eq!(steps(&plan).iter().map(|it| it.end_s).max(), Some(75 * 60));
}
