//! What can be done at all: the candidate actions of a request, for people who steer.

use bulkhead_model::case::ActionKind;
use bulkhead_model::id::PointId;

use crate::actions::{Candidate, Candidates};
use crate::attack::AttackGraph;
use crate::ground::Ground;
use crate::planner::Planner;
use crate::request::{PlanError, Request};

/// An action that some enforcement points which exist and answer can carry out.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible {
    /// Its id, as `forced` and `forbidden` name it.
    pub id: String,
    /// What it does.
    pub kind: ActionKind,
    /// Where, the leading point first.
    pub points: Vec<PointId>,
    /// Operating cost, in the estate's currency.
    pub operating_cost: f64,
    /// How many more assets, which nothing tells apart from the one named, it can be taken for, each by an id of its own.
    pub alike: u64,
    /// Seconds until it has taken effect.
    pub time_to_effect_s: u64,
}

impl Planner<'_> {
    /// Every action that could hinder the attacker of `request`, ascending by id: one per effect, at the points the
    /// planner would choose, but for those the request forbids.
    ///
    /// # Errors
    /// When the request names what the estate does not have.
    pub fn possible(&self, request: &Request<'_>) -> Result<Vec<Possible>, PlanError> {
        let ground = self.ground(request)?;
        let bare = AttackGraph::of_moves(&ground, &[]).reach(|_| false);
        let within = &bare.nodes[..ground.index.n_assets()];
        let candidates = Candidates::list(&ground, &request.steering(), within);
        Ok(candidates.iter().map(|it| possible(&ground, it)).collect())
    }
}

fn possible(ground: &Ground<'_>, candidate: &Candidate) -> Possible {
    let points = || candidate.points.iter().map(|&it| ground.point(it));
    Possible {
        id: candidate.id.clone(),
        kind: candidate.effect.kind(),
        points: points().map(|it| it.id.clone()).collect(),
        operating_cost: candidate.cost,
        alike: u64::from(candidate.count) - 1,
        time_to_effect_s: points().map(|it| it.time_to_effect.secs()).max().unwrap_or(0),
    }
}
