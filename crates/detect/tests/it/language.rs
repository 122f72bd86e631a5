//! The rule language, one idea per test: a detection, an event, and whether it matches.

use bulkhead_detect::{Detector, EventRef, LoadReport, Options, RuleFile, RuleSet, compile};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::Event;
use bulkhead_model::finding::Finding;
use bulkhead_model::json::JsonEvent;
use bulkhead_model::logsource::LogSource;

pub fn load(text: &str, options: &Options) -> (RuleSet, LoadReport) {
    compile(&[RuleFile { name: "rule.yml".to_owned(), text: text.to_owned() }], options)
}

pub fn findings(set: &RuleSet, event: &str, source: LogSource<'_>) -> Vec<Finding> {
    let event = JsonEvent::new(event.as_bytes(), None).unwrap();
    let mut out = Vec::new();
    let at = EventRef { file: "f", record: 1, source, entities: &|_| Entities::default() };
    Detector::new(set).feed(&event, &at, &mut out);
    out
}

/// A rule around a `detection`, for any event.
fn rule(detection: &str) -> String {
    let indented: String = detection.lines().map(|it| format!("  {it}\n")).collect();
    format!("title: t\nid: t\nlogsource: {{}}\ndetection:\n{indented}level: low\n")
}

#[track_caller]
fn check(detection: &str, event: &str, expect: bool) {
    let (set, report) = load(&rule(detection), &Options::default());
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    let found = findings(&set, event, LogSource::default());
    assert_eq!(found.len(), usize::from(expect), "{detection} on {event}");
    let event = JsonEvent::new(event.as_bytes(), None).unwrap();
    let explained = set.explain("t", &event, &LogSource::default()).unwrap();
    assert_eq!(explained.matched, expect, "{explained:#?}");
}

/// One item `a`, one event with the field `a`.
#[track_caller]
fn item(item: &str, value: &str, expect: bool) {
    check(&format!("s:\n  {item}\ncondition: s"), &format!("{{\"a\":{value}}}"), expect);
}

#[test]
fn plain_text_is_compared_whole_and_caseless() {
    item("a: Foo", r#""fOO""#, true);
    item("a: Foo", r#""foo bar""#, false);
    item("a: ÄRGER", r#""ärger""#, true);
    item("a: [x, Foo]", r#""foo""#, true);
    item("a: 00000429", r#""00000429""#, true);
    item("a: 00000429", "429", false);
    item("a: yes", r#""yes""#, true);
    item("a: ''", r#""""#, true);
    item("a: ''", r#""x""#, false);
    item("a: ''", "null", false);
}

#[test]
fn wildcards_and_escapes() {
    item("a: 'f*o'", r#""fXo""#, true);
    item("a: 'f*o'", r#""fo""#, true);
    item("a: 'f?o'", r#""fXo""#, true);
    item("a: 'f?o'", r#""fo""#, false);
    item(r"a: 'f\*o'", r#""f*o""#, true);
    item(r"a: 'f\*o'", r#""fXo""#, false);
    item(r"a: '*\system32\\*'", r#""C:\\Windows\\System32\\x""#, true);
    item(r"a: '\\\\host\\*'", r#""\\\\host\\share""#, true);
    item("a: '*'", r#""any\nthing""#, true);
    item("a: '*'", "null", false);
    item("a: 'x*z'", r#""x\ny\nz""#, true);
}

#[test]
fn numbers_truth_and_null() {
    item("a: 4624", "4624", true);
    item("a: 4624", r#""4624""#, true);
    item("a: 4624", "4624.0", true);
    item("a: 4624", r#""04624""#, true);
    item("a: 4624", "46240", false);
    item("a: 1.5", r#""1.50""#, true);
    item("a: '4624'", "4624", true);
    item("a: true", "true", true);
    item("a: true", r#""True""#, true);
    item("a: true", "false", false);
    item("a: null", "null", true);
    item("a: null", r#""""#, false);
    item("b: null", "1", true);
    item("a: 0x10", r#""0x10""#, true);
}

#[test]
fn text_modifiers() {
    item("a|contains: oo", r#""FOOD""#, true);
    item("a|startswith: fo", r#""FOOD""#, true);
    item("a|startswith: oo", r#""FOOD""#, false);
    item("a|endswith: od", r#""FOOD""#, true);
    item("a|contains|all: [fo, od]", r#""food""#, true);
    item("a|contains|all: [fo, xx]", r#""food""#, false);
    item("a|contains: 'f*d'", r#""a food b""#, true);
    item("a|cased: Foo", r#""foo""#, false);
    item("a|contains|cased: oO", r#""foOd""#, true);
    item("a|contains: 46", "4624", true);
    item("a|endswith: 24", "4624", true);
    item("a|neq: x", r#""y""#, true);
    item("a|neq: x", r#""x""#, false);
    item("a|neq: [x, y]", r#""y""#, false);
}

#[test]
fn existence() {
    item("a|exists: true", r#""""#, true);
    item("a|exists: true", "null", false);
    item("a|exists: false", r#""x""#, false);
    item("b|exists: false", r#""x""#, true);
    item("b|exists: true", r#""x""#, false);
}

#[test]
fn regular_expressions() {
    item("a|re: '^f.o$'", r#""fxo""#, true);
    item("a|re: '^f.o$'", r#""FXO""#, false);
    item("a|re|i: '^f.o$'", r#""FXO""#, true);
    item("a|re: 'f.o'", r#""f\no""#, false);
    item("a|re|s: 'f.o'", r#""f\no""#, true);
    item("a|re: '^b'", r#""a\nb""#, false);
    item("a|re|m: '^b'", r#""a\nb""#, true);
    item(r"a|re: '\d{3}'", "4624", true);
}

#[test]
fn addresses() {
    item("a|cidr: 10.0.0.0/8", r#""10.1.2.3""#, true);
    item("a|cidr: 10.0.0.0/8", r#""11.1.2.3""#, false);
    item("a|cidr: [192.168.0.0/16, 'fd00::/8']", r#""fd00::1""#, true);
    item("a|cidr: 'fd00::/8'", r#""10.0.0.1""#, false);
    item("a|cidr: 10.0.0.0/8", r#""::ffff:10.1.2.3""#, true);
    item("a|cidr: 10.0.0.0/8", r#""host""#, false);
}

#[test]
fn comparisons() {
    item("a|gt: 5", "6", true);
    item("a|gt: 5", "5", false);
    item("a|gte: 5", r#""5""#, true);
    item("a|lt: 5", "-1", true);
    item("a|lte: 5.5", "5.5", true);
    item("a|lt: 5", r#""few""#, false);
    item("a|hour: 4", r#""2024-02-03T04:05:06Z""#, true);
    item("a|hour|gte: 22", r#""2024-02-03 23:05:06""#, true);
    item("a|month: 3", r#""2024-02-03T04:05:06Z""#, false);
    item("a|day: 3", r#""2024-02-03T04:05:06Z""#, true);
}

#[test]
fn dashes_of_windows() {
    for dash in ["-", "/", "\\u2013", "\\u2014", "\\u2015"] {
        item("a|contains|windash: ' -f '", &format!("\"x {dash}f y\""), true);
        item("a|contains|windash: ' /f '", &format!("\"x {dash}f y\""), true);
    }
    item("a|contains|windash: 'a-b'", r#""a/b""#, false);
}

#[test]
fn encodings() {
    item("a|base64: foo", r#""Zm9v""#, true);
    item("a|base64offset|contains: /bin/bash", r#""echo L2Jpbi9iYXNo""#, true);
    item("a|base64offset|contains: /bin/bash", r#""eC9iaW4vYmFzaCA=""#, true);
    item("a|wide|base64offset|contains: ping", r#""powershell -e cABpAG4AZwAgADEA""#, true);
    item("a|utf16le|base64: ping", r#""cABpAG4AZwA=""#, true);
    item("a|utf16be|base64: ab", r#""AGEAYg==""#, true);
    item("a|utf16|base64: ab", r#""//5hAGIA""#, true);
}

#[test]
fn other_fields() {
    let rule = "s: {'a|fieldref': b}\ncondition: s";
    check(rule, r#"{"a":"X","b":"x"}"#, true);
    check(rule, r#"{"a":"x","b":"y"}"#, false);
    check(rule, r#"{"a":"x"}"#, false);
    check("s: {'a|fieldref|endswith': b}\ncondition: s", r#"{"a":"C:\\x.exe","b":"X.EXE"}"#, true);
    check("s: {'a|fieldref|cased': b}\ncondition: s", r#"{"a":"x","b":"X"}"#, false);
}

#[test]
fn arrays_match_with_any_element() {
    item("a: x", r#"["y","x"]"#, true);
    item("a|contains|all: [x, y]", r#"["y","x"]"#, true);
    check("s: {a.b: 1}\ncondition: s", r#"{"a":[{"b":2},{"b":1}]}"#, true);
}

#[test]
fn keywords_stand_anywhere() {
    let rule = "k: [mimikatz, 'sek*lsa']\ncondition: k";
    check(rule, r#"{"x":"run MimiKatz.exe"}"#, true);
    check(rule, r#"{"x":{"y":["Sekurlsa"]}}"#, true);
    check(rule, r#"{"x":"a sekurlsa b"}"#, true);
    check(rule, r#"{"x":"a lsa sek b"}"#, false);
    check(rule, r#"{"mimikatz":"no"}"#, false);
    check("k: {'|all': [a b, c]}\ncondition: k", r#"{"x":"A B","y":"c"}"#, true);
    check("k: {'|re': 'x\\d'}\ncondition: k", r#"{"f":"ax1"}"#, true);
    check("k: [4711]\ncondition: k", r#"{"f":"no 47112"}"#, true);
    check("k: \u{ab}mimi\ncondition: k", "{\"f\":\"\u{ab}MIMI\"}", true);
    check("k: kelvin\ncondition: k", "{\"f\":\"\u{212A}elvin\"}", true);
    check("k: kelvin\ncondition: k", r#"{"f":"\u006belvin"}"#, true);
}

/// Header and data of one event have a field of the same name: the rule means the data, the gate the header.
#[test]
fn data_of_a_headers_name_decides_in_the_rule() {
    let text = "title: t\nid: t\nlogsource: {product: windows, service: system}\n\
                detection: {s: {EventID: 104, Channel: Security}, condition: s}\nlevel: low\n";
    let (set, report) = load(text, &Options::default());
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    let check = |event: &str, expect: usize| {
        let found = findings(&set, event, LogSource::of_shape(bulkhead_model::event::Shape::Windows));
        assert_eq!(found.len(), expect, "{event}");
    };
    let cleared = r#"{"Event":{"System":{"EventID":104,"Channel":"System"},"UserData":{"Cleared":{"Channel":"Security"}}}}"#;
    check(cleared, 1);
    check(&cleared.replace("\"Security\"", "\"System\""), 0);
    check(&cleared.replace("\"System\"}", "\"Application\"}"), 0);
    check(r#"{"winlog":{"event_data":{"Channel":"Security"},"channel":"System","event_id":104}}"#, 1);
}

/// What takes too long is given up and told, event by event; the other rules go on.
#[test]
fn a_rule_that_takes_too_long_says_so() {
    let slow = format!(
        "title: slow\nid: slow\nlogsource: {{}}\ndetection:\n  s: {{a|re: '{}c'}}\n  condition: s\nlevel: low\n",
        "(a|b)".repeat(5000)
    );
    let other = "---\ntitle: other\nid: other\nlogsource: {}\ndetection: {s: {a|contains: aa}, condition: s}\nlevel: low\n";
    let (set, report) = load(&(slow + other), &Options::default());
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    let text = format!("{{\"a\":\"{}\"}}", "a".repeat(100_000));
    let event = JsonEvent::new(text.as_bytes(), None).unwrap();
    let mut detector = Detector::new(&set);
    let mut out = Vec::new();
    for record in 1..=2 {
        let at =
            EventRef { file: "f", record, source: LogSource::default(), entities: &|_| Entities::default() };
        detector.feed(&event, &at, &mut out);
    }
    assert_eq!((out.len(), detector.counts().over_budget), (2, 2));
    assert_eq!(detector.over_budget().into_iter().collect::<Vec<_>>(), [("slow".to_owned(), 2)]);
}

#[test]
fn lists_of_mappings_are_alternatives() {
    let rule = "s:\n  - {a: 1, b: 2}\n  - {c: 3}\ncondition: s";
    check(rule, r#"{"a":1,"b":2}"#, true);
    check(rule, r#"{"a":1}"#, false);
    check(rule, r#"{"c":3}"#, true);
}

#[test]
fn conditions() {
    let searches = "s1: {a: 1}\ns2: {b: 1}\ns3: {c: 1}\n_no: {a: 1}\n";
    let all = |condition: &str, event: &str, expect: bool| {
        check(&format!("{searches}condition: {condition}"), event, expect);
    };
    all("s1 and not s2", r#"{"a":1}"#, true);
    all("s1 and not s2", r#"{"a":1,"b":1}"#, false);
    all("1 of s*", r#"{"c":1}"#, true);
    all("2 of s*", r#"{"c":1}"#, false);
    all("2 of them", r#"{"a":1}"#, false);
    all("2 of them", r#"{"a":1,"c":1}"#, true);
    all("all of them", r#"{"a":1,"b":1,"c":1}"#, true);
    all("any of s* and not (s1 or s2)", r#"{"c":1}"#, true);
    all("not all of s*", r#"{"c":1}"#, true);
    all("[s1, s3]", r#"{"c":1}"#, true);
    all("not 1 of s*", "{}", true);
}

#[test]
fn a_rule_of_only_negations_fires() {
    check("s: {a: 1}\ncondition: not s", r#"{"b":1}"#, true);
    check("s: {a: null}\ncondition: s", r#"{"b":1}"#, true);
}

#[track_caller]
fn fault(text: &str, expect: &str) {
    let (set, report) = load(text, &Options::default());
    let got: Vec<String> = report.diagnostics.iter().map(ToString::to_string).collect();
    assert!(got.iter().any(|it| it.contains(expect)), "{got:#?}");
    assert_eq!(set.len(), 0);
}

#[test]
fn faults_say_where_and_why() {
    fault(
        &rule("s: {a|fancy: 1}\ncondition: s"),
        "rule.yml:5:7: error[unknown-modifier]: `fancy` is not a modifier",
    );
    fault(
        &rule("s: {a: 1}\ncondition: s and t"),
        "rule.yml:6:14: error[unknown-search]: the condition names `t`",
    );
    fault(&rule("s: {a: 1}\ncondition: s and"), "rule.yml:6:19: error[bad-condition]");
    fault(&rule("s: {a|re: '('}\ncondition: s"), "the regular expression `(` cannot be used");
    fault(&rule("s: {a|cidr: x}\ncondition: s"), "`x` is not a network");
    fault(&rule("s: {a|gt: x}\ncondition: s"), "`x` is not a number");
    fault(&rule("s: {a|contains|re: x}\ncondition: s"), "cannot stand together");
    fault(&rule("s: {a|expand: '%x%'}\ncondition: s"), "the placeholder `%x%` has no values");
    fault(&rule("s: {a: {b: 1}}\ncondition: s"), "expected text or a number");
    fault(&rule("s: {a: []}\ncondition: s"), "empty list");
    fault(&rule("s: {a: 1}"), "`detection` has no `condition`");
    fault("title: t\nlogsource: {}\n", "the rule has no `detection`");
    fault("title: t\ndetection: {s: {a: 1}, condition: s}\n", "the rule has no `logsource`");
    fault(
        "title: t\nlogsource: {}\nlevel: huge\ndetection: {s: {a: 1}, condition: s}\n",
        "`huge` is not a level",
    );
    fault("- 1\n", "expected a rule, found a list");
}

#[test]
fn one_bad_rule_does_not_stop_the_rest() {
    let good = rule("s: {a: 1}\ncondition: s");
    let bad = rule("s: {a: 1}\ncondition: t");
    let (set, report) = load(&format!("{bad}---\n{good}---\n{bad}"), &Options::default());
    assert_eq!(set.len(), 1);
    assert_eq!(report.diagnostics.len(), 2);
    assert_eq!(report.rules.len(), 1);
}

#[test]
fn collections_share_what_is_global() {
    let text = "action: global\ntitle: t\nlogsource: {}\ndetection: {condition: s}\nlevel: high\n---\n\
                id: one\ndetection: {s: {a: 1}}\n---\nid: two\ndetection: {s: {a: 2}}\n---\n\
                action: repeat\nid: three\ndetection: {s: {a: 3}}\n---\naction: reset\n---\nid: four\n";
    let (set, report) = load(text, &Options::default());
    let ids: Vec<&str> = set.rules().iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["one", "two", "three"]);
    assert!(report.diagnostics.iter().any(bulkhead_model::diag::Diagnostic::is_error));
    assert_eq!(findings(&set, r#"{"a":3}"#, LogSource::default())[0].rule.id, "three");
}

#[test]
fn filters_add_to_rules() {
    let text = format!(
        "{}---\ntitle: f\nlogsource: {{}}\nfilter:\n  rules: [t]\n  adm: {{user|startswith: adm}}\n  condition: not adm\n",
        rule("s: {a: 1}\ncondition: 1 of them")
    );
    let (set, report) = load(&text, &Options::default());
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    assert_eq!(findings(&set, r#"{"a":1,"user":"bob"}"#, LogSource::default()).len(), 1);
    assert_eq!(findings(&set, r#"{"a":1,"user":"adm1"}"#, LogSource::default()).len(), 0);
    let idle = text.replace("rules: [t]", "rules: [u]");
    let (_, report) = load(&idle, &Options::default());
    assert!(report.diagnostics[0].to_string().contains("applies to no loaded rule"));
}

#[test]
fn findings_name_the_fields_the_rule_read() {
    let (set, _) =
        load(&rule("s: {a: 1, b|contains: x}\nf: {c: 1}\ncondition: s and not f"), &Options::default());
    let found = findings(&set, r#"{"a":1,"b":"axb","d":2}"#, LogSource::default());
    let fields: Vec<String> = found[0].fields.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(fields, ["a=1", "b=axb"]);
}

#[test]
fn the_gate_decides_by_the_event_or_its_reader() {
    let text = |source: &str| {
        format!("title: t\nid: t\nlogsource: {source}\ndetection: {{s: {{a: 1}}, condition: s}}\n")
    };
    let gate = |source: &str, event: &str, hint: LogSource<'_>| {
        let (set, _) = load(&text(source), &Options::default());
        findings(&set, event, hint).len()
    };
    let none = LogSource::default();
    let sysmon = r#"{"a":1,"EventID":1,"Channel":"microsoft-windows-sysmon/operational"}"#;
    assert_eq!(gate("{product: windows}", sysmon, none), 1);
    assert_eq!(gate("{product: windows, category: process_creation}", sysmon, none), 1);
    assert_eq!(gate("{product: windows, service: sysmon}", sysmon, none), 1);
    assert_eq!(gate("{product: windows, category: file_event}", sysmon, none), 0);
    assert_eq!(gate("{product: linux}", sysmon, none), 0);
    assert_eq!(gate("{category: webserver}", sysmon, none), 0);
    assert_eq!(gate("{category: process_creation}", sysmon, none), 1);
    let security = r#"{"a":1,"EventID":"4688","Channel":"Security"}"#;
    assert_eq!(gate("{product: windows, category: process_creation}", security, none), 1);
    assert_eq!(gate("{product: windows, service: sysmon}", security, none), 0);
    let hint = LogSource { product: Some("acme"), service: Some("Door"), category: None };
    assert_eq!(gate("{product: acme, service: door}", r#"{"a":1}"#, hint), 1);
    // Nobody knows where the event is from, and nothing maps the rule's log source: it may be meant.
    assert_eq!(gate("{product: acme, service: door}", r#"{"a":1}"#, none), 1);
    assert_eq!(gate("{product: acme, service: door}", sysmon, none), 0);
    assert_eq!(gate("{product: linux}", r#"{"a":1}"#, none), 0);
    assert_eq!(gate("{product: acme, category: x}", r#"{"a":1}"#, hint), 0);
}

#[test]
fn process_creation_reads_4688_under_its_own_names() {
    let text = "title: t\nid: t\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s: {Image|endswith: \\a.exe, ParentImage: p, CommandLine: c}\n  condition: s\n";
    let (set, _) = load(text, &Options::default());
    let event = r#"{"Event":{"System":{"EventID":4688,"Channel":"Security"},"EventData":{"NewProcessName":"C:\\A.exe","ParentProcessName":"P","CommandLine":"C"}}}"#;
    let found = findings(&set, event, LogSource::default());
    assert_eq!(
        found[0].fields.keys().collect::<Vec<_>>(),
        ["CommandLine", "NewProcessName", "ParentProcessName"]
    );
    let event = JsonEvent::new(event.as_bytes(), None).unwrap();
    assert_eq!(event.get("EventID").map(|it| it.to_text().into_owned()).as_deref(), Some("4688"));
    assert!(set.explain("t", &event, &LogSource::default()).unwrap().matched);
}

#[test]
fn log_sources_of_the_user_are_files() {
    let options = Options {
        log_sources: vec![(
            "mine.yml".to_owned(),
            "- {product: acme, service: door, when: {shape: json, device: door*}, fields: {Who: badge}}\n"
                .to_owned(),
        )],
        ..Options::default()
    };
    let text = "title: t\nid: t\nlogsource: {product: acme, service: door}\ndetection: {s: {Who: bob}, condition: s}\n";
    let (set, report) = load(text, &options);
    assert!(report.diagnostics.is_empty() && report.rules[0].unreachable.is_none(), "{report:?}");
    assert_eq!(findings(&set, r#"{"device":"door-3","badge":"Bob"}"#, LogSource::default()).len(), 1);
    assert_eq!(findings(&set, r#"{"device":"gate-3","badge":"Bob"}"#, LogSource::default()).len(), 0);
    let (_, report) = load(text, &Options::default());
    assert_eq!(
        report.rules[0].unreachable.as_deref(),
        Some("no log source mapping for product=acme service=door")
    );
    // Nothing maps it: it may be about what nobody can place, and about nothing that has a place.
    let (set, _) = load(text, &Options::default());
    let hinted = LogSource { product: Some("other"), ..LogSource::default() };
    for (event, source, expect) in [
        (r#"{"Who":"bob"}"#, LogSource::default(), 1),
        (r#"{"Who":"bob"}"#, hinted, 0),
        (r#"{"Who":"bob","eventSource":"s3","awsRegion":"eu"}"#, LogSource::default(), 0),
        (r#"{"Who":"bob","EventID":1,"Channel":"Security"}"#, LogSource::default(), 0),
    ] {
        assert_eq!(findings(&set, event, source).len(), expect, "{event}");
    }
    let bad = Options {
        log_sources: vec![("bad.yml".to_owned(), "- {product: x, wen: {}}\n".to_owned())],
        ..Options::default()
    };
    let (_, report) = load(text, &bad);
    assert!(
        report.diagnostics[0].to_string().starts_with("bad.yml:1:16: error[unknown-key]"),
        "{:?}",
        report.diagnostics
    );
}
