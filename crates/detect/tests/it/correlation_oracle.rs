//! Correlations against an evaluator that looks at the whole history anew for every event, and saved and restored at any
//! point.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bulkhead_detect::{CorrelationOptions, Detector, RuleSet};
use bulkhead_model::finding::Finding;
use proptest::prelude::*;

use crate::correlation::{feed, load, show};

/// An event: milliseconds, action, user, number.
type Made = (i64, usize, usize, i64);

const ACTIONS: [&str; 3] = ["fail", "ok", "send"];
const SPAN_MS: i64 = 10_000;

/// One kind of correlation and what the evaluator makes of the findings in the window, oldest first; the last is the
/// event at hand.
struct Case {
    name: &'static str,
    body: &'static str,
    rules: &'static [usize],
    found: fn(&[Made]) -> Option<f64>,
    /// What was reported is used up.
    used_up: bool,
}

fn numbers(window: &[Made]) -> Vec<f64> {
    window.iter().map(|it| it.3 as f64).collect()
}

/// The most rules seen in their order, the last of them now.
fn longest(window: &[Made]) -> usize {
    fn from(window: &[Made], last: usize) -> usize {
        let before = (0..window.len()).filter(|it| window[*it].1 < last);
        1 + before.map(|it| from(&window[..it], window[it].1)).max().unwrap_or(0)
    }
    let (last, before) = window.split_last().unwrap();
    from(before, last.1)
}

const CASES: &[Case] = &[
    Case {
        name: "event_count",
        body: "  type: event_count\n  rules: [fail, ok]\n  condition: {gte: 3, lt: 6}\n",
        rules: &[0, 1],
        found: |it| Some(it.len() as f64).filter(|it| (3.0..6.0).contains(it)),
        used_up: false,
    },
    Case {
        name: "value_count",
        body: "  type: value_count\n  rules: [fail, ok]\n  condition: {field: n, gte: 3}\n",
        rules: &[0, 1],
        found: |it| {
            let n = it.iter().map(|it| it.3).collect::<BTreeSet<_>>().len();
            Some(n as f64).filter(|it| *it >= 3.0)
        },
        used_up: false,
    },
    Case {
        name: "value_sum",
        body: "  type: value_sum\n  rules: [send]\n  condition: {field: n, gt: 10}\n",
        rules: &[2],
        found: |it| Some(numbers(it).iter().sum()).filter(|it| *it > 10.0),
        used_up: false,
    },
    Case {
        name: "value_avg",
        body: "  type: value_avg\n  rules: [send]\n  condition: {field: n, gt: 4}\n",
        rules: &[2],
        found: |it| Some(numbers(it).iter().sum::<f64>() / it.len() as f64).filter(|it| *it > 4.0),
        used_up: false,
    },
    Case {
        name: "value_percentile",
        body: "  type: value_percentile\n  rules: [send]\n  condition: {field: n, percentile: 100, lte: 4}\n",
        rules: &[2],
        found: |it| Some(numbers(it).into_iter().fold(0.0, f64::max)).filter(|it| *it <= 4.0),
        used_up: false,
    },
    Case {
        name: "temporal",
        body: "  type: temporal\n  rules: [fail, ok, send]\n",
        rules: &[0, 1, 2],
        found: |it| {
            Some(it.iter().map(|it| it.1).collect::<BTreeSet<_>>().len() as f64).filter(|it| *it >= 3.0)
        },
        used_up: false,
    },
    Case {
        name: "temporal with a count",
        body: "  type: temporal\n  rules: [fail, ok, send]\n  condition: {eq: 2}\n",
        rules: &[0, 1, 2],
        found: |it| {
            let n = it.iter().map(|it| it.1).collect::<BTreeSet<_>>().len();
            Some(n as f64).filter(|_| n == 2)
        },
        used_up: false,
    },
    Case {
        name: "temporal_ordered",
        body: "  type: temporal_ordered\n  rules: [fail, ok, send]\n",
        rules: &[0, 1, 2],
        found: |it| Some(longest(it) as f64).filter(|it| *it >= 3.0),
        used_up: true,
    },
    Case {
        name: "temporal_ordered with a count",
        body: "  type: temporal_ordered\n  rules: [fail, ok, send]\n  condition: {gte: 2}\n",
        rules: &[0, 1, 2],
        found: |it| Some(longest(it) as f64).filter(|it| *it >= 2.0),
        used_up: true,
    },
];

impl Case {
    fn rules_text(&self) -> String {
        let base: String = ACTIONS
            .iter()
            .map(|it| {
                format!(
                    "title: {it}\nid: {it}\nlogsource: {{category: application}}\n\
                     detection: {{sel: {{action: {it}}}, condition: sel}}\nlevel: low\n---\n"
                )
            })
            .collect();
        format!(
            "{base}title: c\nid: c\ncorrelation:\n{}  group-by: [user]\n  timespan: 10s\nlevel: high\n",
            self.body
        )
    }

    /// Time, user and number of every report, all of the history looked at for each event.
    fn slow(&self, events: &[Made]) -> Vec<String> {
        let mut sorted = events.to_vec();
        sorted.sort_by_key(|it| it.0);
        let mut out = Vec::new();
        for user in 0..3 {
            let mut own: Vec<Made> = Vec::new();
            let mut raised: Option<i64> = None;
            for event in sorted.iter().filter(|it| it.2 == user && self.rules.contains(&it.1)) {
                own.push(*event);
                let window: Vec<Made> = own.iter().copied().filter(|it| it.0 >= event.0 - SPAN_MS).collect();
                let Some(found) = (self.found)(&window) else {
                    raised = None;
                    continue;
                };
                if raised.is_some_and(|it| event.0 - it < SPAN_MS) {
                    continue;
                }
                raised = Some(event.0);
                if self.used_up {
                    own.clear();
                    raised = None;
                }
                out.push(format!("{} c correlation={found} user=u{user}", event.0 as f64 / 1000.0));
            }
        }
        out.sort();
        out
    }
}

/// The rule set of each case, loaded once.
static SETS: LazyLock<Vec<RuleSet>> =
    LazyLock::new(|| CASES.iter().map(|it| load(&it.rules_text())).collect());

fn line(event: &Made) -> String {
    let (ms, action, user, n) = event;
    format!("{} {} user=u{user} n={n}", *ms as f64 / 1000.0, ACTIONS[*action])
}

fn shown(findings: &[Finding]) -> Vec<String> {
    // Rules that the correlation does not look at make findings of their own.
    let own = findings.iter().filter(|it| it.rule.id == "c");
    let mut lines: Vec<String> = own.map(show).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn as_if_all_history_were_looked_at(
        events in prop::collection::vec((0_i64..60, 0_usize..3, 0_usize..3, 0_i64..9), 0..60),
        cut in 0_usize..60,
    ) {
        let events: Vec<Made> = events.into_iter().map(|it| (it.0 * 1000, it.1, it.2, it.3)).collect();
        for (case, set) in CASES.iter().zip(&*SETS) {
            let mut whole = Detector::new(set);
            let mut pieces = Detector::new(set);
            let (mut out, mut out_of_pieces) = (Vec::new(), Vec::new());
            for (number, event) in events.iter().enumerate() {
                if number == cut {
                    let saved = pieces.save();
                    pieces = Detector::new(set);
                    prop_assert_eq!(pieces.restore(&saved), Ok(0));
                    prop_assert_eq!(pieces.save(), saved);
                }
                feed(&mut whole, &line(event), number as u64 + 1, &mut out);
                feed(&mut pieces, &line(event), number as u64 + 1, &mut out_of_pieces);
            }
            whole.finish(&mut out);
            pieces.finish(&mut out_of_pieces);
            prop_assert_eq!(&shown(&out), &case.slow(&events), "{}", case.name);
            prop_assert_eq!(&out, &out_of_pieces, "{}", case.name);
        }
    }

    /// In a stream with bounds on everything, saved and restored at any point it goes on as if nothing had happened,
    /// whatever is evicted or late.
    #[test]
    fn restored_at_any_point_of_a_stream(
        steps in prop::collection::vec((-8_i64..10, 0_usize..3, 0_usize..3, 0_i64..9), 1..60),
        cut in 0_usize..60,
        groups_max in 1_usize..4,
        entries_max in 3_usize..20,
    ) {
        let options =
            CorrelationOptions { lateness_ms: Some(4000), pending_max: 6, groups_max, entries_max };
        let mut time = 100;
        let events: Vec<Made> = steps
            .into_iter()
            .map(|it| {
                time += it.0.max(0);
                ((time + it.0.min(0)) * 1000, it.1, it.2, it.3)
            })
            .collect();
        for (case, set) in CASES.iter().zip(&*SETS) {
            let mut whole = Detector::with_options(set, options);
            let mut pieces = Detector::with_options(set, options);
            let (mut out, mut out_of_pieces) = (Vec::new(), Vec::new());
            for (number, event) in events.iter().enumerate() {
                if number == cut {
                    let saved = pieces.save();
                    pieces = Detector::with_options(set, options);
                    prop_assert_eq!(pieces.restore(&saved), Ok(0));
                    prop_assert_eq!(pieces.save(), saved);
                }
                feed(&mut whole, &line(event), number as u64 + 1, &mut out);
                feed(&mut pieces, &line(event), number as u64 + 1, &mut out_of_pieces);
                prop_assert!(whole.n_groups() <= groups_max);
            }
            whole.finish(&mut out);
            pieces.finish(&mut out_of_pieces);
            prop_assert_eq!(out, out_of_pieces, "{}", case.name);
            prop_assert_eq!(whole.counts().correlation, pieces.counts().correlation);
            prop_assert_eq!(whole.save(), pieces.save());
        }
    }
}
