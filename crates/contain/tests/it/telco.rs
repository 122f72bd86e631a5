//! The example operator: plans for several intrusions, proven optimal, cheaper than what one would otherwise do.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{PlanError, Planned, Planner, Request, certificate, checker, plan};
use bulkhead_model::case::{Attitude, Objective};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, ServiceId};

use crate::random::Dice;

fn telco() -> Estate {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/telco/estate.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let (estate, diagnostics) = bulkhead_model::estate::read(file, &text);
    estate.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

fn check(compromised: &[&str], attitude: Attitude) -> Planned {
    let estate = telco();
    let compromised: Vec<AssetId> = compromised.iter().map(|&it| it.into()).collect();
    let ports = MovementPorts::default();
    let request = Request { attitude, ..Request::new(&estate, &compromised, &ports) };
    let planned = plan(&request).unwrap();
    let certificate = certificate::from_rules(&request, &planned.rules).unwrap();
    let facts = checker::Facts {
        estate: &estate,
        compromised: &compromised,
        identities: &[],
        movement_ports: &ports,
    };
    let verdict = checker::check(&facts, &certificate, &planned.rules);
    assert!(verdict.holds, "{verdict:#?}");
    assert_eq!(verdict.reached, planned.reached);
    println!("{compromised:?} {attitude:?}: {}", summary(&planned));
    planned
}

fn summary(planned: &Planned) -> String {
    let cost = |it: &Objective| {
        format!("{} = {:?} + {} + {} + {}", it.total, it.service_loss, it.exposure, it.foothold, it.operating)
    };
    let mut text =
        format!("{} (gap {}) {:?}\n", cost(&planned.plan.objective), planned.plan.gap, planned.stats);
    for it in &planned.plan.actions {
        text += &format!("  {} cuts {} breaks {:?} {:?}\n", it.id, it.cuts.len(), it.breaks, it.approval);
    }
    for it in &planned.plan.baselines {
        text += &format!("  {:?} feasible {} {}\n", it.name, it.feasible, cost(&it.objective));
    }
    for it in &planned.plan.alternatives {
        text +=
            &format!("  {} gap {} {} ({} actions)\n", it.name, it.gap, cost(&it.objective), it.actions.len());
    }
    for it in &planned.plan.not_done {
        text += &format!("  not done: {}: {}\n", it.what, it.why);
    }
    text
}

#[test]
fn plans_are_optimal_and_cheaper_than_the_baselines() {
    let starts: [&[&str]; 4] = [
        &["b2b-export-1"],
        &["b2b-app-1", "b2b-web-1"],
        &["jump-1", "bastion-1", "b2b-export-1"],
        &["b2b-export-1", "etl-1"],
    ];
    for start in starts {
        for attitude in [Attitude::Movement, Attitude::Credential] {
            let planned = check(start, attitude);
            assert_eq!(planned.plan.gap, 0.0, "{start:?}");
            for baseline in &planned.plan.baselines {
                let cheaper = planned.plan.objective.total <= baseline.objective.total;
                assert!(cheaper || !baseline.feasible, "{start:?}: {baseline:?}");
            }
        }
    }
}

#[test]
fn any_intrusion_has_a_proven_plan_or_a_refusal() {
    let (estate, ports) = (telco(), MovementPorts::default());
    let planner = Planner::new(&estate, &ports);
    let mut dice = Dice::new(11);
    for _ in 0..20 {
        let mut compromised: Vec<AssetId> =
            (0..1 + dice.below(6)).map(|_| dice.pick(&estate.assets).id.clone()).collect();
        compromised.sort();
        compromised.dedup();
        let attitude = *dice.pick(&[Attitude::Movement, Attitude::Strict, Attitude::Credential]);
        let request = Request { attitude, ..Request::new(&estate, &compromised, &ports) };
        match planner.plan(&request, None) {
            Ok(planned) => {
                println!("{compromised:?} {attitude:?}: {}", summary(&planned));
                assert!(planned.plan.gap <= 0.05, "{compromised:?} {attitude:?}: {}", summary(&planned));
                let certificate = certificate::from_rules(&request, &planned.rules).unwrap();
                let facts = checker::Facts {
                    estate: &estate,
                    compromised: &compromised,
                    identities: &[],
                    movement_ports: &ports,
                };
                let verdict = checker::check(&facts, &certificate, &planned.rules);
                assert!(verdict.holds, "{compromised:?} {attitude:?}: {:#?}", verdict.faults);
            }
            Err(err) => {
                println!("{compromised:?} {attitude:?}: {err}");
                assert!(matches!(err, PlanError::Infeasible { .. }), "{err}");
            }
        }
    }
}

#[test]
fn generated_estates_are_read_back_and_planned_over_units() {
    let estate = bulkhead_contain::generate::estate(5_000, 7);
    let text = serde_json::to_string(&estate).unwrap();
    let (read, diagnostics) = bulkhead_model::estate::read("generated.json", &text);
    assert!(read.as_ref() == Some(&estate), "{:?}", diagnostics.iter().take(3).collect::<Vec<_>>());
    let ports = MovementPorts::default();
    let compromised: Vec<AssetId> =
        ["p000-web-1", "p001-batch-1", "o000-workstation-2"].into_iter().map(Into::into).collect();
    let request = Request::new(&estate, &compromised, &ports);
    let planned = plan(&request).unwrap();
    assert_eq!(planned.plan.gap, 0.0);
    let certificate = certificate::from_rules(&request, &planned.rules).unwrap();
    let facts = checker::Facts {
        estate: &estate,
        compromised: &compromised,
        identities: &[],
        movement_ports: &ports,
    };
    let verdict = checker::check(&facts, &certificate, &planned.rules);
    assert!(verdict.holds, "{:#?}", verdict.faults);
    assert_eq!(verdict.reached, planned.reached);
}

#[test]
fn whom_a_plan_may_hit_all_the_same_is_named() {
    let estate = telco();
    let compromised: Vec<AssetId> = ["ws-sales-3", "ws-adm-1", "ws-care-3"].map(AssetId::from).to_vec();
    let ports = MovementPorts::default();
    let planned = plan(&Request::new(&estate, &compromised, &ports)).unwrap();
    assert!(planned.predicted.is_empty(), "{:?}", planned.predicted);
    let doubts: Vec<(&str, Vec<&str>)> = planned
        .plan
        .not_done
        .iter()
        .filter(|it| !it.services.is_empty())
        .map(|it| (it.what.as_str(), it.services.iter().map(ServiceId::as_str).collect()))
        .collect();
    // One filter rule drops both; and of two proxies, gateways and VPN servers each keeps one half of the way.
    let expect = [
        ("staff-to-files was not kept apart from flat:office, which is blocked", "workplace"),
        ("staff-to-mail was not kept apart from flat:office, which is blocked", "office-mail"),
        ("office-to-web and proxy-to-internet stay open through different hosts only", "workplace"),
        ("office-to-mailgw and mailgw-to-internet stay open through different hosts only", "office-mail"),
        ("internet-to-vpn and vpn-to-office stay open through different hosts only", "remote-access"),
    ];
    for (what, service) in expect {
        assert!(doubts.iter().any(|it| it.0 == what && it.1.contains(&service)), "{what}: {doubts:?}");
    }
}
