//! Any bytes as exports of other tools: no panic, and what is drafted can be read and imported onto without change.
#![no_main]

#[path = "../harness/import.rs"]
mod import;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| import::import(bytes));
