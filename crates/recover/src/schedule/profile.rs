//! What is left of each resource over time.

/// Free units by time: segment `i` runs from `times[i]` to `times[i + 1]`, the last one for ever.
#[derive(Clone, Debug)]
pub struct Profile {
    times: Vec<u64>,
    /// `times.len()` rows of one entry per resource.
    free: Vec<u32>,
    resources: usize,
}

impl Profile {
    /// All of `capacities` free for ever.
    pub fn new(capacities: &[u32]) -> Self {
        Self { times: vec![0], free: capacities.to_vec(), resources: capacities.len() }
    }

    /// The earliest start from `from` on at which `demands` fit for `duration`; they are within capacity.
    pub fn earliest(&self, from: u64, duration: u64, demands: &[(usize, u32)]) -> u64 {
        if duration == 0 || demands.is_empty() {
            return from;
        }
        let mut start = from;
        let mut at = self.times.partition_point(|it| *it <= from) - 1;
        while at < self.times.len() && self.times[at] < start + duration {
            let fits =
                demands.iter().all(|&(resource, units)| self.free[at * self.resources + resource] >= units);
            at += 1;
            if !fits && let Some(next) = self.times.get(at) {
                start = *next;
            }
        }
        start
    }

    /// Takes `demands` from `start` for `duration`; they fit.
    pub fn take(&mut self, start: u64, duration: u64, demands: &[(usize, u32)]) {
        if duration == 0 || demands.is_empty() {
            return;
        }
        let first = self.split(start);
        let last = self.split(start + duration);
        for row in first..last {
            for &(resource, units) in demands {
                self.free[row * self.resources + resource] -= units;
            }
        }
    }

    /// Gives back what [`Profile::take`] took.
    pub fn give(&mut self, start: u64, duration: u64, demands: &[(usize, u32)]) {
        if duration == 0 || demands.is_empty() {
            return;
        }
        let first = self.split(start);
        let last = self.split(start + duration);
        for row in first..last {
            for &(resource, units) in demands {
                self.free[row * self.resources + resource] += units;
            }
        }
    }

    /// The segment that begins at `time`, made if there is none.
    fn split(&mut self, time: u64) -> usize {
        let at = self.times.partition_point(|it| *it < time);
        if self.times.get(at) == Some(&time) {
            return at;
        }
        self.times.insert(at, time);
        let row: Vec<u32> = self.free[(at - 1) * self.resources..at * self.resources].to_vec();
        let place = at * self.resources;
        self.free.splice(place..place, row);
        at
    }
}
