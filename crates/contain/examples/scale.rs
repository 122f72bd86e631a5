//! Plans a generated estate and prints how long each part took: `cargo run --release --example scale -- 100000`.

use std::time::Instant;

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planner, Request, generate};
use bulkhead_model::id::AssetId;

fn main() {
    let assets: usize = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(10_000);
    let estate = generate::estate(assets, 1);
    let ports = MovementPorts::default();
    println!(
        "{} assets, {} flows, {} services",
        estate.assets.len(),
        estate.flows.len(),
        estate.services.len()
    );
    let start = Instant::now();
    let planner = Planner::new(&estate, &ports);
    println!("prepared in {:?}", start.elapsed());
    let first: [AssetId; 3] = ["p000-web-1".into(), "p001-batch-1".into(), "p000-app-2".into()];
    let more: [AssetId; 4] = [first[0].clone(), first[1].clone(), first[2].clone(), "o001-admin-1".into()];
    let mut previous = None;
    for compromised in [&first[..], &more] {
        let start = Instant::now();
        match planner.plan(&Request::new(&estate, compromised, &ports), previous.as_ref()) {
            Ok(planned) => {
                println!(
                    "planned in {:?}: {:?} gap {:.4}",
                    start.elapsed(),
                    planned.plan.objective,
                    planned.plan.gap
                );
                println!("{} actions, {:?}", planned.plan.actions.len(), planned.stats);
                for it in &planned.plan.alternatives {
                    println!("  {} {:?} gap {:.4}", it.name, it.objective, it.gap);
                }
                for it in &planned.plan.baselines {
                    println!("  {:?} {:?} feasible {}", it.name, it.objective, it.feasible);
                }
                previous = Some(planned.plan);
            }
            Err(err) => println!("after {:?}: {err}", start.elapsed()),
        }
    }
}
