//! The engine against a slow evaluator that shares no code with it, on generated rules and events.
//!
//! The slow evaluator knows rules as generated, not as YAML; it turns every value into a regular expression of its own
//! making and every condition into nested loops.

use std::collections::BTreeMap;

use bulkhead_detect::{Detector, EventRef, Options};
use bulkhead_model::entity::Entities;
use bulkhead_model::finding::Finding;
use bulkhead_model::json::{JsonEvent, Memory};
use bulkhead_model::logsource::LogSource;
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value as Json, json};

use crate::language::load;

#[derive(Clone, Debug)]
struct Item {
    /// None for keywords.
    field: Option<&'static str>,
    operator: &'static str,
    cased: bool,
    all: bool,
    values: Vec<String>,
}

#[derive(Clone, Debug)]
enum Search {
    Items(Vec<Item>),
    List(Vec<Vec<Item>>),
    Keywords(Vec<String>),
}

#[derive(Clone, Debug)]
enum Condition {
    Name(usize),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Of(usize),
}

#[derive(Clone, Debug)]
struct Rule {
    searches: Vec<Search>,
    condition: Condition,
}

type Fields = BTreeMap<&'static str, Vec<Json>>;

// === as YAML ===

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn item_yaml(item: &Item) -> String {
    let mut key = item.field.unwrap_or_default().to_owned();
    for modifier in [item.operator, if item.cased { "cased" } else { "" }, if item.all { "all" } else { "" }]
    {
        if !modifier.is_empty() {
            key.push('|');
            key.push_str(modifier);
        }
    }
    let values: Vec<String> = item.values.iter().map(|it| quoted(it)).collect();
    format!("'{key}': [{}]", values.join(", "))
}

fn map_yaml(items: &[Item]) -> String {
    // Two items of one field are kept apart by a modifier order that YAML sees as another key.
    let mut lines: Vec<String> = items.iter().map(item_yaml).collect();
    lines.dedup_by_key(|it| it.split(':').next().map(str::to_owned));
    format!("{{{}}}", lines.join(", "))
}

fn rule_yaml(number: usize, rule: &Rule) -> String {
    let mut text = format!("title: r{number}\nid: r{number}\nlogsource: {{}}\ndetection:\n");
    for (index, search) in rule.searches.iter().enumerate() {
        let body = match search {
            Search::Items(items) => map_yaml(items),
            Search::List(list) => {
                format!("[{}]", list.iter().map(|it| map_yaml(it)).collect::<Vec<_>>().join(", "))
            }
            Search::Keywords(words) => {
                format!("[{}]", words.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", "))
            }
        };
        text.push_str(&format!("  s{index}: {body}\n"));
    }
    text.push_str(&format!("  condition: {}\n", condition_yaml(&rule.condition)));
    text
}

fn condition_yaml(condition: &Condition) -> String {
    match condition {
        Condition::Name(index) => format!("s{index}"),
        Condition::Not(inner) => format!("not ({})", condition_yaml(inner)),
        Condition::And(a, b) => format!("({}) and ({})", condition_yaml(a), condition_yaml(b)),
        Condition::Or(a, b) => format!("({}) or ({})", condition_yaml(a), condition_yaml(b)),
        Condition::Of(count) => format!("{count} of them"),
    }
}

// === the slow evaluator ===

fn expression(value: &str, operator: &str, cased: bool, keyword: bool) -> Regex {
    let mut body = String::new();
    let chars: Vec<char> = value.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' if matches!(chars.get(at + 1), Some('*' | '?' | '\\')) => {
                body.push_str(&regex::escape(&chars[at + 1].to_string()));
                at += 1;
            }
            '*' => body.push_str(".*"),
            '?' => body.push('.'),
            c => body.push_str(&regex::escape(&c.to_string())),
        }
        at += 1;
    }
    let inside = operator == "contains" || (keyword && operator.is_empty());
    let before = if inside || operator == "endswith" { "" } else { "^" };
    let after = if inside || operator == "startswith" { "" } else { "$" };
    Regex::new(&format!("(?s{}){before}(?:{body}){after}", if cased { "" } else { "i" })).unwrap()
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn item_holds(item: &Item, event: &Fields) -> bool {
    let texts: Vec<String> = match item.field {
        Some(field) => event.get(field).into_iter().flatten().filter_map(text).collect(),
        None => event.values().flatten().filter_map(text).collect(),
    };
    let one = |value: &String| {
        let regex = expression(value, item.operator, item.cased, item.field.is_none());
        texts.iter().any(|it| regex.is_match(it))
    };
    if item.all { item.values.iter().all(one) } else { item.values.iter().any(one) }
}

fn items_hold(items: &[Item], event: &Fields) -> bool {
    let mut seen = Vec::new();
    items.iter().all(|item| {
        let key = item_yaml(item).split(':').next().map(str::to_owned);
        if seen.last() == Some(&key) {
            return true;
        }
        seen.push(key);
        item_holds(item, event)
    })
}

fn search_holds(search: &Search, event: &Fields) -> bool {
    match search {
        Search::Items(items) => items_hold(items, event),
        Search::List(list) => list.iter().any(|it| items_hold(it, event)),
        Search::Keywords(values) => {
            let item = Item { field: None, operator: "", cased: false, all: false, values: values.clone() };
            item_holds(&item, event)
        }
    }
}

fn condition_holds(condition: &Condition, rule: &Rule, event: &Fields) -> bool {
    match condition {
        Condition::Name(index) => search_holds(&rule.searches[*index], event),
        Condition::Not(inner) => !condition_holds(inner, rule, event),
        Condition::And(a, b) => condition_holds(a, rule, event) && condition_holds(b, rule, event),
        Condition::Or(a, b) => condition_holds(a, rule, event) || condition_holds(b, rule, event),
        Condition::Of(count) => rule.searches.iter().filter(|it| search_holds(it, event)).count() >= *count,
    }
}

// === generators ===

const N_SEARCHES: usize = 3;

fn value() -> impl Strategy<Value = String> {
    prop_oneof![6 => r"[abA\\.\-éÉ/1 ]{0,4}", 2 => r"[ab\\*?1]{1,5}", 1 => "[ab]{5,8}"]
}

fn item() -> impl Strategy<Value = Item> {
    let field =
        prop_oneof![8 => prop::sample::select(vec![Some("a"), Some("b"), Some("c")]), 1 => Just(None)];
    let operator = prop::sample::select(vec!["", "contains", "startswith", "endswith"]);
    (field, operator, prop::bool::weighted(0.2), any::<bool>(), prop::collection::vec(value(), 1..4))
        .prop_map(|(field, operator, cased, all, values)| Item {
            field,
            operator,
            cased,
            all: all && values.len() > 1,
            values,
        })
}

/// Items of a mapping, sorted so that equal keys stand together.
fn items() -> impl Strategy<Value = Vec<Item>> {
    prop::collection::vec(item(), 1..4).prop_map(|mut items| {
        items.sort_by_key(|it| item_yaml(it).split(':').next().map(str::to_owned));
        items
    })
}

fn search() -> impl Strategy<Value = Search> {
    prop_oneof![
        5 => items().prop_map(Search::Items),
        2 => prop::collection::vec(items(), 1..3).prop_map(Search::List),
        1 => prop::collection::vec(value().prop_filter("not empty", |it| !it.is_empty()), 1..3).prop_map(Search::Keywords),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![4 => (0..N_SEARCHES).prop_map(Condition::Name), 1 => (1..=N_SEARCHES).prop_map(Condition::Of)];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.prop_map(|it| Condition::Not(Box::new(it))),
            pair.clone().prop_map(|(a, b)| Condition::And(Box::new(a), Box::new(b))),
            pair.prop_map(|(a, b)| Condition::Or(Box::new(a), Box::new(b))),
        ]
    })
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let searches = prop::collection::vec(search(), N_SEARCHES);
    prop::collection::vec(
        (searches, condition()).prop_map(|(searches, condition)| Rule { searches, condition }),
        1..8,
    )
}

fn event() -> impl Strategy<Value = Fields> {
    let scalar = prop_oneof![
        8 => r"[abA\\.\-éÉ/1 ]{0,6}".prop_map(Json::from),
        1 => "[ab\n\"]{0,5}".prop_map(Json::from),
        1 => (0..20_i64).prop_map(Json::from),
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
    ];
    let values = prop::collection::vec(scalar, 1..3);
    prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c", "d"]), values, 0..4)
}

fn as_json(event: &Fields) -> String {
    let value = |it: &Vec<Json>| if it.len() == 1 { it[0].clone() } else { json!(it) };
    let members: serde_json::Map<String, Json> =
        event.iter().map(|(k, v)| ((*k).to_owned(), value(v))).collect();
    Json::Object(members).to_string()
}

fn feed(detector: &mut Detector, event: &JsonEvent<'_>, out: &mut Vec<Finding>) {
    let at =
        EventRef { file: "f", record: 1, source: LogSource::default(), entities: &|_| Entities::default() };
    detector.feed(event, &at, out);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_agrees_with_the_slow_evaluator(rules in rules(), events in prop::collection::vec(event(), 1..6)) {
        let texts: Vec<String> = rules.iter().enumerate().map(|(number, it)| rule_yaml(number, it)).collect();
        let (set, report) = load(&texts.join("---\n"), &Options::default());
        prop_assert!(report.diagnostics.is_empty(), "{:?}\n{}", report.diagnostics, texts.join("---\n"));
        let mut detector = Detector::new(&set);
        let mut memory = Memory::default();
        // Again and again, for what readers and engine remember of events before.
        for fields in events.iter().cycle().take(4 * events.len()) {
            let line = as_json(fields);
            let mut fresh = Vec::new();
            feed(&mut Detector::new(&set), &JsonEvent::new(line.as_bytes(), None).unwrap(), &mut fresh);
            let event = JsonEvent::with_memory(line.as_bytes(), None, memory).unwrap();
            let mut out = Vec::new();
            feed(&mut detector, &event, &mut out);
            memory = event.into_memory();
            prop_assert_eq!(&out, &fresh);
            let got: Vec<&str> = out.iter().map(|it| it.rule.id.as_str()).collect();
            let expect: Vec<String> = rules
                .iter()
                .enumerate()
                .filter(|(_, rule)| condition_holds(&rule.condition, rule, fields))
                .map(|(number, _)| format!("r{number}"))
                .collect();
            prop_assert_eq!(got, expect, "{} on\n{}", line, texts.join("---\n"));
        }
    }

    #[test]
    fn loading_never_panics(text in "(title: x\n|logsource: \\{\\}\n|detection:\n|  s: |\\{a: 1\\}\n|[a-c|:{}'*?\\[\\] \n-]{1,6}|  condition: s\n|correlation:\n|filter:\n){0,12}") {
        let (set, _) = load(&text, &Options::default());
        let event = JsonEvent::new(br#"{"a":1}"#, None).unwrap();
        feed(&mut Detector::new(&set), &event, &mut Vec::new());
    }

    #[test]
    fn pipelines_never_panic(text in "(transformations:\n|  - type: |field_name_mapping\n|nest\n|    mapping: |\\{a: b\\}\n|vars: |[a-c|:{}'*?\\[\\] \n-]{1,6}){0,12}") {
        let options = Options { pipelines: vec![("p".to_owned(), text)], ..Options::default() };
        load("title: t\nlogsource: {}\ndetection: {s: {a: 1}, condition: s}\n", &options);
    }
}
