//! Rules over telemetry on many threads: each thread reads and matches, findings come out in the order of the events.

use std::ops::ControlFlow;

use bulkhead_detect::{Collector, Counts, EventRef, Match, Matcher, RuleSet};
use bulkhead_incident::is_alert;
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Shape};
use bulkhead_model::finding::Finding;
use bulkhead_telemetry::{
    Batch, Clocks, Options, Progress, Record, SaidTwice, Telemetry, Told, TwicePlaces, Waiting, Worker,
    entities, read_parallel,
};
use jiff::Timestamp;

use crate::telemetry_input::{WAIT_FOR_CLOCK, alert, placed};

/// The name of standard input.
const LIVE: &str = "-";

/// How far an event's time may lie ahead of the machine's clock and still be believed, in seconds.
const AHEAD_S: i64 = 24 * 3600;

/// What one thread does: matches rules.
struct Finder {
    matcher: Matcher,
    /// Whether the time of every event is wanted, even if no rule matched: so that correlations know how time goes on.
    timed: bool,
    /// Where events say twice when they happened.
    twice: TwicePlaces,
}

/// What rules matched in one event.
struct InEvent {
    matches: Vec<Match>,
    /// Who the event speaks of, where it has a header that may be off.
    who: Option<Box<Entities>>,
}

/// What rules matched in some events.
#[derive(Default)]
struct Found {
    /// What was found in events, by number of the event from 1 on.
    found: Vec<(u64, InEvent)>,
    events: u64,
    /// What they say of their hosts' clocks, by the same numbers.
    twice: SaidTwice,
    /// The latest time, where times are wanted.
    latest: Option<Timestamp>,
}

impl Worker for Finder {
    type Out = Found;

    fn record(&mut self, record: &Record<'_>, out: &mut Self::Out) {
        let who = |event: &dyn Event| -> Entities { placed(entities(event)) };
        // What others raised is found, too: the same findings as `respond` has.
        let mut matches = Vec::new();
        if is_alert(record.event) {
            matches.extend(alert(record, &entities(record.event)).map(Match::from));
        }
        let at = EventRef { file: record.file, record: record.record, source: record.source, entities: &who };
        self.matcher.run(record.event, &at, &mut matches);
        out.events += 1;
        out.twice.look(record.event, out.events, &mut self.twice);
        if !matches.is_empty() {
            let is_windows = record.event.shape() == Shape::Windows;
            let who = is_windows.then(|| Box::new(entities(record.event)));
            out.found.push((out.events, InEvent { matches, who }));
        }
        if self.timed {
            out.latest = out.latest.max(entities(record.event).time);
        }
    }
}

/// Whether a source is a stream, standard input or a pipe by name, that may give events as they happen.
fn is_live(path: &str) -> bool {
    path == LIVE || std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

/// Where what was found comes in, in the order of the events, and gets its time.
struct Desk {
    clocks: Clocks,
    waiting: Waiting<InEvent>,
    n_events: u64,
}

impl Desk {
    /// What may come as it happens (`live`) does not wait: then all logs of a host come at once.
    fn new(live: bool) -> Self {
        let events = if live { 0 } else { WAIT_FOR_CLOCK };
        let waiting = Waiting::new(events, |it: &InEvent| Told::of(it.who.as_ref()?));
        Self { clocks: Clocks::default(), waiting, n_events: 0 }
    }

    fn take(&mut self, batch: Batch<Found>, collector: &mut Collector, findings: &mut Vec<Finding>) {
        let before = self.n_events;
        let mut twice = batch.out.twice;
        for (event, mut it) in batch.out.found {
            twice.tell(&mut self.clocks, event);
            it.matches.iter_mut().for_each(|it| it.after(batch.before));
            self.waiting.push(before + event, it);
            self.release(before + event, collector, findings);
        }
        twice.tell(&mut self.clocks, u64::MAX);
        self.n_events += batch.out.events;
        self.release(self.n_events, collector, findings);
    }

    /// Hands on what need not wait for a clock any more at the `event`th event.
    fn release(&mut self, event: u64, collector: &mut Collector, findings: &mut Vec<Finding>) {
        while let Some((it, right)) = self.waiting.next(event, &mut self.clocks) {
            for mut found in it.matches {
                if let Some(time) = right {
                    found.set_right(time);
                }
                collector.take(found, findings);
            }
        }
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
        let finder = || Finder { matcher: Matcher::new(self.rules), timed, twice: TwicePlaces::default() };
        let workers = std::iter::repeat_with(finder).take(self.threads).collect();
        let mut findings = Vec::new();
        let mut ended = false;
        // With a bound of lateness what waits would come too late.
        let mut desk = Desk::new(timed || self.paths.iter().any(|it| is_live(it)));
        let mut take = |batch: Batch<Found>, progress: &Progress<'_>| {
            collector.add_events(batch.out.events);
            let latest = batch.out.latest;
            desk.take(batch, &mut collector, &mut findings);
            // A clock that is wrong must not make everything after it late.
            let believable = Timestamp::now().as_second().saturating_add(AHEAD_S);
            if let Some(time) = latest.filter(|it| it.as_second() < believable) {
                collector.seen(time, &mut findings);
            }
            let flow = hunter.take(&mut findings, progress, collector.counts());
            findings.clear();
            if flow.is_break() {
                ended = true;
                desk.release(u64::MAX, &mut collector, &mut findings);
                collector.finish(&mut findings);
                hunter.end(&mut findings, collector.counts(), progress.file == LIVE);
            }
            flow
        };
        let telemetry = read_parallel(self.paths, self.reading, workers, &mut take);
        if !ended {
            desk.release(u64::MAX, &mut collector, &mut findings);
            collector.finish(&mut findings);
            hunter.end(&mut findings, collector.counts(), false);
        }
        let what = ["event with findings was", "events with findings were"];
        crate::telemetry_input::say_clocks(&desk.clocks.offsets(), what);
        crate::telemetry_input::say_over_budget(&collector.over_budget());
        (telemetry, collector.counts())
    }
}
