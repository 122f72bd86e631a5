//! `detect -`: findings while the stream goes on, and the wish to end.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::folder;

fn start(dir: &Path, args: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(args.split(' '))
        .current_dir(dir)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

fn failure(seconds: u32) -> String {
    let time = format!("2025-07-25T08:{:02}:{:02}Z", seconds / 60, seconds % 60);
    format!(
        "{{\"@timestamp\":\"{time}\",\"Channel\":\"Security\",\"EventID\":4625,\"Computer\":\"pc\",\"TargetUserName\":\"eve\"}}\n"
    )
}

const ARGS: &str =
    "detect - --rules rules.yml --no-builtin-rules --threads 2 --format csv --level low --lateness 30s";

#[test]
fn a_correlation_is_reported_while_the_stream_goes_on() {
    let dir = folder();
    let mut child = start(dir.path(), ARGS);
    let mut input = child.stdin.take().expect("stdin");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    assert!(lines.next().expect("a header").expect("text").starts_with("time,level"));
    for seconds in 0..5 {
        input.write_all(failure(seconds).as_bytes()).expect("taken");
    }
    // Time goes on by an event that no rule matches: now nothing older can come.
    let later = failure(60).replace("4625", "1");
    input.write_all(later.as_bytes()).expect("taken");
    let line = lines.next().expect("a finding").expect("text");
    assert!(line.starts_with("2025-07-25T08:00:04Z,high,many-failures"), "{line}");
    drop(input);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

/// Also where nothing tells how the clocks of its host stand.
#[test]
fn a_finding_is_told_at_once() {
    let dir = folder();
    let mut child =
        start(dir.path(), "detect - --rules rules.yml --no-builtin-rules --format csv --level low");
    let mut input = child.stdin.take().expect("stdin");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    lines.next();
    let time = "\"TimeCreated\":\"2025-07-25T08:00:00Z\"";
    let logon = failure(0).replace("4625", "4624").replace("eve", "user-1");
    let logon = logon.replacen("\"@timestamp\":\"2025-07-25T08:00:00Z\"", time, 1);
    input.write_all(logon.as_bytes()).expect("taken");
    assert!(lines.next().expect("a finding").expect("text").contains(",logon,"));
    drop(input);
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn the_wish_to_end_prints_what_was_found() {
    let dir = folder();
    let mut child = start(dir.path(), ARGS);
    let mut input = child.stdin.take().expect("stdin");
    let mut out = BufReader::new(child.stdout.take().expect("stdout")).lines();
    out.next();
    for seconds in 0..6 {
        input.write_all(failure(seconds).as_bytes()).expect("taken");
    }
    let logon = failure(7).replace("4625", "4624").replace("eve", "user-1");
    input.write_all(logon.as_bytes()).expect("taken");
    // The logon is found at once; the failures wait for what may come late.
    assert!(out.next().expect("a finding").expect("text").contains(",logon,"));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    assert!(out.next().expect("a finding").expect("text").contains(",many-failures,"));
    assert_eq!(child.wait().expect("ended").code(), Some(1));
    let mut told = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut told).expect("text");
    assert!(told.contains("interrupted; 7 events read"), "{told}");
    drop(input);
}

/// A pipe that nobody writes to ends by a signal as well as standard input does.
#[cfg(unix)]
#[test]
fn the_wish_to_end_is_heard_while_a_pipe_is_silent() {
    let dir = folder();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for signal in ["-TERM", "-INT"] {
        let mut child =
            start(dir.path(), "detect pipe --rules rules.yml --no-builtin-rules --threads 2 --format csv");
        // Opening waits until the other side reads, and signals are watched before that.
        let mut input = std::fs::OpenOptions::new().write(true).open(&pipe).expect("a reader");
        input.write_all(failure(1).as_bytes()).expect("taken");
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
        assert!(killed.success());
        assert_eq!(child.wait().expect("ended").code(), Some(1));
        drop(input);
    }
}

#[cfg(unix)]
#[test]
fn devices_are_not_read() {
    let dir = folder();
    for device in ["/dev/zero", "/dev/urandom"] {
        let output = crate::bulkhead::run(
            dir.path(),
            &format!("detect {device} --rules rules.yml --no-builtin-rules"),
        );
        let told = crate::bulkhead::stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("is a device"), "{told}");
    }
}

/// "No findings" never stands alone where something was not looked at.
#[test]
fn no_findings_in_what_was_not_read_are_no_findings_at_all() {
    let dir = folder();
    let rule = "title: r\nid: r\nlogsource: {}\ndetection: {s: {a: never}, condition: s}\nlevel: low\n";
    std::fs::write(dir.path().join("one.yml"), rule).expect("written");
    std::fs::write(dir.path().join("broken.yml"), rule.replace("condition: s", "condition: s and"))
        .expect("written");
    std::fs::write(dir.path().join("whole.json"), "{\"a\":\"x\"}\n").expect("written");
    std::fs::write(dir.path().join("cut.json"), "{\"a\":\"x\"}\n{\"a\":\"x").expect("written");
    let told = |args: &str| {
        let output = crate::bulkhead::run(dir.path(), &format!("detect {args} --no-builtin-rules"));
        crate::bulkhead::stderr(&output)
    };
    assert!(!told("whole.json --rules one.yml").contains("NOT EVERYTHING"));
    for args in ["cut.json --rules one.yml", "whole.json --rules one.yml --rules broken.yml"] {
        let told = told(args);
        assert!(
            told.contains("no findings in what was read") && told.contains("NOT EVERYTHING WAS READ"),
            "{told}"
        );
    }
}
