//! Typed names of the things an estate declares, so that a service is never passed where an asset is meant.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest id, in bytes.
pub const MAX_LEN: usize = 200;

/// Why a text is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// It is empty.
    #[error("an id is empty")]
    Empty,
    /// It is longer than [`MAX_LEN`] bytes.
    #[error("the id {start:?}... has {bytes} bytes; {MAX_LEN} is the most")]
    TooLong {
        /// How it begins.
        start: String,
        /// How long it is.
        bytes: usize,
    },
    /// It holds what lists, plans and file names use as separators, or what nobody can see.
    #[error("the id {id:?} holds {what}")]
    Character {
        /// As written, shortened.
        id: String,
        /// What is wrong with it.
        what: String,
    },
}

/// Whether `id` may name something of an estate: letters and digits of any script, and behind the first of them also
/// `-` `_` `.` `:` `>` `@` `+` `~` `$` `#` `&`; no two points in a row; at most [`MAX_LEN`] bytes.
///
/// Ids stand in lists, plans, rule names, file names and terminals: none can leave its folder, break a line or hide.
///
/// # Errors
/// What is wrong with it.
pub fn check(id: &str) -> Result<(), BadId> {
    let bad = |what: String| Err(BadId::Character { id: id.chars().take(60).collect(), what });
    let Some(first) = id.chars().next() else { return Err(BadId::Empty) };
    if id.len() > MAX_LEN {
        return Err(BadId::TooLong { start: id.chars().take(20).collect(), bytes: id.len() });
    }
    let allowed = |it: char| it.is_alphanumeric() || "-_.:>@+~$#&".contains(it);
    match id.chars().find(|it| !allowed(*it)) {
        Some('/' | '\\') => return bad("a slash: ids become parts of file names".to_owned()),
        Some(it) if it.is_whitespace() => return bad("a space or line break".to_owned()),
        Some(it) if it.is_control() => return bad("a control character".to_owned()),
        Some(it) => return bad(format!("{it:?}, which ids may not hold")),
        None => {}
    }
    if !(first.is_alphanumeric() || first == '_') {
        return bad(format!("{first:?} at its beginning; ids begin with a letter or a digit"));
    }
    if id.contains("..") {
        return bad("two points in a row".to_owned());
    }
    Ok(())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps `id` as it is written in the file.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A zone of the estate (`zones[].id`).
    ZoneId,
    /// An asset (`assets[].id`).
    AssetId,
    /// An identity, human or service (`identities[].id`).
    IdentityId,
    /// A declared flow (`flows[].id`), or an implicit one: `flat:<zone>`, `management:<n>`.
    FlowId,
    /// A service (`services[].id`).
    ServiceId,
    /// An enforcement point (`enforcement_points[].id`).
    PointId,
    /// A crew (`crews[].id`).
    CrewId,
    /// Announced work (`maintenance[].id`, `scanners[].id`).
    WorkId,
    /// A regime of reporting obligations (`NIS2`, `GDPR-33`, ...).
    RegimeId,
}

/// A name as an id of at most `longest` bytes: lower case letters, digits, single dashes. Letters with marks are written without, letters of other
/// scripts by their code points (`李明` is `u674eu660e`): two people stay two, and nobody is called after his domain.
pub fn drafted(text: &str, longest: usize) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut id = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            id.push(c);
        } else if c.is_alphanumeric() {
            id.push_str(&format!("u{:x}", u32::from(c)));
        } else if !unicode_normalization::char::is_combining_mark(c) && !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(longest);
    let id = id.trim_end_matches('-');
    if id.is_empty() { "unnamed".to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_names_and_nothing_else() {
        for id in
            ["web-1", "PC-01", "m.leroy", "_core", "open:net-10-0-0-0>outside", "si\u{e8}ge", "svc$", "a@b"]
        {
            assert_eq!(check(id), Ok(()), "{id}");
        }
        let slashes = ["../../PWN", "a/b", "a\\b", "..", ".", ".hidden", "-rf", "a..b"];
        let unseen = ["", "a b", "a\nb", "a\u{1b}[2J", "a\u{202e}b", "a\u{0}", "a\u{200b}b", "a\u{9b}b"];
        let separators = ["a,b", "a=b", "a\"b", "a'b", "a*", "a|b", "<b>", "a;b", "a`b", "a%2fb"];
        let long = "x".repeat(MAX_LEN + 1);
        for id in slashes.into_iter().chain(unseen).chain(separators).chain([long.as_str()]) {
            assert!(check(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn names_of_every_script_become_ids() {
        for (name, id) in [
            ("CORP\\Ada.L", "corp-ada-l"),
            ("corp\\李明", "corp-u674eu660e"),
            ("corp\\ünal", "corp-unal"),
            ("ﬁona", "fiona"),
            ("corp\\иванов", "corp-u438u432u430u43du43eu432"),
            ("...", "unnamed"),
        ] {
            assert_eq!(drafted(name, 90), id);
        }
    }
}
