//! Findings in, correlated findings out, by the time of the events: a reorder buffer, groups, and hard bounds on both.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bulkhead_model::finding::{Finding, SourceRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Source;
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

/// A finding as correlations see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Id of the rule that made it.
    pub rule: String,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// Fields that some correlation reads.
    pub fields: BTreeMap<String, String>,
    /// Where the event stands.
    pub at: SourceRef,
    /// Host of the event.
    pub host: Option<String>,
    /// User of the event.
    pub user: Option<String>,
}

/// A group and where it stands.
#[derive(Debug)]
struct Slot {
    correlation: u32,
    key: Arc<str>,
    group: Group,
    /// After this time nothing in it counts any more.
    ends: i64,
}

/// Evaluates the correlations of a rule set.
#[derive(Debug)]
pub struct Correlator {
    set: RuleSet,
    options: CorrelationOptions,
    /// By rule, correlations that look at it and at which positions.
    readers: BTreeMap<Source, Vec<(u32, Vec<usize>)>>,
    ids: HashMap<String, Source>,
    pending: BTreeMap<(i64, u64), Hit>,
    n_hits: u64,
    latest: i64,
    /// Hits up to here have had their turn.
    done: i64,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_key: HashMap<(u32, Arc<str>), u32>,
    by_end: BTreeSet<(i64, u32)>,
    n_entries: usize,
    counts: CorrelationCounts,
}

/// Everything a correlator remembers, for saving.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    pending: Vec<Hit>,
    latest: i64,
    done: i64,
    /// Id of the correlation, key, group, end.
    groups: Vec<(String, String, Group, i64)>,
    counts: CorrelationCounts,
}

/// Version of the saved form.
const SAVED_VERSION: u32 = 1;

impl Correlator {
    /// A correlator for the correlations of `set`.
    pub fn new(set: &RuleSet, options: CorrelationOptions) -> Self {
        let mut readers: BTreeMap<Source, Vec<(u32, Vec<usize>)>> = BTreeMap::new();
        let mut ids = HashMap::new();
        for (number, correlation) in set.inner.correlations.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            ids.insert(correlation.rule.id.clone(), Source::Correlation(number));
            for (position, source) in correlation.sources.iter().enumerate() {
                let list = readers.entry(*source).or_default();
                match list.last_mut() {
                    Some((last, positions)) if *last == number => positions.push(position),
                    _ => list.push((number, vec![position])),
                }
                if let Source::Rule(rule) = source {
                    ids.insert(set.inner.refs[*rule as usize].id.clone(), *source);
                }
            }
        }
        Self {
            set: set.clone(),
            options,
            readers,
            ids,
            pending: BTreeMap::new(),
            n_hits: 0,
            latest: i64::MIN,
            done: i64::MIN,
            slots: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            by_end: BTreeSet::new(),
            n_entries: 0,
            counts: CorrelationCounts::default(),
        }
    }

    /// Names of the fields some correlation reads in findings of detection rule `rule`; none if no correlation does.
    pub fn fields_of(&self, rule: u32) -> Option<BTreeSet<&str>> {
        let readers = self.readers.get(&Source::Rule(rule))?;
        let correlations = &self.set.inner.correlations;
        let names = readers.iter().flat_map(|(number, positions)| {
            positions.iter().flat_map(move |it| correlations[*number as usize].fields_of(*it))
        });
        Some(names.collect())
    }

    /// What had to be left out so far.
    pub fn counts(&self) -> CorrelationCounts {
        self.counts
    }

    /// How many groups are alive.
    pub fn n_groups(&self) -> usize {
        self.by_key.len()
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
        self.latest = self.latest.max(hit.time_ms);
        self.n_hits += 1;
        self.pending.insert((hit.time_ms, self.n_hits), hit);
        if let Some(lateness) = self.options.lateness_ms {
            self.advance(self.latest.saturating_sub(lateness), out);
        }
        while self.pending.len() > self.options.pending_max {
            self.turn(out);
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
        self.expire(time);
        let set = self.set.clone();
        if let Some(source) = self.ids.get(&hit.rule).copied() {
            self.correlate(&set.inner, source, &hit, out);
        }
    }

    fn correlate(&mut self, inner: &Inner, source: Source, hit: &Hit, out: &mut Vec<Finding>) {
        let readers = self.readers.get(&source).cloned().unwrap_or_default();
        for (number, positions) in readers {
            let correlation = &inner.correlations[number as usize];
            let rule = correlation.refs[positions[0]].0.as_str();
            let part =
                |name: &str| hit.fields.get(correlation.field(name, rule)).or_else(|| hit.fields.get(name));
            let mut key = String::new();
            for name in &correlation.group_by {
                match part(name) {
                    Some(value) => key.push_str(&format!("{}:{value}", value.len())),
                    None => key.push('-'),
                }
            }
            let value = correlation.value_field().and_then(part);
            let slot = self.slot(number, &key, correlation);
            let Some(entry) = self.slots[slot as usize].as_mut() else { continue };
            let before = entry.group.len();
            let found = entry.group.add(correlation, &positions, hit.time_ms, value.map(String::as_str));
            let ends = hit.time_ms.saturating_add(correlation.timespan_ms);
            self.n_entries = self.n_entries + entry.group.len() - before;
            self.by_end.remove(&(entry.ends, slot));
            entry.ends = ends;
            self.by_end.insert((ends, slot));
            self.bound();
            if let Some(found) = found {
                let mut fields: BTreeMap<String, String> = correlation
                    .group_by
                    .iter()
                    .filter_map(|name| Some((name.clone(), part(name)?.clone())))
                    .collect();
                let next = Hit { rule: correlation.rule.id.clone(), fields: fields.clone(), ..hit.clone() };
                if correlation.reported {
                    fields.insert("correlation".to_owned(), format!("{found}"));
                    out.push(Finding {
                        time: Timestamp::from_millisecond(hit.time_ms).ok(),
                        rule: correlation.rule.clone(),
                        source: hit.at.clone(),
                        host: hit.host.clone(),
                        user: hit.user.clone(),
                        fields,
                    });
                }
                self.correlate(inner, Source::Correlation(number), &next, out);
            }
        }
    }

    /// Number of the group, made if it is new.
    fn slot(&mut self, number: u32, key: &str, correlation: &super::Correlation) -> u32 {
        let key: Arc<str> = Arc::from(key);
        if let Some(slot) = self.by_key.get(&(number, key.clone())) {
            return *slot;
        }
        let group = Group::new(correlation);
        self.n_entries += group.len();
        self.place(Slot { correlation: number, key, group, ends: i64::MAX })
    }

    fn place(&mut self, slot: Slot) -> u32 {
        let key = (slot.correlation, slot.key.clone());
        let ends = slot.ends;
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.slots[number as usize] = Some(slot);
        self.by_key.insert(key, number);
        self.by_end.insert((ends, number));
        number
    }

    fn remove(&mut self, ends: i64, number: u32) {
        self.by_end.remove(&(ends, number));
        if let Some(slot) = self.slots[number as usize].take() {
            self.n_entries -= slot.group.len();
            self.by_key.remove(&(slot.correlation, slot.key));
            self.free.push(number);
        }
    }

    /// Drops groups in which nothing counts any more at `time`.
    fn expire(&mut self, time: i64) {
        while let Some((ends, number)) = self.by_end.first().copied().filter(|it| it.0 < time) {
            self.remove(ends, number);
        }
    }

    /// Gives up the groups that would end first while there is more than allowed.
    fn bound(&mut self) {
        while self.by_key.len() > self.options.groups_max || self.n_entries > self.options.entries_max {
            let Some((ends, number)) = self.by_end.first().copied() else { return };
            self.remove(ends, number);
            self.counts.evicted += 1;
        }
    }

    /// Everything it remembers, as JSON.
    pub fn save(&self) -> String {
        let mut groups: Vec<(String, String, Group, i64)> = self
            .slots
            .iter()
            .flatten()
            .map(|slot| {
                let id = self.set.inner.correlations[slot.correlation as usize].rule.id.clone();
                (id, slot.key.to_string(), slot.group.clone(), slot.ends)
            })
            .collect();
        groups.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let saved = Saved {
            version: SAVED_VERSION,
            pending: self.pending.values().cloned().collect(),
            latest: self.latest,
            done: self.done,
            groups,
            counts: self.counts,
        };
        serde_json::to_string(&saved).unwrap_or_default()
    }

    /// Takes over what `save` wrote. Groups of correlations that are not loaded any more are left out; their number
    /// is returned.
    pub fn restore(&mut self, text: &str) -> Result<usize, String> {
        let saved: Saved =
            serde_json::from_str(text).map_err(|err| format!("not a saved correlation state: {err}"))?;
        if saved.version != SAVED_VERSION {
            return Err(format!(
                "saved correlation state of version {}, expected {SAVED_VERSION}",
                saved.version
            ));
        }
        *self = Self::new(&self.set, self.options);
        (self.latest, self.done, self.counts) = (saved.latest, saved.done, saved.counts);
        for hit in saved.pending {
            self.n_hits += 1;
            self.pending.insert((hit.time_ms, self.n_hits), hit);
        }
        let mut left_out = 0;
        for (id, key, group, ends) in saved.groups {
            let Some(Source::Correlation(correlation)) = self.ids.get(&id).copied() else {
                left_out += 1;
                continue;
            };
            self.n_entries += group.len();
            self.place(Slot { correlation, key: Arc::from(key), group, ends });
        }
        Ok(left_out)
    }
}
