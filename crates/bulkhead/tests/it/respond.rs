//! `respond` over recorded files: the telemetry a drill left, as a stranger would find it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

const SCENARIO: &str = include_str!("../../../../scenarios/reference.yaml");
const ESTATE: &str = include_str!("../../../../examples/telco/estate.yaml");

/// A folder with the telco estate and the telemetry of the reference drill.
fn recorded() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    // One attack without the relapse, which in recorded files would be a second incident, graver by its rules.
    let (before, rest) = SCENARIO.split_once("\nrelapse:").expect("a relapse");
    let (_, after) = rest.split_once("\nnoise:").expect("noise");
    fs::write(dir.path().join("once.yaml"), format!("{before}\nnoise:{after}")).expect("written");
    let output = run(dir.path(), "drill --quiet --scenario once.yaml --out drill");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    fs::write(dir.path().join("estate.yaml"), ESTATE).expect("written");
    fs::rename(dir.path().join("drill/vault/evidence"), dir.path().join("logs")).expect("moved");
    dir
}

fn respond(dir: &Path, args: &str) -> (PathBuf, String) {
    let output = run(dir, &format!("respond logs --out case {args}"));
    assert_eq!(output.status.code(), Some(0), "{}\n{}", stdout(&output), stderr(&output));
    (dir.join("case"), stdout(&output))
}

fn json(case: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(case.join(name)).expect(name)).expect(name)
}

#[test]
fn with_yes_the_incident_is_contained_and_the_case_verifies() {
    let dir = recorded();
    let (case, text) = respond(dir.path(), "--estate estate.yaml --yes");
    assert!(text.contains("PROOF HOLDS"), "{text}");
    let incident = json(&case, "incident.json");
    assert_eq!(incident["state"], "contained");
    let names = incident["compromised"].to_string();
    assert!(names.contains("b2b-") && names.contains("bastion-"), "{names}");
    assert_eq!(run(dir.path(), "case verify case").status.code(), Some(0));
}

#[test]
fn without_yes_it_stops_at_the_plan() {
    let dir = recorded();
    let (case, text) = respond(dir.path(), "--estate estate.yaml");
    assert!(text.contains("waits for approval"), "{text}");
    assert!(case.join("plan.json").exists());
    assert!(!case.join("certificate.json").exists());
    assert_eq!(json(&case, "incident.json")["state"], "declared");
    assert!(json(&case, "impact.json")["containment_observed"].as_array().expect("a list").is_empty());
}

#[test]
fn without_an_estate_one_is_drafted_and_its_assumptions_are_said() {
    let dir = recorded();
    let output = run(dir.path(), "respond logs --out case --yes");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("assuming"));
    let estate = fs::read_to_string(dir.path().join("case/estate.yaml")).expect("an estate");
    assert!(estate.starts_with("# Drafted"));
    let checked = run(dir.path(), "estate check case/estate.yaml");
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
}

#[test]
fn every_object_of_a_case_obeys_its_committed_schema() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(run(dir.path(), "drill --quiet --out case").status.code(), Some(0));
    let case = dir.path().join("case");
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let check = |schema: &str, value: &Value| {
        let schema = json(&schemas, &format!("{schema}.schema.json"));
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let faults: Vec<_> =
            validator.iter_errors(value).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert!(faults.is_empty(), "{faults:?}");
    };
    let names = [
        "incident",
        "impact",
        "plan",
        "certificate",
        "recovery",
        "clocks",
        "exfiltration",
        "score",
        "timeline",
    ];
    for name in names {
        check(name, &json(&case, &format!("{name}.json")));
    }
    for line in fs::read_to_string(case.join("findings.ndjson")).expect("findings").lines() {
        check("finding", &serde_json::from_str(line).expect("a finding"));
    }
}

#[test]
fn alerts_from_elsewhere_are_findings_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut list = String::from("time,name,ip,host,short,time_label,event_label\n");
    let alerts = [
        ("Suricata: Alert - ET SCAN Nmap Scripting Engine", "S-Nmap"),
        ("Wazuh: Web server 400 error code", "W-400"),
        ("Wazuh: Multiple web server 400 error codes from same source ip", "W-400m"),
        ("Suricata: Alert - ET WEB_SERVER WebShell Generic", "S-Shell"),
        ("Wazuh: Successful sudo to ROOT executed", "W-Sudo"),
        ("AMiner: New user logged in", "A-User"),
    ];
    // A day of quiet, then a burst of alerts never seen before on one host.
    for minute in 0..24 * 60 {
        list.push_str(&format!(
            "{},Wazuh: ClamAV database update,10.0.0.4,mail,W-Cav,-,-\n",
            1_642_000_000 + minute * 60
        ));
    }
    for (index, (name, short)) in alerts.iter().enumerate() {
        list.push_str(&format!("{},{name},10.0.0.9,web,{short},-,-\n", 1_642_086_400 + index * 60));
    }
    fs::write(dir.path().join("alerts.txt"), list).expect("written");
    let output = run(dir.path(), "respond alerts.txt --yes --out case");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let incident = json(&dir.path().join("case"), "incident.json");
    assert!(
        incident["compromised"].to_string().contains("10-0-0-9")
            || incident["compromised"].to_string().contains("web"),
        "{incident}"
    );
}
