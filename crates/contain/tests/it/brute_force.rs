//! On small estates the plan costs exactly what the cheapest of all sets of actions costs.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{PlanError, Planned, Planner, Request, certificate, checker, plan};
use bulkhead_model::case::{Alternative, Approval, Attitude, EntityKind, ResidualWhy};
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::id::{AssetId, IdentityId};

use crate::oracle::{self, Cost, Effect, Oracle};
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
    // Mostly somebody from whom a flow leads on: elsewhere there is little to plan.
    let opens = |it: &&Asset| estate.flows.iter().any(|flow| flow.from.matches(it));
    let opening: Vec<&Asset> = estate.assets.iter().filter(opens).collect();
    let first =
        if opening.is_empty() || dice.once_in(5) { dice.pick(&estate.assets) } else { dice.pick(&opening) };
    let mut compromised = vec![first.id.clone()];
    if dice.once_in(3) {
        compromised.push(dice.pick(&estate.assets).id.clone());
    }
    compromised.sort();
    compromised.dedup();
    let identities = estate.identities.first().filter(|_| dice.once_in(3)).map(|it| it.id.clone());
    let attitude = *dice.pick(&ATTITUDES);
    Case { estate, compromised, identities: identities.into_iter().collect(), attitude }
}

/// The case of `seed` opened to the outside.
pub fn opened(seed: u64, shape: Shape) -> Case {
    let mut case = case(seed, shape);
    let mut dice = Dice::new(seed ^ 0x0FF_51DE);
    crate::opened::open(&mut case.estate, &mut dice);
    if dice.once_in(3) {
        case.identities = case.estate.identities.first().map(|it| it.id.clone()).into_iter().collect();
    }
    if dice.once_in(8) {
        case.compromised.push("x0".into());
    }
    case
}

/// What kind of problem a seed posed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Posed {
    /// Too many actions to try all sets.
    TooLarge,
    /// No set of actions meets the hard rules.
    Infeasible,
    /// Doing nothing is best.
    Nothing,
    /// Actions without side effects are best.
    Harmless,
    /// The best actions break a service.
    Costly,
}

/// Plans the case of `seed`; checks cost, what stays, proof and checker against brute force.
fn check(seed: u64, case: &Case) -> Posed {
    let oracle = Oracle::new(&case.estate, case.attitude, &case.compromised, &case.identities);
    let effects = oracle.effects();
    if effects.len() > if cfg!(debug_assertions) { 12 } else { 16 } {
        return Posed::TooLarge;
    }
    let ports = MovementPorts::default();
    let request = Request {
        identities: &case.identities,
        attitude: case.attitude,
        work_limit: 100_000,
        ..Request::new(&case.estate, &case.compromised, &ports)
    };
    let (cheapest, silent) = oracle.cheapest(&effects);
    let planned = match (plan(&request), &cheapest) {
        (Ok(planned), Some(_)) => planned,
        (Err(PlanError::Infeasible { .. }), None) => return Posed::Infeasible,
        (outcome, _) => panic!("seed {seed}: brute force found {cheapest:?}, the planner {outcome:?}"),
    };
    let cheapest = cheapest.unwrap();
    let taken: Vec<Effect> = planned.plan.actions.iter().map(|it| oracle.effect_of(it)).collect();
    let taken: Vec<&Effect> = taken.iter().collect();
    let cost = Cost {
        total: cents(planned.plan.objective.total),
        actions: taken.len(),
        pairs: taken.iter().map(|it| oracle.foreign(it).len()).sum(),
    };
    assert_eq!(cost, cheapest, "seed {seed}: {planned:#?}");
    assert_eq!(oracle.cost(&taken), Some(cost), "seed {seed}: {planned:#?}");
    check_residual(seed, &oracle, &planned, &oracle::state(&taken));
    let alternative = planned.plan.alternatives.iter().find(|it| it.name == "silent").unwrap();
    let found = alternative.prevented.is_none().then(|| cents(alternative.objective.total));
    assert_eq!(found, silent.map(|it| it.total), "seed {seed}: {alternative:#?}");
    for (action, effect) in planned.plan.actions.iter().zip(&taken) {
        let unpriced = oracle.foreign(effect).iter().any(|it| !oracle.is_priced(it.0));
        assert!(!unpriced || action.approval != Approval::Automatic, "seed {seed}: {action:#?}");
    }
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
    let ids =
        |of: &BTreeSet<usize>, id: &dyn Fn(usize) -> String| of.iter().map(|&it| id(it)).collect::<Vec<_>>();
    let state = oracle::state(&taken);
    let mut keeping = ids(&oracle.keeping(&state), &|it| case.estate.assets[it].id.to_string());
    keeping.extend(ids(&oracle.identities_keeping(&state), &|it| case.estate.identities[it].id.to_string()));
    keeping.sort();
    let mut found: Vec<String> = verdict.footholds.iter().map(|it| it.entity.clone()).collect();
    found.sort();
    assert_eq!(found, keeping, "seed {seed}: the checker on the rules {:#?}", planned.rules);
    posed(&planned)
}

fn posed(planned: &Planned) -> Posed {
    if planned.plan.actions.is_empty() {
        Posed::Nothing
    } else if planned.predicted.is_empty() {
        Posed::Harmless
    } else {
        Posed::Costly
    }
}

fn cents(amount: f64) -> u64 {
    (amount * 100.0).round() as u64
}

/// What the plan says stays is what stays, and nothing else.
fn check_residual(seed: u64, oracle: &Oracle<'_>, planned: &Planned, state: &oracle::State) {
    let asset = |at: usize| oracle.estate.assets[at].id.to_string();
    let account = |at: usize| oracle.estate.identities[at].id.to_string();
    let reached = oracle.reach(state).into_iter().filter(|it| !oracle.compromised.contains(it));
    let mut expected: BTreeSet<(EntityKind, String, ResidualWhy)> =
        reached.map(|it| (EntityKind::Asset, asset(it), ResidualWhy::WithinReach)).collect();
    let keeping = oracle.keeping(state).into_iter();
    expected.extend(keeping.map(|it| (EntityKind::Asset, asset(it), ResidualWhy::Foothold)));
    let accounts = oracle.identities_keeping(state).into_iter();
    expected.extend(accounts.map(|it| (EntityKind::Identity, account(it), ResidualWhy::Foothold)));
    let residual = &planned.plan.residual;
    let found: Vec<_> = residual.iter().map(|it| (it.kind, it.entity.clone(), it.why)).collect();
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "seed {seed}: {:#?}", planned.plan);
    for it in residual {
        let told = it.kind == EntityKind::Asset && it.why == ResidualWhy::Foothold;
        assert_eq!(it.way_out.is_some(), told, "seed {seed}: {it:?}");
    }
}

/// How many estates: 120, or what BULKHEAD_ESTATES says.
fn wanted(by_default: u64) -> u64 {
    std::env::var("BULKHEAD_ESTATES").ok().and_then(|it| it.parse().ok()).unwrap_or(by_default)
}

fn check_many(first_seed: u64, case: impl Fn(u64) -> Case) {
    let mut posed: BTreeMap<Posed, u64> = BTreeMap::new();
    let mut seed = first_seed;
    let checked = |posed: &BTreeMap<Posed, u64>| -> u64 {
        posed.iter().filter(|it| *it.0 != Posed::TooLarge).map(|it| it.1).sum()
    };
    while checked(&posed) < wanted(120) {
        *posed.entry(check(seed, &case(seed))).or_default() += 1;
        seed += 1;
    }
    println!("{posed:?}");
    for kind in [Posed::Infeasible, Posed::Nothing, Posed::Harmless, Posed::Costly] {
        assert!(posed.get(&kind).is_some_and(|&n| n * 40 > checked(&posed)), "too few {kind:?}: {posed:?}");
    }
}

#[test]
fn plan_costs_what_the_cheapest_set_of_actions_costs() {
    check_many(1, |seed| case(seed, Shape { assets: 12, flows: 4, management: false, protected: false }));
}

#[test]
fn also_with_management_channels_and_protected_addresses() {
    check_many(1_000_000, |seed| {
        let (management, protected) = (seed % 4 != 0, seed % 3 == 0);
        case(seed, Shape { assets: 9, flows: 4, management, protected })
    });
}

#[test]
fn also_with_an_outside_relays_and_ways_out() {
    check_many(2_000_000, |seed| {
        let (management, protected) = (seed % 4 == 0, seed % 3 == 0);
        opened(seed, Shape { assets: 7, flows: 2, management, protected })
    });
}

/// Values around what actions on single assets cost, also when they weigh a thousandfold.
const VALUES: [f64; 14] =
    [0.0, 0.05, 0.1, 0.15, 0.5, 0.7, 50.0, 99.0, 100.0, 101.0, 250.0, 500.0, 777.0, 2_000.0];

/// The case of `seed` with every asset in several copies that nothing tells apart, some of them compromised; with `own_values`
/// nothing but their values, of every second case all near one another.
fn twins(seed: u64, own_values: bool) -> Case {
    let mut case =
        case(seed, Shape { assets: 6, flows: 5, management: seed.is_multiple_of(3), protected: false });
    let mut dice = Dice::new(seed ^ 0xA11CE);
    let originals = case.estate.assets.clone();
    for original in originals {
        let first = case.compromised.contains(&original.id);
        for copy in 1..=1 + dice.below(4) {
            let mut asset = original.clone();
            asset.id = AssetId::new(format!("{}-{copy}", original.id));
            asset.addresses.clear();
            if own_values {
                let near = original.value + dice.below(900) as f64 / 8.0;
                asset.value = if seed.is_multiple_of(3) { near } else { *dice.pick(&VALUES) };
            }
            if dice.once_in(if first { 2 } else { 12 }) {
                case.compromised.push(asset.id.clone());
            }
            case.estate.assets.push(asset);
        }
    }
    case
}

#[test]
fn twins_may_be_planned_for_as_one() {
    check_twins(false);
}

#[test]
fn so_may_those_of_unlike_values() {
    check_twins(true);
}

/// Every second one is opened to the outside.
fn check_twins(own_values: bool) {
    let ports = MovementPorts::default();
    let (mut planned, mut refused, mut several) = (0, 0, 0);
    for seed in 0..wanted(400) {
        let mut case = twins(seed, own_values);
        if seed % 2 == 0 {
            crate::opened::open(&mut case.estate, &mut Dice::new(seed ^ 0x0FF_51DE));
        }
        let request = Request {
            identities: &case.identities,
            attitude: case.attitude,
            work_limit: 100_000,
            ..Request::new(&case.estate, &case.compromised, &ports)
        };
        let units = Planner::condensed(&case.estate, &ports).plan(&request, None);
        match (plan(&request), units) {
            (Ok(single), Ok(units)) => {
                assert_eq!((single.plan.gap, units.plan.gap), (0.0, 0.0), "seed {seed}");
                assert_eq!(units.plan.objective, single.plan.objective, "seed {seed}");
                assert_eq!(units.plan.actions.len(), single.plan.actions.len(), "seed {seed}");
                assert_eq!(units.reached.len(), single.reached.len(), "seed {seed}");
                for (one, other) in units.plan.alternatives.iter().zip(&single.plan.alternatives) {
                    let cost = |it: &Alternative| (it.prevented.is_some(), cents(it.weighted), it.gap > 0.0);
                    assert_eq!(cost(one), cost(other), "seed {seed}: {}", one.name);
                }
                planned += usize::from(!units.plan.actions.is_empty());
                several += usize::from(case.compromised.len() > 3);
            }
            (Err(PlanError::Infeasible { .. }), Err(PlanError::Infeasible { .. })) => refused += 1,
            (single, units) => panic!("seed {seed}: {single:?} one by one, {units:?} over units"),
        }
    }
    assert!(planned > 80 && refused > 10 && several > 30, "{planned} planned, {refused} refused, {several}");
}
