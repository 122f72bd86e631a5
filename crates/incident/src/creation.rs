//! Accounts that were made: what an intruder makes is his.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::Observations;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::link::{Links, shift};
use crate::resolve::{AccountNo, HostNo, Resolver};
use crate::sound::{Sound, number};

/// Accounts made that are remembered from one run to the next, the latest.
const KEPT_MAX: usize = 10_000;

/// One account was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Creation {
    pub at: Timestamp,
    pub account: AccountNo,
    /// Who made it, where that is told.
    pub by: Option<AccountNo>,
    pub on: HostNo,
}

impl Creation {
    /// Whether it can have been kept with so many hosts and accounts.
    pub(crate) fn check(&self, n_hosts: usize, n_people: usize) -> Sound {
        number("account", self.account, n_people, "account")?;
        self.by.map_or(Ok(()), |it| number("by", it, n_people, "account"))?;
        number("on", self.on, n_hosts, "host")
    }
}

/// Seconds before it was made in which an account may show itself, since logs stamp late.
const EARLY_S: i64 = 300;

/// Accounts made, each once, by time: those of `observations`, and those known from before. What says that an account was made that
/// the operator's own estate declares, or that logged on before, is a forgery or a mistake: nobody is accused by it.
pub(crate) fn creations(
    observations: &Observations,
    resolver: &mut Resolver<'_>,
    links: &Links,
    mut before: Vec<Creation>,
) -> Vec<Creation> {
    let mut known = BTreeMap::<AccountNo, Timestamp>::new();
    let mut seen_at = |account: AccountNo, first: Timestamp| {
        known.entry(account).and_modify(|it| *it = (*it).min(first)).or_insert(first);
    };
    // What earlier runs saw is among the ways.
    links.all.iter().filter_map(|it| Some((it.account?, it.first))).for_each(|it| seen_at(it.0, it.1));
    for (logon, uses) in observations.logons.iter().filter(|it| it.0.success) {
        if let (Some(account), Some(first)) = (resolver.account(&logon.user), uses.first) {
            seen_at(account, first);
        }
    }
    for (it, seen) in &observations.created {
        let (Some(at), Some(on)) = (seen.first, resolver.host(&it.on)) else { continue };
        let Some(account) = resolver.account(&it.account) else { continue };
        let was_there = known.get(&account).is_some_and(|it| *it < shift(at, -EARLY_S));
        if was_there || resolver.is_declared(account) {
            continue;
        }
        let by = it.by.as_ref().and_then(|it| resolver.account(it));
        before.push(Creation { at, account, by, on });
    }
    before.sort_unstable();
    before.dedup();
    // Several hosts may tell of one act.
    let mut told = BTreeSet::new();
    before.retain(|it| told.insert(it.account));
    before
}

/// The latest of them.
pub(crate) fn kept(mut creations: Vec<Creation>) -> Vec<Creation> {
    creations.drain(..creations.len().saturating_sub(KEPT_MAX));
    creations
}

/// With other numbers; none where they name what is not there.
pub(crate) fn renumbered(
    creations: Vec<Creation>,
    hosts: &[HostNo],
    people: &[AccountNo],
) -> Option<Vec<Creation>> {
    let renumbered = |it: Creation| {
        let by = it.by.map(|it| people.get(it).copied().ok_or(())).transpose().ok()?;
        Some(Creation { account: *people.get(it.account)?, by, on: *hosts.get(it.on)?, ..it })
    };
    creations.into_iter().map(renumbered).collect()
}
