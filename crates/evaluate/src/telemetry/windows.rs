//! Windows events as a collector writes them: flat JSON, one a line (Sysmon, Security, System).

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{Scene, iso};
use crate::world::{Account, HostNo};

const FILE: &str = "windows/events.ndjson";
const SYSTEM32: &str = "C:\\Windows\\System32\\";
/// The local system account.
pub(crate) const SYSTEM: &str = "NT AUTHORITY\\SYSTEM";

impl Scene<'_, '_> {
    /// Writes one event with the keys every event has, then `fields` (an object).
    fn windows(&mut self, host: HostNo, provider: &str, channel: &str, id: u32, fields: Value) {
        let at = self.tick();
        if self.world.host(host).silent {
            return;
        }
        let mut event = Map::new();
        event.insert("SourceName".to_owned(), provider.into());
        event.insert("Channel".to_owned(), channel.into());
        event.insert("Hostname".to_owned(), self.name(host).into());
        event.insert("TimeCreated".to_owned(), iso(at).into());
        event.insert("@timestamp".to_owned(), iso(at).into());
        event.insert("EventID".to_owned(), id.into());
        if let Value::Object(fields) = fields {
            event.extend(fields);
        }
        self.sink.push(FILE, at, Value::Object(event).to_string());
    }

    fn sysmon(&mut self, host: HostNo, id: u32, fields: Value) {
        self.windows(host, "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", id, fields);
    }

    fn security(&mut self, host: HostNo, id: u32, fields: Value) {
        self.windows(host, "Microsoft-Windows-Security-Auditing", "Security", id, fields);
    }

    fn pid(&mut self) -> String {
        (self.rng.range(300, 4000) * 4).to_string()
    }

    /// Sysmon 1. `image` without a backslash lies in System32.
    pub fn process(&mut self, host: HostNo, user: &str, image: &str, command: &str, parent: &str) {
        let full = |it: &str| if it.contains('\\') { it.to_owned() } else { format!("{SYSTEM32}{it}") };
        let (image, parent) = (full(image), full(parent));
        let original = image.rsplit('\\').next().unwrap_or_default().to_owned();
        let guid = format!("{{{}-{}-0000}}", self.rng.hex(8), self.rng.hex(8));
        let (pid, parent_pid) = (self.pid(), self.pid());
        let level = if user == SYSTEM { "System" } else { "Medium" };
        self.sysmon(host, 1, json!({
            "ProcessGuid": guid, "ProcessId": pid, "Image": image, "OriginalFileName": original,
            "CommandLine": command, "CurrentDirectory": SYSTEM32, "User": user, "IntegrityLevel": level,
            "ParentProcessId": parent_pid, "ParentImage": parent, "ParentCommandLine": format!("\"{parent}\""),
        }));
    }

    /// Sysmon 3.
    pub fn connection(&mut self, host: HostNo, user: &str, image: &str, to: IpAddr, port: u16) {
        let Some(from) = self.world.host(host).address else { return };
        let (pid, source_port) = (self.pid(), self.rng.range(49_152, 65_000));
        self.sysmon(host, 3, json!({
            "ProcessId": pid, "Image": image, "User": user, "Protocol": "tcp", "Initiated": "true",
            "SourceIp": from.to_string(), "SourcePort": source_port.to_string(), "SourceHostname": self.name(host),
            "DestinationIp": to.to_string(), "DestinationPort": port.to_string(), "DestinationHostname": "-",
        }));
    }

    /// Sysmon 10.
    pub fn process_access(&mut self, host: HostNo, source: &str, target: &str, access: &str) {
        let (source_pid, target_pid) = (self.pid(), self.pid());
        self.sysmon(host, 10, json!({
            "SourceProcessId": source_pid, "SourceImage": source, "TargetProcessId": target_pid,
            "TargetImage": target, "GrantedAccess": access,
            "CallTrace": "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e",
            "SourceUser": SYSTEM, "TargetUser": SYSTEM,
        }));
    }

    /// Sysmon 11.
    pub fn file_created(&mut self, host: HostNo, user: &str, image: &str, path: &str) {
        let pid = self.pid();
        self.sysmon(
            host,
            11,
            json!({ "ProcessId": pid, "Image": image, "TargetFilename": path, "User": user }),
        );
    }

    /// Sysmon 13.
    pub fn registry_set(&mut self, host: HostNo, user: &str, image: &str, key: &str, details: &str) {
        let pid = self.pid();
        self.sysmon(host, 13, json!({
            "EventType": "SetValue", "ProcessId": pid, "Image": image, "TargetObject": key, "Details": details,
            "User": user,
        }));
    }

    /// Sysmon 22.
    pub fn dns_query(&mut self, host: HostNo, user: &str, image: &str, name: &str, answer: IpAddr) {
        let pid = self.pid();
        self.sysmon(host, 22, json!({
            "ProcessId": pid, "QueryName": name, "QueryStatus": "0", "QueryResults": format!("::ffff:{answer};"),
            "Image": image, "User": user,
        }));
    }

    /// Security 4624 or 4625.
    pub fn logon(&mut self, host: HostNo, account: &Account, kind: u8, from: Option<IpAddr>, success: bool) {
        let address = from.map_or("-".to_owned(), |it| it.to_string());
        let (process, package) = if kind == 10 { ("User32 ", "Negotiate") } else { ("Kerberos", "Kerberos") };
        let port = self.rng.range(49_152, 65_000).to_string();
        let mut fields = json!({
            "SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-",
            "TargetUserName": account.name, "TargetDomainName": account.domain, "LogonType": kind.to_string(),
            "LogonProcessName": process, "AuthenticationPackageName": package, "WorkstationName": "-",
            "IpAddress": address, "IpPort": port,
        });
        if !success {
            fields["Status"] = "0xc000006d".into();
            fields["SubStatus"] = "0xc000006a".into();
        }
        self.security(host, if success { 4624 } else { 4625 }, fields);
    }

    /// Security 4769: a service ticket was issued by the domain controller `host`.
    pub fn service_ticket(&mut self, host: HostNo, client: &Account, service: &str, rc4: bool, from: IpAddr) {
        let port = self.rng.range(49_152, 65_000).to_string();
        self.security(host, 4769, json!({
            "TargetUserName": format!("{}@{}", client.name, client.domain), "TargetDomainName": client.domain,
            "ServiceName": service, "TicketOptions": "0x40810000",
            "TicketEncryptionType": if rc4 { "0x17" } else { "0x12" }, "IpAddress": format!("::ffff:{from}"),
            "IpPort": port, "Status": "0x0",
        }));
    }

    /// Security 5145: a file on a share was opened.
    pub fn share_access(
        &mut self,
        host: HostNo,
        by: &Account,
        from: Option<IpAddr>,
        share: &str,
        file: &str,
    ) {
        self.security(
            host,
            5145,
            json!({
                "SubjectUserName": by.name, "SubjectDomainName": by.domain, "ObjectType": "File",
                "IpAddress": from.map_or("-".to_owned(), |it| it.to_string()), "IpPort": "51333",
                "ShareName": share, "RelativeTargetName": file, "AccessMask": "0x2", "AccessList": "%%4417",
            }),
        );
    }

    /// Security 1102: the log was cleared.
    pub fn log_cleared(&mut self, host: HostNo, by: &Account) {
        self.windows(
            host,
            "Microsoft-Windows-Eventlog",
            "Security",
            1102,
            json!({
                "SubjectUserName": by.name, "SubjectDomainName": by.domain, "SubjectLogonId": "0x4c1f2",
            }),
        );
    }

    /// System 7045: a service was installed.
    pub fn service_installed(&mut self, host: HostNo, name: &str, path: &str) {
        self.windows(
            host,
            "Service Control Manager",
            "System",
            7045,
            json!({
                "ServiceName": name, "ImagePath": path, "ServiceType": "user mode service",
                "StartType": "demand start", "AccountName": "LocalSystem",
            }),
        );
    }

    /// Security 4720, 4722, 4738 and their like: `by` does something to the account `to`.
    pub fn account_changed(&mut self, host: HostNo, id: u32, by: &Account, to: &Account) {
        self.security(
            host,
            id,
            json!({
                "TargetUserName": to.name, "TargetDomainName": to.domain, "SubjectUserName": by.name,
                "SubjectDomainName": by.domain, "SubjectLogonId": "0x5a31c", "SamAccountName": to.name,
            }),
        );
    }

    /// Security 4728 (a group of the domain) or 4732 (a group of the host): `by` adds `member`.
    pub fn member_added(&mut self, host: HostNo, id: u32, by: &Account, member: &Account, group: &str) {
        let domain = if id == 4728 { by.domain.as_str() } else { "Builtin" };
        self.security(
            host,
            id,
            json!({
                "MemberName": format!("CN={},OU=Staff,DC={}", member.name, member.domain.to_lowercase()),
                "TargetUserName": group, "TargetDomainName": domain, "SubjectUserName": by.name,
                "SubjectDomainName": by.domain, "SubjectLogonId": "0x5a31c",
            }),
        );
    }

    /// System 19: an update was installed.
    pub fn update_installed(&mut self, host: HostNo, title: &str) {
        let provider = "Microsoft-Windows-WindowsUpdateClient";
        self.windows(
            host,
            provider,
            "System",
            19,
            json!({ "updateTitle": title, "updateRevisionNumber": "200" }),
        );
    }

    /// System 1074, 6006 and 6005: the host restarts.
    pub fn restarted(&mut self, host: HostNo, user: &str, why: &str) {
        self.windows(host, "User32", "System", 1074, json!({
            "param1": "C:\\Windows\\system32\\svchost.exe", "param3": why, "param5": "restart", "param7": user,
        }));
        self.windows(host, "EventLog", "System", 6006, json!({}));
        let pause = self.rng.range(60_000, 240_000);
        self.wait_ms(pause);
        self.windows(host, "EventLog", "System", 6005, json!({}));
    }
}
