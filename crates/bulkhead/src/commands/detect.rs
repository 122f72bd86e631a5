//! `detect`: the standalone hunter. Findings stream out as they are made.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::time::Instant;

use bulkhead_detect::{CorrelationOptions, Counts, LoadReport};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_telemetry::{Progress, Telemetry};
use indicatif::ProgressBar;

use crate::cli::{Detect, FindingFormat, Lateness};
use crate::commands::explain;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::finding_filter::FindingFilter;
use crate::finding_table::FindingTable;
use crate::hunt::{Hunt, Hunter};
use crate::interrupt::Interrupt;
use crate::say::{self, note};
use crate::{finding_output, out, rule_input, telemetry_input, ui};

/// How far event times may go back on standard input, which has no end to wait for.
const LIVE_LATENESS_MS: i64 = 5 * 60 * 1000;

/// Runs `detect`.
pub fn run(args: &Detect, config: &Config, quiet: bool) -> Outcome {
    if let Some(asked) = &args.explain {
        return explain::run(args, asked, config, quiet);
    }
    let (rules, report) =
        rule_input::load_with(&args.rules, !args.no_builtin_rules, &args.reading, config, quiet)?;
    let names: Vec<String> = args.files.iter().map(|it| it.display().to_string()).collect();
    let start = Instant::now();
    let mut printer = Printer {
        format: args.format,
        table: FindingTable::new(names.iter().any(|it| it == "-")),
        filter: FindingFilter::new(&args.wanted, &report)?,
        out: BufWriter::new(io::stdout().lock()),
        shown: BTreeMap::new(),
        broken: None,
        interrupt: Interrupt::watch(),
        interrupted: false,
        fail_on: args.fail_on,
        bar: ui::hunting(quiet, names.iter().any(|it| it == "-")),
        events: 0,
    };
    printer.begin();
    let reading = telemetry_input::options(None);
    let hunt = Hunt {
        paths: &names,
        reading: &reading,
        rules: &rules,
        threads: args.threads.map_or_else(telemetry_input::cores, usize::from),
        correlation: correlation(args, &names),
    };
    let (telemetry, counts) = hunt.run(&mut printer);
    let (broken, interrupted) = (printer.broken.take(), printer.interrupted);
    if let Some(err) = broken {
        // Whoever read our output has seen enough; any other fault is told at the end.
        out::keep(|| Err(err));
        return Ok(());
    }
    if !interrupted {
        telemetry_input::refuse_unreadable(&telemetry, quiet)?;
    }
    if !quiet {
        let summary = Summary { shown: &printer.shown, events: printer.events, counts, report: &report };
        summary.print(&telemetry, interrupted, start.elapsed().as_secs_f64());
    }
    let worst = printer.shown.keys().next_back().copied();
    drop(printer);
    // The process ends here: giving back thousands of rules piece by piece would cost a tenth of a short hunt.
    std::mem::forget((rules, report));
    match (args.fail_on, worst) {
        _ if interrupted => {
            Err(Failure::Verdict("interrupted before the telemetry was read to its end".to_owned()))
        }
        (Some(limit), Some(worst)) if worst >= limit => {
            Err(Failure::Verdict(format!("a finding of level {}", worst.as_str())))
        }
        _ => Ok(()),
    }
}

fn correlation(args: &Detect, names: &[String]) -> CorrelationOptions {
    let live = names.iter().any(|it| it == "-");
    let lateness_ms = match args.lateness {
        Some(Lateness::Ms(ms)) => Some(ms),
        Some(Lateness::Unbounded) => None,
        None => live.then_some(LIVE_LATENESS_MS),
    };
    CorrelationOptions { lateness_ms, groups_max: args.groups_max, ..CorrelationOptions::default() }
}

/// Writes findings as they come.
struct Printer<'a> {
    format: FindingFormat,
    table: FindingTable,
    filter: FindingFilter<'a>,
    out: BufWriter<io::StdoutLock<'static>>,
    /// Findings printed, by level.
    shown: BTreeMap<Level, u64>,
    broken: Option<io::Error>,
    interrupt: Interrupt,
    interrupted: bool,
    /// Where there is no way back, the verdict is given at the end of the stream.
    fail_on: Option<Level>,
    bar: ProgressBar,
    events: u64,
}

impl Printer<'_> {
    fn begin(&mut self) {
        if self.format == FindingFormat::Csv {
            let header = finding_output::csv_header() + "\n";
            self.keep(|out| out.write_all(header.as_bytes()).and_then(|()| out.flush()));
        }
    }

    /// Writes, remembering the first failure.
    fn keep(&mut self, write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>) {
        if self.broken.is_none() {
            self.broken = write(&mut self.out).err();
        }
    }
}

impl Printer<'_> {
    fn print(&mut self, findings: &mut Vec<Finding>) {
        findings.retain(|it| self.filter.holds(it));
        for finding in findings.drain(..) {
            *self.shown.entry(finding.rule.level).or_default() += 1;
            let lines = match self.format {
                FindingFormat::Table => self.table.take(&finding),
                format => finding_output::line(&finding, format).map(|it| it + "\n"),
            };
            if let Some(lines) = lines {
                self.keep(|out| out.write_all(lines.as_bytes()));
            }
        }
    }
}

impl Hunter for Printer<'_> {
    fn take(
        &mut self,
        findings: &mut Vec<Finding>,
        progress: &Progress<'_>,
        counts: Counts,
    ) -> ControlFlow<()> {
        self.events = counts.events;
        if !findings.is_empty() {
            self.print(findings);
            // Someone may wait for each finding of a live stream; a flush costs little beside what was found.
            self.keep(io::Write::flush);
        }
        ui::hunted(&self.bar, progress);
        self.interrupted = self.interrupt.wished();
        let ended = self.broken.is_some() || self.interrupted;
        if ended { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end(&mut self, findings: &mut Vec<Finding>, counts: Counts, live: bool) {
        self.events = counts.events;
        self.print(findings);
        let rest = self.table.print();
        self.keep(|out| out.write_all(rest.as_bytes()).and_then(|()| out.flush()));
        self.bar.finish_and_clear();
        if live || self.interrupted {
            // The thread that waits for standard input, a pipe or a disk may wait for ever: there is no way back through it.
            if self.interrupted {
                let read = ui::counted(self.events as usize, "event");
                note!("interrupted; {} read", read);
            }
            if let Some(err) = self.broken.take() {
                out::keep(|| Err(err));
            }
            let met = self.shown.keys().next_back().is_some_and(|worst| Some(*worst) >= self.fail_on);
            let code = match out::finish() {
                Ok(()) => u8::from(self.interrupted || (self.fail_on.is_some() && met)),
                Err(failure) => {
                    say::show_beside(&format!("{failure}\n"));
                    failure.code()
                }
            };
            std::process::exit(i32::from(code));
        }
    }
}

/// What of the telemetry was not looked at, in words; nothing if all of it was.
pub fn holes(telemetry: &Telemetry, over_budget: u64, rules_refused: u64) -> Vec<String> {
    let unmatched: u64 = telemetry.unmatched.iter().map(|it| it.events).sum();
    let bytes: u64 = telemetry.unread.iter().filter_map(|it| it.bytes).sum();
    let at_least = if bytes > 0 { format!(" (at least {} bytes)", ui::count(bytes)) } else { String::new() };
    let parts = [
        (
            telemetry.unread.len() as u64,
            format!("part of the telemetry is missing or was not read{at_least}"),
            format!("parts of the telemetry are missing or were not read{at_least}"),
        ),
        (telemetry.malformed(), "record was malformed".to_owned(), "records were malformed".to_owned()),
        (
            unmatched,
            "event looks like a family that rules speak of, but no rule can apply to it".to_owned(),
            "events look like a family that rules speak of, but no rule can apply to them".to_owned(),
        ),
        (
            over_budget,
            "comparison was given up as too slow".to_owned(),
            "comparisons were given up as too slow".to_owned(),
        ),
        (
            rules_refused,
            "fault kept rules from being loaded".to_owned(),
            "faults kept rules from being loaded".to_owned(),
        ),
    ];
    let parts = parts.into_iter().filter(|it| it.0 > 0);
    parts.map(|(n, one, many)| ui::counted_as(n, &one, &many)).collect()
}

/// What is said at the end, on standard error.
struct Summary<'a> {
    shown: &'a BTreeMap<Level, u64>,
    events: u64,
    counts: Counts,
    report: &'a LoadReport,
}

impl Summary<'_> {
    fn print(&self, telemetry: &Telemetry, interrupted: bool, seconds: f64) {
        let by_level: Vec<String> =
            self.shown.iter().rev().map(|(level, n)| format!("{n} {}", level.as_str())).collect();
        let found: u64 = self.shown.values().sum();
        let found = if by_level.is_empty() {
            "no findings".to_owned()
        } else {
            format!("{} ({})", ui::counted(found as usize, "finding"), by_level.join(", "))
        };
        let faults = self.report.diagnostics.iter().filter(|it| it.is_error()).count();
        let skipped = if faults > 0 {
            format!(", {} in rules left out", ui::counted(faults, "fault"))
        } else {
            String::new()
        };
        let idle = match rule_input::idle(self.report).len() {
            0 => String::new(),
            n => format!(", {n} of them can fire on no known log source"),
        };
        let holes = holes(telemetry, self.counts.over_budget, faults as u64);
        let found = if by_level.is_empty() && !holes.is_empty() {
            format!("{found} in what was read")
        } else {
            found
        };
        let cut = if interrupted { " before the interruption" } else { "" };
        note!(
            "{} in {}{} ({} malformed) from {}; {}{}{}; {:.0} events/s",
            found,
            ui::counted(self.events as usize, "event"),
            cut,
            telemetry.malformed(),
            ui::counted(telemetry.sources.len(), "file"),
            ui::counted(self.report.rules.len(), "rule"),
            idle,
            skipped,
            self.events as f64 / seconds.max(1e-9)
        );
        if !holes.is_empty() {
            note!(
                "NOT EVERYTHING WAS READ: {}; what is not found may be there all the same",
                holes.join(", ")
            );
        }
        telemetry_input::say_found_by_others(self.counts.found_by_others);
        let left = self.counts.correlation;
        if left.evicted + left.late + left.untimed > 0 {
            note!(
                "correlations left out {} (evicted: more than --groups-max), {} late and {} untimed findings",
                ui::counted(left.evicted as usize, "group"),
                left.late,
                left.untimed
            );
        }
    }
}
