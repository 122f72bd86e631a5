//! Telemetry read once: findings from the rules, observations of who was seen, and how it went.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use bulkhead_detect::{Collector, CorrelationOptions, Detector, EventRef, Match, Matcher, RuleSet};
use bulkhead_incident::{finding_from_alert, host_of_flow, is_alert};
use bulkhead_model::case::{ClockOffset, TelemetrySummary, Unread};
use bulkhead_model::entity::{Entities, Observations};
use bulkhead_model::event::Event;
use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_model::trace::Trace;
use bulkhead_telemetry::{
    Batch, Clocks, Observer, Options, Progress, Record, Telemetry, Told, Waiting, Worker, entities,
    read_parallel,
};
use jiff::Timestamp;

use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::kept::Kept;
use crate::say::note;
use crate::{inputs, ui};

/// Faults printed before the rest is only counted.
const SHOWN: usize = 20;

/// What one pass over telemetry gives.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What was read.
    pub telemetry: Telemetry,
    /// Rule matches, in the order of the events.
    pub findings: Vec<Finding>,
    /// Who and what was seen.
    pub observations: Observations,
    /// What the telemetry is, and what of it was not read, kept or compared, as the case states it.
    pub summary: TelemetrySummary,
    /// Findings that were counted, but not kept, by rule.
    pub not_kept: BTreeMap<String, u64>,
    /// Time of the last event.
    pub last_event: Option<Timestamp>,
    /// Events per second of this pass, by the machine's clock; never part of a case.
    pub events_per_s: f64,
}

impl Gathered {
    /// How many findings there were, kept one by one or not.
    pub fn found(&self) -> u64 {
        self.findings.len() as u64 + self.summary.findings_not_kept
    }
}

/// Reads `paths` through the rules on so many threads and sums up who was seen; the same for any number of threads.
pub fn gather(
    paths: &[PathBuf],
    rules: &RuleSet,
    now: Option<Timestamp>,
    threads: usize,
    quiet: bool,
) -> Outcome<Gathered> {
    let start = Instant::now();
    let mut pass = Pass::default();
    let mut collector = Collector::new(rules, CorrelationOptions::default());
    let telemetry = pass.run(paths, &options(now), Some((rules, &mut collector)), threads, quiet)?;
    let mut summary = telemetry.summary();
    for it in &mut summary.unread {
        it.from = pass.files.get(&it.source).and_then(|it| it.last);
    }
    summary.unread.extend(not_used(&telemetry, &pass.files));
    summary.unread.sort();
    summary.clock_offsets = pass.clocks.offsets();
    summary.untimed = pass.untimed;
    say_clocks(&summary.clock_offsets, ["event was", "events were"]);
    say_untimed(summary.untimed);
    let mut last = Vec::new();
    collector.finish(&mut last);
    pass.kept.take(&mut last);
    summary.over_budget = collector.counts().over_budget;
    say_over_budget(&collector.over_budget());
    if !quiet {
        say_found_by_others(collector.counts().found_by_others);
    }
    let (findings, not_kept) = pass.kept.finish();
    summary.findings_not_kept = not_kept.values().sum();
    let events_per_s = telemetry.events() as f64 / start.elapsed().as_secs_f64().max(1e-9);
    Ok(Gathered {
        telemetry,
        summary,
        findings,
        not_kept,
        observations: pass.observer.finish(),
        last_event: pass.last_event,
        events_per_s,
    })
}

/// Reads `paths` only for who was seen.
pub fn observe(paths: &[PathBuf], quiet: bool) -> Outcome<Observations> {
    let mut pass = Pass::default();
    pass.run(paths, &options(None), None, cores(), quiet)?;
    Ok(pass.observer.finish())
}

/// Records that were there and say nothing: those that are none, and those of which nobody knows the time. They are of the
/// time of their file, its hours as a whole; where no record of it tells one, of any.
fn not_used(telemetry: &Telemetry, files: &BTreeMap<String, OfFile>) -> Vec<Unread> {
    let none = OfFile::default();
    let mut unread = Vec::new();
    for it in &telemetry.sources {
        let of = files.get(&it.file).unwrap_or(&none);
        let all = it.events + it.malformed;
        for (n, why) in [(it.malformed, "could not be read"), (of.untimed, "say no time that can be used")] {
            if n > 0 {
                let what = format!("{n} of its {} {why}", ui::counted_as(all, "record", "records"));
                let source = it.file.clone();
                let (from, to) = (of.first.map(hour_before), of.last.and_then(hour_after));
                unread.push(Unread { source, what, records: Some(n), from, to, ..Unread::default() });
            }
        }
    }
    unread
}

fn hour_before(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(3600) * 3600).unwrap_or(Timestamp::MIN)
}

fn hour_after(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second((at.as_second().div_euclid(3600) + 1) * 3600).ok()
}

/// Threads where none were asked for: one for each core.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Says what could not be read; that nothing could be read is an input error.
pub fn refuse_unreadable(telemetry: &Telemetry, quiet: bool) -> Outcome {
    if !quiet || telemetry.has_errors() {
        print_diagnostics(&telemetry.diagnostics, SHOWN);
    }
    if telemetry.events() == 0 {
        let empty: Vec<_> =
            telemetry.sources.iter().map(|it| format!("{} ({:?})", it.file, it.format)).collect();
        let read = if empty.is_empty() { String::new() } else { format!(": {} hold none", empty.join(", ")) };
        return Err(Failure::input(format!("no event could be read from what was named{read}"))
            .hint("give logs such as NDJSON, EVTX, Windows XML or CSV, syslog, auditd, Zeek, Suricata or access logs, plain or in zip, gz, zst or tar; docs/logsources.md lists them all"));
    }
    if telemetry.has_errors() {
        return Err(Failure::input("some of the files named could not be read at all (see above)")
            .hint("leave them out, or fetch them again"));
    }
    Ok(())
}

/// What one record gives rise to: an alert from elsewhere is a finding of its own, rules add theirs.
pub fn find(record: &Record<'_>, who: &Entities, detector: &mut Detector, findings: &mut Vec<Finding>) {
    findings.extend(alert(record, who));
    detector.feed(record.event, &place(record, &|_| told(record, who)), findings);
}

/// The finding that a record is by itself: an alert from elsewhere.
pub fn alert(record: &Record<'_>, who: &Entities) -> Option<Finding> {
    if !is_alert(record.event) {
        return None;
    }
    let source = SourceRef { file: record.file.to_owned(), record: record.record };
    let mut finding = finding_from_alert(record.event, who, source)?;
    finding.trace.content = Trace::of_event(record.event.raw());
    Some(finding)
}

/// What a finding says of its event.
fn told(record: &Record<'_>, who: &Entities) -> Entities {
    let mut who = placed(who.clone());
    who.trace.content = Trace::of_event(record.event.raw());
    who
}

fn place<'a>(record: &'a Record<'_>, entities: &'a dyn Fn(&dyn Event) -> Entities) -> EventRef<'a> {
    EventRef { file: record.file, record: record.record, source: record.source, entities }
}

/// A network sensor is not the host concerned: whom the event is about is, or the end of the flow that is ours.
pub fn placed(mut who: Entities) -> Entities {
    if who.host.is_none() {
        who.host = who.subject.map(|it| it.to_string());
    }
    if who.host.is_none() {
        who.host = who.flow.as_ref().and_then(host_of_flow);
    }
    who
}

/// Reading options for a command run at `now`: lines without a year get the latest that does not lie after it.
pub fn options(now: Option<Timestamp>) -> Options {
    Options { now: Some(now.unwrap_or_else(inputs::now)), ..Options::default() }
}

/// Says how many findings of built-in rules were left out.
pub fn say_found_by_others(n: u64) {
    if n > 0 {
        note!(
            "{} left out: equal rules among those loaded found the same",
            ui::counted_as(n, "finding of built-in rules was", "findings of built-in rules were")
        );
    }
}

/// Says which rules gave comparisons up because they would have taken too long.
pub fn say_over_budget(by_rule: &BTreeMap<String, u64>) {
    for (title, n) in by_rule {
        note!(
            "warning[over-budget]: rule `{}` was not compared with {}: that would have taken too long; simplify its regular expression",
            title,
            ui::counted_as(*n, "value", "values")
        );
    }
}

/// Says of which hosts the times of `what` (one, several) were set right.
pub fn say_clocks(offsets: &[ClockOffset], what: [&str; 2]) {
    const SHOWN_HOSTS: usize = 5;
    for it in offsets.iter().take(SHOWN_HOSTS) {
        let by = ui::duration((it.seconds.unsigned_abs() + 30) / 60 * 60);
        let side = if it.seconds < 0 { "fast" } else { "slow" };
        note!(
            "warning[clock]: the logs of {} are {} {}, by what its Sysmon events say themselves; {} placed by that",
            it.host,
            by,
            side,
            ui::counted_as(it.events, what[0], what[1])
        );
    }
    let more = offsets.len().saturating_sub(SHOWN_HOSTS) as u64;
    if more > 0 {
        note!(
            "warning[clock]: so it is with {} more (telemetry.clock_offsets)",
            ui::counted_as(more, "host", "hosts")
        );
    }
}

fn say_untimed(untimed: u64) {
    if untimed > 0 {
        note!(
            "warning[untimed]: {} no time of a calendar, or one counted from a start that nobody knows; what they tell cannot be placed",
            ui::counted_as(untimed, "event says", "events say")
        );
    }
}

/// Events for which what a Windows host logged may wait until it is known how its clocks stand.
pub const WAIT_FOR_CLOCK: u64 = 50_000;

/// What is summed up over all events, in their order.
struct Pass {
    observer: Observer,
    kept: Kept,
    clocks: Clocks,
    /// Events, and what came of them, whose host's clocks are not known yet.
    waiting: Waiting<(Entities, Vec<Fact>)>,
    n_events: u64,
    /// Events without a time.
    untimed: u64,
    last_event: Option<Timestamp>,
    /// By source.
    files: BTreeMap<String, OfFile>,
}

/// When the events of a source happened.
#[derive(Clone, Copy, Debug, Default)]
struct OfFile {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Events that do not say.
    untimed: u64,
}

impl OfFile {
    fn add(&mut self, other: Self) {
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.untimed += other.untimed;
    }
}

impl Default for Pass {
    fn default() -> Self {
        Self {
            observer: Observer::default(),
            kept: Kept::default(),
            clocks: Clocks::default(),
            waiting: Waiting::new(WAIT_FOR_CLOCK, |it| Told::of(&it.0)),
            n_events: 0,
            untimed: 0,
            last_event: None,
            files: BTreeMap::new(),
        }
    }
}

impl Pass {
    fn run(
        &mut self,
        paths: &[PathBuf],
        reading: &Options,
        mut rules: Option<(&RuleSet, &mut Collector)>,
        threads: usize,
        quiet: bool,
    ) -> Outcome<Telemetry> {
        let names: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
        let bar = ui::progress(quiet, "reading telemetry", Some(0));
        let set = rules.as_ref().map(|it| it.0);
        let looker = || Looker { matcher: set.map(Matcher::new) };
        let workers = std::iter::repeat_with(looker).take(threads).collect();
        let mut take = |batch: Batch<Looked>, progress: &Progress<'_>| {
            self.take(batch, rules.as_mut().map(|it| &mut *it.1));
            bar.set_length(progress.total);
            bar.set_position(progress.read);
            ControlFlow::Continue(())
        };
        let telemetry = read_parallel(&names, reading, workers, &mut take);
        bar.finish_and_clear();
        self.release(u64::MAX, &mut rules.map(|it| it.1));
        refuse_unreadable(&telemetry, quiet)?;
        Ok(telemetry)
    }

    fn take(&mut self, batch: Batch<Looked>, mut collector: Option<&mut Collector>) {
        let Looked { who, found, files } = batch.out;
        let mut found = found.into_iter();
        for (who, n_found) in who {
            self.n_events += 1;
            let event = self.n_events;
            if let Some(told) = Told::of(&who) {
                told.note(&mut self.clocks);
            }
            let facts: Vec<Fact> = found.by_ref().take(n_found).map(|it| it.after(batch.before)).collect();
            self.waiting.push(event, (who, facts));
            self.release(event, &mut collector);
        }
        for (file, it) in files {
            self.files.entry(file).or_default().add(it);
        }
    }

    /// Sums up what need not wait for a clock any more.
    fn release(&mut self, event: u64, collector: &mut Option<&mut Collector>) {
        let mut findings = std::mem::take(&mut self.kept.buffer);
        while let Some(((mut who, facts), right)) = self.waiting.next(event, &mut self.clocks) {
            who.time = right.or(who.time);
            self.untimed += u64::from(who.time.is_none());
            self.last_event = self.last_event.max(who.time);
            self.observer.add(&who);
            for it in facts {
                match (it, &mut *collector) {
                    (Fact::Alert(finding), _) => findings.push(*finding),
                    (Fact::Match(mut found), Some(collector)) => {
                        if let Some(time) = right {
                            found.set_right(time);
                        }
                        collector.take(found, &mut findings);
                    }
                    (Fact::Match(_), None) => {}
                }
            }
        }
        self.kept.take(&mut findings);
        self.kept.buffer = findings;
    }
}

/// What one thread does with the events: looks at each by itself.
struct Looker {
    /// None where only who was seen is wanted.
    matcher: Option<Matcher>,
}

/// What was seen in some events.
#[derive(Default)]
struct Looked {
    /// Of every event, and how many of `found` are of it.
    who: Vec<(Entities, usize)>,
    /// In the order of the events.
    found: Vec<Fact>,
    /// When, by file.
    files: Vec<(String, OfFile)>,
}

/// Something found in one event.
enum Fact {
    /// An alert from elsewhere.
    Alert(Box<Finding>),
    Match(Match),
}

impl Fact {
    /// With its record numbered from the start of the file.
    fn after(mut self, before: u64) -> Self {
        match &mut self {
            Self::Alert(it) => it.source.record += before,
            Self::Match(it) => it.after(before),
        }
        self
    }
}

impl Worker for Looker {
    type Out = Looked;

    fn record(&mut self, record: &Record<'_>, out: &mut Looked) {
        let who = entities(record.event);
        let of = OfFile { first: who.time, last: who.time, untimed: u64::from(who.time.is_none()) };
        match out.files.last_mut() {
            Some((file, known)) if file == record.file => known.add(of),
            _ => out.files.push((record.file.to_owned(), of)),
        }
        let before = out.found.len();
        if let Some(matcher) = &mut self.matcher {
            out.found.extend(alert(record, &who).map(|it| Fact::Alert(Box::new(it))));
            let mut matches = Vec::new();
            matcher.run(record.event, &place(record, &|_| told(record, &who)), &mut matches);
            out.found.extend(matches.into_iter().map(Fact::Match));
        }
        out.who.push((who, out.found.len() - before));
    }
}
