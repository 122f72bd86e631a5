//! BloodHound OpenGraph: `{"graph": {"nodes": [{"id", "kinds", "properties"}], "edges": [{"kind", "start", "end"}]}}`.

use bulkhead_model::diag::Pos;
use serde_json::Value;

use super::{Object, ObjectKind, edge};
use crate::facts::Intake;
use crate::json::{self, Split};
use crate::names;

/// Marks a reference by name until all names are known.
pub(super) const BY_NAME: &str = "NAME:";

/// Reads one file.
pub(crate) fn read(split: &Split<'_>, intake: &mut Intake<'_>) {
    json::each(split, intake, |path, line, record, intake| match path {
        "graph.nodes" => node(line, record, intake),
        "graph.edges" => link(line, record, intake),
        _ => intake.left_out("lists beside nodes and edges"),
    });
}

fn node(line: u32, record: &Value, intake: &mut Intake<'_>) {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(id) = text(record, "id") else {
        intake.malformed(Some(Pos { line, column: 1 }), "the node has no id");
        return;
    };
    let kinds: Vec<&str> = record
        .get("kinds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(kind) = kinds.iter().find_map(|it| kind(it)) else {
        intake.left_out("nodes of kinds that are no host, account, group or domain");
        return;
    };
    let empty = Value::Null;
    let properties = record.get("properties").unwrap_or(&empty);
    let truth = |name: &str| properties.get(name).and_then(Value::as_bool) == Some(true);
    if properties.get("enabled").and_then(Value::as_bool) == Some(false) {
        intake.left_out("disabled accounts and computers");
        return;
    }
    let name = text(properties, "name").unwrap_or_else(|| id.clone()).to_lowercase();
    let system = text(properties, "operatingsystem").unwrap_or_default();
    let controller = kind == ObjectKind::Computer && truth("isdc");
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
            linux: names::os_family(&system) == Some("linux"),
        },
    );
    if kind == ObjectKind::Computer {
        intake.computer(&id, &name, &system, controller, line);
    } else {
        intake.report.taken += 1;
    }
}

/// The first of a node's kinds that says what it is.
fn kind(name: &str) -> Option<ObjectKind> {
    match name.to_lowercase().as_str() {
        "user" | "azuser" | "account" | "person" => Some(ObjectKind::User),
        "group" | "azgroup" => Some(ObjectKind::Group),
        "computer" | "host" | "server" | "workstation" | "machine" | "azvm" => Some(ObjectKind::Computer),
        "domain" => Some(ObjectKind::Domain),
        _ => None,
    }
}

/// The name that a reference by properties asks for: `{"property_matchers": [{"key": "name", "value": ...}]}`.
fn named_property(end: &Value) -> Option<&str> {
    let matchers = end.get("property_matchers")?.as_array()?;
    let name = matchers.iter().find(|it| it.get("key").and_then(Value::as_str) == Some("name"))?;
    name.get("value")?.as_str()
}

fn link(line: u32, record: &Value, intake: &mut Intake<'_>) {
    let end = |name: &str| -> Option<String> {
        let end = record.get(name)?;
        let value = end
            .get("value")
            .and_then(Value::as_str)
            .or_else(|| end.as_str())
            .or_else(|| named_property(end))?;
        let by_name = matches!(end.get("match_by").and_then(Value::as_str), Some("name" | "property"));
        Some(if by_name { format!("{BY_NAME}{value}") } else { value.to_owned() })
    };
    let (Some(kind), Some(start), Some(end)) =
        (record.get("kind").and_then(Value::as_str), end("start"), end("end"))
    else {
        intake
            .malformed(Some(Pos { line, column: 1 }), "the edge lacks `kind`, `start.value` or `end.value`");
        return;
    };
    match edge(kind) {
        Some((edge, turned)) => {
            let (from, to) = if turned { (&end, &start) } else { (&start, &end) };
            intake.edge(edge, from, to, line);
            intake.report.taken += 1;
        }
        None => intake.left_out("edges of kinds that are no membership, logon right, session or control"),
    }
}
