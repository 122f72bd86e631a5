//! Lanes: the flows between two zones as one line to the right of the rooms, bundled by what they carry.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::{Capability, Estate, Flow, Index, Port, Protocol, Selector};

use super::ROOMS_END;
use super::rooms::Room;
use crate::svg::{Svg, escape, shorten};

/// Room between lanes.
const STEP: f64 = 17.0;
/// Lanes beyond this are told in a note.
const LANES_MAX: usize = 48;
/// A flow that touches more zones than this on one side goes everywhere and is told in a note.
const ZONES_MAX: usize = 5;

/// Classes of flows with their meaning, most worrying first.
pub const KINDS: [(&str, &str); 4] =
    [("login", "remote login"), ("files", "file sharing"), ("base", "database"), ("other", "other")];

/// The lanes with their places, and what is not drawn.
#[derive(Debug)]
pub struct Lanes {
    lines: Vec<Line>,
    /// Right edge of the last lane.
    pub width: f64,
    /// What is told in words instead.
    pub notes: Vec<String>,
}

/// One lane.
#[derive(Debug)]
struct Line {
    kind: usize,
    x: f64,
    from_y: f64,
    to_y: f64,
    label: String,
    tooltip: String,
    blockable: bool,
}

/// Flows of one ordered pair of rooms.
struct Bundle<'e> {
    from: usize,
    to: usize,
    flows: Vec<&'e Flow>,
    kind: usize,
}

/// Bundles the flows by pair of zones and gives each pair its lane: short ones next to the rooms, never two on one spot.
pub fn lay_out<'e>(estate: &'e Estate, index: &Index<'e>, rooms: &[Room<'e>]) -> Lanes {
    let (mut bundles, everywhere) = bundles(estate, index, rooms);
    bundles.sort_by_key(|it| (it.from.abs_diff(it.to), it.from.min(it.to), it.from));
    let ends = ends(&bundles, rooms);
    let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut lines = Vec::new();
    let mut left_out = 0;
    for (bundle, (from_y, to_y)) in bundles.iter().zip(ends) {
        let (low, high) = (from_y.min(to_y), from_y.max(to_y));
        let free = |lane: &Vec<(f64, f64)>| lane.iter().all(|(a, b)| high + 6.0 < *a || *b + 6.0 < low);
        let lane = taken.iter().position(free).unwrap_or(taken.len());
        if lane >= LANES_MAX {
            left_out += 1;
            continue;
        }
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push((low, high));
        lines.push(line(estate, bundle, rooms, ROOMS_END + 22.0 + STEP * lane as f64, (from_y, to_y)));
    }
    let mut notes = Vec::new();
    if !everywhere.is_empty() {
        let shown: Vec<&str> = everywhere.iter().take(6).map(|it| it.id.as_str()).collect();
        notes.push(format!(
            "Not drawn, since they touch nearly every zone: {} ({} flows).",
            shown.join(", "),
            everywhere.len()
        ));
    }
    if left_out > 0 {
        notes.push(format!("{left_out} more pairs of zones have flows; there is no room to draw them."));
    }
    Lanes { lines, width: ROOMS_END + 22.0 + STEP * taken.len() as f64, notes }
}

fn bundles<'e>(
    estate: &'e Estate,
    index: &Index<'e>,
    rooms: &[Room<'e>],
) -> (Vec<Bundle<'e>>, Vec<&'e Flow>) {
    let place: BTreeMap<&str, usize> =
        rooms.iter().enumerate().map(|(n, it)| (it.zone.id.as_str(), n)).collect();
    let zones = |selector: &Selector| -> BTreeSet<usize> {
        if let Some(zone) = &selector.zone {
            return place.get(zone.as_str()).copied().into_iter().collect();
        }
        let of = |at: &u32| place.get(estate.assets[*at as usize].zone.as_str()).copied();
        index.select(selector).iter().filter_map(of).collect()
    };
    let mut pairs: BTreeMap<(usize, usize), Vec<&Flow>> = BTreeMap::new();
    let mut everywhere = Vec::new();
    for flow in &estate.flows {
        let (from, to) = (zones(&flow.from), zones(&flow.to));
        if from.len() > ZONES_MAX || to.len() > ZONES_MAX {
            everywhere.push(flow);
            continue;
        }
        for a in &from {
            for b in &to {
                pairs.entry((*a, *b)).or_default().push(flow);
            }
        }
    }
    let bundles = pairs.into_iter().map(|((from, to), flows)| {
        let kind = flows.iter().flat_map(|it| &it.ports).map(|it| kind(*it)).min().unwrap_or(KINDS.len() - 1);
        Bundle { from, to, flows, kind }
    });
    (bundles.collect(), everywhere)
}

/// Place in [`KINDS`]: what the port is commonly used for.
fn kind(port: Port) -> usize {
    let has = |numbers: &[u16]| {
        matches!(port.protocol, Protocol::Tcp | Protocol::Any)
            && numbers.iter().any(|it| port.first <= *it && *it <= port.last)
    };
    if has(&[22, 23, 623, 3389, 5900, 5985, 5986]) {
        0
    } else if has(&[135, 139, 445, 2049]) {
        1
    } else if has(&[1433, 1521, 3306, 5432, 6379, 27_017]) {
        2
    } else {
        3
    }
}

/// Where each bundle leaves its room and enters the other: spread over the room's height in the order of the far ends.
fn ends(bundles: &[Bundle<'_>], rooms: &[Room<'_>]) -> Vec<(f64, f64)> {
    let mut doors: Vec<Vec<(usize, usize, bool)>> = vec![Vec::new(); rooms.len()];
    for (n, bundle) in bundles.iter().enumerate() {
        doors[bundle.from].push((bundle.to, n, true));
        doors[bundle.to].push((bundle.from, n, false));
    }
    let mut ends = vec![(0.0, 0.0); bundles.len()];
    for (room, doors) in rooms.iter().zip(&mut doors) {
        doors.sort_unstable();
        let step = (room.height - 12.0) / (doors.len() as f64 + 1.0);
        for (at, (_, bundle, leaves)) in doors.iter().enumerate() {
            let y = room.y + 6.0 + step * (at as f64 + 1.0);
            let end = if *leaves { &mut ends[*bundle].0 } else { &mut ends[*bundle].1 };
            *end = y;
        }
    }
    ends
}

fn line(
    estate: &Estate,
    bundle: &Bundle<'_>,
    rooms: &[Room<'_>],
    x: f64,
    (from_y, to_y): (f64, f64),
) -> Line {
    let (from, to) = (&rooms[bundle.from].zone.id, &rooms[bundle.to].zone.id);
    let points: Vec<&str> = estate
        .enforcement_points
        .iter()
        .filter(|it| it.can.iter().any(|it| matches!(it, Capability::BlockFlow | Capability::Segment)))
        .filter(|it| it.covers.iter().any(|(a, b)| a == from && b == to))
        .map(|it| it.id.as_str())
        .collect();
    let ports: BTreeSet<Port> = bundle.flows.iter().flat_map(|it| &it.ports).copied().collect();
    let mut ports: Vec<(usize, String)> = ports.iter().map(|it| (kind(*it), it.to_string())).collect();
    ports.sort();
    let ports: Vec<String> =
        ports.into_iter().map(|(_, it)| it.strip_prefix("tcp/").map_or(it.clone(), str::to_owned)).collect();
    let mut tooltip = format!("{from} to {to}");
    for flow in bundle.flows.iter().take(12) {
        let ports: Vec<String> = flow.ports.iter().map(ToString::to_string).collect();
        tooltip.push_str(&format!("\n{}: {}", flow.id, ports.join(", ")));
    }
    if bundle.flows.len() > 12 {
        tooltip.push_str(&format!("\nand {} more flows", bundle.flows.len() - 12));
    }
    tooltip.push_str(&match points.is_empty() {
        true => "\nno enforcement point covers it".to_owned(),
        false => format!("\ncan be blocked at {}", points.join(", ")),
    });
    let room = ((from_y - to_y).abs() - 16.0).max(0.0) / 5.6;
    let label = format!("{from} → {to} {}", ports.join(" "));
    let short = ports.join(" ");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
    let room = room as usize;
    let label = if label.chars().count() <= room { label } else { short };
    let label = if room >= 3 { shorten(&label, room) } else { String::new() };
    Line { kind: bundle.kind, x, from_y, to_y, label, tooltip, blockable: !points.is_empty() }
}

impl Lanes {
    /// Draws the lanes.
    pub fn draw(&self, svg: &mut Svg) {
        // Harmless lanes first, so that the others lie on top.
        for kind in (0..KINDS.len()).rev() {
            for line in self.lines.iter().filter(|it| it.kind == kind) {
                line.draw(svg);
            }
        }
        // Names last: their halo clears the lines they cross.
        for line in &self.lines {
            line.name(svg);
        }
    }
}

impl Line {
    fn draw(&self, svg: &mut Svg) {
        let Self { x, from_y, to_y, .. } = *self;
        let class = KINDS[self.kind].0;
        svg.raw(&format!("<g><title>{}</title>", escape(&self.tooltip)));
        svg.path(
            &format!("M{ROOMS_END:.1} {from_y:.1}H{x:.1}V{to_y:.1}H{:.1}", ROOMS_END + 6.0),
            &format!("lane {class}"),
        );
        let tip = ROOMS_END + 1.0;
        svg.path(&format!("M{tip:.1} {to_y:.1}l8 -4v8Z"), &format!("tip {class}"));
        if self.blockable {
            svg.rect(ROOMS_END + 3.0, from_y - 3.5, 7.0, 7.0, "door");
        }
        svg.raw("</g>");
    }

    fn name(&self, svg: &mut Svg) {
        let Self { x, from_y, to_y, .. } = *self;
        if !self.label.is_empty() {
            let middle = f64::midpoint(from_y, to_y);
            svg.raw(&format!(
                r#"<text transform="translate({:.1} {middle:.1}) rotate(-90)" class="middle lane-label">{}</text>"#,
                x - 3.5,
                escape(&self.label)
            ));
        }
    }
}
