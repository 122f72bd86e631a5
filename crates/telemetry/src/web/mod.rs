//! Logs of web servers and proxies: access logs of Apache, nginx and Squid, and the W3C extended format.
//!
//! Fields have the names of Sigma's taxonomy, which are those of the W3C format: `c-ip`, `cs-method`, `cs-uri`,
//! `cs-uri-stem`, `cs-uri-query`, `sc-status`, `cs-user-agent`, ... `event.dataset` says which kind of log it is; the log
//! source gate goes by it and gives rules their second spelling (`c-useragent`).

pub(crate) mod access;
pub(crate) mod quoted;
pub(crate) mod squid;
pub(crate) mod w3c;

use std::borrow::Cow;

use bulkhead_model::event::{Field, FieldsEvent};

/// The field by which the log source gate knows these events.
pub(crate) const DATASET: &str = "event.dataset";

/// A web server's access log.
pub(crate) const WEB: &str = "web.access";

/// A proxy's access log.
pub(crate) const PROXY: &str = "proxy.access";

/// A host firewall's log.
pub(crate) const FIREWALL: &str = "firewall.log";

/// Adds a text that is there; `-` stands for none in all these formats.
pub(crate) fn push<'a>(event: &mut FieldsEvent<'a>, name: &'static str, value: &'a str) {
    if !value.is_empty() && value != "-" {
        event.push(name, Field::text(value));
    }
}

/// Adds a number, or a text where no number stands.
pub(crate) fn push_number<'a>(event: &mut FieldsEvent<'a>, name: &'static str, value: &'a str) {
    if !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit()) {
        event.push(name, Field::Number(Cow::Borrowed(value)));
    } else {
        push(event, name, value);
    }
}

/// The parts of a request's target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// `http`, where the target says it.
    pub(crate) scheme: &'a str,
    /// Host without port and account.
    pub(crate) host: &'a str,
    /// Port, where the target says it.
    pub(crate) port: &'a str,
    /// Path and query as written.
    pub(crate) path_query: &'a str,
    /// Path.
    pub(crate) path: &'a str,
    /// What follows the first `?`.
    pub(crate) query: Option<&'a str>,
}

/// Takes a target apart: `/a?b`, `http://host:80/a?b`, and `host:443` where `connect` says that it is a tunnel's.
pub(crate) fn target(text: &str, connect: bool) -> Target<'_> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.bytes().all(|it| it.is_ascii_alphanumeric()) => {
            (scheme, Some(rest))
        }
        _ => ("", connect.then_some(text)),
    };
    let (authority, path_query) = match rest {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", text),
    };
    let authority = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit()) => (host, port),
        _ => (authority, ""),
    };
    let (path, query) = match path_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_query, None),
    };
    Target { scheme, host: host.trim_matches(['[', ']']), port, path_query, path, query }
}

/// The extension of the file a path names: `exe`.
pub(crate) fn extension(path: &str) -> Option<&str> {
    let (stem, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    let good = !stem.is_empty() && (1..=10).contains(&extension.len());
    (good && extension.bytes().all(|it| it.is_ascii_alphanumeric())).then_some(extension)
}

/// Adds what a target says, in a proxy's terms: the whole URL is `c-uri`, its path and query `cs-uri`.
pub(crate) fn push_proxied<'a>(event: &mut FieldsEvent<'a>, url: &'a str, connect: bool) {
    let it = target(url, connect);
    push(event, "c-uri", url);
    push(event, "cs-uri", it.path_query);
    push(event, "cs-uri-scheme", it.scheme);
    push(event, "cs-host", it.host);
    let port = match (it.port, it.scheme) {
        ("", "http" | "ws") => "80",
        ("", "https" | "wss") => "443",
        ("", "ftp") => "21",
        (port, _) => port,
    };
    push_number(event, "cs-uri-port", port);
    push_path(event, &it);
}

/// Adds path, query and extension.
pub(crate) fn push_path<'a>(event: &mut FieldsEvent<'a>, it: &Target<'a>) {
    push(event, "cs-uri-stem", it.path);
    if let Some(query) = it.query {
        event.push("cs-uri-query", Field::text(query));
    }
    if let Some(extension) = extension(it.path) {
        event.push("cs-uri-extension", Field::text(extension));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, connect: bool, expect: [&str; 5]) {
        let it = target(text, connect);
        assert_eq!([it.scheme, it.host, it.port, it.path, it.query.unwrap_or("none")], expect, "{text}");
    }

    #[test]
    fn targets_come_apart() {
        check("/a/b.php?x=1?2", false, ["", "", "", "/a/b.php", "x=1?2"]);
        check("http://u:p@h.example:8080/a", false, ["http", "h.example", "8080", "/a", "none"]);
        check("https://h.example?q", false, ["https", "h.example", "", "", "q"]);
        check("h.example:443", true, ["", "h.example", "443", "", "none"]);
        check("http://[2001:db8::1]:80/", false, ["http", "2001:db8::1", "80", "/", "none"]);
        check("/a?u=http://x/", false, ["", "", "", "/a", "u=http://x/"]);
        check("*", false, ["", "", "", "*", "none"]);
    }

    #[test]
    fn extensions_are_of_the_file() {
        for (path, expect) in
            [("/a/b.exe", Some("exe")), ("/a.b/c", None), ("/.git", None), ("/x.", None), ("/x.ä", None)]
        {
            assert_eq!(extension(path), expect, "{path}");
        }
    }
}
