//! What is read late, what an operator dismisses later, and what is usual beside an open incident.

use bulkhead_incident::{Dismissal, Fusion, Memory, Policy, fuse_knowing};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;

use crate::fixture::*;

/// Goes on from what `before` left, written and read in between, with these dismissals.
fn after(before: Option<&Fusion>, dismissed: &[(&str, &str)], all: &[Finding]) -> Fusion {
    let mut memory = before.map_or_else(Memory::default, |it| {
        let text = serde_json::to_string(&it.memory).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    for (rule, host) in dismissed {
        let (rule, host, reason) = ((*rule).to_owned(), (*host).to_owned(), "our own tool".to_owned());
        memory.normal.dismiss(Dismissal { rule, host, reason, at: at("9+00:00:00") });
    }
    assert!(memory.is_sound());
    fuse_knowing(memory, all, &Observations::default(), &estate(), &Policy::default(), 1)
}

fn on_ws5(time: &str, level: &str, rules: &[&str]) -> Vec<Finding> {
    let line = |it: &&str| format!("{time} ws5.corp.example - {level} {it} execution");
    findings(&rules.iter().map(line).collect::<Vec<_>>())
}

/// `news declared named` of each incident.
fn told(fusion: &Fusion) -> Vec<(bool, String, usize)> {
    let told = |it: &bulkhead_incident::IncidentDraft| {
        (it.is_news, it.declared_at.strftime("%d %H").to_string(), it.named().count())
    };
    let mut all: Vec<_> = fusion.incidents.iter().map(told).collect();
    all.sort();
    all
}

#[test]
fn what_was_before_an_open_incident_and_is_read_later_is_of_it_or_an_incident_of_its_own() {
    let later = after(None, &[], &on_ws5("9+18:00:00", "high", &["a", "b"]));
    for hours in [1, 2, 3, 6, 9, 12, 17] {
        let early = on_ws5(&format!("9+{:02}:00:00", 18 - hours), "critical", &["c", "d", "e"]);
        let both = after(Some(&later), &[], &early);
        assert_eq!(both.incidents.len(), 1, "{hours} h");
        let it = &both.incidents[0];
        assert!(it.is_news && it.first_finding_at <= early[0].time.unwrap(), "{hours} h: {it:#?}");
        assert!(it.named().any(|it| it.confidence >= 0.9), "{hours} h: {it:#?}");
    }
    for day in [5, 2, 0] {
        let early = on_ws5(&format!("{day}+18:00:00"), "critical", &["c", "d", "e"]);
        let both = told(&after(Some(&later), &[], &early));
        let day = format!("{:02} 18", day + 2);
        assert_eq!(both, [(false, "11 18".to_owned(), 1), (true, day, 1)]);
    }
}

#[test]
fn what_is_usual_beside_an_open_incident_is_no_news_of_it() {
    let guessed = |day: i64| {
        let line =
            |it: i64| format!("{day}+{:02}:05:00 ws5.corp.example - medium guess credential-access", it * 2);
        findings(&(0..12).map(line).collect::<Vec<_>>())
    };
    let days: Vec<Finding> = (0..9).flat_map(guessed).collect();
    let attack = on_ws5("9+02:00:00", "critical", &["a", "b"]);
    let first = after(None, &[], &[days, attack].concat());
    assert_eq!(told(&first), [(true, "11 02".to_owned(), 1)]);
    let second = after(Some(&first), &[], &guessed(9));
    assert_eq!(told(&second), [(false, "11 02".to_owned(), 1)]);
    let third = after(Some(&second), &[], &on_ws5("10+04:00:00", "high", &["c"]));
    assert_eq!(told(&third), [(true, "11 02".to_owned(), 1)]);
}

#[test]
fn an_incident_that_rests_on_what_is_dismissed_is_withdrawn_and_one_that_does_not_stays() {
    let first = after(None, &[], &on_ws5("1+02:00:00", "critical", &["tool", "other"]));
    assert_eq!(told(&first), [(true, "03 02".to_owned(), 1)]);
    let quiet = findings(&["1+05:00:00 ws6.corp.example - low x execution".to_owned()]);
    let rest = after(Some(&first), &[("tool", "ws-5")], &quiet);
    assert_eq!(told(&rest), [(false, "03 02".to_owned(), 1)]);
    assert!(rest.incidents[0].points < first.incidents[0].points && !rest.incidents[0].is_withdrawn);
    let none = after(Some(&rest), &[("other", "ws-5")], &quiet);
    assert!(none.incidents[0].is_withdrawn && none.incidents[0].ended_at.is_some());
    assert_eq!(after(Some(&none), &[], &quiet).incidents.len(), 0);
}

#[test]
fn a_finding_is_told_again_by_what_it_says_and_not_by_its_place() {
    let said = |content: u64, record: u64| {
        let mut it = on_ws5("1+02:00:00", "low", &["a"]).remove(0);
        (it.trace.content, it.source.record) = (content, record);
        it
    };
    let first = after(None, &[], &[said(7, 100), said(7, 101), said(8, 102)]);
    let again = |all: &[Finding]| after(Some(&first), &[], all).again.findings;
    assert_eq!(again(&[said(7, 1), said(7, 2), said(8, 3)]), 3);
    assert_eq!(again(&[said(8, 1)]), 1);
    assert_eq!(again(&[said(9, 100), said(9, 101)]), 0, "another event in the same place");
    assert_eq!(again(&[said(7, 1), said(7, 2), said(7, 3)]), 2, "one more than were told");
}
