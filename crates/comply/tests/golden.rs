//! The ten golden vectors of period computation, each through the embedded regimes.

use bulkhead_comply::{Fact, Facts, Library};
use bulkhead_model::case::Clock;
use bulkhead_model::estate::{EstateInfo, LegalProfile};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;

fn paris(text: &str) -> Timestamp {
    let civil: DateTime = text.parse().expect("a civil time");
    let zone = TimeZoneDatabase::bundled().get("Europe/Paris").expect("bundled");
    civil.to_zoned(zone).expect("in range").timestamp()
}

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

fn profile(entity: &[&str]) -> LegalProfile {
    LegalProfile {
        entity: entity.iter().map(|it| (*it).to_owned()).collect(),
        member_states: vec!["FR".into()],
        transposed: vec!["NIS2".into()],
        listed_in: vec!["EU".into(), "US".into()],
        insured: true,
        extra_holidays: Vec::new(),
    }
}

fn clock(facts: &Facts, legal: &LegalProfile, regime: &str, stage: &str) -> Clock {
    let clocks = Library::builtin().clocks(facts, legal, &estate());
    let found = clocks.into_iter().find(|it| it.regime.as_str() == regime && it.stage == stage);
    found.unwrap_or_else(|| panic!("no clock {regime} {stage}"))
}

#[track_caller]
fn check(facts: &Facts, entity: &[&str], regime: &str, stage: &str, earliest: &str, outer: &str) -> Clock {
    let clock = clock(facts, &profile(entity), regime, stage);
    assert_eq!(clock.due_earliest, Some(paris(earliest)), "earliest of {regime} {stage}");
    assert_eq!(clock.due_outer, Some(paris(outer)), "outer of {regime} {stage}");
    clock
}

const TELCO: &[&str] = &["telecom_operator", "nis2_essential", "oiv"];

#[test]
fn v1_24_hours_over_a_weekend_do_not_roll() {
    let facts = Facts::new(paris("2025-07-25T14:20"));
    check(&facts, TELCO, "NIS2", "early_warning", "2025-07-26T14:20", "2025-07-26T15:00");
    check(&facts, TELCO, "EPRIV-611", "initial", "2025-07-26T14:20", "2025-07-26T15:00");
}

#[test]
fn v2_72_hours() {
    let facts = Facts::new(paris("2025-07-25T14:20"));
    let (due, outer) = ("2025-07-28T14:20", "2025-07-28T15:00");
    let flagged = |it: &Clock| it.notes.iter().any(|it| it.contains("art. 3(5)"));
    assert!(!flagged(&check(&facts, TELCO, "NIS2", "notification", due, outer)));
    assert!(!flagged(&check(&facts, TELCO, "ASSUR", "complaint", due, outer)));
    assert!(flagged(&check(&facts, TELCO, "GDPR-33", "notification", due, outer)));
    // Aware on a Monday: Tuesday and Wednesday are whole working days, nothing to flag.
    let monday = Facts::new(paris("2025-07-21T14:20"));
    let clock = check(&monday, TELCO, "GDPR-33", "notification", "2025-07-24T14:20", "2025-07-24T15:00");
    assert!(!flagged(&clock));
}

#[test]
fn v3_final_report_a_month_after_submission() {
    let mut facts = Facts::new(paris("2025-07-25T14:20"));
    assert_eq!(clock(&facts, &profile(TELCO), "NIS2", "final").due_earliest, None);
    facts.submitted("NIS2", "notification", paris("2025-07-28T10:00"));
    check(&facts, TELCO, "NIS2", "final", "2025-08-28T10:00", "2025-08-29T00:00");
    // Still ongoing: the progress report takes its place, the final report waits for the end of handling.
    facts.set(Fact::Ongoing, true);
    check(&facts, TELCO, "NIS2", "progress", "2025-08-28T10:00", "2025-08-29T00:00");
    assert_eq!(clock(&facts, &profile(TELCO), "NIS2", "final").due_earliest, None);
    facts.handling_end = Some(paris("2025-09-10T09:00"));
    check(&facts, TELCO, "NIS2", "final", "2025-10-10T09:00", "2025-10-11T00:00");
}

#[test]
fn v4_a_month_from_the_31st_ends_on_the_last_day_and_rolls() {
    let mut facts = Facts::new(paris("2026-01-28T09:00"));
    facts.submitted("NIS2", "notification", paris("2026-01-31T09:00"));
    // Saturday 28 February; outer: to the end of Monday 2 March.
    check(&facts, TELCO, "NIS2", "final", "2026-02-28T09:00", "2026-03-03T00:00");
}

#[test]
fn v5_clocks_go_forward() {
    let facts = Facts::new(paris("2026-03-28T10:00"));
    check(&facts, TELCO, "NIS2", "early_warning", "2026-03-29T11:00", "2026-03-29T12:00");
    check(&facts, TELCO, "NIS2", "notification", "2026-03-31T11:00", "2026-03-31T12:00");
}

#[test]
fn v6_clocks_go_back() {
    let facts = Facts::new(paris("2026-10-24T10:00"));
    check(&facts, TELCO, "NIS2", "early_warning", "2026-10-25T09:00", "2026-10-25T10:00");
    check(&facts, TELCO, "NIS2", "notification", "2026-10-27T09:00", "2026-10-27T10:00");
}

#[test]
fn v7_dora_rolls_to_noon_but_not_for_banks() {
    let mut facts = Facts::new(paris("2026-05-22T18:00"));
    facts.classification = Some(paris("2026-05-22T20:00"));
    let midnight = "2026-05-23T00:00";
    check(&facts, &["financial_entity", "credit_institution"], "DORA", "initial", midnight, midnight);
    check(&facts, &["financial_entity", "nis2_important"], "DORA", "initial", midnight, midnight);
    check(&facts, &["financial_entity"], "DORA", "initial", midnight, "2026-05-26T12:00");
}

#[test]
fn v8_dora_classified_late() {
    let mut facts = Facts::new(paris("2026-06-09T08:00"));
    // Not classified yet: 24 hours from awareness run.
    check(&facts, &["financial_entity"], "DORA", "initial", "2026-06-10T08:00", "2026-06-10T08:00");
    facts.classification = Some(paris("2026-06-10T14:00"));
    check(&facts, &["financial_entity"], "DORA", "initial", "2026-06-10T18:00", "2026-06-10T18:00");
}

#[test]
fn v9_sec_counts_business_days() {
    let mut facts = Facts::new(paris("2026-11-23T08:00"));
    assert_eq!(clock(&facts, &profile(TELCO), "SEC-8K", "form_8k").due_earliest, None);
    facts.determination = Some(paris("2026-11-25T16:00"));
    // Thanksgiving and a weekend lie between; EDGAR closes at 17:30 in New York.
    check(&facts, TELCO, "SEC-8K", "form_8k", "2026-12-02T16:00", "2026-12-02T23:30");
}

#[test]
fn v10_three_days_of_611_2013() {
    let mut facts = Facts::new(paris("2026-11-26T10:00"));
    facts.submitted("EPRIV-611", "initial", paris("2026-11-26T16:00"));
    check(&facts, TELCO, "EPRIV-611", "second", "2026-11-29T16:00", "2026-12-01T00:00");
}
