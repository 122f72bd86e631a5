//! What stands beside a verdict: incidents of earlier runs, what was read before, what was muted, what no verdict rests on.

use bulkhead_incident::{Again, Fusion, IncidentDraft};
use bulkhead_model::case::Muted;
use bulkhead_model::estate::Estate;

use crate::cli::Format;
use crate::narrate;
use crate::say::{note, say, text};
use crate::ui::counted;
use crate::when::local;

/// Says what stands beside the verdict; where that is an object on standard output, it stands in it.
pub fn say_beside(lines: &[String], format: Format) {
    for it in lines {
        match format {
            Format::Table => say!("{}", it),
            Format::Json => note!("{}", it),
        }
    }
}

/// Takes out the incidents of an earlier run of which nothing new came, since there is nothing to answer, and says how they stand;
/// those that are not over.
pub fn known_before(fusion: &mut Fusion, estate: &Estate) -> (Vec<IncidentDraft>, Vec<String>) {
    let mut told = Vec::new();
    let (open, over): (Vec<IncidentDraft>, Vec<IncidentDraft>) =
        fusion.incidents.extract_if(.., |it| !it.is_news).partition(|it| it.ended_at.is_none());
    for it in &over {
        let at = local(it.ended_at.unwrap_or(it.last_finding_at), &estate.estate);
        told.push(match it.is_withdrawn {
            true => text!("{} ({}) is withdrawn: what it rested on was dismissed since", it.id, it.title),
            false => {
                text!("{} ({}) is over since {}: nothing new came of it for three days", it.id, it.title, at)
            }
        });
    }
    for it in &open {
        let at = local(it.declared_at, &estate.estate);
        told.push(text!(
            "{} ({}), declared {}, is not over; nothing new of it is in this telemetry",
            it.id,
            it.title,
            at
        ));
    }
    (open, told)
}

/// Says how many findings no verdict rests on.
pub fn read_before(again: &Again, estate: &Estate) -> Vec<String> {
    if again.findings == 0 {
        return Vec::new();
    }
    let mut told = vec![text!(
        "READ BEFORE {}: an earlier run with this baseline took in the same; it counts once",
        counted(usize::try_from(again.findings).unwrap_or(usize::MAX), "finding")
    )];
    told.extend(again.over.iter().map(|it| {
        text!(
            "{} ({}) was declared {} by an earlier run and is over since {}; to answer it again, leave --baseline out",
            it.id,
            it.title,
            local(it.declared_at, &estate.estate),
            local(it.ended_at, &estate.estate)
        )
    }));
    told
}

pub fn say_unplaced(unplaced: u64) {
    if unplaced > 0 {
        note!(
            "NOT JUDGED: {} no time that can be used, or no host; whatever the verdict is, it does not rest on them",
            counted(usize::try_from(unplaced).unwrap_or(usize::MAX), "finding")
                + if unplaced == 1 { " has" } else { " have" }
        );
    }
}

/// Says what counted for nothing because somebody said so.
pub fn say_muted(muted: &[Muted], estate: &Estate) {
    for it in muted {
        note!("{}", narrate::muted(it, |at| local(at, &estate.estate)));
    }
}
