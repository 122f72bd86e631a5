//! The attack graph with the cut: what the attacker holds or reaches on the left, what the cut keeps from it on the right.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Certificate, Cut};
use bulkhead_model::estate::Estate;

use crate::svg::{Svg, shorten};

const WIDTH: f64 = 1000.0;
const BOX: f64 = 250.0;
const ROW: f64 = 18.0;
const HEAD: f64 = 24.0;
const GAP: f64 = 14.0;
const TOP: f64 = 30.0;
/// Room for a rule's name.
const NAME: f64 = 14.0;
/// More lines than this go without names; the table has them.
const NAMED_MAX: usize = 40;
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
            Self::Protected => "must never be reached",
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
    let names = certificate.cut.len().min(NAMED_MAX) as f64 * NAME;
    let height = TOP + left.height().max(right.height()).max(names) + 10.0;
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
                    svg.text(x + 28.0, middle + 3.0, &format!("{mark}{}", shorten(asset, 30)), "label");
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
    let mut curves: Vec<Curve<'_>> = lines
        .into_iter()
        .filter_map(|((from, to), cuts)| {
            let (a, b) = (*places.get(&(true, from))?, *places.get(&(false, to))?);
            Some(Curve { a, b, y: f64::midpoint(a.1, b.1), cuts })
        })
        .collect();
    curves.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.a.1.total_cmp(&b.a.1)).then(a.b.1.total_cmp(&b.b.1)));
    spread(&mut curves);
    for curve in &curves {
        curve.draw(svg);
    }
    // Names last: their halo clears the lines they cross.
    if curves.len() <= NAMED_MAX {
        for curve in &curves {
            curve.name(svg);
        }
    }
}

/// Moves between two places, through the point where they are cut.
struct Curve<'c> {
    a: (f64, f64),
    b: (f64, f64),
    y: f64,
    cuts: Vec<&'c Cut>,
}

/// Keeps the crosses far enough apart for the names beside them, without leaving the picture upwards.
fn spread(curves: &mut [Curve<'_>]) {
    let mut free = TOP + 10.0;
    let lowest = curves.iter().map(|it| it.y).fold(free, f64::max);
    for curve in curves.iter_mut() {
        curve.y = curve.y.max(free);
        free = curve.y + NAME;
    }
    // What was pushed below the lowest is pushed back up, from the bottom.
    let mut limit = lowest.max(TOP + 10.0 + NAME * (curves.len() as f64 - 1.0));
    for curve in curves.iter_mut().rev() {
        curve.y = curve.y.min(limit);
        limit = curve.y - NAME;
    }
}

impl Curve<'_> {
    fn rules(&self) -> BTreeSet<&str> {
        self.cuts.iter().map(|it| it.by.as_str()).collect()
    }

    /// Where it is cut.
    fn middle(&self) -> f64 {
        self.a.0 + (self.b.0 - self.a.0) * 0.3
    }

    fn draw(&self, svg: &mut Svg) {
        let shown: Vec<&str> = self.rules().into_iter().take(6).collect();
        let moves =
            if self.cuts.len() == 1 { "1 move".to_owned() } else { format!("{} moves", self.cuts.len()) };
        let tooltip = format!("{moves} cut by {}", shown.join(", "));
        let ((x1, y1), (x2, y2), y, middle) = (self.a, self.b, self.y, self.middle());
        let (before, after) = (f64::midpoint(x1, middle), middle + (x2 - middle) * 0.7);
        svg.explained(&tooltip, |svg| {
            let path = format!(
                "M{x1:.1} {y1:.1}C{before:.1} {y1:.1} {before:.1} {y:.1} {middle:.1} {y:.1}S{after:.1} {y2:.1} {x2:.1} {y2:.1}"
            );
            svg.path(&path, "cut");
            svg.path(&format!("M{:.1} {:.1}l8 8m0 -8l-8 8", middle - 4.0, y - 4.0), "cross");
        });
    }

    fn name(&self, svg: &mut Svg) {
        let rules = self.rules();
        let rest = if rules.len() > 1 { format!(" and {} more", rules.len() - 1) } else { String::new() };
        let first = shorten(rules.first().copied().unwrap_or_default(), 54 - rest.len());
        svg.text(self.middle() + 9.0, self.y + 3.5, &format!("{first}{rest}"), "rule-name");
    }
}
