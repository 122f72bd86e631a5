//! Rules and nftables text of a small estate, as snapshots; and `nft -c` accepts the text where nft is there to ask.

use std::io::Write;
use std::process::{Command, Stdio};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planned, Request, plan, render};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use expect_test::{Expect, expect};
use serde_json::json;

/// Office and data centre behind one firewall, agents in the data centre, a responder who must keep access.
pub fn estate() -> Estate {
    serde_json::from_value(json!({
        "version": 1,
        "estate": {"id": "small", "name": "Small"},
        "zones": [
            {"id": "office", "cidrs": ["10.10.0.0/16", "fd00:10::/64"]},
            {"id": "data", "cidrs": ["10.20.0.0/16"]},
            {"id": "soc", "cidrs": ["10.1.0.0/24"]},
        ],
        "assets": [
            {"id": "pc-1", "zone": "office", "addresses": ["10.10.0.1", "fd00:10::1"], "value": 1000},
            {"id": "pc-2", "zone": "office", "addresses": ["10.10.0.2"], "value": 1000},
            {"id": "app", "zone": "data", "addresses": ["10.20.0.1", "fd00:20::1"], "value": 20000},
            {"id": "vault", "zone": "data", "addresses": ["10.20.0.2"], "crown_jewel": true},
            {"id": "console", "zone": "soc", "addresses": ["10.1.0.5"], "value": 5000},
        ],
        "flows": [
            {"id": "office-web", "from": {"zone": "office"}, "to": {"asset": "app"}, "ports": ["tcp/443"]},
            {"id": "office-rdp", "from": {"zone": "office"}, "to": {"zone": "data"}, "ports": ["tcp/3389"]},
            {"id": "app-vault", "from": {"asset": "app"}, "to": {"asset": "vault"}, "ports": ["tcp/5432"]},
        ],
        "services": [
            {"id": "shop", "name": "Shop", "customers": [{"segment": "consumer", "count": 1000}], "value_per_hour": 5000,
             "requires": {"all": [{"asset": "app"}, {"flow": "app-vault"}, {"flow": "office-web"}]}},
        ],
        "enforcement_points": [
            {"id": "fw", "kind": "nftables", "covers": [["office", "data"], ["data", "data"]], "can": ["block_flow", "segment"]},
            {"id": "agents", "kind": "simulated", "hosts": {"zone": "data"}, "can": ["isolate"]},
        ],
        "management": [{"from": {"asset": "console"}, "to": {"any": true}, "ports": ["tcp/22"]}],
        "protected_addresses": ["10.1.0.0/24"],
    }))
    .unwrap()
}

fn planned(estate: &Estate, compromised: &[&str], forced: &[&str]) -> Planned {
    let compromised: Vec<AssetId> = compromised.iter().map(|&it| it.into()).collect();
    let forced: Vec<String> = forced.iter().map(|&it| it.to_owned()).collect();
    plan(&Request { forced: &forced, ..Request::new(estate, &compromised, &MovementPorts::default()) })
        .unwrap()
}

fn check_rules(compromised: &[&str], forced: &[&str], expect: &Expect) {
    let planned = planned(&estate(), compromised, forced);
    let mut text = String::new();
    for point in &planned.rules {
        text += &format!("{} generation {} lease {}s\n", point.point, point.generation, point.lease_s);
        for rule in &point.rules {
            let ports: Vec<String> = rule.ports.iter().map(ToString::to_string).collect();
            let end = |it: &bulkhead_model::rules::Endpoint| {
                it.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            };
            text += &format!(
                "  {:?} {}: {} -> {} [{}]\n",
                rule.verdict,
                rule.name,
                end(&rule.from),
                end(&rule.to),
                ports.join(" ")
            );
        }
    }
    expect.assert_eq(&text);
}

#[test]
fn a_flow_is_blocked_after_management_and_protected_addresses_are_accepted() {
    check_rules(
        &["pc-1"],
        &[],
        &expect![[r#"
            fw generation 1 lease 86400s
              Accept management:0: 10.1.0.5/32 -> 10.1.0.5/32 10.10.0.0/16 10.20.0.0/16 fd00:10::/64 fd00:20::1/128 [tcp/22]
              Accept protected:from: 10.1.0.0/24 ->  []
              Accept protected:to:  -> 10.1.0.0/24 []
              Drop block_flow:office-rdp@fw:from=pc-1: 10.10.0.1/32 fd00:10::1/128 -> 10.20.0.0/16 fd00:20::1/128 [tcp/3389]
        "#]],
    );
}

#[test]
fn an_isolated_server_keeps_its_management() {
    check_rules(
        &["app"],
        &["isolate:app@agents"],
        &expect![[r#"
            agents generation 1 lease 86400s
              Accept management:0: 10.1.0.5/32 -> 10.1.0.5/32 10.10.0.0/16 10.20.0.0/16 fd00:10::/64 fd00:20::1/128 [tcp/22]
              Drop isolate:app@agents/out: 10.20.0.1/32 fd00:20::1/128 ->  []
              Drop isolate:app@agents/in:  -> 10.20.0.1/32 fd00:20::1/128 []
              Accept protected:from: 10.1.0.0/24 ->  []
              Accept protected:to:  -> 10.1.0.0/24 []
        "#]],
    );
}

#[test]
fn nftables_text() {
    let planned = planned(&estate(), &["pc-1", "app"], &["isolate:app@agents"]);
    let text: String = planned.rules.iter().map(render::swap).collect();
    expect![[r##"
        # bulkhead: point agents, generation 1
        flush set inet bulkhead generation
        add element inet bulkhead generation { 1 }
        flush set inet bulkhead from4
        flush set inet bulkhead to4
        flush set inet bulkhead held_from4
        add element inet bulkhead held_from4 {
        	10.20.0.1 timeout 86400s comment "isolate:app@agents/out"
        }
        flush set inet bulkhead held_to4
        add element inet bulkhead held_to4 {
        	10.20.0.1 timeout 86400s comment "isolate:app@agents/in"
        }
        flush set inet bulkhead protected4
        add element inet bulkhead protected4 {
        	10.1.0.0/24
        }
        flush set inet bulkhead accept4_ports
        add element inet bulkhead accept4_ports {
        	10.1.0.5 . 10.1.0.5 . tcp . 22 comment "management:0",
        	10.1.0.5 . 10.10.0.0/16 . tcp . 22 comment "management:0",
        	10.1.0.5 . 10.20.0.0/16 . tcp . 22 comment "management:0"
        }
        flush set inet bulkhead accept4_icmp
        flush set inet bulkhead accept4_all
        flush set inet bulkhead drop4_ports
        flush set inet bulkhead drop4_icmp
        flush set inet bulkhead drop4_all
        flush set inet bulkhead from6
        flush set inet bulkhead to6
        flush set inet bulkhead held_from6
        add element inet bulkhead held_from6 {
        	fd00:20::1 timeout 86400s comment "isolate:app@agents/out"
        }
        flush set inet bulkhead held_to6
        add element inet bulkhead held_to6 {
        	fd00:20::1 timeout 86400s comment "isolate:app@agents/in"
        }
        flush set inet bulkhead protected6
        flush set inet bulkhead accept6_ports
        flush set inet bulkhead accept6_icmp
        flush set inet bulkhead accept6_all
        flush set inet bulkhead drop6_ports
        flush set inet bulkhead drop6_icmp
        flush set inet bulkhead drop6_all
        # bulkhead: point fw, generation 1
        flush set inet bulkhead generation
        add element inet bulkhead generation { 1 }
        flush set inet bulkhead from4
        flush set inet bulkhead to4
        flush set inet bulkhead held_from4
        flush set inet bulkhead held_to4
        flush set inet bulkhead protected4
        add element inet bulkhead protected4 {
        	10.1.0.0/24
        }
        flush set inet bulkhead accept4_ports
        add element inet bulkhead accept4_ports {
        	10.1.0.5 . 10.1.0.5 . tcp . 22 comment "management:0",
        	10.1.0.5 . 10.10.0.0/16 . tcp . 22 comment "management:0",
        	10.1.0.5 . 10.20.0.0/16 . tcp . 22 comment "management:0"
        }
        flush set inet bulkhead accept4_icmp
        flush set inet bulkhead accept4_all
        flush set inet bulkhead drop4_ports
        add element inet bulkhead drop4_ports {
        	10.10.0.1 . 10.20.0.0/16 . tcp . 3389 timeout 86400s comment "block_flow:office-rdp@fw:from=pc-1"
        }
        flush set inet bulkhead drop4_icmp
        flush set inet bulkhead drop4_all
        flush set inet bulkhead from6
        flush set inet bulkhead to6
        flush set inet bulkhead held_from6
        flush set inet bulkhead held_to6
        flush set inet bulkhead protected6
        flush set inet bulkhead accept6_ports
        flush set inet bulkhead accept6_icmp
        flush set inet bulkhead accept6_all
        flush set inet bulkhead drop6_ports
        add element inet bulkhead drop6_ports {
        	fd00:10::1 . fd00:20::1 . tcp . 3389 timeout 86400s comment "block_flow:office-rdp@fw:from=pc-1"
        }
        flush set inet bulkhead drop6_icmp
        flush set inet bulkhead drop6_all
    "##]]
    .assert_eq(&text);
}

#[test]
fn nftables_installation() {
    expect![[r#"
        # bulkhead: installed once with `nft -f`; plans change only the contents of the sets.
        add table inet bulkhead
        add set inet bulkhead generation { type mark; }
        add set inet bulkhead from4 { type ipv4_addr; flags timeout; }
        add set inet bulkhead to4 { type ipv4_addr; flags timeout; }
        add set inet bulkhead held_from4 { type ipv4_addr; flags timeout; }
        add set inet bulkhead held_to4 { type ipv4_addr; flags timeout; }
        add set inet bulkhead protected4 { type ipv4_addr; flags interval; }
        add set inet bulkhead accept4_ports { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval, timeout; }
        add set inet bulkhead accept4_icmp { type ipv4_addr . ipv4_addr; flags interval, timeout; }
        add set inet bulkhead accept4_all { type ipv4_addr . ipv4_addr; flags interval, timeout; }
        add set inet bulkhead drop4_ports { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval, timeout; }
        add set inet bulkhead drop4_icmp { type ipv4_addr . ipv4_addr; flags interval, timeout; }
        add set inet bulkhead drop4_all { type ipv4_addr . ipv4_addr; flags interval, timeout; }
        add set inet bulkhead from6 { type ipv6_addr; flags timeout; }
        add set inet bulkhead to6 { type ipv6_addr; flags timeout; }
        add set inet bulkhead held_from6 { type ipv6_addr; flags timeout; }
        add set inet bulkhead held_to6 { type ipv6_addr; flags timeout; }
        add set inet bulkhead protected6 { type ipv6_addr; flags interval; }
        add set inet bulkhead accept6_ports { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval, timeout; }
        add set inet bulkhead accept6_icmp { type ipv6_addr . ipv6_addr; flags interval, timeout; }
        add set inet bulkhead accept6_all { type ipv6_addr . ipv6_addr; flags interval, timeout; }
        add set inet bulkhead drop6_ports { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval, timeout; }
        add set inet bulkhead drop6_icmp { type ipv6_addr . ipv6_addr; flags interval, timeout; }
        add set inet bulkhead drop6_all { type ipv6_addr . ipv6_addr; flags interval, timeout; }
        add chain inet bulkhead kept_open
        add chain inet bulkhead replies
        add chain inet bulkhead dropped
        add chain inet bulkhead early_in { type filter hook prerouting priority -300; policy accept; }
        add chain inet bulkhead late_in { type filter hook prerouting priority -150; policy accept; }
        add chain inet bulkhead early_out { type filter hook output priority -300; policy accept; }
        add chain inet bulkhead late_out { type filter hook output priority -150; policy accept; }
        add rule inet bulkhead kept_open ip saddr . ip daddr . meta l4proto . th dport @accept4_ports accept
        add rule inet bulkhead kept_open ip daddr . ip saddr . meta l4proto . th sport @accept4_ports accept
        add rule inet bulkhead kept_open meta l4proto icmp ip saddr . ip daddr @accept4_icmp accept
        add rule inet bulkhead kept_open meta l4proto icmp ip daddr . ip saddr @accept4_icmp accept
        add rule inet bulkhead kept_open ip saddr . ip daddr @accept4_all accept
        add rule inet bulkhead kept_open ip daddr . ip saddr @accept4_all accept
        add rule inet bulkhead kept_open ip saddr @held_from4 counter drop
        add rule inet bulkhead kept_open ip daddr @held_to4 counter drop
        add rule inet bulkhead kept_open ip saddr @protected4 accept
        add rule inet bulkhead kept_open ip daddr @protected4 accept
        add rule inet bulkhead replies ip saddr . ip daddr . meta l4proto . th dport @accept4_ports accept
        add rule inet bulkhead replies ip daddr . ip saddr . meta l4proto . th sport @accept4_ports ct direction reply accept
        add rule inet bulkhead replies ip daddr . ip saddr . meta l4proto . th sport @accept4_ports jump dropped
        add rule inet bulkhead dropped ip saddr @from4 counter drop
        add rule inet bulkhead dropped ip daddr @to4 counter drop
        add rule inet bulkhead dropped ip saddr . ip daddr . meta l4proto . th dport @drop4_ports counter drop
        add rule inet bulkhead dropped ip daddr . ip saddr . meta l4proto . th sport @drop4_ports counter drop
        add rule inet bulkhead dropped meta l4proto icmp ip saddr . ip daddr @drop4_icmp counter drop
        add rule inet bulkhead dropped meta l4proto icmp ip daddr . ip saddr @drop4_icmp counter drop
        add rule inet bulkhead dropped ip saddr . ip daddr @drop4_all counter drop
        add rule inet bulkhead kept_open ip6 saddr . ip6 daddr . meta l4proto . th dport @accept6_ports accept
        add rule inet bulkhead kept_open ip6 daddr . ip6 saddr . meta l4proto . th sport @accept6_ports accept
        add rule inet bulkhead kept_open meta l4proto ipv6-icmp ip6 saddr . ip6 daddr @accept6_icmp accept
        add rule inet bulkhead kept_open meta l4proto ipv6-icmp ip6 daddr . ip6 saddr @accept6_icmp accept
        add rule inet bulkhead kept_open ip6 saddr . ip6 daddr @accept6_all accept
        add rule inet bulkhead kept_open ip6 daddr . ip6 saddr @accept6_all accept
        add rule inet bulkhead kept_open ip6 saddr @held_from6 counter drop
        add rule inet bulkhead kept_open ip6 daddr @held_to6 counter drop
        add rule inet bulkhead kept_open ip6 saddr @protected6 accept
        add rule inet bulkhead kept_open ip6 daddr @protected6 accept
        add rule inet bulkhead replies ip6 saddr . ip6 daddr . meta l4proto . th dport @accept6_ports accept
        add rule inet bulkhead replies ip6 daddr . ip6 saddr . meta l4proto . th sport @accept6_ports ct direction reply accept
        add rule inet bulkhead replies ip6 daddr . ip6 saddr . meta l4proto . th sport @accept6_ports jump dropped
        add rule inet bulkhead dropped ip6 saddr @from6 counter drop
        add rule inet bulkhead dropped ip6 daddr @to6 counter drop
        add rule inet bulkhead dropped ip6 saddr . ip6 daddr . meta l4proto . th dport @drop6_ports counter drop
        add rule inet bulkhead dropped ip6 daddr . ip6 saddr . meta l4proto . th sport @drop6_ports counter drop
        add rule inet bulkhead dropped meta l4proto ipv6-icmp ip6 saddr . ip6 daddr @drop6_icmp counter drop
        add rule inet bulkhead dropped meta l4proto ipv6-icmp ip6 daddr . ip6 saddr @drop6_icmp counter drop
        add rule inet bulkhead dropped ip6 saddr . ip6 daddr @drop6_all counter drop
        add rule inet bulkhead early_in jump kept_open
        add rule inet bulkhead early_in jump dropped
        add rule inet bulkhead late_in jump replies
        add rule inet bulkhead early_out jump kept_open
        add rule inet bulkhead early_out jump dropped
        add rule inet bulkhead late_out jump replies
    "#]].assert_eq(&render::install());
}

#[test]
fn nft_accepts_what_is_rendered() {
    let estate = estate();
    for forced in [&[][..], &["isolate:app@agents"], &["segment:office->data@fw", "isolate:vault@agents"]] {
        for point in &planned(&estate, &["pc-1", "app"], forced).rules {
            let text = render::nftables(point);
            match nft_check(&text) {
                None => {
                    println!("not run: nft -c (nftables is not installed, or may not be asked here)");
                    return;
                }
                Some(complaint) => assert_eq!(complaint, "", "{text}"),
            }
        }
    }
}

/// What nft complains about; none when it cannot be asked.
fn nft_check(text: &str) -> Option<String> {
    let mut nft = Command::new("nft")
        .args(["-c", "-f", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    nft.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = nft.wait_with_output().ok()?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let not_allowed =
        complaint.contains("Operation not permitted") || complaint.contains("Protocol not supported");
    if not_allowed { None } else { Some(complaint) }
}
