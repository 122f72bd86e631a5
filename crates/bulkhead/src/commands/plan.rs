//! `plan contain|recover`: computes and explains, changes nothing.

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{PlanError, Planned, Request, certificate};
use bulkhead_model::case::{BaselineName, Objective, Plan, ServiceImpact, customers_hit};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId, PointId};

use crate::cli::{self, Format, PlanContain, Planning};
use crate::commands::case::{print_json, text_of};
use crate::commands::estate::emit;
use crate::commands::recover;
use crate::config::Config;
use crate::estate_input;
use crate::failure::{Failure, Outcome};
use crate::ui::{Table, count, money};

/// Runs `plan ...`.
pub fn run(command: &cli::Plan, config: &Config, quiet: bool) -> Outcome {
    match command {
        cli::Plan::Contain(args) => contain(args, config, quiet),
        cli::Plan::Recover(args) => recover::run(args, config, quiet),
    }
}

/// Who is compromised, sorted into what the estate knows.
#[derive(Debug, Default)]
struct Start {
    assets: Vec<AssetId>,
    identities: Vec<IdentityId>,
    suspected: Vec<(AssetId, f64)>,
    unavailable: Vec<PointId>,
}

fn contain(args: &PlanContain, config: &Config, quiet: bool) -> Outcome {
    let input = estate_input::require(args.estate.as_deref(), config, quiet)?;
    let start = start(args, &input.estate)?;
    let ports = MovementPorts::default();
    let mut request = Request::new(&input.estate, &start.assets, &ports);
    request.identities = &start.identities;
    request.suspected = &start.suspected;
    request.unavailable_points = &start.unavailable;
    settle(&mut request, &args.planning, config)?;
    let planned = bulkhead_contain::plan(&request).map_err(|err| plan_failure(&err))?;
    if let Some(path) = &args.svg {
        let certificate = certificate(&request, &planned.rules).map_err(|err| plan_failure(&err))?;
        let picture = bulkhead_report::graph::svg(&input.estate, &certificate, "attack-graph");
        emit(&bulkhead_report::standalone(&picture), Some(path))?;
    }
    match args.format {
        Format::Json => print_json(&planned.plan),
        Format::Table => {
            print!("{}", explain(&planned, &input.estate));
            Ok(())
        }
    }
}

fn start(args: &PlanContain, estate: &Estate) -> Outcome<Start> {
    let mut start = Start::default();
    for id in &args.compromised {
        if estate.assets.iter().any(|it| it.id.as_str() == id) {
            start.assets.push(AssetId::new(id));
        } else if estate.identities.iter().any(|it| it.id.as_str() == id) {
            start.identities.push(IdentityId::new(id));
        } else {
            return Err(Failure::input(format!(
                "--compromised: `{id}` is no asset or identity of the estate"
            ))
            .hint("`bulkhead estate show --format json` lists them"));
        }
    }
    for text in &args.suspected {
        let wrong =
            || Failure::input(format!("--suspected: `{text}` is not ID=CONFIDENCE")).hint("such as C=0.7");
        let (id, confidence) = text.split_once('=').ok_or_else(wrong)?;
        let confidence: f64 = confidence.parse().map_err(|_| wrong())?;
        if !(0.0..=1.0).contains(&confidence) {
            return Err(wrong());
        }
        start.suspected.push((AssetId::new(id), confidence));
    }
    start.unavailable = args.unavailable.iter().map(PointId::new).collect();
    Ok(start)
}

/// The planning flags over the configuration over the contract's defaults.
pub fn settle(request: &mut Request<'_>, flags: &Planning, config: &Config) -> Outcome {
    if let Some(attitude) = flags.attitude.or(config.planning.attitude) {
        request.attitude = attitude;
    }
    if let Some(horizon) = flags.horizon.or(config.planning.horizon_h) {
        if !(horizon > 0.0 && horizon.is_finite()) {
            return Err(Failure::input(format!("--horizon must be more than 0 hours: {horizon}")));
        }
        request.horizon_h = horizon;
    }
    if let Some(threshold) = flags.suspect_threshold.or(config.planning.suspect_threshold) {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Failure::input(format!("--suspect-threshold must lie between 0 and 1: {threshold}")));
        }
        request.suspect_threshold = threshold;
    }
    Ok(())
}

/// No plan is the command's own verdict; a name that does not exist is the user's error.
pub fn plan_failure(err: &PlanError) -> Failure {
    match err {
        PlanError::Unknown { .. } | PlanError::UnknownAction { .. } => Failure::input(err.to_string()),
        PlanError::Infeasible { .. } => {
            // Standard output is for a plan; programs that read it must not find prose there.
            eprintln!("no feasible plan: {err}");
            Failure::Verdict(err.to_string())
        }
    }
}

/// The plan for people: what to do first, what it breaks, what one would otherwise do.
fn explain(planned: &Planned, estate: &Estate) -> String {
    let plan = &planned.plan;
    let mut text = headline(planned);
    let mut table = Table::new(["action", "at", "takes", "approval", "cuts", "breaks"]);
    for it in &plan.actions {
        let breaks: Vec<_> =
            it.breaks.iter().map(|it| format!("{} {}", it.service, text_of(&it.state))).collect();
        table.row([
            it.id.clone(),
            it.enforcement_point.to_string(),
            format!("{} s", it.time_to_effect_s),
            text_of(&it.approval),
            format!("{} moves", it.cuts.len()),
            if breaks.is_empty() { "nothing".to_owned() } else { breaks.join(", ") },
        ]);
    }
    text.push_str(&table.render(2));
    for it in plan.actions.iter().filter(|it| !it.cuts.is_empty()) {
        let more = if it.cuts.len() > 1 { format!(" and {} more", it.cuts.len() - 1) } else { String::new() };
        text.push_str(&format!("  why {}: cuts {}{more}\n", it.id, it.cuts[0]));
    }
    text.push_str(&comparison(plan, &planned.predicted));
    text.push_str(&services(&planned.predicted, estate));
    for it in plan.not_done.iter().take(10) {
        text.push_str(&format!("left undone: {}: {}\n", it.what, it.why));
    }
    text
}

fn headline(planned: &Planned) -> String {
    let plan = &planned.plan;
    format!(
        "{} actions cut the attacker off under `{}`: {} over {} h, gap {:.2} %; {} assets stay within reach, {} were\n",
        plan.actions.len(),
        text_of(&plan.attitude),
        money(plan.objective.total, &plan.currency),
        plan.horizon_h,
        plan.gap * 100.0,
        planned.reached.len(),
        planned.stats.reachable_before
    )
}

/// The plan, its alternatives and the baselines in one table.
pub fn comparison(plan: &Plan, predicted: &[ServiceImpact]) -> String {
    let mut table =
        Table::new(["", "services lost", "exposed", "operating", "total", "services hit", "customers hit"]);
    let mut row = |name: String, objective: &Objective, services: &[ServiceImpact]| {
        let figure = |it: f64| money(it, &plan.currency);
        table.row([
            name,
            figure(objective.service_loss),
            figure(objective.exposure),
            figure(objective.operating),
            figure(objective.total),
            services.len().to_string(),
            count(customers_hit(services)),
        ]);
    };
    row("this plan".to_owned(), &plan.objective, predicted);
    for it in &plan.alternatives {
        row(format!("  {}", it.name.replace('_', " ")), &it.objective, &it.services);
    }
    for it in &plan.baselines {
        let name = match it.name {
            BaselineName::IsolateAll => "isolate every suspected host",
            BaselineName::ShutZones => "shut their zones",
        };
        let name = if it.feasible { name.to_owned() } else { format!("{name} (breaks a hard rule)") };
        row(name, &it.objective, &it.services);
    }
    table.render(2)
}

/// Services hit, with their customers.
pub fn services(list: &[ServiceImpact], estate: &Estate) -> String {
    let mut table = Table::new(["service hit", "state", "customers", "per hour"]);
    for it in list {
        let name = estate.services.iter().find(|known| known.id == it.service).map(|known| known.name.en());
        let customers: Vec<_> =
            it.customers.iter().map(|it| format!("{} {}", count(it.count), it.segment)).collect();
        table.row([
            name.unwrap_or(it.service.as_str()).to_owned(),
            text_of(&it.state),
            customers.join(", "),
            money(it.value_per_hour, &estate.estate.currency),
        ]);
    }
    if list.is_empty() { "  no service is hit\n".to_owned() } else { table.render(2) }
}
