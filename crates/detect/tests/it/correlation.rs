//! Correlation rules: one folder per type, each with a positive, a negative, a boundary and an out-of-order case.
//!
//! A case lists events (`seconds action name=value...`), then `==`, then the findings expected, sorted by time.

use std::collections::BTreeMap;
use std::path::Path;

use bulkhead_detect::{CorrelationOptions, Detector, EventRef, Options, RuleFile, RuleSet, compile};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::finding::Finding;
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;

use crate::data;

fn at(seconds: &str) -> Timestamp {
    let millis = seconds.parse::<f64>().unwrap() * 1000.0;
    Timestamp::from_millisecond(1_700_000_000_000 + millis.round() as i64).unwrap()
}

pub fn load(text: &str) -> RuleSet {
    let file = RuleFile { name: "rules.yml".to_owned(), text: text.to_owned() };
    let (set, report) = compile(&[file], &Options::default());
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    set
}

pub fn feed(detector: &mut Detector, line: &str, record: u64, out: &mut Vec<Finding>) {
    let mut words = line.split(' ');
    let time = at(words.next().unwrap());
    let mut event = FieldsEvent::new(line.as_bytes(), Shape::Json);
    event.push("action", Field::text(words.next().unwrap()));
    for word in words {
        let (name, value) = word.split_once('=').unwrap();
        event.push(name, Field::text(value));
    }
    let entities =
        |_: &dyn bulkhead_model::event::Event| Entities { time: Some(time), ..Entities::default() };
    let reference = EventRef { file: "case", record, source: LogSource::default(), entities: &entities };
    detector.feed(&event, &reference, out);
}

pub fn show(finding: &Finding) -> String {
    let millis = finding.time.unwrap().as_millisecond() - 1_700_000_000_000;
    let fields: Vec<String> = finding.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {} {}", millis as f64 / 1000.0, finding.rule.title, fields.join(" "))
}

fn sorted(mut findings: Vec<Finding>) -> Vec<String> {
    findings.sort_by_key(|it| it.time);
    findings.iter().map(show).collect()
}

fn check(set: &RuleSet, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let (events, expect) = text.split_once("==\n").unwrap();
    let lines: Vec<&str> = events.lines().filter(|it| !it.starts_with('#')).collect();
    let streaming = CorrelationOptions { lateness_ms: Some(40_000), ..CorrelationOptions::default() };
    for options in [CorrelationOptions::default(), streaming] {
        let mut detector = Detector::with_options(set, options);
        let mut findings = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            // Saved and restored between any two events, it must go on as if nothing had happened.
            let saved = detector.save();
            detector = Detector::with_options(set, options);
            assert_eq!(detector.restore(&saved), Ok(0));
            assert_eq!(detector.save(), saved);
            feed(&mut detector, line, index as u64 + 1, &mut findings);
        }
        detector.finish(&mut findings);
        assert_eq!(sorted(findings), expect.lines().collect::<Vec<_>>(), "{} {options:?}", path.display());
    }
}

#[test]
fn every_type_has_its_four_cases() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/correlation"));
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|it| it.path()).collect();
    folders.sort();
    assert!(folders.len() >= 13);
    for folder in folders {
        let set = load(&std::fs::read_to_string(folder.join("rules.yml")).unwrap());
        for case in ["positive", "negative", "boundary", "out_of_order"] {
            check(&set, &folder.join(format!("{case}.case")));
        }
        assert_eq!(data::files(&folder, &[".case"]).len(), 4, "{}", folder.display());
    }
}

const COUNTING: &str = include_str!("../correlation/event_count/rules.yml");

#[test]
fn late_and_untimed_findings_are_counted() {
    let options = CorrelationOptions { lateness_ms: Some(5000), ..CorrelationOptions::default() };
    let mut detector = Detector::with_options(&load(COUNTING), options);
    let mut out = Vec::new();
    for line in ["100 fail user=a", "94 fail user=a", "96 fail user=a", "110 fail user=b"] {
        feed(&mut detector, line, 1, &mut out);
    }
    assert_eq!(detector.counts().correlation.late, 1);
    let event = {
        let mut event = FieldsEvent::new(b"", Shape::Json);
        event.push("action", Field::text("fail"));
        event
    };
    let nothing = |_: &dyn bulkhead_model::event::Event| Entities::default();
    let reference = EventRef { file: "case", record: 1, source: LogSource::default(), entities: &nothing };
    detector.feed(&event, &reference, &mut out);
    assert_eq!(detector.counts().correlation.untimed, 1);
}

#[test]
fn groups_are_bounded_and_evictions_counted() {
    let options =
        CorrelationOptions { lateness_ms: Some(0), groups_max: 100, ..CorrelationOptions::default() };
    let mut detector = Detector::with_options(&load(COUNTING), options);
    let mut out = Vec::new();
    for number in 0..1000 {
        feed(&mut detector, &format!("{} fail user=u{number}", number as f64 / 1000.0), 1, &mut out);
        assert!(detector.n_groups() <= 100);
    }
    assert_eq!(detector.counts().correlation.evicted, 900);
    // Groups end by themselves when their window is over.
    feed(&mut detector, "60 fail user=x", 1, &mut out);
    assert_eq!(detector.n_groups(), 1);
    assert_eq!(detector.counts().correlation.evicted, 900);
}

#[track_caller]
fn check_fault(text: &str, expect: &str) {
    let file = RuleFile { name: "c.yml".to_owned(), text: text.to_owned() };
    let (_, report) = compile(&[file], &Options::default());
    let got: Vec<String> = report.diagnostics.iter().map(ToString::to_string).collect();
    assert!(got.iter().any(|it| it.contains(expect)), "{got:#?}");
}

#[test]
fn faults_say_where_and_why() {
    let rule = |body: &str| format!("title: x\nid: x\ncorrelation:\n{body}level: low\n");
    check_fault(
        &rule("  type: event_count\n  rules: nobody\n  timespan: 1m\n  condition: {gte: 1}\n"),
        "c.yml:5:10",
    );
    check_fault(
        &rule("  type: event_count\n  rules: x\n  timespan: soon\n  condition: {gte: 1}\n"),
        "`soon` is not a length",
    );
    check_fault(&rule("  type: fancy\n  rules: x\n  timespan: 1m\n"), "`fancy` is not a type of correlation");
    check_fault(&rule("  type: event_count\n  rules: x\n  timespan: 1m\n"), "no `condition`");
    check_fault(
        &rule("  type: value_sum\n  rules: x\n  timespan: 1m\n  condition: {gte: 1}\n"),
        "needs `condition.field`",
    );
    // A circle of two.
    let circle = "title: a\nid: a\ncorrelation: {type: event_count, rules: b, timespan: 1m, condition: {gte: 1}}\n---\n\
                  title: b\nid: b\ncorrelation: {type: event_count, rules: a, timespan: 1m, condition: {gte: 1}}\n";
    check_fault(circle, "cannot be used, because");
}

#[test]
fn values_of_groups_do_not_run_into_each_other() {
    let text = COUNTING.replace("group-by: [user]", "group-by: [user, host]");
    let mut detector = Detector::new(&load(&text));
    let mut out = Vec::new();
    for line in ["0 fail user=a host=bc", "1 fail user=ab host=c", "2 fail user=a", "3 fail host=a"] {
        feed(&mut detector, line, 1, &mut out);
    }
    detector.finish(&mut out);
    assert_eq!(detector.n_groups(), 4);
    assert_eq!(out.iter().map(|it| &it.fields).collect::<Vec<_>>(), Vec::<&BTreeMap<_, _>>::new());
}

#[test]
fn a_correlation_of_rules_that_never_fire_never_does() {
    let rule = |id: &str, product: &str| {
        format!(
            "title: {id}\nid: {id}\nlogsource: {{product: {product}}}\ndetection: {{s: {{a: b}}, condition: s}}\nlevel: low\n---\n"
        )
    };
    let correlation = |id: &str, kind: &str, rules: &str| {
        format!(
            "title: {id}\nid: {id}\ncorrelation: {{type: {kind}, rules: [{rules}], timespan: 1m}}\nlevel: low\n---\n"
        )
    };
    let counting = "event_count, condition: {gte: 2}";
    let text = rule("live", "windows")
        + &rule("idle", "nobody")
        + &correlation("both", "temporal", "live, idle")
        + &correlation("one", counting, "live, idle")
        + &correlation("none", counting, "idle")
        + &correlation("chain", counting, "none");
    let file = RuleFile { name: "c.yml".to_owned(), text };
    let (_, report) = compile(&[file], &Options::default());
    let got: Vec<String> = report
        .rules
        .iter()
        .map(|it| format!("{}: {}", it.id, it.unreachable.as_deref().unwrap_or("can fire")))
        .collect();
    let expect = [
        "live: can fire",
        "idle: no log source mapping for product=nobody",
        "both: its rule `idle` can fire on no known log source",
        "one: can fire",
        "none: its rule `idle` can fire on no known log source",
        "chain: its rule `none` can fire on no known log source",
    ];
    assert_eq!(got, expect, "{:?}", report.diagnostics);
}
