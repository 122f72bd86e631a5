//! Rules to expressions: modifiers applied to values, conditions to boolean operators.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::expr::{Expr, Interner};
use crate::field::{FieldId, KEYWORDS};
use crate::matcher::{Cmp, Matcher, Number, TextOp, TimePart};
use crate::rule::condition::{Condition, Quantity};
use crate::rule::parse::Reader;
use crate::rule::text::{Part, Pattern, stands_for_itself};
use crate::rule::{Item, Modifier, Search, Value};

/// A value with more flag characters than this would have too many forms.
const DASHES_MAX: usize = 4;

/// Values of placeholders, `%name%`, by name.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// Turns searches and conditions into expressions.
pub struct Compiler<'a, 'f> {
    /// Fields and comparisons of the whole rule set.
    pub interner: &'a mut Interner,
    /// Where faults go.
    pub reader: &'a mut Reader<'f>,
    /// Values of placeholders.
    pub placeholders: &'a Placeholders,
    /// Other names of fields in the log source at hand, rule's name to event's.
    pub mapping: &'a BTreeMap<String, Vec<String>>,
}

impl Compiler<'_, '_> {
    /// What `conditions` (alternatives) say about `searches`.
    pub fn conditions(&mut self, conditions: &[Condition], searches: &[(String, Search)]) -> Expr {
        let compiled: Vec<(&str, Expr)> =
            searches.iter().map(|(name, search)| (name.as_str(), self.search(search))).collect();
        Expr::or(conditions.iter().map(|it| condition(it, &compiled)).collect::<Vec<_>>())
    }

    fn search(&mut self, search: &Search) -> Expr {
        match search {
            Search::All(items) => Expr::and(items.iter().map(|it| self.item(it)).collect::<Vec<_>>()),
            Search::Any(searches) => Expr::or(searches.iter().map(|it| self.search(it)).collect::<Vec<_>>()),
            Search::Nested(searches, condition) => self.conditions(std::slice::from_ref(condition), searches),
        }
    }

    fn item(&mut self, item: &Item) -> Expr {
        let names = match &item.field {
            None => return self.item_of(item, KEYWORDS),
            Some(field) => self.mapping.get(field).cloned().unwrap_or_else(|| vec![field.clone()]),
        };
        let mut sides = Vec::new();
        for name in names {
            let field = self.interner.fields.intern(&name);
            sides.push(self.item_of(item, field));
        }
        Expr::or(sides)
    }

    fn item_of(&mut self, item: &Item, field: FieldId) -> Expr {
        let values: Vec<Expr> = item.values.iter().map(|it| self.value(item, field, it)).collect();
        let has = |it: Modifier| item.modifiers.contains(&it);
        let whole = if has(Modifier::All) { Expr::and(values) } else { Expr::or(values) };
        if has(Modifier::Neq) { Expr::not(whole) } else { whole }
    }

    fn value(&mut self, item: &Item, field: FieldId, value: &Value) -> Expr {
        let has = |it: Modifier| item.modifiers.contains(&it);
        let cased = has(Modifier::Cased);
        if has(Modifier::Exists) {
            let present = self.interner.pred(field, Matcher::Present);
            return if value.text().eq_ignore_ascii_case("false") { Expr::not(present) } else { present };
        }
        if let Some(part) = item.modifiers.iter().find_map(|it| time_part(*it)) {
            return self.compare(item, value, |cmp, number| Matcher::Time(part, cmp, number), field);
        }
        if item.modifiers.iter().any(|it| it.is_comparison()) {
            return self.compare(item, value, Matcher::Number, field);
        }
        if has(Modifier::FieldRef) {
            let names =
                self.mapping.get(value.text()).cloned().unwrap_or_else(|| vec![value.text().to_owned()]);
            let op = text_op(&item.modifiers);
            let other = names.iter().map(|it| self.interner.fields.intern(it)).collect::<Vec<_>>();
            let sides: Vec<Expr> = other
                .iter()
                .map(|it| self.interner.pred(field, Matcher::Field { op, cased, field: *it }))
                .collect();
            return Expr::or(sides);
        }
        if has(Modifier::Re) {
            return self.regex(item, field, value.text());
        }
        if has(Modifier::Cidr) {
            return match value.text().parse() {
                Ok(network) => self.interner.pred(field, Matcher::Cidr(network)),
                Err(_) => self.fail(item, format!("`{}` is not a network such as 10.0.0.0/8", value.text())),
            };
        }
        self.plain(item, field, value, cased)
    }

    /// A value compared as it stands or as text.
    fn plain(&mut self, item: &Item, field: FieldId, value: &Value, cased: bool) -> Expr {
        let as_text = field == KEYWORDS || item.modifiers.iter().any(|it| it.is_text_operator());
        match value {
            Value::Null => {
                let present = self.interner.pred(field, Matcher::Present);
                Expr::not(present)
            }
            Value::Number(number, _) if !as_text => {
                self.interner.pred(field, Matcher::Number(Cmp::Eq, Number::new(*number)))
            }
            Value::Number(..) | Value::Bool(_) => {
                self.patterns(item, field, vec![Pattern::literal(value.text())], cased)
            }
            // Thousands of values are texts without wildcards: nothing is put together for them.
            Value::Text(text) if is_untouched(item) && !text.is_empty() && stands_for_itself(text) => {
                let (before, after) = surroundings(item, field);
                self.interner.pred(field, Matcher::literal(text, before, after, cased))
            }
            Value::Text(text) => {
                let Some(patterns) = self.transform(item, text) else { return Expr::Const(false) };
                self.patterns(item, field, patterns, cased)
            }
        }
    }

    fn patterns(&mut self, item: &Item, field: FieldId, patterns: Vec<Pattern>, cased: bool) -> Expr {
        let (before, after) = surroundings(item, field);
        let sides: Vec<Expr> = patterns
            .into_iter()
            .map(|it| {
                let matcher = match it.0.as_slice() {
                    [Part::Literal(text)] => Matcher::literal(text, before, after, cased),
                    _ => Matcher::text(it.surrounded(before, after), cased),
                };
                self.interner.pred(field, matcher)
            })
            .collect();
        Expr::or(sides)
    }

    /// The forms of a text value after its modifiers, in the order written.
    fn transform(&mut self, item: &Item, text: &str) -> Option<Vec<Pattern>> {
        let mut patterns = if item.modifiers.contains(&Modifier::Expand) {
            self.expand(item, text)?
        } else {
            vec![Pattern::parse(text)]
        };
        for modifier in &item.modifiers {
            if *modifier == Modifier::WinDash {
                let forms: Option<Vec<_>> = patterns.into_iter().map(windash).collect();
                let Some(forms) = forms else {
                    self.fail(item, format!("`{text}` has too many dashes for `windash`"));
                    return None;
                };
                patterns = forms.concat();
            }
        }
        let codings: Vec<Modifier> = item
            .modifiers
            .iter()
            .copied()
            .filter(|it| it.is_transformation() && !matches!(it, Modifier::Expand | Modifier::WinDash))
            .collect();
        if codings.is_empty() {
            return Some(patterns);
        }
        let mut encoded = Vec::new();
        for pattern in patterns {
            let Some(literal) = pattern.as_literal() else {
                self.fail(item, format!("`{text}` has wildcards, which cannot be encoded"));
                return None;
            };
            encoded.extend(encode(&codings, literal).into_iter().map(Pattern::literal));
        }
        Some(encoded)
    }

    fn expand(&mut self, item: &Item, text: &str) -> Option<Vec<Pattern>> {
        let mut texts = vec![String::new()];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            let Some((name, after)) = after.split_once('%').filter(|(name, _)| !name.is_empty()) else {
                break;
            };
            let Some(values) = self.placeholders.get(name) else {
                self.reader
                    .error(
                        "unknown-placeholder",
                        item.pos,
                        format!("the placeholder `%{name}%` has no values"),
                    )
                    .hint = Some(
                    "give them in a processing pipeline (value_placeholders or wildcard_placeholders)"
                        .to_owned(),
                );
                return None;
            };
            texts = texts
                .iter()
                .flat_map(|it| values.iter().map(move |value| format!("{it}{before}{value}")))
                .collect();
            rest = after;
        }
        Some(texts.iter().map(|it| Pattern::parse(&format!("{it}{rest}"))).collect())
    }

    fn regex(&mut self, item: &Item, field: FieldId, text: &str) -> Expr {
        let flags: String = item
            .modifiers
            .iter()
            .filter_map(|it| match it {
                Modifier::RegexIgnoreCase => Some('i'),
                Modifier::RegexMultiline => Some('m'),
                Modifier::RegexDotAll => Some('s'),
                _ => None,
            })
            .collect();
        let pattern = if flags.is_empty() { text.to_owned() } else { format!("(?{flags}){text}") };
        if let Err(fault) = regex_syntax::Parser::new().parse(&pattern) {
            let fault = fault.to_string();
            let reason =
                fault.lines().rfind(|it| it.starts_with("error")).unwrap_or("it cannot be read").to_owned();
            return self.fail(item, format!("the regular expression `{text}` cannot be used: {reason}"));
        }
        self.interner.pred(field, Matcher::Regex(pattern))
    }

    fn compare(
        &mut self,
        item: &Item,
        value: &Value,
        make: impl Fn(Cmp, Number) -> Matcher,
        field: FieldId,
    ) -> Expr {
        let Some(number) = crate::matcher::number(value.text()) else {
            return self.fail(item, format!("`{}` is not a number", value.text()));
        };
        let cmp = item
            .modifiers
            .iter()
            .find_map(|it| match it {
                Modifier::Lt => Some(Cmp::Lt),
                Modifier::Lte => Some(Cmp::Lte),
                Modifier::Gt => Some(Cmp::Gt),
                Modifier::Gte => Some(Cmp::Gte),
                _ => None,
            })
            .unwrap_or(Cmp::Eq);
        self.interner.pred(field, make(cmp, Number::new(number)))
    }

    fn fail(&mut self, item: &Item, message: String) -> Expr {
        self.reader.error("bad-value", item.pos, message);
        Expr::Const(false)
    }
}

/// Whether anything may stand before and after a value of `item`.
fn surroundings(item: &Item, field: FieldId) -> (bool, bool) {
    let has = |it: Modifier| item.modifiers.contains(&it);
    // Keywords stand anywhere in a text, whatever wildcards they hold.
    let keyword = field == KEYWORDS && !item.modifiers.iter().any(|it| it.is_text_operator());
    let inside = keyword || has(Modifier::Contains) || has(Modifier::Base64Offset);
    (inside || has(Modifier::EndsWith), inside || has(Modifier::StartsWith))
}

/// Whether no modifier of `item` makes other texts of its values.
fn is_untouched(item: &Item) -> bool {
    !item.modifiers.iter().any(|it| it.is_transformation())
}

fn condition(it: &Condition, searches: &[(&str, Expr)]) -> Expr {
    match it {
        Condition::Search(name) => {
            searches.iter().find(|(it, _)| it == name).map_or(Expr::Const(false), |(_, expr)| expr.clone())
        }
        Condition::Not(inner) => Expr::not(condition(inner, searches)),
        Condition::And(sides) => {
            Expr::and(sides.iter().map(|it| condition(it, searches)).collect::<Vec<_>>())
        }
        Condition::Or(sides) => Expr::or(sides.iter().map(|it| condition(it, searches)).collect::<Vec<_>>()),
        Condition::Of(quantity, names) => {
            let meant: Vec<Expr> = searches
                .iter()
                .filter(|(name, _)| names.matches(name))
                .map(|(_, expr)| expr.clone())
                .collect();
            match quantity {
                Quantity::All => Expr::and(meant),
                Quantity::AtLeast(count) => Expr::at_least(*count, meant),
            }
        }
    }
}

fn text_op(modifiers: &[Modifier]) -> TextOp {
    modifiers
        .iter()
        .find_map(|it| match it {
            Modifier::Contains => Some(TextOp::Contains),
            Modifier::StartsWith => Some(TextOp::StartsWith),
            Modifier::EndsWith => Some(TextOp::EndsWith),
            _ => None,
        })
        .unwrap_or(TextOp::Equals)
}

fn time_part(modifier: Modifier) -> Option<TimePart> {
    Some(match modifier {
        Modifier::Minute => TimePart::Minute,
        Modifier::Hour => TimePart::Hour,
        Modifier::Day => TimePart::Day,
        Modifier::Week => TimePart::Week,
        Modifier::Month => TimePart::Month,
        Modifier::Year => TimePart::Year,
        _ => return None,
    })
}

/// Every combination of `-`, `/`, en dash, em dash and horizontal bar where a flag begins: after no word character and
/// before one (pySigma's `\B[-/]\b`).
fn windash(pattern: Pattern) -> Option<Vec<Pattern>> {
    const FORMS: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];
    let is_word = |it: Option<char>| it.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut forms = vec![Pattern::default()];
    let mut n_dashes = 0;
    for part in pattern.0 {
        let Part::Literal(text) = part else {
            forms.iter_mut().for_each(|it| it.push(part.clone()));
            continue;
        };
        let chars: Vec<char> = text.chars().collect();
        for (index, c) in chars.iter().enumerate() {
            let before = index.checked_sub(1).map(|it| chars[it]);
            let flag = matches!(c, '-' | '/') && !is_word(before) && is_word(chars.get(index + 1).copied());
            let choices: &[char] = if flag { &FORMS } else { std::slice::from_ref(c) };
            n_dashes += usize::from(flag);
            if n_dashes > DASHES_MAX {
                return None;
            }
            forms = forms
                .into_iter()
                .flat_map(|form| {
                    choices.iter().map(move |choice| {
                        let mut form = form.clone();
                        form.push(Part::Literal(choice.to_string()));
                        form
                    })
                })
                .collect();
        }
    }
    Some(forms)
}

/// A text encoded, one coding after the other; `base64offset` yields the three forms that can stand inside a longer
/// encoded text. Bytes that are no text stand as the characters of the same numbers.
fn encode(codings: &[Modifier], text: &str) -> Vec<String> {
    let wide = |bytes: &[u8], to: fn(u16) -> [u8; 2]| -> Vec<u8> {
        String::from_utf8_lossy(bytes).encode_utf16().flat_map(to).collect()
    };
    let mut bytes = text.as_bytes().to_vec();
    for coding in codings {
        bytes = match coding {
            Modifier::Utf16Le => wide(&bytes, u16::to_le_bytes),
            Modifier::Utf16Be => wide(&bytes, u16::to_be_bytes),
            Modifier::Utf16 => [vec![0xFF, 0xFE], wide(&bytes, u16::to_le_bytes)].concat(),
            Modifier::Base64 => BASE64.encode(&bytes).into_bytes(),
            Modifier::Base64Offset => return base64_offsets(&bytes),
            _ => bytes,
        };
    }
    vec![bytes.into_iter().map(char::from).collect()]
}

fn base64_offsets(bytes: &[u8]) -> Vec<String> {
    (0..3)
        .map(|offset| {
            let padded = [&[b' '; 3][..offset], bytes].concat();
            let encoded = BASE64.encode(&padded);
            // Characters that depend on the bytes before or after are left out.
            let start = [0, 2, 3][offset];
            let end = encoded.len() - [0, 3, 2][padded.len() % 3];
            encoded.get(start..end).unwrap_or_default().to_owned()
        })
        .filter(|it| !it.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(patterns: Option<Vec<Pattern>>) -> Vec<String> {
        patterns.unwrap_or_default().iter().filter_map(|it| it.as_literal().map(str::to_owned)).collect()
    }

    #[test]
    fn windash_changes_flags_only() {
        let forms = literals(windash(Pattern::literal(" -foo-bar")));
        assert_eq!(
            forms,
            [" -foo-bar", " /foo-bar", " \u{2013}foo-bar", " \u{2014}foo-bar", " \u{2015}foo-bar"]
        );
        assert_eq!(literals(windash(Pattern::literal("/a -b"))).len(), 25);
        assert_eq!(literals(windash(Pattern::literal("plain"))), ["plain"]);
        assert!(windash(Pattern::literal("-a -b -c -d -e")).is_none());
    }

    /// The examples of the specification's appendix on modifiers, and what a long text encodes to.
    #[test]
    fn base64_offsets_stand_inside_longer_texts() {
        let needles = encode(&[Modifier::Base64Offset], "http://");
        for prefix in ["", "a", "ab", "abc"] {
            for suffix in ["", "x", "xy"] {
                let encoded = BASE64.encode(format!("{prefix}http://{suffix}"));
                assert!(needles.iter().any(|it| encoded.contains(it)), "{encoded} {needles:?}");
            }
        }
        assert_eq!(encode(&[Modifier::Base64], "foo"), ["Zm9v"]);
    }

    #[test]
    fn utf16_then_base64() {
        assert_eq!(encode(&[Modifier::Utf16Le, Modifier::Base64], "ping"), ["cABpAG4AZwA="]);
        let expect = BASE64.encode([0xFF, 0xFE, 0x2D, 0x4E]);
        assert_eq!(encode(&[Modifier::Utf16, Modifier::Base64], "\u{4E2D}"), [expect]);
        assert_eq!(encode(&[Modifier::Utf16Be], "a"), ["\0a"]);
    }
}
