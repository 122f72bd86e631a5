//! Killing the process at any record and starting it again ends where it would have ended.

use bulkhead_engine::run::{Outcome, run, step};
use bulkhead_engine::{Command, Event, Fact, State, evolve, replay};

use crate::fake::{Crash, Fake, Script, World, at, incident};
use crate::lifecycle::policy;

/// Everything that can go wrong goes wrong.
fn script() -> Script {
    let mut script =
        Script { gate_fails_once: true, bad_certificate: Some(2), staged: true, ..Script::default() };
    (script.footholds, script.accepts) = (vec!["db-1".into()], vec!["db-1".into()]);
    script.point_failures = [("fw-a".to_owned(), 1), ("fw-b".to_owned(), u32::MAX)].into();
    script.liars.insert("fw-c".into());
    script.step_failures.insert("web-1/restore".into(), 1);
    script.relapse = Some((Some(2), "web-1".into()));
    script
}

/// Starts, or starts again on what the world and its journal hold.
fn live(fake: &mut Fake, restarted: bool) -> Result<(State, Outcome), Crash> {
    let mut state = replay(fake.world.journal.clone());
    if state.incident.is_none() {
        let declare = Command::DeclareIncident(incident(&[("web-1", 1), ("db-1", 2)]));
        state = step(state, &declare, &policy(), fake)?.0;
    }
    run(state, &policy(), fake, restarted)
}

/// A new process on the same world.
fn again(dead: Fake) -> Fake {
    Fake::new(dead.script, dead.world, dead.now)
}

/// What came about: outcomes in order, without the times, the tries and the leases that a crash may shift. Points carry
/// a plan out side by side, and its parts while others are still asked: which points hold it is told with the certificate.
fn outcomes(journal: &[Event]) -> Vec<String> {
    let mut held = std::collections::BTreeSet::new();
    let line = |event: &Event| match &event.fact {
        Fact::IncidentDeclared(_) | Fact::RelapseSeen(_) | Fact::IncidentClosed(_) => {
            Some(event.fact.kind().to_owned())
        }
        Fact::ContainmentProposed(it) => Some(format!("plan {} {:?}", it.plan.generation, it.rules)),
        Fact::ApprovalGiven(it) => Some(format!("{:?} {} {}", it.subject, it.role, it.by)),
        Fact::ResidualAccepted(it) => Some(format!("{} accepted", it.entity.id)),
        Fact::EnforcementVerified(it) => {
            held.insert(format!("{} holds {}", it.point, it.generation));
            None
        }
        Fact::PointLost(it) => Some(format!("{} lost", it.point)),
        Fact::CertificateChecked(it) => {
            let held = std::mem::take(&mut held);
            Some(format!("certificate {} {} on {held:?}", it.generation, it.holds))
        }
        Fact::IncidentAdvanced(it) => Some(format!("{:?}", it.to)),
        Fact::FootholdsRemoved(it) => Some(format!("removed {:?}", it.entities)),
        Fact::RecoveryProposed(it) => Some(format!("recovery {} {} stages", it.number, it.plan.stages.len())),
        Fact::StepSucceeded(it) => Some(format!("{} done", it.step)),
        Fact::StageRestored(it) => Some(format!("stage {} restored {:?}", it.stage, it.entities)),
        Fact::SurveillancePassed(it) => Some(format!("surveillance {:?}", it.stage)),
        Fact::GateOpened(it) => Some(format!("gate {}", it.stage)),
        _ => None,
    };
    journal.iter().filter_map(line).collect()
}

/// The end of a life that a crash at any record must lead to.
#[track_caller]
fn check_same_end(reference: &(State, Fake), state: &State, fake: &Fake, when: &str) {
    let (was, old) = reference;
    assert_eq!(outcomes(&fake.world.journal), outcomes(&old.world.journal), "{when}");
    assert_eq!(fake.world.fleet, old.world.fleet, "{when}");
    assert_eq!(state.containment.lost, was.containment.lost, "{when}");
    assert_eq!(state.containment.clean, was.containment.clean, "{when}");
    assert_eq!(state.clocks, was.clocks, "{when}");
    assert_eq!(state.relapses, was.relapses, "{when}");
    let twice: Vec<_> = fake.world.steps_done.iter().filter(|(_, n)| **n != 1).collect();
    assert!(twice.is_empty(), "{when}: carried out twice: {twice:?}");
    assert_eq!(*state, replay(fake.world.journal.clone()), "{when}: the journal is the truth");
}

fn reference() -> (State, Fake) {
    let mut fake = Fake::new(script(), World::default(), at(10));
    let (state, outcome) = live(&mut fake, false).unwrap();
    assert_eq!((outcome, state.relapses), (Outcome::Closed, 1));
    (state, fake)
}

#[test]
fn killed_at_any_record_it_ends_where_it_would_have_ended() {
    let reference = reference();
    let records = reference.1.world.journal.len();
    assert!(records > 150, "{records}");
    for crash_before_acting in [false, true] {
        for k in 0..records {
            let mut fake = Fake::new(script(), World::default(), at(10));
            fake.crash_at = Some(k);
            fake.crash_before_acting = crash_before_acting;
            assert_eq!(live(&mut fake, false), Err(Crash), "record {k}");
            let mut fake = again(fake);
            let (state, outcome) = live(&mut fake, true).unwrap();
            assert_eq!(outcome, Outcome::Closed, "record {k}");
            check_same_end(
                &reference,
                &state,
                &fake,
                &format!("record {k}, before acting: {crash_before_acting}"),
            );
        }
    }
}

#[test]
fn killed_after_every_single_append_it_still_gets_there() {
    let reference = reference();
    let mut fake = Fake::new(script(), World::default(), at(10));
    let mut lives = 0;
    let (state, fake) = loop {
        // Room for one batch more than there is; the next one kills it.
        let held = fake.world.journal.len();
        fake.crash_at = Some(held + 1);
        let mut died = live(&mut fake, lives > 0);
        while died.is_err() && fake.world.journal.len() == held {
            let room = fake.crash_at.unwrap() + 1;
            fake = again(fake);
            fake.crash_at = Some(room);
            died = live(&mut fake, true);
        }
        lives += 1;
        match died {
            Ok((state, _)) => break (state, fake),
            Err(Crash) => fake = again(fake),
        }
        assert!(lives < 10_000, "no progress");
    };
    assert!(lives > 50, "{lives}");
    assert_eq!(outcomes(&fake.world.journal).last(), outcomes(&reference.1.world.journal).last());
    assert_eq!(fake.world.fleet.values().filter(|it| !it.rules.is_empty()).count(), 0);
    assert!(state.is_closed());
}

#[test]
fn replaying_a_prefix_and_then_the_rest_is_replaying_all() {
    let (state, fake) = reference();
    let journal = &fake.world.journal;
    for k in 0..=journal.len() {
        let prefix = replay(journal[..k].to_vec());
        let whole = journal[k..].iter().fold(prefix, evolve);
        assert_eq!(whole, state, "{k}");
    }
}
