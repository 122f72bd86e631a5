//! Maximum flow and minimum cut (Dinic), on capacities wide enough for cost, count and order in one number.

/// A capacity no cut pays.
pub(crate) const INFINITE: i128 = 1 << 122;

/// A flow network over numbered nodes. Arc `2k` is the k-th one added, `2k + 1` its reverse.
#[derive(Clone)]
pub(crate) struct Network {
    head: Vec<u32>,
    next: Vec<u32>,
    to: Vec<u32>,
    capacity: Vec<i128>,
    level: Vec<u32>,
    cursor: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Network {
    /// A network of `nodes` nodes without arcs.
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            head: vec![NONE; nodes],
            next: Vec::new(),
            to: Vec::new(),
            capacity: Vec::new(),
            level: Vec::new(),
            cursor: Vec::new(),
        }
    }

    /// Adds an arc.
    pub(crate) fn arc(&mut self, from: u32, to: u32, capacity: i128) {
        for (tail, head, capacity) in [(from, to, capacity), (to, from, 0)] {
            self.next.push(self.head[tail as usize]);
            self.head[tail as usize] = self.to.len() as u32;
            self.to.push(head);
            self.capacity.push(capacity);
        }
    }

    /// How much arc number `arc` carries.
    pub(crate) fn sent(&self, arc: usize) -> i128 {
        self.capacity[2 * arc + 1]
    }

    /// Changes the capacity of arc number `arc`, to no less than it carries.
    pub(crate) fn set_capacity(&mut self, arc: usize, capacity: i128) {
        self.capacity[2 * arc] = (capacity - self.sent(arc)).max(0);
    }

    /// Sends as much as possible from `source` to `sink`; stops once `enough` has flowed.
    pub(crate) fn run(&mut self, source: u32, sink: u32, enough: i128) -> i128 {
        let mut total = 0;
        while total < enough && self.levels(source, sink) {
            self.cursor.clone_from(&self.head);
            loop {
                let sent = self.augment(source, sink);
                if sent == 0 {
                    break;
                }
                total += sent;
                if total >= enough {
                    break;
                }
            }
        }
        total
    }

    fn levels(&mut self, source: u32, sink: u32) -> bool {
        self.level = vec![NONE; self.head.len()];
        self.level[source as usize] = 0;
        let mut queue = vec![source];
        let mut at = 0;
        while let Some(&node) = queue.get(at) {
            at += 1;
            let mut arc = self.head[node as usize];
            while arc != NONE {
                let to = self.to[arc as usize];
                if self.capacity[arc as usize] > 0 && self.level[to as usize] == NONE {
                    self.level[to as usize] = self.level[node as usize] + 1;
                    queue.push(to);
                }
                arc = self.next[arc as usize];
            }
        }
        self.level[sink as usize] != NONE
    }

    /// One augmenting path along the levels, found without recursion: estates may be deep.
    fn augment(&mut self, source: u32, sink: u32) -> i128 {
        let mut path: Vec<u32> = Vec::new();
        let mut node = source;
        while node != sink {
            let arc = self.cursor[node as usize];
            if arc == NONE {
                let Some(back) = path.pop() else { return 0 };
                node = self.to[(back ^ 1) as usize];
                self.cursor[node as usize] = self.next[back as usize];
                continue;
            }
            let to = self.to[arc as usize];
            if self.capacity[arc as usize] > 0 && self.level[to as usize] == self.level[node as usize] + 1 {
                path.push(arc);
                node = to;
            } else {
                self.cursor[node as usize] = self.next[arc as usize];
            }
        }
        let sent = path.iter().map(|&it| self.capacity[it as usize]).min().unwrap_or(0);
        for &arc in &path {
            self.capacity[arc as usize] -= sent;
            self.capacity[(arc ^ 1) as usize] += sent;
        }
        sent
    }

    /// After [`Self::run`]: which nodes lie on the source's side of the minimum cut nearest to the source.
    pub(crate) fn source_side(&self, source: u32) -> Vec<bool> {
        let mut side = vec![false; self.head.len()];
        side[source as usize] = true;
        let mut queue = vec![source];
        while let Some(node) = queue.pop() {
            let mut arc = self.head[node as usize];
            while arc != NONE {
                let to = self.to[arc as usize];
                if self.capacity[arc as usize] > 0 && !side[to as usize] {
                    side[to as usize] = true;
                    queue.push(to);
                }
                arc = self.next[arc as usize];
            }
        }
        side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_equals_the_cheapest_of_all_cuts() {
        // Every network of five nodes drawn from a small generator, against all 2^3 cuts.
        let mut seed: u64 = 7;
        let mut draw = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..500 {
            let arcs: Vec<(u32, u32, i128)> =
                (0..draw(12)).map(|_| (draw(5) as u32, draw(5) as u32, i128::from(draw(9)))).collect();
            let mut network = Network::new(5);
            for &(from, to, capacity) in &arcs {
                network.arc(from, to, capacity);
            }
            let cheapest = (0..8u32)
                .map(|inner| {
                    let side = |node: u32| node == 0 || (node < 4 && inner & (1 << (node - 1)) != 0);
                    arcs.iter().filter(|it| side(it.0) && !side(it.1)).map(|it| it.2).sum::<i128>()
                })
                .min()
                .unwrap();
            assert_eq!(network.run(0, 4, INFINITE), cheapest, "{arcs:?}");
        }
    }
}
