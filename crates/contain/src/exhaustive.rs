//! The search against every set of candidates of small random estates: cost, number of actions, and ids of the plan.

use bulkhead_model::case::Attitude;

use crate::actions::{Candidates, Steering};
use crate::attack::AttackGraph;
use crate::common::Common;
use crate::ground::Prepared;
use crate::ports::MovementPorts;
use crate::presolve::{Limits, solve};
use crate::problem::{Problem, Weights};
use crate::solve::{Search, Solution};

#[path = "../tests/it/opened.rs"]
mod opened;
#[path = "../tests/it/random.rs"]
mod random;

/// Whether several sets of actions shared the least cost and number; none when the estate has too many candidates.
fn check(seed: u64, weights: Weights, budget: Option<u32>) -> Option<bool> {
    let shape = random::Shape { assets: 8, flows: 4, management: seed.is_multiple_of(3), protected: false };
    let mut estate = random::estate(&mut random::Dice::new(seed), shape);
    if seed % 4 == 1 {
        opened::open(&mut estate, &mut random::Dice::new(seed ^ 0x0FF_51DE));
    }
    let attitude = [Attitude::Movement, Attitude::Strict, Attitude::Credential][seed as usize % 3];
    let prepared = Prepared::exact(&estate, &MovementPorts::default());
    let ground = prepared.ground(attitude, &[&estate.assets[0].id, &estate.assets[1].id], &[], &[]);
    let everywhere = vec![true; ground.index.n_assets()];
    let candidates = Candidates::list(&ground, &Steering::default(), &everywhere);
    if candidates.is_empty() || candidates.len() > 12 {
        return None;
    }
    let graph = AttackGraph::new(&ground, &candidates, None);
    let problem = Problem::new(&ground, &graph, &candidates, 24.0, budget, weights);
    let all = (0..1_u32 << candidates.len()).filter_map(|set| {
        let chosen: Vec<u32> = (0..candidates.len() as u32).filter(|it| set & (1 << it) != 0).collect();
        Some((problem.assess(&chosen).cost?, chosen))
    });
    let mut all: Vec<(i128, Vec<u32>)> = all.collect();
    all.sort();
    let common = Common::new(&problem);
    let found = Search::new(&problem, common.clone(), &[], &[]).run(100_000, u64::MAX / 2);
    assert_eq!(found.chosen, all.first().map(|it| it.1.clone()), "seed {seed}: {found:?}");
    let same = |it: &Solution| (it.chosen.clone(), it.cost, it.bound);
    for hint in all.iter().take(3) {
        let limits = Limits { nodes: 100_000, effort: u64::MAX / 2 };
        let presolved = solve(&problem, &common, &[], std::slice::from_ref(&hint.1), limits);
        assert_eq!(same(&presolved), same(&found), "seed {seed}: made smaller first, knowing {hint:?}");
    }
    let Some((least, _)) = all.first() else { return Some(false) };
    assert_eq!((found.cost, found.bound), (*least, *least), "seed {seed}");
    Some(all.get(1).is_some_and(|it| it.0 == *least))
}

#[test]
fn the_plan_has_the_smallest_ids_among_the_cheapest() {
    let (mut checked, mut tied) = (0, 0);
    for seed in 0..900 {
        for weights in [Weights { service: 1, exposure: 1 }, Weights { service: 3, exposure: 200 }] {
            if let Some(several) = check(seed, weights, None) {
                checked += 1;
                tied += u32::from(several);
            }
        }
    }
    assert!(checked > 400 && tied > 25, "{checked} checked, {tied} with ties");
}

#[test]
fn also_when_few_actions_may_need_approval() {
    let weights = Weights { service: 1, exposure: 1 };
    let checked = (0..600).filter(|&seed| check(seed, weights, Some(seed as u32 % 3)).is_some()).count();
    assert!(checked > 150, "{checked} checked");
}
