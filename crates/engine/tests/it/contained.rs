//! Contained says only what holds: something was done, it was read back, and what stays was accepted by name.

use bulkhead_engine::run::{Outcome, run, step};
use bulkhead_engine::{Command, Fact, State, Via};
use bulkhead_model::case::{EntityKind, EntityRef, IncidentState, ResidualWhy};

use crate::fake::{Fake, Script, World, at, entity, incident};
use crate::lifecycle::{play, policy};

fn went(state: &State) -> Vec<IncidentState> {
    state.milestones.iter().map(|(_, it)| *it).collect()
}

#[test]
fn a_plan_without_actions_contains_nothing() {
    let (state, outcome, fake) = play(Script { idle: true, ..Script::default() });
    assert_eq!((outcome, went(&state)), (Outcome::Resting, vec![IncidentState::Declared]));
    let holds =
        fake.world.journal.iter().any(|it| matches!(&it.fact, Fact::CertificateChecked(it) if it.holds));
    assert!(holds, "although the proof holds");
}

#[test]
fn what_stays_must_be_accepted_by_name() {
    let script = Script { footholds: vec!["db-1".into(), "web-1".into()], ..Script::default() };
    let (state, outcome, mut fake) = play(script);
    assert_eq!((outcome, went(&state)), (Outcome::Resting, vec![IncidentState::Declared]));
    let accept = |id: &str| Command::AcceptResidual {
        entity: EntityRef::asset(id),
        why: ResidualWhy::Foothold,
        by: "corp\\bob".into(),
        via: Via::Asked,
    };
    let (state, taken) = step(state, &accept("app-7"), &policy(), &mut fake).unwrap();
    assert!(!taken, "what does not stay cannot be accepted");
    let (state, _) = step(state, &accept("db-1"), &policy(), &mut fake).unwrap();
    assert_eq!(state.phase(), Some(IncidentState::Declared), "one of two");
    let (state, _) = step(state, &accept("web-1"), &policy(), &mut fake).unwrap();
    assert_eq!(state.phase(), Some(IncidentState::Contained));
    let last = fake.world.journal.iter().rev().find_map(|it| match &it.fact {
        Fact::IncidentAdvanced(it) => Some(it.except.clone()),
        _ => None,
    });
    assert_eq!(last, Some(vec![EntityRef::asset("db-1"), EntityRef::asset("web-1")]));
    let by: Vec<_> = state.residual().into_iter().filter_map(|it| it.accepted).map(|it| it.by).collect();
    assert_eq!(by, ["corp\\bob", "corp\\bob"]);
    let (_, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!(outcome, Outcome::Closed);
}

#[test]
fn what_is_within_reach_stays_too() {
    let mut fake = Fake::new(Script::default(), World::default(), at(10));
    let declare = Command::DeclareIncident(incident(&[("web-1", 1)]));
    let (state, _) = step(State::default(), &declare, &policy(), &mut fake).unwrap();
    let Command::ProposeContainment { mut plan, rules, reach } = Script::default().proposal(&state, 1) else {
        panic!("a proposal")
    };
    let stays = serde_json::json!([{"entity": "app-7", "kind": "asset", "why": "within_reach"}]);
    plan.residual = serde_json::from_value(stays).unwrap();
    let (state, _) =
        step(state, &Command::ProposeContainment { plan, rules, reach }, &policy(), &mut fake).unwrap();
    let (state, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!((outcome, state.phase()), (Outcome::Resting, Some(IncidentState::Declared)));
    assert_eq!(state.residual().len(), 1);
}

#[test]
fn what_was_contained_is_so_no_longer_once_a_point_is_lost() {
    let (state, _, fake) = play(Script::default());
    let contained = |it: &Fact| matches!(it, Fact::IncidentAdvanced(it) if it.to == IncidentState::Contained);
    let end = fake.world.journal.iter().position(|it| contained(&it.fact)).unwrap();
    let mut state_then = bulkhead_engine::replay(fake.world.journal[..=end].to_vec());
    assert_eq!(state_then.phase(), Some(IncidentState::Contained));
    let mut fake = Fake::new(Script::default(), World::default(), at(100));
    let point = state.containment.points.keys().next().unwrap().clone();
    let generation = state_then.containment.generation;
    for command in [
        Command::RenewLease(point.clone()),
        Command::RecordPointFailure { generation, point, why: "gone".into(), retry: false },
    ] {
        state_then = step(state_then, &command, &policy(), &mut fake).unwrap().0;
    }
    assert_eq!(state_then.phase(), Some(IncidentState::Declared));
}

#[test]
fn a_host_and_an_account_of_one_name_are_two() {
    let mut fake = Fake::new(Script::default(), World::default(), at(10));
    let mut twins = incident(&[("web-1", 1), ("db-1", 2)]);
    twins.compromised.push(entity("web-1", EntityKind::Identity, 1));
    let (state, _) = step(State::default(), &Command::DeclareIncident(twins), &policy(), &mut fake).unwrap();
    let (state, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!((outcome, state.compromised().count()), (Outcome::Closed, 0));
    let rebuilt = fake.world.steps_done.keys().any(|it| it.contains("web-1/restore"));
    assert!(rebuilt, "the host is rebuilt although the account was clean before it");
    let eradicated =
        |it: &Fact| matches!(it, Fact::IncidentAdvanced(it) if it.to == IncidentState::Eradicated);
    let end = fake.world.journal.iter().position(|it| eradicated(&it.fact)).unwrap();
    let then = bulkhead_engine::replay(fake.world.journal[..=end].to_vec());
    let left: Vec<EntityRef> = then.compromised().map(bulkhead_model::case::Entity::key).collect();
    assert_eq!(left, [EntityRef::asset("web-1"), EntityRef::asset("db-1")]);
}
