//! NetBox tables as CSV: as the pages export them ("Name,Status,Tenant,Site,Role,...") and as imports are written.

use serde_json::{Map, Value};

use super::{Record, take};
use crate::facts::Intake;
use crate::table::{Rows, plain};

/// Columns by the fields they stand for, by their plain names.
const COLUMNS: &[(&str, &[&str])] = &[
    ("id", &["id"]),
    ("name", &["name"]),
    ("status", &["status"]),
    ("tenant", &["tenant"]),
    ("site", &["site", "scope"]),
    ("role", &["role", "devicerole"]),
    ("device_type", &["type", "devicetype"]),
    ("platform", &["platform"]),
    ("primary_ip", &["primaryip", "primaryipaddress"]),
    ("primary_ip4", &["primaryip4", "primaryipv4", "ipv4address"]),
    ("primary_ip6", &["primaryip6", "primaryipv6", "ipv6address"]),
    ("address", &["ipaddress", "address"]),
    ("dns_name", &["dnsname"]),
    ("device", &["device"]),
    ("virtual_machine", &["virtualmachine"]),
    ("parent", &["parent"]),
    ("mac_address", &["macaddress"]),
    ("protocol", &["protocol"]),
    ("ports", &["ports"]),
    ("prefix", &["prefix"]),
    ("vlan", &["vlan"]),
    ("description", &["description"]),
];

/// What the rows of a table are, told by its header.
pub(crate) fn is_header(line: &str) -> Option<Record> {
    let titles: Vec<String> = line.split(',').map(plain).collect();
    let has = |name: &str| titles.iter().any(|it| it == name);
    if has("prefix") && (has("status") || has("vrf") || has("vlan") || has("site")) {
        Some(Record::Prefix)
    } else if has("name") && (has("vcpus") || has("cluster")) {
        Some(Record::VirtualMachine)
    } else if has("name") && has("parent") && has("protocol") && has("ports") {
        Some(Record::Service)
    } else if has("name") && has("macaddress") && (has("device") || has("virtualmachine")) {
        Some(Record::Interface)
    } else if has("name")
        && (has("devicetype") || has("manufacturer") || has("rack"))
        && (has("site") || has("status"))
    {
        Some(Record::Device)
    } else if (has("ipaddress") || has("address")) && (has("dnsname") || has("assigned")) {
        Some(Record::Address)
    } else if has("vid") && has("name") {
        Some(Record::Other)
    } else {
        None
    }
}

/// Reads a table of the kind its header tells.
pub(crate) fn read(text: &str, intake: &mut Intake<'_>) {
    let Some(kind) = text.lines().next().and_then(is_header) else { return };
    let mut rows = Rows::new(text, b',');
    let Some((_, header)) = rows.next() else { return };
    let columns: Vec<Option<&str>> = header
        .iter()
        .map(|title| {
            let title = plain(title);
            COLUMNS.iter().find(|(_, names)| names.contains(&title.as_str())).map(|it| it.0)
        })
        .collect();
    for (line, cells) in rows {
        intake.report.records += 1;
        if cells.len() > columns.len() {
            let pos = bulkhead_model::diag::Pos { line, column: 1 };
            let why = format!("{} columns, but the header names {}", cells.len(), columns.len());
            intake.malformed(Some(pos), why);
            continue;
        }
        let mut record = Map::new();
        for (column, cell) in columns.iter().zip(&cells) {
            let Some(field) = column.filter(|_| !matches!(cell.trim(), "" | "—" | "-" | "None")) else {
                continue;
            };
            record.insert(field.to_owned(), value(field, cell.trim()));
        }
        take(kind, &settled(kind, record), line, intake);
    }
}

fn value(field: &str, cell: &str) -> Value {
    match field {
        "id" => cell.parse::<u64>().map_or_else(|_| Value::from(cell), Value::from),
        "ports" => cell.split([',', ' ']).filter_map(|it| it.trim().parse::<u64>().ok()).collect(),
        // Choices are exported with a capital letter, several addresses with a space or comma between them.
        "address" => Value::from(cell.split([' ', ',']).next().unwrap_or(cell)),
        _ => Value::from(cell),
    }
}

/// The pages call a device's primary address "IP Address", and the device of an address its parent.
fn settled(kind: Record, mut record: Map<String, Value>) -> Value {
    match kind {
        Record::Device | Record::VirtualMachine => {
            if let Some(address) = record.remove("address") {
                record.entry("primary_ip").or_insert(address);
            }
        }
        Record::Interface | Record::Service => {
            record.remove("id");
            if let Some(parent) = record.remove("parent") {
                record.entry("device").or_insert(parent);
            }
        }
        Record::Address => {
            // An address has a number of its own, which is not that of its device.
            record.remove("id");
            if let Some(parent) = record.remove("parent") {
                record.entry("device").or_insert(parent);
            }
        }
        _ => {}
    }
    Value::Object(record)
}
