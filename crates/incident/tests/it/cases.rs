//! The case folder: each file of `tests/cases` is findings and observations, and the incidents that must come of them.

use std::collections::BTreeMap;

use bulkhead_incident::{IncidentDraft, Policy, fuse};
use bulkhead_model::case::{Entity, EntityKind};
use serde::Deserialize;

use crate::fixture::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Why the case is there.
    #[serde(rename = "why")]
    _why: String,
    #[serde(default)]
    hosts: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    logons: Vec<String>,
    #[serde(default)]
    flows: Vec<String>,
    #[serde(default)]
    created: Vec<String>,
    /// `ADDRESS NAME`: what clients call themselves.
    #[serde(default)]
    named: Vec<String>,
    findings: Vec<String>,
    /// Incidents, gravest first.
    expect: Vec<Expect>,
    #[serde(default)]
    unplaced: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// `asset:id` and `identity:id`, in order.
    compromised: Vec<String>,
    #[serde(default)]
    suspected: Vec<String>,
    #[serde(default)]
    tactics: Option<Vec<String>>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    findings: Option<u64>,
    /// Entity and since when.
    #[serde(default)]
    since: BTreeMap<String, String>,
}

fn names(entities: &[Entity]) -> Vec<String> {
    entities.iter().map(name).collect()
}

fn name(entity: &Entity) -> String {
    let kind = if entity.kind == EntityKind::Asset { "asset" } else { "identity" };
    format!("{kind}:{}", entity.id)
}

fn check(file: &str, text: &str) {
    let case: Case = serde_json::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut observations = observations(&case.hosts, &case.logons, &case.flows, &case.created);
    for line in &case.named {
        let (address, name) = line.split_once(' ').unwrap();
        observations.names.insert(address.parse().unwrap(), name.to_owned());
    }
    let fusion = fuse(&findings(&case.findings), &observations, &estate(), &Policy::default(), 7);
    assert_eq!(fusion.unplaced, case.unplaced, "{file}: unplaced");
    let named: Vec<_> =
        fusion.incidents.iter().map(|it| (names(&it.compromised), names(&it.suspected))).collect();
    let expected: Vec<_> =
        case.expect.iter().map(|it| (it.compromised.clone(), it.suspected.clone())).collect();
    assert_eq!(named, expected, "{file}: (compromised, suspected) of each incident; {:#?}", fusion.incidents);
    for (found, expect) in fusion.incidents.iter().zip(&case.expect) {
        check_details(file, found, expect);
    }
}

fn check_details(file: &str, found: &IncidentDraft, expect: &Expect) {
    if let Some(tactics) = &expect.tactics {
        assert_eq!(&found.tactics, tactics, "{file}: tactics");
    }
    if let Some(severity) = &expect.severity {
        assert_eq!(found.severity.as_str(), severity, "{file}: severity");
    }
    if let Some(title) = &expect.title {
        assert_eq!(&found.title, title, "{file}: title");
    }
    if let Some(count) = expect.findings {
        assert_eq!(found.findings.len() as u64, count, "{file}: findings");
    }
    for (entity, since) in &expect.since {
        let all = found.compromised.iter().chain(&found.suspected);
        let known = all.clone().find(|it| name(it) == *entity);
        assert_eq!(known.map(|it| it.since), Some(at(since)), "{file}: since of {entity}");
    }
}

#[test]
fn every_case_of_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 15, "the folder is there");
    let failed: Vec<_> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            std::panic::catch_unwind(|| check(&file.file_stem().unwrap().to_string_lossy(), &text)).is_err()
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
