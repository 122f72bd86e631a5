//! Where an event comes from, in the terms of Sigma's `logsource`: what the record itself does not say.

use crate::event::Shape;

/// Product, service and category of an event, as far as its reader knows them. A gate treats what is `None` as
/// unknown and decides by the event's own fields (Windows: `Channel`, `EventID`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogSource<'s> {
    /// Such as `windows`, `linux`, `zeek`, `suricata`, `wazuh`.
    pub product: Option<&'s str>,
    /// Such as `auditd`, `sshd`, `syslog`; for Zeek the log's name (`conn`), for Suricata the `event_type`.
    pub service: Option<&'s str>,
    /// Such as `dns`, `webserver`, `alert`, where the reader knows it.
    pub category: Option<&'s str>,
}

impl LogSource<'_> {
    /// What the family of records alone says.
    pub fn of_shape(shape: Shape) -> Self {
        let (product, service) = match shape {
            Shape::Windows | Shape::WindowsExport => (Some("windows"), None),
            Shape::Zeek => (Some("zeek"), None),
            Shape::Suricata => (Some("suricata"), None),
            Shape::Auditd => (Some("linux"), Some("auditd")),
            Shape::Syslog => (Some("linux"), None),
            Shape::Wazuh => (Some("wazuh"), None),
            Shape::Json => (None, None),
        };
        Self { product, service, category: None }
    }
}
