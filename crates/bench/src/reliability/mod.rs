//! `reliability`: whether hosts and accounts of which the stage is so sure are so often in the attacker's hands.

mod curve;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::curve::{FORMULAS, Said, round, scores, told};
use self::sources::Told;

/// Seeds of each drill where none are asked for.
const SEEDS: u64 = 20;

/// Runs the benchmark: `--seeds N` of each drill, `--cases` for every host and account, `--json`.
pub fn run(args: &[String], json: bool) -> Result<()> {
    let seeds = match args.iter().position(|it| it == "--seeds") {
        Some(at) => args.get(at + 1).and_then(|it| it.parse().ok()).context("--seeds needs a number")?,
        None => SEEDS,
    };
    let mut all = Told::default();
    sources::networks(&mut all)?;
    sources::recordings(&mut all)?;
    sources::drills(seeds, &mut all)?;
    if args.iter().any(|it| it == "--cases") {
        all.at_the_end.iter().for_each(|it| println!("{}", case(it)));
    }
    let curves = curves(&all);
    let formulas = formulas(&all.at_the_end);
    if json {
        println!("{}", json!({ "curves": curves, "formulas": formulas }));
        return Ok(());
    }
    curves.iter().for_each(print);
    print_formulas(&formulas);
    Ok(())
}

fn case(it: &Said) -> Value {
    json!({
        "source": it.source, "of": it.of, "id": it.id, "host": it.is_host, "points": round(it.points),
        "confidence": it.confidence, "named": it.named, "truth": it.truth,
    })
}

fn curves(all: &Told) -> Vec<Value> {
    let of = |source: &str, wanted: &dyn Fn(&Said) -> bool| {
        let its = all.at_the_end.iter().filter(|it| it.source == source && wanted(it));
        its.collect::<Vec<&Said>>()
    };
    let mut curves = Vec::new();
    for source in ["network", "recording", "drill"] {
        curves.push(told(&format!("{source}s: hosts, at the end"), &of(source, &|it| it.is_host)));
        let accounts = of(source, &|it| !it.is_host);
        if !accounts.is_empty() {
            curves.push(told(&format!("{source}s: accounts, at the end"), &accounts));
        }
    }
    for source in ["network", "drill"] {
        let hourly = all.every_hour.iter().filter(|it| it.source == source && it.is_host);
        curves.push(told(&format!("{source}s: hosts, every hour"), &hourly.collect::<Vec<_>>()));
    }
    let named: Vec<&Said> = all.at_the_end.iter().filter(|it| it.named).collect();
    curves.push(told("whom an incident names, at the end", &named));
    let balanced = balanced(&all.at_the_end);
    curves.push(told("all, each source a third", &balanced.iter().collect::<Vec<_>>()));
    curves
}

/// All, each of the sources with the same weight; together they weigh as much as the smallest has members.
fn balanced(all: &[Said]) -> Vec<Said> {
    let mut n = BTreeMap::<&str, f64>::new();
    all.iter().for_each(|it| *n.entry(it.source).or_default() += 1.0);
    let least = n.values().copied().fold(f64::INFINITY, f64::min);
    all.iter().map(|it| Said { weight: least / n[it.source], ..it.clone() }).collect()
}

/// Formulas fitted on one half and tried on the other. Halves are of whole networks, recordings and drills: what is said of
/// one host says something of its neighbours.
fn formulas(all: &[Said]) -> Value {
    let all = balanced(all);
    let of: BTreeSet<(&str, &str)> = all.iter().map(|it| (it.source, it.of.as_str())).collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut half_of = BTreeMap::new();
    for it in of {
        let n = counts.entry(it.0).or_default();
        half_of.insert(it, *n % 2);
        *n += 1;
    }
    let half = |number: usize| {
        let its = all.iter().filter(|it| half_of[&(it.source, it.of.as_str())] == number);
        its.collect::<Vec<&Said>>()
    };
    let halves = [half(0), half(1)];
    let tried = |formula: &curve::Formula| {
        let rows: Vec<Value> = [(0, 1), (1, 0)]
            .into_iter()
            .map(|(on, against)| {
                let parameters = formula.fit(&halves[on]);
                let said = |it: &Said| (formula.of)(it.points, parameters);
                json!({ "a": round(parameters[0]), "b": round(parameters[1]), "on_the_other_half": by_source(&halves[against], said) })
            })
            .collect();
        json!({ "formula": formula.name, "halves": rows })
    };
    let today = [1, 0].map(|against| by_source(&halves[against], |it| it.confidence));
    json!({
        "today": today,
        "fitted": FORMULAS.iter().map(tried).collect::<Vec<_>>(),
    })
}

/// Scores of what `said` says, over all and of each source alone.
fn by_source(on: &[&Said], said: impl Fn(&Said) -> f64) -> Value {
    let mut all = json!({ "all": scores(on, &said) });
    for source in ["network", "recording", "drill"] {
        let its: Vec<&Said> = on.iter().copied().filter(|it| it.source == source).collect();
        all[source] = scores(&its, &said);
    }
    all
}

/// How each formula does on the half that it was not fitted on, as a table of Markdown: Brier score, of the two halves.
fn print_formulas(formulas: &Value) {
    println!("\n| formula | fitted on half a, b | all | networks | recordings | drills |");
    println!("|---|---|---|---|---|---|");
    let pair = |rows: [&Value; 2], source: &str| {
        format!("{}, {}", rows[0][source]["brier"], rows[1][source]["brier"])
    };
    let line = |name: &str, fitted: &str, rows: [&Value; 2]| {
        let cells = ["all", "network", "recording", "drill"].map(|it| pair(rows, it));
        println!("| {name} | {fitted} | {} |", cells.join(" | "));
    };
    line("today", "-", [&formulas["today"][0], &formulas["today"][1]]);
    for it in formulas["fitted"].as_array().into_iter().flatten() {
        let half = |number: usize| &it["halves"][number];
        let fitted = format!("{} {}, {} {}", half(0)["a"], half(0)["b"], half(1)["a"], half(1)["b"]);
        let rows = [&half(0)["on_the_other_half"], &half(1)["on_the_other_half"]];
        line(it["formula"].as_str().unwrap_or_default(), &fitted, rows);
    }
}

/// A curve as a table of Markdown.
fn print(curve: &Value) {
    let number = |it: &Value| it.as_f64().unwrap_or_default();
    println!(
        "\n**{}**: {} hosts or accounts of {}, Brier score {} (base rate alone: {}), calibration error {}\n",
        curve["name"].as_str().unwrap_or_default(),
        number(&curve["n"]).round(),
        curve["of"],
        curve["brier"],
        curve["base_rate_brier"],
        curve["ece"]
    );
    println!("| confidence | n | said on average | in the attacker's hands | 95 % | within |");
    println!("|---|---|---|---|---|---|");
    for bin in curve["bins"].as_array().into_iter().flatten() {
        println!(
            "| {:.2} to {:.2} | {:.1} | {:.2} | {:.2} | {:.2} to {:.2} | {} |",
            number(&bin["from"]),
            number(&bin["to"]),
            number(&bin["n"]),
            number(&bin["confidence"]),
            number(&bin["observed"]),
            number(&bin["low"]),
            number(&bin["high"]),
            if bin["within"].as_bool() == Some(true) { "yes" } else { "no" }
        );
    }
}
