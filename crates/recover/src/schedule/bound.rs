//! Proven lower bounds of the value lost, for plans too large to be proven optimal.
//!
//! A milestone is reached no earlier than any of its jobs ends. Spread each milestone's weight over its jobs in any way:
//! the weighted ends of the jobs of one crew are then bounded from below by the parallel-machine bound of Eastman, Even
//! and Isaacs (1964), crew by crew. A subgradient ascent looks for the best spread; every spread gives a valid bound.

use super::Project;

/// A weight that is lost per second until all of some jobs have ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Milestone {
    /// Value lost per second.
    pub weight: f64,
    /// Jobs without which it cannot be reached, closed under precedence.
    pub jobs: Vec<usize>,
    /// It is reached no earlier than this, whatever its jobs.
    pub floor: u64,
}

/// A lower bound of the summed weight x time of the milestones in any feasible schedule.
pub fn weighted(project: &Project, milestones: &[Milestone], rounds: usize) -> f64 {
    let mut spreads: Vec<Spread> = milestones.iter().map(|it| Spread::new(project, it)).collect();
    let mut best: f64 = 0.0;
    for round in 0..rounds.max(1) {
        let mut weights = vec![0.0; project.jobs().len()];
        for (spread, milestone) in spreads.iter().zip(milestones) {
            spread.add_to(&mut weights, milestone);
        }
        let (crews, marginal) = crews(project, &weights);
        let fixed: f64 =
            spreads.iter().zip(milestones).map(|(it, milestone)| it.fixed() * milestone.weight).sum();
        best = best.max(crews + fixed);
        let step = 4.0 / (1.0 + round as f64).sqrt();
        for (spread, milestone) in spreads.iter_mut().zip(milestones) {
            spread.ascend(&marginal, milestone, step);
        }
    }
    // Rounding must not lift it above the truth.
    best * (1.0 - 1e-9)
}

/// How one milestone's weight is spread: over its jobs, and over its longest chain, which bounds it by itself.
struct Spread {
    /// Share of each job, in the milestone's order.
    shares: Vec<f64>,
    /// Share of the longest chain.
    chain_share: f64,
    /// Length of the longest chain.
    chain: f64,
    /// Longest chain that follows each job within the milestone.
    tails: Vec<f64>,
    /// Jobs that hold no resource: their ends are bounded by precedence alone.
    free: Vec<Option<f64>>,
}

impl Spread {
    fn new(project: &Project, milestone: &Milestone) -> Self {
        let n = milestone.jobs.len();
        let mut tail = vec![0; project.jobs().len()];
        let mut member = vec![false; project.jobs().len()];
        for &job in &milestone.jobs {
            member[job] = true;
        }
        let mut chain = 0;
        for &job in project.order().iter().rev().filter(|&&it| member[it]) {
            let rest = project.successors(job).iter().filter(|&&it| member[it]);
            tail[job] = rest.map(|&it| tail[it] + project.jobs()[it].duration).max().unwrap_or(0);
            chain = chain.max(project.head(job) + project.jobs()[job].duration + tail[job]);
        }
        let end = |job: usize| (project.head(job) + project.jobs()[job].duration) as f64;
        let holds = |job: usize| project.jobs()[job].demands.iter().any(|it| it.1 > 0);
        // Begin with half on the chain, half on jobs by their length.
        let total: u64 = milestone.jobs.iter().map(|&it| project.jobs()[it].duration).sum();
        let share = |job: usize| 0.5 * project.jobs()[job].duration as f64 / total.max(1) as f64;
        Self {
            shares: milestone
                .jobs
                .iter()
                .map(|&it| if total > 0 { share(it) } else { 0.5 / n as f64 })
                .collect(),
            chain_share: if n == 0 { 1.0 } else { 0.5 },
            chain: chain.max(milestone.floor) as f64,
            tails: milestone.jobs.iter().map(|&it| tail[it] as f64).collect(),
            free: milestone.jobs.iter().map(|&it| (!holds(it)).then(|| end(it))).collect(),
        }
    }

    fn add_to(&self, weights: &mut [f64], milestone: &Milestone) {
        for ((&job, share), free) in milestone.jobs.iter().zip(&self.shares).zip(&self.free) {
            if free.is_none() {
                weights[job] += share * milestone.weight;
            }
        }
    }

    /// What the spread gives apart from the crews, per unit of weight.
    fn fixed(&self) -> f64 {
        let jobs = self.shares.iter().zip(&self.tails).zip(&self.free);
        let jobs: f64 = jobs.map(|((share, tail), free)| share * (tail + free.unwrap_or(0.0))).sum();
        jobs + self.chain_share * self.chain
    }

    /// Multiplicative update towards what bounds the milestone most.
    fn ascend(&mut self, marginal: &[f64], milestone: &Milestone, step: f64) {
        let gain = |at: usize, job: usize| self.free[at].unwrap_or(marginal[job]) + self.tails[at];
        let gains: Vec<f64> = milestone.jobs.iter().enumerate().map(|(at, &job)| gain(at, job)).collect();
        let top = gains.iter().copied().fold(self.chain, f64::max).max(1.0);
        for (share, gain) in self.shares.iter_mut().zip(&gains) {
            *share *= (step * (gain - top) / top).exp();
        }
        self.chain_share *= (step * (self.chain - top) / top).exp();
        let sum: f64 = self.shares.iter().sum::<f64>() + self.chain_share;
        for share in &mut self.shares {
            *share /= sum;
        }
        self.chain_share /= sum;
    }
}

/// The Eastman-Even-Isaacs bound of every crew's weighted ends, summed, and its derivative by each job's weight.
fn crews(project: &Project, weights: &[f64]) -> (f64, Vec<f64>) {
    let mut marginal = vec![0.0; weights.len()];
    let mut total = 0.0;
    for (resource, &capacity) in project.capacities().iter().enumerate() {
        // A job counts on the first resource it holds; one that holds several units fills several machines, and
        // counting it as one only lowers the bound.
        let mine = |it: &usize| {
            project.jobs()[*it].demands.iter().find(|it| it.1 > 0).is_some_and(|it| it.0 == resource)
        };
        let mut jobs: Vec<usize> = (0..weights.len()).filter(mine).collect();
        let ratio = |it: usize| weights[it] / (project.jobs()[it].duration as f64).max(1e-9);
        jobs.sort_by(|&a, &b| ratio(b).total_cmp(&ratio(a)).then(a.cmp(&b)));
        let machines = f64::from(capacity.max(1));
        let mut clock = 0.0;
        for job in jobs {
            let length = project.jobs()[job].duration as f64;
            clock += length;
            marginal[job] = clock / machines + (machines - 1.0) / (2.0 * machines) * length;
            total += weights[job] * marginal[job];
        }
    }
    (total, marginal)
}
