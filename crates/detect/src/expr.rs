//! Rules as boolean expressions over shared comparisons.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;

use bulkhead_model::event::Shape;

use crate::engine::hash::FastHash;
use crate::field::{FieldId, Fields};
use crate::matcher::Matcher;

/// Number of an interned comparison.
pub type PredId = u32;

/// One comparison of one field; the same comparison in many rules is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pred {
    /// Which field, or `KEYWORDS`.
    pub field: FieldId,
    /// Compared how.
    pub matcher: Matcher,
}

/// Which part of a log source an event's reader vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// `product`.
    Product,
    /// `category`.
    Category,
    /// `service`.
    Service,
}

/// A boolean expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Known.
    Const(bool),
    /// One comparison.
    Pred(PredId),
    /// The event is of one of these families of records.
    Shape(Vec<Shape>),
    /// The event's reader says so; of an empty text, that it says nothing.
    Hint(Dimension, String),
    /// The opposite.
    Not(Box<Expr>),
    /// All of them.
    And(Vec<Expr>),
    /// At least one.
    Or(Vec<Expr>),
    /// At least so many.
    AtLeast(u32, Vec<Expr>),
}

impl Expr {
    /// All of `sides`, simplified.
    pub fn and(sides: impl IntoIterator<Item = Self>) -> Self {
        let mut sides = sides.into_iter();
        let first = sides.next().unwrap_or(Self::Const(true));
        // Most values and conditions stand alone.
        let Some(second) = sides.next() else { return first };
        let mut kept = Vec::with_capacity(sides.size_hint().0 + 2);
        for side in [first, second].into_iter().chain(sides) {
            match side {
                Self::Const(true) => {}
                Self::Const(false) => return Self::Const(false),
                Self::And(inner) => kept.extend(inner),
                side => kept.push(side),
            }
        }
        single(kept).unwrap_or_else(|kept| if kept.is_empty() { Self::Const(true) } else { Self::And(kept) })
    }

    /// One of `sides`, simplified.
    pub fn or(sides: impl IntoIterator<Item = Self>) -> Self {
        let mut sides = sides.into_iter();
        let first = sides.next().unwrap_or(Self::Const(false));
        // Most values and conditions stand alone.
        let Some(second) = sides.next() else { return first };
        let mut kept = Vec::with_capacity(sides.size_hint().0 + 2);
        for side in [first, second].into_iter().chain(sides) {
            match side {
                Self::Const(false) => {}
                Self::Const(true) => return Self::Const(true),
                Self::Or(inner) => kept.extend(inner),
                side => kept.push(side),
            }
        }
        single(kept).unwrap_or_else(|kept| if kept.is_empty() { Self::Const(false) } else { Self::Or(kept) })
    }

    /// The opposite, simplified.
    pub fn not(inner: Self) -> Self {
        match inner {
            Self::Const(value) => Self::Const(!value),
            Self::Not(inner) => *inner,
            inner => Self::Not(Box::new(inner)),
        }
    }

    /// At least `count` of `sides`, simplified.
    pub fn at_least(count: u32, sides: Vec<Self>) -> Self {
        let mut needed = count;
        let mut kept = Vec::new();
        for side in sides {
            match side {
                Self::Const(true) => needed = needed.saturating_sub(1),
                Self::Const(false) => {}
                side => kept.push(side),
            }
        }
        match needed {
            0 => Self::Const(true),
            1 => Self::or(kept),
            _ if needed as usize > kept.len() => Self::Const(false),
            _ if needed as usize == kept.len() => Self::and(kept),
            _ => Self::AtLeast(needed, kept),
        }
    }

    /// The same with every leaf replaced by what `leaf` makes of it, simplified.
    #[must_use]
    pub fn map(&self, leaf: &mut impl FnMut(&Self) -> Self) -> Self {
        match self {
            Self::Not(inner) => Self::not(inner.map(leaf)),
            Self::And(sides) => {
                let mut kept = Vec::with_capacity(sides.len());
                for side in sides {
                    let side = side.map(leaf);
                    if side == Self::Const(false) {
                        return side;
                    }
                    kept.push(side);
                }
                Self::and(kept)
            }
            Self::Or(sides) => {
                let mut kept = Vec::with_capacity(sides.len());
                for side in sides {
                    let side = side.map(leaf);
                    if side == Self::Const(true) {
                        return side;
                    }
                    kept.push(side);
                }
                Self::or(kept)
            }
            Self::AtLeast(count, sides) => {
                Self::at_least(*count, sides.iter().map(|it| it.map(leaf)).collect())
            }
            other => leaf(other),
        }
    }

    /// Calls `each` with every comparison.
    pub fn preds(&self, each: &mut impl FnMut(PredId)) {
        match self {
            Self::Pred(pred) => each(*pred),
            Self::Not(inner) => inner.preds(each),
            Self::And(sides) | Self::Or(sides) | Self::AtLeast(_, sides) => {
                sides.iter().for_each(|it| it.preds(each));
            }
            Self::Const(_) | Self::Shape(_) | Self::Hint(..) => {}
        }
    }

    /// The value, given that of every leaf.
    pub fn eval(&self, leaf: &mut impl FnMut(&Self) -> bool) -> bool {
        match self {
            Self::Const(value) => *value,
            Self::Not(inner) => !inner.eval(leaf),
            Self::And(sides) => sides.iter().all(|it| it.eval(leaf)),
            Self::Or(sides) => sides.iter().any(|it| it.eval(leaf)),
            Self::AtLeast(count, sides) => {
                let mut left = *count;
                sides.iter().any(|it| {
                    if it.eval(leaf) {
                        left -= 1;
                    }
                    left == 0
                })
            }
            other => leaf(other),
        }
    }
}

fn single(mut sides: Vec<Expr>) -> Result<Expr, Vec<Expr>> {
    if sides.len() == 1 { Ok(sides.swap_remove(0)) } else { Err(sides) }
}

/// All fields and comparisons of a rule set.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    /// Field names.
    pub fields: Fields,
    /// Comparisons, by id.
    pub preds: Vec<Pred>,
    /// By the hash of a comparison; where another has taken that place, by the next number that is free.
    ids: HashMap<u64, PredId, FastHash>,
}

impl Interner {
    /// The expression of one comparison.
    pub fn pred(&mut self, field: FieldId, matcher: Matcher) -> Expr {
        let pred = Pred { field, matcher };
        let next = PredId::try_from(self.preds.len()).unwrap_or(PredId::MAX);
        let mut hash = FastHash.hash_one(&pred);
        loop {
            match self.ids.entry(hash) {
                Entry::Occupied(id) if self.preds[*id.get() as usize] == pred => {
                    return Expr::Pred(*id.get());
                }
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
                Entry::Vacant(free) => {
                    free.insert(next);
                    self.preds.push(pred);
                    return Expr::Pred(next);
                }
            }
        }
    }
}
