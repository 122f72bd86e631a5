//! Undo is a new intent with a higher generation: what the points held before, or nothing.

use bulkhead_model::rules::PointRules;

use crate::reconcile::Report;

/// The intents that give every point of `report` back exactly what it held before, under `generation`.
///
/// `generation` must be higher than the one being undone, or the points refuse it. A point that was never read (it did
/// not answer) is left out: nothing is known of it.
pub fn undo(report: &Report, generation: u64) -> Vec<PointRules> {
    let before = report.points.iter().filter_map(|it| it.before.as_ref());
    before.map(|it| PointRules { generation, ..it.clone() }).collect()
}

/// The intents that open everything again at the points of `intents`, under `generation`.
pub fn lift(intents: &[PointRules], generation: u64) -> Vec<PointRules> {
    let empty = |it: &PointRules| PointRules {
        point: it.point.clone(),
        generation,
        rules: Vec::new(),
        disabled: Vec::new(),
        lease_s: 0,
    };
    intents.iter().map(empty).collect()
}
