//! From edges to accounts: which computers each may log on to and how, whether it is privileged, where its secrets lie.

use std::collections::{BTreeMap, BTreeSet};

use super::closure::reach;
use super::opengraph::BY_NAME;
use super::{Directory, Edge, Object, ObjectKind, Via};
use crate::source::Origin;

/// An account that administers so many computers is privileged, whatever its groups are called.
const MANY: usize = 10;

/// Steps over all accounts that following groups may take.
const STEPS: u64 = 50_000_000;

/// Groups that can take a domain over, by the end of their SID (Microsoft, "Privileged accounts and groups").
const PRIVILEGED: &[&str] =
    &["-512", "-516", "-518", "-519", "-544", "-548", "-549", "-550", "-551", "-526", "-527"];

/// What came of an account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) object: Object,
    pub(crate) privileged: bool,
    /// Computers (object ids) it may log on to, and how.
    pub(crate) rights: BTreeMap<String, BTreeSet<&'static str>>,
    /// Computers with a session of it.
    pub(crate) sessions: BTreeSet<String>,
    pub(crate) origins: BTreeSet<Origin>,
}

/// Every account with a right or a session; and how many there are without, and how many were cut off.
pub(crate) fn accounts(directory: &Directory) -> (Vec<Account>, u64, u64) {
    let graph = Graph::new(directory);
    let holders =
        directory.objects.iter().filter(|it| matches!(it.1.kind, ObjectKind::User | ObjectKind::Computer));
    let starts = holders.clone().filter_map(|(id, _)| graph.numbers.get(id.as_str()).copied());
    let (reached, cut) = reach(&graph.becomes, starts, STEPS);
    let mut accounts = Vec::new();
    let mut idle = 0;
    for (id, object) in holders {
        let Some(number) = graph.numbers.get(id.as_str()) else { continue };
        let mut account = Account {
            object: object.clone(),
            privileged: object.privileged,
            rights: BTreeMap::new(),
            sessions: graph.sessions.get(number).cloned().unwrap_or_default(),
            origins: BTreeSet::from([object.origin]),
        };
        for holder in reached.get(number).into_iter().flatten() {
            graph.grant(*holder, &mut account);
        }
        // A machine is administrator of itself: that is no right of its account elsewhere.
        account.rights.remove(id);
        if object.kind == ObjectKind::Computer && !account.rights.is_empty() {
            account.sessions.insert(id.clone());
        }
        let administers =
            account.rights.values().filter(|it| it.contains("smb") || it.contains("ssh")).count();
        account.privileged |= administers >= MANY;
        if account.rights.is_empty() && account.sessions.is_empty() {
            idle += 1;
        } else if object.kind == ObjectKind::User || !account.rights.is_empty() {
            accounts.push(account);
        }
    }
    (accounts, idle, cut)
}

/// The directory with numbers for ids.
struct Graph<'d> {
    directory: &'d Directory,
    ids: Vec<&'d str>,
    numbers: BTreeMap<&'d str, u32>,
    /// What each object is or may become.
    becomes: BTreeMap<u32, BTreeSet<u32>>,
    /// Rights of each object on computers, with where they are told.
    rights: BTreeMap<u32, BTreeMap<&'d str, BTreeMap<Via, Origin>>>,
    sessions: BTreeMap<u32, BTreeSet<String>>,
    /// Computers by domain: all, and the controllers.
    of_domain: BTreeMap<String, (Vec<&'d str>, Vec<&'d str>)>,
}

impl<'d> Graph<'d> {
    fn new(directory: &'d Directory) -> Self {
        let by_name: BTreeMap<String, &str> =
            directory.objects.iter().map(|(id, it)| (it.name.to_uppercase(), id.as_str())).collect();
        let resolve = |id: &'d str| match id.strip_prefix(BY_NAME) {
            Some(name) => by_name.get(name).copied().unwrap_or(id),
            None => id,
        };
        let ends = directory.edges.keys().flat_map(|it| [resolve(&it.1), resolve(&it.2)]);
        let ids: BTreeSet<&str> = directory.objects.keys().map(String::as_str).chain(ends).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let numbers: BTreeMap<&str, u32> = (0..).zip(&ids).map(|(n, id)| (*id, n)).collect();
        let mut graph = Self {
            directory,
            numbers,
            becomes: BTreeMap::new(),
            rights: BTreeMap::new(),
            sessions: BTreeMap::new(),
            of_domain: BTreeMap::new(),
            ids,
        };
        for (id, object) in directory.objects.iter().filter(|it| it.1.kind == ObjectKind::Computer) {
            let (all, controllers) = graph.of_domain.entry(domain_of(id, object)).or_default();
            all.push(id);
            if object.domain_controller {
                controllers.push(id);
            }
        }
        let mut halves: BTreeMap<(&str, &str), BTreeSet<Edge>> = BTreeMap::new();
        for ((edge, from, to), origin) in &directory.edges {
            let (from, to) = (resolve(from), resolve(to));
            match edge {
                Edge::GetChanges | Edge::GetChangesAll => {
                    let both = halves.entry((from, to)).or_default();
                    both.insert(*edge);
                    if both.len() == 2 {
                        graph.add(Edge::Control, from, to, *origin);
                    }
                }
                edge => graph.add(*edge, from, to, *origin),
            }
        }
        graph.everybody();
        graph
    }

    /// Everyone and Authenticated Users (S-1-1-0, S-1-5-11) hold all users and computers of a domain, which files do not
    /// say; collectors name these groups by the domain's name.
    fn everybody(&mut self) {
        let mut domains: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (id, object) in &self.directory.objects {
            let name = match object.kind {
                ObjectKind::Computer => object.name.split_once('.').map(|it| it.1),
                ObjectKind::Domain => Some(object.name.as_str()),
                _ => object.name.split_once('@').map(|it| it.1),
            };
            let sid = match object.kind {
                ObjectKind::Domain => Some(id.as_str()),
                _ => id.rsplit_once('-').map(|it| it.0),
            };
            if let (Some(name), Some(sid)) = (name, sid.filter(|it| it.starts_with("S-1-5-21-"))) {
                domains.entry(name.to_uppercase()).or_default().insert(sid);
            }
        }
        let groups: Vec<(&str, u32)> = self.numbers.iter().map(|(id, number)| (*id, *number)).collect();
        for (id, number) in groups {
            let named = id.strip_suffix("-S-1-1-0").or_else(|| id.strip_suffix("-S-1-5-11"));
            for sid in named.and_then(|it| domains.get(it)).into_iter().flatten() {
                for members in ["513", "515"] {
                    if let Some(members) = self.numbers.get(format!("{sid}-{members}").as_str()) {
                        self.becomes.entry(*members).or_default().insert(number);
                    }
                }
            }
        }
    }

    fn add(&mut self, edge: Edge, from: &'d str, to: &'d str, origin: Origin) {
        let number = self.numbers[from];
        let kind = self.directory.objects.get(to).map(|it| it.kind);
        match (edge, kind) {
            (Edge::Member, _) | (Edge::Control, Some(ObjectKind::Group | ObjectKind::User)) => {
                self.becomes.entry(number).or_default().insert(self.numbers[to]);
            }
            // Who rules a domain makes itself a domain administrator.
            (Edge::Control, Some(ObjectKind::Domain)) => {
                let admins = format!("{to}-512");
                if let Some(admins) = self.numbers.get(admins.as_str()) {
                    self.becomes.entry(number).or_default().insert(*admins);
                }
            }
            (Edge::Control, Some(ObjectKind::Computer)) => self.right(number, to, Via::Admin, origin),
            (Edge::Right(via), Some(ObjectKind::Computer)) => self.right(number, to, via, origin),
            (Edge::Session, Some(ObjectKind::Computer)) => {
                self.sessions.entry(number).or_default().insert(to.to_owned());
            }
            _ => {}
        }
    }

    fn right(&mut self, holder: u32, on: &'d str, via: Via, origin: Origin) {
        self.rights.entry(holder).or_default().entry(on).or_default().insert(via, origin);
    }

    /// Gives an account what one of its groups holds.
    fn grant(&self, holder: u32, account: &mut Account) {
        let id = self.ids[holder as usize];
        for (computer, vias) in self.rights.get(&holder).into_iter().flatten() {
            for (via, origin) in vias {
                account
                    .rights
                    .entry((*computer).to_owned())
                    .or_default()
                    .extend(self.protocols(*via, computer));
                account.origins.insert(*origin);
            }
        }
        account.privileged |= PRIVILEGED.iter().any(|it| id.ends_with(it));
        account.privileged |=
            self.directory.objects.get(id).is_some_and(|it| it.kind == ObjectKind::Group && it.privileged);
        for computer in self.by_default(id) {
            account
                .rights
                .entry(computer.to_owned())
                .or_default()
                .extend(self.protocols(Via::Admin, computer));
        }
    }

    /// What Windows gives to the administrators of a domain: its controllers, and every member whose local
    /// administrators are not known to be otherwise.
    fn by_default(&self, group: &str) -> Vec<&'d str> {
        let nothing = Vec::new();
        if let Some(domain) = group.strip_suffix("-512") {
            let Some((all, controllers)) = self.of_domain.get(domain) else { return nothing };
            let unknown = all.iter().filter(|it| !self.directory.admins_known.contains(**it));
            return unknown.chain(controllers).copied().collect();
        }
        // Enterprise administrators rule every domain of the forest; builtin administrators the controllers of theirs.
        let controllers = |it: &(Vec<&'d str>, Vec<&'d str>)| it.1.clone();
        if group.ends_with("-519") {
            return self.of_domain.values().flat_map(controllers).collect();
        }
        let Some(domain) = group.strip_suffix("-S-1-5-32-544") else { return nothing };
        let of_that = |id: &&&str| {
            self.directory
                .objects
                .get(**id)
                .is_some_and(|it| it.name.to_uppercase().ends_with(&format!(".{domain}")))
        };
        self.of_domain
            .values()
            .flat_map(controllers)
            .collect::<Vec<_>>()
            .iter()
            .filter(of_that)
            .copied()
            .collect()
    }

    /// How a right is used on a computer, as rights of the estate name it.
    fn protocols(&self, via: Via, computer: &str) -> Vec<&'static str> {
        let linux = self.directory.objects.get(computer).is_some_and(|it| it.linux);
        match via {
            Via::Admin if linux => vec!["ssh"],
            Via::Admin => vec!["rdp", "smb", "winrm", "wmi"],
            Via::Rdp => vec!["rdp"],
            Via::Winrm => vec!["winrm"],
            // DCOM goes through the endpoint mapper, which the movement ports call `wmi`.
            Via::Dcom => vec!["wmi"],
            Via::Sql => vec!["database"],
        }
    }
}

/// The domain of a computer: its SID without the last number, or the domain of its name.
fn domain_of(id: &str, object: &Object) -> String {
    match id.rsplit_once('-') {
        Some((domain, _)) if id.starts_with("S-1-5-21-") => domain.to_owned(),
        _ => object.name.split_once('.').map_or_else(String::new, |it| it.1.to_owned()),
    }
}
