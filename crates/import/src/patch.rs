//! Additions written into the text of the estate imported onto, so that its comments, order and spelling stay.

use std::collections::BTreeMap;

use bulkhead_model::estate::{self, Estate};
use bulkhead_model::yaml::{self, Node};
use serde_json::Value;

use crate::emit;
use crate::merge::Draft;

/// What becomes of one line's place: lines put before it, and whether it stays.
#[derive(Default)]
struct Change {
    before: Vec<String>,
    gone: bool,
    instead: Option<String>,
}

/// The base's text with what was added; none where it is written so that this cannot be done line by line.
pub(crate) fn patched(text: &str, base: &Estate, draft: &Draft) -> Option<String> {
    let (documents, _) = yaml::parse("base", text);
    let [root] = documents.as_slice() else { return None };
    let lines: Vec<&str> = text.lines().collect();
    let mut changes: BTreeMap<usize, Change> = BTreeMap::new();
    let mut end = Vec::new();
    let Ok(Value::Object(before)) = serde_json::to_value(base) else { return None };
    let Ok(Value::Object(after)) = serde_json::to_value(&draft.estate) else { return None };
    for (section, value) in &after {
        let was = before.get(section)?;
        if was == value {
            continue;
        }
        let (was, now) = (was.as_array()?, value.as_array()?);
        let node = root.entries().iter().position(|(key, _)| key.text == *section);
        let added = &now[was.len()..];
        let Some(place) = node else {
            end.push(format!("{section}:"));
            end.extend(added.iter().flat_map(|it| entry(section, it, draft, "  ")));
            continue;
        };
        let until = root.entries().get(place + 1).map_or(lines.len(), |(key, _)| line_of(key.pos));
        let section_text = Section { lines: &lines, key: line_of(root.entries()[place].0.pos), until };
        section_text.write(section, &root.entries()[place].1, was, now, draft, &mut changes)?;
    }
    let mut out = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let change = changes.remove(&n).unwrap_or_default();
        out.extend(change.before);
        if !change.gone {
            out.push(change.instead.unwrap_or_else(|| (*line).to_owned()));
        }
    }
    out.extend(changes.into_values().flat_map(|it| it.before));
    out.extend(end);
    let patched = out.join("\n") + "\n";
    // Whatever the text's style, it must say what the draft says; otherwise it is written anew.
    let (read, _) = estate::read("patched", &patched);
    (read.as_ref() == Some(&draft.estate)).then_some(patched)
}

fn line_of(pos: bulkhead_model::diag::Pos) -> usize {
    (pos.line as usize).saturating_sub(1)
}

/// The lines of one section: from its key to the next.
struct Section<'t> {
    lines: &'t [&'t str],
    key: usize,
    until: usize,
}

impl Section<'_> {
    fn write(
        &self,
        section: &str,
        node: &Node,
        was: &[Value],
        now: &[Value],
        draft: &Draft,
        changes: &mut BTreeMap<usize, Change>,
    ) -> Option<()> {
        let items = node.as_seq().unwrap_or_default();
        let added = &now[was.len()..];
        if items.is_empty() {
            // `zones: []` or nothing at all.
            let comment =
                self.lines[self.key].split_once(" #").map(|it| format!("  # {}", it.1.trim_start()));
            let change = changes.entry(self.key).or_default();
            change.instead = Some(format!("{section}:{}", comment.unwrap_or_default()));
            let below = changes.entry(self.key + 1).or_default();
            below.before.extend(added.iter().flat_map(|it| entry(section, it, draft, "  ")));
            return Some(());
        }
        let starts: Vec<usize> =
            items.iter().map(|it| self.item_line(line_of(it.pos))).collect::<Option<_>>()?;
        if starts.len() != was.len() || starts.windows(2).any(|it| it[0] >= it[1]) {
            return None;
        }
        let first = self.lines[starts[0]];
        let indent = &first[..first.len() - first.trim_start().len()];
        for (n, (old, new)) in was.iter().zip(now).enumerate().filter(|it| it.1.0 != it.1.1) {
            let stop = self.end_of_item(starts.get(n + 1).copied().unwrap_or(self.until), starts[n]);
            let _ = old;
            let mut lines: Vec<String> = (starts[n]..stop)
                .filter_map(|it| comment_of(self.lines[it]))
                .map(|it| format!("{indent}{it}"))
                .collect();
            lines.extend(entry(section, new, draft, indent));
            for it in starts[n]..stop {
                changes.entry(it).or_default().gone = true;
            }
            changes.entry(starts[n]).or_default().before.extend(lines);
        }
        let stop = self.end_of_item(self.until, starts[starts.len() - 1]);
        let new = added.iter().flat_map(|it| entry(section, it, draft, indent));
        changes.entry(stop).or_default().before.splice(0..0, new);
        Some(())
    }

    /// The line on which the dash of an item stands.
    fn item_line(&self, line: usize) -> Option<usize> {
        let is_dash = |it: &usize| self.lines.get(*it).is_some_and(|it| it.trim_start().starts_with('-'));
        // The dash may stand alone above a mapping.
        [line, line.checked_sub(1)?].into_iter().find(|it| *it > self.key && is_dash(it))
    }

    /// Behind the last line of an item: blank lines and comments before the next thing belong to that.
    fn end_of_item(&self, mut until: usize, from: usize) -> usize {
        while until > from + 1 {
            let line = self.lines[until - 1].trim();
            if !(line.is_empty() || line.starts_with('#')) {
                break;
            }
            until -= 1;
        }
        until
    }
}

/// The lines of one entry, indented as the base does it.
fn entry(section: &str, item: &Value, draft: &Draft, indent: &str) -> Vec<String> {
    let text = emit::entry(section, item.clone(), draft);
    text.lines().map(|it| format!("{indent}{}", it.strip_prefix("  ").unwrap_or(it))).collect()
}

/// The comment of a line, with its `#`; quotes are respected.
fn comment_of(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '#') if before.is_whitespace() => return Some(&line[at..]),
            _ => {}
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end_a_line_unless_quoted() {
        assert_eq!(comment_of("- {id: a} # one"), Some("# one"));
        assert_eq!(comment_of("# all"), Some("# all"));
        assert_eq!(comment_of("- {id: 'a # b', it: c#d}"), None);
    }
}
