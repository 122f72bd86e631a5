//! A containment plan in parts: what is done at once, and what waits for whose word.

use std::collections::BTreeSet;

use bulkhead_model::case::{Action, Approval, Plan};
use bulkhead_model::id::PointId;
use bulkhead_model::rules::{PointRules, Verdict};

use crate::command::Policy;
use crate::facts::ProposedStage;
use crate::state::State;

use super::containment::POLICY;

/// Actions that need the same word.
struct Part<'p> {
    approval: Approval,
    roles: Vec<String>,
    actions: Vec<&'p Action>,
    /// Whether nothing of it is in force already, so that what the planner computed for it is still so.
    as_planned: bool,
}

/// The parts of `plan`, in the order of whose word they need. What a point was told before was approved then. Until the
/// last part is approved nothing is lifted: a point holds what it held, and what was approved meanwhile.
pub(super) fn stages(
    state: &State,
    policy: &Policy,
    plan: &Plan,
    rules: &[PointRules],
    reach: &[(Approval, u64)],
) -> Vec<ProposedStage> {
    let parts = parts(state, policy, plan);
    let whole: BTreeSet<&str> = plan.actions.iter().map(|it| it.id.as_str()).collect();
    let (mut stages, mut approved): (Vec<ProposedStage>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    let count = parts.len();
    for (index, part) in parts.into_iter().enumerate() {
        approved.extend(part.actions.iter().map(|it| it.id.as_str()));
        let is_last = index + 1 == count;
        let told = rules.iter().filter_map(|wanted| {
            let before = told_before(&stages, &wanted.point);
            let held = before.or_else(|| state.containment.points.get(&wanted.point).map(|it| &it.wanted));
            let next = if is_last { wanted.clone() } else { so_far(wanted, held, &approved, &whole) };
            let changes = match (before, held) {
                (Some(before), _) => *before != next,
                (None, _) if is_last => true,
                (None, Some(held)) => !asks_the_same(held, &next),
                (None, None) => does_anything(&next),
            };
            changes.then_some(next)
        });
        let rules = told.collect();
        let exposed = reach.iter().find(|it| it.0 == part.approval).map(|it| it.1);
        stages.push(ProposedStage {
            n: u32::try_from(index + 1).unwrap_or(u32::MAX),
            why: why(&part, plan).to_owned(),
            roles: part.roles,
            actions: part.actions.iter().map(|it| it.id.clone()).collect(),
            rules,
            exposed: exposed.filter(|_| part.as_planned),
        });
    }
    stages
}

/// Parts by whose word they need; at least one.
fn parts<'p>(state: &State, policy: &Policy, plan: &'p Plan) -> Vec<Part<'p>> {
    let in_force = state.actions_in_force();
    let mut parts: Vec<Part<'p>> = Vec::new();
    let mut put =
        |approval: Approval, roles: Vec<String>, actions: Vec<&'p Action>, as_planned: bool| match parts
            .iter_mut()
            .find(|it| it.roles == roles)
        {
            _ if actions.is_empty() => {}
            Some(part) => {
                part.approval = approval;
                part.actions.extend(actions);
                part.as_planned &= as_planned;
            }
            None => parts.push(Part { approval, roles, actions, as_planned }),
        };
    let (known, new): (Vec<&Action>, Vec<&Action>) =
        plan.actions.iter().partition(|it| in_force.contains(it.id.as_str()));
    let as_planned = known.is_empty();
    put(Approval::Automatic, vec![POLICY.to_owned()], known, as_planned);
    for approval in [Approval::Automatic, Approval::Commander, Approval::ServiceOwner] {
        let of_it = new.iter().copied().filter(|it| it.approval == approval).collect();
        put(approval, roles(policy, approval), of_it, as_planned);
    }
    if parts.is_empty() {
        parts.push(Part {
            approval: Approval::Automatic,
            roles: vec![POLICY.to_owned()],
            actions: Vec::new(),
            as_planned: true,
        });
    }
    parts
}

fn roles(policy: &Policy, approval: Approval) -> Vec<String> {
    match approval {
        Approval::Automatic if policy.ask_always => vec![policy.commander_role.clone()],
        Approval::Automatic => vec![POLICY.to_owned()],
        Approval::Commander => vec![policy.commander_role.clone()],
        Approval::ServiceOwner => vec![policy.commander_role.clone(), policy.service_owner_role.clone()],
    }
}

fn why(part: &Part<'_>, plan: &Plan) -> &'static str {
    let is_policy = part.roles.iter().any(|it| it == POLICY);
    match part.approval {
        _ if plan.actions.is_empty() => "it lifts what was done",
        _ if is_policy && !part.as_planned => "what it does is approved already or breaks no service",
        Approval::Automatic if is_policy => "it breaks no service",
        Approval::Automatic => "it breaks no service; every plan is asked for",
        Approval::Commander => "it acts on the estate",
        Approval::ServiceOwner => "it takes services down or degrades them",
    }
}

/// What the stages so far tell `point`.
fn told_before<'s>(stages: &'s [ProposedStage], point: &PointId) -> Option<&'s PointRules> {
    stages.iter().rev().flat_map(|it| &it.rules).find(|it| it.point == *point)
}

/// What a point holds while part of the plan is approved: the rules of the approved actions, and of what it held whatever
/// the plan no longer asks for.
fn so_far(
    wanted: &PointRules,
    held: Option<&PointRules>,
    approved: &BTreeSet<&str>,
    whole: &BTreeSet<&str>,
) -> PointRules {
    let mut next = wanted.clone();
    next.rules.retain(|it| it.action.as_deref().is_none_or(|it| approved.contains(it)));
    next.disabled.retain(|it| approved.contains(it.name.as_str()));
    if let Some(held) = held {
        let outdated = |id: &str| !whole.contains(id);
        let rules = held.rules.iter().filter(|it| it.action.as_deref().is_some_and(outdated));
        let disabled = held.disabled.iter().filter(|it| outdated(&it.name));
        next.rules.extend(rules.cloned());
        next.disabled.extend(disabled.cloned());
    }
    if next.rules.iter().all(|it| it.verdict == Verdict::Accept) {
        next.rules.clear();
    }
    next
}

/// Whether both say the same, whatever plan they are of.
fn asks_the_same(a: &PointRules, b: &PointRules) -> bool {
    a.rules == b.rules && a.disabled == b.disabled && a.lease_s == b.lease_s
}

fn does_anything(rules: &PointRules) -> bool {
    !rules.rules.is_empty() || !rules.disabled.is_empty()
}
