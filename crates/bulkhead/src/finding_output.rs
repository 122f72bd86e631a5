//! One finding as a line for programs: NDJSON, CSV (RFC 4180) or OCSF Detection Finding 1.x.

use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::plain::{is_hidden, plain, plain_json};
use serde_json::{Value, json};

use crate::attack::{self, AttackTag};
use crate::cli::FindingFormat;

/// Columns of the CSV form.
const COLUMNS: [&str; 9] =
    ["time", "level", "rule_id", "rule_title", "tags", "host", "user", "file", "record"];

/// The first line of the CSV form.
pub fn csv_header() -> String {
    COLUMNS.join(",")
}

/// The finding in one line, without the line's end; a table's rows stand for several findings (`finding_table`).
pub fn line(finding: &Finding, format: FindingFormat) -> Option<String> {
    Some(match format {
        FindingFormat::Table => return None,
        FindingFormat::Ndjson => json_line(&serde_json::to_string(finding).unwrap_or_default()),
        FindingFormat::Csv => csv(finding),
        FindingFormat::Ocsf => json_line(&ocsf(finding).to_string()),
    })
}

/// JSON that a terminal may show, too.
fn json_line(json: &str) -> String {
    plain_json(json).into_owned()
}

fn csv(finding: &Finding) -> String {
    let cells = [
        finding.time.map(|it| it.to_string()).unwrap_or_default(),
        finding.rule.level.as_str().to_owned(),
        finding.rule.id.clone(),
        finding.rule.title.clone(),
        finding.rule.tags.join(" "),
        finding.host.clone().unwrap_or_default(),
        finding.user.clone().unwrap_or_default(),
        finding.source.file.clone(),
        finding.source.record.to_string(),
    ];
    cells.map(|it| cell(&it)).join(",")
}

/// A cell of RFC 4180, shown plain; what a spreadsheet would run as a formula is defused by a leading apostrophe, also
/// behind blanks or what is hidden, which spreadsheets skip.
fn cell(text: &str) -> String {
    let first = text.trim_start_matches(|it: char| it.is_whitespace() || it == '"' || is_hidden(it));
    let runs = first.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let shown = plain(text);
    let defused = if runs { format!("'{shown}") } else { shown.into_owned() };
    if defused.contains([',', '"', ';']) { format!("\"{}\"", defused.replace('"', "\"\"")) } else { defused }
}

/// Version of the schema that [`ocsf`] writes.
const OCSF_VERSION: &str = "1.3.0";

/// OCSF 1.3, class Detection Finding (2004) of category Findings (2), activity Create (1). An event without a readable
/// time gets the time 0, since the class requires one.
fn ocsf(finding: &Finding) -> Value {
    let (severity_id, severity) = match finding.rule.level {
        Level::Informational => (1, "Informational"),
        Level::Low => (2, "Low"),
        Level::Medium => (3, "Medium"),
        Level::High => (4, "High"),
        Level::Critical => (5, "Critical"),
    };
    let time = finding.time.map_or(0, jiff::Timestamp::as_millisecond);
    let uid = format!("{}#{}:{}", finding.source.file, finding.source.record, finding.rule.id);
    let mut evidence = json!({"data": {
        "file": finding.source.file, "record": finding.source.record, "fields": finding.fields,
    }});
    let mut observables = Vec::new();
    let mut object = json!({
        "activity_id": 1, "activity_name": "Create",
        "category_uid": 2, "category_name": "Findings",
        "class_uid": 2004, "class_name": "Detection Finding",
        "type_uid": 200_401, "type_name": "Detection Finding: Create",
        "severity_id": severity_id, "severity": severity,
        "status_id": 1, "status": "New",
        "time": time,
        "message": finding.rule.title,
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Bulkhead", "vendor_name": "Bulkhead", "version": env!("CARGO_PKG_VERSION")},
        },
        "finding_info": {
            "uid": uid,
            "title": finding.rule.title,
            "created_time": time,
            "analytic": {"type_id": 1, "type": "Rule", "uid": finding.rule.id, "name": finding.rule.title},
            "types": finding.rule.tags,
        },
    });
    let attacks = attacks(&finding.rule.tags);
    if !attacks.is_empty() {
        object["finding_info"]["attacks"] = Value::Array(attacks);
    }
    if let Some(host) = &finding.host {
        object["resources"] = json!([{"name": host, "type": "host"}]);
        observables
            .push(json!({"name": "resources[].name", "type_id": 1, "type": "Hostname", "value": host}));
    }
    if let Some(user) = &finding.user {
        evidence["actor"] = json!({"user": {"name": user}});
        let name = "evidences[].actor.user.name";
        observables.push(json!({"name": name, "type_id": 4, "type": "User Name", "value": user}));
    }
    object["evidences"] = json!([evidence]);
    if !observables.is_empty() {
        object["observables"] = Value::Array(observables);
    }
    object
}

/// Tactics and techniques of tags, as OCSF's `attack` objects.
fn attacks(tags: &[String]) -> Vec<Value> {
    let known = tags.iter().filter_map(|it| attack::parse(it)?.ok());
    known
        .filter_map(|it| match it {
            AttackTag::Tactic(name) => Some(json!({"tactic": {"name": name}})),
            AttackTag::Technique(it) if it.is_sub() => Some(json!({
                "technique": {"uid": it.parent().to_string()}, "sub_technique": {"uid": it.to_string()},
            })),
            AttackTag::Technique(it) => Some(json!({"technique": {"uid": it.to_string()}})),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use bulkhead_model::finding::{RuleRef, SourceRef};
    use bulkhead_model::trace::Trace;

    use super::*;

    #[test]
    fn cells_are_quoted_and_defused() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(cell("two\nlines"), "two\\nlines");
        assert_eq!(cell("=cmd()"), "'=cmd()");
        assert_eq!(cell("@sum(1,2)"), "\"'@sum(1,2)\"");
        assert_eq!(cell("\r=x"), "'\\r=x");
        assert_eq!(cell(" \u{200b}+1"), "' \\u{200b}+1");
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell(""), "");
    }

    fn finding() -> Finding {
        Finding {
            time: "2025-07-25T08:00:00.5Z".parse().ok(),
            rule: RuleRef {
                id: "r-1".to_owned(),
                title: "A, \"b\"".to_owned(),
                level: Level::High,
                tags: [
                    "attack.t1021.002",
                    "attack.t1003",
                    "attack.lateral_movement",
                    "attack.nonsense",
                    "cve.2020-1",
                ]
                .map(str::to_owned)
                .to_vec(),
            },
            source: SourceRef { file: "a.zip!b.json".to_owned(), record: 7 },
            host: Some("pc-1".to_owned()),
            user: Some("-adm".to_owned()),
            fields: [("Image".to_owned(), "C:\\x.exe".to_owned())].into(),
            trace: Trace::default(),
        }
    }

    /// Required attributes of the class and of every object used, by path, with their types (ocsf-schema 1.3:
    /// base_event, finding, detection_finding, metadata, product, finding_info, analytic, attack, observable).
    const REQUIRED: &[(&str, &str)] = &[
        ("/activity_id", "number"),
        ("/category_uid", "number"),
        ("/class_uid", "number"),
        ("/type_uid", "number"),
        ("/severity_id", "number"),
        ("/time", "number"),
        ("/metadata/version", "text"),
        ("/metadata/product/name", "text"),
        ("/metadata/product/vendor_name", "text"),
        ("/finding_info/uid", "text"),
        ("/finding_info/title", "text"),
        ("/finding_info/analytic/type_id", "number"),
        ("/observables/0/type_id", "number"),
        ("/observables/1/type_id", "number"),
        ("/evidences/0/data", "object"),
        ("/resources/0/name", "text"),
    ];

    #[track_caller]
    fn check_required(object: &Value, paths: &[(&str, &str)]) {
        for (path, kind) in paths {
            let value = object.pointer(path).unwrap_or(&Value::Null);
            let good = match *kind {
                "number" => value.is_i64() || value.is_u64(),
                "text" => value.as_str().is_some_and(|it| !it.is_empty()),
                _ => value.is_object(),
            };
            assert!(good, "{path} is {value}, expected a {kind}");
        }
        let number = |path: &str| object.pointer(path).and_then(Value::as_i64).unwrap_or_default();
        assert_eq!(number("/class_uid"), number("/category_uid") * 1000 + 4);
        assert_eq!(number("/type_uid"), number("/class_uid") * 100 + number("/activity_id"));
        assert!((0..=6).contains(&number("/severity_id")));
    }

    #[test]
    fn ocsf_has_every_required_attribute() {
        let object = ocsf(&finding());
        check_required(&object, REQUIRED);
        assert_eq!(object["time"], 1_753_430_400_500_i64);
        assert_eq!(
            object["finding_info"]["attacks"],
            json!([
                {"technique": {"uid": "T1021"}, "sub_technique": {"uid": "T1021.002"}},
                {"technique": {"uid": "T1003"}},
                {"tactic": {"name": "lateral-movement"}},
            ])
        );
        let bare = Finding { time: None, host: None, user: None, fields: [].into(), ..finding() };
        let object = ocsf(&bare);
        check_required(&object, &REQUIRED[..12]);
        assert!(object.get("observables").is_none() && object.get("resources").is_none());
        for level in Level::ALL {
            let rule = RuleRef { level, tags: Vec::new(), ..finding().rule };
            check_required(&ocsf(&Finding { rule, ..finding() }), REQUIRED);
        }
    }

    #[test]
    fn a_line_of_csv_has_the_columns_of_the_header() {
        let line = csv(&finding());
        assert_eq!(
            line,
            "2025-07-25T08:00:00.5Z,high,r-1,\"A, \"\"b\"\"\",attack.t1021.002 attack.t1003 attack.lateral_movement \
             attack.nonsense cve.2020-1,pc-1,'-adm,a.zip!b.json,7"
        );
        assert_eq!(csv_header().split(',').count(), 9);
    }
}
