//! YAML to pipelines.

use std::collections::BTreeMap;

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::yaml::{self, Node};
use regex::Regex;

use super::{Action, Case, Conditions, FieldCondition, ItemCondition, Pipeline, RuleCondition, Step};
use crate::rule::parse::{Reader, value};
use crate::rule::{Source, Value};

/// Pipelines nested deeper than this are refused.
const DEPTH_MAX: usize = 8;

impl Pipeline {
    /// Reads a pipeline; it is left out if a transformation of it cannot be used.
    pub fn parse(name: &str, text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let (documents, mut diagnostics) = yaml::parse(name, text);
        let mut reader = Reader::new(name);
        let Some(node) = documents.first() else {
            if diagnostics.is_empty() {
                diagnostics.push(Diagnostic::error("no-pipeline", name, None, "the file holds no pipeline"));
            }
            return (None, diagnostics);
        };
        let mut vars = BTreeMap::new();
        for (key, value) in node.get("vars").map(Node::entries).unwrap_or_default() {
            vars.insert(key.text.clone(), texts(value));
        }
        let steps = steps(&mut reader, node.get("transformations"), 0);
        if node.get("transformations").is_none() {
            reader.error("no-transformations", node.pos, "the pipeline has no `transformations`");
        }
        for key in ["postprocessing", "finalizers"] {
            if let Some(it) = node.get(key) {
                reader.warning(
                    "no-query",
                    it.pos,
                    format!("`{key}` changes queries, of which there are none here"),
                );
            }
        }
        let priority = node.get("priority").and_then(Node::as_i64).unwrap_or(0);
        let failed = reader.failed();
        diagnostics.append(&mut reader.diagnostics);
        let pipeline = Self { priority, file: name.to_owned(), vars, steps };
        ((!failed).then_some(pipeline), diagnostics)
    }
}

fn texts(node: &Node) -> Vec<String> {
    node.one_or_many().iter().filter_map(|it| it.as_scalar().map(|it| it.text.clone())).collect()
}

fn text(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::as_scalar).map(|it| it.text.clone()).unwrap_or_default()
}

fn mapping(node: &Node) -> BTreeMap<String, Vec<String>> {
    node.get("mapping")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|(k, v)| (k.text.clone(), texts(v)))
        .collect()
}

fn steps(reader: &mut Reader<'_>, node: Option<&Node>, depth: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for node in node.and_then(Node::as_seq).unwrap_or_default() {
        if depth > DEPTH_MAX {
            reader.error("too-deep", node.pos, "transformations are nested more than 8 deep");
            return steps;
        }
        let Some(action) = action(reader, node, depth) else { continue };
        let Some(rule) = conditions(reader, node, "rule", rule_condition) else { continue };
        let Some(item) = conditions(reader, node, "detection_item", item_condition) else { continue };
        let Some(field) = conditions(reader, node, "field_name", field_condition) else { continue };
        steps.push(Step { id: reader.text(node, "id"), action, rule, item, field });
    }
    steps
}

fn conditions<C>(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    read: fn(&mut Reader<'_>, &Node) -> Option<C>,
) -> Option<Conditions<C>> {
    let short = match what {
        "rule" => "rule_cond",
        "detection_item" => "detection_item_cond",
        _ => "field_name_cond",
    };
    if let Some(it) = node.get(&format!("{short}_expr")) {
        let message = format!("`{short}_expr` is not supported");
        reader.error("unsupported", it.pos, message).hint =
            Some(format!("combine the conditions with `{short}_op` and `{short}_not`, or in nested steps"));
        return None;
    }
    let mut list = Vec::new();
    let given = node.get(&format!("{what}_conditions"));
    let nodes: Vec<&Node> = match given {
        Some(it) if it.as_map().is_some() => it.entries().iter().map(|(_, value)| value).collect(),
        Some(it) => it.one_or_many().iter().collect(),
        None => Vec::new(),
    };
    for condition in nodes {
        list.push(read(reader, condition)?);
    }
    let any = text(node, &format!("{short}_op")).eq_ignore_ascii_case("or");
    let not = node.get(&format!("{short}_not")).and_then(Node::as_bool).unwrap_or(false);
    Some(Conditions { list, any, not })
}

fn unknown<T>(reader: &mut Reader<'_>, node: &Node, what: &str, name: &str) -> Option<T> {
    let pos = node.get("type").map_or(node.pos, |it| it.pos);
    reader.error("unknown-type", pos, format!("`{name}` is not a {what} that is supported")).hint = Some(
        "the types of pySigma's documentation are meant; those that write queries have no use here"
            .to_owned(),
    );
    None
}

fn rule_condition(reader: &mut Reader<'_>, node: &Node) -> Option<RuleCondition> {
    let optional = |key| Some(text(node, key)).filter(|it| !it.is_empty());
    Some(match text(node, "type").as_str() {
        "logsource" => RuleCondition::LogSource(log_source(node)),
        "contains_detection_item" => RuleCondition::HasItem(text(node, "field"), optional("value")),
        "contains_field" => RuleCondition::HasItem(text(node, "field"), None),
        "tag" => RuleCondition::Tag(text(node, "tag")),
        "rule_attribute" => RuleCondition::Attribute(text(node, "attribute"), text(node, "value")),
        "is_sigma_rule" => RuleCondition::SigmaRule(true),
        "is_sigma_correlation_rule" => RuleCondition::SigmaRule(false),
        "processing_item_applied" => RuleCondition::Applied(text(node, "processing_item_id")),
        "processing_state" => RuleCondition::State(text(node, "key"), text(node, "val")),
        other => return unknown(reader, node, "rule condition", other),
    })
}

fn item_condition(reader: &mut Reader<'_>, node: &Node) -> Option<ItemCondition> {
    Some(match text(node, "type").as_str() {
        "match_string" => ItemCondition::MatchString {
            pattern: regex(reader, node, "pattern")?,
            all: text(node, "cond") == "all",
            negate: node.get("negate").and_then(Node::as_bool).unwrap_or(false),
        },
        "is_null" => ItemCondition::IsNull,
        "match_value" => {
            ItemCondition::MatchValue { value: text(node, "value"), all: text(node, "cond") == "all" }
        }
        "contains_wildcard" => ItemCondition::ContainsWildcard { all: text(node, "cond") == "all" },
        "processing_state" => ItemCondition::State(text(node, "key"), text(node, "val")),
        other => return unknown(reader, node, "detection item condition", other),
    })
}

fn field_condition(reader: &mut Reader<'_>, node: &Node) -> Option<FieldCondition> {
    let include = match text(node, "type").as_str() {
        "include_fields" => true,
        "exclude_fields" => false,
        "processing_state" => return Some(FieldCondition::State(text(node, "key"), text(node, "val"))),
        other => return unknown(reader, node, "field name condition", other),
    };
    let names = node.get("fields").map(texts).unwrap_or_default();
    let mut patterns = Vec::new();
    if text(node, "mode") == "re" {
        for name in &names {
            match Regex::new(&format!("^(?:{name})")) {
                Ok(pattern) => patterns.push(pattern),
                Err(_) => {
                    reader.error("bad-regex", node.pos, format!("`{name}` is no regular expression"));
                    return None;
                }
            }
        }
        return Some(FieldCondition::Fields { names: Vec::new(), patterns, include });
    }
    Some(FieldCondition::Fields { names, patterns, include })
}

fn regex(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Regex> {
    let pattern = text(node, key);
    match Regex::new(&pattern) {
        Ok(regex) => Some(regex),
        Err(_) => {
            let pos = node.get(key).map_or(node.pos, |it| it.pos);
            reader.error("bad-regex", pos, format!("`{pattern}` is no regular expression"));
            None
        }
    }
}

fn log_source(node: &Node) -> Source {
    let part = |key| node.get(key).and_then(Node::as_str).map(str::to_lowercase);
    Source { product: part("product"), category: part("category"), service: part("service") }
}

fn case(reader: &mut Reader<'_>, node: &Node, method: &str) -> Option<Case> {
    Some(match method {
        "lower" | "lowercase" => Case::Lower,
        "upper" | "uppercase" => Case::Upper,
        "snake_case" | "snake" => Case::Snake,
        other => return unknown(reader, node, "case", other),
    })
}

fn action(reader: &mut Reader<'_>, node: &Node, depth: usize) -> Option<Action> {
    let kind = text(node, "type");
    Some(match kind.as_str() {
        "field_name_mapping" => Action::MapFields(mapping(node)),
        "field_name_prefix_mapping" => Action::MapPrefixes(mapping(node)),
        "field_name_prefix" => Action::Affix { before: text(node, "prefix"), after: String::new() },
        "field_name_suffix" => Action::Affix { before: String::new(), after: text(node, "suffix") },
        "field_name_transform" => Action::FieldCase(case(reader, node, &text(node, "transform_func"))?),
        "add_condition" => {
            let mut items = Vec::new();
            for (key, values) in node.get("conditions").map(Node::entries).unwrap_or_default() {
                let values = values.one_or_many().iter().filter_map(|it| value(reader, it)).collect();
                items.push((key.text.clone(), values));
            }
            let flag = |key| node.get(key).and_then(Node::as_bool).unwrap_or(false);
            Action::AddCondition { items, negated: flag("negated"), template: flag("template") }
        }
        "change_logsource" => Action::ChangeLogSource(log_source(node)),
        "drop_detection_item" => Action::DropItem,
        "replace_string" => {
            Action::Replace(regex(reader, node, "regex")?, replacement(&text(node, "replacement")))
        }
        "map_string" => Action::MapValues(mapping(node)),
        "case" => Action::ValueCase(case(reader, node, &text(node, "method"))?),
        "set_value" => {
            Action::SetValue(node.get("value").and_then(|it| value(reader, it)).unwrap_or(Value::Null))
        }
        "convert_type" => Action::ConvertType { to_number: text(node, "target_type") == "num" },
        "value_placeholders" | "wildcard_placeholders" => Action::Placeholders {
            include: node.get("include").map(texts),
            exclude: node.get("exclude").map(texts).unwrap_or_default(),
            wildcard: kind == "wildcard_placeholders",
        },
        "rule_failure" | "detection_item_failure" => Action::Fail(text(node, "message")),
        "set_state" => Action::SetState(text(node, "key"), text(node, "val")),
        "set_custom_attribute" => Action::SetAttribute(text(node, "attribute"), text(node, "value")),
        // Regular expressions of pySigma's making ignore case unless asked not to, as texts do anyway.
        "regex" if text(node, "method") == "plain" => Action::Cased,
        "regex" => Action::Nothing,
        // These change which fields a query returns; findings show every field that a rule reads.
        "add_field" | "remove_field" | "set_field" => Action::Nothing,
        "hashes_fields" => Action::Hashes {
            algorithms: node.get("valid_hash_algos").map(texts).unwrap_or_default(),
            prefix: text(node, "field_prefix"),
            plain: node.get("drop_algo_prefix").and_then(Node::as_bool).unwrap_or(false),
        },
        "nest" => Action::Nest(steps(reader, node.get("items"), depth + 1)),
        other => return unknown(reader, node, "transformation", other),
    })
}

/// Python's `\1` as the `${1}` of the expressions used here.
fn replacement(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                out.push_str(&format!("${{{digit}}}"));
                chars.next();
            }
            ('$', _) => out.push_str("$$"),
            _ => out.push(c),
        }
    }
    out
}
