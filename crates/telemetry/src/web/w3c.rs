//! The W3C extended log format (IIS, Exchange, CloudFront, ProxySG, ISA/TMG, the Windows firewall): `#Fields:` names the
//! columns of the rows that follow it, and may come again.
//!
//! Names are those of the header, `cs(User-Agent)` written `cs-user-agent`. Times are UTC, as the format says.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;

use super::{DATASET, FIREWALL, PROXY, WEB};
use crate::lines;
use crate::read::Stream;
use crate::zeek::hex_digit;

/// More columns than this are not read.
const COLUMNS_MAX: usize = 1024;

/// Columns that only proxies write.
const OF_PROXIES: [&str; 12] = [
    "c-uri",
    "cs-uri-scheme",
    "r-ip",
    "r-host",
    "r-dns",
    "s-hierarchy",
    "s-supplier-name",
    "s-supplier-ip",
    "sc-filter-result",
    "cs-auth-group",
    "cs-categories",
    "x-virus-id",
];

/// Whether `text`, the start of a stream, is such a log.
pub(crate) fn is_log(text: &[u8]) -> bool {
    let mut lines = text.split(|it| *it == b'\n').take(20);
    lines.any(|it| it.starts_with(b"#Fields:"))
}

/// What the header lines say, until the next header.
#[derive(Default)]
struct Header {
    columns: Vec<Column>,
    separator: char,
    software: String,
    /// The day that stands for all rows where they have no column of it.
    date: String,
    kind: &'static str,
}

struct Column {
    name: String,
    /// A header of the request, in which writers put `+` (IIS) or `%20` (CloudFront) for a blank.
    of_client: bool,
}

/// Reads the rows.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut header = Header::default();
    lines::each(stream, |out, line, text| {
        if let Some(directive) = text.strip_prefix('#') {
            header.directive(directive);
            return Ok(ControlFlow::Continue(()));
        }
        let event = header.row(line, text)?;
        Ok(out.event(&event, LogSource::default()))
    })
}

impl Header {
    fn directive(&mut self, text: &str) {
        let Some((name, rest)) = text.split_once(':') else {
            return;
        };
        let rest = rest.trim();
        match name {
            "Software" => rest.clone_into(&mut self.software),
            "Date" => rest.split(' ').next().unwrap_or_default().clone_into(&mut self.date),
            "Fields" => self.fields(rest),
            _ => {}
        }
    }

    fn fields(&mut self, names: &str) {
        // CloudFront names its columns with blanks and writes tabs between values; rows tell.
        self.separator = if names.contains('\t') {
            '\t'
        } else if names.contains(',') && !names.contains(' ') {
            ','
        } else {
            ' '
        };
        self.columns = names
            .split(self.separator)
            .filter(|it| !it.is_empty())
            .take(COLUMNS_MAX)
            .map(Column::of)
            .collect();
        let has = |wanted: &str| self.columns.iter().any(|it| it.name == wanted);
        let software = self.software.to_lowercase();
        let is_proxy = OF_PROXIES.iter().any(|it| has(it))
            || ["sgos", "proxy", "zscaler", "acceleration server"].iter().any(|it| software.contains(it));
        self.kind = if has("src-ip") && has("dst-ip") && has("action") {
            FIREWALL
        } else if is_proxy && (has("cs-method") || has("c-uri") || has("cs-uri")) {
            PROXY
        } else if has("cs-method") || has("cs-uri-stem") || has("cs-uri") {
            WEB
        } else {
            "w3c"
        };
    }

    fn row<'a>(&'a self, raw: &'a [u8], text: &'a str) -> Result<FieldsEvent<'a>, String> {
        if self.columns.is_empty() {
            return Err("no #Fields line stands before it".to_owned());
        }
        let text = text.trim_end_matches([' ', '\t']);
        let separator = if self.separator == ' ' && text.contains('\t') { '\t' } else { self.separator };
        let mut cells: Vec<&str> = text.split(separator).collect();
        if cells.len() != self.columns.len() && text.contains('"') {
            cells = quoted(text, separator);
        }
        if cells.len() != self.columns.len() {
            return Err(format!("{} columns, but #Fields names {}", cells.len(), self.columns.len()));
        }
        let mut event = FieldsEvent::new(raw, Shape::Json);
        event.fields.reserve(self.columns.len() + 6);
        event.push(DATASET, Field::text(self.kind));
        self.time(&cells, &mut event);
        for (column, cell) in self.columns.iter().zip(&cells) {
            column.push(unquoted(cell), self.kind, &mut event);
        }
        self.uri(&cells, &mut event);
        Ok(event)
    }

    fn cell<'a>(&self, cells: &[&'a str], name: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|it| it.name == name)?;
        cells.get(at).copied().map(unquoted).filter(|it| !matches!(*it, "" | "-"))
    }

    /// `date` and `time` in one.
    fn time<'a>(&self, cells: &[&'a str], event: &mut FieldsEvent<'a>) {
        let date = self.cell(cells, "date").unwrap_or(&self.date);
        if let Some(time) = self.cell(cells, "time")
            && let Some(time) = crate::parse_time(&format!("{date} {time}"))
        {
            event.push("@timestamp", Field::Text(Cow::Owned(time.to_string())));
        }
    }

    /// The parts of the URI that rules ask for and that the log does not write.
    fn uri<'a>(&self, cells: &[&'a str], event: &mut FieldsEvent<'a>) {
        let path = self.cell(cells, "cs-uri-path");
        let (stem, query) = (self.cell(cells, "cs-uri-stem").or(path), self.cell(cells, "cs-uri-query"));
        if let Some(path) = path {
            event.push("cs-uri-stem", Field::text(path));
        }
        let written = self.cell(cells, "cs-uri");
        let whole = match (written, stem, query) {
            (Some(uri), ..) => Cow::Borrowed(uri),
            (None, Some(stem), None) => Cow::Borrowed(stem),
            (None, Some(stem), Some(query)) => {
                Cow::Owned(format!("{stem}?{}", query.trim_start_matches('?')))
            }
            (None, None, _) => match self.cell(cells, "c-uri") {
                Some(uri) => Cow::Borrowed(uri),
                None => return,
            },
        };
        if let Cow::Borrowed(uri) = whole
            && stem.is_none()
        {
            let it = super::target(uri, false);
            super::push(event, "cs-uri-stem", it.path);
            if let Some(query) = it.query
                && query != "-"
            {
                event.push("cs-uri-query", Field::text(query));
            }
            if self.cell(cells, "cs-host").is_none() {
                super::push(event, "cs-host", it.host);
            }
        }
        let path = stem.or_else(|| written.map(|it| super::target(it, false).path));
        if let Some(extension) = path.and_then(super::extension)
            && self.cell(cells, "cs-uri-extension").is_none()
        {
            event.push("cs-uri-extension", Field::text(extension));
        }
        if self.kind == PROXY && self.cell(cells, "c-uri").is_none() {
            let host = self.cell(cells, "cs-host").or_else(|| self.cell(cells, "r-host"));
            let url = match (self.cell(cells, "cs-uri-scheme"), host) {
                (Some(scheme), Some(host)) if whole.starts_with('/') => format!("{scheme}://{host}{whole}"),
                _ => whole.clone().into_owned(),
            };
            event.push("c-uri", Field::Text(Cow::Owned(url)));
        }
        if written.is_none() {
            event.push("cs-uri", Field::Text(whole));
        }
    }
}

impl Column {
    fn of(name: &str) -> Self {
        let lower = name.to_lowercase();
        match lower.split_once('(').and_then(|(side, rest)| Some((side, rest.strip_suffix(')')?))) {
            Some((side, header)) => Self { name: format!("{side}-{header}"), of_client: side == "cs" },
            None => Self { of_client: lower == "cs-username", name: lower },
        }
    }

    fn push<'a>(&'a self, cell: &'a str, kind: &str, event: &mut FieldsEvent<'a>) {
        let name = self.name.as_str();
        if matches!(cell, "" | "-") {
            // As in `access`: rules about proxies ask for the empty agent.
            let empty_agent = kind == PROXY && matches!(name, "cs-user-agent" | "c-agent");
            event.push(name, if empty_agent { Field::text("") } else { Field::Null });
            return;
        }
        let is_number = cell.len() < 20 && cell.bytes().all(|it| it.is_ascii_digit());
        if is_number {
            event.push(name, Field::Number(Cow::Borrowed(cell)));
            return;
        }
        event.push(name, Field::text(cell));
        if kind == FIREWALL && name == "action" && cell == "ALLOW" {
            // What other firewalls say, and rules ask for.
            event.push(name, Field::text("accept"));
        }
        // Rules are written either way.
        if self.of_client && !cell.contains(' ') {
            if cell.contains('+') {
                event.push(name, Field::Text(Cow::Owned(cell.replace('+', " "))));
            } else if cell.contains("%20") {
                event.push(name, Field::Text(Cow::Owned(decoded(cell))));
            }
        }
    }
}

/// Splits a row in which texts with blanks stand in quotes; a quote inside is doubled.
fn quoted(text: &str, separator: char) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut from = 0;
    let mut inside = false;
    for (at, c) in text.char_indices() {
        if c == '"' && (inside || at == from) {
            inside = !inside;
        } else if c == '"' && text[..at].ends_with('"') {
            inside = true;
        } else if c == separator && !inside {
            cells.push(&text[from..at]);
            from = at + c.len_utf8();
        }
    }
    cells.push(&text[from..]);
    cells
}

fn unquoted(cell: &str) -> &str {
    cell.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(cell)
}

/// Undoes percent encoding.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_request_have_one_spelling() {
        for (written, expect) in [
            ("cs(User-Agent)", "cs-user-agent"),
            ("sc(Content-Type)", "sc-content-type"),
            ("cs-URI-Stem", "cs-uri-stem"),
        ] {
            assert_eq!(Column::of(written).name, expect);
        }
    }

    #[test]
    fn quoted_cells_keep_their_blanks() {
        assert_eq!(quoted(r#"a "b c" "d ""e"" f" g"#, ' '), ["a", "\"b c\"", "\"d \"\"e\"\" f\"", "g"]);
        assert_eq!(quoted("a \"b c", ' '), ["a", "\"b c"]);
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(decoded("a%20b%2fc%zz%"), "a b/c%zz%");
    }
}
