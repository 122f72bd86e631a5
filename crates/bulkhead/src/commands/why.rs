//! `respond --why ENTITY`: what speaks for it that a host or an account is in the attacker's hands, and how much.

use bulkhead_incident::{Explained, Policy, explain};
use bulkhead_model::estate::Estate;
use serde_json::{Value, json};

use crate::baseline::Baseline;
use crate::cli::{Format, Respond};
use crate::commands::case::print_json;
use crate::failure::{Failure, Outcome};
use crate::narrate;
use crate::say::say;
use crate::telemetry_input::Gathered;
use crate::ui::counted;
use crate::when::local;

/// Reasons that are told one by one.
const TOLD: usize = 20;

/// Explains every entity asked for.
///
/// # Errors
/// When one of them was never seen.
pub fn run(
    args: &Respond,
    gathered: &Gathered,
    estate: &Estate,
    baseline: &Baseline,
    policy: &Policy,
) -> Outcome {
    let memory = baseline.explains(&gathered.findings);
    let (mut all, mut unknown) = (Vec::new(), None);
    for name in &args.why {
        match explain(memory, &gathered.findings, &gathered.observations, estate, policy, name) {
            Some(found) => all.push(found),
            None => {
                let what = format!("--why {name}: no host and no account of that name was seen");
                let hint = "name it as the logs or the estate do: id, host name, address or account";
                unknown.get_or_insert(Failure::input(what).hint(hint));
            }
        }
    }
    told(args, &all, estate, policy)?;
    unknown.map_or(Ok(()), Err)
}

fn told(args: &Respond, all: &[Explained], estate: &Estate, policy: &Policy) -> Outcome {
    match args.common.format {
        Format::Json => print_json(&Value::from(all.iter().map(|it| object(it, policy)).collect::<Vec<_>>())),
        Format::Table => {
            all.iter().for_each(|it| tell(it, estate, policy));
            Ok(())
        }
    }
}

/// What its points make of it.
fn standing(it: &Explained, policy: &Policy) -> &'static str {
    let confidence = policy.confidence(it.points);
    if confidence >= policy.compromised {
        "held compromised"
    } else if confidence >= policy.suspected {
        "suspected"
    } else {
        "not named"
    }
}

fn tell(it: &Explained, estate: &Estate, policy: &Policy) {
    tell_points(it, estate, policy);
    for muted in &it.muted {
        say!("  {}", narrate::muted(muted, |at| local(at, &estate.estate)));
    }
}

fn tell_points(it: &Explained, estate: &Estate, policy: &Policy) {
    if !it.was_seen {
        say!("{}: nothing that was read tells of it, so that nothing can be said of it", it.id);
        return;
    }
    let Some(at) = it.at else {
        let said = if it.muted.is_empty() { "" } else { ", but for what counts for nothing:" };
        say!("{}: nothing was found that speaks of it{}", it.id, said);
        return;
    };
    say!(
        "{}: {:.1} points at most, {}: {}. From {:.1} points on a host or account of an incident is suspected, from \
         {:.1} held compromised; {:.1} on one host declare an incident",
        it.id,
        it.points,
        local(at, &estate.estate),
        match standing(it, policy) {
            "not named" => "too few to be named in any incident",
            "suspected" => "enough to be suspected in an incident",
            _ => "enough to be held compromised in an incident",
        },
        policy.points_of(policy.suspected),
        policy.points_of(policy.compromised),
        policy.declare_points
    );
    for part in it.reasons.iter().take(TOLD) {
        let usual =
            part.every_h.map_or_else(String::new, |it| format!("; usual there once in {}", hours(it)));
        let rule = part.rule.as_ref().map_or_else(String::new, |it| format!("; rule {it}"));
        say!("  {:>5.1}  {}  {}{}{}", part.points, local(part.at, &estate.estate), part.text, usual, rule);
    }
    if it.reasons.len() > TOLD {
        say!("  and {} less weighty", counted(it.reasons.len() - TOLD, "reason"));
    }
}

/// Beyond a year nobody has looked: what is left is the product's assumption.
fn hours(hours: f64) -> String {
    const YEAR_H: f64 = 366.0 * 24.0;
    if hours > YEAR_H {
        return "more than a year (never, as far as is known)".to_owned();
    }
    if hours < 48.0 { format!("{hours:.1} h") } else { format!("{:.0} days", hours / 24.0) }
}

fn object(it: &Explained, policy: &Policy) -> Value {
    json!({
        "id": it.id,
        "standing": standing(it, policy),
        "was_seen": it.was_seen,
        "points": it.points,
        "confidence": policy.confidence(it.points),
        "at": it.at,
        "declare_points": policy.declare_points,
        "muted": it.muted,
        "reasons": it.reasons.iter().map(|it| json!({
            "points": it.points,
            "at": it.at,
            "text": it.text,
            "rule": it.rule,
            "usual_every_h": it.every_h,
        })).collect::<Vec<_>>(),
    })
}
