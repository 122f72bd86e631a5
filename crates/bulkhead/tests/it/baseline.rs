//! `baseline`: what it shows of what was learned, what a second dismissal replaces, and what lies damaged.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};
use crate::respond::alerts;

/// A baseline that has seen a quiet day of one host and an attack on another.
fn learned(dir: &Path) {
    fs::write(dir.join("attack.txt"), alerts(&["10.0.0.9,web"])).expect("written");
    let output = run(dir, "respond attack.txt --baseline usual.json --yes --out case");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[track_caller]
fn told(dir: &Path, args: &str) -> String {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn it_shows_what_it_rests_on_and_what_is_usual() {
    let dir = tempfile::tempdir().expect("a folder");
    learned(dir.path());
    let shown = told(dir.path(), "baseline show usual.json");
    let head =
        "it rests on 24.3 h of telemetry between Wed 2022-01-12 15:00 UTC and Thu 2022-01-13 15:20 UTC";
    assert!(shown.contains(head), "{shown}");
    // The routine of every ten minutes of a day on two hosts leads the list.
    let first = shown.lines().skip_while(|it| !it.contains("rule ")).nth(1).expect("a rule");
    let words: Vec<&str> = first.split_whitespace().collect();
    let spans: f64 = words[0].parse().expect("a number");
    assert!((270.0..290.0).contains(&spans) && words[1] == "2", "{first}");
    assert!(shown.contains("  open since Thu 2022-01-13"), "{shown}");

    let json: Value =
        serde_json::from_str(&told(dir.path(), "baseline show usual.json --format json")).expect("JSON");
    assert_eq!((&json["hosts"], &json["rules"][0]["hosts"]), (&2.into(), &2.into()), "{json}");
    assert_eq!(json["observed"]["from"], "2022-01-12T15:00:00Z", "{json}");
    assert_eq!(json["open"].as_array().map(Vec::len), Some(1), "{json}");
}

#[test]
fn a_second_dismissal_says_what_it_replaces() {
    let dir = tempfile::tempdir().expect("a folder");
    learned(dir.path());
    let rule = "Wazuh:ClamAV";
    let dismiss = |reason: &str, now: &str| {
        let args =
            format!("baseline dismiss usual.json --rule {rule} --host web --reason {reason} --now {now}");
        told(dir.path(), &args)
    };
    assert!(!dismiss("audit", "2022-01-14T08:00:00Z").contains("takes the place"));
    let second = dismiss("tested", "2022-01-15T08:00:00Z");
    assert!(
        second.contains("this takes the place of what was said of both Fri 2022-01-14 08:00 UTC: audit"),
        "{second}"
    );
    let shown = told(dir.path(), "baseline show usual.json");
    assert!(
        shown.contains(&format!("  dismissed Sat 2022-01-15 08:00 UTC: {rule} on web: tested")),
        "{shown}"
    );
    assert!(!shown.contains("audit"), "{shown}");
    let json: Value =
        serde_json::from_str(&told(dir.path(), "baseline show usual.json --format json")).expect("JSON");
    assert_eq!(json["dismissals"][0]["reason"], "tested", "{json}");
}

#[test]
fn what_lies_damaged_is_refused_with_file_key_and_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    learned(dir.path());
    let whole = fs::read_to_string(dir.path().join("usual.json")).expect("a baseline");
    let refused = |from: &str, to: &str, words: &[&str]| {
        assert!(whole.contains(from), "no {from}");
        fs::write(dir.path().join("usual.json"), whole.replacen(from, to, 1)).expect("written");
        for args in ["baseline show usual.json", "respond attack.txt --baseline usual.json"] {
            let output = run(dir.path(), args);
            assert_eq!(output.status.code(), Some(2), "{args}: {to}: {}", stdout(&output));
            let told = stderr(&output);
            assert!(
                words.iter().all(|it| told.contains(it)) && told.contains("usual.json"),
                "{words:?}: {told}"
            );
        }
    };
    refused("\"chance\":", "\"chance\":2.5,\"_\":", &["chance"]);
    refused(
        "\"fleet\":{\"spans\":",
        "\"fleet\":{\"spans\":-",
        &["memory.normal.rules", ".fleet.spans`: -", "is no number from 0"],
    );
    refused("\"pairs\":", "\"pairs\":-", &["at `memory.normal.pairs`", "invalid value"]);
    refused("\"hot\":[[", "\"hot\":[[9", &["`memory.known.hot[0][0]`: there is no host of number 9"]);
}
