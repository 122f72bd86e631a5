//! What the stage remembers from one run to the next: what is usual, the evidence that may still count, incidents not over.
//!
//! Hosts and accounts are kept by name, since their numbers are of one run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::finding::Finding;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::Open;
use crate::creation::{self, Creation};
use crate::draft::IncidentDraft;
use crate::evidence::{Evidence, Kept};
use crate::link::Ways;
use crate::normal::{Normal, Renamed};
use crate::read::{Ended, Mark, Taken};
use crate::resolve::{AccountNo, HostNo, Resolver};

/// What the stage knows at an instant. The same input makes the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What is usual.
    pub normal: Normal,
    /// Evidence and incidents; none where nothing was judged yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<KnownByName>,
}

impl From<Normal> for Memory {
    fn from(normal: Normal) -> Self {
        Self { normal, known: None }
    }
}

impl Memory {
    /// Whether it can have been kept: what it names it holds, and no count is impossible.
    pub fn is_sound(&self) -> bool {
        let numbers = |n: usize| (0..n).collect::<Vec<_>>();
        let known = self.known.as_ref().is_none_or(|it| {
            let (hosts, people) = (numbers(it.hosts.len()), numbers(it.people.len()));
            it.clone().renumbered(&hosts, &people).is_some()
        });
        known && self.normal.is_sound()
    }

    /// Whether every finding that can be placed was taken in by an earlier run; not so of none at all.
    pub fn has_read_all(&self, findings: &[Finding]) -> bool {
        let Some(known) = &self.known else { return false };
        let mut taken = Taken::earlier(known.read.clone());
        let mut timed = findings.iter().filter_map(|it| Some((it, it.time?))).peekable();
        timed.peek().is_some() && timed.all(|(it, at)| taken.is_again(it, at))
    }

    /// Incidents that are not over.
    pub fn open(&self) -> impl Iterator<Item = &IncidentDraft> {
        self.known.iter().flat_map(|it| &it.open).map(|it| &it.draft)
    }
}

/// What is known beside what is usual, with the numbers of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub evidence: Evidence,
    pub hot: BTreeMap<HostNo, Timestamp>,
    pub open: Vec<Open>,
    pub ways: Ways,
    pub creations: Vec<Creation>,
    pub forgot: Option<Timestamp>,
    pub due: BTreeSet<Timestamp>,
    pub n_weighed: usize,
    pub taken: Taken,
    pub ended: Vec<Ended>,
}

/// The same with the names that the numbers stand for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownByName {
    hosts: Vec<String>,
    /// By host; none where an earlier version kept none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Vec<IpAddr>>,
    people: Vec<String>,
    /// Ids of accounts, as incidents name them; none where an earlier version kept none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    people_ids: Vec<String>,
    evidence: Kept,
    hot: Vec<(HostNo, Timestamp)>,
    open: Vec<Open>,
    ways: Ways,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    creations: Vec<Creation>,
    forgot: Option<Timestamp>,
    due: BTreeSet<Timestamp>,
    n_weighed: usize,
    /// Findings taken in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    read: Vec<Mark>,
    /// Incidents that are over, the latest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ended: Vec<Ended>,
}

impl Known {
    pub(crate) fn kept(self, resolver: &Resolver<'_>) -> KnownByName {
        KnownByName {
            hosts: resolver.hosts.iter().map(|it| it.id.clone()).collect(),
            addresses: resolver.addresses(),
            people: resolver.people.iter().map(|it| it.name.clone()).collect(),
            people_ids: resolver.people.iter().map(|it| it.id.clone()).collect(),
            evidence: self.evidence.kept(),
            hot: self.hot.into_iter().collect(),
            open: self.open,
            ways: self.ways,
            creations: creation::kept(self.creations),
            forgot: self.forgot,
            due: self.due,
            n_weighed: self.n_weighed,
            read: self.taken.kept(),
            ended: self.ended,
        }
    }
}

impl KnownByName {
    /// What hosts and accounts are called now that were called otherwise then.
    pub(crate) fn renamed(&self, resolver: &mut Resolver<'_>) -> Renamed {
        let none = Vec::new();
        let mut renamed = Renamed::default();
        for (number, id) in self.hosts.iter().enumerate() {
            let host = resolver.recall_host(id, self.addresses.get(number).unwrap_or(&none));
            let now = &resolver.hosts[host].id;
            if now != id {
                renamed.hosts.insert(id.clone(), now.clone());
            }
        }
        for name in &self.people {
            let account = resolver.recall_account(name);
            let now = &resolver.people[account].name;
            if now != name {
                renamed.accounts.insert(name.clone(), now.clone());
            }
        }
        for (name, id) in self.people.iter().zip(&self.people_ids) {
            let account = resolver.recall_account(name);
            let now = &resolver.people[account].id;
            if now != id {
                renamed.people_ids.insert(id.clone(), now.clone());
            }
        }
        renamed
    }

    /// With the numbers that `resolver` gives; none where it is unsound.
    pub(crate) fn recalled(self, resolver: &mut Resolver<'_>) -> Option<Known> {
        let none = Vec::new();
        let recalled = self
            .hosts
            .iter()
            .enumerate()
            .map(|(number, id)| resolver.recall_host(id, self.addresses.get(number).unwrap_or(&none)));
        let hosts: Vec<HostNo> = recalled.collect();
        let people: Vec<AccountNo> = self.people.iter().map(|it| resolver.recall_account(it)).collect();
        self.renumbered(&hosts, &people)
    }

    fn renumbered(self, hosts: &[HostNo], people: &[AccountNo]) -> Option<Known> {
        let mut open = self.open;
        for it in &mut open {
            it.hosts = it.hosts.iter().map(|it| hosts.get(*it).copied()).collect::<Option<_>>()?;
            // The numbers were of the findings of another run.
            it.draft.findings.clear();
        }
        let hot = self.hot.into_iter().map(|(host, at)| Some((*hosts.get(host)?, at)));
        Some(Known {
            evidence: Evidence::of(self.evidence, hosts, people)?,
            hot: hot.collect::<Option<_>>()?,
            open,
            ways: self.ways.renumbered(hosts, people)?,
            creations: creation::renumbered(self.creations, hosts, people)?,
            forgot: self.forgot,
            due: self.due,
            n_weighed: self.n_weighed,
            taken: Taken::earlier(self.read),
            ended: self.ended,
        })
    }
}
