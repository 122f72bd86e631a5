//! What telemetry a case rests on, and what of it could not be read or was not kept.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What telemetry was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TelemetrySummary {
    /// Events read.
    pub events: u64,
    /// Records that could not be read; counted, never fatal.
    pub malformed: u64,
    /// The sources read, sorted.
    pub sources: Vec<String>,
    /// What of the sources was not read. Whatever is concluded from absence does not hold for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    /// Bytes that were no text (UTF-8) and were replaced in events that were read all the same.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replaced_bytes: u64,
    /// Events that look like a known family, but lack what rules choose events by: no rule can apply to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmatched_families: Vec<UnmatchedFamily>,
    /// Rules that were given and could not be loaded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rules_refused: u64,
    /// Rules that were given and loaded, and that no known log source can meet: nothing maps theirs (they judge events of no
    /// known source), or their condition never holds. That they found nothing says nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rules_idle: u64,
    /// Comparisons of rules with values that were given up because they would have taken too long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub over_budget: u64,
    /// Findings that were counted, but not kept one by one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub findings_not_kept: u64,
    /// Hosts of which one clock was wrong, and by how much their events were set right, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clock_offsets: Vec<ClockOffset>,
    /// Events that say no time of a calendar: what they tell cannot be placed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untimed: u64,
    /// Findings that were judged to be no sign of an intruder because somebody said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub muted: Vec<Muted>,
    /// What the judgement rests on; absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// What the judgement of an incident rests on: what is usual on the hosts, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// By what it goes.
    pub goes_by: GoesBy,
    /// Hosts that something is known of, this telemetry included.
    pub hosts: u64,
    /// Seconds for which they were watched on average, less what is forgotten, this telemetry included.
    pub watched_s: u64,
    /// The baseline that earlier runs kept, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineUsed>,
}

/// By what a judgement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoesBy {
    /// By what the product assumes of any host, since nobody has watched for a day.
    Prior,
    /// By what was learned to be usual on these hosts.
    Learned,
}

/// A baseline as it stood before the telemetry was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineUsed {
    /// The file, as the user named it.
    pub file: String,
    /// Hosts that it knew; none where it was new.
    pub hosts: u64,
    /// Seconds for which it had watched them on average, less what is forgotten.
    pub watched_s: u64,
}

/// A Windows host whose events say by themselves another time than the headers of all its logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockOffset {
    /// Name of the host.
    pub host: String,
    /// Seconds that were added to what headers say, as it was last.
    pub seconds: i64,
    /// Events that are placed by that, and not by what their headers say.
    pub events: u64,
}

/// Findings that count for nothing because the estate announces them, or an operator dismissed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Muted {
    /// By what: `maintenance patch-day`, `scanner audit`, `dismissal`.
    pub by: String,
    /// The reason given.
    pub why: String,
    /// How many.
    pub findings: u64,
    /// Of which rules, the first five by number of findings; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<MutedRule>,
    /// Of how many rules.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_rules: u64,
    /// On which hosts, the first ten by name.
    pub hosts: Vec<String>,
    /// On how many.
    pub n_hosts: u64,
    /// Time of the first.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// Time of the last.
    #[schemars(with = "String")]
    pub last: Timestamp,
}

/// A rule of which findings count for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MutedRule {
    /// Id of the rule.
    pub id: String,
    /// Title of the rule.
    pub title: String,
    /// How many of its findings.
    pub findings: u64,
}

impl TelemetrySummary {
    /// Whether every byte given was read as records, and every rule given looked at all of them.
    pub fn is_whole(&self) -> bool {
        self.malformed == 0
            && self.unread.is_empty()
            && self.unmatched_families.is_empty()
            && self.rules_refused == 0
            && self.over_budget == 0
    }
}

/// A part of a source that was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unread {
    /// The file (and member of an archive), as the user named it.
    pub source: String,
    /// What, and why: `ends in the middle of a member`, `3 of 12 chunks are missing`.
    pub what: String,
    /// How many bytes, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many records, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Time of the last event read before it, where there is one; what is missing is as a rule later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Time of the first event read after it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

/// Events of one source that look like a family, to which no rule can apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct UnmatchedFamily {
    /// The file (and member of an archive), as the user named it.
    pub source: String,
    /// What they look like: `windows`, `zeek`.
    pub family: String,
    /// How many.
    pub events: u64,
}

fn is_zero(it: &u64) -> bool {
    *it == 0
}
