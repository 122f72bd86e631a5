//! HiGHS on the whole problem, one thread, nothing left out: the reference for cost and time.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use highs::{HighsModelStatus, RowProblem, Sense};

use super::milp;
use crate::measure::best_wall;

/// What HiGHS found.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Least cost; none when it stopped at the limit or when no plan exists.
    pub total: Option<f64>,
    /// Seconds by the clock, the building of the model left out.
    pub seconds: f64,
    /// Variables and rows of the model.
    pub variables: usize,
    /// Rows of the model.
    pub rows: usize,
    /// Whether the limit stopped it.
    pub stopped: bool,
}

/// Solves the full model within `limit` seconds.
pub fn solve(
    estate: &Estate,
    ports: &MovementPorts,
    attitude: Attitude,
    compromised: &[AssetId],
    limit: f64,
) -> Reference {
    let milp = milp::build(estate, ports, attitude, compromised, 24.0);
    let mut problem = RowProblem::default();
    let variables: Vec<_> = (0..milp.costs.len())
        .map(|it| {
            let (least, most) = milp.bounds[it];
            problem.add_column_with_integrality(milp.costs[it], least..=most, milp.integer[it])
        })
        .collect();
    for row in &milp.rows {
        problem.add_row(row.least.., row.terms.iter().map(|&(it, factor)| (variables[it], factor)));
    }
    let mut model = problem.optimise(Sense::Minimise);
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("parallel", "off");
    model.set_option("time_limit", limit);
    model.set_option("mip_rel_gap", 1e-9);
    model.set_option("mip_abs_gap", 1e-6);
    let mut model = Some(model);
    let mut solved = None;
    let seconds = best_wall(1, || solved = model.take().map(highs::Model::solve));
    let status = solved.as_ref().map(highs::SolvedModel::status);
    let optimal = status == Some(HighsModelStatus::Optimal);
    let columns = solved.as_ref().map(|it| it.get_solution().columns().to_vec()).unwrap_or_default();
    let total: f64 = columns.iter().zip(&milp.costs).map(|(value, cost)| value * cost).sum();
    Reference {
        total: optimal.then_some(total),
        seconds,
        variables: milp.costs.len(),
        rows: milp.rows.len(),
        stopped: status == Some(HighsModelStatus::ReachedTimeLimit),
    }
}

#[cfg(test)]
pub mod tests {
    //! Our objective against HiGHS's optimum on generated estates of a thousand assets.

    use bulkhead_contain::{PlanError, Request, generate};
    use bulkhead_model::estate::Capability;
    use bulkhead_service::EstateIndex;

    use super::*;
    use crate::contain::cases::{ATTITUDES, Dice, Kind, intrusion};

    /// The estate of a poorer operator: services are worth little more than actions cost, some platforms have no agents,
    /// and every platform's first database must not be reached. Whom a plan hurts then decides what it costs.
    fn tight(mut estate: Estate, dice: &mut Dice) -> Estate {
        for service in &mut estate.services {
            service.value_per_hour = (5 + dice.below(60)) as f64;
        }
        for asset in &mut estate.assets {
            asset.crown_jewel |= asset.id.as_str().ends_with("-db-1");
        }
        let kept: Vec<bool> = estate.enforcement_points.iter().map(|_| dice.below(2) == 0).collect();
        let mut kept = kept.into_iter();
        let agents = |it: &str| it.starts_with("agents-p") || it.starts_with("agents-o");
        estate.enforcement_points.retain(|it| kept.next().unwrap_or(true) || !agents(it.id.as_str()));
        // Whole zone pairs only at every second firewall: hosts must be isolated, which k of n feel.
        if dice.below(2) == 0 {
            let narrow = |it: &Capability| *it != Capability::BlockFlow;
            estate.enforcement_points.iter_mut().for_each(|it| it.can.retain(narrow));
        }
        estate
    }

    /// All application servers of the first platform, two of three web servers of the second.
    fn tiers(estate: &Estate) -> Vec<AssetId> {
        let all = estate.assets.iter().map(|it| it.id.clone());
        let taken = |it: &AssetId| {
            it.as_str().starts_with("p000-app-") || ["p001-web-1", "p001-web-2"].contains(&it.as_str())
        };
        all.filter(taken).collect()
    }

    /// Assets, estates and seconds per problem.
    const ASSETS: usize = 1_000;
    const SEEDS: u64 = 4;
    const LIMIT_S: f64 = 90.0;

    pub fn agree() {
        let ports = MovementPorts::default();
        let (mut compared, mut losing) = (0, 0);
        for seed in 1..=SEEDS {
            let mut dice = Dice::new(seed);
            let mut estate = generate::estate(ASSETS, seed);
            // Every second one declares what lies outside.
            if seed.is_multiple_of(2) {
                estate = generate::open_estate(ASSETS, seed);
            }
            if seed > 1 {
                estate = tight(estate, &mut dice);
            }
            let index = EstateIndex::new(&estate);
            let mut starts = vec![
                intrusion(&estate, &index, &mut dice, Kind::Spread, 6),
                intrusion(&estate, &index, &mut dice, Kind::Scattered, 20),
            ];
            if seed > 1 {
                starts.push(tiers(&estate));
            }
            for compromised in starts {
                let hosts = compromised.len();
                for attitude in ATTITUDES {
                    let request = Request { attitude, ..Request::new(&estate, &compromised, &ports) };
                    let found = solve(&estate, &ports, attitude, &compromised, LIMIT_S);
                    let case = format!("seed {seed}, {hosts} hosts, {attitude:?}");
                    match (bulkhead_contain::plan(&request), found.total) {
                        (Ok(planned), Some(total)) => {
                            let ours = planned.plan.objective;
                            println!("{case}: ours {ours:?}, HiGHS {total} in {:.1} s", found.seconds);
                            assert_eq!(planned.plan.gap, 0.0, "{case}");
                            assert!(
                                (ours.total - total).abs() <= 1e-6 * total.max(1.0),
                                "{case}: {ours:?}, {total}"
                            );
                            compared += 1;
                            losing += u32::from(ours.service_loss.is_some_and(|it| it > 0.0));
                        }
                        (Err(PlanError::Infeasible { .. }), None) => {}
                        (_, None) if found.stopped => println!("{case}: HiGHS stopped at its limit"),
                        (outcome, total) => panic!("{case}: {outcome:?}, HiGHS {total:?} ({found:?})"),
                    }
                }
            }
        }
        assert!(compared >= 12 && losing >= 3, "{compared} compared, {losing} with services lost");
    }
}
