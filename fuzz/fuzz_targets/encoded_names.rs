//! Any text around and beside a name in another writing: it does not get out.
#![no_main]

#[path = "../harness/journal.rs"]
mod harness;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| harness::encoded_names(bytes));
