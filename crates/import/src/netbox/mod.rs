//! NetBox exports: devices, virtual machines, addresses, interfaces, services and prefixes, from the REST API or as CSV.

mod csv;
pub(crate) mod fixture;
mod kind;

use std::net::IpAddr;

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::{AssetKind, Port, Protocol};
use ipnet::IpNet;
use serde_json::Value;

use crate::facts::{Host, Intake, ZoneClaim};
use crate::json::{self, Split};
use crate::names::{self, sanitise};
use crate::roles;

pub(crate) use csv::{is_header, read as read_csv};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Device,
    VirtualMachine,
    Address,
    Interface,
    Service,
    Prefix,
    /// Known to NetBox, but nothing an estate is made of.
    Other,
}

/// Parts of the address of a record in the REST API.
const PATHS: &[(&str, Record)] = &[
    ("/dcim/devices/", Record::Device),
    ("/virtualization/virtual-machines/", Record::VirtualMachine),
    ("/ipam/ip-addresses/", Record::Address),
    ("/dcim/interfaces/", Record::Interface),
    ("/virtualization/interfaces/", Record::Interface),
    ("/ipam/services/", Record::Service),
    ("/ipam/prefixes/", Record::Prefix),
    ("/dcim/", Record::Other),
    ("/ipam/", Record::Other),
    ("/virtualization/", Record::Other),
    ("/tenancy/", Record::Other),
];

/// What a record is: by its own address in the API, else by what only such records have.
pub(crate) fn kind_of(record: &Value) -> Option<Record> {
    if let Some(url) = record.get("url").and_then(Value::as_str)
        && let Some((_, kind)) = PATHS.iter().find(|(path, _)| url.contains(path))
    {
        return Some(*kind);
    }
    let has = |name: &str| record.get(name).is_some();
    if has("device_type") && has("name") {
        Some(Record::Device)
    } else if has("vcpus") && has("name") {
        Some(Record::VirtualMachine)
    } else if has("prefix") && has("status") {
        Some(Record::Prefix)
    } else if has("address") && (has("dns_name") || has("assigned_object")) {
        Some(Record::Address)
    } else if has("vid") && has("name") {
        Some(Record::Other)
    } else {
        None
    }
}

/// Reads the records of a REST answer or a plain list.
pub(crate) fn read(split: &Split<'_>, intake: &mut Intake<'_>) {
    json::each(split, intake, |_, line, record, intake| match kind_of(record) {
        Some(kind) => take(kind, record, line, intake),
        None => intake.left_out("records of NetBox whose kind cannot be told"),
    });
}

fn take(kind: Record, record: &Value, line: u32, intake: &mut Intake<'_>) {
    let taken = match kind {
        Record::Device | Record::VirtualMachine => device(kind, record, line, intake),
        Record::Address => address(record, line, intake),
        Record::Interface => interface(record, line, intake),
        Record::Service => service(record, line, intake),
        Record::Prefix => prefix(record, line, intake),
        Record::Other => {
            intake.left_out("VLANs, sites, roles and the like: devices and prefixes name them");
            Ok(())
        }
    };
    if let Err(why) = taken {
        intake.malformed(Some(Pos { line, column: 1 }), why);
    }
}

/// Devices that are not there yet, or not there any more.
fn is_absent(record: &Value) -> bool {
    let status = choice(record, "status").unwrap_or_default();
    matches!(status.as_str(), "planned" | "inventory" | "decommissioning" | "decommissioned" | "deprecated")
}

fn device(kind: Record, record: &Value, line: u32, intake: &mut Intake<'_>) -> Result<(), String> {
    if is_absent(record) {
        intake.left_out("devices that are planned, in stock or decommissioned");
        return Ok(());
    }
    let mut host = Host::new(intake.origin(line));
    host.key = record.get("id").and_then(Value::as_u64).map(|id| key(kind, id));
    let name = text(record, "name");
    host.names.extend(name.as_deref().and_then(host_name));
    for field in ["primary_ip4", "primary_ip6", "primary_ip"] {
        let Some(written) = record.get(field).and_then(|it| reference(it, "address")) else { continue };
        let address = host_address(&written)?;
        host.addresses.extend(address);
        host.primary = host.primary.or(address);
    }
    let role =
        ["role", "device_role"].iter().find_map(|it| record.get(*it)).and_then(|it| reference(it, "slug"));
    let model = record.get("device_type").and_then(|it| reference(it, "model"));
    let platform = record.get("platform").and_then(|it| reference(it, "name"));
    host.os = platform.as_deref().and_then(names::os_family).map(str::to_owned);
    host.kind = kind::of(role.as_deref(), model.as_deref());
    if host.kind.is_none() && kind == Record::VirtualMachine {
        host.kind = Some(AssetKind::Server);
    }
    host.roles.extend(role.as_deref().map(sanitise));
    if let Some(tenant) = record.get("tenant").and_then(|it| reference(it, "slug")) {
        host.roles.insert(format!("tenant-{}", sanitise(&tenant)));
    }
    if let Some(site) = record.get("site").and_then(|it| reference(it, "slug")) {
        host.zone = Some(format!("site-{}", sanitise(&site)));
    }
    if host.names.is_empty() && host.addresses.is_empty() && host.key.is_none() {
        return Err("the device has neither name nor address".to_owned());
    }
    if host.addresses.is_empty()
        && host.kind == Some(AssetKind::Appliance)
        && kind::is_passive(role.as_deref())
    {
        intake.left_out("passive devices: nothing reaches them over the network");
        return Ok(());
    }
    intake.host(host);
    Ok(())
}

fn key(kind: Record, id: u64) -> String {
    let word = if kind == Record::VirtualMachine { "vm" } else { "device" };
    format!("{word}:{id}")
}

/// Names in NetBox may hold spaces and stack members (`sw-1:1`).
fn host_name(name: &str) -> Option<String> {
    let name = name.split([':', '/']).next().unwrap_or(name).trim().replace(' ', "-");
    names::hostname(&name)
}

/// `10.20.1.11/24`, and whether a host can own it.
fn host_address(text: &str) -> Result<Option<IpAddr>, String> {
    let bare = text.split('/').next().unwrap_or(text);
    let address = names::address(bare).ok_or_else(|| format!("`{text}` is no address"))?;
    Ok(Some(address).filter(|it| names::is_host_address(*it)))
}

fn address(record: &Value, line: u32, intake: &mut Intake<'_>) -> Result<(), String> {
    let written = text(record, "address").ok_or("the record has no address")?;
    let address = host_address(&written)?;
    if is_absent(record) {
        intake.left_out("addresses that are planned or deprecated");
        return Ok(());
    }
    let role = choice(record, "role").unwrap_or_default();
    if matches!(role.as_str(), "vip" | "vrrp" | "hsrp" | "glbp" | "carp" | "anycast") {
        intake.left_out("addresses that several devices share");
        return Ok(());
    }
    let mut host = Host::new(intake.origin(line));
    host.addresses.extend(address);
    host.names.extend(text(record, "dns_name").as_deref().and_then(names::hostname));
    let assigned = record.get("assigned_object").unwrap_or(record);
    owner(assigned, &mut host);
    if host.names.is_empty() && host.key.is_none() {
        intake.left_out("addresses that belong to no named device");
        return Ok(());
    }
    intake.host(host);
    Ok(())
}

/// The device or virtual machine that a record belongs to.
fn owner(record: &Value, host: &mut Host) {
    for (field, kind) in [("device", Record::Device), ("virtual_machine", Record::VirtualMachine)] {
        let Some(owner) = record.get(field).filter(|it| !it.is_null()) else { continue };
        host.key = owner.get("id").and_then(Value::as_u64).map(|id| key(kind, id));
        // Where the full name is known, the device's short one may be an inventory number.
        if host.names.is_empty() || host.key.is_none() {
            host.names.extend(reference(owner, "name").as_deref().and_then(host_name));
        }
    }
}

fn interface(record: &Value, line: u32, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut host = Host::new(intake.origin(line));
    let written = text(record, "mac_address")
        .or_else(|| record.get("primary_mac_address").and_then(|it| reference(it, "mac_address")));
    let Some(written) = written else {
        intake.left_out("interfaces without a hardware address");
        return Ok(());
    };
    host.macs.extend(names::mac(&written));
    owner(record, &mut host);
    if host.key.is_none() && host.names.is_empty() {
        return Err("the interface names no device".to_owned());
    }
    intake.host(host);
    Ok(())
}

fn service(record: &Value, line: u32, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut host = Host::new(intake.origin(line));
    owner(record, &mut host);
    owner(record.get("parent").unwrap_or(&Value::Null), &mut host);
    if host.key.is_none() && host.names.is_empty() {
        intake.left_out("services of no named device");
        return Ok(());
    }
    let protocol = match choice(record, "protocol").as_deref() {
        Some("udp") => Protocol::Udp,
        Some("tcp") | None => Protocol::Tcp,
        Some(_) => {
            intake.left_out("services of protocols other than TCP and UDP");
            return Ok(());
        }
    };
    for port in record.get("ports").and_then(Value::as_array).into_iter().flatten() {
        let number = port.as_u64().and_then(|it| u16::try_from(it).ok());
        let number = number.ok_or_else(|| format!("{port} is no port"))?;
        let port = Port { protocol, first: number, last: number };
        host.listening.insert(port);
        host.roles.extend(roles::of_port(None, port).map(str::to_owned));
    }
    intake.host(host);
    Ok(())
}

fn prefix(record: &Value, line: u32, intake: &mut Intake<'_>) -> Result<(), String> {
    let written = text(record, "prefix").ok_or("the record has no prefix")?;
    let range: IpNet = written.parse().map_err(|_| format!("`{written}` is no address range"))?;
    match choice(record, "status").unwrap_or_default().as_str() {
        "container" => {
            intake.left_out("prefixes that only hold others");
            return Ok(());
        }
        "reserved" | "deprecated" => {
            intake.left_out("prefixes that are reserved or deprecated");
            return Ok(());
        }
        _ => {}
    }
    let range = range.trunc();
    let site = ["site", "scope"].iter().find_map(|it| record.get(*it)).and_then(|it| reference(it, "slug"));
    let vlan = record.get("vlan").and_then(|it| reference(it, "name")).map(|it| without_number(&it));
    let description = text(record, "description").filter(|it| it.chars().count() <= 40);
    let said = vlan.or(description);
    let id = match (&said, &site) {
        (Some(said), Some(site)) => sanitise(&format!("{site}-{said}")),
        (Some(said), None) => sanitise(said),
        (None, _) => network_id(range),
    };
    let name = match said {
        Some(said) => match site {
            Some(site) => format!("{said} ({site})"),
            None => said,
        },
        None => format!("Network {range}"),
    };
    intake.zone(ZoneClaim { origin: intake.origin(line), id, name, cidrs: vec![range], flat: true });
    Ok(())
}

/// As the zone of a network without a name is called.
fn network_id(range: IpNet) -> String {
    let text = range.network().to_string();
    let usual = if range.addr().is_ipv4() { 24 } else { 64 };
    if range.prefix_len() == usual {
        return format!("net-{}", sanitise(text.strip_suffix(".0").unwrap_or(&text)));
    }
    format!("net-{}-{}", sanitise(&text), range.prefix_len())
}

/// `shop (20)`, as NetBox displays a VLAN, is `shop`.
fn without_number(name: &str) -> String {
    match name.rsplit_once(" (") {
        Some((name, number)) if number.trim_end_matches(')').bytes().all(|it| it.is_ascii_digit()) => {
            name.to_owned()
        }
        _ => name.to_owned(),
    }
}

/// A text that says something.
fn text(record: &Value, name: &str) -> Option<String> {
    record.get(name).and_then(Value::as_str).map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// A choice: `{"value": "active", "label": "Active"}`, or the text alone.
fn choice(record: &Value, name: &str) -> Option<String> {
    let value = record.get(name)?;
    let text = value.get("value").unwrap_or(value).as_str()?;
    Some(text.trim().to_lowercase()).filter(|it| !it.is_empty())
}

/// Another object: by `field`, else by what names it; or the text alone.
fn reference(value: &Value, field: &str) -> Option<String> {
    let of = |name: &str| value.get(name).and_then(Value::as_str);
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        _ => of(field).or_else(|| of("slug")).or_else(|| of("name")).or_else(|| of("display")),
    };
    text.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}
