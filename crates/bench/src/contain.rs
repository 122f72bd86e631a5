//! Containment at the scale of an operator: plan, re-plan and plain reach on generated estates of 1e3, 1e4 and 1e5 assets.

use anyhow::{Context, Result, bail};
use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planned, Planner, Request, generate};
use bulkhead_model::case::{Attitude, BaselineName};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use serde_json::{Value, json};

use crate::measure::{best, peak_memory_mb};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Where the attacker stands: two of three web servers of one platform, a batch server of another, an office.
const COMPROMISED: [&str; 4] = ["p000-web-1", "p000-web-2", "p001-batch-1", "o000-workstation-2"];
/// One host more: an administrator's workstation of another office.
const ONE_MORE: &str = "o001-admin-1";

/// Measures every size and prints a table, or one JSON object with `json`.
pub fn run(json: bool) -> Result<()> {
    let sizes = SIZES.iter().map(|&it| measure(it)).collect::<Result<Vec<Value>>>()?;
    if json {
        println!("{}", json!({ "sizes": sizes }));
        return Ok(());
    }
    println!(
        "assets   move pairs   classes  plan ms  re-plan ms  reach ms  gap     cost / isolate all / shut zones"
    );
    for it in &sizes {
        println!(
            "{:<8} {:<12} {:<8} {:<8.1} {:<11.1} {:<9.1} {:<7.4} {} / {} / {}",
            it["assets"],
            it["move_pairs"],
            it["classes"],
            it["plan_ms"].as_f64().unwrap_or_default(),
            it["replan_ms"].as_f64().unwrap_or_default(),
            it["reach_ms"].as_f64().unwrap_or_default(),
            it["gap"].as_f64().unwrap_or_default(),
            it["total"],
            it["isolate_all"],
            it["shut_zones"],
        );
    }
    println!("peak memory {:.0} MB; HiGHS: not run (not built in)", peak_memory_mb());
    Ok(())
}

fn measure(assets: usize) -> Result<Value> {
    let estate = generate::estate(assets, 1);
    let ports = MovementPorts::default();
    let first: Vec<AssetId> = COMPROMISED.iter().map(|&it| it.into()).collect();
    let more: Vec<AssetId> = first.iter().cloned().chain([ONE_MORE.into()]).collect();
    let request = Request::new(&estate, &first, &ports);
    let grown = Request::new(&estate, &more, &ports);
    let planner = Planner::new(&estate, &ports);
    let planned = planner.plan(&request, None)?;
    planner.plan(&grown, Some(&planned.plan))?;
    // Errors would have shown just above: the same work again, measured. Planning starts from the estate as read.
    let plan_s = best(3, || drop(bulkhead_contain::plan(&request)));
    let replan_s = best(5, || drop(planner.plan(&grown, Some(&planned.plan))));
    let reach_s = best(5, || drop(planner.reach(&request)));
    let (classes, move_pairs) = planner.size(Attitude::Movement);
    Ok(json!({
        "assets": estate.assets.len(), "move_pairs": move_pairs, "classes": classes,
        "plan_ms": plan_s * 1e3, "gap": planned.plan.gap, "replan_ms": replan_s * 1e3, "reach_ms": reach_s * 1e3,
        "rss_mb": peak_memory_mb(), "total": planned.plan.objective.total,
        "isolate_all": baseline(&planned, BaselineName::IsolateAll),
        "shut_zones": baseline(&planned, BaselineName::ShutZones),
    }))
}

fn baseline(planned: &Planned, name: BaselineName) -> Option<f64> {
    planned.plan.baselines.iter().find(|it| it.name == name).map(|it| it.objective.total)
}

/// `gen estate --assets N --seed S`: prints an estate file.
pub fn generate(args: &[String]) -> Result<()> {
    if args.first().map(String::as_str) != Some("estate") {
        bail!("`gen` makes: estate --assets N --seed S");
    }
    let number = |name: &str, default: u64| -> Result<u64> {
        let Some(at) = args.iter().position(|it| it == name) else { return Ok(default) };
        let text = args.get(at + 1).with_context(|| format!("{name} wants a number"))?;
        text.parse().with_context(|| format!("{name}: `{text}` is not a number"))
    };
    let assets = usize::try_from(number("--assets", 1_000)?).context("--assets is too large")?;
    let estate: Estate = generate::estate(assets, number("--seed", 1)?);
    println!("{}", serde_json::to_string_pretty(&estate)?);
    Ok(())
}
