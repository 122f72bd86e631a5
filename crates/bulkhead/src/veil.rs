//! Pseudonyms in the place of names in a file's bytes, by what the file is: JSON, YAML, a page, or plain text.
//!
//! Words of the formats themselves stay: keys of the schemas, and the values of closed sets at the places where they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bulkhead_journal::Names;
use bulkhead_model::{schema, yaml};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The closed sets of the case's schemas: by property, the words it may hold.
static WORDS: LazyLock<BTreeMap<String, BTreeSet<String>>> = LazyLock::new(|| {
    let mut words = words();
    words.retain(|_, words| !words.is_empty());
    words
});
/// Every property of the case's schemas; other keys hold what somebody wrote, such as the names of a log's fields.
static KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| words().into_keys().collect());
/// Attributes of pages that never hold what somebody wrote.
const PLAIN_ATTRIBUTES: [&str; 12] =
    ["class", "style", "lang", "charset", "type", "rel", "role", "d", "fill", "stroke", "xmlns", "viewbox"];

/// The bytes of the file called `path` with pseudonyms for names; none when it names nobody.
pub fn veil(path: &str, bytes: &[u8], names: &Names) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let veiled = match path.rsplit('.').next().unwrap_or_default() {
        "json" => json(&text, names),
        "ndjson" => lines(&text, names),
        "yaml" | "yml" => yaml_text(&text, names),
        "html" | "svg" => markup(&text, names),
        _ => names.veil(&text),
    };
    veiled.map(String::into_bytes)
}

/// A name of a file or folder that was made of ids: the part before the ending veiled.
pub fn veil_path(path: &str, names: &Names) -> String {
    match path.rsplit_once('/') {
        // Plans are numbered, files at the top are called by their contract.
        Some((folder, name)) if folder != "plans" => {
            let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
            let stem = names.veil(stem).unwrap_or_else(|| stem.to_owned());
            let dot = if ending.is_empty() { "" } else { "." };
            format!("{folder}/{stem}{dot}{ending}")
        }
        _ => path.to_owned(),
    }
}

/// A value with pseudonyms for names; as it is where it would not be one of its kind any more.
pub fn veil_value<T: Serialize + DeserializeOwned + Clone>(value: &T, names: &Names) -> T {
    let veiled = serde_json::to_value(value).ok().and_then(|mut json| {
        veil_json(&mut json, "", names);
        serde_json::from_value(json).ok()
    });
    veiled.unwrap_or_else(|| value.clone())
}

fn json(text: &str, names: &Names) -> Option<String> {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return names.veil(text) };
    if !veil_json(&mut value, "", names) {
        return None;
    }
    let is_pretty = text.trim_end().contains('\n');
    let written =
        if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
    let ending = if text.ends_with('\n') { "\n" } else { "" };
    written.ok().map(|it| it + ending)
}

fn lines(text: &str, names: &Names) -> Option<String> {
    let mut is_changed = false;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let veiled = json(line, names);
        is_changed |= veiled.is_some();
        out.push_str(veiled.as_deref().unwrap_or(line));
    }
    is_changed.then_some(out)
}

/// Keeps comments where replacing in the text comes to the same as replacing in what it says.
fn yaml_text(text: &str, names: &Names) -> Option<String> {
    let read = |text: &str| yaml::parse("estate.yaml", text).0.first().map(yaml::Node::to_json);
    let replaced = names.veil(text)?;
    let Some(mut value) = read(text) else { return Some(replaced) };
    veil_json(&mut value, "", names);
    if read(&replaced).as_ref() == Some(&value) {
        return Some(replaced);
    }
    let head = "# Pseudonyms stand for persons and accounts; the comments are in the vault's copy.\n";
    Some(format!("{head}{}", yaml::emit(&value)))
}

/// Veils what stands in `value`, which is held by `key`; whether anything changed.
fn veil_json(value: &mut Value, key: &str, names: &Names) -> bool {
    match value {
        Value::String(text) => {
            if WORDS.get(key).is_some_and(|it| it.contains(text.as_str())) {
                return false;
            }
            let veiled = names.veil(text);
            let is_changed = veiled.is_some();
            if let Some(veiled) = veiled {
                *text = veiled;
            }
            is_changed
        }
        Value::Array(items) => items.iter_mut().fold(false, |is, it| veil_json(it, key, names) | is),
        Value::Object(map) => {
            let is_changed = map.iter_mut().fold(false, |is, (key, it)| veil_json(it, key, names) | is);
            let veiled =
                |key: &String| if KEYS.contains(&key.to_lowercase()) { None } else { names.veil(key) };
            if !map.keys().any(|it| veiled(it).is_some()) {
                return is_changed;
            }
            for (key, it) in std::mem::take(map) {
                map.insert(veiled(&key).unwrap_or(key), it);
            }
            true
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Texts and attributes of a page; its styles and its tags' own words stay.
fn markup(text: &str, names: &Names) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut is_changed = false;
    let mut put = |part: &str, out: &mut String| {
        let veiled = names.veil(part);
        is_changed |= veiled.is_some();
        out.push_str(veiled.as_deref().unwrap_or(part));
    };
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        put(&rest[..start], &mut out);
        rest = &rest[start..];
        let end = tag_end(rest);
        let tag = &rest[..end];
        attributes(tag, &mut out, &mut put);
        rest = &rest[end..];
        if tag.starts_with("<style") {
            let end = rest.find("</style").unwrap_or(rest.len());
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    put(rest, &mut out);
    is_changed.then_some(out)
}

/// Where the tag that `text` begins with ends; quotes may hold `>`.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return at + 1,
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// Copies a tag, its attributes' values passed through `put`.
fn attributes(tag: &str, out: &mut String, put: &mut dyn FnMut(&str, &mut String)) {
    let mut rest = tag;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = rest[start..].chars().next().unwrap_or('"');
        let name = rest[..start].trim_end_matches('=').rsplit([' ', '\n', '\t']).next().unwrap_or_default();
        let is_plain = PLAIN_ATTRIBUTES.contains(&name.to_ascii_lowercase().as_str());
        out.push_str(&rest[..=start]);
        rest = &rest[start + 1..];
        let end = rest.find(quote).unwrap_or(rest.len());
        if is_plain {
            out.push_str(&rest[..end]);
        } else {
            put(&rest[..end], out);
        }
        rest = &rest[end..];
        if rest.starts_with(quote) {
            out.push(quote);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}

fn words() -> BTreeMap<String, BTreeSet<String>> {
    let mut words = BTreeMap::new();
    for (_, text) in schema::all() {
        if let Ok(root) = serde_json::from_str::<Value>(&text) {
            properties(&root, &root, &mut words);
        }
    }
    words
}

/// Takes in every property below `schema` with the words it may hold.
fn properties(root: &Value, schema: &Value, words: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(found) = schema.get("properties").and_then(Value::as_object) {
        for (name, of) in found {
            closed_set(root, of, words.entry(name.clone()).or_default(), 0);
        }
    }
    match schema {
        Value::Object(map) => map.values().for_each(|it| properties(root, it, words)),
        Value::Array(items) => items.iter().for_each(|it| properties(root, it, words)),
        _ => {}
    }
}

/// Words that `schema` allows by name; references are followed a few steps.
fn closed_set(root: &Value, schema: &Value, words: &mut BTreeSet<String>, depth: u32) {
    if depth > 6 {
        return;
    }
    let named = schema.get("enum").and_then(Value::as_array).into_iter().flatten().chain(schema.get("const"));
    words.extend(named.filter_map(Value::as_str).map(str::to_owned));
    if let Some(to) = schema.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'))
        && let Some(to) = root.pointer(to)
    {
        closed_set(root, to, words, depth + 1);
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        let several = schema.get(several).and_then(Value::as_array);
        several.into_iter().flatten().for_each(|it| closed_set(root, it, words, depth + 1));
    }
    if let Some(items) = schema.get("items") {
        closed_set(root, items, words, depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use bulkhead_journal::{Bearer, KeyOrigin, Vault};

    use super::*;

    /// Veils `text` as a file called `path`; pseudonyms shown as `<n>`, by the order of `names`.
    #[track_caller]
    fn check(names: &[&str], path: &str, text: &str, expect: &str) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut vault = Vault::create(&dir.path().join("vault"), [1; 32], KeyOrigin::Seed).expect("a vault");
        vault.learn(names.iter().map(|it| (Bearer::Account, *it))).expect("learnt");
        let veiled = veil(path, text.as_bytes(), vault.names()).unwrap_or_else(|| text.as_bytes().to_vec());
        let mut shown = String::from_utf8(veiled).expect("text");
        for (n, name) in names.iter().enumerate() {
            shown = shown.replace(vault.names().pseudonym(name).expect("known"), &format!("<{n}>"));
        }
        assert_eq!(shown, expect);
    }

    #[test]
    fn words_of_the_format_stay() {
        check(
            &["user", "high", "identity", "alice"],
            "findings.ndjson",
            "{\"rule\":{\"level\":\"high\"},\"user\":\"high\",\"fields\":{\"User\":\"CORP\\\\ALICE\",\"n\":\"a user\"}}\n{\"kind\":\"identity\",\"n\":1.50}\n",
            "{\"rule\":{\"level\":\"high\"},\"user\":\"<1>\",\"fields\":{\"User\":\"CORP\\\\<3>\",\"n\":\"a <0>\"}}\n{\"kind\":\"identity\",\"n\":1.50}\n",
        );
        check(
            &["user", "alice"],
            "findings.ndjson",
            "{\"user\":\"x\",\"fields\":{\"home.alice\":\"1\"}}\n",
            "{\"user\":\"x\",\"fields\":{\"home.<1>\":\"1\"}}\n",
        );
    }

    #[test]
    fn comments_of_an_estate_stay_where_they_can() {
        check(
            &["m.leroy"],
            "estate.yaml",
            "# of m.leroy\nidentities:\n  - {id: m.leroy, kind: human, accounts: ['TELCO\\m.leroy']}\n",
            "# of <0>\nidentities:\n  - {id: <0>, kind: human, accounts: ['TELCO\\<0>']}\n",
        );
        check(
            &["human"],
            "estate.yaml",
            "# people\nidentities:\n  - {id: human, kind: human}\n",
            "# Pseudonyms stand for persons and accounts; the comments are in the vault's copy.\nidentities:\n  - {id: <0>, kind: human}\n",
        );
    }

    #[test]
    fn pages_keep_their_tags() {
        check(
            &["table", "o<k"],
            "report.html",
            "<style>table{x:1}</style><table class=\"table\" title=\"a table > x\">table o&lt;k</table>",
            "<style>table{x:1}</style><table class=\"table\" title=\"a <0> > x\"><0> <1></table>",
        );
    }

    #[test]
    fn names_of_files_are_veiled_below_the_top() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut vault = Vault::create(&dir.path().join("vault"), [1; 32], KeyOrigin::Seed).expect("a vault");
        vault.learn([(Bearer::Account, "incident")]).expect("learnt");
        let names = vault.names();
        let pseudonym = names.pseudonym("incident").expect("known");
        assert_eq!(veil_path("incident.json", names), "incident.json");
        assert_eq!(veil_path("rules/incident.nft", names), format!("rules/{pseudonym}.nft"));
    }
}
