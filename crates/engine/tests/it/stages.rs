//! What needs nobody's word is done at once; the rest waits for whom it needs, and nothing is lifted meanwhile.

use bulkhead_engine::run::Outcome;
use bulkhead_engine::{Event, Fact, Subject, replay};
use bulkhead_model::case::{Approval, IncidentState};
use bulkhead_model::id::PointId;

use crate::fake::{Fake, Script};
use crate::lifecycle::play;

fn position(fake: &Fake, is_it: impl Fn(&Fact) -> bool) -> usize {
    fake.world.journal.iter().position(|it| is_it(&it.fact)).expect("it happened")
}

fn granted(part: u32) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::ApprovalGiven(it) if it.subject == Subject::ContainmentStage(1, part))
}

fn holds(point: &'static str) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::EnforcementVerified(it) if it.point == PointId::new(point))
}

#[test]
fn automatic_actions_do_not_wait_for_the_commander() {
    let (_, outcome, fake) = play(Script { staged: true, ..Script::default() });
    assert_eq!((outcome, fake.rejections.len()), (Outcome::Closed, 0));
    let (at_once, later) = (position(&fake, holds("fw-a")), position(&fake, holds("fw-b")));
    let word = position(&fake, granted(2));
    assert!(at_once < word && word < later, "{at_once} {word} {later}");
    let contained =
        position(&fake, |it| matches!(it, Fact::IncidentAdvanced(it) if it.to == IncidentState::Contained));
    assert!(later < contained, "contained only when all of it is held");
}

#[test]
fn a_plan_in_parts_gives_the_points_what_a_plan_in_one_gives_them() {
    let whole = play(Script::default()).2;
    let parts = play(Script { staged: true, ..Script::default() }).2;
    assert_eq!(whole.world.fleet, parts.world.fleet);
    let held = |fake: &Fake, at: IncidentState| -> Vec<_> {
        let end = fake
            .world
            .journal
            .iter()
            .position(|it| matches!(&it.fact, Fact::IncidentAdvanced(it) if it.to == at));
        let state = replay(fake.world.journal[..end.unwrap()].to_vec());
        state.held().cloned().collect()
    };
    assert_eq!(held(&whole, IncidentState::Contained), held(&parts, IncidentState::Contained));
}

/// After every prefix of a run: no point was told more than what was approved, or less than it was told before.
#[test]
fn no_point_is_ever_told_what_nobody_approved() {
    let mut script = Script { staged: true, lease_s: 200, ..Script::default() };
    script.point_failures = [("fw-a".to_owned(), 2), ("fw-b".to_owned(), u32::MAX)].into();
    script.liars.insert("fw-c".into());
    script.relapse = Some((Some(2), "app-9".into()));
    let journal = play(script).2.world.journal;
    for n in 1..=journal.len() {
        check_told(&journal[..n]);
    }
}

fn check_told(prefix: &[Event]) {
    let state = replay(prefix.to_vec());
    let mut approved: Vec<String> = Vec::new();
    for event in prefix {
        let Fact::ContainmentProposed(it) = &event.fact else { continue };
        let given = |n: u32| {
            let asked = state.approvals.get(&Subject::ContainmentStage(it.plan.generation, n));
            asked.is_some_and(bulkhead_engine::state::Approvals::granted)
        };
        approved.extend(it.stages.iter().filter(|it| given(it.n)).flat_map(|it| it.actions.clone()));
    }
    for point in state.containment.points.values() {
        let told = point.wanted.rules.iter().filter_map(|it| it.action.clone());
        let told: Vec<String> = told.collect();
        assert!(told.iter().all(|it| approved.contains(it)), "{} was told {told:?}", point.wanted.point);
    }
}

#[test]
fn an_action_of_each_kind_of_approval_waits_for_its_own_roles() {
    let (_, _, fake) = play(Script { staged: true, ..Script::default() });
    let proposed = fake.world.journal.iter().find_map(|it| match &it.fact {
        Fact::ContainmentProposed(it) => Some(it.clone()),
        _ => None,
    });
    let proposed = proposed.unwrap();
    assert_eq!(proposed.plan.actions.iter().map(|it| it.approval).max(), Some(Approval::ServiceOwner));
    let parts: Vec<(u32, Vec<&str>, usize)> = proposed
        .stages
        .iter()
        .map(|it| (it.n, it.roles.iter().map(String::as_str).collect(), it.actions.len()))
        .collect();
    assert_eq!(parts, [(1, vec!["policy"], 1), (2, vec!["incident_commander", "service_owner"], 1)]);
    assert_eq!(proposed.stages[0].exposed, Some(1), "as the planner computed it");
}
