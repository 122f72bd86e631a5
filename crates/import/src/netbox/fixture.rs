//! NetBox as `manage.py dumpdata` writes it: `[{"model": "dcim.device", "pk": 1, "fields": {"site": 3, ...}}, ...]`.
//! References are numbers, so all that is referred to is looked up first, and records are brought to the API's form.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Record, take};
use crate::facts::Intake;
use crate::json::{self, Split};

/// Models that become something, and what.
const MODELS: &[(&str, Record)] = &[
    ("dcim.device", Record::Device),
    ("virtualization.virtualmachine", Record::VirtualMachine),
    ("ipam.ipaddress", Record::Address),
    ("dcim.interface", Record::Interface),
    ("virtualization.vminterface", Record::Interface),
    ("dcim.macaddress", Record::Interface),
    ("ipam.service", Record::Service),
    ("ipam.prefix", Record::Prefix),
];

/// Models that others refer to, with the fields that are taken along.
const NAMED: &[(&str, &[&str])] = &[
    ("contenttypes.contenttype", &["app_label", "model"]),
    ("dcim.device", &["name"]),
    ("virtualization.virtualmachine", &["name"]),
    ("dcim.interface", &["device"]),
    ("virtualization.vminterface", &["virtual_machine"]),
    ("ipam.ipaddress", &["address"]),
    ("ipam.vlan", &["name"]),
    ("dcim.site", &["slug", "name"]),
    ("dcim.location", &["slug", "name"]),
    ("dcim.region", &["slug", "name"]),
    ("dcim.sitegroup", &["slug", "name"]),
    ("dcim.devicerole", &["slug", "name"]),
    ("dcim.devicetype", &["model"]),
    ("dcim.platform", &["name"]),
    ("dcim.macaddress", &["mac_address"]),
    ("tenancy.tenant", &["slug", "name"]),
    ("virtualization.cluster", &["site", "scope_type", "scope_id"]),
];

/// Whether a record is one of a fixture.
pub(crate) fn is_record(record: &Value) -> bool {
    let model = record.get("model").and_then(Value::as_str);
    model.is_some_and(|it| it.contains('.')) && record.get("fields").is_some_and(Value::is_object)
}

/// Reads a fixture.
pub(crate) fn read(split: &Split<'_>, intake: &mut Intake<'_>) {
    let mut known = Known::default();
    for (_, _, text) in &split.records {
        if let Ok(record) = serde_json::from_str::<Value>(text) {
            known.add(&record);
        }
    }
    json::each(split, intake, |_, line, record, intake| {
        let model = record.get("model").and_then(Value::as_str).unwrap_or_default();
        match (MODELS.iter().find(|it| it.0 == model), record.get("fields")) {
            (Some((_, kind)), Some(fields)) => {
                take(*kind, &known.record(model, *kind, record, fields), line, intake);
            }
            _ => intake.left_out("VLANs, sites, roles and the like: devices and prefixes name them"),
        }
    });
}

/// A primary key or reference as text: numbers, or UUIDs as Nautobot has them.
fn key(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// What is referred to, by model and key.
#[derive(Debug, Default)]
struct Known {
    objects: BTreeMap<&'static str, BTreeMap<String, Map<String, Value>>>,
}

impl Known {
    fn add(&mut self, record: &Value) {
        let model = record.get("model").and_then(Value::as_str).unwrap_or_default();
        let Some((model, wanted)) = NAMED.iter().find(|it| it.0 == model) else { return };
        let (Some(pk), Some(fields)) = (record.get("pk").and_then(key), record.get("fields")) else { return };
        let kept = wanted.iter().filter_map(|it| Some(((*it).to_owned(), fields.get(*it)?.clone())));
        self.objects.entry(model).or_default().insert(pk, kept.collect());
    }

    fn find(&self, model: &str, reference: Option<&Value>) -> Option<&Map<String, Value>> {
        self.objects.get(model)?.get(&key(reference?)?)
    }

    /// A reference as the API writes it: the object's own fields with its number.
    fn object(&self, model: &str, reference: Option<&Value>) -> Value {
        let Some(found) = self.find(model, reference) else { return Value::Null };
        let mut object = found.clone();
        object.insert("id".to_owned(), reference.cloned().unwrap_or_default());
        Value::Object(object)
    }

    /// The model of a generic reference: `["dcim", "interface"]`, `"dcim.interface"`, or the number of a content type.
    fn model(&self, written: Option<&Value>) -> Option<String> {
        match written? {
            Value::Array(parts) => {
                let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                Some(parts.join("."))
            }
            Value::String(text) if text.contains('.') => Some(text.clone()),
            number => {
                let found = self.find("contenttypes.contenttype", Some(number))?;
                Some(format!("{}.{}", found.get("app_label")?.as_str()?, found.get("model")?.as_str()?))
            }
        }
    }

    /// The device or virtual machine that an interface belongs to, or that is meant itself.
    fn owner(&self, model: &str, reference: Option<&Value>) -> Value {
        let (field, of, machine) = match model {
            "dcim.interface" => ("device", "dcim.device", self.find(model, reference)),
            "virtualization.vminterface" => {
                ("virtual_machine", "virtualization.virtualmachine", self.find(model, reference))
            }
            "dcim.device" => return json!({"device": self.object(model, reference)}),
            "virtualization.virtualmachine" => {
                return json!({"virtual_machine": self.object(model, reference)});
            }
            _ => return Value::Null,
        };
        machine.map_or(Value::Null, |it| json!({field: self.object(of, it.get(field))}))
    }

    /// Who has a record that is assigned to something.
    fn assigned(&self, fields: &Value, kind: &str, id: &str) -> Value {
        let reference = fields.get(id).filter(|it| !it.is_null());
        match self.model(fields.get(kind)) {
            Some(model) => self.owner(&model, reference),
            // Up to 2.8 an address named its interface, and both kinds of interfaces were one.
            None => {
                let old = fields.get("interface").filter(|it| !it.is_null());
                let model = "dcim.interface";
                self.owner(
                    model,
                    reference.filter(|_| fields.get(kind).is_none_or(|it| !it.is_null())).or(old),
                )
            }
        }
    }

    /// The site of a virtual machine that has none of its own.
    fn site_of_cluster(&self, fields: &Value) -> Option<Value> {
        if fields.get("site").is_some_and(|it| !it.is_null()) {
            return None;
        }
        let cluster = self.find("virtualization.cluster", fields.get("cluster"))?;
        let scoped = self.model(cluster.get("scope_type")).is_some_and(|it| it == "dcim.site");
        let site = cluster.get("site").or_else(|| cluster.get("scope_id").filter(|_| scoped))?;
        Some(self.object("dcim.site", Some(site))).filter(|it| !it.is_null())
    }

    /// A record as the API would give it.
    fn record(&self, model: &str, kind: Record, record: &Value, fields: &Value) -> Value {
        let mut out = fields.as_object().cloned().unwrap_or_default();
        out.insert("id".to_owned(), record.get("pk").cloned().unwrap_or_default());
        let mut refer = |field: &str, model: &str| {
            if let Some(reference) = fields.get(field).filter(|it| !it.is_null()) {
                out.insert(field.to_owned(), self.object(model, Some(reference)));
            }
        };
        match kind {
            Record::Device | Record::VirtualMachine => {
                refer("role", "dcim.devicerole");
                refer("device_role", "dcim.devicerole");
                refer("device_type", "dcim.devicetype");
                refer("platform", "dcim.platform");
                refer("tenant", "tenancy.tenant");
                refer("site", "dcim.site");
                if let Some(site) = self.site_of_cluster(fields) {
                    out.insert("site".to_owned(), site);
                }
                let mut refer = |field: &str, model: &str| {
                    if let Some(reference) = fields.get(field).filter(|it| !it.is_null()) {
                        out.insert(field.to_owned(), self.object(model, Some(reference)));
                    }
                };
                refer("primary_ip4", "ipam.ipaddress");
                refer("primary_ip6", "ipam.ipaddress");
            }
            Record::Prefix => {
                refer("vlan", "ipam.vlan");
                refer("site", "dcim.site");
                if let Some(model) = self.model(fields.get("scope_type")) {
                    out.insert("scope".to_owned(), self.object(&model, fields.get("scope_id")));
                }
            }
            Record::Address => {
                let owner = self.assigned(fields, "assigned_object_type", "assigned_object_id");
                out.insert("assigned_object".to_owned(), owner);
            }
            Record::Interface if model == "dcim.macaddress" => {
                let owner = self.assigned(fields, "assigned_object_type", "assigned_object_id");
                out.extend(owner.as_object().cloned().unwrap_or_default());
            }
            Record::Interface => {
                refer("device", "dcim.device");
                refer("virtual_machine", "virtualization.virtualmachine");
                refer("primary_mac_address", "dcim.macaddress");
            }
            Record::Service => {
                refer("device", "dcim.device");
                refer("virtual_machine", "virtualization.virtualmachine");
                out.insert(
                    "parent".to_owned(),
                    self.assigned(fields, "parent_object_type", "parent_object_id"),
                );
                // Lists are written as a text within the text: `"[\"443\"]"`.
                if let Some(ports) = fields.get("ports").and_then(ports) {
                    out.insert("ports".to_owned(), ports);
                }
            }
            Record::Other => {}
        }
        Value::Object(out)
    }
}

/// A list of ports, out of a text or of texts.
fn ports(written: &Value) -> Option<Value> {
    let list = match written {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let number = |it: &Value| match it {
        Value::String(text) => text.parse::<u64>().map_or_else(|_| it.clone(), Value::from),
        _ => it.clone(),
    };
    Some(list.as_array()?.iter().map(number).collect())
}
