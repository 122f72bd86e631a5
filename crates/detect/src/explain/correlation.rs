//! Why a correlation was or was not satisfied when an event came: what its window held by then, and what it lacked.

use bulkhead_model::finding::RuleRef;
use jiff::Timestamp;
use serde::Serialize;

use crate::correlation::correlator::{Hit, counted, group_key, value_of};
use crate::correlation::plan::Reader;
use crate::correlation::statistic::Numbers;
use crate::correlation::{Correlation, Kind, Source, Together};
use crate::parallel::Match;
use crate::ruleset::{Inner, RuleSet};

/// What a correlation saw in an event and the timespan before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorrelationExplanation {
    /// The correlation.
    pub rule: RuleRef,
    /// What it asks for.
    pub wanted: String,
    /// Rules it looks at, and whether each matched the event.
    pub rules: Vec<(String, bool)>,
    /// The event's group: field and value, none where the event has no such field.
    pub group: Vec<(String, Option<String>)>,
    /// The timespan, in seconds.
    pub timespan_s: i64,
    /// Matches of the same group in the timespan that ends with the event, in the order of time.
    pub window: Vec<Contribution>,
    /// What the window comes to: a count, a number, or how many of the rules.
    pub found: Option<f64>,
    /// Whether that is what it asks for.
    pub satisfied: bool,
    /// What is lacking; empty where it is satisfied.
    pub lacks: Vec<String>,
}

/// One match in the window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// Title of the rule.
    pub rule: String,
    /// When.
    pub time: Option<Timestamp>,
    /// File of the event.
    pub file: String,
    /// Number of its record.
    pub record: u64,
    /// The value that is counted or calculated with.
    pub value: Option<String>,
}

impl RuleSet {
    /// Explains the correlation with the id `id` on the event at `file` and `record`, given all `matches` of the telemetry
    /// around it; none if no such correlation is loaded.
    pub fn explain_correlation(
        &self,
        id: &str,
        file: &str,
        record: u64,
        matches: &[Match],
    ) -> Option<CorrelationExplanation> {
        let inner = &*self.inner;
        let number = inner.correlations.iter().position(|it| it.rule.id == id)?;
        let correlation = &inner.correlations[number];
        let hits: Vec<&Hit> = matches.iter().filter_map(Match::hit).collect();
        let reader = |hit: &Hit| {
            let readers = inner.plan.readers(Source::Rule(hit.rule));
            readers.iter().find(|it| it.correlation as usize == number)
        };
        let own: Vec<(&Hit, &Reader)> = hits
            .iter()
            .filter(|it| *it.file == *file && it.record == record)
            .filter_map(|it| Some((*it, reader(it)?)))
            .collect();
        let rules = (0..correlation.refs.len())
            .map(|it| {
                (title(inner, correlation, it), own.iter().any(|(_, reader)| reader.positions.contains(&it)))
            })
            .collect();
        let mut explanation = CorrelationExplanation {
            rule: correlation.rule.clone(),
            wanted: wanted(inner, correlation),
            rules,
            group: Vec::new(),
            timespan_s: correlation.timespan_ms / 1000,
            window: Vec::new(),
            found: None,
            satisfied: false,
            lacks: Vec::new(),
        };
        let Some((last, of_last)) = own.first() else {
            explanation.lacks.push("none of its rules matched the event".to_owned());
            let chained = correlation.sources.iter().any(|it| matches!(it, Source::Correlation(_)));
            if chained {
                explanation.lacks.push("it looks at other correlations: explain those".to_owned());
            }
            return Some(explanation);
        };
        let names = correlation.group_by.iter().zip(&of_last.group);
        explanation.group = names
            .map(|(name, ids)| (name.clone(), value_of(&last.fields, *ids).map(str::to_owned)))
            .collect();
        let mut window = in_window(correlation, last, of_last, &hits, &reader);
        window.sort_by_key(|(it, _)| it.time_ms);
        explanation.window = window
            .iter()
            .map(|(hit, reader)| Contribution {
                rule: inner.refs[hit.rule as usize].title.clone(),
                time: Timestamp::from_millisecond(hit.time_ms).ok(),
                file: hit.file.to_string(),
                record: hit.record,
                value: shown_value(reader, hit),
            })
            .collect();
        judge(inner, correlation, &window, &mut explanation);
        Some(explanation)
    }
}

/// The matches that count when `last` comes.
fn in_window<'h, 'r>(
    correlation: &Correlation,
    last: &Hit,
    of_last: &Reader,
    hits: &[&'h Hit],
    reader: &dyn Fn(&Hit) -> Option<&'r Reader>,
) -> Vec<(&'h Hit, &'r Reader)> {
    let (mut wanted, mut key) = (String::new(), String::new());
    group_key(of_last, &last.fields, &mut wanted);
    let since = last.time_ms.saturating_sub(correlation.timespan_ms);
    let mut window = Vec::new();
    for hit in hits.iter().filter(|it| (since..=last.time_ms).contains(&it.time_ms)) {
        let Some(reader) = reader(hit) else { continue };
        group_key(reader, &hit.fields, &mut key);
        if key == wanted {
            window.push((*hit, reader));
        }
    }
    window
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn judge(
    inner: &Inner,
    correlation: &Correlation,
    window: &[(&Hit, &Reader)],
    explanation: &mut CorrelationExplanation,
) {
    let values = || window.iter().filter_map(|(hit, reader)| counted(reader, &hit.fields));
    let (found, bounds, what) = match &correlation.kind {
        Kind::EventCount(bounds) => (window.len() as f64, bounds, "findings"),
        Kind::ValueCount(_, bounds) => {
            let distinct: std::collections::BTreeSet<_> = values().collect();
            (distinct.len() as f64, bounds, "different values")
        }
        Kind::Value(statistic, _, bounds) => {
            let mut numbers = Numbers::default();
            let all = values().filter_map(|it| crate::matcher::number(&it));
            let last = all.map(|it| numbers.add(*statistic, 0, 0, it)).last();
            (last.unwrap_or_default(), bounds, "as the number")
        }
        Kind::Temporal(_) | Kind::TemporalOrdered(_) => {
            temporal(inner, correlation, window, explanation);
            return;
        }
    };
    explanation.found = Some(found);
    explanation.satisfied = bounds.hold(found);
    if !explanation.satisfied {
        explanation.lacks.push(format!("the window has {found} {what}; asked is {bounds}"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a correlation names few rules")]
fn temporal(
    inner: &Inner,
    correlation: &Correlation,
    window: &[(&Hit, &Reader)],
    explanation: &mut CorrelationExplanation,
) {
    let mut group = crate::correlation::window::Group::new(correlation);
    let mut found = None;
    for (hit, reader) in window {
        // Only what the last finding leads to is asked, whatever was reported before it.
        found = group.check(correlation, &reader.positions, hit.time_ms);
    }
    let seen = |position: usize| window.iter().any(|(_, reader)| reader.positions.contains(&position));
    let n = (0..correlation.refs.len()).filter(|it| seen(*it)).count();
    explanation.found = Some(n as f64);
    explanation.satisfied = found.is_some();
    if explanation.satisfied {
        return;
    }
    for position in (0..correlation.refs.len()).filter(|it| !seen(*it)) {
        let missing = format!("no finding of `{}` in the window", title(inner, correlation, position));
        explanation.lacks.push(missing);
    }
    if explanation.lacks.is_empty() && matches!(correlation.kind, Kind::TemporalOrdered(_)) {
        explanation.lacks.push("the rules did not come in the order written".to_owned());
    } else if explanation.lacks.is_empty() {
        explanation.lacks.push("the condition over the rules seen does not hold".to_owned());
    }
}

fn title(inner: &Inner, correlation: &Correlation, position: usize) -> String {
    match correlation.sources[position] {
        Source::Rule(it) => inner.refs[it as usize].title.clone(),
        Source::Correlation(it) => inner.correlations[it as usize].rule.title.clone(),
    }
}

fn wanted(inner: &Inner, correlation: &Correlation) -> String {
    let rules: Vec<String> =
        (0..correlation.refs.len()).map(|it| format!("`{}`", title(inner, correlation, it))).collect();
    match &correlation.kind {
        Kind::EventCount(bounds) => format!("findings {bounds}"),
        Kind::ValueCount(fields, bounds) => format!("different values of `{}` {bounds}", fields.join("`, `")),
        Kind::Value(statistic, field, bounds) => format!("{statistic:?} of `{field}` {bounds}"),
        Kind::Temporal(Together::All) => format!("all of {}", rules.join(", ")),
        Kind::Temporal(Together::Count(bounds)) => format!("{bounds} of {}", rules.join(", ")),
        Kind::Temporal(Together::Condition(condition)) => condition.to_string(),
        Kind::TemporalOrdered(None) => format!("in this order {}", rules.join(", ")),
        Kind::TemporalOrdered(Some(bounds)) => format!("{bounds} in this order of {}", rules.join(", ")),
    }
}

/// The values that are counted or calculated with, for people.
fn shown_value(reader: &Reader, hit: &Hit) -> Option<String> {
    let values: Option<Vec<&str>> = reader.value.iter().map(|it| value_of(&hit.fields, *it)).collect();
    values.filter(|it| !it.is_empty()).map(|it| it.join(", "))
}
