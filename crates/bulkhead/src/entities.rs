//! Who is meant: hosts by id, name or address, identities by id or account name, wherever one is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::case::{EntityKind, EntityRef};
use bulkhead_model::diag::nearest;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId};

use crate::failure::{Failure, Outcome};

/// Choices listed of an ambiguous name.
const CHOICES: usize = 8;

/// A host or an identity of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meant<'e> {
    /// A host.
    Asset(&'e AssetId),
    /// An account.
    Identity(&'e IdentityId),
}

impl Meant<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Asset(id) => id.as_str(),
            Self::Identity(id) => id.as_str(),
        }
    }

    fn entity(&self) -> EntityRef {
        match self {
            Self::Asset(id) => EntityRef::asset(id.as_str()),
            Self::Identity(id) => EntityRef::identity(id.as_str()),
        }
    }

    /// The name that is never ambiguous.
    fn exactly(&self) -> String {
        exactly(&self.entity())
    }
}

/// What stands before an id that says of which kind it is; the first of each kind is the one shown.
const KINDS: [(&str, EntityKind); 4] = [
    ("host:", EntityKind::Asset),
    ("account:", EntityKind::Identity),
    ("asset:", EntityKind::Asset),
    ("identity:", EntityKind::Identity),
];

/// The name of a host or account that is never ambiguous.
pub fn exactly(it: &EntityRef) -> String {
    let kind = KINDS.iter().find(|kind| kind.1 == it.kind).map_or("", |kind| kind.0);
    format!("{kind}{}", it.id)
}

/// The kind and id in a name that says which kind it means.
fn of_kind(text: &str) -> Option<(EntityKind, &str)> {
    KINDS.iter().find_map(|(prefix, kind)| Some((*kind, text.strip_prefix(prefix)?)))
}

/// Every way to name what the estate knows.
#[derive(Debug)]
pub struct Directory<'e> {
    estate: &'e Estate,
    ids: BTreeMap<&'e str, Vec<Meant<'e>>>,
    /// Names in lower case: ids, host names whole and up to the first dot, accounts with and without their domain.
    names: BTreeMap<String, BTreeSet<Meant<'e>>>,
    addresses: BTreeMap<IpAddr, BTreeSet<Meant<'e>>>,
}

impl<'e> Directory<'e> {
    /// The directory of `estate`.
    pub fn new(estate: &'e Estate) -> Self {
        let mut directory =
            Self { estate, ids: BTreeMap::new(), names: BTreeMap::new(), addresses: BTreeMap::new() };
        for it in &estate.assets {
            let meant = Meant::Asset(&it.id);
            directory.ids.entry(it.id.as_str()).or_default().push(meant);
            directory.name(it.id.as_str(), meant);
            if let Some(hostname) = &it.hostname {
                directory.name(hostname.trim_end_matches('.'), meant);
                directory.name(hostname.split('.').next().unwrap_or_default(), meant);
            }
            for address in &it.addresses {
                directory.addresses.entry(address.to_canonical()).or_default().insert(meant);
            }
        }
        for it in &estate.identities {
            let meant = Meant::Identity(&it.id);
            directory.ids.entry(it.id.as_str()).or_default().push(meant);
            directory.name(it.id.as_str(), meant);
            for account in &it.accounts {
                directory.name(account, meant);
                directory.name(bare(account), meant);
            }
        }
        directory
    }

    fn name(&mut self, name: &str, meant: Meant<'e>) {
        if !name.is_empty() {
            self.names.entry(name.to_lowercase()).or_default().insert(meant);
        }
    }

    /// The host or identity that `text` names; `whence` is where it was given.
    pub fn find(&self, whence: &str, text: &str) -> Outcome<Meant<'e>> {
        self.choose(whence, text, "asset or identity", |_| true)
    }

    /// The host or account that `text` names, be it of the estate or one of `seen`, which only the incidents know.
    pub fn find_or_seen(&self, whence: &str, text: &str, seen: &BTreeSet<EntityRef>) -> Outcome<EntityRef> {
        let asked = text.trim();
        let is_named = |it: &&EntityRef| match of_kind(asked) {
            Some((kind, id)) => it.kind == kind && it.id == id,
            None => it.id == asked,
        };
        let mut found: BTreeSet<EntityRef> = seen.iter().filter(is_named).cloned().collect();
        match self.find(whence, text) {
            // What is called exactly so goes before what is called so among other things.
            Ok(it) if found.is_empty() || it.id() == asked => {
                found.insert(it.entity());
            }
            Ok(_) => {}
            Err(failure) if found.is_empty() => return Err(failure),
            Err(_) => {
                found.extend(self.candidates(asked).iter().filter(|it| it.id() == asked).map(Meant::entity));
            }
        }
        match found.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => Ok(one.clone()),
            many => {
                let choices: Vec<String> = many.iter().map(exactly).collect();
                let failure = Failure::input(format!("{whence}: `{asked}` names a host and an account"));
                Err(failure.hint(format!("say which: {}", choices.join(" or "))))
            }
        }
    }

    /// The host that `text` names.
    pub fn asset(&self, whence: &str, text: &str) -> Outcome<AssetId> {
        match self.choose(whence, text, "asset", |it| matches!(it, Meant::Asset(_)))? {
            Meant::Asset(id) => Ok(id.clone()),
            Meant::Identity(id) => Err(Failure::input(format!("{whence}: `{id}` is no asset of the estate"))),
        }
    }

    fn choose(
        &self,
        whence: &str,
        text: &str,
        what: &str,
        fits: impl Fn(&Meant<'e>) -> bool,
    ) -> Outcome<Meant<'e>> {
        let asked = text.trim();
        let found: Vec<Meant<'e>> = self.candidates(asked).into_iter().filter(|it| fits(it)).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(self.unknown(whence, asked, what, fits)),
            many => {
                let same_id = many.iter().all(|it| it.id() == many[0].id());
                let name = |it: &Meant<'_>| if same_id { it.exactly() } else { it.id().to_owned() };
                let mut choices: Vec<String> = many.iter().take(CHOICES).map(name).collect();
                if many.len() > CHOICES {
                    choices.push(format!("{} more", many.len() - CHOICES));
                }
                Err(Failure::input(format!(
                    "{whence}: `{asked}` is the name of {} of the estate",
                    many.len()
                ))
                .hint(format!("say which: {}", choices.join(", "))))
            }
        }
    }

    /// Ids go before other names, names that stand in the estate before parts of them.
    fn candidates(&self, asked: &str) -> Vec<Meant<'e>> {
        if let Some((kind, id)) = of_kind(asked) {
            let of = self.ids.get(id).into_iter().flatten();
            let is_asset = kind == EntityKind::Asset;
            return of.filter(|it| matches!(it, Meant::Asset(_)) == is_asset).copied().collect();
        }
        if let Some(found) = self.ids.get(asked) {
            return found.clone();
        }
        if let Ok(address) = asked.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.addresses.get(&address.to_canonical()).into_iter().flatten().copied().collect();
        }
        let lower = asked.to_lowercase();
        let host = lower.trim_end_matches('.');
        if let Some(found) = self.names.get(host) {
            return found.iter().copied().collect();
        }
        // A full name that the estate does not hold means the host or account it begins with, unless that is known to
        // be of another domain.
        let short = [host.split('.').next().unwrap_or_default(), bare(&lower)];
        let found = short.iter().filter(|it| **it != lower).filter_map(|it| self.names.get(*it)).flatten();
        found
            .filter(|it| self.may_be_called(it, host))
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// Whether nothing that the estate says of `it` contradicts the domain in `name`.
    fn may_be_called(&self, it: &Meant<'_>, name: &str) -> bool {
        match it {
            Meant::Asset(id) => {
                let asset = self.estate.assets.iter().find(|it| it.id == **id);
                !name.contains(['\\', '@'])
                    && asset.is_some_and(|it| it.hostname.as_deref().is_none_or(|it| !it.contains('.')))
            }
            Meant::Identity(id) => {
                let identity = self.estate.identities.iter().find(|it| it.id == **id);
                let domains = identity.into_iter().flat_map(|it| &it.accounts).filter_map(|it| domain(it));
                let domains: Vec<String> = domains.collect();
                domain(name).is_some_and(|it| domains.is_empty() || domains.contains(&it))
            }
        }
    }

    fn unknown(&self, whence: &str, asked: &str, what: &str, fits: impl Fn(&Meant<'e>) -> bool) -> Failure {
        let named = if asked.is_empty() { "an empty id".to_owned() } else { format!("`{asked}`") };
        let failure = Failure::input(format!("{whence}: {named} is no {what} of the estate"));
        let ids = self.ids.values().flatten().filter(|it| fits(it)).map(Meant::id);
        let names = self.estate.assets.iter().filter_map(|it| it.hostname.as_deref());
        failure.hint(match nearest(asked, ids.chain(names)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`bulkhead estate show --format json` lists them; hosts are taken by id, name or address"
                .to_owned(),
        })
    }
}

/// An account without its domain: `CORP\name` and `name@corp.example` as `name`.
fn bare(account: &str) -> &str {
    let name = account.rsplit('\\').next().unwrap_or(account);
    name.split('@').next().unwrap_or(name)
}

/// The first label of an account's domain, in lower case: `corp` of `CORP\name` and of `name@corp.example`.
fn domain(account: &str) -> Option<String> {
    let (domain, _) =
        account.split_once('\\').or_else(|| account.split_once('@').map(|(name, at)| (at, name)))?;
    domain.split('.').next().map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ESTATE: &str = r#"
version: 1
estate: {id: e, name: E, country: FR, currency: EUR, timezone: Europe/Paris}
zones: [{id: z, name: Z, cidrs: [10.0.0.0/8], tier: 1}]
assets:
  - {id: web-1, hostname: web-1.a.example, addresses: [10.0.0.1, "fd00::1"], zone: z, kind: server}
  - {id: w2, hostname: web-2.a.example, addresses: [10.0.0.2, 10.0.0.9], zone: z, kind: server}
  - {id: w3, hostname: web-2.b.example, addresses: [10.0.0.3, 10.0.0.9], zone: z, kind: server}
  - {id: nas, zone: z, kind: server}
identities:
  - {id: adm, kind: human, accounts: ['CORP\j.doe']}
"#;

    #[track_caller]
    fn check(asked: &str, expect: &str) {
        let estate = bulkhead_model::estate::read("e", ESTATE).0.expect("sound");
        let told = match Directory::new(&estate).find("--compromised", asked) {
            Ok(it) => it.exactly(),
            Err(err) => err.to_string(),
        };
        assert!(told.contains(expect), "{asked}: {told}");
    }

    #[test]
    fn hosts_are_taken_by_id_name_and_address() {
        check("web-1", "host:web-1");
        check("WEB-1.a.example.", "host:web-1");
        check("web-1.elsewhere.example", "is no asset");
        check("asset:web-1", "host:web-1");
        check("nas.a.example", "host:nas");
        check("10.0.0.1", "host:web-1");
        check("FD00:0::1", "host:web-1");
        check("web-2.a.example", "host:w2");
    }

    #[test]
    fn identities_are_taken_by_id_and_account() {
        check("adm", "account:adm");
        check("corp\\J.Doe", "account:adm");
        check("j.doe@corp.example", "account:adm");
        check("OTHER\\j.doe", "is no asset or identity");
    }

    #[test]
    fn what_is_ambiguous_is_refused_with_the_choices() {
        check("web-2", "say which: w2, w3");
        check("10.0.0.9", "say which: w2, w3");
        check("web-3", "did you mean `web-1`?");
        check("printer", "`printer` is no asset or identity of the estate");
        check("", "an empty id");
        check("10.9.9.9", "is no asset or identity");
    }

    #[test]
    fn a_host_and_an_account_of_one_name_are_told_apart() {
        let estate = bulkhead_model::estate::read("e", ESTATE).0.expect("sound");
        let seen = [EntityRef::identity("web-1"), EntityRef::identity("new"), EntityRef::asset("new")];
        let check = |asked: &str, expect: &str| {
            let directory = Directory::new(&estate);
            let told = match directory.find_or_seen("--accept", asked, &seen.iter().cloned().collect()) {
                Ok(it) => exactly(&it),
                Err(err) => err.to_string(),
            };
            assert!(told.contains(expect), "{asked}: {told}");
        };
        check("web-1", "say which: host:web-1 or account:web-1");
        check("new", "say which: host:new or account:new");
        for it in ["host:web-1", "account:web-1", "host:new", "account:new", "host:nas"] {
            check(it, it);
        }
        check("identity:new", "account:new");
        check("nas", "host:nas");
        check("web-1.a.example", "host:web-1");
        check("account:nas", "is no asset or identity");
    }
}
