//! The attack graph with the cut: what the attacker holds or reaches on the left, what the cut keeps from it on the right.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Certificate, Cut};
use bulkhead_model::estate::Estate;

use crate::svg::{Svg, shorten};

const WIDTH: f64 = 1000.0;
const BOX: f64 = 300.0;
const ROW: f64 = 18.0;
const HEAD: f64 = 24.0;
const GAP: f64 = 14.0;
const TOP: f64 = 30.0;
/// More assets than this on one side are summed up per zone.
const ASSETS_MAX: usize = 70;

/// What an asset is to the attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Source,
    Reached,
    Beyond,
    Protected,
}

impl Standing {
    fn class(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Reached => "reached",
            Self::Beyond => "beyond",
            Self::Protected => "protected",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Source => "in the attacker's hands",
            Self::Reached => "still within reach",
            Self::Beyond => "cut off from the attacker",
            Self::Protected => "must never be reached; cut off",
        }
    }
}

/// One side of the picture: zones with their rows.
struct Side {
    zones: BTreeMap<String, Vec<(String, Standing)>>,
    summed: bool,
}

/// The picture.
pub fn svg(estate: &Estate, certificate: &Certificate, id: &str) -> String {
    let zone_of: BTreeMap<&str, &str> =
        estate.assets.iter().map(|it| (it.id.as_str(), it.zone.as_str())).collect();
    let (left, right) = sides(certificate, &zone_of);
    let height = TOP + left.height().max(right.height()) + 10.0;
    let description = format!(
        "{} assets within the attacker's reach, {} moves out of them cut, {} protected assets kept out of reach. \
         The tables of the certificate list every one.",
        certificate.reached.len(),
        certificate.cut.len(),
        certificate.protected.len()
    );
    let mut svg = Svg::new(WIDTH, height, "Attack graph with the cut", &description);
    svg.text(10.0, 16.0, "Within the attacker's reach", "head");
    svg.text(WIDTH - 10.0, 16.0, "Kept out of reach by the cut", "end head");
    let mut places = BTreeMap::new();
    left.place(10.0, true, &mut places);
    right.place(WIDTH - 10.0 - BOX, false, &mut places);
    edges(&mut svg, &certificate.cut, &zone_of, &left, &right, &places);
    left.draw(&mut svg, 10.0);
    right.draw(&mut svg, WIDTH - 10.0 - BOX);
    svg.finish(id)
}

fn sides(certificate: &Certificate, zone_of: &BTreeMap<&str, &str>) -> (Side, Side) {
    let sources: BTreeSet<_> = certificate.sources.iter().collect();
    let protected: BTreeSet<_> = certificate.protected.iter().collect();
    let reached: BTreeSet<_> = certificate.reached.iter().collect();
    let left = reached.iter().map(|it| {
        let standing = if sources.contains(*it) { Standing::Source } else { Standing::Reached };
        ((*it).clone(), standing)
    });
    let beyond: BTreeSet<_> =
        certificate.cut.iter().map(|it| &it.to).filter(|it| !reached.contains(it)).collect();
    let right = beyond.into_iter().map(|it| {
        let standing = if protected.contains(it) { Standing::Protected } else { Standing::Beyond };
        (it.clone(), standing)
    });
    (Side::new(left, zone_of), Side::new(right, zone_of))
}

impl Side {
    fn new(assets: impl Iterator<Item = (String, Standing)>, zone_of: &BTreeMap<&str, &str>) -> Self {
        let mut zones: BTreeMap<String, Vec<(String, Standing)>> = BTreeMap::new();
        let mut total = 0;
        for (asset, standing) in assets {
            let zone = zone_of.get(asset.as_str()).copied().unwrap_or("?").to_owned();
            zones.entry(zone).or_default().push((asset, standing));
            total += 1;
        }
        let summed = total > ASSETS_MAX;
        for rows in zones.values_mut() {
            rows.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
            if summed {
                *rows = summary(rows);
            }
        }
        Self { zones, summed }
    }

    fn height(&self) -> f64 {
        self.zones.values().map(|it| HEAD + ROW * it.len() as f64 + GAP).sum()
    }

    /// Where edges of each row (or, summed up, of each zone) end.
    fn place(&self, x: f64, left: bool, places: &mut BTreeMap<(bool, String), (f64, f64)>) {
        let edge = if left { x + BOX } else { x };
        let mut y = TOP;
        for (zone, rows) in &self.zones {
            places.insert((left, zone.clone()), (edge, y + HEAD / 2.0));
            for (index, (asset, _)) in rows.iter().enumerate() {
                places
                    .insert((left, format!("{zone}/{asset}")), (edge, y + HEAD + ROW * (index as f64 + 0.5)));
            }
            y += HEAD + ROW * rows.len() as f64 + GAP;
        }
    }

    fn key(&self, asset: &str, zone_of: &BTreeMap<&str, &str>) -> String {
        let zone = zone_of.get(asset).copied().unwrap_or("?");
        if self.summed { zone.to_owned() } else { format!("{zone}/{asset}") }
    }

    fn draw(&self, svg: &mut Svg, x: f64) {
        let mut y = TOP;
        for (zone, rows) in &self.zones {
            let height = HEAD + ROW * rows.len() as f64;
            svg.rect(x, y, BOX, height, "zone");
            svg.text(x + 10.0, y + 16.0, zone, "zone-name");
            for (index, (asset, standing)) in rows.iter().enumerate() {
                let middle = y + HEAD + ROW * (index as f64 + 0.5);
                svg.explained(&format!("{asset}: {}", standing.word()), |svg| {
                    svg.circle(x + 16.0, middle - 1.0, 5.0, standing.class());
                    let mark = if *standing == Standing::Protected { "★ " } else { "" };
                    svg.text(x + 28.0, middle + 3.0, &format!("{mark}{}", shorten(asset, 36)), "label");
                });
            }
            y += height + GAP;
        }
    }
}

fn summary(rows: &[(String, Standing)]) -> Vec<(String, Standing)> {
    let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
    for (_, standing) in rows {
        *counts.entry(*standing).or_default() += 1;
    }
    counts.into_iter().map(|(standing, n)| (format!("{n} {}", standing.word()), standing)).collect()
}

/// One line per pair of places, however many moves it stands for, with the rules that cut it in the tooltip.
fn edges(
    svg: &mut Svg,
    cuts: &[Cut],
    zone_of: &BTreeMap<&str, &str>,
    left: &Side,
    right: &Side,
    places: &BTreeMap<(bool, String), (f64, f64)>,
) {
    let mut lines: BTreeMap<(String, String), Vec<&Cut>> = BTreeMap::new();
    for cut in cuts {
        lines.entry((left.key(&cut.from, zone_of), right.key(&cut.to, zone_of))).or_default().push(cut);
    }
    for ((from, to), cuts) in lines {
        let (Some(a), Some(b)) = (places.get(&(true, from)), places.get(&(false, to))) else { continue };
        let rules: BTreeSet<_> = cuts.iter().map(|it| it.by.as_str()).collect();
        let shown: Vec<_> = rules.iter().copied().take(6).collect();
        let tooltip = format!("{} moves cut by {}", cuts.len(), shown.join(", "));
        let (x1, y1, x2, y2) = (a.0, a.1, b.0, b.1);
        let middle = f64::midpoint(x1, x2);
        svg.explained(&tooltip, |svg| {
            svg.path(
                &format!("M{x1:.1} {y1:.1} C{middle:.1} {y1:.1} {middle:.1} {y2:.1} {x2:.1} {y2:.1}"),
                "cut",
            );
            let y = f64::midpoint(y1, y2);
            svg.path(&format!("M{:.1} {:.1} l8 8 m0 -8 l-8 8", middle - 4.0, y - 4.0), "cross");
        });
    }
}
