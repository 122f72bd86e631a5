//! One re-plan over and over, for a profiler: `contain-profile SIZE SEED CASE TIMES [inside|outside|own-values]`.

use anyhow::{Context, Result, bail};
use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planner, Request};

use crate::contain::{Declared, starts};
use crate::measure::best;

/// Plans case `CASE` (0 to 5) of the estate of `SIZE` assets and `SEED`, then plans it again with one host more `TIMES` times.
pub fn run(args: &[String]) -> Result<()> {
    let number = |at: usize, default: usize| -> Result<usize> {
        args.get(at).map_or(Ok(default), |it| it.parse()).context("SIZE SEED CASE TIMES are numbers")
    };
    let (size, seed, case, times) = (number(0, 100_000)?, number(1, 1)?, number(2, 3)?, number(3, 20)?);
    let declared = match args.get(4).map(String::as_str) {
        None | Some("inside") => Declared::Inside,
        Some("outside") => Declared::Outside,
        Some("own-values") => Declared::OwnValues,
        Some(other) => bail!("`{other}` is none of inside, outside, own-values"),
    };
    let estate = declared.estate(size, seed as u64);
    let ports = MovementPorts::default();
    let planner = Planner::new(&estate, &ports);
    let starts = starts(&estate, seed as u64);
    let start = starts.get(case).context("CASE is 0 to 5")?;
    let before = &start.hosts[..start.hosts.len() - 1];
    let request = Request { attitude: start.attitude, ..Request::new(&estate, before, &ports) };
    let grown = Request { attitude: start.attitude, ..Request::new(&estate, &start.hosts, &ports) };
    let planned = planner.plan(&request, None)?;
    let mut again = None;
    let seconds = best(times, || again = planner.plan(&grown, Some(&planned.plan)).ok());
    if let Some(again) = again {
        println!("{:?}\ngap {} total {}", again.stats, again.plan.gap, again.plan.objective.total);
        for it in &again.plan.alternatives {
            println!("{} gap {} total {}", it.name, it.gap, it.objective.total);
        }
    }
    let plan_s = best(times.min(3), || drop(bulkhead_contain::plan(&request)));
    println!("plan {:.1} ms, re-plan {:.1} ms", plan_s * 1e3, seconds * 1e3);
    Ok(())
}
