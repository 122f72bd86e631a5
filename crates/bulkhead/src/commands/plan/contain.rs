//! `plan contain`: the cheapest isolation, steered, explained and drawn.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Explanation, Planned, Planner, Possible, Request, certificate};
use bulkhead_model::case::ServiceImpact;
use serde_json::{Value, json};

use super::steer::{Start, Will};
use super::{plan_failure, settle, tell};
use crate::cli::{Format, PlanContain};
use crate::commands::case::{print_json, text_of};
use crate::commands::estate::emit;
use crate::config::Config;
use crate::estate_input;
use crate::failure::{Failure, Outcome};
use crate::say::{self, note};

/// Runs `plan contain`.
pub fn run(args: &PlanContain, config: &Config, quiet: bool) -> Outcome {
    let input = estate_input::require(args.estate.as_deref(), config, quiet)?;
    let estate = &input.estate;
    let threshold = args.planning.suspect_threshold.or(config.planning.suspect_threshold);
    let start = Start::read(&args.intrusion, &args.unavailable, estate, threshold)?;
    let ports = MovementPorts::default();
    let planner = Planner::new(estate, &ports);
    let mut request = Request::new(estate, &start.assets, &ports);
    request.identities = &start.identities;
    request.suspected = &start.suspected;
    request.unavailable_points = &start.unavailable;
    request.approval_budget = args.steering.approval_budget;
    settle(&mut request, &args.planning, config)?;
    let will = Will::read(&args.steering, &planner, &request)?;
    request.forced = &will.forced;
    request.forbidden = &will.forbidden;
    if start.held(request.suspect_threshold) == 0 && !quiet {
        note!(
            "no asset is compromised, and moves begin at assets: name the hosts the attacker works from too"
        );
    }
    for it in will.idle.iter().filter(|_| !quiet) {
        note!("--forbid {}: nothing that could be done here has this id; `--list-actions` shows the ids", it);
    }
    if args.list_actions {
        return list(args.format, &planner.possible(&request).map_err(|err| plan_failure(&err))?, estate);
    }
    request.generation = will.previous.as_ref().map_or(1, |it| it.generation.saturating_add(1));
    let planned = planner.plan(&request, will.previous.as_ref()).map_err(|err| plan_failure(&err))?;
    if let Some(path) = &args.svg {
        let certificate = certificate(&request, &planned.rules).map_err(|err| plan_failure(&err))?;
        let picture = bulkhead_report::graph::svg(estate, &certificate, "attack-graph");
        emit(&bulkhead_report::standalone(&picture), Some(path), args.overwrite).map_err(|err| {
            let taken = !args.overwrite && path.is_file();
            if taken { err.hint("name another file, or replace it with --overwrite") } else { err }
        })?;
    }
    let explained = planner.explain(&request, &planned.plan).map_err(|err| plan_failure(&err))?;
    match args.format {
        Format::Json => print_json(&object(&planned, args.explain.then_some(&explained))?),
        Format::Table => {
            let held = start.held(request.suspect_threshold);
            say::show(&tell::plan(&planned, held, &explained, args.explain, estate));
            if let Some(previous) = &will.previous {
                say::show(&tell::changes(previous, &planned.plan));
            }
            Ok(())
        }
    }
}

/// The object of `plan.json`, with its stages and, asked for, why each action is there.
fn object(planned: &Planned, explained: Option<&Vec<Explanation>>) -> Outcome<Value> {
    let mut object = serde_json::to_value(&planned.plan).map_err(|err| Failure::Internal(err.into()))?;
    object["stages"] = planned
        .stages
        .iter()
        .map(|it| {
            json!({
                "approval": it.approval, "actions": it.actions, "time_to_effect_s": it.time_to_effect_s,
                "exposed": it.exposed, "protected_exposed": it.protected_exposed,
                "footholds": it.footholds,
            })
        })
        .collect();
    if let Some(explained) = explained {
        object["explanations"] = explained.iter().map(explanation).collect();
    }
    Ok(object)
}

fn explanation(it: &Explanation) -> Value {
    let breaks: &Vec<ServiceImpact> = &it.breaks;
    json!({
        "action": it.action, "opens": it.opens, "protected": it.protected, "exposure": it.exposure,
        "footholds": it.footholds, "paths": it.paths, "breaks": breaks,
    })
}

fn list(format: Format, possible: &[Possible], estate: &bulkhead_model::estate::Estate) -> Outcome {
    match format {
        Format::Table => {
            say::show(&tell::possible(possible, &estate.estate.currency));
            Ok(())
        }
        Format::Json => {
            let objects: Vec<Value> = possible
                .iter()
                .map(|it| {
                    json!({
                        "id": it.id, "kind": text_of(&it.kind), "points": it.points,
                        "operating_cost": it.operating_cost, "alike": it.alike, "time_to_effect_s": it.time_to_effect_s,
                    })
                })
                .collect();
            print_json(&objects)
        }
    }
}
