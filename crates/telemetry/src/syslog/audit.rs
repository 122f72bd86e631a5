//! Records of the audit log inside syslog lines: those of one event are joined, as in the audit log itself.

use std::ops::ControlFlow;

use bulkhead_model::event::{Field, Shape};
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;

use super::{Parts, any, head};
use crate::auditd;
use crate::auditd::join::{Joined, Joiner, Piece};
use crate::read::Out;
use crate::record::Options;

/// Whether one of the first lines of `text` carries a record of the audit log.
pub(crate) fn carries_audit(text: &[u8]) -> bool {
    text.split(|it| *it == b'\n').filter(|it| memchr::memmem::find(it, b"audi").is_some()).any(|line| {
        // A byte that is no text is replaced where the line is read: it hides no record here either.
        any(&String::from_utf8_lossy(line), None)
            .is_some_and(|it| auditd::forwarded::record(it.program, it.message).is_some())
    })
}

/// The records of the audit log among the lines.
#[derive(Default)]
pub(super) struct Records {
    joiner: Joiner,
    /// Events of records without a stamp.
    n_unstamped: u64,
}

impl Records {
    /// Takes in a record of the audit log; whether the line was one. Hands out events that are complete.
    pub(super) fn take(
        &mut self,
        parts: &Parts<'_>,
        line: &str,
        options: &Options,
        out: &mut Out<'_>,
    ) -> ControlFlow<(), bool> {
        let Some(record) = auditd::forwarded::record(parts.program, parts.message) else {
            while let Some(joined) = self.joiner.complete_before_other() {
                hand_out(&joined, options.now, out)?;
            }
            return ControlFlow::Continue(false);
        };
        let kind = std::str::from_utf8(auditd::kind(record.as_bytes())).unwrap_or_default();
        let event = match auditd::stamp(record.as_bytes()).and_then(|it| std::str::from_utf8(it).ok()) {
            // A collector has the records of many hosts.
            Some(stamp) => format!("{stamp} {}", parts.host),
            None => {
                self.n_unstamped += u64::from(!auditd::join::follows(kind));
                format!("number {} without a stamp {}", self.n_unstamped, parts.host)
            }
        };
        let piece =
            Piece { event: event.trim_end().as_bytes(), kind, line: line.as_bytes(), record: &record };
        self.joiner.add(piece, options.record_max);
        while let Some(joined) = self.joiner.complete() {
            hand_out(&joined, options.now, out)?;
        }
        ControlFlow::Continue(true)
    }

    pub(super) fn end(mut self, now: Option<Timestamp>, out: &mut Out<'_>) -> ControlFlow<()> {
        self.joiner.end();
        while let Some(joined) = self.joiner.pop() {
            hand_out(&joined, now, out)?;
        }
        self.joiner.tell_split(&mut out.tally);
        ControlFlow::Continue(())
    }
}

/// Hands out an event of the audit log: the head of its first line, every message, and what the records say.
fn hand_out(joined: &Joined, now: Option<Timestamp>, out: &mut Out<'_>) -> ControlFlow<()> {
    let text = String::from_utf8_lossy(&joined.lines);
    let mut lines = text.lines().filter_map(|it| any(it, now));
    let parts = lines.next().unwrap_or_default();
    let mut event = head(&joined.lines, &parts, Shape::Auditd);
    for more in lines {
        event.push("message", Field::text(more.message));
    }
    auditd::fields(&joined.records, &mut event);
    out.event(&event, LogSource::of_shape(Shape::Auditd))
}
