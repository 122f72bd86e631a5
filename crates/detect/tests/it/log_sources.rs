//! Log sources: what an entry of a file says about which events a rule looks at, and how fields are called there.

use bulkhead_detect::{Detector, EventRef, Options, RuleFile, compile};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;

/// Whether a rule of category `thing` about `name: x` fires on an event with `fields`, under the entries of `entries`.
#[track_caller]
fn check(entries: &str, fields: &[(&'static str, &'static str)], expect: bool) {
    let rule = "title: t\nid: 5b0c1f10-0000-4000-8000-0000000000ff\nlogsource: {category: thing}\ndetection:\n  s: {name: x}\n  condition: s\n";
    let files = [RuleFile { name: "r.yml".to_owned(), text: rule.to_owned() }];
    let options =
        Options { log_sources: vec![("l.yml".to_owned(), entries.to_owned())], ..Options::default() };
    let (set, report) = compile(&files, &options);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    let mut event = FieldsEvent::new(b"raw", Shape::Json);
    for (name, value) in fields {
        event.push(*name, Field::text(value));
    }
    let known = |_: &dyn Event| Entities::default();
    let at = EventRef { file: "f", record: 1, source: LogSource::default(), entities: &known };
    let mut findings = Vec::new();
    Detector::new(&set).feed(&event, &at, &mut findings);
    assert_eq!(findings.len() == 1, expect, "{fields:?} under {entries}");
}

#[test]
fn a_field_must_hold_one_of_the_values() {
    const ENTRY: &str = "- {category: thing, when: {shape: json, kind: [a*, b]}}";
    check(ENTRY, &[("name", "x"), ("kind", "alpha")], true);
    check(ENTRY, &[("name", "x"), ("kind", "B")], true);
    check(ENTRY, &[("name", "x"), ("kind", "c")], false);
    check(ENTRY, &[("name", "x")], false);
}

#[test]
fn a_field_must_be_there_or_absent() {
    const ENTRY: &str = "- {category: thing, when: {shape: json, there: \"*\", absent: null}}";
    check(ENTRY, &[("name", "x"), ("there", "1")], true);
    check(ENTRY, &[("name", "x"), ("there", "1"), ("absent", "2")], false);
    check(ENTRY, &[("name", "x")], false);
}

#[test]
fn fields_have_other_names_and_alternatives() {
    const ENTRY: &str = "- {category: thing, when: {shape: json}, fields: {name: [first, second]}}";
    check(ENTRY, &[("first", "x")], true);
    check(ENTRY, &[("second", "x")], true);
    check(ENTRY, &[("name", "x")], false);
}

#[test]
fn alternatives_of_one_log_source_are_told_apart() {
    const ENTRIES: &str = "- {category: thing, when: {shape: json, kind: a}, fields: {name: of_a}}\n- {category: thing, when: {shape: json, kind: b}, fields: {name: of_b}}";
    check(ENTRIES, &[("kind", "a"), ("of_a", "x")], true);
    check(ENTRIES, &[("kind", "b"), ("of_a", "x")], false);
    check(ENTRIES, &[("kind", "b"), ("of_b", "x")], true);
}
