//! One finding as a line: for people, as NDJSON, CSV (RFC 4180) or OCSF Detection Finding 1.x.

use bulkhead_model::finding::{Finding, Level};
use serde_json::json;

use crate::cli::FindingFormat;

/// Columns of the CSV form.
const COLUMNS: [&str; 9] =
    ["time", "level", "rule_id", "rule_title", "tags", "host", "user", "file", "record"];

/// The first line of the CSV form.
pub fn csv_header() -> String {
    COLUMNS.join(",")
}

/// The finding in one line, without the line's end.
pub fn line(finding: &Finding, format: FindingFormat) -> String {
    match format {
        FindingFormat::Table => table(finding),
        FindingFormat::Ndjson => serde_json::to_string(finding).unwrap_or_default(),
        FindingFormat::Csv => csv(finding),
        FindingFormat::Ocsf => ocsf(finding).to_string(),
    }
}

fn time(finding: &Finding) -> String {
    finding.time.map_or_else(|| "-".to_owned(), |it| it.to_string())
}

fn table(finding: &Finding) -> String {
    format!(
        "{:<27} {:<13} {:<28} {}  [{}#{}]",
        time(finding),
        finding.rule.level.as_str(),
        finding.host.as_deref().unwrap_or("-"),
        finding.rule.title,
        finding.source.file,
        finding.source.record
    )
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

/// A cell of RFC 4180; what a spreadsheet would run as a formula is defused by a leading apostrophe.
fn cell(text: &str) -> String {
    let defused =
        if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    if defused.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", defused.replace('"', "\"\""))
    } else {
        defused
    }
}

/// OCSF 1.x, class Detection Finding (2004).
fn ocsf(finding: &Finding) -> serde_json::Value {
    let severity = match finding.rule.level {
        Level::Informational => 1,
        Level::Low => 2,
        Level::Medium => 3,
        Level::High => 4,
        Level::Critical => 5,
    };
    let uid = format!("{}#{}:{}", finding.source.file, finding.source.record, finding.rule.id);
    let observables: Vec<_> = [("hostname", 1, &finding.host), ("user", 4, &finding.user)]
        .into_iter()
        .filter_map(|(name, type_id, value)| {
            value.as_ref().map(|value| json!({"name": name, "type_id": type_id, "value": value}))
        })
        .collect();
    json!({
        "activity_id": 1,
        "category_uid": 2,
        "class_uid": 2004,
        "type_uid": 200_401,
        "severity_id": severity,
        "status_id": 1,
        "time": finding.time.map(jiff::Timestamp::as_millisecond),
        "message": finding.rule.title,
        "metadata": {"version": "1.3.0", "product": {"name": "Bulkhead", "vendor_name": "Bulkhead"}},
        "finding_info": {
            "uid": uid,
            "title": finding.rule.title,
            "analytic": {"type_id": 1, "uid": finding.rule.id, "name": finding.rule.title},
            "types": finding.rule.tags,
        },
        "observables": observables,
        "unmapped": finding.fields,
    })
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_quoted_and_defused() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(cell("=cmd()"), "'=cmd()");
        assert_eq!(cell("plain"), "plain");
    }
}
