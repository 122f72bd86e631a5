//! Reads announced work: maintenance windows and scanners.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset};

use super::decode::{Decoder, id, parsed, text};
use super::read::{network, selector};
use super::vocabulary::timezone;
use super::{Maintenance, Scanner};
use crate::span::Span;
use crate::yaml::Node;

pub(super) fn maintenance(decoder: &mut Decoder, node: &Node) -> Option<Maintenance> {
    let mut it = decoder.open(node, "a maintenance window", &["id", "on", "from", "to", "every", "why"])?;
    let work = it.required("id", id);
    let on = it.required("on", selector);
    let (from, to) = (it.required("from", instant), it.required("to", instant));
    let every: Option<Span> = it.optional("every", parsed);
    let why = it.required("why", text);
    let found = Maintenance { id: work?, on: on?, from: from?, to: to?, every, why: why? };
    let length = found.to.duration_since(found.from).as_secs();
    if length <= 0 {
        let message = format!("the window `{}` ends before it begins", found.id);
        decoder.error(
            "empty-window",
            node.pos,
            message,
            "`from` and `to` are instants such as 2026-12-08T20:00:00Z, or times of the estate's `timezone`",
        );
        return None;
    }
    if every.is_some_and(|it| it.secs() < length.unsigned_abs()) {
        let message = format!("the window `{}` comes again before it ends", found.id);
        decoder.error(
            "endless-window",
            node.pos,
            message,
            "`every` is the time from one beginning to the next",
        );
        return None;
    }
    Some(found)
}

pub(super) fn scanner(decoder: &mut Decoder, node: &Node) -> Option<Scanner> {
    let mut it = decoder.open(node, "a scanner", &["id", "from", "addresses", "why"])?;
    let work = it.required("id", id);
    let from = it.optional("from", selector);
    let addresses = it.list("addresses", network);
    let why = it.required("why", text);
    let found = Scanner { id: work?, from, addresses, why: why? };
    if found.from.is_none() && found.addresses.is_empty() {
        let message = format!("the scanner `{}` probes from nowhere", found.id);
        decoder.error(
            "no-source",
            node.pos,
            message,
            "give the assets it runs on (`from`) or its `addresses`",
        );
        return None;
    }
    Some(found)
}

/// An instant: with its offset, or on the clocks of the estate, where they show it once.
fn instant(decoder: &mut Decoder, node: &Node) -> Option<Timestamp> {
    let typed = text(decoder, node)?;
    if let Ok(at) = typed.parse() {
        return Some(at);
    }
    let name = decoder.timezone.clone();
    let Some(at) = local(&typed) else {
        let hint = format!(
            "write 2026-12-08T20:00:00Z, 2026-12-08T21:00+01:00, or 2026-12-08T21:00 for the clocks of the estate ({name})"
        );
        decoder.error("bad-value", node.pos, format!("`{typed}` is no instant"), &hint);
        return None;
    };
    let Some(zone) = timezone(&name) else {
        let message = format!("`{typed}` is a time of `{name}`, which is no time zone that is known");
        decoder.error(
            "bad-value",
            node.pos,
            message,
            "write it with its offset, such as 2026-12-08T21:00+01:00",
        );
        return None;
    };
    let with = |offset: Offset| offset.to_timestamp(at).ok();
    let written = |offset: Offset| {
        with(offset).map_or(String::new(), |it| {
            it.to_zoned(offset.to_time_zone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        })
    };
    match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            let instant = with(offset);
            if instant.is_none() {
                decoder.error("bad-value", node.pos, format!("`{typed}` lies outside the calendar"), "");
            }
            instant
        }
        AmbiguousOffset::Gap { before, after } => {
            let message = format!("`{typed}` does not exist in {name}: clocks are put forward over it");
            let hint = format!("write {} or {}", written(before), written(after));
            decoder.error("no-such-time", node.pos, message, &hint);
            None
        }
        AmbiguousOffset::Fold { before, after } => {
            let message = format!("`{typed}` happens twice in {name}: clocks are put back over it");
            let hint = format!("write {} or {}", written(before), written(after));
            decoder.error("time-twice", node.pos, message, &hint);
            None
        }
    }
}

/// A time of some clock. A zone in brackets would be read over in silence.
fn local(typed: &str) -> Option<DateTime> {
    let is_plain = typed.contains(['T', 't', ' ']) && !typed.contains('[');
    if is_plain { typed.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    #[track_caller]
    fn check(timezone: &str, from: &str, expect: Option<&str>) {
        let text = format!(
            "version: 1\nestate: {{id: e, name: E, timezone: {timezone}}}\nzones: [{{id: z, cidrs: [10.0.0.0/24]}}]\n\
             assets: [{{id: a, zone: z, kind: server}}]\nmaintenance:\n  - {{id: w, on: {{zone: z}}, from: \"{from}\", \
             to: 2027-01-01T00:00:00Z, why: patches}}\n"
        );
        let estate = read("estate.yaml", &text).0;
        assert_eq!(estate.map(|it| it.maintenance[0].from.to_string()).as_deref(), expect, "{from}");
    }

    #[test]
    fn a_time_without_offset_is_of_the_estates_clocks() {
        check("Europe/Paris", "2026-11-20T22:00", Some("2026-11-20T21:00:00Z"));
        check("Europe/Paris", "2026-07-20 22:00:30", Some("2026-07-20T20:00:30Z"));
        check("UTC", "2026-11-20T22:00", Some("2026-11-20T22:00:00Z"));
        check("Europe/Paris", "2026-11-20T22:00+03:00", Some("2026-11-20T19:00:00Z"));
        // Clocks show it twice, or never; and there is no such zone.
        check("Europe/Paris", "2026-10-25T02:30", None);
        check("Europe/Paris", "2026-03-29T02:30", None);
        check("Europe/Pariss", "2026-11-20T22:00", None);
    }
}
