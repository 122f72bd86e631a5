//! What an incident is called, and its id.

use std::collections::BTreeSet;

use bulkhead_model::case::{Entity, EntityKind};
use bulkhead_model::trace::fnv;
use jiff::Timestamp;

use crate::draft::Movement;

/// Who, where and what, in plain words.
pub(crate) fn title(
    compromised: &[Entity],
    suspected: &[Entity],
    movements: &[Movement],
    gravest: &str,
) -> String {
    // Where no host is held compromised, those suspected are named, beside the accounts that are.
    let has_host = compromised.iter().any(|it| it.kind == EntityKind::Asset);
    let more = if has_host { &[][..] } else { suspected };
    let of = |kind| compromised.iter().chain(more).filter(move |it| it.kind == kind).map(|it| it.id.as_str());
    let accounts: Vec<&str> = of(EntityKind::Identity).collect();
    let who = match accounts.as_slice() {
        [] => String::new(),
        [one] => format!(" with account {one}"),
        several => format!(" with accounts {}", list(several)),
    };
    let targets: BTreeSet<&str> = movements.iter().map(|it| it.to.as_str()).collect();
    let mut sources: Vec<&str> = Vec::new();
    for movement in movements {
        if !targets.contains(movement.from.as_str()) && !sources.contains(&movement.from.as_str()) {
            sources.push(&movement.from);
        }
    }
    let hosts: Vec<&str> = of(EntityKind::Asset).filter(|it| !sources.contains(it)).collect();
    let what = match (sources.as_slice(), hosts.as_slice()) {
        ([], []) => "Intrusion".to_owned(),
        ([], hosts) if movements.is_empty() => format!("Intrusion on {}", list(hosts)),
        ([], hosts) => format!("Lateral movement across {}", list(hosts)),
        (sources, []) => {
            let targets: Vec<&str> = targets.into_iter().collect();
            format!("Lateral movement from {} towards {}", list(sources), list(&targets))
        }
        (sources, hosts) => format!("Lateral movement from {} to {}", list(sources), list(hosts)),
    };
    format!("{what}{who}: {gravest}")
}

/// At most two names, and how many more.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first} and {second}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

/// `inc-<date>-<six hex digits>`, the digits from the first finding and the seed (FNV-1a, 64 bits).
pub(crate) fn incident_id(first: Timestamp, reference: &str, seed: u64) -> String {
    let time = first.as_nanosecond().to_le_bytes();
    let hash = fnv(seed.to_le_bytes().into_iter().chain(time).chain(reference.bytes()));
    let date = first.strftime("%Y%m%d");
    format!("inc-{date}-{:06x}", (hash ^ (hash >> 32)) & 0xff_ffff)
}
