//! `respond` over recorded files: the telemetry a drill left, as a stranger would find it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

const SCENARIO: &str = include_str!("../../../../scenarios/reference.yaml");
const ESTATE: &str = include_str!("../../../../examples/telco/estate.yaml");

/// A folder with the telco estate and the telemetry of the reference drill.
pub fn recorded() -> tempfile::TempDir {
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

/// The verdict is never better than what it rests on, whatever came out.
fn check_verdict(case: &Path, text: &str) {
    let incident = json(case, "incident.json");
    let plan = json(case, "plan.json");
    let acts = !plan["actions"].as_array().expect("a list").is_empty();
    let none = Vec::new();
    let residual = incident["residual"].as_array().unwrap_or(&none);
    let accepted = residual.iter().all(|it| it.get("accepted").is_some());
    if incident["state"] == "contained" {
        assert!(acts && accepted, "{incident}");
        assert!(
            text.contains("CONTAINED (simulated)") && text.contains("PROOF HOLDS on simulated"),
            "{text}"
        );
    } else {
        assert!(text.contains("NOT CONTAINED") && !text.contains("CONTAINED (simulated)"), "{text}");
        assert!(acts || !text.contains("PROOF HOLDS"), "a plan that does nothing proves nothing: {text}");
    }
    for it in residual {
        let name = it["entity"].as_str().expect("a name");
        assert!(text.contains(name), "{name} stays and is not named: {text}");
    }
}

#[test]
fn with_yes_the_incident_is_contained_and_the_case_verifies() {
    let dir = recorded();
    let (case, text) = respond(dir.path(), "--estate estate.yaml --yes");
    check_verdict(&case, &text);
    let incident = json(&case, "incident.json");
    assert_eq!(incident["state"], "contained");
    let names = incident["compromised"].to_string();
    assert!(names.contains("b2b-") && names.contains("bastion-"), "{names}");
    assert_eq!(run(dir.path(), "case verify case").status.code(), Some(0));
}

#[test]
fn the_case_is_the_same_on_any_number_of_threads() {
    let dir = recorded();
    let mut cases = ["1", "2", "5"].map(|threads| {
        let args = format!(
            "respond logs --estate estate.yaml --yes --seed 7 --threads {threads} --out case-{threads}"
        );
        let output = run(dir.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let read = |name: &str| fs::read(dir.path().join(format!("case-{threads}/{name}"))).expect(name);
        ["findings.ndjson", "incident.json", "plan.json", "recovery.json"].map(read)
    });
    let first = std::mem::take(&mut cases[0]);
    assert!(!first[0].is_empty());
    assert!(cases[1..].iter().all(|it| *it == first));
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
    // One case, or one below it for every incident: all of them rest on the same draft.
    let found =
        crate::drill::tree(&dir.path().join("case")).into_iter().find(|it| it.0.ends_with("estate.yaml"));
    let (name, estate) = found.expect("an estate");
    assert!(estate.starts_with(b"# Drafted"));
    let checked = run(dir.path(), &format!("estate check case/{}", name.display()));
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
fn what_nobody_is_called_cannot_be_accepted() {
    let dir = recorded();
    let output = run(dir.path(), "respond logs --estate estate.yaml --yes --accept nobody-9 --out case");
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("nobody-9"), "{}", stderr(&output));
}

/// A day of quiet, then a burst of alerts never seen before on each of these hosts (`address,name`).
pub fn alerts(hosts: &[&str]) -> String {
    let mut list = String::from("time,name,ip,host,short,time_label,event_label\n");
    let alerts = [
        ("Suricata: Alert - ET SCAN Nmap Scripting Engine", "S-Nmap"),
        ("Wazuh: Web server 400 error code", "W-400"),
        ("Wazuh: Multiple web server 400 error codes from same source ip", "W-400m"),
        ("Suricata: Alert - ET WEB_SERVER WebShell Generic", "S-Shell"),
        ("Wazuh: Successful sudo to ROOT executed", "W-Sudo"),
        ("AMiner: New user logged in", "A-User"),
        ("Wazuh: Common web attack", "W-Att"),
        ("Wazuh: User successfully changed UID", "W-Uid"),
    ];
    for minute in 0..24 * 60 {
        for host in ["10.0.0.4,mail"].iter().chain(hosts) {
            let at = 1_642_000_000 + minute * 60;
            list.push_str(&format!("{at},Wazuh: ClamAV database update,{host},W-Cav,-,-\n"));
        }
    }
    for (burst, host) in hosts.iter().enumerate() {
        for (index, (name, short)) in alerts.iter().enumerate() {
            let at = 1_642_086_400 + burst * 40_000 + index * 60;
            list.push_str(&format!("{at},{name} {burst},{host},{short}{burst},-,-\n"));
        }
    }
    list
}

#[test]
fn every_incident_is_answered_under_one_plan() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("alerts.txt"), alerts(&["10.0.0.9,web", "10.9.0.77,db"])).expect("written");
    let output = run(dir.path(), "respond alerts.txt --yes --out cases");
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let folders: Vec<PathBuf> = fs::read_dir(dir.path().join("cases"))
        .expect("cases")
        .map(|it| it.expect("an entry").path())
        .filter(|it| it.is_dir())
        .collect();
    assert_eq!(folders.len(), 2, "{folders:?}\n{text}");
    let of = |name: &str| -> Vec<Value> { folders.iter().map(|it| json(it, name)).collect() };
    let (incidents, plans) = (of("incident.json"), of("plan.json"));
    assert_ne!(incidents[0]["id"], incidents[1]["id"]);
    assert_eq!(plans[0]["actions"], plans[1]["actions"], "points can hold only one truth");
    for (folder, incident) in folders.iter().zip(&incidents) {
        let id = incident["id"].as_str().expect("an id");
        assert!(folder.ends_with(id) && text.contains(&format!("{id}: ")), "{id}\n{text}");
        assert!(folder.join("clocks.json").exists() && folder.join("exfiltration.json").exists());
        assert_eq!(run(dir.path(), &format!("case verify cases/{id}")).status.code(), Some(0));
        assert_eq!(incident["compromised"].as_array().map(Vec::len), Some(1), "each its own: {incident}");
    }
    for action in plans[0]["actions"].as_array().expect("a list") {
        assert!(!action["incidents"].as_array().expect("incidents").is_empty(), "{action}");
        // A host is isolated for the incident that holds it, and for no other.
        let holds =
            |it: &&Value| it["compromised"].to_string().contains(&format!("\"id\":{}", action["target"]));
        let holders: Vec<&Value> = incidents.iter().filter(holds).map(|it| &it["id"]).collect();
        if action["kind"] == "isolate" && !holders.is_empty() {
            assert_eq!(action["incidents"].as_array().expect("a list").iter().collect::<Vec<_>>(), holders);
        }
    }
    assert!(plans[0]["actions"].to_string().contains("\"isolate\""), "{}", plans[0]);
    // What a case counts as its measures is its own.
    for (figures, incident) in of("figures.json").iter().zip(&incidents) {
        let text = figures.to_string();
        let own = plans[0]["actions"].as_array().expect("a list").iter();
        let own =
            own.filter(|it| it["incidents"].as_array().expect("a list").contains(&incident["id"])).count();
        assert!(own < plans[0]["actions"].as_array().map_or(0, Vec::len), "{text}");
    }
    assert!(text.contains("2 incidents"), "{text}");
    let again = run(dir.path(), "respond alerts.txt --yes --out cases --force --format json");
    let objects: Value = serde_json::from_str(&stdout(&again)).expect("JSON");
    assert_eq!(objects["incidents"].as_array().map(Vec::len), Some(2), "{}", stderr(&again));
}

#[test]
fn alerts_from_elsewhere_are_findings_too() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("alerts.txt"), alerts(&["10.0.0.9,web"])).expect("written");
    let output = run(dir.path(), "respond alerts.txt --yes --out case");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    check_verdict(&dir.path().join("case"), &stdout(&output));
    // The hunter finds what the case rests on.
    let hunted = run(dir.path(), "detect alerts.txt --format ndjson");
    let findings = fs::read_to_string(dir.path().join("case/findings.ndjson")).expect("findings");
    for line in findings.lines() {
        assert!(stdout(&hunted).lines().any(|it| it == line), "{line}");
    }
    let incident = json(&dir.path().join("case"), "incident.json");
    assert!(
        incident["compromised"].to_string().contains("10-0-0-9")
            || incident["compromised"].to_string().contains("web"),
        "{incident}"
    );
}

/// What nobody knows of a drafted estate is unknown in every file, and its condition stands beside the proof.
#[test]
fn a_drafted_estate_claims_nothing_of_services() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("alerts.txt"), alerts(&["10.0.0.9,web"])).expect("written");
    let output = run(dir.path(), "respond alerts.txt --yes --out case");
    let (text, case) = (stdout(&output), dir.path().join("case"));
    let plan = json(&case, "plan.json");
    let amount = |of: &Value, name: &str| of[name].as_f64().expect("an amount");
    let objectives = plan["baselines"].as_array().into_iter().flatten().map(|it| &it["objective"]);
    for it in objectives.chain([&plan["objective"]]) {
        assert_eq!(it["service_loss"], "unknown", "{it}");
        let sum = amount(it, "exposure") + amount(it, "foothold") + amount(it, "operating");
        assert!((amount(it, "total") - sum).abs() < 1e-6, "{it}");
    }
    let impact = json(&case, "impact.json");
    assert_eq!(impact["containment_predicted"].as_array().map(Vec::len), Some(0), "{impact}");
    assert!(text.contains("CONDITION: the estate was drafted"), "{text}");
    assert!(!text.contains("assumed to be closed") && !text.contains("EUR an hour"), "{text}");
    // One instant of the declaration.
    let incident = json(&case, "incident.json");
    let timeline = json(&case, "timeline.json");
    let declared = timeline
        .as_array()
        .expect("lines")
        .iter()
        .find(|it| it["text"].as_str().is_some_and(|text| text.starts_with("declared: ")));
    assert_eq!(declared.expect("a line")["at"], incident["declared_at"]);
    // Nothing is put into a sealed case, and nothing is read without end.
    let inside = run(dir.path(), "case export case --out case/sub");
    assert_eq!(inside.status.code(), Some(2), "{}", stderr(&inside));
    assert_eq!(run(dir.path(), "case verify case").status.code(), Some(0));
    for command in ["estate check /dev/zero", "rules check /dev/zero", "case verify case --since /dev/zero"] {
        let endless = run(dir.path(), command);
        assert_eq!(endless.status.code(), Some(2), "{command}: {}", stderr(&endless));
    }
    let none = run(dir.path(), "regime clocks --aware now");
    assert_eq!(none.status.code(), Some(2), "{}", stdout(&none));
}

/// Explaining answers nothing: no case is written, and the sum of what each reason adds is what the host has.
#[test]
fn why_a_host_is_held_and_why_not() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("alerts.txt"), alerts(&["10.0.0.9,web"])).expect("written");
    let output = run(dir.path(), "respond alerts.txt --why web --why-not mail --format json");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(told[0]["standing"], "held compromised", "{told}");
    let sum: f64 =
        told[0]["reasons"].as_array().into_iter().flatten().filter_map(|it| it["points"].as_f64()).sum();
    assert!((sum - told[0]["points"].as_f64().expect("points")).abs() < 1e-6, "{told}");
    assert!(told[0]["reasons"][0]["usual_every_h"].as_f64().is_some_and(|it| it > 24.0), "{told}");
    assert_eq!(told[1]["standing"], "not named", "{told}");
    let page = run(dir.path(), "respond alerts.txt --why web");
    assert!(stdout(&page).contains("enough to be held compromised"), "{}", stdout(&page));
    let unknown = run(dir.path(), "respond alerts.txt --why nobody");
    assert_eq!(unknown.status.code(), Some(2), "{}", stderr(&unknown));
    let left: Vec<_> = fs::read_dir(dir.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Routine of a host two hours after the attack of [`alerts`].
const LATER: &str = "time,name,ip,host,short,time_label,event_label\n\
    1642093600,Wazuh: ClamAV database update,10.0.0.4,mail,W-Cav,-,-\n";

/// What an operator dismisses counts for nothing, and the verdict says so; the attack itself is not hidden by it.
#[test]
fn a_dismissal_is_kept_and_said() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("attack.txt"), alerts(&["10.0.0.9,web"])).expect("written");
    let told = |command: &str| {
        let out = run(dir.path(), command);
        assert_eq!(out.status.code(), Some(0), "{command}: {}", stderr(&out));
        (stdout(&out), stderr(&out))
    };
    let missing = run(dir.path(), "baseline show usual.json");
    assert_eq!(missing.status.code(), Some(2), "{}", stderr(&missing));
    told("respond attack.txt --baseline usual.json --yes --out first");
    assert!(told("baseline show usual.json").0.contains("open since"));
    // What is open is not gone because a file holds nothing of it.
    fs::write(dir.path().join("later.txt"), LATER).expect("written");
    let (out, err) = told("respond later.txt --baseline usual.json");
    assert!(out.starts_with("no new incident, and nothing new of what is open (inc-"), "{out}");
    assert!(out.contains("is not over") && !out.contains("strongest"), "{out}{err}");
    fs::remove_file(dir.path().join("usual.json")).expect("removed");
    let why: Value =
        serde_json::from_str(&told("respond attack.txt --why web --format json").0).expect("JSON");
    let host = why[0]["id"].as_str().expect("an id");
    let reasons = why[0]["reasons"].as_array().expect("reasons");
    let rules: BTreeSet<&str> = reasons.iter().filter_map(|it| it["rule"].as_str()).collect();
    assert!(rules.len() >= 5, "{why}");
    fs::write(dir.path().join("quiet.txt"), alerts(&[])).expect("written");
    told("respond quiet.txt --baseline usual.json");
    for rule in &rules {
        told(&format!("baseline dismiss usual.json --rule {rule} --host {host} --reason audit"));
    }
    let (out, _) = told("respond attack.txt --baseline usual.json");
    assert!(out.contains("no incident") && out.contains("MUTED by dismissal (audit)"), "{out}");
    // What was read is explained by what was known when it was read, and what counts for nothing is told there too.
    let (out, _) = told(&format!("respond attack.txt --baseline usual.json --why {host}"));
    assert!(out.contains("MUTED by dismissal (audit)"), "{out}");
    assert!(told("baseline show usual.json").0.contains("audit"));
    for rule in &rules {
        told(&format!("baseline recall usual.json --rule {rule} --host {host}"));
    }
    assert!(!told("baseline show usual.json").0.contains("audit"));
}

/// What was usual in one run is usual in the next; a file that is no baseline stays as it is.
#[test]
fn a_baseline_is_kept_between_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("attack.txt"), alerts(&["10.0.0.9,web"])).expect("written");
    let quiet: String = alerts(&["10.0.0.9,web"])
        .lines()
        .filter(|it| !it.contains(" 0,"))
        .fold(String::new(), |all, it| all + it + "\n");
    fs::write(dir.path().join("quiet.txt"), quiet).expect("written");
    let first = run(dir.path(), "respond quiet.txt --baseline usual.json");
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(
        stdout(&first).contains("no incident") && stdout(&first).contains("2 hosts, watched for"),
        "{}",
        stdout(&first)
    );
    let every_h = |command: &str| {
        let told: Value = serde_json::from_str(&stdout(&run(dir.path(), command))).expect("JSON");
        told[0]["reasons"][0]["usual_every_h"].as_f64().expect("hours")
    };
    // One day read twice is one day.
    let alone = every_h("respond attack.txt --why web --format json");
    let known = every_h("respond attack.txt --why web --format json --baseline usual.json");
    assert!((known - alone).abs() < 0.1 * alone, "{known} {alone}");
    let again = run(dir.path(), "respond quiet.txt --baseline usual.json");
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    let attacked = run(dir.path(), "respond attack.txt --baseline usual.json --yes --out case");
    assert_eq!(attacked.status.code(), Some(0), "{}", stderr(&attacked));
    assert!(dir.path().join("case/incident.json").is_file(), "{}", stdout(&attacked));
    fs::write(dir.path().join("other.json"), "{\"mine\": 1}").expect("written");
    let refused = run(dir.path(), "respond quiet.txt --baseline other.json");
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("is no baseline"), "{}", stderr(&refused));
    assert_eq!(fs::read_to_string(dir.path().join("other.json")).expect("still there"), "{\"mine\": 1}");
    let left: Vec<_> = fs::read_dir(dir.path())
        .expect("a folder")
        .filter_map(|it| it.ok()?.file_name().into_string().ok())
        .collect();
    assert!(left.iter().all(|it| !it.ends_with(".lock")), "{left:?}");
}

#[test]
fn numbers_that_cannot_be_are_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    for flags in [
        "--horizon -1",
        "--horizon 0",
        "--horizon nan",
        "--suspect-threshold 1.5",
        "--suspect-threshold -0.1",
    ] {
        let output = run(dir.path(), &format!("respond absent.json {flags}"));
        assert_eq!(output.status.code(), Some(2), "{flags}");
        let flag = flags.split(' ').next().unwrap_or_default();
        assert!(stderr(&output).contains(flag) && !stderr(&output).contains("absent"), "{}", stderr(&output));
    }
}

#[test]
fn a_run_that_wrote_nothing_leaves_no_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("e.ndjson"), "{\"a\":\"b\"}\n").expect("written");
    for command in ["respond e.ndjson", "respond e.ndjson --out a/b/case", "respond absent.ndjson"] {
        run(dir.path(), command);
        let left: Vec<_> = fs::read_dir(dir.path())
            .expect("listed")
            .filter_map(Result::ok)
            .map(|it| it.file_name())
            .collect();
        assert_eq!(left, ["e.ndjson"], "{command}");
    }
    // What stood there before stays.
    fs::create_dir(dir.path().join("cases")).expect("made");
    run(dir.path(), "respond e.ndjson");
    assert!(dir.path().join("cases").is_dir());
}

#[test]
fn a_rule_whose_log_source_nothing_maps_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("e.ndjson"), "{\"a\":\"b\"}\n").expect("written");
    let rule = "title: Odd\nid: 4b6c2a3e-0000-4000-8000-000000000001\nlevel: high\n\
        logsource: {category: proces_creation}\ndetection:\n  s: {a: b}\n  condition: s\n";
    fs::write(dir.path().join("r.yml"), rule).expect("written");
    for (command, expect) in [
        (
            "detect e.ndjson --no-builtin-rules --rules r.yml",
            "1 rule can fire on no known log source (loaded and counted",
        ),
        ("detect e.ndjson --no-builtin-rules --rules r.yml", "  Odd: no log source mapping for"),
        (
            "detect e.ndjson --no-builtin-rules --rules r.yml",
            "; 1 rule, 1 of them can fire on no known log source; ",
        ),
        (
            "rules check r.yml",
            "r.yml:1:1: warning[idle-rule]: `Odd` loads and can fire on no known log source: no log source mapping for",
        ),
    ] {
        let told = stderr(&run(dir.path(), command));
        assert!(told.contains(expect), "{command}: {told}");
        assert!(told.contains("did you mean `process_creation`?"), "{command}: {told}");
    }
}
