//! Any text as YAML: what the reader of the plain block form makes of it is what the full parser makes of it.
#![no_main]

#[path = "../harness/model.rs"]
mod harness;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| harness::yaml_block(bytes));
