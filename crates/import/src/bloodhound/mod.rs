//! A directory as a graph: accounts, groups and computers; who belongs to what, who may do what, whose sessions are where.
//!
//! Files of SharpHound and of OpenGraph are read into the same edges, by their BloodHound names; what an edge means is
//! told when everything is read, since the kinds of its ends may come later.

mod closure;
pub(crate) mod opengraph;
mod resolve;
pub(crate) mod sharphound;

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Intake;
use crate::source::Origin;

pub(crate) use resolve::accounts;

/// Everything that files of BloodHound say.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// By object id (SID or GUID).
    pub(crate) objects: BTreeMap<String, Object>,
    /// Edges with the place where each was first told.
    pub(crate) edges: BTreeMap<(Edge, String, String), Origin>,
    /// Computers whose local administrators were collected: what is not listed there is not one.
    pub(crate) admins_known: BTreeSet<String>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ObjectKind {
    User,
    Group,
    Computer,
    Domain,
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: ObjectKind,
    pub(crate) origin: Origin,
    /// `ALICE@CORP.EXAMPLE` in lower case.
    pub(crate) name: String,
    /// `sAMAccountName`, where told.
    pub(crate) account: Option<String>,
    /// `adminCount`, or marked as of high value or tier zero.
    pub(crate) privileged: bool,
    /// An account of a program: it has service principal names, or is managed.
    pub(crate) service: bool,
    pub(crate) domain_controller: bool,
    pub(crate) linux: bool,
}

/// What leads from one object to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edge {
    /// Belongs to a group.
    Member,
    /// May take the other over, as its access rights say.
    Control,
    /// May log on to a computer.
    Right(Via),
    /// An account's session on a computer; from the account.
    Session,
    /// Half of the right to replicate a domain's secrets: both halves make the whole.
    GetChanges,
    GetChangesAll,
}

/// How a right is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Via {
    /// Administrator: every way of remote administration.
    Admin,
    Rdp,
    Winrm,
    Dcom,
    Sql,
}

/// Access rights that let their holder become what they stand on (BloodHound's edge documentation).
const CONTROL: &[&str] = &[
    "GenericAll",
    "GenericWrite",
    "WriteDacl",
    "WriteOwner",
    "Owns",
    "AllExtendedRights",
    "ForceChangePassword",
    "AddMember",
    "AddMembers",
    "AddSelf",
    "AddKeyCredentialLink",
    "AddAllowedToAct",
    "WriteAccountRestrictions",
    "WriteSPN",
    "ReadLAPSPassword",
    "SyncLAPSPassword",
    "ReadGMSAPassword",
    "AllowedToAct",
    "AllowedToDelegate",
    "DCSync",
];

/// The edge of a BloodHound name, and whether it is to be turned round.
pub(crate) fn edge(name: &str) -> Option<(Edge, bool)> {
    Some(match name {
        "MemberOf" => (Edge::Member, false),
        "AdminTo" => (Edge::Right(Via::Admin), false),
        "CanRDP" => (Edge::Right(Via::Rdp), false),
        "CanPSRemote" => (Edge::Right(Via::Winrm), false),
        "ExecuteDCOM" => (Edge::Right(Via::Dcom), false),
        "SQLAdmin" => (Edge::Right(Via::Sql), false),
        "HasSession" => (Edge::Session, true),
        "GetChanges" => (Edge::GetChanges, false),
        "GetChangesAll" => (Edge::GetChangesAll, false),
        _ if CONTROL.contains(&name) => (Edge::Control, false),
        _ => return None,
    })
}

impl Intake<'_> {
    /// Notes an object; the first to tell of one counts.
    pub(crate) fn object(&mut self, id: &str, object: Object) {
        if self.gathered.directory.objects.len() >= self.bounds.hosts {
            self.left_out("more directory objects than can be held");
            return;
        }
        self.gathered.directory.objects.entry(id.to_uppercase()).or_insert(object);
    }

    /// Notes an edge.
    pub(crate) fn edge(&mut self, edge: Edge, from: &str, to: &str, line: u32) {
        let origin = self.origin(line);
        if self.gathered.directory.edges.len() >= self.bounds.links.saturating_mul(4) {
            self.left_out("more directory edges than can be held");
            return;
        }
        let key = (edge, from.to_uppercase(), to.to_uppercase());
        self.gathered.directory.edges.entry(key).or_insert(origin);
    }
}
