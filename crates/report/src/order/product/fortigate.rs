//! FortiGate (FortiOS 7): policies at the head of the list, then the sessions that live are ended.

use bulkhead_model::estate::Protocol;
use bulkhead_model::rules::Rule;
use ipnet::IpNet;

use super::{Recipe, Task, pairs, prefix, services};

pub(super) fn block(task: &Task<'_>) -> Recipe {
    let mut objects = vec!["config firewall address".to_owned()];
    let mut six = vec!["config firewall address6".to_owned()];
    let mut custom = vec!["config firewall service custom".to_owned()];
    let mut policies = vec!["config firewall policy".to_owned()];
    let (mut names, mut sessions, mut look) = (Vec::new(), Vec::new(), Vec::new());
    for (verb, rules) in [("accept", task.keep), ("deny", task.drop)] {
        for (number, rule) in rules.iter().enumerate() {
            let name =
                format!("{}-{}{}", task.name, if verb == "accept" { "keep" } else { "stop" }, number + 1);
            let [from4, from6] = addresses(&name, "src", &rule_ends(rule, true), &mut objects, &mut six);
            let [to4, to6] = addresses(&name, "dst", &rule_ends(rule, false), &mut objects, &mut six);
            policies.push("  edit 0".to_owned());
            policies.push(format!("    set name \"{name}\""));
            policies.push("    set srcintf \"any\"".to_owned());
            policies.push("    set dstintf \"any\"".to_owned());
            for (key, value) in [("srcaddr", from4), ("dstaddr", to4), ("srcaddr6", from6), ("dstaddr6", to6)]
            {
                if !value.is_empty() {
                    policies.push(format!("    set {key} {value}"));
                }
            }
            policies.push(format!("    set service {}", service(&name, rule, &mut custom)));
            policies.push(format!("    set action {verb}"));
            policies.push("    set schedule \"always\"".to_owned());
            policies.push("    set logtraffic all".to_owned());
            policies.push("  next".to_owned());
            names.push(name);
            if verb == "deny" {
                for (from, to) in pairs(rule) {
                    sessions.push("diagnose sys session filter clear".to_owned());
                    if from.prefix_len() > 0 {
                        sessions.push(format!("diagnose sys session filter src {}", range(from)));
                    }
                    if to.prefix_len() > 0 {
                        sessions.push(format!("diagnose sys session filter dst {}", range(to)));
                    }
                    sessions.push("diagnose sys session clear".to_owned());
                    look.extend(
                        sessions[sessions.len() - 3..sessions.len() - 1]
                            .iter()
                            .filter(|it| it.contains(" filter "))
                            .cloned(),
                    );
                    look.push("diagnose sys session list".to_owned());
                }
            }
        }
    }
    let mut make = Vec::new();
    for list in [objects, six, custom, policies] {
        if list.len() > 1 {
            make.extend(list);
            make.push("end".to_owned());
        }
    }
    let head = names.iter().map(|it| format!("#   {it}")).collect();
    let delete = vec![
        format!("show firewall policy | grep -f {}", task.name),
        "config firewall policy".to_owned(),
        "  delete <ID>".to_owned(),
        "end".to_owned(),
    ];
    Recipe {
        act: vec![
            task.step("order-forti-backup", vec!["execute backup config flash before-bulkhead".to_owned()]),
            task.step("order-forti-make", make),
            task.step("order-forti-head", head),
            task.step("order-forti-sessions", sessions),
        ],
        check: vec![
            task.step("order-forti-check", vec![format!("show firewall policy | grep -f {}", task.name)]),
            task.step("order-forti-check-sessions", look),
        ],
        undo: vec![task.step("order-forti-undo", delete)],
    }
}

fn rule_ends(rule: &Rule, from: bool) -> Vec<IpNet> {
    let mut nets: Vec<IpNet> = pairs(rule).into_iter().map(|(a, b)| if from { a } else { b }).collect();
    nets.sort();
    nets.dedup();
    nets
}

/// Makes an object for each address; returns how a policy names those of each family.
fn addresses(
    name: &str,
    side: &str,
    nets: &[IpNet],
    four: &mut Vec<String>,
    six: &mut Vec<String>,
) -> [String; 2] {
    let mut used = [Vec::new(), Vec::new()];
    for (number, net) in nets.iter().enumerate() {
        let (at, list, all) = match net {
            IpNet::V4(_) => (0, &mut *four, "\"all\""),
            IpNet::V6(_) => (1, &mut *six, "\"all\""),
        };
        if net.prefix_len() == 0 {
            used[at] = vec![all.to_owned()];
            continue;
        }
        let object = format!("{name}-{side}{}", number + 1);
        list.push(format!("  edit \"{object}\""));
        list.push(match net {
            IpNet::V4(it) => format!("    set subnet {} {}", it.addr(), it.netmask()),
            IpNet::V6(it) => format!("    set ip6 {it}"),
        });
        list.push("  next".to_owned());
        used[at].push(format!("\"{object}\""));
    }
    used.map(|it| it.join(" "))
}

fn service(name: &str, rule: &Rule, custom: &mut Vec<String>) -> String {
    let mut used = Vec::new();
    for (number, (protocol, first, last)) in services(&rule.ports).into_iter().enumerate() {
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let object = format!("{name}-svc{}", number + 1);
        let setting = match protocol {
            Protocol::Any => return "\"ALL\"".to_owned(),
            Protocol::Icmp => {
                used.push("\"ALL_ICMP\" \"ALL_ICMP6\"".to_owned());
                continue;
            }
            Protocol::Tcp => format!("    set tcp-portrange {range}"),
            Protocol::Udp => format!("    set udp-portrange {range}"),
        };
        custom.extend([format!("  edit \"{object}\""), setting, "  next".to_owned()]);
        used.push(format!("\"{object}\""));
    }
    used.join(" ")
}

/// First and last address of a range, as session filters want it.
fn range(net: IpNet) -> String {
    match net {
        _ if net.prefix_len() == net.max_prefix_len() => prefix(net),
        IpNet::V4(it) => format!("{} {}", it.network(), it.broadcast()),
        IpNet::V6(it) => format!("{} {}", it.network(), it.broadcast()),
    }
}
