//! What name servers log of the questions they are asked: BIND, dnsmasq, Unbound, PowerDNS.
//!
//! Fields are those of Sigma's category `dns`: `query`, `record_type`, `answer`; `src_ip` is the client that asked,
//! `dst_ip` the server's address where the line has it.

use std::net::IpAddr;

use bulkhead_model::event::{Field, FieldsEvent};

/// One question or answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Question<'m> {
    pub(crate) client: &'m str,
    pub(crate) query: &'m str,
    pub(crate) kind: &'m str,
    pub(crate) answer: &'m str,
    pub(crate) server: &'m str,
    pub(crate) response_code: &'m str,
}

/// The question that a message of `program` tells of.
pub(crate) fn question<'m>(program: &str, message: &'m str) -> Option<Question<'m>> {
    match program {
        "dnsmasq" | "dnsmasq-dhcp" | "pihole-FTL" => dnsmasq(message),
        "unbound" => unbound(message),
        "pdns_recursor" | "pdns-recursor" | "pdns" | "pdns_server" => power_dns(message),
        _ => bind(message),
    }
}

/// Name and type as rules write them, of what Windows' own server logs: `example.com.` and `16`.
pub(crate) fn of_windows<'m>(name: &'m str, kind: &'m str) -> (&'m str, &'m str) {
    const TYPES: [(&str, &str); 13] = [
        ("1", "A"),
        ("2", "NS"),
        ("5", "CNAME"),
        ("6", "SOA"),
        ("10", "NULL"),
        ("12", "PTR"),
        ("15", "MX"),
        ("16", "TXT"),
        ("28", "AAAA"),
        ("33", "SRV"),
        ("65", "HTTPS"),
        ("252", "AXFR"),
        ("255", "ANY"),
    ];
    let kind = TYPES.iter().find(|(number, _)| *number == kind).map_or(kind, |(_, it)| it);
    (name.strip_suffix('.').filter(|it| !it.is_empty()).unwrap_or(name), kind)
}

/// Adds the fields of a question.
pub(crate) fn fields<'m>(it: &Question<'m>, event: &mut FieldsEvent<'m>) {
    let named = [
        ("src_ip", it.client),
        ("query", it.query.strip_suffix('.').filter(|it| !it.is_empty()).unwrap_or(it.query)),
        ("record_type", it.kind),
        ("answer", it.answer),
        ("dst_ip", it.server),
        ("response_code", it.response_code),
    ];
    for (name, value) in named {
        if !value.is_empty() {
            event.push(name, Field::text(value));
        }
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Upper case letters and digits, as `A`, `AAAA`, `TYPE65`.
fn is_type(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
}

/// `client @0x7f 10.0.0.5#53124 (example.com): view v: query: example.com IN A +E(0)K (10.0.0.1)`.
fn bind(message: &str) -> Option<Question<'_>> {
    let (_, rest) = message.split_once("client ")?;
    let rest = rest.strip_prefix('@').and_then(|it| it.split_once(' ')).map_or(rest, |(_, it)| it);
    let (client, rest) = rest.split_once('#')?;
    let (_, asked) = rest.split_once("query: ").or_else(|| rest.split_once("response: "))?;
    let mut words = asked.split(' ');
    let (query, class, kind) = (words.next()?, words.next()?, words.next()?);
    if !is_address(client) || !is_type(class) || !is_type(kind) {
        return None;
    }
    let last = words.next_back().unwrap_or_default();
    let server = last.strip_prefix('(').and_then(|it| it.strip_suffix(')')).filter(|it| is_address(it));
    Some(Question { client, query, kind, server: server.unwrap_or_default(), ..Question::default() })
}

/// `query[A] example.com from 10.0.0.5`, `reply example.com is 192.0.2.1`; with `log-queries=extra` a number and the
/// client's address stand before.
fn dnsmasq(message: &str) -> Option<Question<'_>> {
    let mut words = message.split(' ').filter(|it| !it.is_empty()).peekable();
    let mut client = "";
    if words.peek()?.bytes().all(|it| it.is_ascii_digit()) {
        words.next();
        client = words.next()?.split('/').next()?;
    }
    let verb = words.next()?;
    if let Some(kind) = verb.strip_prefix("query[").and_then(|it| it.strip_suffix(']')) {
        let query = words.next()?;
        let client = words.nth(1).unwrap_or(client);
        return Some(Question { client, query, kind, ..Question::default() });
    }
    if !matches!(verb, "reply" | "cached" | "config" | "/etc/hosts" | "gravity" | "regex") {
        return None;
    }
    let query = words.next()?;
    if words.next()? != "is" {
        return None;
    }
    let at = message.rfind(" is ")? + 4;
    let answer = message.get(at..)?.trim();
    let kind = match answer.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => "A",
        Ok(IpAddr::V6(_)) => "AAAA",
        Err(_) if answer == "<CNAME>" => "CNAME",
        // A text is the only other answer dnsmasq spells out.
        Err(_) if !answer.starts_with('<') && !answer.starts_with("NX") && !answer.starts_with("NODATA") => {
            "TXT"
        }
        Err(_) => "",
    };
    let answer = if answer.starts_with('<') { "" } else { answer };
    Some(Question { client, query, kind, answer, ..Question::default() })
}

/// `[123:0] info: 10.0.0.5 example.com. A IN`, and with `log-replies` the response code behind it.
fn unbound(message: &str) -> Option<Question<'_>> {
    let rest = message
        .rsplit_once("info: ")
        .or_else(|| message.rsplit_once("reply: "))
        .map_or(message, |(_, it)| it);
    let mut words = rest.split(' ');
    let (client, query, kind, class) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let client = client.split('@').next().unwrap_or(client);
    let good = is_address(client) && is_type(kind) && matches!(class, "IN" | "CH" | "HS" | "ANY");
    let response_code = words.next().unwrap_or_default();
    good.then_some(Question { client, query, kind, response_code, ..Question::default() })
}

/// `question for 'example.com|A' from 10.0.0.5:51234`.
fn power_dns(message: &str) -> Option<Question<'_>> {
    let (_, rest) = message.split_once("question for '")?;
    let (asked, rest) = rest.split_once('\'')?;
    let (query, kind) = asked.split_once('|')?;
    let client = rest.trim_start().strip_prefix("from ")?.split(' ').next()?;
    let client =
        if is_address(client) { client } else { client.rsplit_once(':').map_or(client, |(it, _)| it) };
    is_address(client).then_some(Question { client, query, kind, ..Question::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, message: &str, expect: Option<[&str; 5]>) {
        let found = question(program, message).map(|it| [it.client, it.query, it.kind, it.answer, it.server]);
        assert_eq!(found, expect, "{message}");
    }

    #[test]
    fn every_server_names_client_name_and_type() {
        let asked = Some(["10.0.0.5", "example.com", "A", "", "10.0.0.1"]);
        check(
            "named",
            "client @0x7f 10.0.0.5#53124 (example.com): query: example.com IN A +E(0)K (10.0.0.1)",
            asked,
        );
        check(
            "named",
            "queries: info: client 10.0.0.5#5 (x): view v: query: example.com IN A + (10.0.0.1)",
            asked,
        );
        check("named", "client 10.0.0.5#5: update denied", None);
        check("dnsmasq", "query[TXT] a.b from 10.0.0.5", Some(["10.0.0.5", "a.b", "TXT", "", ""]));
        check(
            "dnsmasq",
            "12 10.0.0.5/53 reply a.b is 192.0.2.1",
            Some(["10.0.0.5", "a.b", "A", "192.0.2.1", ""]),
        );
        check("dnsmasq", "reply a.b is v=1 IEX", Some(["", "a.b", "TXT", "v=1 IEX", ""]));
        check("dnsmasq", "cached a.b is <CNAME>", Some(["", "a.b", "CNAME", "", ""]));
        check("dnsmasq", "forwarded a.b to 192.0.2.53", None);
        check("unbound", "[123:0] info: 10.0.0.5 a.b. A IN", Some(["10.0.0.5", "a.b.", "A", "", ""]));
        check("unbound", "[123:0] info: service stopped here now", None);
        check(
            "pdns_recursor",
            "3 [1/1] question for 'a.b|MX' from 10.0.0.5:99",
            Some(["10.0.0.5", "a.b", "MX", "", ""]),
        );
    }
}
