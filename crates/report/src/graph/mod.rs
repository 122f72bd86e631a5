//! The attack graph with the cut: what the attacker holds or reaches, the rules that stand in its way, what they keep from it.

mod classes;

use bulkhead_model::case::Certificate;
use bulkhead_model::estate::Estate;

use crate::svg::{Svg, shorten};
use classes::{Classes, Row, Rule, Standing};

const WIDTH: f64 = 1000.0;
const MARGIN: f64 = 10.0;
const BOX: f64 = 235.0;
const RULE: f64 = 330.0;
const ROW: f64 = 18.0;
const HEAD: f64 = 24.0;
const GAP: f64 = 10.0;
const TOP: f64 = 30.0;
const RULE_HEIGHT: f64 = 30.0;

/// The picture.
pub fn svg(estate: &Estate, certificate: &Certificate, id: &str) -> String {
    let zone_of = estate.assets.iter().map(|it| (it.id.as_str(), it.zone.as_str())).collect();
    let classes = Classes::new(&zone_of, certificate);
    let left = Side::new(&classes.left, MARGIN, true);
    let right = Side::new(&classes.right, WIDTH - MARGIN - BOX, false);
    let rules = Rules::new(&classes, &left, &right);
    let height = TOP + left.height.max(right.height).max(rules.height()) + 10.0;
    let mut svg = Svg::new(WIDTH, height, "Attack graph with the cut", &description(certificate, &classes));
    svg.text(MARGIN, 16.0, "Within the attacker's reach", "head");
    svg.text(WIDTH / 2.0, 16.0, "Cut by", "middle head");
    svg.text(WIDTH - MARGIN, 16.0, "Kept out of reach", "end head");
    rules.lines(&mut svg, &left, &right);
    left.draw(&mut svg);
    right.draw(&mut svg);
    rules.draw(&mut svg);
    svg.finish(id)
}

fn description(certificate: &Certificate, classes: &Classes) -> String {
    let most = classes.rules.iter().take(8).map(|it| format!("{} cuts {}", it.name, moves(it.moves)));
    format!(
        "{} assets within the attacker's reach, {} moves out of them cut, {} protected assets kept out of reach. {}. \
         The certificate lists every one.",
        certificate.reached.len(),
        certificate.cut.len(),
        certificate.protected.len(),
        most.collect::<Vec<_>>().join("; ")
    )
}

fn moves(count: usize) -> String {
    if count == 1 { "1 move".to_owned() } else { format!("{count} moves") }
}

/// One side of the picture: rows, boxed by zone.
struct Side<'c> {
    rows: &'c [Row],
    /// Middle of each row, from the top.
    middles: Vec<f64>,
    /// (zone, top, height).
    zones: Vec<(&'c str, f64, f64)>,
    x: f64,
    /// Where lines end.
    edge: f64,
    height: f64,
}

impl<'c> Side<'c> {
    fn new(rows: &'c [Row], x: f64, left: bool) -> Self {
        let (mut middles, mut zones) = (Vec::new(), Vec::new());
        let mut y = TOP;
        for chunk in rows.chunk_by(|a, b| a.zone == b.zone) {
            let height = HEAD + ROW * chunk.len() as f64 + 3.0;
            zones.push((chunk[0].zone.as_str(), y, height));
            middles.extend((0..chunk.len()).map(|it| y + HEAD + ROW * (it as f64 + 0.5)));
            y += height + GAP;
        }
        let edge = if left { x + BOX } else { x };
        Self { rows, middles, zones, x, edge, height: y - TOP }
    }

    /// Middles of the rows that `rule` cuts.
    fn ends(&self, rule: usize) -> impl Iterator<Item = f64> {
        let cut = self.rows.iter().zip(&self.middles).filter(move |it| it.0.rules.contains(&rule));
        cut.map(|it| *it.1)
    }

    fn draw(&self, svg: &mut Svg) {
        for (zone, y, height) in &self.zones {
            svg.rect(self.x, *y, BOX, *height, "zone");
            svg.text(self.x + 10.0, y + 16.0, &shorten(zone, 30), "zone-name");
        }
        for (row, middle) in self.rows.iter().zip(&self.middles) {
            svg.explained(&row.tooltip(), |svg| {
                svg.circle(self.x + 16.0, middle - 1.0, 5.0, row.standing.class());
                let mark = if row.standing == Standing::Protected { "★ " } else { "" };
                svg.text(
                    self.x + 28.0,
                    middle + 3.0,
                    &format!("{mark}{}", shorten(&row.label(), 30)),
                    "label",
                );
            });
        }
    }
}

/// The rules between the sides, each about level with what it cuts.
struct Rules<'c> {
    rules: &'c [Rule],
    /// Tops, by rule.
    tops: Vec<f64>,
}

impl<'c> Rules<'c> {
    fn new(classes: &'c Classes, left: &Side<'_>, right: &Side<'_>) -> Self {
        let level = |rule: usize| {
            let ends: Vec<f64> = left.ends(rule).chain(right.ends(rule)).collect();
            ends.iter().sum::<f64>() / ends.len().max(1) as f64
        };
        let mut order: Vec<(f64, usize)> = (0..classes.rules.len()).map(|it| (level(it), it)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut tops = vec![TOP; order.len()];
        let mut free = TOP;
        for (level, rule) in &order {
            tops[*rule] = (level - RULE_HEIGHT / 2.0).max(free);
            free = tops[*rule] + RULE_HEIGHT + GAP;
        }
        // What was pushed below the rest of the picture is pushed back up, from the bottom.
        let needed = (RULE_HEIGHT + GAP) * order.len() as f64 - GAP;
        let mut limit = TOP + left.height.max(right.height).max(needed) - RULE_HEIGHT;
        for (_, rule) in order.iter().rev() {
            tops[*rule] = tops[*rule].min(limit);
            limit = tops[*rule] - RULE_HEIGHT - GAP;
        }
        Self { rules: &classes.rules, tops }
    }

    fn height(&self) -> f64 {
        self.tops.iter().fold(0.0, |most: f64, it| most.max(it + RULE_HEIGHT - TOP))
    }

    fn lines(&self, svg: &mut Svg, left: &Side<'_>, right: &Side<'_>) {
        let (near, far) = (WIDTH / 2.0 - RULE / 2.0, WIDTH / 2.0 + RULE / 2.0);
        for (number, (rule, top)) in self.rules.iter().zip(&self.tops).enumerate() {
            let y = top + RULE_HEIGHT / 2.0;
            svg.explained(&format!("{}: {} cut", rule.name, moves(rule.moves)), |svg| {
                for end in left.ends(number) {
                    curve(svg, (left.edge, end), (near, y), "move");
                }
                for end in right.ends(number) {
                    curve(svg, (far, y), (right.edge, end), "cut");
                }
            });
        }
    }

    fn draw(&self, svg: &mut Svg) {
        let x = WIDTH / 2.0 - RULE / 2.0;
        for (rule, top) in self.rules.iter().zip(&self.tops) {
            svg.explained(&format!("{}: {} cut", rule.name, moves(rule.moves)), |svg| {
                svg.rect(x, *top, RULE, RULE_HEIGHT, "zone");
                let y = top + RULE_HEIGHT / 2.0;
                svg.path(&format!("M{:.1} {:.1}l8 8m0 -8l-8 8", x + 7.0, y - 4.0), "cross");
                svg.text(x + 21.0, top + 13.0, &shorten(&rule.name, 54), "rule-name");
                svg.text(x + 21.0, top + 25.0, &moves(rule.moves), "tick");
            });
        }
    }
}

fn curve(svg: &mut Svg, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
    let middle = f64::midpoint(x1, x2);
    svg.path(&format!("M{x1:.1} {y1:.1}C{middle:.1} {y1:.1} {middle:.1} {y2:.1} {x2:.1} {y2:.1}"), class);
}
