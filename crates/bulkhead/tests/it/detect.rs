//! `detect` and `rules`: the standalone hunter from files to findings, whatever the number of threads.

mod explain;
mod live;
mod rules;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use tempfile::TempDir;

use crate::bulkhead::{run, stderr, stdout};

const RULES: &str = include_str!("detect/rules.yml");

/// A folder with rules and telemetry of many formats and packings, some of it broken.
pub fn folder() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("written");
    };
    put("rules.yml", RULES.as_bytes());
    let log = logons(4000);
    put("logs/a.json", log.as_bytes());
    put("logs/b.json.gz", &gzip(logons(900).as_bytes()));
    put("logs/c.zip", &zip(&[("one.json", logons(700)), ("two.log", syslog(500)), ("conn.log", zeek(400))]));
    put("logs/d/conn.log", zeek(6000).as_bytes());
    put("logs/d/messages", syslog(3000).as_bytes());
    put("logs/e.log", audit(200).as_bytes());
    put("logs/f.bin", &[0, 1, 2, 3]);
    dir
}

/// JSON lines, more than fit in one part of a file; some of them are none.
fn logons(n: usize) -> String {
    let mut text = String::new();
    for number in 0..n {
        let time = format!("2025-07-25T{:02}:{:02}:{:02}Z", 8 + number / 3600, number / 60 % 60, number % 60);
        if number % 97 == 13 {
            text.push_str("{\"broken\": \n\n");
        }
        let _ = writeln!(
            text,
            r#"{{"@timestamp":"{time}","Channel":"Security","EventID":{},"Computer":"pc-{}","TargetUserName":"user-{}","LogonType":3,"Filler":"{}"}}"#,
            if number % 5 == 0 { 4624 } else { 4625 },
            number % 3,
            number % 7,
            "x".repeat(150)
        );
    }
    text
}

fn syslog(n: usize) -> String {
    (0..n).fold(String::new(), |mut text, number| {
        let what = if number % 50 == 7 { "Accepted password for root" } else { "Connection closed" };
        let _ = writeln!(
            text,
            "<38>1 2025-07-25T08:{:02}:{:02}Z gw sshd {number} - - {what}",
            number / 60 % 60,
            number % 60
        );
        text
    })
}

fn zeek(n: usize) -> String {
    let mut text = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n\
                    #types\ttime\tstring\taddr\tport\taddr\tport\tenum\n"
        .to_owned();
    for number in 0..n {
        let port = if number % 100 == 3 { 3389 } else { 443 };
        let _ = writeln!(
            text,
            "{}.5\tC{number}\t10.0.0.{}\t5{number}\t10.0.1.1\t{port}\ttcp",
            1_753_430_400 + number,
            number % 200
        );
    }
    text
}

fn audit(n: usize) -> String {
    (0..n).fold(String::new(), |mut text, number| {
        let stamp = format!("audit(17534304{:02}.1:{number})", number % 100);
        let _ = writeln!(
            text,
            "type=SYSCALL msg={stamp}: comm=\"sudo\"\ntype=EXECVE msg={stamp}: argc=1 a0=\"id\""
        );
        text
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("packed");
    out.finish().expect("packed")
}

fn zip(members: &[(&str, String)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        out.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a member");
        out.write_all(text.as_bytes()).expect("packed");
    }
    out.finish().expect("packed").into_inner()
}

/// What a run says, without the time it took.
fn said(dir: &Path, args: &str) -> (Option<i32>, String, String) {
    let output = run(dir, args);
    let told = stderr(&output);
    let told = told
        .lines()
        .map(|it| it.rsplit_once("; ").filter(|(_, it)| it.ends_with("events/s")).map_or(it, |it| it.0));
    (output.status.code(), stdout(&output), told.collect::<Vec<_>>().join("\n"))
}

#[test]
fn findings_are_the_same_on_any_number_of_threads() {
    let dir = folder();
    for format in ["ndjson", "csv", "table", "ocsf"] {
        let args = format!("detect logs --rules rules.yml --format {format} --threads ");
        let one = said(dir.path(), &format!("{args}1"));
        assert_eq!(one.0, Some(0), "{}", one.2);
        let least = if format == "table" { 2 } else { 100 };
        assert!(one.1.lines().count() > least, "{}\n{}", one.1, one.2);
        assert!(one.2.contains("malformed"), "{}", one.2);
        for threads in ["2", "3", "8"] {
            let many = said(dir.path(), &format!("{args}{threads}"));
            assert!(one == many, "{format} on {threads} threads differs:\n{}\n{}", one.2, many.2);
        }
    }
}

#[test]
fn a_built_in_rule_leaves_to_an_equal_rule_what_that_finds() {
    let dir = tempfile::tempdir().expect("a folder");
    let cleared = r#"{"Channel":"Security","EventID":1102,"Computer":"pc-1","SubjectUserName":"a"}"#;
    let deleted = r#"{"Channel":"Security","EventID":1102,"Computer":"pc-1","SubjectUserName":"b"}"#;
    fs::write(dir.path().join("a.json"), format!("{cleared}\n{deleted}\n")).expect("written");
    let equal = "title: Theirs\nid: d99b79d2-0a6f-4f46-ad8b-260b6e17f982\nlogsource: {product: windows}\ndetection:\n  s: {EventID: 1102, SubjectUserName: a}\n  condition: s\nlevel: high\n";
    fs::write(dir.path().join("theirs.yml"), equal).expect("written");
    let other = equal.replace("d99b79d2", "d99b79d3");
    fs::write(dir.path().join("other.yml"), other).expect("written");
    let titles = |args: &str| {
        let (code, out, told) = said(dir.path(), &format!("detect a.json --format csv {args}"));
        assert_eq!(code, Some(0), "{told}");
        let title = out.lines().next().and_then(|it| it.split(',').position(|it| it.contains("title")));
        let title = title.expect("a column of titles");
        let titles: Vec<String> =
            out.lines().skip(1).map(|it| it.split(',').nth(title).unwrap_or_default().to_owned()).collect();
        (titles.join(", "), told.contains("1 finding of built-in rules was left out"))
    };
    let ours = "Security event log cleared";
    assert_eq!(titles(""), (format!("{ours}, {ours}"), false));
    // The event in which theirs finds nothing stays ours.
    assert_eq!(titles("--rules theirs.yml"), (format!("Theirs, {ours}"), true));
    assert_eq!(titles("--rules other.yml"), (format!("{ours}, Theirs, {ours}"), false));
}

#[test]
fn the_summary_counts_what_was_seen() {
    let dir = folder();
    let (code, out, told) =
        said(dir.path(), "detect logs --rules rules.yml --no-builtin-rules --threads 2 --format ndjson");
    assert_eq!(code, Some(0));
    for rule in
        ["Logon of a user", "Root by password", "Remote desktop", "Many failures", "Failures, then success"]
    {
        assert!(
            out.contains(&format!("\"title\":\"{rule}\"")),
            "no `{rule}` in {}",
            &out[..out.len().min(2000)]
        );
    }
    let summary = told.lines().find(|it| it.contains(" findings (")).expect("a summary");
    assert!(summary.contains("malformed) from 8 files; 6 rules"), "{summary}");
    let n = summary.split(" findings").next().map(|it| it.replace(' ', ""));
    assert_eq!(n, Some(out.lines().count().to_string()), "{summary}");
    assert!(told.contains("f.bin: warning"), "{told}");
}

#[test]
fn findings_are_chosen_by_level_tag_status_rule_and_time() {
    let dir = folder();
    let titles = |args: &str| {
        let (code, out, told) = said(
            dir.path(),
            &format!("detect logs --rules rules.yml --no-builtin-rules --format csv {args}"),
        );
        assert_eq!(code, Some(0), "{told}");
        let mut titles: Vec<String> =
            out.lines().skip(1).filter_map(|it| it.split(',').nth(2).map(str::to_owned)).collect();
        titles.sort();
        titles.dedup();
        titles.join(" ")
    };
    assert_eq!(titles("--level high"), "many-failures then-success");
    assert_eq!(titles("--tag attack.t1021"), "rdp root");
    assert_eq!(titles("--tag attack.t1021.001 --tag attack.initial_access"), "rdp root");
    assert_eq!(titles("--status stable"), "rdp");
    assert_eq!(titles("--rule rdp --rule root --status experimental"), "root");
    assert_eq!(titles("--until 2025-01-01T00:00:00Z"), "");
    let (code, _, told) = said(dir.path(), "detect logs --rules rules.yml --rule nobody");
    assert_eq!(code, Some(2));
    assert!(told.contains("no rule loaded has the id or title `nobody`"), "{told}");
    let (code, _, _) = said(dir.path(), "detect logs --rules rules.yml --fail-on high");
    assert_eq!(code, Some(1));
}

#[test]
fn evicted_groups_are_counted_and_shown() {
    let dir = folder();
    let (code, _, told) = said(
        dir.path(),
        "detect logs/a.json --rules rules.yml --no-builtin-rules --groups-max 2 --threads 2",
    );
    assert_eq!(code, Some(0));
    assert!(told.contains("evicted: more than --groups-max"), "{told}");
    let (_, _, told) = said(dir.path(), "detect logs/a.json --rules rules.yml --no-builtin-rules");
    assert!(!told.contains("evicted"), "{told}");
}
