//! Filings as documents: for each stage the fields its form asks for, pre-filled from the case, the missing ones marked.
//!
//! Labels come in English and French; rendering is somebody else's.

use std::collections::BTreeMap;

use bulkhead_model::case::{
    ClockStatus, Exfiltration, Figures, Impact, Incident, Localized, RecoveryPlan, Trigger,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::RegimeId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::Library;
use crate::facts::Facts;
use crate::regime::{Regime, Stage};

mod asked;
mod outsiders;
mod public;
mod sentence;
mod source;

pub use source::{CONTACT_ROLES, FieldSource};

/// All that a filing may draw on.
#[derive(Clone, Copy, Debug)]
pub struct CaseView<'a> {
    /// Who files.
    pub estate: &'a Estate,
    /// What happened.
    pub incident: &'a Incident,
    /// Whom it hit.
    pub impact: &'a Impact,
    /// Every figure of the case.
    pub figures: &'a Figures,
    /// How services come back, once planned.
    pub recovery: Option<&'a RecoveryPlan>,
    /// What can be said about theft of data.
    pub exfiltration: Option<&'a Exfiltration>,
    /// What is known besides.
    pub facts: &'a Facts,
    /// Incidents that one containment answers together: its impact is then of all of them, and says so.
    pub incidents: u64,
    /// Tells in French what the record says in English: titles, reasons, words of closed lists.
    pub in_french: fn(&str) -> String,
}

/// One filing, pre-filled.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Filing {
    /// The regime.
    pub regime: RegimeId,
    /// The stage.
    pub stage: String,
    /// Name of regime and stage.
    pub title: Localized,
    /// How it bears.
    pub status: ClockStatus,
    /// To whom.
    pub recipient: Localized,
    /// How.
    pub channel: Option<String>,
    /// Work to this.
    pub due_earliest: Option<Timestamp>,
    /// The latest that can be argued.
    pub due_outer: Option<Timestamp>,
    /// When it was filed, if it was.
    pub submitted_at: Option<Timestamp>,
    /// Whether it speaks of simulated measures: nothing of it was done on the real network.
    pub simulated: bool,
    /// Criteria of the duty that are met by what is known.
    pub criteria_met: Vec<Localized>,
    /// Criteria of the duty that nobody has established: the duty stands by until they are decided.
    pub criteria_open: Vec<Localized>,
    /// The questions that decide it.
    pub questions: Vec<Localized>,
    /// Its fields in the form's order.
    pub fields: Vec<FilingField>,
    /// How many fields a person must still fill in.
    pub missing: usize,
}

/// One field of a filing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FilingField {
    /// Short name, or the number the form gives it.
    pub id: String,
    /// Label.
    pub label: Localized,
    /// What the case says; absent when a person must write it.
    pub value: Option<Localized>,
    /// Where the value comes from, such as `incident.summary`, `fact.malicious`.
    pub from: Option<String>,
    /// The question that would fill it, for a fact nobody has stated.
    pub question: Option<Localized>,
}

impl Library {
    /// The filings of every stage that binds or may bind and asks for fields, in the order of [`Library::clocks`].
    pub fn filings(&self, case: &CaseView<'_>) -> Vec<Filing> {
        let clocks = self.clocks(case.facts, &case.estate.legal_profile, &case.estate.estate);
        let assessed = self.assess(case.facts, &case.estate.legal_profile, &case.estate.estate);
        let missing: BTreeMap<_, _> = assessed.iter().map(|it| (&it.regime, &it.missing)).collect();
        let mut filings = Vec::new();
        for clock in clocks.iter().filter(|it| it.status != ClockStatus::Proposed) {
            let Some(regime) = self.regime(&clock.regime) else { continue };
            // Twins share id and anchor never: the clock's rule tells which of them it is.
            let stage = regime.stages.iter().find(|it| it.id == clock.stage && it.rule == clock.rule);
            let Some(stage) = stage.filter(|it| !it.fields.is_empty()) else { continue };
            let fields = fields(regime, stage, case, (&clock.clauses_met(), &clock.clauses_open()));
            // Once the duty is known to apply, nothing is left to decide about that.
            let undecided = missing.get(&regime.id).filter(|_| clock.trigger == Trigger::Unknown);
            filings.push(Filing {
                regime: regime.id.clone(),
                stage: stage.id.clone(),
                title: Localized::Each {
                    en: format!("{}: {}", regime.name.en(), stage.name.en()),
                    fr: Some(format!("{} : {}", regime.name.fr(), stage.name.fr())),
                },
                status: clock.status,
                recipient: clock.recipients(),
                channel: clock.channel.clone(),
                due_earliest: clock.due_earliest,
                due_outer: clock.due_outer,
                submitted_at: clock.submitted_at,
                simulated: case.figures.simulated,
                criteria_met: clock.clauses_met(),
                criteria_open: clock.clauses_open(),
                questions: undecided.into_iter().copied().flatten().map(|it| it.question()).collect(),
                missing: fields.iter().filter(|it| it.value.is_none()).count(),
                fields,
            });
        }
        filings
    }
}

fn fields(
    regime: &Regime,
    stage: &Stage,
    case: &CaseView<'_>,
    (met, open): (&[Localized], &[Localized]),
) -> Vec<FilingField> {
    let inside = if stage.is_for_outsiders() { outsiders::names(case) } else { Vec::new() };
    let filled = |spec: &crate::regime::FieldSpec| {
        let source = spec.from.as_deref().and_then(FieldSource::from_key);
        let value = source.and_then(|it| it.value(case, regime, stage, met));
        let is_internal = |it: &Localized| outsiders::named_in(it, &inside);
        if value.as_ref().is_some_and(is_internal) {
            let (value, from, question) = (None, None, Some(outsiders::question()));
            return FilingField { id: spec.id.clone(), label: spec.label.clone(), value, from, question };
        }
        let question = source.filter(|_| value.is_none()).and_then(|it| it.question(case, open));
        FilingField {
            id: spec.id.clone(),
            label: spec.label.clone(),
            from: spec.from.clone().filter(|_| value.is_some()),
            value,
            question,
        }
    };
    stage.fields.iter().map(filled).collect()
}
