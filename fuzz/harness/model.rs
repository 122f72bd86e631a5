//! What the fuzz target of plain YAML holds any input to; the tests of `model` replay the corpus through the same code.

use bulkhead_model::yaml;

/// A comment that leaves the text's meaning, and its reading to the full parser: it is no ASCII.
const COMMENT: &str = "# \u{e9}\n";

/// `bytes` as a text of YAML: what a reader of one form makes of it is what the full parser makes of it.
pub fn yaml_block(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // What ends a text may be part of it: a line without its end, a mark of its bytes, what cannot be read.
    if !text.ends_with('\n') {
        return;
    }
    let (read, faults) = yaml::parse("fuzz.yml", text);
    if !faults.is_empty() || read.len() != 1 {
        return;
    }
    let (fully, faults) = yaml::parse("fuzz.yml", &format!("{text}{COMMENT}"));
    assert!(faults.is_empty(), "{faults:?}\n{text}");
    assert_eq!(read, fully, "{text}");
}
