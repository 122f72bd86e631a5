//! Any bytes as a baseline: what is taken for one can be written, read and gone on from.
#![no_main]

#[path = "../harness/incident.rs"]
mod harness;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| harness::baseline(bytes));
