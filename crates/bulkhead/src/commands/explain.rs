//! `detect --explain RULE EVENT`: why a rule did or did not fire.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bulkhead_detect::{
    CorrelationExplanation, EventRef, Explanation, LoadReport, Match, Matcher, Node, NodeKind, RuleEntry,
    RuleSet,
};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::Event;
use bulkhead_telemetry::{Record, entities, read, read_bytes};

use crate::cli::{Detect, FindingFormat};
use crate::commands::case::print_json;
use crate::config::Config;
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::say::{self, line, say};
use crate::{rule_input, telemetry_input};

/// Name of an event given on the command line.
const INLINE: &str = "the event given";

/// Where the event is.
enum Place {
    /// On the command line.
    Inline(String),
    /// A record of a file (or of a member of an archive).
    Record { file: String, record: u64 },
}

/// Runs `detect --explain`.
pub fn run(args: &Detect, asked: &[String], config: &Config, quiet: bool) -> Outcome {
    let [rule, event] = asked else {
        return Err(Failure::input("--explain takes a rule and an event"));
    };
    if !matches!(args.format, FindingFormat::Table | FindingFormat::Ndjson) {
        return Err(Failure::input("an explanation is printed as table or json"));
    }
    let mut paths = args.rules.clone();
    // A rule that is a file need not be named twice.
    let is_file = Path::new(rule).is_file();
    if is_file && !paths.iter().chain(&config.rules).any(|it| Path::new(rule).starts_with(it)) {
        paths.push(PathBuf::from(rule));
    }
    let (set, report) = rule_input::load_with(&paths, !args.no_builtin_rules, &args.reading, config, true)?;
    let entries = find_rules(rule, &report)?;
    let place = place(event)?;
    for (number, entry) in entries.iter().enumerate() {
        if number > 0 && args.format == FindingFormat::Table {
            say!();
        }
        if entry.kind == "correlation" {
            correlation(args, entry, &set, &place, quiet)?;
        } else {
            detection(args, entry, &set, &place)?;
        }
    }
    Ok(())
}

/// The rules meant by an id, a title or a file.
fn find_rules<'r>(asked: &str, report: &'r LoadReport) -> Outcome<Vec<&'r RuleEntry>> {
    let by =
        |test: &dyn Fn(&RuleEntry) -> bool| report.rules.iter().filter(|it| test(it)).collect::<Vec<_>>();
    let same_file = |it: &RuleEntry| it.file == asked || Path::new(&it.file).ends_with(asked);
    for found in [by(&|it| it.id == asked), by(&|it| it.title.eq_ignore_ascii_case(asked)), by(&same_file)] {
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let faults: Vec<_> = report
        .diagnostics
        .iter()
        .filter(|it| it.is_error() && Path::new(&it.file).ends_with(asked))
        .cloned()
        .collect();
    if !faults.is_empty() {
        print_diagnostics(&faults, usize::MAX);
        return Err(Failure::input(format!("no rule of {asked} could be loaded (see above)")));
    }
    let lower = asked.to_lowercase();
    let near: Vec<String> = report
        .rules
        .iter()
        .filter(|it| it.title.to_lowercase().contains(&lower))
        .take(5)
        .map(|it| format!("{} ({})", it.title, it.id))
        .collect();
    let hint = if near.is_empty() {
        "`bulkhead rules list` shows every rule; rules beside the built-in pack are given with --rules"
            .to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Err(Failure::input(format!("no rule loaded has the id, title or file `{asked}`")).hint(hint))
}

/// `FILE:RECORD`, `FILE#RECORD` as findings print it, or a JSON object.
fn place(asked: &str) -> Outcome<Place> {
    if asked.trim_start().starts_with('{') {
        return Ok(Place::Inline(asked.to_owned()));
    }
    let parts = asked.rsplit_once([':', '#']);
    match parts.and_then(|(file, record)| Some((file, record.parse::<u64>().ok()?))) {
        Some((file, record)) if record > 0 && !file.is_empty() => {
            Ok(Place::Record { file: file.to_owned(), record })
        }
        _ => Err(Failure::input(format!("`{asked}` is no event"))
            .hint("give FILE:RECORD as findings name it (`source` in ndjson), such as log.json:12, or a JSON object")),
    }
}

/// Calls `look` with the records of the place's file, or with the event given, until it breaks.
fn records(place: &Place, look: &mut dyn FnMut(&Record<'_>) -> ControlFlow<()>) -> Outcome {
    let options = telemetry_input::options(None);
    let mut sink = |record: &Record<'_>| look(record);
    let telemetry = match place {
        Place::Inline(text) => {
            read_bytes(&[(INLINE.to_owned(), text.as_bytes().to_vec())], &options, &mut sink)
        }
        Place::Record { file, .. } => {
            // A member of an archive is named behind the archive.
            let on_disk =
                if Path::new(file).exists() { file.as_str() } else { file.split('!').next().unwrap_or(file) };
            read(&[on_disk.to_owned()], &options, &mut sink)
        }
    };
    if telemetry.has_errors() || telemetry.events() == 0 {
        print_diagnostics(&telemetry.diagnostics, 5);
        return Err(Failure::input("the event cannot be read (see above)"));
    }
    Ok(())
}

fn is_meant(place: &Place, record: &Record<'_>) -> bool {
    match place {
        Place::Inline(_) => true,
        Place::Record { file, record: number } => record.file == file && record.record == *number,
    }
}

fn missing(place: &Place) -> Failure {
    match place {
        Place::Inline(_) => Failure::input("the event given cannot be read"),
        Place::Record { file, record } => Failure::input(format!("{file} has no readable record {record}"))
            .hint("records count from 1, those that cannot be read included; members of archives are FILE!MEMBER"),
    }
}

fn detection(args: &Detect, entry: &RuleEntry, set: &RuleSet, place: &Place) -> Outcome {
    let mut explanation = None;
    records(place, &mut |record| {
        if !is_meant(place, record) {
            return ControlFlow::Continue(());
        }
        explanation = set.explain(&entry.id, record.event, &record.source);
        ControlFlow::Break(())
    })?;
    let explanation = explanation.ok_or_else(|| missing(place))?;
    if args.format == FindingFormat::Ndjson {
        return print_json(&explanation);
    }
    say::show(&told(entry, &explanation));
    Ok(())
}

/// The explanation for people.
fn told(entry: &RuleEntry, it: &Explanation) -> String {
    let mut text = String::new();
    let verdict = if it.matched { "fires" } else { "does not fire" };
    line!(text, "{} ({}, {})", it.rule.title, it.rule.id, it.rule.level.as_str());
    line!(text, "  in {}:{}", entry.file, entry.pos.line);
    line!(text, "It {}.\n", verdict);
    let through = if it.admitted { "lets the event through" } else { "does not let the event through" };
    line!(text, "1. Its log source ({}) {}; one of these must hold:", it.log_source, through);
    // Where one way holds, the others are of no interest.
    let ways = it.gate.iter().filter(|way| way.holds || !it.admitted);
    ways.for_each(|way| tree(way, 1, &mut text));
    let holds = if it.conditions.iter().any(|it| it.1) { "holds" } else { "does not hold" };
    let written: Vec<&str> = it.conditions.iter().map(|it| it.0.as_str()).collect();
    line!(text, "\n2. Its condition {}: {}", holds, written.join(" | "));
    it.tree.iter().for_each(|it| tree(it, 1, &mut text));
    if !it.advice.is_empty() {
        line!(text, "\nFor it to fire, this would have to be otherwise:");
        for advice in &it.advice {
            line!(text, "  - {}", advice);
        }
        if !it.admitted {
            line!(
                text,
                "  if the event is of this log source after all, say where that is seen in it with --log-sources FILE"
            );
        }
    }
    text
}

/// Sides shown before those that do not hold are only counted.
const SIDES: usize = 12;

fn tree(node: &Node, depth: usize, text: &mut String) {
    let mark = if node.holds { "true " } else { "false" };
    line!(text, "{}{} {}", "  ".repeat(depth), mark, node.what);
    let many = node.sides.len() > SIDES && node.kind != NodeKind::All;
    let shown = node.sides.iter().enumerate().filter(|(at, it)| !many || it.holds || *at < SIDES);
    let mut n = 0;
    for (_, side) in shown {
        n += 1;
        tree(side, depth + 1, text);
    }
    if n < node.sides.len() {
        line!(text, "{}      and {} more, all false", "  ".repeat(depth), node.sides.len() - n);
    }
}

fn correlation(args: &Detect, entry: &RuleEntry, set: &RuleSet, place: &Place, quiet: bool) -> Outcome {
    let (file, number) = match place {
        Place::Inline(_) => (INLINE.to_owned(), 1),
        Place::Record { file, record } => (file.clone(), *record),
    };
    let mut matcher = Matcher::new(set);
    let mut matches: Vec<Match> = Vec::new();
    let mut there = false;
    let mut look = |record: &Record<'_>| {
        there |= is_meant(place, record);
        let who = |event: &dyn Event| -> Entities { telemetry_input::placed(entities(event)) };
        let at = EventRef { file: record.file, record: record.record, source: record.source, entities: &who };
        matcher.run(record.event, &at, &mut matches);
        ControlFlow::Continue(())
    };
    records(place, &mut look)?;
    // Other files of the hunt may hold what belongs to the same window.
    let names: Vec<String> = args.files.iter().map(|it| it.display().to_string()).collect();
    let others: Vec<String> =
        names.into_iter().filter(|it| file.split('!').next() != Some(it.as_str())).collect();
    if !others.is_empty() {
        let telemetry = read(&others, &telemetry_input::options(None), &mut look);
        telemetry_input::refuse_unreadable(&telemetry, quiet)?;
    }
    if !there {
        return Err(missing(place));
    }
    let explanation = set
        .explain_correlation(&entry.id, &file, number, &matches)
        .ok_or_else(|| Failure::input(format!("the correlation `{}` is not loaded", entry.id)))?;
    if args.format == FindingFormat::Ndjson {
        return print_json(&explanation);
    }
    say::show(&told_correlation(entry, &explanation));
    Ok(())
}

/// Matches of a window shown before the rest is only counted.
const WINDOW: usize = 20;

fn told_correlation(entry: &RuleEntry, it: &CorrelationExplanation) -> String {
    let mut text = String::new();
    let verdict = if it.satisfied { "is satisfied" } else { "is not satisfied" };
    line!(text, "{} ({}, {})", it.rule.title, it.rule.id, it.rule.level.as_str());
    line!(text, "  in {}:{}", entry.file, entry.pos.line);
    line!(text, "It {} when the event comes. It asks within {} s: {}\n", verdict, it.timespan_s, it.wanted);
    line!(text, "Its rules on this event:");
    for (title, matched) in &it.rules {
        line!(text, "  {} {}", if *matched { "matched    " } else { "not matched" }, title);
    }
    if !it.group.is_empty() {
        let parts: Vec<String> = it
            .group
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("(no such field)")))
            .collect();
        line!(text, "Its group: {}", parts.join(", "));
    }
    line!(
        text,
        "Findings of the group in the {} s that end with the event: {}",
        it.timespan_s,
        it.window.len()
    );
    let skipped = it.window.len().saturating_sub(WINDOW);
    if skipped > 0 {
        line!(text, "  ... {} earlier", skipped);
    }
    for found in it.window.iter().skip(skipped) {
        let time = found.time.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let value = found.value.as_ref().map(|it| format!("  value {it}")).unwrap_or_default();
        line!(text, "  {}  {}  [{}#{}]{}", time, found.rule, found.file, found.record, value);
    }
    for lack in &it.lacks {
        line!(text, "Lacking: {}", lack);
    }
    if it.satisfied {
        line!(
            text,
            "A correlation that goes on being satisfied is reported once a timespan, so this event need not be the one \
             its finding names."
        );
    }
    text
}
