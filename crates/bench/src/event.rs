//! Benchmark `event`: reading the fields of events lazily, against readers of JSON that do less or more.

use std::hint::black_box;

use anyhow::Result;
use bulkhead_model::event::{Event, Value, Visitor};
use bulkhead_model::json::{JsonEvent, Memory};

use crate::corpus::Events;
use crate::{measure, peers};

/// Wants six fields of an event, as the rules of one route do, and adds up their lengths.
struct Six(usize);

impl<'e> Visitor<'e> for Six {
    fn wants(&mut self, name: &str) -> bool {
        matches!(name, "Channel" | "EventID" | "Image" | "CommandLine" | "TargetObject" | "TargetImage")
    }

    fn value(&mut self, _: &str, value: Value<'e>) {
        self.0 += value.to_text().len();
    }
}

/// Prints events/s and GB/s of each reader.
pub fn run(json: bool) -> Result<()> {
    let events = Events::load()?;
    let bytes = events.text.len();
    let mut results = Vec::new();
    let mut add = |name: &str, seconds: f64| {
        results.push((name.to_owned(), events.len() as f64 / seconds, bytes as f64 / seconds / 1e9));
    };
    add(
        "newline scan (memchr)",
        measure::best(3, || {
            black_box(events.iter().filter(|it| it.contains(&b'\n')).count());
        }),
    );
    add(
        "JsonEvent, index only",
        measure::best(3, || {
            let mut buffer = Vec::new();
            for line in events.iter() {
                buffer = match JsonEvent::with_buffer(line, None, buffer) {
                    Ok(event) => black_box(event).into_buffer(),
                    Err((_, buffer)) => buffer,
                };
            }
        }),
    );
    add(
        "JsonEvent, layouts learned",
        measure::best(3, || {
            let mut memory = Memory::default();
            for line in events.iter() {
                memory = match JsonEvent::with_memory(line, None, memory) {
                    Ok(event) => black_box(event).into_memory(),
                    Err((_, memory)) => memory,
                };
            }
        }),
    );
    add(
        "JsonEvent, six fields read",
        measure::best(3, || {
            let mut memory = Memory::default();
            let mut six = Six(0);
            for line in events.iter() {
                memory = match JsonEvent::with_memory(line, None, memory) {
                    Ok(event) => {
                        event.visit(&mut six);
                        event.into_memory()
                    }
                    Err((_, memory)) => memory,
                };
            }
            black_box(six.0);
        }),
    );
    add("sonic-rs, lazy object iterator", measure::best(3, || peers::sonic_lazy(&events)));
    add("sonic-rs, tree", measure::best(3, || peers::sonic_tree(&events)));
    add("simd-json, tape", measure::best(3, || peers::simd_tape(&events)));
    add("serde_json, tree", measure::best(2, || peers::serde_tree(&events)));
    if json {
        let readers: serde_json::Map<String, serde_json::Value> = results
            .iter()
            .map(|(name, eps, gbps)| {
                (name.clone(), serde_json::json!({"eps": eps.round(), "gb_per_s": gbps}))
            })
            .collect();
        println!("{}", serde_json::json!({"events": events.len(), "bytes": bytes, "readers": readers}));
        return Ok(());
    }
    println!("{} events, {:.1} MB: {}", events.len(), bytes as f64 / 1e6, events.what);
    for (name, eps, gbps) in results {
        println!("{name:<34} {:>9.0} k events/s {gbps:>7.2} GB/s", eps / 1e3);
    }
    Ok(())
}
