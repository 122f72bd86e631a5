//! On small estates the plan costs exactly what the cheapest of all sets of actions costs.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{PlanError, Planner, Request, certificate, checker, plan};
use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId};

use crate::oracle::Oracle;
use crate::random::{Dice, Shape, estate};

const ATTITUDES: [Attitude; 3] = [Attitude::Movement, Attitude::Strict, Attitude::Credential];

/// One small problem: an estate and where the attacker stands.
pub struct Case {
    pub estate: Estate,
    pub compromised: Vec<AssetId>,
    pub identities: Vec<IdentityId>,
    pub attitude: Attitude,
}

/// The case of `seed`.
pub fn case(seed: u64, shape: Shape) -> Case {
    let mut dice = Dice::new(seed);
    let estate = estate(&mut dice, shape);
    let mut compromised = vec![dice.pick(&estate.assets).id.clone()];
    if dice.once_in(3) {
        compromised.push(dice.pick(&estate.assets).id.clone());
    }
    compromised.sort();
    compromised.dedup();
    let identities = estate.identities.first().filter(|_| dice.once_in(3)).map(|it| it.id.clone());
    let attitude = *dice.pick(&ATTITUDES);
    Case { estate, compromised, identities: identities.into_iter().collect(), attitude }
}

/// Plans `case`; checks cost, proof and checker against brute force. False when it has too many actions to try all sets.
fn check(seed: u64, shape: Shape) -> bool {
    let case = case(seed, shape);
    let oracle = Oracle::new(&case.estate, case.attitude, &case.compromised, &case.identities);
    let effects = oracle.effects();
    if effects.len() > 16 {
        return false;
    }
    let ports = MovementPorts::default();
    let request = Request {
        identities: &case.identities,
        attitude: case.attitude,
        work_limit: 100_000,
        ..Request::new(&case.estate, &case.compromised, &ports)
    };
    let cheapest = oracle.cheapest(&effects);
    let planned = match (plan(&request), &cheapest) {
        (Ok(planned), Some(_)) => planned,
        (Err(PlanError::Infeasible { .. }), None) => return true,
        (outcome, _) => panic!("seed {seed}: brute force found {cheapest:?}, the planner {outcome:?}"),
    };
    let cheapest = cheapest.unwrap();
    let total = (planned.plan.objective.total * 100.0).round() as u64;
    assert_eq!(
        (total, planned.plan.actions.len()),
        (cheapest.total, cheapest.actions),
        "seed {seed}: {planned:#?}"
    );
    assert_eq!(planned.plan.gap, 0.0, "seed {seed}");
    let over_units = Planner::condensed(&case.estate, &ports).plan(&request, Some(&planned.plan)).unwrap();
    assert_eq!(over_units.plan.objective, planned.plan.objective, "seed {seed}: over units");
    assert_eq!(over_units.reached, planned.reached, "seed {seed}: over units");
    let certificate = certificate::from_rules(&request, &planned.rules).unwrap();
    let facts = checker::Facts {
        estate: &case.estate,
        compromised: &case.compromised,
        identities: &case.identities,
        movement_ports: &ports,
    };
    let verdict = checker::check(&facts, &certificate, &planned.rules);
    assert!(verdict.holds, "seed {seed}: {verdict:#?} {:#?}", planned.rules);
    true
}

/// How many estates: 120, or what BULKHEAD_ESTATES says.
fn wanted(by_default: u64) -> u64 {
    std::env::var("BULKHEAD_ESTATES").ok().and_then(|it| it.parse().ok()).unwrap_or(by_default)
}

fn check_many(first_seed: u64, shape: impl Fn(u64) -> Shape) {
    let (mut checked, mut seed) = (0, first_seed);
    while checked < wanted(120) {
        checked += u64::from(check(seed, shape(seed)));
        seed += 1;
    }
}

#[test]
fn plan_costs_what_the_cheapest_set_of_actions_costs() {
    check_many(1, |_| Shape { assets: 12, flows: 4, management: false, protected: false });
}

#[test]
fn also_with_management_channels_and_protected_addresses() {
    check_many(1_000_000, |seed| Shape {
        assets: 9,
        flows: 4,
        management: seed % 4 != 0,
        protected: seed % 3 == 0,
    });
}
