//! How much went over a flow, by direction, where an event is the record of the whole flow.

use std::time::Duration;

use bulkhead_model::entity::Entities;
use bulkhead_model::event::Shape;

use super::fields::{Fields, Slot};

/// Notes the bytes of the flow, once it is known.
///
/// Only records that a source writes once for every flow count: alerts and events on the way repeat the counts so far.
/// What says only how much went in both directions together says nothing of what left.
pub(super) fn note(shape: Shape, fields: &Fields<'_>, out: &mut Entities) {
    if out.flow.is_none() {
        return;
    }
    let number = |slot| fields.number::<u64>(slot);
    let sent = || number(Slot::Sent).unwrap_or_default();
    let received = || number(Slot::Received).unwrap_or_default();
    out.bytes = match shape {
        Shape::Zeek if fields.text(Slot::ConnState).is_some() => {
            // The record bears the time of the first packet, and is written after the last.
            let lasted = number_of_seconds(fields.text(Slot::Duration).as_deref());
            out.until = out.time.zip(lasted).and_then(|(at, it)| at.checked_add(it).ok());
            [sent(), received()]
        }
        Shape::Suricata => match fields.text(Slot::EventType).as_deref() {
            Some("flow") => [sent(), received()],
            // One record for each direction.
            Some("netflow") => [number(Slot::Volume).unwrap_or_default(), 0],
            _ => return,
        },
        Shape::Json | Shape::Syslog | Shape::WindowsExport => {
            // Long sessions are told again and again, with what is new.
            let since = number(Slot::SentSince).zip(number(Slot::ReceivedSince));
            match since {
                Some((sent, received)) => [sent, received],
                None if fields.text(Slot::Sent).is_some() || fields.text(Slot::Received).is_some() => {
                    // Flow exports count what the flow's source sent as what came in.
                    let sent = number(Slot::Sent).or_else(|| number(Slot::Volume));
                    [sent.unwrap_or_default(), received()]
                }
                // A collector's record of one direction.
                None if fields.text(Slot::Mnemonic).is_none() => {
                    [number(Slot::Volume).unwrap_or_default(), 0]
                }
                None => return,
            }
        }
        Shape::Zeek | Shape::Windows | Shape::Auditd | Shape::Wazuh => return,
    };
}

fn number_of_seconds(text: Option<&str>) -> Option<Duration> {
    text?.parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok())
}
