//! Reads services and their requirement expressions.

use super::decode::{self, Decoder, Fields, amount, count, id, parsed, text};
use super::{AtLeast, Customers, Degraded, Requirement, Service};
use crate::case::Localized;
use crate::yaml::Node;

/// Keys of which a requirement has exactly one (`from` and `to` only beside `flow`).
const KINDS: &[&str] = &["all", "any", "at_least", "asset", "flow", "identity", "service"];

/// Reads one service.
pub fn service(decoder: &mut Decoder, node: &Node) -> Option<Service> {
    const KEYS: &[&str] =
        &["id", "name", "customers", "value_per_hour", "rto", "mtpd", "requires", "degraded"];
    let mut it = decoder.open(node, "a service", KEYS)?;
    let service_id: Option<String> = it.required("id", id);
    let name = it.optional("name", localized);
    let service = Service {
        customers: it.list("customers", customers),
        value_per_hour: it.or_default("value_per_hour", amount),
        rto: it.optional("rto", parsed),
        mtpd: it.optional("mtpd", parsed),
        requires: it.required("requires", requirement).unwrap_or(Requirement::All { all: Vec::new() }),
        degraded: it.optional("degraded", degraded),
        name: name.unwrap_or_else(|| Localized::Same(service_id.clone().unwrap_or_default())),
        id: service_id?.into(),
    };
    Some(service)
}

/// A text for every language, or one per language.
fn localized(decoder: &mut Decoder, node: &Node) -> Option<Localized> {
    if node.as_map().is_none() {
        return text(decoder, node).map(Localized::Same);
    }
    let mut it = decoder.open(node, "a text in several languages", &["en", "fr"])?;
    Some(Localized::Each { en: it.required("en", text)?, fr: it.optional("fr", text) })
}

fn customers(decoder: &mut Decoder, node: &Node) -> Option<Customers> {
    let mut it = decoder.open(node, "customers", &["segment", "count"])?;
    let (segment, count) = (it.required("segment", text), it.required("count", decode::customers));
    Some(Customers { segment: segment?, count: count? })
}

fn degraded(decoder: &mut Decoder, node: &Node) -> Option<Degraded> {
    let mut it = decoder.open(node, "degraded", &["requires", "share"])?;
    let (requires, share) = (it.required("requires", requirement), it.required("share", share));
    Some(Degraded { requires: requires?, share: share? })
}

/// A share; what lies outside 0 to 1 is brought to the nearer end, with a warning.
fn share(decoder: &mut Decoder, node: &Node) -> Option<f64> {
    let Some(value) = node.as_f64().filter(|it| it.is_finite()) else {
        decoder.wrong_type(node, "a share between 0 and 1", "write 0.4 for 40 %");
        return None;
    };
    let share = value.clamp(0.0, 1.0);
    if (share - value).abs() > 0.0 {
        let message = format!("a share lies between 0 and 1; {value} is taken as {share}");
        decoder.warn("share-out-of-range", node.pos, message, "write 0.4 for 40 %");
    }
    Some(share)
}

/// Reads a requirement. The nesting is bounded by the YAML reader.
pub fn requirement(decoder: &mut Decoder, node: &Node) -> Option<Requirement> {
    const KEYS: &[&str] = &["all", "any", "at_least", "asset", "flow", "from", "to", "identity", "service"];
    let mut it = decoder.open(node, "a requirement", KEYS)?;
    let given: Vec<&str> = KINDS.iter().copied().filter(|key| it.raw(key).is_some()).collect();
    let [kind] = given[..] else {
        let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
        let message = format!("a requirement has exactly one of {}; found {found}", KINDS.join(", "));
        decoder.error(
            "bad-requirement",
            node.pos,
            message,
            "join several needs with {all: [...]} or {any: [...]}",
        );
        return None;
    };
    Some(match kind {
        "all" => Requirement::All { all: it.list("all", requirement) },
        "any" => Requirement::Any { any: it.list("any", requirement) },
        "at_least" => Requirement::AtLeast { at_least: it.optional("at_least", at_least)? },
        "asset" => Requirement::Asset { asset: it.optional("asset", id)? },
        "flow" => flow(&mut it)?,
        "identity" => Requirement::Identity { identity: it.optional("identity", id)? },
        _ => Requirement::Service { service: it.optional("service", id)? },
    })
}

fn flow(it: &mut Fields<'_>) -> Option<Requirement> {
    let (flow, from, to) = (it.optional("flow", id)?, it.optional("from", id), it.optional("to", id));
    if from.is_some() != to.is_some() {
        let message = "a pair of a flow needs both `from` and `to`";
        it.decoder.error(
            "bad-requirement",
            it.node.pos,
            message,
            "leave both out to mean any pair of the flow",
        );
        return None;
    }
    Some(Requirement::Flow { flow, from, to })
}

fn at_least(decoder: &mut Decoder, node: &Node) -> Option<AtLeast> {
    let mut it = decoder.open(node, "at_least", &["n", "of"])?;
    let (n, of) = (it.required("n", count), it.required_list("of", requirement));
    Some(AtLeast { n: n?, of })
}
