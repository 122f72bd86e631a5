//! Cisco: lines at the head of the access list that guards the interface; ASA connections are ended, too.

use bulkhead_model::estate::Protocol;
use bulkhead_model::rules::Rule;
use ipnet::IpNet;

use super::{Recipe, Task, pairs, prefix, services};

/// Which dialect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Asa,
    Ios,
}

pub(super) fn asa(task: &Task<'_>) -> Recipe {
    // Inserted one before the other at line 1, the last written stands first: drops first, what stays open after them.
    let (keep, stop) = (entries(task.keep, "permit", Dialect::Asa), entries(task.drop, "deny", Dialect::Asa));
    let lines: Vec<String> = stop.iter().chain(&keep).map(|it| it.1.clone()).collect();
    let inserted = lines.iter().map(|it| format!("access-list <ACL> line 1 extended {it}"));
    let mut act = vec!["configure terminal".to_owned()];
    act.extend(inserted);
    act.push("end".to_owned());
    let mut clear = Vec::new();
    let mut check = vec!["show access-list <ACL> | include deny".to_owned()];
    for (from, to) in task.drop.iter().flat_map(|it| pairs(it)) {
        let ends: Vec<String> = [from, to]
            .iter()
            .filter(|it| it.prefix_len() > 0)
            .map(|it| format!("address {}", conn(*it)))
            .collect();
        clear.push(format!("clear conn {}", ends.join(" ")));
        check.push(format!("show conn {}", ends.join(" ")));
    }
    let mut undo = vec!["configure terminal".to_owned()];
    undo.extend(lines.iter().map(|it| format!("no access-list <ACL> extended {it}")));
    undo.push("end".to_owned());
    Recipe {
        act: vec![
            task.step(
                "order-cisco-backup",
                vec!["copy running-config disk0:/before-bulkhead.cfg".to_owned()],
            ),
            task.step("order-cisco-acl", vec!["show running-config access-group".to_owned()]),
            task.step("order-cisco-lines", act),
            task.step("order-cisco-clear", clear),
        ],
        check: vec![task.step("order-cisco-check", check)],
        undo: vec![task.step("order-cisco-undo", undo)],
    }
}

pub(super) fn ios(task: &Task<'_>) -> Recipe {
    let (keep, stop) = (entries(task.keep, "permit", Dialect::Ios), entries(task.drop, "deny", Dialect::Ios));
    let (mut act, mut undo) = (vec!["configure terminal".to_owned()], vec!["configure terminal".to_owned()]);
    for (six, head) in [(false, "ip access-list extended <ACL>"), (true, "ipv6 access-list <ACL6>")] {
        let of: Vec<&(bool, String)> = keep.iter().chain(&stop).filter(|it| it.0 == six).collect();
        if of.is_empty() {
            continue;
        }
        act.push(head.to_owned());
        undo.push(head.to_owned());
        for (number, (_, line)) in (1..).zip(of) {
            act.push(if six { format!(" sequence {number} {line}") } else { format!(" {number} {line}") });
            undo.push(format!(" no {line}"));
        }
    }
    act.push("end".to_owned());
    undo.push("end".to_owned());
    Recipe {
        act: vec![
            task.step("order-cisco-backup", vec!["copy running-config flash:before-bulkhead.cfg".to_owned()]),
            task.step(
                "order-cisco-acl",
                vec!["show running-config | include interface|access-group|traffic-filter".to_owned()],
            ),
            task.step("order-ios-renumber", vec!["ip access-list resequence <ACL> 10000 10".to_owned()]),
            task.step("order-cisco-lines", act),
        ],
        check: vec![task.step(
            "order-cisco-check",
            vec!["show access-lists <ACL>".to_owned(), "show ipv6 access-list <ACL6>".to_owned()],
        )],
        undo: vec![task.step("order-cisco-undo", undo)],
    }
}

/// Lines of an access list, each with whether it is of IPv6.
fn entries(rules: &[&Rule], verb: &str, dialect: Dialect) -> Vec<(bool, String)> {
    let mut lines = Vec::new();
    for rule in rules {
        for (from, to) in pairs(rule) {
            for (protocol, first, last) in services(&rule.ports) {
                let six = matches!(from, IpNet::V6(_));
                let (word, ports) = match protocol {
                    Protocol::Any if six && dialect == Dialect::Ios => ("ipv6", String::new()),
                    Protocol::Any => ("ip", String::new()),
                    Protocol::Icmp if six && dialect == Dialect::Asa => ("icmp6", String::new()),
                    Protocol::Icmp => ("icmp", String::new()),
                    Protocol::Tcp => ("tcp", range(first, last)),
                    Protocol::Udp => ("udp", range(first, last)),
                };
                lines
                    .push((six, format!("{verb} {word} {} {}{ports}", end(from, dialect), end(to, dialect))));
            }
        }
    }
    lines
}

fn range(first: u16, last: u16) -> String {
    if first == last { format!(" eq {first}") } else { format!(" range {first} {last}") }
}

fn end(net: IpNet, dialect: Dialect) -> String {
    match net {
        _ if net.prefix_len() == 0 && dialect == Dialect::Asa => {
            if matches!(net, IpNet::V4(_)) { "any4" } else { "any6" }.to_owned()
        }
        _ if net.prefix_len() == 0 => "any".to_owned(),
        _ if net.prefix_len() == net.max_prefix_len() => format!("host {}", net.addr()),
        IpNet::V6(it) => it.to_string(),
        IpNet::V4(it) if dialect == Dialect::Asa => format!("{} {}", it.network(), it.netmask()),
        IpNet::V4(it) => format!("{} {}", it.network(), it.hostmask()),
    }
}

fn conn(net: IpNet) -> String {
    match net {
        IpNet::V4(it) if it.prefix_len() < 32 => format!("{}-{}", it.network(), it.broadcast()),
        _ => prefix(net),
    }
}
