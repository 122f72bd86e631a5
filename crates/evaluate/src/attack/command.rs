//! How the attacker commands the hosts held: through a host's own way out, through the door it was entered by, or
//! through other hosts held. What the defence cuts of these, it cuts of the attacker's hands.

use std::collections::BTreeMap;

use bulkhead_model::estate::Port;
use jiff::Timestamp;

use super::Attack;
use crate::defence::Peer;
use crate::movement::{Move, WayOut};
use crate::truth::Outcome;
use crate::world::{HostNo, outside};

/// For every host under command, the host and move through which; none for those the attacker reaches from outside.
pub(super) type Commanded = BTreeMap<HostNo, Option<(HostNo, Move)>>;

impl Attack<'_, '_> {
    /// What keeps a program on `host` from calling out, if anything.
    pub(super) fn call_out_hindered(&self, host: HostNo, at: Timestamp) -> Option<Outcome> {
        match self.movement.way_out(self.world, host) {
            WayOut::None => {
                let id = self.world.id(host);
                Some(Outcome::Impossible(format!("the estate gives {id} no way to the outside")))
            }
            WayOut::Direct => {
                let to = Peer::Outside(outside::COMMAND);
                self.dropped_at(Peer::Host(host), to, 443, at).map(Outcome::Blocked)
            }
            WayOut::Proxy(proxy, port) => self.dropped(host, proxy, port, at).map(Outcome::Blocked),
        }
    }

    /// What keeps the attacker from reaching `host` from outside, by its way out or by the door it was entered through.
    fn unreachable(&self, host: HostNo, at: Timestamp) -> Option<Outcome> {
        let call = self.call_out_hindered(host, at)?;
        match self.doors.get(&host) {
            Some(&port) => {
                let from = Peer::Outside(outside::COMMAND);
                self.dropped_at(from, Peer::Host(host), port, at).map(Outcome::Blocked)
            }
            None => Some(call),
        }
    }

    /// The hosts that the attacker can command.
    pub(super) fn commanded(&self, at: Timestamp) -> Commanded {
        let roots = self.held.iter().copied().filter(|it| self.unreachable(*it, at).is_none());
        let mut reached: Commanded = roots.map(|it| (it, None)).collect();
        let mut queue: Vec<_> = reached.keys().copied().collect();
        while let Some(from) = queue.pop() {
            for step in self.movement.moves(self.world, from) {
                let is_new = self.held.contains(&step.to) && !reached.contains_key(&step.to);
                if is_new && self.dropped(from, step.to, step.port, at).is_none() {
                    reached.insert(step.to, Some((from, step)));
                    queue.push(step.to);
                }
            }
        }
        reached
    }

    /// What keeps the attacker from commanding `host`, if it is held and nothing of the estate or the defence lets them.
    pub(super) fn command_lost(&self, host: HostNo, at: Timestamp) -> Option<Outcome> {
        if self.commanded(at).contains_key(&host) {
            return None;
        }
        // Named is the rule that cut the way the attacker had: their own, or the chain's.
        let cut = self.held.iter().copied().filter_map(|from| {
            let step = self.movement.moves(self.world, from).into_iter().find(|it| it.to == host)?;
            self.dropped(from, host, step.port, at)
        });
        let own = self.unreachable(host, at);
        match own {
            Some(Outcome::Blocked(rule)) => Some(Outcome::Blocked(rule)),
            own => cut.map(Outcome::Blocked).next().or_else(|| self.chain_cut(at)).or(own),
        }
    }

    /// A rule that keeps the attacker from any host held.
    fn chain_cut(&self, at: Timestamp) -> Option<Outcome> {
        self.held
            .iter()
            .find_map(|it| self.unreachable(*it, at).filter(|it| matches!(it, Outcome::Blocked(_))))
    }

    /// The way from a host that the attacker reaches from outside to `host`, that host first.
    pub(super) fn chain(&self, host: HostNo, at: Timestamp) -> Vec<(HostNo, Option<Move>)> {
        let commanded = self.commanded(at);
        let (mut chain, mut here, mut step) = (Vec::new(), host, None);
        loop {
            chain.push((here, step));
            match commanded.get(&here) {
                Some(Some((from, by))) if chain.len() <= commanded.len() => (here, step) = (*from, Some(*by)),
                _ => break,
            }
        }
        chain.reverse();
        chain
    }

    /// The rule that drops a TCP connection, if one does.
    pub(super) fn dropped_at(&self, from: Peer, to: Peer, port: u16, at: Timestamp) -> Option<String> {
        self.defence(at)?.dropped_by(self.world, from, to, Port::tcp(port))
    }

    /// The rule that drops a connection between two hosts, if one does.
    pub(super) fn dropped(&self, from: HostNo, to: HostNo, port: u16, at: Timestamp) -> Option<String> {
        self.dropped_at(Peer::Host(from), Peer::Host(to), port, at)
    }
}
