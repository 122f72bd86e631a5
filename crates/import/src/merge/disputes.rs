//! Addresses and names that several hosts claim: whose they are, and what is shown of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::facts::Host;
use crate::names::is_full;
use crate::report::{Choice, Conflict, Disagreement, Report};
use crate::source::Origin;

/// Places named per value.
pub(super) const NAMED: usize = 4;

/// Which group each address belongs to: where several claim one, the best source, then the most claims, decide.
pub(super) fn owners(
    claims: &[Host],
    groups: &[Vec<usize>],
    files: &[String],
    report: &mut Report,
) -> BTreeMap<IpAddr, usize> {
    let mut claimed: BTreeMap<IpAddr, BTreeMap<usize, Vec<Origin>>> = BTreeMap::new();
    for (n, group) in groups.iter().enumerate() {
        for claim in group.iter().map(|at| &claims[*at]) {
            for address in &claim.addresses {
                claimed.entry(*address).or_default().entry(n).or_default().push(claim.origin);
            }
        }
    }
    let mut owners = BTreeMap::new();
    for (address, by) in claimed {
        let mut ranked: Vec<(&usize, &Vec<Origin>)> = by.iter().collect();
        ranked.sort_by_key(|(n, origins)| {
            let best = origins.iter().map(|it| it.source).min();
            (best, std::cmp::Reverse(origins.len()), **n)
        });
        owners.insert(address, *ranked[0].0);
        if ranked.len() > 1 {
            let choice = |(n, origins): &(&usize, &Vec<Origin>)| {
                let group: Vec<&Host> = groups[**n].iter().map(|at| &claims[*at]).collect();
                Choice { value: called(&group), by: told(origins.iter().copied(), files) }
            };
            report.conflicts.push(Conflict {
                on: Disagreement::Address,
                subject: address.to_string(),
                chosen: choice(&ranked[0]),
                rejected: ranked[1..].iter().map(choice).collect(),
            });
        }
    }
    owners
}

/// Names that several hosts carry, though something says that they are not one. A full name goes to one of them, as an
/// address does; what each group loses by that.
pub(super) fn shared_names(
    claims: &[Host],
    groups: &[Vec<usize>],
    files: &[String],
    report: &mut Report,
) -> BTreeMap<usize, BTreeSet<String>> {
    let mut carried: BTreeMap<&str, BTreeMap<usize, Vec<Origin>>> = BTreeMap::new();
    for (n, group) in groups.iter().enumerate() {
        for claim in group.iter().map(|at| &claims[*at]) {
            for name in &claim.names {
                carried.entry(name).or_default().entry(n).or_default().push(claim.origin);
            }
        }
    }
    let mut lost: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (name, by) in carried.into_iter().filter(|it| it.1.len() > 1) {
        let mut ranked: Vec<(usize, Vec<Origin>)> = by.into_iter().collect();
        ranked.sort_by_key(|(n, origins)| {
            (origins.iter().map(|it| it.source).min(), std::cmp::Reverse(origins.len()), *n)
        });
        let choice = |(n, origins): &(usize, Vec<Origin>)| {
            let group: Vec<&Host> = groups[*n].iter().map(|at| &claims[*at]).collect();
            let addresses: BTreeSet<String> =
                group.iter().flat_map(|it| &it.addresses).map(ToString::to_string).collect();
            let addresses: Vec<String> = addresses.into_iter().take(NAMED).collect();
            let value = if addresses.is_empty() { "no address".to_owned() } else { addresses.join(" ") };
            Choice { value, by: told(origins.iter().copied(), files) }
        };
        report.conflicts.push(Conflict {
            on: Disagreement::SharedName,
            subject: name.to_owned(),
            chosen: choice(&ranked[0]),
            rejected: ranked[1..].iter().map(choice).collect(),
        });
        for (n, _) in ranked[1..].iter().filter(|_| is_full(name)) {
            lost.entry(*n).or_default().insert(name.to_owned());
        }
    }
    lost
}

/// A group for people.
fn called(group: &[&Host]) -> String {
    let id = group.iter().find_map(|it| it.id.clone());
    let name = group.iter().find_map(|it| it.names.first().cloned());
    let key = group.iter().find_map(|it| it.key.clone());
    let mac = group.iter().find_map(|it| it.macs.first().cloned());
    id.or(name).or(key).or(mac).unwrap_or_else(|| "a host without a name".to_owned())
}

/// `source file:line`, each once, at most a few.
pub(crate) fn told(origins: impl Iterator<Item = Origin>, files: &[String]) -> Vec<String> {
    let origins: BTreeSet<Origin> = origins.collect();
    let more = origins.len().saturating_sub(NAMED);
    let mut told: Vec<String> =
        origins.iter().take(NAMED).map(|it| format!("{} {}", it.source.name(), it.text(files))).collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told
}
