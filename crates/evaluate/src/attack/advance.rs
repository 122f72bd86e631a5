//! Moving on: the next host on the shortest path the estate and the defence leave open, and as whom.

use std::collections::{BTreeMap, VecDeque};

use bulkhead_model::estate::Identity;
use bulkhead_model::span::Span;
use jiff::Timestamp;

use super::{Attack, Doing, Turn, later};
use crate::defence::Peer;
use crate::movement::Move;
use crate::telemetry::Conn;
use crate::truth::{Act, Outcome};
use crate::world::{Account, HostNo};

/// One hop: from where, the move, as whom.
pub(super) struct Hop {
    pub from: HostNo,
    pub step: Move,
    pub account: Account,
    /// Whether the account's secret lay on a host already held; otherwise its password is guessed.
    pub secret_known: bool,
}

impl<'a> Attack<'a, '_> {
    /// One turn of `advance`: a hop, and the next turn if the aim is not reached.
    pub(super) fn advance(&mut self, at: Timestamp, turn: Turn<'a>) {
        let Turn { step, number } = turn;
        let Some(target) = step.toward.as_ref().and_then(|it| self.cast.get(it)).copied() else {
            return;
        };
        if self.held.contains(&target) {
            return;
        }
        let mut sources = self.commanded(at);
        if let Some(on) = step.on.as_ref().and_then(|it| self.cast.get(it))
            && number == 0
        {
            sources.retain(|it| it == on);
        }
        if sources.is_empty() {
            let outcome = match self.held.iter().next() {
                Some(&host) => Outcome::Blocked(self.command_lost(host, at).unwrap_or_default()),
                None => Outcome::Impossible("no host is in the attacker's hands".to_owned()),
            };
            let host = step.on.as_ref().and_then(|it| self.cast.get(it)).copied().unwrap_or(target);
            let doing = Doing { step, number, at, host };
            let text = format!("move toward {}", self.world.id(target));
            return self.note(&doing, step.act.technique(), None, outcome, text);
        }
        match self.next_hop(at, turn, &sources, target) {
            Some(hop) => {
                let doing = Doing { step, number, at, host: hop.from };
                self.hop(&doing, &hop);
                self.held.insert(hop.step.to);
                self.note_move(&doing, Some(&hop), hop.step.to, Some(hop.step), Outcome::Done);
                if number + 1 < step.count {
                    let jitter = self.rng(step, number).below(step.every.secs() / 5 + 1);
                    let pause = Span::from_secs(step.every.secs() + jitter);
                    self.queue(later(at, pause), Turn { step, number: number + 1 });
                }
            }
            None => self.refused(at, turn, &sources, target),
        }
    }

    /// The first hop of a shortest path from any of `sources` to `target` through hosts not yet held.
    fn next_hop(
        &self,
        at: Timestamp,
        turn: Turn<'_>,
        sources: &std::collections::BTreeSet<HostNo>,
        target: HostNo,
    ) -> Option<Hop> {
        let mut rng = self.rng(turn.step, turn.number);
        // For every host reached: the source of its path and the first move of it.
        let mut first: BTreeMap<HostNo, Option<(HostNo, Move)>> =
            sources.iter().map(|it| (*it, None)).collect();
        let mut queue: VecDeque<HostNo> = sources.iter().copied().collect();
        while let Some(from) = queue.pop_front() {
            let mut moves = self.movement.moves(self.world, from);
            // Equal paths: the seed decides.
            let turnaround = usize::try_from(rng.below(moves.len() as u64)).unwrap_or_default();
            moves.rotate_left(turnaround);
            moves.sort_by_key(|it| it.rank);
            for step in moves {
                if first.contains_key(&step.to) || self.dropped(from, step.to, step.port, at).is_some() {
                    continue;
                }
                if self.account(from, step, at).is_none() {
                    continue;
                }
                let start = first[&from].unwrap_or((from, step));
                if step.to == target {
                    let (from, step) = start;
                    let (account, secret_known) = self.account(from, step, at)?;
                    return Some(Hop { from, step, account, secret_known });
                }
                first.insert(step.to, Some(start));
                queue.push_back(step.to);
            }
        }
        None
    }

    /// As whom a move is made: an identity whose secret lies on a host held, else one that may log on there and whose
    /// password is guessed, else a local account. None when the only ones that may are disabled.
    fn account(&self, from: HostNo, step: Move, at: Timestamp) -> Option<(Account, bool)> {
        let local = || {
            let name = match self.world.host(step.to).os {
                crate::world::Os::Windows => "Administrator",
                _ => "root",
            };
            Account {
                identity: None,
                domain: self.world.host(step.to).short.to_uppercase(),
                name: name.to_owned(),
            }
        };
        let Some(protocol) = step.via.login() else {
            return Some((local(), false));
        };
        let entitled: Vec<&Identity> = self.world.entitled(step.to, protocol).collect();
        let usable: Vec<_> = entitled.iter().filter(|it| !self.is_disabled(&it.id, at)).collect();
        let has_secret = |it: &&&&Identity| {
            let lies_on = |no: &HostNo| it.secrets_on.iter().any(|on| on.matches(self.world.asset(*no)));
            lies_on(&from) || self.held.iter().any(lies_on)
        };
        if let Some(known) = usable.iter().find(has_secret) {
            return Some((self.world.account(known), true));
        }
        match usable.first() {
            Some(guessed) => Some((self.world.account(guessed), false)),
            None if entitled.is_empty() => Some((local(), false)),
            None => None,
        }
    }

    /// No way on: the attacker tries the front door, and the walls show it.
    fn refused(
        &mut self,
        at: Timestamp,
        turn: Turn<'_>,
        sources: &std::collections::BTreeSet<HostNo>,
        target: HostNo,
    ) {
        let Some(&from) = sources.iter().next_back() else { return };
        let port = if self.world.host(target).os == crate::world::Os::Windows { 445 } else { 22 };
        let doing = Doing { step: turn.step, number: turn.number, at, host: from };
        let rule = sources
            .iter()
            .flat_map(|from| self.movement.moves(self.world, *from).into_iter().map(|it| (*from, it)))
            .find_map(|(from, it)| self.dropped(from, it.to, it.port, at));
        let outcome = match rule {
            Some(rule) => Outcome::Blocked(rule),
            None => Outcome::Impossible(format!("the estate allows no path to {}", self.world.id(target))),
        };
        let mut scene = self.scene(&doing);
        for _ in 0..3 {
            scene.denied(from, Peer::Host(target), port);
            scene.conn(Conn::unanswered(Peer::Host(from), Peer::Host(target), port));
        }
        self.note_move(&doing, None, target, None, outcome);
    }

    fn note_move(
        &mut self,
        doing: &Doing<'_>,
        hop: Option<&Hop>,
        to: HostNo,
        step: Option<Move>,
        outcome: Outcome,
    ) {
        let technique = step.map_or(doing.step.act.technique().0, |it| it.via.technique());
        let (from, target) = (self.world.id(doing.host), self.world.id(to));
        let identity = hop.and_then(|it| it.account.identity.clone());
        let whom = identity.as_ref().map_or(String::new(), |it| format!(" as {it}"));
        let how = step.map_or(String::new(), |it| format!(" on tcp/{}", it.port));
        self.truth.acts.push(Act {
            at: doing.at,
            step: doing.step.id.clone(),
            technique: technique.to_owned(),
            tactic: "lateral-movement".to_owned(),
            text: format!("move from {from} to {target}{how}{whom}"),
            host: from,
            identity,
            target: Some(target),
            port: step.map(|it| format!("tcp/{}", it.port)),
            outcome,
        });
    }
}
