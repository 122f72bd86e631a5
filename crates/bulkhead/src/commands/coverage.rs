//! `rules coverage`: which ATT&CK tactics and techniques the rules speak of, as tables and as a Navigator layer.
//!
//! Covered is what a rule speaks of that can fire with the log sources mapped. ATT&CK's own list of techniques is not
//! part of the program: what no rule speaks of is not listed, and the Navigator shows it as not scored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bulkhead_detect::{LoadReport, RuleEntry};
use bulkhead_model::diag::Diagnostic;
use serde_json::json;

use crate::attack::{AttackTag, BEFORE_19, TACTICS, Technique, parse};
use crate::cli::{Coverage as Args, Format};
use crate::commands::case::print_json;
use crate::failure::{Outcome, print_diagnostics};
use crate::say::{self, note, say};
use crate::ui::Table;

/// Namespaces of tags that Sigma knows beside `attack` (specification 2.1, appendix on tags).
const NAMESPACES: [&str; 6] = ["car", "cve", "d3fend", "detection", "stp", "tlp"];

/// Colour of techniques that only rules speak of which can fire on no known log source.
const IDLE: &str = "#c9c9c9";

/// Titles named in a comment before the rest is only counted.
const NAMED: usize = 20;

/// What rules speak of one technique or tactic.
#[derive(Debug, Default)]
struct Rules<'a> {
    /// Can fire.
    live: Vec<&'a RuleEntry>,
    /// Can fire on no log source that is mapped.
    idle: Vec<&'a RuleEntry>,
}

impl<'a> Rules<'a> {
    fn add(&mut self, rule: &'a RuleEntry) {
        if rule.unreachable.is_none() { self.live.push(rule) } else { self.idle.push(rule) }
    }
}

/// What all rules speak of.
#[derive(Debug, Default)]
struct Covered<'a> {
    techniques: BTreeMap<Technique, Rules<'a>>,
    tactics: BTreeMap<&'static str, Rules<'a>>,
    /// Techniques of rules of a tactic.
    within: BTreeMap<&'static str, BTreeSet<Technique>>,
    groups: BTreeSet<String>,
    software: BTreeSet<String>,
    /// Rules without any tag of ATT&CK.
    untagged: usize,
    diagnostics: Vec<Diagnostic>,
}

/// Runs `rules coverage`.
pub fn run(report: &LoadReport, args: &Args) -> Outcome {
    let covered = cover(report);
    if let Some(path) = &args.out {
        write(path, &layer(&covered, report), args.force)?;
    }
    match args.rules.format {
        Format::Json => print_json(&as_json(&covered, report))?,
        Format::Table => print(&covered, report),
    }
    let faults: Vec<Diagnostic> = report.diagnostics.iter().filter(|it| it.is_error()).cloned().collect();
    print_diagnostics(&faults, 20);
    print_diagnostics(&covered.diagnostics, 20);
    if let Some(path) = &args.out {
        note!(
            "layer written to {}; open it at https://mitre-attack.github.io/attack-navigator/",
            path.display()
        );
    }
    Ok(())
}

fn write(path: &Path, layer: &serde_json::Value, force: bool) -> Outcome {
    let mut text = serde_json::to_string_pretty(layer).map_err(anyhow::Error::new)?;
    text.push('\n');
    super::estate::emit(&text, Some(path), force)
}

fn cover(report: &LoadReport) -> Covered<'_> {
    let mut covered = Covered::default();
    for rule in &report.rules {
        let mut techniques = BTreeSet::new();
        let mut tactics = BTreeSet::new();
        let mut tagged = false;
        for tag in &rule.tags {
            match parse(tag) {
                Some(Ok(meaning)) => {
                    tagged = true;
                    match meaning {
                        AttackTag::Technique(it) => drop(techniques.insert(it)),
                        AttackTag::Tactic(it) => drop(tactics.insert(it)),
                        AttackTag::Group(it) => drop(covered.groups.insert(it)),
                        AttackTag::Software(it) => drop(covered.software.insert(it)),
                        AttackTag::Other(_) => {}
                    }
                }
                Some(Err(())) => covered.diagnostics.push(unknown(rule, tag)),
                None if NAMESPACES.contains(&tag.split('.').next().unwrap_or_default()) => {}
                None => covered.diagnostics.push(unknown(rule, tag)),
            }
        }
        covered.untagged += usize::from(!tagged);
        for tactic in tactics {
            covered.tactics.entry(tactic).or_default().add(rule);
            covered.within.entry(tactic).or_default().extend(techniques.iter().cloned());
        }
        for technique in techniques {
            covered.techniques.entry(technique).or_default().add(rule);
        }
    }
    covered
}

fn unknown(rule: &RuleEntry, tag: &str) -> Diagnostic {
    let message = format!("the tag `{tag}` of `{}` means nothing known", rule.title);
    Diagnostic::warning("unknown-tag", &rule.file, Some(rule.pos), message).hint(
        "tags are a tactic (attack.lateral-movement), a technique (attack.t1059.001), a group, software, or of car, \
         cve, d3fend, detection, stp, tlp",
    )
}

/// The version of ATT&CK whose tactics the rules use.
fn version(covered: &Covered<'_>) -> &'static str {
    let uses = |it: &str| covered.tactics.contains_key(it);
    if uses(BEFORE_19) && !uses("stealth") && !uses("defense-impairment") { "18" } else { "19" }
}

fn comment(rules: &Rules<'_>) -> String {
    let titles = |rules: &[&RuleEntry]| {
        let mut titles: Vec<&str> = rules.iter().take(NAMED).map(|it| it.title.as_str()).collect();
        let more = format!("and {} more", rules.len().saturating_sub(NAMED));
        if rules.len() > NAMED {
            titles.push(&more);
        }
        titles.join("; ")
    };
    let mut parts = Vec::new();
    if !rules.live.is_empty() {
        parts.push(titles(&rules.live));
    }
    if !rules.idle.is_empty() {
        let all = titles(&rules.idle);
        parts.push(format!("fire on no known log source ({}): {all}", rules.idle.len()));
    }
    parts.join("\n")
}

/// The layer in format 4.5 of the ATT&CK Navigator.
fn layer(covered: &Covered<'_>, report: &LoadReport) -> serde_json::Value {
    let parents: BTreeSet<Technique> =
        covered.techniques.keys().filter(|it| it.is_sub()).map(Technique::parent).collect();
    let techniques: Vec<_> = covered
        .techniques
        .iter()
        .map(|(technique, rules)| {
            let mut entry = json!({
                "techniqueID": technique.to_string(),
                "score": rules.live.len(),
                "comment": comment(rules),
                "enabled": true,
            });
            if rules.live.is_empty() {
                entry["color"] = json!(IDLE);
            }
            if parents.contains(technique) {
                entry["showSubtechniques"] = json!(true);
            }
            entry
        })
        .collect();
    let highest = covered.techniques.values().map(|it| it.live.len()).max().unwrap_or(0).max(1);
    json!({
        "name": "Bulkhead rule coverage",
        "versions": {"attack": version(covered), "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": format!(
            "{} rules; score: rules that can fire with the log sources mapped", report.rules.len()),
        "sorting": 3,
        "layout": {
            "layout": "side", "showID": true, "showName": true, "showAggregateScores": true,
            "countUnscored": false, "aggregateFunction": "sum", "expandedSubtechniques": "none",
        },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": {"colors": ["#e8f4ea", "#66bb6a", "#1b5e20"], "minValue": 0, "maxValue": highest},
        "legendItems": [{"label": "only rules that can fire on no known log source", "color": IDLE}],
    })
}

fn as_json(covered: &Covered<'_>, report: &LoadReport) -> serde_json::Value {
    let ids = |rules: &[&RuleEntry]| rules.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    let tactics: Vec<_> = in_order(covered)
        .map(|(tactic, rules)| {
            let techniques: Vec<String> = within(covered, tactic).map(ToString::to_string).collect();
            json!({"tactic": tactic, "rules": rules.live.len(), "cannot_fire": rules.idle.len(), "techniques": techniques})
        })
        .collect();
    let techniques: Vec<_> = covered
        .techniques
        .iter()
        .map(|(technique, rules)| {
            json!({"technique": technique.to_string(), "rules": ids(&rules.live), "cannot_fire": ids(&rules.idle)})
        })
        .collect();
    json!({
        "attack": version(covered), "rules": report.rules.len(), "untagged": covered.untagged,
        "tactics": tactics, "techniques": techniques, "groups": covered.groups, "software": covered.software,
        "diagnostics": covered.diagnostics,
    })
}

fn in_order<'c, 'a>(covered: &'c Covered<'a>) -> impl Iterator<Item = (&'static str, &'c Rules<'a>)> {
    TACTICS.into_iter().filter_map(|it| Some((it, covered.tactics.get(it)?)))
}

fn within<'c>(covered: &'c Covered<'_>, tactic: &str) -> impl Iterator<Item = &'c Technique> {
    covered.within.get(tactic).into_iter().flatten()
}

fn print(covered: &Covered<'_>, report: &LoadReport) {
    let is_covered = |it: &Technique| covered.techniques.get(it).is_some_and(|it| !it.live.is_empty());
    let mut table =
        Table::new(["tactic", "rules", "cannot fire", "techniques", "sub-techniques", "not covered"]);
    for (tactic, rules) in in_order(covered) {
        let all: Vec<&Technique> = within(covered, tactic).collect();
        let subs = all.iter().filter(|it| it.is_sub() && is_covered(it)).count();
        let whole = all.iter().filter(|it| !it.is_sub() && is_covered(it)).count();
        table.row([
            tactic.to_owned(),
            rules.live.len().to_string(),
            rules.idle.len().to_string(),
            whole.to_string(),
            subs.to_string(),
            all.iter().filter(|it| !is_covered(it)).count().to_string(),
        ]);
    }
    say::show(&table.render(0));
    say!();
    let mut table = Table::new(["technique", "rules", "cannot fire", "tactics of these rules"]);
    for (technique, rules) in &covered.techniques {
        let tactics: Vec<&str> =
            TACTICS.into_iter().filter(|it| within(covered, it).any(|it| it == technique)).collect();
        table.row([
            technique.to_string(),
            rules.live.len().to_string(),
            rules.idle.len().to_string(),
            tactics.join(" "),
        ]);
    }
    say::show(&table.render(0));
    let live = covered.techniques.keys().filter(|it| is_covered(it)).count();
    say!(
        "\n{} techniques and sub-techniques of ATT&CK {} covered, {} more only by rules that can fire on no known log source; \
         {} groups and {} software named; {} of {} rules without a tag of ATT&CK",
        live,
        version(covered),
        covered.techniques.len() - live,
        covered.groups.len(),
        covered.software.len(),
        covered.untagged,
        report.rules.len()
    );
}
