//! The reconciler: intent -> check -> apply -> read back -> compare -> sever live sessions -> confirm, per point.
//!
//! All points proceed at once on one clock: whichever is due next is served. Running it again is harmless: a point that
//! already holds its intent is confirmed without being touched, one that forgot it gets it again.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use bulkhead_model::id::PointId;
use bulkhead_model::rules::PointRules;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::fleet::{EnforceError, ErrorClass, Fleet, Left, Retry};
use crate::guard::Guards;

/// Tells the time and passes it.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns at `at`, or at once when that is past.
    fn wait_until(&mut self, at: Timestamp);
}

/// A clock that jumps to where it is told to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualClock(pub Timestamp);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn wait_until(&mut self, at: Timestamp) {
        self.0 = self.0.max(at);
    }
}

/// How often and when a failed point is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Tries in all, at least 1.
    pub attempts: u32,
    /// Seconds before the second try; doubled for each further one.
    pub backoff_s: u64,
    /// Longest wait between two tries, in seconds.
    pub max_backoff_s: u64,
}

impl Default for RetryPolicy {
    /// Five tries within about half a minute.
    fn default() -> Self {
        Self { attempts: 5, backoff_s: 2, max_backoff_s: 30 }
    }
}

impl RetryPolicy {
    /// Seconds to wait after failure number `failures` (1-based); none when it should not be tried again.
    fn wait(&self, failures: u32, retry: Retry) -> Option<u64> {
        if failures >= self.attempts.max(1) {
            return None;
        }
        let doubled = self.backoff_s.saturating_mul(1 << (failures - 1).min(30));
        match retry {
            Retry::No => None,
            Retry::Yes => Some(doubled.min(self.max_backoff_s)),
            Retry::After(secs) => Some(secs),
        }
    }
}

/// What became of all intents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Per intent, in the order given.
    pub points: Vec<PointReport>,
}

impl Report {
    /// Whether every point holds what was asked.
    pub fn is_confirmed(&self) -> bool {
        self.points.iter().all(|it| it.state == PointState::Confirmed)
    }

    /// The last confirmation, when all are confirmed.
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        if !self.is_confirmed() {
            return None;
        }
        self.points.iter().filter_map(|it| it.confirmed_at).max()
    }

    /// What the points hold, by their own word, where they gave it.
    pub fn held(&self) -> Vec<PointRules> {
        self.points.iter().filter_map(|it| it.held.clone()).collect()
    }
}

/// What became of one intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointReport {
    /// The point.
    pub point: PointId,
    /// The generation asked for.
    pub generation: u64,
    /// How it ended.
    pub state: PointState,
    /// What the point held before, for undo.
    pub before: Option<PointRules>,
    /// What it said last that it holds.
    pub held: Option<PointRules>,
    /// When it confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// How many times it was tried.
    pub attempts: u32,
    /// Live sessions ended.
    pub sessions_killed: u64,
    /// What happened, step by step.
    pub log: Vec<LogLine>,
}

/// How an intent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointState {
    /// Not yet known.
    Pending,
    /// Read back equal to what was asked, and no forbidden session lives.
    Confirmed,
    /// Given up.
    Failed(EnforceError),
}

/// One step of one point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub text: String,
}

/// What a point has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Apply,
    Verify,
}

/// What follows a step.
enum Next {
    Confirmed,
    At(Timestamp, Phase),
}

/// Brings every point to its intent, as far as it can be brought.
///
/// An intent that would cut one of `guards` never reaches its point.
pub fn reconcile(
    fleet: &mut dyn Fleet,
    intents: &[PointRules],
    guards: &Guards,
    policy: &RetryPolicy,
    clock: &mut dyn Clock,
) -> Report {
    let mut points: Vec<PointReport> = intents.iter().map(PointReport::pending).collect();
    let mut queue = BinaryHeap::new();
    let mut seen = BTreeSet::new();
    for (index, intent) in intents.iter().enumerate() {
        let refusal = refuse_beforehand(intent, guards, seen.insert(&intent.point));
        match refusal {
            Some(error) => points[index].fail(error, clock.now()),
            None => queue.push(Reverse((clock.now(), index, Phase::Apply))),
        }
    }
    while let Some(Reverse((at, index, phase))) = queue.pop() {
        clock.wait_until(at);
        let now = clock.now();
        let (intent, report) = (&intents[index], &mut points[index]);
        match report.step(fleet, intent, phase, now) {
            Ok(Next::Confirmed) => report.confirm(now),
            Ok(Next::At(at, phase)) => queue.push(Reverse((at.max(now), index, phase))),
            Err(error) => match policy.wait(report.attempts, error.retry) {
                Some(secs) => {
                    report.note(now, format!("{}; trying again in {secs} s", error.message));
                    queue.push(Reverse((later(now, secs), index, Phase::Apply)));
                }
                None => report.fail(error, now),
            },
        }
    }
    Report { points }
}

/// What is wrong with an intent before anybody is asked.
fn refuse_beforehand(intent: &PointRules, guards: &Guards, is_first: bool) -> Option<EnforceError> {
    let refused = |class, message: String| Some(EnforceError::new(&intent.point, class, Retry::No, message));
    if !is_first {
        return refused(ErrorClass::Invalid, "two intents for one point".to_owned());
    }
    let (guard, rule) = guards.violated_by(intent)?;
    let ports: Vec<String> = guard.ports.iter().map(ToString::to_string).collect();
    refused(
        ErrorClass::Lockout,
        format!(
            "rule `{rule}` would cut the management channel {} -> {} on {}",
            guard.from,
            guard.to,
            ports.join(", ")
        ),
    )
}

impl PointReport {
    fn pending(intent: &PointRules) -> Self {
        Self {
            point: intent.point.clone(),
            generation: intent.generation,
            state: PointState::Pending,
            before: None,
            held: None,
            confirmed_at: None,
            attempts: 0,
            sessions_killed: 0,
            log: Vec::new(),
        }
    }

    fn note(&mut self, at: Timestamp, text: String) {
        self.log.push(LogLine { at, text });
    }

    fn confirm(&mut self, now: Timestamp) {
        self.state = PointState::Confirmed;
        self.confirmed_at = Some(now);
        self.note(now, format!("generation {} confirmed", self.generation));
    }

    fn fail(&mut self, error: EnforceError, now: Timestamp) {
        self.note(now, format!("{}; given up", error.message));
        self.state = PointState::Failed(error);
    }

    fn step(
        &mut self,
        fleet: &mut dyn Fleet,
        intent: &PointRules,
        phase: Phase,
        now: Timestamp,
    ) -> Result<Next, EnforceError> {
        match phase {
            Phase::Apply => self.apply(fleet, intent, now),
            Phase::Verify => self.verify(fleet, intent, now),
        }
    }

    fn apply(
        &mut self,
        fleet: &mut dyn Fleet,
        intent: &PointRules,
        now: Timestamp,
    ) -> Result<Next, EnforceError> {
        self.attempts += 1;
        let held = self.read(fleet, now)?;
        if held.generation > intent.generation {
            let message =
                format!("it holds generation {}, newer than {}", held.generation, intent.generation);
            return Err(EnforceError::new(&self.point, ErrorClass::StaleGeneration, Retry::No, message));
        }
        // A whole lease means nothing has to be renewed.
        if held.lease_s == intent.lease_s && differences(intent, &held).is_none() {
            self.note(now, "already as asked".to_owned());
            return self.verify(fleet, intent, now);
        }
        fleet.check(intent, now)?;
        let applied = fleet.apply(intent, now)?;
        self.note(now, format!("generation {} applied", applied.generation));
        Ok(Next::At(applied.effective_at, Phase::Verify))
    }

    fn verify(
        &mut self,
        fleet: &mut dyn Fleet,
        intent: &PointRules,
        now: Timestamp,
    ) -> Result<Next, EnforceError> {
        let held = self.read(fleet, now)?;
        if let Some(left) = differences(intent, &held) {
            let message = describe(&left);
            let error = EnforceError::new(&self.point, ErrorClass::Mismatch, Retry::Yes, message);
            return Err(error.left(left));
        }
        let severed = fleet.sever(&self.point, now)?;
        self.sessions_killed += severed.killed.len() as u64;
        if severed.survivors.is_empty() {
            return Ok(Next::Confirmed);
        }
        let message = format!("{} forbidden session(s) live on", severed.survivors.len());
        let error = EnforceError::new(&self.point, ErrorClass::SessionsSurvive, Retry::Yes, message);
        Err(error.left(Left::Sessions(severed.survivors)))
    }

    fn read(&mut self, fleet: &mut dyn Fleet, now: Timestamp) -> Result<PointRules, EnforceError> {
        let held = fleet.read_back(&self.point, now)?;
        self.before.get_or_insert_with(|| held.clone());
        self.held = Some(held.clone());
        Ok(held)
    }
}

/// What is read back otherwise than asked; none when it is the same and the lease still runs.
pub fn differences(asked: &PointRules, held: &PointRules) -> Option<Left> {
    let lease_ok = if asked.lease_s == 0 { held.lease_s == 0 } else { held.lease_s <= asked.lease_s };
    let same = asked.generation == held.generation
        && asked.rules == held.rules
        && asked.disabled == held.disabled
        && lease_ok;
    if same {
        return None;
    }
    let missing_rules = asked.rules.iter().filter(|it| !held.rules.contains(it)).map(|it| it.name.clone());
    let extra_rules = held.rules.iter().filter(|it| !asked.rules.contains(it)).map(|it| it.name.clone());
    let missing_ids =
        asked.disabled.iter().filter(|it| !held.disabled.contains(it)).map(|it| it.name.clone());
    let extra_ids = held.disabled.iter().filter(|it| !asked.disabled.contains(it)).map(|it| it.name.clone());
    Some(Left::Partial {
        generation: held.generation,
        missing: missing_rules.chain(missing_ids).collect(),
        extra: extra_rules.chain(extra_ids).collect(),
    })
}

fn describe(left: &Left) -> String {
    match left {
        Left::Partial { generation, missing, extra } if missing.is_empty() && extra.is_empty() => {
            format!(
                "it holds generation {generation}, or the same rules in another order or with another lease"
            )
        }
        Left::Partial { generation, missing, extra } => format!(
            "read back generation {generation} with {} rule(s) missing and {} too many",
            missing.len(),
            extra.len()
        ),
        _ => "read back something else".to_owned(),
    }
}

/// `secs` seconds after `at`, or the end of time.
fn later(at: Timestamp, secs: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
