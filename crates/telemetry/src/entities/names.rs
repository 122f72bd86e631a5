//! Names of hosts and accounts in one spelling.

/// A host's name in lower case, without a trailing dot; none when it is blank, an address, or no name.
pub(crate) fn host(name: &str) -> Option<String> {
    let name = name.trim().trim_start_matches('\\').trim_end_matches('.');
    let odd = |it: char| it.is_whitespace() || it.is_control() || matches!(it, '/' | '\\' | ':' | '*' | '?');
    if name.is_empty() || name == "-" || name.len() > 255 || name.contains(odd) {
        return None;
    }
    if name.parse::<std::net::IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost") {
        return None;
    }
    Some(name.to_lowercase())
}

/// The first label of a host's name.
pub(super) fn short(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

/// An account in one spelling: `domain\name`, lower case, the domain cut at its first dot; `name` alone without one.
pub(super) fn account(domain: Option<&str>, name: &str) -> Option<String> {
    let name = name.trim();
    let (domain, name) = match (name.split_once('\\'), name.split_once('@')) {
        (Some((domain, name)), _) => (Some(domain), name),
        (None, Some((name, domain))) if !name.is_empty() => (Some(domain), name),
        _ => (domain, name),
    };
    if name.is_empty() || name == "-" || name.len() > 255 || crate::device::level(name).is_some() {
        return None;
    }
    let domain = domain.map(|it| short(it.trim())).filter(|it| !it.is_empty() && *it != "-");
    let mut account = String::with_capacity(name.len() + domain.map_or(0, |it| it.len() + 1));
    if let Some(domain) = domain {
        account.extend(domain.chars().flat_map(char::to_lowercase));
        account.push('\\');
    }
    account.extend(name.chars().flat_map(char::to_lowercase));
    Some(account)
}

/// The operating system family that a platform's name stands for.
pub(super) fn os(platform: &str) -> Option<&'static str> {
    let platform = platform.to_lowercase();
    match platform.as_str() {
        "windows" => Some("windows"),
        "linux" | "debian" | "ubuntu" | "redhat" | "centos" | "fedora" | "rhel" | "suse" | "arch" => {
            Some("linux")
        }
        "macos" | "darwin" => Some("macos"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(domain: Option<&str>, name: &str, expected: Option<&str>) {
        assert_eq!(account(domain, name).as_deref(), expected);
    }

    #[test]
    fn one_account_has_one_spelling() {
        check(Some("THESHIRE"), "pgustavo", Some("theshire\\pgustavo"));
        check(Some("THESHIRE.LOCAL"), "PGustavo", Some("theshire\\pgustavo"));
        check(None, "THESHIRE\\pgustavo", Some("theshire\\pgustavo"));
        check(Some("x"), "pgustavo@theshire.local", Some("theshire\\pgustavo"));
        check(Some("-"), "root", Some("root"));
        check(None, "NT AUTHORITY\\SYSTEM", Some("nt authority\\system"));
        check(Some("A"), "-", None);
    }

    #[test]
    fn a_privilege_level_is_nobody() {
        check(None, "enable_15", None);
        check(None, "$enab15$", None);
        check(None, "enable_1x", Some("enable_1x"));
    }

    #[test]
    fn hosts_are_lower_case_and_no_addresses() {
        assert_eq!(host("WORKSTATION5.theshire.local."), Some("workstation5.theshire.local".to_owned()));
        for name in ["", "-", "10.0.0.1", "::1", "localhost", "a b", "http/x"] {
            assert_eq!(host(name), None, "{name}");
        }
    }
}
