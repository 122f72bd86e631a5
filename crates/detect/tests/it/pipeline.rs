//! Processing pipelines: a pipeline, a rule, an event, and whether the rule then matches.

use bulkhead_detect::Options;
use bulkhead_model::logsource::LogSource;

use crate::language::{findings, load};

const RULE: &str = "title: t\nid: t\ntags: [attack.t1]\nlogsource: {product: windows, category: process_creation}\n\
    detection:\n  s: {Image|endswith: '\\a.exe', User|expand: '%admins%'}\n  condition: s\nlevel: high\n";

/// A pipeline that lets the rule through to events of any kind, then `steps`.
fn options(steps: &str) -> Options {
    let text = format!(
        "name: p\npriority: 10\nvars: {{admins: [root, adm*]}}\ntransformations:\n  - {{type: change_logsource}}\n  - {{type: value_placeholders}}\n{steps}"
    );
    Options { pipelines: vec![("p.yml".to_owned(), text)], ..Options::default() }
}

#[track_caller]
fn check(steps: &str, event: &str, expect: bool) {
    let (set, report) = load(RULE, &options(steps));
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    assert_eq!(findings(&set, event, LogSource::default()).len(), usize::from(expect));
}

#[test]
fn names_are_mapped() {
    let event = r#"{"Image":"C:\\A.EXE","User":"root"}"#;
    check("", event, true);
    let map =
        "  - {type: field_name_mapping, mapping: {Image: process.executable, User: [user.name, user.id]}}\n";
    check(map, event, false);
    check(map, r#"{"process":{"executable":"C:\\a.exe"},"user":{"id":"adm7"}}"#, true);
    check(
        "  - {type: field_name_prefix, prefix: 'win.'}\n",
        r#"{"win":{"Image":"C:\\a.exe","User":"root"}}"#,
        true,
    );
    check(
        "  - {type: field_name_suffix, suffix: '.text'}\n",
        r#"{"Image.text":"\\a.exe","User.text":"root"}"#,
        true,
    );
    check(
        "  - {type: field_name_prefix_mapping, mapping: {Ima: proc.}}\n",
        r#"{"proc.ge":"\\a.exe","User":"root"}"#,
        true,
    );
    check(
        "  - {type: field_name_transform, transform_func: snake_case}\n",
        r#"{"image":"\\a.exe","user":"root"}"#,
        true,
    );
}

#[test]
fn conditions_choose() {
    let event = r#"{"Image":"\\a.exe","User":"root"}"#;
    let drop = |conditions: &str| format!("  - {{type: set_value, value: nobody, {conditions}}}\n");
    check(&drop("field_name_conditions: [{type: include_fields, fields: [User]}]"), event, false);
    check(&drop("field_name_conditions: [{type: include_fields, fields: [Host]}]"), event, true);
    check(&drop("field_name_conditions: [{type: exclude_fields, fields: [Image, 'User']}]"), event, true);
    check(&drop("field_name_conditions: [{type: include_fields, fields: ['Us.*'], mode: re}]"), event, false);
    check(&drop("rule_conditions: [{type: tag, tag: attack.t2}]"), event, true);
    check(&drop("rule_conditions: [{type: tag, tag: attack.t2}], rule_cond_not: true"), event, false);
    check(
        &drop(
            "rule_conditions: [{type: tag, tag: x}, {type: contains_detection_item, field: User}], rule_cond_op: or",
        ),
        event,
        false,
    );
    check(
        &drop("detection_item_conditions: [{type: match_string, cond: any, pattern: '^nope'}]"),
        event,
        true,
    );
    check(&drop("rule_conditions: [{type: rule_attribute, attribute: level, value: high}]"), event, false);
    let two = "  - {id: one, type: set_state, key: k, val: v}\n  - {type: set_value, value: x, rule_conditions: [{type: processing_item_applied, processing_item_id: one}, {type: processing_state, key: k, val: v}]}\n";
    check(two, event, false);
}

#[test]
fn conditions_are_added_and_items_dropped() {
    let event = r#"{"Image":"\\a.exe","User":"root","index":"win"}"#;
    check("  - {type: add_condition, conditions: {index: win}}\n", event, true);
    check("  - {type: add_condition, conditions: {index: [lin, mac]}}\n", event, false);
    check("  - {type: add_condition, conditions: {index: win}, negated: true}\n", event, false);
    let dropped =
        "  - {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [User]}]}\n";
    check(dropped, r#"{"Image":"\\a.exe"}"#, true);
}

#[test]
fn values_are_changed() {
    check(
        "  - {type: replace_string, regex: '(a)\\.exe', replacement: '\\1.dll'}\n",
        r#"{"Image":"\\a.dll","User":"root"}"#,
        true,
    );
    check(
        "  - {type: map_string, mapping: {root: [zero, nil]}}\n",
        r#"{"Image":"\\a.exe","User":"nil"}"#,
        true,
    );
    let wild = Options {
        pipelines: vec![(
            "p.yml".to_owned(),
            "transformations:\n  - {type: change_logsource}\n  - {type: wildcard_placeholders}\n".to_owned(),
        )],
        ..Options::default()
    };
    let (set, _) = load(RULE, &wild);
    assert_eq!(findings(&set, r#"{"Image":"\\a.exe","User":"anyone"}"#, LogSource::default()).len(), 1);
}

#[test]
fn rules_are_refused() {
    let (set, report) = load(RULE, &options("  - {type: rule_failure, message: not here}\n"));
    assert_eq!(set.len(), 0);
    assert!(report.diagnostics[0].to_string().contains("the pipeline p.yml refuses the rule: not here"));
}

#[test]
fn faults_say_where_and_why() {
    let (_, report) = load(RULE, &options("  - {type: fancy}\n"));
    let got = report.diagnostics[0].to_string();
    assert!(got.starts_with("p.yml:7:12: error[unknown-type]: `fancy` is not a transformation"), "{got}");
    let (_, report) = load(RULE, &options("  - {type: set_value, value: x, rule_cond_expr: a or b}\n"));
    assert!(report.diagnostics[0].to_string().starts_with("p.yml:7:49: error[unsupported]"), "{report:?}");
    let empty = Options { pipelines: vec![("p.yml".to_owned(), String::new())], ..Options::default() };
    assert!(load(RULE, &empty).1.diagnostics[0].to_string().contains("holds no pipeline"));
}

#[test]
fn items_are_chosen_by_values_wildcards_and_state() {
    let event = r#"{"Image":"\\a.exe","User":"root"}"#;
    let drop = |conditions: &str| format!("  - {{type: set_value, value: nobody, {conditions}}}\n");
    check(&drop("detection_item_conditions: [{type: match_value, cond: any, value: root}]"), event, false);
    check(&drop("detection_item_conditions: [{type: match_value, cond: all, value: root}]"), event, true);
    check(&drop("detection_item_conditions: [{type: contains_wildcard, cond: any}]"), event, false);
    check(&drop("detection_item_conditions: [{type: contains_wildcard, cond: all}]"), event, true);
    for kind in ["detection_item_conditions", "field_name_conditions"] {
        let state = |val: &str| {
            let chosen = drop(&format!("{kind}: [{{type: processing_state, key: k, val: {val}}}]"));
            format!("  - {{type: set_state, key: k, val: v}}\n{chosen}")
        };
        check(&state("v"), event, false);
        check(&state("w"), event, true);
    }
    let attribute = "  - {type: set_custom_attribute, attribute: team, value: blue}\n".to_owned()
        + &drop("rule_conditions: [{type: rule_attribute, attribute: team, value: blue}]");
    check(&attribute, event, false);
}

#[test]
fn what_concerns_queries_only_changes_nothing() {
    let event = r#"{"Image":"\\A.exe","User":"root"}"#;
    for kind in ["add_field, field: x", "remove_field, field: Image", "set_field, fields: [x]", "regex"] {
        check(&format!("  - {{type: {kind}}}\n"), event, true);
    }
    // A regular expression minds case where the pipeline does not say otherwise.
    check("  - {type: regex, method: plain}\n", event, false);
    check("  - {type: regex, method: ignore_case_flag}\n", event, true);
}

#[test]
fn hashes_get_fields_of_their_own() {
    let rule = "title: t\nid: t\nlogsource: {category: any}\ndetection:\n  \
                s: {Hashes|contains: ['SHA1=ab', 'MD5=cd', 'IMPHASH=ef']}\n  condition: s\nlevel: high\n";
    let check = |extra: &str, event: &str, expect: bool| {
        let text = format!(
            "name: p\ntransformations:\n  - {{type: change_logsource}}\n  - {{type: hashes_fields, valid_hash_algos: \
             [MD5, SHA1], {extra}}}\n"
        );
        let options = Options { pipelines: vec![("p.yml".to_owned(), text)], ..Options::default() };
        let (set, report) = load(rule, &options);
        assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
        assert_eq!(findings(&set, event, LogSource::default()).len(), usize::from(expect), "{event}");
    };
    check("field_prefix: File", r#"{"FileSHA1":"AB"}"#, true);
    check("field_prefix: File", r#"{"FileMD5":"cd"}"#, true);
    check("field_prefix: File", r#"{"FileMD5":"ab"}"#, false);
    check("field_prefix: File", r#"{"FileMD5":"xcdx"}"#, false);
    // What is no hash of these algorithms stays.
    check("field_prefix: File", r#"{"Hashes":"x,IMPHASH=ef"}"#, true);
    check("field_prefix: File", r#"{"Hashes":"MD5=cd"}"#, false);
    check("field_prefix: FileHash, drop_algo_prefix: true", r#"{"FileHash":"cd"}"#, true);
}
