//! What events of containment do to the state.

use jiff::{SignedDuration, Timestamp};

use bulkhead_model::id::PointId;

use crate::event::Fact;
use crate::facts::CertificateChecked;
use crate::state::{Need, Phase, Point, Proposal, Reason, State};

pub(super) fn evolve(state: &mut State, at: Timestamp, fact: &Fact) {
    match fact {
        Fact::ContainmentProposed(it) => {
            let containment = &mut state.containment;
            let reason = containment.need.take().map_or(Reason::Asked, |it| it.reason);
            containment.generation = it.plan.generation;
            containment.infeasible = None;
            containment.proposal = Some(Proposal { plan: it.plan.clone(), rules: it.rules.clone(), reason });
        }
        Fact::ContainmentInfeasible(it) => state.containment.infeasible = Some(it.why.clone()),
        Fact::ReplanRequested(it) => {
            want(state, if it.by.is_some() { Reason::Asked } else { Reason::NotCut });
        }
        Fact::EnforcementIntended(it) => intend(state, &it.point, it.generation, it.attempt),
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
            let identities =
                state.compromised().filter(|it| it.kind == bulkhead_model::case::EntityKind::Identity);
            let identities: Vec<String> = identities.map(|it| it.id.clone()).collect();
            let removed = it.entities.iter().cloned();
            state.containment.eradicated.extend(removed);
            // A host is clean when it is restored; an account when its secrets are changed, which is this.
            let clean = identities.into_iter().filter(|id| it.entities.contains(id));
            state.containment.clean.extend(clean);
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

fn intend(state: &mut State, id: &PointId, generation: u64, attempt: u32) {
    let proposal = state.containment.proposal.as_ref();
    let rules =
        proposal.and_then(|it| it.rules.iter().find(|it| it.point == *id && it.generation == generation));
    match (state.containment.points.get_mut(id), rules) {
        (Some(point), rules) => {
            point.wanted = rules.cloned().unwrap_or_else(|| point.wanted.clone());
            if point.generation != generation {
                point.failures = 0;
            }
            point.generation = generation;
            point.attempt = attempt;
            point.phase = Phase::Intended;
        }
        (None, Some(rules)) => {
            let phase = Phase::Intended;
            let point = Point {
                wanted: rules.clone(),
                generation,
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
