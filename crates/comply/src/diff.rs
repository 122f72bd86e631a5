//! What changed between two computations of the clocks: facts grow, deadlines move, and each move is to be recorded.

use bulkhead_model::case::{Clock, ClockStatus};
use bulkhead_model::id::RegimeId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One clock that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// The regime.
    pub regime: RegimeId,
    /// The stage.
    pub stage: String,
    /// How it stood; absent when the clock is new.
    pub before: Option<Standing>,
    /// How it stands; absent when the clock stopped.
    pub after: Option<Standing>,
}

/// What of a clock a person acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standing {
    /// How it bears.
    pub status: ClockStatus,
    /// Work to this.
    pub due_earliest: Option<Timestamp>,
    /// The latest that can be argued.
    pub due_outer: Option<Timestamp>,
    /// When it was filed, if it was.
    pub submitted_at: Option<Timestamp>,
}

/// The clocks that differ between `before` and `after`, in the order of `after`, stopped ones last.
pub fn diff(before: &[Clock], after: &[Clock]) -> Vec<Change> {
    let same = |a: &Clock, b: &Clock| a.regime == b.regime && a.stage == b.stage;
    let now = after.iter().map(|clock| (clock, before.iter().find(|it| same(it, clock)), Some(clock)));
    let gone = before.iter().filter(|clock| !after.iter().any(|it| same(it, clock)));
    let all = now.chain(gone.map(|clock| (clock, Some(clock), None)));
    let changes = all.map(|(clock, before, after)| Change {
        regime: clock.regime.clone(),
        stage: clock.stage.clone(),
        before: before.map(standing),
        after: after.map(standing),
    });
    changes.filter(|it| it.before != it.after).collect()
}

fn standing(clock: &Clock) -> Standing {
    Standing {
        status: clock.status,
        due_earliest: clock.due_earliest,
        due_outer: clock.due_outer,
        submitted_at: clock.submitted_at,
    }
}
