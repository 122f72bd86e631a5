//! `drill --unanswered`: nobody answers; what would be declared, when, of whom and why.

use std::collections::BTreeMap;

use bulkhead_evaluate::Scenario;
use bulkhead_incident::IncidentDraft;
use bulkhead_model::case::{Entity, EntityKind};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Level;
use bulkhead_model::span::Span;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::basis;
use crate::cli::Format;
use crate::commands::beside::say_muted;
use crate::commands::drill_which::Which;
use crate::failure::{Failure, Outcome};
use crate::say::say;
use crate::ui::counted;
use crate::world::drill::DrillWorld;

/// Reasons shown of each host or account.
const REASONS: usize = 5;

/// Tells what would be declared; fails where that is not the number that the scenario asks for.
pub fn tell(scenario: &Scenario, estate: &Estate, world: &mut DrillWorld<'_>, format: Format) -> Outcome {
    let fusion = world.unanswered();
    let known = basis::of(&fusion, None);
    let mut incidents = fusion.incidents;
    incidents.sort_by_key(|it| it.declared_at);
    let mut levels: BTreeMap<Level, u64> = BTreeMap::new();
    for it in world.findings_until(Timestamp::MAX) {
        *levels.entry(it.rule.level).or_default() += 1;
    }
    let begins = scenario.attack_begins();
    let judged: Vec<(IncidentDraft, Which)> = {
        let truth = world.truth();
        incidents
            .into_iter()
            .map(|it| (Which::of(&it, truth, begins), it))
            .map(|(which, it)| (it, which))
            .collect()
    };
    let incidents = &judged;
    let seconds = scenario.before.secs() + scenario.length.secs();
    if format == Format::Json {
        let told: Vec<Value> = incidents.iter().map(|(it, which)| incident(it, which, estate)).collect();
        let levels: BTreeMap<String, u64> =
            levels.iter().map(|(level, count)| (level.as_str().to_owned(), *count)).collect();
        say!(
            "{}",
            json!({
                "scenario": scenario.id, "seconds": seconds, "events": world.summary().events,
                "findings": levels.values().sum::<u64>(), "levels": levels, "noise_left_out": world.noise_left_out(),
                "incidents": told, "muted": fusion.muted,
                "learned": { "hosts": fusion.memory.normal.n_hosts(), "hours_a_host": fusion.memory.normal.hours() },
            })
        );
    } else {
        let counts: Vec<String> =
            levels.iter().rev().map(|(level, count)| format!("{count} {}", level.as_str())).collect();
        say!(
            "{} of telemetry: {} events, {} findings ({})",
            Span::from_secs(seconds),
            world.summary().events,
            levels.values().sum::<u64>(),
            counts.join(", ")
        );
        for (it, which) in incidents {
            say!("\n{} declared {}, {}: {}", it.id, it.declared_at, it.severity.as_str(), it.title);
            say!("  {}", which.told());
            it.named().for_each(|entity| say_entity(entity, estate));
        }
        say!("\n{} would be declared", counted(incidents.len(), "incident"));
        let is_grave = levels.keys().any(|it| *it >= Level::High);
        say!("{}", basis::line(&known, is_grave));
        say_muted(&fusion.muted, estate);
    }
    match scenario.objectives.incidents {
        Some(wanted) if wanted != incidents.len() as u64 => {
            let found = counted(incidents.len(), "incident");
            Err(Failure::Verdict(format!("{found} where {wanted} is asked for")))
        }
        _ => Ok(()),
    }
}

fn is_jewel(entity: &Entity, estate: &Estate) -> bool {
    entity.kind == EntityKind::Asset
        && estate.assets.iter().any(|it| it.crown_jewel && it.id.as_str() == entity.id)
}

fn say_entity(entity: &Entity, estate: &Estate) {
    let jewel = if is_jewel(entity, estate) { ", a crown jewel" } else { "" };
    say!("  {} ({:.0} %{})", entity.id, entity.confidence * 100.0, jewel);
    for reason in entity.reasons.iter().take(REASONS) {
        say!("    {}", reason.text);
    }
}

fn incident(draft: &IncidentDraft, which: &Which, estate: &Estate) -> Value {
    let entity = |it: &Entity| {
        json!({
            "kind": it.kind, "id": it.id, "confidence": it.confidence, "crown_jewel": is_jewel(it, estate),
            "reasons": it.reasons,
        })
    };
    json!({
        "id": draft.id, "title": draft.title, "severity": draft.severity, "points": draft.points,
        "is_attack": which.is_attack(), "acted_on": which.acted_on, "before_attack": which.is_early,
        "first_finding_at": draft.first_finding_at, "declared_at": draft.declared_at, "ended_at": draft.ended_at,
        "compromised": draft.compromised.iter().map(entity).collect::<Vec<_>>(),
        "suspected": draft.suspected.iter().map(entity).collect::<Vec<_>>(),
    })
}
