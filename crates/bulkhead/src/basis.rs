//! What a judgement rests on: for how long the hosts were watched, and what an earlier baseline knew of them.

use bulkhead_incident::{Fusion, Memory};
use bulkhead_model::case::{BaselineUsed, Basis, GoesBy};

use crate::say::text;
use crate::ui::counted;

/// Seconds of watching from which on what was learned says more than what the product assumes.
const LEARNED_S: u64 = 86_400;

/// What the judgement of `fusion` rests on, with the baseline it went on from.
pub fn of(fusion: &Fusion, baseline: Option<BaselineUsed>) -> Basis {
    let normal = &fusion.memory.normal;
    let watched_s = normal.watched_s();
    Basis {
        goes_by: if watched_s < LEARNED_S { GoesBy::Prior } else { GoesBy::Learned },
        hosts: normal.n_hosts() as u64,
        watched_s,
        baseline,
    }
}

/// A baseline as it stood before a run, by the name the user gave it.
pub fn used(file: String, memory: &Memory) -> BaselineUsed {
    let normal = &memory.normal;
    BaselineUsed { file, hosts: normal.n_hosts() as u64, watched_s: normal.watched_s() }
}

/// What a verdict without an incident rests on.
pub fn line(basis: &Basis, is_grave: bool) -> String {
    let hosts = counted(usize::try_from(basis.hosts).unwrap_or(usize::MAX), "host");
    text!("what is known: {}, {}", hosts, watched(basis, is_grave))
}

/// For how long the hosts were watched, and what that means; `is_grave` where findings of level high or above are among what
/// was judged.
pub fn watched(basis: &Basis, is_grave: bool) -> String {
    let means = match (basis.goes_by, is_grave) {
        (GoesBy::Prior, true) => {
            "less than a day, so the judgement goes by what the product assumes of any host; what a sensor's few grave alerts are worth \
             depends on how often it raises them, which nobody knows yet: look at them"
        }
        (GoesBy::Prior, false) => {
            "less than a day, so the judgement goes by what the product assumes of any host"
        }
        (GoesBy::Learned, _) => "enough to have learned what is usual on them",
    };
    let before = match &basis.baseline {
        None => String::new(),
        Some(it) if it.hosts == 0 => text!("; the baseline `{}` was new", it.file),
        Some(it) => {
            text!("; the baseline `{}` had watched for {:.1} hours before", it.file, hours(it.watched_s))
        }
    };
    text!(
        "watched for {:.1} hours on average (less what is forgotten): {}{}",
        hours(basis.watched_s),
        means,
        before
    )
}

/// Hours, for people.
#[expect(clippy::cast_precision_loss, reason = "seconds, far below 2^52")]
pub fn hours(seconds: u64) -> f64 {
    seconds as f64 / 3600.0
}
