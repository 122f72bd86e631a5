//! Any bytes as one JSON event of any family: what is accepted must visit without panic, `get` must agree, and a reader
//! that remembers layouts must read what one without memory reads.
#![no_main]

use bulkhead_model::event::{Event, Value, Visitor};
use bulkhead_model::json::{JsonEvent, Memory};
use bulkhead_telemetry::entities;
use libfuzzer_sys::fuzz_target;

struct First(Option<String>);

impl<'e> Visitor<'e> for First {
    fn wants(&mut self, name: &str) -> bool {
        self.0.get_or_insert_with(|| name.to_owned());
        true
    }

    fn value(&mut self, _: &str, value: Value<'e>) {
        let _ = value.to_text();
    }
}

/// Every field, in order.
struct All(Vec<(String, String)>);

impl<'e> Visitor<'e> for All {
    fn wants(&mut self, _: &str) -> bool {
        true
    }

    fn value(&mut self, name: &str, value: Value<'e>) {
        self.0.push((name.to_owned(), value.to_text().into_owned()));
    }
}

fn all(event: &JsonEvent<'_>) -> Vec<(String, String)> {
    let mut all = All(Vec::new());
    event.visit(&mut all);
    all.0
}

/// Reads every line of `bytes` with one memory, twice over, and holds each against a reading without.
fn remembered(bytes: &[u8]) {
    let mut memory = Memory::default();
    let lines = || bytes.split(|it| *it == b'\n').take(64);
    for line in lines().chain(lines()) {
        let fresh = JsonEvent::new(line, None);
        match JsonEvent::with_memory(line, None, memory) {
            Ok(event) => {
                assert_eq!(fresh.as_ref().map(all).ok(), Some(all(&event)));
                memory = event.into_memory();
            }
            Err((malformed, kept)) => {
                assert_eq!(fresh.err(), Some(malformed));
                memory = kept;
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    remembered(bytes);
    let Ok(event) = JsonEvent::new(bytes, None) else { return };
    let mut first = First(None);
    event.visit(&mut first);
    if let Some(name) = first.0 {
        assert!(event.get(&name).is_some(), "{name}");
    }
    let _ = entities(&event);
});
