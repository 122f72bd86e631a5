//! The attack graph with the cut: what the attacker holds or reaches, the rules that stand in its way, what they keep from it.

mod classes;

use bulkhead_model::case::Certificate;
use bulkhead_model::estate::Estate;

use crate::svg::{Svg, shorten};
use crate::words::{Lang, Words};
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
const LEGEND: f64 = 46.0;
/// Width of a letter of the legend.
const LETTER: f64 = 5.6;

/// The picture.
pub fn svg(estate: &Estate, certificate: &Certificate, id: &str) -> String {
    svg_in(&Words::new(Lang::En), estate, certificate, id)
}

/// The picture in a language.
pub fn svg_in(words: &Words, estate: &Estate, certificate: &Certificate, id: &str) -> String {
    let zone_of = estate.assets.iter().map(|it| (it.id.as_str(), it.zone.as_str())).collect();
    let classes = Classes::new(&zone_of, certificate);
    let left = Side::new(&classes.left, MARGIN, true);
    let right = Side::new(&classes.right, WIDTH - MARGIN - BOX, false);
    let rules = Rules::new(words, &classes, &left, &right);
    let end = TOP + left.height.max(right.height).max(rules.height()) + 10.0;
    let height = end + LEGEND;
    let mut svg =
        Svg::new(WIDTH, height, &words.get("graph-title"), &description(words, certificate, &classes));
    svg.text(MARGIN, 16.0, &words.get("graph-reach"), "head");
    svg.text(WIDTH / 2.0, 16.0, &words.get("graph-cut-by"), "middle head");
    svg.text(WIDTH - MARGIN, 16.0, &words.get("graph-kept"), "end head");
    rules.lines(&mut svg, &left, &right);
    left.draw(words, &mut svg);
    right.draw(words, &mut svg);
    rules.draw(&mut svg);
    legend(words, &mut svg, end + 6.0);
    svg.finish(id)
}

/// What colours, stars, lines and crosses mean.
fn legend(words: &Words, svg: &mut Svg, y: f64) {
    let mut x = MARGIN + 6.0;
    svg.line(MARGIN, y - 8.0, WIDTH - MARGIN, y - 8.0, "grid");
    for standing in Standing::ALL {
        let star = if standing == Standing::Protected { "★ " } else { "" };
        let text = format!("{star}{}", standing.word(words));
        svg.circle(x, y + 6.0, 5.0, standing.class());
        svg.text(x + 10.0, y + 10.0, &text, "tick");
        x += 30.0 + LETTER * text.chars().count() as f64;
    }
    let mut x = MARGIN;
    let y = y + 20.0;
    for (class, id) in [("move", "graph-legend-from"), ("cut", "graph-legend-to")] {
        let text = words.get(id);
        svg.line(x, y + 6.0, x + 26.0, y + 6.0, class);
        svg.text(x + 32.0, y + 10.0, &text, "tick");
        x += 56.0 + LETTER * text.chars().count() as f64;
    }
    svg.path(&format!("M{x:.1} {:.1}l8 8m0 -8l-8 8", y + 2.0), "cross");
    svg.text(x + 14.0, y + 10.0, &words.get("graph-legend-rule"), "tick");
}

fn description(words: &Words, certificate: &Certificate, classes: &Classes) -> String {
    let rule = |it: &Rule| format!("{}: {}", it.name, moves(words, it.moves));
    let most: Vec<String> = classes.rules.iter().take(8).map(rule).collect();
    words.say(
        "graph-description",
        &[
            ("reached", (&certificate.reached.len().to_string()).into()),
            ("cut", (&certificate.cut.len().to_string()).into()),
            ("protected", (&certificate.protected.len().to_string()).into()),
            ("rules", (&most.join("; ")).into()),
        ],
    )
}

fn moves(words: &Words, count: usize) -> String {
    words.say("moves", &[("n", count.into())])
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

    fn draw(&self, words: &Words, svg: &mut Svg) {
        for (zone, y, height) in &self.zones {
            svg.rect(self.x, *y, BOX, *height, "zone");
            svg.text(self.x + 10.0, y + 16.0, &shorten(zone, 30), "zone-name");
        }
        for (row, middle) in self.rows.iter().zip(&self.middles) {
            svg.explained(&row.tooltip(words), |svg| {
                svg.circle(self.x + 16.0, middle - 1.0, 5.0, row.standing.class());
                let mark = if row.standing == Standing::Protected { "★ " } else { "" };
                svg.text(
                    self.x + 28.0,
                    middle + 3.0,
                    &format!("{mark}{}", shorten(&row.label(words), 30)),
                    "label",
                );
            });
        }
    }
}

/// The rules between the sides, each about level with what it cuts.
struct Rules<'c> {
    words: &'c Words,
    rules: &'c [Rule],
    /// Tops, by rule.
    tops: Vec<f64>,
}

impl<'c> Rules<'c> {
    fn new(words: &'c Words, classes: &'c Classes, left: &Side<'_>, right: &Side<'_>) -> Self {
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
        Self { words, rules: &classes.rules, tops }
    }

    fn height(&self) -> f64 {
        self.tops.iter().fold(0.0, |most: f64, it| most.max(it + RULE_HEIGHT - TOP))
    }

    fn lines(&self, svg: &mut Svg, left: &Side<'_>, right: &Side<'_>) {
        let (near, far) = (WIDTH / 2.0 - RULE / 2.0, WIDTH / 2.0 + RULE / 2.0);
        for (number, (rule, top)) in self.rules.iter().zip(&self.tops).enumerate() {
            let y = top + RULE_HEIGHT / 2.0;
            svg.explained(&format!("{}: {}", rule.name, moves(self.words, rule.moves)), |svg| {
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
            svg.explained(&format!("{}: {}", rule.name, moves(self.words, rule.moves)), |svg| {
                svg.rect(x, *top, RULE, RULE_HEIGHT, "zone");
                let y = top + RULE_HEIGHT / 2.0;
                svg.path(&format!("M{:.1} {:.1}l8 8m0 -8l-8 8", x + 7.0, y - 4.0), "cross");
                svg.text(x + 21.0, top + 13.0, &shorten(&rule.name, 54), "rule-name");
                svg.text(x + 21.0, top + 25.0, &moves(self.words, rule.moves), "tick");
            });
        }
    }
}

fn curve(svg: &mut Svg, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
    let middle = f64::midpoint(x1, x2);
    svg.path(&format!("M{x1:.1} {y1:.1}C{middle:.1} {y1:.1} {middle:.1} {y2:.1} {x2:.1} {y2:.1}"), class);
}
