//! Rules over telemetry on many threads: each thread reads and matches, findings come out in the order of the events.

use std::ops::ControlFlow;

use bulkhead_detect::{Collector, Counts, EventRef, Match, Matcher, RuleSet};
use bulkhead_incident::is_alert;
use bulkhead_model::entity::Entities;
use bulkhead_model::event::Event;
use bulkhead_model::finding::Finding;
use bulkhead_telemetry::{Batch, Options, Progress, Record, Telemetry, Worker, entities, read_parallel};
use jiff::Timestamp;

use crate::telemetry_input::{alert, placed};

/// The name of standard input.
const LIVE: &str = "-";

/// How far an event's time may lie ahead of the machine's clock and still be believed, in seconds.
const AHEAD_S: i64 = 24 * 3600;

/// What one thread does: matches rules.
struct Finder {
    matcher: Matcher,
    /// Whether the time of every event is wanted, even if no rule matched: so that correlations know how time goes on.
    timed: bool,
}

/// What rules matched in some events.
#[derive(Default)]
struct Found {
    matches: Vec<Match>,
    events: u64,
    /// The latest time, where times are wanted.
    latest: Option<Timestamp>,
}

impl Worker for Finder {
    type Out = Found;

    fn record(&mut self, record: &Record<'_>, out: &mut Self::Out) {
        let who = |event: &dyn Event| -> Entities { placed(entities(event)) };
        // What others raised is found, too: the same findings as `respond` has.
        if is_alert(record.event) {
            out.matches.extend(alert(record, &entities(record.event)).map(Match::from));
        }
        let at = EventRef { file: record.file, record: record.record, source: record.source, entities: &who };
        self.matcher.run(record.event, &at, &mut out.matches);
        if self.timed {
            out.latest = out.latest.max(entities(record.event).time);
        }
        out.events += 1;
    }
}

/// Takes findings as they are certain.
pub trait Hunter {
    /// Takes findings (perhaps none), and how far reading has come; `Break` ends the hunt.
    fn take(
        &mut self,
        findings: &mut Vec<Finding>,
        progress: &Progress<'_>,
        counts: Counts,
    ) -> ControlFlow<()>;

    /// Takes the last findings; `live` is whether the hunt was ended while it may still wait for standard input.
    fn end(&mut self, findings: &mut Vec<Finding>, counts: Counts, live: bool);
}

/// A hunt over files.
#[derive(Debug)]
pub struct Hunt<'a> {
    /// Telemetry: files, folders, `-`.
    pub paths: &'a [String],
    /// How it is read.
    pub reading: &'a Options,
    /// The rules.
    pub rules: &'a RuleSet,
    /// Threads that match.
    pub threads: usize,
    /// Bounds of correlation.
    pub correlation: bulkhead_detect::CorrelationOptions,
}

impl Hunt<'_> {
    /// Reads everything and hands every finding to `hunter`, the last of them after the reading.
    pub fn run(&self, hunter: &mut dyn Hunter) -> (Telemetry, Counts) {
        let mut collector = Collector::new(self.rules, self.correlation);
        let timed = collector.correlates() && self.correlation.lateness_ms.is_some();
        let finder = || Finder { matcher: Matcher::new(self.rules), timed };
        let workers = std::iter::repeat_with(finder).take(self.threads).collect();
        let mut findings = Vec::new();
        let mut ended = false;
        let mut take = |batch: Batch<Found>, progress: &Progress<'_>| {
            collector.add_events(batch.out.events);
            for mut found in batch.out.matches {
                found.after(batch.before);
                collector.take(found, &mut findings);
            }
            // A clock that is wrong must not make everything after it late.
            let believable = Timestamp::now().as_second().saturating_add(AHEAD_S);
            if let Some(time) = batch.out.latest.filter(|it| it.as_second() < believable) {
                collector.seen(time, &mut findings);
            }
            let flow = hunter.take(&mut findings, progress, collector.counts());
            findings.clear();
            if flow.is_break() {
                ended = true;
                collector.finish(&mut findings);
                hunter.end(&mut findings, collector.counts(), progress.file == LIVE);
            }
            flow
        };
        let telemetry = read_parallel(self.paths, self.reading, workers, &mut take);
        if !ended {
            collector.finish(&mut findings);
            hunter.end(&mut findings, collector.counts(), false);
        }
        crate::telemetry_input::say_over_budget(&collector.over_budget());
        (telemetry, collector.counts())
    }
}
