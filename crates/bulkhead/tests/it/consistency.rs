//! One number per quantity: every figure that any file of a case or the terminal states is looked up among the figures of
//! the case; what stands nowhere among them is a contradiction.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;
use crate::respond::recorded;

/// A case as its readers see it: every text by the name of its file, the terminal's as `terminal`.
#[derive(Clone)]
struct Told {
    texts: BTreeMap<String, String>,
}

impl Told {
    fn read(case: &Path, terminal: &str) -> Self {
        let shown = |name: &str| {
            let folder = ["journal", "vault", "rules"].iter().any(|it| name.starts_with(it));
            !folder && [".json", ".html"].iter().any(|it| name.ends_with(it))
        };
        let files = tree(case).into_iter().map(|(name, bytes)| (name.display().to_string(), bytes));
        let mut texts: BTreeMap<String, String> = files
            .filter(|it| shown(&it.0))
            .map(|(name, bytes)| (name, String::from_utf8(bytes).expect("text")))
            .collect();
        texts.insert("terminal".to_owned(), terminal.to_owned());
        Self { texts }
    }

    fn json(&self, name: &str) -> Value {
        self.texts.get(name).map_or(Value::Null, |it| serde_json::from_str(it).expect(name))
    }

    /// What people read of a file: a page without its marks, a filing's values, the words of the timeline.
    fn prose(&self, name: &str) -> Vec<String> {
        let text = &self.texts[name];
        match name {
            "terminal" => text.lines().map(str::to_owned).collect(),
            _ if name.ends_with(".html") => visible(text).split(CELL).map(str::to_owned).collect(),
            _ if name.starts_with("filings/") => strings(&self.json(name), "value"),
            "timeline.json" => strings(&self.json(name), "text"),
            _ => Vec::new(),
        }
    }
}

/// What stands between two parts of a page, so that the numbers of two cells never read as one.
const CELL: char = '¦';

/// The text of a page: no marks, no style, no picture.
fn visible(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        out.push(CELL);
        rest = &rest[start..];
        let end =
            ["style", "svg"].iter().find(|it| rest[1..].starts_with(**it)).map_or(">", |it| match *it {
                "style" => "</style>",
                _ => "</svg>",
            });
        let Some(at) = rest.find(end) else { break };
        rest = &rest[at + end.len()..];
    }
    out.push_str(rest);
    out
}

/// Every text below a key called `key`, in all its languages.
fn strings(value: &Value, key: &str) -> Vec<String> {
    let below = |it: &Value| match it {
        Value::String(text) => vec![text.clone()],
        Value::Object(map) => map.values().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    match value {
        Value::Object(map) => {
            map.iter().flat_map(|(name, it)| if name == key { below(it) } else { strings(it, key) }).collect()
        }
        Value::Array(list) => list.iter().flat_map(|it| strings(it, key)).collect(),
        _ => Vec::new(),
    }
}

/// The quantities that people read with a noun behind the number, and that noun in both languages.
const NOUNS: &[(&str, &[&str])] = &[
    ("customers", &["customer", "customers", "client", "clients"]),
    ("hosts", &["host", "hosts", "machine", "machines"]),
    ("accounts", &["account", "accounts", "compte", "comptes"]),
    ("services", &["service", "services"]),
    ("actions", &["action", "actions"]),
    ("points", &["enforcement", "point", "points"]),
    ("stages", &["stage", "stages", "étape", "étapes"]),
    ("stores", &["store", "stores", "dépôt", "dépôts"]),
    ("deadlines", &["deadline", "deadlines", "échéance", "échéances"]),
    ("plans", &["plan", "plans"]),
    ("money", &["EUR"]),
];

/// Numbers with the word behind them; digits grouped by spaces are one number.
fn numbers(text: &str) -> Vec<(f64, String)> {
    let text = text.replace(['\u{202f}', '\u{a0}'], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let first = words[at].trim_start_matches(['(', '"', '«']);
        at += 1;
        let is_number = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit() || it == '.');
        if !is_number(first) || first.ends_with('.') || first.starts_with('.') {
            continue;
        }
        let mut number = first.to_owned();
        while first.len() <= 3
            && at < words.len()
            && words[at].len() == 3
            && words[at].chars().all(|it| it.is_ascii_digit())
        {
            number.push_str(words[at]);
            at += 1;
        }
        if let (Ok(value), Some(word)) = (number.parse(), words.get(at)) {
            found.push((value, word.trim_end_matches(['.', ',', ';', ':', ')', '"']).to_owned()));
        }
    }
    found
}

/// What may be said of each quantity, from the objects of the case.
struct Known {
    values: BTreeMap<&'static str, BTreeSet<i64>>,
    segments: BTreeMap<String, BTreeSet<i64>>,
}

#[expect(clippy::cast_possible_truncation, reason = "figures of a case")]
fn whole(value: &Value) -> Option<i64> {
    value.as_f64().map(|it| it.round() as i64)
}

impl Known {
    fn of(told: &Told) -> Self {
        let mut known = Self { values: BTreeMap::new(), segments: BTreeMap::new() };
        let (figures, plan) = (told.json("figures.json"), told.json("plan.json"));
        for (noun, paths) in [
            ("hosts", &["/hosts", "/blast_radius", "/measures/isolated"] as &[&str]),
            ("accounts", &["/accounts", "/measures/disabled"]),
            ("actions", &["/plan/actions"]),
            ("points", &["/plan/points"]),
            ("stages", &["/stages"]),
            ("stores", &["/stores", "/stores_not_assessable"]),
            ("deadlines", &["/duties/overdue"]),
            ("plans", &["/measures/plans", "/measures/plans_enforced", "/plan/generation"]),
            ("money", &["/plan/total"]),
        ] {
            known.add(noun, paths.iter().filter_map(|it| figures.pointer(it)));
        }
        for hit in ["resting_on_attacker", "containment_predicted", "containment_observed", "hit"] {
            let (hit, count) = (&figures[hit], |it: &str| figures[hit][it].as_i64().unwrap_or(0));
            known.add("customers", [&hit["customers"]]);
            known.add("services", [&Value::from(count("down") + count("degraded"))]);
            known.add("money", [&hit["value_per_hour"]]);
            known.impact(&hit["segments"], None);
        }
        let impact = told.json("impact.json");
        for list in ["attacker", "containment_predicted", "containment_observed"] {
            known.services(&impact[list]);
        }
        for name in told.texts.keys().filter(|it| it.starts_with("plans/plan-")) {
            known.plan(&told.json(name));
        }
        known.plan(&plan);
        // What the law says in numbers is the law's.
        for (value, noun) in told.texts.get("clocks.json").into_iter().flat_map(|it| numbers(it)) {
            if noun.starts_with("customer") {
                known.add("customers", [&Value::from(value)]);
            }
            if noun.starts_with("EUR") {
                known.add("money", [&Value::from(value)]);
            }
        }
        let recovery = told.json("recovery.json");
        known.add("money", [&recovery["objective"]]);
        // A stage's title counts the hosts that no service waits for.
        for (value, noun) in strings(&recovery, "title").iter().flat_map(|it| numbers(it)) {
            if noun.starts_with("host") {
                known.add("hosts", [&Value::from(value)]);
            }
        }
        known
    }

    fn add<'v>(&mut self, noun: &'static str, values: impl IntoIterator<Item = &'v Value>) {
        self.values.entry(noun).or_default().extend(values.into_iter().filter_map(whole));
    }

    fn plan(&mut self, plan: &Value) {
        let parts = [plan].into_iter().chain(list(&plan["alternatives"])).chain(list(&plan["baselines"]));
        for part in parts {
            let costs = part["objective"].as_object();
            self.add("money", costs.into_iter().flat_map(serde_json::Map::values));
            let actions = part["actions"].as_array().map_or(0, Vec::len);
            self.add("actions", [&Value::from(actions)]);
            // The parts of a plan: what each approval lets begin.
            for approval in ["automatic", "commander", "service_owner"] {
                let of_part = list(&part["actions"]).filter(|it| it["approval"] == approval).count();
                self.add("actions", [&Value::from(of_part)]);
            }
            self.services(&part["services"]);
            let count = part["services"].as_array().map_or(0, Vec::len);
            self.add("services", [&Value::from(count)]);
        }
    }

    /// Services hit by one cause: each with its customers and value, and all of them together.
    fn services(&mut self, services: &Value) {
        let mut most: BTreeMap<String, i64> = BTreeMap::new();
        let mut value = 0.0;
        for service in list(services) {
            self.impact(&service["customers"], Some(&mut most));
            self.add("money", [&service["value_per_hour"]]);
            value += service["value_per_hour"].as_f64().unwrap_or(0.0);
        }
        self.add("customers", [&Value::from(most.values().sum::<i64>())]);
        self.add("money", [&Value::from(value)]);
    }

    fn impact(&mut self, customers: &Value, mut most: Option<&mut BTreeMap<String, i64>>) {
        for group in list(customers) {
            let (segment, count) =
                (group["segment"].as_str().unwrap_or(""), group["count"].as_i64().unwrap_or(0));
            self.segments.entry(segment.to_owned()).or_default().insert(count);
            if let Some(most) = &mut most {
                let known = most.entry(segment.to_owned()).or_default();
                *known = (*known).max(count);
            }
        }
    }

    /// Whether the number may stand before the word.
    fn allows(&self, number: f64, word: &str) -> bool {
        let is = |values: &BTreeSet<i64>| whole(&Value::from(number)).is_some_and(|it| values.contains(&it));
        if let Some(values) = self.segments.get(word) {
            return is(values);
        }
        let noun = NOUNS.iter().find(|it| it.1.contains(&word)).map(|it| it.0);
        noun.and_then(|it| self.values.get(it)).is_none_or(is)
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Every contradiction in the case.
fn contradictions(told: &Told) -> Vec<String> {
    let known = Known::of(told);
    let mut faults = Vec::new();
    for name in told.texts.keys() {
        for text in told.prose(name) {
            // Later plans of a recovery have stages and steps of their own, told where they are made.
            if text.contains("recovery plan ") {
                continue;
            }
            for (number, word) in numbers(&text) {
                if !known.allows(number, &word) {
                    faults.push(format!(
                        "{name}: {number} {word}, which no figure of the case is: {:.120}",
                        text.trim()
                    ));
                }
            }
        }
    }
    faults.extend(between_objects(told));
    faults.extend(said_everywhere(told));
    faults
}

/// The same quantity in two objects of the case.
fn between_objects(told: &Told) -> Vec<String> {
    let (figures, score, incident) =
        (told.json("figures.json"), told.json("score.json"), told.json("incident.json"));
    let (clocks, exfiltration) = (told.json("clocks.json"), told.json("exfiltration.json"));
    let of_kind = |kind: &str| list(&incident["compromised"]).filter(|it| it["kind"] == kind).count();
    let binding = list(&clocks).filter(|it| it["status"] == "binding").count();
    let mut pairs = vec![
        ("hosts", figures["hosts"].clone(), of_kind("asset").into()),
        ("accounts", figures["accounts"].clone(), of_kind("identity").into()),
        ("findings", figures["findings"].clone(), incident["findings"].clone()),
        ("duties that bind", figures["duties"]["binding"].clone(), binding.into()),
        ("coverage", figures["coverage"].clone(), exfiltration["coverage"].clone()),
        ("stores", figures["stores"].clone(), list(&exfiltration["stores"]).count().into()),
    ];
    if !score.is_null() {
        let restored = &figures["main_services"]["back_after"];
        pairs.push(("blast radius", figures["blast_radius"].clone(), score["blast_radius"].clone()));
        pairs.push(("main services", restored.clone(), score["main_services_restored_s"].clone()));
        if !figures["resting_on_attacker"].is_null() {
            let ours = figures.pointer("/resting_on_attacker/customers").cloned().unwrap_or_default();
            pairs.push(("customers", ours, score["customers_hit"]["attacker"].clone()));
        }
    }
    let differ = pairs.into_iter().filter(|(_, one, other)| one != other);
    differ
        .map(|(what, one, other)| format!("{what}: figures.json says {one}, another file {other}"))
        .collect()
}

/// What no summary may leave out, and what none may say.
fn said_everywhere(told: &Told) -> Vec<String> {
    let mut faults = Vec::new();
    let figures = told.json("figures.json");
    let report = visible(&told.texts["report.html"]).replace(['\u{202f}', CELL], " ");
    let relapses = list(&told.json("timeline.json"))
        .filter(|it| it["text"].as_str().is_some_and(|it| it.starts_with("RELAPSE")))
        .count();
    if figures["relapses"].as_array().map_or(0, Vec::len) != relapses {
        faults.push("figures.json counts other relapses than timeline.json".to_owned());
    }
    let wanted = [(&report, "came back"), (&report, "est revenu"), (&told.texts["terminal"], "RELAPSE")];
    for (text, words) in wanted {
        if relapses > 0 && !text.contains(words) {
            faults.push(format!("a summary leaves the relapse out: no `{words}`"));
        }
    }
    if figures["duties"]["next"].is_null() && report.contains("next legal deadline") {
        faults.push("the report names a next deadline, and all have passed".to_owned());
    }
    if figures["main_services"] == "none_hit"
        && (report.contains(" 0 s ") || told.texts["terminal"].contains("after 0 s"))
    {
        faults.push("main services are said to be back that were never hit".to_owned());
    }
    let mut shares = BTreeSet::new();
    for name in told.texts.keys() {
        let text = told.prose(name).join("\n").replace(['\u{202f}', '\u{a0}'], " ");
        // The share stands before or behind these words, in the same sentence.
        let sentences = text.split(['\n', ';']).flat_map(|it| it.split(". "));
        for it in sentences.filter(|it| it.contains("telemetry covers") || it.contains("télémétrie couvre"))
        {
            let words: Vec<&str> = it.split_whitespace().collect();
            let before = words.windows(2).filter(|it| it[1].starts_with('%')).map(|it| it[0]);
            shares.extend(before.map(|it| it.replace(',', ".").trim_end_matches(".0").to_owned()));
        }
    }
    // That of the case, and in its row that of each store.
    let exfiltration = told.json("exfiltration.json");
    let known = list(&exfiltration["stores"]).chain([&exfiltration]).filter_map(|it| it["coverage"].as_f64());
    let written = |it: f64| format!("{:.1}", (it * 1000.0).floor() / 10.0).trim_end_matches(".0").to_owned();
    let known: BTreeSet<String> = known.map(written).collect();
    let strange: Vec<&String> = shares.difference(&known).collect();
    if !strange.is_empty() {
        faults.push(format!("coverage is said in other ways than {known:?}: {strange:?}"));
    }
    if figures["simulated"] == true {
        let silent = told.texts.keys().filter(|it| it.starts_with("filings/") && it.ends_with(".json"));
        let silent = silent.filter(|it| told.json(it)["simulated"] != true);
        faults.extend(silent.map(|it| format!("{it} does not say that measures are simulated")));
    }
    faults
}

#[track_caller]
fn consistent(told: &Told) {
    let faults = contradictions(told);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn drill(dir: &Path, scenario: &str) -> Told {
    let output = run(dir, &format!("drill {scenario} --quiet --out {scenario}"));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let shown = run(dir, &format!("case show {scenario}"));
    Told::read(&dir.join(scenario), &format!("{}\n{}", stdout(&output), stdout(&shown)))
}

#[test]
fn a_drill_says_every_quantity_once_and_a_planted_contradiction_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let told = drill(dir.path(), "reference");
    consistent(&told);
    let plant = |name: &str, from: &str, to: &str| {
        let mut told = told.clone();
        let text = told.texts.get_mut(name).expect(name);
        assert!(text.contains(from), "{name} does not hold {from}");
        *text = text.replace(from, to);
        assert!(!contradictions(&told).is_empty(), "not found: `{to}` for `{from}` in {name}");
    };
    let figures = told.json("figures.json");
    let (hosts, customers) =
        (&figures["hosts"], figures["resting_on_attacker"]["customers"].as_i64().expect("known"));
    plant("report.html", &format!(">{hosts} hosts<"), ">77 hosts<");
    plant("report.html", &format!("{hosts} machines"), "77 machines");
    plant("report.html", "came back", "went");
    plant("report.html", "est revenu", "est parti");
    plant("terminal", "RELAPSE", "NOTHING");
    plant("terminal", "an hour", "an hour, 12 EUR a day");
    plant("figures.json", &format!("\"hosts\": {hosts}"), "\"hosts\": 77");
    plant("score.json", &format!("\"attacker\": {customers}"), "\"attacker\": 180100");
    plant("filings/NIS2-notification.json", &format!("{hosts} hosts"), "77 hosts");
    plant("filings/NIS2-notification.json", &format!("{hosts} machines"), "77 machines");
    plant("filings/NIS2-notification.json", "\"simulated\": true", "\"simulated\": false");
    plant("timeline.json", " actions,", " actions, 99 actions,");
}

#[test]
fn every_other_scenario_says_every_quantity_once() {
    let dir = tempfile::tempdir().expect("a folder");
    for line in stdout(&run(dir.path(), "drill --list")).lines().skip(1) {
        let name = line.split_whitespace().next().expect("a name");
        // The reference drill has a test of its own; a quiet day has no case.
        if name != "reference" && name != "false-alarm" {
            consistent(&drill(dir.path(), name));
        }
    }
}

/// The cases that a response left, each with its part of what was printed: one, or one for every incident.
fn cases(out: &Path, terminal: &str) -> Vec<(PathBuf, String)> {
    if out.join("report.html").is_file() {
        return vec![(out.to_owned(), terminal.to_owned())];
    }
    let (told, summary) = terminal.split_once("\nSummary\n").expect("a summary of several incidents");
    let named = summary.lines().filter_map(|it| it.strip_prefix("  case directory: "));
    let folders = named.map(|it| out.join(Path::new(it).file_name().expect("a name")));
    let parts: Vec<&str> = told.split("=== incident ").skip(1).collect();
    let cases: Vec<(PathBuf, String)> = folders.zip(parts.iter().map(|it| (*it).to_owned())).collect();
    assert!(!cases.is_empty() && cases.len() == parts.len(), "{terminal}");
    cases
}

#[test]
fn recorded_telemetry_says_every_quantity_once() {
    let dir = recorded();
    for (name, args) in
        [("given", "--estate estate.yaml --yes"), ("plan", "--estate estate.yaml"), ("drafted", "--yes")]
    {
        let output = run(dir.path(), &format!("respond logs --out {name} {args}"));
        for (case, terminal) in cases(&dir.path().join(name), &stdout(&output)) {
            let told = Told::read(&case, &terminal);
            consistent(&told);
            if name == "drafted" {
                assert!(terminal.contains("unknown, the estate is only a draft"), "{terminal}");
                assert!(told.json("figures.json")["hit"].is_null());
            }
        }
    }
    fs::remove_dir_all(dir.path().join("given")).expect("removed");
}
