//! The thresholds of fusion as data; the defaults are what the product ships.

use bulkhead_model::finding::Level;
use serde::{Deserialize, Serialize};

/// How findings are weighed and when an incident is declared. Points add up per host and per account;
/// `confidence = 1 - exp(-points / scale)`.
///
/// A rule's points are its log likelihood ratio, tempered because rules are not independent: how much likelier it is to
/// fire in a span of ten minutes on a host in the attacker's hands (`fires_when_attacked`) than on this host on any day
/// (what was learned, or the prior of its level).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Points of one of our rules of level informational, low, medium, high, critical, with no history. Default 0, 1, 4,
    /// 12, 25.
    pub level_points: [f64; 5],
    /// Chance that one of our rules of that level fires on a host in a span of ten minutes of any day: what is assumed
    /// before anything is learned. Default 0.2, 0.02, 0.003, 0.0001, 0.00001.
    pub level_chance: [f64; 5],
    /// Most times the points without history that a rule gets for being rare. Default 1.2: one rule of level high alone is
    /// never enough to hold a host compromised.
    pub rare_factor: f64,
    /// Points per nat (unit of the log likelihood ratio) of an alert from elsewhere, by level. Default 0, 0.0825, 0.33,
    /// 0.7, 1.
    pub alert_points: [f64; 5],
    /// As `level_chance`, for alerts from elsewhere, whose rules we cannot read: nobody knows how often a sensor cries.
    /// Default 0.2, 0.05, 0.05, 0.05, 0.03.
    pub alert_chance: [f64; 5],
    /// Most nats that one alert counts for, however rare. Default 7.
    pub alert_nats: f64,
    /// Chance that a given rule of that level fires in such a span on a host that is being attacked. Default 0.1, 0.05,
    /// 0.15, 0.3, 0.3.
    pub fires_when_attacked: [f64; 5],
    /// As that, of an alert from elsewhere. Default 0.3.
    pub alert_when_attacked: f64,
    /// Chance that an account takes a new way in a span of ten minutes of any day, before anything is known of it. Default
    /// 0.002: one in three days.
    pub new_way_chance: f64,
    /// The same while it is in an attacker's hands. Default 0.3.
    pub new_way_when_attacked: f64,
    /// Seconds for which one of our rules keeps its points, and in which they halve from then on, until an incident is
    /// declared. Default 2 h, 6 h.
    pub keeps_s: [i64; 2],
    /// The same of an alert. Default 1 h, 3 h.
    pub alert_keeps_s: [i64; 2],
    /// Alerts on one host within so many seconds are one happening: the strongest counts, the others `same_alert_share`.
    /// Default 2.
    pub same_moment_s: i64,
    /// Rules of ours that speak of one technique of one account on a host within so many seconds speak of one act, which two logs
    /// tell of: the weightiest counts, the others `same_event_share`. Default 10.
    pub same_act_s: i64,
    /// Share of the points of an alert that came at the moment of a stronger one. Default 0.25.
    pub same_alert_share: f64,
    /// An alert that so many hosts raise within `sweep_s` is a sweep over them: it says that they were touched, not that
    /// they were taken. Default 3.
    pub sweep_hosts: usize,
    /// Seconds of a sweep. Default 1800.
    pub sweep_s: i64,
    /// Share of the points of a sweep. Default 0.25.
    pub sweep_share: f64,
    /// A host on which so many kinds of telling alert were raised was not only swept over. Default 5.
    pub sweep_kinds: usize,
    /// A host under alerts belongs to the intrusion on one that is held compromised when so many seconds at most lie between
    /// telling alerts on both. Default 3600.
    pub together_s: i64,
    /// Points per nat of an alert within `together_s` of telling alerts on a host held compromised. Default 1.
    pub beside_points: f64,
    /// Nats from which on such an alert is rare: so many times likelier under attack. Two are asked for. Default 2.
    pub beside_rare: f64,
    /// Hosts on which so many of the same telling rules fired within a day are one intrusion. Default 3.
    pub same_tools: usize,
    /// Seconds that a finding may arrive after one of a later time without being judged out of turn. Default 300.
    pub lateness_s: i64,
    /// Quiet seconds after which an incident is over, and what comes after is another one. Default three days.
    pub over_s: i64,
    /// A way (account, from, to) known for so many seconds is a habit and leads nowhere by itself. Default a day.
    pub habit_s: i64,
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
    /// Factor on findings of one process tree, logon session or written file with a telling one of another rule. Default 1.5.
    pub same_doing_factor: f64,
    /// Points of an account that somebody made whose account, or on a host that, was held to be in
    /// the attacker's hands by then. Default 16.
    pub created_points: f64,
    /// Seconds after what an account did elsewhere within which its next way from the same host is the attacker's. Default
    /// 3600.
    pub onward_s: i64,
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
            level_chance: [0.2, 0.02, 0.003, 1e-4, 1e-5],
            rare_factor: 1.2,
            alert_points: [0.0, 0.0825, 0.33, 0.7, 1.0],
            alert_chance: [0.2, 0.05, 0.05, 0.05, 0.03],
            alert_nats: 7.0,
            fires_when_attacked: [0.1, 0.05, 0.15, 0.3, 0.3],
            alert_when_attacked: 0.3,
            new_way_chance: 0.002,
            new_way_when_attacked: 0.3,
            keeps_s: [2 * 3600, 6 * 3600],
            alert_keeps_s: [3600, 3 * 3600],
            same_moment_s: 2,
            same_act_s: 10,
            same_alert_share: 0.25,
            sweep_hosts: 3,
            sweep_s: 1800,
            sweep_share: 0.25,
            sweep_kinds: 5,
            together_s: 3600,
            beside_points: 1.0,
            beside_rare: 2.0,
            same_tools: 3,
            lateness_s: 300,
            over_s: 3 * 86_400,
            habit_s: 86_400,
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
            same_doing_factor: 1.5,
            created_points: 16.0,
            onward_s: 3600,
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
    /// The chance that a rule fires in a span of ten minutes on a host of which nothing is known.
    pub(crate) fn prior(&self, level: Level, is_alert: bool) -> f64 {
        if is_alert { self.alert_chance[level as usize] } else { self.level_chance[level as usize] }
    }

    /// Points of a rule of this level whose chance to fire there on any day is `chance`.
    pub(crate) fn points(&self, level: Level, is_alert: bool, chance: f64) -> f64 {
        if is_alert {
            let nats = (self.alert_when_attacked / chance).ln().max(0.0);
            return self.alert_points[level as usize] * nats.min(self.alert_nats);
        }
        let attacked = self.fires_when_attacked[level as usize];
        let nats = |chance: f64| (attacked / chance).ln().max(0.0);
        let share = nats(chance) / nats(self.prior(level, false)).max(f64::MIN_POSITIVE);
        self.level_points[level as usize] * share.min(self.rare_factor)
    }

    /// The log likelihood ratio of an alert of this level that has so many points.
    pub(crate) fn nats_of(&self, level: Level, points: f64) -> f64 {
        let per_nat = self.alert_points[level as usize];
        if per_nat > 0.0 { points / per_nat } else { 0.0 }
    }

    /// The points at which confidence is so high.
    pub fn points_of(&self, confidence: f64) -> f64 {
        -self.scale * (1.0 - confidence).ln()
    }

    /// How surprising a new way is, 0 to 1, of whoever took `n` new ways in so many spans of ten minutes: 1 for who never
    /// does, 0 for who does all the time.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(crate) fn surprise(&self, n: usize, spans: i64) -> f64 {
        const PRIOR_SPANS: f64 = 20.0;
        let nats = |chance: f64| (self.new_way_when_attacked / chance).ln().max(0.0);
        let chance = (n as f64 + PRIOR_SPANS * self.new_way_chance) / (spans.max(0) as f64 + PRIOR_SPANS);
        (nats(chance) / nats(self.new_way_chance).max(f64::MIN_POSITIVE)).min(1.0)
    }

    /// The share of its points that a rule still has so many seconds after it fired.
    #[expect(clippy::cast_precision_loss, reason = "seconds, far below 2^52")]
    pub(crate) fn kept(&self, age_s: i64, is_alert: bool) -> f64 {
        let [full, half] = if is_alert { self.alert_keeps_s } else { self.keeps_s };
        (-((age_s - full).max(0) as f64) / half.max(1) as f64).exp2()
    }

    /// Seconds after which a hit has lost so much of what it was worth (seven eighths) that it is no part of what fires now.
    pub(crate) fn counts_s(&self, is_alert: bool) -> i64 {
        let [full, half] = if is_alert { self.alert_keeps_s } else { self.keeps_s };
        full.saturating_add(half.saturating_mul(3)).min(self.over_s)
    }

    /// Confidence for so many points, 0 to 0.999, rounded to three digits: nothing is certain.
    pub fn confidence(&self, points: f64) -> f64 {
        let confidence = 1.0 - (-points.max(0.0) / self.scale).exp();
        ((confidence * 1000.0).round() / 1000.0).min(0.999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_grows_from_nothing_to_nearly_certain() {
        let policy = Policy::default();
        let at = |points| policy.confidence(points);
        assert_eq!([at(-1.0), at(0.0), at(14.0), at(1000.0)], [0.0, 0.0, 0.632, 0.999]);
        // A lone high finding raises suspicion, a lone critical one convicts.
        let unknown = |level| policy.points(level, false, policy.prior(level, false));
        assert!(at(unknown(Level::High)) < policy.compromised);
        assert!(at(unknown(Level::High)) >= policy.suspected);
        assert!(at(unknown(Level::Critical)) >= policy.compromised);
        assert!(unknown(Level::Medium) < policy.declare_points);
        assert_eq!(Level::ALL.map(unknown), policy.level_points);
    }

    #[test]
    fn a_sensor_nobody_knows_declares_nothing_by_a_few_grave_alerts() {
        let policy = Policy::default();
        let points = |level, chance| policy.points(level, true, chance);
        let unknown = |level| points(level, policy.prior(level, true));
        assert!(3.0 * unknown(Level::High) < policy.declare_points);
        assert!(unknown(Level::Critical) < policy.declare_points);
        // A sensor that has been quiet for a week is another matter.
        assert!(3.0 * points(Level::High, 1e-4) >= policy.declare_points);
    }

    #[test]
    fn points_fade() {
        let policy = Policy::default();
        assert_eq!(
            [policy.kept(0, true), policy.kept(3600, true), policy.kept(4 * 3600, true)],
            [1.0, 1.0, 0.5]
        );
        assert!(policy.kept(86_400, false) < policy.kept(3600, false));
    }
}
