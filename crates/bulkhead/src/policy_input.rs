//! `--policy FILE`: thresholds and weights of the stage that finds incidents, tried in drills.

use std::collections::BTreeMap;
use std::path::Path;

use bulkhead_incident::Policy;
use serde_json::Value;

use crate::estate_input;
use crate::failure::{Failure, Outcome};
use crate::say::note;

/// The policy that the file gives, which is said; the product's where there is none.
///
/// # Errors
/// When the file cannot be read, or holds what no policy can be.
pub fn read(given: Option<&Path>) -> Outcome<Policy> {
    let Some(path) = given else { return Ok(Policy::default()) };
    let name = path.display().to_string();
    let policy = parse(&estate_input::text(path)?).map_err(|why| {
        Failure::input(format!("{name}: {why}"))
            .hint("write KEY = VALUE for what differs from the product's, such as declare_points = 16")
    })?;
    let changed = changed(&policy);
    if changed.is_empty() {
        note!("--policy {}: as the product ships it", name);
    } else {
        note!("--policy {}: {}", name, changed.join(", "));
    }
    Ok(policy)
}

fn parse(text: &str) -> Result<Policy, String> {
    let policy: Policy = toml::from_str(text).map_err(|err| {
        let before = err.span().and_then(|it| text.get(..it.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, err.message())
    })?;
    // What is not finite has no JSON.
    for (key, value) in fields(&policy) {
        let mut numbers = value.as_array().map_or_else(|| vec![&value], |it| it.iter().collect());
        if numbers.drain(..).any(|it| it.as_f64().is_none_or(|it| it < 0.0)) {
            return Err(format!("{key} must be a number, and none below zero"));
        }
    }
    let chances = policy.level_chance.iter().chain(&policy.alert_chance);
    let chances = chances.chain(&policy.fires_when_attacked).chain([
        &policy.alert_when_attacked,
        &policy.new_way_chance,
        &policy.new_way_when_attacked,
        &policy.suspected,
        &policy.compromised,
    ]);
    if !chances.into_iter().all(|it| (0.0..1.0).contains(it) && *it > 0.0) {
        return Err("chances and confidences lie between 0 and 1".to_owned());
    }
    if policy.suspected > policy.compromised {
        return Err("who is held compromised is suspected: `suspected` is above `compromised`".to_owned());
    }
    if policy.scale <= 0.0 {
        return Err("scale must be above zero".to_owned());
    }
    Ok(policy)
}

/// Its keys and their values, by key.
fn fields(policy: &Policy) -> BTreeMap<String, Value> {
    match serde_json::to_value(policy) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// What differs from the product's.
fn changed(policy: &Policy) -> Vec<String> {
    let ours = fields(&Policy::default());
    let differ = fields(policy).into_iter().zip(ours).filter(|(it, ours)| it != ours);
    differ.map(|(it, ours)| format!("{} {} instead of {}", it.0, it.1, ours.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_read_and_told_and_what_cannot_be_is_refused() {
        let policy = parse("declare_points = 16.0\nkeeps_s = [60, 60]\n").expect("a policy");
        assert_eq!(policy.declare_points.to_bits(), 16.0_f64.to_bits());
        assert_eq!(
            changed(&policy),
            ["declare_points 16.0 instead of 10.0", "keeps_s [60,60] instead of [7200,21600]"]
        );
        assert_eq!(changed(&parse("").expect("the product's")), Vec::<String>::new());
        for text in [
            "declare_point = 16",
            "declare_points = -1.0",
            "declare_points = nan",
            "suspected = 0.7",
            "compromised = 1.5",
            "scale = 0.0",
            "level_chance = [0.0, 0.1, 0.1, 0.1, 0.1]",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
