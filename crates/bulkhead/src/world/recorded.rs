//! The world of recorded telemetry: everything is known from the start, and only people approve.

use std::io::{self, BufRead, IsTerminal};

use bulkhead_engine::{State, Subject, Via};
use bulkhead_model::case::{Incident, Plan};
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
    /// Whether every approval is given by `--yes`.
    pub yes: bool,
    /// Files that carry the findings.
    pub evidence: Vec<Evidence>,
}

impl Recorded<'_> {
    /// Asks at the terminal; nobody there gives no answer.
    fn ask(plan: Option<&Plan>, what: &str, role: &str) -> Option<Answer> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        if let Some(plan) = plan {
            note!("{} actions, {}:", plan.actions.len(), money(plan.objective.total, &plan.currency));
            for action in &plan.actions {
                note!("  {}", action.id);
            }
        }
        say::show_beside(&text!("{}: approve {}? [y/N] ", role, what));
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).ok()?;
        let by = "operator at the terminal".to_owned();
        Some(match line.trim() {
            "y" | "Y" | "yes" => Answer::Yes(by, Via::Asked),
            _ => Answer::No(by, "refused at the terminal".to_owned()),
        })
    }
}

impl World for Recorded<'_> {
    fn knowledge(&mut self, _now: Timestamp) -> Knowledge<'_> {
        Knowledge { findings: self.findings, observations: self.observations }
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
            Subject::Containment(_) => (plan, "this containment"),
            Subject::Recovery(_) => (None, "the recovery plan"),
            // Nobody can vouch for what has not happened yet.
            Subject::Gate(_) | Subject::Close => return None,
        };
        let answer = if self.yes {
            Answer::Yes("operator".to_owned(), Via::YesFlag)
        } else {
            Self::ask(plan, what, role)?
        };
        Some((0, answer))
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
}
