//! Telemetry read once: findings from the rules, observations of who was seen, and how it went.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use bulkhead_detect::{Detector, EventRef, RuleSet};
use bulkhead_incident::{finding_from_alert, host_of_flow};
use bulkhead_model::case::TelemetrySummary;
use bulkhead_model::entity::{Entities, Observations};
use bulkhead_model::event::{Event, Shape};
use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_telemetry::{Bounds, Observer, Options, Progress, Record, Sink, Telemetry, entities, read};
use indicatif::ProgressBar;
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

/// Reads `paths` through the rules and sums up who was seen.
pub fn gather(paths: &[PathBuf], rules: &RuleSet, now: Option<Timestamp>, quiet: bool) -> Outcome<Gathered> {
    let names: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
    let start = Instant::now();
    let mut pass = Pass {
        detector: Some(Detector::new(rules)),
        observer: Observer::new(Bounds::default()),
        kept: Kept::default(),
        last_event: None,
        last_of_file: BTreeMap::new(),
        bar: ui::progress(quiet, "reading telemetry", Some(0)),
    };
    let telemetry = read(&names, &options(now), &mut pass);
    pass.bar.finish_and_clear();
    refuse_unreadable(&telemetry, quiet)?;
    let mut summary = telemetry.summary();
    for it in &mut summary.unread {
        it.from = pass.last_of_file.get(&it.source).copied();
    }
    if let Some(detector) = &mut pass.detector {
        let mut last = Vec::new();
        detector.finish(&mut last);
        pass.kept.take(&mut last);
        summary.over_budget = detector.counts().over_budget;
        say_over_budget(&detector.over_budget());
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
    let names: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
    let mut pass = Pass {
        detector: None,
        observer: Observer::new(Bounds::default()),
        kept: Kept::default(),
        last_event: None,
        last_of_file: BTreeMap::new(),
        bar: ui::progress(quiet, "reading telemetry", Some(0)),
    };
    let telemetry = read(&names, &options(None), &mut pass);
    pass.bar.finish_and_clear();
    refuse_unreadable(&telemetry, quiet)?;
    Ok(pass.observer.finish())
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
    if matches!(record.event.shape(), Shape::Suricata | Shape::Wazuh | Shape::Json) {
        let source = SourceRef { file: record.file.to_owned(), record: record.record };
        findings.extend(finding_from_alert(record.event, who, source));
    }
    let known = |_: &dyn Event| placed(who.clone());
    let at = EventRef { file: record.file, record: record.record, source: record.source, entities: &known };
    detector.feed(record.event, &at, findings);
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

/// Says which rules gave comparisons up because they would have taken too long.
pub fn say_over_budget(by_rule: &BTreeMap<String, u64>) {
    for (title, n) in by_rule {
        note!(
            "warning[over-budget]: rule `{}` was not compared with {} values: that would have taken too long; simplify its regular expression",
            title,
            n
        );
    }
}

struct Pass {
    detector: Option<Detector>,
    observer: Observer,
    kept: Kept,
    last_event: Option<Timestamp>,
    /// Time of the last event of each source.
    last_of_file: BTreeMap<String, Timestamp>,
    bar: ProgressBar,
}

impl Sink for Pass {
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        let who = entities(record.event);
        self.last_event = self.last_event.max(who.time);
        if let Some(time) = who.time {
            match self.last_of_file.get_mut(record.file) {
                Some(last) => *last = (*last).max(time),
                None => drop(self.last_of_file.insert(record.file.to_owned(), time)),
            }
        }
        self.observer.add(&who);
        if let Some(detector) = &mut self.detector {
            let mut found = std::mem::take(&mut self.kept.buffer);
            find(record, &who, detector, &mut found);
            self.kept.take(&mut found);
            self.kept.buffer = found;
        }
        ControlFlow::Continue(())
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.read);
    }
}
