//! Broken inputs: every folder of `tests/broken` is a command and what its message must say.
//!
//! `args` is the command line, `expect` lists what standard error must contain, the other files are the input.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bulkhead::{run, stderr};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut cases: Vec<_> =
        fs::read_dir(folder).expect("the folder of cases").map(|it| it.expect("an entry").path()).collect();
    cases.sort();
    cases
}

#[test]
fn each_broken_input_gets_its_own_clear_message_and_exit_code_2() {
    let mut faults = Vec::new();
    let mut messages: BTreeMap<String, PathBuf> = BTreeMap::new();
    let cases = cases();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    for case in cases {
        let args = fs::read_to_string(case.join("args")).expect("args");
        let output = run(&case, &args);
        let message = stderr(&output);
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        if output.status.code() != Some(2) {
            faults.push(format!("{name}: exit {:?}, not 2: {message}", output.status.code()));
        }
        if message.contains("panicked") {
            faults.push(format!("{name}: panicked: {message}"));
        }
        for line in fs::read_to_string(case.join("expect")).expect("expect").lines() {
            if !message.contains(line) {
                faults.push(format!("{name}: does not say `{line}`: {message}"));
            }
        }
        if let Some(other) = messages.insert(message, case) {
            faults.push(format!("{name}: same message as {}", other.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
