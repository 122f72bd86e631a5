//! The fuzzing corpus of `encoded_names`, replayed; see `fuzz/`.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/harness/journal.rs"]
mod harness;

#[test]
fn the_corpus_passes() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/encoded_names"));
    let mut files: Vec<_> =
        fs::read_dir(corpus).expect("the corpus").map(|it| it.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus is missing");
    files.iter().for_each(|it| harness::encoded_names(&fs::read(it).expect("a file")));
}
