//! Windows: the host's own firewall, and accounts of Active Directory; PowerShell as administrator.

use bulkhead_model::estate::Protocol;
use bulkhead_model::rules::{Endpoint, Rule};
use ipnet::IpNet;

use super::{Recipe, Task, prefix, services};

/// A block rule of this firewall wins over every allow rule: what must stay open is allowed, everything else is no longer.
pub(super) fn isolate(task: &Task<'_>) -> Recipe {
    let backup = format!("C:\\{}.wfw", task.name);
    let mut keep = Vec::new();
    for (number, rule) in task.keep.iter().enumerate() {
        let name = format!("{}-keep{}", task.name, number + 1);
        keep.extend(allow(&name, rule));
    }
    Recipe {
        act: vec![
            task.step("order-win-console", Vec::new()),
            task.step("order-win-backup", vec![format!("netsh advfirewall export {backup}")]),
            task.step("order-win-keep", keep),
            task.step(
                "order-win-others",
                vec![
                    format!("Get-NetFirewallRule -PolicyStore PersistentStore -Enabled True -Action Allow | Where-Object DisplayName -notlike '{}-keep*' | Disable-NetFirewallRule", task.name),
                    "Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block -AllowLocalFirewallRules True".to_owned(),
                ],
            ),
        ],
        check: vec![
            task.step("order-win-check", vec!["Get-NetFirewallProfile -PolicyStore ActiveStore | Format-Table Name, Enabled, DefaultInboundAction, DefaultOutboundAction".to_owned()]),
            task.step("order-win-check-connections", vec!["Get-NetTCPConnection -State Established | Where-Object RemoteAddress -notin '127.0.0.1','::1'".to_owned()]),
        ],
        undo: vec![task.step("order-win-undo", vec![format!("netsh advfirewall import {backup}")])],
    }
}

pub(super) fn block(task: &Task<'_>) -> Recipe {
    let mut act = Vec::new();
    for (number, rule) in task.drop.iter().enumerate() {
        for (count, (protocol, first, last)) in services(&rule.ports).into_iter().enumerate() {
            let name = format!("{}-{}-{}", task.name, number + 1, count + 1);
            let ports = ports(protocol, first, last, "-LocalPort");
            act.push(format!("New-NetFirewallRule -DisplayName '{name}' -Direction Inbound -Action Block -LocalAddress {} -RemoteAddress {}{ports}", list(&rule.to), list(&rule.from)));
        }
    }
    let find = format!("Get-NetFirewallRule -DisplayName '{}-*'", task.name);
    Recipe {
        act: vec![
            task.step("order-win-block", act),
            task.step("order-win-block-sessions", vec!["Get-NetTCPConnection -State Established".to_owned()]),
        ],
        check: vec![task.step(
            "order-win-block-check",
            vec![format!("{find} | Format-Table DisplayName, Enabled, Action, PrimaryStatus")],
        )],
        undo: vec![task.step("order-win-block-undo", vec![format!("{find} | Remove-NetFirewallRule")])],
    }
}

fn allow(name: &str, rule: &Rule) -> Vec<String> {
    let mut commands = Vec::new();
    // The host stands at one of the ends: both directions are allowed, replies are let through by the firewall itself.
    for (protocol, first, last) in services(&rule.ports) {
        commands.push(format!("New-NetFirewallRule -DisplayName '{name}' -Direction Inbound -Action Allow -LocalAddress {} -RemoteAddress {}{}", list(&rule.to), list(&rule.from), ports(protocol, first, last, "-LocalPort")));
        commands.push(format!("New-NetFirewallRule -DisplayName '{name}' -Direction Outbound -Action Allow -LocalAddress {} -RemoteAddress {}{}", list(&rule.from), list(&rule.to), ports(protocol, first, last, "-RemotePort")));
    }
    commands
}

fn list(end: &Endpoint) -> String {
    let addresses: Vec<String> = end.addresses.iter().map(|it: &IpNet| prefix(*it)).collect();
    if addresses.is_empty() { "Any".to_owned() } else { addresses.join(",") }
}

fn ports(protocol: Protocol, first: u16, last: u16, flag: &str) -> String {
    let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
    match protocol {
        Protocol::Any => String::new(),
        Protocol::Icmp => " -Protocol ICMPv4".to_owned(),
        Protocol::Tcp => format!(" -Protocol TCP {flag} {range}"),
        Protocol::Udp => format!(" -Protocol UDP {flag} {range}"),
    }
}

pub(super) fn disable(task: &Task<'_>) -> Recipe {
    // `CORP\name` and `name@corp.example` by the name alone, which is what the module takes.
    let names: Vec<String> = task
        .accounts
        .iter()
        .map(|it| it.rsplit('\\').next().unwrap_or(it).split('@').next().unwrap_or(it).replace('\'', "''"))
        .collect();
    let each = |command: &str| names.iter().map(|it| command.replace("NAME", it)).collect::<Vec<_>>();
    Recipe {
        act: vec![
            task.step("order-ad-disable", each("Disable-ADAccount -Identity 'NAME'")),
            task.step("order-ad-password", each("Set-ADAccountPassword -Identity 'NAME' -Reset")),
            task.step("order-ad-sync", vec!["repadmin /syncall /AdeP".to_owned()]),
            task.step("order-ad-sessions", vec!["quser".to_owned(), "logoff <ID>".to_owned(), "klist purge -li 0x3e7".to_owned()]),
        ],
        check: vec![task.step("order-ad-check", each("Get-ADDomainController -Filter * | ForEach-Object { Get-ADUser 'NAME' -Server $_.HostName -Properties Enabled, PasswordLastSet }"))],
        undo: vec![task.step("order-ad-undo", each("Enable-ADAccount -Identity 'NAME'"))],
    }
}
