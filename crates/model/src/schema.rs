//! JSON Schemas (draft 7, which editors understand) of the estate file and of every JSON file of the case directory.
//!
//! They are made from the types and committed under `schemas/`; a test fails when the two differ.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::case::{
    Certificate, Clock, Exfiltration, Figures, Impact, Incident, Plan, RecoveryPlan, Score, TimelineEntry,
};
use crate::estate::Estate;
use crate::finding::Finding;

/// Every schema with its name: the file is `schemas/<name>.schema.json`. Texts end with a line break.
///
/// `clocks` and `timeline` are arrays; `finding` is one line of `findings.ndjson`.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("estate", text::<Estate>("Estate file of Bulkhead, version 1", false)),
        ("incident", text::<Incident>("incident.json", true)),
        ("impact", text::<Impact>("impact.json", true)),
        ("plan", text::<Plan>("plan.json", true)),
        ("certificate", text::<Certificate>("certificate.json", true)),
        ("recovery", text::<RecoveryPlan>("recovery.json", true)),
        ("clocks", text::<Vec<Clock>>("clocks.json", true)),
        ("exfiltration", text::<Exfiltration>("exfiltration.json", true)),
        ("figures", text::<Figures>("figures.json", true)),
        ("score", text::<Score>("score.json", true)),
        ("timeline", text::<Vec<TimelineEntry>>("timeline.json", true)),
        ("finding", text::<Finding>("One line of findings.ndjson", true)),
    ]
}

/// The schema of `T`, as it is written (`written`) or as it is read, where defaults may be left out.
fn text<T: JsonSchema>(title: &str, written: bool) -> String {
    let settings = SchemaSettings::draft07();
    let settings = if written { settings.for_serialize() } else { settings };
    let mut schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Lets a duration be a single length of time beside an object of percentiles, as the reader does.
pub fn or_single_span(schema: &mut Schema) {
    let object = std::mem::take(schema.ensure_object());
    let single = serde_json::json!({
        "description": "The median alone.",
        "type": "string",
        "pattern": "^([0-9]+(\\.[0-9]+)?[smhdw])+$",
    });
    schema.insert("anyOf".to_owned(), serde_json::json!([object, single]));
}
