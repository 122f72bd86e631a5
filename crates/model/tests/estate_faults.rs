//! Every fault of an estate file gets its own message, with its place: `estate_faults/NAME.yaml` gives `NAME.txt`.
//!
//! `UPDATE_EXPECT=1` writes the expected texts anew.

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::read;
use expect_test::expect_file;
use proptest::prelude::*;

#[test]
fn every_fault_is_told() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/estate_faults");
    let entries = std::fs::read_dir(folder).expect("the folder is part of the repository");
    let mut names: Vec<String> = entries
        .filter_map(|it| it.ok()?.file_name().into_string().ok()?.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        let text = std::fs::read_to_string(format!("{folder}/{name}.yaml")).expect("listed above");
        let (estate, diagnostics) = read(&format!("{name}.yaml"), &text);
        assert_eq!(estate.is_none(), diagnostics.iter().any(Diagnostic::is_error), "{name}");
        let told: String = diagnostics.iter().map(|it| format!("{it}\n")).collect();
        expect_file![format!("{folder}/{name}.txt")].assert_eq(&told);
    }
}

fn telco() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/telco/estate.yaml");
    std::fs::read_to_string(path).expect("the example is part of the repository")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a slip of the finger does to a sound file, it is read or refused, never a panic, and told at a place
    /// within the file.
    #[test]
    fn slips_never_panic(at in 0.0..1.0_f64, length in 0_usize..40, insert in "[\\[\\]{}:,&*'\"\n\t a0-]{0,4}") {
        let text = telco();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place within the text")]
        let start = (at * text.len() as f64) as usize;
        let end = (start + length).min(text.len());
        prop_assume!(text.is_char_boundary(start) && text.is_char_boundary(end));
        let slipped = format!("{}{insert}{}", &text[..start], &text[end..]);
        let (estate, diagnostics) = read("telco", &slipped);
        prop_assert_eq!(estate.is_none(), diagnostics.iter().any(Diagnostic::is_error));
        let lines = u32::try_from(slipped.lines().count()).unwrap_or(u32::MAX);
        for diagnostic in diagnostics {
            let pos = diagnostic.pos.unwrap_or_default();
            prop_assert!(pos.line <= lines + 1, "{diagnostic}");
        }
    }
}
