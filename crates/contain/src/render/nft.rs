//! Rules of one point as nftables text, after the recipe measured for this product: chains installed once, only set
//! contents swapped in one transaction; drops at priority -300, before connection tracking, so that live sessions die;
//! both directions, IPv4 and IPv6; the lease as element timeouts in the kernel. Accepting established connections
//! first would keep the attacker's alive: nothing does.
//!
//! Replies on management channels pass -300 by their source port and are looked at again at -150, where connection
//! tracking knows whether they are replies: a contained host cannot open anything by sending from a management port.
//! The generation stands in a set of its own, because a table's comment cannot be swapped without removing the table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use bulkhead_model::estate::{Port, Protocol};
use bulkhead_model::rules::{Endpoint, PointRules, Rule, Verdict};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::boxes::{Disjoint, Volume};

/// Table, sets, chains and rules: applied once per point; they never change with the plan.
pub fn install() -> String {
    let mut text = String::from(
        "# bulkhead: installed once with `nft -f`; plans change only the contents of the sets.\n\
         add table inet bulkhead\n\
         add set inet bulkhead generation { type mark; }\n",
    );
    for family in [4, 6] {
        let address = format!("ipv{family}_addr");
        for end in ["from", "to", "held_from", "held_to"] {
            let _ =
                writeln!(text, "add set inet bulkhead {end}{family} {{ type {address}; flags timeout; }}");
        }
        let _ =
            writeln!(text, "add set inet bulkhead protected{family} {{ type {address}; flags interval; }}");
        for verdict in ["accept", "drop"] {
            let flags = "flags interval, timeout;";
            let name = |kind: &str| format!("add set inet bulkhead {verdict}{family}_{kind}");
            let pair = format!("{address} . {address}");
            let _ =
                writeln!(text, "{} {{ type {pair} . inet_proto . inet_service; {flags} }}", name("ports"));
            let _ = writeln!(text, "{} {{ type {pair}; {flags} }}", name("icmp"));
            let _ = writeln!(text, "{} {{ type {pair}; {flags} }}", name("all"));
        }
    }
    for chain in ["kept_open", "replies", "dropped"] {
        let _ = writeln!(text, "add chain inet bulkhead {chain}");
    }
    for (hook, name) in [("prerouting", "in"), ("output", "out")] {
        for (when, priority) in [("early", -300), ("late", -150)] {
            let _ = writeln!(
                text,
                "add chain inet bulkhead {when}_{name} {{ type filter hook {hook} priority {priority}; policy accept; }}"
            );
        }
    }
    for (family, ip, icmp) in [(4, "ip", "icmp"), (6, "ip6", "ipv6-icmp")] {
        rules_of_family(&mut text, family, ip, icmp);
    }
    for name in ["in", "out"] {
        let _ = writeln!(text, "add rule inet bulkhead early_{name} jump kept_open");
        let _ = writeln!(text, "add rule inet bulkhead early_{name} jump dropped");
        let _ = writeln!(text, "add rule inet bulkhead late_{name} jump replies");
    }
    text
}

fn rules_of_family(text: &mut String, family: u8, ip: &str, icmp: &str) {
    let there = format!("{ip} saddr . {ip} daddr");
    let back = format!("{ip} daddr . {ip} saddr");
    let set = |verdict: &str, kind: &str| format!("@{verdict}{family}_{kind}");
    let mut rule = |chain: &str, what: String| {
        let _ = writeln!(text, "add rule inet bulkhead {chain} {what}");
    };
    let ports_there = format!("{there} . meta l4proto . th dport");
    let ports_back = format!("{back} . meta l4proto . th sport");
    rule("kept_open", format!("{ports_there} {} accept", set("accept", "ports")));
    rule("kept_open", format!("{ports_back} {} accept", set("accept", "ports")));
    for (kind, only) in [("icmp", format!("meta l4proto {icmp} ")), ("all", String::new())] {
        rule("kept_open", format!("{only}{there} {} accept", set("accept", kind)));
        rule("kept_open", format!("{only}{back} {} accept", set("accept", kind)));
    }
    // Who is compromised and isolated is cut off from protected addresses too, which stay open to everybody else.
    rule("kept_open", format!("{ip} saddr @held_from{family} counter drop"));
    rule("kept_open", format!("{ip} daddr @held_to{family} counter drop"));
    rule("kept_open", format!("{ip} saddr @protected{family} accept"));
    rule("kept_open", format!("{ip} daddr @protected{family} accept"));
    rule("replies", format!("{ports_there} {} accept", set("accept", "ports")));
    rule("replies", format!("{ports_back} {} ct direction reply accept", set("accept", "ports")));
    rule("replies", format!("{ports_back} {} jump dropped", set("accept", "ports")));
    rule("dropped", format!("{ip} saddr @from{family} counter drop"));
    rule("dropped", format!("{ip} daddr @to{family} counter drop"));
    rule("dropped", format!("{ports_there} {} counter drop", set("drop", "ports")));
    rule("dropped", format!("{ports_back} {} counter drop", set("drop", "ports")));
    rule("dropped", format!("meta l4proto {icmp} {there} {} counter drop", set("drop", "icmp")));
    rule("dropped", format!("meta l4proto {icmp} {back} {} counter drop", set("drop", "icmp")));
    // All ports one way: the way back may carry flows that stay open, and without the way there no session lives.
    rule("dropped", format!("{there} {} counter drop", set("drop", "all")));
}

/// Contents of the sets for one generation: one kernel transaction that replaces all of them.
pub fn swap(rules: &PointRules) -> String {
    let mut text = format!("# bulkhead: point {}, generation {}\n", rules.point, rules.generation);
    let contents = Contents::of(rules);
    let _ = writeln!(text, "flush set inet bulkhead generation");
    let _ = writeln!(
        text,
        "add element inet bulkhead generation {{ {} }}",
        rules.generation.min(u32::MAX.into())
    );
    for (name, elements) in contents.sets() {
        let _ = writeln!(text, "flush set inet bulkhead {name}");
        if !elements.is_empty() {
            let _ = writeln!(text, "add element inet bulkhead {name} {{\n\t{}\n}}", elements.join(",\n\t"));
        }
    }
    text
}

/// [`install`] and [`swap`] in one text, for a point that holds nothing yet.
pub fn nftables(rules: &PointRules) -> String {
    install() + &swap(rules)
}

/// Everything one family's sets hold.
#[derive(Default)]
struct Family {
    from: BTreeMap<IpAddr, String>,
    to: BTreeMap<IpAddr, String>,
    /// Hosts dropped before protected addresses are accepted.
    held_from: BTreeMap<IpAddr, String>,
    held_to: BTreeMap<IpAddr, String>,
    protected: Vec<IpNet>,
    accept: Kinds,
    drop: Kinds,
}

#[derive(Default)]
struct Kinds {
    ports: Disjoint,
    icmp: Disjoint,
    all: Disjoint,
}

struct Contents {
    families: [Family; 2],
    timeout: String,
}

impl Contents {
    fn of(rules: &PointRules) -> Self {
        let timeout = if rules.lease_s == 0 { String::new() } else { format!(" timeout {}s", rules.lease_s) };
        let mut contents = Self { families: [Family::default(), Family::default()], timeout };
        let protects = |it: &Rule| {
            let everything = it.from == Endpoint::default() || it.to == Endpoint::default();
            it.verdict == Verdict::Accept && it.ports.is_empty() && everything
        };
        let first = rules.rules.iter().position(protects).unwrap_or(0);
        for (at, rule) in rules.rules.iter().enumerate() {
            let held = at < first;
            let label = label(&rule.name);
            for from in prefixes(&rule.from.addresses, rule.from == Endpoint::default()) {
                for to in prefixes(&rule.to.addresses, rule.to == Endpoint::default()) {
                    contents.add((from, to), &rule.ports, rule.verdict, &label, held);
                }
            }
        }
        contents
    }

    fn add(&mut self, (from, to): (IpNet, IpNet), ports: &[Port], verdict: Verdict, label: &str, held: bool) {
        let at = match (from, to) {
            (IpNet::V4(_), IpNet::V4(_)) => 0,
            (IpNet::V6(_), IpNet::V6(_)) => 1,
            _ => return,
        };
        let timeout = &self.timeout;
        let family = &mut self.families[at];
        let host = |it: IpNet| it.prefix_len() == it.max_prefix_len();
        if verdict == Verdict::Drop && ports.is_empty() {
            let single = |set: &mut BTreeMap<IpAddr, String>, it: IpNet| {
                set.entry(it.addr()).or_insert_with(|| format!("{}{timeout} comment \"{label}\"", it.addr()));
            };
            if host(from) && to.prefix_len() == 0 {
                return single(if held { &mut family.held_from } else { &mut family.from }, from);
            }
            if host(to) && from.prefix_len() == 0 {
                return single(if held { &mut family.held_to } else { &mut family.to }, to);
            }
        }
        if verdict == Verdict::Accept && ports.is_empty() && from.prefix_len().min(to.prefix_len()) == 0 {
            family.protected.push(if from.prefix_len() == 0 { to } else { from });
            return;
        }
        let kinds = if verdict == Verdict::Accept { &mut family.accept } else { &mut family.drop };
        let any = Volume { from, to, protocol: "", ports: (0, u16::MAX) };
        if ports.is_empty() {
            kinds.all.add(any, label);
        }
        for port in ports {
            let of = |protocol| Volume { protocol, ports: (port.first, port.last), ..any };
            match port.protocol {
                Protocol::Any => kinds.all.add(any, label),
                Protocol::Icmp => kinds.icmp.add(any, label),
                Protocol::Tcp => kinds.ports.add(of("tcp"), label),
                Protocol::Udp => kinds.ports.add(of("udp"), label),
            }
        }
    }

    fn sets(&self) -> Vec<(String, Vec<String>)> {
        let mut sets = Vec::new();
        for (family, number) in self.families.iter().zip([4, 6]) {
            sets.push((format!("from{number}"), family.from.values().cloned().collect()));
            sets.push((format!("to{number}"), family.to.values().cloned().collect()));
            sets.push((format!("held_from{number}"), family.held_from.values().cloned().collect()));
            sets.push((format!("held_to{number}"), family.held_to.values().cloned().collect()));
            let protected = IpNet::aggregate(&family.protected).into_iter().map(prefix);
            sets.push((format!("protected{number}"), protected.collect()));
            // What stays open carries no lease: it must not lapse before what is dropped does.
            for (verdict, kinds) in [("accept", &family.accept), ("drop", &family.drop)] {
                let element = |(volume, label): &(Volume, String)| {
                    let pair = format!("{} . {}", prefix(volume.from), prefix(volume.to));
                    let ports = match volume.ports {
                        _ if volume.protocol.is_empty() => String::new(),
                        (first, last) if first == last => format!(" . {} . {first}", volume.protocol),
                        (first, last) => format!(" . {} . {first}-{last}", volume.protocol),
                    };
                    let timeout = if verdict == "drop" { self.timeout.as_str() } else { "" };
                    format!("{pair}{ports}{timeout} comment \"{label}\"")
                };
                for (kind, held) in [("ports", &kinds.ports), ("icmp", &kinds.icmp), ("all", &kinds.all)] {
                    sets.push((
                        format!("{verdict}{number}_{kind}"),
                        held.volumes().iter().map(element).collect(),
                    ));
                }
            }
        }
        sets
    }
}

/// The prefixes of one end of a rule; an end that stands for everything is both families' whole range.
fn prefixes(addresses: &[IpNet], everything: bool) -> Vec<IpNet> {
    if everything { vec![Ipv4Net::default().into(), Ipv6Net::default().into()] } else { addresses.to_vec() }
}

fn prefix(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// A rule's name as an element comment: what nft accepts between quotes, at most 120 bytes.
fn label(name: &str) -> String {
    name.chars()
        .map(|it| if it.is_ascii_graphic() && it != '"' && it != '\\' { it } else { '_' })
        .take(120)
        .collect()
}
