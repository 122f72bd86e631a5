//! Reads telemetry and prints, per file, what was read and how fast: `cargo run --release --example read -- FILES...`;
//! `--read-only` leaves the entities out, `--observations` prints their sum.
#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::time::Instant;

use bulkhead_telemetry::{Observer, Options, Record, entities, read};

fn main() {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|it| it.starts_with("--"));
    let observe = !flags.contains(&"--read-only".to_owned());
    let start = Instant::now();
    let mut observer = Observer::default();
    let mut sink = |record: &Record<'_>| {
        if observe {
            observer.add(&entities(record.event));
        }
        ControlFlow::Continue(())
    };
    let telemetry = read(&paths, &Options::default(), &mut sink);
    let seconds = start.elapsed().as_secs_f64();
    for source in &telemetry.sources {
        println!(
            "{:>9} {:>6} {:>12} {:<9} {}",
            source.events,
            source.malformed,
            source.bytes,
            source.format.name(),
            source.file
        );
    }
    for diagnostic in &telemetry.diagnostics {
        println!("{diagnostic}");
    }
    println!(
        "{} events, {} malformed, {} bytes in {seconds:.2} s",
        telemetry.events(),
        telemetry.malformed(),
        telemetry.bytes()
    );
    if flags.contains(&"--observations".to_owned()) {
        println!("{}", serde_json::to_string_pretty(&observer.finish()).unwrap_or_default());
    }
}
