//! Measures the scheduler core on PSPLIB: `cargo run --release -p bulkhead-recover --example psplib -- j30 [EFFORT]`.
//! Prints one JSON object last: {"sets": [{set, instances, proven, optimal, mean_gap, limit_s}]}; `limit_s` is the
//! longest time one instance took.

#[path = "../tests/support/psplib.rs"]
mod psplib;

use std::time::Instant;

use bulkhead_recover::Rng;
use bulkhead_recover::schedule::exact::branch_and_bound;
use bulkhead_recover::schedule::search::search;
use psplib::{Makespan, folder, least, read, reference};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let sets = arguments.next().unwrap_or_else(|| "j30".to_owned());
    let effort: usize = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(2000);
    let Some(folder) = folder() else {
        println!("not run: PSPLIB (no ../shared/data)");
        return;
    };
    let best = reference(&folder);
    let mut lines = Vec::new();
    for set in sets.split(',') {
        let (mut instances, mut proven, mut optimal, mut gaps, mut longest) = (0, 0, 0, 0.0, 0.0f64);
        for (name, (known, _)) in best.iter().filter(|it| it.0.starts_with(set)) {
            let Ok(text) = std::fs::read_to_string(folder.join(set).join(format!("{name}.sm"))) else {
                continue;
            };
            let Some(project) = read(&text) else { continue };
            let begin = Instant::now();
            let found = search(&project, &Makespan, &[], effort, &mut Rng::new(1));
            let outcome = branch_and_bound(&project, &Makespan, found, least(&project) as f64, effort * 5);
            longest = longest.max(begin.elapsed().as_secs_f64());
            assert_eq!(project.fault(&outcome.best.starts), None, "{name}");
            let makespan = outcome.best.cost.loss;
            instances += 1;
            proven += usize::from(outcome.proven);
            optimal += usize::from(makespan <= *known as f64);
            gaps += makespan / *known as f64 - 1.0;
        }
        let mean = gaps / f64::from(instances.max(1));
        eprintln!(
            "{set}: {instances} instances, {proven} proven, {optimal} at the best known, mean gap {:.3} %",
            mean * 100.0
        );
        lines.push(format!(
            "{{\"set\":\"{set}\",\"instances\":{instances},\"proven\":{proven},\"optimal\":{optimal},\"mean_gap\":{mean:.5},\"limit_s\":{longest:.2}}}"
        ));
    }
    println!("{{\"sets\":[{}]}}", lines.join(","));
}
