//! What is read again counts once, whoever reads it, and another sensor of the same hours makes no host older.

use bulkhead_incident::{Fusion, Memory, Policy, fuse_knowing};
use bulkhead_model::entity::Observations;
use bulkhead_model::finding::Finding;

use crate::fixture::*;

/// Goes on from what `before` left, written and read in between.
fn after(before: Option<&Fusion>, all: &[Finding]) -> Fusion {
    let memory = before.map_or_else(Memory::default, |it| {
        let text = serde_json::to_string(&it.memory).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    assert!(memory.is_sound());
    fuse_knowing(memory, all, &Observations::default(), &estate(), &Policy::default(), 1)
}

/// A finding of `rule` on each of `hosts` every `minutes` minutes of a day.
fn sensor(rule: &str, hosts: &[&str], minutes: i64) -> Vec<Finding> {
    let line = |minute: i64, host: &str| {
        format!("{}+{:02}:{:02}:00 {host} - medium {rule} bulkhead.alert", 0, minute / 60, minute % 60)
    };
    let minutes = (0..24 * 60).step_by(usize::try_from(minutes).unwrap());
    findings(&minutes.flat_map(|it| hosts.iter().map(move |host| line(it, host))).collect::<Vec<_>>())
}

/// Eight kinds within eight minutes of a day, and a quiet week.
fn attack(day: i64) -> Vec<Finding> {
    let kind = |it: i64| format!("{day}+23:{it:02}:30 ws5.corp.example - medium kind{it} bulkhead.alert");
    let quiet = |it: i64| format!("{}+12:00:00 ws6.corp.example - medium routine bulkhead.alert", day + it);
    findings(&(0..8).map(kind).chain((1..8).map(quiet)).collect::<Vec<_>>())
}

#[test]
fn a_recording_read_again_teaches_nothing_and_declares_nothing() {
    let recording = [sensor("routine", &["ws5.corp.example", "ws6.corp.example"], 60), attack(1)].concat();
    let first = after(None, &recording);
    assert_eq!((first.incidents.len(), first.again.findings), (1, 0));
    let ended = first.incidents[0].ended_at.expect("over after three days");
    let mut last = first.clone();
    for _ in 0..3 {
        let next = after(Some(&last), &recording);
        assert_eq!((next.incidents.len(), next.again.findings), (0, recording.len() as u64));
        let over: Vec<_> = next.again.over.iter().map(|it| (&it.id, it.ended_at)).collect();
        assert_eq!(over, [(&first.incidents[0].id, ended)]);
        assert_eq!(next.memory.normal, last.memory.normal);
        last = next;
    }
}

#[test]
fn a_log_that_grows_is_read_from_its_start_every_day() {
    let day = |n: i64| -> Vec<Finding> {
        let hour = |it: i64| format!("{n}+{it:02}:07:00 ws5.corp.example - medium routine bulkhead.alert");
        findings(&(0..24).map(hour).collect::<Vec<_>>())
    };
    let days: Vec<Vec<Finding>> = (0..10).map(day).collect();
    let mut whole = None;
    let mut grown = None;
    for n in 0..days.len() {
        whole = Some(after(whole.as_ref(), &days[n]));
        grown = Some(after(grown.as_ref(), &days[..=n].concat()));
    }
    assert_eq!(whole.unwrap().memory.normal, grown.unwrap().memory.normal);
}

#[test]
fn an_incident_that_goes_on_is_not_answered_for_what_was_read() {
    let recording = [sensor("routine", &["ws5.corp.example"], 60), attack(1)[..8].to_vec()].concat();
    let first = after(None, &recording);
    assert!(first.incidents[0].ended_at.is_none());
    let next = after(Some(&first), &recording);
    assert_eq!((next.incidents.len(), next.incidents[0].findings.len()), (1, 0));
    assert_eq!(next.incidents[0].id, first.incidents[0].id);
}

#[test]
fn a_second_sensor_of_the_same_hours_is_learned_as_if_it_had_been_read_with_the_first() {
    let (one, other) = (sensor("a", &["ws5.corp.example"], 60), sensor("b", &["ws6.corp.example"], 30));
    let mut both = [one.clone(), other.clone()].concat();
    both.sort_by_key(|it| it.time);
    let at_once = after(None, &both).memory.normal;
    let in_turn = after(Some(&after(None, &one)), &other).memory.normal;
    assert!((at_once.hours() - in_turn.hours()).abs() < 0.4, "{} {}", at_once.hours(), in_turn.hours());
    let strange = |normal: bulkhead_incident::Normal, rule: &str, host: &str| {
        let line = format!("1+10:45:00 {host} - medium {rule} bulkhead.alert");
        let memory = Memory::from(normal);
        let found = fuse_knowing(
            memory,
            &findings(&[line]),
            &Observations::default(),
            &estate(),
            &Policy::default(),
            1,
        );
        found.strongest.points
    };
    for (rule, host) in [("a", "ws5.corp.example"), ("b", "ws6.corp.example"), ("c", "ws6.corp.example")] {
        let (left, right) = (strange(at_once.clone(), rule, host), strange(in_turn.clone(), rule, host));
        assert!((left - right).abs() < 0.1, "{rule} on {host}: {left} {right}");
    }
}
