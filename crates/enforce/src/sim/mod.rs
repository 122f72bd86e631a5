//! The simulated fleet: every enforcement point of an estate, deterministic, with faults by configuration.

mod fault;
mod point;

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::{Asset, Capability, Estate, Port};
use bulkhead_model::id::{AssetId, IdentityId, PointId};
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;

pub use fault::{BadFaultPlan, Fault, FaultPlan};

use crate::eval::{Decision, Packet, decide, representatives};
use crate::fleet::{
    Applied, DroppedBy, EnforceError, ErrorClass, Fleet, ProbeOutcome, ProbeResult, Retry, Session, Severed,
};
use crate::topology::Topology;
use point::SimPoint;

/// Every enforcement point of an estate, simulated, and the flows between its assets.
#[derive(Clone, Debug)]
pub struct SimFleet {
    topology: Topology,
    points: BTreeMap<PointId, SimPoint>,
    sessions: BTreeSet<Session>,
}

impl SimFleet {
    /// All points of `estate`, whatever their kind, empty and at generation 0. `seed` decides what is left to chance.
    pub fn new(estate: &Estate, faults: &FaultPlan, seed: u64) -> Result<Self, BadFaultPlan> {
        let topology = Topology::new(estate);
        if let Some(stranger) = faults.points.keys().find(|it| topology.point(it).is_none()) {
            return Err(BadFaultPlan(stranger.clone()));
        }
        let make = |(index, it): (usize, &bulkhead_model::estate::EnforcementPoint)| {
            let seed = seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (it.id.clone(), SimPoint::new(it, faults.of(&it.id), seed))
        };
        let points = estate.enforcement_points.iter().enumerate().map(make).collect();
        Ok(Self { topology, points, sessions: BTreeSet::new() })
    }

    /// Opens a live session, if the flow gets through now.
    pub fn open_session(&mut self, session: Session, now: Timestamp) -> Result<ProbeResult, EnforceError> {
        let result = self.probe(&session.from, &session.to, session.port, now)?;
        if result.is_open() {
            self.sessions.insert(session);
        }
        Ok(result)
    }

    /// Sessions alive.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter()
    }

    fn point(&mut self, id: &PointId) -> Result<&mut SimPoint, EnforceError> {
        self.points.get_mut(id).ok_or_else(|| {
            EnforceError::new(id, ErrorClass::Unknown, Retry::No, "the estate has no such enforcement point")
        })
    }

    fn asset(&self, id: &AssetId) -> Result<&Asset, EnforceError> {
        self.topology.asset(id).ok_or_else(|| {
            let message = format!("the estate has no asset `{id}`");
            EnforceError::new(&PointId::from(id.as_str()), ErrorClass::Unknown, Retry::No, message)
        })
    }

    /// The point as it answers now: it must exist, not be faulty, and be reachable through the installed rules.
    fn answering(&mut self, id: &PointId, now: Timestamp) -> Result<&mut SimPoint, EnforceError> {
        let locked_out = self.is_locked_out(id, now);
        let point = self.point(id)?;
        let message = if point.is_unreachable() {
            "it does not answer"
        } else if locked_out {
            "it does not answer: the rules installed cut every management channel to it"
        } else {
            return Ok(point);
        };
        Err(EnforceError::new(id, ErrorClass::Unreachable, Retry::Yes, message))
    }

    /// Whether a point that stands on an asset with management channels can be reached by none of them.
    fn is_locked_out(&self, id: &PointId, now: Timestamp) -> bool {
        let stands_on = self.topology.point(id).and_then(|it| it.asset.as_ref());
        let Some(asset) = stands_on.and_then(|it| self.topology.asset(it)) else { return false };
        let mut channels = self.topology.channels_to(asset).peekable();
        channels.peek().is_some()
            && !channels
                .any(|(from, to, ports)| ports.iter().any(|it| self.passes(from, to, *it, now).is_open()))
    }

    /// Walks the path of a flow through all rules installed now.
    fn passes(&self, from: &Asset, to: &Asset, port: Port, now: Timestamp) -> ProbeResult {
        let path: Vec<PointRules> = self
            .topology
            .path(from, to)
            .iter()
            .filter_map(|it| Some(self.points.get(*it)?.held(now)))
            .collect();
        let mut edges = self.topology.port_edges(from, to);
        edges.extend(path.iter().flat_map(|it| &it.rules).flat_map(|it| it.ports.iter().copied()));
        let mut dropped_by = None;
        for packet in representatives(from, to, port, &edges) {
            if !self.topology.allows(&packet) {
                continue;
            }
            match first_drop(&path, &packet) {
                None => return ProbeResult { outcome: ProbeOutcome::Open, dropped_by: None },
                Some(by) => {
                    dropped_by.get_or_insert(by);
                }
            }
        }
        let outcome = if dropped_by.is_some() { ProbeOutcome::Dropped } else { ProbeOutcome::NotAllowed };
        ProbeResult { outcome, dropped_by }
    }
}

/// The first point on the path that drops the packet, and its rule.
fn first_drop(path: &[PointRules], packet: &Packet<'_>) -> Option<DroppedBy> {
    path.iter().find_map(|held| match decide(&held.rules, packet) {
        Decision::Drop(rule) => Some(DroppedBy { point: held.point.clone(), rule: rule.name.clone() }),
        Decision::Accept(_) | Decision::NoMatch => None,
    })
}

impl Fleet for SimFleet {
    fn check(&mut self, intent: &PointRules, now: Timestamp) -> Result<(), EnforceError> {
        let point = self.answering(&intent.point, now)?;
        point.refuses(intent)?;
        let filters = [Capability::BlockFlow, Capability::Segment, Capability::Isolate];
        let lacks = |what: &str| {
            let message = format!("it cannot {what}");
            Err(EnforceError::new(&intent.point, ErrorClass::Unsupported, Retry::No, message))
        };
        if !intent.rules.is_empty() && !point.can_any(&filters) {
            return lacks("filter flows");
        }
        if !intent.disabled.is_empty() && !point.can_any(&[Capability::DisableIdentity]) {
            return lacks("disable identities");
        }
        Ok(())
    }

    fn apply(&mut self, intent: &PointRules, now: Timestamp) -> Result<Applied, EnforceError> {
        self.check(intent, now)?;
        self.point(&intent.point)?.apply(intent, now)
    }

    fn read_back(&mut self, point: &PointId, now: Timestamp) -> Result<PointRules, EnforceError> {
        Ok(self.answering(point, now)?.held(now))
    }

    fn sever(&mut self, point: &PointId, now: Timestamp) -> Result<Severed, EnforceError> {
        let keeps = self.answering(point, now)?.keeps_sessions();
        let held = [self.point(point)?.held(now)];
        let mut severed = Severed::default();
        for session in &self.sessions {
            let (from, to) = (self.asset(&session.from)?, self.asset(&session.to)?);
            if !self.topology.path(from, to).contains(&point) {
                continue;
            }
            let edges: Vec<Port> = held[0].rules.iter().flat_map(|it| it.ports.iter().copied()).collect();
            let packets = representatives(from, to, session.port, &edges);
            if packets.iter().all(|it| first_drop(&held, it).is_some()) {
                let list = if keeps { &mut severed.survivors } else { &mut severed.killed };
                list.push(session.clone());
            }
        }
        for session in &severed.killed {
            self.sessions.remove(session);
        }
        Ok(severed)
    }

    fn probe(
        &mut self,
        from: &AssetId,
        to: &AssetId,
        port: Port,
        now: Timestamp,
    ) -> Result<ProbeResult, EnforceError> {
        let (from, to) = (self.asset(from)?, self.asset(to)?);
        Ok(self.passes(from, to, port, now))
    }

    fn probe_identity(&mut self, identity: &IdentityId, now: Timestamp) -> Result<ProbeResult, EnforceError> {
        if self.topology.identity(identity).is_none() {
            let message = format!("the estate has no identity `{identity}`");
            let point = PointId::from(identity.as_str());
            return Err(EnforceError::new(&point, ErrorClass::Unknown, Retry::No, message));
        }
        let disabled = self.points.iter().find_map(|(point, it)| {
            let held = it.held(now);
            let entry = held.disabled.into_iter().find(|it| it.identity == *identity)?;
            Some(DroppedBy { point: point.clone(), rule: entry.name })
        });
        let outcome = if disabled.is_some() { ProbeOutcome::Dropped } else { ProbeOutcome::Open };
        Ok(ProbeResult { outcome, dropped_by: disabled })
    }
}
