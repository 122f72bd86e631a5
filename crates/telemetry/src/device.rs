//! Messages of network devices: Cisco's IOS, ASA, PIX and FTD, Juniper's. What a message's form defines as user, address or
//! verdict becomes a field; a word that only stands where a name could (`by access-group`) does not.

use bulkhead_model::event::{Field, FieldsEvent};

use crate::forms;

/// `FACILITY-SEVERITY-MNEMONIC` of a Cisco message.
pub(crate) fn mnemonic<'m>(program: &'m str, message: &'m str) -> Option<&'m str> {
    // The tag of a line without a sequence number is the mnemonic itself.
    let text = match program.strip_prefix('%') {
        Some(_) => return program.get(1..).filter(|it| is_mnemonic(it)),
        None => {
            let at = message.find('%').filter(|at| *at == 0 || message[..*at].ends_with(' '))?;
            &message[at + 1..]
        }
    };
    let end = text.find([':', ' ']).unwrap_or(text.len());
    let name = &text[..end];
    is_mnemonic(name).then_some(name)
}

fn is_mnemonic(name: &str) -> bool {
    let mut parts = name.splitn(3, '-');
    let facility = parts.next().unwrap_or_default();
    let severity = parts.next().unwrap_or_default();
    !facility.is_empty()
        && facility.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_')
        && matches!(severity.as_bytes(), [b'0'..=b'7'])
        && parts.next().is_some()
}

/// Adds the fields of a Cisco message.
pub(crate) fn cisco<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    // The mnemonic itself may stand in the message.
    let behind = || mnemonic("", message).and_then(|it| after(message, it)?.strip_prefix(": "));
    let text = behind().unwrap_or(message);
    let ends = ends(text);
    let bracketed = || {
        after(text, "[Source: ")
            .and_then(|it| it.split(']').next())
            .or_else(|| text.rsplit_once('(').and_then(|(_, it)| it.split(')').next()))
            .filter(|it| it.parse::<std::net::IpAddr>().is_ok())
    };
    let source = match ends {
        Some(it) => Some(it.from.0),
        None => bracketed().or_else(|| of_client(text)).or_else(|| forms::source(text)),
    };
    let command = after(text, "logged command:")
        .or_else(|| after(text, "executed the '").map(|it| it.rsplit_once('\'').map_or(it, |it| it.0)));
    let user = user(text);
    match user.and_then(level) {
        Some(level) => push(event, "privilege", Some(level)),
        None => push(event, "user", user),
    }
    push(event, "command", command);
    push(event, "src_ip", source);
    let Some(ends) = ends else { return };
    push(event, "src_port", ends.from.1);
    push(event, "dst_ip", Some(ends.to.0));
    push(event, "dst_port", ends.to.1);
    push(event, "proto", protocol(text));
    push(event, "action", action(text));
}

fn push<'a>(event: &mut FieldsEvent<'a>, name: &'static str, value: Option<&'a str>) {
    if let Some(value) = value.map(str::trim).filter(|it| !it.is_empty()) {
        event.push(name, Field::text(value));
    }
}

fn after<'m>(text: &'m str, key: &str) -> Option<&'m str> {
    text.split_once(key).map(|(_, it)| it)
}

/// The account of those messages whose form names one (Cisco's guides of system messages).
fn user(text: &str) -> Option<&str> {
    let cut = |key: &str| after(text, key).and_then(|it| it.trim_start().split([' ', ',', ';']).next());
    let quoted = |key: &str, end: char| after(text, key).and_then(|it| it.split(end).next());
    // Names may hold blanks: the form says where they end.
    let up_to = |key: &str, ends: &[&str]| {
        let rest = after(text, key)?;
        let end = ends.iter().filter_map(|it| rest.find(it)).min();
        Some(&rest[..end.unwrap_or(rest.len())])
    };
    up_to("User:", &["  ", " logged command", ","])
        .or_else(|| quoted("[user: ", ']'))
        .or_else(|| quoted("User '", '\''))
        .or_else(|| quoted("for user \"", '"'))
        .or_else(|| quoted("for user '", '\''))
        .or_else(|| quoted("User <", '>'))
        .or_else(|| up_to("user = ", &[" : ", ","]))
        .or_else(|| up_to("Username = ", &[","]))
        .or_else(|| cut("Uname: "))
        // Who is logged on by a line alone (`by console`, `by vty0 (10.0.0.5)`) has no name.
        .or_else(|| after(text, "Configured from ")?.split_once(" by ")?.1.split_once(" on ").map(|it| it.0))
        .or_else(|| text.strip_prefix("User ")?.split_once(" has ").map(|it| it.0))
        .map(str::trim)
        .filter(|it| !it.starts_with('*') && !is_line(it))
}

/// The privilege level that stands where an account should: `enable_15` on ASA, `$enab15$` in TACACS+. Whoever knew the
/// enable password, the device does not know a person.
pub(crate) fn level(name: &str) -> Option<&str> {
    let name = name.trim();
    let level = name.strip_prefix("enable_").or_else(|| name.strip_prefix("$enab")?.strip_suffix('$'))?;
    (!level.is_empty() && level.bytes().all(|it| it.is_ascii_digit())).then_some(level)
}

/// Whether a name is that of a line into a device, or stands for a user whom the device does not know.
fn is_line(name: &str) -> bool {
    const LINES: [&str; 6] = ["console", "con", "vty", "tty", "aux", "line"];
    let kind = name.trim_end_matches(|it: char| it.is_ascii_digit() || matches!(it, ' ' | '/'));
    const NOBODY: [&str; 10] = [
        "unknown",
        "unknown user",
        "<unknown>",
        "n/a",
        "none",
        "null",
        "failover",
        "-",
        "(null)",
        "not available",
    ];
    LINES.contains(&kind) || NOBODY.contains(&name.to_ascii_lowercase().as_str())
}

/// `IP = 203.0.113.9`, `IP <203.0.113.9>`, `user IP = ...`.
fn of_client(text: &str) -> Option<&str> {
    ["IP = ", "IP <", "IP address <"].iter().find_map(|it| forms::address(after(text, it)?))
}

/// An address and its port.
type End<'m> = (&'m str, Option<&'m str>);

/// Both ends of the traffic that a message speaks of.
#[derive(Clone, Copy)]
struct Ends<'m> {
    from: End<'m>,
    to: End<'m>,
}

/// `src outside:203.0.113.9/4444 dst inside:10.0.0.5/445`, `from 10.1.1.9/51000 to inside:10.1.1.1/ssh`,
/// `for outside:203.0.113.9/4444 (...) to inside:10.0.0.5/445`, `10.0.6.56(3067) -> 172.36.4.7(139)`.
fn ends(text: &str) -> Option<Ends<'_>> {
    if let Some((left, right)) = text.split_once("->") {
        let left = left.trim_end().rsplit(' ').next()?;
        return Some(Ends { from: end(left)?, to: end(right.trim_start())? });
    }
    for (from, to) in [("src ", " dst "), ("from ", " to "), ("for ", " to ")] {
        let Some(rest) = after(text, from) else { continue };
        let Some((left, right)) = rest.split_once(to) else { continue };
        let (Some(left), Some(right)) = (end(left), end(right)) else { continue };
        // `Built outbound ... for outside:B to inside:A`: who is inside began it.
        let turned = text.contains(" outbound ");
        return Some(if turned { Ends { from: right, to: left } } else { Ends { from: left, to: right } });
    }
    None
}

/// `outside:203.0.113.9/4444`, `10.0.6.56(3067)`.
fn end(text: &str) -> Option<End<'_>> {
    let word = text.split([' ', ',']).next()?;
    let word = if forms::address(word).is_some() { word } else { word.split_once(':')?.1 };
    let at = word.find(['/', '(']).unwrap_or(word.len());
    let address = forms::address(&word[..at])?;
    let port = word.get(at + 1..).map(|it| it.trim_end_matches([')', ';'])).filter(|it| !it.is_empty());
    Some((address, port))
}

fn protocol(text: &str) -> Option<&str> {
    text.split([' ', ','])
        .find(|it| ["tcp", "udp", "icmp"].iter().any(|known| it.eq_ignore_ascii_case(known)))
}

/// What was done with the traffic.
fn action(text: &str) -> Option<&'static str> {
    let has = |words: &[&str]| {
        text.split([' ', ',']).any(|it| words.iter().any(|word| it.eq_ignore_ascii_case(word)))
    };
    if has(&["deny", "denied", "dropped", "rejected", "discarded"]) {
        Some("deny")
    } else if has(&["built", "permitted", "permit", "allowed", "accepted"]) {
        Some("accept")
    } else if has(&["teardown"]) {
        Some("teardown")
    } else {
        None
    }
}

/// Juniper's messages, which begin with a name in capitals: `UI_CMDLINE_READ_LINE: User 'root', command 'show'`,
/// `RT_FLOW_SESSION_CREATE: session created 10.0.0.1/1->10.0.0.2/80`, `SSHD_LOGIN_FAILED: Login failed for user 'x' from host
/// '10.0.0.1'`.
pub(crate) fn junos<'a>(message: &'a str, event: &mut FieldsEvent<'a>) -> bool {
    let Some((name, text)) = message.split_once(": ").filter(|(name, _)| is_junos(name)) else {
        return false;
    };
    event.push("junos_event", Field::text(name));
    push(event, "user", user(text).or_else(|| forms::user(text)));
    push(event, "command", after(text, "command '").and_then(|it| it.split('\'').next()));
    if let Some(ends) = ends(text) {
        push(event, "src_ip", Some(ends.from.0));
        push(event, "src_port", ends.from.1);
        push(event, "dst_ip", Some(ends.to.0));
        push(event, "dst_port", ends.to.1);
    } else {
        push(
            event,
            "src_ip",
            after(text, "from host '").and_then(forms::address).or_else(|| forms::source(text)),
        );
    }
    true
}

fn is_junos(name: &str) -> bool {
    const FACILITIES: [&str; 9] =
        ["RT_", "UI_", "SSHD_", "LOGIN_", "IDP_", "AV_", "WEBFILTER_", "APPTRACK_", "SNMPD_"];
    FACILITIES.iter().any(|it| name.starts_with(it))
        && name.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_')
}

#[cfg(test)]
mod tests {
    use bulkhead_model::event::Shape;

    use super::*;

    #[track_caller]
    fn check(message: &str, expect: &str) {
        let mut event = FieldsEvent::new(message.as_bytes(), Shape::Syslog);
        if !junos(message, &mut event) {
            cisco(message, &mut event);
        }
        let shown: Vec<String> = event
            .fields
            .iter()
            .map(|(name, value)| match value {
                Field::Text(it) => format!("{name}={it}"),
                _ => String::new(),
            })
            .collect();
        assert_eq!(shown.join(" "), expect, "{message}");
    }

    #[test]
    fn only_what_the_form_defines_is_a_user() {
        check(
            "Deny tcp src outside:203.0.113.9/4444 dst inside:10.0.0.5/445 by access-group \"outside_in\" [0x0, 0x0]",
            "src_ip=203.0.113.9 src_port=4444 dst_ip=10.0.0.5 dst_port=445 proto=tcp action=deny",
        );
        check("User 'enable_15' executed the 'write mem' command.", "privilege=15 command=write mem");
        check(
            "Login permitted from 10.1.1.9/51000 to inside:10.1.1.1/ssh for user \"kim\"",
            "user=kim src_ip=10.1.1.9 src_port=51000 dst_ip=10.1.1.1 dst_port=ssh action=accept",
        );
        check(
            "Built inbound TCP connection 1 for outside:203.0.113.9/4444 (203.0.113.9/4444) to inside:10.0.0.5/445 (10.0.0.5/445)",
            "src_ip=203.0.113.9 src_port=4444 dst_ip=10.0.0.5 dst_port=445 proto=TCP action=accept",
        );
        check("[ Scanning] drop rate-1 exceeded by host 203.0.113.9", "");
        check("Interface Gi0/1, changed state to down by operator", "");
        check(
            "list 102 denied tcp 10.0.6.56(3067) -> 172.36.4.7(139), 1 packet",
            "src_ip=10.0.6.56 src_port=3067 dst_ip=172.36.4.7 dst_port=139 proto=tcp action=deny",
        );
        check("User kim has exited tty session 2(10.1.1.9)", "user=kim src_ip=10.1.1.9");
        check("Configured from console by admin on vty0 (10.0.0.5)", "user=admin src_ip=10.0.0.5");
        check(
            "Configured from console by van der berg on vty0 (10.0.0.5)",
            "user=van der berg src_ip=10.0.0.5",
        );
        check("Group <g> User <kim> IP <198.51.100.7> connected", "user=kim src_ip=198.51.100.7");
    }

    #[test]
    fn a_line_into_a_device_is_nobody() {
        check("Configured from console by console", "");
        check("Configured from memory by console", "");
        check("Configured from console by vty0 (10.0.0.5)", "src_ip=10.0.0.5");
        check("Configured from tftp://10.0.0.9/rtr1 by console on con0", "");
        check("User  has exited tty session 0(10.1.1.9)", "src_ip=10.1.1.9");
        check("User van der berg has exited tty session 0(10.1.1.9)", "user=van der berg src_ip=10.1.1.9");
        check("User:console  logged command:no logging", "command=no logging");
        check("User:unknown user  logged command:no logging", "command=no logging");
        check("User:a b  logged command:no logging", "user=a b command=no logging");
        check("Login Success [user: ] [Source: 10.1.1.1] [localport: 22]", "src_ip=10.1.1.1");
        check("Reload requested by console. Reload reason: user request", "");
        check(
            "AAA user authentication Successful : server = 10.1.1.1 : user = van der berg",
            "user=van der berg",
        );
        check("User authentication succeeded: IP address: 10.1.1.9, Uname: eve", "user=eve");
    }

    #[test]
    fn junos_names_its_messages() {
        check(
            "UI_CMDLINE_READ_LINE: User 'root', command 'show version '",
            "junos_event=UI_CMDLINE_READ_LINE user=root command=show version",
        );
        check(
            "RT_FLOW_SESSION_CREATE: session created 10.0.0.1/1->10.0.0.2/80 junos-http",
            "junos_event=RT_FLOW_SESSION_CREATE src_ip=10.0.0.1 src_port=1 dst_ip=10.0.0.2 dst_port=80",
        );
    }
}
