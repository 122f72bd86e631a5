//! `figures.json`: every quantity that a text of the case may state, computed once, with what it is of and as of when.
//!
//! Report, filings and terminal take their figures from here and from nowhere else, so that none is said twice differently.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Action, ActionKind, Clock, ClockStatus, EntityKind, Exfiltration, Impact, Incident, IncidentState, Plan,
    RecoveryPlan, Score, ServiceImpact, ServiceState, customers_hit,
};
use crate::estate::Customers;
use crate::id::ServiceId;

/// Everything figures are computed from. What did not come about is absent.
#[derive(Clone, Copy, Debug)]
pub struct CaseParts<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Services hit.
    pub impact: &'a Impact,
    /// The plan the case shows.
    pub plan: Option<&'a Plan>,
    /// Every plan that was proposed, in order of generation.
    pub plans: &'a [&'a Plan],
    /// Generations that at least one enforcement point was found to hold.
    pub enforced: &'a BTreeSet<u64>,
    /// Actions that an enforcement point was found to hold, as point and action id.
    pub held: &'a BTreeSet<(String, String)>,
    /// The recovery.
    pub recovery: Option<&'a RecoveryPlan>,
    /// Every clock.
    pub clocks: &'a [Clock],
    /// What can be said of theft of data.
    pub exfiltration: Option<&'a Exfiltration>,
    /// How a drill went.
    pub score: Option<&'a Score>,
    /// Every time the attacker came back: when, and on what.
    pub relapses: &'a [Relapse],
    /// Whether service impact cannot be known: the estate is a draft.
    pub drafted: bool,
    /// Whether the enforcement points are simulated.
    pub simulated: bool,
    /// Until when the case is told.
    pub as_of: Timestamp,
}

/// The attacker came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Relapse {
    /// When it was seen.
    pub at: Timestamp,
    /// Hosts and accounts compromised again or anew, by id.
    pub entities: Vec<String>,
}

/// Services hit by one cause, and whom they serve.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// Services down.
    pub down: u64,
    /// Services degraded.
    pub degraded: u64,
    /// Their customers: per segment the most of any one service, summed up.
    pub customers: u64,
    /// The same by segment.
    pub segments: Vec<Customers>,
    /// Value lost per hour, in the estate's currency.
    pub value_per_hour: f64,
}

impl Hit {
    /// The services of `list` that are not up.
    pub fn of(list: &[ServiceImpact]) -> Self {
        let count = |state| list.iter().filter(|it| it.state == state).count() as u64;
        Self {
            down: count(ServiceState::Down),
            degraded: count(ServiceState::Degraded),
            customers: customers_hit(list),
            segments: segments(list),
            value_per_hour: cents(list.iter().map(|it| it.value_per_hour).sum()),
        }
    }

    /// Services that are not up.
    pub fn services(&self) -> u64 {
        self.down + self.degraded
    }
}

/// Money to the cent: sums of binary fractions say 31499.999999999996, and nothing is never `-0.0`.
fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0 + 0.0
}

/// Customers of `services` by segment: the most of any one service.
pub fn segments(services: &[ServiceImpact]) -> Vec<Customers> {
    let mut most: BTreeMap<&str, u64> = BTreeMap::new();
    for it in services.iter().flat_map(|it| &it.customers) {
        let known = most.entry(&it.segment).or_default();
        *known = (*known).max(it.count);
    }
    most.into_iter().map(|(segment, count)| Customers { segment: segment.to_owned(), count }).collect()
}

/// Measures of containment that enforcement points were found to hold at any time of the case, at every point they need;
/// the same action under two plans is one measure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measures {
    /// Plans proposed.
    pub plans: u64,
    /// Plans that enforcement points were found to hold.
    pub plans_enforced: u64,
    /// Hosts isolated.
    pub isolated: u64,
    /// Flows blocked.
    pub blocked: u64,
    /// Pairs of zones separated.
    pub segmented: u64,
    /// Accounts disabled.
    pub disabled: u64,
}

impl Measures {
    /// Measures of every kind.
    pub fn total(&self) -> u64 {
        self.isolated + self.blocked + self.segmented + self.disabled
    }

    fn count(plans: &[&Plan], held: &BTreeSet<(String, String)>, incident: &str) -> Self {
        let mut seen = BTreeSet::new();
        let mut measures = Self::default();
        let is_held = |it: &&Action| {
            let mut points = std::iter::once(&it.enforcement_point).chain(&it.also_at);
            points.all(|point| held.contains(&(point.to_string(), it.id.clone())))
        };
        // One plan may answer several incidents: each counts what it needs itself.
        let own = |it: &&Action| it.incidents.is_empty() || it.incidents.iter().any(|it| it == incident);
        for it in plans.iter().flat_map(|it| &it.actions).filter(own).filter(is_held) {
            if !seen.insert((it.kind, &it.target, &it.from, &it.to)) {
                continue;
            }
            let count = match it.kind {
                ActionKind::Isolate => &mut measures.isolated,
                ActionKind::BlockFlow => &mut measures.blocked,
                ActionKind::Segment => &mut measures.segmented,
                ActionKind::DisableIdentity => &mut measures.disabled,
            };
            *count += 1;
        }
        measures
    }
}

/// The plan the case shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanFigures {
    /// Its generation.
    pub generation: u64,
    /// Its actions.
    pub actions: u64,
    /// Enforcement points that have something to do.
    pub points: u64,
    /// Its cost over its horizon, in its currency.
    pub total: f64,
    /// (total - bound) / total.
    pub gap: f64,
    /// Hours over which losses count.
    pub horizon_h: f64,
}

/// Legal duties that bind, as of the end of the case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Duties {
    /// Duties that bind.
    pub binding: u64,
    /// Duties to prepare.
    pub prepare: u64,
    /// Duties proposed, not law.
    pub proposed: u64,
    /// Of those that bind, filed.
    pub filed: u64,
    /// Of those that bind, unfiled with a deadline that has passed.
    pub overdue: u64,
    /// Of those that bind, unfiled, to be fulfilled at once: their clock has begun, and no deadline is theirs.
    #[serde(default)]
    pub at_once: u64,
    /// The next deadline that binds and has not passed.
    pub next: Option<Timestamp>,
}

/// When the main services were back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MainServices {
    /// None was hit: nothing to bring back.
    NoneHit,
    /// Whether any is hit is not known.
    Unknown,
    /// They are not back.
    NotBack,
    /// Seconds from the declaration until the last of them was back.
    BackAfter(u64),
}

/// `figures.json`: every quantity of the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Until when the case is told.
    pub as_of: Timestamp,
    /// Hosts in the attacker's hands at any time of the case.
    pub hosts: u64,
    /// Accounts in the attacker's hands at any time of the case.
    pub accounts: u64,
    /// Hosts and accounts suspected.
    pub suspected: u64,
    /// Hosts in the attacker's hands or reach when the incident was first contained; drills only.
    pub blast_radius: Option<u64>,
    /// How often the attacker came back.
    pub relapses: Vec<Relapse>,
    /// Services that rest on what the attacker held: not trusted, which is not interrupted. Absent where it is not known.
    pub resting_on_attacker: Option<Hit>,
    /// Services that containment takes down by its plan. Absent where it is not known or there is no plan.
    pub containment_predicted: Option<Hit>,
    /// Services that containment took down, as observed at the enforcement points. Absent where nothing was enforced or
    /// it is not known.
    pub containment_observed: Option<Hit>,
    /// Services hit by either cause. Absent where it is not known.
    pub hit: Option<Hit>,
    /// Whether the enforcement points are simulated: nothing changed on the real network.
    pub simulated: bool,
    /// The plan shown.
    pub plan: Option<PlanFigures>,
    /// Measures taken over the whole case.
    pub measures: Measures,
    /// Stages of recovery.
    pub stages: u64,
    /// Median seconds until every service is back, from the start of recovery; absent without a service to bring back.
    pub back_median_s: Option<u64>,
    /// The same, nine times in ten.
    pub back_p90_s: Option<u64>,
    /// Services that miss their recovery time objective at median durations.
    pub late: u64,
    /// When the main services were back.
    pub main_services: MainServices,
    /// Legal duties.
    pub duties: Duties,
    /// Share of stores x hours x sensors covered, 0 to 1.
    pub coverage: Option<f64>,
    /// Stores of data within the attacker's reach.
    pub stores: u64,
    /// Of those, without any record of what left them.
    pub stores_not_assessable: u64,
    /// Stretches without records.
    pub holes: u64,
    /// Findings of the incident.
    pub findings: u64,
    /// Events read.
    pub events: u64,
    /// Seconds from the attacker's first act to the first finding; drills only.
    pub mttd_s: Option<u64>,
    /// Seconds from the first finding to verified containment; drills only.
    pub mttc_s: Option<u64>,
}

impl Figures {
    /// The figures of a case.
    pub fn of(parts: &CaseParts<'_>) -> Self {
        let of_kind = |kind| parts.incident.compromised.iter().filter(|it| it.kind == kind).count() as u64;
        let known = |list: &[ServiceImpact]| (!parts.drafted).then(|| Hit::of(list));
        let (impact, enforced) = (parts.impact, !parts.enforced.is_empty());
        let ours = if enforced { &impact.containment_observed } else { &impact.containment_predicted };
        let applied: Vec<&Plan> =
            parts.plans.iter().copied().filter(|it| parts.enforced.contains(&it.generation)).collect();
        let stores = parts.exfiltration.map(|it| it.stores.as_slice()).unwrap_or_default();
        let services = parts.recovery.map(|it| it.services.as_slice()).unwrap_or_default();
        Self {
            as_of: parts.as_of,
            hosts: of_kind(EntityKind::Asset),
            accounts: of_kind(EntityKind::Identity),
            suspected: parts.incident.suspected.len() as u64,
            blast_radius: parts.score.map(|it| it.blast_radius),
            relapses: parts.relapses.to_vec(),
            resting_on_attacker: known(&impact.attacker),
            containment_predicted: parts.plan.and_then(|_| known(&impact.containment_predicted)),
            containment_observed: enforced.then(|| known(&impact.containment_observed)).flatten(),
            hit: known(&worst(impact.attacker.iter().chain(ours))),
            simulated: parts.simulated,
            plan: parts.plan.map(plan_figures),
            measures: Measures {
                plans: parts.plans.len() as u64,
                plans_enforced: applied.len() as u64,
                ..Measures::count(&applied, parts.held, &parts.incident.id)
            },
            stages: parts.recovery.map_or(0, |it| it.stages.len() as u64),
            back_median_s: services.iter().map(|it| it.p50).max(),
            back_p90_s: services.iter().map(|it| it.p90).max(),
            late: services.iter().filter(|it| it.rto.is_some_and(|rto| it.p50 > rto)).count() as u64,
            main_services: main_services(parts),
            duties: duties(parts),
            coverage: parts.exfiltration.map(|it| it.coverage + 0.0),
            stores: stores.len() as u64,
            stores_not_assessable: stores
                .iter()
                .filter(|it| it.conclusion == super::ExfiltrationConclusion::NotAssessable)
                .count() as u64,
            holes: parts.exfiltration.map_or(0, |it| it.holes.len() as u64),
            findings: parts.incident.findings,
            events: parts.incident.telemetry.events,
            mttd_s: parts.score.and_then(|it| it.mttd_s),
            mttc_s: parts.score.and_then(|it| it.mttc_s),
        }
    }

    /// How often the attacker came back.
    pub fn times_back(&self) -> u64 {
        self.relapses.len() as u64
    }

    /// What containment hits: as observed once something is enforced, before as planned. Absent where it is not known.
    pub fn containment(&self) -> Option<&Hit> {
        self.containment_observed.as_ref().or(self.containment_predicted.as_ref())
    }
}

/// Each service once, with the worse of what its causes make of it.
pub fn worst<'s>(causes: impl Iterator<Item = &'s ServiceImpact>) -> Vec<ServiceImpact> {
    let mut services: BTreeMap<&ServiceId, ServiceImpact> = BTreeMap::new();
    for it in causes.filter(|it| it.state != ServiceState::Up) {
        let known = services.entry(&it.service).or_insert_with(|| it.clone());
        if (it.state, it.value_per_hour) > (known.state, known.value_per_hour) {
            known.clone_from(it);
        }
    }
    services.into_values().collect()
}

fn plan_figures(plan: &Plan) -> PlanFigures {
    let points: BTreeSet<_> = plan
        .actions
        .iter()
        .flat_map(|it| std::iter::once(&it.enforcement_point).chain(&it.also_at))
        .collect();
    PlanFigures {
        generation: plan.generation,
        actions: plan.actions.len() as u64,
        points: points.len() as u64,
        total: cents(plan.objective.total),
        gap: plan.gap + 0.0,
        horizon_h: plan.horizon_h,
    }
}

fn main_services(parts: &CaseParts<'_>) -> MainServices {
    if parts.drafted {
        return MainServices::Unknown;
    }
    let impact = parts.impact;
    // What was planned and never enforced took nothing down.
    let none = impact.attacker.is_empty() && impact.containment_observed.is_empty();
    let back = parts.score.filter(|_| parts.incident.state >= IncidentState::Recovering);
    match back.and_then(|it| it.main_services_restored_s) {
        _ if none => MainServices::NoneHit,
        Some(seconds) => MainServices::BackAfter(seconds),
        None => MainServices::NotBack,
    }
}

fn duties(parts: &CaseParts<'_>) -> Duties {
    let of = |status: ClockStatus| parts.clocks.iter().filter(move |it| it.status == status);
    let unfiled = || of(ClockStatus::Binding).filter(|it| it.submitted_at.is_none());
    let due = || unfiled().filter_map(|it| it.due_earliest);
    Duties {
        binding: of(ClockStatus::Binding).count() as u64,
        prepare: of(ClockStatus::Prepare).count() as u64,
        proposed: of(ClockStatus::Proposed).count() as u64,
        filed: of(ClockStatus::Binding).filter(|it| it.submitted_at.is_some()).count() as u64,
        overdue: due().filter(|it| *it < parts.as_of).count() as u64,
        at_once: unfiled().filter(|it| it.due_earliest.is_none() && it.anchor_at.is_some()).count() as u64,
        next: due().filter(|it| *it >= parts.as_of).min(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impact(service: &str, state: ServiceState, customers: &[(&str, u64)], value: f64) -> ServiceImpact {
        ServiceImpact {
            service: service.into(),
            state,
            customers: customers
                .iter()
                .map(|(segment, count)| Customers { segment: (*segment).to_owned(), count: *count })
                .collect(),
            value_per_hour: value,
        }
    }

    #[test]
    fn a_service_hit_by_two_causes_counts_once_and_its_customers_per_segment() {
        let ordering = [("business", 180_000), ("wholesale", 40)];
        let attacker = [
            impact("ordering", ServiceState::Down, &ordering, 45_000.0),
            impact("partner", ServiceState::Down, &[("wholesale", 60)], 20_000.0),
        ];
        let ours = [impact("ordering", ServiceState::Degraded, &ordering, 31_500.0)];
        let hit = Hit::of(&worst(attacker.iter().chain(&ours)));
        assert_eq!((hit.down, hit.degraded, hit.customers), (2, 0, 180_060));
        assert_eq!(hit.customers, hit.segments.iter().map(|it| it.count).sum::<u64>());
        assert!((hit.value_per_hour - 65_000.0).abs() < 1e-9);
    }

    #[test]
    fn money_is_whole_cents_and_nothing_has_no_sign() {
        assert_eq!(cents(31_499.999_999_999_996).to_string(), "31500");
        assert!(cents(-0.0).is_sign_positive() && cents(-0.001).is_sign_positive());
        let third = [impact("a", ServiceState::Down, &[], 0.1), impact("b", ServiceState::Down, &[], 0.2)];
        assert_eq!(Hit::of(&third).value_per_hour.to_string(), "0.3");
    }
}
