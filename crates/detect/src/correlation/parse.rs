//! YAML to correlation rules.

use std::collections::BTreeMap;

use bulkhead_model::finding::RuleRef;
use bulkhead_model::yaml::Node;

use super::{Bounds, Correlation, Kind, Statistic, Together};
use crate::rule::condition;
use crate::rule::parse::{Reader, level};

/// Reads a correlation rule from one document.
pub fn parse(reader: &mut Reader<'_>, node: &Node) -> Option<Correlation> {
    let body = node.get("correlation")?;
    if body.as_map().is_none() {
        reader.error(
            "wrong-type",
            body.pos,
            format!("`correlation` is {}, expected a mapping", body.describe()),
        );
        return None;
    }
    let title = reader.text(node, "title").unwrap_or_default();
    let id = reader.text(node, "id").or_else(|| reader.text(node, "name")).unwrap_or_else(|| title.clone());
    let refs: Vec<_> = body
        .get("rules")
        .map(Node::one_or_many)
        .unwrap_or_default()
        .iter()
        .filter_map(|it| Some((it.as_str()?.to_owned(), it.pos)))
        .collect();
    if refs.is_empty() {
        reader.error("no-rules", body.pos, "`correlation.rules` names no rule");
    }
    let timespan_ms = timespan(reader, body)?;
    let kind = kind(reader, body)?;
    let generate = |it: &Node| it.get("generate").and_then(Node::as_bool);
    let correlation = Correlation {
        file: reader.file.to_owned(),
        pos: node.pos,
        rule: RuleRef { id, title, level: level(reader, node), tags: reader.texts(node, "tags") },
        name: reader.text(node, "name"),
        kind,
        refs,
        sources: Vec::new(),
        group_by: reader.texts(body, "group-by"),
        timespan_ms,
        aliases: aliases(reader, body),
        generate: generate(body).or_else(|| generate(node)).unwrap_or(false),
        reported: true,
    };
    (!reader.failed()).then_some(correlation)
}

fn timespan(reader: &mut Reader<'_>, body: &Node) -> Option<i64> {
    let Some(node) = body.get("timespan").or_else(|| body.get("timeframe")) else {
        reader.error("no-timespan", body.pos, "the correlation has no `timespan`");
        return None;
    };
    let text = node.as_str().unwrap_or_default();
    let parsed = (|| {
        let unit = text.chars().last()?;
        let seconds: i64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            'M' => 30 * 86_400,
            'y' => 365 * 86_400,
            _ => return None,
        };
        let count: i64 = text[..text.len() - 1].parse().ok()?;
        count.checked_mul(seconds)?.checked_mul(1000).filter(|it| *it > 0)
    })();
    if parsed.is_none() {
        reader.error("bad-timespan", node.pos, format!("`{text}` is not a length of time")).hint =
            Some("write a whole number and s, m, h, d, w, M (30 days) or y, such as 15m".to_owned());
    }
    parsed
}

fn kind(reader: &mut Reader<'_>, body: &Node) -> Option<Kind> {
    let node = body.get("type");
    let name = node.and_then(Node::as_str).unwrap_or_default();
    let pos = node.map_or(body.pos, |it| it.pos);
    let condition = body.get("condition");
    match name {
        "temporal" => Some(Kind::Temporal(together(reader, body, pos)?)),
        "temporal_ordered" => match condition.filter(|it| !it.is_null()) {
            None => Some(Kind::TemporalOrdered(None)),
            Some(it) if it.as_map().is_some() => {
                Some(Kind::TemporalOrdered(Some(bounds(reader, body, pos)?)))
            }
            Some(it) => {
                reader.error("bad-condition", it.pos, "the condition of `temporal_ordered` is a count of its rules").hint =
                    Some("write `gte: 2`, or leave it out to ask for every rule; a text is a condition of `temporal`".to_owned());
                None
            }
        },
        "event_count" => Some(Kind::EventCount(bounds(reader, body, pos)?)),
        "value_count" | "value_sum" | "value_avg" | "value_percentile" | "value_median" => {
            let bounds = bounds(reader, body, pos)?;
            let fields = condition.map(|it| value_fields(reader, it, name)).unwrap_or_default();
            let Some(field) = fields.first().cloned() else {
                reader.error("no-field", pos, format!("`{name}` needs `condition.field`"));
                return None;
            };
            let percentile = || {
                let given = condition.and_then(|it| it.get("percentile")).and_then(Node::as_f64);
                given.unwrap_or(50.0).clamp(0.0, 100.0)
            };
            Some(match name {
                "value_count" => Kind::ValueCount(fields, bounds),
                "value_sum" => Kind::Value(Statistic::Sum, field, bounds),
                "value_avg" => Kind::Value(Statistic::Avg, field, bounds),
                "value_median" => Kind::Value(Statistic::Percentile(50.0), field, bounds),
                _ => Kind::Value(Statistic::Percentile(percentile()), field, bounds),
            })
        }
        other => {
            let known = "event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile";
            reader
                .error("unknown-correlation", pos, format!("`{other}` is not a type of correlation"))
                .hint = Some(format!("known are {known}"));
            None
        }
    }
}

/// `field` of a condition: one name, or for `value_count` a list of names (specification 2.1).
fn value_fields(reader: &mut Reader<'_>, condition: &Node, kind: &str) -> Vec<String> {
    let Some(node) = condition.get("field") else { return Vec::new() };
    let names: Vec<String> =
        node.one_or_many().iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    if names.len() != node.one_or_many().len() {
        let message = format!("`condition.field` holds {}, expected names of fields", node.describe());
        reader.error("wrong-type", node.pos, message);
    } else if names.len() > 1 && kind != "value_count" {
        let message =
            format!("`{kind}` calculates with one field, and `condition.field` names {}", names.len());
        reader.error("wrong-type", node.pos, message).hint =
            Some("a list of fields belongs to `value_count`".to_owned());
    }
    names
}

/// What a temporal correlation asks for: a text is a condition over its rules, a mapping a count of them.
fn together(reader: &mut Reader<'_>, body: &Node, pos: bulkhead_model::diag::Pos) -> Option<Together> {
    let Some(node) = body.get("condition").filter(|it| !it.is_null()) else { return Some(Together::All) };
    if node.as_map().is_some() {
        return bounds(reader, body, pos).map(Together::Count);
    }
    let Some(text) = node.as_str() else {
        let message = format!("the condition is {}, expected a text or a count", node.describe());
        reader.error("wrong-type", node.pos, message);
        return None;
    };
    match condition::parse(text) {
        Ok(condition) => Some(Together::Condition(condition)),
        Err(fault) => {
            reader.error("bad-condition", node.pos, fault.message);
            None
        }
    }
}

fn bounds(reader: &mut Reader<'_>, body: &Node, pos: bulkhead_model::diag::Pos) -> Option<Bounds> {
    let Some(node) = body.get("condition") else {
        reader.error("no-condition", pos, "the correlation has no `condition`");
        return None;
    };
    let mut bounds = Bounds::default();
    let mut any = false;
    for (key, value) in node.entries() {
        let slot = match key.text.as_str() {
            "gt" => &mut bounds.gt,
            "gte" => &mut bounds.gte,
            "lt" => &mut bounds.lt,
            "lte" => &mut bounds.lte,
            "eq" => &mut bounds.eq,
            "neq" => &mut bounds.neq,
            "field" | "percentile" => continue,
            other => {
                reader.error("unknown-key", key.pos, format!("`{other}` is not a bound")).hint =
                    Some("write gt, gte, lt, lte, eq or neq".to_owned());
                continue;
            }
        };
        *slot = value.as_f64();
        any = true;
        if slot.is_none() {
            reader.error(
                "wrong-type",
                value.pos,
                format!("`{}` is {}, expected a number", key.text, value.describe()),
            );
        }
    }
    if !any {
        reader.error("no-bound", node.pos, "the condition has no bound such as `gte: 10`");
        return None;
    }
    Some(bounds)
}

fn aliases(reader: &mut Reader<'_>, body: &Node) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut aliases = BTreeMap::new();
    for (alias, rules) in body.get("aliases").map(Node::entries).unwrap_or_default() {
        let mut by_rule = BTreeMap::new();
        for (rule, field) in rules.entries() {
            match field.as_str() {
                Some(field) => {
                    by_rule.insert(rule.text.clone(), field.to_owned());
                }
                None => {
                    reader.error(
                        "wrong-type",
                        field.pos,
                        format!("an alias is {}, expected a field", field.describe()),
                    );
                }
            }
        }
        aliases.insert(alias.text.clone(), by_rule);
    }
    aliases
}
