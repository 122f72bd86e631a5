//! Services: whom they serve, what an hour without them costs, and in which zones what they need stands.

use std::collections::BTreeSet;

use bulkhead_model::estate::{Estate, Index, Requirement, Service};

use super::LEFT;
use crate::svg::{Svg, shorten};
use crate::text::{count, number};

/// Height of a row.
const ROW: f64 = 19.0;
/// Height of the headings.
const HEAD: f64 = 92.0;
/// Services beyond these, by value, are told in a note.
const SERVICES_MAX: usize = 60;
/// With more zones than this there is no column for each.
const ZONES_MAX: usize = 24;
/// Where the columns stand.
const CUSTOMERS: f64 = 400.0;
const VALUE: f64 = 510.0;
const RTO: f64 = 570.0;
const MTPD: f64 = 620.0;
const ZONES: f64 = 650.0;
const ZONE_STEP: f64 = 22.0;

/// Height of the whole table.
pub fn height(estate: &Estate) -> f64 {
    match estate.services.len() {
        0 => 0.0,
        n if n > SERVICES_MAX => HEAD + ROW * (SERVICES_MAX as f64 + 1.0),
        n => HEAD + ROW * n as f64,
    }
}

/// Draws the table, the most valuable service first.
pub fn draw(svg: &mut Svg, estate: &Estate, index: &Index<'_>, top: f64) {
    if estate.services.is_empty() {
        return;
    }
    let mut services: Vec<&Service> = estate.services.iter().collect();
    services.sort_by(|a, b| b.value_per_hour.total_cmp(&a.value_per_hour).then_with(|| a.id.cmp(&b.id)));
    let hidden = services.len().saturating_sub(SERVICES_MAX);
    services.truncate(SERVICES_MAX);
    let mut zones: Vec<&str> = Vec::new();
    if estate.zones.len() <= ZONES_MAX {
        let mut sorted: Vec<_> = estate.zones.iter().collect();
        sorted.sort_by_key(|it| std::cmp::Reverse(it.tier));
        zones.extend(sorted.iter().map(|it| it.id.as_str()));
    }
    heading(svg, estate, &zones, top);
    let right = ZONES + ZONE_STEP * zones.len() as f64;
    for (n, service) in services.iter().enumerate() {
        let y = top + HEAD + ROW * n as f64;
        svg.line(LEFT, y, right.max(ZONES), y, "grid");
        row(svg, index, service, &zones, y + 14.0);
    }
    if hidden > 0 {
        let y = top + HEAD + ROW * services.len() as f64 + 14.0;
        svg.text(LEFT, y, &format!("and {hidden} more services of less value"), "tick");
    }
}

fn heading(svg: &mut Svg, estate: &Estate, zones: &[&str], top: f64) {
    let y = top + HEAD - 8.0;
    svg.text(LEFT, y, "Services", "zone-name");
    svg.text(CUSTOMERS, y, "customers", "end tick");
    svg.text(VALUE, y, &format!("{} per hour", estate.estate.currency), "end tick");
    svg.text(RTO, y, "RTO", "end tick");
    svg.text(MTPD, y, "MTPD", "end tick");
    for (n, zone) in zones.iter().enumerate() {
        let x = ZONES + ZONE_STEP * (n as f64 + 0.5) + 4.0;
        svg.raw(&format!(
            r#"<text transform="translate({x:.1} {y:.1}) rotate(-60)" class="tick">{}</text>"#,
            crate::svg::escape(&shorten(zone, 14))
        ));
    }
}

fn row<'e>(svg: &mut Svg, index: &Index<'e>, service: &'e Service, zones: &[&str], y: f64) {
    let customers: u64 = service.customers.iter().map(|it| it.count).sum();
    svg.text(LEFT, y, &shorten(service.name.en(), 46), "label");
    svg.text(CUSTOMERS, y, &count(customers), "end label");
    svg.text(VALUE, y, &number(service.value_per_hour), "end label");
    if let Some(rto) = service.rto {
        svg.text(RTO, y, &rto.to_string(), "end label");
    }
    if let Some(mtpd) = service.mtpd {
        svg.text(MTPD, y, &mtpd.to_string(), "end label");
    }
    let mut needs = Needs::default();
    needs.walk(index, &service.requires);
    for (n, zone) in zones.iter().enumerate() {
        if needs.zones.contains(zone) {
            let x = ZONES + ZONE_STEP * (n as f64 + 0.5);
            svg.explained(&format!("{} needs assets in {zone}", service.id), |svg| {
                svg.circle(x, y - 4.0, 4.5, "response");
            });
        }
    }
    if !needs.services.is_empty() {
        let needs: Vec<&str> = needs.services.into_iter().collect();
        let x = ZONES + ZONE_STEP * zones.len() as f64 + 12.0;
        svg.text(x, y, &shorten(&format!("needs {}", needs.join(", ")), 40), "tick");
    }
}

/// What a service needs, directly.
#[derive(Default)]
struct Needs<'e> {
    zones: BTreeSet<&'e str>,
    services: BTreeSet<&'e str>,
}

impl<'e> Needs<'e> {
    fn walk(&mut self, index: &Index<'e>, need: &'e Requirement) {
        let list = match need {
            Requirement::All { all } => all,
            Requirement::Any { any } => any,
            Requirement::AtLeast { at_least } => &at_least.of,
            Requirement::Asset { asset } => {
                self.zones.extend(index.asset(asset.as_str()).map(|(_, it)| it.zone.as_str()));
                return;
            }
            Requirement::Service { service } => {
                self.services.insert(service.as_str());
                return;
            }
            Requirement::Flow { .. } | Requirement::Identity { .. } => return,
        };
        for inner in list {
            self.walk(index, inner);
        }
    }
}
