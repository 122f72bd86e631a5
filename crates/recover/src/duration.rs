//! Uncertain durations: a distribution through the given percentiles.
//!
//! Two-piece lognormal: `p50 * exp(z * s)` with `z` standard normal, `s = ln(p50/p10)/1.2816` below the median and
//! `ln(p90/p50)/1.2816` above it. It meets all three percentiles exactly, is never negative, and is skewed to the right
//! as repair times are. A percentile that is not given is taken from the median.

use bulkhead_model::estate::DurationEstimate;

use crate::rng::Rng;

/// The 90th percentile of the standard normal distribution.
const Z90: f64 = 1.281_551_565_544_600_5;

/// A duration by its percentiles, seconds, ordered p10 <= p50 <= p90.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// One time in ten it is done by then.
    pub p10: u64,
    /// The median.
    pub p50: u64,
    /// Nine times in ten it is done by then.
    pub p90: u64,
}

impl From<&DurationEstimate> for Duration {
    fn from(it: &DurationEstimate) -> Self {
        let p50 = it.p50.secs();
        let p10 = it.p10.map_or(p50, |it| it.secs().min(p50));
        let p90 = it.p90.map_or(p50, |it| it.secs().max(p50));
        Self { p10, p50, p90 }
    }
}

impl Duration {
    /// A duration known for certain.
    pub fn exactly(secs: u64) -> Self {
        Self { p10: secs, p50: secs, p90: secs }
    }

    /// One draw, seconds.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of a recovery step; the draw is capped before the cast"
    )]
    pub fn sample(self, rng: &mut Rng) -> u64 {
        let z = rng.normal();
        let (p10, p50, p90) = (self.p10.max(1) as f64, self.p50.max(1) as f64, self.p90.max(1) as f64);
        let spread = if z < 0.0 { (p50 / p10).ln() } else { (p90 / p50).ln() } / Z90;
        if self.p50 == 0 {
            return 0;
        }
        (p50 * (z * spread).exp()).min(p90 * 1000.0).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meets_its_percentiles() {
        let duration = Duration { p10: 2400, p50: 3600, p90: 10_800 };
        let mut rng = Rng::new(1);
        let mut draws: Vec<u64> = (0..20_001).map(|_| duration.sample(&mut rng)).collect();
        draws.sort_unstable();
        let near = |got: u64, want: u64| got.abs_diff(want) * 100 < want * 4;
        assert!(near(draws[2000], 2400) && near(draws[10_000], 3600) && near(draws[18_000], 10_800));
    }

    #[test]
    fn certain_durations_do_not_vary() {
        let mut rng = Rng::new(1);
        assert!((0..100).all(|_| Duration::exactly(60).sample(&mut rng) == 60));
        assert_eq!(Duration::exactly(0).sample(&mut rng), 0);
    }
}
