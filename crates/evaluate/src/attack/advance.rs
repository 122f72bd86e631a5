//! Moving on: the next host on the shortest path the estate and the defence leave open, and as whom.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bulkhead_model::estate::Identity;
use bulkhead_model::span::Span;
use jiff::Timestamp;

use super::{Attack, Doing, Turn, later};
use crate::defence::Peer;
use crate::movement::Move;
use crate::telemetry::Conn;
use crate::truth::{Act, Outcome};
use crate::world::{Account, HostNo, Os};

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
        let mut sources: BTreeSet<HostNo> = self.commanded(at).into_keys().collect();
        if let Some(on) = step.on.as_ref().and_then(|it| self.cast.get(it))
            && number == 0
        {
            sources.retain(|it| it == on);
        }
        if sources.is_empty() {
            return self.stranded(at, turn, target);
        }
        let open = self.path(at, turn, &sources, target, true);
        // Where the defence leaves no way, the attacker presses on along the one there was, as far as it goes.
        let path = open.or_else(|| self.path(at, turn, &sources, target, false));
        let first = path.as_ref().and_then(|it| it.first()).copied();
        match first.and_then(|(from, step)| self.passable(from, step, at)) {
            Some(hop) => self.make_hop(at, turn, &hop),
            None => self.refused(at, turn, first, &sources, target),
        }
    }

    fn make_hop(&mut self, at: Timestamp, turn: Turn<'a>, hop: &Hop) {
        let Turn { step, number } = turn;
        let doing = Doing { step, number, at, host: hop.from };
        self.hop(&doing, hop);
        self.held.insert(hop.step.to);
        self.note_move(&doing, Some(hop), hop.step.to, Some(hop.step), Outcome::Done);
        if number + 1 < step.count {
            let jitter = self.rng(step, number).below(step.every.secs() / 5 + 1);
            let pause = Span::from_secs(step.every.secs() + jitter);
            self.queue(later(at, pause), Turn { step, number: number + 1 });
        }
    }

    /// Nothing held can be commanded.
    fn stranded(&mut self, at: Timestamp, turn: Turn<'_>, target: HostNo) {
        let wanted = turn.step.on.as_ref().and_then(|it| self.cast.get(it)).copied();
        let from = wanted.filter(|it| self.held.contains(it)).or_else(|| self.held.iter().next().copied());
        let lost = from.and_then(|it| self.command_lost(it, at));
        let nothing = || Outcome::Impossible("no host is in the attacker's hands".to_owned());
        let doing = Doing { step: turn.step, number: turn.number, at, host: from.unwrap_or(target) };
        self.note_move(&doing, None, target, None, lost.unwrap_or_else(nothing));
    }

    /// The move as it can be made now, if the defence lets it.
    fn passable(&self, from: HostNo, step: Move, at: Timestamp) -> Option<Hop> {
        if self.dropped(from, step.to, step.port, at).is_some() {
            return None;
        }
        let (account, secret_known) = self.account(from, step, at)?;
        Some(Hop { from, step, account, secret_known })
    }

    /// A shortest path from any of `sources` to `target`; `open`: only through what the defence lets pass.
    fn path(
        &self,
        at: Timestamp,
        turn: Turn<'_>,
        sources: &BTreeSet<HostNo>,
        target: HostNo,
        open: bool,
    ) -> Option<Vec<(HostNo, Move)>> {
        let mut rng = self.rng(turn.step, turn.number);
        let mut before: BTreeMap<HostNo, Option<(HostNo, Move)>> =
            sources.iter().map(|it| (*it, None)).collect();
        let mut queue: VecDeque<HostNo> = sources.iter().copied().collect();
        while let Some(from) = queue.pop_front() {
            let mut moves = self.movement.moves(self.world, from);
            // Equal paths: the seed decides.
            let turnaround = usize::try_from(rng.below(moves.len() as u64)).unwrap_or_default();
            moves.rotate_left(turnaround);
            moves.sort_by_key(|it| it.rank);
            for step in moves {
                let is_open = !open || self.passable(from, step, at).is_some();
                if before.contains_key(&step.to) || !is_open {
                    continue;
                }
                before.insert(step.to, Some((from, step)));
                if step.to == target {
                    return Some(back(&before, target));
                }
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
                Os::Windows => "Administrator",
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

    /// No way on: the attacker knocks at the next door, or at the target's, and the walls show it.
    fn refused(
        &mut self,
        at: Timestamp,
        turn: Turn<'_>,
        next: Option<(HostNo, Move)>,
        sources: &BTreeSet<HostNo>,
        target: HostNo,
    ) {
        let Some(from) = next.map(|it| it.0).or_else(|| sources.iter().next_back().copied()) else { return };
        let usual = if self.world.host(target).os == Os::Windows { 445 } else { 22 };
        let (to, port) = next.map_or((target, usual), |(_, step)| (step.to, step.port));
        let outcome = match next.map(|(from, step)| self.dropped(from, step.to, step.port, at)) {
            Some(Some(rule)) => Outcome::Blocked(rule),
            Some(None) => {
                Outcome::Blocked(format!("every identity with a right on {} is disabled", self.world.id(to)))
            }
            None => Outcome::Impossible(format!("the estate allows no path to {}", self.world.id(target))),
        };
        let doing = Doing { step: turn.step, number: turn.number, at, host: from };
        let mut scene = self.scene(&doing);
        for _ in 0..3 {
            scene.denied(from, Peer::Host(to), port);
            scene.conn(Conn::unanswered(Peer::Host(from), Peer::Host(to), port));
        }
        self.note_move(&doing, None, to, next.map(|it| it.1), outcome);
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

/// The path that ends at `target`.
fn back(before: &BTreeMap<HostNo, Option<(HostNo, Move)>>, target: HostNo) -> Vec<(HostNo, Move)> {
    let mut path = Vec::new();
    let mut here = target;
    while let Some(Some((from, step))) = before.get(&here) {
        path.push((*from, *step));
        here = *from;
    }
    path.reverse();
    path
}
