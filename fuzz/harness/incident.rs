//! What the fuzz target of baselines holds any input to; the tests of `incident` replay the corpus through the same code.

use bulkhead_incident::{Memory, Normal, Policy, fuse_knowing};
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use serde::Deserialize;

/// A baseline as it lies in its file, whatever its version.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    memory: Option<Memory>,
    #[serde(default)]
    normal: Option<Normal>,
}

/// `bytes` as a baseline: what is taken for one is written as it was read, and a run can go on from it and leave another.
pub fn baseline(bytes: &[u8]) {
    let Ok(stored) = serde_json::from_slice::<Stored>(bytes) else { return };
    let memory = match (stored.memory, stored.normal) {
        (Some(memory), None) => memory,
        (None, Some(normal)) => Memory::from(normal),
        _ => return,
    };
    if !memory.is_sound() {
        return;
    }
    let written = serde_json::to_string(&memory).expect("a baseline is written");
    let again: Memory = serde_json::from_str(&written).expect("what was written is read");
    assert_eq!(serde_json::to_string(&again).expect("written"), written);
    let estate: Estate = serde_json::from_str(
        r#"{"version": 1, "estate": {"id": "e", "name": "E"}, "zones": [{"id": "z"}], "assets": [{"id": "host3", "zone": "z"}]}"#,
    )
    .expect("an estate");
    let findings: Vec<Finding> = (0..6).map(finding).collect();
    let found = fuse_knowing(memory, &findings, &Observations::default(), &estate, &Policy::default(), 1);
    assert!(found.memory.is_sound(), "a run leaves what no run can go on from");
}

/// The nth of several findings within minutes.
fn finding(n: u64) -> Finding {
    serde_json::from_value(serde_json::json!({
        "time": format!("2026-03-12T08:0{n}:00Z"),
        "rule": {"id": format!("rule{}", n % 4), "title": "A rule", "level": "high", "tags": ["attack.execution"]},
        "source": {"file": "log.json", "record": n},
        "host": if n.is_multiple_of(3) { "host3" } else { "host4" },
        "user": "corp\\ada",
        "fields": {},
    }))
    .expect("a finding")
}
