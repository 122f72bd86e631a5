//! Where in a JSON text something stands, by its keys: parsers tell the line and the column alone.

use crate::say::add;

/// What is open at a place: a mapping with the key it is at, or a list with the number of the item.
enum Level {
    Map(Option<String>),
    List(usize),
}

/// The keys that lead to `line` and `column` of `text`, both from 1: `memory.normal.pairs`; empty where there are none.
pub fn key_at(text: &[u8], line: usize, column: usize) -> String {
    let start = match line {
        0 | 1 => 0,
        _ => text
            .iter()
            .enumerate()
            .filter(|it| *it.1 == b'\n')
            .nth(line - 2)
            .map_or(text.len(), |it| it.0 + 1),
    };
    let end = start.saturating_add(column).min(text.len());
    let mut levels = Vec::new();
    let mut wants_key = false;
    let mut at = 0;
    while at < end {
        match text[at] {
            b'"' => {
                let length = string_length(&text[at..]);
                if let Some(Level::Map(key)) = levels.last_mut().filter(|_| wants_key) {
                    *key = Some(string(&text[at..at + length]));
                }
                at += length;
                continue;
            }
            b'{' => {
                levels.push(Level::Map(None));
                wants_key = true;
            }
            b'[' => {
                levels.push(Level::List(0));
                wants_key = false;
            }
            b'}' | b']' => {
                levels.pop();
                wants_key = false;
            }
            b':' => wants_key = false,
            // What is said of a value may be said at the mark behind it.
            b',' if at + 1 < end => match levels.last_mut() {
                Some(Level::Map(key)) => {
                    *key = None;
                    wants_key = true;
                }
                Some(Level::List(n)) => *n += 1,
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    shown(&levels)
}

/// Bytes of the string that `text` begins with, quotes included.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

fn string(quoted: &[u8]) -> String {
    serde_json::from_slice(quoted).unwrap_or_else(|_| String::from_utf8_lossy(quoted).into_owned())
}

fn shown(levels: &[Level]) -> String {
    let mut out = String::new();
    for level in levels {
        match level {
            Level::Map(None) => {}
            Level::Map(Some(key)) if is_word(key) && out.is_empty() => out.push_str(key),
            Level::Map(Some(key)) if is_word(key) => add!(out, ".{}", key),
            Level::Map(Some(key)) => add!(out, "[\"{}\"]", key.escape_debug()),
            Level::List(n) => add!(out, "[{}]", n),
        }
    }
    out
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let fault = serde_json::from_str::<Tree>(text).expect_err("a fault");
        assert_eq!(key_at(text.as_bytes(), fault.line(), fault.column()), expect, "{fault}");
    }

    /// Something that holds no negative number.
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tree {
        #[serde(default)]
        _n: u32,
        #[serde(default)]
        _list: Vec<(u32, u32)>,
        #[serde(default)]
        _map: std::collections::BTreeMap<String, Tree>,
    }

    #[test]
    fn a_fault_is_found_by_its_keys() {
        check(r#"{"_n": -1}"#, "_n");
        check(r#"{"_n":-1,"_list":[]}"#, "_n");
        check("{\n  \"_list\": [\n    [1, 2],\n    [3, -4]\n  ]\n}", "_list[1][1]");
        check(r#"{"_map": {"a": {}, "b \"c\"": {"_n": -1}}, "_n": 2}"#, r#"_map["b \"c\""]._n"#);
        check(r#"{"_list": [[1, 2"#, "_list[0][1]");
        check("", "");
    }
}
