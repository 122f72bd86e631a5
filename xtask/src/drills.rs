//! `cargo xtask bench drills`: plays drills, one process a seed, and tells what was declared on days without an attack, and how
//! attacks after a week of ordinary life were found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use crate::shell::{cargo, target};

/// Ordinary life before an attack.
const BEFORE: &str = "7d";

/// Drills of many seeds.
#[derive(Parser)]
#[command(name = "cargo xtask bench drills")]
struct Args {
    /// Figures as JSON.
    #[arg(long)]
    json: bool,
    /// How many seeds of each, from 1 on. 30 and more tell something; a few tell that it runs.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1, value_name = "N")]
    first: u64,
    /// Lengths of the days without an attack.
    #[arg(long, value_delimiter = ',', default_value = "10h,24h,48h,7d,30d", value_name = "SPAN,...")]
    lengths: Vec<String>,
    /// One scenario alone.
    #[arg(long)]
    only: Option<Kind>,
    /// Processes at a time (default: as many as there are cores).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// The `bulkhead` to run (default: one built now, in release mode).
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// A built-in scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    FalseAlarm,
    Reference,
    OssSsh,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::FalseAlarm => "false-alarm",
            Self::Reference => "reference",
            Self::OssSsh => "oss-ssh",
        }
    }
}

/// One drill to be played.
struct Drill {
    kind: Kind,
    /// Of the days without an attack, or before the attack.
    length: String,
    seed: u64,
}

/// What came of one.
struct Played {
    code: i32,
    /// What it printed as JSON.
    told: Value,
}

/// Runs the benchmark.
pub fn run(root: &Path, args: &[String]) -> Result<()> {
    let shown = std::iter::once("drills".to_owned()).chain(args.iter().cloned());
    let args = match Args::try_parse_from(shown) {
        Ok(args) => args,
        Err(err) => err.exit(),
    };
    let program = match &args.program {
        Some(program) => program.clone(),
        None => {
            cargo(root).args(["build", "--release", "--quiet", "--package", "bulkhead"]).run()?;
            target(root).join("release/bulkhead")
        }
    };
    // Drills run in folders of their own.
    let program = program.canonicalize().with_context(|| format!("no program {}", program.display()))?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let jobs = args.jobs.map_or(cores, |it| usize::try_from(it).unwrap_or(cores));

    let wanted = |kind| args.only.is_none_or(|only| only == kind);
    let (mut days, mut attacks) = (Vec::new(), Vec::new());
    for length in args.lengths.iter().filter(|_| wanted(Kind::FalseAlarm)) {
        days.push(day(length, &play(&program, &drills(&args, Kind::FalseAlarm, length), jobs)?));
        tell(&args, days.last(), &DAYS);
    }
    for kind in [Kind::Reference, Kind::OssSsh].into_iter().filter(|it| wanted(*it)) {
        attacks.push(attack(kind, &play(&program, &drills(&args, kind, BEFORE), jobs)?));
        tell(&args, attacks.last(), &ATTACKS);
    }
    if args.json {
        println!("{:#}", json!({ "days": days, "attacks": attacks }));
    } else {
        print!("{}{}", table(&DAYS, &days), table(&ATTACKS, &attacks));
    }
    Ok(())
}

/// A group is told as soon as it is done, since the whole may take hours.
fn tell(args: &Args, row: Option<&Value>, columns: &[Column]) {
    if let Some(row) = row.filter(|_| !args.json) {
        eprint!("{}", table(columns, std::slice::from_ref(row)));
    }
}

fn drills(args: &Args, kind: Kind, length: &str) -> Vec<Drill> {
    let seeds = args.first..args.first.saturating_add(args.seeds);
    seeds.map(|seed| Drill { kind, length: length.to_owned(), seed }).collect()
}

/// Plays them, `jobs` at a time; the outcomes are in the order of the drills.
fn play(program: &Path, drills: &[Drill], jobs: usize) -> Result<Vec<Played>> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, drills.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(drill) = drills.get(number) else { return };
                    let outcome = one(program, drill);
                    if outcome.is_err() {
                        // What one cannot, the others cannot either.
                        next.store(drills.len(), Ordering::Relaxed);
                    }
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.insert(number, outcome);
                    }
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.into_values().collect()
}

/// Plays one in a folder of its own, which is gone afterwards, with the case in it.
fn one(program: &Path, drill: &Drill) -> Result<Played> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let (kind, seed) = (drill.kind.name(), drill.seed.to_string());
    let mut words = vec!["drill", kind, "--quiet", "--format", "json", "--seed", &seed];
    match drill.kind {
        Kind::FalseAlarm => words.extend(["--length", &drill.length, "--unanswered"]),
        _ => words.extend(["--before", &drill.length, "--out", "case"]),
    }
    let mut command = Command::new(program);
    command.args(&words).current_dir(folder.path()).stdin(Stdio::null());
    let shown = format!("bulkhead {}", words.join(" "));
    let output = command.output().with_context(|| format!("failed to start `{shown}`"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // A negative verdict is an outcome like others.
    let Some(code @ (0 | 1)) = output.status.code() else {
        bail!("`{shown}` failed: {}\n{}", output.status, said.trim_end());
    };
    let told: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("`{shown}` told no JSON: {}", said.trim_end()))?;
    eprintln!("{shown}: {}", in_short(drill.kind, &told, code));
    Ok(Played { code, told })
}

fn in_short(kind: Kind, told: &Value, code: i32) -> String {
    match kind {
        Kind::FalseAlarm => format!("declared {}", list(&told["incidents"]).len()),
        _ => match detected_s(told) {
            Some(seconds) => format!("found after {seconds} s, ends with {code}"),
            None => format!("not found, ends with {code}"),
        },
    }
}

fn list(of: &Value) -> &[Value] {
    of.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Days of one length without an attack.
fn day(length: &str, all: &[Played]) -> Value {
    let told = || all.iter().map(|it| &it.told);
    let count = |of: &Value| of.as_f64().unwrap_or_default();
    let days = told().map(|it| count(&it["seconds"])).sum::<f64>() / 86_400.0;
    let level = |name: &str| told().map(|it| count(&it["levels"][name])).sum::<f64>();
    let incidents: Vec<&Value> = told().flat_map(|it| list(&it["incidents"])).collect();
    let naming = |how: &str| {
        let is_jewel = |it: &Value| it["crown_jewel"] == true;
        incidents.iter().filter(|it| list(&it[how]).iter().any(is_jewel)).count()
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of incidents")]
    let a_week = incidents.len() as f64 / (days / 7.0).max(f64::MIN_POSITIVE);
    let quiet = told().filter(|it| list(&it["incidents"]).is_empty()).count();
    json!({
        "length": length, "seeds": all.len(), "days": hundredth(days),
        "medium_a_day": hundredth(level("medium") / days),
        "high_a_day": hundredth((level("high") + level("critical")) / days),
        "incidents": incidents.len(), "incidents_a_week": hundredth(a_week), "quiet": quiet,
        "jewels_compromised": naming("compromised"), "jewels_suspected": naming("suspected"),
    })
}

/// Attacks of one kind after ordinary life.
fn attack(kind: Kind, all: &[Played]) -> Value {
    let mut after: Vec<u64> = all.iter().filter_map(|it| detected_s(&it.told)).collect();
    after.sort_unstable();
    let (mut codes, mut missed) = (BTreeMap::new(), BTreeMap::new());
    for it in all {
        *codes.entry(it.code.to_string()).or_insert(0_u64) += 1;
        for it in list(&it.told["objectives"]).iter().filter(|it| it["met"] == false) {
            *missed.entry(text(&it["objective"])).or_insert(0_u64) += 1;
        }
    }
    let false_ones: Vec<u64> =
        all.iter().map(|it| it.told["score"]["false_incidents"].as_u64().unwrap_or_default()).collect();
    json!({
        "scenario": kind.name(), "before": BEFORE, "seeds": all.len(), "found": after.len(), "exit_codes": codes,
        "detect_s": {"min": after.first(), "median": after.get(after.len() / 2), "max": after.last()},
        "missed": missed, "false_incidents": false_ones.iter().sum::<u64>(),
        "seeds_with_false": false_ones.iter().filter(|it| **it > 0).count(),
    })
}

/// Seconds to the first finding of the incident that speaks of a host the attacker acted on; none where there is no incident.
fn detected_s(told: &Value) -> Option<u64> {
    told["incident"].as_object()?;
    told["score"]["mttd_s"].as_u64()
}

fn hundredth(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A column of a table: its name, and where its figure stands.
type Column = (&'static str, fn(&Value) -> String);

const DAYS: [Column; 9] = [
    ("length", |it| text(&it["length"])),
    ("seeds", |it| text(&it["seeds"])),
    ("days", |it| text(&it["days"])),
    ("findings a day, medium", |it| text(&it["medium_a_day"])),
    ("high and critical", |it| text(&it["high_a_day"])),
    ("incidents", |it| text(&it["incidents"])),
    ("a week", |it| text(&it["incidents_a_week"])),
    ("drills without", |it| text(&it["quiet"])),
    ("naming a crown jewel: compromised, suspected", |it| {
        format!("{}, {}", text(&it["jewels_compromised"]), text(&it["jewels_suspected"]))
    }),
];

const ATTACKS: [Column; 7] = [
    ("scenario", |it| format!("{} --before {}", text(&it["scenario"]), text(&it["before"]))),
    ("seeds", |it| text(&it["seeds"])),
    ("found", |it| text(&it["found"])),
    ("seconds to detect: least, median, most", |it| {
        let after = &it["detect_s"];
        format!("{}, {}, {}", text(&after["min"]), text(&after["median"]), text(&after["max"]))
    }),
    ("drills that end with", |it| counts(&it["exit_codes"])),
    ("objectives missed", |it| counts(&it["missed"])),
    ("false incidents (drills with any)", |it| {
        format!("{} ({})", text(&it["false_incidents"]), text(&it["seeds_with_false"]))
    }),
];

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn counts(of: &Value) -> String {
    let counts: Vec<String> =
        of.as_object().into_iter().flatten().map(|(name, count)| format!("{name}: {count}")).collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
}

/// As Markdown, as it stands in the docs.
fn table(columns: &[Column], rows: &[Value]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(columns.iter().map(|it| it.0.to_owned()).collect());
    out.push_str(&format!("|{}\n", "---|".repeat(columns.len())));
    for row in rows {
        out.push_str(&line(columns.iter().map(|it| it.1(row)).collect()));
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(code: i32, told: Value) -> Played {
        Played { code, told }
    }

    #[test]
    fn days_are_summed_over_seeds() {
        let jewel = json!([{"crown_jewel": false}, {"crown_jewel": true}]);
        let all = [
            played(0, json!({"seconds": 86_400, "levels": {"medium": 3, "low": 9}, "incidents": []})),
            played(
                1,
                json!({
                    "seconds": 86_400, "levels": {"high": 2, "critical": 1},
                    "incidents": [{"compromised": [], "suspected": jewel}],
                }),
            ),
        ];
        let row = day("24h", &all);
        assert_eq!((&row["days"], &row["incidents"], &row["quiet"]), (&json!(2.0), &json!(1), &json!(1)));
        assert_eq!((&row["medium_a_day"], &row["high_a_day"]), (&json!(1.5), &json!(1.5)));
        assert_eq!(row["incidents_a_week"], 3.5);
        assert_eq!((&row["jewels_compromised"], &row["jewels_suspected"]), (&json!(0), &json!(1)));
    }

    #[test]
    fn an_attack_is_found_where_an_incident_speaks_of_its_hosts() {
        let told = |incident: Value, mttd: Value, early: u64, missed: &[&str]| {
            let missed = missed.iter().map(|it| json!({"objective": it, "met": false}));
            let all: Vec<Value> = missed.chain([json!({"objective": "mttd", "met": true})]).collect();
            json!({"incident": incident, "score": {"mttd_s": mttd, "false_incidents": early}, "objectives": all})
        };
        let all = [
            played(0, told(json!({}), json!(30), 0, &[])),
            played(1, told(json!({}), json!(10), 2, &["mttc", "incidents"])),
            played(1, told(json!({}), Value::Null, 1, &["mttc"])),
            // Findings that nobody was told of detect nothing.
            played(1, told(Value::Null, json!(5), 0, &["mttc"])),
        ];
        let row = attack(Kind::OssSsh, &all);
        assert_eq!(row["found"], 2);
        assert_eq!(row["detect_s"], json!({"min": 10, "median": 30, "max": 30}));
        assert_eq!(row["exit_codes"], json!({"0": 1, "1": 3}));
        assert_eq!(row["missed"], json!({"incidents": 1, "mttc": 3}));
        assert_eq!((&row["false_incidents"], &row["seeds_with_false"]), (&json!(3), &json!(2)));
        assert_eq!(table(&ATTACKS, &[row]).lines().count(), 4, "a header, a rule, a row, an empty line");
    }
}
