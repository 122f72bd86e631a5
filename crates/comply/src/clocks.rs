//! From facts to deadlines: which regimes bear on the operator, which of them the incident triggers, until when.

use std::collections::BTreeSet;

use bulkhead_model::case::{Clock, ClockInFrench, ClockStatus, Localized, Trigger};
use bulkhead_model::estate::{EstateInfo, LegalProfile};
use bulkhead_model::id::RegimeId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Library;
use crate::calendar::{Calendar, Days};
use crate::facts::{Fact, Facts};
use crate::period::{Due, due};
use crate::predicate::{Profile, Truth, Verdict};
use crate::regime::{Anchor, Confidence, Limit, Regime, Stage, Status};

/// How a regime bears on one incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bearing {
    /// It binds and its clocks run.
    Binding,
    /// It may bind: its clocks are computed for preparation.
    Prepare,
    /// It is not law (yet): shown, never computed with.
    Proposed,
    /// What is known excludes it.
    NotTriggered,
    /// It was not law any more when the operator became aware.
    Lapsed,
}

/// How one regime bears, and why: the decision to record.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Assessment {
    /// The regime.
    pub regime: RegimeId,
    /// How it bears.
    pub bearing: Bearing,
    /// Why it bears so, in words.
    pub why: String,
    /// Clauses of the trigger that are met.
    pub fired: Vec<String>,
    /// Clauses that wait for a fact.
    pub open: Vec<String>,
    /// Facts that would settle it: the questions to ask.
    pub missing: BTreeSet<Fact>,
    /// Its clocks; none when not triggered or lapsed.
    pub clocks: Vec<Clock>,
}

/// One line of `regime list`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RegimeSummary {
    /// The regime.
    pub regime: RegimeId,
    /// Its name.
    pub name: Localized,
    /// Where it stands as law.
    pub status: Status,
    /// `EU`, `FR`, `US`, `UK`.
    pub jurisdiction: String,
    /// How it bears on this operator.
    pub bearing: Bearing,
    /// Why.
    pub why: String,
    /// First and last day it applies.
    pub valid_from: Option<Date>,
    /// Last day it applied.
    pub valid_to: Option<Date>,
    /// Its stages with their limits, such as `early_warning: 24 h from awareness`.
    pub stages: Vec<String>,
    /// The weakest of its sources.
    pub confidence: Option<Confidence>,
    /// When its sources were last checked.
    pub verified_on: Option<Date>,
    /// The file it comes from.
    pub origin: String,
}

impl Library {
    /// Every clock of every regime that is not excluded, in the operator's time zone: binding ones first, then by
    /// deadline. Nothing but the arguments decides.
    pub fn clocks(&self, facts: &Facts, legal: &LegalProfile, estate: &EstateInfo) -> Vec<Clock> {
        let mut clocks: Vec<Clock> =
            self.assess(facts, legal, estate).into_iter().flat_map(|it| it.clocks).collect();
        // At-once duties stand where their anchor does, those known to be triggered first; what is not started yet
        // comes last. Stable: file order.
        clocks.sort_by_key(|it| {
            let instant = it.due_earliest.or(it.anchor_at);
            (it.status, instant.is_none(), instant, it.trigger)
        });
        clocks
    }

    /// How each regime bears on the incident, with its clocks, in file order.
    pub fn assess(&self, facts: &Facts, legal: &LegalProfile, estate: &EstateInfo) -> Vec<Assessment> {
        let context = Context::new(self, legal, estate);
        self.regimes().iter().map(|regime| context.assess(regime, facts)).collect()
    }

    /// The regimes as they bear on the operator on a day, apart from any incident.
    pub fn list(&self, legal: &LegalProfile, estate: &EstateInfo, on: Date) -> Vec<RegimeSummary> {
        let context = Context::new(self, legal, estate);
        let line = |regime: &Regime| {
            let (bearing, why) = context.bearing(regime, on);
            RegimeSummary {
                regime: regime.id.clone(),
                name: regime.name.clone(),
                status: regime.status,
                jurisdiction: regime.jurisdiction.clone(),
                bearing,
                why,
                valid_from: regime.valid_from,
                valid_to: regime.valid_to,
                stages: regime.stages.iter().map(Stage::summary).collect(),
                confidence: regime.sources.iter().map(|it| it.confidence).max(),
                verified_on: regime.sources.iter().map(|it| it.verified_on).max(),
                origin: regime.origin.clone(),
            }
        };
        self.regimes().iter().map(line).collect()
    }
}

impl Stage {
    /// One line: name, limit, anchor.
    pub fn summary(&self) -> String {
        let limit = self.limit.as_ref().map_or_else(|| "without undue delay".to_owned(), Limit::summary);
        format!("{}: {limit} from {}", self.id, self.anchor.name())
    }
}

impl Limit {
    /// Amount and unit, such as `72 h`.
    pub fn summary(&self) -> String {
        use crate::regime::Unit;
        let unit = match (self.unit, self.amount) {
            (Unit::Hour, _) => "h",
            (Unit::Day, 1) => "day",
            (Unit::Day, _) => "days",
            (Unit::Month, 1) => "month",
            (Unit::Month, _) => "months",
            (Unit::BusinessDay, 1) => "business day",
            (Unit::BusinessDay, _) => "business days",
        };
        format!("{} {unit}", self.amount)
    }
}

struct Context<'a> {
    library: &'a Library,
    profile: Profile<'a>,
    zone: TimeZone,
    zone_note: Option<String>,
    no_holidays: Calendar,
}

impl<'a> Context<'a> {
    fn new(library: &'a Library, legal: &'a LegalProfile, estate: &'a EstateInfo) -> Self {
        // The bundled database: the machine's own must not decide deadlines.
        let zone = TimeZoneDatabase::bundled().get(&estate.timezone);
        let zone_note = zone.is_err().then(|| {
            format!("`{}` is not a known time zone: deadlines are computed in UTC", estate.timezone)
        });
        let zone = zone.unwrap_or(TimeZone::UTC);
        let profile = Profile { legal, estate };
        Self { library, profile, zone, zone_note, no_holidays: Calendar::default() }
    }

    fn bearing(&self, regime: &Regime, on: Date) -> (Bearing, String) {
        let transposed = |name: &String| self.profile.legal.transposed.contains(name);
        if let Some(last) = regime.valid_to.filter(|it| *it < on) {
            return (Bearing::Lapsed, format!("Not law since {last}."));
        }
        if let Some(directive) = regime.ends_with.as_ref().filter(|it| transposed(it)) {
            return (
                Bearing::Lapsed,
                format!("Replaced by the transposition of {directive} (legal profile)."),
            );
        }
        if regime.status == Status::Repealed && regime.valid_to.is_none() {
            return (Bearing::Lapsed, "Repealed.".to_owned());
        }
        if regime.status == Status::Proposed {
            return (Bearing::Proposed, "A proposal, not law: nothing is computed from it.".to_owned());
        }
        if let Some(first) = regime.valid_from.filter(|it| *it > on) {
            return (Bearing::Proposed, format!("Applies only from {first}."));
        }
        if regime.entity.judge(self.profile, None).truth != Truth::True {
            let why = "The legal profile does not make it binding: add the kind of entity if counsel holds it to be.";
            return (Bearing::Prepare, why.to_owned());
        }
        if let Some(directive) = regime.transposition.as_ref().filter(|it| !transposed(it)) {
            let why = format!(
                "National transposition of {directive} is pending: add it to `legal_profile.transposed` once counsel \
                 holds it to be in force."
            );
            return (Bearing::Prepare, why);
        }
        if regime.status == Status::Verify {
            return (
                Bearing::Prepare,
                "Its state as law could not be confirmed: counsel must check.".to_owned(),
            );
        }
        (Bearing::Binding, "The legal profile makes it binding.".to_owned())
    }

    fn assess(&self, regime: &Regime, facts: &Facts) -> Assessment {
        let on = facts.awareness.to_zoned(self.zone.clone()).date();
        let (mut bearing, mut why) = self.bearing(regime, on);
        let verdict = regime.trigger.judge(self.profile, Some(facts));
        if verdict.truth == Truth::False && bearing != Bearing::Lapsed {
            bearing = Bearing::NotTriggered;
            why = "What is known excludes it; it is judged anew when facts change.".to_owned();
        }
        let clocks = match bearing {
            Bearing::NotTriggered | Bearing::Lapsed => Vec::new(),
            Bearing::Binding => self.stages(regime, facts, &verdict, ClockStatus::Binding, &why),
            Bearing::Prepare => self.stages(regime, facts, &verdict, ClockStatus::Prepare, &why),
            Bearing::Proposed => self.stages(regime, facts, &verdict, ClockStatus::Proposed, &why),
        };
        let regime = regime.id.clone();
        let Verdict { fired, open, missing, .. } = verdict;
        Assessment { regime, bearing, why, fired, open, missing, clocks }
    }

    fn stages(
        &self,
        regime: &Regime,
        facts: &Facts,
        verdict: &Verdict,
        status: ClockStatus,
        why: &str,
    ) -> Vec<Clock> {
        let shown = |stage: &&Stage| {
            let truth = |it: &crate::predicate::Predicate| it.judge(self.profile, Some(facts)).truth;
            stage.when.as_ref().is_none_or(|it| truth(it) == Truth::True)
                && stage.unless.as_ref().is_none_or(|it| truth(it) != Truth::True)
        };
        let stages = regime.stages.iter().filter(shown);
        stages.map(|stage| self.clock(regime, stage, facts, verdict, status, why)).collect()
    }

    fn clock(
        &self,
        regime: &Regime,
        stage: &Stage,
        facts: &Facts,
        verdict: &Verdict,
        status: ClockStatus,
        why: &str,
    ) -> Clock {
        let mut notes = Vec::new();
        if status != ClockStatus::Binding {
            notes.push(why.to_owned());
        }
        if verdict.truth == Truth::Unknown && status != ClockStatus::Proposed {
            let missing: Vec<&str> = verdict.missing.iter().map(|it| it.key()).collect();
            notes.push(format!("Runs while unknown: {}", missing.join(", ")));
        }
        notes.extend(regime.notes.iter().cloned());
        let anchor_at = anchor_at(&stage.anchor, &regime.id, facts, &mut notes);
        let due = match status {
            ClockStatus::Proposed => None,
            _ => self.due(regime, stage, anchor_at, facts, &mut notes),
        };
        if due.is_some() {
            notes.extend(self.zone_note.clone());
        }
        let met = verdict.truth == Truth::True;
        let recipient = stage.recipient(&self.profile.estate.country).to_owned();
        // Once the trigger is met, what is still open decides nothing.
        let open_clauses = if met { Vec::new() } else { verdict.open.clone() };
        let all = |texts: &[String]| texts.iter().map(|it| regime.in_french(it)).collect();
        let fr = ClockInFrench {
            rule: regime.in_french(&stage.rule),
            recipient: regime.in_french(&recipient),
            clauses: all(&verdict.fired),
            open_clauses: all(&open_clauses),
            notes: all(&notes),
        };
        Clock {
            regime: regime.id.clone(),
            stage: stage.id.clone(),
            status,
            anchor: stage.anchor.name(),
            anchor_at,
            due_earliest: due.as_ref().map(|it| it.earliest),
            due_outer: due.as_ref().map(|it| it.outer),
            rule: stage.rule.clone(),
            recipient,
            sources: regime.sources.iter().map(ToString::to_string).collect(),
            name: regime.name.clone(),
            trigger: if met { Trigger::Met } else { Trigger::Unknown },
            clauses: verdict.fired.clone(),
            open_clauses,
            outer_rule: due.and_then(|it| it.outer_rule),
            channel: stage.channel.clone(),
            submitted_at: facts.submission(&regime.id, &stage.id),
            notes,
            fr: (!regime.french.is_empty()).then(|| Box::new(fr)),
        }
    }

    fn due(
        &self,
        regime: &Regime,
        stage: &Stage,
        anchor_at: Option<Timestamp>,
        facts: &Facts,
        notes: &mut Vec<String>,
    ) -> Option<Due> {
        let main = match (&stage.limit, anchor_at) {
            (Some(limit), Some(at)) => self.period(at, limit, notes),
            _ => None,
        };
        let cap = stage.cap.as_ref().and_then(|(anchor, limit)| {
            let at = crate::clocks::anchor_at(anchor, &regime.id, facts, notes)?;
            self.period(at, limit, notes)
        });
        let mut due = match (main, cap) {
            // The anchor came after the cap: only the first limit is left.
            (Some(main), Some(cap)) if anchor_at.is_some_and(|it| it > cap.earliest) => main,
            (Some(main), Some(cap)) => sooner(main, cap),
            (Some(main), None) => main,
            (None, Some(cap)) => {
                notes.push(format!(
                    "`{}` is open: the limit from the cap's own anchor runs",
                    stage.anchor.name()
                ));
                cap
            }
            (None, None) => return None,
        };
        notes.append(&mut due.flags);
        Some(due)
    }

    fn period(&self, at: Timestamp, limit: &Limit, notes: &mut Vec<String>) -> Option<Due> {
        let zone = limit.zone.as_ref().and_then(|it| TimeZoneDatabase::bundled().get(it).ok());
        let zone = zone.unwrap_or_else(|| self.zone.clone());
        let wanted = limit.calendar.as_ref().unwrap_or(&self.profile.estate.country);
        let calendar = self.library.calendar(wanted).unwrap_or_else(|| {
            let note = format!("No holiday calendar `{wanted}`: only weekends count as days off");
            if !notes.contains(&note) {
                notes.push(note);
            }
            &self.no_holidays
        });
        let days = Days { calendar, extra: &self.profile.legal.extra_holidays };
        let excluded = limit.rollover_not_for.as_ref();
        let may_roll = excluded.is_none_or(|it| it.judge(self.profile, None).truth == Truth::False);
        due(at, limit, &zone, &days, may_roll)
    }
}

fn sooner(a: Due, b: Due) -> Due {
    let outer_rule = if a.outer <= b.outer { a.outer_rule } else { b.outer_rule };
    let earliest = a.earliest.min(b.earliest);
    let flags = if a.earliest <= b.earliest { a.flags } else { b.flags };
    Due { earliest, outer: a.outer.min(b.outer), outer_rule, flags }
}

/// When `anchor` happened. Where the incident's own instant is unknown, the earliest known one stands in, so that the
/// clock runs.
fn anchor_at(
    anchor: &Anchor,
    regime: &RegimeId,
    facts: &Facts,
    notes: &mut Vec<String>,
) -> Option<Timestamp> {
    match anchor {
        Anchor::Awareness => Some(facts.awareness),
        Anchor::Detection => Some(facts.detection.unwrap_or(facts.awareness)),
        Anchor::Incident => facts.incident.or_else(|| {
            notes.push("When the incident began is unknown: its detection stands in".to_owned());
            Some(facts.detection.map_or(facts.awareness, |it| it.min(facts.awareness)))
        }),
        Anchor::Classification => facts.classification,
        Anchor::Determination => facts.determination,
        Anchor::MeasureAvailable => facts.measure_available,
        Anchor::HandlingEnd => facts.handling_end,
        Anchor::Submission(stage) => facts.submission(regime, stage),
        Anchor::LastSubmission(stage) => facts.last_submission(regime, stage),
    }
}
