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
use crate::sound::{Sound, each, hold, number, second};

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
    /// Whether it can have been kept.
    pub fn is_sound(&self) -> bool {
        self.check().is_ok()
    }

    /// Whether it can have been kept: what it names it holds, no count is impossible, and what has an order is in it.
    ///
    /// # Errors
    /// The first value that cannot be, and why.
    pub fn check(&self) -> Sound {
        self.normal.check().map_err(|it| it.within("normal"))?;
        self.known.as_ref().map_or(Ok(()), |it| it.check().map_err(|it| it.within("known")))
    }

    /// Whether every finding that can be placed was taken in by an earlier run; not so of none at all.
    pub fn has_read_all(&self, findings: &[Finding]) -> bool {
        let Some(known) = &self.known else { return false };
        let mut taken = Taken::earlier(known.read.clone());
        let mut timed = findings.iter().filter_map(|it| Some((it, it.time?))).peekable();
        timed.peek().is_some() && timed.all(|(it, at)| taken.is_again(it, at))
    }

    /// Incidents that earlier runs declared and that are over, the latest last.
    pub fn ended(&self) -> impl Iterator<Item = &Ended> {
        self.known.iter().flat_map(|it| &it.ended)
    }

    /// The titles of rules that may still count, by id.
    pub fn titles(&self) -> BTreeMap<&str, &str> {
        self.known.iter().flat_map(|it| it.evidence.titles()).collect()
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
    fn check(&self) -> Sound {
        /// More than can ever be weighed at once.
        const WEIGHED_MAX: usize = 1 << 32;
        let (n_hosts, n_people) = (self.hosts.len(), self.people.len());
        for (key, n, of) in
            [("addresses", self.addresses.len(), n_hosts), ("people_ids", self.people_ids.len(), n_people)]
        {
            hold(n == 0 || n == of, key, || format!("there are {n} for {of}"))?;
        }
        self.evidence.check(n_hosts, n_people).map_err(|it| it.within("evidence"))?;
        each("hot", &self.hot, |it| number("[0]", it.0, n_hosts, "host"))?;
        each("open", &self.open, |it| it.check(n_hosts))?;
        self.ways.check(n_hosts, n_people).map_err(|it| it.within("ways"))?;
        each("creations", &self.creations, |it| it.check(n_hosts, n_people))?;
        hold(self.n_weighed <= WEIGHED_MAX, "n_weighed", || format!("{} is too many", self.n_weighed))?;
        each("read", &self.read, |it| second("[0]", it.0))?;
        // Whatever else keeps it from being taken up.
        let numbers = |n: usize| (0..n).collect::<Vec<_>>();
        let taken_up = self.clone().renumbered(&numbers(n_hosts), &numbers(n_people)).is_some();
        hold(taken_up, "", || "it names what it does not hold".to_owned())
    }

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
