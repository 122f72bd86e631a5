//! Who and what an event speaks of, in one shape for every log source; and their sum over all telemetry.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::{Range, is_private};
use crate::sensor::{Hours, Sensor, Sensors};
use crate::trace::Trace;
use crate::uses::Uses;

/// The entities of one event. Empty fields mean the event does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    /// When, by the event's own clock.
    pub time: Option<Timestamp>,
    /// What the header of a Windows event says of that.
    pub header: Option<Header>,
    /// The host that recorded the event, lower case, as written (fully qualified where the event has it so).
    pub host: Option<String>,
    /// Addresses the event says belong to `host`.
    pub host_addresses: Vec<IpAddr>,
    /// Operating system family of `host`, where the log source tells: `windows`, `linux`, `network`.
    pub os: Option<&'static str>,
    /// What the event shows `host` to be, such as `domain_controller`.
    pub role: Option<&'static str>,
    /// Addresses the event gives a name to, other than `host`'s own; names lower case, as another party states them.
    pub named: Vec<(IpAddr, String)>,
    /// Address of the host the event is about, where that is not who recorded it or where a name is not known: the
    /// client that asked a proxy or a name server, a device that a syslog line names by its address.
    pub subject: Option<IpAddr>,
    /// The account that acted: `domain\name` or `name`, lower case, the domain cut at its first dot (so that `CORP\a`
    /// and `corp.example\a` are one account); machine and system accounts included.
    pub user: Option<String>,
    /// Whether the event records an attempt that failed: who tried, or the account tried, need not exist.
    pub refused: bool,
    /// Whether the event shows `user` to hold administrator rights on `host`.
    pub privileged: bool,
    /// The process that acted: its image or name.
    pub process: Option<String>,
    /// A logon the event records.
    pub logon: Option<Logon>,
    /// An account that `user` made, as `user` is written.
    pub created: Option<String>,
    /// A network flow the event records.
    pub flow: Option<ObservedFlow>,
    /// Bytes that went over `flow`, where the event is the record of all of it: to its `to`, and back.
    pub bytes: [u64; 2],
    /// When the last of them went, where that is later than `time`.
    pub until: Option<Timestamp>,
    /// The process, session and file of `host` that it speaks of, and where that came from.
    pub trace: Trace,
    /// What kinds of sensor the event shows to watch `host` (or `subject`, where there is no host).
    pub sensors: Sensors,
    /// What kinds of sensor on the wire the event shows to watch the ends of `flow`.
    pub wire: Sensors,
}

/// When an event happened by its header, which every log of a Windows host fills by the same clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// When.
    pub at: Timestamp,
    /// Whether the event's data say when by themselves.
    pub twice: bool,
}

/// One account came onto one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Logon {
    /// The account, lower case.
    pub user: String,
    /// Host name or address it came from; absent for a local logon.
    pub from: Option<String>,
    /// Host it came onto, lower case.
    pub to: String,
    /// How: `interactive`, `network`, `remote_interactive`, `ssh`, `service`, `batch`, `explicit`, `other`.
    pub kind: String,
    /// Whether it succeeded.
    pub success: bool,
}

/// One account was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Creation {
    /// The new account, lower case.
    pub account: String,
    /// Who made it, lower case, where that is told.
    pub by: Option<String>,
    /// Host on which, lower case.
    pub on: String,
}

/// One network flow seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ObservedFlow {
    /// Address that opened it.
    #[schemars(with = "String")]
    pub from: IpAddr,
    /// Address it went to.
    #[schemars(with = "String")]
    pub to: IpAddr,
    /// Transport protocol, lower case: `tcp`, `udp`, `icmp`.
    pub protocol: String,
    /// Port it went to; 0 where the protocol has none.
    pub port: u16,
}

impl ObservedFlow {
    /// Whether it goes, as far as its addresses tell, from one host to another that may be anywhere. A flow of a host to
    /// itself, to all or many of its neighbours, on one wire or to nobody shows nothing of what leaves.
    pub fn may_leave(&self) -> bool {
        let (from, to) = (self.from.to_canonical(), self.to.to_canonical());
        match (Range::of(from), Range::of(to)) {
            (Range::Public | Range::Private, Range::Public | Range::Private) => from != to,
            // A socket that was bound to no address yet.
            (Range::Nobody, Range::Public) => from.is_unspecified(),
            _ => false,
        }
    }
}

/// Two addresses of private networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Between {
    /// Address that opened the flow.
    #[schemars(with = "String")]
    pub from: IpAddr,
    /// Address it went to.
    #[schemars(with = "String")]
    pub to: IpAddr,
}

impl Between {
    /// The ends of `flow`; none where one of them is of no private network.
    pub fn of(flow: &ObservedFlow) -> Option<Self> {
        let (from, to) = (flow.from.to_canonical(), flow.to.to_canonical());
        (is_private(from) && is_private(to)).then_some(Self { from, to })
    }
}

/// Bytes from one address to one of no private network go by the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// Address that sent them, whoever opened the flow.
    #[schemars(with = "String")]
    pub from: IpAddr,
    /// Address they went to.
    #[schemars(with = "String")]
    pub to: IpAddr,
    /// Hours since 1970.
    pub hour: i64,
}

/// How much went over within an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    /// Bytes.
    pub bytes: u64,
    /// When the first record of them ended.
    pub first: Timestamp,
    /// When the last did.
    pub last: Timestamp,
}

impl Volume {
    /// `bytes` that had gone by `at`.
    pub fn new(bytes: u64, at: Timestamp) -> Self {
        Self { bytes, first: at, last: at }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// First and last time of something, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// First time, where any event carried one.
    pub first: Option<Timestamp>,
    /// Last time.
    pub last: Option<Timestamp>,
    /// Number of events.
    pub count: u64,
}

impl Seen {
    /// Counts one more, at `time`.
    pub fn add(&mut self, time: Option<Timestamp>) {
        self.count += 1;
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |it| it.min(time)));
            self.last = Some(self.last.map_or(time, |it| it.max(time)));
        }
    }
}

/// What the telemetry says of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedHost {
    /// When it was seen.
    pub seen: Seen,
    /// Addresses it was seen to own.
    #[schemars(with = "BTreeSet<String>")]
    pub addresses: BTreeSet<IpAddr>,
    /// Accounts seen acting on it.
    pub users: BTreeSet<String>,
    /// Accounts seen to hold administrator rights on it.
    #[serde(default)]
    pub privileged: BTreeSet<String>,
    /// What it was seen to be, such as `domain_controller`.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// Operating system, where a log source tells: `windows`, `linux`, `network`.
    pub os: Option<String>,
    /// Which sensors recorded something of it, and in which hours.
    #[serde(default)]
    pub sensed: Sensed,
    /// In which hours its own sensor of what leaves recorded something between two addresses of private networks. That counts
    /// in `sensed` only where somebody knows the other end: elsewhere nothing tells that it would have seen what leaves.
    #[serde(default, with = "as_pairs", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Vec<(Between, Hours)>")]
    pub inside: BTreeMap<Between, Hours>,
}

/// Hours in which each kind of sensor recorded something.
pub type Sensed = BTreeMap<Sensor, Hours>;

/// The sum of all entities of a telemetry set, bounded in size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observations {
    /// The hours in which anything was recorded at all.
    #[serde(default, skip_serializing_if = "Hours::is_none")]
    pub heard: Hours,
    /// By host name, lower case as seen.
    pub hosts: BTreeMap<String, ObservedHost>,
    /// By logon.
    #[serde(with = "as_pairs")]
    #[schemars(with = "Vec<(Logon, Uses)>")]
    pub logons: BTreeMap<Logon, Uses>,
    /// By flow.
    #[serde(with = "as_pairs")]
    #[schemars(with = "Vec<(ObservedFlow, Uses)>")]
    pub flows: BTreeMap<ObservedFlow, Uses>,
    /// Accounts that were made.
    #[serde(default, with = "as_pairs", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Vec<(Creation, Seen)>")]
    pub created: BTreeMap<Creation, Seen>,
    /// Names that others give to addresses; weaker than a host's own word in `hosts`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub names: BTreeMap<IpAddr, String>,
    /// What was recorded of addresses by others than the host itself: sensors on the wire, proxies, name servers.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Sensed>")]
    pub wire: BTreeMap<IpAddr, Sensed>,
    /// As `inside` of a host, by sensors on the wire.
    #[serde(default, with = "as_pairs", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Vec<(Between, Hours)>")]
    pub inside: BTreeMap<Between, Hours>,
    /// How much was sent to addresses of no private network.
    #[serde(default, with = "as_pairs", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Vec<(Transfer, Volume)>")]
    pub sent: BTreeMap<Transfer, Volume>,
    /// Time of the latest event.
    #[serde(default)]
    pub last: Option<Timestamp>,
    /// How many new hosts, logons, flows, volumes or hours were not kept because the table was full.
    pub dropped: u64,
}

/// Maps with structured keys as lists of pairs, since JSON keys are strings.
mod as_pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K, V, S>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
