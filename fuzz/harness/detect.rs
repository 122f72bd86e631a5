//! What the fuzz targets of detection hold any input to; the tests of `detect` replay the corpus through the same code.

use bulkhead_detect::{Detector, EventRef, LoadReport, Options, RuleFile, RuleSet, compile};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::Event;
use bulkhead_model::json::JsonEvent;
use bulkhead_model::logsource::LogSource;

/// Parts an input into a text and the event to try it on.
const PART: &str = "\n%%%\n";

/// The event of inputs that bring none: every kind of value, and what the log source gate asks for.
const EVENT: &str = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd.exe /c whoami -x","a":"Foo","b":["x",7,null],"n":-3.5,"t":"2024-05-01T10:20:30Z","ip":"10.1.2.3","e":"","o":{"p":true}}"#;

/// Rules that meet every kind of comparison, for pipelines and log sources to work on.
const RULES: &str = r"title: one
id: one
logsource: {category: process_creation, product: windows}
detection:
  s: {CommandLine|contains: [whoami, '%names%'], Image|endswith: \cmd.exe}
  k: ['x', y]
  f: {a|re|i: fo+, ip|cidr: 10.0.0.0/8}
  condition: s and not f or 1 of k*
level: high
---
title: two
id: two
logsource: {service: auditd}
detection: {s: {a|fieldref: b, n|lt: 7, e: ''}, condition: s}
level: low
";

/// `bytes` as a rule file: whatever loads fires on an event exactly when its explanation says so.
pub fn rules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, event) = text.split_once(PART).unwrap_or((text, EVENT));
    let (set, report) = load(text, &Options::default());
    agree(&set, &report, event);
}

/// `bytes` as a processing pipeline over known rules.
pub fn pipeline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, event) = text.split_once(PART).unwrap_or((text, EVENT));
    let options = Options {
        pipelines: vec![("fuzz.yml".to_owned(), text.to_owned())],
        placeholders: [("names".to_owned(), vec!["adm*".to_owned()])].into(),
        ..Options::default()
    };
    let (set, report) = load(RULES, &options);
    agree(&set, &report, event);
}

/// `bytes` as a file of log source mappings.
pub fn log_sources(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, event) = text.split_once(PART).unwrap_or((text, EVENT));
    let options =
        Options { log_sources: vec![("fuzz.yml".to_owned(), text.to_owned())], ..Options::default() };
    let (set, report) = load(RULES, &options);
    agree(&set, &report, event);
}

fn load(text: &str, options: &Options) -> (RuleSet, LoadReport) {
    let (set, report) = compile(&[RuleFile { name: "fuzz.yml".to_owned(), text: text.to_owned() }], options);
    for it in &report.diagnostics {
        assert!(!it.to_string().is_empty());
    }
    (set, report)
}

/// The engine and the item-by-item evaluator behind explanations are two programs; they must say the same.
fn agree(set: &RuleSet, report: &LoadReport, event: &str) {
    let Ok(event) = JsonEvent::new(event.as_bytes(), None) else { return };
    let source = LogSource::default();
    let at =
        EventRef { file: "f", record: 1, source: LogSource::default(), entities: &|_| Entities::default() };
    let mut found = Vec::new();
    let mut detector = Detector::new(set);
    // Twice: the second time from what the first has compiled.
    detector.feed(&event, &at, &mut found);
    let once = found.len();
    detector.feed(&event, &at, &mut found);
    assert_eq!(found.len(), 2 * once, "the same event twice");
    found.truncate(once);
    detector.finish(&mut Vec::new());
    // A rule that serves a correlation makes no finding of its own.
    if report.rules.iter().any(|it| it.kind == "correlation") {
        return;
    }
    for rule in set.rules() {
        if set.rules().iter().filter(|it| it.id == rule.id).count() > 1 {
            continue;
        }
        let Some(explained) = set.explain(&rule.id, &event as &dyn Event, &source) else { continue };
        let fired = found.iter().any(|it| it.rule.id == rule.id);
        assert_eq!(fired, explained.matched, "{explained:#?}");
    }
}
