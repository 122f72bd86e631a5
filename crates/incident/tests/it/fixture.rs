//! Short ways to write findings and observations. All times are on one day, as `HH:MM:SS`, or `D+HH:MM:SS` days later.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulkhead_model::entity::{Creation, Logon, Observations, ObservedFlow, ObservedHost, Transfer, Volume};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::{Finding, Level, RuleRef, SourceRef};
use bulkhead_model::sensor::hour_of;
use bulkhead_model::trace::Trace;
use jiff::{SignedDuration, Timestamp};

pub fn estate() -> Estate {
    serde_json::from_str(include_str!("estate.json")).unwrap()
}

pub fn at(text: &str) -> Timestamp {
    let (days, time) = text.split_once('+').unwrap_or(("0", text));
    let start: Timestamp = format!("2026-03-02T{time}Z").parse().unwrap();
    start + SignedDuration::from_hours(24 * days.parse::<i64>().unwrap())
}

/// `TIME HOST USER LEVEL RULE TAG,TAG [xCOUNT/SECONDS]`; `-` for no user or no tags; repeated `COUNT` times. A line that
/// begins with `=` is another rule on the event of the line before.
pub fn findings(lines: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in lines {
        let same_event = line.starts_with('=');
        let words: Vec<&str> = line.trim_start_matches('=').split_whitespace().collect();
        let (count, step) = words.get(6).map_or((1, 0), |it| {
            let (count, step) = it.trim_start_matches('x').split_once('/').unwrap();
            (count.parse().unwrap(), step.parse().unwrap())
        });
        for index in 0..count {
            let time = at(words[0]) + SignedDuration::from_secs(index * step);
            let record = findings.len() as u64 + u64::from(!same_event);
            findings.push(finding(time, &words, record));
        }
    }
    findings
}

fn finding(time: Timestamp, words: &[&str], record: u64) -> Finding {
    let given = |it: &str| (it != "-").then(|| it.to_owned());
    let tags = words[5].split(',').filter(|it| *it != "-");
    let tags = tags.map(|it| if it.contains('.') { it.to_owned() } else { format!("attack.{it}") });
    let rule = RuleRef {
        id: words[4].to_owned(),
        title: format!("Rule {}", words[4]),
        level: Level::from_name(words[3]).unwrap(),
        tags: tags.collect(),
    };
    Finding {
        time: Some(time),
        rule,
        source: SourceRef { file: "log.json".to_owned(), record },
        host: given(words[1]),
        user: given(words[2]),
        fields: BTreeMap::new(),
        trace: Trace::default(),
    }
}

/// Logons `TIME USER FROM TO KIND`, flows `TIME FROM TO tcp/PORT [xCOUNT] [+BYTES]` (each with
/// so many bytes to where it went), hosts by name with their roles, accounts made `TIME BY ACCOUNT HOST`.
pub fn observations(
    hosts: &BTreeMap<String, Vec<String>>,
    logons: &[String],
    flows: &[String],
    created: &[String],
) -> Observations {
    let mut seen = Observations::default();
    for (name, roles) in hosts {
        let host = ObservedHost { roles: roles.iter().cloned().collect(), ..ObservedHost::default() };
        seen.hosts.insert(name.clone(), host);
    }
    for line in logons {
        let words: Vec<&str> = line.split_whitespace().collect();
        let logon = Logon {
            user: words[1].to_lowercase(),
            from: (words[2] != "-").then(|| words[2].to_owned()),
            to: words[3].to_owned(),
            kind: words[4].trim_end_matches('!').to_owned(),
            success: !words[4].ends_with('!'),
        };
        seen.logons.entry(logon).or_default().add(Some(at(words[0])));
    }
    for line in created {
        let words: Vec<&str> = line.split_whitespace().collect();
        let by = (words[1] != "-").then(|| words[1].to_lowercase());
        let it = Creation { account: words[2].to_lowercase(), by, on: words[3].to_owned() };
        seen.created.entry(it).or_default().add(Some(at(words[0])));
    }
    for line in flows {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = |it: &str| it.parse::<IpAddr>().unwrap();
        let (protocol, port) = words[3].split_once('/').unwrap();
        let flow = ObservedFlow {
            from: address(words[1]),
            to: address(words[2]),
            protocol: protocol.to_owned(),
            port: port.parse().unwrap(),
        };
        let option = |sign: char| words[4..].iter().find_map(|it| it.strip_prefix(sign)?.parse::<u64>().ok());
        for _ in 0..option('x').unwrap_or(1) {
            seen.flows.entry(flow.clone()).or_default().add(Some(at(words[0])));
            if let Some(bytes) = option('+') {
                let volume = Volume::new(bytes, at(words[0]));
                let key = Transfer { from: flow.from, to: flow.to, hour: hour_of(at(words[0])) };
                seen.sent.entry(key).and_modify(|it| *it = it.and(volume)).or_insert(volume);
            }
        }
    }
    seen
}
