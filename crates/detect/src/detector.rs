//! The detector: events in, findings out, in the order of the events.

use std::collections::BTreeMap;

use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Value};
use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_model::logsource::LogSource;

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
}

/// Feeds events through a rule set.
#[derive(Debug)]
pub struct Detector {
    matching: Matching,
    counts: Counts,
    /// Rules that matched the event at hand.
    matched: Vec<u32>,
}

impl Detector {
    /// A detector for `set`.
    pub fn new(set: &RuleSet) -> Self {
        Self { matching: Matching::new(set), counts: Counts::default(), matched: Vec::new() }
    }

    /// Appends what `event` gives rise to, in the order in which rules were loaded.
    pub fn feed(&mut self, event: &dyn Event, at: &EventRef<'_>, out: &mut Vec<Finding>) {
        self.counts.events += 1;
        let before = out.len();
        let mut who = None;
        let matched = &mut self.matched;
        matched.clear();
        self.matching.run(event, &at.source, |inner, instance, values| {
            let instance = &inner.instances[instance as usize];
            // A rule can meet its log source in two ways at once; that is one finding.
            if matched.contains(&instance.rule) {
                return;
            }
            matched.push(instance.rule);
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

    /// Appends what is left at the end of the telemetry.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        let _ = out;
    }

    /// What was seen so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }
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
