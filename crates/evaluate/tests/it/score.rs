//! Scores and verdicts over hand-made truths.

use bulkhead_evaluate::{Act, Facts, Outcome, Truth, score, verdicts};
use bulkhead_model::case::{Impact, IncidentState, ServiceImpact, ServiceState};
use bulkhead_model::estate::{self, Customers, Estate};
use bulkhead_model::finding::{Finding, Level, RuleRef, SourceRef};
use bulkhead_model::id::{AssetId, ServiceId};
use bulkhead_model::trace::Trace;
use jiff::{SignedDuration, Timestamp};

const ESTATE: &str = r"
version: 1
estate: {id: e, name: E}
zones: [{id: z, cidrs: [10.0.0.0/24]}]
assets:
  - {id: a, hostname: a.e.example, addresses: [10.0.0.1], zone: z}
  - {id: b, hostname: b.e.example, addresses: [10.0.0.2], zone: z}
  - {id: jewel, hostname: jewel.e.example, addresses: [10.0.0.3], zone: z, crown_jewel: true}
";

fn estate() -> Estate {
    estate::read("e", ESTATE).0.expect("an estate")
}

fn at(minutes: i64) -> Timestamp {
    "2025-07-25T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minutes)
}

fn act(minute: i64, tactic: &str, host: &str, target: Option<&str>, outcome: Outcome) -> Act {
    Act {
        at: at(minute),
        step: "s".to_owned(),
        technique: "T1021".to_owned(),
        tactic: tactic.to_owned(),
        host: AssetId::new(host),
        identity: None,
        target: target.map(AssetId::new),
        port: None,
        outcome,
        text: String::new(),
    }
}

/// The attacker enters `a` at minute 0, moves to `b` at 10, and tries `jewel` at 40.
fn truth(last: Outcome) -> Truth {
    let acts = vec![
        act(0, "initial-access", "a", None, Outcome::Done),
        act(10, "lateral-movement", "a", Some("b"), Outcome::Done),
        act(40, "lateral-movement", "b", Some("jewel"), last),
    ];
    Truth { first_act: Some(at(0)), acts, ..Truth::default() }
}

fn finding(minute: i64, host: &str) -> Finding {
    Finding {
        time: Some(at(minute)),
        rule: RuleRef { id: "r".to_owned(), title: "r".to_owned(), level: Level::High, tags: Vec::new() },
        source: SourceRef { file: "f".to_owned(), record: 1 },
        host: Some(host.to_owned()),
        user: None,
        fields: std::collections::BTreeMap::default(),
        trace: Trace::default(),
    }
}

fn impact(service: &str, segment: &str, count: u64) -> ServiceImpact {
    ServiceImpact {
        service: ServiceId::new(service),
        state: ServiceState::Down,
        customers: vec![Customers { segment: segment.to_owned(), count }],
        value_per_hour: 1.0,
    }
}

#[test]
fn figures_count_from_what_they_say() {
    let findings = [
        finding(-30, "a.e.example"),
        finding(2, "elsewhere"),
        finding(5, "A.E.example"),
        finding(9, "10.0.0.2"),
    ];
    let impact = Impact {
        attacker: vec![impact("s1", "business", 10)],
        containment_predicted: vec![impact("s1", "business", 99)],
        containment_observed: vec![
            impact("s1", "business", 10),
            impact("s2", "business", 40),
            impact("s3", "consumer", 7),
        ],
    };
    let reached = [AssetId::new("b"), AssetId::new("a")];
    let facts = Facts {
        findings: &findings,
        incidents: 1,
        false_incidents: 2,
        declared_at: Some(at(6)),
        contained_at: Some(at(30)),
        ended: None,
        services_hit: true,
        main_services_restored_at: Some(at(126)),
        reached: &reached,
        impact: &impact,
    };
    let truth = truth(Outcome::Blocked("rule".to_owned()));
    let score = score(&truth, &estate(), &facts);
    assert_eq!(score.mttd_s, Some(360), "nobody was told of it before it was declared");
    assert_eq!(score.mttc_s, Some(24 * 60));
    assert_eq!(score.blast_radius, 2);
    assert_eq!((score.customers_hit.attacker, score.customers_hit.containment), (10, 47));
    assert_eq!(score.main_services_restored_s, Some(120 * 60));
    assert_eq!(score.false_incidents, 2);
}

#[test]
fn what_did_not_happen_has_no_figure() {
    let (truth, impact) = (Truth::default(), Impact::default());
    let facts = Facts {
        findings: &[],
        incidents: 0,
        false_incidents: 0,
        declared_at: None,
        contained_at: None,
        ended: None,
        services_hit: true,
        main_services_restored_at: None,
        reached: &[],
        impact: &impact,
    };
    let score = score(&truth, &estate(), &facts);
    assert_eq!((score.mttd_s, score.mttc_s, score.main_services_restored_s), (None, None, None));
    assert_eq!(score.blast_radius, 0);
}

/// Which objectives are met when the attacker's last move ends in `last` and `incidents` were declared.
fn check(last: Outcome, incidents: u64, reached: &[&str], expect: &[(&str, bool)]) {
    let text = "{version: 1, id: s, start: 2025-07-25T12:00:00Z, objectives: {mttd: 5m, mttc: 20m, \
                crown_jewels_reached: 0, moves_beyond_containment: 0, incidents: 1}}";
    let scenario = bulkhead_evaluate::read("s", text).0.expect("a scenario");
    let (estate, truth, impact) = (estate(), truth(last), Impact::default());
    let findings = [finding(5, "a")];
    let reached: Vec<_> = reached.iter().map(|it| AssetId::new(*it)).collect();
    let facts = Facts {
        findings: &findings,
        incidents,
        false_incidents: 0,
        declared_at: Some(at(5)),
        contained_at: Some(at(30)),
        ended: None,
        services_hit: true,
        main_services_restored_at: None,
        reached: &reached,
        impact: &impact,
    };
    let score = score(&truth, &estate, &facts);
    let verdicts = verdicts(&scenario, &truth, &estate, &facts, &score);
    let met: Vec<_> = verdicts.iter().map(|it| (it.objective, it.met)).collect();
    assert_eq!(met, expect);
}

#[test]
fn objectives_are_judged_one_by_one() {
    let blocked = Outcome::Blocked("rule".to_owned());
    let (late, kept, beyond) =
        (("mttc", false), ("crown_jewels_reached", true), ("moves_beyond_containment", true));
    check(blocked.clone(), 1, &[], &[("mttd", true), late, kept, beyond, ("incidents", true)]);
    check(blocked, 2, &[], &[("mttd", true), late, kept, beyond, ("incidents", false)]);
    let (lost, gone) = (("crown_jewels_reached", false), ("moves_beyond_containment", false));
    check(Outcome::Done, 1, &[], &[("mttd", true), late, lost, gone, ("incidents", true)]);
    check(Outcome::Done, 1, &["jewel"], &[("mttd", true), late, lost, beyond, ("incidents", true)]);
}

#[test]
fn whoever_came_back_is_to_be_contained_again() {
    let scenario = bulkhead_evaluate::read("s", "{version: 1, id: s, start: 2025-07-25T12:00:00Z}").0;
    let scenario = scenario.expect("a scenario");
    let (estate, truth, impact) = (estate(), truth(Outcome::Blocked("rule".to_owned())), Impact::default());
    let verdict = |truth: &Truth, ended| {
        let facts = Facts {
            findings: &[],
            incidents: 1,
            false_incidents: 0,
            declared_at: Some(at(6)),
            contained_at: Some(at(30)),
            ended: Some(ended),
            services_hit: false,
            main_services_restored_at: None,
            reached: &[],
            impact: &impact,
        };
        let score = score(truth, &estate, &facts);
        let all = verdicts(&scenario, truth, &estate, &facts, &score);
        all.iter().map(|it| (it.objective, it.met)).collect::<Vec<_>>()
    };
    assert_eq!(verdict(&truth, IncidentState::Declared), [("ends_contained", false)]);
    assert_eq!(verdict(&truth, IncidentState::Contained), [("ends_contained", true)]);
    assert_eq!(verdict(&truth, IncidentState::Closed), [("ends_contained", true)]);
    assert_eq!(verdict(&Truth::default(), IncidentState::Declared), []);
}
