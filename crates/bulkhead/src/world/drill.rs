//! The world of a drill: the attacker obeys the estate and whatever the defence has installed, telemetry follows from
//! what it does, people take the time the scenario says, crews the time their durations are drawn to.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bulkhead_detect::{Detector, RuleSet};
use bulkhead_engine::{State, Subject, Via};
use bulkhead_evaluate::{Defence, Generated, Play, Scenario, Truth, generate};
use bulkhead_incident::{Fusion, IncidentDraft, Memory, Normal, Policy, fuse, fuse_knowing};
use bulkhead_model::case::{
    Entity, EntityKind, EntityRef, Incident, IncidentState, Residual, TelemetrySummary,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::id::AssetId;
use bulkhead_model::rules::PointRules;
use bulkhead_recover::sample_durations;
use bulkhead_telemetry::{Options, Record, entities, read_bytes};
use jiff::{SignedDuration, Timestamp};

use super::scope::{Early, gravest};
use super::sums::Sums;
use crate::basis;
use crate::desk::{Answer, Knowledge, World};
use crate::evidence::Evidence;
use crate::telemetry_input::find;

/// To remove footholds: so long for everything, and so long for each host or account. Assumptions of the drill.
const ERADICATION_S: u64 = 3600;
const ERADICATION_EACH_S: u64 = 1200;

/// Everybody in the drill but the desk.
pub struct DrillWorld<'a> {
    scenario: &'a Scenario,
    estate: &'a Estate,
    rules: &'a RuleSet,
    policy: &'a Policy,
    seed: u64,
    defences: Vec<Defence>,
    surveillance_from: Option<Timestamp>,
    /// From when on what was generated may no longer be what happens, since the defence changed.
    stale_from: Option<Timestamp>,
    generated: Generated,
    seen: Sums,
    /// By time.
    findings: Vec<Finding>,
    summary: TelemetrySummary,
    durations: BTreeMap<u64, BTreeMap<String, u64>>,
    /// What was declared before the attack began.
    early: Early,
}

impl<'a> DrillWorld<'a> {
    /// The world before anybody defends it.
    pub fn new(
        scenario: &'a Scenario,
        estate: &'a Estate,
        rules: &'a RuleSet,
        policy: &'a Policy,
        seed: u64,
    ) -> Self {
        let mut world = Self {
            scenario,
            estate,
            rules,
            policy,
            seed,
            defences: Vec::new(),
            surveillance_from: None,
            stale_from: Some(Timestamp::MIN),
            generated: Generated { telemetry: Vec::new(), truth: Truth::default(), noise_dropped: 0 },
            seen: Sums::default(),
            findings: Vec::new(),
            summary: TelemetrySummary::default(),
            durations: BTreeMap::new(),
            early: Early::default(),
        };
        world.play();
        world
    }

    /// The first instant from the beginning of the attack on at which the findings suffice for an incident, or at which one
    /// that was declared before names more, and what is known of it then. Without an attack, the first of all.
    pub fn declarable(&mut self) -> Option<(IncidentDraft, Timestamp)> {
        if let Some(begins) = self.scenario.attack_begins() {
            let then = self.fused(before(begins)).incidents;
            self.early = Early::new(&then, begins);
        }
        let all = self.fused(Timestamp::MAX);
        let (grown, since): (Vec<_>, Vec<_>) =
            self.early.without(all).incidents.into_iter().partition(|it| self.early.holds(it));
        let since = since.into_iter().min_by_key(|it| it.declared_at);
        let grown = if grown.is_empty() { None } else { self.first_grown(since.as_ref()) };
        let (first, at) = grown.or_else(|| since.map(|it| (it.declared_at, it)).map(|(at, it)| (it, at)))?;
        Some((self.same(at, &first).unwrap_or(first), at))
    }

    /// The first finding with which an incident declared before the attack began names more, before `other` is declared.
    /// Whom an incident has named it never forgets, so that halving finds it.
    fn first_grown(&mut self, other: Option<&IncidentDraft>) -> Option<(IncidentDraft, Timestamp)> {
        let until = other.map_or(Timestamp::MAX, |it| before(it.declared_at));
        let begins = self.scenario.attack_begins()?;
        let times = self.findings.iter().filter_map(|it| it.time);
        let mut times: Vec<Timestamp> = times.filter(|it| *it >= begins && *it <= until).collect();
        times.dedup();
        let (mut low, mut high) = (0, times.len());
        let mut found = None;
        while low < high {
            let middle = low.midpoint(high);
            let drafts = self.fused(times[middle]).incidents;
            match drafts.into_iter().find(|it| self.early.has_grown(it)) {
                Some(draft) => (high, found) = (middle, Some((draft, times[middle]))),
                None => low = middle + 1,
            }
        }
        found
    }

    /// Of incidents those that were declared before the attack began, and whether each has named more. Known once
    /// [`Self::declarable`] was asked.
    pub fn early(&self, drafts: &[IncidentDraft]) -> Vec<(IncidentDraft, bool)> {
        let early = drafts.iter().filter(|it| self.early.holds(it));
        early.map(|it| (it.clone(), self.early.has_grown(it))).collect()
    }

    /// Every incident that the findings up to `now` declare, by time.
    pub fn declared(&mut self, now: Timestamp) -> Vec<IncidentDraft> {
        let mut drafts = self.fused(now).incidents;
        drafts.sort_by(|a, b| a.declared_at.cmp(&b.declared_at).then_with(|| a.id.cmp(&b.id)));
        drafts
    }

    /// What comes of the whole of it when nobody answers.
    pub fn unanswered(&mut self) -> Fusion {
        self.fused(Timestamp::MAX)
    }

    /// The incident as the findings up to `now` show it.
    pub fn draft(&mut self, now: Timestamp, current: Option<&Incident>) -> Option<IncidentDraft> {
        let fusion = self.fused(now);
        gravest(self.early.without(fusion), current)
    }

    /// The incident of `draft` as the findings up to `now` show it; the gravest where it is none of its own any more.
    pub fn same(&mut self, now: Timestamp, draft: &IncidentDraft) -> Option<IncidentDraft> {
        let fusion = self.fused(now);
        let same = fusion.incidents.iter().find(|it| it.id == draft.id).cloned();
        same.or_else(|| gravest(self.early.without(fusion), None))
    }

    /// What the findings up to `now` make.
    fn fused(&mut self, now: Timestamp) -> Fusion {
        self.observe(now);
        let fusion =
            fuse(known(&self.findings, now), self.seen.observations(), self.estate, self.policy, self.seed);
        // What a verdict was silent about stands beside it.
        self.summary.muted.clone_from(&fusion.muted);
        self.summary.basis = Some(basis::of(&fusion, None));
        fusion
    }

    /// What truly happened.
    pub fn truth(&mut self) -> &Truth {
        self.refresh_until(Timestamp::MAX);
        &self.generated.truth
    }

    /// Groups of benign events that were left out because there were more than a drill may hold.
    pub fn noise_left_out(&self) -> u64 {
        self.generated.noise_dropped
    }

    /// All telemetry there is, by file name.
    fn telemetry(&mut self) -> &[(String, Vec<u8>)] {
        self.refresh_until(Timestamp::MAX);
        &self.generated.telemetry
    }

    /// Findings up to `now`.
    pub fn findings_until(&mut self, now: Timestamp) -> &[Finding] {
        self.refresh_until(now);
        known(&self.findings, now)
    }

    /// What telemetry was read, and what of it the last judgement was silent about.
    pub fn summary(&self) -> &TelemetrySummary {
        &self.summary
    }

    /// Makes sure that everything up to `until` is as the defence makes it. Playing is the costly part of a drill, so it
    /// is played again only when the attacker acts in the time that the defence has changed.
    fn refresh_until(&mut self, until: Timestamp) {
        let Some(from) = self.stale_from else { return };
        let acts = &self.generated.truth.acts;
        let is_first = from == Timestamp::MIN;
        if is_first || acts.iter().any(|it| it.at > from && it.at <= until) {
            self.play();
        }
    }

    /// Plays the scenario against the defence as it now is, and reads the telemetry that comes of it.
    fn play(&mut self) {
        self.stale_from = None;
        let play = Play { defences: &self.defences, surveillance_from: self.surveillance_from };
        self.generated = generate(self.scenario, self.estate, self.seed, &play);
        let mut detector = Detector::new(self.rules);
        let (mut seen, mut findings) = (Vec::new(), Vec::new());
        let mut take = |record: &Record<'_>| {
            let who = entities(record.event);
            find(record, &who, &mut detector, &mut findings);
            seen.push(who);
            ControlFlow::Continue(())
        };
        let telemetry = read_bytes(&self.generated.telemetry, &Options::default(), &mut take);
        detector.finish(&mut findings);
        findings.sort_by_key(|it| it.time);
        self.summary = telemetry.summary();
        (self.seen, self.findings) = (Sums::new(seen), findings);
    }

    /// The defence is another from `at` on.
    fn changed(&mut self, at: Timestamp) {
        self.stale_from = Some(self.stale_from.map_or(at, |it| it.min(at)));
    }

    /// Sums up who was seen up to `now`.
    fn observe(&mut self, now: Timestamp) {
        self.refresh_until(now);
        self.seen.until(now);
    }

    /// The incident with everything in it that came back or is new since the last milestone.
    fn relapse(&mut self, state: &State, current: &Incident, now: Timestamp) -> Option<(Incident, String)> {
        let since = state.milestones.last().map(|(at, _)| *at);
        self.observe(now);
        let known = known(&self.findings, now);
        let (before, recent) = known.split_at(known.partition_point(|it| it.time <= since));
        // What was usual before is usual after; what the attacker did then was not learned.
        let fused = |normal: Normal, findings: &[Finding]| {
            fuse_knowing(
                Memory::from(normal),
                findings,
                self.seen.observations(),
                self.estate,
                self.policy,
                self.seed,
            )
        };
        let fusion = fused(fused(Normal::default(), before).memory.normal, recent);
        let draft = gravest(fusion, Some(current))?;
        let mut incident = current.clone();
        for entity in &draft.compromised {
            merge(&mut incident.compromised, entity);
        }
        incident.findings = known.len() as u64;
        // Whoever is back was not gone for good.
        incident.ended_at = None;
        Some((incident, draft.title))
    }
}

/// The last instant before `at` that telemetry can tell.
fn before(at: Timestamp) -> Timestamp {
    at.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MIN)
}

/// Findings up to `now`, of findings by time.
fn known(findings: &[Finding], now: Timestamp) -> &[Finding] {
    &findings[..findings.partition_point(|it| it.time.is_none_or(|at| at <= now))]
}

fn merge(entities: &mut Vec<Entity>, found: &Entity) {
    match entities.iter_mut().find(|it| it.id == found.id && it.kind == found.kind) {
        Some(entity) => {
            entity.confidence = entity.confidence.max(found.confidence);
            let fresh =
                found.reasons.iter().filter(|it| !entity.reasons.contains(it)).cloned().collect::<Vec<_>>();
            entity.reasons.extend(fresh);
        }
        None => entities.push(found.clone()),
    }
}

impl World for DrillWorld<'_> {
    fn knowledge(&mut self, now: Timestamp) -> Knowledge<'_> {
        self.observe(now);
        Knowledge { findings: known(&self.findings, now), observations: self.seen.observations(), until: now }
    }

    fn next_news(&mut self, after: Timestamp, until: Option<Timestamp>) -> Option<Timestamp> {
        self.refresh_until(until.unwrap_or(Timestamp::MAX));
        let from = self.findings.partition_point(|it| it.time.is_none_or(|at| at <= after));
        let news = self.findings[from..].iter().find(|it| it.rule.level >= Level::Medium)?.time?;
        until.is_none_or(|until| news <= until).then_some(news)
    }

    fn rescope(&mut self, state: &State, now: Timestamp) -> Option<(Incident, String)> {
        let current = state.incident.as_ref()?;
        if matches!(state.phase(), Some(IncidentState::Recovering | IncidentState::Monitoring)) {
            return self.relapse(state, current, now);
        }
        let draft = self.draft(now, Some(current))?;
        let held: Vec<EntityRef> = state.compromised().map(Entity::key).collect();
        let is_new = |it: &Entity| !held.contains(&it.key()) && !state.is_clean(it);
        if !draft.compromised.iter().any(is_new) {
            return None;
        }
        let mut incident = draft.declare(current.declared_at, self.summary.clone());
        incident.id.clone_from(&current.id);
        incident.state = current.state;
        // Nobody who was held compromised is forgotten because a later look weighs them less.
        for entity in &current.compromised {
            merge(&mut incident.compromised, entity);
        }
        Some((incident, "new findings".to_owned()))
    }

    fn approval(&mut self, _state: &State, _subject: Subject, role: &str) -> Option<(u64, Answer)> {
        let by = format!("drill:{role}");
        Some((self.scenario.response.approve.secs(), Answer::Yes(by, Via::Asked)))
    }

    /// The commander accepts what the scenario names: a part of the cast, a host or an account.
    fn acceptance(&mut self, stays: &Residual) -> Option<(u64, String, Via)> {
        let cast = &self.generated.truth.cast;
        let part_of = |name: &str| {
            stays.kind == EntityKind::Asset && cast.get(name).is_some_and(|it| it.as_str() == stays.entity)
        };
        let is_it = |name: &String| *name == stays.entity || part_of(name);
        // What the estate played on does not name, no plan of it can cut: the commander of a drill accepts it, by its name.
        let estate = self.estate;
        let known = match stays.kind {
            EntityKind::Asset => estate.assets.iter().any(|it| it.id.as_str() == stays.entity),
            EntityKind::Identity => estate.identities.iter().any(|it| it.id.as_str() == stays.entity),
        };
        let accepted = !known || self.scenario.response.accept.iter().any(is_it);
        let by = "drill:incident_commander".to_owned();
        accepted.then(|| (self.scenario.response.approve.secs(), by, Via::Asked))
    }

    fn eradication_s(&mut self, state: &State) -> Option<u64> {
        Some(ERADICATION_S + ERADICATION_EACH_S * state.compromised().count() as u64)
    }

    fn step_s(&mut self, state: &State, step: &str) -> Option<u64> {
        let number = state.recovery.number;
        let plan = state.recovery.plan.as_ref()?;
        let seed = self.seed;
        let drawn = self.durations.entry(number).or_insert_with(|| sample_durations(plan, seed ^ number));
        drawn.get(step).copied()
    }

    fn defence(&mut self, at: Timestamp, rules: Vec<PointRules>) {
        match self.defences.last_mut() {
            Some(last) if last.at == at => last.rules = rules,
            _ => self.defences.push(Defence { at, rules, rebuilt: Vec::new() }),
        }
        self.changed(at);
    }

    fn rebuilt(&mut self, at: Timestamp, assets: &[AssetId]) {
        match self.defences.last_mut() {
            Some(last) if last.at == at => last.rebuilt.extend_from_slice(assets),
            last => {
                let rules = last.map(|it| it.rules.clone()).unwrap_or_default();
                self.defences.push(Defence { at, rules, rebuilt: assets.to_vec() });
            }
        }
        self.changed(at);
    }

    fn evidence(&mut self) -> Vec<Evidence> {
        let telemetry = self.telemetry().iter();
        telemetry.map(|(name, bytes)| Evidence::Memory(name.clone(), bytes.clone())).collect()
    }

    fn watched(&mut self, from: Timestamp) {
        if self.surveillance_from.is_none() {
            self.surveillance_from = Some(from);
            // The acts of a relapse come into the play with it.
            self.play();
        }
    }
}
