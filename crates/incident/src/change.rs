//! What the stage says: which incidents are open, what changed, who has most against it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::draft::IncidentDraft;
use crate::link::shift;
use crate::resolve::{AccountNo, HostNo};
use crate::sound::{Sound, each, hold, number, share};

/// What a finding changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An incident began.
    Declared(String),
    /// An incident has more hosts or accounts than before.
    Extended(String),
    /// Two incidents turned out to be one; the second goes on as the first.
    Merged(String, String),
    /// An incident is over: nothing new came for so long.
    Ended(String),
}

/// The host with the most against it so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strongest {
    /// Its points, to be compared with [`Policy::declare_points`].
    pub points: f64,
    /// Its id.
    pub host: Option<String>,
    /// When that was.
    pub at: Option<Timestamp>,
}

/// A host or an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Host(HostNo),
    Account(AccountNo),
}

/// An incident that is not over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    pub(crate) draft: IncidentDraft,
    pub(crate) hosts: BTreeSet<HostNo>,
    /// From when on its hosts' evidence counts in full.
    pub(crate) start: Timestamp,
    /// The last instant at which something new came.
    pub(crate) last: Timestamp,
}

impl Open {
    /// Whether it can have been kept with so many hosts.
    pub(crate) fn check(&self, n_hosts: usize) -> Sound {
        const POINTS_MAX: f64 = 1e12;
        each("hosts", &self.hosts, |it| number("", *it, n_hosts, "host"))?;
        hold(!self.hosts.is_empty(), "hosts", || "there is none".to_owned())?;
        let draft = &self.draft;
        hold((0.0..=POINTS_MAX).contains(&draft.points), "draft.points", || {
            format!("{} is no number of points", draft.points)
        })?;
        hold(draft.first_finding_at <= draft.last_finding_at, "draft.last_finding_at", || {
            "it is earlier than the first finding".to_owned()
        })?;
        each("draft.compromised", &draft.compromised, |it| share("confidence", it.confidence))?;
        each("draft.suspected", &draft.suspected, |it| share("confidence", it.confidence))
    }

    /// Whether what came at `at` can be of it: so long before it began it is not.
    pub(crate) fn covers(&self, at: Timestamp, over_s: i64) -> bool {
        at >= shift(self.start, -over_s)
    }
}
