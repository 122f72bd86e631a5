//! Three-valued conditions over facts and the legal profile: met, not met, or waiting for a fact.

use std::collections::BTreeSet;

use bulkhead_model::estate::{EstateInfo, LegalProfile};

use crate::facts::{Fact, FactValue, Facts};

/// Countries that `EU` stands for (ISO 3166-1 alpha-2).
pub const EU: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Kleene's three truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Not met.
    False,
    /// A fact is missing.
    Unknown,
    /// Met.
    True,
}

impl From<bool> for Truth {
    fn from(it: bool) -> Self {
        if it { Self::True } else { Self::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Comparison {
    /// Strictly more.
    Over(f64),
    /// At least.
    AtLeast(f64),
    /// Strictly less.
    Under(f64),
}

/// A condition, as regime files write it.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Always met.
    Always,
    /// All of these.
    All(Vec<Predicate>),
    /// One of these.
    Any(Vec<Predicate>),
    /// At least so many of these.
    AtLeast(usize, Vec<Predicate>),
    /// Not this.
    Not(Box<Predicate>),
    /// A yes-or-no fact is yes.
    Is(Fact),
    /// A number fact compares.
    Compare(Fact, Comparison),
    /// The operator is one of these kinds of entity.
    Entity(Vec<String>),
    /// It is established in one of these countries; `EU` stands for every Member State.
    EstablishedIn(Vec<String>),
    /// It is established or offers services in one of these countries.
    OffersIn(Vec<String>),
    /// It is listed on one of these markets.
    ListedIn(Vec<String>),
    /// It has a cyber-insurance policy.
    Insured,
    /// A condition with the name of its clause, which a verdict quotes.
    Clause(String, Box<Predicate>),
}

/// Who the operator is before the law.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// What the law holds it to be.
    pub legal: &'a LegalProfile,
    /// Where it is.
    pub estate: &'a EstateInfo,
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Met, not met, or waiting.
    pub truth: Truth,
    /// Clauses that are met.
    pub fired: Vec<String>,
    /// Clauses that wait for a fact.
    pub open: Vec<String>,
    /// Facts that would settle it.
    pub missing: BTreeSet<Fact>,
}

impl Profile<'_> {
    fn established(&self, places: &[String]) -> bool {
        places.iter().any(|place| same_place(place, &self.estate.country))
    }

    fn offers(&self, places: &[String]) -> bool {
        self.established(places)
            || places
                .iter()
                .any(|place| self.legal.member_states.iter().any(|state| same_place(place, state)))
    }
}

fn same_place(pattern: &str, country: &str) -> bool {
    match pattern {
        "EU" => country == "EU" || EU.contains(&country),
        "UK" | "GB" => country == "UK" || country == "GB",
        _ => pattern == country,
    }
}

impl Predicate {
    /// Judges the condition. `facts` may be absent for conditions on the profile alone; every fact is then unknown.
    pub fn judge(&self, profile: Profile<'_>, facts: Option<&Facts>) -> Verdict {
        let mut verdict =
            Verdict { truth: Truth::Unknown, fired: Vec::new(), open: Vec::new(), missing: BTreeSet::new() };
        verdict.truth = self.walk(profile, facts, &mut verdict);
        verdict
    }

    fn walk(&self, profile: Profile<'_>, facts: Option<&Facts>, verdict: &mut Verdict) -> Truth {
        let shares = |mine: &[String], wanted: &[String]| wanted.iter().any(|it| mine.contains(it));
        match self {
            Self::Always => Truth::True,
            // Every part is walked, so that all clauses that are met or open are named.
            Self::All(parts) => each(parts, profile, facts, verdict).into_iter().min().unwrap_or(Truth::True),
            Self::Any(parts) => {
                each(parts, profile, facts, verdict).into_iter().max().unwrap_or(Truth::False)
            }
            Self::AtLeast(n, parts) => {
                let values = each(parts, profile, facts, verdict);
                let met = values.iter().filter(|it| **it == Truth::True).count();
                let possible = values.iter().filter(|it| **it != Truth::False).count();
                match () {
                    () if met >= *n => Truth::True,
                    () if possible >= *n => Truth::Unknown,
                    () => Truth::False,
                }
            }
            Self::Not(part) => {
                // Clauses under a negation name what is denied: they are not quoted as met.
                let mut inner = part.judge(profile, facts);
                verdict.missing.append(&mut inner.missing);
                !inner.truth
            }
            Self::Is(fact) => match facts.and_then(|it| it.known.get(fact)) {
                Some(FactValue::YesNo(yes)) => (*yes).into(),
                Some(FactValue::Number(number)) => (*number > 0.0).into(),
                None => missing(*fact, verdict),
            },
            Self::Compare(fact, comparison) => match facts.and_then(|it| it.known.get(fact)) {
                Some(FactValue::Number(number)) => comparison.holds(*number).into(),
                Some(FactValue::YesNo(_)) | None => missing(*fact, verdict),
            },
            Self::Entity(kinds) => shares(&profile.legal.entity, kinds).into(),
            Self::EstablishedIn(places) => profile.established(places).into(),
            Self::OffersIn(places) => profile.offers(places).into(),
            Self::ListedIn(markets) => shares(&profile.legal.listed_in, markets).into(),
            Self::Insured => profile.legal.insured.into(),
            Self::Clause(name, part) => {
                let truth = part.walk(profile, facts, verdict);
                match truth {
                    Truth::True => verdict.fired.push(name.clone()),
                    Truth::Unknown => verdict.open.push(name.clone()),
                    Truth::False => {}
                }
                truth
            }
        }
    }

    /// The kinds of entity it names, for lists.
    pub fn entities(&self) -> BTreeSet<&str> {
        match self {
            Self::Entity(kinds) => kinds.iter().map(String::as_str).collect(),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().flat_map(Self::entities).collect()
            }
            Self::Not(part) | Self::Clause(_, part) => part.entities(),
            _ => BTreeSet::new(),
        }
    }
}

fn each(
    parts: &[Predicate],
    profile: Profile<'_>,
    facts: Option<&Facts>,
    verdict: &mut Verdict,
) -> Vec<Truth> {
    parts.iter().map(|part| part.walk(profile, facts, verdict)).collect()
}

fn missing(fact: Fact, verdict: &mut Verdict) -> Truth {
    verdict.missing.insert(fact);
    Truth::Unknown
}

impl Comparison {
    fn holds(self, number: f64) -> bool {
        match self {
            Self::Over(limit) => number > limit,
            Self::AtLeast(limit) => number >= limit,
            Self::Under(limit) => number < limit,
        }
    }
}
