//! Detection in two halves: [`Matcher`]s, one a thread, which look at one event and nothing else; and one
//! [`Collector`], which takes what they found in the order of the events and correlates it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Value};
use bulkhead_model::finding::{Finding, SourceRef};

use crate::correlation::correlator::{CorrelationOptions, Correlator, Hit};
use crate::detector::{Counts, EventRef};
use crate::engine::Matching;
use crate::engine::values::Values;
use crate::expr::PredId;
use crate::ruleset::{Inner, RuleSet};

/// What a rule found in one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Match(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// A finding of its own.
    Finding(Box<Finding>),
    /// A finding for correlations.
    Hit(Box<Hit>),
    /// A finding for correlations, of an event without a readable time.
    Untimed,
    /// A comparison that would have taken too long.
    GivenUp(PredId),
    /// What another rule found too, to which the rule gives way.
    FoundByOther,
}

impl From<Finding> for Match {
    /// A finding that no rule of ours made, in its place among theirs.
    fn from(finding: Finding) -> Self {
        Self(Kind::Finding(Box::new(finding)))
    }
}

impl Match {
    /// What correlations see of it.
    pub(crate) fn hit(&self) -> Option<&Hit> {
        match &self.0 {
            Kind::Hit(it) => Some(it),
            Kind::Finding(_) | Kind::Untimed | Kind::GivenUp(_) | Kind::FoundByOther => None,
        }
    }

    /// The event happened at `time`, other than it was read.
    pub fn set_right(&mut self, time: jiff::Timestamp) {
        match &mut self.0 {
            Kind::Finding(it) => it.time = Some(time),
            Kind::Hit(it) => it.time_ms = time.as_millisecond(),
            Kind::Untimed | Kind::GivenUp(_) | Kind::FoundByOther => {}
        }
    }

    /// Adds `before` to the number of the event's record, for matches that were numbered from the start of a batch.
    pub fn after(&mut self, before: u64) {
        match &mut self.0 {
            Kind::Finding(it) => it.source.record += before,
            Kind::Hit(it) => it.record += before,
            Kind::Untimed | Kind::GivenUp(_) | Kind::FoundByOther => {}
        }
    }
}

/// Finds what rules match an event, knowing nothing of other events.
#[derive(Debug)]
pub struct Matcher {
    matching: Matching,
    /// Rules that matched the event at hand.
    matched: Vec<u32>,
    /// Where findings stand that may be another rule's too, and their rules.
    may_give_way: Vec<(usize, u32)>,
    /// The file of the last match.
    file: Arc<str>,
}

impl Matcher {
    /// A matcher for `set`.
    pub fn new(set: &RuleSet) -> Self {
        Self {
            matching: Matching::new(set),
            matched: Vec::new(),
            may_give_way: Vec::new(),
            file: Arc::from(""),
        }
    }

    /// Appends what rules find in `event`, in the order in which rules were loaded.
    pub fn run(&mut self, event: &dyn Event, at: &EventRef<'_>, out: &mut Vec<Match>) {
        let mut who = None;
        let (matched, may_give_way, file) = (&mut self.matched, &mut self.may_give_way, &mut self.file);
        matched.clear();
        may_give_way.clear();
        self.matching.run(event, &at.source, |inner, instance, values| {
            let instance = &inner.instances[instance as usize];
            // A rule can meet its log source in two ways at once; that is one finding.
            if matched.contains(&instance.rule) {
                return;
            }
            matched.push(instance.rule);
            let who = who.get_or_insert_with(|| (at.entities)(event));
            if let Some(kind) = hit(inner, instance.rule, at, file, who, values) {
                out.push(Match(kind));
            }
            if !inner.generate[instance.rule as usize] {
                return;
            }
            let finding = Finding {
                time: who.time,
                rule: inner.refs[instance.rule as usize].clone(),
                source: SourceRef { file: at.file.to_owned(), record: at.record },
                host: who.host.clone(),
                user: who.user.clone(),
                fields: fields(inner, &instance.reads, values),
                trace: who.trace,
            };
            if inner.gives_way.contains_key(&instance.rule) {
                may_give_way.push((out.len(), instance.rule));
            }
            out.push(Match(Kind::Finding(Box::new(finding))));
        });
        for (at, rule) in self.may_give_way.drain(..) {
            let others = self.matching.gives_way(rule);
            if others.iter().any(|it| self.matched.contains(it)) {
                out[at] = Match(Kind::FoundByOther);
            }
        }
        out.extend(self.matching.given_up().map(|it| Match(Kind::GivenUp(it))));
    }

    pub(crate) fn matching(&mut self) -> &mut Matching {
        &mut self.matching
    }

    pub(crate) fn describe(&self) -> Vec<String> {
        self.matching.describe()
    }
}

/// What correlations see of a match; none if none of them looks at the rule.
fn hit(
    inner: &Inner,
    rule: u32,
    at: &EventRef<'_>,
    file: &mut Arc<str>,
    who: &Entities,
    values: &Values<'_>,
) -> Option<Kind> {
    let names = inner.plan.fields(rule)?;
    let Some(time) = who.time else { return Some(Kind::Untimed) };
    let text = |field| {
        let value = values.value(values.first(field)?);
        (value != Value::Null).then(|| Box::from(value.to_text()))
    };
    if **file != *at.file {
        *file = Arc::from(at.file);
    }
    Some(Kind::Hit(Box::new(Hit {
        rule,
        time_ms: time.as_millisecond(),
        fields: names.iter().filter_map(|(name, field)| Some((*name, text(*field)?))).collect(),
        file: Arc::clone(file),
        record: at.record,
        host: who.host.as_deref().map(Box::from),
        user: who.user.as_deref().map(Box::from),
        trace: who.trace,
    })))
}

/// The values of the fields a rule read.
fn fields(inner: &Inner, reads: &[u32], values: &Values<'_>) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for field in reads {
        let Some(at) = values.first(*field) else { continue };
        let value = values.value(at);
        if value != Value::Null {
            fields.insert(inner.interner.fields.name(*field).to_owned(), value.to_text().into_owned());
        }
    }
    fields
}

/// Takes matches in the order of the events, and makes findings of them.
#[derive(Debug)]
pub struct Collector {
    /// None where the rule set has no correlations.
    correlator: Option<Correlator>,
    counts: Counts,
    /// By comparison, how often it was given up.
    given_up: BTreeMap<PredId, u64>,
    set: RuleSet,
}

impl Collector {
    /// A collector of what matchers for `set` find.
    pub fn new(set: &RuleSet, options: CorrelationOptions) -> Self {
        let correlator = (!set.inner.correlations.is_empty()).then(|| Correlator::new(set, options));
        Self { correlator, counts: Counts::default(), given_up: BTreeMap::new(), set: set.clone() }
    }

    /// Appends what a match gives rise to.
    pub fn take(&mut self, found: Match, out: &mut Vec<Finding>) {
        let before = out.len();
        match (found.0, &mut self.correlator) {
            (Kind::Finding(it), _) => out.push(*it),
            (Kind::Hit(it), Some(correlator)) => correlator.push(*it, out),
            (Kind::Untimed, Some(correlator)) => correlator.untimed(),
            (Kind::Hit(_) | Kind::Untimed, None) => {}
            (Kind::FoundByOther, _) => self.counts.found_by_others += 1,
            (Kind::GivenUp(it), _) => {
                self.counts.over_budget += 1;
                *self.given_up.entry(it).or_default() += 1;
            }
        }
        self.counts.findings += (out.len() - before) as u64;
    }

    /// Counts events that were fed to matchers.
    pub fn add_events(&mut self, n: u64) {
        self.counts.events += n;
    }

    /// Whether there are correlations, which want to know how time goes on ([`Collector::seen`]).
    pub fn correlates(&self) -> bool {
        self.correlator.is_some()
    }

    /// An event of `time` went by, whether or not a rule matched it: with a bound of lateness, appends what is certain
    /// by now.
    pub fn seen(&mut self, time: jiff::Timestamp, out: &mut Vec<Finding>) {
        self.correlate(out, |it, out| it.seen(time.as_millisecond(), out));
    }

    /// Appends what correlations find once everything older than `time` has been taken, as a clock of the caller says.
    pub fn advance(&mut self, time: jiff::Timestamp, out: &mut Vec<Finding>) {
        self.correlate(out, |it, out| it.advance(time.as_millisecond(), out));
    }

    /// Appends what is left at the end of the telemetry.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        self.correlate(out, Correlator::finish);
    }

    fn correlate(&mut self, out: &mut Vec<Finding>, work: impl FnOnce(&mut Correlator, &mut Vec<Finding>)) {
        let before = out.len();
        if let Some(correlator) = &mut self.correlator {
            work(correlator, out);
        }
        self.counts.findings += (out.len() - before) as u64;
    }

    /// What was seen so far.
    pub fn counts(&self) -> Counts {
        let correlation = self.correlator.as_ref().map(Correlator::counts).unwrap_or_default();
        Counts { correlation, ..self.counts }
    }

    /// Rules that gave comparisons up because they would have taken too long, with how often.
    pub fn over_budget(&self) -> BTreeMap<String, u64> {
        let mut by_rule = BTreeMap::new();
        for (pred, n) in &self.given_up {
            for title in self.set.inner.rules_with(*pred) {
                *by_rule.entry(title.to_owned()).or_default() += n;
            }
        }
        by_rule
    }

    /// How many groups correlations remember.
    pub fn n_groups(&self) -> usize {
        self.correlator.as_ref().map_or(0, Correlator::n_groups)
    }

    /// How many findings wait until it is certain that nothing older comes.
    pub fn n_pending(&self) -> usize {
        self.correlator.as_ref().map_or(0, Correlator::n_pending)
    }

    /// Everything correlations remember, as JSON, to be restored by [`Collector::restore`].
    pub fn save(&self) -> String {
        self.correlator.as_ref().map(Correlator::save).unwrap_or_default()
    }

    /// Takes over what [`Collector::save`] wrote; returns how many groups and findings belong to no loaded rule.
    pub fn restore(&mut self, saved: &str) -> Result<usize, String> {
        match &mut self.correlator {
            Some(correlator) if !saved.is_empty() => correlator.restore(saved),
            _ => Ok(0),
        }
    }
}
