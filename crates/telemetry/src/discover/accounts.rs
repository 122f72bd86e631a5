//! Identities: which accounts acted, where they may log on, and where their secrets lie.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::{Logon, Observations};
use bulkhead_model::estate::{Identity, IdentityKind, Right, Selector};
use bulkhead_model::id::IdentityId;

use super::hosts::Hosts;
use super::links::Links;
use super::sanitise;

/// Identities drafted at most.
const IDENTITIES_MAX: usize = 2000;

/// Domains of accounts that every Windows host has for itself.
const BUILT_IN_DOMAINS: [&str; 9] = [
    "nt authority",
    "nt service",
    "window manager",
    "font driver host",
    "iis apppool",
    "nt virtual machine",
    "builtin",
    "autorite nt",
    "nt-autorität",
];

/// Accounts without a domain that belong to a system rather than to anybody.
const BUILT_IN: [&str; 15] = [
    "system",
    "localsystem",
    "local service",
    "network service",
    "anonymous logon",
    "unset",
    "daemon",
    "nobody",
    "www-data",
    "systemd-network",
    "systemd-resolve",
    "messagebus",
    "syslog",
    "_apt",
    "4294967295",
];

#[derive(Default)]
struct Account {
    names: BTreeSet<String>,
    privileged: bool,
    service: bool,
    rights: BTreeMap<usize, BTreeSet<&'static str>>,
    secrets: BTreeSet<usize>,
}

/// The accounts of people and programs, with their rights and secrets as far as seen.
pub(super) fn identities(
    observations: &Observations,
    hosts: &Hosts<'_>,
    links: &Links,
    said: &mut Vec<String>,
) -> Vec<Identity> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    acting(observations, hosts, links, &mut accounts);
    for logon in observations.logons.keys().filter(|it| it.success && is_somebody(&it.user)) {
        let account = accounts.entry(logon.user.clone()).or_default();
        account.names.insert(logon.user.clone());
        logged_on(logon, hosts, links, account);
    }
    let accounts = without_domain_merged(accounts);
    let total = accounts.len();
    if total > IDENTITIES_MAX {
        said.push(format!(
            "{} accounts were left out: only {IDENTITIES_MAX} are drafted",
            total - IDENTITIES_MAX
        ));
    }
    if total > 0 {
        said.push(
            "An account is assumed to have a right where it was seen to log on, and to leave its secret where it worked \
             (interactive, remote desktop, service or batch logon, or processes of its own), but not where it only \
             logged on over the network; machine and built-in accounts are not drafted"
                .to_owned(),
        );
    }
    let mut taken = BTreeSet::new();
    accounts
        .into_iter()
        .take(IDENTITIES_MAX)
        .map(|(name, it)| identity(&name, it, hosts, &mut taken))
        .collect()
}

/// Whether an account is a person's or a program's, not a system's or a machine's.
fn is_somebody(account: &str) -> bool {
    let (domain, name) = account.split_once('\\').unwrap_or(("", account));
    !name.ends_with('$')
        && !name.is_empty()
        && !BUILT_IN_DOMAINS.contains(&domain)
        && !BUILT_IN.contains(&name)
        && !name.starts_with("umfd-")
        && !name.starts_with("dwm-")
        && !name.starts_with("s-1-")
}

/// Accounts seen to act on hosts: an account that is there by more than a network logon leaves its secret.
fn acting(
    observations: &Observations,
    hosts: &Hosts<'_>,
    links: &Links,
    accounts: &mut BTreeMap<String, Account>,
) {
    let came_by_network: BTreeSet<(&str, &str)> = observations
        .logons
        .keys()
        .filter(|it| it.kind == "network" || !it.success)
        .map(|it| (it.to.as_str(), it.user.as_str()))
        .collect();
    for (name, host) in &observations.hosts {
        let Some(number) = hosts.named(name) else {
            continue;
        };
        // A domain controller names everybody whom it authenticates.
        let authenticates = host.roles.contains("domain_controller");
        for user in host.users.iter().filter(|it| is_somebody(it)) {
            let account = accounts.entry(user.clone()).or_default();
            account.names.insert(user.clone());
            if !authenticates && !came_by_network.contains(&(name.as_str(), user.as_str())) {
                account.secrets.insert(number);
            }
            if host.privileged.contains(user) {
                account.privileged = true;
                account.rights.entry(number).or_default().extend(remote(links, number));
            }
        }
    }
}

/// The protocols over which a host can be administered: those it was seen to answer, else the usual ones of Windows.
fn remote(links: &Links, host: usize) -> BTreeSet<&'static str> {
    let seen = links.protocols(host);
    if seen.is_empty() { BTreeSet::from(["smb", "wmi", "winrm", "rdp"]) } else { seen }
}

fn logged_on(logon: &Logon, hosts: &Hosts<'_>, links: &Links, account: &mut Account) {
    let to = hosts.named(&logon.to);
    let from = logon.from.as_deref().and_then(|it| hosts.named(it));
    match logon.kind.as_str() {
        "interactive" | "other" => account.secrets.extend(to),
        "service" | "batch" => {
            account.service = true;
            account.secrets.extend(to);
        }
        "remote_interactive" => {
            account.secrets.extend(to);
            grant(account, to, BTreeSet::from(["rdp"]));
        }
        "ssh" => grant(account, to, BTreeSet::from(["ssh"])),
        "explicit" => {
            account.secrets.extend(from.or(to));
            if from.is_some() {
                grant(account, to, to.map(|it| remote(links, it)).unwrap_or_default());
            }
        }
        _ => grant(account, to, to.map(|it| remote(links, it)).unwrap_or_default()),
    }
}

fn grant(account: &mut Account, host: Option<usize>, via: BTreeSet<&'static str>) {
    if let Some(host) = host {
        account.rights.entry(host).or_default().extend(via);
    }
}

/// Gives what was seen of `alice` to `corp\alice` where only one domain has an alice.
fn without_domain_merged(mut accounts: BTreeMap<String, Account>) -> BTreeMap<String, Account> {
    let bare: Vec<String> = accounts.keys().filter(|it| !it.contains('\\')).cloned().collect();
    for name in bare {
        let mut same = accounts.keys().filter(|it| it.split_once('\\').is_some_and(|(_, it)| it == name));
        let (Some(full), None) = (same.next().cloned(), same.next()) else {
            continue;
        };
        if let (Some(part), Some(whole)) = (accounts.remove(&name), accounts.get_mut(&full)) {
            whole.names.extend(part.names);
            whole.privileged |= part.privileged;
            whole.service |= part.service;
            whole.secrets.extend(part.secrets);
            for (host, via) in part.rights {
                whole.rights.entry(host).or_default().extend(via);
            }
        }
    }
    accounts
}

fn identity(name: &str, account: Account, hosts: &Hosts<'_>, taken: &mut BTreeSet<String>) -> Identity {
    let bare = sanitise(name.rsplit('\\').next().unwrap_or(name));
    let whole = sanitise(name);
    let numbered = (2..).map(|n| format!("{whole}-{n}"));
    let id = [bare, whole.clone()].into_iter().chain(numbered).find(|it| taken.insert(it.clone()));
    let on = |host: &usize| Selector { asset: Some(hosts.all[*host].id.clone()), ..Selector::default() };
    let by_program = account.service || name.contains("svc") || name.contains("service");
    Identity {
        id: IdentityId::new(id.unwrap_or(whole)),
        kind: if by_program { IdentityKind::Service } else { IdentityKind::Human },
        accounts: account.names.into_iter().collect(),
        privileged: account.privileged,
        rights: account
            .rights
            .iter()
            .map(|(host, via)| Right { on: on(host), via: via.iter().map(|it| (*it).to_owned()).collect() })
            .collect(),
        secrets_on: account.secrets.iter().map(on).collect(),
        value: None,
    }
}
