//! `drill`: whose ordinary life is played, how much of it, what is announced of it, and what nobody answers.

use std::fs;

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

/// Nothing happens: quick to play.
const QUIET: &str =
    "{version: 1, id: quiet, start: 2025-07-24T06:00:00Z, length: 1h, noise: [{kind: rounds, share: 0}]}";
/// A scanner that the operator has announced, and one day of it.
const SCANNED: &str = "{version: 1, id: scanned, start: 2025-07-24T06:00:00Z, length: 1d, \
                       noise: [{kind: scanner, announced: true, share: 1}]}";

/// What is said of flags that cannot be: words of the message and of its hint.
#[track_caller]
fn refused(args: &str, words: &[&str]) {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("quiet.yaml"), QUIET).expect("a file");
    fs::write(dir.path().join("broken.yaml"), "{version: 1, id: b}").expect("a file");
    let output = run(dir.path(), &format!("drill --scenario quiet.yaml --quiet --unanswered {args}"));
    assert_eq!(output.status.code(), Some(2), "{args}: {}", stderr(&output));
    for word in words {
        assert!(stderr(&output).contains(word), "{args}: no `{word}` in {}", stderr(&output));
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_would_do() {
    refused(
        "--noise thunder",
        &["--noise thunder is no number", "built in are false-alarm, oss-ssh, reference"],
    );
    refused("--noise thunder=2", &["`thunder` is no kind of noise", "choose from: desktop, logon"]);
    refused("--noise patchs=2", &["did you mean `patches`?"]);
    refused(
        "--noise rounds=many",
        &["--noise rounds=many holds no number from 0 to 1000", "--noise rounds=0"],
    );
    refused("--noise -1", &["--noise -1 holds no number from 0 to 1000"]);
    refused("--noise 1e9", &["--noise 1e9 holds no number from 0 to 1000"]);
    refused("--noise nan", &["holds no number from 0 to 1000"]);
    refused("--noise desktop=2", &["`quiet` has no noise of kind `desktop`", "it has rounds"]);
    refused(
        "--noise false-alarm --noise quiet.yaml",
        &["both say whose noise is played", "give one scenario"],
    );
    refused("--noise broken.yaml", &["needs the key `start`", "broken.yaml: the scenario cannot be read"]);
    refused("--out case", &["cannot be used with"]);
}

/// What is told of a drill that nobody answers.
fn told(args: &str) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("quiet.yaml"), QUIET).expect("a file");
    fs::write(dir.path().join("scanned.yaml"), SCANNED).expect("a file");
    let output = run(dir.path(), &format!("drill --quiet --unanswered --format json {args}"));
    // 1 is another number of incidents than the scenario asks for.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 2, "nothing is written");
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn noise_is_taken_scaled_and_left_out() {
    let events = |args: &str| told(args)["events"].as_u64().expect("a number");
    assert_eq!(events("--scenario quiet.yaml"), 0);
    let taken = events("--scenario quiet.yaml --noise false-alarm");
    assert!(taken > 500, "{taken}");
    let twice = events("--scenario quiet.yaml --noise false-alarm --noise 2");
    assert!(twice > taken * 3 / 2, "{taken}, then {twice}");
    let fewer = events("--scenario quiet.yaml --noise flows=0 --noise false-alarm");
    assert!(fewer < taken, "{taken}, then {fewer}");
    // The noise before an attack of those built in is that of `false-alarm`.
    let before = told("reference --before 1d --noise flows=0 --noise scanner=1");
    assert_eq!(before["seconds"], 32 * 3600);
}

#[test]
fn who_is_told_what_would_be_declared_is_told_why() {
    let attack = told("oss-ssh");
    let incidents = attack["incidents"].as_array().expect("a list");
    assert_eq!(incidents.len(), 1, "{attack}");
    let first = &incidents[0]["compromised"][0];
    assert!(first["reasons"][0]["text"].is_string() && first["crown_jewel"].is_boolean(), "{first}");
    assert_eq!(
        attack["levels"].as_object().expect("by level").values().filter_map(Value::as_u64).sum::<u64>(),
        attack["findings"]
    );
}

#[test]
fn a_drill_keeps_what_its_operator_announced() {
    let dir = tempfile::tempdir().expect("a folder");
    let attack = include_str!("../../../../scenarios/oss-ssh.yaml");
    let noise = "\nnoise:\n  - {kind: patches, days: [sun], weeks: [], at: \"02:00\", share: 0.05, announced: true}\n";
    let (head, tail) = attack.split_once("\nnoise:").expect("noise");
    let tail = tail.split_once("\nbefore_noise").expect("its end").1;
    let tail = tail.split_once('\n').expect("another line").1;
    fs::write(dir.path().join("announced.yaml"), format!("{head}{noise}{tail}")).expect("a file");
    let output = run(dir.path(), "drill --quiet --scenario announced.yaml --out case");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let estate = fs::read_to_string(dir.path().join("case/estate.yaml")).expect("an estate");
    let (read, faults) = bulkhead_model::estate::read("estate.yaml", &estate);
    let read = read.unwrap_or_else(|| panic!("{faults:?}"));
    assert_eq!(read.maintenance.len(), 1, "{:?}", read.maintenance);
    let output = run(dir.path(), "drill --quiet --scenario announced.yaml --out other --unannounced");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let estate = fs::read_to_string(dir.path().join("other/estate.yaml")).expect("an estate");
    assert!(bulkhead_model::estate::read("e", &estate).0.expect("sound").maintenance.is_empty());
}
