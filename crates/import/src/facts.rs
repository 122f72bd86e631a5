//! What sources claim, before anybody decides which of it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::diag::{Diagnostic, Pos};
use bulkhead_model::estate::{AssetKind, Port};
use ipnet::IpNet;

use crate::bloodhound::Directory;
use crate::import::Bounds;
use crate::kubernetes::Cluster;
use crate::report::FileReport;
use crate::source::{Origin, Source};
use crate::traffic::Traffic;

/// What one record says of one host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) origin: Origin,
    /// The record's name within its source: two of one source with different keys are never one host.
    pub(crate) key: Option<String>,
    /// The id the asset shall have, where the source names things that have no address.
    pub(crate) id: Option<String>,
    /// Host names in lower case, with or without a domain.
    pub(crate) names: BTreeSet<String>,
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// The address by which it is reached first, where the source says so.
    pub(crate) primary: Option<IpAddr>,
    /// `00:11:22:33:44:55`.
    pub(crate) macs: BTreeSet<String>,
    pub(crate) os: Option<String>,
    pub(crate) kind: Option<AssetKind>,
    /// The zone the source itself puts it in.
    pub(crate) zone: Option<String>,
    pub(crate) roles: BTreeSet<String>,
    /// Ports on which it was found to listen.
    pub(crate) listening: BTreeSet<Port>,
}

impl Host {
    /// A host of which nothing is known yet.
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            key: None,
            id: None,
            names: BTreeSet::new(),
            addresses: BTreeSet::new(),
            primary: None,
            macs: BTreeSet::new(),
            os: None,
            kind: None,
            zone: None,
            roles: BTreeSet::new(),
            listening: BTreeSet::new(),
        }
    }
}

/// A zone that a source knows.
#[derive(Clone, Debug)]
pub(crate) struct ZoneClaim {
    pub(crate) origin: Origin,
    /// Short name.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) name: String,
    pub(crate) cidrs: Vec<IpNet>,
    /// Whether its members reach one another without passing anything that filters.
    pub(crate) flat: bool,
}

/// Connections seen from one address to another on one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) connections: u64,
    /// Seconds since 1970, where told.
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    /// Where first noted; the smallest of all.
    pub(crate) origin: Origin,
    /// To a port of the range that systems give out, by one client alone: agreed on by the two, if the end is a host of
    /// the estate.
    pub(crate) passing: bool,
}

/// Everything read so far.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Names of the files, in the order of their numbers.
    pub(crate) files: Vec<String>,
    pub(crate) reports: Vec<FileReport>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) zones: Vec<ZoneClaim>,
    /// What directories say of accounts.
    pub(crate) directory: Directory,
    /// What manifests say.
    pub(crate) cluster: Cluster,
    /// Observed traffic as read.
    pub(crate) traffic: Traffic,
    /// Observed flows by source, destination and port.
    pub(crate) links: BTreeMap<(IpAddr, IpAddr, Port), Seen>,
}

/// One file being read: where its module puts what it finds.
pub(crate) struct Intake<'g> {
    pub(crate) file: u32,
    pub(crate) source: Source,
    /// Number of the record being read, where its line does not tell which.
    pub(crate) record: u32,
    pub(crate) bounds: &'g Bounds,
    pub(crate) gathered: &'g mut Gathered,
    pub(crate) report: FileReport,
}

impl Intake<'_> {
    /// The place of a record at `line`.
    pub(crate) fn origin(&self, line: u32) -> Origin {
        Origin { source: self.source, file: self.file, line, record: self.record }
    }

    /// Notes a record that cannot be used; reading goes on.
    pub(crate) fn malformed(&mut self, pos: Option<Pos>, why: impl Into<String>) {
        self.report.malformed += 1;
        if self.report.malformed <= self.bounds.diagnostics_per_file {
            let file = &self.gathered.files[self.file as usize];
            let fault = Diagnostic::warning("bad-record", file, pos, why);
            self.gathered.diagnostics.push(fault.hint("the record was left out; the rest was read"));
        }
    }

    /// Counts a record that is sound and still not taken, with the reason.
    pub(crate) fn left_out(&mut self, why: &str) {
        *self.report.left_out.entry(why.to_owned()).or_default() += 1;
    }

    /// Notes what is said of a host, unless the table is full.
    pub(crate) fn host(&mut self, host: Host) {
        if self.gathered.hosts.len() >= self.bounds.hosts {
            self.left_out("more hosts than can be held");
            return;
        }
        self.report.taken += 1;
        self.gathered.hosts.push(host);
    }

    /// Notes a zone, unless the table is full.
    pub(crate) fn zone(&mut self, zone: ZoneClaim) {
        if self.gathered.zones.len() >= self.bounds.zones {
            self.left_out("more zones than can be held");
            return;
        }
        self.report.taken += 1;
        self.gathered.zones.push(zone);
    }
}
