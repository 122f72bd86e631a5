//! `detect --explain RULE EVENT`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bulkhead::{stderr, stdout};

use super::folder;

/// Runs with arguments that hold spaces.
fn explain(dir: &Path, rule: &str, event: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(["detect", "--rules", "rules.yml", "--no-builtin-rules", "--explain", rule, event])
        .args(more)
        .current_dir(dir)
        .env_clear()
        .output()
        .expect("the binary starts");
    (output.status.code(), stdout(&output), stderr(&output))
}

#[track_caller]
fn check(rule: &str, event: &str, expect: &[&str]) {
    let dir = folder();
    let (code, out, told) = explain(dir.path(), rule, event, &[]);
    assert_eq!(code, Some(0), "{told}");
    for part in expect {
        assert!(out.contains(part), "no `{part}` in\n{out}");
    }
}

#[test]
fn a_rule_that_fires() {
    let expect = [
        "It fires.",
        "lets the event through",
        "true  TargetUserName|startswith: `user-`; the event has `user-0`",
    ];
    check("logon", "logs/a.json:1", &expect);
    // By title, and a member of an archive in the form findings print.
    check("logon of a user", "logs/c.zip!one.json#1", &["It fires."]);
}

#[test]
fn the_log_source_stands_in_the_way() {
    let expect = [
        "It does not fire.",
        "does not let the event through",
        "false `Channel` is `security`; the event has `System`",
        "--log-sources",
    ];
    check(
        "logon",
        r#"{"Channel":"System","EventID":4624,"Computer":"a","TargetUserName":"user-1"}"#,
        &expect,
    );
}

#[test]
fn the_condition_stands_in_the_way() {
    let event = r#"{"Channel":"Security","EventID":4624,"Computer":"a","targetusername":"user-1"}"#;
    let expect = [
        "Its condition does not hold",
        "not so: TargetUserName|startswith: `user-`; the event has no such field, but `targetusername`",
    ];
    check("logon", event, &expect);
}

#[test]
fn an_exclusion_stands_in_the_way() {
    let dir = folder();
    let rule = "title: No admins\nid: no-admins\nlogsource: {product: windows, service: security}\ndetection:\n  \
                sel: {EventID: 4624}\n  filter_adm: {TargetUserName|startswith: adm-}\n  filter_x: {Computer: x}\n  \
                condition: sel and not 1 of filter_*\nlevel: low\n";
    fs::write(dir.path().join("no.yml"), rule).expect("written");
    let event = r#"{"Channel":"Security","EventID":4624,"Computer":"a","TargetUserName":"adm-1"}"#;
    // The file of a rule may be named in its place; it is loaded then.
    let (code, out, told) = explain(dir.path(), "no.yml", event, &[]);
    assert_eq!(code, Some(0), "{told}");
    let expect = "- excluded, because TargetUserName|startswith: `adm-`; the event has `adm-1`\n";
    assert!(out.contains(expect) && out.matches("excluded").count() == 1, "{out}");
}

#[test]
fn correlations_show_their_window() {
    let satisfied = [
        "It is satisfied",
        "Its group: TargetUserName=user-3",
        "[logs/a.json#4]",
        "matched     Logon failed",
    ];
    check("many-failures", "logs/a.json:40", &satisfied);
    let lacking = ["It is not satisfied", "the window has 1 findings; asked is >= 5"];
    check("many-failures", "logs/a.json:2", &lacking);
    check("many-failures", "logs/a.json:1", &["none of its rules matched the event"]);
    check("then-success", "logs/a.json:2", &["no finding of `Logon of a user` in the window"]);
}

#[test]
fn programs_get_json() {
    let dir = folder();
    let (_, out, _) = explain(dir.path(), "logon", "logs/a.json:2", &["--format", "json"]);
    let it: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&it["admitted"], &it["matched"]), (&true.into(), &false.into()));
    assert_eq!(it["tree"][0]["sides"][0]["holds"], false);
    assert!(
        it["advice"][0].as_str().is_some_and(|it| it.contains("EventID: `4624`; the event has `4625`")),
        "{out}"
    );
}

#[test]
fn what_cannot_be_explained_is_said() {
    let dir = folder();
    for (rule, event, expect) in [
        ("nobody", "logs/a.json:1", "no rule loaded has the id, title or file `nobody`"),
        ("Remote", "logs/a.json:1", "did you mean Remote desktop (rdp)?"),
        ("logon", "logs/a.json", "`logs/a.json` is no event"),
        ("logon", "logs/a.json:999999", "has no readable record 999999"),
        ("logon", "logs/none.json:1", "cannot be read"),
        ("logon", "{\"a\":", "cannot be read"),
    ] {
        let (code, _, told) = explain(dir.path(), rule, event, &[]);
        assert_eq!(code, Some(2), "{rule} {event}");
        assert!(told.contains(expect), "{told}");
    }
}
