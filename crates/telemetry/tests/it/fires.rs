//! From the raw shape that operators have to the rule that fires: every line of `fires.txt` names a sample and a rule.
//!
//! Rules of our own are in `rules/`, by title; SigmaHQ's, by file name, run where `../shared/data` is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use bulkhead_detect::{Detector, EventRef, Options, RuleFile, RuleSet, compile};
use bulkhead_model::event::Event;
use bulkhead_telemetry::{Record, entities, read};

use crate::samples;
use crate::support::shared_data;

const TABLE: &str = include_str!("../fires.txt");

/// Rules that fire on a sample, with how often.
fn fired(set: &RuleSet, sample: &Path) -> BTreeMap<String, usize> {
    let mut detector = Detector::new(set);
    let mut findings = Vec::new();
    let mut sink = |record: &Record<'_>| {
        let known = |event: &dyn Event| entities(event);
        let at =
            EventRef { file: record.file, record: record.record, source: record.source, entities: &known };
        detector.feed(record.event, &at, &mut findings);
        ControlFlow::Continue(())
    };
    read(&[sample.to_string_lossy().into_owned()], &samples::options(), &mut sink);
    let mut fired = BTreeMap::new();
    for finding in findings {
        *fired.entry(finding.rule.id).or_default() += 1;
    }
    fired
}

/// The rules of `files`, and the id of each by what the table calls it.
fn rules(files: &[RuleFile], name: impl Fn(&str, &str) -> String) -> (RuleSet, BTreeMap<String, String>) {
    let (set, report) = compile(files, &Options::default());
    let names = report.rules.iter().map(|it| (name(&it.file, &it.title), it.id.clone())).collect();
    (set, names)
}

/// Every line of the table for which `ours` holds: the rule fires on the sample.
#[track_caller]
fn check(set: &RuleSet, names: &BTreeMap<String, String>, ours: bool) {
    let mut missing = Vec::new();
    let mut seen: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for line in TABLE.lines().filter(|it| !it.is_empty() && !it.starts_with('#')) {
        let (sample, rule) = line.split_once(' ').unwrap();
        let rule = rule.trim();
        if rule.starts_with("own-") != ours {
            continue;
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(sample);
        assert!(path.is_file(), "no sample {sample}");
        let fired = seen.entry(sample).or_insert_with(|| fired(set, &path));
        let Some(id) = names.get(rule) else {
            missing.push(format!("{rule} is no rule"));
            continue;
        };
        if !fired.contains_key(id) {
            missing.push(line.to_owned());
        }
    }
    assert!(missing.is_empty(), "these do not fire:\n{}", missing.join("\n"));
}

fn own() -> (RuleSet, BTreeMap<String, String>) {
    let text = include_str!("../rules/rules.yml").to_owned();
    rules(&[RuleFile { name: "rules.yml".to_owned(), text }], |_, title| title.to_owned())
}

#[test]
fn rules_of_our_own_fire_on_every_family() {
    let (set, names) = own();
    check(&set, &names, true);
}

/// The gate lets no rule look at what it does not mean: nothing fires but what the table says.
#[test]
fn no_other_rule_of_our_own_fires() {
    let (set, names) = own();
    let mut surplus = Vec::new();
    for sample in samples::files() {
        let name = sample.strip_prefix(samples::folder()).unwrap().display().to_string();
        let fired = fired(&set, &sample);
        for (title, _) in names.iter().filter(|(_, id)| fired.contains_key(*id)) {
            if !TABLE.lines().any(|it| it == format!("{name} {title}")) {
                surplus.push(format!("{name} {title}"));
            }
        }
    }
    assert!(surplus.is_empty(), "these fire too:\n{}", surplus.join("\n"));
}

#[test]
fn a_network_device_is_no_linux() {
    let (set, names) = own();
    for sample in ["devices/cisco-ios.in", "devices/fortigate.in"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(sample);
        assert!(!fired(&set, &path).contains_key(&names["own-linux-only"]), "{sample}");
    }
}

#[test]
fn rules_of_sigma_hq_fire_on_every_family() {
    let Some(folder) = shared_data("sigma") else { return };
    let wanted: BTreeSet<&str> =
        TABLE.lines().filter_map(|it| it.split_once(' ')).map(|(_, it)| it.trim()).collect();
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.contains("regression") {
                folders.push(path);
            } else if wanted.contains(name.as_str()) {
                files.push(RuleFile { name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let (set, names) = rules(&files, |file, _| file.to_owned());
    check(&set, &names, false);
}
