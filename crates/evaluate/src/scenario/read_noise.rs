//! Reading the noise of a scenario: which keys a kind has depends on whether it goes on all the time or has its days.

use bulkhead_model::span::Span;
use bulkhead_model::yaml::Node;
use jiff::civil::{Time, Weekday};

use super::decode::Faults;
use super::read::picks;
use super::{Dates, Noise, NoiseKind, Pace, Rhythm};

const STEADY: &[&str] = &["kind", "on", "per_hour", "rhythm"];
const DATED: &[&str] = &["kind", "on", "from", "days", "weeks", "at", "lasts", "announced", "share"];
const JOINERS: &[&str] = &["kind", "on", "from", "days", "weeks", "at", "lasts", "announced", "count"];
const ALL: &[&str] = &[
    "kind",
    "on",
    "per_hour",
    "rhythm",
    "from",
    "days",
    "weeks",
    "at",
    "lasts",
    "announced",
    "share",
    "count",
];
const DAYS: &[(&str, Weekday)] = &[
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
/// What happens on a day is over within a day.
const LASTS_MAX: Span = Span::from_secs(86_400);

pub(super) fn noises(faults: &mut Faults<'_>, node: &Node) -> Vec<Noise> {
    let mut noises = Vec::new();
    for item in faults.items(node, "noise") {
        let known = item.as_map().and(item.get("kind")).and_then(Node::as_str);
        let known = known.and_then(|text| NoiseKind::ALL.iter().find(|(name, _)| *name == text));
        let (what, keys) = match known {
            None => ("noise".to_owned(), ALL),
            Some((name, kind)) => (format!("noise of kind `{name}`"), keys(*kind)),
        };
        if !faults.keys(item, &what, keys) {
            continue;
        }
        if item.get("kind").is_none() {
            faults.missing(item, "noise", "kind");
        }
        let Some(kind) = faults.choice(item, "kind", NoiseKind::ALL) else { continue };
        let on = picks(faults, item, "on");
        let pace = match kind.dates() {
            Some(usual) => Pace::Dated(dates(faults, item, usual)),
            None => Pace::Steady {
                per_hour: faults.amount(item, "per_hour").unwrap_or(1.0),
                rhythm: faults.choice(item, "rhythm", Rhythm::ALL).unwrap_or_default(),
            },
        };
        noises.push(Noise { kind, on, pace });
    }
    noises
}

fn keys(kind: NoiseKind) -> &'static [&'static str] {
    match kind {
        NoiseKind::Joiners => JOINERS,
        _ if kind.dates().is_some() => DATED,
        _ => STEADY,
    }
}

/// What is not given is as `usual`.
fn dates(faults: &mut Faults<'_>, node: &Node, usual: Dates) -> Dates {
    let from = picks(faults, node, "from");
    let days = faults.choices(node, "days", DAYS);
    if let Some(value) = node.get("days").filter(|it| it.as_seq().is_some_and(<[Node]>::is_empty)) {
        faults.error(
            "bad-value",
            value.pos,
            "`days` names no day",
            "leave it out for the usual days of the kind",
        );
    }
    let weeks = weeks(faults, node);
    let at = faults.parsed::<Time>(node, "at", "write a time of day, such as \"20:30\"");
    let lasts = faults.parsed::<Span>(node, "lasts", "").unwrap_or(usual.lasts);
    if lasts > LASTS_MAX || lasts == Span::default() {
        let pos = node.get("lasts").map_or(node.pos, |it| it.pos);
        faults.error("bad-value", pos, format!("`lasts`: {lasts} is not above 0s and at most 1d"), "");
    }
    let amount = match node.get("share").filter(|it| !it.is_null()) {
        Some(value) => {
            let share = value.as_f64().filter(|it| (0.0..=1.0).contains(it));
            if share.is_none() {
                let message =
                    format!("expected a number from 0 to 1 under `share`, found {}", value.describe());
                faults.error("wrong-type", value.pos, message, "1 means all hosts of `on`, each time");
            }
            share
        }
        None => faults.amount(node, "count"),
    };
    Dates {
        from,
        days: if node.get("days").is_some() { days } else { usual.days },
        weeks: if node.get("weeks").is_some() { weeks } else { usual.weeks },
        at: at.map_or(usual.at, seconds),
        lasts,
        announced: faults.truth(node, "announced").unwrap_or_default(),
        amount: amount.unwrap_or(usual.amount),
    }
}

fn seconds(time: Time) -> Span {
    let part = |it: i8, unit: u64| u64::try_from(it).unwrap_or_default() * unit;
    Span::from_secs(part(time.hour(), 3600) + part(time.minute(), 60) + part(time.second(), 1))
}

fn weeks(faults: &mut Faults<'_>, node: &Node) -> Vec<u8> {
    let mut weeks = Vec::new();
    for item in faults.items(node, "weeks") {
        match item.as_u64().and_then(|it| u8::try_from(it).ok()).filter(|it| (1..=5).contains(it)) {
            Some(week) => weeks.push(week),
            None => {
                let message = format!("expected a number from 1 to 5 in `weeks`, found {}", item.describe());
                faults.error("wrong-type", item.pos, message, "2 means the second of those days in a month");
            }
        }
    }
    weeks
}
