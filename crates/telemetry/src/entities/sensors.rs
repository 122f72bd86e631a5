//! What kind of sensor an event shows to be watching: of the host it speaks of, or of both ends of a flow on the wire.
//!
//! Only records that a source writes for whatever happens count: an alert says nothing of the time without alerts, a web
//! server's access log nothing of what leaves its host.

use bulkhead_model::entity::{Entities, ObservedFlow};
use bulkhead_model::event::Shape;
use bulkhead_model::sensor::{Sensor, Sensors};

use super::fields::{Fields, Slot};

/// Notes the sensors that an event of `shape` shows, once everything else about it is known.
pub(super) fn note(shape: Shape, fields: &Fields<'_>, out: &mut Entities) {
    let (host, wire) = match shape {
        Shape::Windows => (windows(fields), None),
        Shape::Auditd => (audit(fields), None),
        Shape::Zeek => (None, zeek(fields)),
        Shape::Suricata => (None, suricata(fields)),
        // Alerts.
        Shape::Wazuh => (None, None),
        Shape::Syslog | Shape::Json | Shape::WindowsExport => generic(fields, out),
    };
    // Who watches what leaves is shown by a record of something that may have left, and by nothing else; a proxy's record is
    // one by itself.
    let is_proxy = fields.text(Slot::Dataset).as_deref() == Some("proxy.access");
    let shows = out.flow.as_ref().map_or(is_proxy, ObservedFlow::may_leave);
    let (host, wire) = match shows {
        true => (host, wire),
        false => (host.filter(|it| *it != Sensor::Egress), wire.filter(|it| *it != Sensor::Egress)),
    };
    let set = |it: Option<Sensor>| it.map_or(Sensors::NONE, Sensors::one);
    (out.sensors, out.wire) = (set(host), set(wire));
}

/// Microsoft's security auditing reference, Sysmon's event ids, Terminal Services, the DNS client and server.
fn windows(fields: &Fields<'_>) -> Option<Sensor> {
    let channel = fields.text(Slot::Channel)?;
    let id = fields.number::<u32>(Slot::EventId)?;
    if channel.ends_with("Sysmon/Operational") {
        return match id {
            1 | 5 => Some(Sensor::Process),
            3 => Some(Sensor::Egress),
            2 | 11 | 15 | 23 | 26..=29 => Some(Sensor::File),
            22 => Some(Sensor::Dns),
            _ => None,
        };
    }
    if channel.eq_ignore_ascii_case("security") {
        return match id {
            4624 | 4625 | 4634 | 4647 | 4648 | 4672 | 4768..=4778 => Some(Sensor::Logon),
            4688 | 4689 => Some(Sensor::Process),
            4656 | 4658..=4660 | 4663 | 5140 | 5142..=5145 => Some(Sensor::File),
            5154..=5159 => Some(Sensor::Egress),
            _ => None,
        };
    }
    let dns = ["DNSServer/Analytical", "DNS-Server/Analytical", "DNS-Client/Operational"];
    if dns.iter().any(|it| channel.ends_with(it)) {
        return Some(Sensor::Dns);
    }
    (channel.contains("TerminalServices") && matches!(id, 21..=25 | 1149)).then_some(Sensor::Logon)
}

/// An event of the audit log, its records together.
fn audit(fields: &Fields<'_>) -> Option<Sensor> {
    let any = |kinds: &[&str]| kinds.iter().any(|it| fields.has(Slot::AuditType, it));
    match () {
        () if any(&["EXECVE", "PROCTITLE"]) => Some(Sensor::Process),
        () if any(&["SOCKADDR"]) => Some(Sensor::Egress),
        () if any(&["PATH"]) => Some(Sensor::File),
        () if any(&["USER_LOGIN", "USER_START", "USER_END", "USER_AUTH"]) => Some(Sensor::Logon),
        () => None,
    }
}

/// Zeek's logs of connections, names, logons and files on shares.
fn zeek(fields: &Fields<'_>) -> Option<Sensor> {
    let there = |slot| fields.text(slot).is_some();
    match () {
        () if there(Slot::ConnState) => Some(Sensor::Egress),
        () if there(Slot::Query) => Some(Sensor::Dns),
        () if fields.text(Slot::Action).is_some_and(|it| it.starts_with("SMB::")) => Some(Sensor::File),
        () if there(Slot::AuthSuccess) || there(Slot::RequestType) || there(Slot::DomainName) => {
            Some(Sensor::Logon)
        }
        () => None,
    }
}

/// Suricata's records of flows and names; its alerts are no record of the rest.
fn suricata(fields: &Fields<'_>) -> Option<Sensor> {
    match fields.text(Slot::EventType)?.as_ref() {
        "flow" | "netflow" => Some(Sensor::Egress),
        "dns" => Some(Sensor::Dns),
        _ => None,
    }
}

/// Web, proxy and firewall logs, name servers, syslog, and the categories of the Elastic Common Schema: what the host
/// shows, and what the wire does.
fn generic(fields: &Fields<'_>, out: &Entities) -> (Option<Sensor>, Option<Sensor>) {
    match fields.text(Slot::Dataset).as_deref() {
        Some("web.access") => return (None, None),
        Some("proxy.access") => return (Some(Sensor::Egress), None),
        Some("firewall.log") => return (None, Some(Sensor::Egress)),
        _ => {}
    }
    if fields.text(Slot::Query).is_some() && out.subject.is_some() {
        return (Some(Sensor::Dns), None);
    }
    let device = fields.text(Slot::Mnemonic).is_some() || fields.text(Slot::Device).is_some();
    let counts = [Slot::Volume, Slot::BothWays, Slot::Sent, Slot::Received];
    let counts = counts.iter().any(|it| fields.text(*it).is_some());
    if out.flow.is_some() && (device || counts) {
        // Through a firewall, or summed up by a collector of flows.
        return (None, Some(Sensor::Egress));
    }
    if fields.text(Slot::DnsQuestion).is_some() {
        return (Some(Sensor::Dns), None);
    }
    let category = fields.text(Slot::Category);
    let host = match category.as_deref() {
        Some("process") => Some(Sensor::Process),
        Some("file") => Some(Sensor::File),
        Some("network") => Some(Sensor::Egress),
        Some("authentication" | "session") => Some(Sensor::Logon),
        _ => out.logon.is_some().then_some(Sensor::Logon),
    };
    (host, None)
}
