//! SharpHound's files: `{"data": [...], "meta": {"type": "computers", "version": 6}}`, of versions 3 to 6.

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::AssetKind;
use serde_json::Value;

use super::{Edge, Object, ObjectKind, Via, edge};
use crate::facts::{Host, Intake};
use crate::json::{self, Split};
use crate::names;

/// Local groups by the end of their SID: administrators, remote desktop, DCOM, remote management.
const LOCAL_GROUPS: &[(&str, Via)] =
    &[("-544", Via::Admin), ("-555", Via::Rdp), ("-562", Via::Dcom), ("-580", Via::Winrm)];

/// The same as lists of their own, up to version 4.
const LISTS: &[(&str, Via)] = &[
    ("LocalAdmins", Via::Admin),
    ("RemoteDesktopUsers", Via::Rdp),
    ("DcomUsers", Via::Dcom),
    ("PSRemoteUsers", Via::Winrm),
];

/// Reads one file.
pub(crate) fn read(split: &Split<'_>, intake: &mut Intake<'_>) {
    let meta = split.other("meta").unwrap_or_default();
    let kind = meta.get("type").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    json::each(split, intake, |list, line, record, intake| match kind_of(&kind, list, record) {
        "computers" => object(ObjectKind::Computer, line, record, intake),
        "users" => object(ObjectKind::User, line, record, intake),
        "groups" => object(ObjectKind::Group, line, record, intake),
        "domains" => object(ObjectKind::Domain, line, record, intake),
        "azure" => intake.left_out("records of AzureHound, which speak of Entra ID and not of hosts"),
        "sessions" => sessions(std::slice::from_ref(record), None, line, intake),
        _ => intake.left_out(
            "directory containers, policies and certificates, which say nothing of hosts or logons",
        ),
    });
    let told = meta.get("count").and_then(Value::as_u64);
    // Collectors that stream their file leave the count at 0.
    if let Some(told) = told.filter(|it| *it > split.records.len() as u64) {
        let why = format!("its head tells of {told} records, but {} are there", split.records.len());
        intake.malformed(None, why);
    }
}

/// The kind that the file's head tells; where a file broke off before it, what only such records have.
fn kind_of<'k>(told: &'k str, list: &'k str, record: &Value) -> &'k str {
    let has = |name: &str| record.get(name).is_some();
    match told {
        "" if !list.is_empty() && list != "data" => list,
        "" if has("Sessions") || has("LocalGroups") || has("LocalAdmins") => "computers",
        "" if has("Members") => "groups",
        "" if has("SPNTargets") => "users",
        "" if has("Trusts") => "domains",
        told => told,
    }
}

fn object(kind: ObjectKind, line: u32, record: &Value, intake: &mut Intake<'_>) {
    let Some(id) = text(record, "ObjectIdentifier") else {
        intake.malformed(Some(Pos { line, column: 1 }), "the object has no ObjectIdentifier");
        return;
    };
    if record.get("IsDeleted").and_then(Value::as_bool) == Some(true) {
        intake.left_out("deleted objects");
        return;
    }
    let properties = record.get("Properties").unwrap_or(&Value::Null);
    if properties.get("enabled").and_then(Value::as_bool) == Some(false) {
        intake.left_out("disabled accounts and computers");
        return;
    }
    let primary = text(record, "PrimaryGroupSID");
    let truth = |name: &str| properties.get(name).and_then(Value::as_bool) == Some(true);
    let name = text(properties, "name").unwrap_or_default().to_lowercase();
    let system = text(properties, "operatingsystem").unwrap_or_default();
    let family = names::os_family(&system);
    let controller = kind == ObjectKind::Computer
        && (truth("isdc")
            || record.get("IsDC").and_then(Value::as_bool) == Some(true)
            || primary.as_deref().is_some_and(|it| it.ends_with("-516") || it.ends_with("-521")));
    let tags = text(properties, "system_tags").unwrap_or_default();
    intake.object(
        &id,
        Object {
            kind,
            origin: intake.origin(line),
            name: name.clone(),
            account: text(properties, "samaccountname"),
            privileged: truth("admincount") || truth("highvalue") || tags.contains("admin_tier_0"),
            service: truth("hasspn") || truth("gmsa"),
            domain_controller: controller,
            linux: family == Some("linux"),
        },
    );
    if kind == ObjectKind::Computer {
        intake.computer(&id, &name, &system, controller, line);
        computer(&id, line, record, intake);
    } else {
        intake.report.taken += 1;
    }
    if let Some(group) = primary {
        intake.edge(Edge::Member, &id, &group, line);
    }
    for member in list(record, "Members").iter().filter_map(reference) {
        intake.edge(Edge::Member, &member, &id, line);
    }
    // Who has a SID in its history is taken for the account of that SID.
    for former in list(record, "HasSIDHistory").iter().filter_map(reference) {
        intake.edge(Edge::Member, &id, &former, line);
    }
    for ace in list(record, "Aces") {
        let principal = text(ace, "PrincipalSID").or_else(|| text(ace, "PrincipalName"));
        if let (Some((edge, false)), Some(principal)) = (edge(&right(ace)), principal) {
            intake.edge(edge, &principal, &id, line);
        }
    }
    for target in list(record, "AllowedToDelegate").iter().filter_map(reference) {
        intake.edge(Edge::Control, &id, &target, line);
    }
    for target in list(record, "SPNTargets") {
        let sql = text(target, "Service").is_some_and(|it| it.eq_ignore_ascii_case("SQLAdmin"));
        if let (true, Some(computer)) = (sql, text(target, "ComputerSID")) {
            intake.edge(Edge::Right(Via::Sql), &id, &computer, line);
        }
    }
}

/// Who may log on to a computer, and who is.
fn computer(id: &str, line: u32, record: &Value, intake: &mut Intake<'_>) {
    for (name, via) in LISTS {
        if collected(record.get(*name)) && *via == Via::Admin {
            intake.gathered.directory.admins_known.insert(id.to_uppercase());
        }
        for principal in list(record, name).iter().filter_map(reference) {
            intake.edge(Edge::Right(*via), &principal, id, line);
        }
    }
    for group in list(record, "LocalGroups") {
        let sid = text(group, "ObjectIdentifier").unwrap_or_default();
        let Some((_, via)) = LOCAL_GROUPS.iter().find(|(end, _)| sid.ends_with(end)) else { continue };
        if collected(Some(group)) && *via == Via::Admin {
            intake.gathered.directory.admins_known.insert(id.to_uppercase());
        }
        for principal in list(group, "Results").iter().filter_map(reference) {
            intake.edge(Edge::Right(*via), &principal, id, line);
        }
    }
    for name in ["Sessions", "PrivilegedSessions", "RegistrySessions"] {
        sessions(list(record, name), Some(id), line, intake);
    }
    for principal in list(record, "AllowedToAct").iter().filter_map(reference) {
        intake.edge(Edge::Control, &principal, id, line);
    }
}

/// The right of an entry. Up to version 3, extended rights and writes to one property are told by a second field.
fn right(ace: &Value) -> String {
    let name = text(ace, "RightName").unwrap_or_default();
    let of = text(ace, "AceType").unwrap_or_default();
    let one = match (name.as_str(), of.as_str()) {
        ("Owner", _) => "Owns",
        ("ExtendedRight", "All") => "AllExtendedRights",
        ("ExtendedRight", "User-Force-Change-Password") => "ForceChangePassword",
        ("ExtendedRight", "GetChanges" | "GetChangesAll") => of.as_str(),
        ("WriteProperty", "AddMember" | "Member") => "AddMember",
        ("WriteProperty", "AllowedToAct") => "AddAllowedToAct",
        ("WriteProperty", "All" | "") => "GenericWrite",
        _ => name.as_str(),
    };
    one.to_owned()
}

/// Sessions of a list, on `computer` where they do not say on which.
fn sessions(list: &[Value], computer: Option<&str>, line: u32, intake: &mut Intake<'_>) {
    for session in list {
        let user = text(session, "UserSID").or_else(|| text(session, "UserId"));
        let on = text(session, "ComputerSID").or_else(|| text(session, "ComputerId"));
        let on = on.as_deref().or(computer);
        match (user, on) {
            (Some(user), Some(on)) => {
                intake.edge(Edge::Session, &user, on, line);
                intake.report.taken += u64::from(computer.is_none());
            }
            _ if computer.is_none() => {
                intake.malformed(Some(Pos { line, column: 1 }), "the session names no user or no computer");
            }
            _ => {}
        }
    }
}

/// Whether a list was asked for; plain lists of old versions do not say, so an empty one says nothing.
fn collected(list: Option<&Value>) -> bool {
    match list {
        Some(Value::Object(it)) => it.get("Collected").and_then(Value::as_bool) == Some(true),
        Some(Value::Array(it)) => !it.is_empty(),
        _ => false,
    }
}

/// The items of a list, plain or as `{"Results": [...], "Collected": true}`.
fn list<'v>(record: &'v Value, name: &str) -> &'v [Value] {
    let list = record.get(name).map(|it| it.get("Results").unwrap_or(it));
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The object that an item refers to.
fn reference(item: &Value) -> Option<String> {
    match item {
        Value::String(id) => Some(id.clone()),
        _ => text(item, "ObjectIdentifier").or_else(|| text(item, "MemberId")),
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned)
}

impl Intake<'_> {
    /// Notes a computer of a directory as a host.
    pub(super) fn computer(&mut self, id: &str, name: &str, system: &str, controller: bool, line: u32) {
        let mut host = Host::new(self.origin(line));
        host.key = Some(id.to_uppercase());
        host.names.extend(names::hostname(name));
        host.os = names::os_family(system).map(str::to_owned);
        host.kind = if controller {
            Some(AssetKind::IdentityProvider)
        } else if system.to_lowercase().contains("server") {
            Some(AssetKind::Server)
        } else if host.os.as_deref() == Some("windows") {
            Some(AssetKind::Workstation)
        } else {
            None
        };
        if controller {
            host.roles.insert("directory".to_owned());
        }
        host.zone = name.split_once('.').map(|(_, domain)| format!("ad-{}", names::sanitise(domain)));
        self.host(host);
    }
}
