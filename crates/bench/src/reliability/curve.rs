//! How well confidence agrees with what is true: bins with intervals, scores, and the formulas that could take its place.

use serde_json::{Value, json};

/// Lower edges of the bins; those between 0.3 and 0.65 are suspected, those from 0.65 on held compromised.
const EDGES: [f64; 10] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.65, 0.8, 0.9, 0.95];

/// What was said of one host or account, and what is true of it.
#[derive(Clone, Debug)]
pub struct Said {
    /// `network`, `recording` or `drill`.
    pub source: &'static str,
    /// Which network, recording or drill.
    pub of: String,
    /// Its id.
    pub id: String,
    pub is_host: bool,
    /// What speaks against it.
    pub points: f64,
    /// How sure the stage is.
    pub confidence: f64,
    /// Whether an incident names it.
    pub named: bool,
    /// Whether the attacker had it in his hands.
    pub truth: bool,
    /// How much it counts: that of what is told several times adds up to one.
    pub weight: f64,
}

/// Bounds of a share of which `hits` of `n` were seen, 95 % (Wilson).
pub fn wilson(hits: f64, n: f64) -> (f64, f64) {
    const Z: f64 = 1.96;
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let (share, z2) = (hits / n, Z * Z);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// One bin of the curve.
#[derive(Clone, Debug)]
pub struct Bin {
    pub from: f64,
    pub to: f64,
    /// How many, by weight.
    pub n: f64,
    /// How sure the stage was on average.
    pub said: f64,
    /// How many were true, by weight.
    pub hits: f64,
}

impl Bin {
    fn share(&self) -> f64 {
        self.hits / self.n
    }
}

/// The bins that hold anything.
pub fn bins(all: &[&Said]) -> Vec<Bin> {
    let bin = |(number, from): (usize, &f64)| {
        let to = EDGES.get(number + 1).copied().unwrap_or(1.0);
        let is_last = number + 1 == EDGES.len();
        let inside = all.iter().filter(|it| it.confidence >= *from && (it.confidence < to || is_last));
        let (mut n, mut said, mut hits) = (0.0, 0.0, 0.0);
        for it in inside {
            n += it.weight;
            said += it.weight * it.confidence;
            hits += if it.truth { it.weight } else { 0.0 };
        }
        Bin { from: *from, to, n, said: said / n, hits }
    };
    EDGES.iter().enumerate().map(bin).filter(|it| it.n > 0.0).collect()
}

/// A curve, with its scores.
pub fn told(name: &str, all: &[&Said]) -> Value {
    let bins = bins(all);
    let n: f64 = all.iter().map(|it| it.weight).sum();
    let gap: f64 = bins.iter().map(|it| it.n * (it.said - it.share()).abs()).sum();
    let rows: Vec<Value> = bins
        .iter()
        .map(|it| {
            let (low, high) = wilson(it.hits, it.n);
            json!({
                "from": it.from, "to": it.to, "n": round(it.n), "confidence": round(it.said),
                "observed": round(it.share()), "low": round(low), "high": round(high),
                // Whether what was said lies within what was seen.
                "within": (low..=high).contains(&it.said),
            })
        })
        .collect();
    let of: std::collections::BTreeSet<&str> = all.iter().map(|it| it.of.as_str()).collect();
    json!({
        "name": name, "n": round(n), "of": of.len(),
        "brier": round(scored(all, |it| brier(it.confidence, it.truth))),
        "base_rate_brier": round(scored(all, |it| brier(base_rate(all), it.truth))),
        "ece": round(gap / n), "bins": rows,
    })
}

fn base_rate(all: &[&Said]) -> f64 {
    scored(all, |it| f64::from(u8::from(it.truth)))
}

/// The weighted mean of a score.
pub fn scored(all: &[&Said], score: impl Fn(&Said) -> f64) -> f64 {
    let n: f64 = all.iter().map(|it| it.weight).sum();
    all.iter().map(|it| it.weight * score(it)).sum::<f64>() / n
}

pub fn brier(said: f64, truth: bool) -> f64 {
    (said - f64::from(u8::from(truth))).powi(2)
}

/// What a statement costs in nats: certainty that is wrong costs much.
fn surprise(said: f64, truth: bool) -> f64 {
    let said = said.clamp(1e-3, 1.0 - 1e-3);
    -(if truth { said } else { 1.0 - said }).ln()
}

pub fn round(it: f64) -> f64 {
    (it * 1000.0).round() / 1000.0
}

/// A formula from points to confidence, with two parameters.
#[derive(Clone, Copy, Debug)]
pub struct Formula {
    pub name: &'static str,
    pub of: fn(f64, [f64; 2]) -> f64,
    start: [f64; 2],
}

/// What could take the place of `1 - exp(-points / scale)`.
pub const FORMULAS: [Formula; 3] = [
    Formula {
        name: "1 - exp(-points / a)",
        of: |points, [a, _]| 1.0 - (-points / a).exp(),
        start: [14.0, 1.0],
    },
    Formula {
        name: "1 - exp(-(points / a)^b)",
        of: |points, [a, b]| 1.0 - (-(points / a).powf(b)).exp(),
        start: [14.0, 1.0],
    },
    Formula {
        name: "1 / (1 + (a / points)^b)",
        of: |points, [a, b]| 1.0 / (1.0 + (a / points.max(1e-9)).powf(b)),
        start: [10.0, 1.0],
    },
];

impl Formula {
    /// The parameters under which what is said costs least: steps up and down by a factor that shrinks.
    pub fn fit(&self, all: &[&Said]) -> [f64; 2] {
        let cost = |it: [f64; 2]| scored(all, |said| surprise((self.of)(said.points, it), said.truth));
        let (mut best, mut factor) = (self.start, 2.0_f64);
        let mut least = cost(best);
        while factor > 1.002 {
            let (mut found, around) = (None, [1.0 / factor, 1.0, factor]);
            for (x, y) in around.iter().flat_map(|x| around.iter().map(move |y| (*x, *y))) {
                let it = [best[0] * x, best[1] * y];
                let its = cost(it);
                if its < least - 1e-12 {
                    (found, least) = (Some(it), its);
                }
            }
            match found {
                Some(it) => best = it,
                None => factor = factor.sqrt(),
            }
        }
        best
    }
}

/// Scores of what `said` says.
pub fn scores(on: &[&Said], said: impl Fn(&Said) -> f64) -> Value {
    let again: Vec<Said> = on.iter().map(|it| Said { confidence: said(it), ..(*it).clone() }).collect();
    let again: Vec<&Said> = again.iter().collect();
    let n: f64 = again.iter().map(|it| it.weight).sum();
    let gap: f64 = bins(&again).iter().map(|it| it.n * (it.said - it.share()).abs()).sum();
    json!({
        "brier": round(scored(&again, |it| brier(it.confidence, it.truth))),
        "nats": round(scored(&again, |it| surprise(it.confidence, it.truth))),
        "ece": round(gap / n),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(points: f64, confidence: f64, truth: bool) -> Said {
        let of = String::new();
        Said {
            source: "drill",
            of,
            id: String::new(),
            is_host: true,
            points,
            confidence,
            named: true,
            truth,
            weight: 1.0,
        }
    }

    #[test]
    fn an_interval_holds_what_is_known_of_a_share() {
        let (low, high) = wilson(30.0, 30.0);
        assert!((low - 0.887).abs() < 0.001 && (high - 1.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(wilson(0.0, 0.0), (0.0, 1.0));
    }

    #[test]
    fn a_curve_counts_each_once_and_knows_where_it_is_wrong() {
        let all =
            [said(1.0, 0.07, false), said(9.0, 0.47, true), said(9.0, 0.47, false), said(50.0, 1.0, true)];
        let all: Vec<&Said> = all.iter().collect();
        let bins = bins(&all);
        assert_eq!(bins.iter().map(|it| it.n as u32).collect::<Vec<_>>(), [1, 2, 1]);
        let told = told("all", &all);
        assert_eq!(told["ece"], json!(round((0.07 + 2.0 * 0.03) / 4.0)));
    }

    #[test]
    fn a_fit_finds_the_formula_that_made_the_data() {
        // So many of a hundred at each number of points as the formula says.
        let formula = FORMULAS[1];
        let mut all = Vec::new();
        for points in [2.0, 5.0, 10.0, 20.0, 30.0] {
            let hits = ((formula.of)(points, [10.0, 2.0]) * 100.0).round() as usize;
            all.extend((0..100).map(|it| said(points, 0.0, it < hits)));
        }
        let all: Vec<&Said> = all.iter().collect();
        let [a, b] = formula.fit(&all);
        assert!((a - 10.0).abs() < 0.5 && (b - 2.0).abs() < 0.15, "{a} {b}");
    }
}
