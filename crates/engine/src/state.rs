//! What is known of the incident, as the events tell it.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{
    Accepted, Clock, Entity, EntityKind, EntityRef, Exfiltration, Foothold, Impact, Incident, IncidentState,
    Plan, RecoveryPlan, RecoveryStep, Residual, ResidualWhy, Stage, TelemetrySummary,
};
use bulkhead_model::id::PointId;
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;

use crate::facts::{
    ApprovalGiven, ApprovalRefused, CertificateChecked, EvidenceRegistered, FilingSubmitted, GateCheck,
    Named, ProposedStage, StatementMade, Subject,
};

/// Everything known of one incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Number of events it was made from.
    pub events: u64,
    /// Evidence stored.
    pub evidence: Vec<EvidenceRegistered>,
    /// What telemetry was read.
    pub telemetry: TelemetrySummary,
    /// The incident, once declared; its `state` is kept up to date.
    pub incident: Option<Incident>,
    /// Every state it went through, with the time it got there.
    pub milestones: Vec<(Timestamp, IncidentState)>,
    /// How often the attacker came back.
    pub relapses: u32,
    /// Services hit.
    pub impact: Option<Impact>,
    /// Containment.
    pub containment: Containment,
    /// Recovery.
    pub recovery: Recovery,
    /// Whose word was asked for, on what.
    pub approvals: BTreeMap<Subject, Approvals>,
    /// Legal deadlines.
    pub clocks: Vec<Clock>,
    /// Filings sent.
    pub filings: Vec<FilingSubmitted>,
    /// What can be said about theft of data.
    pub exfiltration: Option<Exfiltration>,
    /// What was said outside.
    pub statements: Vec<StatementMade>,
    /// Answers that must be worked out anew.
    pub stale: Stale,
}

/// Answers that no longer fit what is known; each with the number of events after which that was so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// Services hit.
    pub impact: Option<u64>,
    /// Legal deadlines.
    pub clocks: Option<u64>,
    /// Theft of data.
    pub exfiltration: Option<u64>,
}

/// Whose word is needed and who gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// Roles that must all agree.
    pub needed: Vec<String>,
    /// Who agreed, by role.
    pub given: BTreeMap<String, ApprovalGiven>,
    /// Who did not.
    pub refused: Option<ApprovalRefused>,
}

impl Approvals {
    /// Whether everybody needed agreed and nobody refused.
    pub fn granted(&self) -> bool {
        self.refused.is_none() && self.missing().next().is_none()
    }

    /// Roles still to be heard; none once somebody refused.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let open = self.refused.is_none();
        self.needed.iter().filter(move |it| open && !self.given.contains_key(*it)).map(String::as_str)
    }
}

/// Where containment stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Containment {
    /// Number of the newest plan proposed.
    pub generation: u64,
    /// A plan that is wanted.
    pub need: Option<Need>,
    /// Why the plan wanted does not exist.
    pub infeasible: Option<String>,
    /// The newest plan.
    pub proposal: Option<Proposal>,
    /// What each point was told and what became of it.
    pub points: BTreeMap<PointId, Point>,
    /// Points given up.
    pub lost: BTreeSet<PointId>,
    /// The certificate of the newest plan, once checked.
    pub certificate: Option<CertificateChecked>,
    /// Certificates in a row that did not hold.
    pub certificates_failed: u32,
    /// Entities that were compromised and are clean again.
    pub clean: BTreeSet<EntityRef>,
    /// Entities whose footholds are removed.
    pub eradicated: BTreeSet<EntityRef>,
    /// What stays and was accepted by name.
    pub accepted: BTreeMap<(EntityRef, ResidualWhy), Accepted>,
}

/// A plan that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The number it shall have.
    pub generation: u64,
    /// Why it is wanted.
    pub reason: Reason,
}

/// Why a containment plan is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The scope is new or has changed.
    Scope,
    /// A point had to be given up.
    PointLost,
    /// The certificate of the plan before did not hold.
    NotCut,
    /// Somebody asked.
    Asked,
    /// A stage is restored and is let out again.
    Reopening(u32),
}

/// A containment plan with what each point shall hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// What each point shall hold.
    pub rules: Vec<PointRules>,
    /// The parts in which it is approved and enforced; at least one.
    pub stages: Vec<ProposedStage>,
    /// Why it was wanted.
    pub reason: Reason,
}

/// What one point was told and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// What it shall hold.
    pub wanted: PointRules,
    /// The plan it is to carry out.
    pub generation: u64,
    /// The stage of the plan that `wanted` is of.
    pub stage: u32,
    /// Which try, counted through the whole plan.
    pub attempt: u32,
    /// Tries in a row that failed.
    pub failures: u32,
    /// How far it is.
    pub phase: Phase,
    /// What it was last found to hold.
    pub held: Option<PointRules>,
    /// When what it holds lapses.
    pub lease_until: Option<Timestamp>,
}

impl Proposal {
    /// Number of the last stage.
    pub fn last_stage(&self) -> u32 {
        self.stages.last().map_or(0, |it| it.n)
    }

    /// The last stage up to `approved` that has something for `point`; 0 when none has.
    pub fn stage_for(&self, point: &PointId, approved: u32) -> u32 {
        let told = |it: &&ProposedStage| it.n <= approved && it.rules.iter().any(|it| it.point == *point);
        self.stages.iter().rfind(told).map_or(0, |it| it.n)
    }

    /// What `point` shall hold up to that stage; 0 is the whole plan.
    pub fn rules_at(&self, point: &PointId, stage: u32) -> Option<&PointRules> {
        let of_stage = self.stages.iter().find(|it| it.n == stage).map(|it| &it.rules);
        of_stage.unwrap_or(&self.rules).iter().find(|it| it.point == *point)
    }
}

/// A foothold's holder: only assets have a way out.
fn holder(foothold: &Foothold) -> EntityRef {
    let kind = if foothold.way_out.is_some() { EntityKind::Asset } else { EntityKind::Identity };
    EntityRef { kind, id: foothold.entity.clone() }
}

/// How far a point is with its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is to be told.
    Intended,
    /// It took the rules; they take effect then.
    Applied(Timestamp),
    /// It was found to hold them.
    Verified,
    /// It holds them, and their lease is to be renewed.
    Renewing,
    /// It failed; the next try is due then.
    Waiting(Timestamp),
    /// It was given up.
    Lost,
}

/// Where recovery stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovery {
    /// Number of the newest plan proposed.
    pub number: u64,
    /// The plan in force or proposed; none before there is one and after a relapse.
    pub plan: Option<RecoveryPlan>,
    /// 1-based stage being worked on.
    pub stage: u32,
    /// Steps touched so far, by id.
    pub steps: BTreeMap<String, Step>,
    /// Stages whose assets are let out again.
    pub restored: BTreeSet<u32>,
    /// Surveillance now running or passed.
    pub watch: Option<Watch>,
    /// The current gate.
    pub gate: GateState,
    /// How often gates were looked at.
    pub gate_checks: u32,
    /// Gates opened, with when.
    pub opened: Vec<(u32, Timestamp)>,
}

/// One step of recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How far it is.
    pub phase: StepPhase,
    /// Which try.
    pub attempt: u32,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepPhase {
    /// It is being carried out.
    Started,
    /// It was found begun after a restart: probe it.
    Doubted,
    /// It was probed and had not been done: start it again.
    NotDone,
    /// It is done.
    Succeeded,
    /// It failed; the next try is due then, or waits for a person.
    Failed(Option<Timestamp>),
    /// What it did no longer counts.
    Undone,
}

/// A surveillance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Stage; none for everything, at the end.
    pub stage: Option<u32>,
    /// Until when.
    pub until: Timestamp,
    /// Whether its time passed without a finding.
    pub passed: bool,
}

/// Where the current gate stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GateState {
    /// Its conditions are not looked at yet, or are to be looked at again.
    #[default]
    Unchecked,
    /// One does not hold; look again then.
    Waiting(Timestamp),
    /// All hold.
    Holds(Vec<GateCheck>),
}

impl State {
    /// Where the incident stands; none before it is declared.
    pub fn phase(&self) -> Option<IncidentState> {
        self.incident.as_ref().map(|it| it.state)
    }

    /// Whether nothing is left to do.
    pub fn is_closed(&self) -> bool {
        self.phase() == Some(IncidentState::Closed)
    }

    /// Hosts and identities in the attacker's hands now: compromised and not clean again.
    pub fn compromised(&self) -> impl Iterator<Item = &Entity> {
        let all = self.incident.iter().flat_map(|it| &it.compromised);
        all.filter(|it| !self.is_clean(it))
    }

    /// Whether this host or identity was in the attacker's hands and is clean again.
    pub fn is_clean(&self, entity: &Entity) -> bool {
        self.containment.clean.contains(&entity.key())
    }

    /// Every host and identity of the incident that an event means.
    pub(crate) fn meant<'s>(&'s self, named: &'s [Named]) -> impl Iterator<Item = EntityRef> + 's {
        let all = self.incident.iter().flat_map(|it| it.compromised.iter().chain(&it.suspected));
        all.filter(move |it| named.iter().any(|named| named.means(it))).map(Entity::key)
    }

    /// Hosts and identities that may be in the attacker's hands and were not restored since.
    pub fn suspected(&self) -> impl Iterator<Item = &Entity> {
        let all = self.incident.iter().flat_map(|it| &it.suspected);
        all.filter(|it| !self.is_clean(it))
    }

    /// What each point was last found to hold, points given up left out.
    pub fn held(&self) -> impl Iterator<Item = &PointRules> {
        self.containment
            .points
            .values()
            .filter(|it| it.phase != Phase::Lost)
            .filter_map(|it| it.held.as_ref())
    }

    /// When it first reached `state`.
    pub fn reached(&self, state: IncidentState) -> Option<Timestamp> {
        self.milestones.iter().find(|(_, it)| *it == state).map(|(at, _)| *at)
    }

    /// The stage being worked on.
    pub fn stage(&self) -> Option<&Stage> {
        let n = self.recovery.stage;
        self.recovery.plan.as_ref()?.stages.iter().find(|it| it.n == n)
    }

    /// Whether the containment in force is the newest plan, every point holds it, and its certificate was found to hold.
    pub fn is_cut(&self) -> bool {
        self.containment.need.is_none() && self.certificate_holds() && self.all_verified()
    }

    /// Whether it may be called contained: the newest plan does something, it [is cut](State::is_cut), and whatever stays
    /// was accepted by name. A plan without actions rests on nothing that was read back, and so contains nothing.
    pub fn is_contained(&self) -> bool {
        self.does_something() && self.is_cut() && self.residual().iter().all(|it| it.accepted.is_some())
    }

    /// Whether the newest plan has actions.
    pub fn does_something(&self) -> bool {
        self.containment.proposal.as_ref().is_some_and(|it| !it.plan.actions.is_empty())
    }

    /// What stays in the attacker's hands or within reach under the newest plan, ascending by kind and id: what the plan
    /// says, and what the certificate found on the rules read back once there is one. What was cleaned is left out.
    pub fn residual(&self) -> Vec<Residual> {
        let mut found: BTreeMap<(EntityRef, ResidualWhy), Option<String>> = BTreeMap::new();
        let plan = self.containment.proposal.iter().flat_map(|it| &it.plan.residual);
        for it in plan {
            let key = EntityRef { kind: it.kind, id: it.entity.clone() };
            found.insert((key, it.why), it.way_out.clone());
        }
        if let Some(it) = self.newest_certificate().map(|it| &it.certificate) {
            for foothold in &it.footholds {
                found.insert((holder(foothold), ResidualWhy::Foothold), foothold.way_out.clone());
            }
            for asset in it.reached.iter().filter(|asset| !it.sources.contains(asset)) {
                found.insert((EntityRef::asset(asset), ResidualWhy::WithinReach), None);
            }
        }
        let gone =
            |it: &EntityRef| self.containment.clean.contains(it) || self.containment.eradicated.contains(it);
        let stays = found.into_iter().filter(|((entity, _), _)| !gone(entity));
        stays
            .map(|((entity, why), way_out)| Residual {
                accepted: self.containment.accepted.get(&(entity.clone(), why)).cloned(),
                entity: entity.id,
                kind: entity.kind,
                way_out,
                why,
            })
            .collect()
    }

    /// The certificate of the newest plan, once checked.
    pub fn newest_certificate(&self) -> Option<&CertificateChecked> {
        let generation = self.containment.generation;
        self.containment.certificate.as_ref().filter(|it| it.generation == generation)
    }

    pub(crate) fn certificate_holds(&self) -> bool {
        self.newest_certificate().is_some_and(|it| it.holds)
    }

    /// Whether every point of the newest plan was found to hold it.
    pub(crate) fn all_verified(&self) -> bool {
        let Some(proposal) = self.containment.proposal.as_ref().filter(|_| self.is_approved()) else {
            return false;
        };
        proposal.rules.iter().all(|rules| {
            self.containment.points.get(&rules.point).is_some_and(|it| {
                it.generation == rules.generation
                    && it.stage == proposal.stage_for(&rules.point, proposal.last_stage())
                    && matches!(it.phase, Phase::Verified | Phase::Renewing)
            })
        })
    }

    /// Whether every stage of the newest plan has all the approvals it needs.
    pub fn is_approved(&self) -> bool {
        self.containment.proposal.as_ref().is_some_and(|it| self.approved_stage() >= it.last_stage())
    }

    /// The last stage of the newest plan up to which all are approved; 0 when none is.
    pub fn approved_stage(&self) -> u32 {
        let stages = self.containment.proposal.iter().flat_map(|it| &it.stages);
        stages
            .take_while(|it| self.stage_approvals(it.n).is_some_and(Approvals::granted))
            .last()
            .map_or(0, |it| it.n)
    }

    /// The stage of the newest plan that somebody refused.
    pub fn refused_stage(&self) -> Option<u32> {
        let mut stages = self.containment.proposal.iter().flat_map(|it| &it.stages);
        stages.find(|it| self.stage_approvals(it.n).is_some_and(|it| it.refused.is_some())).map(|it| it.n)
    }

    /// Whose word a stage of the newest plan has; records of version 1 asked for the whole plan.
    fn stage_approvals(&self, n: u32) -> Option<&Approvals> {
        let generation = self.containment.generation;
        let staged = self.approvals.get(&Subject::ContainmentStage(generation, n));
        staged.or_else(|| self.approvals.get(&Subject::Containment(generation)))
    }

    /// Ids of the actions that some point was told to carry out, and so were approved.
    pub(crate) fn actions_in_force(&self) -> BTreeSet<&str> {
        let points = self.containment.points.values().filter(|it| it.phase != Phase::Lost);
        points
            .flat_map(|it| {
                let filtered = it.wanted.rules.iter().filter_map(|it| it.action.as_deref());
                filtered.chain(it.wanted.disabled.iter().map(|it| it.name.as_str()))
            })
            .collect()
    }

    /// What `point` shall hold.
    pub fn rules_for(&self, point: &PointId) -> Option<&PointRules> {
        self.containment.points.get(point).map(|it| &it.wanted)
    }

    /// How far a step is; none when it was not touched.
    pub(crate) fn step_phase(&self, id: &str) -> Option<&StepPhase> {
        self.recovery.steps.get(id).map(|it| &it.phase)
    }

    /// Whether a step of the current stage may begin: what it comes after is done, and its crew is free as planned.
    pub(crate) fn is_ready(&self, stage: &Stage, step: &RecoveryStep) -> bool {
        let done = |id: &str| self.step_phase(id) == Some(&StepPhase::Succeeded);
        let crew_before =
            |it: &&RecoveryStep| it.crew == step.crew && it.end_s <= step.start_s && it.id != step.id;
        // A step that the plan itself places after this one cannot be waited for, however its times are rounded.
        let waits = |it: &&RecoveryStep| !it.after.contains(&step.id);
        step.after.iter().all(|it| done(it))
            && stage.steps.iter().filter(crew_before).filter(waits).all(|it| done(&it.id))
    }
}
