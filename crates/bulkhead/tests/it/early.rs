//! `drill`: incidents declared before the attack begins are false ones: counted, said, and not answered.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};

/// `oss-ssh`, and before it an evening of updates on Windows that nobody announced: set-up programs that register a service from
/// `Temp` declare what has nothing to do with the attack.
fn write(dir: &Path) {
    let attack = include_str!("../../../../scenarios/oss-ssh.yaml");
    let (head, tail) = attack.split_once("\nnoise:").expect("noise");
    let (_, tail) = tail.split_once("\nbefore_noise").expect("its end");
    let (_, tail) = tail.split_once('\n').expect("another line");
    let updates = |hour| {
        format!(
            "  - {{kind: patches, on: [{{os: windows}}], days: [sat], weeks: [], at: \"{hour}:00\", lasts: 1h}}\n"
        )
    };
    let noise: String = (17..22).map(updates).collect();
    fs::write(dir.join("early.yaml"), format!("{head}\nnoise:\n{noise}{tail}")).expect("a file");
}

fn instant(of: &Value) -> Timestamp {
    of.as_str().and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{of} is no instant"))
}

#[test]
fn what_was_declared_before_the_attack_is_counted_and_not_answered() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path());
    // 50 minutes after the scenario's start.
    let begins: Timestamp = "2025-07-26T23:20:00Z".parse().expect("an instant");
    let args = "drill --quiet --scenario early.yaml --before 8h";
    let output = run(dir.path(), &format!("{args} --unanswered --format json"));
    let unanswered: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let incidents = unanswered["incidents"].as_array().expect("a list");
    let (early, since): (Vec<_>, Vec<_>) =
        incidents.iter().partition(|it| instant(&it["declared_at"]) < begins);
    assert!(!early.is_empty() && !since.is_empty(), "{unanswered}");
    // Which of them is the attack is told of each.
    assert!(early.iter().all(|it| it["is_attack"] == false && it["before_attack"] == true), "{unanswered}");
    assert_eq!((&since[0]["is_attack"], &since[0]["before_attack"]), (&true.into(), &false.into()));

    let output = run(dir.path(), &format!("{args} --out case"));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let json = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(dir.path().join("case").join(name)).expect(name))
            .expect(name)
    };
    assert_eq!(json("score.json")["false_incidents"], early.len());
    let incident = json("incident.json");
    assert_eq!(incident["id"], since[0]["id"]);
    assert!(instant(&incident["declared_at"]) > begins);
    let text = stdout(&output);
    assert!(text.contains("declared before the attack began"), "{text}");
    let told = |it: &Value, answered: &str, which: &str| {
        let id = it["id"].as_str().expect("an id");
        let mut lines = text.lines().skip_while(|it| !it.contains("of which the drill answers one"));
        let line = lines.find(|it| it.contains(id)).unwrap_or_else(|| panic!("{id} is not told: {text}"));
        assert_eq!(line.ends_with(", answered"), answered == "answered", "{line}");
        assert!(lines.next().is_some_and(|it| it.trim().starts_with(which)), "{text}");
    };
    early.iter().for_each(|it| told(it, "", "not the drill's attack: it was declared before any began"));
    told(since[0], "answered", "this is the drill's attack: the attacker acted on ");
    for it in early {
        assert!(text.contains(it["id"].as_str().expect("an id")), "{text}");
    }
}

#[test]
fn a_drill_without_false_incidents_says_nothing_of_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), "drill oss-ssh --quiet --out case");
    assert!(!stdout(&output).contains("before the attack began"), "{}", stdout(&output));
    let score = fs::read_to_string(dir.path().join("case/score.json")).expect("a score");
    assert!(!score.contains("false_incidents"), "{score}");
}
