//! SigmaHQ's regression cases: every recorded attack must raise the rule it was recorded for.

use std::path::Path;

use bulkhead_detect::{Detector, EventRef};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Field, FieldsEvent, Shape};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::json::{JsonEvent, Memory};
use bulkhead_model::logsource::LogSource;
use bulkhead_model::yaml;

use crate::data;

/// Recordings that hold more events of the kind than `match_count` says: rule, events, which.
const MORE: &[(&str, usize, &str)] = &[
    ("0b9ad457-2554-44c1-82c2-d56a99c42377", 3, "three files below AppData\\Roaming\\AnyDesk are written"),
    (
        "8fbf3271-1ef6-4e94-8210-03c2317947f6",
        3,
        "procdump64.exe, procdump64a.exe and procdump.exe are dropped",
    ),
    ("45e112d0-7759-4c2a-aa36-9f8fb79d3393", 3, "https, http and * are added to a zone of bad-domain.com"),
    ("c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e", 2, "AutoShareServer and AutoShareWks are both set to 0"),
];

/// Findings of all rules on all recordings, inside the strict gate.
const N_FINDINGS: usize = 352;

struct Case {
    rule: String,
    path: String,
    count: Option<usize>,
}

fn cases(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for info in data::files(&root.join("sigma/regression_data"), &["info.yml"]) {
        let text = std::fs::read_to_string(&info).unwrap();
        let (documents, faults) = yaml::parse("info.yml", &text);
        assert!(faults.is_empty(), "{faults:?}");
        let rule = documents[0].get("rule_metadata").unwrap().one_or_many()[0].get("id").unwrap();
        for test in documents[0].get("regression_tests_info").map(yaml::Node::one_or_many).unwrap_or_default()
        {
            cases.push(Case {
                rule: rule.as_str().unwrap().to_owned(),
                path: test.get("path").unwrap().as_str().unwrap().to_owned(),
                count: test.get("match_count").and_then(yaml::Node::as_u64).map(|it| it as usize),
            });
        }
    }
    cases
}

/// What the built-in rules say is equal to them is there, and hardly less grave.
#[test]
fn built_in_rules_name_equal_rules_that_exist() {
    let Some(root) = data::root("equal rules of SigmaHQ") else { return };
    let (_, report) = data::compiled(&root);
    let mut n_named = 0;
    for path in data::files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules")), &[".yml"]) {
        let (documents, _) = yaml::parse("rule.yml", &std::fs::read_to_string(&path).unwrap());
        let own = documents[0].get("level").and_then(yaml::Node::as_str).and_then(Level::from_name);
        let place = |it: Level| Level::ALL.iter().position(|level| *level == it).unwrap();
        for related in documents[0].get("related").map(yaml::Node::one_or_many).unwrap_or_default() {
            let id = related.get("id").and_then(yaml::Node::as_str).unwrap();
            let entry = report.rules.iter().find(|it| it.id == id);
            let Some(entry) = entry else { panic!("{}: no rule {id}", path.display()) };
            assert!(place(entry.level) + 1 >= place(own.unwrap()), "{}: {}", path.display(), entry.title);
            n_named += 1;
        }
    }
    assert!(n_named > 100, "{n_named}");
}

pub fn evtx_records(path: &Path) -> Vec<String> {
    let settings = evtx::ParserSettings::default().num_threads(1).separate_json_attributes(false);
    let mut parser = evtx::EvtxParser::from_path(path).unwrap().with_configuration(settings);
    parser.records_json().filter_map(|it| it.ok().map(|it| it.data)).collect()
}

fn feed(detector: &mut Detector, event: &dyn Event, record: u64, out: &mut Vec<Finding>) {
    let at = EventRef {
        file: "case",
        record,
        source: LogSource::of_shape(event.shape()),
        entities: &|_| Entities::default(),
    };
    detector.feed(event, &at, out);
}

#[test]
fn every_recorded_attack_raises_its_rule() {
    let Some(root) = data::root("SigmaHQ regression cases") else { return };
    let (rules, report) = data::compiled(&root);
    // Two rules need values for a placeholder, which only an operator can give.
    let errors: Vec<&str> = report.diagnostics.iter().filter(|it| it.is_error()).map(|it| it.code).collect();
    assert_eq!(errors, ["unknown-placeholder"; 2]);
    let mut detector = Detector::new(&rules);
    let mut memory = Memory::default();
    let mut missed = Vec::new();
    let mut odd = Vec::new();
    let mut n_findings = 0;
    let cases = cases(&root);
    for case in &cases {
        let mut findings = Vec::new();
        for (index, record) in evtx_records(&root.join("sigma").join(&case.path)).iter().enumerate() {
            let event = JsonEvent::with_memory(record.as_bytes(), None, memory).unwrap();
            assert_eq!(event.shape(), Shape::Windows);
            feed(&mut detector, &event, index as u64 + 1, &mut findings);
            memory = event.into_memory();
        }
        n_findings += findings.len();
        let n = findings.iter().filter(|it| it.rule.id == case.rule).count();
        if n == 0 {
            missed.push(&case.path);
        } else if let Some(count) = case.count {
            let known = MORE.iter().find(|(id, ..)| *id == case.rule).map(|it| it.1);
            if n != known.unwrap_or(count) {
                odd.push((&case.path, n, case.count));
            }
        }
    }
    println!("{} cases, {n_findings} findings", cases.len());
    assert_eq!((missed, odd), (Vec::new(), Vec::new()));
    assert_eq!((cases.len(), n_findings), (202, N_FINDINGS));
}

#[test]
fn what_no_mapping_speaks_of_is_said() {
    let Some(root) = data::root("reachability of SigmaHQ's rules") else { return };
    let (_, report) = data::compiled(&root);
    let unreachable: Vec<&str> = report.rules.iter().filter_map(|it| it.unreachable.as_deref()).collect();
    println!("{} of {} rules cannot fire with the mapped log sources", unreachable.len(), report.rules.len());
    assert!(unreachable.len() < report.rules.len() / 20);
    assert!(unreachable.iter().all(|it| it.starts_with("no log source mapping for ")), "{unreachable:?}");
}

#[test]
fn the_cisco_case_raises_its_rule() {
    let Some(root) = data::root("SigmaHQ's Cisco AAA case") else { return };
    let (rules, _) = data::compiled(&root);
    let mut detector = Detector::new(&rules);
    let folder = root.join("sigma/regression_data/rules/cisco/aaa");
    let mut findings = Vec::new();
    for path in data::files(&folder, &[".raw"]) {
        for line in std::fs::read_to_string(path).unwrap().lines().filter(|it| !it.is_empty()) {
            let mut event = FieldsEvent::new(line.as_bytes(), Shape::Syslog);
            event.push("message", Field::text(line));
            feed(&mut detector, &event, 1, &mut findings);
        }
    }
    let ids: Vec<&str> = findings.iter().map(|it| it.rule.id.as_str()).collect();
    assert_eq!(ids, ["ef0ff092-a24a-4fbc-beea-06c08d53e085"]);
}
