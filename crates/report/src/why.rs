//! The words of `respond --why`: what speaks for it that a host or an account is in the attacker's hands.

use bulkhead_model::case::Muted;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::text;
use crate::words::{Lang, Words};

/// Reasons that are told one by one.
const TOLD: usize = 20;

/// What there is to say of a host or an account.
#[derive(Clone, Debug)]
pub struct Why<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whether anything that was read tells of it.
    pub was_seen: bool,
    /// The most points it ever had.
    pub points: f64,
    /// When that was; none where nothing ever spoke of it.
    pub at: Option<Timestamp>,
    /// What that makes of it.
    pub standing: WhyStanding,
    /// Points from which on it is suspected.
    pub suspected_from: f64,
    /// Points from which on it is held compromised.
    pub compromised_from: f64,
    /// Points on one host that declare an incident.
    pub declares: f64,
    /// What each reason adds, the strongest first.
    pub reasons: Vec<WhyPart>,
    /// Whether anything that speaks of it counts for nothing.
    pub has_muted: bool,
}

/// What the points of a host or an account make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyStanding {
    /// Too few to be named.
    NotNamed,
    /// Enough to be suspected.
    Suspected,
    /// Enough to be held compromised.
    Compromised,
}

impl WhyStanding {
    /// As JSON has it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NotNamed => "not named",
            Self::Suspected => "suspected",
            Self::Compromised => "held compromised",
        }
    }
}

/// One reason, and what it adds.
#[derive(Clone, Debug)]
pub struct WhyPart {
    /// Points.
    pub points: f64,
    /// When.
    pub at: Timestamp,
    /// In words, English.
    pub text: String,
    /// Id of the rule, where one fired.
    pub rule: Option<String>,
    /// Hours between two such findings on any day, as far as is known.
    pub every_h: Option<f64>,
}

impl Words {
    /// The lines that tell it.
    pub fn why(&self, it: &Why<'_>, zone: &TimeZone) -> Vec<String> {
        if !it.was_seen {
            return vec![self.say("why-unseen", &[("id", it.id.into())])];
        }
        let Some(at) = it.at else {
            let id = if it.has_muted { "why-muted-alone" } else { "why-nothing" };
            return vec![self.say(id, &[("id", it.id.into())])];
        };
        let means = match it.standing {
            WhyStanding::NotNamed => self.get("why-not-named"),
            WhyStanding::Suspected => self.get("why-suspected"),
            WhyStanding::Compromised => self.get("why-compromised"),
        };
        let mut lines = vec![self.say(
            "why-points",
            &[
                ("id", it.id.into()),
                ("points", (&self.tenths(it.points)).into()),
                ("n", whole(it.points).into()),
                ("when", (&text::moment_in(at, zone, self.lang)).into()),
                ("means", (&means).into()),
                ("suspected", (&self.tenths(it.suspected_from)).into()),
                ("compromised", (&self.tenths(it.compromised_from)).into()),
                ("declares", (&self.tenths(it.declares)).into()),
            ],
        )];
        lines.extend(it.reasons.iter().take(TOLD).map(|it| self.why_part(it, zone)));
        let more = it.reasons.len().saturating_sub(TOLD); // rows
        if more > 0 {
            lines.push(format!("  {}", self.say("why-more", &[("n", more.into())])));
        }
        lines
    }

    fn why_part(&self, it: &WhyPart, zone: &TimeZone) -> String {
        let mut line = format!(
            "  {:>5}  {}  {}",
            self.tenths(it.points),
            text::moment_in(it.at, zone, self.lang),
            self.said(&it.text)
        );
        if let Some(hours) = it.every_h {
            line.push_str(self.also());
            line.push_str(&self.usual(hours));
        }
        if let Some(rule) = &it.rule {
            line.push_str(self.also());
            line.push_str(&self.say("why-rule", &[("rule", rule.into())]));
        }
        line
    }

    /// How usual it is there. Beyond a year nobody has looked: what is left is the product's assumption.
    fn usual(&self, hours: f64) -> String {
        const YEAR_H: f64 = 366.0 * 24.0;
        if hours > YEAR_H {
            return self.get("why-usual-never");
        }
        if hours < 48.0 {
            return self.say("why-usual-hours", &[("hours", (&self.tenths(hours)).into())]);
        }
        self.say("why-usual-days", &[("n", whole((hours / 24.0).round()).into())])
    }

    /// What counted for nothing because somebody said so, and of which rules it was, on a terminal.
    pub fn muted(&self, it: &Muted, zone: &TimeZone) -> String {
        let mut hosts = it.hosts.join(", ");
        let more = it.n_hosts.saturating_sub(it.hosts.len() as u64); // rows
        if more > 0 {
            hosts = format!("{hosts} {}", self.say("and-more", &[("n", more.into())]));
        }
        let row = self.say(
            "findings-muted-by",
            &[
                ("by", (&self.said(&it.by)).into()),
                ("why", (&it.why).into()),
                ("n", it.findings.into()),
                ("hosts", (&hosts).into()),
                ("from", (&text::moment_in(it.first, zone, self.lang)).into()),
                ("until", (&text::moment_in(it.last, zone, self.lang)).into()),
            ],
        );
        let rules = self.muted_rules(it);
        let rules = if rules.is_empty() {
            String::new()
        } else {
            let colon = if self.lang == Lang::Fr { "\u{202f}: " } else { ": " };
            format!("{}{}{colon}{rules}", self.also(), self.get("findings-muted-rules"))
        };
        self.say("why-muted", &[("row", (&format!("{row}{rules}")).into())])
    }

    /// The rules of what was muted, with the number of their findings.
    pub(crate) fn muted_rules(&self, it: &Muted) -> String {
        let named = |it: &bulkhead_model::case::MutedRule| {
            self.say(
                "findings-muted-rule",
                &[("rule", (&it.title).into()), ("id", (&it.id).into()), ("n", it.findings.into())],
            )
        };
        let mut rules: Vec<String> = it.rules.iter().map(named).collect();
        let more = it.n_rules.saturating_sub(it.rules.len() as u64); // rows
        if more > 0 {
            rules.push(self.say("and-more", &[("n", more.into())]));
        }
        rules.join(", ")
    }

    /// Between two statements of one line.
    pub(crate) fn also(&self) -> &'static str {
        match self.lang {
            Lang::En => "; ",
            Lang::Fr => "\u{202f}; ",
        }
    }

    /// A number with one decimal.
    fn tenths(&self, it: f64) -> String {
        let text = format!("{it:.1}");
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "points and days, never negative"
)]
fn whole(it: f64) -> u64 {
    it.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_is_said_in_french() {
        let at = "2026-11-20T14:20:00Z".parse().unwrap();
        let part = |text: &str, every_h| WhyPart {
            points: 4.25,
            at,
            text: text.to_owned(),
            rule: Some("r-1".to_owned()),
            every_h,
        };
        let why = Why {
            id: "web-1",
            was_seen: true,
            points: 1.5,
            at: Some(at),
            standing: WhyStanding::NotNamed,
            suspected_from: 5.0,
            compromised_from: 14.7,
            declares: 10.0,
            reasons: vec![
                part("account eve made on web-1, under suspicion by then", Some(1e9)),
                part("Service installed (high), 3 times", Some(240.0)),
            ],
            has_muted: false,
        };
        let lines = Words::new(Lang::Fr).why(&why, &TimeZone::UTC);
        let told: Vec<String> = lines.iter().map(|it| it.replace('\u{202f}', " ")).collect();
        assert_eq!(
            told,
            [
                "web-1 : au plus 1,5 point, le 20/11/2026 14:20 UTC : trop peu pour être nommé dans un incident. \
                 Dans un incident, une machine ou un compte est soupçonné à partir de 5,0 points et tenu pour compromis \
                 à partir de 14,7 ; 10,0 points sur une seule machine suffisent à déclarer un incident",
                "    4,2  20/11/2026 14:20 UTC  compte eve créé sur la machine web-1, déjà soupçonnée à ce moment-là ; d'ordinaire ici : \
                 moins d'une fois par an (jamais, pour autant qu'on le sache) ; règle r-1",
                "    4,2  20/11/2026 14:20 UTC  « Service installed » (élevée), 3 fois ; d'ordinaire ici : une fois tous les 10 jours ; \
                 règle r-1",
            ]
        );
    }
}
