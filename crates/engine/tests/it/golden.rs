//! Every version of every kind of event has a file in `tests/golden` that must be readable for ever.
//!
//! A new kind or version: run the tests once with `BULKHEAD_GOLDEN=write`, which adds missing files and touches no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_engine::run::step;
use bulkhead_engine::{Command, Event, Fact, Policy, State, Subject, evolve, replay};
use bulkhead_model::case::TelemetrySummary;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fake::{Fake, Script, World, at, incident, plan};
use crate::lifecycle::{play, policy};

/// One file.
#[derive(Serialize, Deserialize)]
struct Golden {
    kind: String,
    v: u32,
    body: Value,
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Events of every kind, from incidents in which everything happens.
fn samples() -> BTreeMap<&'static str, Event> {
    let mut script = Script { gate_fails_once: true, staged: true, ..Script::default() };
    (script.footholds, script.accepts) = (vec!["db-1".into()], vec!["db-1".into()]);
    script.point_failures.insert("fw-b".into(), u32::MAX);
    script.step_failures.insert("web-1/restore".into(), 1);
    script.relapse = Some((Some(2), "web-1".into()));
    let mut events = play(script).2.world.journal;
    events.extend(by_hand());
    events.extend(interrupted());
    let mut longest: BTreeMap<&'static str, Event> = BTreeMap::new();
    for event in events {
        let length = |it: &Event| it.fact.body().unwrap().len();
        match longest.get(event.fact.kind()) {
            Some(known) if length(known) >= length(&event) => {}
            _ => drop(longest.insert(event.fact.kind(), event)),
        }
    }
    longest
}

/// Takes commands one after the other, time standing still.
fn take(state: State, fake: &mut Fake, policy: &Policy, commands: &[Command]) -> State {
    commands.iter().fold(state, |state, it| step(state, it, policy, fake).unwrap().0)
}

/// What only people and an unlucky fleet bring about.
fn by_hand() -> Vec<Event> {
    let mut fake = Fake::new(Script::default(), World::default(), at(10));
    let by = || "corp\\bob".to_owned();
    let sha256 = || "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned();
    let telemetry = TelemetrySummary {
        events: 12,
        malformed: 1,
        sources: vec!["a.zip!b.json".into()],
        ..TelemetrySummary::default()
    };
    let point = || "fw-a".into();
    let mut state = take(
        State::default(),
        &mut fake,
        &policy(),
        &[
            Command::RegisterEvidence { sha256: sha256(), bytes: 0, name: "a.zip".into() },
            Command::SummariseTelemetry(telemetry),
            Command::DeclareIncident(incident(&[("web-1", 1)])),
            Command::RecordInfeasible {
                generation: 1,
                why: "dc-1 stays reachable: no point covers office to data".into(),
            },
            Command::RescopeIncident {
                incident: incident(&[("web-1", 1), ("db-1", 2)]),
                why: "more findings".into(),
            },
        ],
    );
    let clocks = crate::fake::clocks(&state);
    let basis = state.stale.clocks.unwrap();
    let (proposed, rules) = plan(&state, 2, 60);
    let held = rules[0].clone();
    state = take(
        state,
        &mut fake,
        &policy(),
        &[
            Command::RecordClocks { basis, clocks },
            Command::SubmitFiling {
                regime: "NIS2".into(),
                stage: "early_warning".into(),
                submitted_at: at(3600),
                sha256: sha256(),
                reference: Some("CERT-FR-1".into()),
                by: by(),
            },
            Command::MakeStatement {
                audience: "customers".into(),
                language: "fr".into(),
                sha256: sha256(),
                by: by(),
            },
            Command::ProposeContainment { plan: proposed, rules, reach: Vec::new() },
            Command::Refuse {
                subject: Subject::ContainmentStage(2, 1),
                role: "service_owner".into(),
                by: by(),
                why: "not during the match".into(),
            },
            Command::RequestReplan { by: by(), why: "the match is over".into() },
        ],
    );
    let (proposed, rules) = plan(&state, 3, 60);
    let role = |role: &str| Command::Approve {
        subject: Subject::ContainmentStage(3, 1),
        role: role.into(),
        by: by(),
        via: bulkhead_engine::Via::Asked,
    };
    let held = bulkhead_model::rules::PointRules { generation: 3, ..held };
    let commands = [
        Command::ProposeContainment { plan: proposed, rules, reach: Vec::new() },
        role("incident_commander"),
        role("service_owner"),
        Command::RecordApplied { generation: 3, point: point(), effective_at: at(12) },
        Command::RecordReadBack { generation: 3, held },
        Command::RenewLease(point()),
        Command::ExpireLease(point()),
    ];
    take(state, &mut fake, &policy(), &commands);
    assert_eq!(fake.rejections, []);
    fake.world.journal
}

/// What a crash in the middle of a step and an attacker in the middle of one bring about.
fn interrupted() -> Vec<Event> {
    let whole = play(Script::default()).2.world.journal;
    let begun = whole.iter().position(|it| it.fact.kind() == "step_started").unwrap();
    let state = replay(whole[..=begun].to_vec());
    let Fact::StepStarted(it) = &whole[begun].fact else { panic!("not a start") };
    let mut fake = Fake::new(Script::default(), World::default(), at(10_000));
    let (number, step) = (it.number, it.step.clone());
    let state = take(
        state,
        &mut fake,
        &policy(),
        &[
            Command::Resume,
            Command::RecordProbe { number, step: step.clone(), done: false },
            Command::StartStep(step),
        ],
    );
    let back = incident(&[("web-1", 1), ("db-1", 2), ("app-9", 9_000)]);
    take(
        state,
        &mut fake,
        &policy(),
        &[Command::RescopeIncident { incident: back, why: "app-9 called home".into() }],
    );
    assert_eq!(fake.rejections, []);
    fake.world.journal
}

/// Everything `old` says is said by `new`, which may say more.
fn says_as_much(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.iter().all(|(key, old)| new.get(key).map_or(old.is_null(), |new| says_as_much(old, new)))
        }
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| says_as_much(old, new))
        }
        _ => old == new,
    }
}

#[test]
fn every_kind_happens_in_the_samples_and_has_its_file() {
    let samples = samples();
    let write = std::env::var("BULKHEAD_GOLDEN").is_ok_and(|it| it == "write");
    for (kind, v) in Fact::CATALOGUE {
        let sample = &samples.get(kind).unwrap_or_else(|| panic!("no sample of {kind}")).fact;
        assert_eq!((sample.kind(), sample.v()), (*kind, *v));
        let path = dir().join(format!("{kind}.v{v}.json"));
        if write && !path.exists() {
            let body = serde_json::from_slice(&sample.body().unwrap()).unwrap();
            let golden = Golden { kind: (*kind).to_owned(), v: *v, body };
            fs::create_dir_all(dir()).unwrap();
            fs::write(&path, serde_json::to_string_pretty(&golden).unwrap() + "\n").unwrap();
        }
        assert!(path.exists(), "{} is missing; see the head of this file", path.display());
    }
}

#[test]
fn every_file_reads_says_what_it_said_and_evolves() {
    let mut state = State::default();
    let mut seen = BTreeSet::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(dir()).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let golden: Golden = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            path.file_name().unwrap().to_str().unwrap(),
            format!("{}.v{}.json", golden.kind, golden.v)
        );
        let fact = Fact::read(&golden.kind, golden.v, golden.body.to_string().as_bytes())
            .unwrap_or_else(|it| panic!("{}: {it}: {:?}", path.display(), std::error::Error::source(&it)));
        let again: Value = serde_json::from_slice(&fact.body().unwrap()).unwrap();
        assert!(says_as_much(&golden.body, &again), "{}: {again}", path.display());
        seen.insert(golden.kind);
        state = evolve(state, &Event { at: at(0), actor: "golden".into(), fact });
    }
    assert!(seen.len() >= Fact::CATALOGUE.len());
}

#[test]
fn what_is_no_event_is_refused() {
    assert!(Fact::read("case_sealed", 1, b"{}").is_err());
    assert!(Fact::read("step_started", 9, b"{}").is_err());
    assert!(Fact::read("step_started", 1, b"{}").is_err());
    assert!(Fact::knows("step_started") && !Fact::knows("case_sealed"));
}

#[test]
fn accounts_are_found_wherever_an_event_names_them() {
    let accounts: BTreeSet<String> = samples().values().flat_map(|it| it.fact.accounts()).collect();
    for account in ["corp\\alice", "corp\\bob", "holder of incident_commander"] {
        assert!(accounts.contains(account), "{account} in {accounts:?}");
    }
    assert!(!accounts.contains("policy") && !accounts.contains("web-1"));
}
