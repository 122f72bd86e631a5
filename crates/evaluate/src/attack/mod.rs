//! The attacker: plays a scenario's steps in order of time, obeying the estate and whatever the defence has installed.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::id::IdentityId;
use bulkhead_model::span::Span;
use jiff::{SignedDuration, Timestamp};

use crate::defence::{Defence, Peer};
use crate::movement::{Movement, WayOut};
use crate::rng::Rng;
use crate::scenario::{ActKind, Step};
use crate::telemetry::{Scene, Sink};
use crate::truth::{Act, Outcome, Truth};
use crate::world::{HostNo, Os, World, outside};

mod acts;
mod advance;
mod command;
mod hop;

/// The attack being played.
pub(crate) struct Attack<'a, 'e> {
    pub world: &'a World<'e>,
    pub movement: &'a Movement,
    /// In order of time.
    pub defences: &'a [Defence],
    pub seed: u64,
    pub cast: BTreeMap<String, HostNo>,
    /// Hosts in the attacker's hands.
    pub held: BTreeSet<HostNo>,
    /// Ports through which hosts were entered from outside.
    doors: BTreeMap<HostNo, u16>,
    /// How many defences have been applied to `held`.
    applied: usize,
    pub truth: Truth,
    pub sink: &'a mut Sink,
    queue: BTreeMap<(Timestamp, usize), Turn<'a>>,
    queued: usize,
}

/// One turn of a step that may take several.
#[derive(Clone, Copy)]
struct Turn<'a> {
    step: &'a Step,
    number: u32,
}

/// Where and how one act happens.
pub(crate) struct Doing<'s> {
    pub step: &'s Step,
    pub number: u32,
    pub at: Timestamp,
    pub host: HostNo,
}

impl<'a, 'e> Attack<'a, 'e> {
    pub fn new(
        scenario: &str,
        world: &'a World<'e>,
        movement: &'a Movement,
        cast: BTreeMap<String, HostNo>,
        defences: &'a [Defence],
        seed: u64,
        sink: &'a mut Sink,
    ) -> Self {
        let truth = Truth {
            scenario: scenario.to_owned(),
            seed,
            cast: cast.iter().map(|(name, no)| (name.clone(), world.id(*no))).collect(),
            ..Truth::default()
        };
        Self {
            world,
            movement,
            defences,
            seed,
            cast,
            held: BTreeSet::new(),
            doors: BTreeMap::new(),
            applied: 0,
            truth,
            sink,
            queue: BTreeMap::new(),
            queued: 0,
        }
    }

    /// Plans `steps` from `start` on.
    pub fn plan(&mut self, steps: &'a [Step], start: Timestamp) {
        for step in steps {
            self.queue(later(start, step.at), Turn { step, number: 0 });
        }
    }

    fn queue(&mut self, at: Timestamp, turn: Turn<'a>) {
        self.queue.insert((at, self.queued), turn);
        self.queued += 1;
    }

    /// Plays everything planned.
    pub fn run(mut self) -> Truth {
        while let Some(((at, _), turn)) = self.queue.pop_first() {
            self.apply_defences(at);
            self.turn(at, turn);
        }
        self.apply_defences(Timestamp::MAX);
        self.truth.acts.sort_by_key(|it| it.at);
        self.truth.first_act = self.truth.acts.iter().find(|it| it.is_done()).map(|it| it.at);
        self.truth
    }

    /// Takes back what was rebuilt until `at`.
    fn apply_defences(&mut self, at: Timestamp) {
        while let Some(defence) = self.defences.get(self.applied).filter(|it| it.at <= at) {
            self.applied += 1;
            for asset in &defence.rebuilt {
                if let Some((no, _)) = self.world.index.asset(asset.as_str())
                    && self.held.remove(&no)
                {
                    self.doors.remove(&no);
                    self.truth.rebuilt.push((defence.at, asset.clone()));
                }
            }
        }
    }

    fn turn(&mut self, at: Timestamp, turn: Turn<'a>) {
        let Turn { step, number } = turn;
        if step.act == ActKind::Advance {
            return self.advance(at, turn);
        }
        let Some(host) = step.on.as_ref().and_then(|it| self.cast.get(it)).copied() else {
            return;
        };
        let doing = Doing { step, number, at, host };
        match self.hindrance(step.act, host, at) {
            Some(outcome) => self.hindered(&doing, outcome),
            None => {
                self.perform(&doing);
                if step.act.is_entry() {
                    self.enter(step.act, host);
                }
            }
        }
        if step.act == ActKind::Beacon && number + 1 < step.count {
            // A call a little early or late each time, as implants make it.
            let jitter = self.rng(step, number).below(step.every.secs() / 10 + 1);
            self.queue(
                later(at, Span::from_secs(step.every.secs() + jitter)),
                Turn { step, number: number + 1 },
            );
        }
    }

    /// `host` comes into the attacker's hands.
    fn enter(&mut self, act: ActKind, host: HostNo) {
        self.held.insert(host);
        let door = match (act, self.world.host(host).os) {
            (ActKind::ExploitPublic, _) => 443,
            (ActKind::Login, Os::Windows) => 3389,
            (ActKind::Login, _) => 22,
            _ => return,
        };
        self.doors.insert(host, door);
    }

    /// What keeps the attacker from doing `act` on `host`, if anything.
    fn hindrance(&self, act: ActKind, host: HostNo, at: Timestamp) -> Option<Outcome> {
        match act {
            ActKind::Phishing => return self.call_out_hindered(host, at),
            ActKind::ExploitPublic | ActKind::Login => {
                let from = Peer::Outside(outside::COMMAND);
                return self.dropped_at(from, Peer::Host(host), 443, at).map(Outcome::Blocked);
            }
            _ => {}
        }
        if !self.held.contains(&host) {
            let why = format!("{} is not in the attacker's hands", self.world.id(host));
            return Some(Outcome::Impossible(why));
        }
        if act == ActKind::Beacon { self.call_out_hindered(host, at) } else { self.command_lost(host, at) }
    }

    /// The defence in force at `at`.
    pub fn defence(&self, at: Timestamp) -> Option<&'a Defence> {
        self.defences.iter().rev().find(|it| it.at <= at)
    }

    pub fn is_disabled(&self, identity: &IdentityId, at: Timestamp) -> bool {
        self.defence(at).is_some_and(|it| it.disabled_at(identity).is_some())
    }

    /// The stream of one turn of one step.
    pub fn rng(&self, step: &Step, number: u32) -> Rng {
        Rng::new(self.seed, &format!("step {} {number}", step.id))
    }

    pub fn scene(&mut self, doing: &Doing<'_>) -> Scene<'_, 'e> {
        let rng = self.rng(doing.step, doing.number);
        Scene { world: self.world, movement: self.movement, sink: self.sink, rng, at: doing.at }
    }

    /// Notes an act that did not work, and what the sensors see of the attempt.
    fn hindered(&mut self, doing: &Doing<'_>, outcome: Outcome) {
        if matches!(outcome, Outcome::Blocked(_))
            && matches!(doing.step.act, ActKind::Beacon | ActKind::Exfiltrate)
        {
            let (to, port) = match self.movement.way_out(self.world, doing.host) {
                WayOut::Proxy(proxy, port) => (Peer::Host(proxy), port),
                WayOut::Direct | WayOut::None => (Peer::Outside(outside::COMMAND), 443),
            };
            self.scene(doing).denied(doing.host, to, port);
        }
        let text = format!("{} on {}", doing.step.id, self.world.id(doing.host));
        self.note(doing, doing.step.act.technique(), None, outcome, text);
    }

    /// Notes an act on one host.
    pub fn note(
        &mut self,
        doing: &Doing<'_>,
        (technique, tactic): (&str, &str),
        identity: Option<IdentityId>,
        outcome: Outcome,
        text: String,
    ) {
        self.truth.acts.push(Act {
            at: doing.at,
            step: doing.step.id.clone(),
            technique: technique.to_owned(),
            tactic: tactic.to_owned(),
            host: self.world.id(doing.host),
            identity,
            target: None,
            port: None,
            outcome,
            text,
        });
    }
}

/// `span` after `at`; the end of time when there is no such instant.
pub(crate) fn later(at: Timestamp, span: Span) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(span.secs()).unwrap_or(i64::MAX));
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
