//! The tags of an XML text with their lines. Attributes carry everything in what scanners write, so texts are skipped.
//!
//! Neither declarations nor entities beyond the five of XML and character references are followed, so that a file can
//! neither grow nor reach anything. A tag that cannot be read is a fault of its own, and reading goes on behind it.

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// `<name a="b">`, also the beginning of `<name/>`.
    Open(Element),
    /// `</name>`, also the end of `<name/>`.
    Close(String),
    /// What cannot be read.
    Fault(String),
    /// The text ends within a tag.
    Cut,
}

/// An opening tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Walks through the tags of a text.
pub(crate) struct Tags<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// The name of an element closed by the tag that opened it.
    pending: Option<String>,
}

impl<'t> Tags<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, line: 1, pending: None }
    }

    /// The next tag and the line on which it begins.
    pub(crate) fn next(&mut self) -> Option<(u32, Tag)> {
        if let Some(name) = self.pending.take() {
            return Some((self.line, Tag::Close(name)));
        }
        loop {
            let open = self.text[self.at..].find('<')?;
            self.advance(open);
            let (line, rest) = (self.line, &self.text[self.at..]);
            let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
            if let Some((_, end)) = skipped.iter().find(|(begin, _)| rest.starts_with(begin)) {
                match rest.find(end) {
                    Some(at) => self.advance(at + end.len()),
                    None => {
                        self.advance(rest.len());
                        return Some((line, Tag::Cut));
                    }
                }
                continue;
            }
            let Some(end) = tag_end(rest) else {
                self.advance(rest.len());
                return Some((line, Tag::Cut));
            };
            let body = &rest[1..end];
            self.advance(end + 1);
            return Some((line, self.tag(body)));
        }
    }

    fn tag(&mut self, body: &str) -> Tag {
        if let Some(name) = body.strip_prefix('/') {
            return Tag::Close(name.trim().to_owned());
        }
        let (body, closed) = match body.strip_suffix('/') {
            Some(body) => (body, true),
            None => (body, false),
        };
        match element(body) {
            Ok(element) => {
                if closed {
                    self.pending = Some(element.name.clone());
                }
                Tag::Open(element)
            }
            Err(why) => Tag::Fault(why),
        }
    }

    fn advance(&mut self, by: usize) {
        let passed = &self.text[self.at..self.at + by];
        let lines = passed.bytes().filter(|it| *it == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at += by;
    }
}

/// Where the `>` of a tag stands, outside of quotes. A `<` outside of quotes belongs to the next tag.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return Some(at),
            _ => {}
        }
    }
    None
}

fn element(body: &str) -> Result<Element, String> {
    let name_end = body.find(char::is_whitespace).unwrap_or(body.len());
    let mut element = Element { name: body[..name_end].to_owned(), attributes: Vec::new() };
    if element.name.is_empty() || element.name.contains(['<', '"', '\'', '=']) {
        return Err(format!("`<{}` is no tag", clip(body)));
    }
    let mut rest = body[name_end..].trim_start();
    while !rest.is_empty() {
        let faulty = || format!("an attribute of <{}> is not written name=\"value\"", element.name);
        let (name, after) = rest.split_once('=').ok_or_else(faulty)?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|it| matches!(it, '"' | '\'')).ok_or_else(faulty)?;
        let (value, after) = after[1..].split_once(quote).ok_or_else(faulty)?;
        if name.trim().contains(char::is_whitespace) {
            return Err(faulty());
        }
        element.attributes.push((name.trim().to_owned(), unescape(value)));
        rest = after.trim_start();
    }
    Ok(element)
}

fn clip(text: &str) -> String {
    text.chars().take(30).collect()
}

/// Resolves the five entities of XML and character references; what is none of them stands as written.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|it| *it <= 10);
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, c)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut tags = Tags::new(text);
        let mut found = Vec::new();
        while let Some((line, tag)) = tags.next() {
            found.push(match tag {
                Tag::Open(it) => {
                    let attributes: Vec<_> =
                        it.attributes.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("{line} <{}{}", it.name, attributes.concat())
                }
                Tag::Close(name) => format!("{line} {name}>"),
                Tag::Fault(_) => format!("{line} fault"),
                Tag::Cut => format!("{line} cut"),
            });
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn tags_and_their_lines() {
        check(
            "<?xml version=\"1.0\"?>\n<!-- <a> -->\n<a b=\"1 &lt; &#50;\"\n  c='>'>\n<d/></a>",
            &["3 <a b=1 < 2 c=>", "5 <d", "5 d>", "5 a>"],
        );
    }

    #[test]
    fn faults_do_not_stop_the_rest() {
        check("<a b=c>\n<e f=\"1\">\n<g", &["1 fault", "2 <e f=1", "3 cut"]);
        check("<!-- never closed <a>", &["1 cut"]);
    }
}
