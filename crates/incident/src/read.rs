//! Which findings were taken in, so that what is read again counts once.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::Finding;
use bulkhead_model::trace::fnv;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::draft::IncidentDraft;

/// Findings that are remembered, the latest: at the rates of `docs/scope.md` some years of a fleet of a thousand hosts.
const FINDINGS_MAX: usize = 200_000;
/// Bits of a mark; so many are exact in every reader of JSON.
const MARK_BITS: u32 = 48;

/// The second of a finding, and a mark of what it says.
pub(crate) type Mark = (i64, u64);

/// Findings that were taken in by earlier runs, and by this one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    earlier: BTreeSet<Mark>,
    now: BTreeSet<Mark>,
    /// How often each was told in the last second of this run: like ones are told apart by their number.
    second: i64,
    told: BTreeMap<u64, u64>,
}

impl Taken {
    pub(crate) fn earlier(marks: Vec<Mark>) -> Self {
        Self { earlier: marks.into_iter().collect(), ..Self::default() }
    }

    /// Takes a finding in; whether an earlier run had done so.
    pub(crate) fn is_again(&mut self, finding: &Finding, at: Timestamp) -> bool {
        let (second, content) = (at.as_second(), content(finding, at));
        if self.second != second {
            (self.second, self.told) = (second, BTreeMap::new());
        }
        let number = self.told.entry(content).or_default();
        *number += 1;
        let mark = (second, fold(content ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        if self.earlier.contains(&mark) {
            return true;
        }
        self.now.insert(mark);
        if self.now.len() > FINDINGS_MAX {
            self.now.pop_first();
        }
        false
    }

    /// What the next run has to know.
    pub(crate) fn kept(self) -> Vec<Mark> {
        let mut all: Vec<Mark> = self.earlier.into_iter().chain(self.now).collect();
        all.sort_unstable();
        all.dedup();
        all.drain(..all.len().saturating_sub(FINDINGS_MAX));
        all
    }
}

/// A number for what a finding says, under whatever name and in whatever place of a file it is read.
fn content(finding: &Finding, at: Timestamp) -> u64 {
    let texts = [Some(&finding.rule.id), finding.host.as_ref(), finding.user.as_ref()];
    let fields =
        finding.fields.iter().filter(|_| finding.trace.content == 0).flat_map(|it| [Some(it.0), Some(it.1)]);
    let texts =
        texts.into_iter().chain(fields).flat_map(|it| it.map_or("", String::as_str).bytes().chain([0]));
    let numbers = [at.as_nanosecond().to_le_bytes(), i128::from(finding.trace.content).to_le_bytes()];
    fnv(texts.chain(numbers.into_iter().flatten()))
}

fn fold(hash: u64) -> u64 {
    (hash ^ (hash >> MARK_BITS)) & ((1 << MARK_BITS) - 1)
}

/// An incident that an earlier run declared and that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// Its id.
    pub id: String,
    /// What it was.
    pub title: String,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was over.
    pub ended_at: Timestamp,
}

/// What an earlier run had taken in: it counts once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Again {
    /// Findings.
    pub findings: u64,
    /// Time of the first and of the last of them.
    between: Option<(Timestamp, Timestamp)>,
    /// Incidents of that time that earlier runs declared and that are over. Known once the stage has finished.
    pub over: Vec<Ended>,
}

impl Again {
    pub(crate) fn add(&mut self, at: Timestamp) {
        self.findings += 1;
        let (first, last) = self.between.unwrap_or((at, at));
        self.between = Some((first.min(at), last.max(at)));
    }

    /// With those of the incidents that it may have been of.
    pub(crate) fn of(mut self, ended: &[Ended]) -> Self {
        let about = |it: &&Ended| {
            self.between.is_some_and(|(first, last)| it.declared_at <= last && first <= it.ended_at)
        };
        self.over = ended.iter().filter(about).cloned().collect();
        self
    }
}

/// Incidents that are over and are remembered, the latest.
const ENDED_MAX: usize = 1000;

/// Those of earlier runs, and those of this one.
pub(crate) fn ended(mut before: Vec<Ended>, over: &[IncidentDraft]) -> Vec<Ended> {
    let ended = |it: &IncidentDraft| {
        let (id, title, declared_at) = (it.id.clone(), it.title.clone(), it.declared_at);
        Some(Ended { id, title, declared_at, ended_at: it.ended_at? })
    };
    before.extend(over.iter().filter_map(ended));
    before.drain(..before.len().saturating_sub(ENDED_MAX));
    before
}
