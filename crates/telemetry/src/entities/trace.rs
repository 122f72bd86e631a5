//! Of which process, logon session and file an event of a host speaks, and where what it speaks of came from.

use bulkhead_model::entity::Entities;
use bulkhead_model::event::Shape;
use bulkhead_model::trace::Trace;
use jiff::Timestamp;

use super::fields::{Fields, Slot};

/// Sessions of the system, of services and of nobody: what acts in them is not one actor.
const NOBODYS: [&str; 8] = ["0x0", "0x3e7", "0x3e4", "0x3e5", "4294967295", "-1", "unset", "0"];

/// What the event with the entities `who` is a part of.
pub(super) fn of(shape: Shape, fields: &Fields<'_>, who: &Entities) -> Trace {
    let trace = match shape {
        Shape::Windows => windows(fields, who.time),
        Shape::Auditd => audit(fields, who.time),
        _ => Trace::default(),
    };
    let logon = who.logon.as_ref().and_then(|it| it.from.as_ref()?.parse().ok());
    let origin = logon.or_else(|| who.flow.as_ref().map(|it| it.from));
    Trace { origin, refused: who.refused, ..trace }
}

/// Sysmon names a process once and for all, the security log by a number.
fn windows(fields: &Fields<'_>, time: Option<Timestamp>) -> Trace {
    let print = |kind, slot| fields.text(slot).map_or(0, |it| Trace::print(kind, &it));
    let session = [Slot::LogonId, Slot::TargetLogonId].into_iter().filter_map(|it| fields.text(it));
    let session = session.into_iter().find(|it| !is_nobodys(it));
    let mut trace = Trace {
        process: print("process", Slot::ProcessGuid),
        parent: print("process", Slot::ParentGuid),
        session: session.map_or(0, |it| Trace::print("session", &it)),
        ran: print("file", Slot::ImageLoaded),
        wrote: print("file", Slot::TargetFilename),
        ..Trace::default()
    };
    if fields.text(Slot::NewProcessId).is_some() {
        // 4688: what a process was started by is called the process there.
        trace.process = numbered(fields, Slot::NewProcessId, time);
        trace.parent = numbered(fields, Slot::ProcessId, time);
    }
    let starts = trace.parent != 0;
    if trace.ran == 0 && starts {
        trace.ran = print("file", Slot::Image);
    }
    trace
}

fn audit(fields: &Fields<'_>, time: Option<Timestamp>) -> Trace {
    let session = fields.text(Slot::Session).filter(|it| !is_nobodys(it));
    Trace {
        process: numbered(fields, Slot::Pid, time),
        parent: numbered(fields, Slot::ParentPid, time),
        session: session.map_or(0, |it| Trace::print("session", &it)),
        ran: fields.text(Slot::Exe).map_or(0, |it| Trace::print("file", &it)),
        ..Trace::default()
    }
}

/// A process by its number: within the hour it is the same one. The first processes start everything.
fn numbered(fields: &Fields<'_>, slot: Slot, time: Option<Timestamp>) -> u64 {
    let (Some(number), Some(time)) = (fields.text(slot), time) else { return 0 };
    if matches!(number.as_ref(), "0" | "1" | "0x0" | "0x4" | "4") {
        return 0;
    }
    Trace::print("process", &format!("{number}@{}", time.as_second().div_euclid(3600)))
}

fn is_nobodys(session: &str) -> bool {
    NOBODYS.iter().any(|it| it.eq_ignore_ascii_case(session))
}
