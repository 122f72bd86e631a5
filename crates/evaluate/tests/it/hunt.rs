//! Telemetry as files on disk, read and matched as the product does it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use bulkhead_detect::{Detector, EventRef, LoadReport, RuleFile, RuleSet, compile};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;
use bulkhead_telemetry::{Bounds, Observer, Options, Record, Telemetry, entities, read};
use jiff::Timestamp;

/// A path below the workspace.
pub fn workspace(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

/// The starter rules, compiled.
pub fn starter() -> (RuleSet, LoadReport) {
    let files: Vec<_> = bulkhead_evaluate::starter_rules()
        .into_iter()
        .map(|(name, text)| RuleFile { name, text: text.to_owned() })
        .collect();
    compile(&files, &bulkhead_detect::Options::default())
}

/// One rule, compiled.
pub fn only(name: &str, text: &str) -> RuleSet {
    let file = RuleFile { name: name.to_owned(), text: text.to_owned() };
    compile(&[file], &bulkhead_detect::Options::default()).0
}

/// What came of reading telemetry.
pub struct Hunted {
    pub findings: Vec<Finding>,
    pub observations: Observations,
    pub telemetry: Telemetry,
}

/// Findings over files given as name and content.
pub fn hunt<B: AsRef<[u8]>>(rules: &RuleSet, files: &[(String, B)]) -> (Vec<Finding>, Telemetry) {
    let hunted = hunt_until(rules, files, Timestamp::MAX);
    (hunted.findings, hunted.telemetry)
}

/// The same with what was observed, over the events until `limit` only.
pub fn hunt_until<B: AsRef<[u8]>>(rules: &RuleSet, files: &[(String, B)], limit: Timestamp) -> Hunted {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    let mut detector = Detector::new(rules);
    let mut observer = Observer::new(Bounds::default());
    let mut findings: Vec<Finding> = Vec::new();
    let options = Options { now: "2025-12-31T00:00:00Z".parse().ok(), ..Options::default() };
    let mut sink = |record: &Record<'_>| {
        let who = entities(record.event);
        if who.time.is_some_and(|it| it > limit) {
            return ControlFlow::Continue(());
        }
        observer.add(&who);
        let before = findings.len();
        let at =
            EventRef { file: record.file, record: record.record, source: record.source, entities: &entities };
        detector.feed(record.event, &at, &mut findings);
        for finding in findings[before..].iter_mut().filter(|it| it.host.is_none()) {
            finding.host = who.flow.as_ref().and_then(bulkhead_incident::host_of_flow);
        }
        ControlFlow::Continue(())
    };
    let telemetry = read(&[folder.path().display().to_string()], &options, &mut sink);
    detector.finish(&mut findings);
    Hunted { findings, observations: observer.finish(), telemetry }
}
