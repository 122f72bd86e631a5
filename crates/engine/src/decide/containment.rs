//! Decisions on containment: plans, points, certificates, leases.

use std::collections::BTreeSet;

use bulkhead_model::case::{Approval, EntityRef, Plan, Residual, ResidualWhy};
use bulkhead_model::id::PointId;
use bulkhead_model::rules::PointRules;

use crate::command::{Command, Rejection};
use crate::facts::{
    ApprovalAsked, ApprovalGiven, CertificateChecked, ContainmentInfeasible, ContainmentProposed,
    EnforcementApplied, EnforcementFailed, EnforcementIntended, EnforcementReadBack, EnforcementVerified,
    LeaseDue, LeaseExpired, LeaseRenewed, PointLost, ReplanRequested, ResidualAccepted, Subject, Via,
};
use crate::state::{Phase, Point};

use super::Draft;
use super::stages::stages;

/// Who approves what the policy lets pass.
pub(super) const POLICY: &str = "policy";

pub(super) fn decide(draft: &mut Draft<'_>, command: Command) -> Result<(), Rejection> {
    match command {
        Command::ProposeContainment { plan, rules, reach } => propose(draft, plan, rules, &reach),
        Command::AcceptResidual { entity, why, by, via } => accept(draft, &entity, why, by, via),
        Command::RecordInfeasible { generation, why } => {
            check_wanted(draft, generation)?;
            draft.emit(ContainmentInfeasible { generation, why });
            Ok(())
        }
        Command::RequestReplan { by, why } => {
            draft.emit(ReplanRequested { by: Some(by), why });
            Ok(())
        }
        Command::RecordApplied { generation, point, effective_at } => {
            expect(draft, &point, generation, |it| it.phase == Phase::Intended)?;
            draft.emit(EnforcementApplied { generation, point, effective_at });
            Ok(())
        }
        Command::RecordReadBack { generation, held } => read_back(draft, generation, held),
        Command::RecordPointFailure { generation, point, why, retry } => {
            let busy = |it: &Point| matches!(it.phase, Phase::Intended | Phase::Applied(_) | Phase::Renewing);
            expect(draft, &point, generation, busy)?;
            fail(draft, generation, point, why, retry);
            Ok(())
        }
        Command::RetryPoint(point) => {
            let it = find(draft, &point, |it| matches!(it.phase, Phase::Waiting(_)))?;
            let next = again(draft, it);
            draft.emit(next);
            Ok(())
        }
        Command::RecordCertificate { generation, certificate, holds, open } => {
            check_checkable(draft, generation)?;
            draft.emit(CertificateChecked { generation, certificate, holds, open });
            if !holds && draft.state.containment.certificates_failed <= draft.policy().replans {
                let why = format!("the certificate of plan {generation} does not hold");
                draft.emit(ReplanRequested { by: None, why });
            }
            Ok(())
        }
        Command::RenewLease(point) => {
            let it = find(draft, &point, |it| it.phase == Phase::Verified && it.lease_until.is_some())?;
            let generation = it.generation;
            draft.emit(LeaseDue { generation, point });
            Ok(())
        }
        Command::RecordLease { generation, point, until } => {
            expect(draft, &point, generation, |it| it.phase == Phase::Renewing)?;
            draft.emit(LeaseRenewed { generation, point, until });
            Ok(())
        }
        Command::ExpireLease(point) => {
            let it = find(draft, &point, |it| it.phase == Phase::Renewing)?;
            let (generation, next) = (it.generation, again(draft, it));
            draft.emit(LeaseExpired { generation, point });
            draft.emit(next);
            Ok(())
        }
        other => Err(Rejection::new("out-of-place", format!("{other:?} is no command on containment"))),
    }
}

/// The next try at a point, with everything that is approved by now.
fn again(draft: &Draft<'_>, it: &Point) -> EnforcementIntended {
    let current = draft
        .state
        .containment
        .proposal
        .as_ref()
        .filter(|_| it.generation == draft.state.containment.generation);
    let approved = draft.state.approved_stage();
    let stage =
        current.map_or(it.stage, |proposal| proposal.stage_for(&it.wanted.point, approved).max(it.stage));
    EnforcementIntended {
        generation: it.generation,
        point: it.wanted.point.clone(),
        attempt: it.attempt + 1,
        stage,
    }
}

fn accept(
    draft: &mut Draft<'_>,
    entity: &EntityRef,
    why: ResidualWhy,
    by: String,
    via: Via,
) -> Result<(), Rejection> {
    let generation = draft.state.containment.generation;
    let is_it = |it: &Residual| it.kind == entity.kind && it.entity == entity.id && it.why == why;
    let open = draft.state.residual().into_iter().find(|it| is_it(it) && it.accepted.is_none());
    let Some(open) = open else {
        let message = format!("{} does not stay under plan {generation}, or was accepted already", entity.id);
        return Err(Rejection::new("not-staying", message));
    };
    let (entity, way_out) = (entity.clone(), open.way_out);
    draft.emit(ResidualAccepted { generation, entity, why, way_out, by, via });
    Ok(())
}

fn check_wanted(draft: &Draft<'_>, generation: u64) -> Result<(), Rejection> {
    match &draft.state.containment.need {
        Some(need) if need.generation == generation && draft.state.containment.infeasible.is_none() => Ok(()),
        Some(need) => {
            let message =
                format!("plan {generation} comes too late or twice: plan {} is asked for", need.generation);
            Err(Rejection::new("stale-generation", message))
        }
        None => Err(Rejection::new("stale-generation", format!("plan {generation} is not asked for"))),
    }
}

fn propose(
    draft: &mut Draft<'_>,
    plan: Plan,
    mut rules: Vec<PointRules>,
    reach: &[(Approval, u64)],
) -> Result<(), Rejection> {
    check_wanted(draft, plan.generation)?;
    check_rules(draft, &plan, &rules)?;
    let generation = plan.generation;
    // Whoever holds rules of an older plan and has no part in this one is emptied, else they would stay for ever.
    for (id, point) in &draft.state.containment.points {
        let holds = !point.wanted.rules.is_empty() || !point.wanted.disabled.is_empty();
        if holds && point.phase != Phase::Lost && rules.iter().all(|it| it.point != *id) {
            let (point, rules_of, disabled) = (id.clone(), Vec::new(), Vec::new());
            rules.push(PointRules { point, generation, rules: rules_of, disabled, lease_s: 0 });
        }
    }
    let stages = stages(&draft.state, draft.policy(), &plan, &rules, reach);
    let asked: Vec<_> = stages.iter().map(|it| (it.n, it.roles.clone(), it.why.clone())).collect();
    draft.emit(ContainmentProposed { plan, rules, stages });
    for (n, roles, why) in asked {
        let subject = Subject::ContainmentStage(generation, n);
        let automatic = roles.iter().any(|it| it == POLICY);
        draft.emit(ApprovalAsked { subject, roles, why });
        if automatic {
            let (role, by) = (POLICY.to_owned(), POLICY.to_owned());
            draft.emit(ApprovalGiven { subject, role, by, via: Via::Policy });
        }
    }
    Ok(())
}

fn check_rules(draft: &Draft<'_>, plan: &Plan, rules: &[PointRules]) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for it in rules {
        if it.generation != plan.generation {
            let message =
                format!("the rules for {} are of plan {}, not {}", it.point, it.generation, plan.generation);
            return Err(Rejection::new("mixed-generations", message));
        }
        if !seen.insert(&it.point) {
            return Err(Rejection::new("point-twice", format!("{} has rules twice", it.point)));
        }
    }
    let actions = plan.actions.iter().flat_map(|it| it.also_at.iter().chain([&it.enforcement_point]));
    match actions
        .chain(rules.iter().map(|it| &it.point))
        .find(|it| draft.state.containment.lost.contains(*it))
    {
        Some(lost) => {
            Err(Rejection::new("point-lost", format!("the plan relies on {lost}, which does not answer")))
        }
        None => Ok(()),
    }
}

fn read_back(draft: &mut Draft<'_>, generation: u64, held: PointRules) -> Result<(), Rejection> {
    let point = expect(draft, &held.point, generation, |it| matches!(it.phase, Phase::Applied(_)))?;
    let difference = difference(&point.wanted, &held);
    let id = held.point.clone();
    draft.emit(EnforcementReadBack { generation, held });
    match difference {
        None => draft.emit(EnforcementVerified { generation, point: id }),
        Some(why) => fail(draft, generation, id, why.to_owned(), true),
    }
    Ok(())
}

/// How what is held differs from what was asked; a lease may have run down since.
fn difference(wanted: &PointRules, held: &PointRules) -> Option<&'static str> {
    let lease =
        if wanted.lease_s == 0 { held.lease_s == 0 } else { (1..=wanted.lease_s).contains(&held.lease_s) };
    if wanted.generation != held.generation {
        Some("it holds rules of another plan")
    } else if wanted.rules != held.rules {
        Some("it does not hold the rules it was given")
    } else if wanted.disabled != held.disabled {
        Some("it has not disabled the identities it was told to")
    } else if !lease {
        Some("it holds the rules under another lease")
    } else {
        None
    }
}

fn fail(draft: &mut Draft<'_>, generation: u64, point: PointId, why: String, retry: bool) {
    let it = draft.state.containment.points.get(&point);
    let (attempt, failures) = it.map_or((0, 0), |it| (it.attempt, it.failures + 1));
    let again = retry && failures < draft.policy().point_attempts;
    let retry_at = again.then(|| draft.retry_at(failures));
    let lost = PointLost {
        generation,
        point: point.clone(),
        why: format!("given up after {failures} tries: {why}"),
    };
    draft.emit(EnforcementFailed { generation, point, attempt, why, retry_at });
    if !again {
        draft.emit(lost);
    }
}

fn check_checkable(draft: &Draft<'_>, generation: u64) -> Result<(), Rejection> {
    let containment = &draft.state.containment;
    let checked = containment.certificate.as_ref().is_some_and(|it| it.generation == generation);
    if containment.generation == generation
        && draft.state.all_verified()
        && !checked
        && containment.need.is_none()
    {
        return Ok(());
    }
    let message =
        format!("the certificate of plan {generation} is not asked for: not in force, or checked already");
    Err(Rejection::new("stale-generation", message))
}

fn find<'d>(
    draft: &'d Draft<'_>,
    point: &PointId,
    fits: impl Fn(&Point) -> bool,
) -> Result<&'d Point, Rejection> {
    let it = draft.state.containment.points.get(point).filter(|it| fits(it));
    it.ok_or_else(|| Rejection::new("not-awaited", format!("nothing of the kind is awaited from {point}")))
}

fn expect<'d>(
    draft: &'d Draft<'_>,
    point: &PointId,
    generation: u64,
    fits: impl Fn(&Point) -> bool,
) -> Result<&'d Point, Rejection> {
    let it = find(draft, point, fits)?;
    if it.generation != generation {
        let message =
            format!("{point} answers for plan {generation}, but carries out plan {}", it.generation);
        return Err(Rejection::new("stale-generation", message));
    }
    Ok(it)
}
