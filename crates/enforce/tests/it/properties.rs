//! What holds for every sequence of intents.

use bulkhead_enforce::{FaultPlan, Fleet, SimFleet, undo};
use bulkhead_model::rules::PointRules;
use proptest::prelude::*;

use crate::fixture::*;

/// Rules that leave management alone, so that the guards pass them.
const RULES: [&str; 6] = [
    "drop z:office z:b2b tcp/443",
    "drop a:pc-1+10.1.0.1/32 * tcp/22",
    "accept a:pc-2 a:web-1 tcp/443",
    "drop a:web-1 a:db-1",
    "drop z:office a:db-1",
    "drop a:pc-1 a:web-1 tcp/8000-8050",
];

const PROBES: [(&str, &str, &str); 6] = [
    ("pc-1", "web-1", "tcp/443"),
    ("pc-2", "web-1", "tcp/443"),
    ("pc-1", "db-1", "tcp/22"),
    ("pc-2", "db-1", "tcp/22"),
    ("web-1", "db-1", "tcp/5432"),
    ("pc-1", "web-1", "tcp/8000-8100"),
];

fn rules() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(RULES.to_vec(), 0..=RULES.len())
}

fn intents(generation: u64, lease_s: u64) -> impl Strategy<Value = Vec<PointRules>> {
    (rules(), rules()).prop_map(move |(fw, agents)| {
        vec![intent("fw-core", generation, &fw, lease_s), intent("agents", generation, &agents, lease_s)]
    })
}

fn open(fleet: &mut SimFleet, secs: i64) -> Vec<bool> {
    PROBES
        .iter()
        .map(|it| fleet.probe(&asset(it.0), &asset(it.1), port(it.2), at(secs)).unwrap().is_open())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_highest_generation_wins_in_any_order(
        order in Just((1..=5_u64).collect::<Vec<_>>()).prop_shuffle(),
        sets in proptest::collection::vec(rules(), 5),
    ) {
        let mut fleet = fleet(&FaultPlan::none());
        let mut highest = 0;
        for (step, generation) in order.iter().enumerate() {
            let wanted = intent("fw-core", *generation, &sets[step], 0);
            let (report, _) = run(&mut fleet, std::slice::from_ref(&wanted), 100 * step as i64);
            prop_assert_eq!(report.is_confirmed(), *generation > highest);
            if *generation > highest {
                highest = *generation;
                prop_assert_eq!(&report.held()[0], &wanted);
            }
            prop_assert_eq!(fleet.read_back(&point("fw-core"), at(100 * step as i64 + 50)).unwrap().generation, highest);
        }
    }

    #[test]
    fn undo_restores_exactly(first in intents(1, 0), second in intents(2, 900)) {
        let mut fleet = fleet(&FaultPlan::none());
        prop_assert!(run(&mut fleet, &first, 0).0.is_confirmed());
        let before = open(&mut fleet, 99);
        let (report, _) = run(&mut fleet, &second, 100);
        prop_assert!(report.is_confirmed());
        let (undone, _) = run(&mut fleet, &undo(&report, 3), 200);
        prop_assert!(undone.is_confirmed());
        for (was, is) in first.iter().zip(undone.held()) {
            prop_assert_eq!((&was.rules, &was.disabled, was.lease_s, 3), (&is.rules, &is.disabled, is.lease_s, is.generation));
        }
        prop_assert_eq!(before, open(&mut fleet, 299));
        // And for good: the lease of what was undone plays no part any more.
        prop_assert_eq!(open(&mut fleet, 299), open(&mut fleet, 99_999));
    }

    #[test]
    fn after_the_lease_everything_is_open(wanted in intents(4, 600)) {
        let mut fleet = fleet(&FaultPlan::none());
        let never = open(&mut fleet, 0);
        prop_assert!(run(&mut fleet, &wanted, 0).0.is_confirmed());
        prop_assert_eq!(open(&mut fleet, 606), never);
        prop_assert!(fleet.read_back(&point("agents"), at(606)).unwrap().rules.is_empty());
    }
}
