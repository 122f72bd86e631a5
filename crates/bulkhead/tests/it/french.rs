//! What regimes say of their sources is told in French on French pages.

use bulkhead_comply::Library;
use bulkhead_report::{Lang, Words};

/// Words that stand in no French text, nor in the name of an act.
const ENGLISH: [&str; 21] = [
    "the",
    "of",
    "by",
    "from",
    "to",
    "with",
    "in",
    "as",
    "then",
    "not",
    "upheld",
    "applies",
    "deleted",
    "slipped",
    "hour",
    "filing",
    "selection",
    "consolidated",
    "found",
    "read",
    "stage",
];

#[test]
fn sources_of_every_regime_are_told_in_french() {
    let (library, french) = (Library::builtin(), Words::new(Lang::Fr));
    let mut seen = 0;
    for regime in library.regimes() {
        for source in &regime.sources {
            let told = french.said(&source.to_string());
            // The name of an act is its own.
            let rest = told.replace(&source.act, "");
            let words = rest.split(|it: char| !it.is_alphanumeric());
            let english: Vec<&str> = words.filter(|it| ENGLISH.contains(it)).collect();
            assert_eq!(english, Vec::<&str>::new(), "{}: {source}: {told}", regime.id);
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

/// What a timeline may hold has a name in French, and one thing is not called by two words.
#[test]
fn kinds_of_lines_and_rules_that_bind_have_one_french_name() {
    let french = Words::new(Lang::Fr);
    for (kind, told) in
        [("evidence", "pi\u{e8}ce conserv\u{e9}e"), ("finding", "constat"), ("approval", "approbation")]
    {
        assert_eq!(french.listed("kind", kind), told);
    }
    let pages = [
        include_str!("../../../report/src/summary/french.rs"),
        include_str!("../../../report/locales/fr.ftl"),
    ];
    for page in pages {
        assert!(
            !page.contains("r\u{e8}gle absolue"),
            "hard rules are `r\u{e8}gle imp\u{e9}rative` elsewhere"
        );
    }
}
