//! Network sensors: Zeek, Suricata, and Wazuh's alerts. The sensor itself is not the host an event speaks of.

use std::borrow::Cow;
use std::net::IpAddr;

use bulkhead_model::entity::{Entities, Logon, ObservedFlow};

use super::address::{is_usable, parse_address};
use super::fields::{Fields, Slot};
use super::names;

/// States of a TCP connection that the other side never accepted (Zeek, `conn_state`).
const REFUSED: [&str; 4] = ["S0", "REJ", "RSTOS0", "SH"];

fn address(fields: &Fields<'_>, slot: Slot) -> Option<IpAddr> {
    fields.text(slot).and_then(|it| parse_address(&it)).filter(|it| is_usable(*it))
}

/// A flow from the fields that hold its source, destination, port and transport protocol.
pub(super) fn flow(fields: &Fields<'_>, [from, to, port, protocol]: [Slot; 4]) -> Option<ObservedFlow> {
    let (from, to) = (address(fields, from)?, address(fields, to)?);
    let protocol = fields.text(protocol).map_or(Cow::Borrowed("tcp"), |it| Cow::Owned(it.to_lowercase()));
    let protocol = match protocol.as_ref() {
        "ipv6-icmp" | "icmp6" | "icmpv6" | "1" | "58" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        other => other,
    };
    if from == to || !matches!(protocol, "tcp" | "udp" | "icmp") {
        return None;
    }
    let port = if protocol == "icmp" { 0 } else { fields.number(port).unwrap_or_default() };
    Some(ObservedFlow { from, to, protocol: protocol.to_owned(), port })
}

/// A record of any Zeek log.
pub(super) fn zeek(fields: &Fields<'_>, out: &mut Entities) {
    let slots = [Slot::OrigHost, Slot::RespHost, Slot::RespPort, Slot::Proto];
    let refused = fields.text(Slot::ConnState).is_some_and(|it| REFUSED.contains(&it.as_ref()));
    out.flow = flow(fields, slots).filter(|it| !(refused && it.protocol == "tcp"));
    let client = address(fields, Slot::OrigHost);
    let server = address(fields, Slot::RespHost);
    if let (Some(address), Some(name)) =
        (address(fields, Slot::ClientAddr), fields.text(Slot::HostName).and_then(|it| names::host(&it)))
    {
        out.named.push((address, name));
    }
    if fields.text(Slot::RequestType).is_some() {
        kerberos(fields, out);
    } else if fields.text(Slot::DomainName).is_some() || fields.text(Slot::ServerName).is_some() {
        ntlm(fields, [client, server], out);
    } else if let Some(success) = fields.truth(Slot::AuthSuccess) {
        remote_login(fields.text(Slot::UserLower), "ssh", success, [client, server], out);
    } else if let Some(cookie) = fields.text(Slot::Cookie) {
        let success = fields.text(Slot::Result).is_none_or(|it| it != "failed");
        remote_login(Some(cookie), "remote_interactive", success, [client, server], out);
    }
}

/// A logon seen on the wire: hosts are known by their addresses only.
fn remote_login(
    user: Option<Cow<'_, str>>,
    kind: &str,
    success: bool,
    [client, server]: [Option<IpAddr>; 2],
    out: &mut Entities,
) {
    out.user = user.and_then(|it| names::account(None, &it));
    out.refused = !success;
    if let (Some(user), Some(server)) = (out.user.clone(), server) {
        let from = client.map(|it| it.to_string());
        out.logon = Some(Logon { user, from, to: server.to_string(), kind: kind.to_owned(), success });
    }
}

/// `client` is `name/REALM`. A ticket is no logon yet.
fn kerberos(fields: &Fields<'_>, out: &mut Entities) {
    out.refused = fields.truth(Slot::Success) == Some(false);
    if let Some(client) = fields.text(Slot::Client) {
        let (name, realm) = client.split_once('/').unwrap_or((client.as_ref(), ""));
        out.user = names::account(Some(realm), name);
    }
}

/// NTLM names both sides.
fn ntlm(fields: &Fields<'_>, [client, server]: [Option<IpAddr>; 2], out: &mut Entities) {
    let domain = fields.text(Slot::DomainName);
    let user = fields.text(Slot::UserName).and_then(|it| names::account(domain.as_deref(), &it));
    let named = [(client, fields.text(Slot::Host)), (server, fields.text(Slot::ServerName))];
    for (address, name) in named {
        if let (Some(address), Some(name)) = (address, name.and_then(|it| names::host(&it))) {
            out.named.push((address, name));
        }
    }
    if let (Some(user), Some(server)) = (&user, server) {
        let (from, to) = (client.map(|it| it.to_string()), server.to_string());
        let success = fields.truth(Slot::Success).unwrap_or(false);
        out.refused = !success;
        out.logon = Some(Logon { user: user.clone(), from, to, kind: "network".to_owned(), success });
    }
    out.user = user;
}

/// A record of Suricata's EVE log. An alert on an answer names the server as its source.
pub(super) fn suricata(fields: &Fields<'_>, out: &mut Entities) {
    let answer = fields.text(Slot::FlowDirection).is_some_and(|it| it == "to_client");
    let slots = if answer {
        [Slot::DestIp, Slot::SrcIp, Slot::SrcPort, Slot::Proto]
    } else {
        [Slot::SrcIp, Slot::DestIp, Slot::DestPort, Slot::Proto]
    };
    out.flow = flow(fields, slots);
}

/// An alert of Wazuh: the agent is the host.
pub(super) fn wazuh(fields: &Fields<'_>, out: &mut Entities) {
    out.host = fields.first(&[Slot::WazuhComputer, Slot::AgentName]).and_then(|it| names::host(&it));
    out.host_addresses.extend(address(fields, Slot::AgentIp));
    let domain = fields.text(Slot::WazuhDomain);
    out.user = fields.text(Slot::WazuhUser).and_then(|it| names::account(domain.as_deref(), &it));
    out.process = fields.text(Slot::WazuhProcess).map(Cow::into_owned);
    if fields.text(Slot::WazuhComputer).is_some() {
        out.os = Some("windows");
    } else if ["sshd", "pam", "sudo", "audit"].iter().any(|it| fields.has(Slot::Groups, it)) {
        out.os = Some("linux");
    }
    let success = fields.has(Slot::Groups, "authentication_success");
    let failure = ["authentication_failed", "authentication_failures", "invalid_login"]
        .iter()
        .any(|it| fields.has(Slot::Groups, it));
    if !success && !failure {
        return;
    }
    out.refused = failure;
    let from = fields.text(Slot::WazuhSource).and_then(|it| {
        parse_address(&it).filter(|it| is_usable(*it)).map(|it| it.to_string()).or_else(|| names::host(&it))
    });
    let kind = if fields.has(Slot::Groups, "sshd") { "ssh" } else { "other" };
    if let (Some(user), Some(to)) = (out.user.clone(), out.host.clone()) {
        out.logon = Some(Logon { user, from, to, kind: kind.to_owned(), success });
    }
}
