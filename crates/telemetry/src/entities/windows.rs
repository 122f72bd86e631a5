//! Windows events: Sysmon, Security, PowerShell, Terminal Services and whatever names an account.

use std::borrow::Cow;
use std::net::IpAddr;

use bulkhead_model::entity::{Entities, Logon, ObservedFlow};

use super::address::{is_usable, parse_address};
use super::fields::{Fields, Slot};
use super::names;

/// A connection that the filtering platform calls inbound (`%%14592` in the raw event).
const INBOUND: [&str; 2] = ["%%14592", "Inbound"];

/// Audit failure, the bit of `Keywords` (winmeta.xml).
const AUDIT_FAILURE: u64 = 0x0010_0000_0000_0000;

pub(super) fn entities(fields: &Fields<'_>, out: &mut Entities) {
    let channel = fields.text(Slot::Channel).unwrap_or_default();
    out.host = fields.text(Slot::Computer).and_then(|it| names::host(&it));
    out.os = Some(if channel.starts_with("Linux-Sysmon") { "linux" } else { "windows" });
    out.process = fields.first(&[Slot::Image, Slot::ProcessName]).map(Cow::into_owned);
    let id = fields.number::<u32>(Slot::EventId).unwrap_or_default();
    if channel.eq_ignore_ascii_case("security") {
        security(id, fields, out);
        return;
    }
    let is_sysmon = channel.ends_with("Sysmon/Operational");
    out.user = actor(fields, is_sysmon);
    if channel.ends_with("DNSServer/Analytical") || channel.ends_with("DNS-Server/Analytical") {
        // Who asked, not the name server that answered.
        out.host = None;
        out.subject = fields.text(Slot::Asker).and_then(|it| parse_address(&it));
        return;
    }
    if channel.contains("TerminalServices") {
        terminal_services(id, fields, out);
    } else if id == 3 {
        sysmon_connection(fields, out);
    }
}

/// The account that acted. What NXLog puts in `AccountName` is the account of the provider itself, which for Sysmon is
/// always the system.
fn actor(fields: &Fields<'_>, is_sysmon: bool) -> Option<String> {
    fields
        .first(&[Slot::User, Slot::SourceUser])
        .and_then(|it| names::account(None, &it))
        .or_else(|| subject(fields))
        .or_else(|| {
            let name = fields.text(Slot::AccountName).filter(|_| !is_sysmon)?;
            names::account(fields.text(Slot::AccountDomain).as_deref(), &name)
        })
        .or_else(|| {
            let context = fields.text(Slot::ContextInfo)?;
            let line = context.lines().find_map(|it| it.trim().strip_prefix("User = "))?;
            names::account(None, line)
        })
}

fn subject(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text(Slot::SubjectUserName)?;
    names::account(fields.text(Slot::SubjectDomainName).as_deref(), &name)
}

fn target(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text(Slot::TargetUserName)?;
    names::account(fields.text(Slot::TargetDomainName).as_deref(), &name)
}

/// The security log ("Audit events" of Microsoft's security auditing reference).
fn security(id: u32, fields: &Fields<'_>, out: &mut Entities) {
    match id {
        4624 | 4625 => logon(id == 4624, fields, out),
        4634 | 4647 => out.user = target(fields),
        4648 => explicit_credentials(fields, out),
        4672 => {
            out.user = subject(fields);
            out.privileged = true;
        }
        4720 => {
            out.user = subject(fields);
            out.created = target(fields);
        }
        4688 => out.user = target(fields).or_else(|| subject(fields)),
        4768..=4773 => {
            out.user = target(fields);
            out.refused = id >= 4771 || refused(fields);
            out.role = Some("domain_controller");
        }
        4774..=4777 => {
            out.user = target(fields);
            out.refused = matches!(id, 4775 | 4777) || refused(fields);
        }
        4778 | 4779 => session(id == 4778, fields, out),
        5140 | 5145 => share_access(fields, out),
        5152..=5159 => filtering_platform(id, fields, out),
        _ => out.user = subject(fields).or_else(|| actor(fields, false)).or_else(|| target(fields)),
    }
}

/// Where somebody came from: an address, or else a workstation's name; none when it is this host.
fn origin(fields: &Fields<'_>, out: &mut Entities) -> Option<String> {
    let text = fields.text(Slot::IpAddress);
    let address = text.as_ref().and_then(|it| parse_address(it)).filter(|it| is_usable(*it));
    let is_address = text.is_some_and(|it| it.trim().parse::<std::net::IpAddr>().is_ok());
    if is_address && address.is_none() {
        // From this host itself, or from where no name can be checked: whatever the client calls itself.
        return None;
    }
    let own = out.host.as_deref().map(names::short);
    let workstation = fields
        .text(Slot::Workstation)
        .and_then(|it| names::host(&it))
        .filter(|it| Some(names::short(it)) != own);
    if let (Some(address), Some(workstation)) = (address, &workstation) {
        out.named.push((address, workstation.clone()));
    }
    address.map(|it| it.to_string()).or(workstation)
}

/// 4624, 4625: an account logged on, or failed to.
fn logon(success: bool, fields: &Fields<'_>, out: &mut Entities) {
    out.user = target(fields);
    out.privileged =
        success && fields.text(Slot::ElevatedToken).is_some_and(|it| it == "%%1842" || it == "Yes");
    let kind = match fields.number::<u32>(Slot::LogonType) {
        Some(2 | 7 | 11) => "interactive",
        Some(3 | 8) => "network",
        Some(4) => "batch",
        Some(5) => "service",
        Some(9) => "explicit",
        Some(10 | 12) => "remote_interactive",
        _ => "other",
    };
    let from = origin(fields, out);
    // A machine's account tells which host an address is.
    if let (true, Some(address), Some(machine)) = (
        success && out.named.is_empty(),
        fields.text(Slot::IpAddress).and_then(|it| parse_address(&it)).filter(|it| is_usable(*it)),
        fields.text(Slot::TargetUserName).and_then(|it| it.strip_suffix('$').and_then(names::host)),
    ) && out.host.as_deref().map(names::short) != Some(machine.as_str())
    {
        out.named.push((address, machine));
    }
    push_logon(out, from, kind, success);
}

fn push_logon(out: &mut Entities, from: Option<String>, kind: &str, success: bool) {
    out.refused |= !success;
    if let (Some(user), Some(to)) = (out.user.clone(), out.host.clone()) {
        out.logon = Some(Logon { user, from, to, kind: kind.to_owned(), success });
    }
}

/// 4648: somebody on this host used the credentials of an account, perhaps towards another host. Whether the other
/// host accepted them is in its own log.
fn explicit_credentials(fields: &Fields<'_>, out: &mut Entities) {
    out.user = subject(fields);
    let (Some(user), Some(host)) = (target(fields), out.host.clone()) else {
        return;
    };
    let server = fields.text(Slot::TargetServer);
    let server = server
        .and_then(|it| names::host(&it).or_else(|| parse_address(&it).map(|address| address.to_string())));
    let elsewhere = server.filter(|it| names::short(it) != names::short(&host));
    let (from, to) = match elsewhere {
        Some(server) => (Some(host), server),
        None => (None, host),
    };
    out.logon = Some(Logon { user, from, to, kind: "explicit".to_owned(), success: true });
}

/// 4778, 4779: a remote session was reconnected or left.
fn session(reconnected: bool, fields: &Fields<'_>, out: &mut Entities) {
    out.user = fields
        .text(Slot::AccountName)
        .and_then(|it| names::account(fields.text(Slot::AccountDomain).as_deref(), &it));
    if reconnected {
        let from = origin(fields, out);
        push_logon(out, from, "remote_interactive", true);
    }
}

/// 5140, 5145: an account reached a share, which takes a network logon.
fn share_access(fields: &Fields<'_>, out: &mut Entities) {
    out.user = subject(fields);
    let from = origin(fields, out);
    if from.is_some() {
        push_logon(out, from, "network", !failed(fields));
    }
}

/// Whether an account was not authenticated: its `Status` is another than success, or the event is marked so.
fn refused(fields: &Fields<'_>) -> bool {
    let failed_status = fields.text(Slot::Status).is_some_and(|it| {
        let digits = it.strip_prefix("0x").or_else(|| it.strip_prefix("0X")).unwrap_or(&it);
        digits.bytes().any(|it| it != b'0')
    });
    failed_status || failed(fields)
}

/// Whether `Keywords` marks an audit failure; written in hexadecimal, or as a signed number.
fn failed(fields: &Fields<'_>) -> bool {
    let Some(keywords) = fields.text(Slot::Keywords) else {
        return false;
    };
    let bits = match keywords.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => keywords.parse::<i64>().ok().map(i64::cast_unsigned),
    };
    bits.is_some_and(|it| it & AUDIT_FAILURE != 0) || keywords.eq_ignore_ascii_case("Audit Failure")
}

/// 1149 (authentication succeeded) and 21, 22, 24, 25 (session events) of Terminal Services.
fn terminal_services(id: u32, fields: &Fields<'_>, out: &mut Entities) {
    if id == 1149 {
        let domain = fields.text(Slot::Param2);
        out.user = fields.text(Slot::Param1).and_then(|it| names::account(domain.as_deref(), &it));
    }
    if matches!(id, 21 | 25 | 1149)
        && let Some(from) = origin(fields, out)
    {
        push_logon(out, Some(from), "remote_interactive", true);
    }
}

/// Sysmon 3: a connection, with whether this host opened it.
///
/// When it did not, Sysmon puts the peer in `Source` for TCP; for UDP, which it notices at the reply, the host's own
/// side stands there, with the port it serves.
fn sysmon_connection(fields: &Fields<'_>, out: &mut Entities) {
    let address = |slot| fields.text(slot).and_then(|it| parse_address(&it));
    let (source, destination) = (address(Slot::SourceIp), address(Slot::DestinationIp));
    let protocol = fields.text(Slot::Protocol).map_or_else(|| "tcp".to_owned(), |it| it.to_lowercase());
    let opened = fields.truth(Slot::Initiated);
    let reply = opened == Some(false) && protocol == "udp";
    let (from, to, port) = if reply {
        (destination, source, Slot::SourcePort)
    } else {
        (source, destination, Slot::DestinationPort)
    };
    let port = fields.number(port).unwrap_or_default();
    match opened {
        Some(true) => own(out, from),
        Some(false) => {
            own(out, to);
            serves(out, port);
        }
        None => {}
    }
    for (address, slot) in [(source, Slot::SourceHostname), (destination, Slot::DestinationHostname)] {
        if let (Some(address), Some(name)) = (address, fields.text(slot).and_then(|it| names::host(&it)))
            && is_usable(address)
            && !out.host_addresses.contains(&address)
        {
            out.named.push((address, name));
        }
    }
    out.flow = flow(from, to, protocol, port);
}

fn own(out: &mut Entities, address: Option<IpAddr>) {
    out.host_addresses.extend(address.filter(|it| is_usable(*it)));
}

/// What a host is that lets others in on `port`, its own programs included.
fn serves(out: &mut Entities, port: u16) {
    match port {
        // Kerberos, global catalogue, Active Directory web services.
        88 | 3268 | 3269 | 9389 => out.role = Some("domain_controller"),
        389 | 636 => out.role = Some("directory"),
        _ => {}
    }
}

fn flow(from: Option<IpAddr>, to: Option<IpAddr>, protocol: String, port: u16) -> Option<ObservedFlow> {
    let (from, to) = (from.filter(|it| is_usable(*it))?, to.filter(|it| is_usable(*it))?);
    (from != to).then_some(ObservedFlow { from, to, protocol, port })
}

/// 5152 to 5159: the filtering platform allowed or blocked a connection or a bind.
fn filtering_platform(id: u32, fields: &Fields<'_>, out: &mut Entities) {
    let address = |slot| fields.text(slot).and_then(|it| parse_address(&it));
    let (source, destination) = (address(Slot::SourceIp), address(Slot::DestinationIp));
    let inbound = fields.text(Slot::Direction).is_some_and(|it| INBOUND.contains(&it.as_ref()));
    let local = if inbound { destination } else { source };
    // A datagram to a subnet's broadcast address comes in for an address that is nobody's.
    own(out, local.filter(|it| !(inbound && it.to_string().ends_with(".255"))));
    if id == 5156 {
        let port = fields.number(Slot::DestinationPort).unwrap_or_default();
        if inbound {
            serves(out, port);
        }
        let protocol = match fields.number::<u8>(Slot::Protocol) {
            Some(6) => "tcp",
            Some(17) => "udp",
            Some(1 | 58) => "icmp",
            _ => return,
        };
        out.flow = flow(source, destination, protocol.to_owned(), port);
    }
}
