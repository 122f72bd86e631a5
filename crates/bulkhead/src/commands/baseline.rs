//! `baseline ...`: what was learned as usual, and what an operator dismissed.

use std::collections::BTreeSet;
use std::path::Path;

use bulkhead_incident::{Dismissal, Memory};
use jiff::tz::TimeZone;

use crate::baseline::Baseline;
use crate::cli::baseline as cli;
use crate::failure::{Failure, Outcome};
use crate::inputs;
use crate::say::say;
use crate::ui::counted;

/// Runs one of them.
///
/// # Errors
/// When the file is no baseline, or holds no such dismissal.
pub fn run(command: &cli::Baseline) -> Outcome {
    match command {
        cli::Baseline::Show { file } => {
            show(&existing(file)?.memory);
            Ok(())
        }
        cli::Baseline::Dismiss { file, rule, host, reason, now } => {
            for (flag, value) in [("--rule", rule), ("--host", host), ("--reason", reason)] {
                if value.trim().is_empty() {
                    return Err(Failure::input(format!("{flag} is empty")));
                }
            }
            let at = match now {
                Some(now) => now.resolve("--now", &TimeZone::UTC, inputs::now(), false)?,
                None => inputs::now(),
            };
            let mut baseline = existing(file)?;
            let is_known = baseline.memory.normal.knows(rule)
                || baseline.memory.open().any(|it| {
                    it.named().any(|it| it.reasons.iter().any(|it| it.finding.ends_with(rule.as_str())))
                });
            let host = host_of(&baseline.memory, host);
            let dismissal = Dismissal { rule: rule.clone(), host: host.clone(), reason: reason.clone(), at };
            if let Some(previous) = &mut baseline.previous {
                previous.normal.dismiss(dismissal.clone());
            }
            baseline.memory.normal.dismiss(dismissal);
            baseline.keep(&baseline.memory)?;
            say!("dismissed: {} on {} counts for nothing from now on ({})", rule, host, reason);
            if !is_known {
                say!("this baseline has not seen the rule {} yet: see that the id is right", rule);
            }
            Ok(())
        }
        cli::Baseline::Recall { file, rule, host } => {
            let mut baseline = existing(file)?;
            let host = &host_of(&baseline.memory, host);
            if !baseline.memory.normal.recall(rule, host) {
                return Err(Failure::input(format!("nothing is dismissed of {rule} on {host}"))
                    .hint("`bulkhead baseline show` lists what is"));
            }
            if let Some(previous) = &mut baseline.previous {
                previous.normal.recall(rule, host);
            }
            baseline.keep(&baseline.memory)?;
            say!("recalled: {} on {} counts as ever", rule, host);
            Ok(())
        }
    }
}

/// The host as the baseline names it, given by that name or by its full name; said where the baseline does not know it.
fn host_of(memory: &Memory, given: &str) -> String {
    let known: BTreeSet<&str> = memory.normal.host_ids().collect();
    let given = given.trim();
    if known.contains(given) {
        return given.to_owned();
    }
    let lower = given.to_lowercase();
    let short = lower.split('.').next().unwrap_or(&lower);
    match known.iter().find(|it| **it == lower || **it == short) {
        Some(it) => (*it).to_owned(),
        None => {
            say!("this baseline has not seen the host {} yet: see that the name is right", given);
            given.to_owned()
        }
    }
}

fn existing(file: &Path) -> Outcome<Baseline> {
    if !file.exists() {
        return Err(Failure::input(format!("there is no baseline `{}`", file.display()))
            .hint("`bulkhead respond ... --baseline FILE` makes it"));
    }
    Baseline::open(Some(file))
}

fn show(memory: &Memory) {
    let normal = &memory.normal;
    say!(
        "learned of {}, seen for {:.0} h each on average; {}",
        counted(normal.n_hosts(), "host"),
        normal.hours(),
        counted(normal.dismissals().len(), "dismissal")
    );
    for it in memory.open() {
        say!("  open since {}: {} ({})", it.declared_at, it.id, it.title);
    }
    for it in normal.dismissals() {
        say!("  {} on {} since {}: {}", it.rule, it.host, it.at, it.reason);
    }
}
