//! Operators' own files: added, overriding, and refused with a place and a hint.

use bulkhead_comply::Library;
use expect_test::{Expect, expect};

const OWN: &str = r#"
regime: OWN-1
name: {en: Own rule, fr: Règle propre}
status: in_force
jurisdiction: FR
entity: always
trigger: {fact: users_hit, over: 1000, clause: "guide v4"}
stages:
  - id: call
    name: Call
    anchor: awareness
    limit: {amount: 2, unit: h}
    recipient: the ministry
    channel: phone
    rule: "Within two hours (guide v4)"
sources:
  - {act: Guide, article: v4, confidence: S, verified_on: 2026-11-01}
"#;

#[test]
fn an_operator_adds_and_overrides() {
    let mut library = Library::builtin();
    let count = library.regimes().len();
    assert_eq!(library.add("own.yaml", OWN), []);
    assert_eq!(library.regimes().len(), count + 1);
    let other = OWN.replace("OWN-1", "NIS2");
    assert_eq!(library.add("nis2.yaml", &other), []);
    assert_eq!(library.regimes().len(), count + 1);
    assert_eq!(library.regime(&"NIS2".into()).expect("NIS2").origin, "nis2.yaml");
}

fn check(edit: (&str, &str), expect: &Expect) {
    let text = OWN.replace(edit.0, edit.1);
    assert_ne!(text, OWN, "the edit changes something");
    let mut library = Library::default();
    let faults = library.add("own.yaml", &text);
    assert!(library.regimes().is_empty(), "a faulty regime is left out");
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    expect.assert_eq(&faults.join("\n"));
}

#[test]
fn an_unknown_fact_is_answered_with_those_there_are() {
    let mut library = Library::default();
    let faults = library.add("own.yaml", &OWN.replace("users_hit, over", "users_hitt, over"));
    assert_eq!(faults[0].message, "`users_hitt` is not a fact");
    assert!(faults[0].hint.as_ref().is_some_and(|it| it.contains("users_hit")));
}

#[test]
fn faults_say_where_and_what_next() {
    check(
        ("status: in_force", "status: enforced"),
        &expect![[
            r#"own.yaml:4:9: error[wrong-type]: the text "enforced" stands where one of in_force, pending_transposition, proposed, repealed, verify is wanted"#
        ]],
    );
    check(
        ("unit: h", "unit: weeks"),
        &expect![[
            r#"own.yaml:12:30: error[wrong-type]: the text "weeks" stands where one of h, d, month, business_day is wanted"#
        ]],
    );
    check(
        ("    anchor: awareness\n", ""),
        &expect!["own.yaml:9:5: error[missing-key]: `anchor` is missing here"],
    );
    check(
        ("awareness", "submission:early"),
        &expect!["own.yaml:9:5: error[unknown-reference]: `submission:early` names no stage of this regime"],
    );
    check(
        ("jurisdiction", "juristiction"),
        &expect![[r#"
        own.yaml:5:1: error[unknown-key]: `juristiction` is not a key of a regime
          hint: keys: regime, version, name, status, transposition, ends_with, valid_from, valid_to, jurisdiction, entity, trigger, stages, sources, notes
        own.yaml:2:1: error[missing-key]: `jurisdiction` is missing here"#]],
    );
    check(
        ("regime: OWN-1", "obligation: OWN-1"),
        &expect![[r#"
        own.yaml:2:1: error[unknown-document]: the document is neither a regime nor a holiday calendar
          hint: begin it with `regime: ID` or `calendar: ID`"#]],
    );
    check(
        ("2026-11-01", "November 2026"),
        &expect![[
            r#"own.yaml:17:59: error[wrong-type]: the text "November 2026" stands where a date such as 2025-07-25 is wanted"#
        ]],
    );
    check(
        (", over: 1000", ""),
        &expect![
            "own.yaml:7:17: error[missing-key]: `users_hit` is a number: say `over`, `at_least` or `under` what"
        ],
    );
}

#[test]
fn the_examples_of_the_readme_read_without_a_fault() {
    let readme = include_str!("../README.md");
    let blocks: Vec<&str> =
        readme.split("```yaml\n").skip(1).filter_map(|it| it.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let faults = Library::default().add("README.md", block);
        assert_eq!(faults, [], "{faults:?}");
    }
}
