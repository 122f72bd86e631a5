//! What an account is and may become: groups within groups and what access rights let it take over, cycles included.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Everything that can be reached from each of `starts` over `edges`, itself included, in at most `budget` steps over
/// all starts; what would take more is cut off, and counted.
pub(crate) fn reach(
    edges: &BTreeMap<u32, BTreeSet<u32>>,
    starts: impl Iterator<Item = u32>,
    mut budget: u64,
) -> (BTreeMap<u32, BTreeSet<u32>>, u64) {
    let mut reached = BTreeMap::new();
    let mut cut = 0;
    for start in starts {
        let mut seen = BTreeSet::from([start]);
        let mut queue = VecDeque::from([start]);
        'walk: while let Some(at) = queue.pop_front() {
            for next in edges.get(&at).into_iter().flatten() {
                if budget == 0 {
                    cut += 1;
                    break 'walk;
                }
                budget -= 1;
                if seen.insert(*next) {
                    queue.push_back(*next);
                }
            }
        }
        reached.insert(start, seen);
    }
    (reached, cut)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reachability by squaring the relation until nothing changes.
    fn naive(n: u32, edges: &BTreeSet<(u32, u32)>) -> BTreeSet<(u32, u32)> {
        let mut all: BTreeSet<(u32, u32)> = edges.iter().copied().chain((0..n).map(|it| (it, it))).collect();
        loop {
            let more: Vec<(u32, u32)> = all
                .iter()
                .flat_map(|(a, b)| all.iter().filter(move |it| it.0 == *b).map(move |it| (*a, it.1)))
                .filter(|it| !all.contains(it))
                .collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    proptest! {
        #[test]
        fn nested_groups_and_cycles_as_the_naive_closure(
            edges in proptest::collection::btree_set((0_u32..9, 0_u32..9), 0..24),
        ) {
            let mut lists: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for (from, to) in &edges {
                lists.entry(*from).or_default().insert(*to);
            }
            let (reached, cut) = reach(&lists, 0..9, u64::MAX);
            let pairs: BTreeSet<(u32, u32)> =
                reached.iter().flat_map(|(from, to)| to.iter().map(move |to| (*from, *to))).collect();
            prop_assert_eq!(pairs, naive(9, &edges));
            prop_assert_eq!(cut, 0);
        }
    }

    #[test]
    fn what_takes_too_long_is_cut_off_and_counted() {
        let edges = BTreeMap::from([(0, BTreeSet::from([1])), (1, BTreeSet::from([2]))]);
        let (reached, cut) = reach(&edges, 0..1, 1);
        assert_eq!((reached[&0].len(), cut), (2, 1));
    }
}
