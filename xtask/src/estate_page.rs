//! `docs/estate.md`: the reference of the estate file, from its types and from the code that uses its words.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use bulkhead_comply::Library;
use bulkhead_comply::facts::PERSONAL_DATA;
use bulkhead_comply::filing::CONTACT_ROLES;
use bulkhead_comply::vocabulary::{OTHER_DATA, Vocabulary};
use bulkhead_model::estate::vocabulary::{PROTOCOLS, SYSTEMS};
use serde_json::{Map, Value};

const PAGE: &str = "docs/estate.md";

/// Sections in the order of the file, with what a reader should know beside the types.
const SECTIONS: &[(&str, &str, &str)] = &[
    (
        "estate",
        "EstateInfo",
        "Who and where. `country`, `currency` and `timezone` are closed vocabularies: ISO 3166-1, ISO 4217, IANA.",
    ),
    (
        "legal_profile",
        "LegalProfile",
        "Decides which duties start clocks. A word that no regime asks for starts none, so `estate check` names it.",
    ),
    (
        "zones",
        "Zone",
        "A zone with `external: true` and one asset in it stands for the Internet or a partner; see *What lies outside*.",
    ),
    (
        "assets",
        "Asset",
        "`roles` are words of your own, for selectors. `relay: true` says that the asset passes traffic on.",
    ),
    (
        "identities",
        "Identity",
        "An identity without `value` is worth 10000 when privileged, else 1000, while the attacker holds it.",
    ),
    (
        "flows",
        "Flow",
        "What no flow declares is not allowed, except inside a zone with `flat: true`. Ids beginning with `flat:`, `management:` and `asset:` are reserved; those beginning with `seen:` were seen in telemetry and declared by nobody.",
    ),
    (
        "services",
        "Service",
        "`requires` is a tree of `all`, `any`, `at_least` over assets, flows, identities and services. Segments of customers are words of your own; `internal` means staff.",
    ),
    ("enforcement_points", "EnforcementPoint", ""),
    ("management", "ManagementChannel", "Never cut while its origin is not compromised."),
    ("maintenance", "Maintenance", ""),
    ("scanners", "Scanner", ""),
    (
        "operating_costs",
        "OperatingCosts",
        "Defaults: isolate 500, block_flow 100, segment 300, disable_identity 200.",
    ),
    ("crews", "Crew", ""),
    ("procedures", "Procedure", ""),
    ("contacts", "Contact", ""),
];

/// Types that stand inside others.
const PARTS: &[&str] = &["Selector", "Right", "Customers", "Degraded", "AtLeast", "Step", "DurationEstimate"];

/// Writes the page.
pub fn run(root: &Path) -> Result<()> {
    let path = root.join(PAGE);
    std::fs::write(&path, page()?).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {PAGE}");
    Ok(())
}

/// The page's text.
fn page() -> Result<String> {
    let schemas = bulkhead_model::schema::all();
    let text =
        schemas.iter().find(|it| it.0 == "estate").map(|it| it.1.as_str()).context("no estate schema")?;
    let schema: Value = serde_json::from_str(text)?;
    let definitions = schema["definitions"].as_object().context("a schema without definitions")?;
    let mut out = String::from(HEAD);
    for (section, name, remark) in SECTIONS {
        let _ = writeln!(out, "\n## `{section}`\n");
        describe(&mut out, definitions, name, remark);
    }
    out.push_str("\n## Parts of the above\n");
    for name in PARTS {
        let _ = writeln!(out, "\n### {name}\n");
        describe(&mut out, definitions, name, "");
    }
    out.push_str(&words(definitions));
    Ok(out)
}

const HEAD: &str = "\
<!-- The reference of the estate file; written by `cargo xtask docs` from the types: change them, not this page. -->
# The estate file, version 1

One YAML (or JSON) document says what an operator has, what may talk to what, what services need, and who can cut what.
`bulkhead estate check FILE` names every fault with its place; `bulkhead init DIR` writes a commented beginning; editors
complete it by `schemas/estate.schema.json` (`bulkhead estate schema`).

**Errors stop** (exit 2): syntax, wrong types, unknown keys, unknown references, duplicate ids, ids that are no ids, cycles.
**Warnings stop nothing**, but a word that nobody knows (`unknown-...`: a kind of entity, a Member State, a time zone, a
protocol, ...) changes what is computed, so every command that uses the estate repeats it.

**Ids** hold letters and digits, and behind the first also `-` `_` `.` `:` `>` `@` `+` `~` `$` `#` `&`; no two points in a row, at
most 200 bytes. They become parts of file names, rule names and lists. An asset and an identity should not share one.

## What lies outside

A plan can only say that an attacker is cut off when the file says how anybody talks to the outside:

```yaml
zones:
  - {id: internet, name: Internet, tier: 9, external: true}     # no ranges: the rest of the world
assets:
  - {id: internet, zone: internet}                              # one asset stands for everybody
  - {id: proxy-1, zone: dmz, relay: true, roles: [proxy]}       # passes on what it is told
flows:
  - {id: office-to-proxy, from: {zone: office}, to: {roles: [proxy]}, ports: [tcp/3128]}
  - {id: proxy-to-internet, from: {roles: [proxy]}, to: {zone: internet}, ports: [tcp/80, tcp/443]}
  - {id: internet-to-vpn, from: {zone: internet}, to: {roles: [vpn]}, ports: [tcp/443]}
```

Assets of an external zone are never reached, exposed or isolated, and `{any: true}` selects none of them. A compromised host
keeps a foothold while it has a way out: a flow to the outside or to a relay that has one, or the other way round. Where no flow
touches an external zone, every compromised host is taken to have one until it is isolated, and `estate check` says so
(`no-outside`). A zone outside with ranges is these, less what lies inside; both families or none (`half-an-outside`).

A **drafted** estate (`estate.drafted: true`, from `estate discover`, or from `respond` without an estate) takes what no
telemetry showed as open: a zone `outside` and flows `open:<a>><b>` on all ports for every ordered pair of zones. What services
would lose is then unknown, and most plans isolate hosts. Correct it, remove those flows, then the mark.
";

fn describe(out: &mut String, definitions: &Map<String, Value>, name: &str, remark: &str) {
    let definition = &definitions[name];
    let object = definition["anyOf"].as_array().and_then(|it| it.first()).unwrap_or(definition);
    let text = sentence(object["description"].as_str().unwrap_or_default());
    let _ = writeln!(out, "{}", [text.as_str(), remark].join(" ").trim());
    let Some(properties) = object["properties"].as_object() else { return };
    let required: Vec<&str> =
        object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("\n| key | form | default | meaning |\n|---|---|---|---|\n");
    for (key, property) in properties {
        let default = match &property["default"] {
            _ if required.contains(&key.as_str()) => "required".to_owned(),
            Value::Null => String::new(),
            Value::String(text) if text.is_empty() => String::new(),
            Value::Array(_) | Value::Object(_) => String::new(),
            value => format!("`{}`", value.to_string().trim_matches('"')),
        };
        let meaning = sentence(property["description"].as_str().unwrap_or_default());
        let _ =
            writeln!(out, "| `{key}` | {} | {default} | {} |", form(property, definitions), cell(&meaning));
    }
}

/// What is written under a key.
fn form(property: &Value, definitions: &Map<String, Value>) -> String {
    if let Some(name) = property["$ref"].as_str().and_then(|it| it.rsplit('/').next()) {
        return named(name, definitions);
    }
    if let Some(inner) = property["allOf"].as_array().and_then(|it| it.first()) {
        return form(inner, definitions);
    }
    if let Some(any) = property["anyOf"].as_array() {
        let given: Vec<String> =
            any.iter().filter(|it| it["type"] != "null").map(|it| form(it, definitions)).collect();
        return given.join(" or ");
    }
    let kind = match &property["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|it| *it != "null").unwrap_or_default()
        }
        kind => kind.as_str().unwrap_or_default(),
    };
    match kind {
        "array" => match &property["items"] {
            Value::Array(pair) => {
                let forms: Vec<String> = pair.iter().map(|it| form(it, definitions)).collect();
                format!("[{}]", forms.join(", "))
            }
            items => format!("list of {}", form(items, definitions)),
        },
        "boolean" => "`true` `false`".to_owned(),
        "integer" => "whole number".to_owned(),
        "string" if property["format"] == "date" => "date".to_owned(),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    }
}

fn named(name: &str, definitions: &Map<String, Value>) -> String {
    let definition = &definitions[name];
    if let Some(choices) = constants(definition) {
        return choices.iter().map(|it| format!("`{}`", it.0)).collect::<Vec<_>>().join(" ");
    }
    if PARTS.contains(&name) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    match name {
        "Span" => "time: `30s` `40m` `4h` `1d`".to_owned(),
        "Port" => "port: `tcp/443` `udp/53` `tcp/5900-5905` `icmp` `any`".to_owned(),
        "Localized" => "text, or `{en: ..., fr: ...}`".to_owned(),
        "Requirement" => "requirement".to_owned(),
        _ if name.ends_with("Id") => format!("{} id", name.trim_end_matches("Id").to_lowercase()),
        _ => name.to_owned(),
    }
}

/// The words of an enumeration, with what each means.
fn constants(definition: &Value) -> Option<Vec<(&str, &str)>> {
    let choices = definition["oneOf"].as_array()?;
    choices
        .iter()
        .map(|it| Some((it["const"].as_str()?, it["description"].as_str().unwrap_or_default())))
        .collect()
}

/// The closed vocabularies.
fn words(definitions: &Map<String, Value>) -> String {
    let mut out = String::from(
        "\n## Words\n\nClosed: a wrong one is an error, since nothing could be done with it.\n\n",
    );
    out.push_str("| key | word | meaning |\n|---|---|---|\n");
    for (key, name) in [
        ("assets[].kind", "AssetKind"),
        ("identities[].kind", "IdentityKind"),
        ("flows[].movement", "Movement"),
        ("enforcement_points[].kind", "PointKind"),
        ("enforcement_points[].can", "Capability"),
    ] {
        for (word, meaning) in constants(&definitions[name]).unwrap_or_default() {
            let _ = writeln!(out, "| `{key}` | `{word}` | {} |", cell(&sentence(meaning)));
        }
    }
    let known = Vocabulary::of(&Library::builtin());
    let list = |words: &mut dyn Iterator<Item = &str>| {
        words.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" ")
    };
    let of = |words: &std::collections::BTreeSet<String>| list(&mut words.iter().map(String::as_str));
    out.push_str(
        "\nKnown: another one is a warning with the word that was meant, repeated at every use. Regimes of your own add theirs.\n\n\
         | key | words |\n|---|---|\n",
    );
    let rows = [
        ("legal_profile.entity", of(&known.entities)),
        ("legal_profile.member_states", of(&known.countries)),
        ("legal_profile.transposed", of(&known.directives)),
        ("legal_profile.listed_in", of(&known.markets)),
        ("assets[].os", list(&mut SYSTEMS.iter().copied())),
        ("identities[].rights[].via", list(&mut PROTOCOLS.iter().copied())),
        ("assets[].data (personal)", list(&mut PERSONAL_DATA.iter().copied())),
        ("assets[].data (other)", list(&mut OTHER_DATA.iter().copied())),
    ];
    for (key, words) in rows {
        let _ = writeln!(out, "| {} | {words} |", code(key));
    }
    let roles = list(&mut CONTACT_ROLES.iter().flat_map(|it| it.iter()).copied());
    let _ = writeln!(
        out,
        "\nOpen, words of your own: `assets[].roles`, `services[].customers[].segment`, and `contacts[].role`, of which filings and \
         approvals look for {roles}."
    );
    out
}

/// `key` as code, with what stands behind it in brackets as text.
fn code(key: &str) -> String {
    key.split_once(' ').map_or_else(|| format!("`{key}`"), |(key, rest)| format!("`{key}` {rest}"))
}

fn sentence(text: &str) -> String {
    text.replace('\n', " ").replace("[`Identity::foothold_value`]", "the section's remark")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page is what the types say; `UPDATE=1` writes it.
    #[test]
    fn the_page_says_what_the_types_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        if std::env::var_os("UPDATE").is_some() {
            run(&root).expect("the page can be written");
        }
        let written = std::fs::read_to_string(root.join(PAGE)).unwrap_or_default();
        let page = page().expect("the schema can be read");
        assert!(written == page, "docs/estate.md is not what the types say: run `cargo xtask docs`");
    }

    /// Every type of the file is on the page.
    #[test]
    fn nothing_of_the_types_is_left_out() {
        let page = page().expect("the schema can be read");
        let text = &bulkhead_model::schema::all()[0].1;
        let schema: Value = serde_json::from_str(text).expect("a schema");
        for (name, definition) in schema["definitions"].as_object().into_iter().flatten() {
            for key in definition["properties"].as_object().into_iter().flatten().map(|it| it.0) {
                assert!(page.contains(&format!("| `{key}` |")), "{name}.{key}");
            }
        }
    }
}
