//! The reference case: Orange, 25-30 July 2025, read through the regimes.

use bulkhead_comply::clocks::Bearing;
use bulkhead_comply::{Fact, Facts, Library};
use bulkhead_model::case::{Clock, ClockStatus, Trigger};
use bulkhead_model::estate::{EstateInfo, LegalProfile};
use jiff::Timestamp;

fn estate() -> EstateInfo {
    EstateInfo {
        id: "telco".into(),
        name: "Example Telecom".into(),
        country: "FR".into(),
        currency: "EUR".into(),
        timezone: "Europe/Paris".into(),
        drafted: false,
    }
}

fn profile(transposed: &[&str]) -> LegalProfile {
    LegalProfile {
        entity: ["telecom_operator", "nis2_essential", "oiv"].map(str::to_owned).to_vec(),
        member_states: vec!["FR".into()],
        transposed: transposed.iter().map(|it| (*it).to_owned()).collect(),
        listed_in: vec!["EU".into()],
        insured: true,
        extra_holidays: Vec::new(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn facts() -> Facts {
    let mut facts = Facts::new(at("2025-07-25T14:20:00+02:00"));
    facts.set(Fact::Cyber, true).set(Fact::Malicious, true).set(Fact::ComputerOffence, true);
    facts
}

fn find<'a>(clocks: &'a [Clock], regime: &str, stage: &str) -> &'a Clock {
    let found = clocks.iter().find(|it| it.regime.as_str() == regime && it.stage == stage);
    found.unwrap_or_else(|| panic!("no clock {regime} {stage}"))
}

fn bearing(facts: &Facts, regime: &str) -> Bearing {
    let assessed = Library::builtin().assess(facts, &profile(&[]), &estate());
    assessed.iter().find(|it| it.regime.as_str() == regime).expect("regime").bearing
}

#[test]
fn all_clocks_run_from_one_awareness_instant() {
    let facts = facts();
    let clocks = Library::builtin().clocks(&facts, &profile(&[]), &estate());
    for (regime, stage) in [("CPCE", "interior"), ("CPCE", "anssi"), ("OIV", "declaration")] {
        let clock = find(&clocks, regime, stage);
        assert_eq!(clock.status, ClockStatus::Binding, "{regime}");
        // At once: no deadline, but the instant from which every hour must be explained.
        assert_eq!((clock.due_earliest, clock.anchor_at), (None, Some(facts.awareness)), "{regime}");
    }
    let complaint = find(&clocks, "ASSUR", "complaint");
    assert_eq!(complaint.status, ClockStatus::Binding);
    assert_eq!(complaint.trigger, Trigger::Met);
    assert_eq!(complaint.due_earliest, Some(at("2025-07-28T14:20:00+02:00")), "announced that Monday");
    let mar = find(&clocks, "MAR-17", "disclosure");
    assert_eq!((mar.status, mar.trigger), (ClockStatus::Binding, Trigger::Unknown));
    assert!(find(&clocks, "CPCE", "interior").recipients().fr().contains("intérieur"));
    assert!(!clocks.iter().any(|it| it.recipient.contains("ARCEP")));
}

#[test]
fn nis2_is_to_prepare_until_transposed() {
    let before = Library::builtin().clocks(&facts(), &profile(&[]), &estate());
    assert_eq!(find(&before, "NIS2", "early_warning").status, ClockStatus::Prepare);
    assert!(find(&before, "NIS2", "early_warning").due_earliest.is_some());
    let after = Library::builtin().clocks(&facts(), &profile(&["NIS2"]), &estate());
    let clock = find(&after, "NIS2", "early_warning");
    assert_eq!(clock.status, ClockStatus::Binding);
    assert_eq!(clock.due_earliest, Some(at("2025-07-26T14:20:00+02:00")));
}

#[test]
fn unknown_facts_keep_the_personal_data_clocks_running() {
    let mut facts = facts();
    let clocks = Library::builtin().clocks(&facts, &profile(&[]), &estate());
    for (regime, stage, due) in [
        ("EPRIV-611", "initial", "2025-07-26T14:20:00+02:00"),
        ("GDPR-33", "notification", "2025-07-28T14:20:00+02:00"),
    ] {
        let clock = find(&clocks, regime, stage);
        assert_eq!((clock.status, clock.trigger), (ClockStatus::Binding, Trigger::Unknown));
        assert_eq!(clock.due_earliest, Some(at(due)));
        assert!(clock.notes.iter().any(|it| it.contains("personal_data_breach")), "{:?}", clock.notes);
    }
    // "No personal data breach evidenced" is a decision: stated, it stops the clocks; stated anew, they run again.
    facts.set(Fact::PersonalDataBreach, false);
    assert_eq!(bearing(&facts, "GDPR-33"), Bearing::NotTriggered);
    assert_eq!(bearing(&facts, "EPRIV-611"), Bearing::NotTriggered);
    facts.set(Fact::PersonalDataBreach, true);
    assert_eq!(bearing(&facts, "GDPR-33"), Bearing::Binding);
    // A risk that is unlikely ends the GDPR's duty, not ePrivacy's, which knows no threshold.
    facts.set(Fact::RiskUnlikely, true);
    assert_eq!(bearing(&facts, "GDPR-33"), Bearing::NotTriggered);
    assert_eq!(bearing(&facts, "EPRIV-611"), Bearing::Binding);
}

#[test]
fn what_is_not_law_or_not_ours_never_binds() {
    let clocks = Library::builtin().clocks(&facts(), &profile(&["NIS2"]), &estate());
    let binding: Vec<&str> =
        clocks.iter().filter(|it| it.status == ClockStatus::Binding).map(|it| it.regime.as_str()).collect();
    for regime in ["DORA", "SEC-8K", "FCC", "UK-TEL", "CRA-VULN", "EIDAS-Q", "CIRCIA", "OMNIBUS"] {
        assert!(!binding.contains(&regime), "{regime}");
    }
    for clock in clocks.iter().filter(|it| it.status == ClockStatus::Proposed) {
        assert_eq!(
            (clock.due_earliest, clock.due_outer),
            (None, None),
            "{} is never computed with",
            clock.regime
        );
    }
    // The Cyber Resilience Act's duties began on 11 September 2026.
    assert_eq!(find(&clocks, "CRA-VULN", "early_warning").status, ClockStatus::Proposed);
    // NIS 1 ends where NIS 2 is transposed; the communications code's article 40 ended in 2024.
    assert!(!clocks.iter().any(|it| it.regime.as_str() == "NIS1-FR-OSE" || it.regime.as_str() == "EECC-40"));
    // CER concerns what is not cyber.
    assert_eq!(bearing(&facts(), "CER"), Bearing::NotTriggered);
}

#[test]
fn every_clock_names_rule_recipient_and_dated_sources() {
    for clock in Library::builtin().clocks(&facts(), &profile(&[]), &estate()) {
        assert!(!clock.rule.is_empty() && !clock.recipient.is_empty(), "{} {}", clock.regime, clock.stage);
        assert!(!clock.sources.is_empty() && clock.sources.iter().all(|it| it.contains("2026-11-22")));
    }
}

#[test]
fn the_list_says_why_a_regime_bears_as_it_does() {
    let day = jiff::civil::date(2026, 11, 22);
    let list = Library::builtin().list(&profile(&[]), &estate(), day);
    let line = |id: &str| list.iter().find(|it| it.regime.as_str() == id).expect("regime");
    assert_eq!(line("GDPR-33").bearing, Bearing::Binding);
    assert_eq!(line("NIS2").bearing, Bearing::Prepare);
    assert!(line("NIS2").why.contains("legal_profile.transposed"));
    assert_eq!(line("SEC-8K").bearing, Bearing::Prepare);
    assert_eq!(line("EECC-40").bearing, Bearing::Lapsed);
    assert_eq!(line("NIS2").stages[0], "early_warning: 24 h from awareness");
}

#[test]
fn an_amended_awareness_instant_moves_every_deadline_and_the_moves_are_listed() {
    let library = Library::builtin();
    let before = library.clocks(&facts(), &profile(&[]), &estate());
    assert_eq!(bulkhead_comply::diff(&before, &before), []);
    let mut amended = facts();
    amended.awareness = at("2025-07-25T10:00:00+02:00");
    amended.set(Fact::PersonalDataBreach, false);
    let changes = bulkhead_comply::diff(&before, &library.clocks(&amended, &profile(&[]), &estate()));
    let change = |regime: &str| changes.iter().find(|it| it.regime.as_str() == regime).expect("a change");
    let complaint = change("ASSUR");
    let due = |it: Option<bulkhead_comply::Standing>| it.and_then(|it| it.due_earliest);
    assert_eq!(due(complaint.before), Some(at("2025-07-28T14:20:00+02:00")));
    assert_eq!(due(complaint.after), Some(at("2025-07-28T10:00:00+02:00")));
    assert!(change("GDPR-33").after.is_none(), "stopped by the decision that there is no breach");
}
