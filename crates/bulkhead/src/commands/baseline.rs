//! `baseline ...`: what was learned as usual, and what an operator dismissed.

use std::collections::BTreeSet;
use std::path::Path;

use bulkhead_incident::{Dismissal, Learned, Memory};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::baseline::Baseline;
use crate::cli::{Format, baseline as cli};
use crate::commands::case::print_json;
use crate::failure::{Failure, Outcome};
use crate::inputs;
use crate::say::{self, say};
use crate::ui::{Table, counted};
use crate::when::shown;

/// Rules that are shown, the most usual.
const RULES: usize = 10;

/// Runs one of them.
///
/// # Errors
/// When the file is no baseline, or holds no such dismissal.
pub fn run(command: &cli::Baseline) -> Outcome {
    match command {
        cli::Baseline::Show { file, format } => {
            let baseline = existing(file)?;
            match format {
                Format::Table => show(&baseline.memory),
                Format::Json => print_json(&object(&baseline.memory))?,
            }
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
            let before = baseline.memory.normal.dismiss(dismissal);
            baseline.keep(&baseline.memory)?;
            say!("dismissed: {} on {} counts for nothing from now on ({})", rule, host, reason);
            if let Some(it) = before {
                say!("this takes the place of what was said of both {}: {}", in_utc(it.at), it.reason);
            }
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

/// Everything that is known, for people.
fn show(memory: &Memory) {
    let learned = memory.normal.learned();
    let dismissals = memory.normal.dismissals();
    say!(
        "learned of {}, seen for {:.0} h each on average; {}",
        counted(learned.hosts, "host"),
        learned.hours_a_host,
        counted(dismissals.len(), "dismissal")
    );
    if let Some((from, to)) = learned.between {
        say!(
            "it rests on {:.1} h of telemetry between {} and {}",
            learned.observed_h,
            in_utc(from),
            in_utc(to)
        );
    }
    show_rules(memory, &learned);
    for it in memory.open() {
        say!("  open since {}: {} ({})", in_utc(it.declared_at), it.id, it.title);
    }
    for it in memory.ended() {
        say!(
            "  over since {}: {} ({}), declared {}",
            in_utc(it.ended_at),
            it.id,
            it.title,
            in_utc(it.declared_at)
        );
    }
    for it in dismissals {
        say!("  dismissed {}: {} on {}: {}", in_utc(it.at), it.rule, it.host, it.reason);
    }
}

/// The most usual rules: how often, and on how many hosts.
fn show_rules(memory: &Memory, learned: &Learned) {
    if learned.rules.is_empty() {
        say!("no rule has fired on any host yet");
        return;
    }
    let titles = memory.titles();
    say!("most usual, in spans of ten minutes (less what is forgotten):");
    let mut table = Table::new(["spans", "hosts", "rule", "title"]);
    for it in learned.rules.iter().take(RULES) {
        let title = titles.get(it.id.as_str()).copied().filter(|title| *title != it.id);
        table.row([
            format!("{:.1}", it.spans),
            it.hosts.to_string(),
            it.id.clone(),
            title.unwrap_or_default().to_owned(),
        ]);
    }
    say::show(&table.render(2));
    if learned.rules.len() > RULES {
        say!("  and {} more", counted(learned.rules.len() - RULES, "rule"));
    }
}

/// The same for programs.
fn object(memory: &Memory) -> Value {
    let learned = memory.normal.learned();
    let titles = memory.titles();
    json!({
        "hosts": learned.hosts,
        "hours_a_host": learned.hours_a_host,
        "observed": {
            "from": learned.between.map(|it| it.0),
            "to": learned.between.map(|it| it.1),
            "hours": learned.observed_h,
        },
        "rules": learned.rules.iter().map(|it| json!({
            "id": it.id, "title": titles.get(it.id.as_str()), "spans": it.spans, "hosts": it.hosts,
        })).collect::<Vec<_>>(),
        "dismissals": memory.normal.dismissals(),
        "open": memory.open().map(|it| json!({
            "id": it.id, "title": it.title, "declared_at": it.declared_at,
        })).collect::<Vec<_>>(),
        "ended": memory.ended().collect::<Vec<_>>(),
    })
}

/// A baseline is of no estate, so of no time zone.
fn in_utc(at: Timestamp) -> String {
    shown(at, &TimeZone::UTC)
}
