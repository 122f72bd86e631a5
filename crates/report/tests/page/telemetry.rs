//! What the page says of the telemetry a verdict rests on: what was muted, what is known of the hosts, which times were set right.

use bulkhead_model::case::{BaselineUsed, Basis, ClockOffset, GoesBy, Muted, MutedRule};
use bulkhead_report::{CaseView, Lang, html};

use super::{Case, seen};

#[test]
fn what_was_muted_and_when_it_was_over_stand_on_the_page() {
    let mut case = Case::read();
    let page = html(&case.view());
    assert!(!page.contains("counted for nothing") && !page.contains("By its telemetry"));
    let at = |text: &str| text.parse().expect("a time");
    case.incident.telemetry.muted = vec![Muted {
        by: "maintenance patch-day".to_owned(),
        why: "monthly updates".to_owned(),
        findings: 14,
        rules: vec![MutedRule { id: "r-1".to_owned(), title: "New service".to_owned(), findings: 12 }],
        n_rules: 3,
        hosts: vec!["pc-1".to_owned(), "web-1".to_owned()],
        n_hosts: 5,
        first: at("2025-07-25T08:00:00Z"),
        last: at("2025-07-25T09:30:00Z"),
    }];
    case.incident.ended_at = Some(at("2025-07-29T10:00:00Z"));
    let [en, fr] = Lang::ALL.map(|lang| seen(&html(&CaseView { lang, ..case.view() }), lang.other()));
    for text in [
        "maintenance patch-day (monthly updates): 14 findings on pc-1, web-1 and 3 more, ",
        "Rules: New service (r-1) 12 times, and 2 more",
        "By its telemetry the incident was over on Tue 2025-07-29 12:00 CEST",
    ] {
        assert!(en.contains(text), "{text}");
    }
    for text in [
        "maintenance patch-day (monthly updates) : 14 constats sur pc-1, web-1 et 3 autres, du ",
        "Règles : New service (r-1) 12 fois, et 2 autres",
        "D'après sa télémétrie, l'incident était terminé le 29/07/2025",
    ] {
        assert!(fr.replace('\u{202f}', " ").contains(text), "{text}: {fr}");
    }
}

#[test]
fn what_the_judgement_rests_on_stands_on_the_page() {
    let mut case = Case::read();
    case.incident.telemetry.basis = None;
    // A record of an earlier version does not say it.
    assert!(!html(&case.view()).contains("What the judgement rests on"));
    let mut check = |goes_by, baseline: Option<(&str, u64)>, in_english: &str, in_french: &str| {
        let baseline = baseline.map(|(file, hosts)| BaselineUsed {
            file: file.to_owned(),
            hosts,
            watched_s: hosts * 86_400,
        });
        case.incident.telemetry.basis = Some(Basis { goes_by, hosts: 3, watched_s: 7200, baseline });
        let [en, fr] = Lang::ALL.map(|lang| seen(&html(&CaseView { lang, ..case.view() }), lang.other()));
        assert!(en.contains(in_english), "{in_english}: {en}");
        assert!(fr.replace(['\u{202f}', '\u{a0}'], " ").contains(in_french), "{in_french}: {fr}");
    };
    check(
        GoesBy::Prior,
        None,
        "watched for 2 h 00 min on average (less what is forgotten), which is less than a day. No baseline",
        "soit moins d'un jour. Aucun fichier de référence",
    );
    check(
        GoesBy::Learned,
        Some(("usual.json", 2)),
        "The baseline usual.json of earlier runs had watched for 2 d",
        "Le fichier de référence usual.json, tenu par des exécutions antérieures, reposait sur 2 j",
    );
    check(
        GoesBy::Prior,
        Some(("usual.json", 0)),
        "The baseline usual.json was new",
        "Le fichier de référence usual.json était neuf",
    );
}

#[test]
fn which_times_were_set_right_and_which_are_none_stand_on_the_page() {
    let mut case = Case::read();
    let page = html(&case.view());
    assert!(!page.contains("Times set right") && !page.contains("no time of a calendar"));
    let offset = |host: &str, seconds, events| ClockOffset { host: host.to_owned(), seconds, events };
    case.incident.telemetry.clock_offsets = vec![offset("ws5", 25_200, 1_200), offset("ws6", -600, 1)];
    case.incident.telemetry.untimed = 3;
    let [en, fr] = Lang::ALL.map(|lang| seen(&html(&CaseView { lang, ..case.view() }), lang.other()));
    for text in [
        "the logs of ws5 were 7 h 00 min slow; 1\u{202f}200 events placed by that",
        "the logs of ws6 were 10 min fast; 1 event placed by that",
        "3 events say no time of a calendar",
    ] {
        assert!(en.contains(text), "{text}: {en}");
    }
    for text in
        ["les journaux de ws5 retardaient de 7 h 00 min", "3 événements ne disent aucune heure du calendrier"]
    {
        assert!(fr.replace('\u{202f}', " ").contains(text), "{text}: {fr}");
    }
}
