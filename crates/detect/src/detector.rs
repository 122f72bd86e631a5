//! The detector: events in, findings out, in the order of the events.

use bulkhead_model::entity::Entities;
use bulkhead_model::event::Event;
use bulkhead_model::finding::Finding;
use bulkhead_model::logsource::LogSource;

use crate::correlation::correlator::{CorrelationCounts, CorrelationOptions};
use crate::parallel::{Collector, Match, Matcher};
use crate::ruleset::RuleSet;

/// Where an event stands and who it speaks of.
pub struct EventRef<'a> {
    /// The file, as the user named it.
    pub file: &'a str,
    /// 1-based number of the record within the file.
    pub record: u64,
    /// What the reader vouches for.
    pub source: LogSource<'a>,
    /// Time, host and user of the event; asked only when there is something to report.
    pub entities: &'a dyn Fn(&dyn Event) -> Entities,
}

impl std::fmt::Debug for EventRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventRef")
            .field("file", &self.file)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// What a detector has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events fed.
    pub events: u64,
    /// Findings made.
    pub findings: u64,
    /// Comparisons of a rule with a value that were given up because they would have taken too long.
    pub over_budget: u64,
    /// Findings left out since a rule to which theirs gives way found the same.
    pub found_by_others: u64,
    /// What correlation had to leave out.
    pub correlation: CorrelationCounts,
}

/// Feeds events through a rule set, one after the other.
#[derive(Debug)]
pub struct Detector {
    matcher: Matcher,
    collector: Collector,
    /// What rules found in the event at hand.
    found: Vec<Match>,
}

impl Detector {
    /// A detector for `set` over telemetry that ends: correlations wait for [`Detector::finish`], whatever the order of
    /// the events.
    pub fn new(set: &RuleSet) -> Self {
        Self::with_options(set, CorrelationOptions::default())
    }

    /// A detector for `set` with bounds of correlation.
    pub fn with_options(set: &RuleSet, options: CorrelationOptions) -> Self {
        Self { matcher: Matcher::new(set), collector: Collector::new(set, options), found: Vec::new() }
    }

    /// Appends what `event` gives rise to, in the order in which rules were loaded.
    pub fn feed(&mut self, event: &dyn Event, at: &EventRef<'_>, out: &mut Vec<Finding>) {
        self.matcher.run(event, at, &mut self.found);
        self.collector.add_events(1);
        for found in self.found.drain(..) {
            self.collector.take(found, out);
        }
    }

    /// Appends what correlations find once everything older than `time` has been fed, as a clock of the caller says.
    pub fn advance(&mut self, time: jiff::Timestamp, out: &mut Vec<Finding>) {
        self.collector.advance(time, out);
    }

    /// Appends what is left at the end of the telemetry.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        self.collector.finish(out);
    }

    /// Whether the log source gate lets `event` through to the rule at position `rule` of [`RuleSet::rules`].
    pub fn admits(&mut self, rule: usize, event: &dyn Event, source: &LogSource<'_>) -> bool {
        u32::try_from(rule).is_ok_and(|it| self.matcher.matching().admits(it, event, source))
    }

    /// Forgets values seen so far, which costs time and changes nothing else: for measuring what remembering them gains.
    pub fn forget_values(&mut self) {
        self.matcher.matching().forget();
    }

    /// How events are routed so far, one line per kind of event, for people who tune.
    pub fn describe(&self) -> Vec<String> {
        self.matcher.describe()
    }

    /// What was seen so far.
    pub fn counts(&self) -> Counts {
        self.collector.counts()
    }

    /// Rules that gave comparisons up because they would have taken too long, with how often.
    pub fn over_budget(&self) -> std::collections::BTreeMap<String, u64> {
        self.collector.over_budget()
    }

    /// How many groups correlations remember.
    pub fn n_groups(&self) -> usize {
        self.collector.n_groups()
    }

    /// Everything correlations remember, as JSON, to be restored by [`Detector::restore`].
    pub fn save(&self) -> String {
        self.collector.save()
    }

    /// Takes over what [`Detector::save`] wrote; returns how many groups and findings belong to no loaded rule.
    pub fn restore(&mut self, saved: &str) -> Result<usize, String> {
        self.collector.restore(saved)
    }
}
