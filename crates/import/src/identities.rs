//! Accounts to identities: rights on exactly the assets they have them on, secrets where their sessions are.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::{Identity, IdentityKind, Index, Right, Selector};
use bulkhead_model::id::IdentityId;

use crate::facts::Gathered;
use crate::import::Bounds;
use crate::merge::{Draft, told};
use crate::names::sanitise;
use crate::report::{LeftOut, Report};
use crate::select::Catalogue;
use crate::source::Origin;

/// An account of any source, with places in `estate.assets`.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    /// The id it shall have.
    pub(crate) id: String,
    pub(crate) kind: IdentityKind,
    /// Names in logs; by these and the id it is the same as a typed one.
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) privileged: bool,
    pub(crate) rights: BTreeMap<usize, BTreeSet<String>>,
    pub(crate) secrets: BTreeSet<usize>,
    pub(crate) origins: BTreeSet<Origin>,
}

/// Adds identities, or to typed ones what they do not have yet.
pub(crate) fn add(
    draft: &mut Draft,
    mut claimed: Vec<Claimed>,
    gathered: &Gathered,
    bounds: &Bounds,
    report: &mut Report,
) {
    claimed.sort_by(|a, b| (!a.privileged, &a.id, &a.accounts).cmp(&(!b.privileged, &b.id, &b.accounts)));
    let beyond = claimed.len().saturating_sub(bounds.identities);
    if beyond > 0 {
        let why = "more identities than an estate should hold; privileged ones are kept first".to_owned();
        report.left_out.push(LeftOut { why, count: beyond as u64 });
    }
    claimed.truncate(bounds.identities);
    claimed.sort_by(|a, b| (&a.id, &a.accounts).cmp(&(&b.id, &b.accounts)));
    let catalogue = Catalogue::new(&draft.estate);
    let mut covers = Covers { catalogue: &catalogue, known: BTreeMap::new() };
    let mut typed: BTreeMap<String, usize> = BTreeMap::new();
    for (n, identity) in draft.estate.identities.iter().enumerate() {
        for name in identity.accounts.iter().map(String::as_str).chain([identity.id.as_str()]) {
            typed.entry(name.to_lowercase()).or_insert(n);
        }
    }
    let mut taken: BTreeSet<String> = draft.estate.identities.iter().map(|it| it.id.to_string()).collect();
    let base = draft.estate.identities.len();
    for it in claimed {
        let comment = told(it.origins.iter().copied(), &gathered.files).join("; ");
        let known = it.accounts.iter().find_map(|name| typed.get(&name.to_lowercase()).copied());
        let known = known.or_else(|| {
            // A typed identity without account names goes by its id.
            let same = typed.get(&it.id).copied();
            same.filter(|n| it.accounts.is_empty() || draft.estate.identities[*n].accounts.is_empty())
        });
        if let Some(place) = known {
            let added = extend(draft, place, &it, &mut covers);
            if !added.is_empty() && place < base {
                let id = draft.estate.identities[place].id.to_string();
                report.others.insert(format!("identity:{id}"), vec![comment]);
                draft.extended_identities.entry(id).or_default().extend(added);
            }
            continue;
        }
        let numbered = (2..).map(|n| format!("{}-{n}", it.id));
        let mut ids = [it.id.clone()].into_iter().chain(numbered);
        let id = ids.find(|it| taken.insert(it.clone())).unwrap_or_else(|| it.id.clone());
        let mut identity = Identity {
            id: IdentityId::new(&id),
            kind: it.kind,
            accounts: it.accounts.iter().cloned().collect(),
            privileged: it.privileged,
            rights: Vec::new(),
            secrets_on: Vec::new(),
            value: None,
        };
        identity.rights = covers.rights(&it.rights);
        identity.secrets_on = covers.selectors(&it.secrets);
        for name in it.accounts.iter().map(|it| it.to_lowercase()) {
            typed.entry(name).or_insert(draft.estate.identities.len());
        }
        draft.estate.identities.push(identity);
        report.others.insert(format!("identity:{id}"), told(it.origins.into_iter(), &gathered.files));
        draft.added.identities.insert(id, comment);
    }
}

/// Adds the rights and secrets that a typed identity does not have.
fn extend(draft: &mut Draft, place: usize, claimed: &Claimed, covers: &mut Covers<'_>) -> Vec<String> {
    let index = Index::new(&draft.estate);
    let identity = &draft.estate.identities[place];
    let mut rights = claimed.rights.clone();
    for right in &identity.rights {
        for asset in index.select(&right.on) {
            if let Some(vias) = rights.get_mut(&(asset as usize)) {
                vias.retain(|it| !right.via.contains(it));
            }
        }
    }
    rights.retain(|_, it| !it.is_empty());
    let mut secrets = claimed.secrets.clone();
    for selector in &identity.secrets_on {
        for asset in index.select(selector) {
            secrets.remove(&(asset as usize));
        }
    }
    let mut added = Vec::new();
    if !rights.is_empty() {
        added.push(format!("rights on {} assets", rights.len()));
    }
    if !secrets.is_empty() {
        added.push(format!("secrets on {} assets", secrets.len()));
    }
    let (rights, secrets) = (covers.rights(&rights), covers.selectors(&secrets));
    let identity = &mut draft.estate.identities[place];
    identity.rights.extend(rights);
    identity.secrets_on.extend(secrets);
    added
}

/// Selectors of sets of assets, each found once: many accounts share the same.
struct Covers<'c> {
    catalogue: &'c Catalogue,
    known: BTreeMap<BTreeSet<usize>, Vec<Selector>>,
}

impl Covers<'_> {
    fn selectors(&mut self, set: &BTreeSet<usize>) -> Vec<Selector> {
        if let Some(known) = self.known.get(set) {
            return known.clone();
        }
        let chosen = self.catalogue.cover(set, None);
        let selectors: Vec<Selector> = chosen.iter().map(|it| self.catalogue.selector(it)).collect();
        self.known.insert(set.clone(), selectors.clone());
        selectors
    }

    /// One right per selector and set of protocols.
    fn rights(&mut self, rights: &BTreeMap<usize, BTreeSet<String>>) -> Vec<Right> {
        let mut by_via: BTreeMap<&BTreeSet<String>, BTreeSet<usize>> = BTreeMap::new();
        for (asset, via) in rights {
            by_via.entry(via).or_default().insert(*asset);
        }
        let mut out = Vec::new();
        for (via, assets) in by_via {
            let via: Vec<String> = via.iter().cloned().collect();
            out.extend(self.selectors(&assets).into_iter().map(|on| Right { on, via: via.clone() }));
        }
        out
    }
}

/// The accounts of a directory.
pub(crate) fn of_directory(draft: &Draft, gathered: &Gathered, report: &mut Report) -> Vec<Claimed> {
    use crate::bloodhound::{ObjectKind, accounts};
    use crate::source::Source;
    let (accounts, idle, cut) = accounts(&gathered.directory);
    let mut left_out = |why: &str, count: u64| {
        if count > 0 {
            report.left_out.push(LeftOut { why: why.to_owned(), count });
        }
    };
    left_out("directory accounts without a right on any computer and without a session", idle);
    left_out("accounts whose groups were not followed to the end: the graph is too large", cut);
    let place = |id: &String| draft.by_key.get(&(Source::Bloodhound, id.clone())).copied();
    let mut claimed = Vec::new();
    for it in accounts {
        let (name, domain) = match it.object.name.split_once('@') {
            Some((name, domain)) => (name.to_owned(), domain.to_owned()),
            None => {
                let (label, domain) = it.object.name.split_once('.').unwrap_or((&it.object.name, ""));
                (label.to_owned(), domain.to_owned())
            }
        };
        let machine = it.object.kind == ObjectKind::Computer;
        let account = it
            .object
            .account
            .clone()
            .unwrap_or_else(|| if machine { format!("{name}$") } else { name.clone() });
        let account = account.to_lowercase();
        let short = domain.split('.').next().unwrap_or_default();
        let mut accounts = BTreeSet::new();
        if domain.is_empty() {
            accounts.insert(account.clone());
        } else {
            accounts.insert(format!("{short}\\{account}"));
            accounts.insert(format!("{account}@{domain}"));
        }
        let kind = match (machine, it.object.service || account.ends_with('$')) {
            (true, _) => IdentityKind::Machine,
            (false, true) => IdentityKind::Service,
            (false, false) => IdentityKind::Human,
        };
        let suffix = if machine { "-machine" } else { "" };
        claimed.push(Claimed {
            id: format!("{}{suffix}", sanitise(&account)),
            kind,
            accounts,
            privileged: it.privileged,
            rights: it
                .rights
                .iter()
                .filter_map(|(id, via)| Some((place(id)?, via.iter().map(|it| (*it).to_owned()).collect())))
                .collect(),
            secrets: it.sessions.iter().filter_map(place).collect(),
            origins: it.origins,
        });
    }
    claimed
}
