//! Rooms: one per zone, with its assets as marks grouped by role.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bulkhead_model::estate::{Asset, AssetKind, Estate, Index, Zone};

use super::{LEFT, ROOMS_END};
use crate::svg::{Svg, escape, shorten};
use crate::text::{count, number};

/// Height of a room's heading.
const HEAD: f64 = 26.0;
/// Height of a line of groups.
const LINE: f64 = 36.0;
/// Room between a mark and the next.
const STEP: f64 = 15.0;
/// Room between rooms, where a lane's arrow can be told apart.
const GAP: f64 = 12.0;
/// A group of more assets than this is a number.
const MARKS_MAX: usize = 24;
/// A zone of more assets than this shows numbers only.
const ZONE_MAX: usize = 150;
/// An estate of at most so many assets writes the name beside each mark.
const NAMES_MAX: usize = 60;
/// Letters of a name beside its mark.
const NAME: usize = 16;
/// A zone with more roles than this shows the most frequent.
const ROLES_MAX: usize = 16;

/// Shapes for kinds of assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Server,
    Workstation,
    Device,
    Hypervisor,
    Appliance,
    Identity,
    CrownJewel,
}

/// The marks with their meaning, for the legend.
pub const MARKS: [(Mark, &str); 7] = [
    (Mark::Server, "server"),
    (Mark::Workstation, "workstation"),
    (Mark::Device, "network device"),
    (Mark::Hypervisor, "hypervisor"),
    (Mark::Appliance, "appliance"),
    (Mark::Identity, "identity provider"),
    (Mark::CrownJewel, "crown jewel: must never be reached"),
];

impl Mark {
    fn of(asset: &Asset) -> Self {
        match asset.kind {
            _ if asset.crown_jewel => Self::CrownJewel,
            AssetKind::Server => Self::Server,
            AssetKind::Workstation => Self::Workstation,
            AssetKind::NetworkDevice => Self::Device,
            AssetKind::Hypervisor => Self::Hypervisor,
            AssetKind::Appliance => Self::Appliance,
            AssetKind::IdentityProvider => Self::Identity,
        }
    }

    /// The mark with its centre at a place.
    pub fn at(self, x: f64, y: f64) -> String {
        let (l, r, t, b) = (x - 5.0, x + 5.0, y - 5.0, y + 5.0);
        let path = match self {
            Self::Server => return format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="4.8" class="mark"/>"#),
            Self::Workstation => format!("M{l:.1} {t:.1}H{r:.1}V{:.1}H{l:.1}Z", y + 3.0),
            Self::Device => format!("M{x:.1} {t:.1}L{r:.1} {b:.1}H{l:.1}Z"),
            Self::Hypervisor => {
                format!(
                    "M{l:.1} {t:.1}H{r:.1}V{:.1}H{l:.1}ZM{l:.1} {:.1}H{r:.1}V{b:.1}H{l:.1}Z",
                    y - 1.0,
                    y + 1.0
                )
            }
            Self::Appliance => {
                let (a, c) = (x - 2.8, x + 2.8);
                format!("M{a:.1} {t:.1}H{c:.1}L{r:.1} {y:.1}L{c:.1} {b:.1}H{a:.1}L{l:.1} {y:.1}Z")
            }
            Self::Identity => format!("M{x:.1} {t:.1}L{r:.1} {y:.1}L{x:.1} {b:.1}L{l:.1} {y:.1}Z"),
            Self::CrownJewel => return format!(r#"<path d="{}" class="star"/>"#, star(x, y)),
        };
        format!(r#"<path d="{path}" class="mark"/>"#)
    }
}

/// A star of five points.
fn star(x: f64, y: f64) -> String {
    let mut path = String::new();
    for point in 0..10 {
        let radius = if point % 2 == 0 { 7.0 } else { 3.0 };
        let (sin, cos) = (f64::from(point) * std::f64::consts::PI / 5.0).sin_cos();
        let command = if point == 0 { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(path, "{command}{:.1} {:.1}", x + radius * sin, y - radius * cos);
    }
    path.push('Z');
    path
}

/// One zone's room and where it lies.
#[derive(Debug)]
pub struct Room<'e> {
    /// The zone.
    pub zone: &'e Zone,
    /// Its upper edge.
    pub y: f64,
    /// Its height.
    pub height: f64,
    groups: Vec<Group>,
    hidden: usize,
}

/// Assets of one role.
#[derive(Debug)]
struct Group {
    role: String,
    assets: Vec<u32>,
    /// Marks for each asset, or a number.
    each: bool,
    /// Room from one mark to the next, for a name where there is one.
    step: f64,
    named: bool,
    x: f64,
    line: usize,
}

/// Lays the rooms out from the least to the most trusted tier, in file order within a tier.
pub fn lay_out<'e>(estate: &'e Estate, index: &Index<'e>, top: f64) -> Vec<Room<'e>> {
    let mut zones: Vec<&Zone> = estate.zones.iter().collect();
    zones.sort_by_key(|it| std::cmp::Reverse(it.tier));
    let mut y = top + 12.0;
    let mut rooms = Vec::with_capacity(zones.len());
    for zone in zones {
        let assets = index.in_zone(zone.id.as_str());
        let (mut groups, hidden) = groups(estate, assets);
        let lines = place(&mut groups);
        let height = HEAD + LINE * lines as f64 + 8.0;
        rooms.push(Room { zone, y, height, groups, hidden });
        y += height + GAP;
    }
    rooms
}

/// Assets by their first role, the largest group first; and how many roles are not shown.
fn groups(estate: &Estate, assets: &[u32]) -> (Vec<Group>, usize) {
    let mut by_role: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for at in assets {
        let asset = &estate.assets[*at as usize];
        by_role.entry(asset.roles.first().map_or("other", String::as_str)).or_default().push(*at);
    }
    let many = assets.len() > ZONE_MAX;
    let named = estate.assets.len() <= NAMES_MAX;
    let mut by_role: Vec<(&str, Vec<u32>)> = by_role.into_iter().collect();
    by_role.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
    let mut groups: Vec<Group> = Vec::new();
    for (role, assets) in by_role {
        let letters = |at: &u32| estate.assets[*at as usize].id.as_str().chars().count().min(NAME);
        let longest = assets.iter().map(letters).max().unwrap_or(0);
        let step = if named { STEP + 6.0 + 5.8 * longest as f64 } else { STEP };
        let each = !many && assets.len() <= MARKS_MAX;
        // With names, a group of many takes several lines.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
        let in_line = if named && each { ((ROOMS_END - LEFT - 40.0) / step) as usize } else { usize::MAX };
        for part in assets.chunks(in_line.max(1)) {
            let assets = part.to_vec();
            groups.push(Group { role: role.to_owned(), assets, each, step, named, x: 0.0, line: 0 });
        }
    }
    groups.sort_by(|a, b| b.assets.len().cmp(&a.assets.len()).then_with(|| a.role.cmp(&b.role)));
    let hidden = groups.len().saturating_sub(ROLES_MAX);
    groups.truncate(ROLES_MAX);
    (groups, hidden)
}

impl Group {
    fn label(&self) -> String {
        let role = shorten(&self.role.replace('_', " "), 22);
        if self.each { role } else { format!("{role} ×{}", count(self.assets.len() as u64)) }
    }

    fn width(&self) -> f64 {
        let marks = if self.each { self.assets.len() } else { 1 };
        (self.step * marks as f64).max(6.1 * self.label().chars().count() as f64) + 14.0
    }
}

/// Gives every group its place; returns the number of lines.
fn place(groups: &mut [Group]) -> usize {
    let (mut x, mut line) = (LEFT + 14.0, 0);
    for group in groups.iter_mut() {
        if x > LEFT + 14.0 && x + group.width() > ROOMS_END - 8.0 {
            x = LEFT + 14.0;
            line += 1;
        }
        (group.x, group.line) = (x, line);
        x += group.width();
    }
    line + 1
}

/// Draws the rooms.
pub fn draw(svg: &mut Svg, estate: &Estate, index: &Index<'_>, rooms: &[Room<'_>]) {
    let guards: BTreeSet<u32> = estate
        .enforcement_points
        .iter()
        .filter_map(|it| Some(index.asset(it.asset.as_ref()?.as_str())?.0))
        .collect();
    for room in rooms {
        heading(svg, room, index.in_zone(room.zone.id.as_str()).len());
        for group in &room.groups {
            let y = room.y + HEAD + LINE * group.line as f64;
            svg.text(group.x - 5.0, y + 10.0, &group.label(), "role");
            let shown = if group.each { &group.assets[..] } else { &group.assets[..1] };
            for (n, at) in shown.iter().enumerate() {
                let (x, y) = (group.x + group.step * n as f64, y + 23.0);
                let asset = &estate.assets[*at as usize];
                if !group.each {
                    svg.raw(&Mark::of(asset).at(x, y));
                    continue;
                }
                svg.raw(&format!("<g><title>{}</title>", escape(&tooltip(asset, &estate.estate.currency))));
                if guards.contains(at) {
                    svg.circle(x, y, 7.6, "guard");
                }
                svg.raw(&Mark::of(asset).at(x, y));
                if group.named {
                    svg.text(x + 10.0, y + 4.0, &shorten(asset.id.as_str(), NAME), "host");
                }
                svg.raw("</g>");
            }
        }
    }
}

fn heading(svg: &mut Svg, room: &Room<'_>, assets: usize) {
    let zone = room.zone;
    svg.rect(LEFT, room.y, ROOMS_END - LEFT, room.height, "zone");
    let name = if zone.name.is_empty() { zone.id.as_str() } else { zone.name.as_str() };
    svg.text(LEFT + 10.0, room.y + 18.0, &shorten(name, 40), "zone-name");
    let mut facts =
        vec![zone.id.to_string(), format!("tier {}", zone.tier), format!("{} assets", count(assets as u64))];
    if room.hidden > 0 {
        facts.push(format!("{} more roles", room.hidden));
    }
    if zone.flat {
        facts.push("flat".to_owned());
    }
    facts.extend(zone.cidrs.first().map(ToString::to_string));
    svg.text(ROOMS_END - 10.0, room.y + 18.0, &facts.join(" · "), "end tick");
}

fn tooltip(asset: &Asset, currency: &str) -> String {
    let mut parts = vec![format!("{} ({})", asset.id, asset.roles.join(", "))];
    parts.extend(asset.hostname.clone());
    parts.extend(asset.addresses.iter().map(ToString::to_string));
    if asset.value > 0.0 {
        parts.push(format!("value {} {currency}", number(asset.value)));
    }
    if !asset.data.is_empty() {
        parts.push(format!("holds data: {}", asset.data.join(", ")));
    }
    if !asset.exploitable.is_empty() {
        let ports: Vec<String> = asset.exploitable.iter().map(ToString::to_string).collect();
        parts.push(format!("exploitable: {}", ports.join(", ")));
    }
    parts.join("\n")
}
