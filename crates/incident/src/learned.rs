//! What was learned, for people: since when, for how long, of whom, and what fires most.

use jiff::Timestamp;

use crate::normal::{Normal, SPAN_S};

/// What is known of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// The first and the last instant of what was observed; none where an earlier version kept none.
    pub between: Option<(Timestamp, Timestamp)>,
    /// Hours under observation, stretches in which nothing was recorded left out.
    pub observed_h: f64,
    /// Hosts that something is known of.
    pub hosts: usize,
    /// Hours that each was watched on average, less what is forgotten.
    pub hours_a_host: f64,
    /// Rules that fired, the most usual first.
    pub rules: Vec<LearnedRule>,
}

/// How usual a rule is.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedRule {
    /// Its id.
    pub id: String,
    /// In how many spans of ten minutes it fired on any host, less what is forgotten.
    pub spans: f64,
    /// On how many hosts it ever did.
    pub hosts: usize,
}

impl Normal {
    /// What is known of the fleet.
    #[expect(clippy::cast_precision_loss, reason = "spans of a century")]
    pub fn learned(&self) -> Learned {
        let stretches = &self.observed.stretches;
        let instant = |span: i64| Timestamp::from_second(span.saturating_mul(SPAN_S)).ok();
        let first = stretches.iter().map(|it| it.from).min().and_then(instant);
        let last = stretches.iter().map(|it| it.to.saturating_add(1)).max().and_then(instant);
        let observed: i64 = stretches.iter().map(|it| it.to - it.from + 1).sum();
        let mut rules: Vec<LearnedRule> = self
            .rules
            .iter()
            .map(|(id, it)| LearnedRule {
                id: id.clone(),
                spans: it.fleet.in_span(self.top()),
                hosts: it.hosts.len(),
            })
            .collect();
        rules.sort_by(|a, b| b.spans.total_cmp(&a.spans).then_with(|| a.id.cmp(&b.id)));
        Learned {
            between: first.zip(last),
            observed_h: (observed * SPAN_S) as f64 / 3600.0,
            hosts: self.n_hosts(),
            hours_a_host: self.hours(),
            rules,
        }
    }
}
