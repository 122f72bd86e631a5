//! Golden imports: every folder of `tests/cases` holds `input/`, perhaps `base.yaml`, and what must come of them:
//! `expected.yaml`, the report for people `expected.txt`, the faults `expected.faults`. `UPDATE_EXPECT=1` rewrites these.
//!
//! Every case is also imported with its files in another order and once more onto its own result: the bytes must be the
//! same. And the result must be one that `estate check` accepts and a plan can be made of.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{PlanError, Request};
use bulkhead_import::{Base, Imported, Options, SourceFile, import};
use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::{self, Estate};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The files below `folder`, named by their paths within it.
fn files(folder: &Path) -> Vec<SourceFile> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("the case's input").map(|it| it.expect("an entry").path()).collect();
    entries.sort();
    let name = |it: &Path| it.file_name().expect("a name").to_string_lossy().into_owned();
    entries.iter().map(|it| SourceFile { name: name(it), bytes: fs::read(it).expect("a file") }).collect()
}

fn read(name: &str, text: &str) -> Estate {
    let (estate, diagnostics) = estate::read(name, text);
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|it| it.is_error()).collect();
    estate.unwrap_or_else(|| panic!("{name} cannot be read: {errors:#?}\n{text}"))
}

fn run(files: &[SourceFile], base: Option<&str>) -> Imported {
    let estate = base.map(|text| read("base.yaml", text));
    let base = estate.as_ref().zip(base).map(|(estate, text)| Base { name: "base.yaml", text, estate });
    import(files, base, &Options::default())
}

/// Everything a draft can ask of a plan: it is made, or a named rule stands in the way.
fn plan(estate: &Estate) {
    let Some(first) = estate.assets.first() else { return };
    let ports = MovementPorts::default();
    let compromised = [first.id.clone()];
    match bulkhead_contain::plan(&Request::new(estate, &compromised, &ports)) {
        Ok(_) | Err(PlanError::Infeasible { .. }) => {}
        Err(other) => panic!("no plan: {other}"),
    }
}

fn compare(path: &Path, found: &str, faults: &mut Vec<String>) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        if found.is_empty() && !path.exists() {
            return;
        }
        fs::write(path, found).expect("the expectation is written");
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected != found {
        faults.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
    }
}

#[test]
fn every_case_gives_what_is_expected_of_it() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).expect("cases").map(|it| it.expect("an entry").path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "the cases are missing");
    let mut faults = Vec::new();
    for case in cases {
        let mut input = files(&case.join("input"));
        let base = fs::read_to_string(case.join("base.yaml")).ok();
        let imported = run(&input, base.as_deref());
        compare(&case.join("expected.yaml"), &imported.text, &mut faults);
        compare(&case.join("expected.txt"), &imported.report.table(), &mut faults);
        let told: String = imported.diagnostics.iter().map(|it| format!("{it}\n")).collect();
        compare(&case.join("expected.faults"), &told, &mut faults);

        let read_back = read("expected.yaml", &imported.text);
        assert_eq!(read_back, imported.estate, "{}: the text says something else", case.display());
        plan(&read_back);
        input.reverse();
        let reversed = run(&input, base.as_deref());
        assert_eq!(reversed.text, imported.text, "{}: files in another order", case.display());
        let again = run(&input, Some(&imported.text));
        assert_eq!(again.text, imported.text, "{}: imported onto its own result", case.display());
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

#[test]
fn all_cases_together_are_one_estate() {
    let mut input = Vec::new();
    for case in fs::read_dir(folder()).expect("cases").map(|it| it.expect("an entry").path()) {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let of_case = files(&case.join("input")).into_iter();
        input.extend(of_case.map(|it| SourceFile { name: format!("{name}/{}", it.name), ..it }));
    }
    let imported = run(&input, None);
    let read_back = read("all.yaml", &imported.text);
    assert_eq!(read_back, imported.estate, "the text says something else");
    plan(&read_back);
    input.reverse();
    assert_eq!(run(&input, None).text, imported.text, "files in another order");
    assert_eq!(run(&input, Some(&imported.text)).text, imported.text, "imported onto its own result");
    let sources = ["netbox", "bloodhound", "kubernetes", "nmap", "flows"];
    let table = imported.report.table();
    assert!(sources.iter().all(|it| imported.text.contains(&format!("# {it} "))), "{table}");
    assert!(imported.report.conflicts.len() > 3, "{table}");
}
