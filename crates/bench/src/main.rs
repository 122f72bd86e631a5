//! Benchmarks: `bulkhead-bench event|detect|correlate|contain|scope|reliability|thresholds [--json]`, run through `cargo xtask bench NAME`; and `gen estate`.

mod contain;
mod corpus;
mod correlate;
mod detect;
mod event;
mod measure;
mod peers;
mod play;
mod process;
mod reliability;
mod scope;
mod thresholds;

use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("bulkhead-bench: {err:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let json = args.iter().any(|it| it == "--json");
    match args.first().map(String::as_str) {
        Some("event") => event::run(json),
        Some("detect") => detect::run(json),
        Some("correlate") => correlate::run(json),
        Some("contain") => contain::run(json),
        Some("contain-highs") => contain::highs(&args[1..]),
        Some("contain-profile") => contain::profile(&args[1..]),
        Some("contain-sweep") => contain::sweep(&args[1..]),
        Some("scope") => scope::run(&args[1..], json),
        Some("reliability") => reliability::run(&args[1..], json),
        Some("thresholds") => thresholds::run(&args[1..], json),
        Some("gen") => contain::generate(&args[1..]),
        Some("detect-memory") => detect::memory(),
        Some("detect-oracle") => detect::oracle(),
        Some("detect-profile") => detect::profile(),
        Some(other) => {
            bail!(
                "`{other}` is not a benchmark; known are event, detect, correlate, contain, scope, reliability, thresholds, detect-oracle"
            )
        }
        None => bail!(
            "name a benchmark: event, detect, correlate, contain, scope, reliability, thresholds, detect-oracle"
        ),
    }
}
