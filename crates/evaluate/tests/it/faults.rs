//! Scenario files with faults: each gets its own message, with its place, and no scenario.

use std::fmt::Write as _;

use expect_test::expect_file;

use crate::hunt::workspace;

#[test]
fn every_fault_has_its_message() {
    let folder = workspace("crates/evaluate/tests/faults");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("tests/faults")
        .map(|it| it.expect("an entry").path())
        .filter(|it| it.extension().is_some_and(|it| it == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a file");
        let (scenario, faults) = bulkhead_evaluate::read(&name, &text);
        assert!(scenario.is_none() && !faults.is_empty(), "{name} was accepted");
        let mut messages = String::new();
        for fault in faults {
            writeln!(messages, "{fault}").expect("a string takes all");
        }
        expect_file![file.with_extension("txt")].assert_eq(&messages);
    }
}
