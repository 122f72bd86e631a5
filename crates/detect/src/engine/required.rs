//! Texts of which a regular expression needs one: what lets most events pass without running the expression.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::rule::text::fold;

/// Most alternatives that are worth looking for.
const ALTERNATIVES_MAX: usize = 24;
/// Shorter texts are found too often.
const LENGTH_MIN: usize = 3;

/// Texts in lower case of which one must stand in the lower case of every text that `pattern` matches.
pub fn required(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let texts = of(&hir)?;
    (texts.len() <= ALTERNATIVES_MAX && texts.iter().all(|it| it.len() >= LENGTH_MIN)).then_some(texts)
}

/// What a piece of an expression contributes to a run of characters: always the same text, in lower case.
fn fixed(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(fold),
        HirKind::Class(Class::Unicode(class)) => {
            let mut chars = class.iter().flat_map(|range| range.start()..=range.end());
            let first = fold(&chars.next()?.to_string());
            // Classes of more than a few characters are never one letter in its cases.
            chars.take(4).all(|it| fold(&it.to_string()) == first).then_some(first)
        }
        HirKind::Look(_) | HirKind::Empty => Some(String::new()),
        HirKind::Capture(capture) => fixed(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(fixed).collect(),
        HirKind::Class(Class::Bytes(_)) | HirKind::Repetition(_) | HirKind::Alternation(_) => None,
    }
}

fn of(hir: &Hir) -> Option<Vec<String>> {
    if let Some(text) = fixed(hir) {
        return Some(vec![text]);
    }
    match hir.kind() {
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        HirKind::Alternation(sides) => {
            let mut all = Vec::new();
            for side in sides {
                all.extend(of(side)?);
            }
            Some(all)
        }
        HirKind::Concat(parts) => {
            let mut best: Option<Vec<String>> = None;
            let mut run = String::new();
            for part in parts {
                if let Some(text) = fixed(part) {
                    run.push_str(&text);
                    continue;
                }
                best = better(best, Some(vec![std::mem::take(&mut run)]));
                best = better(best, of(part));
            }
            better(best, Some(vec![run]))
        }
        _ => None,
    }
}

/// The set that is found less often: longer texts, then fewer.
fn better(left: Option<Vec<String>>, right: Option<Vec<String>>) -> Option<Vec<String>> {
    let worth = |it: &Vec<String>| {
        let shortest = it.iter().map(String::len).min().unwrap_or(0);
        (shortest.min(8), usize::MAX - it.len(), shortest)
    };
    match (left, right) {
        (Some(left), Some(right)) => Some(if worth(&right) > worth(&left) { right } else { left }),
        (left, right) => left.or(right),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, expect: Option<&[&str]>) {
        let got = required(pattern);
        let got: Option<Vec<&str>> = got.as_ref().map(|it| it.iter().map(String::as_str).collect());
        assert_eq!(got.as_deref(), expect);
    }

    #[test]
    fn finds_what_must_be_there() {
        check("FooBar", Some(&["foobar"]));
        check("a.*Invoke-(Mimi|Kerb)", Some(&["invoke-"]));
        check("(?i)download", Some(&["download"]));
        check("(foo|bar[0-9])+x?", Some(&["foo", "bar"]));
        check(r"\bcmd\b.{1,20}\s", Some(&["cmd"]));
        check("[a-z]{4}", None);
        check("x?", None);
        check("(abc|.*)", None);
    }

    proptest! {
        #[test]
        fn whatever_matches_holds_one(pattern in "[ab.()|*+?]{1,9}", text in "[abAB]{0,8}", flag in prop::sample::select(vec!["", "(?i)"])) {
            let pattern = format!("{flag}{pattern}");
            if let (Ok(regex), Some(texts)) = (regex::Regex::new(&pattern), required(&pattern))
                && regex.is_match(&text)
            {
                let folded = fold(&text);
                prop_assert!(texts.iter().any(|it| folded.contains(it)), "{pattern} {text} {texts:?}");
            }
        }
    }
}
