//! `detect`: the standalone hunter. Findings stream out as they are made.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::time::Instant;

use bulkhead_detect::{Detector, EventRef};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::Event;
use bulkhead_model::finding::{Finding, Level};
use bulkhead_telemetry::{Progress, Record, Sink, entities, read};
use indicatif::ProgressBar;

use crate::cli::{Detect, FindingFormat};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::{finding_output, rule_input, telemetry_input, ui};

/// Runs `detect`.
pub fn run(args: &Detect, config: &Config, quiet: bool) -> Outcome {
    let (rules, report) = rule_input::load(&args.rules, !args.no_builtin_rules, config, quiet)?;
    let names: Vec<String> = args.files.iter().map(|it| it.display().to_string()).collect();
    let start = Instant::now();
    let mut hunt = Hunt {
        args,
        detector: Detector::new(&rules),
        buffer: Vec::new(),
        out: BufWriter::new(io::stdout().lock()),
        shown: 0,
        worst: None,
        broken: None,
        bar: ui::progress(quiet, "hunting", Some(0)),
    };
    hunt.begin();
    let telemetry = read(&names, &telemetry_input::options(None), &mut hunt);
    hunt.end();
    hunt.bar.finish_and_clear();
    let (shown, worst, broken) = (hunt.shown, hunt.worst, hunt.broken.take());
    drop(hunt);
    match broken {
        // Whoever read our output has seen enough.
        Some(err) if err.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        Some(err) => return Err(Failure::Internal(anyhow::Error::new(err).context("cannot write findings"))),
        None => {}
    }
    telemetry_input::refuse_unreadable(&telemetry, quiet)?;
    if !quiet {
        let seconds = start.elapsed().as_secs_f64().max(1e-9);
        eprintln!(
            "{shown} findings in {} events ({} malformed) from {} sources, {} rules; {:.0} events/s",
            telemetry.events(),
            telemetry.malformed(),
            telemetry.sources.len(),
            report.rules.len(),
            telemetry.events() as f64 / seconds
        );
    }
    match (args.fail_on, worst) {
        (Some(limit), Some(worst)) if worst >= limit => {
            Err(Failure::Verdict(format!("a finding of level {}", worst.as_str())))
        }
        _ => Ok(()),
    }
}

struct Hunt<'a> {
    args: &'a Detect,
    detector: Detector,
    buffer: Vec<Finding>,
    out: BufWriter<io::StdoutLock<'static>>,
    shown: u64,
    worst: Option<Level>,
    broken: Option<io::Error>,
    bar: ProgressBar,
}

impl Hunt<'_> {
    fn begin(&mut self) {
        if self.args.format == FindingFormat::Csv {
            let header = finding_output::csv_header();
            self.keep(|out| writeln!(out, "{header}"));
        }
    }

    fn end(&mut self) {
        self.detector.finish(&mut self.buffer);
        self.print();
        self.keep(io::Write::flush);
    }

    /// Writes, remembering the first failure.
    fn keep(&mut self, write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>) {
        if self.broken.is_none() {
            self.broken = write(&mut self.out).err();
        }
    }

    fn print(&mut self) {
        let mut findings = std::mem::take(&mut self.buffer);
        findings.retain(|it| self.is_wanted(it));
        for finding in findings.drain(..) {
            self.shown += 1;
            self.worst = self.worst.max(Some(finding.rule.level));
            let line = finding_output::line(&finding, self.args.format);
            self.keep(|out| writeln!(out, "{line}"));
        }
        self.buffer = findings;
    }

    fn is_wanted(&self, finding: &Finding) -> bool {
        let args = self.args;
        args.level.is_none_or(|it| finding.rule.level >= it)
            && (args.tag.is_empty() || args.tag.iter().any(|it| finding.rule.tags.contains(it)))
            && args.since.is_none_or(|since| finding.time.is_some_and(|it| it >= since))
            && args.until.is_none_or(|until| finding.time.is_some_and(|it| it < until))
    }
}

impl Sink for Hunt<'_> {
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        let who = |event: &dyn Event| -> Entities { telemetry_input::placed(entities(event)) };
        let at = EventRef { file: record.file, record: record.record, source: record.source, entities: &who };
        self.detector.feed(record.event, &at, &mut self.buffer);
        if !self.buffer.is_empty() {
            self.print();
        }
        if self.broken.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.read);
    }
}
