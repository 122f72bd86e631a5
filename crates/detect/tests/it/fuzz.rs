//! The fuzzing corpus of rules, pipelines and log sources, replayed; see `fuzz/`.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/harness/detect.rs"]
mod harness;

#[track_caller]
fn check(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(target);
    let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus is missing");
    files.iter().for_each(|it| run(&fs::read(it).unwrap()));
}

#[test]
fn rules() {
    check("rules", harness::rules);
}

#[test]
fn pipelines() {
    check("pipeline", harness::pipeline);
}

#[test]
fn log_sources() {
    check("log_sources", harness::log_sources);
}
