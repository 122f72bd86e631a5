//! The estate as a map: zones as rooms from the least to the most trusted, flows between them as lanes, services below.
//!
//! Up to a few hundred assets every one has its mark; beyond that a room shows how many of each role it holds.

use std::collections::BTreeMap;

use bulkhead_model::estate::{Estate, Index};

use crate::svg::{Svg, standalone};
use crate::text::count;

mod lanes;
mod rooms;
mod services;

/// Left edge of everything.
const LEFT: f64 = 20.0;
/// Where the heading ends and the first room begins.
const TOP: f64 = 104.0;
/// Right edge of the rooms, where lanes begin.
const ROOMS_END: f64 = 720.0;
/// Least width, so that the services' table fits.
const MIN_WIDTH: f64 = 1180.0;

/// The map as an SVG file of its own. Same estate, same bytes.
pub fn svg(estate: &Estate) -> String {
    let index = Index::new(estate);
    let rooms = rooms::lay_out(estate, &index, TOP);
    let end = rooms.last().map_or(TOP, |it| it.y + it.height);
    let lanes = lanes::lay_out(estate, &index, &rooms);
    let width = MIN_WIDTH.max(lanes.width + LEFT);
    let after_notes = end + 14.0 + 18.0 * lanes.notes.len() as f64;
    let height = after_notes + services::height(estate) + 20.0;
    let info = &estate.estate;
    let summary = format!(
        "{} zones, {} assets, {} flows, {} services, {} enforcement points",
        estate.zones.len(),
        count(estate.assets.len() as u64),
        estate.flows.len(),
        estate.services.len(),
        estate.enforcement_points.len()
    );
    let mut svg =
        Svg::new(width, height, &format!("Estate map of {}", info.name), &description(estate, &summary));
    svg.rect(0.0, 0.0, width, height, "paper");
    svg.text(LEFT, 34.0, &info.name, "title");
    svg.text(LEFT, 54.0, &summary, "tick");
    legend(&mut svg);
    lanes.draw(&mut svg);
    rooms::draw(&mut svg, estate, &index, &rooms);
    for (n, note) in lanes.notes.iter().enumerate() {
        svg.text(LEFT, end + 20.0 + 18.0 * n as f64, note, "tick");
    }
    services::draw(&mut svg, estate, &index, after_notes);
    standalone(&svg.finish("estate-map"))
}

/// The map in words.
fn description(estate: &Estate, summary: &str) -> String {
    let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
    for asset in &estate.assets {
        *zones.entry(asset.zone.as_str()).or_default() += 1;
    }
    let rooms: Vec<String> = estate
        .zones
        .iter()
        .take(40)
        .map(|it| format!("{} ({} assets)", it.id, zones.get(it.id.as_str()).unwrap_or(&0)))
        .collect();
    let jewels: Vec<&str> =
        estate.assets.iter().filter(|it| it.crown_jewel).take(20).map(|it| it.id.as_str()).collect();
    let jewels = if jewels.is_empty() { "none".to_owned() } else { jewels.join(", ") };
    format!("{summary}. Zones: {}. Crown jewels: {jewels}.", rooms.join(", "))
}

/// What marks and lanes mean.
fn legend(svg: &mut Svg) {
    let y = 80.0;
    let mut x = LEFT + 6.0;
    for (mark, word) in rooms::MARKS {
        svg.raw(&mark.at(x, y));
        svg.text(x + 11.0, y + 4.0, word, "tick");
        x += 30.0 + 6.0 * word.len() as f64;
    }
    svg.circle(x, y, 7.6, "guard");
    svg.text(x + 13.0, y + 4.0, "an enforcement point runs on it", "tick");
    svg.text(LEFT, y + 20.0, "flows:", "tick");
    let mut x = LEFT + 44.0;
    for (class, word) in lanes::KINDS {
        svg.line(x, y + 16.0, x + 22.0, y + 16.0, &format!("lane {class}"));
        svg.text(x + 28.0, y + 20.0, word, "tick");
        x += 48.0 + 6.0 * word.len() as f64;
    }
    svg.rect(x, y + 12.0, 8.0, 8.0, "door");
    svg.text(x + 14.0, y + 20.0, "an enforcement point can block it", "tick");
}
