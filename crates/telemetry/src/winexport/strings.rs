//! Names for data that an exporter gives by position only, for the events that rules ask for most (Microsoft's event
//! manifests; "Audit events" of the security auditing reference).

/// Channel, event id, and the names of its data in their order.
const EVENTS: &[(&str, u64, &str)] = &[
    ("System", 7045, "ServiceName ImagePath ServiceType StartType AccountName"),
    ("System", 7036, "param1 param2"),
    ("System", 7040, "param1 param2 param3 param4"),
    ("System", 104, "SubjectUserName SubjectDomainName Channel BackupPath"),
    ("Security", 1102, "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"),
    (
        "Security",
        4624,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType LogonProcessName AuthenticationPackageName WorkstationName LogonGuid TransmittedServices LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort ImpersonationLevel RestrictedAdminMode TargetOutboundUserName TargetOutboundDomainName VirtualAccount TargetLinkedLogonId ElevatedToken",
    ),
    (
        "Security",
        4625,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId TargetUserSid TargetUserName TargetDomainName Status FailureReason SubStatus LogonType LogonProcessName AuthenticationPackageName WorkstationName TransmittedServices LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort",
    ),
    (
        "Security",
        4648,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName TargetInfo ProcessId ProcessName IpAddress IpPort",
    ),
    ("Security", 4672, "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId PrivilegeList"),
    (
        "Security",
        4688,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId NewProcessId NewProcessName TokenElevationType ProcessId CommandLine TargetUserSid TargetUserName TargetDomainName TargetLogonId ParentProcessName MandatoryLabel",
    ),
    (
        "Security",
        4697,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
    ),
    (
        "Security",
        4698,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId TaskName TaskContent",
    ),
    (
        "Security",
        4720,
        "TargetUserName TargetDomainName TargetSid SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId PrivilegeList SamAccountName",
    ),
    ("Security", 4728, MEMBER),
    ("Security", 4732, MEMBER),
    ("Security", 4756, MEMBER),
    (
        "Security",
        4768,
        "TargetUserName TargetDomainName TargetSid ServiceName ServiceSid TicketOptions Status TicketEncryptionType PreAuthType IpAddress IpPort CertIssuerName CertSerialNumber CertThumbprint",
    ),
    (
        "Security",
        4769,
        "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions TicketEncryptionType IpAddress IpPort Status LogonGuid TransmittedServices",
    ),
    (
        "Security",
        4771,
        "TargetUserName TargetSid ServiceName TicketOptions Status PreAuthType IpAddress IpPort",
    ),
    ("Security", 4776, "PackageName TargetUserName Workstation Status"),
    (
        "Security",
        5140,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId ObjectType IpAddress IpPort ShareName ShareLocalPath AccessMask AccessList",
    ),
    (
        "Security",
        5145,
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId ObjectType IpAddress IpPort ShareName ShareLocalPath RelativeTargetName AccessMask AccessList AccessReason",
    ),
    (
        "Microsoft-Windows-PowerShell/Operational",
        4104,
        "MessageNumber MessageTotal ScriptBlockText ScriptBlockId Path",
    ),
    ("Microsoft-Windows-PowerShell/Operational", 4103, "ContextInfo UserData Payload"),
    (
        "Microsoft-Windows-Sysmon/Operational",
        1,
        "RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser",
    ),
    (
        "Microsoft-Windows-Sysmon/Operational",
        3,
        "RuleName UtcTime ProcessGuid ProcessId Image User Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort DestinationPortName",
    ),
    (
        "Microsoft-Windows-Sysmon/Operational",
        11,
        "RuleName UtcTime ProcessGuid ProcessId Image TargetFilename CreationUtcTime User",
    ),
];

const MEMBER: &str = "MemberName MemberSid TargetUserName TargetDomainName TargetSid SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId PrivilegeList";

/// Moves `strings` to `data` under their names, where the event's names are known; data that has a name already keeps it.
pub(super) fn name(channel: &str, id: u64, strings: &mut Vec<String>, data: &mut Vec<(String, String)>) {
    let Some((_, _, names)) = EVENTS
        .iter()
        .find(|it| it.0.eq_ignore_ascii_case(channel) && it.1 == id)
        .filter(|_| !strings.is_empty())
    else {
        return;
    };
    let named: Vec<String> = data.iter().map(|it| it.0.clone()).collect();
    for (name, value) in names.split(' ').zip(std::mem::take(strings)) {
        if !named.iter().any(|it| it == name) {
            data.push((name.to_owned(), value));
        }
    }
}
