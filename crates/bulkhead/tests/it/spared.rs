//! What no command may take away or break: sealed cases, whichever way a path leads to them.

use std::fs;
use std::path::Path;

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;
use crate::faults::{Fault, RESPOND, copy, nth, possible, sealed, traced};
use crate::respond::alerts;

#[track_caller]
fn refused(dir: &Path, args: &str, says: &str) {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(2), "{args}: {}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains(says), "{args}: {}", stderr(&output));
}

#[track_caller]
fn ok(dir: &Path, args: &str) -> String {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args}: {}{}", stdout(&output), stderr(&output));
    stdout(&output) + &stderr(&output)
}

#[test]
fn cases_that_no_one_run_wrote_together_are_never_replaced_together() {
    let dir = sealed();
    for name in ["a", "b"] {
        copy(&dir.path().join("case"), &dir.path().join("k").join(name));
    }
    let before = tree(&dir.path().join("k"));
    for out in ["k", "k/a/..", "./k/.", "k/new/.."] {
        let args = RESPOND.replace("--out case", &format!("--out {out} --force"));
        refused(dir.path(), &args, "holds 2 cases that no one run wrote there together: a, b");
        assert!(tree(&dir.path().join("k")) == before, "{out}: untouched");
    }
}

#[test]
fn the_cases_of_one_run_are_replaced_by_the_next_and_no_other_with_them() {
    let dir = sealed();
    fs::write(dir.path().join("alerts.txt"), alerts(&["10.0.0.9,web", "10.9.0.77,db"])).expect("written");
    let args = "respond alerts.txt --yes --quiet --out cases";
    ok(dir.path(), args);
    ok(dir.path(), &format!("{args} --force"));
    copy(&dir.path().join("case"), &dir.path().join("cases/other"));
    let before = tree(&dir.path().join("cases"));
    refused(
        dir.path(),
        &format!("{args} --force"),
        "holds 1 case that no one run wrote there together: other",
    );
    assert!(tree(&dir.path().join("cases")) == before, "untouched");
    // Another case under the name of one that the run wrote is another case.
    fs::remove_dir_all(dir.path().join("cases/other")).expect("removed");
    let first =
        fs::read_dir(dir.path().join("cases")).expect("listed").filter_map(|it| Some(it.ok()?.path()));
    let first = first.filter(|it| it.is_dir()).min().expect("a case");
    fs::remove_dir_all(&first).expect("removed");
    copy(&dir.path().join("case"), &first);
    refused(dir.path(), &format!("{args} --force"), "holds 1 case that");
}

#[test]
fn nothing_is_written_into_a_sealed_case() {
    let dir = sealed();
    let before = tree(&dir.path().join("case"));
    let respond = |out: &str| RESPOND.replace("--out case", &format!("--out {out}"));
    for args in [
        respond("case/sub"),
        respond("case/filings/x"),
        respond("case/filings/../x --force"),
        "drill --quiet --out case/drill".to_owned(),
        "init case/work".to_owned(),
        "man case/man".to_owned(),
        "key new case/soc.key --name soc.example/cases --no-passphrase".to_owned(),
        "estate discover auth.log --out case/e.yaml".to_owned(),
        "estate show --out case/plan.json --force".to_owned(),
        "rules coverage --out case/journal/x".to_owned(),
        "plan contain --estate estate.yaml --compromised web-1 --svg case/x.svg".to_owned(),
        "case export case --out case/copy".to_owned(),
    ] {
        refused(dir.path(), &args, "would break its seal");
        assert!(tree(&dir.path().join("case")) == before, "{args}");
    }
    ok(dir.path(), "case verify case");
}

#[test]
fn what_is_no_checkpoint_accuses_no_record() {
    let dir = sealed();
    for file in ["auth.log", "case/plan.json", "case/report.html", "estate.yaml"] {
        let args = format!("case verify case --since {file}");
        refused(dir.path(), &args, "is no checkpoint");
        assert!(!stdout(&run(dir.path(), &args)).contains("NOT VERIFIED"), "{file}");
    }
    ok(dir.path(), "case verify case --since case/journal/checkpoint");
    assert_eq!(run(dir.path(), "case verify case --witness x --witness-threshold 0").status.code(), Some(2));
}

/// A sealed case, and beside it a run that was to replace it and was killed.
fn interrupted() -> Option<tempfile::TempDir> {
    if !possible() {
        return None;
    }
    let whole = sealed();
    let again = format!("{RESPOND} --force");
    let (_, calls) = traced(whole.path(), &again, "fsync", None);
    let records = nth(&calls, "fsync", |it| it.contains(".sqlite"));
    let dir = sealed();
    traced(
        dir.path(),
        &again,
        "fsync",
        Some(("fsync", Fault::Signal("SIGKILL"), records[records.len() / 2])),
    );
    assert!(dir.path().join("case.running/run.json").exists());
    Some(dir)
}

#[test]
fn a_sealed_case_is_erased_though_a_run_that_was_to_replace_it_was_interrupted() {
    let Some(dir) = interrupted() else { return };
    for args in ["case verify case", "case show case"] {
        assert!(ok(dir.path(), args).contains("an interrupted run that was to replace it"), "{args}");
    }
    let said = ok(dir.path(), "case erase case --reason asked");
    assert!(said.contains("given up, and erased with it"), "{said}");
    assert!(!dir.path().join("case.running").exists() && !dir.path().join("case/vault").exists());
    ok(dir.path(), "case verify case");
}

#[test]
fn telemetry_that_was_only_touched_is_what_it_was() {
    let Some(dir) = interrupted() else { return };
    let path = dir.path().join("auth.log");
    let text = fs::read(&path).expect("read");
    let mut other = text.clone();
    other[0] ^= 1;
    fs::write(&path, other).expect("written");
    refused(dir.path(), "case resume case", "is not what it was");
    fs::write(&path, text).expect("written");
    ok(dir.path(), "case resume case");
}

#[test]
fn every_way_to_say_when_that_a_help_page_shows_is_understood() {
    let dir = sealed();
    for (command, flag) in [("detect", "--since"), ("case erase", "--now")] {
        let help = stdout(&run(dir.path(), &format!("{command} --help")));
        let from = help.find("such as 2026").unwrap_or_else(|| panic!("{command}: {help}"));
        let text = help[from + 8..].split(['(', ';']).collect::<Vec<_>>();
        let sentence: String = text[0].split_whitespace().collect::<Vec<_>>().join(" ");
        for typed in sentence.split(", ").flat_map(|it| it.split(" or ")) {
            let typed = typed.trim().trim_matches(['\'', '`', '.']);
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_bulkhead"))
                .args(command.split(' '))
                .args(match command {
                    "detect" => &["auth.log"][..],
                    "case erase" => &["absent", "--reason", "x"],
                    _ => &[],
                })
                .args([flag, typed])
                .current_dir(dir.path())
                .env_clear()
                .output()
                .expect("it starts");
            let said = stderr(&output);
            let fails = command == "case erase" && said.contains("absent");
            assert!(output.status.success() || fails, "{command} {flag} {typed}: {said}");
        }
    }
}

#[test]
fn what_steers_a_terminal_stands_in_no_json_of_a_case() {
    let dir = sealed();
    let log = fs::read_to_string(dir.path().join("auth.log")).expect("read");
    fs::write(dir.path().join("auth.log"), log.replace("ssh2", "ssh2\u{9b}31m\u{202e}\u{2028}"))
        .expect("written");
    ok(dir.path(), &format!("{RESPOND} --force"));
    let is_hidden = |it: char| it != '\n' && it != '\t' && bulkhead_model::plain::is_hidden(it);
    for (name, bytes) in tree(&dir.path().join("case")) {
        if name.extension().is_some_and(|it| it == "json" || it == "ndjson") && !name.starts_with("journal") {
            let text = String::from_utf8(bytes).expect("text");
            assert!(!text.contains(is_hidden), "{}", name.display());
        }
    }
    ok(dir.path(), "case verify case");
}

#[test]
fn numbers_beyond_the_world_are_refused_with_the_bound() {
    let dir = sealed();
    let estate = fs::read_to_string(dir.path().join("estate.yaml")).expect("read");
    let count =
        estate.split("count: ").nth(1).and_then(|it| it.split(['}', '\n', ' ']).next()).expect("a count");
    let value =
        estate.split("value_per_hour: ").nth(1).and_then(|it| it.split('\n').next()).expect("a value");
    for (from, to, says) in [
        (format!("count: {count}"), "count: 18446744073709551615", "from 0 to 100000000000"),
        (format!("value_per_hour: {value}"), "value_per_hour: 1e307", "at most 1e15"),
    ] {
        fs::write(dir.path().join("e.yaml"), estate.replacen(&from, to, 1)).expect("written");
        let output = run(dir.path(), "estate check e.yaml");
        let said = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{to}: {said}");
        assert!(said.contains(says), "{to}: {said}");
    }
}
