//! The pure answers to what the engine asks: plans, impact, clocks, proof. No state of its own.

use bulkhead_comply::{Facts as LegalFacts, Library};
use bulkhead_contain::checker::{self, Facts as CheckFacts};
use bulkhead_contain::{PlanError, Request, observed_impact};
use bulkhead_engine::{Command, Effect, State};
use bulkhead_incident::assess;
use bulkhead_model::case::{Action, EntityKind, Impact, Incident, RecoveryPlan, ServiceImpact};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;
use bulkhead_model::id::AssetId;
use bulkhead_model::rules::PointRules;
use bulkhead_recover::{Policy as RecoveryPolicy, Request as RecoveryRequest};
use bulkhead_service::{EstateIndex, Losses, ServiceGraph};
use jiff::Timestamp;

use super::posture::{self, Start};
use super::{Setting, gate};
use crate::failure::Failure;

/// Simulated recoveries for the percentiles.
const SAMPLES: usize = 400;

/// What telemetry has shown so far.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'k> {
    /// Findings that belong to the incident.
    pub findings: &'k [Finding],
    /// Who and what was seen.
    pub observations: &'k Observations,
    /// Up to when telemetry is asked about. In a recording that is when the desk opened: the days that a response plays on are
    /// no time in which anything could have been recorded.
    pub until: Timestamp,
}

/// The answer to `effect`, computed from the state and what is known.
///
/// # Errors
/// Only for what would be a fault of the program, such as a plan for an estate that changed meanwhile.
pub fn answer(
    setting: &Setting<'_>,
    knowledge: &Knowledge<'_>,
    state: &State,
    effect: &Effect,
    now: Timestamp,
) -> Result<Command, Failure> {
    let Some(incident) = &state.incident else { return Err(fault("an effect without an incident")) };
    Ok(match effect {
        Effect::AssessImpact { basis } => {
            Command::RecordImpact { basis: *basis, impact: impact(setting, state, incident)? }
        }
        Effect::ComputeClocks { basis } => {
            let none = Impact::default();
            let impact = state.impact.as_ref().unwrap_or(&none);
            let mut facts =
                LegalFacts::from_case(incident, impact, state.exfiltration.as_ref(), incident.simulated);
            for it in &state.filings {
                facts.submitted(it.regime.as_str(), &it.stage, it.submitted_at);
            }
            let (profile, info) = (&setting.estate.legal_profile, &setting.estate.estate);
            Command::RecordClocks { basis: *basis, clocks: Library::builtin().clocks(&facts, profile, info) }
        }
        Effect::AssessExfiltration { basis } => Command::RecordExfiltration {
            basis: *basis,
            exfiltration: assess(
                incident,
                setting.estate,
                knowledge.observations,
                knowledge.findings,
                now.min(knowledge.until),
            ),
        },
        Effect::PlanContainment { generation } => containment(setting, state, incident, *generation),
        Effect::CheckCertificate { generation } => proof(setting, state, incident, *generation)?,
        Effect::PlanRecovery { number } => {
            Command::ProposeRecovery { number: *number, plan: recovery(setting, state, incident)? }
        }
        Effect::CheckGate { stage, .. } => Command::RecordGateChecks {
            stage: *stage,
            checks: gate::check(setting, knowledge, state, *stage, now)?,
        },
        other => return Err(fault(&format!("{other:?} has no computed answer"))),
    })
}

fn fault(message: &str) -> Failure {
    Failure::Internal(anyhow::anyhow!(message.to_owned()))
}

/// What the planner and the proof are asked, for who is in the attacker's hands.
pub(super) fn request<'r>(setting: &'r Setting<'_>, start: &'r Start, generation: u64) -> Request<'r> {
    let mut request = Request::new(setting.estate, &start.assets, &setting.ports);
    request.identities = &start.identities;
    request.suspected = &start.suspected;
    request.suspect_threshold = setting.suspect_threshold;
    request.attitude = setting.attitude;
    request.horizon_h = setting.horizon_h;
    request.generation = generation;
    request.unavailable_points = &start.lost;
    request
}

fn containment(setting: &Setting<'_>, state: &State, incident: &Incident, generation: u64) -> Command {
    let start = posture::everybody(setting, state, incident);
    let planned = bulkhead_contain::plan(&request(setting, &start, generation));
    match planned {
        Ok(mut planned) => {
            posture::name_incidents(setting, state, incident, &mut planned);
            planned.plan.residual.extend(posture::unknown(setting, state));
            let rules = release_idle_points(state, planned.rules, generation);
            let reach = planned.stages.iter().map(|it| (it.approval, it.exposed)).collect();
            Command::ProposeContainment { plan: planned.plan, rules, reach }
        }
        Err(err) => Command::RecordInfeasible { generation, why: err.to_string() },
    }
}

/// A point that holds rules of an earlier plan and is not needed any more is told to hold nothing.
fn release_idle_points(state: &State, mut rules: Vec<PointRules>, generation: u64) -> Vec<PointRules> {
    for held in state.held() {
        let idle = !rules.iter().any(|it| it.point == held.point);
        if idle && !(held.rules.is_empty() && held.disabled.is_empty()) {
            rules.push(PointRules {
                point: held.point.clone(),
                generation,
                rules: Vec::new(),
                disabled: Vec::new(),
                lease_s: 0,
            });
        }
    }
    rules.sort_by(|a, b| a.point.cmp(&b.point));
    rules
}

fn proof(
    setting: &Setting<'_>,
    state: &State,
    incident: &Incident,
    generation: u64,
) -> Result<Command, Failure> {
    let held: Vec<PointRules> = state.held().cloned().collect();
    let (start, certificate) =
        posture::proof_of(setting, state, incident, generation, &held).map_err(plan_fault)?;
    let threshold = setting.suspect_threshold;
    let counted = start.suspected.iter().filter(|it| it.1 >= threshold).map(|it| it.0.clone());
    let compromised: Vec<AssetId> = start.assets.iter().cloned().chain(counted).collect();
    let facts = CheckFacts {
        estate: setting.estate,
        compromised: &compromised,
        identities: &start.identities,
        movement_ports: &setting.ports,
    };
    let verdict = checker::check(&facts, &certificate, &held);
    let open = verdict.open.iter().map(|it| format!("{} -> {} ({})", it.from, it.to, it.flow));
    let open = verdict.faults.iter().cloned().chain(open).collect();
    Ok(Command::RecordCertificate { generation, certificate, holds: verdict.holds, open })
}

fn plan_fault(err: PlanError) -> Failure {
    Failure::Internal(anyhow::Error::new(err))
}

/// Services that the rules found at the enforcement points break now.
///
/// # Errors
/// When the plan names what the estate does not have, a fault of the program.
pub fn broken_now(
    setting: &Setting<'_>,
    state: &State,
    incident: &Incident,
) -> Result<Vec<ServiceImpact>, Failure> {
    let Some(proposal) = &state.containment.proposal else { return Ok(Vec::new()) };
    let start = posture::everybody(setting, state, incident);
    let request = request(setting, &start, proposal.plan.generation);
    let held: Vec<PointRules> = state.held().cloned().collect();
    observed_impact(&request, &proposal.plan, &held).map_err(plan_fault)
}

fn impact(setting: &Setting<'_>, state: &State, incident: &Incident) -> Result<Impact, Failure> {
    let start = posture::everybody(setting, state, incident);
    let mut impact = Impact { attacker: attacker_impact(setting, incident), ..Impact::default() };
    let Some(proposal) = &state.containment.proposal else { return Ok(impact) };
    let request = request(setting, &start, proposal.plan.generation);
    impact.containment_predicted =
        observed_impact(&request, &proposal.plan, &proposal.rules).map_err(plan_fault)?;
    impact.containment_observed = broken_now(setting, state, incident)?;
    Ok(impact)
}

/// Services that do not hold when nothing that was ever in the attacker's hands is trusted.
fn attacker_impact(setting: &Setting<'_>, incident: &Incident) -> Vec<ServiceImpact> {
    let index = EstateIndex::new(setting.estate);
    let graph = ServiceGraph::new(setting.estate, &index);
    let none = graph.evaluate(&index, &Losses::default());
    let mut losses = Losses::default();
    let hosts = incident.compromised.iter().filter(|it| it.kind == EntityKind::Asset);
    losses.assets.extend(hosts.filter_map(|it| index.asset(&AssetId::new(&it.id))));
    graph.impacts(&none.states, &graph.evaluate(&index, &losses).states)
}

/// How everything in the attacker's hands would be brought back.
///
/// # Errors
/// When a procedure's steps wait for each other.
pub fn recovery(setting: &Setting<'_>, state: &State, incident: &Incident) -> Result<RecoveryPlan, Failure> {
    let start = posture::start(setting, state, incident);
    let in_force = state.containment.proposal.iter().flat_map(|it| &it.plan.actions);
    // Only what nobody else needs is lifted with this incident's recovery.
    let own = |it: &&Action| it.incidents.iter().all(|it| *it == incident.id);
    let actions: Vec<_> = in_force.filter(own).cloned().collect();
    let threshold = setting.suspect_threshold;
    let suspected = start.suspected.into_iter().filter(|it| it.1 >= threshold).map(|it| it.0);
    let lost: Vec<AssetId> = start.assets.into_iter().chain(suspected).collect();
    let policy = RecoveryPolicy::default();
    let request = RecoveryRequest {
        estate: setting.estate,
        lost: &lost,
        actions: &actions,
        policy: &policy,
        samples: SAMPLES,
        seed: setting.seed,
    };
    bulkhead_recover::plan(&request).map_err(|err| Failure::Internal(anyhow::Error::new(err)))
}
