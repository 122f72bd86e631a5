//! Who and what an event speaks of: one pass over its fields, then the rules of its family.
//!
//! Only what an event states becomes an entity. What two events say together (which host owns an address) is for the
//! [`crate::Observer`].

mod address;
mod fields;
mod linux;
mod names;
mod network;
mod sensors;
mod time;
mod trace;
mod volume;
mod windows;

use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Shape};

pub(crate) use address::is_usable;
pub use address::parse_address;
pub(crate) use names::host as host_name;
pub use time::parse_time;

use fields::{Fields, Slot};

/// Values of `event.dataset` that the readers of web and firewall logs give.
const DATASETS: [&str; 3] = ["web.access", "proxy.access", "firewall.log"];

/// The entities of one event, whatever its family.
pub fn entities(event: &dyn Event) -> Entities {
    let fields = Fields::of(event);
    let mut out = Entities { time: time::of(&fields), ..Entities::default() };
    if event.shape() == Shape::Windows {
        out.header = time::header(&fields, out.time);
    }
    match event.shape() {
        Shape::Windows => windows::entities(&fields, &mut out),
        Shape::Auditd => linux::audit(&fields, &mut out),
        Shape::Syslog => linux::syslog(&fields, &mut out),
        Shape::Zeek => network::zeek(&fields, &mut out),
        Shape::Suricata => network::suricata(&fields, &mut out),
        Shape::Wazuh => network::wazuh(&fields, &mut out),
        Shape::Json | Shape::WindowsExport => generic(&fields, &mut out),
    }
    out.trace = trace::of(event.shape(), &fields, &out);
    sensors::note(event.shape(), &fields, &mut out);
    volume::note(event.shape(), &fields, &mut out);
    out
}

/// The log of a web server, a proxy or a host's firewall: the client is who matters to a proxy, the server to its own log.
fn web(dataset: &str, fields: &Fields<'_>, out: &mut Entities) {
    let address = |slot| fields.text(slot).and_then(|it| parse_address(&it)).filter(|it| is_usable(*it));
    let client = address(Slot::ClientIp);
    out.user = fields.text(Slot::WebUser).and_then(|it| names::account(None, &it));
    if dataset == "web.access" {
        out.host = out.host.take().or_else(|| fields.text(Slot::ServerHost).and_then(|it| names::host(&it)));
        let own = address(Slot::ServerIp);
        if out.host.is_some() {
            out.host_addresses.extend(own);
        } else {
            out.subject = own;
        }
        let slots = [Slot::ClientIp, Slot::ServerIp, Slot::ServerPort, Slot::Proto];
        out.flow = network::flow(fields, slots);
        return;
    }
    if dataset == "proxy.access" {
        // Who asked, not the proxy that answered.
        out.host = None;
        out.subject = client;
    }
    let slots = if dataset == "firewall.log" && fields.text(Slot::FirewallProtocol).is_some() {
        [Slot::ClientIp, Slot::RemoteIp, Slot::RemotePort, Slot::FirewallProtocol]
    } else if fields.text(Slot::SrcIp).is_some() {
        [Slot::SrcIp, Slot::DestIp, Slot::DestPort, Slot::Proto]
    } else {
        [Slot::ClientIp, Slot::RemoteIp, Slot::RemotePort, Slot::Proto]
    };
    out.flow = network::flow(fields, slots);
}

/// Elastic Common Schema, and the names that others commonly give to the same things.
fn generic(fields: &Fields<'_>, out: &mut Entities) {
    if let Some(dataset) = fields.text(Slot::Dataset).filter(|it| DATASETS.contains(&it.as_ref())) {
        web(&dataset, fields, out);
        return;
    }
    if fields.text(Slot::Program).is_some() && fields.text(Slot::Message).is_some() {
        // The journal as JSON.
        linux::syslog(fields, out);
        return;
    }
    out.host = fields.first(&[Slot::EcsHost, Slot::Host]).and_then(|it| names::host(&it));
    out.os = fields.text(Slot::OsType).and_then(|it| names::os(&it));
    if out.host.is_some() {
        let own = fields.text(Slot::HostIp).or_else(|| fields.text(Slot::Ip));
        out.host_addresses.extend(own.and_then(|it| parse_address(&it)));
    }
    let domain = fields.text(Slot::EcsDomain);
    out.user = fields
        .first(&[Slot::EcsUser, Slot::UserLower, Slot::CloudUser])
        .and_then(|it| names::account(domain.as_deref(), &it));
    out.refused = fields.text(Slot::Outcome).is_some_and(|it| {
        let failed = ["failure", "failed", "false"].iter().any(|word| it.eq_ignore_ascii_case(word));
        failed || (it.bytes().all(|it| it.is_ascii_digit()) && it.bytes().any(|it| it != b'0'))
    });
    out.process = fields.first(&[Slot::EcsExecutable, Slot::EcsProcess]).map(std::borrow::Cow::into_owned);
    if fields.text(Slot::CanaryNode).is_some() {
        // Whoever touches a canary is who matters.
        out.subject = fields.text(Slot::CanaryClient).and_then(|it| parse_address(&it));
    }
    out.flow = network::flow(
        fields,
        [Slot::EcsSourceIp, Slot::EcsDestinationIp, Slot::EcsDestinationPort, Slot::EcsTransport],
    )
    .or_else(|| network::flow(fields, [Slot::SrcIp, Slot::DestIp, Slot::DestPort, Slot::Proto]));
}
