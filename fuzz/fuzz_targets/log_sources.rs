//! Any text as log source mappings, and an event: no panic, and the engine fires exactly when the explanation says so.
#![no_main]

#[path = "../harness/detect.rs"]
#[allow(dead_code, reason = "shared by several targets")]
mod detect;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| detect::log_sources(bytes));
