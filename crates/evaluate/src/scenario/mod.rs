//! A scenario: what the attacker does, the noise around it, and what the drill must achieve.

use bulkhead_model::case::Localized;
use bulkhead_model::estate::{Asset, AssetKind, Selector};
use bulkhead_model::span::Span;
use jiff::{SignedDuration, Timestamp};

mod decode;
mod noise;
mod read;
mod read_noise;

pub use noise::{Dates, Noise, NoiseKind, Pace, Rhythm};
pub use read::{LENGTH_MAX, read};

/// A scenario file, version 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Short name.
    pub id: String,
    /// Name for people.
    pub name: Localized,
    /// What it is about, one paragraph.
    pub description: String,
    /// When its telemetry begins.
    pub start: Timestamp,
    /// How much telemetry there is.
    pub length: Span,
    /// How much ordinary life is seen before `start`, so that what is usual can be learned.
    pub before: Span,
    /// Default seed.
    pub seed: u64,
    /// Names for hosts, in the order in which they are cast.
    pub cast: Vec<Role>,
    /// What the attacker does, by time since `start`.
    pub steps: Vec<Step>,
    /// What the attacker does by time since surveillance began.
    pub relapse: Vec<Step>,
    /// Ordinary life.
    pub noise: Vec<Noise>,
    /// With `before`, the built-in scenario whose ordinary life goes on before and during the attack instead.
    pub before_noise: Option<String>,
    /// The time zone of hours and days of `noise`; the estate's when absent.
    pub timezone: Option<String>,
    /// Assets from which no endpoint telemetry comes.
    pub silent: Vec<Pick>,
    /// How long people take.
    pub response: Response,
    /// What the drill must achieve.
    pub objectives: Objectives,
}

impl Scenario {
    /// When its attack begins; none where it has none.
    pub fn attack_begins(&self) -> Option<Timestamp> {
        let first = self.steps.iter().map(|it| it.at.secs()).min()?;
        let after = SignedDuration::from_secs(i64::try_from(first).unwrap_or(i64::MAX));
        Some(self.start.saturating_add(after).unwrap_or(Timestamp::MAX))
    }

    /// Makes ordinary life so many times as busy, of one kind or all. Gives whether there is any of it.
    pub fn scale_noise(&mut self, kind: Option<NoiseKind>, factor: f64) -> bool {
        let mut found = false;
        for it in self.noise.iter_mut().filter(|it| kind.is_none_or(|kind| kind == it.kind)) {
            found = true;
            match &mut it.pace {
                Pace::Steady { per_hour, .. } => *per_hour *= factor,
                Pace::Dated(dates) => dates.amount *= factor,
            }
        }
        found
    }
}

/// A host by the part it plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// The part's name.
    pub name: String,
    /// Selectors in order of preference; the first that means any asset counts, the seed picks among them.
    pub pick: Vec<Pick>,
    /// Whether an agent watches the host. Without one it sends no telemetry of its own: a blind spot.
    pub agent: bool,
    /// Prefer assets to which this part (cast before) has a path; among those, the ones with the shortest.
    pub reachable_from: Option<String>,
}

/// Which assets are meant: all given keys must hold. Richer than the estate's selectors, so that scenarios carry over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pick {
    /// Asset, zone, roles, any: as in the estate.
    pub selector: Selector,
    /// Of this kind.
    pub kind: Option<AssetKind>,
    /// With this operating system.
    pub os: Option<String>,
    /// Crown jewels, or all but.
    pub crown_jewel: Option<bool>,
    /// Holding this class of data.
    pub data: Option<String>,
}

impl Pick {
    /// Whether `asset` is meant.
    pub fn matches(&self, asset: &Asset) -> bool {
        let narrowed =
            self.kind.is_some() || self.os.is_some() || self.crown_jewel.is_some() || self.data.is_some();
        let selected =
            if self.selector == Selector::default() { narrowed } else { self.selector.matches(asset) };
        selected
            && self.kind.is_none_or(|it| it == asset.kind)
            && self
                .os
                .as_ref()
                .is_none_or(|it| asset.os.as_ref().is_some_and(|os| os.eq_ignore_ascii_case(it)))
            && self.crown_jewel.is_none_or(|it| it == asset.crown_jewel)
            && self.data.as_ref().is_none_or(|it| asset.data.contains(it))
    }
}

/// One thing the attacker does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name, unique in the scenario; made from its place when not given.
    pub id: String,
    /// When, since the start (or since surveillance began, for a relapse).
    pub at: Span,
    /// What.
    pub act: ActKind,
    /// The part on whose host it happens, or from whose host it starts. For `advance` absent: from wherever the attacker stands.
    pub on: Option<String>,
    /// The part it aims at: `advance`, `scan`.
    pub toward: Option<String>,
    /// For `advance`, time between hops; for `beacon`, between calls.
    pub every: Span,
    /// For `advance`, most hops; for `beacon`, number of calls; for `scan`, hosts tried.
    pub count: u32,
}

/// What an attacker can do. Each has its telemetry in `telemetry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActKind {
    /// A mail attachment is opened: the attacker holds the host.
    Phishing,
    /// A web application is exploited from outside: the attacker holds the host.
    ExploitPublic,
    /// A stolen password works from outside: the attacker holds the host.
    Login,
    /// The implant calls home.
    Beacon,
    /// Accounts, groups and neighbours are listed.
    Discover,
    /// Other hosts' administration ports are tried.
    Scan,
    /// Secrets are taken from memory or files.
    DumpCredentials,
    /// Few passwords are tried on many accounts.
    Spray,
    /// Service tickets are collected for cracking.
    Kerberoast,
    /// Move, host by host, along the estate's flows.
    Advance,
    /// Survive a reboot.
    Persist,
    /// Blind the defence.
    DisableDefences,
    /// Pack data up.
    Stage,
    /// Send data out.
    Exfiltrate,
    /// Wipe logs.
    ClearLogs,
    /// Destroy backups and data.
    Destroy,
}

impl ActKind {
    /// All, with the names scenarios use.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("phishing", Self::Phishing),
        ("exploit_public", Self::ExploitPublic),
        ("login", Self::Login),
        ("beacon", Self::Beacon),
        ("discover", Self::Discover),
        ("scan", Self::Scan),
        ("dump_credentials", Self::DumpCredentials),
        ("spray", Self::Spray),
        ("kerberoast", Self::Kerberoast),
        ("advance", Self::Advance),
        ("persist", Self::Persist),
        ("disable_defences", Self::DisableDefences),
        ("stage", Self::Stage),
        ("exfiltrate", Self::Exfiltrate),
        ("clear_logs", Self::ClearLogs),
        ("destroy", Self::Destroy),
    ];

    /// Whether it gives the attacker a first hold.
    pub fn is_entry(self) -> bool {
        matches!(self, Self::Phishing | Self::ExploitPublic | Self::Login)
    }

    /// Whether it aims at another part.
    pub fn has_aim(self) -> bool {
        matches!(self, Self::Advance | Self::Scan)
    }

    /// ATT&CK technique and tactic (v19). Moves have their own, by protocol.
    pub fn technique(self) -> (&'static str, &'static str) {
        match self {
            Self::Phishing => ("T1566.001", "initial-access"),
            Self::ExploitPublic => ("T1190", "initial-access"),
            Self::Login => ("T1078", "initial-access"),
            Self::Beacon => ("T1071.001", "command-and-control"),
            Self::Discover => ("T1087", "discovery"),
            Self::Scan => ("T1046", "discovery"),
            Self::DumpCredentials => ("T1003", "credential-access"),
            Self::Spray => ("T1110.003", "credential-access"),
            Self::Kerberoast => ("T1558.003", "credential-access"),
            Self::Advance => ("T1021", "lateral-movement"),
            Self::Persist => ("T1543", "persistence"),
            Self::DisableDefences => ("T1685", "defense-impairment"),
            Self::Stage => ("T1074.001", "collection"),
            Self::Exfiltrate => ("T1048", "exfiltration"),
            Self::ClearLogs => ("T1070", "stealth"),
            Self::Destroy => ("T1490", "impact"),
        }
    }
}

/// How long the people of the drill take; stated assumptions, part of the score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// From the page to somebody who answers it.
    pub acknowledge: Span,
    /// From the plan on the screen to its approval.
    pub approve: Span,
    /// What the commander accepts to stay in the attacker's hands or within reach, by name: parts of the cast, hosts,
    /// accounts. Nothing else is ever accepted.
    pub accept: Vec<String>,
}

impl Default for Response {
    fn default() -> Self {
        Self { acknowledge: Span::from_secs(300), approve: Span::from_secs(600), accept: Vec::new() }
    }
}

/// What the drill must achieve; what is absent is not judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objectives {
    /// From the attacker's first act to the first finding, at most.
    pub mttd: Option<Span>,
    /// From the first finding to verified containment, at most.
    pub mttc: Option<Span>,
    /// From declaration until the main services are back, at most.
    pub main_services_restored: Option<Span>,
    /// Crown jewels the attacker may reach, at most.
    pub crown_jewels_reached: Option<u64>,
    /// Assets in the attacker's hands when contained, at most.
    pub blast_radius: Option<u64>,
    /// Assets the attacker may gain after containment beyond those the plan knowingly left within reach, at most.
    pub moves_beyond_containment: Option<u64>,
    /// Incidents there must be: 0 for a day without an attack.
    pub incidents: Option<u64>,
}
