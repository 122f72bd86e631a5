//! What the columns of flow tables mean, by the names that exporters, collectors and published data sets give them.

use std::collections::BTreeMap;

use crate::table::plain;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Means {
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    Protocol,
    /// Packets sent by the source.
    Forth,
    /// Packets sent back.
    Back,
    /// TCP flags of the source, or of both.
    Flags,
    /// TCP flags of the other end.
    BackFlags,
    InitialFlags,
    /// How it went, in the words of Argus or Zeek.
    State,
    /// Argus: `->`, `<-`, `<->`, `?` where the beginning was not seen.
    Arrow,
    /// What a firewall did: `ACCEPT`, `REJECT`.
    Action,
    First,
    Last,
}

/// Names of columns, without case and punctuation: nfdump (csv of 1.6 and 1.7), SiLK, yaf, IPFIX (RFC 5103, RFC 7012),
/// NetFlow v9 and nProbe, flow-tools, pmacct, goflow, ipfixprobe, Argus, CICFlowMeter, NFStream, nDPI, VPC flow logs,
/// ECS, Zeek's conn log as CSV.
const NAMES: &[(Means, &str)] = &[
    (
        Means::Source,
        "sa srcaddr sip srcip srcipaddr sourceipv4address sourceipv6address ipv4srcaddr ipv6srcaddr src4addr src6addr \
         sourceip sourceaddress srcaddress saddr sourceipaddress ipsrc srcipv4 srcipv6 idorigh ipaddrsrcip",
    ),
    (
        Means::Destination,
        "da dstaddr dip dstip dstipaddr destinationipv4address destinationipv6address ipv4dstaddr ipv6dstaddr dst4addr \
         dst6addr destinationip destinationaddress dstaddress destaddress destip destipaddr daddr destinationipaddress ipdst \
         dstipv4 dstipv6 idresph ipaddrdstip",
    ),
    (
        Means::SourcePort,
        "sp srcport sport sourcetransportport l4srcport sourceport srcpt spt portsrc idorigp uint16srcport",
    ),
    (
        Means::DestinationPort,
        "dp dstport dport destinationtransportport l4dstport destinationport destport dsport dstpt destpt dpt portdst idrespp \
         uint16dstport",
    ),
    (
        Means::Protocol,
        "pr proto protocol pro protocolidentifier prot ipprotocol ipproto protocolnumber l4proto networktransport transport \
         uint8protocol",
    ),
    (
        Means::Forth,
        "ipkt inpkts packets pkts totalfwdpackets totalfwdpacket totfwdpkts spkts srcpkts src2dstpackets pkt uint32packets",
    ),
    (
        Means::Back,
        "opkt outpkts outpackets reversepackettotalcount reversepacketdeltacount totalbackwardpackets totalbwdpackets totbwdpkts \
         dstpkts dst2srcpackets rpkt packetsrev uint32packetsrev destinationpackets",
    ),
    (Means::Flags, "flg flags tcpflags tcpcontrolbits uint8tcpflags srctcpflags"),
    (
        Means::BackFlags,
        "riflags reverseinitialtcpflags tcpflagsrev uint8tcpflagsrev servertcpflags reversetcpcontrolbits",
    ),
    (Means::InitialFlags, "initialf initialflags initialtcpflags iflags"),
    (Means::State, "state connstate"),
    (Means::Arrow, "dir"),
    (Means::Action, "action"),
    (
        Means::First,
        "ts firstseen first stime starttime flowstartmilliseconds flowstartseconds datefirstseen start unixsecs timestamp \
         firstswitched bidirectionalfirstseenms timefirst timetimefirst timestampstart flowstart",
    ),
    (
        Means::Last,
        "te lastseen last etime endtime flowendmilliseconds flowendseconds datelastseen end ltime lastswitched \
         bidirectionallastseenms timelast timetimelast timestampend flowend lasttime",
    ),
];

pub(super) fn meaning(title: &str) -> Option<Means> {
    let title = plain(title);
    NAMES.iter().find(|it| it.1.split(' ').any(|name| name == title)).map(|it| it.0)
}

/// Which columns mean what; several may mean the same (`sourceIPv4Address` and `sourceIPv6Address`).
#[derive(Debug, Default)]
pub(super) struct Columns {
    places: BTreeMap<Means, Vec<usize>>,
    pub(super) width: usize,
}

impl Columns {
    /// Those of a row of titles; none if it is none.
    pub(super) fn of<'t>(titles: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut columns = Self::default();
        let mut packets_of_each = (None, None);
        let mut uptime = false;
        for title in titles {
            match plain(title).as_str() {
                // Argus counts the packets of each end; flow-tools calls those of the one direction it has `dpkts`.
                "spkts" => packets_of_each.0 = Some(columns.width),
                "dpkts" => packets_of_each.1 = Some(columns.width),
                // Then `First` and `Last` count from the router's start.
                "sysuptime" => uptime = true,
                _ => {}
            }
            if let Some(means) = meaning(title) {
                columns.places.entry(means).or_default().push(columns.width);
            }
            columns.width += 1;
        }
        if let (Some(_), Some(back)) = packets_of_each {
            columns.places.entry(Means::Back).or_default().push(back);
        }
        if uptime {
            columns.places.remove(&Means::Last);
        }
        let needed = [Means::Source, Means::Destination, Means::DestinationPort];
        needed.iter().all(|it| columns.places.contains_key(it)).then_some(columns)
    }

    /// Those of UNSW-NB15 (`NUSW-NB15_features.csv`), of 49.
    pub(super) fn of_unsw() -> Self {
        let place = |means, n| (means, vec![n]);
        let places = [
            place(Means::Source, 0),
            place(Means::SourcePort, 1),
            place(Means::Destination, 2),
            place(Means::DestinationPort, 3),
            place(Means::Protocol, 4),
            place(Means::State, 5),
            place(Means::Forth, 16),
            place(Means::Back, 17),
            place(Means::First, 28),
            place(Means::Last, 29),
        ];
        Self { places: places.into_iter().collect(), width: 49 }
    }

    /// The first cell that says what is meant.
    pub(super) fn get<'c>(&self, means: Means, cells: &'c [impl AsRef<str>]) -> Option<&'c str> {
        let at = self.places.get(&means)?;
        at.iter().filter_map(|n| cells.get(*n)).map(|it| it.as_ref().trim()).find(|it| !it.is_empty())
    }
}

/// The delimiter of a header line that names both ends, if this is one.
pub(crate) fn delimiter(header: &str) -> Option<u8> {
    b",|\t; ".iter().copied().find(|it| Columns::of(header.split(char::from(*it))).is_some())
}
