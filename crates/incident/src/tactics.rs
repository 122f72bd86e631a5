//! ATT&CK tactics from rule tags: `attack.lateral-movement`, `attack.lateral_movement`, `attack.t1021.002`.

pub use bulkhead_model::attack::TACTICS;

/// Technique and its tactics, one a line.
const TABLE: &str = include_str!("../data/attack.tsv");

/// The tactics a rule's tags name; where they name none, those its techniques serve. In the order of an attack.
pub fn tactics_of(tags: &[String]) -> Vec<&'static str> {
    let named: Vec<String> =
        tags.iter().filter_map(|it| Some(attack_tag(it)?.replace(['_', ' '], "-"))).collect();
    let by_name: Vec<&'static str> =
        TACTICS.into_iter().filter(|tactic| named.iter().any(|it| it == tactic)).collect();
    if !by_name.is_empty() {
        return by_name;
    }
    let techniques = techniques_of(tags);
    let served: Vec<&str> = techniques.iter().flat_map(|it| row(it).split(' ')).collect();
    TACTICS.into_iter().filter(|tactic| served.contains(tactic)).collect()
}

/// The techniques a rule's tags name, such as `T1021.002`, in the order of the tags.
pub fn techniques_of(tags: &[String]) -> Vec<String> {
    let is_technique =
        |it: &String| it.strip_prefix('t').is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()));
    let mut techniques = Vec::new();
    for technique in tags.iter().filter_map(|it| attack_tag(it)).filter(is_technique) {
        let technique = technique.to_uppercase();
        if !techniques.contains(&technique) {
            techniques.push(technique);
        }
    }
    techniques
}

/// What follows `attack.`, lower case.
fn attack_tag(tag: &str) -> Option<String> {
    tag.to_lowercase().strip_prefix("attack.").map(str::to_owned)
}

/// The tactics of a technique, separated by spaces; empty where the table does not have it.
fn row(technique: &str) -> &'static str {
    let parent = technique.split('.').next().unwrap_or(technique);
    TABLE.lines().filter_map(|it| it.split_once('\t')).find(|it| it.0 == parent).map_or("", |it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tags: &[&str], tactics: &[&str], techniques: &[&str]) {
        let tags: Vec<String> = tags.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(tactics_of(&tags), tactics);
        assert_eq!(techniques_of(&tags), techniques);
    }

    #[test]
    fn reads_names_of_all_ages_and_falls_back_to_techniques() {
        check(&["attack.lateral_movement", "attack.t1021.002"], &["lateral-movement"], &["T1021.002"]);
        check(&["attack.stealth", "attack.execution"], &["execution", "stealth"], &[]);
        check(
            &["attack.T1558.003", "attack.t1021"],
            &["credential-access", "lateral-movement"],
            &["T1558.003", "T1021"],
        );
        check(&["car.2013-05-004", "cve.2021-1675", "attack.s0002", "attack.t9999"], &[], &["T9999"]);
    }

    #[test]
    fn the_table_holds_only_known_tactics_once_each() {
        let rows: Vec<(&str, &str)> = TABLE.lines().filter_map(|it| it.split_once('\t')).collect();
        assert!(rows.len() > 180);
        assert!(rows.windows(2).all(|it| it[0].0 < it[1].0), "sorted, no technique twice");
        for tactic in rows.iter().flat_map(|it| it.1.split(' ')) {
            assert!(TACTICS.contains(&tactic), "{tactic}");
        }
    }
}
