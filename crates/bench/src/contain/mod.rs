//! Containment at the scale of an operator: plan, re-plan, certificate, checker and plain reach on generated estates of
//! 1e3, 1e4 and 1e5 assets, over several estates and intrusions; and HiGHS on the whole problem, where it is built in.

mod cases;
#[cfg(feature = "highs")]
mod milp;
mod profile;
#[cfg(feature = "highs")]
mod reference;
mod sweep;

pub use profile::run as profile;
pub use sweep::run as sweep;

use anyhow::{Context, Result, bail};
use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planned, Planner, Request, certificate, checker, generate};
use bulkhead_model::case::{Attitude, BaselineName};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use bulkhead_service::EstateIndex;
use serde_json::{Value, json};

use crate::contain::cases::{Dice, Kind, intrusion};
use crate::measure::{best, peak_memory_mb};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// One estate of this size is reported too.
const LARGEST: usize = 1_000_000;
/// Estates per size.
const SEEDS: [u64; 3] = [1, 2, 3];

/// What the estates declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared {
    /// Nothing outside: every compromised asset that is not isolated is held to talk to it.
    Inside,
    /// What lies outside, relays, ways in and out.
    Outside,
    /// Nothing outside, but a value of its own for every asset: no two are alike.
    OwnValues,
}

impl Declared {
    fn estate(self, assets: usize, seed: u64) -> Estate {
        match self {
            Self::Inside => generate::estate(assets, seed),
            Self::Outside => generate::open_estate(assets, seed),
            Self::OwnValues => generate::with_own_values(generate::estate(assets, seed)),
        }
    }
}
/// Where the attacker stands in the first case: two of three web servers of one platform, a batch server of another, an
/// office.
const COMPROMISED: [&str; 4] = ["p000-web-1", "p000-web-2", "p001-batch-1", "o000-workstation-2"];
/// One host more: an administrator's workstation of another office.
const ONE_MORE: &str = "o001-admin-1";

/// Where an attacker stands, the last host found out later than the others, and what counts as a move.
struct Start {
    hosts: Vec<AssetId>,
    attitude: Attitude,
}

/// One case measured: seconds each, and what the plan costs.
struct Measured {
    plan_s: f64,
    replan_s: f64,
    reach_s: f64,
    certificate_s: f64,
    check_s: f64,
    gap: f64,
    total: f64,
    baselines: [Option<f64>; 2],
}

/// One of the times of a case.
type Time = fn(&Measured) -> f64;

/// Measures every size and prints a table, or one JSON object with `json`.
pub fn run(json: bool) -> Result<()> {
    let each = |declared: Declared, sizes: &[usize]| {
        sizes.iter().map(|&it| measure(declared, it, &SEEDS)).collect::<Result<Vec<Value>>>()
    };
    let sizes = each(Declared::Inside, &SIZES)?;
    let outside = each(Declared::Outside, &SIZES)?;
    let own_values = each(Declared::OwnValues, &SIZES[2..])?;
    let memory = peak_memory_mb();
    let mut sizes: Vec<Value> = sizes.into_iter().map(with_reference).collect::<Result<_>>()?;
    sizes.push(measure(Declared::Inside, LARGEST, &SEEDS[..1])?);
    if json {
        println!("{}", json!({ "sizes": sizes, "outside": outside, "own_values": own_values }));
        return Ok(());
    }
    print_table("nothing outside declared", &sizes);
    print_table("with what lies outside, relays and ways out", &outside);
    print_table("every asset with a value of its own", &own_values);
    println!("peak memory {memory:.0} MB up to {} assets", SIZES[2]);
    for it in &sizes {
        let share = |name: &str| {
            let percent = |key: &str| it[name][key].as_f64().unwrap_or_default() * 100.0;
            format!("{:.2} % / {:.2} % ({} cases)", percent("median"), percent("worst"), it[name]["cases"])
        };
        let (isolate, zones) = (share("of_isolate_all"), share("of_shut_zones"));
        println!(
            "{} assets: plan as a share of isolating all {isolate}, of shutting zones {zones}",
            it["assets"]
        );
    }
    for it in &sizes {
        if let Some(text) = it["highs"].as_str() {
            println!("HiGHS at {} assets: {text}", it["assets"]);
        }
    }
    Ok(())
}

fn print_table(title: &str, sizes: &[Value]) {
    println!("{title}");
    println!("milliseconds of processor time, median / worst over {} cases per size", cases_per_size());
    println!(
        "assets   move pairs   classes  plan          re-plan       reach  certificate    check          gap"
    );
    for it in sizes {
        let pair = |name: &str| {
            let number = |key: String| it[key].as_f64().unwrap_or_default();
            format!("{:.1} / {:.1}", number(format!("{name}_ms")), number(format!("{name}_worst_ms")))
        };
        println!(
            "{:<8} {:<12} {:<8} {:<13} {:<13} {:<6.1} {:<14} {:<14} {}",
            it["assets"],
            it["move_pairs"],
            it["classes"],
            pair("plan"),
            pair("replan"),
            it["reach_ms"].as_f64().unwrap_or_default(),
            pair("certificate"),
            pair("check"),
            it["gap"],
        );
    }
}

/// The cases of one estate.
fn starts(estate: &Estate, seed: u64) -> Vec<Start> {
    let named = COMPROMISED.iter().chain([&ONE_MORE]).map(|&it| it.into()).collect();
    let mut starts = vec![Start { hosts: named, attitude: Attitude::Movement }];
    let index = EstateIndex::new(estate);
    let mut dice = Dice::new(seed);
    for (kind, hosts, attitude) in [
        (Kind::Spread, 2, Attitude::Movement),
        (Kind::Spread, 10, Attitude::Credential),
        (Kind::Scattered, 10, Attitude::Strict),
        (Kind::Spread, 30, Attitude::Strict),
        (Kind::Scattered, 40, Attitude::Movement),
    ] {
        starts.push(Start { hosts: intrusion(estate, &index, &mut dice, kind, hosts), attitude });
    }
    starts
}

fn cases_per_size() -> usize {
    SEEDS.len() * 6
}

fn measure(declared: Declared, assets: usize, seeds: &[u64]) -> Result<Value> {
    let ports = MovementPorts::default();
    let mut cases = Vec::new();
    let mut size = (0, 0);
    for &seed in seeds {
        let estate = declared.estate(assets, seed);
        let planner = Planner::new(&estate, &ports);
        if seed == seeds[0] {
            size = planner.size(Attitude::Movement);
        }
        for start in starts(&estate, seed) {
            cases.push(measure_case(&estate, &planner, &ports, &start)?);
        }
    }
    let shares =
        ["of_isolate_all", "of_shut_zones"].map(|name| (name, shares(&cases, name == "of_shut_zones")));
    let (classes, move_pairs) = size;
    let first = &cases[0];
    let mut value = json!({
        "assets": assets, "move_pairs": move_pairs, "classes": classes, "cases": cases.len(),
        "gap": cases.iter().map(|it| it.gap).fold(0.0, f64::max), "rss_mb": peak_memory_mb(),
        "total": first.total, "isolate_all": first.baselines[0], "shut_zones": first.baselines[1],
    });
    let times: [(&str, Time); 5] = [
        ("plan", |it| it.plan_s),
        ("replan", |it| it.replan_s),
        ("reach", |it| it.reach_s),
        ("certificate", |it| it.certificate_s),
        ("check", |it| it.check_s),
    ];
    for (name, (median, worst, compared)) in shares {
        value[name] = json!({"median": median, "worst": worst, "cases": compared});
    }
    for (name, of) in times {
        let mut seconds: Vec<f64> = cases.iter().map(of).collect();
        seconds.sort_by(f64::total_cmp);
        value[format!("{name}_ms")] = json!(seconds[seconds.len() / 2] * 1e3);
        value[format!("{name}_worst_ms")] = json!(seconds[seconds.len() - 1] * 1e3);
    }
    // By case, the worst over the seeds: the same six cases come round with each.
    let kinds = [
        "few hosts",
        "spread 2",
        "spread 10 credential",
        "scattered 10 strict",
        "spread 30 strict",
        "scattered 40",
    ];
    for (at, kind) in kinds.iter().enumerate() {
        let worst = cases.iter().skip(at).step_by(kinds.len()).map(|it| it.replan_s).fold(0.0, f64::max);
        value["replan_case_worst_ms"][kind] = json!(worst * 1e3);
    }
    Ok(value)
}

fn measure_case(
    estate: &Estate,
    planner: &Planner<'_>,
    ports: &MovementPorts,
    start: &Start,
) -> Result<Measured> {
    let (attitude, before) = (start.attitude, &start.hosts[..start.hosts.len() - 1]);
    let request = Request { attitude, ..Request::new(estate, before, ports) };
    let grown = Request { attitude, ..Request::new(estate, &start.hosts, ports) };
    let planned = planner.plan(&request, None)?;
    let again = planner.plan(&grown, Some(&planned.plan))?;
    let proof = certificate(&request, &planned.rules)?;
    let facts = checker::Facts { estate, compromised: before, identities: &[], movement_ports: ports };
    let verdict = checker::check(&facts, &proof, &planned.rules);
    if !verdict.holds {
        bail!("the checker refuses the plan for {:?}: {:?}", before, verdict.faults);
    }
    // Errors would have shown just above: the same work again, measured. Planning starts from the estate as read.
    Ok(Measured {
        plan_s: best(2, || drop(bulkhead_contain::plan(&request))),
        replan_s: best(3, || drop(planner.plan(&grown, Some(&planned.plan)))),
        reach_s: best(3, || drop(planner.reach(&request))),
        certificate_s: best(1, || drop(certificate(&request, &planned.rules))),
        check_s: best(1, || drop(checker::check(&facts, &proof, &planned.rules))),
        gap: planned.plan.gap.max(again.plan.gap),
        total: planned.plan.objective.total,
        baselines: [BaselineName::IsolateAll, BaselineName::ShutZones].map(|it| baseline(&planned, it)),
    })
}

/// What a baseline costs, where it is feasible.
fn baseline(planned: &Planned, name: BaselineName) -> Option<f64> {
    let found = planned.plan.baselines.iter().find(|it| it.name == name && it.feasible);
    found.map(|it| it.objective.total)
}

/// Plan as a share of a baseline, over the cases in which that is feasible and costs anything: (median, worst, cases).
fn shares(cases: &[Measured], zones: bool) -> (f64, f64, usize) {
    let of = |it: &Measured| Some(it.total / it.baselines[usize::from(zones)].filter(|&it| it > 0.0)?);
    let mut shares: Vec<f64> = cases.iter().filter_map(of).collect();
    shares.sort_by(f64::total_cmp);
    let at = |it: usize| shares.get(it).copied().unwrap_or_default();
    (at(shares.len() / 2), at(shares.len().saturating_sub(1)), shares.len())
}

/// Sizes at which the whole problem is given to HiGHS.
const REFERENCE_SIZES: [usize; 2] = [1_000, 10_000];
/// Seconds it may take.
#[cfg(feature = "highs")]
const REFERENCE_LIMIT_S: f64 = 600.0;

/// Adds what HiGHS did at this size, in a process of its own: its memory is not ours.
fn with_reference(mut size: Value) -> Result<Value> {
    let assets = size["assets"].as_u64().unwrap_or_default() as usize;
    if cfg!(not(feature = "highs")) || !REFERENCE_SIZES.contains(&assets) {
        return Ok(size);
    }
    let output = std::process::Command::new(std::env::current_exe()?)
        .args(["contain-highs", &assets.to_string()])
        .output()
        .context("failed to start the reference solver")?;
    let found: Value =
        serde_json::from_slice(&output.stdout).context("the reference solver printed nothing")?;
    if let (Some(fields), Some(found)) = (size.as_object_mut(), found.as_object()) {
        fields.extend(found.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Ok(size)
}

/// `contain-highs ASSETS`: the first case of the first estate given to HiGHS; prints one JSON object.
#[cfg(feature = "highs")]
pub fn highs(args: &[String]) -> Result<()> {
    let assets: usize = args.first().context("name a number of assets")?.parse().context("ASSETS")?;
    let (estate, ports) = (generate::estate(assets, SEEDS[0]), MovementPorts::default());
    let compromised: Vec<AssetId> = COMPROMISED.iter().map(|&it| it.into()).collect();
    let ours = bulkhead_contain::plan(&Request::new(&estate, &compromised, &ports))?.plan.objective.total;
    let found = reference::solve(&estate, &ports, Attitude::Movement, &compromised, REFERENCE_LIMIT_S);
    let model = format!("{} variables, {} rows", found.variables, found.rows);
    let value = match found.total {
        Some(total) => json!({
            "highs_ms": found.seconds * 1e3, "highs_total": total, "highs_rss_mb": peak_memory_mb(),
            "highs": format!("{:.0} ms, optimum {total:.2}, ours {ours:.2} ({model})", found.seconds * 1e3),
        }),
        None if found.stopped => {
            json!({ "highs": format!("limit of {REFERENCE_LIMIT_S} s reached ({model})") })
        }
        None => json!({ "highs": format!("no solution after {:.0} s ({model})", found.seconds) }),
    };
    println!("{value}");
    Ok(())
}

/// Without the solver there is nothing to run.
#[cfg(not(feature = "highs"))]
pub fn highs(_: &[String]) -> Result<()> {
    bail!("HiGHS is not built in: it needs `--features highs`, cmake and libclang")
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

#[cfg(test)]
mod tests {
    /// The plan costs what HiGHS finds on the whole problem; over estates, attitudes and intrusions.
    #[test]
    #[cfg_attr(not(feature = "highs"), ignore = "needs the feature `highs`")]
    fn plans_cost_what_the_reference_finds() {
        #[cfg(feature = "highs")]
        super::reference::tests::agree();
    }
}
