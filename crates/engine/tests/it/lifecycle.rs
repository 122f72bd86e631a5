//! A whole incident on the fake fleet, smooth and otherwise.

use bulkhead_engine::run::{Outcome, run, step};
use bulkhead_engine::{Command, Policy, State, Subject};
use bulkhead_model::case::IncidentState;

use crate::fake::{Fake, Script, World, at, incident};

pub fn policy() -> Policy {
    Policy { monitoring_s: 24 * 3600, ..Policy::default() }
}

/// Declares an incident and runs until nothing is left to do.
pub fn play(script: Script) -> (State, Outcome, Fake) {
    let mut fake = Fake::new(script, World::default(), at(10));
    let declare = Command::DeclareIncident(incident(&[("web-1", 1), ("db-1", 2)]));
    let (state, _) = step(State::default(), &declare, &policy(), &mut fake).unwrap();
    let (state, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    (state, outcome, fake)
}

fn kinds(fake: &Fake) -> Vec<&'static str> {
    fake.world.journal.iter().map(|it| it.fact.kind()).collect()
}

fn count(fake: &Fake, kind: &str) -> usize {
    kinds(fake).iter().filter(|it| **it == kind).count()
}

#[test]
fn a_smooth_incident_goes_through_every_state_once() {
    let (state, outcome, fake) = play(Script::default());
    assert_eq!(outcome, Outcome::Closed);
    let went: Vec<IncidentState> = state.milestones.iter().map(|(_, it)| *it).collect();
    use IncidentState::*;
    assert_eq!(went, [Declared, Contained, Eradicated, Recovering, Monitoring, Closed]);
    assert_eq!(fake.rejections, []);
    assert!(fake.world.fleet.values().all(|it| it.rules.is_empty()), "everything is let out again");
    assert_eq!(state.containment.generation, 3, "one plan to contain, one for each stage let out");
    assert!(fake.world.steps_done.values().all(|it| *it == 1));
    assert_eq!(state.recovery.opened.len(), 2);
}

#[test]
fn a_point_that_fails_is_tried_again_and_one_that_never_answers_is_done_without() {
    let mut script = Script::default();
    script.point_failures.insert("fw-a".into(), 2);
    script.point_failures.insert("fw-b".into(), u32::MAX);
    let (state, outcome, fake) = play(script);
    assert_eq!(outcome, Outcome::Closed);
    assert_eq!(fake.rejections, []);
    assert_eq!(count(&fake, "point_lost"), 1);
    assert!(state.containment.lost.contains("fw-b"));
    assert!(fake.world.fleet.contains_key("fw-c"), "the next plan goes another way");
    assert!(count(&fake, "enforcement_failed") >= 5);
}

#[test]
fn a_point_that_holds_something_else_is_not_believed() {
    let mut script = Script::default();
    script.liars.insert("fw-a".into());
    let (_, outcome, fake) = play(script);
    assert_eq!(outcome, Outcome::Closed);
    let first = kinds(&fake).iter().position(|it| *it == "enforcement_failed").unwrap();
    assert_eq!(kinds(&fake)[first - 1], "enforcement_read_back");
}

#[test]
fn a_certificate_that_does_not_hold_contains_nothing() {
    let script = Script { bad_certificate: Some(1), ..Script::default() };
    let (state, outcome, fake) = play(script);
    assert_eq!(outcome, Outcome::Closed);
    let kinds = kinds(&fake);
    let contained = kinds.iter().position(|it| *it == "incident_advanced").unwrap();
    assert_eq!(kinds[..contained].iter().filter(|it| **it == "certificate_checked").count(), 2);
    assert!(state.containment.generation > 3);
}

#[test]
fn a_failing_step_is_tried_again_and_at_last_left_to_a_person() {
    let mut script = Script::default();
    script.step_failures.insert("web-1/restore".into(), 2);
    let (_, outcome, fake) = play(script.clone());
    assert_eq!(outcome, Outcome::Closed);
    assert_eq!(count(&fake, "step_failed"), 2);
    script.step_failures.insert("web-1/restore".into(), 3);
    let (state, outcome, mut fake) = play(script);
    // Leases go on being renewed, so the run does not rest by itself.
    assert_eq!((outcome, state.phase()), (Outcome::Resting, Some(IncidentState::Recovering)));
    let (state, _) = step(state, &Command::RetryStep("web-1/restore".into()), &policy(), &mut fake).unwrap();
    let (_, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!(outcome, Outcome::Closed);
}

#[test]
fn a_gate_that_does_not_hold_is_looked_at_again() {
    let script = Script { gate_fails_once: true, ..Script::default() };
    let (state, outcome, fake) = play(script);
    assert_eq!((outcome, state.recovery.opened.len()), (Outcome::Closed, 2));
    assert_eq!(count(&fake, "gate_recheck_due"), 2);
}

#[test]
fn a_relapse_goes_back_to_containment_with_a_higher_generation() {
    for (stage, host) in [(Some(1), "web-1"), (Some(1), "app-9"), (Some(2), "web-1"), (None, "db-1")] {
        let script = Script { relapse: Some((stage, host.into())), ..Script::default() };
        let (state, outcome, fake) = play(script);
        assert_eq!((outcome, state.relapses), (Outcome::Closed, 1), "{stage:?} {host}");
        let declared = state.milestones.iter().filter(|(_, it)| *it == IncidentState::Declared).count();
        assert_eq!(declared, 2);
        let generations: Vec<u64> = fake
            .world
            .journal
            .iter()
            .filter_map(|it| match &it.fact {
                bulkhead_engine::Fact::ContainmentProposed(it) => Some(it.plan.generation),
                _ => None,
            })
            .collect();
        assert!(generations.windows(2).all(|it| it[0] < it[1]), "{generations:?}");
        let left: Vec<_> = fake.world.fleet.values().filter(|it| !it.rules.is_empty()).collect();
        assert!(left.is_empty(), "{stage:?} {host}: {left:?} {:?}", fake.rejections);
    }
}

#[test]
fn what_was_only_suspected_is_let_out_with_the_last_stage() {
    let mut fake = Fake::new(Script::default(), World::default(), at(10));
    let mut suspicious = incident(&[("web-1", 1)]);
    suspicious.suspected.push(crate::fake::entity("app-7", bulkhead_model::case::EntityKind::Asset, 3));
    let (state, _) =
        step(State::default(), &Command::DeclareIncident(suspicious), &policy(), &mut fake).unwrap();
    let (state, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!(outcome, Outcome::Closed);
    assert_eq!((state.compromised().count(), state.suspected().count()), (0, 0));
}

#[test]
fn what_is_refused_is_not_done() {
    let mut fake = Fake::new(Script::default(), World::default(), at(10));
    let declare = Command::DeclareIncident(incident(&[("web-1", 1)]));
    let (mut state, _) = step(State::default(), &declare, &policy(), &mut fake).unwrap();
    let propose = Script::default().proposal(&state, 1);
    let refuse = Command::Refuse {
        subject: Subject::ContainmentStage(1, 1),
        role: "incident_commander".into(),
        by: "corp\\bob".into(),
        why: "not during the match".into(),
    };
    for command in [propose, refuse] {
        state = step(state, &command, &policy(), &mut fake).unwrap().0;
    }
    let (state, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!((outcome, state.phase()), (Outcome::Resting, Some(IncidentState::Declared)));
    assert!(fake.world.fleet.is_empty());
    // Asking for another plan goes on from there.
    let again = Command::RequestReplan { by: "corp\\bob".into(), why: "the match is over".into() };
    let (state, _) = step(state, &again, &policy(), &mut fake).unwrap();
    let (_, outcome) = run(state, &policy(), &mut fake, false).unwrap();
    assert_eq!(outcome, Outcome::Closed);
}
