//! Who must not be named outside the vault: persons and accounts, as the estate, findings and observations name them.
//!
//! What is a person and what a well-known principal stands in `data/principals.txt`, argued in `docs/case.md`.

mod commands;

use std::collections::BTreeSet;

use bulkhead_journal::{Bearer, bare_name, plain};
use bulkhead_model::case::{EntityKind, Incident};
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;

const PRINCIPALS: &str = include_str!("../data/principals.txt");
const FUNCTIONS: &str = include_str!("../data/functions.txt");

/// Fields that hold an account, by the last part of their name without `_` and `-`, in lower case.
const ACCOUNT_FIELDS: [&str; 31] = [
    "user",
    "username",
    "subjectusername",
    "targetusername",
    "sourceusername",
    "targetuser",
    "sourceuser",
    "targetoutboundusername",
    "newtargetusername",
    "oldtargetusername",
    "accountname",
    "samaccountname",
    "account",
    "acct",
    "userprincipalname",
    "upn",
    "srcuser",
    "dstuser",
    "csusername",
    "principalemail",
    "userid",
    "useridentity",
    "alternateid",
    "loginuser",
    "logonname",
    "cookie",
    "caller",
    "suser",
    "duser",
    "displayname",
    "owner",
];
/// Folders whose children are named after accounts.
const PROFILES: [&str; 9] = [
    "\\users\\",
    "/users/",
    "/home/",
    "\\home$\\",
    "\\homes\\",
    "\\documents and settings\\",
    "/var/mail/",
    "/var/spool/mail/",
    "/var/spool/cron/crontabs/",
];
/// What stands before an account, in command lines and messages; a letter before them makes them other words.
const MARKS: [&str; 22] = [
    "/user:",
    "/u:",
    "/ru:",
    "-user:",
    "--user=",
    "--username=",
    "--login=",
    "user=",
    "username=",
    "logname=",
    "sudo_user=",
    "login=",
    "acct=",
    "account=",
    "uid=",
    "samaccountname=",
    "userprincipalname=",
    "invalid user ",
    "illegal user ",
    "opened for user ",
    "closed for user ",
    "new user: name=",
];

/// Names to hide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    accounts: BTreeSet<String>,
    persons: BTreeSet<String>,
    /// Domains of accounts: what stands after one of them and a backslash is an account, wherever it stands.
    domains: BTreeSet<String>,
    /// Words of a text that are an account, or begin one whose name has blanks; with the text behind them.
    begun: BTreeSet<(String, String)>,
    /// What may be an account with blanks, or the first of several words.
    perhaps: BTreeSet<String>,
}

impl People {
    /// Everybody the estate names.
    pub fn of_estate(estate: &Estate) -> Self {
        let mut people = Self::default();
        for it in &estate.identities {
            people.account(it.id.as_str());
            it.accounts.iter().for_each(|it| people.account(it));
        }
        for it in estate.contacts.iter().filter(|it| !is_function(&it.name)) {
            people.persons.insert(it.name.clone());
            let address = it.channel.split_once(':').map_or(it.channel.as_str(), |(_, it)| it);
            people.persons.insert(address.trim_start_matches('/').to_owned());
        }
        people
    }

    /// Names to hide, with who bears them.
    pub fn iter(&self) -> impl Iterator<Item = (Bearer, &str)> {
        let alone = self.begun.iter().filter(|it| !self.goes_on(&it.0, &it.1)).map(|it| &it.0);
        let alone: BTreeSet<&String> = alone.filter(|it| !self.accounts.contains(*it)).collect();
        let perhaps = self.perhaps.iter().filter(|it| !self.accounts.contains(*it));
        let accounts =
            self.accounts.iter().chain(alone).chain(perhaps).map(|it| (Bearer::Account, it.as_str()));
        accounts.chain(self.persons.iter().map(|it| (Bearer::Person, it.as_str())))
    }

    /// Takes in an account, in any of the forms logs write it.
    pub fn account(&mut self, text: &str) {
        let text = text.trim();
        if let Some((domain, _)) = text.rsplit_once('\\').filter(|it| !it.0.is_empty()) {
            self.domains.insert(domain.to_lowercase());
        }
        if is_person(text) {
            self.accounts.insert(bare_name(text).to_lowercase());
        }
    }

    /// Whether `word` and the text `behind` it are a longer account that is known.
    fn goes_on(&self, word: &str, behind: &str) -> bool {
        let longer = self.accounts.range(word.to_owned()..).take_while(|it| it.starts_with(word));
        longer.map(|it| &it[word.len()..]).any(|it| it.starts_with(' ') && behind.starts_with(it))
    }

    /// Takes in a word behind which a text goes on.
    fn begun(&mut self, word: &str, behind: &str) {
        if !behind.starts_with(' ') {
            self.account(word);
        } else if is_person(word) {
            if let Some((domain, _)) = word.rsplit_once('\\').filter(|it| !it.0.is_empty()) {
                self.domains.insert(domain.to_owned());
            }
            let behind = behind.chars().take(64).collect();
            self.begun.insert((bare_name(word).to_lowercase(), behind));
        }
    }

    /// Takes in who an incident holds compromised or suspected.
    pub fn incident(&mut self, incident: &Incident) {
        let entities = incident.compromised.iter().chain(&incident.suspected);
        entities.filter(|it| it.kind == EntityKind::Identity).for_each(|it| self.account(&it.id));
        incident.telemetry.sources.iter().for_each(|it| self.text(it));
    }

    /// Takes in who a finding names: in its account fields, in profile folders and in command lines.
    pub fn finding(&mut self, finding: &Finding) {
        finding.user.iter().for_each(|it| self.account(it));
        self.text(&finding.source.file);
        for (field, value) in &finding.fields {
            let key = field.rsplit('.').next().unwrap_or(field).to_lowercase().replace(['_', '-'], "");
            if ACCOUNT_FIELDS.contains(&key.as_str()) || field.eq_ignore_ascii_case("user.name") {
                self.account(value);
            }
            self.text(value);
        }
    }

    /// Takes in whom telemetry saw.
    pub fn observed(&mut self, observations: &Observations) {
        for host in observations.hosts.values() {
            host.users.iter().chain(&host.privileged).for_each(|it| self.account(it));
        }
        observations.logons.keys().for_each(|it| self.account(&it.user));
    }

    /// Takes in accounts that stand in free text, as it is written and as it reads.
    pub fn text(&mut self, text: &str) {
        let mut written = text.to_lowercase();
        self.reading(&written);
        // Escapes may be escaped again.
        for _ in 0..3 {
            let read = plain(&written);
            if read == written {
                break;
            }
            self.reading(&read);
            written = read;
        }
    }

    fn reading(&mut self, lower: &str) {
        // Backslashes are doubled in texts that were escaped once more.
        let single = lower.replace("\\\\", "\\");
        for folder in PROFILES {
            for (at, _) in single.match_indices(folder) {
                let before = single[..at].rfind([' ', '"', '\'', '=']).map_or("", |it| &single[it..=it]);
                self.profile(&single[at + folder.len()..], before);
            }
        }
        for mark in MARKS {
            for (at, _) in lower.match_indices(mark) {
                if !lower[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_') {
                    self.word(&lower[at + mark.len()..]);
                }
            }
        }
        if lower.contains("useraccount") {
            lower.match_indices("name=").for_each(|(at, mark)| self.word(&lower[at + mark.len()..]));
        }
        if lower.contains(' ') {
            let mut found = Vec::new();
            commands::accounts(lower, &mut |name, behind| found.push((name.to_owned(), behind.to_owned())));
            found.iter().for_each(|(name, behind)| self.argument(name, behind));
        }
        for (at, _) in lower.match_indices("://") {
            let host = lower[at + 3..].split(['/', ' ', '?', '#', '"']).next().unwrap_or_default();
            let login = host.rsplit_once('@').map(|it| it.0.split(':').next().unwrap_or_default());
            login.iter().for_each(|it| self.account(it));
        }
        for (at, _) in lower.match_indices("~") {
            let name = lower[at + 1..].split_once('/').map(|it| it.0);
            let is_name =
                |it: &&str| it.chars().all(|it| it.is_alphanumeric() || matches!(it, '.' | '-' | '_'));
            if !lower[..at].ends_with(char::is_alphanumeric) {
                name.filter(is_name).iter().for_each(|it| self.account(it));
            }
        }
        for (at, _) in lower.match_indices("cn=") {
            if let Some(name) = common_name(&lower[at..]) {
                self.persons.insert(name.to_owned());
            }
        }
        self.qualified(lower);
        self.patterns(lower);
    }

    /// Takes in an argument of a command; the text behind tells whether it may go on.
    fn argument(&mut self, name: &str, behind: &str) {
        let name = name.trim_matches(['"', '\'', '.', ',']);
        if bare_name(name).contains('\\') || name.contains(['=', '$', '%', '*']) {
            return;
        }
        self.begun(name, behind);
    }

    /// What stands after a domain known.
    fn qualified(&mut self, lower: &str) {
        let mut found = Vec::new();
        for domain in &self.domains {
            for (at, _) in lower.match_indices(domain.as_str()) {
                if let Some(rest) = lower[at + domain.len()..].strip_prefix('\\') {
                    found.push(rest.trim_start_matches('\\').to_owned());
                }
            }
        }
        found.iter().for_each(|it| self.word(it));
    }

    /// Security identifiers of accounts, and mail addresses.
    fn patterns(&mut self, lower: &str) {
        let is_part = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+'));
        for token in lower.split(is_part).map(|it| it.trim_matches(['.', '-'])) {
            if token.starts_with("s-1-5-21-") && token.matches('-').count() >= 7 {
                self.accounts.insert(token.to_owned());
            }
            if let Some((name, host)) = token.split_once('@')
                && !name.is_empty()
                && host.contains('.')
                && host.contains(char::is_alphabetic)
            {
                self.persons.insert(token.to_owned());
            }
        }
    }

    /// The child of a profile folder. A name with blanks is believed where a separator or the quote that stands `before` the
    /// path ends it; else both are hidden, the first word and what it may be the beginning of.
    fn profile(&mut self, rest: &str, before: &str) {
        let end = rest
            .match_indices([
                '\\', '/', '"', '\'', ':', '*', '?', '<', '>', '|', ';', ',', '\n', '\t', ')', '&',
            ])
            .find(|(at, mark)| *mark != "'" || !is_inside(rest, *at))
            .map(|it| it.0);
        let name = rest[..end.unwrap_or(rest.len())].trim_end();
        let ends_with = end.map_or("", |it| &rest[it..=it]);
        if matches!(ends_with, "\\" | "/") || (!before.trim().is_empty() && ends_with == before) {
            self.account(name);
            return;
        }
        let first = name.split(' ').next().unwrap_or(name);
        self.begun(first, &rest[first.len()..]);
        let words: Vec<&str> = name.split(' ').collect();
        let is_name = |it: &&str| it.chars().all(|it| it.is_alphabetic() || matches!(it, '.' | '-' | '\''));
        if (2..=4).contains(&words.len()) && words.iter().all(is_name) && is_person(name) {
            self.perhaps.insert(name.to_owned());
        }
    }

    /// The first word of `rest`, or what stands there in quotes.
    fn word(&mut self, rest: &str) {
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''));
        let quoted = quote.and_then(|it| rest[1..].split_once(it)).map(|it| it.0);
        let inside = rest.trim_start_matches(['"', '\'']);
        let is_end = |c: char| c.is_whitespace() || "\"'/,;()[]<>|&=:*?%$".contains(c);
        let end = inside.match_indices(is_end).map(|it| it.0);
        let end = end.into_iter().find(|it| !inside[*it..].starts_with('\'') || !is_inside(inside, *it));
        let (word, behind) = inside.split_at(end.unwrap_or(inside.len()));
        if word.starts_with('-') || bare_name(word).contains('\\') {
            return;
        }
        match quoted {
            Some(name) if name.contains(' ') => self.account(name),
            _ => self.begun(word.trim_end_matches('.'), behind),
        }
    }
}

/// Whether `account` may be a person's, or a service's of the operator's own: not a machine's, nor one that stands on
/// every machine of its kind.
pub fn is_person(account: &str) -> bool {
    let name = bare_name(account.trim()).to_lowercase();
    let is_word = name.chars().any(char::is_alphanumeric) && name.chars().count() >= 2;
    let is_odd =
        name.chars().count() > 64 || name.contains(|c: char| c.is_control() || "\\/{}[]<>%*".contains(c));
    let is_sid = name.starts_with("s-1-") && !name.starts_with("s-1-5-21-");
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    let principals = || PRINCIPALS.lines().filter(|it| !it.starts_with('#'));
    is_word
        && !is_odd
        && !is_sid
        && !is_address
        && !bulkhead_incident::is_local_service(account) | name.starts_with("s-1-5-21-")
        && !principals().any(|it| it == name)
}

/// Whether a name is an office's, made of words of function alone, or of somebody who plays in a drill.
pub fn is_function(name: &str) -> bool {
    let known = |word: &str| {
        FUNCTIONS.lines().filter(|it| !it.starts_with('#')).any(|it| it.split(' ').any(|it| it == word))
    };
    let lower = name.to_lowercase();
    lower.starts_with("drill:")
        || lower.split([' ', '_', '\'', '/', ',', '(', ')']).filter(|it| !it.is_empty()).all(known)
}

/// Whether the apostrophe at `at` stands inside a word, as in `o'brien`.
fn is_inside(text: &str, at: usize) -> bool {
    text[..at].ends_with(char::is_alphabetic) && text[at + 1..].starts_with(char::is_alphabetic)
}

/// The common name of a person's distinguished name, `cn=ada king,ou=...`.
fn common_name(dn: &str) -> Option<&str> {
    let name = commands::common_name(dn)?;
    let tail = dn[3..].trim_start()[name.len()..].trim_start().strip_prefix(',')?;
    let is_tail = tail.contains('=') && !tail.to_lowercase().starts_with("cn=builtin");
    (is_tail && name.contains(' ') && name.len() <= 64 && !name.contains('=')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let mut people = People::default();
        people.account("CORP\\known");
        people.text(text);
        let mut found: Vec<&str> = people.iter().map(|it| it.1).filter(|it| *it != "known").collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn accounts_stand_in_command_lines_and_paths() {
        check(r"C:\Users\Alice.Martin\AppData\x.exe", &["alice.martin"]);
        check(r#"cmd /c "C:\Users\Jean Dupont\a.bat""#, &["jean dupont"]);
        check(r"C:\\Users\\bob\\x", &["bob"]);
        check(r"C:\Users\Public\x C:\Users\Administrator\x", &[]);
        check("cat /home/carol/.ssh/id_rsa > /tmp/x", &["carol"]);
        check("ls /home/carol", &["carol"]);
        check("net user dave Passw0rd! /add", &["dave"]);
        check(r#"net user "van der berg" x /add"#, &["van der berg"]);
        check(r"x C:\Users\van der berg\a.exe /user:CORP\van der berg b@", &["van der berg"]);
        check(r"dir C:\Users\van der berg & C:\Users\van der berg\a.exe", &["van der berg"]);
        check(r"runas /user:CORP\van cmd", &["van"]);
        check("net user /domain", &[]);
        check(r"runas /user:CORP\erin cmd", &["erin"]);
        check("useradd -m -s /bin/bash frank", &["frank"]);
        check("cat /etc/passwd", &[]);
        check(r"copy x \\dc\c$ as corp\grace", &["grace"]);
        check("owner S-1-5-21-1-2-3-1104 and S-1-5-18", &["s-1-5-21-1-2-3-1104"]);
        check("mail to heidi@corp.example.", &["heidi@corp.example"]);
        check(r#"net user /domain "Max Brod""#, &["max brod"]);
        check("ssh dymant@srv; scp x otto@10.0.0.1:", &["dymant", "otto"]);
        check(r"type C:\Users\max brod", &["max", "max brod"]);
        check(r#"type "C:\Users\max brod""#, &["max brod"]);
        check(
            "file:///C:/Users/Max%20Brod/x and file:///C:/Users/Otto%2520Kurz/x",
            &["max brod", "otto kurz"],
        );
        check(r"C:\Users\O'Brien\x C:\Users\O'Hara", &["o'brien", "o'hara"]);
        check(r#"dsadd user "CN=Max Brod,OU=Staff,DC=corp" "#, &["max brod"]);
        check("bound as CN=Ada King,OU=Staff,DC=corp", &["ada king"]);
        check("COMMAND=/bin/ls /home/dymant", &["dymant"]);
        check("/\u{ff48}ome/\u{ff44}ymant /home/jose\u{301}/x", &["dymant", "jose\u{301}", "jos\u{e9}"]);
        check("/home/dy\u{200b}mant/x", &["dymant", "dy\u{200b}mant"]);
        check("wmic useraccount where name='max brod' get sid", &["max brod"]);
        check("https://otto:pw@srv/?user=dymant&x=1 ~kurz/.ssh", &["dymant", "kurz", "otto"]);
        check("Failed password for invalid user dymant from 10.0.0.1", &["dymant"]);
    }

    #[test]
    fn well_known_principals_are_nobody() {
        for name in [
            "root",
            "NT AUTHORITY\\SYSTEM",
            "WS-1$",
            "CORP\\Administrator",
            "admin",
            "-",
            "",
            "1001",
            "S-1-5-18",
            "10.0.0.1",
        ] {
            assert!(!is_person(name), "{name}");
        }
        for name in ["CORP\\alice", "adm-b2b", "svc-backup", "bo", "S-1-5-21-1-2-3-1104", "rooter"] {
            assert!(is_person(name), "{name}");
        }
    }

    #[test]
    fn an_office_is_no_person() {
        for name in [
            "On-call incident commander",
            "Data protection officer",
            "operator at the terminal",
            "drill:ciso",
        ] {
            assert!(is_function(name), "{name}");
        }
        for name in ["Marie Leroy", "Dr. Dupont", "j.dupont"] {
            assert!(!is_function(name), "{name}");
        }
    }
}
