//! The main job: a drill end to end, its determinism, and that everything shown follows from the inputs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

const ESTATE: &str = include_str!("../../../../examples/telco/estate.yaml");
const SCENARIO: &str = include_str!("../../../../scenarios/reference.yaml");

/// Plays a drill in `dir` with `args` and returns the case directory.
fn drill(dir: &Path, out: &str, args: &str) -> PathBuf {
    let output = run(dir, &format!("drill --quiet --out {out} {args}"));
    // 1 is a missed objective, which changed inputs may well bring about; anything else is a fault.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}\n{}", stdout(&output), stderr(&output));
    dir.join(out)
}

/// Every file below `dir` with its content.
pub fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("below").to_path_buf();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

fn json(case: &Path, name: &str) -> Value {
    let text = fs::read_to_string(case.join(name)).unwrap_or_else(|err| panic!("{name}: {err}"));
    serde_json::from_str(&text).unwrap_or_else(|err| panic!("{name}: {err}"))
}

fn hosts(case: &Path) -> Vec<String> {
    let incident = json(case, "incident.json");
    let list = incident["compromised"].as_array().expect("a list").clone();
    list.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn the_reference_drill_meets_its_objectives_and_tells_the_whole_story() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), "drill --out case");
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", stderr(&output));
    let mut from = 0;
    for part in [
        "first finding",
        "declared",
        "Impact so far",
        "Containment",
        "isolate every compromised host",
        "shut their zones",
        "Approval and enforcement",
        "CONTAINED (simulated)",
        "PROOF HOLDS on simulated enforcement points",
        "Recovery",
        "gate opens by the word of",
        "Surveillance",
        "Legal clocks",
        "case directory: case",
        "SCORE  MTTD",
    ] {
        let at =
            text[from..].find(part).unwrap_or_else(|| panic!("`{part}` is missing or out of order:\n{text}"));
        from += at;
    }
}

#[test]
fn the_same_drill_twice_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a folder");
    let (a, b) = (drill(dir.path(), "a", ""), drill(dir.path(), "b", ""));
    let (a, b) = (tree(&a), tree(&b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    let differing: Vec<_> =
        a.iter().filter(|(name, bytes)| b.get(*name) != Some(*bytes)).map(|it| it.0).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn without_a_hosts_events_the_findings_and_the_incident_change() {
    let dir = tempfile::tempdir().expect("a folder");
    let before = drill(dir.path(), "before", "");
    let victim =
        hosts(&before).into_iter().find(|it| it.starts_with("b2b-")).expect("a host of the platform");
    let silenced = SCENARIO.replace(
        "  - {zone: office, roles: [sales]}\n",
        &format!("  - {{zone: office, roles: [sales]}}\n  - {{asset: {victim}}}\n"),
    );
    assert_ne!(silenced, SCENARIO);
    fs::write(dir.path().join("silenced.yaml"), silenced).expect("written");
    let after = drill(dir.path(), "after", "--scenario silenced.yaml");
    let findings = |case: &Path| fs::read_to_string(case.join("findings.ndjson")).expect("findings");
    assert!(findings(&before).contains(&victim));
    assert!(!findings(&after).contains(&format!("\"host\":\"{victim}")));
    assert_ne!(json(&before, "incident.json"), json(&after, "incident.json"));
}

#[test]
fn a_services_value_changes_what_the_plan_costs() {
    let dir = tempfile::tempdir().expect("a folder");
    let before = drill(dir.path(), "before", "");
    let hit =
        json(&before, "impact.json")["attacker"][0]["service"].as_str().expect("a service hit").to_owned();
    let mut changed = String::new();
    let mut inside = false;
    for line in ESTATE.lines() {
        inside = (inside || line.contains(&format!("id: {hit}"))) && !line.trim().is_empty();
        let value = inside && line.trim_start().starts_with("value_per_hour:");
        changed.push_str(if value { "    value_per_hour: 123456" } else { line });
        changed.push('\n');
        inside = inside && !value;
    }
    assert_ne!(changed.trim(), ESTATE.trim(), "the value of {hit} was not found");
    fs::write(dir.path().join("estate.yaml"), changed).expect("written");
    let after = drill(dir.path(), "after", "--estate estate.yaml");
    let lost = |case: &Path| {
        json(case, "impact.json")["attacker"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|it| it["service"] == hit.as_str())
            .map(|it| it["value_per_hour"].clone())
    };
    assert_eq!(lost(&after), Some(123_456.0.into()));
    assert_ne!(lost(&before), lost(&after));
    assert_ne!(json(&before, "plan.json")["baselines"], json(&after, "plan.json")["baselines"]);
}

#[test]
fn another_seed_is_another_week() {
    let dir = tempfile::tempdir().expect("a folder");
    let (a, b) = (drill(dir.path(), "a", ""), drill(dir.path(), "b", "--seed 2"));
    assert_ne!(hosts(&a), hosts(&b));
    assert_ne!(json(&a, "timeline.json"), json(&b, "timeline.json"));
}

#[test]
fn the_reference_attack_plays_on_another_estate() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(run(dir.path(), "init work").status.code(), Some(0));
    let case = drill(dir.path(), "case", "--estate work/estate.yaml");
    assert!(!hosts(&case).is_empty());
}

#[test]
fn a_day_without_an_attack_declares_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), "drill false-alarm --out case");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("no incident was declared"));
    assert!(!dir.path().join("case").exists());
}

/// Where the timeline first says something that has all these words.
fn line(case: &Path, words: &[&str]) -> usize {
    let timeline = json(case, "timeline.json");
    let lines = timeline.as_array().expect("a list").iter().map(|it| it["text"].as_str().expect("a text"));
    let mut lines = lines.enumerate().filter(|(_, it)| words.iter().all(|word| it.contains(word)));
    lines.next().unwrap_or_else(|| panic!("no line of the timeline has {words:?}")).0
}

#[test]
fn what_needs_nobodys_word_is_enforced_while_the_commander_is_asked() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = drill(dir.path(), "case", "");
    let plan = json(&case, "plan.json");
    let waits = |it: &&Value| it["approval"] != "automatic";
    assert!(
        plan["actions"].as_array().expect("a list").iter().any(|it| waits(&it)),
        "somebody is asked: {plan}"
    );
    let at_once = line(&case, &["took generation 1", "(simulated)"]);
    let word = line(&case, &["containment plan 1, part 2 approved"]);
    let contained = line(&case, &["declared -> contained (simulated)"]);
    assert!(at_once < word && word < contained, "{at_once} {word} {contained}");
}

#[test]
fn the_state_of_a_drill_says_that_it_is_simulated() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = drill(dir.path(), "case", "");
    let incident = json(&case, "incident.json");
    assert_eq!((&incident["state"], &incident["simulated"]), (&Value::from("closed"), &Value::from(true)));
    let shown = stdout(&run(dir.path(), "case show case"));
    assert!(shown.contains("closed (simulated)"), "{shown}");
    let report = fs::read_to_string(case.join("report.html")).expect("a report");
    for words in ["closed (simulated)", "clos (simulation)", "simulated enforcement points"] {
        assert!(report.contains(words), "the report lacks `{words}`");
    }
}

/// A relapse undoes what was said before it: the plan shown is the one in force, and what it leaves is named.
#[test]
fn after_a_relapse_nothing_is_called_contained_that_no_longer_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), "drill oss-ssh --out case");
    let (text, case) = (stdout(&output), dir.path().join("case"));
    let incident = json(&case, "incident.json");
    assert!(text.contains("RELAPSE"), "{text}");
    let contained = incident["state"] != "declared";
    assert_eq!(text.contains("\n  CONTAINED"), contained, "{text}");
    if !contained {
        for it in incident["residual"].as_array().expect("a list") {
            assert!(text.contains(it["entity"].as_str().expect("a name")), "{it}\n{text}");
        }
    }
    // Nothing that the incident holds is left without the finding it rests on.
    let findings = fs::read_to_string(case.join("findings.ndjson")).expect("findings");
    assert_eq!(incident["findings"], findings.lines().count(), "{text}");
    let figures = json(&case, "figures.json");
    assert_eq!(figures["findings"], incident["findings"]);
    for it in incident["compromised"].as_array().expect("a list") {
        assert_ne!(it["reasons"].as_array().map(Vec::len), Some(0), "{it}");
    }
}

/// An account that telemetry names and the estate does not: no plan can disable it, so it stays, by name.
#[test]
fn what_the_estate_does_not_know_keeps_its_foothold() {
    let dir = tempfile::tempdir().expect("a folder");
    let made = run(dir.path(), "init work");
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let output = run(dir.path(), "drill --out case --estate work/estate.yaml");
    let (text, case) = (stdout(&output), dir.path().join("case"));
    let estate = fs::read_to_string(case.join("vault/named/estate.yaml"))
        .or_else(|_| fs::read_to_string(case.join("estate.yaml")))
        .expect("an estate");
    let named = case.join("vault/named/incident.json");
    let named = if named.is_file() { named } else { case.join("incident.json") };
    let incident: Value =
        serde_json::from_str(&fs::read_to_string(named).expect("an incident")).expect("JSON");
    let held = |list: &str| incident[list].as_array().cloned().unwrap_or_default();
    for it in held("compromised") {
        let id = it["id"].as_str().expect("an id");
        let known = estate.contains(&format!("id: {id}\n")) || estate.contains(&format!("id: {id},"));
        // Once its secrets are changed nothing stays of an account; what was said before names it.
        let stays = held("residual").iter().any(|it| it["entity"] == id);
        let excepted =
            text.contains(&format!("{id} keeps a foothold")) || text.contains(&format!("except {id}"));
        assert!(known || stays || excepted, "{id} is neither of the estate nor named as what stays\n{text}");
    }
}
