//! `plan reach`: how far the attacker gets when nothing is done, how soon, and which hosts stand in the way.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::reach::{ChokePoint, Reached, Within, over_time};
use bulkhead_contain::{Planner, Request};
use bulkhead_model::estate::Estate;
use serde_json::{Value, json};

use super::plan_failure;
use super::steer::Start;
use crate::cli::{Format, PlanReach};
use crate::commands::case::{print_json, text_of};
use crate::config::Config;
use crate::estate_input;
use crate::failure::{Failure, Outcome};
use crate::say::{self, line, text};
use crate::ui::{Table, count, counted, duration, money};

/// Most rows printed of a list.
const ROWS: usize = 12;

/// Runs `plan reach`.
pub fn run(args: &PlanReach, config: &Config, quiet: bool) -> Outcome {
    let input = estate_input::require(args.estate.as_deref(), config, quiet)?;
    let estate = &input.estate;
    let threshold = args.suspect_threshold.or(config.planning.suspect_threshold);
    let start = Start::read(&args.intrusion, &[], estate, threshold)?;
    let ports = MovementPorts::default();
    let mut request = Request::new(estate, &start.assets, &ports);
    request.identities = &start.identities;
    request.suspected = &start.suspected;
    if let Some(attitude) = args.attitude.or(config.planning.attitude) {
        request.attitude = attitude;
    }
    if let Some(threshold) = args.suspect_threshold.or(config.planning.suspect_threshold) {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Failure::input(format!("--suspect-threshold must lie between 0 and 1: {threshold}")));
        }
        request.suspect_threshold = threshold;
    }
    let planner = Planner::new(estate, &ports);
    let radius = planner.blast_radius(&request).map_err(|err| plan_failure(&err))?;
    let points = planner.choke_points(&request).map_err(|err| plan_failure(&err))?;
    match args.format {
        Format::Json => print_json(&object(&request, &radius, &points)),
        Format::Table => {
            say::show(&table(&request, estate, &radius, &points));
            Ok(())
        }
    }
}

fn object(request: &Request<'_>, radius: &[Reached], points: &[ChokePoint]) -> Value {
    let steps: Vec<Value> = over_time(radius)
        .iter()
        .map(|it| {
            json!({"within_s": it.seconds, "assets": it.assets, "protected": it.protected, "value": it.value})
        })
        .collect();
    let reached: Vec<Value> = radius
        .iter()
        .map(|it| {
            json!({
                "asset": it.asset, "assets": it.assets, "earliest_s": it.earliest_s, "moves": it.moves,
                "path": it.path, "value": it.value, "protected": it.hard,
            })
        })
        .collect();
    let points: Vec<Value> = points
        .iter()
        .map(|it| {
            json!({"asset": it.asset, "behind": it.behind, "protected": it.protected, "value": it.value})
        })
        .collect();
    json!({
        "attitude": request.attitude, "compromised": request.compromised, "over_time": steps, "reached": reached,
        "choke_points": points,
    })
}

fn table(request: &Request<'_>, estate: &Estate, radius: &[Reached], points: &[ChokePoint]) -> String {
    let steps = over_time(radius);
    let attitude = text_of(&request.attitude);
    let Some(last) = steps.last() else {
        return text!("no other asset is within reach under `{}`\n", attitude);
    };
    let currency = &estate.estate.currency;
    let mut text = text!(
        "if nothing is done, {} of {} come within reach under `{}`, worth {}\n",
        counted(last.assets as usize, "asset"),
        count(estate.assets.len() as u64),
        attitude,
        money(last.value, currency)
    );
    if let Some(first) = radius.iter().filter(|it| it.hard).min_by_key(|it| (it.earliest_s, it.moves)) {
        line!(
            text,
            "the first that must not be reached, {}, as early as {} from now; by the fewest moves:",
            first.asset,
            duration(first.earliest_s)
        );
        first.path.iter().for_each(|it| line!(text, "  {}", it));
    }
    let mut table = Table::new(["within", "assets", "protected", "worth"]);
    for it in shown(&steps) {
        table.row([duration(it.seconds), count(it.assets), count(it.protected), money(it.value, currency)]);
    }
    text.push_str(&table.render(2));
    if points.is_empty() {
        text.push_str("no single host stands in the way of others\n");
        return text;
    }
    text.push_str("every way beyond leads through these hosts, or through what lies on them:\n");
    let mut table = Table::new(["host", "assets behind", "protected", "worth"]);
    for it in points.iter().take(ROWS) {
        let cells = [it.asset.to_string(), count(it.behind), count(it.protected), money(it.value, currency)];
        table.row(cells);
    }
    text.push_str(&table.render(2));
    if let more @ 1.. = points.len().saturating_sub(ROWS) {
        line!(text, "  ... and {} more; --format json lists all", more);
    }
    text
}

/// The steps worth a row: all of few, of many the first, the last and others evenly between.
fn shown(steps: &[Within]) -> Vec<Within> {
    if steps.len() <= ROWS {
        return steps.to_vec();
    }
    (0..ROWS).map(|it| steps[it * (steps.len() - 1) / (ROWS - 1)]).collect()
}
