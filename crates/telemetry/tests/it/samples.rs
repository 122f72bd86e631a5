//! Every `*.in` below a family's folder, and what it must read to: the `.json` beside it. `UPDATE_EXPECT=1` writes the
//! latter.

use std::path::{Path, PathBuf};

use bulkhead_telemetry::Options;
use expect_test::expect_file;
use serde_json::json;

use crate::support::read_all;

pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

pub fn files() -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect()
    };
    let mut files: Vec<PathBuf> = entries(&folder())
        .into_iter()
        .filter(|it| it.is_dir())
        .flat_map(|it| entries(&it))
        .filter(|it| it.extension().is_some_and(|it| it == "in"))
        .collect();
    files.sort();
    files
}

pub fn options() -> Options {
    Options { now: "2024-06-01T00:00:00Z".parse().ok(), ..Options::default() }
}

#[track_caller]
fn check(file: &Path) {
    let (records, telemetry) = read_all(&[file], &options());
    let report = &telemetry.sources[0];
    let prefix = format!("{}/", file.parent().unwrap().display());
    let shown = json!({
        "format": report.format.name(),
        "events": report.events,
        "malformed": report.malformed,
        "diagnostics": telemetry.diagnostics.iter().map(|it| it.to_string().replace(&prefix, "")).collect::<Vec<_>>(),
        "records": records.into_iter().map(|it| it.shown).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&shown).unwrap() + "\n";
    expect_file![file.with_extension("json")].assert_eq(&text);
}

#[test]
fn every_sample_reads_to_its_events() {
    let files = files();
    assert!(files.len() >= 50, "samples are missing");
    for file in files {
        check(&file);
    }
}
