//! The thresholds of fusion as data; the defaults are what the product ships.

use bulkhead_model::finding::Level;
use serde::{Deserialize, Serialize};

/// How findings are weighed and when an incident is declared. Points add up per host and per account;
/// `confidence = 1 - exp(-points / scale)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Points of one rule of level informational, low, medium, high, critical. Default 0, 1, 4, 12, 25.
    pub level_points: [f64; 5],
    /// Share of the points that counts for an alert from elsewhere, whose rules we cannot read. Default 0.4.
    pub alert_share: f64,
    /// Up to so many hits a rule keeps its points on a host; each doubling beyond counts against it. Default 4.
    pub free_repeats: u64,
    /// A rule that fires on more than this share of all hosts (of at least `crowd_hosts`) is background. Default 0.5.
    pub crowd_share: f64,
    /// Number of hosts from which on `crowd_share` is judged. Default 5.
    pub crowd_hosts: usize,
    /// Hours of telemetry from which on a rule that fires in most of them is background. Default 12.
    pub habit_hours: u64,
    /// A rule seen in at most so many hours of all hosts together is rare, once there are `habit_hours`. Default 3.
    pub rare_host_hours: usize,
    /// So many different rare rules on one host within an hour are a burst that speaks for itself. Default 5.
    pub burst_rules: usize,
    /// Least points of each rule of a burst. Default 3.
    pub burst_points: f64,
    /// Share of the points left to a background rule. Default 0.1.
    pub background_share: f64,
    /// Share of the points of a rule all of whose hits another, graver rule hit too. Default 0.25.
    pub same_event_share: f64,
    /// Most points of medium and lower rules on a host that nothing ties to the attacker. Default 8.
    pub weak_cap: f64,
    /// Seconds before a finding in which a logon or flow from another host may have led to it. Default 600.
    pub link_before_s: i64,
    /// Seconds after it, since log sources stamp late. Default 5.
    pub link_after_s: i64,
    /// Factor on findings by an account that had just come from another host. Default 2.5.
    pub remote_factor: f64,
    /// Factor on findings of at least medium just after a flow, or another account's logon, between two hosts that are
    /// no servers. Default 1.5.
    pub nearby_factor: f64,
    /// Seconds within which that is. Default 60.
    pub nearby_s: i64,
    /// Share of the points of such findings that fall on the host it came from. Default 0.8.
    pub source_share: f64,
    /// Most points a host gets as a source. Default 16.
    pub source_cap: f64,
    /// Points of a host for a logon of the attacker's account from a host in the attacker's hands. Default 6.
    pub reached_points: f64,
    /// Points of a host whose findings' account goes on to another host within `link_before_s`. Default 6.
    pub onward_points: f64,
    /// A host on which so many others log on, and at least half of all, is a server, not a lateral target. Default 3.
    pub server_clients: usize,
    /// Seconds within which findings by one account on two hosts belong together. Default 86,400.
    pub account_window_s: i64,
    /// Points at which confidence is 63 %. Default 14.
    pub scale: f64,
    /// Confidence from which on an entity is named suspected. Default 0.3.
    pub suspected: f64,
    /// Confidence from which on an entity is named compromised. Default 0.65.
    pub compromised: f64,
    /// Points that at least one host must have for an incident to be declared. Default 10.
    pub declare_points: f64,
    /// Different rules that must have fired for an incident to be declared where none of them is high or critical: one
    /// medium finding after a logon is what an administrator's day looks like. Default 2.
    pub declare_rules: usize,
    /// Most reasons listed per entity, the strongest. Default 12.
    pub max_reasons: usize,
    /// TCP ports over which attackers move; the default is the list of the planner semantics.
    pub movement_ports: Vec<u16>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            level_points: [0.0, 1.0, 4.0, 12.0, 25.0],
            alert_share: 0.4,
            free_repeats: 4,
            crowd_share: 0.5,
            crowd_hosts: 5,
            habit_hours: 12,
            rare_host_hours: 3,
            burst_rules: 5,
            burst_points: 3.0,
            background_share: 0.1,
            same_event_share: 0.25,
            weak_cap: 8.0,
            link_before_s: 600,
            link_after_s: 5,
            remote_factor: 2.5,
            nearby_factor: 1.5,
            nearby_s: 60,
            source_share: 0.8,
            source_cap: 16.0,
            reached_points: 6.0,
            onward_points: 6.0,
            server_clients: 3,
            account_window_s: 86_400,
            scale: 14.0,
            suspected: 0.3,
            compromised: 0.65,
            declare_points: 10.0,
            declare_rules: 2,
            max_reasons: 12,
            movement_ports: vec![
                22, 23, 135, 139, 445, 3389, 5900, 5985, 5986, 623, 2375, 6443, 10250, 1433, 1521, 3306, 5432,
            ],
        }
    }
}

impl Policy {
    /// Points of one rule of this level.
    pub fn points(&self, level: Level) -> f64 {
        self.level_points[level as usize]
    }

    /// Confidence 0 to 1 for so many points, rounded to three digits.
    pub fn confidence(&self, points: f64) -> f64 {
        let confidence = 1.0 - (-points.max(0.0) / self.scale).exp();
        (confidence * 1000.0).round() / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_grows_from_nothing_to_certainty() {
        let policy = Policy::default();
        let at = |points| policy.confidence(points);
        assert_eq!([at(-1.0), at(0.0), at(14.0), at(1000.0)], [0.0, 0.0, 0.632, 1.0]);
        // A lone high finding raises suspicion, a lone critical one convicts.
        assert!(at(policy.points(Level::High)) < policy.compromised);
        assert!(at(policy.points(Level::High)) >= policy.suspected);
        assert!(at(policy.points(Level::Critical)) >= policy.compromised);
        assert!(policy.points(Level::Medium) < policy.declare_points);
    }
}
