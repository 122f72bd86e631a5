//! What others choose never steers the terminal: a hostile value in every place that a command shows, and no byte of
//! the output is a control other than the end of a line, nor does any line say what the value wanted to say.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use bulkhead_model::plain::is_hidden;
use serde_json::{Value, json};

/// Clears the screen, names the window, colours by C1, turns the line around, hides, breaks the line and forges a verdict.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{202e}evil\u{200b}zw\u{2028}ls\r\nFORGED: the signer is authenticated\u{7f}\t\u{feff}";

fn hostile(text: &str) -> String {
    format!("{text}{HOSTILE}")
}

/// Arguments may hold anything but NUL, spaces too.
fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "110")
        .output()
        .expect("the binary starts")
}

#[track_caller]
fn check(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let command = args.join(" ");
    assert_ne!(output.status.code(), Some(3), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = std::str::from_utf8(bytes).unwrap_or_else(|err| panic!("{command:?}: {name}: {err}"));
        for line in text.lines() {
            if let Some(it) = line.chars().find(|it| is_hidden(*it)) {
                panic!("{command:?}: {name} holds {it:?}: {line:?}");
            }
            assert!(!line.trim_start().starts_with("FORGED"), "{command:?}: {name}: a forged line");
        }
    }
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Appends what is hostile to every text under one of `keys`.
fn poison(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if keys.contains(&key.as_str()) => *text = hostile(text),
                    Value::Array(items) if keys.contains(&key.as_str()) => {
                        items.iter_mut().filter(|it| it.is_string()).for_each(|it| {
                            *it = hostile(it.as_str().unwrap_or_default()).into();
                        });
                    }
                    other => poison(other, keys),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| poison(it, keys)),
        _ => {}
    }
}

fn write_json(path: &Path, value: &Value) {
    fs::write(path, serde_json::to_string(value).expect("JSON")).expect("written");
}

/// Events whose values are hostile, in a file, a folder and an archive member with hostile names, and a rule of the
/// same kind.
fn telemetry(dir: &Path) -> String {
    let event = |computer: &str| {
        json!({
            "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": computer,
            "User": hostile("@SUM(1+1)"), "UtcTime": "2025-01-01 00:00:00.000",
            "Image": hostile("C:\\Windows\\System32\\whoami.exe"), "CommandLine": hostile("=HYPERLINK(1) whoami"),
            "ParentImage": hostile("C:\\a.exe"), hostile("Name"): hostile("value"),
        })
    };
    let computers = [hostile("=cmd|'/c calc'!A1"), "+1-1".to_owned(), hostile("\t=1+1"), "-2+3".to_owned()];
    let lines: String = computers.iter().map(|it| event(it).to_string() + "\n").collect();
    let name = hostile("events").replace('/', "_") + ".ndjson";
    fs::write(dir.join(&name), &lines).expect("written");
    fs::write(dir.join("plain.ndjson"), &lines).expect("written");
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.join("logs.zip")).expect("made"));
    zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).expect("a member");
    zip.write_all(lines.as_bytes()).expect("written");
    zip.finish().expect("a zip");
    let rule = json!({
        "title": hostile("=1+1"), "id": "11111114-0000-4000-8000-000000000002", "status": hostile("test"),
        "description": hostile("d"), "author": hostile("a"), "falsepositives": [hostile("f")],
        "logsource": {"category": "process_creation", "product": "windows"},
        "detection": {"s": {"CommandLine|contains": "whoami"}, "condition": "s"},
        "level": "high", "tags": ["attack.t1033", hostile("attack.x")],
    });
    fs::create_dir_all(dir.join("rules")).expect("a folder");
    write_json(&dir.join("rules").join(hostile("r").replace('/', "_") + ".yml"), &rule);
    write_json(&dir.join("rules/plain.yml"), &rule);
    let mut broken = rule.clone();
    broken["detection"] = json!({"s": {hostile("x|y"): 1}, "condition": hostile("s and")});
    broken["logsource"] = json!({"category": hostile("c"), hostile("k"): "v"});
    write_json(&dir.join("broken.yml"), &broken);
    name
}

#[test]
fn telemetry_and_rules_reach_the_terminal_plain() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let name = telemetry(dir);
    for files in [name.as_str(), "plain.ndjson", "logs.zip"] {
        for format in ["table", "csv", "ndjson", "ocsf"] {
            let shown = check(dir, &["detect", files, "--rules", "rules", "--format", format]);
            assert!(
                format == "table" || shown.contains("FORGED"),
                "{files} {format}: the value is shown: {shown}"
            );
        }
    }
    let event = fs::read_to_string(dir.join("plain.ndjson")).expect("events");
    let event = event.lines().next().expect("an event");
    let member = format!("logs.zip!{name}:1");
    for place in [event, "plain.ndjson:1", &format!("{name}:1"), &member, &hostile("none:1"), &hostile("{")] {
        for format in ["table", "ndjson"] {
            check(
                dir,
                &[
                    "detect",
                    "--rules",
                    "rules/plain.yml",
                    "--explain",
                    "rules/plain.yml",
                    place,
                    "--format",
                    format,
                ],
            );
        }
    }
    check(dir, &["detect", "--rules", "broken.yml", "--explain", "broken.yml", event]);
    check(dir, &["detect", "--explain", HOSTILE, event]);
    for command in ["check", "list", "coverage"] {
        for format in ["table", "json"] {
            check(dir, &["rules", command, "rules", "broken.yml", "--format", format]);
        }
    }
    for args in [
        &["detect", "plain.ndjson", "--rules", HOSTILE][..],
        &["detect", HOSTILE],
        &["detect", "plain.ndjson", "--level", HOSTILE],
        &["detect", "plain.ndjson", "--since", HOSTILE],
        &["detect", "plain.ndjson", "--rule", HOSTILE, "--tag", HOSTILE, "--status", HOSTILE],
        &["detect", "plain.ndjson", "--placeholder", HOSTILE],
        &["detect", "plain.ndjson", "--pipeline", HOSTILE, "--log-sources", HOSTILE],
        &["estate", "discover", "plain.ndjson"],
        &["estate", "discover", &name, "logs.zip"],
        &["--config", HOSTILE, "regime", "list"],
        &[HOSTILE],
        &["--", HOSTILE],
        &[&hostile("--flag")],
    ] {
        check(dir, args);
    }
}

#[test]
fn a_case_of_hostile_telemetry_is_told_plain() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let name = telemetry(dir);
    for (out, files) in [("a", name.as_str()), ("b", "logs.zip")] {
        check(dir, &["respond", files, "--rules", "rules", "--yes", "--out", out]);
        check(dir, &["case", "show", out]);
    }
    check(
        dir,
        &["respond", "plain.ndjson", "--rules", "rules", "--yes", "--format", "json", "--out", &hostile("c")],
    );
    check(dir, &["case", "list"]);
}

#[test]
fn estates_and_scenarios_are_told_plain() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let shown = run(dir, &["estate", "show", "--format", "json"]);
    let estate: Value = serde_json::from_slice(&shown.stdout).expect("the embedded estate");
    let mut named = estate.clone();
    poison(&mut named, &["name", "en", "fr", "hostname", "os", "channel", "roles", "title", "segment"]);
    write_json(&dir.join("named.yaml"), &named);
    let mut identified = estate.clone();
    poison(&mut identified, &["id", "asset", "zone", "kind", "ports", "cidrs", "timezone", "country"]);
    write_json(&dir.join("identified.yaml"), &identified);
    let mut keyed = estate;
    keyed[hostile("key")] = json!(1);
    write_json(&dir.join(hostile("keyed")), &keyed);
    for file in ["named.yaml", "identified.yaml", &hostile("keyed")] {
        for args in [
            &["estate", "check", file][..],
            &["estate", "check", file, "--format", "json"],
            &["estate", "show", file],
            &["estate", "show", file, "--format", "json"],
            &["plan", "contain", "--estate", file, "--compromised", "b2b-web-1", "--explain"],
            &["plan", "contain", "--estate", file, "--compromised", "b2b-web-1", "--format", "json"],
            &["plan", "contain", "--estate", file, "--compromised", HOSTILE],
            &["plan", "contain", "--estate", file, "--compromised", "b2b-web-1", "--force", HOSTILE],
            &["plan", "contain", "--estate", file, "--compromised", "b2b-web-1", "--forbid", HOSTILE],
            &["plan", "reach", "--estate", file, "--compromised", "b2b-web-1"],
            &["plan", "recover", "--estate", file, "--lost", "b2b-web-1"],
            &["plan", "recover", "--estate", file, "--lost", HOSTILE],
            &["regime", "list", "--estate", file],
            &["regime", "clocks", "--estate", file, "--aware", "2026-11-20T14:20:00Z"],
            &["regime", "clocks", "--estate", file, "--aware", HOSTILE],
        ] {
            check(dir, args);
        }
    }
    check(dir, &["drill", "--estate", "named.yaml", "--out", "case"]);
    check(dir, &["case", "show", "case"]);
    check(dir, &["drill", HOSTILE]);
    fs::write(dir.join("scenario.yaml"), format!("version: 1\nid: x\n{:?}: 1\n", hostile("name")))
        .expect("written");
    check(dir, &["drill", "--scenario", "scenario.yaml"]);
    check(dir, &["init", &hostile("work")]);
    check(dir, &["init", &hostile("work")]);
}

#[test]
fn a_reason_cannot_say_that_the_signer_is_authenticated() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    assert_eq!(run(dir, &["drill", "--quiet", "--out", "case"]).status.code(), Some(0));
    check(dir, &["case", "erase", "case", "--reason", HOSTILE]);
    let shown = check(dir, &["case", "verify", "case"]);
    assert!(shown.contains("erased"), "{shown}");
    check(dir, &["case", "verify", "case", "--format", "json"]);
    check(dir, &["case", "verify", "case", "--key", HOSTILE]);
    check(dir, &["case", "verify", HOSTILE]);
    fs::write(dir.join("case").join(hostile("x").replace('/', "_")), "x").expect("written");
    check(dir, &["case", "verify", "case"]);
    let mut incident: Value =
        serde_json::from_slice(&fs::read(dir.join("case/incident.json")).expect("read")).expect("JSON");
    poison(&mut incident, &["title", "id", "text"]);
    write_json(&dir.join("case/incident.json"), &incident);
    check(dir, &["case", "show", "case"]);
    check(dir, &["case", "list"]);
}
