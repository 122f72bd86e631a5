//! What a name stands for in an exporter's record of a Windows event.

/// Fields of the header, by their places in [`HEADERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    EventId,
    Channel,
    Computer,
    Provider,
    ProviderGuid,
    Time,
    Level,
    Task,
    Opcode,
    Version,
    Keywords,
    RecordId,
    UserId,
    ProcessId,
    ThreadId,
}

/// The names EVTX gives to the header's fields.
pub(super) const HEADERS: [&str; 15] = [
    "EventID",
    "Channel",
    "Computer",
    "Provider_Name",
    "Provider_Guid",
    "TimeCreated_SystemTime",
    "Level",
    "Task",
    "Opcode",
    "Version",
    "Keywords",
    "EventRecordID",
    "Security_UserID",
    "Execution_ProcessID",
    "Execution_ThreadID",
];

/// Spellings of the header's names, in lower case without anything but letters and digits; of several the best counts
/// (0 is best).
const SPELLINGS: &[(&str, Header, u8)] = &[
    ("eventid", Header::EventId, 0),
    ("eventidvalue", Header::EventId, 0),
    ("eventidtext", Header::EventId, 0),
    ("eventidid", Header::EventId, 0),
    ("eventcode", Header::EventId, 1),
    ("eventidentifier", Header::EventId, 2),
    ("id", Header::EventId, 3),
    ("eventidcode", Header::EventId, 4),
    ("instanceid", Header::EventId, 5),
    ("channel", Header::Channel, 0),
    ("logname", Header::Channel, 1),
    ("eventlog", Header::Channel, 2),
    ("eventlogname", Header::Channel, 2),
    ("agentlogfile", Header::Channel, 2),
    ("logfile", Header::Channel, 3),
    ("computer", Header::Computer, 0),
    ("computername", Header::Computer, 0),
    ("machinename", Header::Computer, 1),
    ("originatingcomputer", Header::Computer, 2),
    ("hostname", Header::Computer, 3),
    ("hostfqdn", Header::Computer, 3),
    ("host", Header::Computer, 4),
    ("agentname", Header::Computer, 5),
    ("providername", Header::Provider, 0),
    ("sourcename", Header::Provider, 1),
    ("eventsourcename", Header::Provider, 1),
    ("eventprovider", Header::Provider, 2),
    ("provider", Header::Provider, 2),
    ("eventsource", Header::Provider, 3),
    ("source", Header::Provider, 4),
    ("providerguid", Header::ProviderGuid, 0),
    ("providerid", Header::ProviderGuid, 1),
    ("timecreatedsystemtime", Header::Time, 0),
    ("timecreated", Header::Time, 1),
    ("timecreatedvalue", Header::Time, 1),
    ("systemtime", Header::Time, 1),
    ("eventcreated", Header::Time, 2),
    ("timegenerated", Header::Time, 3),
    ("eventtime", Header::Time, 4),
    ("timestamp", Header::Time, 5),
    ("time", Header::Time, 6),
    ("datetime", Header::Time, 6),
    ("level", Header::Level, 0),
    ("levelvalue", Header::Level, 0),
    ("task", Header::Task, 0),
    ("opcode", Header::Opcode, 0),
    ("version", Header::Version, 0),
    ("keywords", Header::Keywords, 0),
    ("eventrecordid", Header::RecordId, 0),
    ("recordid", Header::RecordId, 1),
    ("recordnumber", Header::RecordId, 2),
    ("securityuserid", Header::UserId, 0),
    ("userid", Header::UserId, 1),
    ("executionprocessid", Header::ProcessId, 0),
    ("processid", Header::ProcessId, 1),
    ("processpid", Header::ProcessId, 1),
    ("executionthreadid", Header::ThreadId, 0),
    ("threadid", Header::ThreadId, 1),
    ("processthreadid", Header::ThreadId, 1),
];

/// How what stands before names ends.
const PREFIX_ENDS: [char; 3] = ['.', '_', ':'];

/// What exporters put before all names, once or several times.
const WRAPPERS: [&str; 17] = [
    "Event.",
    "event.",
    "_source.",
    "fields.",
    "result.",
    "columns.",
    "body.",
    "attributes.",
    "log.",
    "winlogbeat_",
    "winlogbeat.",
    "winlog.",
    "winlog_",
    "data.win.",
    "System.",
    "system.",
    "Event_",
];

/// What stands before the names of the event's data. The provider's own element below `UserData` is dropped as well.
const DATA: [(&str, bool); 16] = [
    ("EventData.Data.", false),
    ("event_data.data.", false),
    ("event_data.Data.", false),
    ("EventData_Data_", false),
    ("EventData.", false),
    ("event_data.", false),
    ("eventdata.", false),
    ("eventData.", false),
    ("EventData_", false),
    ("event_data_", false),
    ("eventdata_", false),
    ("UserData.", true),
    ("user_data.", false),
    ("user_data_", false),
    ("userdata.", false),
    ("EventData:", false),
];

/// Ways to write the name and the value of a `Data` element as members of an object.
const DATA_NAMES: [&str; 9] = [
    "@Name",
    "Name",
    "name",
    "#attributes.Name",
    "@attributes.Name",
    "$.Name",
    "-Name",
    "_Name",
    "attributes.Name",
];
const DATA_VALUES: [&str; 11] =
    ["#text", "Text", "text", "content", "#content", "Value", "value", "_", "$t", "__text", "_text"];

/// What one name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'n> {
    /// A field of the header, with the rank of this spelling.
    Header(usize, u8),
    /// Data of this name.
    Data(&'n str),
    /// The name of data whose value follows.
    DataName,
    /// The value of data whose name stands beside it.
    DataValue,
    /// Data without a name.
    String,
    /// The rendered message.
    Message,
    /// A text that holds data, or the whole event.
    Nested,
    /// None of these.
    Rest(&'n str),
}

/// What `name` stands for.
pub(super) fn place(name: &str) -> Place<'_> {
    let mut inner = name;
    // Additional fields of GELF begin so.
    if let Some(rest) =
        inner.strip_prefix('_').filter(|it| !it.starts_with("source.") && !it.starts_with("raw"))
    {
        inner = rest;
    }
    // Nearly all names of flat records have nothing before them.
    let has_prefix = inner.contains(PREFIX_ENDS);
    while has_prefix && let Some(rest) = WRAPPERS.iter().find_map(|it| inner.strip_prefix(it)) {
        inner = rest;
    }
    for (prefix, below) in DATA.into_iter().filter(|_| has_prefix) {
        let Some(rest) = inner.strip_prefix(prefix) else { continue };
        if prefix.len() > "EventData.".len() || rest.starts_with("Data.") {
            let rest = rest.strip_prefix("Data.").unwrap_or(rest);
            if DATA_NAMES.contains(&rest) {
                return Place::DataName;
            }
            if DATA_VALUES.contains(&rest) {
                return Place::DataValue;
            }
        }
        let rest = if below { rest.split_once('.').map_or(rest, |it| it.1) } else { rest };
        return match rest {
            "Data" | "data" | "Data.#text" => Place::String,
            _ if rest.starts_with(['@', '#', '$']) => Place::Rest(inner),
            _ => Place::Data(rest),
        };
    }
    let folded: String =
        inner.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect();
    match folded.as_str() {
        "message"
        | "rendereddescription"
        | "renderedmessage"
        | "eventoriginal"
        | "fullmessage"
        | "shortmessage"
        | "expandedstring" => Place::Message,
        "eventdata" | "userdata" | "payload" | "parameterxml" | "raw" | "xml" | "eventxml" | "xmlevent"
        | "rawxml" | "data" | "original" => Place::Nested,
        "properties" | "propertiesvalue" | "stringinserts" | "eventstrings" | "insertionstrings"
        | "replacementstrings" | "strings" => Place::String,
        _ => match SPELLINGS.iter().find(|it| it.0 == folded) {
            Some((_, header, rank)) => Place::Header(*header as usize, *rank),
            None => Place::Rest(inner),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: &Place<'_>) {
        assert_eq!(place(name), *expect, "{name}");
    }

    #[test]
    fn prefixes_end_as_they_are_told_by() {
        assert!(WRAPPERS.iter().chain(DATA.iter().map(|it| &it.0)).all(|it| it.ends_with(PREFIX_ENDS)));
    }

    #[test]
    fn every_spelling_finds_its_place() {
        let header = |it: Header, rank| Place::Header(it as usize, rank);
        check("winlogbeat_winlog_event_id", &header(Header::EventId, 0));
        check("System.EventID.Value", &header(Header::EventId, 0));
        check("Id", &header(Header::EventId, 3));
        check("Event.System.Provider.@Name", &header(Header::Provider, 0));
        check("System.Provider.#attributes.Name", &Place::Rest("Provider.#attributes.Name"));
        check("_Channel", &header(Header::Channel, 0));
        check("winlogbeat_winlog_event_data_ServiceName", &Place::Data("ServiceName"));
        check("Event.EventData.Data.@Name", &Place::DataName);
        check("EventData.Data.#text", &Place::DataValue);
        check("EventData.Data", &Place::String);
        check("UserData.LogFileCleared.Channel", &Place::Data("Channel"));
        check("Properties.Value", &Place::String);
        check("_raw", &Place::Nested);
        check("Payload", &Place::Nested);
        check("PayloadData1", &Place::Rest("PayloadData1"));
    }
}
