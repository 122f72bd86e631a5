//! `thresholds`: what declaring too early or too late costs, in customers hit by needless containment and by spread.

mod answer;
mod days;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::answer::Loss;
use self::days::{Quiet, delays};
use crate::play;

/// Points from which on an incident is declared, as they are tried. What is below the points of a suspected host (5.0) is as
/// good as that: an incident is on suspected hosts.
const THRESHOLDS: [f64; 7] = [4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0];
/// Attacks a year for which the loss of a year is told.
const ATTACKS: [f64; 3] = [0.1, 1.0, 10.0];
/// Seeds of each attack that are played without an answer, to see when it would be declared.
const SEEDS: u64 = 20;
/// Of those, how many are answered, where none are asked for.
const ANSWERED: u64 = 6;
/// Needless answers that are played out at each threshold, at most.
const NEEDLESS: usize = 6;
/// Hours until containment that nobody needed is found to be needless and lifted: an assumption, a shift.
const NEEDLESS_H: f64 = 8.0;

/// Runs the benchmark: `--seeds N` of each attack answered, `--json`.
pub fn run(args: &[String], json: bool) -> Result<()> {
    let seeds = match args.iter().position(|it| it == "--seeds") {
        Some(at) => args.get(at + 1).and_then(|it| it.parse().ok()).context("--seeds needs a number")?,
        None => ANSWERED,
    };
    let estate = play::telco()?;
    let drills = days::quiet_drills(&estate)?;
    let (networks, in_networks) = days::networks()?;
    let attacks = days::attacks(&estate, SEEDS.max(seeds))?;
    let program = answer::program()?;
    let folder = std::env::temp_dir().join(format!("bulkhead-thresholds-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut rows = Vec::new();
    let mut needless: Vec<Loss> = Vec::new();
    for (number, points) in THRESHOLDS.into_iter().enumerate() {
        let mut lost = Vec::new();
        for it in days::answered(&attacks, seeds) {
            let case = answer::drill(&program, &folder, (it.scenario, it.seed, None), points)?;
            let loss =
                case.map_or_else(|| answer::unseen(&it.truth, &estate), |case| case.attacked(&it.truth));
            lost.push((it.scenario, loss));
        }
        for (length, seed) in drills[number].drills.iter().take(NEEDLESS) {
            let wanted = ("false-alarm", *seed, Some(*length));
            let case = answer::drill(&program, &folder, wanted, points)?;
            needless.extend(case.map(|it| it.needless()));
        }
        let all: Vec<Loss> = lost.iter().map(|it| it.1).collect();
        let of = |name: &str| {
            let its: Vec<Loss> = lost.iter().filter(|it| it.0 == name).map(|it| it.1).collect();
            mean(&its)
        };
        let delay = |name: &str| {
            let (delays, missed) = delays(&attacks, name, number);
            json!({ "median_s": delays.get(delays.len() / 2), "most_s": delays.last(), "missed": missed })
        };
        rows.push(json!({
            "declare_points": points,
            "false_drills": quiet(&drills[number]),
            "false_networks": quiet(&networks[number]),
            "attacks": attacks.len(),
            "declared": {
                "reference": delay("reference"), "oss-ssh": delay("oss-ssh"), "networks_s": in_networks[number],
            },
            "answered": all.len(),
            "attack": mean(&all),
            "reference": of("reference"),
            "oss-ssh": of("oss-ssh"),
        }));
    }
    std::fs::remove_dir_all(&folder).ok();
    let needless_one = mean(&needless);
    let (anywhere, n_hit, n_hosts) = answer::needless_anywhere(&estate);
    let anywhere = json!({
        "hosts": n_hosts, "hosts_hit": n_hit,
        "customer_hours": (anywhere.customer_hours * NEEDLESS_H).round(),
        "value": (anywhere.value * NEEDLESS_H).round(),
    });
    rows.iter_mut().for_each(|it| it["per_year"] = yearly(it, &needless_one, &anywhere));
    if json {
        println!(
            "{}",
            json!({
                "needless": needless.len(), "needless_one": needless_one, "needless_anywhere": anywhere,
                "thresholds": rows,
            })
        );
        return Ok(());
    }
    println!("needless answers played out: {}, on average {needless_one}", needless.len());
    println!("needless containment of any one host, {NEEDLESS_H} h: {anywhere}\n");
    print(&rows);
    Ok(())
}

/// False incidents a day, with the most that 95 % of such counts allow.
fn quiet(it: &Quiet) -> Value {
    // Exact for nought, near enough for the rest.
    let n = it.incidents as f64;
    let most = if it.incidents == 0 { 3.0 } else { n + 1.96 * n.sqrt() + 2.0 };
    json!({ "days": tenth(it.days), "incidents": it.incidents, "a_day": n / it.days, "a_day_at_most": most / it.days })
}

fn mean(all: &[Loss]) -> Value {
    let n = all.len().max(1) as f64;
    let of = |it: &dyn Fn(&Loss) -> f64| all.iter().map(it).sum::<f64>() / n;
    json!({
        "customer_hours": of(&|it| it.customer_hours).round(),
        "value": of(&|it| it.value).round(),
        "hosts": tenth(of(&|it| it.hosts)),
        "data_left": of(&|it| f64::from(u8::from(it.data_left))),
        "contained": of(&|it| f64::from(u8::from(it.contained))),
        "closed": of(&|it| f64::from(u8::from(it.closed))),
    })
}

fn tenth(it: f64) -> f64 {
    (it * 10.0).round() / 10.0
}

/// What a year loses, in customer-hours and value: so many attacks, and the false incidents of its days, as they were played
/// out and were they on any host.
fn yearly(row: &Value, needless: &Value, anywhere: &Value) -> Value {
    let number = |it: &Value| it.as_f64().unwrap_or_default();
    let year = |rate: &str, one: &Value, unit: &str, attacks: f64| {
        let false_ones = 365.0 * number(&row[rate]["a_day"]);
        (attacks * number(&row["attack"][unit]) + false_ones * number(&one[unit])).round()
    };
    let all = ATTACKS.map(|attacks| {
        json!({
            "attacks": attacks,
            "customer_hours": year("false_drills", needless, "customer_hours", attacks),
            "value": year("false_drills", needless, "value", attacks),
            "customer_hours_anywhere": year("false_drills", anywhere, "customer_hours", attacks),
            "value_anywhere": year("false_drills", anywhere, "value", attacks),
            "customer_hours_anywhere_networks": year("false_networks", anywhere, "customer_hours", attacks),
        })
    });
    json!(all)
}

/// As a table of Markdown.
fn print(rows: &[Value]) {
    let heads = [
        "points",
        "false in drills",
        "false in networks",
        "declared after: reference",
        "oss-ssh",
        "networks",
        "missed",
        "cases closed",
        "hosts held",
        "data left",
        "customer-hours an attack",
        "million customer-hours a year at 0.1, 1, 10 attacks",
        "false ones on any host",
        "as often as in the networks",
    ];
    println!("| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()));
    let number = |it: &Value| it.as_f64().unwrap_or_default();
    let quiet = |it: &Value| {
        let (n, days) = (number(&it["incidents"]), number(&it["days"]));
        let (a_year, most) = (365.0 * number(&it["a_day"]), 365.0 * number(&it["a_day_at_most"]));
        format!("{n} in {days} days: {a_year:.0} a year, at most {most:.0}")
    };
    let declared = |it: &Value| {
        format!("{:.1} to {:.1} min", number(&it["median_s"]) / 60.0, number(&it["most_s"]) / 60.0)
    };
    for row in rows {
        let (first, second) = (&row["declared"]["reference"], &row["declared"]["oss-ssh"]);
        let in_networks = row["declared"]["networks_s"].as_array().into_iter().flatten();
        let in_networks: Vec<String> = in_networks
            .map(|it| match it.as_f64() {
                None => "never".to_owned(),
                Some(it) if it < 0.0 => "in a false one".to_owned(),
                Some(it) => format!("{:.1} min", it / 60.0),
            })
            .collect();
        let millions = |unit: &str| {
            let all = row["per_year"].as_array().into_iter().flatten();
            all.map(|it| format!("{:.2}", number(&it[unit]) / 1e6)).collect::<Vec<_>>().join(", ")
        };
        let cells = [
            row["declare_points"].to_string(),
            quiet(&row["false_drills"]),
            quiet(&row["false_networks"]),
            declared(first),
            declared(second),
            in_networks.join(", "),
            format!("{} of {}", number(&first["missed"]) + number(&second["missed"]), row["attacks"]),
            format!("{:.0} % of {}", 100.0 * number(&row["attack"]["closed"]), row["answered"]),
            row["attack"]["hosts"].to_string(),
            format!("{:.0} %", 100.0 * number(&row["attack"]["data_left"])),
            number(&row["attack"]["customer_hours"]).to_string(),
            millions("customer_hours"),
            millions("customer_hours_anywhere"),
            millions("customer_hours_anywhere_networks"),
        ];
        println!("| {} |", cells.join(" | "));
    }
}
