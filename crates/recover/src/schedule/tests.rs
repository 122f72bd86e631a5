//! Tests of the scheduler core against brute force.

use proptest::prelude::*;

use super::bound::{Milestone, weighted};
use super::exact::branch_and_bound;
use super::search::search;
use super::serial::{forward_backward, list_by, serial};
use super::{BadProject, Cost, Job, Objective, Project};
use crate::rng::Rng;

/// Weighted milestones, each reached when all of its jobs have ended.
#[derive(Debug)]
struct Milestones(Vec<Milestone>);

impl Objective for Milestones {
    fn cost(&self, ends: &[u64]) -> Cost {
        let at = |it: &Milestone| it.jobs.iter().map(|it| ends[*it]).max().unwrap_or(0) as f64;
        Cost { late: 0, loss: self.0.iter().map(|it| it.weight * at(it)).sum(), span: 0 }
    }
}

/// Up to `jobs` jobs on two resources, with milestones closed under precedence.
fn projects(jobs: usize) -> impl Strategy<Value = (Project, Milestones)> {
    let job = (1u64..4, prop::collection::vec(0u32..3, 2), prop::collection::vec(any::<bool>(), jobs));
    let milestone = (0u32..9, prop::collection::vec(any::<bool>(), jobs));
    (prop::collection::vec(job, 1..=jobs), prop::collection::vec(milestone, 1..4)).prop_map(
        |(jobs, milestones)| {
            let jobs: Vec<Job> = jobs
                .iter()
                .enumerate()
                .map(|(at, (duration, demands, after))| Job {
                    duration: *duration,
                    demands: demands.iter().copied().enumerate().filter(|it| it.1 > 0).collect(),
                    after: (0..at).filter(|it| after[*it] && (at - it) % 2 == 1).collect(),
                })
                .collect();
            let project = Project::new(jobs, vec![2, 3]).expect("precedence goes upwards");
            let close = |wanted: &[bool]| {
                let mut wanted = wanted[..project.jobs().len()].to_vec();
                for &job in project.order().iter().rev() {
                    if wanted[job] {
                        for &earlier in &project.jobs()[job].after {
                            wanted[earlier] = true;
                        }
                    }
                }
                (0..wanted.len()).filter(|it| wanted[*it]).collect()
            };
            let milestones = milestones
                .iter()
                .map(|(weight, wanted)| Milestone {
                    weight: f64::from(*weight),
                    jobs: close(wanted),
                    floor: 0,
                })
                .collect();
            (project, Milestones(milestones))
        },
    )
}

/// The least cost over all start times up to the summed durations: slow, and knows nothing of schedule generation.
fn by_hand(project: &Project, objective: &dyn Objective) -> f64 {
    let horizon: u64 = project.jobs().iter().map(|it| it.duration).sum();
    let mut starts = vec![0; project.jobs().len()];
    let mut best = f64::INFINITY;
    loop {
        if project.fault(&starts).is_none() {
            best = best.min(objective.cost(&project.ends(&starts)).loss);
        }
        let Some(at) = (0..starts.len()).find(|it| starts[*it] < horizon) else { return best };
        starts[at] += 1;
        starts[..at].fill(0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn branch_and_bound_finds_what_brute_force_finds((project, objective) in projects(4)) {
        let found = search(&project, &objective, &[], 0, &mut Rng::new(1));
        let outcome = branch_and_bound(&project, &objective, found, 0.0, 100_000);
        prop_assert!(outcome.proven);
        prop_assert_eq!(outcome.best.cost.loss, by_hand(&project, &objective));
    }

    #[test]
    fn every_schedule_is_feasible_and_no_bound_exceeds_the_optimum((project, objective) in projects(7), seed in 0u64..99) {
        let mut rng = Rng::new(seed);
        let keys: Vec<u64> = (0..project.jobs().len()).map(|_| rng.bits()).collect();
        let starts = serial(&project, &list_by(&project, &keys));
        prop_assert_eq!(project.fault(&starts), None);
        let better = forward_backward(&project, &starts);
        prop_assert_eq!(project.fault(&better), None);
        prop_assert!(project.ends(&better).iter().max() <= project.ends(&starts).iter().max());
        let found = search(&project, &objective, &[], 100, &mut rng);
        prop_assert_eq!(project.fault(&found.starts), None);
        let least = weighted(&project, &objective.0, 100);
        let outcome = branch_and_bound(&project, &objective, found.clone(), 0.0, 1_000_000);
        prop_assert!(outcome.proven && outcome.best.cost <= found.cost);
        prop_assert!(least <= outcome.best.cost.loss, "bound {} above optimum {}", least, outcome.best.cost.loss);
    }
}

/// One crew of one, jobs alone: the bound is Smith's rule and therefore exact.
#[test]
fn the_bound_is_tight_on_one_machine() {
    let job = |duration| Job { duration, demands: vec![(0, 1)], after: Vec::new() };
    let project = Project::new(vec![job(3), job(1), job(4)], vec![1]).expect("a project");
    let alone = |at: usize, weight: f64| Milestone { weight, jobs: vec![at], floor: 0 };
    let milestones = vec![alone(0, 2.0), alone(1, 5.0), alone(2, 1.0)];
    // 5*1 + 2*4 + 1*8 = 21.
    let least = weighted(&project, &milestones, 2000);
    assert!((20.5..=21.0).contains(&least), "{least}");
    let found = search(&project, &Milestones(milestones), &[], 50, &mut Rng::new(1));
    assert_eq!(found.cost.loss, 21.0);
}

#[test]
fn faulty_projects_are_refused() {
    let job = |after: Vec<usize>| Job { duration: 1, demands: vec![(0, 1)], after };
    assert_eq!(Project::new(vec![job(vec![1]), job(vec![0])], vec![1]), Err(BadProject::Cycle(0)));
    assert_eq!(Project::new(vec![job(vec![])], vec![0]), Err(BadProject::Demand(0, 0)));
}

#[test]
fn the_check_finds_faults() {
    let job = |after: Vec<usize>| Job { duration: 2, demands: vec![(0, 1)], after };
    let project = Project::new(vec![job(vec![]), job(vec![0]), job(vec![])], vec![1]).expect("a project");
    assert_eq!(project.fault(&[0, 2, 4]), None);
    assert!(project.fault(&[0, 1, 4]).is_some_and(|it| it.contains("before")));
    assert!(project.fault(&[0, 2, 3]).is_some_and(|it| it.contains("overbooked")));
}
