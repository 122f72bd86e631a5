//! Any bytes as one JSON event of any family: what is accepted must visit without panic, and `get` must agree.
#![no_main]

use bulkhead_model::event::{Event, Value, Visitor};
use bulkhead_model::json::JsonEvent;
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

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = JsonEvent::new(bytes, None) else { return };
    let mut first = First(None);
    event.visit(&mut first);
    if let Some(name) = first.0 {
        assert!(event.get(&name).is_some(), "{name}");
    }
    let _ = entities(&event);
});
