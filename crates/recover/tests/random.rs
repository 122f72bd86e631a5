//! Random small estates: every plan is feasible, and no bound exceeds what exhaustive search proves.

mod support;

use bulkhead_model::case::RecoveryPlan;
use bulkhead_model::estate::Estate;
use bulkhead_recover::{Policy, Request, plan};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{assert_sound, assets};

/// Up to five assets, four services that need some of them and each other, two crews.
fn estates() -> impl Strategy<Value = Estate> {
    let asset = (0usize..3, 1u64..5, any::<bool>());
    let service = (
        prop::collection::vec(any::<bool>(), 5),
        0usize..4,
        1u32..50,
        prop::option::of(1u64..9),
        any::<bool>(),
    );
    (prop::collection::vec(asset, 2..=5), prop::collection::vec(service, 1..=4), 1u32..3).prop_map(
        |(assets, services, members)| {
            let names: Vec<String> = (0..assets.len()).map(|it| format!("a{it}")).collect();
            let list: Vec<Value> = assets
                .iter()
                .zip(&names)
                .map(|((kind, _, _), id)| {
                    let kind = ["server", "identity_provider", "network_device"][*kind];
                    json!({"id": id, "zone": "z", "kind": kind})
                })
                .collect();
            let procedures: Vec<Value> = assets
                .iter()
                .zip(&names)
                .map(|((_, hours, first), id)| {
                    let crew = if *first { "one" } else { "two" };
                    json!({"for": {"asset": id}, "steps": [
                        {"id": "rebuild", "crew": crew, "duration": {"p50": format!("{hours}h"), "p90": format!("{}h", hours * 3)}},
                        {"id": "verify", "crew": "two", "duration": {"p50": "30m"}, "after": ["rebuild"]}]})
                })
                .collect();
            let services: Vec<Value> = services
                .iter()
                .enumerate()
                .map(|(number, (wants, other, value, mtpd, any))| {
                    let mut needs: Vec<Value> =
                        names.iter().zip(wants).filter(|it| *it.1).map(|it| json!({"asset": it.0})).collect();
                    if *other < number {
                        needs.push(json!({"service": format!("s{other}")}));
                    }
                    let requires = if *any { json!({"at_least": {"n": needs.len().min(1), "of": needs}}) } else { json!({"all": needs}) };
                    let mut service = json!({"id": format!("s{number}"), "name": "S", "value_per_hour": value, "requires": requires});
                    if let Some(hours) = mtpd {
                        service["mtpd"] = json!(format!("{hours}h"));
                        service["degraded"] = json!({"share": 0.3, "requires": {"asset": "a0"}});
                    }
                    service
                })
                .collect();
            serde_json::from_value(json!({
                "version": 1, "estate": {"id": "t", "name": "T"}, "zones": [{"id": "z"}], "assets": list,
                "services": services, "procedures": procedures,
                "crews": [{"id": "one", "members": members}, {"id": "two", "members": 1}]
            }))
            .expect("an estate")
        },
    )
}

fn planned(estate: &Estate, effort: usize, nodes: usize) -> RecoveryPlan {
    let policy = Policy { effort, nodes, ..Policy::default() };
    let ids: Vec<String> = estate.assets.iter().map(|it| it.id.to_string()).collect();
    let lost = assets(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    plan(&Request { estate, lost: &lost, actions: &[], policy: &policy, samples: 0, seed: 1 })
        .expect("a plan")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn plans_are_sound_and_bounds_hold(mut estate in estates()) {
        let quick = planned(&estate, 5, 0);
        assert_sound(&estate, &quick);
        // Deadlines may cost value; without them the exhaustive search gives the least value lost.
        for service in &mut estate.services {
            service.mtpd = None;
        }
        let quick = planned(&estate, 5, 0);
        let exact = planned(&estate, 5, 2_000_000);
        assert_sound(&estate, &exact);
        if quick.stages.len() == exact.stages.len() {
            prop_assert!(exact.objective <= quick.objective * (1.0 + 1e-9));
            prop_assert!(quick.bound <= exact.objective * (1.0 + 1e-9), "{} > {}", quick.bound, exact.objective);
        }
        prop_assert!(exact.gap < 1e-9, "proven: {}", exact.gap);
    }
}
