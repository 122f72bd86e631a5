//! The scheduler core on PSPLIB j30: every schedule is feasible and close to the proven optimum.

#[path = "support/psplib.rs"]
mod psplib;

use bulkhead_recover::Rng;
use bulkhead_recover::schedule::search::search;
use psplib::{Makespan, folder, read, reference};

#[test]
fn j30_stays_close_to_the_optimum() {
    let Some(folder) = folder() else {
        let ci = std::env::var("CI").is_ok_and(|it| it == "true");
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
        assert!(
            !(ci && std::path::Path::new(beside).exists()),
            "PSPLIB instances are missing from ../shared/data/rcpsp"
        );
        println!("not run: PSPLIB j30 (no ../shared/data)");
        return;
    };
    let best = reference(&folder);
    let names: Vec<&String> = best.keys().filter(|it| it.starts_with("j30") && it.ends_with("_1")).collect();
    assert!(names.len() >= 40, "{} instances", names.len());
    let mut gaps = 0.0;
    for name in &names {
        let text = std::fs::read_to_string(folder.join("j30").join(format!("{name}.sm"))).expect("instance");
        let project = read(&text).expect("an instance");
        assert_eq!(project.jobs().len(), 32);
        let found = search(&project, &Makespan, &[], 200, &mut Rng::new(1));
        assert_eq!(project.fault(&found.starts), None, "{name}");
        let (known, proven) = best[*name];
        assert!(found.cost.loss >= proven as f64, "{name}: {} is below the proven bound", found.cost.loss);
        gaps += found.cost.loss / known as f64 - 1.0;
    }
    let mean = gaps / names.len() as f64;
    assert!(mean < 0.02, "mean gap {:.2} %", mean * 100.0);
}
