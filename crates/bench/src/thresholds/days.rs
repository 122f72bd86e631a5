//! When incidents are declared under each threshold: on days without an attack, and after an attack began.

use std::collections::BTreeMap;

use anyhow::Result;
use bulkhead_evaluate::Truth;
use bulkhead_incident::{Memory, Policy, fuse_knowing};
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_model::span::Span;
use jiff::Timestamp;

use super::THRESHOLDS;
use crate::{play, scope};

const DAY_S: u64 = 86_400;
/// How long the days without an attack are, and how many seeds of each: 10 h is the length of the scenario.
const QUIET: [(u64, u64); 3] = [(10 * 3600, 20), (DAY_S, 10), (7 * DAY_S, 5)];

/// Days without an attack, and the incidents that were declared on them.
#[derive(Clone, Debug, Default)]
pub struct Quiet {
    pub days: f64,
    pub incidents: u64,
    /// Which drills declared: length in seconds and seed.
    pub drills: Vec<(u64, u64)>,
}

/// An attack that nobody answers.
pub struct Attack {
    pub scenario: &'static str,
    pub seed: u64,
    pub truth: Truth,
    /// When it was declared, by threshold.
    pub declared: Vec<Option<Timestamp>>,
}

/// When incidents are declared, by threshold.
fn declared(
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    seed: u64,
) -> Vec<Vec<Timestamp>> {
    let under = |declare_points: f64| {
        let policy = Policy { declare_points, ..Policy::default() };
        let memory = Memory::default();
        let all = fuse_knowing(memory, findings, observations, estate, &policy, seed).incidents;
        all.iter().map(|it| it.declared_at).collect()
    };
    THRESHOLDS.iter().map(|it| under(*it)).collect()
}

/// The built-in busy day made longer, by threshold.
pub fn quiet_drills(estate: &Estate) -> Result<Vec<Quiet>> {
    let rules = play::rules(Vec::new());
    let mut all = vec![Quiet::default(); THRESHOLDS.len()];
    for (length, seeds) in QUIET {
        for seed in 1..=seeds {
            let scenario = play::scenario_of("false-alarm", Some(Span::from_secs(length)), Span::default())?;
            let play::Played { seen, estate, .. } = play::play(&scenario, estate, &rules, seed);
            let times = declared(&seen.findings, &seen.observations, &estate, scenario.seed ^ seed);
            for (it, times) in all.iter_mut().zip(times) {
                it.days += Span::from_secs(length).secs() as f64 / DAY_S as f64;
                it.incidents += times.len() as u64;
                if !times.is_empty() {
                    it.drills.push((length, seed));
                }
            }
        }
    }
    Ok(all)
}

/// Seconds from the beginning of an attack until it is declared, of each network; none where it never is, negative where it
/// goes on in an incident that was declared before, falsely.
pub type Delays = Vec<Option<i64>>;

/// Whole networks, by threshold: before the attack on them begins, and after.
pub fn networks() -> Result<(Vec<Quiet>, Vec<Delays>)> {
    let estate = Estate::empty("networks");
    let mut all = vec![Quiet::default(); THRESHOLDS.len()];
    let mut delays = vec![Vec::new(); THRESHOLDS.len()];
    for network in scope::networks(&scope::folder(&[])?)? {
        let start = network.attack().0;
        let first = network.rows.first().map_or(start, |it| it.at);
        let before = |it: &Finding| it.time.is_some_and(|at| at.as_second() < start);
        let all_findings = network.findings();
        let findings: Vec<Finding> = all_findings.iter().filter(|it| before(it)).cloned().collect();
        let times = declared(&findings, &Observations::default(), &estate, 1);
        for (it, times) in all.iter_mut().zip(times) {
            it.days += (start - first) as f64 / DAY_S as f64;
            it.incidents += times.len() as u64;
        }
        let times = declared(&all_findings, &Observations::default(), &estate, 1);
        for (it, times) in delays.iter_mut().zip(times) {
            let after: Vec<i64> = times.iter().map(|it| it.as_second() - start).collect();
            let first = after.iter().copied().filter(|it| *it >= 0).min();
            it.push(first.or_else(|| after.into_iter().max()));
        }
    }
    Ok((all, delays))
}

/// Attacks with so many seeds.
pub fn attacks(estate: &Estate, seeds: u64) -> Result<Vec<Attack>> {
    let rules = play::rules(Vec::new());
    let mut all = Vec::new();
    for name in ["reference", "oss-ssh"] {
        for seed in 1..=seeds {
            let scenario = play::scenario_of(name, None, Span::default())?;
            let play::Played { seen, truth, estate } = play::play(&scenario, estate, &rules, seed);
            let times = declared(&seen.findings, &seen.observations, &estate, scenario.seed ^ seed);
            let declared = times.iter().map(|it| it.iter().min().copied()).collect();
            all.push(Attack { scenario: name, seed, truth, declared });
        }
    }
    Ok(all)
}

/// Seconds from the attacker's first act to the declaration, ascending, and how many were never declared; by threshold.
pub fn delays(attacks: &[Attack], scenario: &str, number: usize) -> (Vec<i64>, usize) {
    let delay = |it: &Attack| Some(it.declared[number]?.as_second() - it.truth.first_act?.as_second());
    let its: Vec<&Attack> = attacks.iter().filter(|it| it.scenario == scenario).collect();
    let mut delays: Vec<i64> = its.iter().filter_map(|it| delay(it)).collect();
    delays.sort_unstable();
    let missed = its.len() - delays.len();
    (delays, missed)
}

/// Which attacks are answered: so many seeds of each scenario.
pub fn answered(attacks: &[Attack], seeds: u64) -> Vec<&Attack> {
    let mut n = BTreeMap::<&str, u64>::new();
    let wanted = |it: &&Attack| {
        let n = n.entry(it.scenario).or_default();
        *n += 1;
        *n <= seeds
    };
    attacks.iter().filter(wanted).collect()
}
