//! The incident desk: carries out what the engine asks for, records everything, keeps the (simulated) time.
//!
//! Answers known at once are given at once; those that take time wait in a queue ordered by their instant. Who approves,
//! how long crews take and what telemetry shows next is for the [`World`] to say.

mod answers;
mod fleet;
mod gate;
mod posture;
mod story;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_enforce::SimFleet;
use bulkhead_engine::run::Executor;
use bulkhead_engine::{Command, Effect, Event, Fact, Rejection, State, Subject, next_progress};
use bulkhead_journal::{Draft, Journal, Vault};
use bulkhead_model::case::{
    Attitude, Certificate, Entity, EntityKind, EntityRef, Impact, Incident, IncidentState, Plan,
    RecoveryPlan, Relapse, Residual, TimelineEntry, worst,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, ServiceId};
use bulkhead_model::rules::PointRules;
use bulkhead_report::Lang;
use jiff::{SignedDuration, Timestamp};

pub use answers::{Knowledge, recovery};
pub use story::stays;

use crate::commands::case::journal_failure;
use crate::evidence::Evidence;
use crate::failure::Failure;
use crate::persons::{People, is_function, is_person};

/// Whether the enforcement points are simulated: so they are as long as the desk drives a [`SimFleet`].
pub const SIMULATED: bool = true;

/// Looks at gates before a simulated commander gives up.
const GATE_LOOKS: u32 = 200;

/// Everybody and everything the desk cannot decide: people, crews, and what the telemetry shows next.
pub trait World {
    /// What telemetry shows up to `now`.
    fn knowledge(&mut self, now: Timestamp) -> Knowledge<'_>;

    /// The next instant in `(after, until]` at which telemetry shows something new; none when it does not.
    fn next_news(&mut self, after: Timestamp, until: Option<Timestamp>) -> Option<Timestamp>;

    /// The incident as it is now held to be, when what came in up to `now` changes who is compromised.
    fn rescope(&mut self, state: &State, now: Timestamp) -> Option<(Incident, String)>;

    /// What `role` says to `subject`, and after how many seconds; none when nobody answers.
    fn approval(&mut self, state: &State, subject: Subject, role: &str) -> Option<(u64, Answer)>;

    /// Who accepts that this stays in the attacker's hands or within reach, how, and after how many seconds; none when
    /// nobody does.
    fn acceptance(&mut self, stays: &Residual) -> Option<(u64, String, bulkhead_engine::Via)>;

    /// Seconds until the footholds on what is compromised are removed; none when nobody does it.
    fn eradication_s(&mut self, state: &State) -> Option<u64>;

    /// Seconds a recovery step takes; none when nobody carries it out.
    fn step_s(&mut self, state: &State, step: &str) -> Option<u64>;

    /// The enforcement points now hold these rules.
    fn defence(&mut self, at: Timestamp, rules: Vec<PointRules>);

    /// These assets are clean again.
    fn rebuilt(&mut self, at: Timestamp, assets: &[AssetId]);

    /// The files on which everything rests, as they are at the end.
    fn evidence(&mut self) -> Vec<Evidence>;

    /// Surveillance begins.
    fn watched(&mut self, from: Timestamp);

    /// What an interrupted run recorded before it is made again: whoever was asked then is not asked twice.
    fn answered(&mut self, _events: &[Event]) {}
}

/// What somebody asked says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes: who, and how it came.
    Yes(String, bulkhead_engine::Via),
    /// No: who, and why.
    No(String, String),
}

/// What never changes during one incident.
pub struct Setting<'a> {
    /// The operator.
    pub estate: &'a Estate,
    /// Which flows count as moves.
    pub attitude: Attitude,
    /// Hours over which losses count.
    pub horizon_h: f64,
    /// Suspected assets at or above this confidence count as compromised.
    pub suspect_threshold: f64,
    /// Seed of everything left to chance.
    pub seed: u64,
    /// Ports that admit movement.
    pub ports: MovementPorts,
    /// The other incidents answered at the same time: points can hold only one truth, so plans are made for all.
    pub others: Vec<Incident>,
    /// Language of the report.
    pub lang: Lang,
}

impl<'a> Setting<'a> {
    /// The same for one of several incidents, beside the `others`.
    #[must_use]
    pub fn beside(&self, others: Vec<Incident>) -> Setting<'a> {
        Setting { others, ports: self.ports.clone(), ..*self }
    }
}

/// What later plans supersede and the case still has to show.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Containment plans proposed, by generation.
    pub plans: BTreeMap<u64, Plan>,
    /// Rules asked for, by generation.
    pub rules: BTreeMap<u64, Vec<PointRules>>,
    /// Certificates, by generation, with whether they hold.
    pub certificates: BTreeMap<u64, (Certificate, bool)>,
    /// The generation under which the incident was first contained.
    pub first_contained_by: Option<u64>,
    /// The generation under which the incident was contained, since it last was not.
    pub contained_by: Option<u64>,
    /// Once it was contained: but for these, each accepted by name.
    pub contained_except: Option<Vec<EntityRef>>,
    /// The last impact assessed before anything was let out again; of what containment broke, the worst of the whole case.
    pub impact: Option<Impact>,
    /// The first recovery plan since the incident was last contained.
    pub recovery: Option<RecoveryPlan>,
    /// Generations that at least one point was found to hold.
    pub enforced: BTreeSet<u64>,
    /// Actions that a point was found to hold, as point and action id.
    pub held: BTreeSet<(String, String)>,
    /// Every time the attacker came back.
    pub relapses: Vec<Relapse>,
    /// Whether anything was let out again since the incident was last contained.
    let_out: bool,
    /// When each service's stage was restored for the first time.
    pub restored: BTreeMap<ServiceId, Timestamp>,
}

impl Kept {
    fn note(&mut self, event: &Event) {
        match &event.fact {
            Fact::ContainmentProposed(it) => {
                self.plans.insert(it.plan.generation, it.plan.clone());
                self.rules.insert(it.plan.generation, it.rules.clone());
            }
            Fact::CertificateChecked(it) => {
                self.certificates.insert(it.generation, (it.certificate.clone(), it.holds));
            }
            Fact::IncidentAdvanced(it)
                if it.to == IncidentState::Contained && self.contained_by.is_none() =>
            {
                self.contained_except = Some(it.except.clone());
                self.contained_by = self.certificates.iter().rev().find(|(_, it)| it.1).map(|(it, _)| *it);
                self.first_contained_by = self.first_contained_by.or(self.contained_by);
            }
            // Contained no longer: what is shown from here on is the plan that answers what was found since.
            Fact::IncidentAdvanced(it) if it.to == IncidentState::Declared => {
                self.contained_except = None;
                self.contained_by = None;
                self.recovery = None;
                self.let_out = false;
            }
            Fact::EnforcementReadBack(it) => {
                let rules = it.held.rules.iter().filter_map(|rule| rule.action.clone());
                let actions = rules.chain(it.held.disabled.iter().map(|off| off.name.clone()));
                let point = it.held.point.to_string();
                self.held.extend(actions.map(|action| (point.clone(), action)));
            }
            Fact::EnforcementVerified(it) => {
                self.enforced.insert(it.generation);
            }
            Fact::RelapseSeen(it) => {
                self.relapses.push(Relapse {
                    at: event.at,
                    entities: it.entities.iter().map(|it| it.id().to_owned()).collect(),
                });
            }
            Fact::ImpactAssessed(it) if !self.let_out => {
                // What an earlier containment broke was broken, whatever the one now in force breaks.
                let before = self.impact.take().map(|it| it.containment_observed).unwrap_or_default();
                let observed = worst(before.iter().chain(&it.impact.containment_observed));
                self.impact = Some(Impact { containment_observed: observed, ..it.impact.clone() });
            }
            Fact::RecoveryProposed(it) if self.recovery.is_none() => self.recovery = Some(it.plan.clone()),
            Fact::StageRestored(it) => {
                self.let_out = true;
                let stages = self.recovery.iter().flat_map(|plan| &plan.stages);
                for service in
                    stages.filter(|stage| stage.n == it.stage).flat_map(|stage| &stage.gate.restores)
                {
                    self.restored.entry(service.clone()).or_insert(event.at);
                }
            }
            _ => {}
        }
    }
}

/// The desk.
pub struct Desk<'a> {
    setting: &'a Setting<'a>,
    world: &'a mut dyn World,
    journal: &'a mut Journal,
    vault: &'a mut Vault,
    fleet: SimFleet,
    now: Timestamp,
    queue: BinaryHeap<Reverse<(Timestamp, u64)>>,
    waiting: BTreeMap<u64, (Effect, Command)>,
    n_queued: u64,
    /// How much was known when names were last learnt: findings, hosts, logons, the last finding's time.
    named_up_to: Option<(usize, usize, usize, Option<Timestamp>)>,
    /// Everything recorded, in words.
    pub timeline: Vec<TimelineEntry>,
    /// What the case directory keeps of what was superseded meanwhile.
    pub kept: Kept,
    /// Commands that changed nothing, for the log of a fault.
    pub rejections: Vec<String>,
}

impl<'a> Desk<'a> {
    /// A desk that opens at `now`.
    ///
    /// # Errors
    /// Never for a sound estate: the fleet is simulated from it.
    pub fn new(
        setting: &'a Setting<'a>,
        world: &'a mut dyn World,
        journal: &'a mut Journal,
        vault: &'a mut Vault,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let fleet = SimFleet::new(setting.estate, &bulkhead_enforce::FaultPlan::none(), setting.seed)
            .map_err(|err| Failure::Internal(anyhow::Error::new(err)))?;
        Ok(Self {
            setting,
            world,
            journal,
            vault,
            fleet,
            now,
            queue: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            n_queued: 0,
            named_up_to: None,
            timeline: Vec::new(),
            kept: Kept::default(),
            rejections: Vec::new(),
        })
    }

    /// Keeps the evidence; returns what records it.
    ///
    /// # Errors
    /// When a file cannot be read or kept.
    pub fn keep_evidence(&mut self) -> Result<Vec<Command>, Failure> {
        let vault = &*self.vault;
        self.world.evidence().iter().map(|it| it.keep(vault)).collect()
    }

    /// The desk's time.
    pub fn clock(&self) -> Timestamp {
        self.now
    }

    /// Answers `effect` with `command` in `after_s` seconds.
    fn answer_in(&mut self, after_s: u64, effect: &Effect, command: Command) {
        let at = later(self.now, after_s);
        self.queue.push(Reverse((at, self.n_queued)));
        self.waiting.insert(self.n_queued, (effect.clone(), command));
        self.n_queued += 1;
    }

    /// The next answer still wanted, and when it comes.
    fn next_answer(&mut self) -> Option<Timestamp> {
        while let Some(Reverse((at, number))) = self.queue.peek().copied() {
            if self.waiting.contains_key(&number) {
                return Some(at);
            }
            self.queue.pop();
        }
        None
    }

    /// Learns whom telemetry has named since the last record, so that no entry names them.
    fn learn_names(&mut self) -> Result<(), Failure> {
        let known = self.world.knowledge(self.now);
        let (findings, seen) = (known.findings, known.observations);
        let stand =
            (findings.len(), seen.hosts.len(), seen.logons.len(), findings.last().and_then(|it| it.time));
        if self.named_up_to == Some(stand) {
            return Ok(());
        }
        let mut people = People::default();
        people.observed(seen);
        findings.iter().for_each(|it| people.finding(it));
        self.vault.learn(people.iter()).map_err(journal_failure)?;
        self.named_up_to = Some(stand);
        Ok(())
    }

    fn note(&mut self, event: &Event) {
        self.timeline.extend(story::tell(event, SIMULATED, self.setting.estate));
        self.kept.note(event);
        match &event.fact {
            Fact::StageRestored(it) => {
                let assets = it.entities.iter().filter(|it| it.may_be(EntityKind::Asset));
                let assets: Vec<AssetId> = assets.map(|it| AssetId::new(it.id())).collect();
                self.world.rebuilt(event.at, &assets);
            }
            Fact::SurveillanceStarted(_) => self.world.watched(event.at),
            _ => {}
        }
    }
}

impl Executor for Desk<'_> {
    type Error = Failure;

    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn record(&mut self, events: Vec<Event>) -> Result<Vec<Event>, Failure> {
        // Between two records is where a run can be ended and carried on.
        crate::interrupt::check()?;
        let mut drafts = Vec::new();
        let mut recorded = Vec::new();
        self.learn_names()?;
        for event in events {
            let body = event.fact.body().map_err(anyhow::Error::new)?;
            let named = event.fact.accounts().into_iter().filter(|it| is_person(it) && !is_function(it));
            let body = self.vault.hide(&body, &named.collect()).map_err(journal_failure)?;
            let (kind, v) = (event.fact.kind(), event.fact.v());
            // What a restart would read: the stored bytes, with names put back from the vault.
            let read = self.vault.reveal(&body).map_err(journal_failure)?;
            let fact = Fact::read(kind, v, &read).map_err(anyhow::Error::new)?;
            drafts.push(Draft {
                kind: kind.to_owned(),
                v,
                at: event.at,
                actor: event.actor.clone(),
                cause: None,
                body,
            });
            recorded.push(Event { fact, ..event });
        }
        self.journal.append(drafts).map_err(journal_failure)?;
        for event in &recorded {
            self.note(event);
        }
        Ok(recorded)
    }

    fn start(&mut self, state: &State, effect: &Effect) -> Result<Vec<Command>, Failure> {
        match effect {
            Effect::AssessImpact { .. }
            | Effect::ComputeClocks { .. }
            | Effect::AssessExfiltration { .. }
            | Effect::PlanContainment { .. }
            | Effect::CheckCertificate { .. }
            | Effect::PlanRecovery { .. }
            | Effect::CheckGate { .. } => {
                let knowledge = self.world.knowledge(self.now);
                answers::answer(self.setting, &knowledge, state, effect, self.now).map(|it| vec![it])
            }
            Effect::Enforce { point, .. } => Ok(vec![fleet::enforce(self, state, point)]),
            Effect::ReadBack { point, not_before, .. } => {
                let wait_s = seconds_between(self.now, *not_before);
                if wait_s > 0 {
                    // The command is only a reminder: what is held is read when the time has come.
                    self.answer_in(wait_s, effect, Command::RetryPoint(point.clone()));
                    return Ok(Vec::new());
                }
                Ok(vec![fleet::read_back(self, state, point)])
            }
            Effect::RenewLease { point, .. } => Ok(vec![fleet::renew(self, state, point)]),
            Effect::AskApproval { subject, role } => {
                if let Some((after_s, answer)) = self.world.approval(state, *subject, role) {
                    let command = match answer {
                        Answer::Yes(by, via) => {
                            Command::Approve { subject: *subject, role: role.clone(), by, via }
                        }
                        Answer::No(by, why) => {
                            Command::Refuse { subject: *subject, role: role.clone(), by, why }
                        }
                    };
                    self.answer_in(after_s, effect, command);
                }
                Ok(Vec::new())
            }
            Effect::AskAcceptance { entity, why, .. } => {
                let is_it =
                    |it: &Residual| it.kind == entity.kind && it.entity == entity.id && it.why == *why;
                let stays = state.residual().into_iter().find(is_it);
                if let Some((after_s, by, via)) = stays.and_then(|it| self.world.acceptance(&it)) {
                    let (entity, why) = (entity.clone(), *why);
                    self.answer_in(after_s, effect, Command::AcceptResidual { entity, why, by, via });
                }
                Ok(Vec::new())
            }
            Effect::ConfirmEradication { .. } => {
                if let Some(after_s) = self.world.eradication_s(state) {
                    let entities = state.compromised().map(Entity::key).collect();
                    let how = "sessions ended, implants and persistence removed, secrets rotated".to_owned();
                    self.answer_in(after_s, effect, Command::RecordEradication { entities, how });
                }
                Ok(Vec::new())
            }
            Effect::RunStep { number, step, .. } => {
                if let Some(after_s) = self.world.step_s(state, step) {
                    let result = "carried out and verified".to_owned();
                    let command = Command::RecordStepDone { number: *number, step: step.clone(), result };
                    self.answer_in(after_s, effect, command);
                }
                Ok(Vec::new())
            }
            Effect::ProbeStep { number, step, .. } => {
                // A simulated crew never half-does a step: one that was begun and not reported was not done.
                Ok(vec![Command::RecordProbe { number: *number, step: step.clone(), done: false }])
            }
            // What a watch sees comes through `wait`, as all news does.
            Effect::Watch { .. } => Ok(Vec::new()),
        }
    }

    fn cancel(&mut self, effect: &Effect) {
        self.waiting.retain(|_, (waiting, _)| waiting != effect);
    }

    fn wait(&mut self, state: &State, until: Option<Timestamp>) -> Result<Option<Vec<Command>>, Failure> {
        let answer = self.next_answer();
        let next = [answer, until].into_iter().flatten().min();
        if answer.is_none() && next_progress(state).is_none() {
            return Ok(None);
        }
        // Nobody looks at a gate for ever: then it is for people to find out what is wrong.
        if state.recovery.gate_checks > GATE_LOOKS {
            return Ok(None);
        }
        if let Some(news) = self.world.next_news(self.now, next) {
            self.now = self.now.max(news);
            let changed = self.world.rescope(state, self.now);
            return Ok(Some(
                changed
                    .into_iter()
                    .map(|(incident, why)| Command::RescopeIncident { incident, why })
                    .collect(),
            ));
        }
        let Some(next) = next else { return Ok(None) };
        self.now = self.now.max(next);
        if answer != Some(next) {
            return Ok(Some(Vec::new()));
        }
        let Some(Reverse((_, number))) = self.queue.pop() else { return Ok(Some(Vec::new())) };
        let Some((effect, command)) = self.waiting.remove(&number) else { return Ok(Some(Vec::new())) };
        Ok(Some(vec![match effect {
            Effect::ReadBack { point, .. } => fleet::read_back(self, state, &point),
            _ => command,
        }]))
    }

    fn rejected(&mut self, command: &Command, rejection: &Rejection) {
        // Late answers are normal when the scope changes; they are kept for whoever looks into a fault.
        let name = format!("{command:?}");
        let name = name.split([' ', '{', '(']).next().unwrap_or_default();
        self.rejections.push(format!("{} {name}: {rejection}", self.now));
    }
}

/// `at` plus so many seconds.
pub fn later(at: Timestamp, secs: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Seconds from one instant to another; none are negative. A part of a second counts as one.
pub fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    let millis = to.as_millisecond() - from.as_millisecond();
    u64::try_from((millis + 999) / 1000).unwrap_or(0)
}
