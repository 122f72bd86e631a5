//! Conditions: `selection and not 1 of filter_*` to a tree (specification 2.1, "Condition").

/// Nested deeper than this a condition is refused.
const DEPTH_MAX: usize = 64;

/// A condition over named searches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A search by name.
    Search(String),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them.
    And(Vec<Condition>),
    /// At least one of them.
    Or(Vec<Condition>),
    /// `1 of`, `all of`, `3 of`: so many of the searches whose names match.
    Of(Quantity, Names),
}

/// How many of the searches must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Every one.
    All,
    /// At least so many.
    AtLeast(u32),
}

/// Which searches are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// `them`: all whose name does not begin with an underscore.
    Them,
    /// A name with `*` for any characters.
    Like(String),
}

impl Names {
    /// Whether the search called `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Them => !name.starts_with('_'),
            Self::Like(pattern) => like(pattern, name),
        }
    }
}

fn like(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Why a condition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Characters before the place it concerns.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads a condition.
pub fn parse(text: &str) -> Result<Condition, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count() };
    let condition = parser.or(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(condition),
        Some((offset, word)) => Err(Fault {
            offset: *offset,
            message: format!("`{word}` does not continue the condition; expected `and`, `or` or its end"),
        }),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, String)>, Fault> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    let mut word = String::new();
    for (offset, c) in text.chars().enumerate().chain([(text.chars().count(), ' ')]) {
        match c {
            '|' => {
                return Err(Fault {
                    offset,
                    message: "aggregations with `|` left Sigma with version 2; write a correlation rule"
                        .to_owned(),
                });
            }
            '(' | ')' | ' ' | '\t' | '\n' | '\r' => {
                if !word.is_empty() {
                    tokens.push((offset - word.chars().count(), std::mem::take(&mut word)));
                }
                if matches!(c, '(' | ')') {
                    tokens.push((offset, c.to_string()));
                }
            }
            _ => word.push(c),
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<(usize, String)>,
    at: usize,
    end: usize,
}

impl Parser {
    fn is(&self, ahead: usize, word: &str) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|(_, it)| it.eq_ignore_ascii_case(word))
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        let offset = self.tokens.get(self.at).map_or(self.end, |it| it.0);
        Err(Fault { offset, message: message.into() })
    }

    fn or(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut sides = vec![self.and(depth)?];
        while self.is(0, "or") {
            self.at += 1;
            sides.push(self.and(depth)?);
        }
        Ok(if sides.len() == 1 { sides.swap_remove(0) } else { Condition::Or(sides) })
    }

    fn and(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut sides = vec![self.not(depth)?];
        while self.is(0, "and") {
            self.at += 1;
            sides.push(self.not(depth)?);
        }
        Ok(if sides.len() == 1 { sides.swap_remove(0) } else { Condition::And(sides) })
    }

    fn not(&mut self, depth: usize) -> Result<Condition, Fault> {
        if depth > DEPTH_MAX {
            return self.fail("the condition is nested more than 64 deep");
        }
        if self.is(0, "not") {
            self.at += 1;
            return Ok(Condition::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.is(0, "(") {
            self.at += 1;
            let inner = self.or(depth + 1)?;
            if !self.is(0, ")") {
                return self.fail("expected `)`");
            }
            self.at += 1;
            return Ok(inner);
        }
        if self.is(1, "of") {
            return self.of();
        }
        match self.tokens.get(self.at) {
            Some((_, word)) if !["and", "or", "of", ")"].contains(&word.to_ascii_lowercase().as_str()) => {
                let condition = Condition::Search(word.clone());
                self.at += 1;
                Ok(condition)
            }
            Some((_, word)) => self.fail(format!("expected the name of a search, found `{word}`")),
            None => self.fail("the condition ends where the name of a search is expected"),
        }
    }

    fn of(&mut self) -> Result<Condition, Fault> {
        let quantity = if self.is(0, "all") {
            Quantity::All
        } else if self.is(0, "any") {
            Quantity::AtLeast(1)
        } else {
            match self.tokens[self.at].1.parse() {
                Ok(count) => Quantity::AtLeast(count),
                Err(_) => return self.fail("before `of` stands a number, `any` or `all`"),
            }
        };
        self.at += 2;
        let Some((_, word)) = self.tokens.get(self.at) else {
            return self.fail("after `of` stands `them` or a name such as `selection_*`");
        };
        if word == "(" || word == ")" {
            return self.fail("after `of` stands `them` or a name such as `selection_*`");
        }
        let names = if word.eq_ignore_ascii_case("them") { Names::Them } else { Names::Like(word.clone()) };
        self.at += 1;
        Ok(Condition::Of(quantity, names))
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |f: &mut std::fmt::Formatter<'_>, sides: &[Condition], word: &str| {
            f.write_str("(")?;
            for (index, side) in sides.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{side}")?;
            }
            f.write_str(")")
        };
        match self {
            Self::Search(name) => f.write_str(name),
            Self::Not(inner) => write!(f, "not {inner}"),
            Self::And(sides) => list(f, sides, "and"),
            Self::Or(sides) => list(f, sides, "or"),
            Self::Of(quantity, names) => {
                match quantity {
                    Quantity::All => f.write_str("all of ")?,
                    Quantity::AtLeast(count) => write!(f, "{count} of ")?,
                }
                match names {
                    Names::Them => f.write_str("them"),
                    Names::Like(pattern) => f.write_str(pattern),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = match parse(text) {
            Ok(condition) => condition.to_string(),
            Err(fault) => format!("{}: {}", fault.offset, fault.message),
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn binds_not_before_and_before_or() {
        check("selection", "selection");
        check("a or b and not c", "(a or (b and not c))");
        check("(a or b) AND c", "((a or b) and c)");
        check("1 of sel_* and not all of filter_*", "(1 of sel_* and not all of filter_*)");
        check("any of them", "1 of them");
        check("not (not a)", "not not a");
    }

    #[test]
    fn says_where_it_went_wrong() {
        check("", "0: the condition ends where the name of a search is expected");
        check("a b", "2: `b` does not continue the condition; expected `and`, `or` or its end");
        check("a and", "5: the condition ends where the name of a search is expected");
        check("(a", "2: expected `)`");
        check("x of them", "0: before `of` stands a number, `any` or `all`");
        check("1 of", "4: after `of` stands `them` or a name such as `selection_*`");
        check(
            "a | count() > 5",
            "2: aggregations with `|` left Sigma with version 2; write a correlation rule",
        );
        assert!(parse(&"(".repeat(1000)).is_err());
        assert!(parse(&"not ".repeat(1000)).is_err());
    }

    #[test]
    fn names_with_stars() {
        for (pattern, name, expect) in [
            ("sel*", "selection", true),
            ("*tion", "selection", true),
            ("s*e*n", "selection", true),
            ("sel", "selection", false),
            ("*", "_x", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(Names::Like(pattern.to_owned()).matches(name), expect, "{pattern} {name}");
        }
        assert!(!Names::Them.matches("_x"));
    }
}
