//! Conditions as regime files write them: `{fact: users_hit, over: 1000000, clause: "art. 7(1)(b)"}`.

use bulkhead_model::yaml::Node;

use crate::facts::{Fact, FactKind};
use crate::predicate::{Comparison, Predicate};
use crate::reader::Reader;

const KEYS: &[&str] = &[
    "all",
    "any",
    "at_least",
    "not",
    "fact",
    "over",
    "under",
    "entity",
    "established_in",
    "offers_in",
    "listed_in",
    "insured",
    "clause",
];

/// Reads a condition; `always` stands for one that is always met.
pub fn predicate(reader: &mut Reader<'_>, node: &Node) -> Option<Predicate> {
    if node.as_str() == Some("always") {
        return Some(Predicate::Always);
    }
    reader.map(node, KEYS, "a condition")?;
    let mut found: Vec<Predicate> = Vec::new();
    for (key, value) in node.entries() {
        let part = match key.text.as_str() {
            "all" => Some(Predicate::All(list(reader, value)?)),
            "any" => Some(Predicate::Any(list(reader, value)?)),
            "at_least" if node.get("fact").is_none() => Some(at_least(reader, value)?),
            "not" => Some(Predicate::Not(Box::new(predicate(reader, value)?))),
            "fact" => Some(fact(reader, node, value)?),
            "entity" => Some(Predicate::Entity(reader.texts(value))),
            "established_in" => Some(Predicate::EstablishedIn(reader.texts(value))),
            "offers_in" => Some(Predicate::OffersIn(reader.texts(value))),
            "listed_in" => Some(Predicate::ListedIn(reader.texts(value))),
            "insured" => match reader.truth(value)? {
                true => Some(Predicate::Insured),
                false => Some(Predicate::Not(Box::new(Predicate::Insured))),
            },
            _ => None,
        };
        found.extend(part);
    }
    let one = match (found.pop(), found.is_empty()) {
        (Some(one), true) => one,
        // Several keys side by side must all hold.
        (Some(last), false) => {
            found.push(last);
            Predicate::All(found)
        }
        (None, _) => {
            let hint = "write `always`, or one of: all, any, at_least, not, fact, entity, established_in, offers_in, \
                        listed_in, insured";
            reader.error("empty-condition", node.pos, "the condition says nothing".to_owned(), hint);
            return None;
        }
    };
    match reader.may(node, "clause") {
        Some(name) => Some(Predicate::Clause(reader.said(name)?, Box::new(one))),
        None => Some(one),
    }
}

fn list(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Predicate>> {
    let Some(items) = node.as_seq().filter(|it| !it.is_empty()) else {
        reader.wrong(node, "a list of conditions");
        return None;
    };
    let parts: Vec<Predicate> = items.iter().filter_map(|it| predicate(reader, it)).collect();
    (parts.len() == items.len()).then_some(parts)
}

fn at_least(reader: &mut Reader<'_>, node: &Node) -> Option<Predicate> {
    reader.map(node, &["n", "of"], "`at_least`")?;
    let n = reader.need(node, "n")?;
    let n = reader.whole(n)?;
    let of = reader.need(node, "of")?;
    Some(Predicate::AtLeast(usize::try_from(n).ok()?, list(reader, of)?))
}

fn fact(reader: &mut Reader<'_>, node: &Node, key: &Node) -> Option<Predicate> {
    let text = reader.text(key)?;
    let Some(fact) = Fact::from_key(&text) else {
        let names: Vec<&str> = Fact::ALL.iter().map(|it| it.key()).collect();
        reader.error(
            "unknown-fact",
            key.pos,
            format!("`{text}` is not a fact"),
            &format!("facts: {}", names.join(", ")),
        );
        return None;
    };
    for name in ["over", "at_least", "under"] {
        let Some(value) = reader.may(node, name) else { continue };
        let Some(number) = value.as_f64() else {
            reader.wrong(value, "a number");
            return None;
        };
        if fact.kind() == FactKind::YesNo {
            reader.error(
                "wrong-type",
                value.pos,
                format!("`{text}` is yes or no and cannot be compared"),
                "",
            );
            return None;
        }
        let comparison = match name {
            "over" => Comparison::Over(number),
            "at_least" => Comparison::AtLeast(number),
            _ => Comparison::Under(number),
        };
        return Some(Predicate::Compare(fact, comparison));
    }
    if fact.kind() == FactKind::Number {
        let message = format!("`{text}` is a number: say `over`, `at_least` or `under` what");
        reader.error("missing-key", key.pos, message, "");
        return None;
    }
    Some(Predicate::Is(fact))
}
