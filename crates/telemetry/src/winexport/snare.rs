//! Windows events inside lines of syslog: Snare's tab-separated columns, and NXLog's structured data.

use crate::web::quoted;

/// The mark of Snare's agents, and of NXLog writing as they do.
const MARK: &str = "MSWinEventLog";

/// Columns behind the mark; the second is a level, the fourth a counter of the agent.
const COLUMNS: [&str; 13] = [
    "criticality",
    "Channel",
    "counter",
    "TimeGenerated",
    "EventID",
    "ProviderName",
    "snare_user",
    "snare_sidtype",
    "snare_type",
    "Computer",
    "snare_category",
    "data_string",
    "Message",
];

/// Names and values of a message that Snare wrote; none if it is none.
pub(crate) fn pairs(message: &str) -> Option<Vec<(&'static str, String)>> {
    let at = message.find(MARK)?;
    let rest = &message[at + MARK.len()..];
    // Syslog daemons write a tab as `#011`; the separator can be configured.
    let text = rest.replace("#011", "\t").replace("\\t", "\t");
    let separator = text.chars().next().filter(|it| matches!(it, '\t' | ',' | '|' | ';'))?;
    let mut cells = text[1..].splitn(COLUMNS.len(), separator);
    let mut pairs = Vec::new();
    for name in COLUMNS {
        let Some(cell) = cells.next() else { break };
        let cell = if name == "Message" { without_checksum(cell, separator) } else { cell };
        pairs.push((name, cell.trim().to_owned()));
    }
    (pairs.len() > 5).then_some(pairs)
}

/// The agent's own counter or checksum may stand behind the message.
fn without_checksum(text: &str, separator: char) -> &str {
    match text.trim_end().rsplit_once(separator) {
        Some((text, last)) if last.trim().bytes().all(|it| it.is_ascii_hexdigit()) => text,
        _ => text,
    }
}

/// Names and values of structured data (RFC 5424) that hold a Windows event, as NXLog writes.
pub(crate) fn structured(data: &str) -> Option<Vec<(&str, String)>> {
    let (id, mut rest) = data.strip_prefix('[')?.split_once(' ')?;
    if !id.contains('@') || !rest.contains("EventID=\"") {
        return None;
    }
    let mut pairs = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let Some((value, next)) = quoted::cut(after) else { break };
        pairs.push((name.trim(), quoted::unescape(value).into_owned()));
        rest = next;
    }
    Some(pairs)
}

/// A rendered message that was put on one line, on lines again: `Title.  Key:  value  Other Key:  value`. One that has lines
/// stays as it is.
pub(super) fn on_lines(message: &str) -> String {
    if message.trim_end().contains('\n') {
        return message.to_owned();
    }
    let mut pieces = Vec::new();
    for piece in message.split("  ").flat_map(|it| it.split('\t')).map(str::trim).filter(|it| !it.is_empty())
    {
        pieces.push(piece);
    }
    let is_key = |it: &str| it.ends_with(':') && it.len() < 64;
    let mut out = String::new();
    let mut at = 0;
    while at < pieces.len() {
        let piece = pieces[at];
        let next = pieces.get(at + 1).filter(|it| !is_key(it));
        match next {
            Some(value) if is_key(piece) => {
                out.push_str(&format!("\t{piece}\t{value}\n"));
                at += 2;
            }
            _ => {
                // A heading, the title, or `Key: value` with one blank.
                let indent = if piece.contains(": ") { "\t" } else { "" };
                out.push_str(&format!("{indent}{piece}\n"));
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_on_one_line_gets_its_lines_back() {
        assert_eq!(
            on_lines(
                "A service was installed.  Subject:   Account Name:  a  Service Name:  PSEXESVC  Path: x"
            ),
            "A service was installed.\nSubject:\n\tAccount Name:\ta\n\tService Name:\tPSEXESVC\n\tPath: x\n"
        );
        assert_eq!(on_lines("a\nb: c"), "a\nb: c");
    }

    #[test]
    fn structured_data_gives_names_and_values() {
        let pairs = structured(r#"[NXLOG@14506 EventID="7045" Channel="System" Path="a\\b"]"#).unwrap();
        assert_eq!(pairs[0], ("EventID", "7045".to_owned()));
        assert_eq!(pairs[2], ("Path", "a\\b".to_owned()));
        assert_eq!(structured(r#"[x@1 a="b"]"#), None);
    }
}
