//! `rules check|list|coverage`.

use std::path::PathBuf;

use bulkhead_detect::{LoadReport, compile};
use bulkhead_model::diag::Diagnostic;

use crate::cli::{Format, RuleArgs, Rules};
use crate::commands::case::print_json;
use crate::commands::coverage;
use crate::config::Config;
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::rule_input;
use crate::say::{self, say};
use crate::ui::{Table, counted};

/// Runs `rules ...`.
pub fn run(command: &Rules, config: &Config) -> Outcome {
    match command {
        Rules::Check(args) => check(&report(args, config)?, args.format),
        Rules::List(args) => list(&report(args, config)?, args.format),
        Rules::Coverage(args) => coverage::run(&report(&args.rules, config)?, args),
    }
}

/// What loading the rules named finds; the built-in pack when none are named.
fn report(args: &RuleArgs, config: &Config) -> Outcome<LoadReport> {
    let named: Vec<PathBuf> = args.paths.iter().chain(&args.rules).chain(&config.rules).cloned().collect();
    let files = if named.is_empty() { rule_input::pack() } else { rule_input::files(&named)? };
    Ok(compile(&files, &rule_input::options(&args.reading, config)?).1)
}

fn check(report: &LoadReport, format: Format) -> Outcome {
    let errors = report.diagnostics.iter().filter(|it| it.is_error()).count();
    let idle = rule_input::idle(report);
    let mut told = report.diagnostics.clone();
    told.extend(idle.iter().map(|(rule, why)| {
        let what = format!("`{}` loads and can fire on no known log source: {why}", rule.title);
        let hint = "correct it, or map it with a file of `--log-sources` (docs/logsources.md)";
        Diagnostic::warning("idle-rule", &rule.file, Some(rule.pos), what).hint(hint)
    }));
    match format {
        Format::Json => print_json(&told)?,
        Format::Table => print_diagnostics(&told, usize::MAX),
    }
    if errors > 0 {
        return Err(Failure::input(format!("{errors} faults; {} rules load", report.rules.len())));
    }
    if format == Format::Table {
        let (load, warnings) = (counted(report.rules.len(), "rule"), counted(told.len(), "warning"));
        let verb = if report.rules.len() == 1 { "loads" } else { "load" };
        say!("{} {}, {} of them can fire on no known log source, {}", load, verb, idle.len(), warnings);
    }
    Ok(())
}

fn list(report: &LoadReport, format: Format) -> Outcome {
    if format == Format::Json {
        let rules: Vec<_> = report
            .rules
            .iter()
            .map(|it| {
                serde_json::json!({
                    "id": it.id, "title": it.title, "level": it.level, "tags": it.tags, "status": it.status,
                    "kind": it.kind, "log_source": it.log_source, "file": it.file, "line": it.pos.line,
                    "can_fire": it.unreachable.is_none(), "why_not": it.unreachable,
                })
            })
            .collect();
        return print_json(&serde_json::json!({"rules": rules, "diagnostics": report.diagnostics}));
    }
    let mut table = Table::new(["level", "title", "log source", "can fire", "file"]);
    for it in &report.rules {
        table.row([
            it.level.as_str().to_owned(),
            it.title.clone(),
            it.log_source.clone(),
            it.unreachable.clone().unwrap_or_else(|| "yes".to_owned()),
            it.file.clone(),
        ]);
    }
    say::show(&table.render(0));
    let dead = report.rules.iter().filter(|it| it.unreachable.is_some()).count();
    say!("{} rules loaded, {} of them can fire on no known log source", report.rules.len(), dead);
    if !report.diagnostics.is_empty() {
        print_diagnostics(&report.diagnostics, 20);
    }
    Ok(())
}
