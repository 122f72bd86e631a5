//! Hosts tied together become one incident, told with its reasons; what is too weak is no incident.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Entity, EntityKind, Reason, TimelineEntry};
use bulkhead_model::finding::Level;
use jiff::Timestamp;

use crate::draft::{IncidentDraft, Movement};
use crate::evidence::{Group, Weighed};
use crate::normal::SPAN_S;
use crate::resolve::{HostNo, Resolver};
use crate::score::{Ground, Scores, Seen, Why, total};
use crate::tactics::{tactics_of, techniques_of};
use crate::title::{incident_id, title};
use crate::whole::Part;

pub(crate) fn total_of(grounds: &Vec<Ground>) -> f64 {
    total(grounds)
}

/// The part of a group that belongs to an incident.
struct Hit {
    group: usize,
    /// How many of its first findings do not.
    skipped: usize,
    /// Time of the first that does.
    first: Timestamp,
}

/// Everything a draft is made from.
pub(crate) struct Case<'a> {
    pub seen: Seen<'a>,
    pub scores: &'a Scores,
    pub resolver: &'a Resolver<'a>,
}

impl Case<'_> {
    fn group(&self, number: usize) -> &Weighed<'_> {
        &self.seen.groups[number]
    }

    /// Sets of suspected or compromised hosts tied together.
    pub(crate) fn clusters(&self) -> Vec<BTreeSet<HostNo>> {
        let named = |it: &Vec<Ground>| self.seen.policy.confidence(total(it)) >= self.seen.policy.suspected;
        let hosts = self.scores.hosts.iter().filter(|it| named(it.1)).map(|it| *it.0);
        let mut beside: BTreeMap<HostNo, Vec<HostNo>> = hosts.map(|it| (it, Vec::new())).collect();
        for tie in &self.scores.ties {
            if beside.contains_key(&tie.from) && beside.contains_key(&tie.to) {
                beside.entry(tie.from).or_default().push(tie.to);
                beside.entry(tie.to).or_default().push(tie.from);
            }
        }
        let mut clusters = Vec::new();
        while let Some((first, next)) = beside.pop_first() {
            let (mut cluster, mut next) = (BTreeSet::from([first]), next);
            while let Some(host) = next.pop() {
                if let Some(more) = beside.remove(&host) {
                    cluster.insert(host);
                    next.extend(more);
                }
            }
            clusters.push(cluster);
        }
        clusters
    }

    /// Whether these hosts are enough for an incident to be declared.
    pub(crate) fn suffices(&self, hosts: &BTreeSet<HostNo>) -> bool {
        let points = |host: &HostNo| self.scores.hosts.get(host).map_or(0.0, total_of);
        hosts.iter().map(points).fold(0.0, f64::max) >= self.seen.policy.declare_points
            && self.is_corroborated(&self.fired(hosts))
    }

    /// The incident on these hosts; none where nothing fired on any of them.
    pub(crate) fn draft(&self, hosts: &BTreeSet<HostNo>, seed: u64) -> Option<IncidentDraft> {
        let points = |host: &HostNo| self.scores.hosts.get(host).map_or(0.0, total_of);
        let fired = self.fired(hosts);
        let first = fired.first()?.first;
        let last = fired.iter().filter_map(|it| self.group(it.group).hits().last()).map(|it| it.at).max()?;
        let mut entities: Vec<Entity> = hosts.iter().filter_map(|it| self.host_entity(*it)).collect();
        entities.extend(self.accounts(hosts));
        entities.sort_by(|a, b| (a.since, a.kind, &a.id).cmp(&(b.since, b.kind, &b.id)));
        let (compromised, suspected): (Vec<Entity>, Vec<Entity>) =
            entities.into_iter().partition(|it| it.confidence >= self.seen.policy.compromised);
        let mut findings: Vec<usize> = fired
            .iter()
            .flat_map(|it| self.group(it.group).hits()[it.skipped..].iter().filter_map(|it| it.number))
            .collect();
        // Stable, since that sort knows ascending runs when it sees them: each group's are one.
        findings.sort();
        let movements = self.movements(hosts);
        let (tactics, techniques) = self.attack(&fired);
        let severity = self.severity(hosts, &fired, &compromised, &tactics);
        Some(IncidentDraft {
            is_news: false,
            is_withdrawn: false,
            id: incident_id(first, &self.reference(fired[0].group, first), seed),
            title: title(&compromised, &suspected, &movements, &self.gravest(&fired)),
            severity,
            points: hosts.iter().map(points).sum(),
            first_finding_at: first,
            declared_at: self.seen.at,
            ended_at: None,
            last_finding_at: last,
            timeline: self.timeline(&fired, &movements),
            compromised,
            suspected,
            tactics,
            techniques,
            findings,
            movements,
        })
    }

    /// Whether more than one weak rule speaks for the incident.
    fn is_corroborated(&self, fired: &[Hit]) -> bool {
        let groups = || fired.iter().map(|it| self.group(it.group).group);
        let rules: BTreeSet<usize> = groups().map(|it| it.rule_no).collect();
        rules.len() >= self.seen.policy.declare_rules || groups().any(Group::is_strong)
    }

    /// Whether a ground says by itself that the attacker was there: a grave rule, or a link.
    fn is_telling(&self, ground: &Ground) -> bool {
        match ground.why {
            Why::Fired { group, through, with } => {
                through.is_some() || with.is_some() || self.group(group).is_telling()
            }
            Why::Source { .. }
            | Why::Onward { .. }
            | Why::Reached { .. }
            | Why::Beside { .. }
            | Why::Created { .. } => true,
        }
    }

    /// Whether a ground is a sign of the attacker, by itself or by what it weighs: the first of them is where he began, as far
    /// as is known.
    fn is_sign(&self, ground: &Ground) -> bool {
        const WEIGHS: f64 = 1.0;
        ground.points >= WEIGHS || self.is_telling(ground)
    }

    /// What fired on the hosts of the incident from its first sign on, by time. What fired before, hardly weighs and is tied to
    /// nothing, is everyday noise.
    fn fired(&self, hosts: &BTreeSet<HostNo>) -> Vec<Hit> {
        let grounds = || hosts.iter().filter_map(|it| self.scores.hosts.get(it)).flatten();
        let group_of = |it: &Ground| match it.why {
            Why::Fired { group, .. } => Some(group),
            _ => None,
        };
        let signs = grounds().filter(|it| self.is_sign(it) && group_of(it).is_some());
        let start = signs.map(|it| it.at).min().unwrap_or(Timestamp::MIN);
        let mut fired: Vec<Hit> = grounds()
            .filter_map(group_of)
            .filter_map(|group| {
                let skipped = self.group(group).place(start);
                let first = self.group(group).hits().get(skipped)?.at;
                Some(Hit { group, skipped, first })
            })
            .collect();
        fired.sort_by_key(|it| (it.first, it.group));
        fired
    }

    fn host_entity(&self, host: HostNo) -> Option<Entity> {
        let grounds = self.scores.hosts.get(&host)?;
        let known = &self.resolver.hosts[host];
        let (since, reasons) = self.reasons(grounds)?;
        Some(Entity {
            kind: EntityKind::Asset,
            id: known.id.clone(),
            hostname: known.hostname.clone(),
            since,
            confidence: self.seen.policy.confidence(total(grounds)),
            reasons,
        })
    }

    /// Accounts with grounds on the hosts of the incident, confident enough to be named.
    fn accounts(&self, hosts: &BTreeSet<HostNo>) -> Vec<Entity> {
        let entity = |(account, grounds): (&usize, &Vec<(HostNo, Ground)>)| {
            let here: Vec<Ground> =
                grounds.iter().filter(|it| hosts.contains(&it.0)).map(|it| it.1.clone()).collect();
            let confidence = self.seen.policy.confidence(total(&here));
            if confidence < self.seen.policy.suspected {
                return None;
            }
            let (since, reasons) = self.reasons(&here)?;
            let id = self.resolver.people[*account].id.clone();
            Some(Entity { kind: EntityKind::Identity, id, hostname: None, since, confidence, reasons })
        };
        self.scores.people.iter().filter_map(entity).collect()
    }

    /// Since when, and the strongest reasons by time.
    fn reasons(&self, grounds: &[Ground]) -> Option<(Timestamp, Vec<Reason>)> {
        let signs = grounds.iter().filter(|it| self.is_sign(it)).map(|it| it.at).min();
        let since = signs.or_else(|| grounds.iter().map(|it| it.at).min())?;
        // What is older hardly weighs, and is no reason.
        let mut kept: Vec<&Ground> = grounds.iter().filter(|it| it.at >= since).collect();
        kept.sort_by(|a, b| b.points.total_cmp(&a.points).then(a.at.cmp(&b.at)).then(a.why.cmp(&b.why)));
        kept.truncate(self.seen.policy.max_reasons.max(1));
        kept.sort_by(|a, b| a.at.cmp(&b.at).then(a.why.cmp(&b.why)));
        Some((since, kept.into_iter().map(|it| self.reason(it)).collect()))
    }

    /// What a ground adds, and how usual it is.
    pub(crate) fn part(&self, ground: &Ground) -> Part {
        let (fired, every_h) = match ground.why {
            Why::Fired { group, .. } => {
                let it = self.group(group).group;
                (Some(group), Some(SPAN_S as f64 / 3600.0 / it.chance))
            }
            Why::Beside { group, .. } => (Some(group), None),
            _ => (None, None),
        };
        let rule = fired.map(|it| self.group(it).group.rule.id.clone());
        Part { points: ground.points, at: ground.at, text: self.reason(ground).text, rule, every_h }
    }

    fn reason(&self, ground: &Ground) -> Reason {
        let (finding, text) = match ground.why {
            Why::Fired { group, through, with } => {
                let with = with.filter(|_| through.is_none());
                let with = with.map_or_else(String::new, |it| {
                    format!(", in one process tree or session with: {}", self.group(it).group.rule.title)
                });
                let came = through.map_or_else(String::new, |it| format!(", after {}", self.link_text(it)));
                (self.reference(group, ground.at), format!("{}{came}{with}", self.group_text(group)))
            }
            Why::Source { link, group } => {
                let host = self.host_name(self.group(group).group.host);
                let text = format!("{}; then, on {host}: {}", self.link_text(link), self.group_text(group));
                (self.link_reference(link), text)
            }
            Why::Onward { link } => {
                let text = format!("{}, going on from here", self.link_text(link));
                (self.link_reference(link), text)
            }
            Why::Beside { group, host } => {
                let text = format!(
                    "{}, rare here, within the hour of alerts on {}",
                    self.group_text(group),
                    self.host_name(host)
                );
                (self.reference(group, ground.at), text)
            }
            Why::Created { creation } => {
                let made = &self.seen.creations[creation];
                let by =
                    made.by.map_or_else(String::new, |it| format!(" by {}", self.resolver.people[it].name));
                let (name, on) = (&self.resolver.people[made.account].name, self.host_name(made.on));
                let text = format!("account {name} made{by} on {on}, under suspicion by then");
                (format!("account created {name} on {on}"), text)
            }
            Why::Reached { link } => {
                let text =
                    format!("{}, from a host and with an account under suspicion", self.link_text(link));
                (self.link_reference(link), text)
            }
        };
        Reason { finding, at: ground.at, text }
    }

    /// `file#record rule-id` of the group's first finding from `at` on.
    fn reference(&self, group: usize, at: Timestamp) -> String {
        let it = self.group(group);
        let first = it.place(at).min(it.hits().len() - 1);
        let source = &it.hits()[first].source;
        format!("{}#{} {}", source.file, source.record, it.group.rule.id)
    }

    fn group_text(&self, group: usize) -> String {
        let (n_hits, group) = (self.group(group).hits().len(), self.group(group).group);
        let mut text = format!("{} ({})", group.rule.title, group.rule.level.as_str());
        if n_hits > 1 {
            text.push_str(&format!(", {n_hits} times"));
        }
        const SHOWN: usize = 5;
        let names: Vec<&str> =
            group.accounts.iter().take(SHOWN).map(|it| self.resolver.people[*it].name.as_str()).collect();
        if !names.is_empty() {
            text.push_str(&format!(", by {}", names.join(", ")));
        }
        if group.accounts.len() > SHOWN {
            text.push_str(&format!(" and {} more", group.accounts.len() - SHOWN));
        }
        text
    }

    fn link_text(&self, link: usize) -> String {
        let link = &self.seen.links.all[link];
        let (from, to) = (self.host_name(link.from), self.host_name(link.to));
        match link.account {
            Some(account) => {
                let name = &self.resolver.people[account].name;
                format!("{name} came from {from} onto {to} ({})", link.what)
            }
            None => format!("{from} spoke to {to} ({})", link.what),
        }
    }

    fn link_reference(&self, link: usize) -> String {
        let link = &self.seen.links.all[link];
        let account =
            link.account.map_or_else(String::new, |it| format!(" {}", self.resolver.people[it].name));
        format!("{}{account} {} -> {}", link.what, self.host_name(link.from), self.host_name(link.to))
    }

    fn host_name(&self, host: HostNo) -> &str {
        let host = &self.resolver.hosts[host];
        host.hostname.as_deref().unwrap_or(&host.id)
    }

    fn movements(&self, hosts: &BTreeSet<HostNo>) -> Vec<Movement> {
        let inside = |from, to| hosts.contains(&from) && hosts.contains(&to);
        let ties = self.scores.ties.iter().filter(|it| inside(it.from, it.to)).filter_map(|it| it.link);
        let mut movements: Vec<Movement> = ties
            .map(|it| {
                let link = &self.seen.links.all[it];
                Movement {
                    at: link.first,
                    from: self.resolver.hosts[link.from].id.clone(),
                    to: self.resolver.hosts[link.to].id.clone(),
                    means: link.what.clone(),
                    account: link.account.map(|it| self.resolver.people[it].id.clone()),
                }
            })
            .collect();
        movements.sort();
        movements.dedup();
        movements
    }

    /// Tactics and techniques in the order first seen; what fires at once, in the order of an attack.
    fn attack(&self, fired: &[Hit]) -> (Vec<String>, Vec<String>) {
        let (mut tactics, mut techniques) = (Vec::new(), Vec::new());
        for hit in fired {
            let tags = &self.group(hit.group).group.rule.tags;
            for tactic in tactics_of(tags) {
                push_new(&mut tactics, tactic.to_owned());
            }
            for technique in techniques_of(tags) {
                push_new(&mut techniques, technique);
            }
        }
        (tactics, techniques)
    }

    /// The gravest rule that fired, raised where the hosts or the spread are graver than any rule can know.
    fn severity(
        &self,
        hosts: &BTreeSet<HostNo>,
        fired: &[Hit],
        compromised: &[Entity],
        tactics: &[String],
    ) -> Level {
        let assets = compromised.iter().filter(|it| it.kind == EntityKind::Asset);
        let names: BTreeSet<&str> = assets.map(|it| it.id.as_str()).collect();
        let is_vital = |it: &HostNo| {
            let host = &self.resolver.hosts[*it];
            names.contains(host.id.as_str()) && (host.is_crown_jewel || host.is_directory)
        };
        let gravest = fired.iter().map(|it| self.group(it.group).group.rule.level).max().unwrap_or_default();
        let impact = tactics.iter().any(|it| it == "exfiltration");
        if hosts.iter().any(is_vital) || (impact && names.len() > 1) {
            Level::Critical
        } else if names.len() > 1 {
            gravest.max(Level::High)
        } else if names.is_empty() {
            gravest.min(Level::Medium)
        } else {
            gravest
        }
    }

    /// The rule with the most points.
    fn gravest(&self, fired: &[Hit]) -> String {
        let most = fired.iter().max_by(|a, b| {
            let (left, right) = (self.group(a.group), self.group(b.group));
            left.points.total_cmp(&right.points).then(b.first.cmp(&a.first)).then(b.group.cmp(&a.group))
        });
        most.map_or_else(String::new, |it| self.group(it.group).group.rule.title.clone())
    }

    fn timeline(&self, fired: &[Hit], movements: &[Movement]) -> Vec<TimelineEntry> {
        let finding = |hit: &Hit| {
            let group = self.group(hit.group).group;
            let host = &self.resolver.hosts[group.host];
            let accounts = group.accounts.iter().map(|it| self.resolver.people[*it].id.clone());
            TimelineEntry {
                at: hit.first,
                kind: "finding".to_owned(),
                text: format!("{}: {}", self.host_name(group.host), self.group_text(hit.group)),
                tactic: tactics_of(&group.rule.tags).first().map(|it| (*it).to_owned()),
                about: std::iter::once(host.id.clone()).chain(accounts).collect(),
            }
        };
        let movement = |it: &Movement| TimelineEntry {
            at: it.at,
            kind: "finding".to_owned(),
            text: match &it.account {
                Some(account) => format!("{account} came from {} onto {} ({})", it.from, it.to, it.means),
                None => format!("{} spoke to {} ({})", it.from, it.to, it.means),
            },
            tactic: Some("lateral-movement".to_owned()),
            about: [Some(it.from.clone()), Some(it.to.clone()), it.account.clone()]
                .into_iter()
                .flatten()
                .collect(),
        };
        let mut timeline: Vec<TimelineEntry> =
            fired.iter().map(finding).chain(movements.iter().map(movement)).collect();
        timeline.sort_by_key(|it| it.at);
        timeline
    }
}

fn push_new(list: &mut Vec<String>, it: String) {
    if !list.contains(&it) {
        list.push(it);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_as_severities() {
        assert!(Level::Critical > Level::High && Level::Medium > Level::Low);
    }

    #[test]
    fn a_title_names_suspected_hosts_where_none_is_compromised() {
        let entity = |kind, id: &str| Entity {
            kind,
            id: id.to_owned(),
            hostname: None,
            since: Timestamp::UNIX_EPOCH,
            confidence: 0.5,
            reasons: Vec::new(),
        };
        let (host, account) = (|id| entity(EntityKind::Asset, id), |id| entity(EntityKind::Identity, id));
        let titled = |compromised: &[Entity], suspected: &[Entity]| title(compromised, suspected, &[], "Odd");
        assert_eq!(titled(&[], &[host("pc-1"), account("eve")]), "Intrusion on pc-1 with account eve: Odd");
        assert_eq!(titled(&[account("eve")], &[host("pc-1")]), "Intrusion on pc-1 with account eve: Odd");
        assert_eq!(titled(&[host("pc-1")], &[host("pc-2"), account("eve")]), "Intrusion on pc-1: Odd");
    }

    #[test]
    fn the_id_depends_on_the_first_finding_and_the_seed() {
        let at = Timestamp::UNIX_EPOCH;
        let ids = [incident_id(at, "a#1 r", 1), incident_id(at, "a#1 r", 2), incident_id(at, "a#2 r", 1)];
        assert!(ids.iter().all(|it| it.starts_with("inc-19700101-") && it.len() == 19), "{ids:?}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
    }
}
