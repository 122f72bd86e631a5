//! What the coverage of an exfiltration statement rests on: records that say nothing of what leaves never raise it, and
//! records that could not be used lower it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bulkhead::{run, stderr};

const ESTATE: &str = "version: 1
estate: {id: t, name: T, country: FR, currency: EUR, timezone: Europe/Paris}
zones:
  - {id: inet, name: I, external: true}
  - {id: a, name: A, cidrs: [10.1.0.0/24]}
assets:
  - {id: inet, zone: inet}
  - {id: web-1, hostname: web-1, addresses: [10.1.0.1], zone: a, kind: server, os: windows, value: 100, data: [customer]}
enforcement_points:
  - {id: agents, kind: simulated, hosts: {zone: a}, can: [isolate], time_to_effect: 5s}
";
const RULE: &str = "title: Evil tool\nid: 22222222-1111-1111-1111-111111111111\nlevel: critical\ntags: [attack.execution]\n\
    logsource: {product: windows, category: process_creation}\n\
    detection: {s: {Image|endswith: evil.exe}, condition: s}\n";

fn record(at: &str, id: u32, more: &Value) -> Value {
    let channel = if id == 4624 { "Security" } else { "Microsoft-Windows-Sysmon/Operational" };
    let mut record = json!({"Channel": channel, "Provider_Name": "Microsoft-Windows-Sysmon", "Computer": "web-1",
        "TimeCreated": at, "EventID": id, "Image": "C:\\a.exe"});
    record.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    record
}

fn flow(at: &str, from: &str, to: &str) -> Value {
    let ends = json!({"SourceIp": from, "SourcePort": "5", "DestinationIp": to, "DestinationPort": "443",
        "Protocol": "tcp", "Initiated": "true"});
    record(at, 3, &ends)
}

/// Three hours with a record of every kind of sensor but the one of what leaves, with `more` in each hour.
fn assessed(dir: &Path, more: impl Fn(&str) -> Vec<String>) -> Value {
    let mut lines = Vec::new();
    for hour in 10..13 {
        let at = format!("2026-11-20T{hour}:30:00Z");
        lines.push(record(&at, 1, &json!({"Image": "C:\\Windows\\evil.exe"})).to_string());
        for id in [11, 22, 4624] {
            lines.push(record(&at, id, &json!({"TargetUserName": "jane", "LogonType": "3"})).to_string());
        }
        lines.extend(more(&at));
    }
    fs::write(dir.join("log.ndjson"), lines.join("\n")).expect("written");
    fs::write(dir.join("estate.yaml"), ESTATE).expect("written");
    fs::write(dir.join("rule.yml"), RULE).expect("written");
    let args = "respond log.ndjson --estate estate.yaml --no-builtin-rules --rules rule.yml --yes --quiet --force --out case";
    let output = run(dir, args);
    assert!(dir.join("case/exfiltration.json").exists(), "{}", stderr(&output));
    let text = fs::read_to_string(dir.join("case/exfiltration.json")).expect("read");
    serde_json::from_str(&text).expect("JSON")
}

fn covered(of: &Value) -> f64 {
    of["coverage"].as_f64().expect("a number")
}

#[test]
fn only_what_may_have_left_shows_a_sensor_of_what_leaves() {
    let dir = tempfile::tempdir().expect("a folder");
    let without = assessed(dir.path(), |_| Vec::new());
    assert_eq!(without["stores"][0]["conclusion"], "not_assessable", "{without}");
    for (from, to) in [
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.0.1", "127.0.0.1"),
        ("10.1.0.1", "10.1.0.1"),
        ("::1", "::1"),
        ("10.1.0.1", "224.0.0.251"),
        ("fe80::1", "ff02::fb"),
        ("10.1.0.1", "255.255.255.255"),
        ("10.1.0.1", "10.1.0.255"),
        ("10.1.0.1", "10.1.0.0"),
        ("169.254.0.1", "169.254.0.2"),
        ("fe80::1", "fe80::2"),
        ("0.0.0.0", "0.0.0.0"),
        ("::", "::"),
        ("10.1.0.1", "garbage"),
        ("", ""),
    ] {
        let with = assessed(dir.path(), |at| vec![flow(at, from, to).to_string()]);
        assert!(covered(&with) <= covered(&without), "{from} > {to}: {with}");
        assert_eq!(with["stores"][0]["conclusion"], "not_assessable", "{from} > {to}: {with}");
    }
    let with = assessed(dir.path(), |at| vec![record(at, 3, &json!({})).to_string()]);
    assert!(covered(&with) <= covered(&without), "no address at all: {with}");
    let with = assessed(dir.path(), |at| vec![flow(at, "10.1.0.1", "203.0.113.9").to_string()]);
    assert!(covered(&with) > covered(&without), "{with}");
}

#[test]
fn records_that_cannot_be_used_lower_coverage_and_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = |at: &str| flow(at, "10.1.0.1", "203.0.113.9").to_string();
    let whole = assessed(dir.path(), |at| vec![out(at)]);
    assert_eq!(whole["stores"][0]["conclusion"], "none_seen", "{whole}");
    for (bad, says) in [
        ("{\"Channel\": \"Microsoft-Wind".to_owned(), "3 of its 18 records could not be read"),
        (out("not a time"), "3 of its 18 records say no time that can be used"),
    ] {
        let with = assessed(dir.path(), |at| vec![out(at), bad.clone()]);
        assert!(covered(&with) < covered(&whole), "{with}");
        assert_eq!(with["stores"][0]["conclusion"], "not_assessable", "{with}");
        let incident = fs::read_to_string(dir.path().join("case/incident.json")).expect("read");
        let incident: Value = serde_json::from_str(&incident).expect("JSON");
        assert_eq!(incident["telemetry"]["unread"][0]["what"], says, "{}", incident["telemetry"]);
    }
}
