//! The fuzzing corpus of `yaml_block`, replayed; see `fuzz/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/harness/model.rs"]
mod harness;

#[test]
fn the_corpus_passes() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/yaml_block"));
    let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus is missing");
    files.iter().for_each(|it| harness::yaml_block(&fs::read(it).unwrap()));
}
