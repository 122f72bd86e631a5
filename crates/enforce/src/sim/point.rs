//! One simulated enforcement point: what it holds over time, and its faults.

use bulkhead_model::estate::{Capability, EnforcementPoint};
use bulkhead_model::id::PointId;
use bulkhead_model::rules::PointRules;
use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use crate::fleet::{Applied, EnforceError, ErrorClass, Left, Retry};

/// One simulated point.
#[derive(Clone, Debug)]
pub(super) struct SimPoint {
    id: PointId,
    can: Vec<Capability>,
    time_to_effect_s: u64,
    faults: Vec<Fault>,
    /// Everything ever taken, oldest first; what holds at an instant is the last that is effective by then.
    taken: Vec<Taken>,
    /// Number of applies tried so far, failed ones included.
    applies: u32,
    random: u64,
}

/// One intent as the point took it, perhaps mutilated.
#[derive(Clone, Debug)]
struct Taken {
    rules: PointRules,
    effective_at: Timestamp,
    /// From then on nothing of it is left: lease over or forgotten.
    gone_at: Option<Timestamp>,
}

impl SimPoint {
    pub(super) fn new(point: &EnforcementPoint, faults: &[Fault], seed: u64) -> Self {
        Self {
            id: point.id.clone(),
            can: point.can.clone(),
            time_to_effect_s: point.time_to_effect.secs(),
            faults: faults.to_vec(),
            taken: Vec::new(),
            applies: 0,
            random: seed,
        }
    }

    pub(super) fn is_unreachable(&self) -> bool {
        self.faults.contains(&Fault::Unreachable)
    }

    pub(super) fn keeps_sessions(&self) -> bool {
        self.faults.contains(&Fault::KeepsSessions)
    }

    pub(super) fn can_any(&self, wanted: &[Capability]) -> bool {
        wanted.iter().any(|it| self.can.contains(it))
    }

    /// The refusal, if the point declines intents or holds a newer one.
    pub(super) fn refuses(&self, intent: &PointRules) -> Result<(), EnforceError> {
        for fault in &self.faults {
            if let Fault::Refuses { reason } = fault {
                let message = format!("it refuses: {reason}");
                return Err(EnforceError::new(&self.id, ErrorClass::Refused, Retry::No, message));
            }
        }
        let newest = self.taken.last().map_or(0, |it| it.rules.generation);
        if newest > intent.generation {
            let message = format!("it holds generation {newest}, newer than {}", intent.generation);
            return Err(EnforceError::new(&self.id, ErrorClass::StaleGeneration, Retry::No, message));
        }
        Ok(())
    }

    /// What the point holds at `now`; `lease_s` is what remains.
    pub(super) fn held(&self, now: Timestamp) -> PointRules {
        let empty = |generation| PointRules {
            point: self.id.clone(),
            generation,
            rules: Vec::new(),
            disabled: Vec::new(),
            lease_s: 0,
        };
        let Some(taken) = self.taken.iter().rfind(|it| it.effective_at <= now) else { return empty(0) };
        if taken.gone_at.is_some_and(|it| it <= now) {
            return empty(taken.rules.generation);
        }
        let mut held = taken.rules.clone();
        let age = now.duration_since(taken.effective_at).as_secs();
        held.lease_s = held.lease_s.saturating_sub(u64::try_from(age).unwrap_or(0));
        held
    }

    pub(super) fn apply(&mut self, intent: &PointRules, now: Timestamp) -> Result<Applied, EnforceError> {
        self.applies += 1;
        self.fail_by_fault()?;
        let mut rules = intent.clone();
        let (mut delay, mut forgets) = (self.time_to_effect_s, None);
        for fault in &self.faults {
            match fault {
                Fault::DropsRules { last, times } if times.is_none_or(|it| self.applies <= it) => {
                    rules.rules.truncate(rules.rules.len().saturating_sub(*last));
                }
                Fault::Slow { by_s } => delay = delay.saturating_add(*by_s),
                // Once: what is applied again after the restart stays.
                Fault::Forgets { after_s } if self.taken.is_empty() => forgets = Some(*after_s),
                _ => {}
            }
        }
        let effective_at = later(now, delay);
        let lapses = (rules.lease_s > 0).then(|| later(effective_at, rules.lease_s));
        let forgotten = forgets.map(|it| later(effective_at, it));
        let gone_at = [lapses, forgotten].into_iter().flatten().min();
        let generation = rules.generation;
        self.taken.push(Taken { rules, effective_at, gone_at });
        Ok(Applied { generation, effective_at })
    }

    fn fail_by_fault(&mut self) -> Result<(), EnforceError> {
        for index in 0..self.faults.len() {
            let (fails, retry) = match self.faults[index] {
                Fault::Fails { times } => (self.applies <= times, Retry::Yes),
                Fault::Flaky { probability } => (self.draw() < probability, Retry::Yes),
                _ => (false, Retry::No),
            };
            if fails {
                let message = format!("apply number {} failed", self.applies);
                return Err(EnforceError::new(&self.id, ErrorClass::Unreachable, retry, message)
                    .left(Left::Unchanged));
            }
        }
        Ok(())
    }

    /// The next number in [0, 1) (SplitMix64, Steele et al. 2014).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// `secs` seconds after `at`, or the end of time.
fn later(at: Timestamp, secs: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
