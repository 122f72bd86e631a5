//! Findings in, correlated findings out, by the time of the events: a reorder buffer, groups, and hard bounds on both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_model::trace::Trace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Source;
use super::groups::Groups;
use super::plan::{NameId, Plan, Reader};
use super::window::Group;
use crate::ruleset::{Inner, RuleSet};

/// Bounds of correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorrelationOptions {
    /// How far event times may go back, in milliseconds; older findings are counted as late and left out. None waits
    /// for the end of the telemetry, as suits files that are read one after the other.
    pub lateness_ms: Option<i64>,
    /// Most findings that wait for their turn; when there are more, the earliest have their turn.
    pub pending_max: usize,
    /// Most groups alive; beyond, the group that would end first is given up and counted.
    pub groups_max: usize,
    /// Most entries in all groups; beyond, likewise.
    pub entries_max: usize,
}

impl Default for CorrelationOptions {
    fn default() -> Self {
        Self { lateness_ms: None, pending_max: 1_000_000, groups_max: 1_000_000, entries_max: 8_000_000 }
    }
}

/// What correlation had to leave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelationCounts {
    /// Findings without a readable time.
    pub untimed: u64,
    /// Findings older than the lateness allowed.
    pub late: u64,
    /// Groups given up because a bound was reached.
    pub evicted: u64,
}

/// Names and values of some fields.
pub type Fields = Vec<(NameId, Box<str>)>;

/// A finding as correlations see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Number of the detection rule that made it.
    pub rule: u32,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// Fields that some correlation reads.
    pub fields: Fields,
    /// File of the event.
    pub file: Arc<str>,
    /// Number of the event's record in it.
    pub record: u64,
    /// Host of the event.
    pub host: Option<Box<str>>,
    /// User of the event.
    pub user: Option<Box<str>>,
    /// What the event is a part of.
    pub trace: Trace,
}

/// Evaluates the correlations of a rule set.
#[derive(Debug)]
pub struct Correlator {
    pub(super) set: RuleSet,
    pub(super) plan: Arc<Plan>,
    pub(super) options: CorrelationOptions,
    /// By time and order of arrival.
    pub(super) pending: BTreeMap<(i64, u64), Hit>,
    pub(super) n_hits: u64,
    /// The latest time seen.
    pub(super) latest: i64,
    /// Hits up to here have had their turn.
    pub(super) done: i64,
    pub(super) groups: Groups,
    pub(super) counts: CorrelationCounts,
    key: String,
}

impl Correlator {
    /// A correlator for the correlations of `set`.
    pub fn new(set: &RuleSet, options: CorrelationOptions) -> Self {
        Self {
            set: set.clone(),
            plan: Arc::clone(&set.inner.plan),
            options,
            pending: BTreeMap::new(),
            n_hits: 0,
            latest: i64::MIN,
            done: i64::MIN,
            groups: Groups::new(&set.inner.correlations),
            counts: CorrelationCounts::default(),
            key: String::new(),
        }
    }

    /// What had to be left out so far.
    pub fn counts(&self) -> CorrelationCounts {
        self.counts
    }

    /// How many groups are alive.
    pub fn n_groups(&self) -> usize {
        self.groups.len()
    }

    /// How many findings wait for their turn.
    pub fn n_pending(&self) -> usize {
        self.pending.len()
    }

    /// Counts a finding that carries no readable time.
    pub fn untimed(&mut self) {
        self.counts.untimed += 1;
    }

    /// Takes a finding; appends the correlated findings that are certain by now.
    pub fn push(&mut self, hit: Hit, out: &mut Vec<Finding>) {
        if hit.time_ms < self.done {
            self.counts.late += 1;
            return;
        }
        let time = hit.time_ms;
        self.n_hits += 1;
        self.pending.insert((time, self.n_hits), hit);
        self.seen(time, out);
        while self.pending.len() > self.options.pending_max {
            self.turn(out);
        }
    }

    /// An event of `time` (milliseconds) was seen: with a bound of lateness, what is older than that is certain.
    pub fn seen(&mut self, time: i64, out: &mut Vec<Finding>) {
        self.latest = self.latest.max(time);
        if let Some(lateness) = self.options.lateness_ms {
            self.advance(self.latest.saturating_sub(lateness), out);
        }
    }

    /// Everything up to `until` (milliseconds) has its turn: nothing older will come.
    pub fn advance(&mut self, until: i64, out: &mut Vec<Finding>) {
        while self.pending.first_key_value().is_some_and(|((time, _), _)| *time <= until) {
            self.turn(out);
        }
        self.done = self.done.max(until);
    }

    /// The telemetry is over: everything that waits has its turn.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        while !self.pending.is_empty() {
            self.turn(out);
        }
    }

    fn turn(&mut self, out: &mut Vec<Finding>) {
        let Some(((time, _), hit)) = self.pending.pop_first() else { return };
        self.done = self.done.max(time);
        self.groups.expire(time);
        let (set, plan) = (self.set.clone(), Arc::clone(&self.plan));
        for reader in plan.readers(Source::Rule(hit.rule)) {
            self.correlate(&set.inner, &plan, reader, &hit.fields, &hit, out);
        }
    }

    fn correlate(
        &mut self,
        inner: &Inner,
        plan: &Plan,
        reader: &Reader,
        fields: &Fields,
        hit: &Hit,
        out: &mut Vec<Finding>,
    ) {
        let correlation = &inner.correlations[reader.correlation as usize];
        group_key(reader, fields, &mut self.key);
        let value = counted(reader, fields);
        let value = value.as_deref();
        let slot = self.groups.find(reader.correlation, &self.key, || Group::new(correlation));
        let add = |group: &mut Group| group.add(correlation, &reader.positions, hit.time_ms, value);
        let found = self.groups.touch(slot, hit.time_ms, add).flatten();
        self.bound();
        let Some(found) = found else { return };
        if correlation.reported {
            out.push(finding(plan, reader, fields, hit, found, correlation));
        }
        let chained = plan.readers(Source::Correlation(reader.correlation));
        if !chained.is_empty() {
            let fields = reader
                .group
                .iter()
                .filter_map(|it| Some((it.1, Box::from(value_of(fields, *it)?))))
                .collect();
            for next in chained {
                self.correlate(inner, plan, next, &fields, hit, out);
            }
        }
    }

    /// Gives up the groups that would end first while there is more than allowed.
    fn bound(&mut self) {
        while (self.groups.len() > self.options.groups_max
            || self.groups.n_entries() > self.options.entries_max)
            && self.groups.evict()
        {
            self.counts.evicted += 1;
        }
    }
}

fn finding(
    plan: &Plan,
    reader: &Reader,
    fields: &Fields,
    hit: &Hit,
    found: f64,
    correlation: &super::Correlation,
) -> Finding {
    let named =
        |it: &(NameId, NameId)| Some((plan.name_of(it.1).to_owned(), value_of(fields, *it)?.to_owned()));
    let mut fields: BTreeMap<String, String> = reader.group.iter().filter_map(named).collect();
    fields.insert("correlation".to_owned(), format!("{found}"));
    Finding {
        time: Timestamp::from_millisecond(hit.time_ms).ok(),
        rule: correlation.rule.clone(),
        source: SourceRef { file: hit.file.to_string(), record: hit.record },
        host: hit.host.as_deref().map(str::to_owned),
        user: hit.user.as_deref().map(str::to_owned),
        fields,
        trace: hit.trace,
    }
}

/// The value of the field that an alias means for a rule, else of the field of that very name.
pub fn value_of(fields: &Fields, (aliased, plain): (NameId, NameId)) -> Option<&str> {
    let find = |name| fields.iter().find(|it| it.0 == name).map(|it| &*it.1);
    find(aliased).or_else(|| find(plain))
}

/// The value that is counted or calculated with: that of the one field, or those of all fields together, none running into the
/// next. As in SQL, an event that lacks one of several fields is no combination.
pub fn counted<'f>(reader: &Reader, fields: &'f Fields) -> Option<Cow<'f, str>> {
    match reader.value.as_slice() {
        [] => None,
        [one] => value_of(fields, *one).map(Cow::Borrowed),
        several => {
            let values = several.iter().map(|it| value_of(fields, *it));
            let parts: Option<Vec<String>> =
                values.map(|it| it.map(|it| format!("{}:{it}", it.len()))).collect();
            parts.map(|it| Cow::Owned(it.concat()))
        }
    }
}

/// The values of `group-by`, none running into the next.
pub fn group_key(reader: &Reader, fields: &Fields, key: &mut String) {
    use std::fmt::Write as _;
    key.clear();
    for name in &reader.group {
        match value_of(fields, *name) {
            // Writing to a text cannot fail.
            Some(value) => drop(write!(key, "{}:{value}", value.len())),
            None => key.push('-'),
        }
    }
}
