//! Writes a JSON value as YAML that people go on editing: lists of small objects one per line.

use std::fmt::Write;

use serde_json::Value;

use crate::plain::{is_hidden, replaced};

/// The widest line on which an object is still written in one piece.
const WIDTH: usize = 110;

/// `value` as a YAML document. Reading it back gives the same value.
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                pad(indent, out);
                out.push_str(&scalar(key));
                out.push(':');
                nested(value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                pad(indent, out);
                out.push('-');
                nested(item, indent, out);
            }
        }
        leaf => {
            pad(indent, out);
            out.push_str(&flow(leaf));
            out.push('\n');
        }
    }
}

/// What follows `key:` or `-`: on the same line where it fits and is not the top of the file, else a block below.
fn nested(value: &Value, indent: usize, out: &mut String) {
    let line = flow(value);
    let list_of_objects = value.as_array().is_some_and(|it| it.iter().any(Value::is_object));
    let fits = indent + line.chars().count() < WIDTH;
    if fits && !(list_of_objects && indent == 0) || is_leaf(value) {
        out.push(' ');
        out.push_str(&line);
        out.push('\n');
    } else {
        out.push('\n');
        block(value, indent + 2, out);
    }
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<_> =
                map.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// Text without quotes where nothing could read it as something else.
fn scalar(text: &str) -> String {
    let word = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.' | '/' | ' ');
    let plain = text.starts_with(|it: char| it.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(word)
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// Text in double quotes; what is hidden is written as YAML's escapes, so that a draft shown steers no terminal.
fn quoted(text: &str) -> String {
    let json = Value::String(text.to_owned()).to_string();
    let escaped = replaced(&json, is_hidden, |it, out| {
        let _ = write!(out, "\\U{:08x}", u32::from(it));
    });
    escaped.into_owned()
}

fn pad(indent: usize, out: &mut String) {
    out.push_str(&" ".repeat(indent));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_objects_stand_one_a_line() {
        let value =
            json!({"version": 1, "zones": [{"id": "a", "cidrs": ["10.0.0.0/8"]}], "empty": [], "odd": "yes"});
        assert_eq!(
            emit(&value),
            "version: 1\nzones:\n  - {id: a, cidrs: [\"10.0.0.0/8\"]}\nempty: []\nodd: \"yes\"\n"
        );
    }

    #[test]
    fn what_is_too_wide_becomes_a_block() {
        let long = "x".repeat(120);
        let value = json!({"list": [{"id": long, "n": 1}]});
        assert_eq!(emit(&value), format!("list:\n  -\n    id: {long}\n    n: 1\n"));
    }

    #[test]
    fn what_is_hidden_is_escaped_and_read_back() {
        let value = json!({"name": "a\u{9b}b\u{202e}c\u{e0041}d\u{1b}\n"});
        let text = emit(&value);
        assert_eq!(text, "name: \"a\\U0000009bb\\U0000202ec\\U000e0041d\\u001b\\n\"\n");
        let (read, diagnostics) = crate::yaml::parse("f", &text);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(read[0].to_json(), value);
    }
}
