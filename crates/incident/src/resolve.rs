//! From names and addresses in logs to the hosts and accounts of the estate.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::address::is_private;
use bulkhead_model::case::EntityKind;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{Asset, AssetKind, Estate, Identity};
use bulkhead_model::finding::Finding;

use crate::account::Account;

/// Number of a host within one fusion.
pub(crate) type HostNo = usize;
/// Number of an account within one fusion.
pub(crate) type AccountNo = usize;

/// One host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Id in the estate, or the name from the logs where the estate has no such host.
    pub id: String,
    /// Name as the logs have it, or as the estate has it.
    pub hostname: Option<String>,
    /// What it is, by the estate: its kind and roles; empty for a host that the estate does not know.
    pub role: String,
    /// Whether everybody talks to it by its nature.
    pub is_directory: bool,
    /// Whether the attacker must never reach it.
    pub is_crown_jewel: bool,
}

/// One account that somebody could misuse.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Id in the estate, or the name from the logs.
    pub id: String,
    /// Name as the logs have it.
    pub name: String,
}

/// Hosts and accounts seen so far, and how names lead to them.
#[derive(Clone, Debug)]
pub(crate) struct Resolver<'e> {
    estate: &'e Estate,
    pub hosts: Vec<Host>,
    pub people: Vec<Person>,
    /// Asset index by lower-case id and full host name; none where two assets share it.
    by_name: BTreeMap<String, Option<usize>>,
    /// Asset index by short host name; none where two assets share it.
    by_short: BTreeMap<String, Option<usize>>,
    by_address: BTreeMap<IpAddr, Option<usize>>,
    /// Names the logs give to addresses.
    logged_names: BTreeMap<IpAddr, String>,
    host_numbers: BTreeMap<String, HostNo>,
    account_numbers: BTreeMap<String, AccountNo>,
    /// Domains under which a bare name was seen.
    domains: BTreeMap<String, Vec<String>>,
    /// Short names of the hosts in the logs.
    computers: BTreeSet<String>,
}

impl<'e> Resolver<'e> {
    /// A resolver over the estate; `observations` supply addresses the estate does not know, and the domains of accounts.
    pub(crate) fn new(estate: &'e Estate, observations: &Observations) -> Self {
        let mut it = Self {
            estate,
            hosts: Vec::new(),
            people: Vec::new(),
            by_name: BTreeMap::new(),
            by_short: BTreeMap::new(),
            by_address: BTreeMap::new(),
            logged_names: observations.names.clone(),
            host_numbers: BTreeMap::new(),
            account_numbers: BTreeMap::new(),
            domains: BTreeMap::new(),
            computers: observations.hosts.keys().map(|it| short(it).to_lowercase()).collect(),
        };
        for (index, asset) in estate.assets.iter().enumerate() {
            enter(&mut it.by_name, asset.id.as_str().to_lowercase(), index);
            if let Some(hostname) = &asset.hostname {
                let hostname = hostname.to_lowercase();
                enter(&mut it.by_short, short(&hostname).to_owned(), index);
                enter(&mut it.by_name, hostname, index);
            }
            for address in &asset.addresses {
                enter(&mut it.by_address, *address, index);
            }
        }
        it.doubt_names(observations);
        it.claim_addresses(observations);
        let users = observations.hosts.values().flat_map(|it| &it.users);
        let made = observations.created.keys().map(|it| &it.account);
        for user in users.chain(observations.logons.keys().map(|it| &it.user)).chain(made) {
            it.learn_domain(user);
        }
        it
    }

    /// What somebody calls himself (a client states the name of its workstation) is not believed of a host that is known to
    /// have other addresses.
    fn doubt_names(&mut self, observations: &Observations) {
        let known: BTreeSet<&str> =
            observations.hosts.iter().filter(|it| !it.1.addresses.is_empty()).map(|it| short(it.0)).collect();
        let names = std::mem::take(&mut self.logged_names);
        let is_free = |name: &String| {
            let asset = self.asset(&name.to_lowercase()).map(|it| &self.estate.assets[it]);
            asset.is_none_or(|it| it.addresses.is_empty()) && !known.contains(short(name))
        };
        self.logged_names = names.into_iter().filter(|it| is_free(&it.1)).collect();
    }

    /// A host's own word on its addresses outweighs what others say; what two hosts claim is nobody's.
    fn claim_addresses(&mut self, observations: &Observations) {
        let mut claims = BTreeMap::<IpAddr, Option<&String>>::new();
        for (name, host) in &observations.hosts {
            for address in &host.addresses {
                claims.entry(address.to_canonical()).and_modify(|it| *it = None).or_insert(Some(name));
            }
        }
        for (address, name) in claims {
            match name {
                Some(name) => self.logged_names.insert(address, name.clone()),
                None => self.logged_names.remove(&address),
            };
        }
    }

    /// Remembers the domain of an account, so that its bare name leads to it.
    pub(crate) fn learn_domain(&mut self, user: &str) {
        let Some(Account { domain: Some(domain), name }) = Account::read(user) else { return };
        let domains = self.domains.entry(name).or_default();
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }

    /// The host that `name` (host name, full or short, or address) means; none for what means no host of ours.
    pub(crate) fn host(&mut self, name: &str) -> Option<HostNo> {
        let name = name.trim().trim_end_matches('.').to_lowercase();
        if let Ok(address) = name.parse::<IpAddr>() {
            return self.address(address);
        }
        let name = name.trim_start_matches('\\');
        if name.is_empty() || name == "-" || name.starts_with("localhost") {
            return None;
        }
        match self.asset(name) {
            Some(index) => Some(self.number_asset(index, Some(name))),
            None => Some(self.number(name, name, Some(name))),
        }
    }

    /// As [`Resolver::host`]; but a private address that nobody is known to own is a host of its own.
    pub(crate) fn host_of_finding(&mut self, name: &str) -> Option<HostNo> {
        if let Some(known) = self.host(name) {
            return Some(known);
        }
        let address = name.trim().parse::<IpAddr>().ok()?.to_canonical();
        let text = address.to_string();
        // Dots would be cut off as a domain.
        is_private(address).then(|| self.number(&text, &format!("\u{0}{text}"), None))
    }

    /// The host that an earlier run called `id` and knew by these addresses: a drafted estate names it by what each recording shows.
    pub(crate) fn recall_host(&mut self, id: &str, addresses: &[IpAddr]) -> HostNo {
        if let Some(index) = self.estate.assets.iter().position(|it| it.id.as_str() == id) {
            return self.number_asset(index, None);
        }
        let by_name = self.asset(id);
        let known = addresses.iter().find_map(|it| self.by_address.get(it).copied().flatten());
        if let Some(index) = by_name.or(known) {
            return self.number_asset(index, None);
        }
        if let Some(number) = addresses.iter().find_map(|it| self.address(*it)) {
            return number;
        }
        self.host_of_finding(id).unwrap_or_else(|| self.number(id, id, Some(id)))
    }

    /// Whether the operator's own estate (none drafted from the logs) declares the account.
    pub(crate) fn is_declared(&self, account: AccountNo) -> bool {
        let id = self.people[account].id.as_str();
        !self.estate.estate.drafted && self.estate.identities.iter().any(|it| it.id.as_str() == id)
    }

    /// The id under which the estate knows a host or an account of this name, of `kind` where that is said.
    pub(crate) fn declared(&self, name: &str, kind: Option<EntityKind>) -> Option<String> {
        let name = name.trim().to_lowercase();
        let by_address =
            || self.by_address.get(&name.parse::<IpAddr>().ok()?.to_canonical()).copied().flatten();
        if kind != Some(EntityKind::Identity)
            && let Some(index) = self.asset(&name).or_else(by_address)
        {
            return Some(self.estate.assets[index].id.as_str().to_owned());
        }
        if kind == Some(EntityKind::Asset) {
            return None;
        }
        let is_it = |it: &&Identity| {
            it.id.as_str().eq_ignore_ascii_case(&name)
                || it.accounts.iter().any(|it| crate::account::same_account(it, &name))
        };
        self.estate.identities.iter().find(is_it).map(|it| it.id.as_str().to_owned())
    }

    /// The addresses by which each host of this run is known.
    pub(crate) fn addresses(&self) -> Vec<Vec<IpAddr>> {
        const EACH: usize = 8;
        let mut all: Vec<BTreeSet<IpAddr>> = vec![BTreeSet::new(); self.hosts.len()];
        let by_id: BTreeMap<&str, usize> =
            self.hosts.iter().enumerate().map(|(number, it)| (it.id.as_str(), number)).collect();
        for asset in &self.estate.assets {
            if let Some(number) = by_id.get(asset.id.as_str()) {
                all[*number].extend(&asset.addresses);
            }
        }
        for (address, name) in &self.logged_names {
            if let Some(number) = self.host_numbers.get(short(name)) {
                all[*number].insert(*address);
            }
        }
        all.into_iter().map(|it| it.into_iter().take(EACH).collect()).collect()
    }

    /// The account that an earlier run called `name`.
    pub(crate) fn recall_account(&mut self, name: &str) -> AccountNo {
        self.learn_domain(name);
        self.account(name).unwrap_or_else(|| {
            self.people.push(Person { id: name.to_owned(), name: name.to_owned() });
            self.people.len() - 1
        })
    }

    /// The host that owns `address`; none for loopback and for addresses nobody is known to own.
    pub(crate) fn address(&mut self, address: IpAddr) -> Option<HostNo> {
        let address = address.to_canonical();
        if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            return None;
        }
        if let Some(Some(index)) = self.by_address.get(&address) {
            let index = *index;
            return Some(self.number_asset(index, None));
        }
        let name = self.logged_names.get(&address).cloned()?;
        (name.parse::<IpAddr>().is_err()).then(|| self.host(&name)).flatten()
    }

    fn asset(&self, name: &str) -> Option<usize> {
        if let Some(found) = self.by_name.get(name) {
            return *found;
        }
        // A full name in the logs that the estate has in full must match in full; short on either side is enough.
        let found = (*self.by_short.get(short(name))?)?;
        let full_here = self.estate.assets[found].hostname.as_ref().is_some_and(|it| it.contains('.'));
        (!full_here || !name.contains('.')).then_some(found)
    }

    fn number_asset(&mut self, index: usize, logged: Option<&str>) -> HostNo {
        let asset = &self.estate.assets[index];
        let hostname = logged.or(asset.hostname.as_deref());
        let number = self.number(asset.id.as_str(), &format!("\u{0}{index}"), hostname);
        if self.hosts[number].role.is_empty() {
            self.hosts[number].role = role(asset);
        }
        self.hosts[number].is_crown_jewel = asset.crown_jewel;
        self.hosts[number].is_directory |= asset.kind == AssetKind::IdentityProvider
            || asset.roles.iter().any(|it| it == "domain_controller");
        number
    }

    fn number(&mut self, id: &str, key: &str, hostname: Option<&str>) -> HostNo {
        // The logs may write a host they know in full by its short name.
        let key = if key.starts_with('\u{0}') { key } else { short(key) };
        if let Some(number) = self.host_numbers.get(key) {
            let host = &mut self.hosts[*number];
            let longer = hostname.filter(|it| host.hostname.as_ref().is_none_or(|old| old.len() < it.len()));
            if let Some(longer) = longer {
                host.hostname = Some(longer.to_owned());
            }
            return *number;
        }
        let number = self.hosts.len();
        let hostname = hostname.map(str::to_owned);
        self.hosts.push(Host {
            id: id.to_owned(),
            hostname,
            role: String::new(),
            is_directory: false,
            is_crown_jewel: false,
        });
        self.host_numbers.insert(key.to_owned(), number);
        number
    }

    /// The host a finding speaks of: the one that recorded it, or for network sensors an end of the flow.
    pub(crate) fn host_of(&mut self, finding: &Finding) -> Option<HostNo> {
        const ENDS: [&str; 7] =
            ["id.orig_h", "src_ip", "SourceIp", "ip", "id.resp_h", "dest_ip", "DestinationIp"];
        let named = finding.host.iter().chain(ENDS.iter().filter_map(|it| finding.fields.get(*it)));
        named.into_iter().find_map(|it| self.host_of_finding(it))
    }

    /// Whether it is the account of a computer that there is.
    fn is_computers(&self, account: &Account) -> bool {
        let is_known = |name| self.by_short.contains_key(name) || self.computers.contains(name);
        account.computer().is_some_and(is_known)
    }

    /// Whether it is the account of the computer `host` itself.
    pub(crate) fn is_own_account(&mut self, account: &Account, host: HostNo) -> bool {
        self.is_computers(account) && account.computer().and_then(|it| self.host(it)) == Some(host)
    }

    /// The account that `user` names; none for system and local service accounts, and those of computers there are.
    pub(crate) fn account(&mut self, user: &str) -> Option<AccountNo> {
        let mut account = Account::read(user)?;
        if account.is_local_service() || self.is_computers(&account) {
            return None;
        }
        if account.domain.is_none()
            && let Some([domain]) = self.domains.get(&account.name).map(Vec::as_slice)
        {
            account.domain = Some(domain.clone());
        }
        let text = account.as_text();
        if let Some(number) = self.account_numbers.get(&text) {
            return Some(*number);
        }
        let identity = self.estate.identities.iter().find(|it| {
            it.accounts.iter().any(|name| crate::account::same_account(name, &text))
                || (it.accounts.is_empty() && it.id.as_str().eq_ignore_ascii_case(&account.name))
        });
        let id = identity.map_or_else(|| text.clone(), |it| it.id.as_str().to_owned());
        // Two account names of one identity are one account.
        let known = self.people.iter().position(|it| it.id == id);
        let number = known.unwrap_or_else(|| {
            self.people.push(Person { id, name: text.clone() });
            self.people.len() - 1
        });
        self.account_numbers.insert(text, number);
        Some(number)
    }
}

/// `server app web`: what an asset shares with others of its kind.
fn role(asset: &Asset) -> String {
    let kind = match asset.kind {
        AssetKind::Server => "server",
        AssetKind::Workstation => "workstation",
        AssetKind::NetworkDevice => "network_device",
        AssetKind::Hypervisor => "hypervisor",
        AssetKind::Appliance => "appliance",
        AssetKind::IdentityProvider => "identity_provider",
    };
    let roles: BTreeSet<&str> = asset.roles.iter().map(String::as_str).collect();
    std::iter::once(kind).chain(roles).collect::<Vec<_>>().join(" ")
}

/// Enters `key`, or marks it as ambiguous when something else holds it already.
fn enter<K: Ord>(map: &mut BTreeMap<K, Option<usize>>, key: K, index: usize) {
    map.entry(key).and_modify(|it| *it = it.filter(|old| *old == index)).or_insert(Some(index));
}

/// The host name up to its first dot.
fn short(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}
