//! The desk's dealings with enforcement points: apply, read back, sever, renew.

use std::collections::BTreeSet;

use bulkhead_enforce::{EnforceError, Fleet, Guards, Retry};
use bulkhead_engine::{Command, State};
use bulkhead_model::case::EntityKind;
use bulkhead_model::id::{AssetId, PointId};
use bulkhead_model::rules::PointRules;

use super::{Desk, later};

/// Gives a point its rules.
pub fn enforce(desk: &mut Desk<'_>, state: &State, point: &PointId) -> Command {
    let Some(intent) = state.rules_for(point).cloned() else { return nothing_wanted(state, point) };
    let now = desk.now;
    if let Some(why) = lockout(desk, state, &intent) {
        return Command::RecordPointFailure {
            generation: intent.generation,
            point: point.clone(),
            why,
            retry: false,
        };
    }
    let applied = desk.fleet.check(&intent, now).and_then(|()| desk.fleet.apply(&intent, now));
    match applied {
        Ok(applied) => Command::RecordApplied {
            generation: intent.generation,
            point: point.clone(),
            effective_at: applied.effective_at,
        },
        Err(err) => failure(intent.generation, point, &err),
    }
}

/// The responders' channel that `intent` would cut, if any: a second look, whatever the planner promised.
fn lockout(desk: &Desk<'_>, state: &State, intent: &PointRules) -> Option<String> {
    let others = desk.setting.others.iter().flat_map(|it| &it.compromised);
    let hosts = state.compromised().chain(others).filter(|it| it.kind == EntityKind::Asset);
    let compromised: BTreeSet<AssetId> = hosts.map(|it| AssetId::new(&it.id)).collect();
    let (guard, rule) = Guards::new(desk.setting.estate, &compromised).violated_by(intent)?;
    Some(format!("rule `{rule}` would cut the management channel {} -> {}", guard.from, guard.to))
}

/// Reads back what a point holds, ends the sessions it no longer allows, and tells the world.
pub fn read_back(desk: &mut Desk<'_>, state: &State, point: &PointId) -> Command {
    let Some(intent) = state.rules_for(point) else { return nothing_wanted(state, point) };
    let (generation, now) = (intent.generation, desk.now);
    let read = desk.fleet.read_back(point, now).and_then(|held| {
        let severed = desk.fleet.sever(point, now)?;
        Ok((held, severed))
    });
    match read {
        Ok((held, severed)) if severed.survivors.is_empty() => {
            let rules = with_others(state, &held);
            desk.world.defence(now, rules);
            Command::RecordReadBack { generation, held }
        }
        Ok((_, severed)) => Command::RecordPointFailure {
            generation,
            point: point.clone(),
            why: format!("{} forbidden sessions live on", severed.survivors.len()),
            retry: true,
        },
        Err(err) => failure(generation, point, &err),
    }
}

/// Renews the lease of what a point holds.
pub fn renew(desk: &mut Desk<'_>, state: &State, point: &PointId) -> Command {
    let Some(intent) = state.rules_for(point).cloned() else { return nothing_wanted(state, point) };
    match desk.fleet.apply(&intent, desk.now) {
        Ok(applied) => Command::RecordLease {
            generation: intent.generation,
            point: point.clone(),
            until: later(applied.effective_at, intent.lease_s),
        },
        Err(err) => failure(intent.generation, point, &err),
    }
}

/// What all points hold, as far as known, with `held` in place of what its point held before.
fn with_others(state: &State, held: &PointRules) -> Vec<PointRules> {
    let others = state.held().filter(|it| it.point != held.point).cloned();
    others.chain([held.clone()]).collect()
}

fn failure(generation: u64, point: &PointId, err: &EnforceError) -> Command {
    Command::RecordPointFailure {
        generation,
        point: point.clone(),
        why: err.message.clone(),
        retry: err.retry != Retry::No,
    }
}

fn nothing_wanted(state: &State, point: &PointId) -> Command {
    Command::RecordPointFailure {
        generation: state.containment.generation,
        point: point.clone(),
        why: "the plan asks nothing of it".to_owned(),
        retry: false,
    }
}
