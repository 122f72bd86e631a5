//! The timeline as a picture: what the attacker did above, what was done about it below, on one compressed time axis.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::attack::TACTICS;
use bulkhead_model::case::TimelineEntry;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::svg::{Svg, shorten};
use crate::text::moment_in;
use crate::words::{Lang, Words};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 24.0;
const LANE: f64 = 30.0;
const TOP: f64 = 40.0;
/// Entries that stand closer than this are drawn as one mark with a number.
const MERGE: f64 = 9.0;

/// Width of a letter of a label.
const LETTER: f64 = 6.0;
/// Fewer letters than this are not worth writing.
const WORDS: usize = 18;

/// Lanes of the response, in the order of the work.
const RESPONSE: [&str; 8] =
    ["incident", "impact", "plan", "approval", "enforcement", "verification", "recovery", "surveillance"];

/// The picture; long quiet times are compressed, and the axis says so by its labels.
pub fn svg(entries: &[TimelineEntry], zone: &TimeZone, id: &str) -> String {
    svg_in(&Words::new(Lang::En), zone, entries, id)
}

/// The picture in a language.
pub fn svg_in(words: &Words, zone: &TimeZone, entries: &[TimelineEntry], id: &str) -> String {
    let lanes = lanes(words, entries);
    let clock = |at: Timestamp| moment_in(at, zone, words.lang);
    let height = TOP + LANE * (lanes.len() as f64) + 12.0;
    let number = lanes.len().to_string();
    let values = [("n", entries.len().into()), ("lanes", (&number).into())];
    let description = words.say("timeline-description", &values);
    let mut svg = Svg::new(WIDTH, height.max(80.0), &words.get("timeline-title"), &description);
    let axis = Axis::new(entries.iter().map(|it| it.at).collect());
    axis.draw(&mut svg, height, &clock);
    for (index, (key, label)) in lanes.iter().enumerate() {
        let y = TOP + LANE * index as f64 + LANE / 2.0;
        svg.text(LEFT - 10.0, y + 4.0, &shorten(label, 22), "end label");
        svg.line(LEFT, y, WIDTH - RIGHT, y, "grid");
        let class = if key.starts_with("tactic:") { "attack" } else { "response" };
        marks(
            &mut svg,
            y,
            class,
            &axis,
            (words, &clock),
            entries.iter().filter(|it| lane_of(it).as_deref() == Some(key)),
        );
    }
    svg.finish(id)
}

/// The lane an entry stands in; entries of no lane are in the table only.
fn lane_of(entry: &TimelineEntry) -> Option<String> {
    if entry.kind == "finding" {
        let tactic = entry.tactic.as_deref().unwrap_or("other");
        return Some(format!("tactic:{tactic}"));
    }
    RESPONSE.contains(&entry.kind.as_str()).then(|| entry.kind.clone())
}

fn lanes(words: &Words, entries: &[TimelineEntry]) -> Vec<(String, String)> {
    let present: BTreeSet<String> = entries.iter().filter_map(lane_of).collect();
    let mut lanes = Vec::new();
    // In the order of the matrix, so that an attack reads from the top left to the bottom right.
    for tactic in TACTICS {
        let key = format!("tactic:{tactic}");
        if present.contains(&key) {
            lanes.push((key, capitalised(&words.listed("tactic", tactic))));
        }
    }
    // Whatever a rule's author calls a tactic gets its lane too.
    for key in
        present.iter().filter(|it| !lanes.iter().any(|(known, _)| known == *it)).cloned().collect::<Vec<_>>()
    {
        if let Some(tactic) = key.strip_prefix("tactic:") {
            let label = capitalised(&words.listed("tactic", tactic));
            lanes.push((key, label));
        }
    }
    for kind in RESPONSE {
        if present.contains(kind) {
            lanes.push((kind.to_owned(), capitalised(&words.listed("kind", kind))));
        }
    }
    lanes
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn marks<'a>(
    svg: &mut Svg,
    y: f64,
    class: &str,
    axis: &Axis,
    (words, clock): (&Words, &dyn Fn(Timestamp) -> String),
    entries: impl Iterator<Item = &'a TimelineEntry>,
) {
    let mut groups: Vec<(f64, Vec<&TimelineEntry>)> = Vec::new();
    for entry in entries {
        let x = axis.x(entry.at);
        match groups.last_mut() {
            Some((last, group)) if x - *last < MERGE => group.push(entry),
            _ => groups.push((x, vec![entry])),
        }
    }
    let mut written = LEFT;
    let ends: Vec<f64> = groups.iter().map(|(x, _)| *x).collect();
    for (n, (x, group)) in groups.into_iter().enumerate() {
        let before = if n == 0 { LEFT } else { ends[n - 1] }.max(written);
        let after = ends.get(n + 1).copied().unwrap_or(WIDTH - RIGHT);
        if let [entry] = group[..] {
            written = label(svg, (before, x, after), y, &words.said(&entry.text));
        }
        let shown = group.iter().take(8).map(|it| format!("{} {}", clock(it.at), words.said(&it.text)));
        let mut tooltip: Vec<_> = shown.collect();
        if group.len() > 8 {
            tooltip.push(words.say("and-more", &[("n", (group.len() - 8).into())]));
        }
        svg.explained(&tooltip.join("\n"), |svg| {
            let radius = if group.len() > 1 { 8.0 } else { 5.0 };
            svg.circle(x, y, radius, class);
            if group.len() > 1 {
                let number = if group.len() > 99 { "99+".to_owned() } else { group.len().to_string() };
                svg.text(x, y + 3.5, &number, "middle inside");
            }
        });
    }
}

/// What a mark stands for, written beside it where there is room for more than a word; returns where the text ends.
fn label(svg: &mut Svg, (before, x, after): (f64, f64, f64), y: f64, text: &str) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 0, at most a line's length"
    )]
    let fits = |room: f64| (room.max(0.0) / LETTER) as usize;
    let (left, right) = (fits(x - before - 20.0), fits(after - x - 20.0));
    if right >= WORDS || right >= text.chars().count() {
        let text = shorten(text, right);
        svg.text(x + 9.0, y + 4.0, &text, "beside");
        return x + 9.0 + LETTER * text.chars().count() as f64;
    }
    if left >= WORDS && right < left {
        svg.text(x - 9.0, y + 4.0, &shorten(text, left), "end beside");
    }
    x
}

/// Instants to positions: a gap takes room by the logarithm of its length, so that minutes and days fit on one page.
struct Axis {
    positions: BTreeMap<Timestamp, f64>,
}

impl Axis {
    fn new(mut instants: Vec<Timestamp>) -> Self {
        instants.sort();
        instants.dedup();
        let gap = |pair: &[Timestamp]| ((pair[1].as_second() - pair[0].as_second()) as f64 / 30.0).ln_1p();
        let total: f64 = instants.windows(2).map(gap).sum();
        let scale = if total > 0.0 { (WIDTH - LEFT - RIGHT - 20.0) / total } else { 0.0 };
        let mut positions = BTreeMap::new();
        let mut x = LEFT + 10.0;
        for (index, at) in instants.iter().enumerate() {
            if index > 0 {
                x += gap(&instants[index - 1..=index]) * scale;
            }
            positions.insert(*at, x);
        }
        Self { positions }
    }

    fn x(&self, at: Timestamp) -> f64 {
        self.positions.get(&at).copied().unwrap_or(LEFT)
    }

    fn draw(&self, svg: &mut Svg, height: f64, clock: &dyn Fn(Timestamp) -> String) {
        let mut free_from = 0.0;
        for (at, x) in &self.positions {
            if *x >= free_from && *x <= WIDTH - 60.0 {
                svg.line(*x, TOP - 8.0, *x, height - 8.0, "grid");
                svg.text(*x, TOP - 14.0, &clock(*at), "tick");
                free_from = *x + 138.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: &str, kind: &str, tactic: Option<&str>) -> TimelineEntry {
        TimelineEntry {
            at: at.parse().expect("an instant"),
            kind: kind.to_owned(),
            text: format!("<{kind}>"),
            tactic: tactic.map(str::to_owned),
            about: Vec::new(),
        }
    }

    #[test]
    fn attack_lanes_stand_above_in_the_order_of_the_matrix() {
        let entries = [
            entry("2025-07-25T10:00:00Z", "plan", None),
            entry("2025-07-25T11:00:00Z", "finding", Some("exfiltration")),
            entry("2025-07-25T11:00:00Z", "finding", Some("execution")),
            entry("2025-07-25T11:00:00Z", "clock", None),
        ];
        let labels: Vec<_> =
            lanes(&Words::new(Lang::En), &entries).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["Execution", "Exfiltration", "Plan"]);
    }

    #[test]
    fn later_stands_further_right_and_text_is_escaped() {
        let entries = [
            entry("2025-07-25T10:00:00Z", "plan", None),
            entry("2025-07-25T10:01:00Z", "plan", None),
            entry("2025-07-28T10:00:00Z", "plan", None),
        ];
        let axis = Axis::new(entries.iter().map(|it| it.at).collect());
        assert!(axis.x(entries[0].at) < axis.x(entries[1].at));
        assert!(axis.x(entries[1].at) < axis.x(entries[2].at));
        let picture = svg(&entries, &TimeZone::UTC, "t");
        assert!(picture.contains("&lt;plan&gt;") && !picture.contains("<plan>"));
    }

    #[test]
    fn nothing_gives_an_empty_picture() {
        assert!(svg(&[], &TimeZone::UTC, "t").starts_with("<svg"));
    }
}
