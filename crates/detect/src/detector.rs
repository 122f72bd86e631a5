//! The detector: events in, findings out, in the order of the events.

use std::collections::BTreeMap;

use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Value};
use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_model::logsource::LogSource;

use crate::correlation::correlator::{CorrelationCounts, CorrelationOptions, Correlator, Hit};
use crate::engine::Matching;
use crate::engine::values::Values;
use crate::ruleset::{Inner, RuleSet};

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
    /// What correlation had to leave out.
    pub correlation: CorrelationCounts,
}

/// Feeds events through a rule set.
#[derive(Debug)]
pub struct Detector {
    matching: Matching,
    counts: Counts,
    /// Rules that matched the event at hand.
    matched: Vec<u32>,
    /// None where the rule set has no correlations.
    correlator: Option<Correlator>,
}

impl Detector {
    /// A detector for `set` over telemetry that ends: correlations wait for [`Detector::finish`], whatever the order of
    /// the events.
    pub fn new(set: &RuleSet) -> Self {
        Self::with_options(set, CorrelationOptions::default())
    }

    /// A detector for `set` with bounds of correlation.
    pub fn with_options(set: &RuleSet, options: CorrelationOptions) -> Self {
        let correlator = (!set.inner.correlations.is_empty()).then(|| Correlator::new(set, options));
        Self { matching: Matching::new(set), counts: Counts::default(), matched: Vec::new(), correlator }
    }

    /// Appends what `event` gives rise to, in the order in which rules were loaded.
    pub fn feed(&mut self, event: &dyn Event, at: &EventRef<'_>, out: &mut Vec<Finding>) {
        self.counts.events += 1;
        let before = out.len();
        let mut who = None;
        let matched = &mut self.matched;
        matched.clear();
        let correlator = &mut self.correlator;
        self.matching.run(event, &at.source, |inner, instance, values| {
            let instance = &inner.instances[instance as usize];
            // A rule can meet its log source in two ways at once; that is one finding.
            if matched.contains(&instance.rule) {
                return;
            }
            matched.push(instance.rule);
            if let Some(correlator) = correlator {
                let who = who.get_or_insert_with(|| (at.entities)(event));
                correlate(correlator, inner, instance.rule, at, who, values, out);
            }
            if !inner.generate[instance.rule as usize] {
                return;
            }
            let who = who.get_or_insert_with(|| (at.entities)(event));
            out.push(Finding {
                time: who.time,
                rule: inner.refs[instance.rule as usize].clone(),
                source: SourceRef { file: at.file.to_owned(), record: at.record },
                host: who.host.clone(),
                user: who.user.clone(),
                fields: fields(inner, &instance.reads, values),
            });
        });
        self.counts.findings += (out.len() - before) as u64;
    }

    /// Appends what correlations find once everything older than `time` has been fed, as a clock of the caller says.
    pub fn advance(&mut self, time: jiff::Timestamp, out: &mut Vec<Finding>) {
        if let Some(correlator) = &mut self.correlator {
            correlator.advance(time.as_millisecond(), out);
        }
    }

    /// Appends what is left at the end of the telemetry.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        let before = out.len();
        if let Some(correlator) = &mut self.correlator {
            correlator.finish(out);
        }
        self.counts.findings += (out.len() - before) as u64;
    }

    /// Whether the log source gate lets `event` through to the rule at position `rule` of [`RuleSet::rules`].
    pub fn admits(&mut self, rule: usize, event: &dyn Event, source: &LogSource<'_>) -> bool {
        u32::try_from(rule).is_ok_and(|it| self.matching.admits(it, event, source))
    }

    /// How events are routed so far, one line per kind of event, for people who tune.
    pub fn describe(&self) -> Vec<String> {
        self.matching.describe()
    }

    /// What was seen so far.
    pub fn counts(&self) -> Counts {
        let correlation = self.correlator.as_ref().map(Correlator::counts).unwrap_or_default();
        Counts { correlation, ..self.counts }
    }

    /// How many groups correlations remember.
    pub fn n_groups(&self) -> usize {
        self.correlator.as_ref().map_or(0, Correlator::n_groups)
    }

    /// Everything correlations remember, as JSON, to be restored by [`Detector::restore`].
    pub fn save(&self) -> String {
        self.correlator.as_ref().map(Correlator::save).unwrap_or_default()
    }

    /// Takes over what [`Detector::save`] wrote; returns how many groups belong to no loaded correlation.
    pub fn restore(&mut self, saved: &str) -> Result<usize, String> {
        match &mut self.correlator {
            Some(correlator) if !saved.is_empty() => correlator.restore(saved),
            _ => Ok(0),
        }
    }
}

/// Hands a match to the correlations that look at its rule.
fn correlate(
    correlator: &mut Correlator,
    inner: &Inner,
    rule: u32,
    at: &EventRef<'_>,
    who: &Entities,
    values: &Values<'_>,
    out: &mut Vec<Finding>,
) {
    let Some(names) = correlator.fields_of(rule) else { return };
    let text = |name: &str| {
        let value = values.value(values.first(inner.interner.fields.find(name)?)?);
        (value != Value::Null).then(|| value.to_text().into_owned())
    };
    let fields = names.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect();
    let Some(time) = who.time else {
        correlator.untimed();
        return;
    };
    let hit = Hit {
        rule: inner.refs[rule as usize].id.clone(),
        time_ms: time.as_millisecond(),
        fields,
        at: SourceRef { file: at.file.to_owned(), record: at.record },
        host: who.host.clone(),
        user: who.user.clone(),
    };
    correlator.push(hit, out);
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
