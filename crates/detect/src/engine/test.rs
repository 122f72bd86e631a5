//! Whether one comparison holds for the values of an event: the one place where a value meets a matcher.

use bulkhead_model::event::{Event, Value};

use super::budget::{GLOB_STEPS_MAX, Verdict};
use super::values::Values;
use crate::expr::{Pred, PredId};
use crate::field::KEYWORDS;
use crate::matcher::{Matcher, TextOp, glob_within, in_network, number, time_part};
use crate::rule::text::fold;
use crate::ruleset::Inner;

/// Whether comparison `id` holds for any value of its field.
pub fn holds<'e>(inner: &Inner, id: PredId, values: &mut Values<'e>, event: &'e dyn Event) -> bool {
    let pred = &inner.interner.preds[id as usize];
    let mut next =
        if pred.field == KEYWORDS { values.first_keyword(event) } else { values.first(pred.field) };
    while let Some(at) = next {
        if values.value(at) != Value::Null && one(inner, id, pred, at, values) {
            return true;
        }
        next = values.next(at);
    }
    false
}

fn one(inner: &Inner, id: PredId, pred: &Pred, at: u32, values: &mut Values<'_>) -> bool {
    match &pred.matcher {
        Matcher::Present => true,
        Matcher::Text { op: TextOp::Contains, cased: false, text } => {
            inner.contains(id, values.folded(at), text)
        }
        Matcher::Text { op, cased: false, text } => op.holds(values.folded(at), text),
        Matcher::Text { op, cased: true, text } => op.holds(values.plain(at), text),
        Matcher::Glob { cased, pattern } => {
            let text = if *cased { values.plain(at) } else { values.folded(at) };
            let verdict = glob_within(&pattern.0, text, GLOB_STEPS_MAX);
            told(verdict, id, values)
        }
        Matcher::Regex(_) => {
            let verdict = inner.regex(id).map_or(Verdict::GivenUp, |it| it.find_in(values.plain(at)));
            told(verdict, id, values)
        }
        Matcher::Cidr(network) => in_network(values.plain(at), network),
        Matcher::Number(cmp, expected) => {
            number(values.plain(at)).is_some_and(|it| cmp.holds(it, expected.get()))
        }
        Matcher::Time(part, cmp, expected) => {
            time_part(values.plain(at), *part).is_some_and(|it| cmp.holds(it, expected.get()))
        }
        Matcher::Field { op, cased, field } => {
            let text = values.value(at).to_text();
            let mut other = values.first(*field);
            while let Some(it) = other {
                let value = values.value(it);
                if value != Value::Null && fields_hold(*op, *cased, &text, &value.to_text()) {
                    return true;
                }
                other = values.next(it);
            }
            false
        }
    }
}

/// Whether a comparison holds; that it was given up is noted.
fn told(verdict: Verdict, id: PredId, values: &mut Values<'_>) -> bool {
    if verdict == Verdict::GivenUp {
        values.given_up.push(id);
    }
    verdict == Verdict::Holds
}

fn fields_hold(op: TextOp, cased: bool, left: &str, right: &str) -> bool {
    if cased { op.holds(left, right) } else { op.holds(&fold(left), &fold(right)) }
}
