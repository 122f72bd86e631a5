//! Corners of the contract on estates of two or three assets, as an examiner with a brute-force planner found them.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planned, Planner, Request, plan};
use bulkhead_model::case::{Attitude, BaselineName};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use serde_json::{Value, json};

/// An estate of one zone with these sections.
fn estate(mut sections: Value) -> Estate {
    let head = json!({"version": 1, "estate": {"id": "t", "name": "T"}});
    for (key, value) in head.as_object().unwrap() {
        sections[key] = value.clone();
    }
    serde_json::from_value(sections).unwrap()
}

fn planned(estate: &Estate, compromised: &[&str], attitude: Attitude) -> Planned {
    let compromised: Vec<AssetId> = compromised.iter().map(|&it| it.into()).collect();
    plan(&Request { attitude, ..Request::new(estate, &compromised, &MovementPorts::default()) }).unwrap()
}

/// Two hosts in the attacker's reach, a vault behind, and an account that opens `means` to it.
#[track_caller]
fn check_disabled(protected: &[&str], flows: &Value, management: &Value, expect: &str) {
    let estate = estate(json!({
        "zones": [{"id": "z"}],
        "assets": [
            {"id": "pc", "zone": "z", "addresses": ["10.0.0.2"]},
            {"id": "console", "zone": "z", "exploitable": ["tcp/8080"]},
            {"id": "vault", "zone": "z", "crown_jewel": true},
        ],
        "identities": [{"id": "adm", "rights": [{"on": {"asset": "vault"}, "via": ["smb"]}], "secrets_on": [{"asset": "pc"}]}],
        "flows": flows,
        "enforcement_points": [{"id": "idp", "kind": "simulated", "can": ["disable_identity"]}],
        "management": management,
        "protected_addresses": protected,
    }));
    let plan = planned(&estate, &["pc"], Attitude::Credential).plan;
    let cuts: Vec<_> = plan.actions.iter().map(|it| (it.id.as_str(), it.cuts.clone())).collect();
    assert_eq!(cuts, [("disable_identity:adm@idp", vec![expect.to_owned()])]);
}

/// No rule may block a protected address or a management channel, but who may no longer log on does not move there either.
#[test]
fn a_disabled_identity_cuts_moves_that_no_rule_may_block() {
    let files =
        json!([{"id": "files", "from": {"asset": "pc"}, "to": {"asset": "vault"}, "ports": ["tcp/445"]}]);
    check_disabled(&["10.0.0.0/24"], &files, &json!([]), "pc -> vault (files tcp/445)");
    let web =
        json!([{"id": "web", "from": {"asset": "pc"}, "to": {"asset": "console"}, "ports": ["tcp/8080"]}]);
    let channel = json!([{"from": {"asset": "console"}, "to": {"asset": "vault"}, "ports": ["tcp/445"]}]);
    check_disabled(&[], &web, &channel, "console -> vault (management:0 tcp/445)");
}

#[track_caller]
fn check_isolate_all(outside: bool, compromised: &[&str], expect: bool) {
    let mut sections = json!({
        "zones": [{"id": "z"}],
        "assets": [{"id": "alone", "zone": "z"}, {"id": "pc", "zone": "z"}, {"id": "server", "zone": "z"}],
        "flows": [{"id": "web", "from": {"asset": "pc"}, "to": {"asset": "server"}, "ports": ["tcp/443"]}],
        "enforcement_points": [{"id": "agents", "kind": "simulated", "hosts": {"asset": "server"}, "can": ["isolate"]}],
    });
    if outside {
        let list = |of: &mut Value, it: Value| of.as_array_mut().unwrap().push(it);
        list(&mut sections["zones"], json!({"id": "out", "external": true}));
        list(&mut sections["assets"], json!({"id": "internet", "zone": "out"}));
        let updates = json!({"id": "updates", "from": {"asset": "server"}, "to": {"zone": "out"}, "ports": ["tcp/443"]});
        list(&mut sections["flows"], updates);
    }
    let plan = planned(&estate(sections), compromised, Attitude::Movement).plan;
    let isolate_all = plan.baselines.iter().find(|it| it.name == BaselineName::IsolateAll).unwrap();
    assert_eq!(isolate_all.feasible, expect, "{compromised:?}");
}

#[test]
fn isolating_what_has_no_flows_takes_no_point() {
    check_isolate_all(true, &["alone"], true);
    check_isolate_all(true, &["alone", "server"], true);
    check_isolate_all(true, &["alone", "pc"], false);
}

/// Where no flow tells how anybody talks to the outside, a host without flows may talk by what nobody declared.
#[test]
fn but_an_agent_where_nothing_outside_is_declared() {
    check_isolate_all(false, &["alone"], false);
    check_isolate_all(false, &["server"], true);
}

#[track_caller]
fn check_points(covers: &[(&str, &[[&str; 2]])], expect: &[&str]) {
    let points = covers
        .iter()
        .map(|(id, covers)| json!({"id": id, "kind": "simulated", "covers": covers, "can": ["isolate"]}));
    let estate = estate(json!({
        "zones": [{"id": "a"}, {"id": "b"}],
        "assets": [{"id": "pc", "zone": "a"}, {"id": "server", "zone": "b"}],
        "flows": [
            {"id": "web", "from": {"asset": "pc"}, "to": {"asset": "server"}, "ports": ["tcp/443"]},
            {"id": "push", "from": {"asset": "server"}, "to": {"asset": "pc"}, "ports": ["tcp/8443"]},
        ],
        "enforcement_points": points.collect::<Vec<_>>(),
    }));
    let (compromised, ports) = (["pc".into()], MovementPorts::default());
    let possible = Planner::new(&estate, &ports)
        .possible(&Request { attitude: Attitude::Strict, ..Request::new(&estate, &compromised, &ports) });
    let ids: Vec<String> = possible.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, expect);
}

#[test]
fn an_isolation_takes_no_more_points_than_it_needs() {
    let (there, back): ([&str; 2], [&str; 2]) = (["a", "b"], ["b", "a"]);
    check_points(&[("p", &[there]), ("q", &[there, back])], &["isolate:pc@q", "isolate:server@q"]);
    check_points(&[("p", &[there]), ("q", &[back])], &["isolate:pc@p+q", "isolate:server@p+q"]);
    check_points(&[("p", &[there])], &[]);
}

#[track_caller]
fn check_doubted(suspected: &[(&str, f64)], expect: &[&str]) {
    let estate = estate(
        json!({"zones": [{"id": "z"}], "assets": [{"id": "pc", "zone": "z"}, {"id": "server", "zone": "z"}]}),
    );
    let suspected: Vec<(AssetId, f64)> = suspected.iter().map(|&(id, of)| (id.into(), of)).collect();
    let (compromised, ports) = (["pc".into()], MovementPorts::default());
    let request = Request { suspected: &suspected, ..Request::new(&estate, &compromised, &ports) };
    let notes = plan(&request).unwrap().plan.not_done.into_iter().map(|it| it.what);
    let told: Vec<String> = notes.filter(|it| it.contains("treated as compromised")).collect();
    assert_eq!(told, expect);
}

#[test]
fn only_who_is_not_known_to_be_compromised_is_doubted() {
    check_doubted(&[("server", 0.2)], &["server was not treated as compromised"]);
    check_doubted(&[("server", 0.5)], &[]);
    check_doubted(&[("pc", 0.2)], &[]);
}
