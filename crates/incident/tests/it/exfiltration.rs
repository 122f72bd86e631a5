//! The exfiltration statement, from one compromised host and what was seen of it.

use std::collections::BTreeMap;

use bulkhead_incident::{Policy, assess, fuse};
use bulkhead_model::case::{ExfiltrationConclusion, TelemetrySummary};

use crate::fixture::*;

/// Findings and flows in; `conclusion coverage store:conclusion:covered ...` out, as of a time.
#[track_caller]
fn check(lines: &[&str], hosts: &[&str], flows: &[&str], as_of: &str, expect: &str) {
    let own = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let found = findings(&own(lines));
    let hosts: BTreeMap<String, Vec<String>> =
        hosts.iter().map(|it| ((*it).to_owned(), Vec::new())).collect();
    let seen = observations(&hosts, &[], &own(flows));
    let fusion = fuse(&found, &seen, &estate(), &Policy::default(), 1);
    let incident = fusion.incidents[0].declare(at("13:00:00"), TelemetrySummary::default());
    let statement = assess(&incident, &estate(), &seen, &found, at(as_of));
    let word = |it: ExfiltrationConclusion| serde_json::to_value(it).unwrap().as_str().unwrap().to_owned();
    let mut text = format!("{} {:.2}", word(statement.conclusion), statement.coverage);
    for store in &statement.stores {
        text.push_str(&format!(" {}:{}:{}", store.asset, word(store.conclusion), store.covered));
        assert_eq!(store.evidence.is_empty(), store.conclusion == ExfiltrationConclusion::NoneSeen);
    }
    assert_eq!(text, expect);
}

const OFFICE: &str = "12:00:00 ws5 corp\\ada critical dropper execution";
const VAULT: &str = "12:00:00 vault1 corp\\ada critical dropper execution";
const TOOL: &str = "12:10:00 vault1 corp\\ada high rclone exfiltration,t1567";

#[test]
fn a_store_one_flow_away_is_in_reach_and_coverage_is_what_telemetry_sees() {
    check(&[OFFICE], &["ws5"], &[], "14:00:00", "none_seen 0.00 db-1:none_seen:false");
    check(&[OFFICE], &["ws5", "db1"], &[], "14:00:00", "none_seen 1.00 db-1:none_seen:true");
}

#[test]
fn a_tool_alone_indicates_and_with_a_flow_outside_it_is_evidence() {
    check(&[VAULT, TOOL], &["vault1"], &[], "14:00:00", "indications 1.00 vault-1:indications:true");
    let out = ["12:11:00 10.0.1.3 203.0.113.9 tcp/443"];
    check(&[VAULT, TOOL], &["vault1"], &out, "14:00:00", "evidenced 1.00 vault-1:evidenced:true");
}

#[test]
fn the_statement_is_dated_and_changes_with_the_facts() {
    let out = ["12:11:00 10.0.1.3 203.0.113.9 tcp/443"];
    check(&[VAULT, TOOL], &["vault1"], &out, "12:05:00", "none_seen 1.00 vault-1:none_seen:true");
}

#[test]
fn new_destinations_outside_indicate_and_known_ones_do_not() {
    let many = ["12:11:00 10.0.1.3 203.0.113.9 tcp/443 x150"];
    check(&[VAULT], &["vault1"], &many, "14:00:00", "indications 1.00 vault-1:indications:true");
    let known = ["08:00:00 10.0.1.3 203.0.113.9 tcp/443", "12:11:00 10.0.1.3 203.0.113.9 tcp/443 x150"];
    check(&[VAULT], &["vault1"], &known, "14:00:00", "none_seen 1.00 vault-1:none_seen:true");
    let inside = ["12:11:00 10.0.1.3 10.0.0.5 tcp/443 x150"];
    check(&[VAULT], &["vault1"], &inside, "14:00:00", "none_seen 1.00 vault-1:none_seen:true");
}

#[test]
fn a_sign_on_a_host_without_declared_data_is_still_a_sign() {
    let tool = "12:10:00 ws5 corp\\ada high rclone exfiltration,t1567";
    check(&[OFFICE, tool], &["ws5"], &[], "14:00:00", "indications 0.00 db-1:none_seen:false");
}
