//! What a verdict rests on is told wherever it is: what was muted, when it was over; thresholds that a drill tries.

use std::fs;

use crate::bulkhead::{run, stderr, stdout};

const ESTATE: &str = include_str!("../../../../examples/minimal/estate.yaml");

const RULES: &str = "\
title: Evil thing
id: 11111111-1111-1111-1111-111111111111
level: critical
logsource: {product: linux}
detection: {keywords: [evil thing], condition: keywords}
---
title: Odd job
id: 22222222-2222-2222-2222-222222222222
level: medium
logsource: {product: linux}
detection: {keywords: [odd job], condition: keywords}
";

const LOG: &str = "\
<34>1 2025-07-20T10:00:00Z web-1 app - - - odd job
<34>1 2025-07-20T10:30:00Z web-1 app - - - evil thing
<34>1 2025-07-26T10:30:00Z web-1 app - - - nothing
";

#[test]
fn what_was_muted_and_when_it_was_over_are_told_by_terminal_and_report() {
    let dir = tempfile::tempdir().expect("a folder");
    let window = "maintenance:\n  - {id: patches, on: {zone: app}, from: \"2025-07-20T09:00:00Z\", \
                  to: \"2025-07-20T12:00:00Z\", why: monthly updates}\n";
    for (name, text) in
        [("estate.yaml", format!("{ESTATE}\n{window}").as_str()), ("rules.yml", RULES), ("log.txt", LOG)]
    {
        fs::write(dir.path().join(name), text).expect("written");
    }
    let args = "respond log.txt --rules rules.yml --no-builtin-rules --estate estate.yaml --yes --out case";
    let output = run(dir.path(), args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let muted = "MUTED by maintenance patches (monthly updates): 1 finding on web-1, ";
    assert!(stdout(&output).contains(muted), "{}", stdout(&output));
    assert!(stdout(&output).contains("Wed 2025-07-23 12:30 CEST  over by its telemetry"));
    let rules = "; rules: `Odd job` (22222222-2222-2222-2222-222222222222) once";
    let line = stdout(&output).lines().find(|it| it.starts_with("MUTED")).map(str::to_owned);
    assert!(line.is_some_and(|it| it.ends_with(rules)), "{}", stdout(&output));
    let incident = fs::read_to_string(dir.path().join("case/incident.json")).expect("an incident");
    let incident: serde_json::Value = serde_json::from_str(&incident).expect("JSON");
    assert_eq!(incident["telemetry"]["muted"][0]["rules"][0]["title"], "Odd job");
    let shown = stdout(&run(dir.path(), "case show case"));
    assert!(shown.contains(muted) && shown.contains("over by its telemetry Wed 2025-07-23 12:30"), "{shown}");
    let report = fs::read_to_string(dir.path().join("case/report.html")).expect("a report");
    for text in [
        "maintenance patches (monthly updates): 1 finding on web-1, ",
        "By its telemetry the incident was over on Wed 2025-07-23 12:30 CEST",
    ] {
        assert!(report.contains(text), "{text}");
    }
    assert_eq!(run(dir.path(), "case verify case").status.code(), Some(0));
}

/// What a run rests on stands wherever its verdict does, and the baseline it went on from.
#[test]
fn what_the_judgement_rests_on_is_told_by_terminal_record_and_report() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in [("estate.yaml", ESTATE), ("rules.yml", RULES), ("log.txt", LOG)] {
        fs::write(dir.path().join(name), text).expect("written");
    }
    fs::write(dir.path().join("old.txt"), LOG.lines().next().expect("a line")).expect("written");
    let args =
        "respond log.txt --rules rules.yml --no-builtin-rules --estate estate.yaml --yes --force --out case";
    let basis = || -> serde_json::Value {
        let text = fs::read_to_string(dir.path().join("case/incident.json")).expect("an incident");
        let incident: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        incident["telemetry"]["basis"].clone()
    };
    let output = run(dir.path(), args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!((&basis()["goes_by"], &basis()["baseline"]), (&"prior".into(), &serde_json::Value::Null));
    let report = || fs::read_to_string(dir.path().join("case/report.html")).expect("a report");
    assert!(report().contains("which is less than a day. No baseline of earlier runs"), "{}", report());
    let first =
        "respond old.txt --rules rules.yml --no-builtin-rules --estate estate.yaml --baseline usual.json";
    assert_eq!(run(dir.path(), first).status.code(), Some(0));
    let output = run(dir.path(), &format!("{args} --baseline usual.json"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        (&basis()["baseline"]["file"], &basis()["baseline"]["hosts"]),
        (&"usual.json".into(), &1.into())
    );
    let before = "; the baseline `usual.json` had watched for ";
    assert!(stdout(&output).contains(before), "{}", stdout(&output));
    assert!(report().contains("The baseline usual.json of earlier runs had watched for"), "{}", report());
    let shown = stdout(&run(dir.path(), "case show case"));
    assert!(shown.contains(before), "{shown}");
    // What is called one thing where it happens is called so where it is shown again.
    let head = |text: &str| text.lines().map(str::trim).find(|it| it.starts_with("who ")).map(str::to_owned);
    let words = |it: String| it.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(head(&shown).map(words), head(&stdout(&output)).map(words));
    assert!(head(&shown).is_some(), "{shown}");
}

#[test]
fn a_drill_tries_another_policy_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("deaf.toml"), "declare_points = 1000\n").expect("written");
    let output = run(dir.path(), "drill oss-ssh --policy deaf.toml");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("declare_points 1000.0 instead of 10.0"), "{}", stderr(&output));
    assert!(stdout(&output).contains("no incident was declared"), "{}", stdout(&output));
    fs::write(dir.path().join("wrong.toml"), "declare_pints = 8\n").expect("written");
    let output = run(dir.path(), "drill oss-ssh --policy wrong.toml");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("declare_pints"), "{}", stderr(&output));
}
