//! Windows events in tables: the names exporters give to their columns, and the fields that stand in the text of a
//! rendered message.

use std::borrow::Cow;

use bulkhead_model::event::{Field, FieldsEvent};

/// The name in Windows' terms of a column of Event Viewer, Get-WinEvent, Splunk or Elastic.
pub(super) fn column(name: &str) -> Cow<'_, str> {
    for prefix in ["winlog.event_data.", "winlog.user_data.", "event_data.", "EventData."] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return Cow::Owned(rest.replace(' ', ""));
        }
    }
    let known = match super::key(name).as_str() {
        "eventid" | "eventcode" | "winlogeventid" => "EventID",
        "channel" | "logname" | "winlogchannel" => "Channel",
        "computer" | "computername" | "machinename" | "winlogcomputername" => "Computer",
        "provider" | "providername" | "sourcename" | "winlogprovidername" => "Provider_Name",
        "eventrecordid" | "recordid" | "recordnumber" | "winlogrecordid" => "EventRecordID",
        "message" => "Message",
        _ => return if name.contains(' ') { Cow::Owned(name.replace(' ', "")) } else { Cow::Borrowed(name) },
    };
    Cow::Borrowed(known)
}

/// The channel a provider writes to, for exports that do not name it (Event Viewer).
pub(crate) fn channel(provider: &str, id: &str) -> Option<&'static str> {
    Some(match provider {
        "Microsoft-Windows-Security-Auditing" | "Microsoft Windows security auditing." => "Security",
        "Microsoft-Windows-Sysmon" | "Sysmon" => "Microsoft-Windows-Sysmon/Operational",
        "Microsoft-Windows-Eventlog" | "Eventlog" => {
            if id == "104" {
                "System"
            } else {
                "Security"
            }
        }
        "Service Control Manager" | "Microsoft-Windows-Kernel-General" | "EventLog" | "NETLOGON" => "System",
        "Microsoft-Windows-PowerShell" => "Microsoft-Windows-PowerShell/Operational",
        "PowerShell" => "Windows PowerShell",
        "PowerShellCore" => "PowerShellCore/Operational",
        "Microsoft-Windows-Windows Defender" | "Windows Defender" => {
            "Microsoft-Windows-Windows Defender/Operational"
        }
        "Microsoft-Windows-TaskScheduler" => "Microsoft-Windows-TaskScheduler/Operational",
        "Microsoft-Windows-WMI-Activity" => "Microsoft-Windows-WMI-Activity/Operational",
        "Microsoft-Windows-Bits-Client" => "Microsoft-Windows-Bits-Client/Operational",
        "Microsoft-Windows-TerminalServices-LocalSessionManager" => {
            "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
        }
        "MsiInstaller" | "Application Error" | "Windows Error Reporting" | "MSSQLSERVER" => "Application",
        _ => return None,
    })
}

/// Adds the fields that stand as `Key: value` in the lines of a rendered message (English), under the names that the
/// event's own data has; `has` says which names the table already gives.
pub(crate) fn message(text: &str, id: u64, has: impl Fn(&str) -> bool, event: &mut FieldsEvent<'_>) {
    let mut section = "";
    for (name, value) in free_text(id, text) {
        if !has(name) {
            event.push(name, Field::Text(Cow::Owned(value.to_owned())));
        }
    }
    for line in text.lines().skip(1).take(512) {
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty()
            || key.len() > 64
            || !key.bytes().all(|it| it.is_ascii_alphanumeric() || b" ()-_".contains(&it))
        {
            continue;
        }
        if value.is_empty() && !line.starts_with(['\t', ' ']) {
            section = key;
            continue;
        }
        let name = match named(section, key).filter(|_| id != 4697) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(key.replace(' ', "")),
        };
        if !has(&name) {
            event.push(name.into_owned(), Field::Text(Cow::Owned(value.to_owned())));
        }
    }
}

/// Data that stands in a message without a key before it.
fn free_text(id: u64, text: &str) -> Vec<(&'static str, &str)> {
    let first = text.lines().next().unwrap_or_default();
    match id {
        4104 if first.starts_with("Creating Scriptblock text") => {
            let script = text[first.len()..].split("ScriptBlock ID:").next().unwrap_or_default();
            vec![("ScriptBlockText", script.trim())]
        }
        // `The System log file was cleared.`
        104 => first
            .strip_prefix("The ")
            .and_then(|it| it.split(" log file was cleared").next())
            .filter(|it| it.len() < first.len() - 4)
            .map(|it| ("Channel", it))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// The name of the event's data that a message's line shows ("Audit events" of Microsoft's security auditing reference).
fn named(section: &str, key: &str) -> Option<&'static str> {
    let subject = matches!(section, "Subject" | "Creator Subject");
    let target = matches!(
        section,
        "New Logon"
            | "Target Account"
            | "Account For Which Logon Failed"
            | "Account Whose Credentials Were Used"
            | "Target Subject"
            | "New Account"
            | "Account Information"
            | "Member"
    );
    Some(match key {
        "Account Name" if subject => "SubjectUserName",
        "Account Domain" if subject => "SubjectDomainName",
        "Security ID" if subject => "SubjectUserSid",
        "Logon ID" if subject => "SubjectLogonId",
        "Account Name" if target => "TargetUserName",
        "Account Domain" if target => "TargetDomainName",
        "Security ID" if target => "TargetUserSid",
        "Logon ID" if target => "TargetLogonId",
        "Source Network Address" | "Client Address" | "Network Address" => "IpAddress",
        "Source Port" if section == "Network Information" => "IpPort",
        "Creator Process ID" => "ProcessId",
        "Creator Process Name" => "ParentProcessName",
        "Process Command Line" => "CommandLine",
        "Logon Process" => "LogonProcessName",
        "Authentication Package" => "AuthenticationPackageName",
        "Package Name (NTLM only)" => "LmPackageName",
        "Target Server Name" => "TargetServerName",
        "Service File Name" => "ImagePath",
        "Service Start Type" => "StartType",
        "Service Account" => "AccountName",
        "Share Path" => "ShareLocalPath",
        _ => return None,
    })
}
