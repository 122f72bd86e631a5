//! What is drawn of a certificate: assets that the cut does not tell apart are one row, rules stand between the rows.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::Certificate;

use crate::words::Words;

/// More rows than this on one side are summed up per zone.
const ROWS_MAX: usize = 60;
/// More rules than this are summed up per kind of action and enforcement point.
const RULES_MAX: usize = 40;

/// What an asset is to the attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Source,
    Reached,
    Beyond,
    Protected,
}

impl Standing {
    /// Every standing, gravest first.
    pub const ALL: [Self; 4] = [Self::Source, Self::Reached, Self::Beyond, Self::Protected];

    pub fn class(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Reached => "reached",
            Self::Beyond => "beyond",
            Self::Protected => "protected",
        }
    }

    /// What it means, in words.
    pub fn word(self, words: &Words) -> String {
        words.get(match self {
            Self::Source => "standing-source",
            Self::Reached => "standing-reached",
            Self::Beyond => "standing-beyond",
            Self::Protected => "standing-protected",
        })
    }
}

/// Assets of one zone and standing that the same rules cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub zone: String,
    pub standing: Standing,
    /// Ascending.
    pub assets: Vec<String>,
    /// Numbers of rules, ascending.
    pub rules: BTreeSet<usize>,
}

impl Row {
    /// A few words that fit a row: the asset, or the first and how many more.
    pub fn label(&self, words: &Words) -> String {
        match self.assets.as_slice() {
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} {}", words.say("and-more", &[("n", rest.len().into())])),
            [] => String::new(),
        }
    }

    /// Who they are, for those who point at it.
    pub fn tooltip(&self, words: &Words) -> String {
        let shown: Vec<&str> = self.assets.iter().take(12).map(String::as_str).collect();
        let rest = self.assets.len() - shown.len();
        let more = if rest > 0 {
            format!(" {}", words.say("and-more", &[("n", rest.into())]))
        } else {
            String::new()
        };
        format!("{}{more}: {}", shown.join(", "), self.standing.word(words))
    }
}

/// Rules that stand in the picture as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    /// Moves cut.
    pub moves: usize,
}

/// Everything the picture shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    pub left: Vec<Row>,
    pub rules: Vec<Rule>,
    pub right: Vec<Row>,
}

impl Classes {
    /// Sorts the certificate's assets and rules into rows, summed up further where there would be too many.
    pub fn new(zone_of: &BTreeMap<&str, &str>, certificate: &Certificate) -> Self {
        let (names, number_of) = rules(certificate);
        let mut outgoing: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut incoming: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for cut in &certificate.cut {
            let rule = number_of[cut.by.as_str()];
            outgoing.entry(&cut.from).or_default().insert(rule);
            incoming.entry(&cut.to).or_default().insert(rule);
        }
        let sources: BTreeSet<&str> = certificate.sources.iter().map(String::as_str).collect();
        let protected: BTreeSet<&str> = certificate.protected.iter().map(String::as_str).collect();
        let reached: BTreeSet<&str> = certificate.reached.iter().map(String::as_str).collect();
        let left = reached.iter().map(|it| {
            let standing = if sources.contains(it) { Standing::Source } else { Standing::Reached };
            (*it, standing, outgoing.remove(it).unwrap_or_default())
        });
        let left = rows(&left.collect::<Vec<_>>(), zone_of);
        let right = incoming.into_iter().filter(|it| !reached.contains(it.0)).map(|(asset, rules)| {
            let standing = if protected.contains(asset) { Standing::Protected } else { Standing::Beyond };
            (asset, standing, rules)
        });
        let right = rows(&right.collect::<Vec<_>>(), zone_of);
        Self { left, rules: names, right }
    }
}

/// The rules of a certificate as drawn, and the number of each by its name as read back.
fn rules(certificate: &Certificate) -> (Vec<Rule>, BTreeMap<&str, usize>) {
    let mut moves: BTreeMap<&str, usize> = BTreeMap::new();
    for cut in &certificate.cut {
        *moves.entry(&cut.by).or_default() += 1;
    }
    let summed = moves.len() > RULES_MAX;
    let mut drawn: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, moves) in &moves {
        let entry = drawn.entry(if summed { kind_and_point(name) } else { (*name).to_owned() }).or_default();
        *entry = (entry.0 + moves, entry.1 + 1);
    }
    let number = |name: &str| {
        let name = if summed { kind_and_point(name) } else { name.to_owned() };
        drawn.keys().position(|it| *it == name).unwrap_or(0)
    };
    let numbers = moves.keys().map(|it| (*it, number(it))).collect();
    let title = |(name, (moves, rules)): (&String, &(usize, usize))| Rule {
        name: if *rules > 1 { format!("{rules} x {name}") } else { name.clone() },
        moves: *moves,
    };
    (drawn.iter().map(title).collect(), numbers)
}

/// `block_flow:a-to-b@fw:from=c` without what it is for: `block_flow@fw`.
fn kind_and_point(name: &str) -> String {
    let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
    let point = rest.split_once('@').map_or("", |it| it.1).split(':').next().unwrap_or_default();
    if point.is_empty() { kind.to_owned() } else { format!("{kind}@{point}") }
}

fn rows(assets: &[(&str, Standing, BTreeSet<usize>)], zone_of: &BTreeMap<&str, &str>) -> Vec<Row> {
    let fine = grouped(assets, zone_of, true);
    if fine.len() <= ROWS_MAX { fine } else { grouped(assets, zone_of, false) }
}

/// Rows by zone, gravest standing first; `by_rules` tells assets apart that different rules cut off.
fn grouped(
    assets: &[(&str, Standing, BTreeSet<usize>)],
    zone_of: &BTreeMap<&str, &str>,
    by_rules: bool,
) -> Vec<Row> {
    type Key<'k> = (&'k str, Standing, Option<&'k BTreeSet<usize>>);
    let mut rows: BTreeMap<Key<'_>, Row> = BTreeMap::new();
    for (asset, standing, rules) in assets {
        let zone = zone_of.get(asset).copied().unwrap_or("?");
        let row = rows.entry((zone, *standing, by_rules.then_some(rules))).or_insert_with(|| Row {
            zone: zone.to_owned(),
            standing: *standing,
            assets: Vec::new(),
            rules: BTreeSet::new(),
        });
        row.assets.push((*asset).to_owned());
        row.rules.extend(rules);
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use bulkhead_model::case::{Attitude, Cut};

    use super::*;

    fn certificate(reached: &[&str], cut: &[(&str, &str, &str)]) -> Certificate {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        Certificate {
            attitude: Attitude::Movement,
            sources: owned(&reached[..1]),
            protected: vec!["z".to_owned()],
            reached: owned(reached),
            cut: cut
                .iter()
                .map(|(from, to, by)| Cut {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    means: String::new(),
                    by: (*by).to_owned(),
                })
                .collect(),
            identities: Vec::new(),
            silenced: Vec::new(),
            footholds: Vec::new(),
        }
    }

    #[test]
    fn assets_that_the_cut_does_not_tell_apart_are_one_row() {
        let cut = [("a", "b", "r"), ("a", "c", "r"), ("a", "z", "r"), ("a", "d", "s")];
        let classes = Classes::new(&BTreeMap::new(), &certificate(&["a"], &cut));
        let right: Vec<String> =
            classes.right.iter().map(|it| it.label(&Words::new(crate::words::Lang::En))).collect();
        assert_eq!(right, ["b and 1 more", "d", "z"]);
        assert_eq!(classes.rules[0], Rule { name: "r".to_owned(), moves: 3 });
    }

    #[test]
    fn a_hundred_rules_become_one_per_kind_and_point() {
        let targets: Vec<(String, String)> =
            (0..100).map(|it| (format!("t{it:03}"), format!("block_flow:f{it}@fw:from=a"))).collect();
        let cut: Vec<(&str, &str, &str)> =
            targets.iter().map(|(to, by)| ("a", to.as_str(), by.as_str())).collect();
        let classes = Classes::new(&BTreeMap::new(), &certificate(&["a"], &cut));
        assert_eq!(classes.rules, [Rule { name: "100 x block_flow@fw".to_owned(), moves: 100 }]);
        assert_eq!(classes.right.len(), 1);
        assert_eq!(classes.right[0].assets.len(), 100);
    }
}
