//! The stage over findings that are all there: what came of them, and why.

use std::collections::BTreeSet;

use bulkhead_model::case::{EntityKind, Muted};
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use jiff::Timestamp;

use crate::change::{Strongest, Who};
use crate::draft::IncidentDraft;
use crate::evidence::discount;
use crate::link::shift;
use crate::memory::Memory;
use crate::policy::Policy;
use crate::read::Again;
use crate::scope::Scope;
use crate::score::{Ground, Seen, score};
use crate::tell::Case;

/// What the stage made of all findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Fusion {
    /// The incidents, gravest first.
    pub incidents: Vec<IncidentDraft>,
    /// Findings that name no host or carry no time, and so could not be placed.
    pub unplaced: u64,
    /// Findings that an earlier run of this memory had taken in: they count once.
    pub again: Again,
    /// The host with the most against it.
    pub strongest: Strongest,
    /// Rules on hosts that gave way to others for want of memory.
    pub given_up: u64,
    /// Findings that counted for nothing because somebody said so, by reason.
    pub muted: Vec<Muted>,
    /// Findings that came later than [`Policy::lateness_s`] after one of a later time.
    pub late: u64,
    /// What is remembered for the next run: what is usual, with what was learned, and what may still count.
    pub memory: Memory,
}

/// Runs the stage over findings (alerts among them) that are all there, going on from `memory`.
///
/// The order of `findings` does not matter for what comes out, but for the numbers in [`IncidentDraft::findings`].
/// `seed` only enters the ids.
pub fn fuse_knowing(
    memory: Memory,
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    policy: &Policy,
    seed: u64,
) -> Fusion {
    run(memory, findings, observations, estate, policy, seed, None).finish()
}

/// The stage after all findings, or after those up to an instant.
fn run<'a>(
    memory: Memory,
    findings: &[Finding],
    observations: &Observations,
    estate: &'a Estate,
    policy: &'a Policy,
    seed: u64,
    until: Option<Timestamp>,
) -> Scope<'a> {
    let mut scope = Scope::new(observations, estate, policy, memory, seed);
    for number in in_order(&mut scope, findings, until) {
        scope.observe(&findings[number], number);
    }
    if let Some(end) = until.or(last_instant(&scope, findings, observations)) {
        scope.settle(end);
    }
    scope
}

/// The numbers of the findings up to an instant by their time, once the stage knows the domains of all accounts.
pub(crate) fn in_order(scope: &mut Scope<'_>, findings: &[Finding], until: Option<Timestamp>) -> Vec<usize> {
    let users: BTreeSet<&String> = findings.iter().filter_map(|it| it.user.as_ref()).collect();
    users.into_iter().for_each(|it| scope.resolver.learn_domain(it));
    let is_then = |it: &usize| until.is_none_or(|until| findings[*it].time <= Some(until));
    let mut order: Vec<usize> = (0..findings.len()).filter(is_then).collect();
    let key = |it: &usize| (findings[*it].time, &findings[*it].source, &findings[*it].rule.id, *it);
    order.sort_by(|a, b| key(a).cmp(&key(b)));
    order
}

/// When everything that was seen is over, late stamps included.
pub(crate) fn last_instant(
    scope: &Scope<'_>,
    findings: &[Finding],
    observations: &Observations,
) -> Option<Timestamp> {
    let last_link = scope.links.all.last().map(|it| it.first);
    let last_made = scope.creations.last().map(|it| it.at);
    let last = observations.last.max(findings.iter().filter_map(|it| it.time).max());
    last.max(last_link).max(last_made).map(|it| shift(it, scope.policy.link_after_s))
}

/// What speaks for it that a host or an account is in the attacker's hands, at the instant at which most did.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Its id.
    pub id: String,
    /// Whether anything that was read tells of it; otherwise the estate alone does.
    pub was_seen: bool,
    /// The most points it ever had; see [`Policy::confidence`].
    pub points: f64,
    /// When that was; none where nothing ever spoke for it.
    pub at: Option<Timestamp>,
    /// What each reason adds, the strongest first.
    pub reasons: Vec<Part>,
    /// What of a host's findings counted for nothing because somebody said so.
    pub muted: Vec<Muted>,
}

/// One reason, and what it adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Points.
    pub points: f64,
    /// When.
    pub at: Timestamp,
    /// In words.
    pub text: String,
    /// Id of the rule that fired, where one did.
    pub rule: Option<String>,
    /// Hours between two such findings on that host on any day, as far as is known; none for what is no finding.
    pub every_h: Option<f64>,
}

/// Why `name` (host name, address, id or account) is held to be in the attacker's hands, or is not; none where no such host
/// or account was seen. As [`fuse_knowing`] judges, up to the instant at which most spoke for it.
pub fn explain(
    memory: &Memory,
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    policy: &Policy,
    name: &str,
) -> Option<Explained> {
    let whole = run(memory.clone(), findings, observations, estate, policy, 0, None);
    let nothing =
        |id, was_seen, muted| Explained { id, was_seen, points: 0.0, at: None, reasons: Vec::new(), muted };
    let Some((who, id)) = whole.meant(name) else {
        let (kind, name) = kind_named(name).map_or((None, name), |it| (Some(it.0), it.1));
        return whole.resolver.declared(name, kind).map(|id| nothing(id, false, Vec::new()));
    };
    let muted = if matches!(who, Who::Host(_)) { whole.mutes.told(Some(&id)) } else { Vec::new() };
    let Some((_, at)) = whole.most.get(&who).copied() else { return Some(nothing(id, true, muted)) };
    let mut then = run(memory.clone(), findings, observations, estate, policy, 0, Some(at));
    let (who, _) = then.meant(name)?;
    let reasons = then.parts(who, at);
    let points = reasons.iter().map(|it| it.points).sum();
    Some(Explained { id, was_seen: true, points, at: Some(at), reasons, muted })
}

/// As [`fuse_knowing`], knowing nothing but the prior.
pub fn fuse(
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    policy: &Policy,
    seed: u64,
) -> Fusion {
    fuse_knowing(Memory::default(), findings, observations, estate, policy, seed)
}

/// The kind and the name, where what stands before the name says of which kind it is.
fn kind_named(text: &str) -> Option<(EntityKind, &str)> {
    const KINDS: [(&str, EntityKind); 4] = [
        ("host:", EntityKind::Asset),
        ("account:", EntityKind::Identity),
        ("asset:", EntityKind::Asset),
        ("identity:", EntityKind::Identity),
    ];
    KINDS.iter().find_map(|(before, kind)| Some((*kind, text.strip_prefix(before)?)))
}

impl Scope<'_> {
    /// The host or account that `name` means, and its id; none where no such was seen. What stands before it may say which of
    /// both is meant, as where two are called so.
    pub(crate) fn meant(&self, name: &str) -> Option<(Who, String)> {
        let (kind, name) = kind_named(name).map_or((None, name), |it| (Some(it.0), it.1));
        let mut resolver = self.resolver.clone();
        let (n_hosts, n_people) = (resolver.hosts.len(), resolver.people.len());
        let host = resolver.host_of_finding(name).filter(|it| *it < n_hosts);
        if let Some(host) = host.filter(|_| kind != Some(EntityKind::Identity)) {
            return Some((Who::Host(host), self.resolver.hosts[host].id.clone()));
        }
        if kind == Some(EntityKind::Asset) {
            return None;
        }
        let account = resolver.account(name).filter(|it| *it < n_people)?;
        Some((Who::Account(account), self.resolver.people[account].id.clone()))
    }

    /// What each reason adds as of `at`, the strongest first.
    pub(crate) fn parts(&mut self, who: Who, at: Timestamp) -> Vec<Part> {
        let about = match who {
            Who::Host(host) => Some(host),
            Who::Account(_) => None,
        };
        let mut weighed = self.weigh(at, about);
        discount(&mut weighed, &self.evidence, self.policy);
        let creations = &self.creations;
        let seen = Seen { groups: &weighed, links: &self.links, creations, at, policy: self.policy };
        let scores = score(seen);
        let case = Case { seen, scores: &scores, resolver: &self.resolver };
        let grounds: Vec<&Ground> = match who {
            Who::Host(host) => scores.hosts.get(&host).into_iter().flatten().collect(),
            Who::Account(account) => {
                scores.people.get(&account).into_iter().flatten().map(|it| &it.1).collect()
            }
        };
        let mut parts: Vec<Part> = grounds.into_iter().map(|it| case.part(it)).collect();
        parts.sort_by(|a, b| {
            b.points.total_cmp(&a.points).then(a.at.cmp(&b.at)).then_with(|| a.text.cmp(&b.text))
        });
        parts
    }
}
