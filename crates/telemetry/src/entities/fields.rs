//! The fields that entities are made of, gathered in one visit without copying.

use std::borrow::Cow;
use std::sync::LazyLock;

use bulkhead_model::event::{Event, Value, Visitor};

macro_rules! slots {
    ($($slot:ident = $($name:literal)|+;)*) => {
        /// A field of interest; several names may stand for one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Slot { $($slot),* }

        const SLOTS: usize = [$(Slot::$slot),*].len();

        const NAMES: &[(&str, Slot)] = &[$($(($name, Slot::$slot),)+)*];
    };
}

slots! {
    // Times.
    UtcTime = "UtcTime";
    SystemTime = "TimeCreated_SystemTime" | "TimeCreated" | "SystemTime";
    AtTimestamp = "@timestamp";
    Timestamp = "timestamp";
    Ts = "ts";
    Time = "time";
    EventTime = "EventTime";
    CloudTime = "eventTime" | "eventTimestamp" | "createdDateTime" | "activityDateTime" | "CreationTime" | "published"
        | "requestReceivedTimestamp" | "created_at" | "utc_time" | "id.time" | "eventtime" | "TimeGenerated"
        | "_SOURCE_REALTIME_TIMESTAMP" | "__REALTIME_TIMESTAMP";
    // Windows.
    Computer = "Computer" | "Hostname" | "System.Computer";
    EventId = "EventID" | "System.EventID";
    Channel = "Channel" | "System.Channel";
    User = "User";
    SourceUser = "SourceUser";
    SubjectUserName = "SubjectUserName";
    SubjectDomainName = "SubjectDomainName";
    TargetUserName = "TargetUserName";
    TargetDomainName = "TargetDomainName";
    AccountName = "AccountName";
    AccountDomain = "Domain" | "AccountDomain";
    LogonType = "LogonType";
    Status = "Status";
    Outcome = "event.outcome" | "status.errorCode" | "properties.status.errorCode" | "errorCode" | "ResultType"
        | "outcome.result" | "ResultStatus";
    ElevatedToken = "ElevatedToken";
    IpAddress = "IpAddress" | "ClientAddress" | "Address" | "Param3";
    Workstation = "WorkstationName" | "Workstation" | "ClientName";
    TargetServer = "TargetServerName";
    Param1 = "Param1";
    Param2 = "Param2";
    ProcessGuid = "ProcessGuid" | "SourceProcessGUID" | "SourceProcessGuid";
    ParentGuid = "ParentProcessGuid";
    NewProcessId = "NewProcessId";
    ProcessId = "ProcessId";
    LogonId = "LogonId" | "SubjectLogonId";
    TargetLogonId = "TargetLogonId";
    TargetFilename = "TargetFilename";
    ImageLoaded = "ImageLoaded";
    Pid = "pid";
    ParentPid = "ppid";
    Session = "ses";
    Image = "Image" | "NewProcessName";
    ProcessName = "ProcessName" | "SourceImage" | "Application";
    Asker = "Source";
    SourceIp = "SourceIp" | "SourceAddress";
    SourcePort = "SourcePort";
    SourceHostname = "SourceHostname";
    DestinationIp = "DestinationIp" | "DestAddress";
    DestinationPort = "DestinationPort" | "DestPort";
    DestinationHostname = "DestinationHostname";
    Protocol = "Protocol";
    Initiated = "Initiated";
    Direction = "Direction";
    Keywords = "Keywords";
    // Linux.
    Host = "host" | "hostname" | "_HOSTNAME";
    Program = "program" | "SYSLOG_IDENTIFIER";
    Message = "message" | "MESSAGE";
    Node = "node";
    AuditType = "type";
    Acct = "acct";
    Exe = "exe";
    Comm = "comm";
    Addr = "addr";
    Result = "res";
    LoginUser = "AUID";
    EffectiveUser = "UID";
    Mnemonic = "mnemonic";
    Junos = "junos_event";
    Vendor = "device_vendor";
    Action = "action";
    Device = "device" | "devname";
    Query = "query";
    // Web servers, proxies, firewalls.
    Dataset = "event.dataset";
    ClientIp = "c-ip" | "src-ip" | "srcip";
    ServerIp = "s-ip";
    ServerPort = "s-port";
    ServerHost = "s-computername";
    RemoteIp = "r-ip" | "dst-ip" | "dstip";
    RemotePort = "cs-uri-port" | "dst-port" | "dstport";
    WebUser = "cs-username";
    FirewallProtocol = "protocol";
    // Clouds.
    CloudUser = "userIdentity.userName" | "userIdentity.arn" | "UserId" | "userPrincipalName"
        | "properties.userPrincipalName" | "actor.alternateId" | "actor.email" | "initiatedBy.user.userPrincipalName"
        | "properties.initiatedBy.user.userPrincipalName" | "protoPayload.authenticationInfo.principalEmail"
        | "user.username" | "actor" | "caller";
    CanaryNode = "node_id";
    CanaryClient = "src_host";
    // Network sensors.
    OrigHost = "id.orig_h" | "id_orig_h";
    RespHost = "id.resp_h" | "id_resp_h";
    RespPort = "id.resp_p" | "id_resp_p";
    Proto = "proto";
    ConnState = "conn_state";
    AuthSuccess = "auth_success";
    RequestType = "request_type";
    Client = "client";
    Service = "service";
    Success = "success";
    UserName = "username";
    DomainName = "domainname";
    ServerName = "server_dns_computer_name" | "server_nb_computer_name";
    Cookie = "cookie";
    ClientAddr = "client_addr" | "assigned_addr";
    HostName = "host_name";
    SrcIp = "src_ip";
    DestIp = "dest_ip" | "dst_ip";
    DestPort = "dest_port" | "dst_port";
    SrcPort = "src_port";
    FlowDirection = "direction";
    EventType = "event_type";
    // Wazuh.
    AgentName = "agent.name";
    AgentIp = "agent.ip";
    Groups = "rule.groups";
    WazuhSource = "data.srcip" | "data.src_ip";
    WazuhUser = "data.dstuser" | "data.win.eventdata.targetUserName" | "data.srcuser" | "data.win.eventdata.user";
    WazuhDomain = "data.win.eventdata.targetDomainName";
    WazuhComputer = "data.win.system.computer";
    WazuhProcess = "data.win.eventdata.image" | "data.audit.exe";
    // Elastic Common Schema.
    EcsHost = "host.name" | "host.hostname";
    HostIp = "host.ip";
    OsType = "host.os.type" | "host.os.family" | "host.os.platform";
    EcsUser = "user.name";
    EcsDomain = "user.domain";
    EcsExecutable = "process.executable";
    EcsProcess = "process.name";
    EcsSourceIp = "source.ip";
    EcsDestinationIp = "destination.ip";
    EcsDestinationPort = "destination.port";
    EcsTransport = "network.transport";
    // What a source watches.
    DnsQuestion = "dns.question.name";
    Category = "event.category";
    BothWays = "network.bytes";
    Volume = "bytes" | "in_bytes" | "octets" | "in_pkts" | "IN_BYTES" | "netflow.bytes";
    Sent = "orig_bytes" | "flow.bytes_toserver" | "source.bytes" | "sentbyte" | "bytes_out" | "bytes_sent" | "out"
        | "cs-bytes";
    SentSince = "sentdelta";
    Received = "resp_bytes" | "flow.bytes_toclient" | "destination.bytes" | "rcvdbyte" | "bytes_in" | "bytes_received"
        | "in" | "out_bytes" | "OUT_BYTES" | "sc-bytes";
    ReceivedSince = "rcvddelta";
    Duration = "duration";
    UserLower = "user";
    Ip = "ip";
    // The whole of a PowerShell pipeline event's context, in which the account stands.
    ContextInfo = "ContextInfo";
}

/// Names by a hash of their length and three characters, with open addressing: one comparison for nearly every field.
struct Table {
    cells: [Option<(&'static str, Slot)>; Table::SIZE],
}

impl Table {
    const SIZE: usize = 512;

    fn new() -> Self {
        let mut cells = [None; Self::SIZE];
        for (name, slot) in NAMES {
            let mut at = Self::hash(name);
            while cells[at].is_some() {
                at = (at + 1) % Self::SIZE;
            }
            cells[at] = Some((*name, *slot));
        }
        Self { cells }
    }

    fn hash(name: &str) -> usize {
        let bytes = name.as_bytes();
        let at = |index: usize| bytes.get(index).map_or(0, |it| usize::from(*it));
        let middle = at(bytes.len() / 2);
        let last = at(bytes.len().saturating_sub(1));
        let mixed = (bytes.len() * 41) ^ (at(0) * 7) ^ (middle * 131) ^ (last * 17);
        mixed % Self::SIZE
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        let mut at = Self::hash(name);
        while let Some((known, slot)) = self.cells[at] {
            if known == name {
                return Some(slot);
            }
            at = (at + 1) % Self::SIZE;
        }
        None
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// The values of the fields of interest, borrowed from the event: the first value of each.
pub(super) struct Fields<'e> {
    values: [Option<Value<'e>>; SLOTS],
    /// Values of `rule.groups` or `type` beyond the first.
    more: Vec<(Slot, Value<'e>)>,
    pending: Slot,
    table: &'static Table,
}

impl<'e> Fields<'e> {
    /// Visits `event` once.
    pub(super) fn of(event: &'e dyn Event) -> Self {
        let mut fields =
            Self { values: [None; SLOTS], more: Vec::new(), pending: Slot::UtcTime, table: &TABLE };
        event.visit(&mut fields);
        fields
    }

    /// The text of a field; `-`, blank and absent are all none.
    pub(super) fn text(&self, slot: Slot) -> Option<Cow<'e, str>> {
        let text = match self.values[slot as usize]?.to_text() {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        (!text.is_empty() && text != "-").then_some(text)
    }

    /// The first of several fields that holds a text.
    pub(super) fn first(&self, slots: &[Slot]) -> Option<Cow<'e, str>> {
        slots.iter().find_map(|it| self.text(*it))
    }

    /// A number, written as a number or as text.
    pub(super) fn number<N: std::str::FromStr>(&self, slot: Slot) -> Option<N> {
        self.text(slot)?.parse().ok()
    }

    /// Whether the field is there and means yes.
    pub(super) fn truth(&self, slot: Slot) -> Option<bool> {
        let text = self.text(slot)?;
        let yes = ["true", "t", "1", "yes", "success"];
        Some(yes.iter().any(|it| text.eq_ignore_ascii_case(it)))
    }

    /// Whether one of the field's values is `wanted`.
    pub(super) fn has(&self, slot: Slot, wanted: &str) -> bool {
        self.text(slot).is_some_and(|it| it == wanted)
            || self.more.iter().any(|(it, value)| *it == slot && value.to_text() == wanted)
    }
}

impl<'e> Visitor<'e> for Fields<'e> {
    fn wants(&mut self, name: &str) -> bool {
        match self.table.slot(name) {
            Some(slot) => {
                self.pending = slot;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, name: &str, value: Value<'e>) {
        let place = &mut self.values[self.pending as usize];
        // Who wrote the event stands in its header, whatever its data says.
        if name.starts_with("System.") {
            *place = Some(value);
            return;
        }
        let blank = match place {
            None => true,
            Some(value) => matches!(value.to_text().as_ref(), "" | "-"),
        };
        if blank {
            *place = Some(value);
        } else if matches!(self.pending, Slot::Groups | Slot::AuditType) {
            self.more.push((self.pending, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_slot_and_no_other_name_does() {
        for (name, slot) in NAMES {
            assert_eq!(TABLE.slot(name), Some(*slot), "{name}");
        }
        for name in ["", "x", "EventRecordID", "UtcTimE", "id.orig_hh"] {
            assert_eq!(TABLE.slot(name), None, "{name}");
        }
    }
}
