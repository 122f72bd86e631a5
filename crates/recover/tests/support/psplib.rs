//! PSPLIB instances (`.sm`) and their reference values, for tests and measurements.
#![allow(dead_code, reason = "each binary uses its own part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bulkhead_recover::schedule::{Cost, Job, Objective, Project};

/// The time until everything is done.
pub struct Makespan;

impl Objective for Makespan {
    fn cost(&self, ends: &[u64]) -> Cost {
        Cost { late: 0, loss: ends.iter().copied().max().unwrap_or(0) as f64, span: 0 }
    }
}

/// The folder of instances, if it is there.
pub fn folder() -> Option<PathBuf> {
    let data = std::env::var("BULKHEAD_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned());
    Some(PathBuf::from(data).join("rcpsp")).filter(|it| it.is_dir())
}

/// Reads one instance; `None` when it is not one.
pub fn read(text: &str) -> Option<Project> {
    let section = |name: &str| text.split_once(name).map(|it| it.1);
    let rows = |text: &str| -> Vec<Vec<u64>> {
        let numbers =
            |line: &str| line.split_whitespace().map(|it| it.parse().ok()).collect::<Option<Vec<u64>>>();
        text.lines()
            .skip_while(|it| numbers(it).is_none_or(|it| it.is_empty()))
            .map_while(|it| numbers(it).filter(|it| !it.is_empty()))
            .collect()
    };
    let precedence = rows(section("PRECEDENCE RELATIONS:")?);
    let requests = rows(section("REQUESTS/DURATIONS:")?);
    let capacities = rows(section("RESOURCEAVAILABILITIES:")?);
    let mut jobs: Vec<Job> = requests
        .iter()
        .map(|row| Job {
            duration: row[2],
            demands: row[3..].iter().map(|it| *it as u32).enumerate().filter(|it| it.1 > 0).collect(),
            after: Vec::new(),
        })
        .collect();
    for (number, row) in precedence.iter().enumerate() {
        for later in &row[3..] {
            jobs[*later as usize - 1].after.push(number);
        }
    }
    Project::new(jobs, capacities.first()?.iter().map(|it| *it as u32).collect()).ok()
}

/// Best known makespan and lower bound by instance.
pub fn reference(folder: &Path) -> BTreeMap<String, (u64, u64)> {
    let text = std::fs::read_to_string(folder.join("reference.csv")).expect("reference.csv");
    let line = |line: &str| {
        let mut cells = line.split(',').skip(1);
        let name = cells.next()?.to_owned();
        Some((name, (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?)))
    };
    text.lines().filter_map(line).collect()
}

/// A lower bound of the makespan: the longest chain, and the work of each resource over its capacity.
pub fn least(project: &Project) -> u64 {
    let jobs = project.jobs();
    let chain =
        (0..jobs.len()).map(|it| project.head(it) + jobs[it].duration + project.tail(it)).max().unwrap_or(0);
    let work = |resource: usize| -> u64 {
        let demand = |job: &Job| {
            job.demands.iter().filter(|it| it.0 == resource).map(|it| u64::from(it.1)).sum::<u64>()
        };
        jobs.iter().map(|it| it.duration * demand(it)).sum()
    };
    let by_resource =
        project.capacities().iter().enumerate().map(|(at, it)| work(at).div_ceil(u64::from((*it).max(1))));
    by_resource.max().unwrap_or(0).max(chain)
}
