//! Random intrusions of 1 to 50 hosts, and whole tiers, under every attitude: how long a plan takes and how large a gap it leaves, at worst.

use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result};
use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{PlanError, Planner, Request, generate};
use bulkhead_model::estate::Estate;
use bulkhead_service::EstateIndex;

use crate::contain::cases::{ATTITUDES, Dice, Kind, intrusion};
use crate::measure::best;

/// `contain-sweep [SIZE|FILE] [SEEDS]`: prints the slow and the unproven ones, then one line per size, which ends with a
/// digest of all plans and rules: two programs whose digests are equal (built by the same compiler) plan alike.
pub fn run(args: &[String]) -> Result<()> {
    let what = args.first().map_or("1000", String::as_str);
    let seeds: u64 = args.get(1).map_or(Ok(20), |it| it.parse()).context("SEEDS wants a number")?;
    let only: Option<u64> = args.get(2).map(|it| it.parse()).transpose().context("SEED wants a number")?;
    let (mut slowest, mut widest, mut over, mut cases, mut refused) = (0.0_f64, 0.0_f64, 0, 0, 0);
    let (mut times, mut digest) = (Vec::new(), DefaultHasher::new());
    for seed in (1..=seeds).filter(|it| only.is_none_or(|only| only == *it)) {
        let estate = match what.parse::<usize>() {
            Ok(assets) => generate::estate(assets, seed),
            Err(_) => read(what)?,
        };
        let ports = MovementPorts::default();
        let index = EstateIndex::new(&estate);
        let planner = Planner::new(&estate, &ports);
        let mut dice = Dice::new(seed);
        for kind in [Kind::Spread, Kind::Scattered, Kind::Tier] {
            let sizes = [1, 2 + dice.below(8), 10 + dice.below(41)];
            for hosts in if kind == Kind::Tier { &sizes[..1] } else { &sizes[..] } {
                let hosts = *hosts;
                let compromised = intrusion(&estate, &index, &mut dice, kind, hosts);
                for attitude in ATTITUDES {
                    let request = Request { attitude, ..Request::new(&estate, &compromised, &ports) };
                    let mut outcome = None;
                    let seconds = best(1, || outcome = Some(planner.plan(&request, None)));
                    let Some(outcome) = outcome else { continue };
                    let text = outcome.as_ref().ok().map(|it| serde_json::to_string(&(&it.plan, &it.rules)));
                    text.transpose()?.hash(&mut digest);
                    cases += 1;
                    times.push(seconds);
                    slowest = slowest.max(seconds);
                    let text = match outcome {
                        Ok(planned) => {
                            let alternatives = planned.plan.alternatives.iter().map(|it| it.gap);
                            let others = alternatives.fold(0.0_f64, f64::max);
                            let gap = planned.plan.gap;
                            widest = widest.max(gap);
                            over += u32::from(gap > 0.05);
                            if gap <= 0.0 && others <= 0.05 && seconds < 1.0 {
                                continue;
                            }
                            let nodes = planned.stats.search_nodes;
                            #[cfg(feature = "highs")]
                            if gap > 0.0 {
                                let found =
                                    super::reference::solve(&estate, &ports, attitude, &compromised, 120.0);
                                println!("{found:?}");
                            }
                            format!(
                                "gap {gap:.4} others {others:.4} total {} nodes {nodes} arcs {} candidates {}",
                                planned.plan.objective.total,
                                planned.stats.graph_arcs,
                                planned.stats.candidates
                            )
                        }
                        Err(PlanError::Infeasible { .. }) if seconds < 1.0 => {
                            refused += 1;
                            continue;
                        }
                        Err(err) => format!("{err}"),
                    };
                    println!(
                        "seed {seed} {kind:?} {} hosts {attitude:?}: {:.0} ms, {text}",
                        compromised.len(),
                        seconds * 1e3
                    );
                }
            }
        }
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{what}: {cases} intrusions, {refused} refused; median {:.0} ms, slowest {:.0} ms; widest gap {widest:.4}, {over} over 5 %; plans {:016x}",
        times.get(times.len() / 2).copied().unwrap_or_default() * 1e3,
        slowest * 1e3,
        digest.finish()
    );
    Ok(())
}

fn read(file: &str) -> Result<Estate> {
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {file}"))?;
    bulkhead_model::estate::read(file, &text).0.with_context(|| format!("{file} is no estate"))
}
