//! Ways out on an estate that can be followed by hand: an office behind a proxy, remote help from outside, one firewall.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Request, plan};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId};
use serde_json::{Value, json};

fn estate(more: &Value) -> Estate {
    let mut value = json!({
        "version": 1, "estate": {"id": "office", "name": "Office"},
        "zones": [{"id": "office"}, {"id": "dmz"}, {"id": "out", "external": true}],
        "assets": [
            {"id": "pc-1", "zone": "office", "value": 2000},
            {"id": "pc-2", "zone": "office", "value": 2000},
            {"id": "proxy", "zone": "dmz", "value": 8000, "relay": true},
            {"id": "internet", "zone": "out"},
        ],
        "identities": [{"id": "help", "rights": [{"on": {"asset": "pc-2"}, "via": ["rdp"]}], "value": 900}],
        "flows": [
            {"id": "web", "from": {"zone": "office"}, "to": {"asset": "proxy"}, "ports": ["tcp/3128"]},
            {"id": "proxy-out", "from": {"asset": "proxy"}, "to": {"zone": "out"}, "ports": ["tcp/443"], "movement": "no"},
            {"id": "remote-help", "from": {"zone": "out"}, "to": {"asset": "pc-2"}, "ports": ["tcp/3389"]},
            {"id": "peers", "from": {"asset": "pc-1"}, "to": {"asset": "pc-2"}, "ports": ["tcp/8080"]},
        ],
        "enforcement_points": [{
            "id": "fw", "kind": "simulated", "can": ["block_flow", "segment"],
            "covers": [["office", "dmz"], ["dmz", "out"], ["out", "office"]],
        }],
    });
    for (key, it) in more.as_object().unwrap() {
        value[key] = it.clone();
    }
    serde_json::from_value(value).unwrap()
}

/// The plan against these assets and accounts: what it costs, what it does, what stays, and what it takes to be silent.
#[track_caller]
fn check(more: &Value, compromised: &[&str], accounts: &[&str], expect: &[&str]) {
    let (estate, ports) = (estate(more), MovementPorts::default());
    let compromised: Vec<AssetId> = compromised.iter().map(|&it| it.into()).collect();
    let identities: Vec<IdentityId> = accounts.iter().map(|&it| it.into()).collect();
    let request = Request { identities: &identities, ..Request::new(&estate, &compromised, &ports) };
    let plan = plan(&request).unwrap().plan;
    let mut told = vec![format!("{} of which {} foothold", plan.objective.total, plan.objective.foothold)];
    told.extend(plan.actions.iter().map(|it| format!("{} {:?}", it.id, it.approval)));
    told.extend(plan.residual.iter().map(|it| format!("stays: {} {:?} {:?}", it.entity, it.why, it.way_out)));
    let silent = plan.alternatives.iter().find(|it| it.name == "silent").unwrap();
    told.extend(silent.prevented.iter().map(|it| format!("not silent: {it}")));
    assert_eq!(told, expect);
}

#[test]
fn a_host_talks_over_the_proxy() {
    check(&json!({}), &["pc-1"], &[], &["100 of which 0 foothold", "block_flow:web@fw:from=pc-1 Automatic"]);
}

/// What reaches in from outside is cut too; nobody knows the price of that, so the commander is asked.
#[test]
fn whoever_opens_the_flow() {
    check(
        &json!({}),
        &["pc-1", "pc-2"],
        &[],
        &["200 of which 0 foothold", "block_flow:web@fw Automatic", "block_flow:remote-help@fw Commander"],
    );
}

/// Neither `movement: no` nor the proxy's being a relay keeps an attacker on it from talking.
#[test]
fn a_compromised_relay_is_cut_off_itself() {
    check(&json!({}), &["proxy"], &[], &["100 of which 0 foothold", "block_flow:proxy-out@fw Automatic"]);
}

/// An account lets its holder in from outside, and stays in the attacker's hands where nothing can disable it.
#[test]
fn an_account_is_a_way_in() {
    check(
        &json!({}),
        &[],
        &["help"],
        &[
            "1000 of which 900 foothold",
            "block_flow:remote-help@fw Commander",
            "stays: help Foothold None",
            "not silent: no action that is allowed, at a point that exists and answers, cuts off help",
        ],
    );
}

/// Where nothing can be done, what stays is told by the flow it talks by, or by whom it talks through.
#[test]
fn what_stays_is_told_by_name() {
    check(
        &json!({"enforcement_points": []}),
        &["pc-1", "pc-2"],
        &[],
        &[
            "4000 of which 4000 foothold",
            "stays: pc-1 Foothold Some(\"web\")",
            "stays: pc-2 Foothold Some(\"web\")",
            "not silent: no action that is allowed, at a point that exists and answers, cuts off pc-1 (web), pc-2 (web)",
        ],
    );
    let flows = json!([
        {"id": "remote-help", "from": {"zone": "out"}, "to": {"asset": "pc-2"}, "ports": ["tcp/443"], "movement": "no"},
        {"id": "peers", "from": {"asset": "pc-1"}, "to": {"asset": "pc-2"}, "ports": ["tcp/8080"]},
    ]);
    check(
        &json!({"enforcement_points": [], "flows": flows}),
        &["pc-1", "pc-2"],
        &[],
        &[
            "4000 of which 4000 foothold",
            "stays: pc-1 Foothold Some(\"asset:pc-2\")",
            "stays: pc-2 Foothold Some(\"remote-help\")",
            "not silent: no action that is allowed, at a point that exists and answers, cuts off pc-1 (asset:pc-2), pc-2 (remote-help)",
        ],
    );
}

/// Unknown means open: where no flow touches an external zone, whoever is not isolated talks.
#[test]
fn nothing_declared_outside_is_not_nothing_there() {
    check(
        &json!({"flows": [], "enforcement_points": []}),
        &["pc-1"],
        &[],
        &[
            "2000 of which 2000 foothold",
            "stays: pc-1 Foothold Some(\"unknown\")",
            "not silent: no action that is allowed, at a point that exists and answers, cuts off pc-1 (unknown)",
        ],
    );
    let agents = json!([{"id": "edr", "kind": "simulated", "hosts": {"any": true}, "can": ["isolate"]}]);
    check(
        &json!({"flows": [], "enforcement_points": agents}),
        &["pc-1"],
        &[],
        &["500 of which 0 foothold", "isolate:pc-1@edr Automatic"],
    );
}

/// What a drafted estate's services lose is a word, not 0.
#[test]
fn a_drafted_estate_knows_no_services() {
    let (estate, ports) = (
        estate(&json!({"estate": {"id": "d", "name": "Drafted", "drafted": true}})),
        MovementPorts::default(),
    );
    let compromised = ["pc-1".into()];
    let plan = plan(&Request::new(&estate, &compromised, &ports)).unwrap().plan;
    let written = serde_json::to_value(&plan).unwrap();
    assert_eq!(written["objective"]["service_loss"], json!("unknown"));
    assert_eq!(serde_json::from_value::<bulkhead_model::case::Plan>(written).unwrap(), plan);
}
