//! Sentences that the record holds in English, told in another language: known again by their English message.
//!
//! The record is written once, in English, so that it reads the same for ever and everywhere. A page in another language
//! tells the same facts: a sentence is held against the messages `said-*` of the English catalogue, what stands in their
//! holes is taken over, and the message of the page's language is said with it. What no message fits stays as it is.

use std::cell::Cell;
use std::sync::LazyLock;

use crate::words::{Lang, Value, Words};

/// Sentences within sentences beyond this depth stay as they are: texts come from strangers too.
const DEPTH: usize = 6;
/// Longer texts are no sentences of ours.
const LONGEST: usize = 4000;
/// Steps taken over one sentence.
const TRIES: u32 = 100_000;

/// An English message, taken apart.
struct Phrase {
    id: &'static str,
    parts: Vec<Part>,
}

enum Part {
    Text(&'static str),
    Hole(&'static str),
}

/// Every phrase, in the order of the catalogue.
static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let lines = Lang::En.catalogue().lines().filter(|it| it.starts_with("said-"));
    lines
        .filter_map(|line| line.split_once(" = "))
        .map(|(id, text)| Phrase { id, parts: parts(text) })
        .collect()
});

fn parts(mut text: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some((before, rest)) = text.split_once("{ $") {
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        let (name, after) = rest.split_once(" }").unwrap_or((rest, ""));
        parts.push(Part::Hole(name));
        text = after;
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// What fills a hole.
enum Filling {
    Text(String),
    Count(u64),
}

thread_local! {
    static FRENCH: Words = Words::new(Lang::Fr);
}

/// What the record says, in French: for who writes documents in both languages.
pub fn in_french(text: &str) -> String {
    FRENCH.with(|it| it.all_said(text))
}

/// One sentence being held against the messages.
struct Ear<'w> {
    words: &'w Words,
    /// Tries left: a text made to fit a little everywhere is left as it is.
    left: Cell<u32>,
}

impl Words {
    /// A sentence of the record in this language.
    pub fn said(&self, text: &str) -> String {
        match self.lang {
            Lang::En => text.to_owned(),
            Lang::Fr => Ear { words: self, left: Cell::new(TRIES) }.maybe(text, 0),
        }
    }

    /// Sentences joined by semicolons, each in this language.
    pub fn all_said(&self, text: &str) -> String {
        let parts: Vec<&str> = text.split("; ").collect();
        let told: Vec<String> = parts.iter().map(|it| self.said(it)).collect();
        // A sentence may hold a semicolon of its own.
        if parts.len() == 1 || parts.iter().zip(&told).any(|(part, told)| part == told) {
            return self.said(text);
        }
        told.join("\u{202f}; ")
    }
}

impl Ear<'_> {
    fn maybe(&self, text: &str, depth: usize) -> String {
        if let Some(told) = self.told(text, depth) {
            return told;
        }
        // Words of closed lists stand in rows.
        if text.contains(", ") && depth == 0 {
            let parts: Vec<Option<String>> = text.split(", ").map(|it| self.told(it, depth + 1)).collect();
            if parts.iter().all(Option::is_some) {
                return parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
            }
        }
        text.to_owned()
    }

    fn told(&self, text: &str, depth: usize) -> Option<String> {
        if depth > DEPTH || text.len() > LONGEST {
            return None;
        }
        PHRASES.iter().find_map(|phrase| {
            let mut filled = Vec::new();
            self.fits(&phrase.parts, text, depth, &mut filled).then(|| {
                let values: Vec<(&str, Value<'_>)> = filled
                    .iter()
                    .map(|(name, filling)| match filling {
                        Filling::Text(text) => (*name, Value::Text(text)),
                        Filling::Count(count) => (*name, Value::Count(*count)),
                    })
                    .collect();
                self.words.say(phrase.id, &values)
            })
        })
    }

    /// Whether `parts` fit `text` to its end; what stands in the holes is put into `filled`.
    fn fits(
        &self,
        parts: &[Part],
        text: &str,
        depth: usize,
        filled: &mut Vec<(&'static str, Filling)>,
    ) -> bool {
        let Some(left) = self.left.get().checked_sub(1) else { return false };
        self.left.set(left);
        let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
        let name = match first {
            Part::Text(part) => {
                return text.strip_prefix(part).is_some_and(|text| self.fits(rest, text, depth, filled));
            }
            Part::Hole(name) => *name,
        };
        let Some(Part::Text(next)) = rest.first() else {
            let Some(filling) = self.filling(name, text, depth) else { return false };
            filled.push((name, filling));
            return true;
        };
        // A message that ends otherwise is not looked into.
        if let Some(Part::Text(last)) = rest.last()
            && !text.ends_with(last)
        {
            return false;
        }
        let stood = filled.len();
        for (at, _) in text.match_indices(next) {
            // What follows is cheaper to see than what a sentence within says.
            if !self.fits(rest, &text[at..], depth, filled) {
                filled.truncate(stood);
                continue;
            }
            if let Some(filling) = self.filling(name, &text[..at], depth) {
                filled.push((name, filling));
                return true;
            }
            filled.truncate(stood);
        }
        false
    }

    /// What `text` is in the hole `name`; none where it cannot stand there.
    fn filling(&self, name: &str, text: &str, depth: usize) -> Option<Filling> {
        if text.is_empty() {
            return None;
        }
        let digits = |it: char| it.is_ascii_digit() || it == '\u{202f}';
        let text = match name.split('_').next().unwrap_or(name) {
            "count" => {
                let plain = text.replace('\u{202f}', "");
                let all = text.chars().all(digits);
                return plain.parse().ok().filter(|_| all).map(Filling::Count);
            }
            "number" => {
                let all = text.chars().all(|it| digits(it) || it == '.');
                all.then(|| text.replace('.', ","))?
            }
            "word" => text.chars().all(char::is_alphabetic).then(|| text.to_owned())?,
            "level" => {
                let known = ["informational", "low", "medium", "high", "critical"].contains(&text);
                known.then(|| self.words.listed("level", text))?
            }
            "span" => {
                let all = text.chars().all(|it| it.is_ascii_alphanumeric() || it == ' ');
                all.then(|| lasting(text))?
            }
            // No word of ours stands where a host is named.
            "host" => {
                let named = !text.contains(char::is_whitespace) && self.told(text, depth + 1).is_none();
                named.then(|| text.to_owned())?
            }
            "told" => self.told(text, depth + 1)?,
            "maybe" => self.maybe(text, depth + 1),
            "list" => self.list(text, depth),
            _ => text.to_owned(),
        };
        Some(Filling::Text(text))
    }

    /// `a, b and 4 more`, each told where it can be.
    fn list(&self, text: &str, depth: usize) -> String {
        let (and, more) = (self.words.get("list-and"), |n: &str| {
            let n = n.replace('\u{202f}', "").parse::<u64>().ok()?;
            Some(self.words.say("and-more", &[("n", n.into())]))
        });
        let mut parts: Vec<String> = Vec::new();
        let mut tail = String::new();
        for part in text.split(", ") {
            let (part, last) = part.rsplit_once(" and ").map_or((part, None), |(a, b)| (a, Some(b)));
            parts.push(self.maybe(part, depth + 1));
            if let Some(last) = last {
                tail = match last.strip_suffix(" more").and_then(more) {
                    Some(more) => format!(" {more}"),
                    None => format!(" {and} {}", self.maybe(last, depth + 1)),
                };
            }
        }
        format!("{}{tail}", parts.join(", "))
    }
}

/// A length of time as the record writes it, `3 d 0 h` or `3d`, with the days of French.
fn lasting(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for it in text.chars() {
        if (it.is_ascii_alphabetic() && before.is_ascii_digit())
            || (it.is_ascii_digit() && before.is_ascii_alphabetic())
        {
            out.push(' ');
        }
        out.push(it);
        before = it;
    }
    let words: Vec<&str> = out
        .split_whitespace()
        .map(|it| match it {
            "d" => "j",
            "m" => "min",
            other => other,
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Words::new(Lang::Fr).said(text).replace('\u{202f}', " ")
    }

    #[test]
    fn sentences_of_the_record_are_told_in_french() {
        for (en, fr) in [
            (
                "declared -> contained (simulated), except ws-1 and adm-2",
                "déclaré → endigué (simulation), sauf ws-1 et adm-2",
            ),
            (
                "ws-1: Service installed (high), 3 times, by telco\\eve",
                "ws-1 : « Service installed » (élevée), 3 fois, par telco\\eve",
            ),
            (
                "Lateral movement from ws-1 to ws-2, srv and 1 more with account eve: Bad and the ugly",
                "Déplacement latéral de ws-1 à ws-2, srv et 1 autre avec le compte eve : « Bad and the ugly »",
            ),
            (
                "containment plan 1: 6 actions, 757\u{202f}900 EUR over 24 h, gap 0.0 %; part 1 (2 actions) at once, part 2 (1 action) waits for incident_commander",
                "plan d'endiguement 1 : 6 actions, 757 900 EUR sur 24 h, écart 0,0 % ; partie 1 (2 actions) tout de suite, partie 2 (1 action) dans l'attente de commandant de l'incident",
            ),
            (
                "proof of generation 4 holds: 28 moves out of 1 asset cut, none of 18 protected assets reachable (simulated)",
                "la preuve de la génération 4 tient : 28 déplacements coupés depuis 1 machine, aucune des 18 machines protégées n'est atteignable (simulation)",
            ),
            ("everything is watched for 10 d 0 h", "l'ensemble sous surveillance pendant 10 j 0 h"),
            ("no new finding on these hosts for 3d", "aucun nouveau constat sur ces machines pendant 3 j"),
            (
                "account eve made by adm on ws-1, under suspicion by then",
                "compte eve créé sur ws-1 par le compte adm, déjà soupçonné à ce moment-là",
            ),
            (
                "ws-1 keeps a foothold (way out: web-out)",
                "ws-1 conserve un point d'appui (voie de sortie : web-out)",
            ),
            ("customer, billing", "clients, facturation"),
            ("what nobody ever wrote", "what nobody ever wrote"),
        ] {
            assert_eq!(said(en), fr);
        }
    }

    #[test]
    fn english_stays_as_it_is_recorded_and_strangers_texts_end_soon() {
        assert_eq!(Words::new(Lang::En).said("declared -> contained"), "declared -> contained");
        let long = ": ; (high) -> , ".repeat(200);
        assert_eq!(said(&long).replace('\u{202f}', " "), long);
    }
}
