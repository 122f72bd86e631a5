//! Work orders: complete, in order, in the product's own words, in both languages.

use bulkhead_model::case::Plan;
use bulkhead_model::estate::Estate;
use bulkhead_model::rules::PointRules;
use bulkhead_report::Lang;
use bulkhead_report::order::{Order, html};
use serde_json::json;

fn estate(product: &str) -> Estate {
    let text = format!(
        r#"
version: 1
estate: {{id: e, name: Example, country: FR, currency: EUR, timezone: Europe/Paris}}
zones: [{{id: a, name: A, cidrs: [10.1.0.0/16]}}, {{id: b, name: B, cidrs: [10.2.0.0/16]}}]
assets:
  - {{id: web-1, hostname: web-1.example, addresses: [10.1.0.1], zone: a, os: windows-2022, kind: server}}
  - {{id: db-1, addresses: [10.2.0.1], zone: b, kind: server}}
identities: [{{id: adm, kind: human, accounts: ['CORP\\adm']}}]
enforcement_points:
  - {{id: by-hand, kind: manual{product}, covers: [[a, b]], hosts: {{any: true}}, can: [isolate, block_flow, disable_identity]}}
contacts: [{{role: incident_commander, name: Commander, channel: "tel:+331"}}]
"#
    );
    bulkhead_model::estate::read("e", &text).0.expect("sound")
}

fn plan() -> Plan {
    let action = |id: &str, kind: &str, target: &str, approval: &str| {
        json!({"id": id, "kind": kind, "target": target, "enforcement_point": "by-hand", "lease_s": 3600, "reversible": true,
               "approval": approval, "time_to_effect_s": 1800, "cuts": [], "breaks": []})
    };
    let mut plan: Plan = serde_json::from_str(include_str!("case/plan.json")).expect("a plan");
    plan.generation = 3;
    plan.actions = serde_json::from_value(json!([
        action("isolate:web-1@by-hand", "isolate", "web-1", "commander"),
        action("block_flow:f@by-hand", "block_flow", "f", "automatic"),
        action("disable_identity:adm@by-hand", "disable_identity", "adm", "automatic"),
    ]))
    .expect("actions");
    plan
}

fn rules() -> PointRules {
    let end = |asset: &str, net: &str| json!({"assets": [asset], "addresses": [net]});
    serde_json::from_value(json!({
        "point": "by-hand", "generation": 3, "lease_s": 3600,
        "disabled": [{"name": "disable_identity:adm@by-hand", "identity": "adm"}],
        "rules": [
            {"name": "management:0", "from": {"addresses": ["10.9.0.5/32"]}, "to": end("web-1", "10.1.0.1/32"), "ports": ["tcp/22"], "verdict": "accept"},
            {"name": "a", "action": "isolate:web-1@by-hand", "from": end("web-1", "10.1.0.1/32"), "to": {}, "ports": [], "verdict": "drop"},
            {"name": "b", "action": "isolate:web-1@by-hand", "from": {}, "to": end("web-1", "10.1.0.1/32"), "ports": [], "verdict": "drop"},
            {"name": "c", "action": "block_flow:f@by-hand", "from": end("web-1", "10.1.0.1/32"), "to": end("db-1", "10.2.0.1/32"), "ports": ["tcp/5432"], "verdict": "drop"},
        ],
    }))
    .expect("rules")
}

#[track_caller]
fn check(product: &str, lang: Lang, expect: &[&str]) {
    let product = if product.is_empty() { String::new() } else { format!(", product: {product:?}") };
    let (estate, plan, rules) = (estate(&product), plan(), rules());
    let at = "2025-07-25T12:00:00Z".parse().expect("an instant");
    let page = html(
        &Order {
            estate: &estate,
            incident: "i-1",
            plan: &plan,
            rules: &rules,
            name: "fw",
            at,
            simulated: true,
        },
        lang,
    );
    let mut rest = page.as_str();
    for words in expect {
        let words =
            words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let Some(at) = rest.find(&words) else { panic!("`{words}` is not there, or too early:\n{page}") };
        rest = &rest[at + words.len()..];
    }
}

#[test]
fn an_order_says_what_where_in_which_order_how_to_check_and_how_to_undo() {
    check(
        "",
        Lang::En,
        &[
            "Work order: by-hand",
            "2025-07-25 14:00:00 CEST",
            "does not lapse by itself",
            "must stay open",
            "10.9.0.5",
            "1. Block the flow f",
            "tcp/5432",
            "Check",
            "2. Disable the account adm",
            "3. Isolate web-1 (web-1.example, 10.1.0.1)",
            "Begin only when the incident commander has agreed",
            "netsh advfirewall export C:\\bh-g3-3.wfw",
            "Undo",
            "netsh advfirewall import",
            "Report back",
            "tel:+331",
        ],
    );
    check(
        "",
        Lang::Fr,
        &[
            "Ordre de travail\u{202f}: by-hand",
            "doit rester ouvert",
            "Isoler web-1",
            "Défaire",
            "Rendre compte",
        ],
    );
}

#[test]
fn it_speaks_the_language_of_the_product() {
    check(
        "FortiGate 100F",
        Lang::En,
        &[
            "config firewall address",
            "set subnet 10.1.0.1 255.255.255.255",
            "set tcp-portrange 5432",
            "set action deny",
            "diagnose sys session clear",
        ],
    );
    check(
        "Cisco ASA",
        Lang::En,
        &[
            "access-list <ACL> line 1 extended deny tcp host 10.1.0.1 host 10.2.0.1 eq 5432",
            "extended permit tcp host 10.9.0.5 host 10.1.0.1 eq 22",
            "clear conn address 10.1.0.1 address 10.2.0.1",
            "no access-list <ACL> extended deny",
        ],
    );
    check(
        "Cisco IOS XE",
        Lang::En,
        &[
            "ip access-list extended <ACL>",
            "1 permit tcp host 10.9.0.5",
            "deny tcp host 10.1.0.1 host 10.2.0.1 eq 5432",
        ],
    );
    check(
        "Active Directory",
        Lang::En,
        &[
            "Disable-ADAccount -Identity 'adm'",
            "repadmin /syncall",
            "Get-ADUser 'adm'",
            "Enable-ADAccount -Identity 'adm'",
        ],
    );
    check("CrowdStrike Falcon", Lang::Fr, &["Isoler", "CrowdStrike Falcon", "Lever l'isolement"]);
    check(
        "Palo Alto PA-440",
        Lang::En,
        &["In Palo Alto PA-440, put the rules above at the head of the list, under the name bh-g3-1"],
    );
}
