//! From lost assets to steps: which procedure, which crew, which durations, and what must come before what.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::{Asset, AssetKind, Estate, Procedure, Requirement};
use bulkhead_model::id::{AssetId, CrewId, ServiceId};
use bulkhead_model::span::Span;

use crate::duration::Duration;
use crate::value::Services;

/// One step to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// `asset/step`.
    pub id: String,
    /// Position of its asset among the lost.
    pub asset: usize,
    /// Position of its crew in [`Work::crews`].
    pub crew: usize,
    /// How long it takes.
    pub duration: Duration,
    /// Steps of the same asset that must be done before.
    pub after: Vec<usize>,
}

/// Everything to do and the order it must respect.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// The steps, asset by asset.
    pub tasks: Vec<Task>,
    /// Crews and how many steps each carries out at once.
    pub crews: Vec<(CrewId, u32)>,
    /// Per lost asset: lost assets that must be back before its first step starts.
    pub before: Vec<BTreeSet<usize>>,
    /// Per service: a smallest set of lost assets that brings it back; empty when it is not affected.
    pub needs: Vec<BTreeSet<usize>>,
    /// What was assumed.
    pub notes: Vec<String>,
}

/// Steps for assets that no procedure covers.
const DEFAULT_STEPS: [(&str, u64, u64, u64); 2] =
    [("rebuild", 3600, 2 * 3600, 6 * 3600), ("verify", 10 * 60, 20 * 60, 3600)];

impl Work {
    /// The work of bringing back `lost` (which `services` was made of, in the same order).
    pub fn new(estate: &Estate, lost: &[&Asset], services: &Services) -> Self {
        let mut work = Self::default();
        for crew in &estate.crews {
            if crew.members == 0 {
                work.notes.push(format!("Crew `{}` has no members: one is assumed.", crew.id));
            }
            work.crews.push((crew.id.clone(), crew.members.max(1)));
        }
        for (position, asset) in lost.iter().enumerate() {
            match procedure_of(estate, asset) {
                Some(procedure) => work.add(position, asset, procedure),
                None => work.add_default(position, asset),
            }
        }
        work.needs = needs(services, &work, estate.services.len());
        work.before = before(estate, lost, &work.needs);
        work
    }

    /// Median work on each lost asset, seconds.
    pub fn effort(&self, asset: usize) -> u64 {
        self.tasks.iter().filter(|it| it.asset == asset).map(|it| it.duration.p50).sum()
    }

    /// Leaves out the tasks that are done.
    pub fn keep_open(&mut self, is_done: &[bool]) {
        let mut number = Vec::with_capacity(is_done.len());
        let mut open = 0;
        for done in is_done {
            number.push((!done).then_some(open));
            open += usize::from(!done);
        }
        let tasks = std::mem::take(&mut self.tasks);
        let kept = tasks.into_iter().zip(is_done).filter(|it| !it.1).map(|it| it.0);
        self.tasks = kept
            .map(|task| Task { after: task.after.iter().filter_map(|it| number[*it]).collect(), ..task })
            .collect();
    }

    fn crew(&mut self, id: &CrewId) -> usize {
        if let Some(known) = self.crews.iter().position(|it| it.0 == *id) {
            return known;
        }
        self.notes.push(format!("Crew `{id}` is not declared: one member is assumed."));
        self.crews.push((id.clone(), 1));
        self.crews.len() - 1
    }

    fn add(&mut self, position: usize, asset: &Asset, procedure: &Procedure) {
        let first = self.tasks.len();
        let names: BTreeMap<&str, usize> =
            procedure.steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), first + at)).collect();
        for step in &procedure.steps {
            let crew = self.crew(&step.crew);
            self.tasks.push(Task {
                id: format!("{}/{}", asset.id, step.id),
                asset: position,
                crew,
                duration: Duration::from(&step.duration),
                after: step.after.iter().filter_map(|it| names.get(it.as_str()).copied()).collect(),
            });
        }
    }

    fn add_default(&mut self, position: usize, asset: &Asset) {
        let largest = self.crews.iter().enumerate().max_by_key(|(at, it)| (it.1, std::cmp::Reverse(*at)));
        let crew = match largest.map(|it| it.0) {
            Some(crew) => crew,
            None => self.crew(&CrewId::new("on-call")),
        };
        self.notes.push(format!(
            "No procedure covers `{}`: {} by crew `{}` are assumed.",
            asset.id,
            DEFAULT_STEPS.map(|it| format!("{} ({})", it.0, Span::from_secs(it.2))).join(" and "),
            self.crews[crew].0
        ));
        for (at, (name, p10, p50, p90)) in DEFAULT_STEPS.into_iter().enumerate() {
            let after = if at == 0 { Vec::new() } else { vec![self.tasks.len() - 1] };
            let duration = Duration { p10, p50, p90 };
            self.tasks.push(Task {
                id: format!("{}/{name}", asset.id),
                asset: position,
                crew,
                duration,
                after,
            });
        }
    }
}

/// The first procedure in the file that means `asset` and has steps.
fn procedure_of<'a>(estate: &'a Estate, asset: &Asset) -> Option<&'a Procedure> {
    estate.procedures.iter().find(|it| it.applies_to.matches(asset) && !it.steps.is_empty())
}

/// Per service a minimal set of lost assets that brings it back: the costliest are left out first.
fn needs(services: &Services, work: &Work, count: usize) -> Vec<BTreeSet<usize>> {
    let affected = services.affected();
    let relevant = services.relevant();
    let mut by_effort: Vec<usize> = relevant.iter().copied().collect();
    by_effort.sort_by_key(|&it| (std::cmp::Reverse(work.effort(it)), std::cmp::Reverse(it)));
    let mut needs = vec![BTreeSet::new(); count];
    for service in affected {
        let mut set = relevant.clone();
        for asset in &by_effort {
            set.remove(asset);
            if !services.holds_with(service, &set) {
                set.insert(*asset);
            }
        }
        needs[service] = set;
    }
    needs
}

/// Which lost assets must be back before the steps of each begin, across all services and kinds.
fn before(estate: &Estate, lost: &[&Asset], needs: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let mut before = vec![BTreeSet::new(); lost.len()];
    let numbers: BTreeMap<&ServiceId, usize> =
        estate.services.iter().enumerate().map(|(at, it)| (&it.id, at)).collect();
    for service in &estate.services {
        let mut own = BTreeSet::new();
        let mut assets = |id: &AssetId| own.extend(lost.iter().position(|it| it.id == *id));
        leaf_assets(&service.requires, &mut assets);
        let mut required = BTreeSet::new();
        required_services(&service.requires, &numbers, &mut required);
        for need in required.into_iter().map(|it| &needs[it]) {
            for &asset in own.difference(need) {
                for &earlier in need {
                    add(&mut before, earlier, asset);
                }
            }
        }
    }
    // Servers and workstations log on somewhere: identity providers come first, unless they need one of them. Spare
    // ones, without which every service that names them comes back, wait their turn.
    let logs_on =
        |it: &Asset| matches!(it.kind, AssetKind::Server | AssetKind::Workstation | AssetKind::Appliance);
    let mut named = BTreeSet::new();
    for service in &estate.services {
        leaf_assets(&service.requires, &mut |id: &AssetId| {
            named.insert(id.clone());
        });
    }
    let comes_first = |(at, asset): &(usize, &&Asset)| {
        asset.kind == AssetKind::IdentityProvider
            && (!named.contains(&asset.id) || needs.iter().any(|it| it.contains(at)))
    };
    for (earlier, _) in lost.iter().enumerate().filter(comes_first) {
        for (asset, _) in lost.iter().enumerate().filter(|it| logs_on(it.1)) {
            add(&mut before, earlier, asset);
        }
    }
    before
}

/// Adds `earlier` before `asset` unless `asset` is, through others, before `earlier`.
fn add(before: &mut [BTreeSet<usize>], earlier: usize, asset: usize) {
    let mut seen = BTreeSet::from([earlier]);
    let mut stack = vec![earlier];
    while let Some(it) = stack.pop() {
        if it == asset {
            return;
        }
        stack.extend(before[it].iter().copied().filter(|it| seen.insert(*it)));
    }
    before[asset].insert(earlier);
}

fn leaf_assets(requirement: &Requirement, found: &mut impl FnMut(&AssetId)) {
    match requirement {
        Requirement::All { all: parts } | Requirement::Any { any: parts } => {
            for part in parts {
                leaf_assets(part, found);
            }
        }
        Requirement::AtLeast { at_least } => {
            for part in &at_least.of {
                leaf_assets(part, found);
            }
        }
        Requirement::Asset { asset } => found(asset),
        Requirement::Flow { from, to, .. } => {
            for asset in [from, to].into_iter().flatten() {
                found(asset);
            }
        }
        Requirement::Identity { .. } | Requirement::Service { .. } => {}
    }
}

/// Services without which the requirement cannot hold: those that no alternative stands beside.
fn required_services(
    requirement: &Requirement,
    numbers: &BTreeMap<&ServiceId, usize>,
    found: &mut BTreeSet<usize>,
) {
    let parts = match requirement {
        Requirement::All { all } => all,
        Requirement::Any { any } if any.len() == 1 => any,
        Requirement::AtLeast { at_least } if at_least.n >= at_least.of.len() => &at_least.of,
        Requirement::Service { service } => {
            found.extend(numbers.get(service));
            return;
        }
        _ => return,
    };
    for part in parts {
        required_services(part, numbers, found);
    }
}
