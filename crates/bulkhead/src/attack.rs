//! MITRE ATT&CK as rules speak of it in their tags: tactics, techniques, groups, software.

use std::fmt;

pub use bulkhead_model::attack::TACTICS;

/// The tactic that ATT&CK 19 split.
pub const BEFORE_19: &str = "defense-evasion";

/// What a tag under `attack.` means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttackTag {
    /// A tactic, by short name.
    Tactic(&'static str),
    /// A technique or sub-technique.
    Technique(Technique),
    /// A group, `G0016`.
    Group(String),
    /// Software, `S0002`.
    Software(String),
    /// A data source, mitigation or campaign.
    Other(String),
}

/// A technique's number and that of its sub-technique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Technique {
    /// Four digits.
    number: String,
    /// Three digits.
    sub: Option<String>,
}

impl Technique {
    /// Whether it is part of another.
    pub fn is_sub(&self) -> bool {
        self.sub.is_some()
    }

    /// The technique it is part of; itself where it is none.
    pub fn parent(&self) -> Self {
        Self { number: self.number.clone(), sub: None }
    }
}

#[expect(clippy::disallowed_macros, reason = "a number and a number")]
impl fmt::Display for Technique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T{}", self.number)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// What `tag` means: none if it is not about ATT&CK, an error if it is and means nothing.
pub fn parse(tag: &str) -> Option<Result<AttackTag, ()>> {
    let lower = tag.to_ascii_lowercase();
    let rest = lower.strip_prefix("attack.")?;
    Some(known(rest).ok_or(()))
}

fn known(text: &str) -> Option<AttackTag> {
    let dashed = text.replace('_', "-");
    if let Some(tactic) = TACTICS.iter().find(|it| **it == dashed) {
        return Some(AttackTag::Tactic(tactic));
    }
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|it| it.is_ascii_digit());
    let upper = || text.to_ascii_uppercase();
    if text.strip_prefix("ds").is_some_and(|it| digits(it, 4)) {
        return Some(AttackTag::Other(upper()));
    }
    let (kind, number) = text.split_at_checked(1)?;
    match kind {
        "t" => {
            let (number, sub) = match number.split_once('.') {
                Some((number, sub)) if digits(sub, 3) => (number, Some(sub.to_owned())),
                Some(_) => return None,
                None => (number, None),
            };
            digits(number, 4).then(|| AttackTag::Technique(Technique { number: number.to_owned(), sub }))
        }
        "g" if digits(number, 4) => Some(AttackTag::Group(upper())),
        "s" if digits(number, 4) => Some(AttackTag::Software(upper())),
        "m" | "c" if digits(number, 4) => Some(AttackTag::Other(upper())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: &str, expect: &str) {
        let got = match parse(tag) {
            None => "not ATT&CK".to_owned(),
            Some(Err(())) => "unknown".to_owned(),
            Some(Ok(AttackTag::Tactic(it))) => format!("tactic {it}"),
            Some(Ok(AttackTag::Technique(it))) => format!("technique {it} of {}", it.parent()),
            Some(Ok(AttackTag::Group(it))) => format!("group {it}"),
            Some(Ok(AttackTag::Software(it))) => format!("software {it}"),
            Some(Ok(AttackTag::Other(it))) => format!("other {it}"),
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn tags() {
        check("attack.t1059.001", "technique T1059.001 of T1059");
        check("attack.T1059", "technique T1059 of T1059");
        check("attack.lateral-movement", "tactic lateral-movement");
        check("attack.lateral_movement", "tactic lateral-movement");
        check("attack.g0016", "group G0016");
        check("attack.s0002", "software S0002");
        check("attack.ds0005", "other DS0005");
        check("cve.2021-44228", "not ATT&CK");
        check("attack.t105", "unknown");
        check("attack.t1059.1", "unknown");
        check("attack.sideways-movement", "unknown");
        check("attack.", "unknown");
        check("attack.é", "unknown");
    }
}
