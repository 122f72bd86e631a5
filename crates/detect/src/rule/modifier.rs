//! Modifiers: what stands after a field's name, `CommandLine|contains|all` (specification 2.1, "Value modifiers").

/// One modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    All,
    Contains,
    StartsWith,
    EndsWith,
    Exists,
    Cased,
    Neq,
    Re,
    RegexIgnoreCase,
    RegexMultiline,
    RegexDotAll,
    Cidr,
    Lt,
    Lte,
    Gt,
    Gte,
    FieldRef,
    Expand,
    WinDash,
    Base64,
    Base64Offset,
    Utf16Le,
    Utf16Be,
    Utf16,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const NAMES: &[(&str, Modifier)] = &[
    ("all", Modifier::All),
    ("contains", Modifier::Contains),
    ("startswith", Modifier::StartsWith),
    ("endswith", Modifier::EndsWith),
    ("exists", Modifier::Exists),
    ("cased", Modifier::Cased),
    ("neq", Modifier::Neq),
    ("re", Modifier::Re),
    ("i", Modifier::RegexIgnoreCase),
    ("m", Modifier::RegexMultiline),
    ("s", Modifier::RegexDotAll),
    ("cidr", Modifier::Cidr),
    ("lt", Modifier::Lt),
    ("lte", Modifier::Lte),
    ("gt", Modifier::Gt),
    ("gte", Modifier::Gte),
    ("fieldref", Modifier::FieldRef),
    ("expand", Modifier::Expand),
    ("windash", Modifier::WinDash),
    ("base64", Modifier::Base64),
    ("base64offset", Modifier::Base64Offset),
    ("wide", Modifier::Utf16Le),
    ("utf16le", Modifier::Utf16Le),
    ("utf16be", Modifier::Utf16Be),
    ("utf16", Modifier::Utf16),
    ("minute", Modifier::Minute),
    ("hour", Modifier::Hour),
    ("day", Modifier::Day),
    ("week", Modifier::Week),
    ("month", Modifier::Month),
    ("year", Modifier::Year),
];

impl Modifier {
    /// The modifier called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(it, _)| *it == name).map(|(_, modifier)| *modifier)
    }

    /// Its name in a rule.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }

    /// Whether it says how to compare; a field has at most one of these.
    pub fn is_operator(self) -> bool {
        self.is_text_operator()
            || self.is_comparison()
            || self.is_time_part()
            || matches!(self, Self::Exists | Self::Re | Self::Cidr | Self::FieldRef)
    }

    /// `contains`, `startswith`, `endswith`.
    pub fn is_text_operator(self) -> bool {
        matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith)
    }

    /// `lt`, `lte`, `gt`, `gte`.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Lt | Self::Lte | Self::Gt | Self::Gte)
    }

    /// `minute` to `year`.
    pub fn is_time_part(self) -> bool {
        matches!(self, Self::Minute | Self::Hour | Self::Day | Self::Week | Self::Month | Self::Year)
    }

    /// Whether it changes the value rather than the comparison.
    pub fn is_transformation(self) -> bool {
        matches!(
            self,
            Self::Expand
                | Self::WinDash
                | Self::Base64
                | Self::Base64Offset
                | Self::Utf16Le
                | Self::Utf16Be
                | Self::Utf16
        )
    }
}

/// Why these modifiers cannot stand together; nothing if they can.
pub fn conflict(modifiers: &[Modifier], n_values: usize) -> Option<String> {
    let has = |it: Modifier| modifiers.contains(&it);
    let operators: Vec<Modifier> = modifiers.iter().copied().filter(|it| it.is_operator()).collect();
    let fieldref = has(Modifier::FieldRef);
    let names = |list: &[Modifier]| list.iter().map(|it| it.name()).collect::<Vec<_>>().join("|");
    let allowed = match operators.as_slice() {
        [] | [_] => true,
        [Modifier::FieldRef, other] | [other, Modifier::FieldRef] if fieldref => other.is_text_operator(),
        // A bound of a time part: `field|hour|gte: 22`.
        [a, b] => (a.is_time_part() && b.is_comparison()) || (a.is_comparison() && b.is_time_part()),
        _ => false,
    };
    if !allowed {
        return Some(format!(
            "`{}` cannot stand together: a field is compared in one way",
            names(&operators)
        ));
    }
    let transformations: Vec<Modifier> =
        modifiers.iter().copied().filter(|it| it.is_transformation()).collect();
    let text = operators.iter().all(|it| it.is_text_operator());
    if !text && transformations.iter().any(|it| *it != Modifier::Expand) {
        return Some(format!(
            "`{}` changes text and cannot stand with `{}`",
            names(&transformations),
            names(&operators)
        ));
    }
    if has(Modifier::Base64) && has(Modifier::Base64Offset) {
        return Some("`base64` and `base64offset` exclude each other".to_owned());
    }
    let wide = [Modifier::Utf16Le, Modifier::Utf16Be, Modifier::Utf16];
    if wide.iter().filter(|it| has(**it)).count() > 1 {
        return Some("only one UTF-16 encoding can be chosen".to_owned());
    }
    let flags = [Modifier::RegexIgnoreCase, Modifier::RegexMultiline, Modifier::RegexDotAll];
    if !has(Modifier::Re) && flags.iter().any(|it| has(*it)) {
        return Some("`i`, `m` and `s` are flags of `re`".to_owned());
    }
    if has(Modifier::All) && n_values < 2 {
        return Some("`all` needs more than one value".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(modifiers: &str, n_values: usize, expect: bool) {
        let modifiers: Vec<_> = modifiers.split('|').filter_map(Modifier::from_name).collect();
        assert_eq!(conflict(&modifiers, n_values).is_none(), expect);
    }

    #[test]
    fn conflicts() {
        check("contains|all", 2, true);
        check("contains|all", 1, false);
        check("contains|windash", 1, true);
        check("contains|endswith", 1, false);
        check("re|i|m|s", 1, true);
        check("i", 1, false);
        check("re|contains", 1, false);
        check("cidr|base64", 1, false);
        check("fieldref|contains", 1, true);
        check("fieldref|re", 1, false);
        check("hour|gte", 1, true);
        check("gt|lt", 1, false);
        check("utf16le|base64offset|contains", 1, true);
        check("utf16le|utf16be", 1, false);
        check("base64|base64offset", 1, false);
        check("exists", 1, true);
    }
}
