//! JSON in which records are wrapped: `{"Records":[...]}` of CloudTrail, `{"value":[...]}` of Microsoft Graph and Azure,
//! `{"_source":{...}}` of an Elasticsearch export.

use crate::json::Braces;

/// Keys whose array holds the records.
const ARRAYS: [&str; 7] = ["Records", "records", "value", "items", "entries", "results", "Events"];

/// Members with one value that may stand before the array.
const BEFORE: [&str; 13] = [
    "@odata.context",
    "@odata.nextLink",
    "@odata.count",
    "kind",
    "etag",
    "nextPageToken",
    "NextToken",
    "nextLink",
    "preview",
    "init_offset",
    "count",
    "total",
    "request_id",
];

/// Offset behind the `[` of the records, where `text`, the start of an object, wraps them.
pub(crate) fn records(text: &[u8]) -> Option<usize> {
    // Nearly every object is none: told by its third byte.
    if !matches!(
        text.get(2)?,
        b'R' | b'r' | b'v' | b'i' | b'e' | b'E' | b'@' | b'k' | b'p' | b'n' | b'\n' | b' ' | b'\r'
    ) {
        return None;
    }
    let mut at = blank(text, 0);
    if text.get(at) != Some(&b'{') {
        return None;
    }
    at += 1;
    for _ in 0..BEFORE.len() {
        at = blank(text, at);
        let (key, after) = string(text, at)?;
        at = blank(text, after);
        if text.get(at) != Some(&b':') {
            return None;
        }
        at = blank(text, at + 1);
        if text.get(at) == Some(&b'[') {
            let first = blank(text, at + 1);
            let holds_objects = matches!(text.get(first), Some(b'{' | b']'));
            return (holds_objects && ARRAYS.iter().any(|it| it.as_bytes() == key)).then_some(at + 1);
        }
        if !BEFORE.iter().any(|it| it.as_bytes() == key) {
            return None;
        }
        at = match text.get(at)? {
            b'"' => string(text, at)?.1,
            b'{' => return None,
            _ => at + text[at..].iter().position(|it| matches!(it, b',' | b'}'))?,
        };
        at = blank(text, at);
        if text.get(at) != Some(&b',') {
            return None;
        }
        at += 1;
    }
    None
}

/// The record inside an object that wraps one: `_source` of a search hit, `result` of a Splunk export.
pub(crate) fn inner(object: &[u8]) -> Option<&[u8]> {
    let key: &[u8] = if object.starts_with(b"{\"_index\"") {
        b"\"_source\""
    } else if object.starts_with(b"{\"preview\"") || object.starts_with(b"{\"result\"") {
        b"\"result\""
    } else {
        return None;
    };
    let at = memchr::memmem::find(object, key)? + key.len();
    let at = blank(object, at);
    if object.get(at) != Some(&b':') {
        return None;
    }
    let at = blank(object, at + 1);
    let length =
        object.get(at).filter(|it| **it == b'{').and_then(|_| Braces::default().end(&object[at..]))?;
    Some(&object[at..at + length])
}

/// One step through the records of a wrapper that lies in memory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'t> {
    /// An object.
    Record(&'t [u8]),
    /// The array has ended.
    End,
    /// Something stands there that is no object; it was passed over.
    Other,
    /// The object has no end, or the array has none.
    Broken,
}

/// The next record of `text` from `at` on, which moves behind it.
pub(crate) fn step<'t>(text: &'t [u8], at: &mut usize) -> Step<'t> {
    while text.get(*at).is_some_and(|it| it.is_ascii_whitespace() || *it == b',') {
        *at += 1;
    }
    match text.get(*at) {
        Some(b'{') => match Braces::default().end(&text[*at..]) {
            Some(length) => {
                let record = &text[*at..*at + length];
                *at += length;
                Step::Record(record)
            }
            None => Step::Broken,
        },
        Some(b']') => Step::End,
        Some(_) => {
            let rest = &text[*at..];
            *at += rest.iter().position(|it| matches!(it, b'{' | b']')).unwrap_or(rest.len());
            Step::Other
        }
        None => Step::Broken,
    }
}

fn blank(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|it| !it.is_ascii_whitespace()).unwrap_or(rest.len())
}

/// The inside of the string at `at`, and the offset behind it.
fn string(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let mut to = at + 1;
    loop {
        to += memchr::memchr2(b'"', b'\\', text.get(to..)?)?;
        if text[to] == b'"' {
            return Some((&text[at + 1..to], to + 1));
        }
        to += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        if let Some(mut at) = records(bytes) {
            loop {
                match step(bytes, &mut at) {
                    Step::Record(record) => found.push(String::from_utf8_lossy(record).into_owned()),
                    Step::End => break,
                    Step::Other => found.push("other".to_owned()),
                    Step::Broken => {
                        found.push("broken".to_owned());
                        break;
                    }
                }
            }
        }
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn records_are_unwrapped() {
        check(r#"{"Records":[{"a":"}]"},{"b":[1]}]}"#, &[r#"{"a":"}]"}"#, r#"{"b":[1]}"#]);
        check(
            "{\n \"@odata.context\": \"x\\\"\", \"count\": 3,\n \"value\": [ {} ], \"next\": \"{\" }",
            &["{}"],
        );
        check(r#"{"records":[]}"#, &[]);
        check(r#"{"value":[{"a":1},2,{"b":1}]}"#, &[r#"{"a":1}"#, "other", r#"{"b":1}"#]);
        check(r#"{"value":[{"a":1},2"#, &[r#"{"a":1}"#, "other", "broken"]);
        check(r#"{"value":[{"a":1}"#, &[r#"{"a":1}"#, "broken"]);
    }

    #[test]
    fn events_of_their_own_are_none() {
        for text in [
            r#"{"@timestamp":"x","value":[{}]}"#,
            r#"{"value":[1,2]}"#,
            r#"{"value":"x"}"#,
            r#"{"id":{"a":1},"events":[{}]}"#,
            "{",
            "{\"Records\"",
            "",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn a_search_hit_gives_its_source() {
        let inside = |text: &'static str| inner(text.as_bytes()).map(|it| std::str::from_utf8(it).unwrap());
        assert_eq!(inside(r#"{"_index":"x","_source":{"a":{"b":1}},"sort":[1]}"#), Some(r#"{"a":{"b":1}}"#));
        assert_eq!(inside(r#"{"preview":false,"result":{"a":1}}"#), Some(r#"{"a":1}"#));
        assert_eq!(inside(r#"{"_index":"x","_source":3}"#), None);
        assert_eq!(inside(r#"{"a":1}"#), None);
    }
}
