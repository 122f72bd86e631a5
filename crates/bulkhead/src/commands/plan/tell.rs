//! Plans for people: what to do first, why, what it breaks, what one would otherwise do.

use std::collections::BTreeSet;

use bulkhead_contain::{Explanation, PlanStage, Planned, Possible};
use bulkhead_model::case::{
    Action, Approval, BaselineName, Objective, Plan, ResidualWhy, ServiceImpact, customers_hit,
};
use bulkhead_model::estate::Estate;

use crate::commands::case::text_of;
use crate::say::{line, text};
use crate::ui::{Table, count, counted, duration, money};

/// Most rows printed of a list that may have a hundred thousand.
const ROWS: usize = 60;

/// The plan for people, `held` assets being compromised; with `at_length`, every path that each action cuts.
pub fn plan(
    planned: &Planned,
    held: usize,
    explained: &[Explanation],
    at_length: bool,
    estate: &Estate,
) -> String {
    let plan = &planned.plan;
    let mut text = headline(planned, held);
    let mut table = Table::new(["action", "at", "takes", "approval", "cuts", "breaks"]);
    for it in plan.actions.iter().take(ROWS) {
        let breaks: Vec<_> =
            it.breaks.iter().map(|it| text!("{} {}", it.service, text_of(&it.state))).collect();
        table.row([
            it.id.clone(),
            it.enforcement_point.to_string(),
            duration(it.time_to_effect_s),
            text_of(&it.approval),
            moves(it),
            if breaks.is_empty() { "nothing".to_owned() } else { breaks.join(", ") },
        ]);
    }
    text.push_str(&table.render(2));
    text.push_str(&more(plan.actions.len(), "actions"));
    text.push_str(&stages(&planned.stages));
    for it in explained.iter().take(ROWS) {
        text.push_str(&if at_length { long(it, estate) } else { short(it, estate) });
    }
    text.push_str(&comparison(plan, &planned.predicted, estate.estate.drafted));
    text.push_str(&services(&planned.predicted, estate));
    text.push_str(&in_doubt(plan, estate));
    text.push_str(&residual(plan));
    for it in plan.not_done.iter().take(10) {
        line!(text, "left undone: {}: {}", it.what, it.why);
    }
    text
}

/// How many moves an action cuts, as far as they are named.
fn moves(action: &Action) -> String {
    let (named, more) = action.moves();
    text!("{}{}", if more { "more than " } else { "" }, counted(named, "move"))
}

/// What stays, by name: nothing is contained while one of these is not accepted.
fn residual(plan: &Plan) -> String {
    if plan.residual.is_empty() {
        return String::new();
    }
    let mut text = text!(
        "{} in the attacker's hands or within reach; contained only once each is accepted by name (`respond --accept ENTITY`):\n",
        match plan.residual.len() {
            1 => "1 entity stays".to_owned(),
            n => text!("{} entities stay", count(n as u64)),
        }
    );
    for it in plan.residual.iter().take(ROWS) {
        let how = match (it.why, it.way_out.as_deref()) {
            (ResidualWhy::WithinReach, _) => "stays within reach".to_owned(),
            (ResidualWhy::Foothold, None) => "keeps a foothold: it is not disabled".to_owned(),
            (ResidualWhy::Foothold, Some("unknown")) => {
                "keeps a foothold: how it talks to the outside is unknown".to_owned()
            }
            (ResidualWhy::Foothold, Some(way)) => match way.strip_prefix("asset:") {
                Some(through) => text!("keeps a foothold: it talks through {}", through),
                None => text!("keeps a foothold: it talks to the outside by {}", way),
            },
        };
        line!(text, "  {} {}", it.entity, how);
    }
    text.push_str(&more(plan.residual.len(), "entities"));
    text
}

fn more(total: usize, what: &str) -> String {
    if total <= ROWS {
        return String::new();
    }
    text!("  ... and {} more {}; --format json lists all\n", total - ROWS, what)
}

fn headline(planned: &Planned, held: usize) -> String {
    let plan = &planned.plan;
    let beyond = planned.reached.len().saturating_sub(held);
    let before = usize::try_from(planned.stats.reachable_before).unwrap_or(usize::MAX).saturating_sub(held);
    let kept = plan.residual.iter().filter(|it| it.why == ResidualWhy::Foothold).count();
    let done = match (plan.actions.len(), beyond + kept) {
        (0, 0) => "no action is planned, and by what the estate declares none is needed".to_owned(),
        (0, _) => "no action is worth its cost".to_owned(),
        (1, 0) => "1 action cuts the attacker off".to_owned(),
        (1, _) => "1 action holds the attacker".to_owned(),
        (n, 0) => text!("{} cut the attacker off", counted(n, "action")),
        (n, _) => text!("{} hold the attacker", counted(n, "action")),
    };
    let footholds = match kept {
        0 => String::new(),
        1 => "; 1 compromised entity keeps a foothold".to_owned(),
        n => text!("; {} compromised entities keep a foothold", count(n as u64)),
    };
    text!(
        "{} under `{}`: {} over {} h, gap {}; {}{}\n",
        done,
        text_of(&plan.attitude),
        money(plan.objective.total, &plan.currency),
        plan.horizon_h,
        bulkhead_report::percent(plan.gap),
        match before {
            0 => "nothing is within reach beyond what is compromised".to_owned(),
            _ => text!(
                "of {} within reach beyond what is compromised, {} {} so",
                counted(before, "asset"),
                count(beyond as u64),
                if beyond == 1 { "stays" } else { "stay" }
            ),
        },
        footholds
    )
}

/// What can be done at once and what must wait, where there is anything to wait for.
fn stages(stages: &[PlanStage]) -> String {
    if stages.len() < 2 {
        return String::new();
    }
    let mut text = String::new();
    for it in stages {
        let who = match it.approval {
            Approval::Automatic => "at once, nobody's approval",
            Approval::Commander => "then, once the commander agrees",
            Approval::ServiceOwner => "then, once commander and service owners agree",
        };
        line!(
            text,
            "  {}: {} within {}; after that {} exposed, {} of them protected{}",
            who,
            counted(it.actions.len(), "action"),
            duration(it.time_to_effect_s),
            counted(usize::try_from(it.exposed).unwrap_or(usize::MAX), "asset"),
            count(it.protected_exposed),
            match it.footholds {
                0 => String::new(),
                1 => ", 1 foothold kept".to_owned(),
                n => text!(", {} footholds kept", count(n)),
            }
        );
    }
    text
}

fn short(it: &Explanation, estate: &Estate) -> String {
    if it.opens.is_empty() {
        return match it.footholds.is_empty() {
            true => text!("  why {}: asked for; nothing opens without it\n", it.action),
            false => text!("  why {}: {}\n", it.action, keeps(it)),
        };
    }
    let path = it.paths.first().map(|it| hops(it)).unwrap_or_default();
    text!("  why {}: {}; such as by {}\n", it.action, opens(it, estate), path)
}

/// A path by the assets it visits; the means are said at length.
fn hops(path: &[String]) -> String {
    let ends = |step: &String| {
        let ends = step.split(" (").next().unwrap_or(step);
        let (from, to) = ends.split_once(" -> ").unwrap_or(("", ends));
        (from.to_owned(), to.to_owned())
    };
    let first = path.first().map(|it| ends(it).0);
    first.into_iter().chain(path.iter().map(|it| ends(it).1)).collect::<Vec<_>>().join(" -> ")
}

fn opens(it: &Explanation, estate: &Estate) -> String {
    let protected = match it.protected.as_slice() {
        [] => String::new(),
        [one] => text!(", {} among them, which must not be", one),
        [one, rest @ ..] => text!(", {} and {} more among them that must not be", one, rest.len()),
    };
    text!(
        "without it {} worth {} in reach again{}",
        counted(it.opens.len(), "asset"),
        money(it.exposure, &estate.estate.currency),
        protected
    )
}

/// Who would keep a foothold without the action.
fn keeps(it: &Explanation) -> String {
    match it.footholds.as_slice() {
        [one] => text!("without it {} keeps a foothold", one),
        [one, rest @ ..] => {
            text!("without it {} and {} more keep a foothold", one, count(rest.len() as u64))
        }
        [] => String::new(),
    }
}

fn long(it: &Explanation, estate: &Estate) -> String {
    let mut text = text!("  {}\n", it.action);
    if it.opens.is_empty() && it.footholds.is_empty() {
        text.push_str("    asked for; nothing opens without it\n");
    }
    if !it.opens.is_empty() {
        line!(text, "    {}", opens(it, estate));
    }
    if !it.footholds.is_empty() {
        line!(text, "    {}", keeps(it));
    }
    for path in &it.paths {
        text.push_str("    cuts the path\n");
        for step in path {
            line!(text, "      {}", step);
        }
    }
    for hit in &it.breaks {
        let customers: Vec<_> =
            hit.customers.iter().map(|it| text!("{} {}", count(it.count), it.segment)).collect();
        let customers =
            if customers.is_empty() { String::new() } else { text!(" for {}", customers.join(", ")) };
        line!(
            text,
            "    breaks {}: {}{}, {} per hour",
            hit.service,
            text_of(&hit.state),
            customers,
            money(hit.value_per_hour, &estate.estate.currency)
        );
    }
    if it.breaks.is_empty() {
        text.push_str("    breaks nothing by itself\n");
    }
    text
}

/// What a plan keeps, adds and drops of an earlier one.
pub fn changes(previous: &Plan, plan: &Plan) -> String {
    let has = |plan: &Plan, id: &str| plan.actions.iter().any(|it| it.id == id);
    let mut text = text!("against plan {}, this is plan {}:\n", previous.generation, plan.generation);
    let kept = plan.actions.iter().filter(|it| has(previous, &it.id)).count();
    line!(text, "  keeps {}", counted(kept, "action"));
    for it in plan.actions.iter().filter(|it| !has(previous, &it.id)).take(ROWS) {
        line!(text, "  adds  {}", it.id);
    }
    for it in previous.actions.iter().filter(|it| !has(plan, &it.id)).take(ROWS) {
        line!(text, "  lifts {}", it.id);
    }
    text
}

/// What can be done here.
pub fn possible(list: &[Possible], currency: &str) -> String {
    let mut table = Table::new(["action", "at", "costs", "takes"]);
    for it in list.iter().take(ROWS) {
        let points: Vec<_> = it.points.iter().map(ToString::to_string).collect();
        let alike = if it.alike > 0 { text!(" (and {} like it)", it.alike) } else { String::new() };
        table.row([
            text!("{}{}", it.id, alike),
            points.join(", "),
            money(it.operating_cost, currency),
            duration(it.time_to_effect_s),
        ]);
    }
    let mut text = text!("{} can be taken where the attacker may come\n", counted(list.len(), "action"));
    text.push_str(&table.render(2));
    text.push_str(&more(list.len(), "actions"));
    text
}

/// The plan, its alternatives and the baselines in one table.
pub fn comparison(plan: &Plan, predicted: &[ServiceImpact], drafted: bool) -> String {
    // A drafted estate names no services: what is lost of them is not nothing.
    let known = |it: String| if drafted { "unknown".to_owned() } else { it };
    let mut table = Table::new([
        "",
        "services lost",
        "exposed",
        "footholds",
        "operating",
        "total",
        "services hit",
        "customers hit",
    ]);
    let mut row = |name: String, objective: &Objective, services: &[ServiceImpact]| {
        let figure = |it: f64| money(it, &plan.currency);
        table.row([
            name,
            objective.service_loss.map_or_else(|| "unknown".to_owned(), figure),
            figure(objective.exposure),
            figure(objective.foothold),
            figure(objective.operating),
            format!("{}{}", if drafted { "at least " } else { "" }, figure(objective.total)),
            known(services.len().to_string()),
            known(count(customers_hit(services))),
        ]);
    };
    row("this plan".to_owned(), &plan.objective, predicted);
    for it in plan.alternatives.iter().filter(|it| it.prevented.is_none()) {
        row(text!("  {}", it.name.replace('_', " ")), &it.objective, &it.services);
    }
    for it in &plan.baselines {
        let name = match it.name {
            BaselineName::IsolateAll => "isolate every compromised host",
            BaselineName::ShutZones => "shut their zones",
        };
        let name = if it.feasible {
            name.to_owned()
        } else {
            text!("{} (breaks a hard rule, or no point can)", name)
        };
        row(name, &it.objective, &it.services);
    }
    let mut text = table.render(2);
    for it in &plan.alternatives {
        if let Some(why) = &it.prevented {
            line!(text, "  no {} plan: {}", it.name.replace('_', " "), why);
        }
    }
    text
}

/// Services that may be hit though the objective counts them as held.
fn in_doubt(plan: &Plan, estate: &Estate) -> String {
    let ids: BTreeSet<_> = plan.not_done.iter().flat_map(|it| &it.services).collect();
    let names: Vec<&str> = ids
        .into_iter()
        .map(|id| estate.services.iter().find(|it| it.id == *id).map_or(id.as_str(), |it| it.name.en()))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    text!("  MAY BE HIT all the same, see `left undone`: {}\n", names.join(", "))
}

/// Services hit, with their customers.
pub fn services(list: &[ServiceImpact], estate: &Estate) -> String {
    let mut table = Table::new(["service hit", "state", "customers", "per hour"]);
    for it in list {
        let name = estate.services.iter().find(|known| known.id == it.service).map(|known| known.name.en());
        let customers: Vec<_> =
            it.customers.iter().map(|it| text!("{} {}", count(it.count), it.segment)).collect();
        table.row([
            name.unwrap_or(it.service.as_str()).to_owned(),
            text_of(&it.state),
            customers.join(", "),
            money(it.value_per_hour, &estate.estate.currency),
        ]);
    }
    match (list.is_empty(), estate.services.is_empty()) {
        (false, _) => table.render(2),
        (true, false) => "  no service is hit\n".to_owned(),
        (true, true) => "  the estate declares no service: whom this hits is not known\n".to_owned(),
    }
}
