//! Account names as logs write them: `CORP\name`, `name@corp.example`, `name`.

/// An account name, lower case, split; the domain is cut at its first dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account {
    /// Domain or host the account belongs to, where the log says so.
    pub domain: Option<String>,
    /// Its name there.
    pub name: String,
}

impl Account {
    /// Reads any of the forms; none for what names nobody.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (domain, name) = match (text.rsplit_once('\\'), text.split_once('@')) {
            (Some((domain, name)), _) => (domain, name),
            (None, Some((name, domain))) if !name.is_empty() => (domain, name),
            _ => ("", text.as_str()),
        };
        if name.is_empty() || name == "-" || name == "n/a" {
            return None;
        }
        let domain = domain.split('.').next().filter(|it| !it.is_empty() && *it != "-");
        Some(Self { domain: domain.map(str::to_owned), name: name.to_owned() })
    }

    /// `domain\name`, or the name alone.
    pub(crate) fn as_text(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{domain}\\{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether the account belongs to the operating system or a local service, or to nobody.
    pub(crate) fn is_local_service(&self) -> bool {
        const DOMAINS: [&str; 5] =
            ["iis apppool", "font driver host", "window manager", "workgroup", "builtin"];
        const OF_WINDOWS: [&str; 13] = [
            "system",
            "système",
            "localsystem",
            "local service",
            "localservice",
            "network service",
            "networkservice",
            "anonymous logon",
            "anonymous",
            "iusr",
            "local system",
            "unset",
            "unknown",
        ];
        // On every machine, and written with the machine's name.
        const OF_UNIX: [&str; 21] = [
            "root",
            "daemon",
            "nobody",
            "www-data",
            "nginx",
            "apache",
            "messagebus",
            "syslog",
            "systemd-network",
            "systemd-resolve",
            "systemd-timesync",
            "_apt",
            "sshd",
            "postfix",
            "mysql",
            "postgres",
            "redis",
            "dnsmasq",
            "ntp",
            "chrony",
            "polkitd",
        ];
        let prefixed = |it: &[&str]| it.iter().any(|it| self.name.starts_with(it));
        // `NT AUTHORITY`, `NT-AUTORITÄT`, `AUTORITE NT`, `NT SERVICE`, in whatever language.
        let of_windows = |it: &str| DOMAINS.contains(&it) || it.split([' ', '-']).any(|word| word == "nt");
        let name = self.name.as_str();
        // Windows itself writes `CORP\\SYSTEM` (PowerShell's logs do).
        if OF_WINDOWS.contains(&name) || OF_UNIX.contains(&name) || prefixed(&["s-1-5-"]) {
            return true;
        }
        match &self.domain {
            Some(domain) => of_windows(domain),
            None => {
                prefixed(&["dwm-", "umfd-"])
                    // A number is a user id without a name.
                    || self.name.bytes().all(|it| it.is_ascii_digit())
            }
        }
    }

    /// The name of the computer whose account it looks like: `ws5` of `CORP\\WS5$`. Managed service accounts, and accounts that
    /// intruders make, look alike: only where there is such a computer it is one's.
    pub(crate) fn computer(&self) -> Option<&str> {
        self.name.strip_suffix('$').filter(|it| !it.is_empty())
    }

    /// Whether it is nobody at all, over the network.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.name.starts_with("anonymous")
    }
}

/// Whether `text` names an account that no person and no remote service logs on with: a computer's account, SYSTEM, a
/// local service account, the anonymous logon, or nobody. Such accounts are never suspected.
pub fn is_local_service(text: &str) -> bool {
    Account::read(text).is_none_or(|it| it.is_local_service() || it.computer().is_some())
}

/// Whether two names may mean one account: equal names, and equal domains where both are known.
pub fn same_account(left: &str, right: &str) -> bool {
    match (Account::read(left), Account::read(right)) {
        (Some(left), Some(right)) => {
            left.name == right.name
                && (left.domain.is_none() || right.domain.is_none() || left.domain == right.domain)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_the_same_account() {
        for form in ["CORP\\Ada", "ada@corp.example", "corp.example\\ada", "ADA", " ada "] {
            assert!(same_account(form, "corp\\ada"), "{form}");
        }
        assert!(!same_account("other\\ada", "corp\\ada"));
        assert!(!same_account("-", "-"));
    }

    #[test]
    fn what_is_nobody_to_suspect() {
        for name in [
            "NT AUTHORITY\\SYSTEM",
            "SYSTEM",
            "WS5$",
            "CORP\\WS5$",
            "NT AUTHORITY\\LOCAL SERVICE",
            "ANONYMOUS LOGON",
            "Window Manager\\DWM-1",
            "Font Driver Host\\UMFD-0",
            "NT SERVICE\\MSSQLSERVER",
            "IIS APPPOOL\\web",
            "-",
            "",
            "root",
            "www-data",
            "root@web-1",
            "CORP\\SYSTEM",
            "4294967295",
        ] {
            assert!(is_local_service(name), "{name}");
        }
        for name in [
            "CORP\\ada",
            "ada@corp.example",
            "adm-b2b",
            "administrator",
            "systemadmin",
            "rooter",
            "CORP\\104522",
            "web@corp.example",
        ] {
            assert!(!is_local_service(name), "{name}");
        }
    }
}
