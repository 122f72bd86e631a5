//! The world of recorded telemetry: everything is known from the start, and only people approve.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal};

use bulkhead_engine::{Event, Fact, State, Subject, Via};
use bulkhead_model::case::{EntityRef, Incident, Plan, Residual};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;
use bulkhead_model::id::AssetId;
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;

use crate::desk::{Answer, Knowledge, World};
use crate::evidence::Evidence;
use crate::say::{self, note, text};
use crate::ui::money;

/// Recorded telemetry, and whoever sits at the terminal.
pub struct Recorded<'a> {
    /// Findings of the incident.
    pub findings: &'a [Finding],
    /// Who and what was seen.
    pub observations: &'a Observations,
    /// When the desk opened.
    pub until: Timestamp,
    /// Whether every approval is given by `--yes`.
    pub yes: bool,
    /// What is accepted by `--accept` to stay in the attacker's hands or within reach.
    pub accept: &'a [EntityRef],
    /// Files that carry the findings.
    pub evidence: Vec<Evidence>,
    /// What was said already: with several incidents there is one plan, and nobody is asked twice about it.
    pub said: &'a RefCell<BTreeMap<(Subject, String), Option<Answer>>>,
    /// What was recorded before the run was interrupted.
    pub recorded: Vec<Event>,
}

fn is_somebody_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// What somebody at the terminal types; none when nobody is there.
fn ask(question: &str) -> Option<String> {
    if !is_somebody_there() {
        return None;
    }
    say::show_beside(question);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}

impl Recorded<'_> {
    /// Asks at the terminal; nobody there gives no answer.
    fn ask(plan: Option<&Plan>, what: &str, role: &str) -> Option<Answer> {
        if !is_somebody_there() {
            return None;
        }
        if let Some(plan) = plan {
            note!("{} actions, {}:", plan.actions.len(), money(plan.objective.total, &plan.currency));
            for action in &plan.actions {
                note!("  {}", action.id);
            }
            for it in &plan.residual {
                let entity = EntityRef { kind: it.kind, id: it.entity.clone() };
                note!("  leaves: {}", crate::desk::stays(&entity, it.why, it.way_out.as_deref()));
            }
        }
        let line = ask(&text!("{}: approve {}? [y/N] ", role, what))?;
        let by = "operator at the terminal".to_owned();
        Some(match line.as_str() {
            "y" | "Y" | "yes" => Answer::Yes(by, Via::Asked),
            _ => Answer::No(by, "refused at the terminal".to_owned()),
        })
    }
}

impl Recorded<'_> {
    /// What `role` said to `subject` before the run was interrupted.
    fn answered_then(&self, subject: Subject, role: &str) -> Option<Answer> {
        self.recorded.iter().find_map(|it| match &it.fact {
            Fact::ApprovalGiven(it) if (it.subject, it.role.as_str()) == (subject, role) => {
                Some(Answer::Yes(it.by.clone(), it.via))
            }
            Fact::ApprovalRefused(it) if (it.subject, it.role.as_str()) == (subject, role) => {
                Some(Answer::No(it.by.clone(), it.why.clone()))
            }
            _ => None,
        })
    }
}

impl World for Recorded<'_> {
    fn knowledge(&mut self, _now: Timestamp) -> Knowledge<'_> {
        Knowledge { findings: self.findings, observations: self.observations, until: self.until }
    }

    fn next_news(&mut self, _after: Timestamp, _until: Option<Timestamp>) -> Option<Timestamp> {
        None
    }

    fn rescope(&mut self, _state: &State, _now: Timestamp) -> Option<(Incident, String)> {
        None
    }

    fn approval(&mut self, state: &State, subject: Subject, role: &str) -> Option<(u64, Answer)> {
        let plan = state.containment.proposal.as_ref().map(|it| &it.plan);
        let (plan, what) = match subject {
            Subject::Containment(_) | Subject::ContainmentStage(..) => (plan, "this containment"),
            Subject::Recovery(_) => (None, "the recovery plan"),
            // Nobody can vouch for what has not happened yet.
            Subject::Gate(_) | Subject::Close => return None,
        };
        if self.yes {
            return Some((0, Answer::Yes("operator".to_owned(), Via::YesFlag)));
        }
        let key = (subject, role.to_owned());
        let known =
            self.said.borrow().get(&key).cloned().or_else(|| self.answered_then(subject, role).map(Some));
        let answer = known.unwrap_or_else(|| Self::ask(plan, what, role));
        // A recovery plan is each incident's own.
        if plan.is_some() {
            self.said.borrow_mut().insert(key, answer.clone());
        }
        answer.map(|it| (0, it))
    }

    /// `--yes` accepts nothing: each is accepted by its name, on the command line or at the terminal.
    fn acceptance(&mut self, stays: &Residual) -> Option<(u64, String, Via)> {
        let entity = EntityRef { kind: stays.kind, id: stays.entity.clone() };
        if self.accept.contains(&entity) {
            return Some((0, "operator".to_owned(), Via::AcceptFlag));
        }
        let then = self.recorded.iter().find_map(|it| match &it.fact {
            Fact::ResidualAccepted(it) if it.entity == entity => Some((0, it.by.clone(), it.via)),
            _ => None,
        });
        if then.is_some() {
            return then;
        }
        let what = crate::desk::stays(&entity, stays.why, stays.way_out.as_deref());
        let question = format!("{what}: accept it? type its name to accept, Enter to refuse: ");
        let answer = ask(&question)?;
        (answer == entity.id).then(|| (0, "operator at the terminal".to_owned(), Via::Asked))
    }

    /// Removing footholds is people's work; recorded telemetry cannot tell that it was done.
    fn eradication_s(&mut self, _state: &State) -> Option<u64> {
        None
    }

    fn step_s(&mut self, _state: &State, _step: &str) -> Option<u64> {
        None
    }

    fn defence(&mut self, _at: Timestamp, _rules: Vec<PointRules>) {}

    fn rebuilt(&mut self, _at: Timestamp, _assets: &[AssetId]) {}

    fn evidence(&mut self) -> Vec<Evidence> {
        std::mem::take(&mut self.evidence)
    }

    fn watched(&mut self, _from: Timestamp) {}

    fn answered(&mut self, events: &[Event]) {
        self.recorded = events.to_vec();
    }
}
