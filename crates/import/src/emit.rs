//! The estate as a file for people: what is not known in its head, and above every line where it comes from.

use std::fmt::Write as _;

use bulkhead_model::plain::plain;
use bulkhead_model::yaml;
use serde_json::{Map, Value};

use crate::import::Base;
use crate::merge::Draft;
use crate::patch;
use crate::report::Report;

/// Writes the draft.
pub(crate) fn text(draft: &Draft, report: &Report, base: Option<Base<'_>>) -> String {
    if let Some(base) = base
        && *base.estate == draft.estate
    {
        return base.text.to_owned();
    }
    if let Some(base) = base
        && let Some(text) = patch::patched(base.text, base.estate, draft)
    {
        return text;
    }
    let mut out = head(report);
    let Ok(Value::Object(estate)) = serde_json::to_value(&draft.estate) else { return out };
    for (section, value) in estate {
        match value {
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) => {
                let _ = writeln!(out, "{section}:");
                for item in items {
                    out.push_str(&entry(&section, item, draft));
                }
            }
            value if section == "legal_profile" && is_default(&value) => {}
            value if section == "operating_costs" => {
                if draft.estate.operating_costs != bulkhead_model::estate::OperatingCosts::default() {
                    out.push_str(&yaml::emit(&object(&section, value)));
                }
            }
            value => out.push_str(&yaml::emit(&object(&section, value))),
        }
    }
    out
}

/// The comment of an entry: where what was added comes from, or with what a typed one was extended.
fn comment(section: &str, id: &str, draft: &Draft) -> Option<String> {
    let added = &draft.added;
    let (new, extended) = match section {
        "zones" => (&added.zones, None),
        "assets" => (&added.assets, Some(&draft.extended_assets)),
        "identities" => (&added.identities, Some(&draft.extended_identities)),
        "flows" => (&added.flows, None),
        "services" => (&added.services, None),
        "enforcement_points" => (&added.points, None),
        _ => return None,
    };
    let extended = extended.and_then(|it| it.get(id)).map(|it| format!("import added: {}", it.join(", ")));
    new.get(id).cloned().or(extended).filter(|it| !it.is_empty())
}

fn head(report: &Report) -> String {
    let mut out = String::from(
        "# Imported by `bulkhead estate import`. Above every entry stands where it comes from; check the whole with\n\
         # `bulkhead estate check`.\n",
    );
    for (title, lines) in [("Assumed", &report.assumptions), ("Not known, to be added", &report.todo)] {
        if !lines.is_empty() {
            let _ = writeln!(out, "#\n# {title}:");
            for line in lines {
                let _ = writeln!(out, "# - {}", one_line(line));
            }
        }
    }
    out
}

fn object(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

/// One entry of a section's list, with the comment of what was added.
pub(crate) fn entry(section: &str, item: Value, draft: &Draft) -> String {
    let mut out = String::new();
    let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
    if let Some(comment) = comment(section, id, draft) {
        let _ = writeln!(out, "  # {}", one_line(&comment));
    }
    let item = without_defaults(section, item);
    for line in yaml::emit(&Value::Array(vec![item])).lines() {
        let _ = writeln!(out, "  {line}");
    }
    out
}

/// A comment ends with its line, whatever a file's name holds.
fn one_line(text: &str) -> String {
    plain(text).into_owned()
}

/// Leaves out what says nothing: empty lists, `false`, 0 and the defaults of choices.
fn without_defaults(section: &str, item: Value) -> Value {
    let Value::Object(map) = item else { return item };
    let kept = map.into_iter().filter(|(key, value)| {
        let default = match (section, key.as_str()) {
            ("flows", "movement") => value == "auto",
            ("zones", "tier") | ("flows", "ports") | ("enforcement_points", "can") => false,
            (_, "id" | "requires" | "name" | "kind") => false,
            _ => is_default(value),
        };
        !default
    });
    Value::Object(kept.collect())
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(it) => !it,
        Value::Number(it) => it.as_f64() == Some(0.0),
        Value::String(it) => it.is_empty(),
        Value::Array(it) => it.is_empty(),
        Value::Object(it) => it.values().all(is_default),
    }
}
