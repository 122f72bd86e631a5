//! Whom a plan may hit although its objective counts them as held: flows that one filter rule cannot tell apart, and flows of
//! which what is left leads through no one host.

use std::collections::BTreeSet;

use bulkhead_model::case::NotDone;
use bulkhead_model::id::ServiceId;
use bulkhead_service::{Evaluation, Leaf, Losses};

use crate::actions::Effect;
use crate::ground::{Ground, overlap};

/// What is in doubt once these effects are in force, with the services that may be hit by it.
pub(crate) fn doubts(ground: &Ground<'_>, effects: &[Effect]) -> Vec<NotDone> {
    let mut losses = Losses::none(ground.exempt.clone());
    for it in effects {
        it.apply(&mut losses);
    }
    let planned = ground.services.evaluate(&ground.index, &losses);
    let judge = Judge { ground, losses, planned };
    let mut notes = Vec::new();
    for (blocked, shared) in sharing(ground, effects) {
        notes.push(NotDone {
            what: format!(
                "{} was not kept apart from {}, which is blocked",
                ground.flow(shared).id,
                ground.flow(blocked).id
            ),
            why: "both use the same ports between the same assets: packets of one cannot be told from those of the other"
                .to_owned(),
            services: judge.without(shared).into_iter().collect(),
        });
    }
    for (onto, from) in parted(ground, effects) {
        let both = &judge.without(onto) & &judge.without(from);
        if !both.is_empty() {
            notes.push(NotDone {
                what: format!(
                    "{} and {} stay open through different hosts only",
                    ground.flow(onto).id,
                    ground.flow(from).id
                ),
                why: "no host that one leads to and the other comes from keeps both: whoever goes through it is cut off"
                    .to_owned(),
                services: both.into_iter().collect(),
            });
        }
    }
    notes
}

/// How services fare under the plan, and with a flow less.
struct Judge<'g, 'e> {
    ground: &'g Ground<'e>,
    losses: Losses,
    planned: Evaluation,
}

impl Judge<'_, '_> {
    /// Services that fare worse than planned where this flow is lost too.
    fn without(&self, flow: u32) -> BTreeSet<ServiceId> {
        let mut losses = self.losses.clone();
        Effect::Flow(flow).apply(&mut losses);
        let then = self.ground.services.evaluate(&self.ground.index, &losses);
        let pairs = self.planned.states.iter().zip(&then.states).enumerate();
        let worse = pairs.filter(|(_, (planned, then))| then > planned);
        worse.map(|(number, _)| self.ground.services.id(number).clone()).collect()
    }
}

/// Flows that services name.
fn needed(ground: &Ground<'_>) -> BTreeSet<u32> {
    let leaves = ground.services.leaves().iter();
    leaves
        .filter_map(|leaf| match *leaf {
            Leaf::Flow(flow) | Leaf::Pair(flow, ..) => Some(flow),
            _ => None,
        })
        .collect()
}

/// (blocked flow, flow that a service needs and that shares ports and pairs with it), where one filter rule hits both.
fn sharing(ground: &Ground<'_>, effects: &[Effect]) -> BTreeSet<(u32, u32)> {
    let mut found = BTreeSet::new();
    let needed = needed(ground);
    for effect in effects {
        let (number, from, to) = match *effect {
            Effect::Flow(flow) => (flow, None, None),
            Effect::FlowFrom(flow, unit) => (flow, Some(unit), None),
            Effect::FlowTo(flow, unit) => (flow, None, Some(unit)),
            _ => continue,
        };
        let blocked = ground.flow(number);
        let meets = |only: Option<u32>, blocked: &[u32], other: &[u32]| match only {
            Some(unit) => other.binary_search(&unit).is_ok(),
            None => blocked.iter().any(|it| other.binary_search(it).is_ok()),
        };
        for &other in needed.iter().filter(|&&it| it != number) {
            let flow = ground.flow(other);
            let same_ends = meets(from, &blocked.from, &flow.from) && meets(to, &blocked.to, &flow.to);
            if same_ends && overlap(&blocked.ports, &flow.ports) {
                found.insert((number, other));
            }
        }
    }
    found
}

/// (flow onto some hosts, flow from some of them), where the plan leaves none of these hosts both, though each flow stays open.
fn parted(ground: &Ground<'_>, effects: &[Effect]) -> Vec<(u32, u32)> {
    let has = |effect: Effect| effects.contains(&effect);
    let touched = |flow: u32| {
        effects.iter().any(|it| matches!(*it, Effect::FlowFrom(of, _) | Effect::FlowTo(of, _) if of == flow))
    };
    let needed = needed(ground);
    let mut found = Vec::new();
    for &onto in &needed {
        for &from in needed.iter().filter(|&&it| it != onto && (touched(onto) || touched(it))) {
            let (to, sources) = (&ground.flow(onto).to, &ground.flow(from).from);
            let mut between = to.iter().filter(|it| sources.binary_search(it).is_ok()).peekable();
            let carries = |unit: u32| {
                !has(Effect::FlowTo(onto, unit))
                    && !has(Effect::FlowFrom(from, unit))
                    && !has(Effect::Isolate(unit))
            };
            if between.peek().is_some() && !between.any(|it| carries(*it)) {
                found.push((onto, from));
            }
        }
    }
    found
}
