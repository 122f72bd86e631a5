//! An incident before it is declared: entities with reasons, severity, title, timeline.

use std::collections::BTreeSet;

use bulkhead_model::case::{
    Entity, EntityKind, EntityRef, Incident, IncidentState, TelemetrySummary, TimelineEntry,
};
use bulkhead_model::finding::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::normal::Renamed;

/// An incident as it stands by what is known, before anybody answers for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentDraft {
    /// Id, from the first finding and the seed: `inc-20250725-1f3a9c`.
    pub id: String,
    /// Whether this run told anything new of it: declared it, named more, or found what counts. What is usual on its hosts is no
    /// news.
    #[serde(skip)]
    pub is_news: bool,
    /// Whether it was withdrawn: what it rested on was dismissed since.
    #[serde(skip)]
    pub is_withdrawn: bool,
    /// One line: what happened where.
    pub title: String,
    /// How grave.
    pub severity: Level,
    /// Points of all its hosts; incidents are ranked by severity, then by this.
    pub points: f64,
    /// When what was known sufficed for it.
    pub declared_at: Timestamp,
    /// When it was over, for want of anything new; none while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Time of the earliest finding that belongs to it.
    pub first_finding_at: Timestamp,
    /// Time of the latest.
    pub last_finding_at: Timestamp,
    /// Hosts and accounts held to be in the attacker's hands, by time, then id.
    pub compromised: Vec<Entity>,
    /// Hosts and accounts that may be, by time, then id.
    pub suspected: Vec<Entity>,
    /// ATT&CK tactics in the order first seen.
    pub tactics: Vec<String>,
    /// ATT&CK techniques in the order first seen.
    pub techniques: Vec<String>,
    /// Indexes of its findings in the list that was fused, ascending.
    pub findings: Vec<usize>,
    /// Moves between hosts, by time.
    pub movements: Vec<Movement>,
    /// Findings (first hit of each rule on each host) and movements, by time.
    pub timeline: Vec<TimelineEntry>,
}

/// A move from one host of the incident to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Movement {
    /// When first.
    pub at: Timestamp,
    /// Id of the host it came from.
    pub from: String,
    /// Id of the host it went to.
    pub to: String,
    /// How: `logon network`, `flow tcp/445`.
    pub means: String,
    /// Id of the account, for a logon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl IncidentDraft {
    /// The same incident under the names of now.
    pub(crate) fn rename(&mut self, names: &Renamed) {
        let host = |it: &mut String| {
            if let Some(new) = names.hosts.get(it.as_str()) {
                it.clone_from(new);
            }
        };
        let account = |it: &mut String| {
            if let Some(new) = names.people_ids.get(it.as_str()) {
                it.clone_from(new);
            }
        };
        for it in self.compromised.iter_mut().chain(&mut self.suspected) {
            match it.kind {
                EntityKind::Asset => host(&mut it.id),
                EntityKind::Identity => account(&mut it.id),
            }
        }
        // What had two names then may have one now.
        let mut named = BTreeSet::new();
        self.compromised.retain(|it| named.insert(it.key()));
        self.suspected.retain(|it| named.insert(it.key()));
        for it in &mut self.movements {
            host(&mut it.from);
            host(&mut it.to);
            it.account.iter_mut().for_each(account);
        }
    }

    /// Hosts and accounts it names.
    pub fn named(&self) -> impl Iterator<Item = &Entity> {
        self.compromised.iter().chain(&self.suspected)
    }

    /// What is known now of the same incident: it stays the one that was declared, and nobody named is forgotten.
    pub(crate) fn renew(&mut self, now: Self) {
        let before = std::mem::replace(self, now);
        self.id.clone_from(&before.id);
        self.is_news = before.is_news;
        self.declared_at = before.declared_at;
        self.absorb(before);
    }

    /// Takes in another account of the same incident; where both tell of the same, this one stands.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.is_news |= other.is_news;
        self.declared_at = self.declared_at.min(other.declared_at);
        self.severity = self.severity.max(other.severity);
        self.points = self.points.max(other.points);
        self.first_finding_at = self.first_finding_at.min(other.first_finding_at);
        self.last_finding_at = self.last_finding_at.max(other.last_finding_at);
        let mut known: BTreeSet<EntityRef> = self.compromised.iter().map(Entity::key).collect();
        let more: Vec<Entity> = other.compromised.into_iter().filter(|it| known.insert(it.key())).collect();
        self.suspected.retain(|it| !known.contains(&it.key()));
        self.compromised.extend(more);
        known.extend(self.suspected.iter().map(Entity::key));
        self.suspected.extend(other.suspected.into_iter().filter(|it| known.insert(it.key())));
        for list in [&mut self.compromised, &mut self.suspected] {
            list.sort_by(|a, b| (a.since, a.kind, &a.id).cmp(&(b.since, b.kind, &b.id)));
        }
        merge(&mut self.tactics, other.tactics);
        merge(&mut self.techniques, other.techniques);
        self.findings = union(std::mem::take(&mut self.findings), &other.findings);
        self.movements.extend(other.movements);
        self.movements.sort();
        self.movements.dedup();
        let told: BTreeSet<_> = self.timeline.iter().map(|it| (it.at, &it.about)).collect();
        let missing: Vec<TimelineEntry> =
            other.timeline.into_iter().filter(|it| !told.contains(&(it.at, &it.about))).collect();
        self.timeline.extend(missing);
        self.timeline.sort_by_key(|it| it.at);
    }

    /// The incident, declared at that instant.
    pub fn declare(&self, declared_at: Timestamp, telemetry: TelemetrySummary) -> Incident {
        Incident {
            id: self.id.clone(),
            title: self.title.clone(),
            state: IncidentState::Declared,
            severity: self.severity,
            declared_at,
            first_finding_at: self.first_finding_at,
            ended_at: self.ended_at,
            compromised: self.compromised.clone(),
            suspected: self.suspected.clone(),
            tactics: self.tactics.clone(),
            findings: self.findings.len() as u64,
            telemetry,
            simulated: true,
            residual: Vec::new(),
        }
    }
}

/// Both ascending lists as one. What is told anew tells most of it again, so that nothing is the usual thing to add.
fn union(list: Vec<usize>, other: &[usize]) -> Vec<usize> {
    let mut rest = list.iter().peekable();
    let mut missing = Vec::new();
    for it in other {
        while rest.next_if(|known| *known < it).is_some() {}
        if rest.peek() != Some(&it) {
            missing.push(*it);
        }
    }
    if missing.is_empty() {
        return list;
    }
    let mut all = list;
    all.extend(missing);
    // Stable, since that sort knows ascending runs when it sees them.
    all.sort();
    all
}

/// Appends what is missing.
fn merge(list: &mut Vec<String>, other: Vec<String>) {
    for it in other {
        if !list.contains(&it) {
            list.push(it);
        }
    }
}

/// Orders incidents.
pub(crate) fn gravest_first(all: &mut [IncidentDraft]) {
    all.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then(b.points.total_cmp(&a.points))
            .then(a.first_finding_at.cmp(&b.first_finding_at))
            .then_with(|| a.id.cmp(&b.id))
    });
}
