//! What events of containment do to the state.

use std::collections::BTreeSet;

use bulkhead_model::case::{Accepted, Entity, EntityKind, EntityRef};
use bulkhead_model::id::PointId;
use jiff::{SignedDuration, Timestamp};

use crate::event::Fact;
use crate::facts::{CertificateChecked, ContainmentProposed, EnforcementIntended, ProposedStage};
use crate::state::{Need, Phase, Point, Proposal, Reason, State};

pub(super) fn evolve(state: &mut State, at: Timestamp, fact: &Fact) {
    match fact {
        Fact::ContainmentProposed(it) => {
            let containment = &mut state.containment;
            let reason = containment.need.take().map_or(Reason::Asked, |it| it.reason);
            containment.generation = it.plan.generation;
            containment.infeasible = None;
            let (plan, rules) = (it.plan.clone(), it.rules.clone());
            containment.proposal = Some(Proposal { plan, rules, stages: stages(it), reason });
        }
        Fact::ContainmentInfeasible(it) => state.containment.infeasible = Some(it.why.clone()),
        Fact::ReplanRequested(it) => {
            want(state, if it.by.is_some() { Reason::Asked } else { Reason::NotCut });
        }
        Fact::EnforcementIntended(it) => intend(state, it),
        Fact::ResidualAccepted(it) => {
            let accepted = Accepted { by: it.by.clone(), at };
            state.containment.accepted.insert((it.entity.clone(), it.why), accepted);
        }
        Fact::EnforcementApplied(it) => with_point(state, &it.point, |point| {
            point.phase = Phase::Applied(it.effective_at);
            point.lease_until = after(it.effective_at, point.wanted.lease_s);
        }),
        Fact::EnforcementReadBack(it) => {
            with_point(state, &it.held.point, |point| point.held = Some(it.held.clone()));
        }
        Fact::EnforcementVerified(it) => with_point(state, &it.point, |point| {
            point.phase = Phase::Verified;
            point.failures = 0;
        }),
        Fact::EnforcementFailed(it) => with_point(state, &it.point, |point| {
            point.phase = Phase::Waiting(it.retry_at.unwrap_or(at));
            point.failures += 1;
        }),
        Fact::PointLost(it) => {
            with_point(state, &it.point, |point| point.phase = Phase::Lost);
            state.containment.lost.insert(it.point.clone());
            want(state, Reason::PointLost);
        }
        Fact::CertificateChecked(it) => checked(state, it),
        Fact::LeaseDue(it) => with_point(state, &it.point, |point| point.phase = Phase::Renewing),
        Fact::LeaseRenewed(it) => with_point(state, &it.point, |point| {
            point.phase = Phase::Verified;
            point.lease_until = Some(it.until);
        }),
        Fact::LeaseExpired(it) => with_point(state, &it.point, |point| {
            point.phase = Phase::Waiting(at);
            point.held = None;
            point.lease_until = None;
        }),
        Fact::FootholdsRemoved(it) => {
            let held: BTreeSet<EntityRef> = state.compromised().map(Entity::key).collect();
            let removed: Vec<EntityRef> = state.meant(&it.entities).collect();
            // A host is clean when it is restored; an account when its secrets are changed, which is this.
            let accounts = removed.iter().filter(|it| it.kind == EntityKind::Identity && held.contains(*it));
            state.containment.clean.extend(accounts.cloned());
            state.containment.eradicated.extend(removed);
        }
        _ => {}
    }
}

/// A new plan is wanted. Its number is higher than any that was asked for, so that a late answer to an earlier question
/// is known for what it is.
pub(super) fn want(state: &mut State, reason: Reason) {
    let containment = &mut state.containment;
    let asked = containment.need.as_ref().map_or(0, |it| it.generation);
    let generation = containment.generation.max(asked) + 1;
    containment.need = Some(Need { generation, reason });
    containment.infeasible = None;
}

/// The parts of a plan; records of version 1 have the whole as one.
fn stages(it: &ContainmentProposed) -> Vec<ProposedStage> {
    if !it.stages.is_empty() {
        return it.stages.clone();
    }
    let actions = it.plan.actions.iter().map(|it| it.id.clone()).collect();
    let (roles, why) = (Vec::new(), String::new());
    vec![ProposedStage { n: 1, roles, why, actions, rules: it.rules.clone(), exposed: None }]
}

fn intend(state: &mut State, it: &EnforcementIntended) {
    let (id, generation, attempt) = (&it.point, it.generation, it.attempt);
    let proposal = state.containment.proposal.as_ref().filter(|it| it.plan.generation == generation);
    let stage = match (it.stage, proposal) {
        (0, Some(proposal)) => proposal.stage_for(id, proposal.last_stage()),
        (stage, _) => stage,
    };
    let rules = proposal.and_then(|proposal| proposal.rules_at(id, stage));
    match (state.containment.points.get_mut(id), rules) {
        (Some(point), rules) => {
            point.wanted = rules.cloned().unwrap_or_else(|| point.wanted.clone());
            if point.generation != generation {
                point.failures = 0;
            }
            point.generation = generation;
            point.stage = stage;
            point.attempt = attempt;
            point.phase = Phase::Intended;
        }
        (None, Some(rules)) => {
            let phase = Phase::Intended;
            let point = Point {
                wanted: rules.clone(),
                generation,
                stage,
                attempt,
                failures: 0,
                phase,
                held: None,
                lease_until: None,
            };
            state.containment.points.insert(id.clone(), point);
        }
        (None, None) => {}
    }
}

fn checked(state: &mut State, it: &CertificateChecked) {
    let failed = &mut state.containment.certificates_failed;
    *failed = if it.holds { 0 } else { *failed + 1 };
    state.containment.certificate = Some(it.clone());
    state.stale.impact = Some(state.events);
}

fn with_point(state: &mut State, id: &PointId, change: impl FnOnce(&mut Point)) {
    if let Some(point) = state.containment.points.get_mut(id) {
        change(point);
    }
}

/// `seconds` after `at`; none for no lease at all.
fn after(at: Timestamp, seconds: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(seconds).ok().filter(|it| *it > 0)?;
    at.checked_add(SignedDuration::from_secs(seconds)).ok()
}
