//! Findings for people: like ones on one row with their count, first and last; when, how grave, where, who, what happened.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;

use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::plain::plain;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::say::{line, text};
use crate::ui::count;

/// Rows held before they are printed and counting begins anew: memory stays bounded however many findings come.
const ROWS_MAX: usize = 10_000;
/// `2025-07-25 12:20:03`, and as much where there is no time.
const TIME: usize = 19;
/// `critical`.
const LEVEL: usize = 8;
/// Narrowest and widest columns of host and user.
const NAME: (usize, usize) = (4, 24);
/// Letters of what happened that are kept; a value may be a whole script.
const WHAT_MAX: usize = 400;

/// Findings that differ in their event alone.
#[derive(Debug)]
struct Row {
    level: Level,
    title: String,
    host: String,
    user: String,
    what: String,
    /// The first event.
    source: String,
    count: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// Rows being gathered.
#[derive(Debug)]
pub struct FindingTable {
    rows: Vec<Row>,
    /// Rows by rule, host, user and what happened.
    known: BTreeMap<[String; 4], usize>,
    width: usize,
    here: Option<String>,
    headed: bool,
    grouping: bool,
}

impl FindingTable {
    /// A table as wide as the terminal; findings of a live stream are shown as they come, each on its own.
    pub fn new(live: bool) -> Self {
        let here = std::env::current_dir().ok().map(|it| it.display().to_string());
        Self {
            rows: Vec::new(),
            known: BTreeMap::new(),
            width: width(),
            here,
            headed: false,
            grouping: !live,
        }
    }

    /// Takes a finding; returns rows that are ready to be printed.
    pub fn take(&mut self, finding: &Finding) -> Option<String> {
        let row = self.row(finding);
        if !self.grouping {
            self.rows.push(row);
            return Some(self.print());
        }
        let key = [finding.rule.id.clone(), row.host.clone(), row.user.clone(), row.what.clone()];
        if let Some(at) = self.known.get(&key) {
            let known = &mut self.rows[*at];
            known.count += 1;
            if row.first < known.first || known.first.is_none() {
                known.source = row.source;
            }
            known.first = [known.first, row.first].into_iter().flatten().min();
            known.last = known.last.max(row.last);
            return None;
        }
        self.known.insert(key, self.rows.len());
        self.rows.push(row);
        (self.rows.len() >= ROWS_MAX).then(|| self.print())
    }

    /// The rows gathered, in the order of their first events; forgets them.
    pub fn print(&mut self) -> String {
        let mut rows = std::mem::take(&mut self.rows);
        self.known.clear();
        rows.sort_by(|a, b| (a.first, &a.title, &a.host).cmp(&(b.first, &b.title, &b.host)));
        let wide = |of: fn(&Row) -> &str| rows.iter().map(|it| of(it).chars().count()).max().unwrap_or(0);
        let names = if self.grouping {
            [wide(|it| &it.host), wide(|it| &it.user)].map(|it| it.clamp(NAME.0, NAME.1))
        } else {
            [16, 12]
        };
        let mut out = String::new();
        if !self.headed && !rows.is_empty() {
            self.headed = true;
            line!(out, "{}{}", left("time (UTC)", "level", names, ["host", "user"]), "what");
        }
        for row in &rows {
            self.show(row, names, &mut out);
        }
        out
    }

    fn show(&self, row: &Row, names: [usize; 2], out: &mut String) {
        let when = row.first.map_or_else(|| "no time".to_owned(), at);
        let head = left(&when, short(row.level), names, [&row.host, &row.user]);
        let indent = head.chars().count();
        let room = self.width.saturating_sub(indent).max(20);
        let times = match (row.count, row.last) {
            (1, _) => String::new(),
            (n, Some(last)) if row.first != Some(last) => text!("  x{} until {}", count(n), at(last)),
            (n, _) => text!("  x{}", count(n)),
        };
        let title = cut(&row.title, room.saturating_sub(times.chars().count()).max(12));
        line!(out, "{}{}{}", head, title, times);
        // What was seen, and where it stands: on one line where both fit.
        let source = text!("[{}]", row.source);
        let indent = " ".repeat(indent.min(self.width.saturating_sub(20)));
        if row.what.is_empty() {
            line!(out, "{}{}", indent, source);
            return;
        }
        let with_source = room.saturating_sub(source.chars().count() + 1);
        if with_source >= row.what.chars().count().min(24) {
            line!(out, "{}{} {}", indent, cut(&row.what, with_source), source);
        } else {
            line!(out, "{}{}", indent, cut(&row.what, room));
            line!(out, "{}{}", indent, source);
        }
    }

    fn row(&self, finding: &Finding) -> Row {
        let show = |it: &Option<String>| plain(it.as_deref().unwrap_or("-")).into_owned();
        Row {
            level: finding.rule.level,
            title: plain(&finding.rule.title).into_owned(),
            host: show(&finding.host),
            user: show(&finding.user),
            what: what(finding),
            source: text!("{}#{}", self.relative(&finding.source.file), finding.source.record),
            count: 1,
            first: finding.time,
            last: finding.time,
        }
    }

    /// A path below the folder one is in, from there.
    fn relative<'f>(&self, file: &'f str) -> &'f str {
        let file = file.strip_prefix("./").unwrap_or(file);
        let below = |here: &String| Path::new(file).strip_prefix(here).ok().and_then(Path::to_str);
        self.here.as_ref().and_then(below).unwrap_or(file)
    }
}

/// Time, level, host and user, and a gap.
fn left(time: &str, level: &str, [wide_host, wide_user]: [usize; 2], [host, user]: [&str; 2]) -> String {
    let cell = |text: &str, width: usize| {
        let text = cut(text, width);
        let gap = " ".repeat(width.saturating_sub(text.chars().count()) + 2);
        text + &gap
    };
    cell(time, TIME) + &cell(level, LEVEL) + &cell(host, wide_host) + &cell(user, wide_user)
}

/// An instant of one width, in UTC: a hunt knows no estate whose clocks it could use.
fn at(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn short(level: Level) -> &'static str {
    match level {
        Level::Informational => "info",
        other => other.as_str(),
    }
}

/// `text` in at most `most` letters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Fields that tell what happened, the most telling first; several names mean the same in different log sources.
const TELLING: [&[&str]; 14] = [
    &["CommandLine", "ProcessCommandLine", "process.command_line", "cmdline", "proctitle", "cmd", "command"],
    &["ScriptBlockText", "Payload", "HostApplication"],
    &["TaskName", "TaskContent"],
    &["ImagePath", "ServiceFileName", "ServiceName"],
    &["TargetObject", "Details"],
    &["TargetFilename", "TargetFileName", "file.path", "name"],
    &["DestinationHostname", "DestinationIp", "dst_ip", "dest_ip", "id.resp_h", "destination.ip"],
    &["QueryName", "query", "dns.question.name", "record"],
    &["c-uri", "cs-uri-stem", "url", "uri", "request"],
    &["PipeName", "ShareName", "RelativeTargetName"],
    &["TargetUserName", "TargetImage", "GrantedAccess"],
    &["Image", "NewProcessName", "exe", "ImageLoaded"],
    &["eventName", "Operation", "operationName", "protoPayload.methodName"],
    &["message", "msg", "Message", "syslog.message"],
];

/// What happened: the most telling of the fields that the rule read, else the first of them by name.
fn what(finding: &Finding) -> String {
    let of = |name: &&str| finding.fields.get(*name).filter(|it| !it.is_empty());
    let told: Vec<&String> = TELLING.iter().filter_map(|names| names.iter().find_map(of)).take(2).collect();
    let told = match told.as_slice() {
        [] => {
            let pairs = finding.fields.iter().filter(|it| !it.1.is_empty()).take(3);
            pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        }
        [one] => (*one).clone(),
        // An image adds nothing to the command line that begins with it.
        [one, other, ..] if one.contains(other.as_str()) => (*one).clone(),
        [one, other, ..] => format!("{one}  {other}"),
    };
    plain(&cut(&told, WHAT_MAX)).into_owned()
}

/// Columns of the terminal; what is not a terminal has as many as `COLUMNS` says, else no end.
fn width() -> usize {
    let stated = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
    let terminal = || {
        let is_terminal = std::io::stdout().is_terminal();
        terminal_size::terminal_size().filter(|_| is_terminal).map(|it| usize::from(it.0.0))
    };
    terminal().or(stated).unwrap_or(usize::MAX).max(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(second: i64, host: &str, command: &str) -> Finding {
        let object = serde_json::json!({
            "time": Timestamp::from_second(second).unwrap().to_string(),
            "rule": {"id": "r", "title": "Whoami", "level": "high", "tags": []},
            "source": {"file": "./logs/a.json", "record": second}, "host": host, "user": "CORP\\adm",
            "fields": {"CommandLine": command, "Image": "whoami"},
        });
        serde_json::from_value(object).unwrap()
    }

    fn table(width: usize) -> FindingTable {
        FindingTable { width, here: None, ..FindingTable::new(false) }
    }

    #[test]
    fn like_findings_are_one_row() {
        let mut table = table(110);
        for it in [
            finding(20, "web-1", "whoami /all"),
            finding(0, "web-1", "whoami /all"),
            finding(5, "db", "whoami"),
        ] {
            assert_eq!(table.take(&it), None);
        }
        assert_eq!(
            table.print(),
            "time (UTC)           level     host   user      what\n\
             1970-01-01 00:00:00  high      web-1  CORP\\adm  Whoami  x2 until 1970-01-01 00:00:20\n\
             \x20                                               whoami /all [logs/a.json#0]\n\
             1970-01-01 00:00:05  high      db     CORP\\adm  Whoami\n\
             \x20                                               whoami [logs/a.json#5]\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [60, 80, 110, 200] {
            let mut table = table(width);
            table.take(&finding(1, &"h".repeat(80), &"long ".repeat(100)));
            let shown = table.print();
            let widest = shown.lines().map(|it| it.chars().count()).max().unwrap();
            assert!(widest <= width.max(90), "{width}: {widest}\n{shown}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut table = table(110);
        let shown: Vec<String> = (0..2 * ROWS_MAX as i64)
            .filter_map(|it| table.take(&finding(it, "h", &it.to_string())))
            .collect();
        assert_eq!(shown.len(), 2);
        assert!(table.rows.is_empty());
    }
}
