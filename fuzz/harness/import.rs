//! What the fuzz target of imports holds any input to; the tests of `import` replay the corpus through the same code.

use bulkhead_import::{Base, Options, SourceFile};
use bulkhead_model::estate;

/// Parts an input into several files.
const PART: &[u8] = b"\n%%%\n";

/// `bytes` as files: whatever is drafted reads back as itself, and importing onto it changes nothing.
pub fn import(bytes: &[u8]) {
    let files: Vec<SourceFile> = parts(bytes)
        .into_iter()
        .enumerate()
        .map(|(n, it)| SourceFile { name: format!("file-{n}"), bytes: it.to_vec() })
        .collect();
    let first = bulkhead_import::import(&files, None, &Options::default());
    assert!(!first.report.table().is_empty());
    let (read, faults) = estate::read("drafted", &first.text);
    let Some(read) = read else { panic!("the draft cannot be read: {faults:#?}\n{}", first.text) };
    assert_eq!(read, first.estate, "the text says something else");
    let base = Base { name: "drafted", text: &first.text, estate: &read };
    let again = bulkhead_import::import(&files, Some(base), &Options::default());
    assert_eq!(again.text, first.text, "a second import changes something");
}

fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(PART.len()).position(|it| it == PART) {
        parts.push(&rest[..at]);
        rest = &rest[at + PART.len()..];
    }
    parts.push(rest);
    parts.truncate(8);
    parts
}
