//! Steering a plan: forced and forbidden actions, points that do not answer, an approval budget, and what a refusal says.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Planner, Request, plan};
use bulkhead_model::case::Approval;
use bulkhead_model::id::{AssetId, PointId};
use expect_test::{Expect, expect};

use crate::brute_force::case;
use crate::random::Shape;
use crate::rendering::estate;

#[derive(Default)]
struct Wish<'w> {
    forced: &'w [&'w str],
    forbidden: &'w [&'w str],
    unavailable: &'w [&'w str],
    approvals: Option<u32>,
}

/// Plans with the application server compromised and lists the actions, or the refusal.
fn check(wish: &Wish<'_>, expect: &Expect) {
    let estate = estate();
    let ports = MovementPorts::default();
    let compromised: [AssetId; 1] = ["app".into()];
    let owned = |of: &[&str]| of.iter().map(|&it| it.to_owned()).collect::<Vec<String>>();
    let points: Vec<PointId> = wish.unavailable.iter().map(|&it| it.into()).collect();
    let request = Request {
        forced: &owned(wish.forced),
        forbidden: &owned(wish.forbidden),
        unavailable_points: &points,
        approval_budget: wish.approvals,
        ..Request::new(&estate, &compromised, &ports)
    };
    let text = match plan(&request) {
        Ok(planned) => {
            let actions: Vec<String> =
                planned.plan.actions.iter().map(|it| format!("{} {:?}", it.id, it.approval)).collect();
            format!("{}: {}", planned.plan.objective.total, actions.join(", "))
        }
        Err(err) => err.to_string(),
    };
    expect.assert_eq(&text);
}

#[test]
fn left_alone() {
    check(&Wish::default(), &expect!["120500: isolate:app@agents ServiceOwner"]);
}

#[test]
fn forbidden_actions_are_not_taken() {
    check(
        &Wish { forbidden: &["isolate:app@agents"], ..Wish::default() },
        &expect!["140100: block_flow:app-vault@fw ServiceOwner"],
    );
}

#[test]
fn forced_actions_are_taken() {
    check(
        &Wish { forced: &["isolate:vault@agents"], ..Wish::default() },
        &expect!["121000: isolate:app@agents ServiceOwner, isolate:vault@agents ServiceOwner"],
    );
}

#[test]
fn a_forced_action_that_cannot_be_is_refused() {
    check(
        &Wish { forced: &["isolate:pc-1@agents"], ..Wish::default() },
        &expect![
            "no action `isolate:pc-1@agents` is possible here: no enforcement point that exists and answers can do it, or it blocks nothing an action may block"
        ],
    );
}

#[test]
fn a_refusal_names_the_rule_and_what_would_help() {
    check(
        &Wish { unavailable: &["fw", "agents"], ..Wish::default() },
        &expect![
            "no plan keeps the attacker from `vault` (no crown jewel may be reachable): no enforcement point that exists and answers can cut these moves; the smallest relaxation that helps: bring fw back"
        ],
    );
    check(
        &Wish {
            unavailable: &["agents"],
            forbidden: &["block_flow:app-vault@fw", "segment:data->data@fw"],
            ..Wish::default()
        },
        &expect![
            "no plan keeps the attacker from `vault` (no crown jewel may be reachable): no enforcement point that exists and answers can cut these moves; the smallest relaxation that helps: bring agents back"
        ],
    );
    check(
        &Wish { approvals: Some(0), ..Wish::default() },
        &expect![
            "no plan keeps the attacker from `what is protected` (no crown jewel, identity provider or enforcement point may be reachable): only 0 actions may need approval; the smallest relaxation that helps: allow 1 action that needs approval"
        ],
    );
}

#[test]
fn every_action_is_explained() {
    let estate = estate();
    let ports = MovementPorts::default();
    let compromised: [AssetId; 2] = ["app".into(), "pc-1".into()];
    let request = Request::new(&estate, &compromised, &ports);
    let planner = Planner::new(&estate, &ports);
    let planned = planner.plan(&request, None).unwrap();
    let mut text = String::new();
    for it in planner.explain(&request, &planned.plan).unwrap() {
        text += &format!(
            "{} opens {:?} protected {:?} worth {}, a foothold to {:?}\n",
            it.action, it.opens, it.protected, it.exposure, it.footholds
        );
        for path in &it.paths {
            text += &format!("  {}\n", path.join(", "));
        }
        for hit in &it.breaks {
            text += &format!(
                "  breaks {} {:?} {}/h {:?}\n",
                hit.service, hit.state, hit.value_per_hour, hit.customers
            );
        }
    }
    expect![[r#"
        block_flow:office-rdp@fw:from=pc-1 opens [AssetId("vault")] protected [AssetId("vault")] worth 0, a foothold to []
          pc-1 -> vault (office-rdp tcp/3389)
        isolate:app@agents opens [AssetId("vault")] protected [AssetId("vault")] worth 0, a foothold to ["app"]
          app -> vault (app-vault tcp/5432)
          breaks shop Down 5000/h [Customers { segment: "consumer", count: 1000 }]
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_needed_flow_on_the_ports_of_a_blocked_one_is_pointed_out() {
    let mut estate = estate();
    let text = r#"[{"id": "remote-care", "from": {"asset": "pc-1"}, "to": {"asset": "app"}, "ports": ["tcp/3389"], "movement": "no"}]"#;
    estate.flows.extend(serde_json::from_str::<Vec<_>>(text).unwrap());
    let service =
        r#"{"id": "care", "name": "Care", "value_per_hour": 100, "requires": {"flow": "remote-care"}}"#;
    estate.services.push(serde_json::from_str(service).unwrap());
    let (compromised, ports) = ([AssetId::from("pc-1")], MovementPorts::default());
    let planned = plan(&Request::new(&estate, &compromised, &ports)).unwrap();
    let notes: Vec<&str> = planned.plan.not_done.iter().map(|it| it.what.as_str()).collect();
    expect![[r#"
        1 entity keeps a foothold: pc-1 (way out unknown)
        ways out were not told apart
        2 more assets would stay reachable under `strict`: app, vault
        remote-care was not kept apart from office-rdp, which is blocked"#]]
    .assert_eq(&notes.join("\n"));
}

#[test]
fn stages_begin_with_what_nobody_must_approve() {
    let estate = estate();
    let (compromised, ports) = ([AssetId::from("pc-1"), AssetId::from("app")], MovementPorts::default());
    let planned = plan(&Request::new(&estate, &compromised, &ports)).unwrap();
    let stages: Vec<String> = planned
        .stages
        .iter()
        .map(|it| {
            format!(
                "{:?}: {:?}, {} exposed, {} protected, {} footholds",
                it.approval, it.actions, it.exposed, it.protected_exposed, it.footholds
            )
        })
        .collect();
    let expected = [
        r#"Automatic: ["block_flow:office-rdp@fw:from=pc-1"], 1 exposed, 1 protected, 2 footholds"#,
        r#"ServiceOwner: ["isolate:app@agents"], 0 exposed, 0 protected, 1 footholds"#,
    ];
    assert_eq!(stages, expected);
}

#[test]
fn no_more_actions_need_approval_than_may() {
    let ports = MovementPorts::default();
    let (mut planned, mut bound) = (0, 0);
    for seed in 0..900 {
        let case = case(seed, Shape { assets: 9, flows: 5, management: false, protected: false });
        let free =
            Request { attitude: case.attitude, ..Request::new(&case.estate, &case.compromised, &ports) };
        let approved = |request: &Request<'_>| {
            let actions = plan(request).ok()?.plan.actions;
            Some(actions.iter().filter(|it| it.approval != Approval::Automatic).count())
        };
        let budget = seed % 4 / 3;
        let Some(needing) = approved(&Request { approval_budget: Some(budget as u32), ..free.clone() })
        else {
            continue;
        };
        assert!(needing as u64 <= budget, "seed {seed}: {needing} of {budget}");
        planned += 1;
        bound += u32::from(approved(&free).is_some_and(|it| it as u64 > budget));
    }
    assert!(planned > 400 && bound > 12, "{planned} planned, the budget mattered in {bound}");
}

#[test]
fn an_isolation_may_be_forced_at_two_points() {
    let mut estate = estate();
    let mut second = estate.enforcement_points.iter().find(|it| it.id.as_str() == "agents").unwrap().clone();
    second.id = "edr".into();
    estate.enforcement_points.push(second);
    let (ports, compromised) = (MovementPorts::default(), [AssetId::from("app")]);
    let forced = ["isolate:vault@agents".to_owned(), "isolate:vault@edr".to_owned()];
    let planned = plan(&Request { forced: &forced, ..Request::new(&estate, &compromised, &ports) }).unwrap();
    let ids: Vec<&str> = planned.plan.actions.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["isolate:app@agents", "isolate:vault@agents", "isolate:vault@edr"]);
    assert!((planned.plan.objective.operating - 1500.0).abs() < 1e-9);
}
