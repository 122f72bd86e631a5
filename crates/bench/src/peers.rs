//! What others do with the same bytes: JSON readers, and rsigma as the best engine measured.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use anyhow::{Context, Result};
use bulkhead_detect::RuleFile;
use bulkhead_model::event::{Event, Value, Visitor};
use rsigma_eval::{Engine, LogSourceExtractor};
use serde_json::Value as Json;

use crate::corpus::Events;

/// Members of the object, values unread.
pub fn sonic_lazy(events: &Events) {
    for line in events.iter() {
        black_box(sonic_rs::to_object_iter(line).filter_map(Result::ok).count());
    }
}

/// A tree of every event.
pub fn sonic_tree(events: &Events) {
    for line in events.iter() {
        black_box(sonic_rs::from_slice::<sonic_rs::Value>(line).is_ok());
    }
}

/// A tape of every event; the copy it destroys is part of what it costs a reader of lines.
pub fn simd_tape(events: &Events) {
    let mut copy = Vec::new();
    for line in events.iter() {
        copy.clear();
        copy.extend_from_slice(line);
        black_box(simd_json::to_tape(&mut copy).is_ok());
    }
}

/// A tree of every event.
pub fn serde_tree(events: &Events) {
    for line in events.iter() {
        black_box(serde_json::from_slice::<Json>(line).is_ok());
    }
}

/// rsigma with its log source routing.
pub struct Rsigma {
    engine: Engine,
    /// Rules it loaded.
    pub n_rules: usize,
}

impl Rsigma {
    /// Loads `rules`; what it refuses is left out, as it would be by its user.
    pub fn new(rules: &[RuleFile]) -> Result<Self> {
        let mut engine = Engine::new();
        engine.set_logsource_extractor(Some(LogSourceExtractor::new().with_field_names(
            "_ls_product",
            "_ls_service",
            "_ls_category",
        )));
        let mut parsed = Vec::new();
        for file in rules {
            let collection =
                rsigma_parser::parse_sigma_yaml(&file.text).with_context(|| file.name.clone())?;
            parsed.extend(collection.rules);
        }
        let refused = engine.add_rules(parsed.iter()).len();
        Ok(Self { engine, n_rules: parsed.len() - refused })
    }

    /// Ids of the rules that match a flat, tagged event.
    pub fn evaluate(&self, event: &Json) -> Vec<String> {
        let event = rsigma_eval::JsonEvent::borrow(event);
        self.engine.evaluate(&event).into_iter().filter_map(|it| it.header.rule_id.clone()).collect()
    }

    /// Whether anything matches; the findings are made and dropped.
    pub fn count(&self, event: &Json) -> usize {
        let event = rsigma_eval::JsonEvent::borrow(event);
        self.engine.evaluate(&event).len()
    }
}

/// An event as rsigma reads it: flat, with its log source beside the fields. Events that belong to two categories are
/// given once for each.
pub fn flat(event: &dyn Event) -> Vec<Json> {
    #[derive(Default)]
    struct Flat(BTreeMap<String, Json>);
    impl<'e> Visitor<'e> for Flat {
        fn wants(&mut self, _: &str) -> bool {
            true
        }
        fn value(&mut self, name: &str, value: Value<'e>) {
            let json = match value {
                Value::Null => Json::Null,
                Value::Bool(it) => Json::Bool(it),
                Value::Number(text) => serde_json::from_str(text).unwrap_or(Json::Null),
                Value::Text(text) => Json::String(text.decode().into_owned()),
            };
            match self.0.get_mut(name) {
                None => {
                    self.0.insert(name.to_owned(), json);
                }
                Some(Json::Array(items)) => items.push(json),
                Some(other) => {
                    let first = other.take();
                    *other = Json::Array(vec![first, json]);
                }
            }
        }
    }
    let mut flat = Flat::default();
    event.visit(&mut flat);
    let mut fields = flat.0;
    let text = |name: &str| match fields.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (service, categories) = tags(&text("Channel"), &text("EventID"), &text("EventType"));
    let mapped: &[(&str, &str)] = match (service, categories.first()) {
        ("security", Some(_)) => &[("Image", "NewProcessName"), ("ParentImage", "ParentProcessName")],
        ("windefend", Some(_)) => &[("Signature", "ThreatName"), ("Filename", "Path")],
        _ => &[],
    };
    for (name, from) in mapped {
        if let Some(value) = fields.get(*from).cloned() {
            fields.insert((*name).to_owned(), value);
        }
    }
    fields.insert("_ls_product".to_owned(), "windows".into());
    if !service.is_empty() {
        fields.insert("_ls_service".to_owned(), service.into());
    }
    let tagged = |category: Option<&&str>| {
        let mut fields = fields.clone();
        if let Some(category) = category {
            fields.insert("_ls_category".to_owned(), (*category).into());
        }
        Json::Object(fields.into_iter().collect())
    };
    if categories.is_empty() {
        vec![tagged(None)]
    } else {
        categories.iter().map(|it| tagged(Some(it))).collect()
    }
}

/// Service and categories of a Windows event, by hand and apart from the product's own table.
fn tags(channel: &str, id: &str, event_type: &str) -> (&'static str, Vec<&'static str>) {
    let channel = channel.to_lowercase();
    let service = match channel.as_str() {
        "security" => "security",
        "system" => "system",
        "application" => "application",
        "windows powershell" => "powershell-classic",
        "microsoft-windows-powershell/operational" => "powershell",
        "microsoft-windows-sysmon/operational" => "sysmon",
        "microsoft-windows-wmi-activity/operational" => "wmi",
        "microsoft-windows-taskscheduler/operational" => "taskscheduler",
        "microsoft-windows-windows defender/operational" => "windefend",
        "microsoft-windows-bits-client/operational" => "bits-client",
        _ => "",
    };
    let categories = match (service, id) {
        ("security", "4688") | ("sysmon", "1") => vec!["process_creation"],
        ("sysmon", "2") => vec!["file_change"],
        ("sysmon", "3") => vec!["network_connection"],
        ("sysmon", "4" | "16") => vec!["sysmon_status"],
        ("sysmon", "5") => vec!["process_termination"],
        ("sysmon", "6") => vec!["driver_load"],
        ("sysmon", "7") => vec!["image_load"],
        ("sysmon", "8") => vec!["create_remote_thread"],
        ("sysmon", "9") => vec!["raw_access_thread"],
        ("sysmon", "10") => vec!["process_access"],
        ("sysmon", "11") => vec!["file_event"],
        ("sysmon", "12") if event_type.eq_ignore_ascii_case("CreateKey") => {
            vec!["registry_event", "registry_add"]
        }
        ("sysmon", "12") if event_type.to_lowercase().starts_with("delete") => {
            vec!["registry_event", "registry_delete"]
        }
        ("sysmon", "12") => vec!["registry_event"],
        ("sysmon", "13") => vec!["registry_set", "registry_event"],
        ("sysmon", "14") => vec!["registry_event", "registry_rename"],
        ("sysmon", "15") => vec!["create_stream_hash"],
        ("sysmon", "17" | "18") => vec!["pipe_created"],
        ("sysmon", "19" | "20" | "21") => vec!["wmi_event"],
        ("sysmon", "22") => vec!["dns_query"],
        ("sysmon", "23") => vec!["file_delete"],
        ("sysmon", "25") => vec!["process_tampering"],
        ("sysmon", "26") => vec!["file_delete_detected"],
        ("sysmon", "29") => vec!["file_executable_detected"],
        ("sysmon", "255") => vec!["sysmon_error"],
        ("powershell", "4103") => vec!["ps_module"],
        ("powershell", "4104") => vec!["ps_script"],
        ("powershell-classic", "400") => vec!["ps_classic_start"],
        ("powershell-classic", "600") => vec!["ps_classic_provider_start"],
        ("powershell-classic", "800") => vec!["ps_classic_script"],
        (
            "windefend",
            "1006" | "1007" | "1008" | "1009" | "1010" | "1011" | "1012" | "1017" | "1018" | "1019" | "1115"
            | "1116",
        ) => {
            vec!["antivirus"]
        }
        _ => Vec::new(),
    };
    (service, categories)
}

/// Ids of all rules that match in any of the forms, once each.
pub fn union(rsigma: &Rsigma, forms: &[Json]) -> BTreeSet<String> {
    forms.iter().flat_map(|it| rsigma.evaluate(it)).collect()
}
