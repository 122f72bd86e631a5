//! Finding the rules that correlations name; unknown names and circles are faults.

use bulkhead_model::diag::Diagnostic;

use super::{Correlation, Kind, Source, Together};
use crate::load::RuleEntry;
use crate::rule::{Condition, Rule};

/// Correlations in an order in which each comes after those it looks at, and for each detection rule whether it makes
/// findings of its own.
pub fn resolve(
    correlations: Vec<Correlation>,
    rules: &[Rule],
    entries: &mut Vec<RuleEntry>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<Correlation>, Vec<bool>) {
    let mut left = correlations;
    let mut done: Vec<Correlation> = Vec::new();
    loop {
        let before = left.len();
        let mut waiting = Vec::new();
        for mut correlation in left {
            match sources(&correlation, rules, &done) {
                Some(sources) if condition_names(&correlation) => {
                    correlation.sources = sources;
                    done.push(correlation);
                }
                _ => waiting.push(correlation),
            }
        }
        left = waiting;
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    diagnostics.extend(left.iter().map(|it| fault(it, rules, &done, &left)));
    let mut generate = vec![None; rules.len()];
    let mut reported = vec![None; done.len()];
    for correlation in &done {
        for source in &correlation.sources {
            let slot = match source {
                Source::Rule(it) => &mut generate[*it as usize],
                Source::Correlation(it) => &mut reported[*it as usize],
            };
            *slot = Some(slot.unwrap_or(false) || correlation.generate);
        }
    }
    for (correlation, reported) in done.iter_mut().zip(reported) {
        correlation.reported = reported.unwrap_or(true);
        let unreachable = unreachable(correlation, entries, rules.len());
        entries.push(RuleEntry { unreachable, ..entry(correlation) });
    }
    (done, generate.into_iter().map(|it| it.unwrap_or(true)).collect())
}

fn number(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(u32::MAX)
}

fn find(name: &str, rules: &[Rule], done: &[Correlation]) -> Option<Source> {
    let rule = rules.iter().position(|it| it.id == name || it.name.as_deref() == Some(name));
    let correlation = || done.iter().position(|it| it.rule.id == name || it.name.as_deref() == Some(name));
    rule.map(|it| Source::Rule(number(it)))
        .or_else(|| correlation().map(|it| Source::Correlation(number(it))))
}

fn sources(correlation: &Correlation, rules: &[Rule], done: &[Correlation]) -> Option<Vec<Source>> {
    correlation.refs.iter().map(|(name, _)| find(name, rules, done)).collect()
}

/// Whether the condition of a temporal correlation names only its own rules.
fn condition_names(correlation: &Correlation) -> bool {
    fn known(condition: &Condition, names: &[&str]) -> bool {
        match condition {
            Condition::Search(name) => names.contains(&name.as_str()),
            Condition::Not(inner) => known(inner, names),
            Condition::And(sides) | Condition::Or(sides) => sides.iter().all(|it| known(it, names)),
            Condition::Of(_, meant) => names.iter().any(|it| meant.matches(it)),
        }
    }
    let Kind::Temporal(Together::Condition(condition)) = &correlation.kind else { return true };
    let names: Vec<&str> = correlation.refs.iter().map(|(name, _)| name.as_str()).collect();
    known(condition, &names)
}

fn fault(
    correlation: &Correlation,
    rules: &[Rule],
    done: &[Correlation],
    left: &[Correlation],
) -> Diagnostic {
    let waits = |name: &str| left.iter().any(|it| it.rule.id == name || it.name.as_deref() == Some(name));
    let missing = correlation.refs.iter().find(|(name, _)| find(name, rules, done).is_none());
    let (pos, message, hint) = match missing {
        Some((name, pos)) if waits(name) => (
            *pos,
            format!("the correlation `{}` cannot be used, because `{name}` cannot", correlation.rule.title),
            "correlations must not refer to each other in a circle, and every rule they name must load",
        ),
        Some((name, pos)) => (
            *pos,
            format!("the correlation names the rule `{name}`, which is not loaded"),
            "load the rule's file too, and name it by its `id` or `name`",
        ),
        None => (
            correlation.pos,
            "the condition names a rule that `correlation.rules` does not list".to_owned(),
            "list every rule of the condition under `rules`",
        ),
    };
    Diagnostic::error("unknown-rule", &correlation.file, Some(pos), message).hint(hint)
}

/// Why a correlation can be satisfied by no known log source, where too many of its rules can fire on none. Entries of the rules come first,
/// then those of the correlations before this one.
fn unreachable(correlation: &Correlation, entries: &[RuleEntry], n_rules: usize) -> Option<String> {
    let of = |source: &Source| match source {
        Source::Rule(it) => entries.get(*it as usize),
        Source::Correlation(it) => entries.get(n_rules + *it as usize),
    };
    let idle: Vec<&RuleEntry> =
        correlation.sources.iter().filter_map(of).filter(|it| it.unreachable.is_some()).collect();
    let needs_all = matches!(correlation.kind, Kind::Temporal(Together::All) | Kind::TemporalOrdered(None));
    let none_left = idle.len() == correlation.sources.len();
    let first = idle.first().filter(|_| needs_all || none_left)?;
    Some(format!("its rule `{}` can fire on no known log source", first.title))
}

fn entry(correlation: &Correlation) -> RuleEntry {
    RuleEntry {
        id: correlation.rule.id.clone(),
        title: correlation.rule.title.clone(),
        level: correlation.rule.level,
        tags: correlation.rule.tags.clone(),
        status: None,
        file: correlation.file.clone(),
        pos: correlation.pos,
        kind: "correlation",
        log_source: String::new(),
        unreachable: None,
    }
}
