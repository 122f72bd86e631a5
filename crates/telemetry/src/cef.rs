//! CEF (ArcSight's Common Event Format) and LEEF (QRadar's), bare or inside syslog: a head between bars, then names and
//! values. They keep their own names; addresses, user and host stand under the names other devices have as well.

use std::borrow::Cow;

use bulkhead_model::event::{Field, FieldsEvent};

use crate::winexport;

/// Pairs more than these are not taken from one message.
const PAIRS_MAX: usize = 512;

/// Names of the head's columns.
const HEAD: [&str; 5] = ["device_vendor", "device_product", "device_version", "signature_id", "name"];

/// Own names, and what the same is called elsewhere in this product.
const ALIASES: [(&str, &str); 19] = [
    ("src", "src_ip"),
    ("dst", "dst_ip"),
    ("spt", "src_port"),
    ("dpt", "dst_port"),
    ("srcPort", "src_port"),
    ("dstPort", "dst_port"),
    ("suser", "user"),
    ("duser", "user"),
    ("usrName", "user"),
    ("act", "action"),
    ("action", "action"),
    ("dvchost", "device"),
    ("identHostName", "device"),
    ("shost", "src_host"),
    ("dhost", "dst_host"),
    ("identSrc", "src_ip"),
    ("rt", "timestamp"),
    ("devTime", "timestamp"),
    ("end", "timestamp"),
];

/// A message taken apart.
pub(crate) struct Message<'m> {
    /// Vendor, product, version, id, name.
    head: Vec<Cow<'m, str>>,
    pairs: Vec<(&'m str, Cow<'m, str>)>,
}

/// Where such a message begins in `text`.
pub(crate) fn find(text: &str) -> Option<usize> {
    ["CEF:", "LEEF:"].iter().filter_map(|it| text.find(it)).min().filter(|at| {
        let rest = &text[at + 4..];
        rest.trim_start_matches([':', '0', '1', '2', '.']).starts_with('|')
    })
}

/// Takes a message apart that begins with its mark.
pub(crate) fn parse(text: &str) -> Option<Message<'_>> {
    let is_leef = text.starts_with("LEEF:");
    let second = text.starts_with("LEEF:2");
    let (_, mut rest) = text.split_once('|')?;
    // CEF's last column is its severity; LEEF 2 states its delimiter, LEEF has no name.
    let n = if is_leef { 4 + usize::from(second) } else { 6 };
    let mut head = Vec::new();
    for _ in 0..n {
        let (cell, after) = column(rest)?;
        head.push(unescape(cell));
        rest = after;
    }
    let pairs = if is_leef {
        let delimiter = if second { delimiter(&head.pop()?) } else { '\t' };
        let delimiter = if rest.contains(delimiter) { delimiter } else { '\t' };
        rest.split(delimiter)
            .filter_map(|it| it.split_once('='))
            .take(PAIRS_MAX)
            .map(|(k, v)| (k.trim(), Cow::Borrowed(v.trim())))
            .collect()
    } else {
        extension(rest)
    };
    Some(Message { head, pairs })
}

/// A cell of the head, in which bars are escaped, and what follows it. The last column may have no bar behind it.
fn column(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '|' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    match end {
        Some(end) => Some((&text[..end], &text[end + 1..])),
        None => (!text.is_empty()).then_some((text, "")),
    }
}

/// `^`, `x5E`, `0x09`.
fn delimiter(text: &str) -> char {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix('x'));
    let code = digits.and_then(|it| u32::from_str_radix(it, 16).ok()).and_then(char::from_u32);
    code.or_else(|| text.chars().next()).unwrap_or('\t')
}

/// `src=10.0.0.1 msg=a b c suser=x`: a value goes up to the next name.
fn extension(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let is_name = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-' | b'[' | b']');
    let bytes = text.as_bytes();
    // Where names begin, and where the `=` behind each stands.
    let mut names: Vec<(usize, usize)> = Vec::new();
    for at in memchr::memchr_iter(b'=', bytes) {
        let start = bytes[..at].iter().rposition(|it| !is_name(*it)).map_or(0, |it| it + 1);
        let stands_apart = start == 0 || bytes[start - 1] == b' ';
        let n_slashes = bytes[..at].iter().rev().take_while(|it| **it == b'\\').count();
        if start < at && stands_apart && n_slashes % 2 == 0 && names.len() < PAIRS_MAX {
            names.push((start, at));
        }
    }
    let ends = names.iter().skip(1).map(|it| it.0).chain([text.len()]);
    names
        .iter()
        .zip(ends)
        .map(|((from, at), end)| (&text[*from..*at], unescape(text[at + 1..end].trim())))
        .collect()
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.clone().next() } else { None }) {
            ('\\', Some(it @ ('\\' | '|' | '='))) => {
                out.push(it);
                chars.next();
            }
            ('\\', Some('n' | 'r')) => {
                out.push('\n');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A text that stands in the message as it is.
fn borrowed<'m>(text: &Cow<'m, str>) -> Option<&'m str> {
    match text {
        Cow::Borrowed(it) => Some(it),
        Cow::Owned(_) => None,
    }
}

impl<'m> Message<'m> {
    /// The device's own name for itself.
    pub(crate) fn host(&self) -> &'m str {
        let names = ["dvchost", "identHostName", "dvc"];
        let of = |name: &str| self.pairs.iter().find(|it| it.0 == name).and_then(|it| borrowed(&it.1));
        names.iter().find_map(|it| of(it)).unwrap_or_default()
    }

    /// The product that wrote the message.
    pub(crate) fn product(&self) -> &'m str {
        self.head.get(1).and_then(borrowed).unwrap_or_default()
    }

    /// When, where a name of the message says it.
    pub(crate) fn time(&self) -> Option<jiff::Timestamp> {
        ["rt", "devTime", "end", "start"].iter().find_map(|it| {
            let text = self.get(it)?;
            crate::parse_time(text).or_else(|| crate::delimited::date_of(text))
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|it| it.0 == name).map(|it| it.1.as_ref()).filter(|it| !it.is_empty())
    }

    /// The fields of the Windows event that an agent wrote so; none if it is none.
    pub(crate) fn windows(&self) -> Option<crate::winxml::Fields<'static>> {
        winexport::of_pairs(self.pairs.iter().map(|(name, value)| (*name, value.as_ref())))
    }

    /// Adds the fields.
    pub(crate) fn fields(self, event: &mut FieldsEvent<'m>) {
        for (name, value) in HEAD.iter().zip(self.head) {
            event.push(*name, Field::Text(value));
        }
        for (name, value) in self.pairs {
            if let Some((_, alias)) = ALIASES.iter().find(|it| it.0 == name && it.1 != name)
                && event.fields.iter().all(|it| it.0 != *alias)
            {
                event.push(*alias, Field::Text(value.clone()));
            }
            event.push(name, Field::Text(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use bulkhead_model::event::Shape;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[(&str, &str)]) {
        let mut event = FieldsEvent::new(text.as_bytes(), Shape::Syslog);
        parse(text).unwrap().fields(&mut event);
        let get = |name: &str| match event.fields.iter().find(|it| it.0 == name) {
            Some((_, Field::Text(it))) => it.to_string(),
            _ => String::new(),
        };
        for (name, value) in expect {
            assert_eq!(get(name), *value, "{name} of {text}");
        }
    }

    #[test]
    fn heads_and_pairs_are_taken_apart() {
        check(
            r"CEF:0|Trend Micro|Deep \|Security|1|600|User|3|src=10.1.1.1 suser=alice msg=a b \= c",
            &[
                ("device_product", "Deep |Security"),
                ("src_ip", "10.1.1.1"),
                ("user", "alice"),
                ("msg", "a b = c"),
            ],
        );
        check(
            "LEEF:1.0|Vendor|Product|1|logon|src=10.0.0.5\tusrName=bob\tdst=10.0.0.6",
            &[("signature_id", "logon"), ("user", "bob"), ("dst_ip", "10.0.0.6")],
        );
        check("LEEF:2.0|V|P|1|id|x5E|src=10.0.0.5^usrName=bob", &[("src_ip", "10.0.0.5"), ("user", "bob")]);
        assert_eq!(find("<1>Nov host CEF:0|a|b"), Some(12));
        assert_eq!(find("a CEF: b"), None);
    }
}
