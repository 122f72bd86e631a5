//! The conditions of a gate, each judged by what is known: steps, services, lifted actions, findings.

use bulkhead_engine::state::StepPhase;
use bulkhead_engine::{GateCheck, State};
use bulkhead_model::case::{ServiceImpact, ServiceState, Stage};
use bulkhead_model::finding::{Finding, Level};
use jiff::{SignedDuration, Timestamp};

use super::{Knowledge, Setting, answers};
use crate::failure::Failure;

/// Every condition of the gate of `stage`, in the plan's order: its steps, the services it restores, the actions it
/// lifts, and that nothing new was seen.
///
/// # Errors
/// When the state contradicts itself, a fault of the program.
pub fn check(
    setting: &Setting<'_>,
    knowledge: &Knowledge<'_>,
    state: &State,
    stage: u32,
    now: Timestamp,
) -> Result<Vec<GateCheck>, Failure> {
    let stages = state.recovery.plan.iter().flat_map(|it| &it.stages);
    let (Some(stage), Some(incident)) = (stages.clone().find(|it| it.n == stage), &state.incident) else {
        return Ok(Vec::new());
    };
    let broken = answers::broken_now(setting, state, incident)?;
    let gate = &stage.gate;
    let services = gate.restores.iter().map(|it| service(it.as_str(), &broken));
    let lifts = gate.lifts.iter().map(|it| lifted(it, state));
    let verdicts = std::iter::once(steps(stage, state))
        .chain(services)
        .chain(lifts)
        .chain(std::iter::once(quiet(setting, knowledge, stage, now)));
    let checks = gate.checks.iter().zip(verdicts);
    Ok(checks.map(|(check, (holds, found))| GateCheck { check: check.clone(), holds, found }).collect())
}

fn steps(stage: &Stage, state: &State) -> (bool, String) {
    let done = |id: &str| state.recovery.steps.get(id).is_some_and(|it| it.phase == StepPhase::Succeeded);
    let open: Vec<&str> = stage.steps.iter().map(|it| it.id.as_str()).filter(|it| !done(it)).collect();
    let found = match open.as_slice() {
        [] => format!("{} steps succeeded", stage.steps.len()),
        open => format!("not done: {}", open.join(", ")),
    };
    (open.is_empty(), found)
}

/// A service answers when nothing it needs is lost to the rules now at the enforcement points.
fn service(id: &str, broken: &[ServiceImpact]) -> (bool, String) {
    match broken.iter().find(|it| it.service.as_str() == id) {
        None => (true, "up under the rules read back".to_owned()),
        Some(it) if it.state == ServiceState::Degraded => {
            (true, "answers in degraded mode under the rules read back".to_owned())
        }
        Some(_) => (false, "down under the rules read back".to_owned()),
    }
}

/// An action is lifted when no rule read back serves it; one that the newest plan still asks for is kept for other hosts.
fn lifted(action: &str, state: &State) -> (bool, String) {
    let rules =
        state.held().flat_map(|it| &it.rules).filter(|it| it.action.as_deref() == Some(action)).count();
    if rules == 0 {
        return (true, "no rule of it was read back".to_owned());
    }
    let wanted =
        state.containment.proposal.iter().find(|it| it.plan.actions.iter().any(|it| it.id == action));
    match wanted {
        Some(it) => (true, format!("kept: plan {} still needs it for other hosts", it.plan.generation)),
        None => (false, format!("{rules} rules of it are still there")),
    }
}

/// That no finding came in says no more than the telemetry behind it.
fn no_finding(knowledge: &Knowledge<'_>, since: Timestamp) -> String {
    match knowledge.observations.last {
        Some(last) if last > since => format!("no finding since {since}; telemetry goes to {last}"),
        Some(last) => {
            format!("no finding since {since}, and NO TELEMETRY either: the last of it is of {last}")
        }
        None => format!("no finding since {since}, and no telemetry at all"),
    }
}

/// No finding of at least medium level speaks of the stage's hosts within its surveillance.
fn quiet(setting: &Setting<'_>, knowledge: &Knowledge<'_>, stage: &Stage, now: Timestamp) -> (bool, String) {
    let watched = SignedDuration::from_secs(i64::try_from(stage.gate.surveillance_s).unwrap_or(i64::MAX));
    let since = now.checked_sub(watched).unwrap_or(Timestamp::MIN);
    let mut names: Vec<String> = Vec::new();
    for asset in setting.estate.assets.iter().filter(|it| stage.steps.iter().any(|step| step.asset == it.id))
    {
        names.push(asset.id.as_str().to_lowercase());
        names.extend(asset.hostname.as_ref().map(|it| it.to_lowercase()));
        names.extend(asset.addresses.iter().map(ToString::to_string));
    }
    let speaks = |it: &&Finding| {
        it.rule.level >= Level::Medium
            && it.time.is_some_and(|at| at > since && at <= now)
            && it.host.as_ref().is_some_and(|host| names.contains(&host.to_lowercase()))
    };
    let seen: Vec<&Finding> = knowledge.findings.iter().filter(speaks).collect();
    match seen.first() {
        None => (true, no_finding(knowledge, since)),
        Some(first) => (false, format!("{} findings, the first: {}", seen.len(), first.rule.title)),
    }
}
