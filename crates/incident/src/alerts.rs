//! Alerts from elsewhere (Wazuh, Suricata, lists of alerts) as findings of low prior.

use std::collections::BTreeMap;

use bulkhead_model::address::is_private;
use bulkhead_model::entity::{Entities, ObservedFlow};
use bulkhead_model::event::{Event, Shape};
use bulkhead_model::finding::{Finding, Level, RuleRef, SourceRef};
use bulkhead_model::trace::Trace;

/// The tag that marks a finding as an alert from elsewhere; fusion gives it only a share of its points.
pub const ALERT_TAG: &str = "bulkhead.alert";

/// Whether the event is an alert from elsewhere.
pub fn is_alert(event: &dyn Event) -> bool {
    match event.shape() {
        Shape::Suricata => text(event, "event_type").is_some_and(|it| it == "alert"),
        Shape::Wazuh => wazuh(event).is_some(),
        Shape::Json => listed(event).is_some(),
        _ => false,
    }
}

/// The finding an alert amounts to; none when the event is no alert.
///
/// Suricata severity 1, 2, 3 becomes high, medium, low; Wazuh levels (0 to 15) from 12 on critical, from 10 high, from 7
/// medium, from 4 low. Lists that carry no severity get medium, low where the detector reports what is unusual rather than what is
/// wrong: how rare an alert is decides there.
pub fn finding_from_alert(event: &dyn Event, entities: &Entities, source: SourceRef) -> Option<Finding> {
    let alert = match event.shape() {
        Shape::Suricata => suricata(event)?,
        Shape::Wazuh => wazuh(event)?,
        Shape::Json => listed(event)?,
        _ => return None,
    };
    let fields = ["src_ip", "src_port", "dest_ip", "dest_port", "proto", "ip"];
    let host = alert.host.or_else(|| entities.host.clone().filter(|_| event.shape() != Shape::Suricata));
    Some(Finding {
        time: entities.time,
        rule: alert.rule,
        source,
        host,
        user: entities.user.clone(),
        fields: fields
            .iter()
            .filter_map(|it| Some(((*it).to_owned(), text(event, it)?)))
            .collect::<BTreeMap<_, _>>(),
        trace: Trace::default(),
    })
}

/// The host to hold a network sensor's event against: the end of its flow that is ours, first the one that opened it.
///
/// For events whose log source names no host (Zeek), so that findings on them can be placed.
pub fn host_of_flow(flow: &ObservedFlow) -> Option<String> {
    [flow.from, flow.to].iter().find(|it| is_private(**it)).map(ToString::to_string)
}

/// An alert's rule, and the host where the alert names it better than the event does.
struct Alert {
    rule: RuleRef,
    host: Option<String>,
}

/// A Suricata alert: the sensor is not the host concerned, so the ends of the flow speak for themselves.
fn suricata(event: &dyn Event) -> Option<Alert> {
    if text(event, "event_type")? != "alert" {
        return None;
    }
    let level = match text(event, "alert.severity").as_deref() {
        Some("1") => Level::High,
        Some("2") => Level::Medium,
        Some("3") => Level::Low,
        _ => Level::Informational,
    };
    let id = format!("suricata:{}", text(event, "alert.signature_id").unwrap_or_default());
    let techniques = text(event, "alert.metadata.mitre_technique_id");
    let rule = RuleRef { id, title: text(event, "alert.signature")?, level, tags: tags(techniques) };
    Some(Alert { rule, host: None })
}

fn wazuh(event: &dyn Event) -> Option<Alert> {
    let level = match text(event, "rule.level")?.parse::<u8>().ok()? {
        0..=3 => Level::Informational,
        4..=6 => Level::Low,
        7..=9 => Level::Medium,
        10..=11 => Level::High,
        _ => Level::Critical,
    };
    let id = format!("wazuh:{}", text(event, "rule.id")?);
    let title = text(event, "rule.description").unwrap_or_else(|| id.clone());
    let rule = RuleRef { id, title, level, tags: tags(text(event, "rule.mitre.id")) };
    // The manager watches itself as agent 000; for all others the agent is the host.
    Some(Alert { rule, host: text(event, "agent.name").or_else(|| text(event, "agent.ip")) })
}

/// A line of a list of alerts: `time,name,ip,host,short`.
fn listed(event: &dyn Event) -> Option<Alert> {
    let (name, short) = (text(event, "name")?, text(event, "short")?);
    let detector = name.split_once(": ")?.0.to_lowercase();
    if !["wazuh", "suricata", "aminer"].contains(&detector.as_str()) {
        return None;
    }
    let level = level_of_title(&detector, name.split_once(": ").map_or("", |it| it.1));
    let rule = RuleRef { id: format!("{detector}:{short}"), title: name, level, tags: tags(None) };
    Some(Alert { rule, host: text(event, "ip").or_else(|| text(event, "host")) })
}

/// The level of an alert whose list carries no severity: by what kind of detector raised it.
///
/// AMiner reports what is new in a log, whatever it is. What a log says of its own routine, such as a session opened, is
/// context. All else is medium: how rare it is decides.
fn level_of_title(detector: &str, title: &str) -> Level {
    const ROUTINE: [&str; 4] =
        ["session opened", "session closed", "authentication success", "database update"];
    let lower = title.to_lowercase();
    if ROUTINE.iter().any(|it| lower.contains(it)) {
        Level::Informational
    } else if detector == "aminer" {
        Level::Low
    } else {
        Level::Medium
    }
}

fn tags(technique: Option<String>) -> Vec<String> {
    let technique = technique.map(|it| format!("attack.{}", it.to_lowercase()));
    std::iter::once(ALERT_TAG.to_owned()).chain(technique).collect()
}

/// A field as text; none when it is absent or empty.
fn text(event: &dyn Event, field: &str) -> Option<String> {
    event.get(field).map(|it| it.to_text().into_owned()).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bulkhead_model::event::{Field, FieldsEvent};

    /// `shape`, then `field=value` pairs; what comes out is `id level host title`.
    #[track_caller]
    fn check(shape: Shape, pairs: &[(&str, &str)], expect: Option<&str>) {
        let mut event = FieldsEvent::new(b"", shape);
        for (field, value) in pairs {
            event.push(*field, Field::text(value));
        }
        let entities = Entities { host: Some("sensor".to_owned()), ..Entities::default() };
        let source = SourceRef { file: "a".to_owned(), record: 1 };
        let found = finding_from_alert(&event, &entities, source).map(|it| {
            assert!(it.rule.tags.contains(&ALERT_TAG.to_owned()));
            let host = it.host.unwrap_or_default();
            format!("{} {} {host} {}", it.rule.id, it.rule.level.as_str(), it.rule.title)
        });
        assert_eq!(found.as_deref(), expect);
    }

    #[test]
    fn reads_each_kind_and_leaves_what_is_no_alert() {
        let suricata = [
            ("event_type", "alert"),
            ("alert.severity", "1"),
            ("alert.signature_id", "2001"),
            ("alert.signature", "ET C2"),
        ];
        check(Shape::Suricata, &suricata, Some("suricata:2001 high  ET C2"));
        check(Shape::Suricata, &[("event_type", "flow")], None);
        let wazuh = [
            ("rule.level", "10"),
            ("rule.id", "5712"),
            ("rule.description", "brute force"),
            ("agent.name", "web-1"),
        ];
        check(Shape::Wazuh, &wazuh, Some("wazuh:5712 high web-1 brute force"));
        let listed = [("name", "Wazuh: new port"), ("short", "W-Sys-Nst"), ("ip", "10.0.0.1")];
        check(Shape::Json, &listed, Some("wazuh:W-Sys-Nst medium 10.0.0.1 Wazuh: new port"));
        let listed = [("name", "AMiner: New status code in Apache Access log."), ("short", "A-Acc-Val2")];
        check(
            Shape::Json,
            &listed,
            Some("aminer:A-Acc-Val2 low sensor AMiner: New status code in Apache Access log."),
        );
        check(Shape::Json, &[("name", "x"), ("short", "y")], None);
        check(Shape::Syslog, &wazuh, None);
    }
}
