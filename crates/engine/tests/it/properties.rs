//! Whatever is asked in whatever order: no panic, no event that cannot be applied, no generation that falls, nothing done
//! again that is confirmed.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_engine::run::Executor as _;
use bulkhead_engine::{
    Command, Ctx, Effect, Event, Fact, Policy, State, Subject, Via, decide, due, effects, evolve, next_due,
    replay,
};
use bulkhead_model::case::{EntityRef, IncidentState, ResidualWhy};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::fake::{Fake, Script, World, at, certificate, incident, plan, recovery_plan};

/// One thing that happens; numbers are reduced to what there is.
#[derive(Clone, Debug)]
enum Move {
    /// The nth effect wanted is answered as the fake world answers it.
    Answer(usize),
    /// The nth effect wanted is answered and the answer comes twice.
    AnswerTwice(usize),
    /// Everything due happens.
    Due,
    /// Time passes up to the next deadline, or a little.
    Wait(u16),
    /// A command out of place.
    Stray(usize, u64),
    /// The process starts again.
    Restart,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => any::<usize>().prop_map(Move::Answer),
        1 => any::<usize>().prop_map(Move::AnswerTwice),
        4 => Just(Move::Due),
        3 => any::<u16>().prop_map(Move::Wait),
        2 => (any::<usize>(), 0..8_u64).prop_map(|(n, g)| Move::Stray(n, g)),
        1 => Just(Move::Restart),
    ]
}

/// Commands that may come late, twice or from nowhere.
fn strays(state: &State, generation: u64) -> Vec<Command> {
    let point = || ["fw-a", "fw-b", "fw-x"][generation as usize % 3].into();
    let step = || "web-1/restore".to_owned();
    let by = || "corp\\mallory".to_owned();
    let (stray_plan, rules) = plan(state, generation, 60);
    let held = bulkhead_model::rules::PointRules {
        point: point(),
        generation,
        rules: Vec::new(),
        disabled: Vec::new(),
        lease_s: 1,
    };
    let seen = incident(&[("web-1", 1), ("db-1", 2), ("app-3", generation as i64)]);
    vec![
        Command::DeclareIncident(seen.clone()),
        Command::RescopeIncident { incident: seen, why: "seen".into() },
        Command::RecordImpact { basis: generation, impact: Default::default() },
        Command::RecordClocks { basis: generation, clocks: Vec::new() },
        Command::ProposeContainment { plan: stray_plan, rules, reach: Vec::new() },
        Command::AcceptResidual {
            entity: EntityRef::asset("web-1"),
            why: ResidualWhy::Foothold,
            by: by(),
            via: Via::Asked,
        },
        Command::RecordInfeasible { generation, why: "no".into() },
        Command::RequestReplan { by: by(), why: "no".into() },
        Command::Approve {
            subject: Subject::ContainmentStage(generation, 1),
            role: "incident_commander".into(),
            by: by(),
            via: Via::Asked,
        },
        Command::Approve {
            subject: Subject::Gate(1),
            role: "incident_commander".into(),
            by: by(),
            via: Via::Asked,
        },
        Command::Approve { subject: Subject::Close, role: "nobody".into(), by: by(), via: Via::Asked },
        Command::Refuse {
            subject: Subject::Recovery(generation),
            role: "incident_commander".into(),
            by: by(),
            why: "no".into(),
        },
        Command::RecordApplied { generation, point: point(), effective_at: at(0) },
        Command::RecordReadBack { generation, held },
        Command::RecordPointFailure {
            generation,
            point: point(),
            why: "no".into(),
            retry: generation.is_multiple_of(2),
        },
        Command::RetryPoint(point()),
        Command::RecordCertificate {
            generation,
            certificate: certificate(state),
            holds: generation.is_multiple_of(2),
            open: vec!["a -> b".into()],
        },
        Command::RenewLease(point()),
        Command::ExpireLease(point()),
        Command::RecordLease { generation, point: point(), until: at(1_000_000) },
        Command::RecordEradication { entities: Vec::new(), how: "no".into() },
        Command::ProposeRecovery { number: generation, plan: recovery_plan(state) },
        Command::StartStep(step()),
        Command::RetryStep(step()),
        Command::RecordStepDone { number: generation, step: step(), result: "no".into() },
        Command::RecordStepFailure { number: generation, step: step(), why: "no".into() },
        Command::RecordProbe { number: generation, step: step(), done: true },
        Command::PassSurveillance(Some(1)),
        Command::PassSurveillance(None),
        Command::RecordGateChecks { stage: 1, checks: Vec::new() },
        Command::RecheckGate(1),
        Command::SubmitFiling {
            regime: "NIS2".into(),
            stage: "early_warning".into(),
            submitted_at: at(500),
            sha256: "00".into(),
            reference: None,
            by: by(),
        },
    ]
}

struct Play {
    state: State,
    fake: Fake,
    journal: Vec<Event>,
    /// Effects whose answer was accepted.
    confirmed: BTreeSet<Effect>,
}

impl Play {
    /// Decides and applies; whether it was accepted.
    fn take(&mut self, command: Command) -> bool {
        let ctx = Ctx { now: self.fake.now, policy: Policy { replans: 1, ..Policy::default() } };
        match decide(&self.state, command, &ctx) {
            Ok(events) => {
                for event in &events {
                    self.state = evolve(std::mem::take(&mut self.state), event);
                }
                self.journal.extend(events);
                true
            }
            Err(rejection) => {
                assert!(!rejection.code.is_empty() && !rejection.message.is_empty());
                false
            }
        }
    }

    fn answer(&mut self, n: usize, twice: bool) {
        let wanted = effects(&self.state);
        if wanted.is_empty() {
            return;
        }
        let effect = &wanted[n % wanted.len()];
        let now = self.fake.now;
        let mut commands = self.fake.start(&self.state, effect).unwrap();
        commands.extend(self.fake.drain());
        self.fake.now = now;
        for command in commands {
            let accepted = self.take(command.clone());
            assert!(accepted, "{effect:?} was wanted and {command:?} answers it");
            // A refusal to carry out is an answer too; and a watch has none.
            self.confirmed.insert(effect.clone());
            if twice {
                self.take(command);
            }
        }
    }

    fn play(&mut self, it: &Move) {
        match it {
            Move::Answer(n) => self.answer(*n, false),
            Move::AnswerTwice(n) => self.answer(*n, true),
            Move::Due => {
                let now = self.fake.now;
                for command in due(&self.state, now) {
                    assert!(self.take(command.clone()), "{command:?} was due");
                }
            }
            Move::Wait(seconds) => {
                let little =
                    self.fake.now.checked_add(SignedDuration::from_secs(i64::from(*seconds))).unwrap();
                self.fake.now =
                    next_due(&self.state).filter(|_| seconds % 2 == 0).unwrap_or(little).max(self.fake.now);
            }
            Move::Stray(n, generation) => {
                let strays = strays(&self.state, *generation);
                self.take(strays[n % strays.len()].clone());
            }
            Move::Restart => {
                self.take(Command::Resume);
            }
        }
    }
}

/// Generations never fall, neither of plans nor at any point.
fn check_generations(journal: &[Event]) {
    let mut newest = 0;
    let mut at_point = BTreeMap::new();
    for event in journal {
        match &event.fact {
            Fact::ContainmentProposed(it) => {
                assert!(it.plan.generation > newest);
                newest = it.plan.generation;
                assert!(it.rules.iter().all(|it| it.generation == newest));
            }
            Fact::EnforcementIntended(it) => {
                let before = at_point.insert(it.point.clone(), (it.generation, it.attempt));
                assert!(before < Some((it.generation, it.attempt)), "{} {before:?}", it.point);
            }
            _ => {}
        }
    }
}

/// Contained is only ever said of a plan that does something, was found to hold, and leaves nothing that nobody accepted.
fn check_contained(journal: &[Event]) {
    for (n, event) in journal.iter().enumerate() {
        let Fact::IncidentAdvanced(it) = &event.fact else { continue };
        if it.to != IncidentState::Contained {
            continue;
        }
        let before = replay(journal[..n].to_vec());
        let proposal = before.containment.proposal.as_ref().unwrap();
        assert!(!proposal.plan.actions.is_empty() && before.newest_certificate().unwrap().holds);
        let accepted: Vec<EntityRef> = before.containment.accepted.keys().map(|it| it.0.clone()).collect();
        assert!(it.except.iter().all(|it| accepted.contains(it)), "{it:?}");
        assert!(before.residual().iter().all(|it| it.accepted.is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_in_whatever_order(several in proptest::collection::vec(moves(), 1..150), failures in 0..4_u32) {
        let mut script =
            Script { gate_fails_once: failures == 2, lease_s: 200, staged: failures > 1, ..Script::default() };
        if failures == 3 {
            (script.footholds, script.accepts) = (vec!["db-1".into()], vec!["db-1".into()]);
        }
        script.point_failures.insert("fw-b".into(), failures);
        script.step_failures.insert("web-1/restore".into(), failures);
        let fake = Fake::new(script, World::default(), at(10));
        let mut play = Play { state: State::default(), fake, journal: Vec::new(), confirmed: BTreeSet::new() };
        play.take(Command::DeclareIncident(incident(&[("web-1", 1), ("db-1", 2)])));
        for it in &several {
            play.play(it);
            let again: Vec<Effect> = effects(&play.state).into_iter().filter(|it| play.confirmed.contains(it)).collect();
            prop_assert!(again.is_empty(), "wanted again: {:?}", again);
            let wanted = effects(&play.state);
            let distinct: BTreeSet<&Effect> = wanted.iter().collect();
            prop_assert_eq!(distinct.len(), wanted.len());
        }
        check_generations(&play.journal);
        check_contained(&play.journal);
        prop_assert_eq!(replay(play.journal.clone()), play.state);
    }

    /// A journal in any order, with parts missing, still replays: `evolve` is total.
    #[test]
    fn any_sequence_of_events_replays(picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..80)) {
        let journal = crate::lifecycle::play(Script::default()).2.world.journal;
        let state = replay(picks.iter().map(|it| it.get(&journal).clone()));
        prop_assert_eq!(state.events, picks.len() as u64);
        effects(&state);
        due(&state, at(1_000_000));
    }
}

#[test]
fn before_an_incident_and_after_its_end_nothing_is_taken() {
    let (closed, _, fake) = crate::lifecycle::play(Script::default());
    for state in [State::default(), closed] {
        let ctx = Ctx { now: fake.now, policy: Policy::default() };
        for command in strays(&state, 1).into_iter().skip(usize::from(state.incident.is_none())) {
            let rejection = decide(&state, command, &ctx).unwrap_err();
            assert!(["no-incident", "closed", "already-declared"].contains(&rejection.code), "{rejection:?}");
        }
        assert!(effects(&state).is_empty() && due(&state, at(10_000_000)).is_empty());
    }
}
