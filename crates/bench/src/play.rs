//! Drills played in this process, without anybody who answers: what was found, who was seen, what truly happened.

use std::ops::ControlFlow;

use anyhow::{Context, Result};
use bulkhead_detect::{Detector, EventRef, Options as Compiling, RuleFile, RuleSet, compile};
use bulkhead_evaluate::{Play, Scenario, Truth, announced, generate, read, scenario, starter_rules};
use bulkhead_incident::{finding_from_alert, host_of_flow, is_alert};
use bulkhead_model::entity::{Entities, Observations};
use bulkhead_model::estate::Estate;
use bulkhead_model::event::Event;
use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_model::span::Span;
use bulkhead_telemetry::{Bounds, Observer, Options, Record, entities, read_bytes};

/// What telemetry gives.
#[derive(Default)]
pub struct Seen {
    /// By time.
    pub findings: Vec<Finding>,
    pub observations: Observations,
}

/// The estate that drills are played on where none is named.
pub fn telco() -> Result<Estate> {
    let text = include_str!("../../../examples/telco/estate.yaml");
    bulkhead_model::estate::read("examples/telco/estate.yaml", text).0.context("the example cannot be read")
}

/// The built-in rules, with these beside them.
pub fn rules(more: Vec<RuleFile>) -> RuleSet {
    const BUILTIN: &str = "builtin:";
    let pack = starter_rules().into_iter();
    let pack = pack.map(|(name, text)| RuleFile { name: format!("{BUILTIN}{name}"), text: text.to_owned() });
    let files: Vec<RuleFile> = pack.chain(more).collect();
    compile(&files, &Compiling { giving_way: BUILTIN.to_owned(), ..Compiling::default() }).0
}

/// What a drill that nobody answers gives.
pub struct Played {
    pub seen: Seen,
    pub truth: Truth,
    /// The estate, with what its operator has announced of the noise.
    pub estate: Estate,
}

/// A built-in scenario, with other lengths; what goes on before an attack goes on around it.
pub fn scenario_of(name: &str, length: Option<Span>, before: Span) -> Result<Scenario> {
    let text = scenario(name).with_context(|| format!("no scenario `{name}`"))?;
    let mut scenario = read(name, text).0.with_context(|| format!("`{name}` cannot be read"))?;
    scenario.length = length.unwrap_or(scenario.length);
    scenario.before = before;
    if let Some(other) = scenario.before_noise.clone().filter(|_| before.secs() > 0) {
        let other = scenario_of(&other, None, Span::default())?;
        (scenario.noise, scenario.timezone) = (other.noise, other.timezone);
    }
    Ok(scenario)
}

/// Plays a scenario as `bulkhead drill --seed SEED` does before anybody answers.
pub fn play(scenario: &Scenario, estate: &Estate, rules: &RuleSet, seed: u64) -> Played {
    let seed = scenario.seed ^ seed;
    let mut estate = estate.clone();
    let (windows, scanners) = announced(scenario, &estate, seed);
    estate.maintenance.extend(windows);
    estate.scanners.extend(scanners);
    let out = generate(scenario, &estate, seed, &Play::default());
    let mut watcher = Watcher::new(rules);
    let mut take = |record: &Record<'_>| watcher.take(record);
    read_bytes(&out.telemetry, &Options::default(), &mut take);
    Played { seen: watcher.finish(), truth: out.truth, estate }
}

/// Looks at records as `respond` does.
pub struct Watcher {
    detector: Detector,
    observer: Observer,
    findings: Vec<Finding>,
}

impl Watcher {
    pub fn new(rules: &RuleSet) -> Self {
        let observer = Observer::new(Bounds::default());
        Self { detector: Detector::new(rules), observer, findings: Vec::new() }
    }

    pub fn take(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        let who = entities(record.event);
        if is_alert(record.event) {
            let source = SourceRef { file: record.file.to_owned(), record: record.record };
            self.findings.extend(finding_from_alert(record.event, &who, source));
        }
        let placed = |_: &dyn Event| placed(who.clone());
        let event =
            EventRef { file: record.file, record: record.record, source: record.source, entities: &placed };
        self.detector.feed(record.event, &event, &mut self.findings);
        self.observer.add(&who);
        ControlFlow::Continue(())
    }

    pub fn finish(mut self) -> Seen {
        self.detector.finish(&mut self.findings);
        self.findings.sort_by_key(|it| it.time);
        Seen { findings: self.findings, observations: self.observer.finish() }
    }
}

/// A network sensor is not the host concerned: whom the event is about is, or the end of the flow that is ours.
fn placed(mut who: Entities) -> Entities {
    if who.host.is_none() {
        who.host = who.subject.map(|it| it.to_string());
    }
    if who.host.is_none() {
        who.host = who.flow.as_ref().and_then(host_of_flow);
    }
    who
}
