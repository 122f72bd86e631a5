//! Who and what an event speaks of: one pass over its fields, then the rules of its family.
//!
//! Only what an event states becomes an entity. What two events say together (which host owns an address) is for the
//! [`crate::Observer`].

mod address;
mod fields;
mod linux;
mod names;
mod network;
mod time;
mod windows;

use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Shape};

pub(crate) use address::is_usable;
pub use address::parse_address;
pub use time::parse_time;

use fields::{Fields, Slot};

/// The entities of one event, whatever its family.
pub fn entities(event: &dyn Event) -> Entities {
    let fields = Fields::of(event);
    let mut out = Entities { time: time::of(&fields), ..Entities::default() };
    match event.shape() {
        Shape::Windows => windows::entities(&fields, &mut out),
        Shape::Auditd => linux::audit(&fields, &mut out),
        Shape::Syslog => linux::syslog(&fields, &mut out),
        Shape::Zeek => network::zeek(&fields, &mut out),
        Shape::Suricata => network::suricata(&fields, &mut out),
        Shape::Wazuh => network::wazuh(&fields, &mut out),
        Shape::Json => generic(&fields, &mut out),
    }
    out
}

/// Elastic Common Schema, and the names that others commonly give to the same things.
fn generic(fields: &Fields<'_>, out: &mut Entities) {
    out.host = fields.first(&[Slot::EcsHost, Slot::Host]).and_then(|it| names::host(&it));
    out.os = fields.text(Slot::OsType).and_then(|it| names::os(&it));
    if out.host.is_some() {
        let own = fields.text(Slot::HostIp).or_else(|| fields.text(Slot::Ip));
        out.host_addresses.extend(own.and_then(|it| parse_address(&it)));
    }
    let domain = fields.text(Slot::EcsDomain);
    out.user =
        fields.first(&[Slot::EcsUser, Slot::UserLower]).and_then(|it| names::account(domain.as_deref(), &it));
    out.process = fields.first(&[Slot::EcsExecutable, Slot::EcsProcess]).map(std::borrow::Cow::into_owned);
    out.flow = network::flow(
        fields,
        [Slot::EcsSourceIp, Slot::EcsDestinationIp, Slot::EcsDestinationPort, Slot::EcsTransport],
    )
    .or_else(|| network::flow(fields, [Slot::SrcIp, Slot::DestIp, Slot::DestPort, Slot::Proto]));
}
