//! Which values of assets no plan tells apart, and which assets of a unit of several values stand alone.
//!
//! What can be done to one asset alone costs its isolation, its flows blocked one by one, or both. Let two assets that are
//! alike but for their values stand at different sides of what is reached: the plan treats the first for `d` more than
//! the second, and could treat both like either one. If it is as cheap as any, the value of the one reached is at most `d`
//! and that of the other at least `d`. Two values between which no such `d` lies are therefore reached together or not
//! at all, in some plan as cheap as any; nothing but their sum matters.

use bulkhead_model::estate::Estate;

/// How much more than its value a planner may let an asset within reach weigh; 1 is the other weight there is.
pub const MOST_WEIGHT: u32 = 1000;

/// What values have in common that no plan tells apart: per weight and isolation (one less, none, one more) how many blocked
/// flows the value is worth, and whether exactly.
pub(crate) type Band = [(i128, bool); 6];

/// What decides about bands: the cost of actions on single assets, in micro-units of the currency.
pub(crate) struct Bands {
    isolate: i128,
    block: i128,
}

impl Bands {
    pub(crate) fn new(estate: &Estate) -> Self {
        let costs = &estate.operating_costs;
        Self { isolate: micro(costs.isolate), block: micro(costs.block_flow) }
    }

    /// The band of `value` for an asset at `ends` ends of flows.
    pub(crate) fn of(&self, value: f64, ends: u32) -> Band {
        let value = micro(value);
        let mut band = [(0, false); 6];
        let weights = [1, i128::from(MOST_WEIGHT)];
        let cases = weights.iter().flat_map(|weight| [-1, 0, 1].map(|isolated| (weight, isolated)));
        for (place, (weight, isolated)) in band.iter_mut().zip(cases) {
            *place = self.blocks(value * weight - isolated * self.isolate, i128::from(ends));
        }
        band
    }

    /// How many blocked flows of at most `ends` cost `amount`, rounded down, and whether exactly that.
    fn blocks(&self, amount: i128, ends: i128) -> (i128, bool) {
        if self.block == 0 {
            return (amount.signum(), amount == 0);
        }
        let (whole, exactly) = (amount.div_euclid(self.block), amount.rem_euclid(self.block) == 0);
        match whole {
            _ if whole < -ends => (-ends - 1, false),
            _ if whole > ends || (whole == ends && !exactly) => (ends, false),
            _ => (whole, exactly),
        }
    }
}

fn micro(currency: f64) -> i128 {
    (currency * 1e6).round().clamp(0.0, 1e17) as i128
}

/// Takes out of a unit on which a service's flow hangs the assets that stand alone, so that "all but one" can be said of it, and
/// of pairs "all but two": of equal values any two (the last or the first), else the two of least value, the cheapest to leave
/// within reach, and the two of most, the dearest. (taken, left), ascending.
pub fn set_apart(unit: &[u32], value: impl Fn(u32) -> f64, last: bool) -> (Vec<u32>, Vec<u32>) {
    let mut ranked = unit.to_vec();
    if last {
        ranked.reverse();
    }
    let equal = unit.iter().all(|&it| value(it).to_bits() == value(unit[0]).to_bits());
    let n = unit.len();
    let inner = if equal {
        // One stays behind: it is alone as well.
        n.saturating_sub(1).min(2)..n
    } else {
        ranked.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        n.min(2)..n.saturating_sub(2).max(n.min(2))
    };
    let mut left: Vec<u32> = ranked.drain(inner).collect();
    ranked.sort_unstable();
    left.sort_unstable();
    (ranked, left)
}
