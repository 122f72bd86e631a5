//! The words of every page, in one catalogue per language (Fluent): `locales/en.ftl` and `locales/fr.ftl`.

use bulkhead_model::french::spaced;
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Lang {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// Its code (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Fr,
            Self::Fr => Self::En,
        }
    }

    pub(crate) fn catalogue(self) -> &'static str {
        match self {
            Self::En => include_str!("../locales/en.ftl"),
            Self::Fr => include_str!("../locales/fr.ftl"),
        }
    }
}

/// The catalogue of one language.
pub struct Words {
    /// Which.
    pub lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

/// A value in a message: a number decides the plural and is written with its thousands apart.
pub enum Value<'v> {
    /// Text as it is.
    Text(&'v str),
    /// A count.
    Count(u64),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Value<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl Words {
    /// The catalogue of `lang`.
    pub fn new(lang: Lang) -> Self {
        let language: LanguageIdentifier = lang.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new(vec![language]);
        // Marks of direction around values would be shown, written out.
        bundle.set_use_isolating(false);
        // A fault in the catalogue is found by its test; what could be read is used.
        let resource = FluentResource::try_new(lang.catalogue().to_owned()).unwrap_or_else(|(it, _)| it);
        bundle.add_resource_overriding(resource);
        Self { lang, bundle }
    }

    /// That the terminal speaks English, in this language.
    pub fn of_the_terminal(&self) -> String {
        self.get("terminal-english")
    }

    /// The message `id`.
    pub fn get(&self, id: &str) -> String {
        self.say(id, &[])
    }

    /// The message `id` with values: `{ $name }` is the value, `{ $name_n }` the bare number that selects the plural.
    pub fn say(&self, id: &str, values: &[(&str, Value<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|it| it.value()) else {
            return id.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, value) in values {
            match value {
                Value::Text(text) => args.set((*name).to_owned(), FluentValue::from((*text).to_owned())),
                Value::Count(count) => {
                    args.set((*name).to_owned(), FluentValue::from(crate::text::count(*count)));
                    #[expect(clippy::cast_precision_loss, reason = "plurals need no more")]
                    args.set(format!("{name}_n"), FluentValue::from(*count as f64));
                }
            }
        }
        let text = self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned();
        match self.lang {
            Lang::En => text,
            Lang::Fr => spaced(&text),
        }
    }

    /// The name of one of a list of `list-NAME` messages, or the name itself where the list does not hold it.
    pub fn listed(&self, list: &str, name: &str) -> String {
        let id = format!("{list}-{}", name.replace('_', "-"));
        let said = self.get(&id);
        if said == id { name.replace(['_', '-'], " ") } else { said }
    }

    /// What starts a clock, such as `awareness`, `submission:notification`.
    pub fn anchor(&self, anchor: &str) -> String {
        match anchor.split_once(':') {
            Some((_, stage)) => {
                self.say("anchor-submission", &[("stage", (&self.listed("stage", stage)).into())])
            }
            None => self.listed("anchor", anchor),
        }
    }

    /// The text of `localized` in this language.
    pub fn of(&self, localized: &bulkhead_model::case::Localized) -> String {
        match self.lang {
            Lang::En => localized.en().to_owned(),
            Lang::Fr => spaced(localized.fr()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Ids of a catalogue with the variables each uses.
    fn messages(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in lang.catalogue().lines() {
            if let Some((id, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|it: char| it.is_ascii_lowercase()))
            {
                assert!(!found.contains_key(id), "{id} twice in {lang:?}");
                id.clone_into(&mut current);
                found.entry(current.clone()).or_default();
            }
            for part in line.split('$').skip(1) {
                let name: String =
                    part.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect();
                found.entry(current.clone()).or_default().insert(name.trim_end_matches("_n").to_owned());
            }
        }
        found
    }

    #[test]
    fn both_catalogues_are_sound_and_say_the_same_things() {
        for lang in Lang::ALL {
            assert!(FluentResource::try_new(lang.catalogue().to_owned()).is_ok(), "{lang:?}");
        }
        // What the record says in English may have words that another language counts otherwise.
        let said = |all: BTreeMap<String, BTreeSet<String>>| -> BTreeMap<String, BTreeSet<String>> {
            let counted = |it: &String| !it.starts_with("word");
            all.into_iter().map(|(id, names)| (id, names.into_iter().filter(counted).collect())).collect()
        };
        assert_eq!(said(messages(Lang::En)), said(messages(Lang::Fr)));
    }

    /// Every id that the code asks for is there, and no message is left that nobody asks for.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test reads the source of its own crate")]
    fn the_code_and_the_catalogue_agree() {
        fn read(dir: &Path, all: &mut String) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    read(&path, all);
                } else {
                    all.push_str(&fs::read_to_string(path).unwrap());
                }
            }
        }
        let mut code = String::new();
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
        let known = messages(Lang::En);
        for call in [".get(\"", ".say(\"", ".step(\"", ".part(\""] {
            for id in code.split(call).skip(1).filter_map(|it| it.split('"').next()) {
                assert!(
                    id.contains(|it: char| !(it.is_ascii_lowercase() || it == '-')) || known.contains_key(id),
                    "{id}"
                );
            }
        }
        // Recipes in plain words are three messages under one name.
        let stem = |id: &str| {
            ["-act", "-check", "-undo"].iter().find_map(|it| id.strip_suffix(it)).map(str::to_owned)
        };
        let asked = |id: &str| {
            let list = id.split('-').next().unwrap_or_default();
            list == "said"
                || code.contains(&format!("\"{id}\""))
                || code.contains(&format!("listed(\"{list}\""))
        };
        for id in known.keys() {
            assert!(asked(id) || stem(id).is_some_and(|it| asked(&it)), "nobody says `{id}`");
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let said = |lang, n: u64| Words::new(lang).say("hosts", &[("n", n.into())]);
        assert_eq!(said(Lang::En, 1), "1 host");
        assert_eq!(said(Lang::En, 0), "0 hosts");
        assert_eq!(said(Lang::Fr, 0), "0 machine");
        assert_eq!(said(Lang::Fr, 1200), "1\u{202f}200 machines");
    }
}
