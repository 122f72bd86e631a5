//! Intrusions to plan against: random, from a seed, either spread along what the estate allows or scattered over it.

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::id::AssetId;
use bulkhead_service::EstateIndex;

/// Every attitude.
pub const ATTITUDES: [Attitude; 3] = [Attitude::Movement, Attitude::Strict, Attitude::Credential];

/// How an intrusion came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From one foothold on along allowed flows.
    Spread,
    /// Hosts drawn from the whole estate: several footholds, or poor knowledge of what lies between.
    Scattered,
    /// Every host of one zone with the role of one: a worm, or a tool that all of them run.
    Tier,
}

/// A generator of numbers (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// The same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((it ^ (it >> 31)) % n as u64) as usize
    }
}

/// About `hosts` compromised hosts (a whole tier, however large) of `estate`, which `index` numbers asset by asset; ascending.
pub fn intrusion(
    estate: &Estate,
    index: &EstateIndex,
    dice: &mut Dice,
    kind: Kind,
    hosts: usize,
) -> Vec<AssetId> {
    let n = estate.assets.len();
    let mut found: Vec<u32> = vec![dice.below(n) as u32];
    if kind == Kind::Tier {
        let first = &estate.assets[found[0] as usize];
        let alike = |it: &&Asset| it.zone == first.zone && it.roles.first() == first.roles.first();
        let mut ids: Vec<AssetId> = estate.assets.iter().filter(alike).map(|it| it.id.clone()).collect();
        ids.sort();
        return ids;
    }
    for _ in 0..hosts * 8 {
        if found.len() == hosts {
            break;
        }
        let next = match kind {
            Kind::Scattered | Kind::Tier => dice.below(n) as u32,
            Kind::Spread => {
                let from = found[dice.below(found.len())];
                let leaving: Vec<_> = index
                    .flows()
                    .iter()
                    .filter(|it| !it.is_management() && it.from.binary_search(&from).is_ok())
                    .collect();
                if leaving.is_empty() {
                    continue;
                }
                let to = &leaving[dice.below(leaving.len())].to;
                if to.is_empty() {
                    continue;
                }
                to[dice.below(to.len())]
            }
        };
        if !found.contains(&next) {
            found.push(next);
        }
    }
    let mut ids: Vec<AssetId> = found.iter().map(|&it| estate.assets[it as usize].id.clone()).collect();
    ids.sort();
    ids
}
