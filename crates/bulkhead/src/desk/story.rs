//! What is recorded, told for people: one line of the timeline per event worth a line.

use bulkhead_engine::facts::ProposedStage;
use bulkhead_engine::{Event, Fact, Named, Subject, Via};
use bulkhead_model::case::{Certificate, EntityRef, IncidentState, ResidualWhy, TimelineEntry};
use bulkhead_model::estate::{Estate, PointKind};

use crate::commands::case::text_of;
use crate::desk::seconds_between;
use crate::ui::{counted, duration, money};
use jiff::Timestamp;

/// The line an event gets; none for what only the journal needs. What only happened on `simulated` points says so.
pub fn tell(event: &Event, simulated: bool, estate: &Estate) -> Option<TimelineEntry> {
    let (kind, mut text, about) = words(event)?;
    if simulated && matches!(kind, "enforcement" | "verification") {
        text.push_str(if by_hand(&event.fact, estate) {
            " (simulated: nobody has worked this point by hand)"
        } else {
            " (simulated)"
        });
    }
    // One instant of the declaration everywhere: in a recording it lies before anybody sits down to answer.
    let at = match &event.fact {
        Fact::IncidentDeclared(it) => it.incident.declared_at,
        _ => event.at,
    };
    Some(TimelineEntry { at, kind: kind.to_owned(), text, tactic: None, about })
}

/// Whether a point took or holds something that only a person can do there.
fn by_hand(fact: &Fact, estate: &Estate) -> bool {
    let point = match fact {
        Fact::EnforcementApplied(it) => &it.point,
        Fact::EnforcementVerified(it) => &it.point,
        _ => return false,
    };
    estate.enforcement_points.iter().any(|it| it.id == *point && it.kind == PointKind::Manual)
}

fn words(event: &Event) -> Option<(&'static str, String, Vec<String>)> {
    let none = Vec::new;
    Some(match &event.fact {
        Fact::EvidenceRegistered(it) => {
            ("evidence", format!("{} kept, SHA-256 {}", it.name, it.sha256), vec![it.name.clone()])
        }
        Fact::IncidentDeclared(it) => {
            ("incident", format!("declared: {}", it.incident.title), ids(&it.incident))
        }
        Fact::IncidentRescoped(it) if !it.added.is_empty() => {
            let added = ids_of(&it.added);
            ("incident", format!("scope grew: {} compromised", added.join(", ")), added)
        }
        Fact::RelapseSeen(it) => {
            let entities = ids_of(&it.entities);
            ("surveillance", format!("RELAPSE: {} ({})", entities.join(", "), it.why), entities)
        }
        Fact::IncidentAdvanced(it) => {
            let except: Vec<String> = it.except.iter().map(|it| it.id.clone()).collect();
            let mut text = format!("{} -> {}", text_of(&it.from), text_of(&it.to));
            if it.simulated && it.to != IncidentState::Declared {
                text.push_str(" (simulated)");
            }
            if !except.is_empty() {
                text.push_str(", except ");
                text.push_str(&except.join(", "));
            }
            ("incident", text, except)
        }
        Fact::ResidualAccepted(it) => {
            let text = format!("{}: accepted by {}", stays(&it.entity, it.why, it.way_out.as_deref()), it.by);
            ("approval", text, vec![it.entity.id.clone()])
        }
        Fact::IncidentClosed(it) => ("incident", format!("closed: {}", it.why), none()),
        Fact::FootholdsRemoved(it) => {
            let entities = ids_of(&it.entities);
            ("recovery", format!("footholds removed from {}: {}", entities.join(", "), it.how), entities)
        }
        fact => return containment_words(fact, event.at).or_else(|| recovery_words(fact, event.at)),
    })
}

fn ids_of(named: &[Named]) -> Vec<String> {
    named.iter().map(|it| it.id().to_owned()).collect()
}

/// That something stays, in words: `ws-1 keeps a way out (web-out)`.
pub fn stays(entity: &EntityRef, why: ResidualWhy, way_out: Option<&str>) -> String {
    match (why, way_out) {
        (ResidualWhy::WithinReach, _) => format!("{} stays within reach", entity.id),
        (ResidualWhy::Foothold, Some("unknown")) => {
            format!("{} keeps a foothold (its ways out are unknown)", entity.id)
        }
        (ResidualWhy::Foothold, Some(way)) => format!("{} keeps a foothold (way out: {way})", entity.id),
        (ResidualWhy::Foothold, None) => format!("{} keeps a foothold (not disabled)", entity.id),
    }
}

fn ids(incident: &bulkhead_model::case::Incident) -> Vec<String> {
    incident.compromised.iter().map(|it| it.id.clone()).collect()
}

fn containment_words(fact: &Fact, at: Timestamp) -> Option<(&'static str, String, Vec<String>)> {
    Some(match fact {
        Fact::ContainmentProposed(it) => {
            let plan = &it.plan;
            let text = format!(
                "containment plan {}: {}, {} over {} h, gap {:.1} %",
                plan.generation,
                counted(plan.actions.len(), "action"),
                money(plan.objective.total, &plan.currency),
                plan.horizon_h,
                plan.gap * 100.0
            );
            let parts: Vec<String> = it.stages.iter().map(part).collect();
            let text = if parts.len() > 1 { format!("{text}; {}", parts.join(", ")) } else { text };
            ("plan", text, plan.actions.iter().map(|it| it.target.clone()).collect())
        }
        Fact::ContainmentInfeasible(it) => {
            ("plan", format!("no containment plan is possible: {}", it.why), Vec::new())
        }
        Fact::ReplanRequested(it) => ("plan", format!("another plan asked for: {}", it.why), Vec::new()),
        Fact::ApprovalAsked(it) => (
            "approval",
            format!("{} asked of {}: {}", subject(it.subject), it.roles.join(", "), it.why),
            Vec::new(),
        ),
        Fact::ApprovalGiven(it) => {
            let how = match it.via {
                Via::Asked => "",
                Via::YesFlag => " (--yes)",
                Via::AcceptFlag => " (--accept)",
                Via::Policy => " (policy asks for nobody's word)",
            };
            ("approval", format!("{} approved by {}{how}", subject(it.subject), it.role), Vec::new())
        }
        Fact::ApprovalRefused(it) => {
            ("approval", format!("{} REFUSED by {}: {}", subject(it.subject), it.role, it.why), Vec::new())
        }
        Fact::EnforcementApplied(it) => {
            let text = format!(
                "{} took generation {}, in effect {}",
                it.point,
                it.generation,
                after(at, it.effective_at)
            );
            ("enforcement", text, vec![it.point.to_string()])
        }
        Fact::EnforcementFailed(it) => (
            "enforcement",
            format!("{} failed (try {}): {}", it.point, it.attempt, it.why),
            vec![it.point.to_string()],
        ),
        Fact::PointLost(it) => {
            ("enforcement", format!("{} given up: {}", it.point, it.why), vec![it.point.to_string()])
        }
        Fact::EnforcementVerified(it) => {
            let text = format!("{} read back: holds generation {} as asked", it.point, it.generation);
            ("verification", text, vec![it.point.to_string()])
        }
        Fact::CertificateChecked(it) => {
            let keep: Vec<&str> = it.certificate.footholds.iter().map(|it| it.entity.as_str()).collect();
            let text = if it.holds {
                let open = still_reached(&it.certificate);
                let text = format!(
                    "proof of generation {} holds{}: {} out of {} cut, none of {} reachable",
                    it.generation,
                    if open.is_empty() { "" } else { " for what the plan cuts" },
                    counted(it.certificate.cut.len(), "move"),
                    counted(it.certificate.reached.len(), "asset"),
                    counted(it.certificate.protected.len(), "protected asset")
                );
                let text = match open.as_slice() {
                    [] => text,
                    open => format!("{text}; the paths to {} stay open", open.join(", ")),
                };
                match keep.as_slice() {
                    [] => text,
                    [one] => format!("{text}; {one} keeps a foothold"),
                    several => format!("{text}; {} keep a foothold", several.join(", ")),
                }
            } else {
                format!("proof of generation {} does NOT hold: {}", it.generation, it.open.join("; "))
            };
            ("verification", text, Vec::new())
        }
        Fact::LeaseExpired(it) => {
            ("enforcement", format!("{}: the lease has run out", it.point), vec![it.point.to_string()])
        }
        _ => return None,
    })
}

/// Assets beyond those in the attacker's hands that the paths left open lead to.
fn still_reached(certificate: &Certificate) -> Vec<&str> {
    let beyond = certificate.reached.iter().filter(|it| !certificate.sources.contains(it));
    beyond.map(String::as_str).collect()
}

fn recovery_words(fact: &Fact, at: Timestamp) -> Option<(&'static str, String, Vec<String>)> {
    Some(match fact {
        Fact::RecoveryProposed(it) => {
            let steps: usize = it.plan.stages.iter().map(|it| it.steps.len()).sum();
            (
                "recovery",
                format!(
                    "recovery plan {}: {}, {}",
                    it.number,
                    counted(it.plan.stages.len(), "stage"),
                    counted(steps, "step")
                ),
                Vec::new(),
            )
        }
        Fact::StepSucceeded(it) => ("recovery", format!("step {} done", it.step), vec![it.step.clone()]),
        Fact::StepFailed(it) => {
            ("recovery", format!("step {} failed: {}", it.step, it.why), vec![it.step.clone()])
        }
        Fact::StageRestored(it) => {
            let entities = ids_of(&it.entities);
            ("recovery", format!("stage {} restored: {}", it.stage, entities.join(", ")), entities)
        }
        Fact::SurveillanceStarted(it) => {
            let what = it.stage.map_or("everything".to_owned(), |it| format!("stage {it}"));
            (
                "surveillance",
                format!("{what} is watched for {}", duration(seconds_between(at, it.until))),
                Vec::new(),
            )
        }
        Fact::SurveillancePassed(it) => {
            let what = it.stage.map_or("everything".to_owned(), |it| format!("stage {it}"));
            ("surveillance", format!("{what}: no finding came in during the watch"), Vec::new())
        }
        Fact::GateOpened(it) => ("recovery", format!("gate of stage {} opened", it.stage), Vec::new()),
        Fact::ClocksComputed(it) => {
            let running =
                it.clocks.iter().filter(|it| it.status == bulkhead_model::case::ClockStatus::Binding).count();
            ("clock", format!("{} computed", counted(running, "binding legal clock")), Vec::new())
        }
        Fact::FilingSubmitted(it) => {
            ("clock", format!("{} {} filed", it.regime, it.stage), vec![it.regime.to_string()])
        }
        _ => return None,
    })
}

/// When something takes effect, told from the line's own time: a second instant in a text would need a zone of its own.
fn after(at: Timestamp, effective_at: Timestamp) -> String {
    match seconds_between(at, effective_at) {
        0 => "at once".to_owned(),
        seconds => format!("within {}", duration(seconds)),
    }
}

fn part(it: &ProposedStage) -> String {
    let whose = it.roles.join(" and ");
    match it.roles.iter().any(|it| it == "policy") {
        true => format!("part {} ({}) at once", it.n, counted(it.actions.len(), "action")),
        false => format!("part {} ({}) waits for {whose}", it.n, counted(it.actions.len(), "action")),
    }
}

fn subject(subject: Subject) -> String {
    match subject {
        Subject::Containment(n) => format!("containment plan {n}"),
        Subject::ContainmentStage(n, part) => format!("containment plan {n}, part {part}"),
        Subject::Recovery(n) => format!("recovery plan {n}"),
        Subject::Gate(n) => format!("gate of stage {n}"),
        Subject::Close => "closing".to_owned(),
    }
}
