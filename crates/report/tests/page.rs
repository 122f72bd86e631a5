//! The page and its pictures on a case of our own making: complete, escaped, the same every time, without references to
//! anything outside.

use bulkhead_model::case::{
    CaseParts, Certificate, Clock, ClockStatus, Exfiltration, Figures, Impact, Incident, Localized, Plan,
    RecoveryPlan, Score, TimelineEntry,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_report::filing::{Field, Filing};
use bulkhead_report::{CaseView, Lang, html};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

#[path = "page/telemetry.rs"]
mod telemetry;

struct Case {
    estate: Estate,
    incident: Incident,
    timeline: Vec<TimelineEntry>,
    findings: Vec<Finding>,
    impact: Impact,
    plan: Plan,
    certificate: Certificate,
    recovery: RecoveryPlan,
    clocks: Vec<Clock>,
    exfiltration: Exfiltration,
    score: Score,
    figures: Figures,
}

fn load<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/case/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the case is part of the repository");
    serde_json::from_str(&text).expect("the case has the shape of its types")
}

impl Case {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal/estate.yaml");
        let text = std::fs::read_to_string(path).expect("the example is part of the repository");
        let (incident, impact, plan) = (load("incident"), load("impact"), load::<Plan>("plan"));
        let (recovery, clocks, exfiltration, score) =
            (load("recovery"), load::<Vec<Clock>>("clocks"), load("exfiltration"), load("score"));
        let figures = Figures::of(&CaseParts {
            incident: &incident,
            impact: &impact,
            plan: Some(&plan),
            plans: &[&plan],
            enforced: &[plan.generation].into(),
            held: &std::collections::BTreeSet::new(),
            recovery: Some(&recovery),
            clocks: &clocks,
            exfiltration: Some(&exfiltration),
            score: Some(&score),
            relapses: &[],
            drafted: false,
            simulated: true,
            as_of: incident.declared_at,
        });
        Self {
            estate: bulkhead_model::estate::read("minimal", &text).0.expect("the example is sound"),
            incident,
            timeline: load("timeline"),
            findings: load("findings"),
            impact,
            plan,
            certificate: load("certificate"),
            recovery,
            clocks,
            exfiltration,
            score,
            figures,
        }
    }

    fn view(&self) -> CaseView<'_> {
        CaseView {
            estate: &self.estate,
            incident: &self.incident,
            figures: &self.figures,
            timeline: &self.timeline,
            findings: &self.findings,
            impact: &self.impact,
            plan: Some(&self.plan),
            certificate: Some(&self.certificate),
            proof_holds: Some(true),
            recovery: Some(&self.recovery),
            clocks: &self.clocks,
            exfiltration: Some(&self.exfiltration),
            score: Some(&self.score),
            filings: &[],
            orders: &[],
            lang: Lang::En,
            notices: &[],
        }
    }
}

#[test]
fn a_director_finds_the_answers_in_both_languages() {
    let case = Case::read();
    let page = html(&case.view());
    for words in [
        "What happened?",
        "Que s&#39;est-il passé",
        "2 hosts (pc-1 and web-1)",
        "Customer portal (degraded)",
        "Espace client (dégradé)",
        "1\u{202f}200 customers",
        "By Sat 2025-07-26 15:52 CEST to CNIL",
        "No theft of data was seen in the ",
    ] {
        let plain = words.replace("&#39;", "'");
        assert!(page.contains(words) || page.contains(&plain), "{words}");
    }
}

#[test]
fn an_engineer_finds_every_fact_of_the_case() {
    let case = Case::read();
    let page = html(&case.view());
    let mut wanted: Vec<&str> = case.findings.iter().map(|it| it.rule.title.as_str()).collect();
    wanted.extend(case.timeline.iter().map(|it| it.text.as_str()));
    wanted.extend(case.certificate.cut.iter().map(|it| it.by.as_str()));
    wanted.extend(case.clocks.iter().map(|it| it.rule.as_str()));
    wanted.extend(case.plan.not_done.iter().filter_map(|it| it.what.split('`').next()));
    wanted.extend(case.recovery.stages.iter().map(|it| it.title.as_str()));
    for words in wanted {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_page_stands_alone_and_is_always_the_same() {
    let case = Case::read();
    let page = html(&case.view());
    assert_eq!(page, html(&case.view()));
    for outside in ["<script", "<link", "<img", " src=", "url(", "@import", "http://www.w3.org/1999"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

/// Every picture says what it shows, every table has a caption and column heads, every id is there once.
#[test]
fn the_page_can_be_heard() {
    let case = Case::read();
    let page = html(&case.view());
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<svg "), count("role=\"img\""));
    assert_eq!(count("<svg "), count("<desc "));
    assert_eq!(count("<table"), count("<caption>"));
    assert_eq!(count("<main>"), 1);
    assert_eq!(count("<h1>"), 1);
    assert!(count("scope=\"col\"") >= count("<table"));
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    for labelled in page.split("aria-labelledby=\"").skip(1).filter_map(|it| it.split('"').next()) {
        for id in labelled.split(' ') {
            assert!(ids.contains(&id), "{id}");
        }
    }
}

#[test]
fn what_did_not_come_about_is_said() {
    let case = Case::read();
    let mut figures = case.figures.clone();
    (figures.plan, figures.containment_predicted, figures.containment_observed) = (None, None, None);
    figures.duties.overdue = 0;
    let bare = CaseView {
        figures: &figures,
        plan: None,
        certificate: None,
        proof_holds: None,
        recovery: None,
        clocks: &[],
        exfiltration: None,
        score: None,
        ..case.view()
    };
    let page = html(&bare);
    for words in [
        "No containment plan was made",
        "Aucun plan d",
        "No recovery plan was made",
        "No reporting duty is known to bind",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let open = html(&CaseView { proof_holds: Some(false), ..case.view() });
    assert!(open.contains("STILL OPEN") && open.contains("ENCORE OUVERT") && open.contains("does not hold"));
}

#[test]
fn suspected_hosts_are_named_where_none_is_compromised() {
    let mut case = Case::read();
    let hosts: Vec<_> = case.incident.compromised.drain(..).collect();
    case.incident.suspected = hosts;
    let page = html(&case.view());
    assert!(page.contains("in the attacker's hands; suspected to be are pc-1 and web-1."), "{page}");
    assert!(page.contains("soupçon sur pc-1 et web-1."));
}

/// Messages of a catalogue that hold no value and are long enough to be told apart.
fn sentences(catalogue: &str) -> Vec<&str> {
    let lines = catalogue.lines().filter(|it| it.starts_with(|it: char| it.is_ascii_lowercase()));
    let texts = lines.filter_map(|it| Some(it.split_once(" = ")?.1));
    texts.filter(|it| it.len() > 12 && !it.contains(['{', '"', '\'']) && it.contains(' ')).collect()
}

#[test]
fn a_page_is_of_one_language_throughout() {
    let case = Case::read();
    let view = CaseView { lang: Lang::Fr, ..case.view() };
    let page = html(&view);
    assert!(page.contains("<html lang=\"fr\">"));
    // The summary stands there in the other language, too, and says so.
    let at = page.find("lang=\"en\"").expect("the other summary");
    let end = at + page[at..].find("</details>").expect("its end");
    let french = [&page[..at], &page[end..]].concat();
    let known = sentences(include_str!("../locales/fr.ftl"));
    for text in sentences(include_str!("../locales/en.ftl")) {
        assert!(known.contains(&text) || !french.contains(text), "English on the French page: {text}");
    }
    for text in ["Périmètre", "Échéances légales", "dégradé", "compromis", "exécution"] {
        assert!(french.to_lowercase().contains(&text.to_lowercase()), "{text}");
    }
}

#[test]
fn filings_are_pages_that_the_report_leads_to() {
    let case = Case::read();
    let field = |id: &str, value: Option<&str>, question: Option<&str>| Field {
        id: id.to_owned(),
        label: Localized::Each { en: format!("Label {id}"), fr: Some(format!("Libellé {id}")) },
        value: value.map(|it| Localized::Same(it.to_owned())),
        question: question.map(|it| Localized::Same(it.to_owned())),
    };
    let filing = Filing {
        name: "NIS2-early_warning".to_owned(),
        title: Localized::Each {
            en: "NIS 2: early warning".to_owned(),
            fr: Some("NIS 2 : alerte précoce".to_owned()),
        },
        status: ClockStatus::Binding,
        recipient: Localized::Same("CERT-FR".to_owned()),
        channel: Some("portal".to_owned()),
        due_earliest: "2025-07-26T13:52:00Z".parse().ok(),
        due_outer: None,
        submitted_at: None,
        simulated: true,
        criteria_met: Vec::new(),
        criteria_open: Vec::new(),
        questions: Vec::new(),
        fields: vec![field("1", Some("a <b>"), None), field("2", None, Some("Is it malicious?"))],
    };
    let filings = [filing];
    let orders = ["fw-1".to_owned()];
    let report = html(&CaseView { filings: &filings, orders: &orders, ..case.view() });
    for link in
        ["filings/NIS2-early_warning.en.html", "filings/NIS2-early_warning.json", "work-orders/fw-1.en.html"]
    {
        assert!(report.contains(&format!("href=\"{link}\"")), "{link}");
    }
    let [en, fr] = Lang::ALL.map(|it| bulkhead_report::filing::html(&filings[0], &case.estate, "i-1", it));
    assert!(
        en.contains("1 field must still be written")
            && en.contains("a &lt;b&gt;")
            && en.contains("Is it malicious?")
    );
    assert!(fr.contains("1 champ reste à écrire") && fr.contains("Libellé 2") && fr.contains("par portail"));
    assert!(fr.contains("26/07/2025 15:52 CEST"), "{fr}");
    let open = Filing {
        criteria_open: vec![Localized::Each {
            en: "inside information".to_owned(),
            fr: Some("information privilégiée".to_owned()),
        }],
        fields: vec![field("1", Some("a"), None)],
        ..filings[0].clone()
    };
    let [en, fr] = Lang::ALL.map(|it| bulkhead_report::filing::html(&open, &case.estate, "i-1", it));
    // One statement, that does not contradict itself: nothing binds that nobody has established.
    assert!(
        en.contains("Not decided") && !en.contains(">binds<") && !en.contains("Every field has an answer"),
        "{en}"
    );
    assert!(
        fr.contains("Non tranché")
            && fr.contains("information privilégiée")
            && !fr.contains("lie l'opérateur")
    );
}

/// What a reader sees of a page, without what is told in another language on purpose: the other summary, titles of rules
/// in quotation marks, titles of acts, names of things.
fn seen(page: &str, other: Lang) -> String {
    let mut text = page.to_owned();
    for (from, to) in [
        ("<style>".to_owned(), "</style>"),
        (format!("<details lang=\"{}\">", other.code()), "</details>"),
        ("<code>".to_owned(), "</code>"),
        ("<cite>".to_owned(), "</cite>"),
        ("«".to_owned(), "»"),
    ] {
        while let Some(at) = text.find(&from) {
            let end = text[at..].find(to).map_or(text.len(), |it| at + it + to.len());
            text.replace_range(at..end, " ");
        }
    }
    let mut out = String::new();
    let mut inside = false;
    for it in text.chars() {
        match it {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if inside => {}
            _ => out.push(it),
        }
    }
    out
}

const ENGLISH: [&str; 16] = [
    " the ",
    " and ",
    "hosts",
    " of ",
    "least impact",
    "balanced",
    "most assurance",
    "asked",
    "approved",
    "step ",
    "took ",
    "Runs while",
    "undue delay",
    "incident_commander",
    " more ",
    "counsel",
];
const FRENCH: [&str; 12] = [
    " des ",
    " les ",
    " aux ",
    "concernées",
    "concernés",
    "Ministre",
    "Autorités",
    "téléservice",
    " et ",
    "connaissance",
    "déclaration",
    " pour ",
];

#[test]
fn no_word_of_the_other_language_stands_on_a_page() {
    let mut case = Case::read();
    case.incident.title =
        "Lateral movement from pc-1 to web-1 with account eve: Odd and the rest of it".to_owned();
    let mut found = Vec::new();
    for (lang, words) in [(Lang::Fr, ENGLISH.as_slice()), (Lang::En, FRENCH.as_slice())] {
        let page = html(&CaseView { lang, ..case.view() });
        let text = seen(&page, lang.other());
        for word in words {
            for (at, _) in text.match_indices(word) {
                let before: Vec<char> = text[..at].chars().rev().take(60).collect();
                let before: String = before.into_iter().rev().collect();
                let after: String = text[at..].chars().take(60).collect();
                found.push(format!("{word:?} on the {} page: {before}{after}", lang.code()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn french_percentages_have_a_comma_and_nothing_is_plural_at_naught() {
    let case = Case::read();
    let page = html(&CaseView { lang: Lang::Fr, ..case.view() });
    let text = seen(&page, Lang::En);
    assert!(!text.split_whitespace().any(|it| it.ends_with('%') && it.contains('.')), "{text}");
    for sign in [" %", " ;", " :"] {
        let at = text.find(sign).map(|at| text[at..].chars().take(60).collect::<String>());
        assert_eq!(at, None, "a space that breaks");
    }
    for n in ["0 clients", "0 machines", "1 machines", "0 dépôts"] {
        assert!(!text.replace('\u{202f}', " ").split(", ").any(|it| it.starts_with(n)), "{n}");
    }
}

/// What was not seen is never said without how much could be seen; where nothing is known, nothing is said of it.
#[test]
fn unseen_theft_carries_its_coverage() {
    let case = Case::read();
    let page = html(&case.view());
    for at in page.match_indices("was seen in the ").map(|it| it.0) {
        assert!(page[at..].chars().take(80).collect::<String>().contains('%'));
    }
    let mut exfiltration = case.exfiltration.clone();
    exfiltration.stores.clear();
    let mut figures = case.figures.clone();
    figures.stores = 0;
    let page = html(&CaseView { exfiltration: Some(&exfiltration), figures: &figures, ..case.view() });
    assert!(page.contains("cannot be assessed") && !page.contains("No theft of data was seen"));
    assert!(!page.contains("none seen"), "nothing is known to be within reach");
}

/// In reach and interrupted are different words.
#[test]
fn what_rests_on_the_attacker_is_not_called_down() {
    let case = Case::read();
    for (lang, untrusted) in [(Lang::En, "not trusted"), (Lang::Fr, "sans garantie")] {
        let page = html(&CaseView { lang, ..case.view() });
        let hit = case.impact.attacker.len();
        assert!(page.matches(untrusted).count() >= hit, "{hit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Names come from logs, that is from the attacker: none may become markup.
    #[test]
    fn nothing_breaks_out(text in "[<>\"'&`a/\\PC]{1,30}") {
        let mark = format!("<i>{text}");
        let mut case = Case::read();
        case.incident.title.clone_from(&mark);
        case.incident.compromised[0].id.clone_from(&mark);
        case.incident.compromised[0].reasons[0].text.clone_from(&mark);
        case.timeline[0].text.clone_from(&mark);
        case.findings[0].rule.title.clone_from(&mark);
        case.findings[0].host = Some(mark.clone());
        case.certificate.reached.push(mark.clone());
        case.certificate.cut[0].by.clone_from(&mark);
        case.plan.not_done[0].what.clone_from(&mark);
        case.recovery.stages[0].steps[0].id.clone_from(&mark);
        prop_assert!(!html(&case.view()).contains("<i>"));
    }
}
