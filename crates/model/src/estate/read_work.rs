//! Reads announced work: maintenance windows and scanners.

use super::decode::{Decoder, id, parsed, text};
use super::read::{network, selector};
use super::{Maintenance, Scanner};
use crate::span::Span;
use crate::yaml::Node;

pub(super) fn maintenance(decoder: &mut Decoder, node: &Node) -> Option<Maintenance> {
    let mut it = decoder.open(node, "a maintenance window", &["id", "on", "from", "to", "every", "why"])?;
    let work = it.required("id", id);
    let on = it.required("on", selector);
    let (from, to) = (it.required("from", parsed), it.required("to", parsed));
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
            "`from` and `to` are instants such as 2026-12-08T20:00:00Z",
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
