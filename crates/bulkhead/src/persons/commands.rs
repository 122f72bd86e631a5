//! Accounts in command lines: which commands name one, and where in their arguments it stands.
//!
//! Better an account too many than one too few: a word hidden without need costs a reader a look into the vault, a name left
//! standing cannot be called back. Words that are nobody's name (`docker`, `*`, numbers) are sorted out by the caller.

/// Where a command's arguments name an account.
#[derive(Clone, Copy)]
enum Takes {
    /// The first argument that is no option.
    First,
    /// The last one.
    Last,
    /// Every one after the first.
    Rest,
    /// What stands before `@` in an argument, with a password after `:` and a domain before `/`.
    Hosts,
    /// What stands before `:` in the first.
    Owner,
    /// The common name in the first.
    Dn,
    /// None: options only.
    Nothing,
}

/// Programs, the word that must follow them, what they take, and the options after which an account stands.
const COMMANDS: [(&[&str], &str, Takes, &[&str]); 19] = [
    (&["net", "net1"], "user", Takes::First, &[]),
    (&["net", "net1"], "localgroup", Takes::Rest, &[]),
    (&["net", "net1"], "group", Takes::Rest, &[]),
    (&["query"], "user", Takes::First, &[]),
    (&["quser", "logoff"], "", Takes::First, &[]),
    (
        &["ssh", "scp", "sftp", "rsync", "mosh", "autossh", "ssh-copy-id", "sshfs", "plink", "pscp", "psftp"],
        "",
        Takes::Hosts,
        &["-l"],
    ),
    (&["su", "runuser", "login", "finger", "groups", "id"], "", Takes::First, &["-u"]),
    (
        &["sudo", "doas", "crontab", "pkill", "pgrep", "loginctl", "faillock", "pdbedit"],
        "",
        Takes::Nothing,
        &["-u", "-iu"],
    ),
    (
        &["userdel", "useradd", "usermod", "passwd", "chage", "chfn", "chsh", "smbpasswd"],
        "",
        Takes::Last,
        &[],
    ),
    (&["gpasswd"], "", Takes::Nothing, &["-a", "-d", "-m"]),
    (&["adduser", "deluser", "lslogins", "kinit"], "", Takes::First, &[]),
    (&["getent"], "passwd", Takes::First, &[]),
    (&["chown"], "", Takes::Owner, &[]),
    (
        &["dsadd", "dsmod", "dsrm", "dsget", "dsmove"],
        "user",
        Takes::Dn,
        &["-samid", "-upn", "-display", "-fn", "-ln", "-email"],
    ),
    (&["dsquery"], "user", Takes::Nothing, &["-samid", "-upn", "-name"]),
    (
        &[
            "psexec",
            "psexec64",
            "paexec",
            "mysql",
            "mysqldump",
            "curl",
            "crackmapexec",
            "nxc",
            "netexec",
            "evil-winrm",
            "rdesktop",
            "ldapsearch",
        ],
        "",
        Takes::Nothing,
        &["-u", "--user"],
    ),
    (&["smbclient", "rpcclient", "psql", "smbmap", "net"], "", Takes::Nothing, &["-u", "--user"]),
    (&["hydra", "medusa", "ncrack"], "", Takes::Nothing, &["-l", "-u", "--user"]),
    (
        &[
            "secretsdump.py",
            "wmiexec.py",
            "psexec.py",
            "smbexec.py",
            "atexec.py",
            "dcomexec.py",
            "getuserspns.py",
        ],
        "",
        Takes::Hosts,
        &[],
    ),
];
/// Endings of cmdlets that are about an account, and their options that name it.
const CMDLETS: [&str; 10] = [
    "-aduser",
    "-localuser",
    "-adaccount",
    "-mailbox",
    "-msoluser",
    "-azureaduser",
    "-mguser",
    "-adgroupmember",
    "-localgroupmember",
    "-adprincipalgroupmembership",
];
const CMDLET_OPTIONS: [&str; 13] = [
    "-samaccountname",
    "-userprincipalname",
    "-username",
    "-userid",
    "-displayname",
    "-givenname",
    "-surname",
    "-member",
    "-members",
    "-user",
    "-credential",
    "-identity",
    "-name",
];
/// Options after which an account stands, whatever the command.
const OPTIONS: [&str; 7] =
    ["/ru", "/user", "--username", "-username", "-samaccountname", "-userprincipalname", "-credential"];
/// Commands that are ordinary words too: believed only where a command begins.
const ALSO_WORDS: [&str; 8] = ["su", "id", "login", "finger", "groups", "query", "passwd", "curl"];
/// What a command may stand behind.
const BEFORE: [&str; 12] =
    ["sudo", "doas", "nohup", "exec", "time", "env", "-c", "/c", "/k", "-", "--", "do"];

/// A word of a command line.
#[derive(Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    /// What stands behind it; nothing where quotes say where it ends.
    behind: &'t str,
    /// Whether a command may begin with it.
    begins: bool,
}

/// Passes every account that a command in `lower` names to `found`, with the text behind it: a name without quotes may go on
/// there. `lower` is in lower case.
pub(super) fn accounts(lower: &str, found: &mut dyn FnMut(&str, &str)) {
    let words = words(lower);
    for (at, word) in words.iter().enumerate() {
        let end = words[at + 1..].iter().position(|it| it.begins).map_or(words.len(), |it| at + 1 + it);
        let rest = &words[at + 1..end];
        if word.behind.is_empty() && word.text.contains(' ') && word.text.len() < lower.len() {
            // A command in quotes, as shells take it.
            accounts(word.text, found);
        }
        if OPTIONS.contains(&word.text) {
            rest.first().iter().for_each(|it| found(it.text, it.behind));
        }
        let program = program(word.text);
        let is_believed = !ALSO_WORDS.contains(&program)
            || word.begins
            || word.text.contains('=')
            || at.checked_sub(1).is_some_and(|it| BEFORE.contains(&words[it].text));
        for (programs, follows, takes, options) in COMMANDS {
            if !is_believed || !programs.contains(&program) {
                continue;
            }
            let Some(from) = after(rest, follows) else { continue };
            arguments(&rest[from..], takes, options, found);
        }
        if CMDLETS.iter().any(|it| program.ends_with(it)) {
            let first = rest.first().filter(|it| !it.text.starts_with('-'));
            first.iter().for_each(|it| found(it.text, it.behind));
            arguments(rest, Takes::Nothing, &CMDLET_OPTIONS, found);
        }
    }
}

/// Where the arguments begin that stand behind the word `follows`.
fn after(rest: &[Word<'_>], follows: &str) -> Option<usize> {
    if follows.is_empty() {
        return Some(0);
    }
    rest.iter().take(2).position(|it| it.text == follows).map(|it| it + 1)
}

fn arguments(rest: &[Word<'_>], takes: Takes, options: &[&str], found: &mut dyn FnMut(&str, &str)) {
    for pair in rest.windows(2).filter(|it| options.contains(&it[0].text)) {
        // `-u name:password`
        let name = pair[1].text.split(':').next().unwrap_or_default();
        name.split(',').for_each(|it| found(it, pair[1].behind));
    }
    let is_plain = |it: &&Word<'_>| {
        !it.text.is_empty() && !it.text.starts_with(['-', '/']) && !it.text.contains(['<', '>'])
    };
    let mut plain = rest.iter().filter(is_plain);
    match takes {
        Takes::First => plain.next().iter().for_each(|it| found(it.text, it.behind)),
        Takes::Last => plain.next_back().iter().for_each(|it| found(it.text, it.behind)),
        Takes::Rest => plain.skip(1).for_each(|it| found(it.text, it.behind)),
        Takes::Owner => {
            let owner = plain.next().map(|it| it.text.split([':', '.']).next().unwrap_or_default());
            owner.iter().for_each(|it| found(it, ""));
        }
        Takes::Dn => {
            let name = plain.next().and_then(|it| common_name(it.text));
            name.iter().for_each(|it| found(it, ""));
        }
        Takes::Hosts => {
            for it in plain.filter_map(|it| it.text.rsplit_once('@')) {
                let login = it.0.rsplit('/').next().unwrap_or_default();
                found(login.split(':').next().unwrap_or_default(), "");
            }
        }
        Takes::Nothing => {}
    }
}

/// The first common name in a distinguished name; a comma in it is written `\,`.
pub(super) fn common_name(dn: &str) -> Option<&str> {
    let rest = dn.get(..3).filter(|it| it.eq_ignore_ascii_case("cn=")).and_then(|_| dn.get(3..))?;
    let end = rest.match_indices([',', '"']).map(|it| it.0).find(|it| !rest[..*it].ends_with('\\'));
    Some(rest[..end.unwrap_or(rest.len())].trim())
}

/// The program's name without its folder and ending, and without what assigns it (`COMMAND=/bin/su`).
fn program(word: &str) -> &str {
    let word = word.rsplit_once('=').map_or(word, |it| it.1);
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// The words of `text`: quotes hold together what stands in them, where they begin a word.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut rest, mut begins) = (text, true);
    loop {
        let skipped = rest.trim_start_matches(|it: char| it.is_whitespace() || SEPARATORS.contains(&it));
        begins |= rest[..rest.len() - skipped.len()].contains(SEPARATORS);
        rest = skipped;
        if rest.is_empty() {
            return words;
        }
        let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''));
        let quoted = quote.and_then(|quote| rest[1..].split_once(quote));
        if let Some((inside, behind)) = quoted {
            words.push(Word { text: inside.trim(), behind: "", begins });
            rest = behind;
        } else {
            let end = rest.find(|it: char| it.is_whitespace() || it == '"' || SEPARATORS.contains(&it));
            // A quote that nothing closes is a word by itself.
            let end = end.unwrap_or(rest.len()).max(usize::from(quote.is_some()));
            let (word, behind) = rest.split_at(end);
            words.push(Word { text: word, behind, begins });
            rest = behind;
        }
        begins = false;
    }
}

/// What ends a command.
const SEPARATORS: [char; 8] = ['&', '|', ';', '\n', '(', ')', '{', '}'];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &[&str]) {
        let mut names = Vec::new();
        accounts(line, &mut |name, _| names.push(name.to_owned()));
        names.sort();
        names.dedup();
        assert_eq!(names, expect, "{line}");
    }

    #[test]
    fn commands_name_accounts_where_they_take_them() {
        check(r#"net user /domain "max brod""#, &["max brod"]);
        check(r#"c:\windows\system32\net.exe user "max brod" pw /add"#, &["max brod"]);
        check("net localgroup administrators dymant /add", &["dymant"]);
        check("ssh dymant@srv", &["dymant"]);
        check("/usr/bin/ssh -p 22 -l dymant srv", &["dymant"]);
        check("scp -r x.tar otto@10.0.0.7:/tmp", &["otto"]);
        check("sudo -u otto ls; su - dymant", &["dymant", "otto"]);
        check("useradd -m -s /bin/bash frank && passwd frank", &["frank"]);
        check("gpasswd -a frank docker", &["frank"]);
        check("chown -r dymant:staff /srv", &["dymant"]);
        check(r#"dsadd user "cn=max brod,ou=staff,dc=corp" -samid mbrod"#, &["max brod", "mbrod"]);
        check("powershell get-aduser dymant; new-localuser -name \"max brod\"", &["dymant", "max brod"]);
        check("schtasks /create /ru dymant /tn x", &["dymant"]);
        check("curl -u otto:pw http://x", &["otto"]);
        check("bash -c 'ssh otto@srv'", &["otto"]);
        check("wmiexec.py corp/otto:pw@10.0.0.1", &["otto"]);
        check("mkdir /tmp/x; the user id is 5, the login of somebody", &[]);
        check("cat /etc/passwd", &[]);
        check("\"", &[]);
    }
}
