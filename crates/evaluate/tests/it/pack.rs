//! Every rule of the starter pack loads, is valid, and does what its cases say.

use std::collections::BTreeSet;

use bulkhead_evaluate::starter_pack;

use crate::hunt::{hunt, only, starter, workspace};

struct Case<'c> {
    wanted: bool,
    file: &'c str,
    what: &'c str,
    lines: Vec<&'c str>,
}

/// Reads the format of `rules/README.md`.
fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("=== ") {
            Some(head) => {
                let (head, what) = head.split_once(": ").expect("`=== match FILE: what`");
                let (kind, file) = head.split_once(' ').expect("`match FILE` or `none FILE`");
                assert!(matches!(kind, "match" | "none"), "{line}");
                cases.push(Case { wanted: kind == "match", file, what, lines: Vec::new() });
            }
            None => cases.last_mut().expect("a head before the lines").lines.push(line),
        }
    }
    cases
}

fn id(rule: &str) -> &str {
    rule.lines().find_map(|it| it.strip_prefix("id: ")).expect("an id")
}

#[test]
fn folder_and_list_agree() {
    let mut found = BTreeSet::new();
    for folder in
        std::fs::read_dir(workspace("rules")).expect("rules/").map(|it| it.expect("an entry").path())
    {
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&folder).expect("a folder").map(|it| it.expect("an entry").path()) {
            let name = |it: &std::path::Path| it.file_stem().expect("a name").to_string_lossy().into_owned();
            let kind = file.extension().map(|it| it.to_string_lossy().into_owned());
            if kind.as_deref() == Some("yml") {
                found.insert(format!("{}/{}", name(&folder), name(&file)));
            }
        }
    }
    let listed: BTreeSet<_> = starter_pack().iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(listed, found, "the list in pack.rs and the folder rules/ differ");
}

#[test]
fn every_rule_loads_without_a_word() {
    let (_, report) = starter();
    let faults: Vec<_> = report.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(report.rules.len(), starter_pack().len());
    for rule in &report.rules {
        assert_eq!(rule.unreachable, None, "{}", rule.title);
    }
}

#[test]
fn rules_say_what_readers_need() {
    let mut ids = BTreeSet::new();
    for rule in starter_pack() {
        let has = |key: &str| rule.text.lines().any(|it| it.starts_with(key));
        for key in
            ["title: ", "status: ", "description:", "author: Bulkhead", "tags:", "level: ", "falsepositives:"]
        {
            assert!(has(key), "{} lacks `{key}`", rule.name);
        }
        assert!(rule.text.contains("    - attack.t"), "{} names no technique", rule.name);
        assert!(ids.insert(id(rule.text)), "{} has the id of another", rule.name);
    }
}

#[test]
fn every_case_holds() {
    let (pack, _) = starter();
    let mut failures = Vec::new();
    for rule in starter_pack() {
        let cases = cases(rule.cases);
        // A correlation needs the rules it refers to; these are tried alone, since within the pack they may report
        // through the correlation only.
        let alone = (!rule.text.contains("\ncorrelation:")).then(|| only(rule.name, rule.text));
        let rules = alone.as_ref().unwrap_or(&pack);
        assert!(cases.iter().any(|it| it.wanted) && cases.iter().any(|it| !it.wanted), "{}", rule.name);
        for case in cases {
            let bytes = case.lines.join("\n") + "\n";
            let (findings, telemetry) = hunt(rules, &[(case.file.to_owned(), bytes)]);
            let unread: u64 = telemetry.sources.iter().map(|it| it.malformed).sum();
            if unread > 0 || telemetry.sources.is_empty() {
                failures.push(format!("{}: {}: {unread} lines not read", rule.name, case.what));
            }
            let matched = findings.iter().any(|it| it.rule.id == id(rule.text));
            if matched != case.wanted {
                failures.push(format!("{}: {}: wanted {}, got {matched}", rule.name, case.what, case.wanted));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
