//! A world that answers effects: a clock, a journal, a fleet that fails as told, crews, and an attacker who comes back.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_engine::facts::GateCheck;
use bulkhead_engine::run::Executor;
use bulkhead_engine::{Command, Effect, Event, Rejection, State, Via};
use bulkhead_model::case::{
    Approval, Certificate, Clock, Entity, EntityKind, Exfiltration, Impact, Incident, IncidentState, Plan,
    Reason, RecoveryPlan, TelemetrySummary,
};
use bulkhead_model::finding::Level;
use bulkhead_model::id::PointId;
use bulkhead_model::rules::{DisabledIdentity, Endpoint, PointRules, Rule, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_753_430_400 + seconds).unwrap()
}

pub fn entity(id: &str, kind: EntityKind, seen: i64) -> Entity {
    let reason = Reason { finding: format!("a.json#1 {id}"), at: at(seen), text: "seen".into() };
    Entity { kind, id: id.into(), hostname: None, since: at(seen), confidence: 0.9, reasons: vec![reason] }
}

/// An incident with these hosts compromised, and one account.
pub fn incident(hosts: &[(&str, i64)]) -> Incident {
    let mut compromised: Vec<Entity> =
        hosts.iter().map(|(id, seen)| entity(id, EntityKind::Asset, *seen)).collect();
    compromised.push(entity("corp\\alice", EntityKind::Identity, 1));
    Incident {
        id: "INC-1".into(),
        title: "Lateral movement from web-1".into(),
        state: IncidentState::Declared,
        severity: Level::High,
        declared_at: at(10),
        first_finding_at: at(1),
        ended_at: None,
        compromised,
        suspected: Vec::new(),
        tactics: vec!["lateral-movement".into()],
        findings: hosts.len() as u64,
        telemetry: TelemetrySummary::default(),
        simulated: true,
        residual: Vec::new(),
    }
}

/// What the world is told to do; two worlds told the same behave the same.
#[derive(Clone, Debug)]
pub struct Script {
    /// Tries that fail before one succeeds, by point; a point listed with `u32::MAX` never answers.
    pub point_failures: BTreeMap<String, u32>,
    /// Points that read back something else the first time.
    pub liars: BTreeSet<String>,
    /// Tries that fail before one succeeds, by step.
    pub step_failures: BTreeMap<String, u32>,
    /// Whether the gates' conditions fail the first time.
    pub gate_fails_once: bool,
    /// The attacker is seen on this host while this stage (none: everything) is watched.
    pub relapse: Option<(Option<u32>, String)>,
    /// Seconds a lease lasts.
    pub lease_s: u64,
    /// The plan whose certificate does not hold.
    pub bad_certificate: Option<u64>,
    /// Whether actions on web servers are carried out without anybody's word.
    pub staged: bool,
    /// Hosts that keep a way out whatever is done.
    pub footholds: Vec<String>,
    /// Names that are accepted to stay.
    pub accepts: Vec<String>,
    /// Whether plans have no actions.
    pub idle: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            point_failures: BTreeMap::new(),
            liars: BTreeSet::new(),
            step_failures: BTreeMap::new(),
            gate_fails_once: false,
            relapse: None,
            lease_s: 3600,
            bad_certificate: None,
            staged: false,
            footholds: Vec::new(),
            accepts: Vec::new(),
            idle: false,
        }
    }
}

/// What survives a crash of the process: the world itself and the journal.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub journal: Vec<Event>,
    /// What each point holds.
    pub fleet: BTreeMap<PointId, PointRules>,
    /// Tries seen, by point and generation, and by step.
    pub tries: BTreeMap<String, u32>,
    /// Steps done, with how often each was carried out.
    pub steps_done: BTreeMap<String, u32>,
}

pub struct Fake {
    pub script: Script,
    pub world: World,
    pub now: Timestamp,
    /// Answers on their way in this process: lost with it.
    pending: BTreeMap<(Timestamp, u64), Command>,
    sent: u64,
    /// The process dies instead of recording more than this many.
    pub crash_at: Option<usize>,
    /// It dies, once it has recorded that many, before it acts again; otherwise after having acted.
    pub crash_before_acting: bool,
    pub started: Vec<Effect>,
    pub rejections: Vec<(Command, Rejection)>,
}

/// The process died.
#[derive(Debug, PartialEq, Eq)]
pub struct Crash;

impl Fake {
    pub fn new(script: Script, world: World, now: Timestamp) -> Self {
        Self {
            script,
            world,
            now,
            pending: BTreeMap::new(),
            sent: 0,
            crash_at: None,
            crash_before_acting: false,
            started: Vec::new(),
            rejections: Vec::new(),
        }
    }

    /// The answers on their way, at once.
    pub fn drain(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.pending).into_values().collect()
    }

    fn later(&mut self, seconds: i64, command: Command) {
        let when = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.send(when, command);
    }

    fn send(&mut self, when: Timestamp, command: Command) {
        self.sent += 1;
        self.pending.insert((when, self.sent), command);
    }

    /// Whether this try is one of the first `failures` at `what`.
    fn fails(&mut self, what: String, failures: u32) -> bool {
        let tries = self.world.tries.entry(what).or_default();
        *tries = tries.saturating_add(1);
        *tries <= failures
    }

    fn enforce(&mut self, state: &State, point: &PointId, generation: u64) -> Command {
        let failures = self.script.point_failures.get(point.as_str()).copied().unwrap_or(0);
        if self.fails(format!("{point}/{generation}"), failures) {
            let (point, why) = (point.clone(), "no answer".to_owned());
            return Command::RecordPointFailure { generation, point, why, retry: true };
        }
        let rules = state.rules_for(point).unwrap().clone();
        assert_eq!(rules.generation, generation);
        let held = self.world.fleet.get(point).map_or(0, |it| it.generation);
        assert!(generation >= held, "{point} holds {held} and is given {generation}");
        self.world.fleet.insert(point.clone(), rules);
        let effective_at = self.now.checked_add(SignedDuration::from_secs(2)).unwrap();
        Command::RecordApplied { generation, point: point.clone(), effective_at }
    }

    fn read_back(&mut self, point: &PointId, generation: u64) -> Command {
        let nothing = || PointRules {
            point: point.clone(),
            generation: 0,
            rules: Vec::new(),
            disabled: Vec::new(),
            lease_s: 0,
        };
        let mut held = self.world.fleet.get(point).cloned().unwrap_or_else(nothing);
        if self.script.liars.contains(point.as_str()) && self.fails(format!("read {point}/{generation}"), 1) {
            held.rules.clear();
        }
        Command::RecordReadBack { generation, held }
    }

    fn run_step(&mut self, number: u64, step: &str) -> Command {
        let failures = self.script.step_failures.get(step).copied().unwrap_or(0);
        let key = format!("{number}/{step}");
        if self.fails(key.clone(), failures) {
            return Command::RecordStepFailure {
                number,
                step: step.into(),
                why: "the backup did not mount".into(),
            };
        }
        *self.world.steps_done.entry(key).or_default() += 1;
        Command::RecordStepDone { number, step: step.into(), result: "done".into() }
    }
}

impl Executor for Fake {
    type Error = Crash;

    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn record(&mut self, events: Vec<Event>) -> Result<Vec<Event>, Crash> {
        if self.crash_at.is_some_and(|k| self.world.journal.len() + events.len() > k) {
            return Err(Crash);
        }
        // Read back from bytes, as a restart would.
        let events: Vec<Event> = events.iter().map(through_bytes).collect();
        self.world.journal.extend(events.iter().cloned());
        Ok(events)
    }

    fn start(&mut self, state: &State, effect: &Effect) -> Result<Vec<Command>, Crash> {
        if self.crash_before_acting && self.crash_at.is_some_and(|k| self.world.journal.len() >= k) {
            return Err(Crash);
        }
        self.started.push(effect.clone());
        match effect {
            Effect::AssessImpact { basis } => {
                return Ok(vec![Command::RecordImpact { basis: *basis, impact: impact() }]);
            }
            Effect::ComputeClocks { basis } => {
                return Ok(vec![Command::RecordClocks { basis: *basis, clocks: clocks(state) }]);
            }
            Effect::AssessExfiltration { basis } => {
                let exfiltration = exfiltration(state);
                return Ok(vec![Command::RecordExfiltration { basis: *basis, exfiltration }]);
            }
            Effect::PlanContainment { generation } => {
                let command = self.script.proposal(state, *generation);
                self.later(1, command);
            }
            Effect::AskApproval { subject, role } => {
                let (subject, role, by) = (*subject, role.clone(), format!("holder of {role}"));
                self.later(5, Command::Approve { subject, role, by, via: Via::YesFlag });
            }
            Effect::AskAcceptance { entity, why, .. } => {
                if self.script.accepts.contains(&entity.id) {
                    let (entity, why, by) = (entity.clone(), *why, "corp\\bob".to_owned());
                    self.later(7, Command::AcceptResidual { entity, why, by, via: Via::AcceptFlag });
                }
            }
            Effect::Enforce { point, generation, .. } => {
                let answer = self.enforce(state, point, *generation);
                self.later(1, answer);
            }
            Effect::ReadBack { point, generation, not_before, .. } => {
                let answer = self.read_back(point, *generation);
                let when = self.now.max(*not_before);
                self.send(when, answer);
            }
            Effect::CheckCertificate { generation } => {
                let bad = self.script.bad_certificate == Some(*generation);
                let mut certificate = certificate(state);
                let keep = self.script.footholds.iter().filter(|it| certificate.sources.contains(it));
                certificate.footholds =
                    keep.map(|it| made(json!({"entity": it, "way_out": "web-out"}))).collect();
                let (generation, open) =
                    (*generation, if bad { vec!["web-1 -> db-1".into()] } else { Vec::new() });
                return Ok(vec![Command::RecordCertificate { generation, certificate, holds: !bad, open }]);
            }
            Effect::RenewLease { point, generation, lapses_at } => {
                let until =
                    lapses_at.checked_add(SignedDuration::from_secs(self.script.lease_s as i64)).unwrap();
                return Ok(vec![Command::RecordLease {
                    generation: *generation,
                    point: point.clone(),
                    until,
                }]);
            }
            Effect::ConfirmEradication { .. } => {
                let entities = state.compromised().map(Entity::key).collect();
                self.later(
                    60,
                    Command::RecordEradication { entities, how: "rebuilt, secrets changed".into() },
                );
            }
            Effect::PlanRecovery { number } => {
                let plan = recovery_plan(state);
                self.later(1, Command::ProposeRecovery { number: *number, plan });
            }
            Effect::RunStep { number, step, .. } => {
                let answer = self.run_step(*number, step);
                self.later(600, answer);
            }
            Effect::ProbeStep { number, step, .. } => {
                let done = self.world.steps_done.contains_key(&format!("{number}/{step}"));
                return Ok(vec![Command::RecordProbe { number: *number, step: step.clone(), done }]);
            }
            Effect::Watch { .. } => {}
            Effect::CheckGate { stage, .. } => {
                let fails = self.script.gate_fails_once && self.fails(format!("gate {stage}"), 1);
                let checks = state.stage().unwrap().gate.checks.iter();
                let found = "measured".to_owned();
                let checks =
                    checks.map(|it| GateCheck { check: it.clone(), holds: !fails, found: found.clone() });
                return Ok(vec![Command::RecordGateChecks { stage: *stage, checks: checks.collect() }]);
            }
        }
        Ok(Vec::new())
    }

    fn wait(&mut self, state: &State, until: Option<Timestamp>) -> Result<Option<Vec<Command>>, Crash> {
        if let Some((stage, host)) = &self.script.relapse
            && state.relapses == 0
            && state.recovery.watch.is_some_and(|it| it.stage == *stage && !it.passed)
        {
            let seen = self.now.duration_since(at(0)).as_secs();
            let mut hosts = vec![("web-1", 1), ("db-1", 2)];
            hosts.retain(|(id, _)| id != host);
            hosts.push((host, seen));
            let incident = incident(&hosts);
            return Ok(Some(vec![Command::RescopeIncident { incident, why: format!("{host} called home") }]));
        }
        let next = self.pending.first_key_value().map(|(key, _)| *key);
        match next {
            Some(key) if until.is_none_or(|it| key.0 <= it) => {
                self.now = self.now.max(key.0);
                Ok(Some(self.pending.remove(&key).into_iter().collect()))
            }
            None if bulkhead_engine::next_progress(state).is_none() => Ok(None),
            _ => {
                self.now = self.now.max(until.unwrap_or(self.now));
                Ok(Some(Vec::new()))
            }
        }
    }

    fn rejected(&mut self, command: &Command, rejection: &Rejection) {
        self.rejections.push((command.clone(), rejection.clone()));
    }
}

/// The event as the journal gives it back.
pub fn through_bytes(event: &Event) -> Event {
    let body = event.fact.body().unwrap();
    let fact = bulkhead_engine::Fact::read(event.fact.kind(), event.fact.v(), &body).unwrap();
    Event { at: event.at, actor: event.actor.clone(), fact }
}

/// Types of the model are made from JSON, so that a field added there with a default breaks no test here.
fn made<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub fn clocks(state: &State) -> Vec<Clock> {
    let filed = state.filings.iter().find(|it| it.stage == "early_warning").map(|it| it.submitted_at);
    let due = at(10 + 24 * 3600);
    vec![made(json!({
        "regime": "NIS2", "name": "NIS2", "stage": "early_warning", "status": "binding", "anchor": "awareness",
        "anchor_at": at(10), "due_earliest": due, "due_outer": due, "rule": "24 h from awareness, art. 23(4)(a)",
        "recipient": "CERT-FR", "sources": ["Directive (EU) 2022/2555"], "submitted_at": filed,
    }))]
}

pub fn exfiltration(state: &State) -> Exfiltration {
    let as_of = state.milestones.last().unwrap().0;
    made(json!({
        "conclusion": "none_seen", "coverage": 0.5, "as_of": as_of,
        "stores": [{
            "asset": "db-1", "data": ["customer"], "conclusion": "none_seen", "covered": true, "evidence": ["flow a -> b"],
        }],
    }))
}

pub fn certificate(state: &State) -> Certificate {
    let compromised: Vec<&str> = state.compromised().map(|it| it.id.as_str()).collect();
    made(json!({
        "attitude": "movement", "sources": compromised, "protected": ["dc-1"], "reached": compromised,
        "cut": [{"from": "web-1", "to": "dc-1", "means": "web-to-dc tcp/389", "by": "r-web-1"}], "identities": [],
    }))
}

impl Script {
    /// The plan as this script has it.
    pub fn proposal(&self, state: &State, generation: u64) -> Command {
        let (mut plan, mut rules) = plan(state, generation, self.lease_s);
        if self.idle {
            (plan.actions, rules) = (Vec::new(), Vec::new());
        }
        for it in plan.actions.iter_mut().filter(|it| self.staged && it.target.starts_with("web")) {
            it.approval = Approval::Automatic;
        }
        Command::ProposeContainment { plan, rules, reach: vec![(Approval::Automatic, 1)] }
    }
}

/// Every compromised host is isolated at its own point; with `fw-b` lost, at `fw-c`.
pub fn plan(state: &State, generation: u64, lease_s: u64) -> (Plan, Vec<PointRules>) {
    let mut by_point: BTreeMap<PointId, Vec<Rule>> = BTreeMap::new();
    let mut actions = Vec::new();
    for host in state.compromised().filter(|it| it.kind == EntityKind::Asset) {
        let own = if host.id.starts_with("web") { "fw-a" } else { "fw-b" };
        let point = PointId::new(if state.containment.lost.contains(own) { "fw-c" } else { own });
        let id = format!("isolate {} {point}", host.id);
        by_point.entry(point.clone()).or_default().push(rule(&host.id, &id));
        actions.push(action(&host.id, &id, &point, lease_s));
    }
    let rules = by_point.into_iter().map(|(point, rules)| PointRules {
        point,
        generation,
        disabled: vec![DisabledIdentity {
            name: "disable_identity corp\\alice".into(),
            identity: "corp\\alice".into(),
        }],
        rules,
        lease_s,
    });
    let objective = json!({"service_loss": 0.5, "exposure": 0.0, "operating": 500.0, "total": 500.5});
    let plan = made(json!({
        "generation": generation, "attitude": "movement", "horizon_h": 24.0, "currency": "EUR",
        "objective": objective, "bound": 0.0, "gap": 0.0, "actions": actions,
        "alternatives": [{
            "name": "most_assurance", "objective": objective, "bound": 0.0, "gap": 0.0, "actions": actions,
            "services": [hit()],
        }],
        "baselines": [{"name": "isolate_all", "objective": objective, "feasible": true, "services": [hit()]}],
        "not_done": [{"what": "db-1 -> dc-1 under strict", "why": "no point covers it"}],
    }));
    (plan, rules.collect())
}

fn rule(host: &str, action: &str) -> Rule {
    let from = Endpoint { assets: vec![host.into()], ..Endpoint::default() };
    let to = Endpoint::default();
    Rule {
        name: format!("r-{host}"),
        action: Some(action.into()),
        from,
        to,
        ports: Vec::new(),
        verdict: Verdict::Drop,
    }
}

fn action(host: &str, id: &str, point: &PointId, lease_s: u64) -> serde_json::Value {
    json!({
        "id": id, "kind": "isolate", "target": host, "enforcement_point": point, "lease_s": lease_s, "reversible": true,
        "approval": "service_owner", "time_to_effect_s": 2, "also_at": [], "ports": ["tcp/443"],
        "cuts": ["web-1 -> db-1 (web-to-db tcp/1521)"], "breaks": [{"service": "portal", "state": "degraded"}],
    })
}

/// A service that is hit.
fn hit() -> serde_json::Value {
    let customers = json!([{"segment": "business", "count": 180_000}]);
    json!({"service": "portal", "state": "degraded", "customers": customers, "value_per_hour": 54_000.5})
}

pub fn impact() -> Impact {
    made(json!({"attacker": [hit()], "containment_predicted": [hit()], "containment_observed": []}))
}

/// One stage per compromised host: restore, then verify, by one crew.
pub fn recovery_plan(state: &State) -> RecoveryPlan {
    let hosts = state.compromised().filter(|it| it.kind == EntityKind::Asset);
    let stages = hosts.enumerate().map(|(i, host)| {
        let step = |name: &str, after: &[String], start: usize| {
            json!({
                "id": format!("{}/{name}", host.id), "asset": host.id, "crew": "ops", "after": after, "start_s": start,
                "end_s": start + 600, "p10_s": 300, "p50_s": 600, "p90_s": 900,
            })
        };
        let restore = format!("{}/restore", host.id);
        json!({
            "n": i + 1, "title": format!("{} back", host.id),
            "steps": [step("restore", &[], 1200 * i), step("verify", &[restore], 1200 * i + 600)],
            "gate": {"checks": ["no finding"], "surveillance_s": 1800, "approver": "incident_commander", "restores": ["portal"]},
        })
    });
    let stages: Vec<serde_json::Value> = stages.collect();
    let service = json!({
        "service": "portal", "p50": 1200, "p90": 1800, "rto": 14_400, "mtpd": 86_400, "mtpd_breach": 0.01,
    });
    made(json!({"stages": stages, "services": [service], "objective": 0.0, "bound": 0.0, "gap": 0.0}))
}
