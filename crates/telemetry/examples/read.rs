//! Reads telemetry and prints, per file, what was read and how fast: `cargo run --release --example read -- FILES...`
#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::time::Instant;

use bulkhead_telemetry::{Options, Record, read};

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let start = Instant::now();
    let mut sink = |_: &Record<'_>| ControlFlow::Continue(());
    let telemetry = read(&paths, &Options::default(), &mut sink);
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
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} events, {} malformed, {} bytes in {seconds:.2} s",
        telemetry.events(),
        telemetry.malformed(),
        telemetry.bytes()
    );
}
