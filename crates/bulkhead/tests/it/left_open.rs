//! What a plan does not cut is said wherever its proof is, and what nobody approved is said to be in force nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

/// One point, worked by hand, which can disable accounts only: hosts stay within reach whatever is planned.
const ESTATE: &str = "\
version: 1
estate: {id: t, name: Example, country: FR, currency: EUR, timezone: Europe/Paris}
legal_profile: {entity: [nis2_essential], member_states: [FR]}
zones:
  - {id: inet, name: Internet, external: true}
  - {id: a, name: Inside, cidrs: [10.1.0.0/24]}
assets:
  - {id: inet, zone: inet}
  - {id: web-1, hostname: web-1, addresses: [10.1.0.1], zone: a, kind: server, os: windows, value: 100, data: [customer]}
  - {id: db-1, hostname: db-1, addresses: [10.1.0.2], zone: a, kind: server, os: windows, value: 100, data: [customer]}
flows:
  - {id: smb, from: {asset: web-1}, to: {asset: db-1}, ports: [tcp/445]}
  - {id: out, from: {asset: web-1}, to: {zone: inet}, ports: [tcp/443]}
identities:
  - {id: jane, kind: human, accounts: ['CORP\\jane'], rights: [], secrets_on: []}
enforcement_points:
  - {id: dir, kind: manual, can: [disable_identity], time_to_effect: 1h}
";

const RULES: &str = "\
title: Evil tool
id: 22222222-1111-1111-1111-111111111111
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: evil.exe}, condition: s}
level: critical
tags: [attack.execution, attack.t1059]
";

fn responded(args: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let event = |n: u32| {
        format!(
            "{{\"Channel\": \"Microsoft-Windows-Sysmon/Operational\", \"Provider_Name\": \"Microsoft-Windows-Sysmon\", \
             \"EventID\": 1, \"Computer\": \"web-1\", \"TimeCreated\": \"2026-11-20T10:0{n}:00Z\", \"EventRecordID\": {n}, \
             \"User\": \"CORP\\\\jane\", \"Image\": \"C:\\\\Windows\\\\evil.exe\", \"CommandLine\": \"evil.exe\"}}\n"
        )
    };
    let log: String = (0..6).map(event).collect();
    for (name, text) in [("estate.yaml", ESTATE), ("rules.yml", RULES), ("log.ndjson", log.as_str())] {
        fs::write(dir.path().join(name), text).expect("written");
    }
    let given = "respond log.ndjson --estate estate.yaml --no-builtin-rules --rules rules.yml --out case";
    let output = run(dir.path(), &format!("{given} {args}"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    (dir, stdout(&output))
}

fn text(case: &Path, name: &str) -> String {
    fs::read_to_string(case.join(name)).expect(name)
}

#[test]
fn a_proof_names_in_its_own_sentence_what_it_leaves_open() {
    for lang in ["en", "fr"] {
        let (dir, told) = responded(&format!("--yes --lang {lang}"));
        let case = dir.path().join("case");
        let certificate: Value = serde_json::from_str(&text(&case, "certificate.json")).expect("json");
        assert!(certificate["reached"].to_string().contains("db-1"), "{certificate}");
        let sentence = told.lines().find(|it| it.contains("PROOF HOLDS")).expect("a verdict");
        assert!(sentence.contains("for what the plan cuts; the paths to db-1 stay open"), "{sentence}");
        let timeline = text(&case, "timeline.json");
        assert!(
            timeline.contains("holds for what the plan cuts")
                && timeline.contains("the paths to db-1 stay open")
        );
        let report = text(&case, "report.html");
        let open = if lang == "fr" {
            "les chemins vers db-1 restent ouverts"
        } else {
            "the paths to db-1 stay open"
        };
        assert!(report.contains(open), "{lang}");
        for all in [&told, &timeline, &report] {
            for false_words in ["path onward", "vers l'avant"] {
                assert!(!all.contains(false_words), "{lang}: {false_words}");
            }
        }
    }
}

#[test]
fn without_approval_all_that_is_compromised_is_named_and_the_command_given() {
    let (dir, told) = responded("");
    let case = dir.path().join("case");
    let incident: Value = serde_json::from_str(&text(&case, "incident.json")).expect("json");
    let stays = incident["residual"].to_string();
    for it in incident["compromised"].as_array().expect("a list") {
        assert!(stays.contains(it["id"].as_str().expect("an id")), "{it}: {stays}");
    }
    assert!(told.contains("nothing is applied; not contained"), "{told}");
    for name in ["web-1", "jane"] {
        assert!(told.lines().any(|it| it.contains(name) && it.contains("foothold")), "{name}: {told}");
    }
    let command = "bulkhead respond log.ndjson --estate estate.yaml --no-builtin-rules --rules rules.yml --out case --yes --force";
    assert!(told.contains(command), "{told}");
    assert!(text(&case, "report.html").contains("Nothing of it is known to be in force"));
    // As it says, so it does.
    let output = run(dir.path(), command.strip_prefix("bulkhead ").expect("the program"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(case.join("certificate.json").exists());
}

#[test]
fn what_a_person_must_do_is_not_told_as_done() {
    let (dir, told) = responded("--yes --accept host:db-1 --accept host:web-1");
    let case = dir.path().join("case");
    assert!(told.contains("worked by hand, and no person has said that it was done: dir"), "{told}");
    let timeline = text(&case, "timeline.json");
    let done = ["took generation 1", "holds generation 1 as asked"];
    for line in timeline.lines().filter(|it| done.iter().any(|done| it.contains(done))) {
        assert!(line.contains("nobody has worked this point by hand"), "{line}");
    }
    let order = text(&case, "work-orders/dir.en.html");
    assert!(order.contains("SIMULATED") && order.contains("vault/named/work-orders/dir.en.html"));
    assert!(!order.to_lowercase().contains("jane"));
    assert!(text(&case, "vault/named/work-orders/dir.en.html").to_lowercase().contains("jane"));
}

fn pages(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => pages(&path, found),
            false if path.extension().is_some_and(|it| it == "html") => found.push(path),
            false => {}
        }
    }
}

#[test]
fn every_link_of_every_page_of_a_case_leads_to_a_file() {
    let (dir, _) = responded("--yes");
    let mut found = Vec::new();
    pages(&dir.path().join("case"), &mut found);
    let mut links = 0;
    for page in found {
        let html = fs::read_to_string(&page).expect("a page");
        for link in html.split("href=\"").skip(1).filter_map(|it| it.split('"').next()) {
            if link.starts_with('#') || link.contains(':') {
                continue;
            }
            let target = page.parent().expect("a folder").join(link.split('#').next().unwrap_or_default());
            assert!(target.is_file(), "{}: {link}", page.display());
            links += 1;
        }
    }
    assert!(links > 10, "{links}");
}
