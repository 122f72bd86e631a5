//! Benchmark `detect`: SigmaHQ's rules over OTRF's events, ours and rsigma's findings compared in the measured run.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bulkhead_detect::{Detector, EventRef, Options, RuleFile, RuleSet, compile};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Shape};
use bulkhead_model::finding::Finding;
use bulkhead_model::json::{JsonEvent, Memory};
use bulkhead_model::logsource::LogSource;
use serde_json::Value as Json;

use crate::corpus::Events;
use crate::peers::{self, Rsigma};
use crate::{corpus, measure, process};

/// Events per second at which the streaming latency is measured.
const STREAM_EPS: u64 = 50_000;
/// Differences that the specification decides, by rule.
const ACCEPTED: &[(&str, &str)] = &[(
    "4a0b2c7e-7cb2-495d-8b63-5f268e7bfd67",
    "`windash` yields `all possible permutations of the -, /, ... characters`: ` /accepteula` is `-accepteula` too, \
     which rsigma does not try",
)];
/// Runs of which the least disturbed counts.
const ROUNDS: usize = 3;
/// Turns of one thread and two.
const THREAD_TURNS: usize = 9;
/// Events a thread takes at a time.
const PART: usize = 1_000;

/// Feeds lines through a detector, from bytes to findings.
struct Feeder {
    detector: Detector,
    memory: Memory,
    record: u64,
}

impl Feeder {
    fn new(set: &RuleSet) -> Self {
        Self { detector: Detector::new(set), memory: Memory::default(), record: 0 }
    }

    fn feed(&mut self, line: &[u8], out: &mut Vec<Finding>) {
        self.record += 1;
        let memory = std::mem::take(&mut self.memory);
        self.memory = match JsonEvent::with_memory(line, None, memory) {
            Ok(event) => {
                let at = EventRef {
                    file: "otrf",
                    record: self.record,
                    source: LogSource::of_shape(event.shape()),
                    entities: &|_| Entities::default(),
                };
                self.detector.feed(&event, &at, out);
                event.into_memory()
            }
            Err((_, memory)) => memory,
        };
    }
}

/// What feeding all events takes with programs already compiled.
struct Fed {
    /// Seconds of the first round, when no value was seen before.
    first: f64,
    /// Seconds of the least disturbed of the rounds after it.
    best: f64,
}

fn feed_all(set: &RuleSet, events: &Events) -> Fed {
    let mut feeder = Feeder::new(set);
    let mut out = Vec::new();
    let mut round = |feeder: &mut Feeder| {
        out.clear();
        events.iter().for_each(|it| feeder.feed(it, &mut out));
        black_box(out.len());
    };
    round(&mut feeder);
    let first = (0..ROUNDS)
        .map(|_| {
            feeder.detector.forget_values();
            measure::best(1, || round(&mut feeder))
        })
        .fold(f64::INFINITY, f64::min);
    Fed { first, best: measure::best(ROUNDS, || round(&mut feeder)) }
}

fn load(rules: &[RuleFile]) -> RuleSet {
    compile(rules, &Options::default()).0
}

/// Prints the object of the contract, or a table.
pub fn run(json: bool) -> Result<()> {
    let events = Events::load()?;
    let rules = corpus::rules()?;
    ensure!(!rules.is_empty(), "no rules: this benchmark needs ../shared/data/sigma");
    let rule_load_s = measure::best(3, || drop(black_box(load(&rules))));
    let set = load(&rules);
    eprintln!("{} rules, {} events of {}", set.len(), events.len(), events.what);
    let fed = feed_all(&set, &events);
    // The first round counts: rounds after it could profit from values seen in the round before.
    let ours = events.len() as f64 / fed.first;
    eprintln!("ours: {ours:.0} events/s, in later rounds {:.0}", events.len() as f64 / fed.best);
    let threads2_speedup = threads(&set, &events);
    let stream_p99_us = stream(&set, &events);
    let growth = growth(&rules, &events);
    let parse = [peers::sonic_tree as fn(&Events), peers::simd_tape]
        .map(|it| events.len() as f64 / measure::best(ROUNDS, || it(&events)))
        .into_iter()
        .fold(0.0, f64::max);
    let rsigma = rsigma(&set, &rules, &events)?;
    let whole = process::run(&events)?;
    let eps = |seconds: f64| (events.len() as f64 / seconds).round();
    let result = serde_json::json!({
        "events": events.len(),
        "bytes": whole.bytes,
        "rules": set.len(),
        // Whole processes on one file, rules loaded: what a user waits for.
        "ours_eps": eps(whole.ours_s),
        "rsigma_eps": whole.rsigma_s.map(eps),
        "ratio_rsigma": whole.ratios.get(whole.ratios.len() / 2).copied().map(round),
        "ratio_rsigma_range": [whole.ratios.first().copied().map(round), whole.ratios.last().copied().map(round)],
        "ratio_rsigma_untagged": whole.ratios_same_file.first().copied().map(round),
        "rsigma": whole.rsigma,
        "start_s": round(whole.start_s),
        "rss_mb": whole.rss_mb.round(),
        // The engines alone, in one process, rules loaded and events in memory.
        "engine_eps": ours.round(),
        "engine_rsigma_eps": rsigma.round(),
        "engine_ratio_rsigma": round(ours / rsigma),
        "engine_rss_mb": peak_of_child()?.round(),
        "parse_eps": parse.round(),
        "ratio_parse": round(eps(whole.ours_s) / parse),
        "rule_load_s": round(rule_load_s),
        "threads2_speedup": round(threads2_speedup),
        "growth_1k_10k": round(growth),
        "stream_p99_us": round(stream_p99_us),
    });
    if json {
        println!("{result}");
    } else {
        for (key, value) in result.as_object().into_iter().flatten() {
            println!("{key:<18} {value}");
        }
    }
    Ok(())
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// rsigma's events per second on lines that are already flat and tagged; fails where its findings differ from ours.
fn rsigma(set: &RuleSet, rules: &[RuleFile], events: &Events) -> Result<f64> {
    let engine = Rsigma::new(rules)?;
    eprintln!("rsigma loaded {} rules", engine.n_rules);
    let differences =
        compare(set, &engine, &mut events.iter().map(<[u8]>::to_vec), LogSource::of_shape(Shape::Windows))?;
    for (line, count) in &differences {
        eprintln!("difference ({count}): {line}");
    }
    ensure!(differences.is_empty(), "findings differ from rsigma's inside the gate");
    eprintln!("findings equal to rsigma's inside the gate");
    // A tenth of the events is enough for a rate that is a tenth of ours.
    let mut flat = Vec::new();
    for line in events.iter().step_by(10) {
        if let Ok(event) = JsonEvent::new(line, None) {
            flat.push(peers::flat(&event).iter().map(Json::to_string).collect::<Vec<_>>());
        }
    }
    let seconds = measure::best(ROUNDS, || {
        for forms in &flat {
            for text in forms {
                if let Ok(event) = serde_json::from_str::<Json>(text) {
                    black_box(engine.count(&event));
                }
            }
        }
    });
    Ok(flat.len() as f64 / seconds)
}

type Differences = BTreeMap<String, usize>;

/// Findings of both engines per event, inside our gate; what differs, and how often.
fn compare(
    set: &RuleSet,
    engine: &Rsigma,
    lines: &mut dyn Iterator<Item = Vec<u8>>,
    source: LogSource<'_>,
) -> Result<Differences> {
    let by_id: BTreeMap<&str, usize> =
        set.rules().iter().enumerate().map(|(at, it)| (it.id.as_str(), at)).collect();
    let mut feeder = Feeder::new(set);
    let mut gate = Detector::new(set);
    let mut differences = Differences::new();
    let (mut n_ours, mut n_events) = (0, 0);
    for line in lines {
        let Ok(event) = JsonEvent::new(&line, None) else { continue };
        n_events += 1;
        let mut out = Vec::new();
        feeder.feed(&line, &mut out);
        let ours: BTreeSet<String> = out.into_iter().map(|it| it.rule.id).collect();
        n_ours += ours.len();
        let mut theirs = peers::union(engine, &peers::flat(&event));
        theirs.retain(|id| by_id.get(id.as_str()).is_some_and(|at| gate.admits(*at, &event, &source)));
        for id in ours.difference(&theirs) {
            *differences
                .entry(format!("only ours: {id} {}", set.rules()[by_id[id.as_str()]].title))
                .or_default() += 1;
        }
        for id in theirs.difference(&ours) {
            *differences
                .entry(format!("only rsigma: {id} {}", set.rules()[by_id[id.as_str()]].title))
                .or_default() += 1;
        }
    }
    differences.retain(|line, count| {
        let accepted = ACCEPTED.iter().find(|(id, _)| line.contains(id));
        if let Some((_, reason)) = accepted {
            eprintln!("accepted ({count}): {line}: {reason}");
        }
        accepted.is_none()
    });
    eprintln!("{n_events} events compared, {n_ours} findings");
    Ok(differences)
}

/// Compares the engines on every event of OTRF, the EVTX samples and the regression cases; prints what differs.
pub fn oracle() -> Result<()> {
    let rules = corpus::rules()?;
    let set = load(&rules);
    let engine = Rsigma::new(&rules)?;
    let source = LogSource::of_shape(Shape::Windows);
    let mut total = Differences::new();
    let folders = [corpus::root().join("sigma/regression_data"), corpus::root().join("evtx")];
    for folder in folders {
        let files = corpus::files(&folder, &[".evtx"]);
        eprintln!("{}: {} files", folder.display(), files.len());
        let mut lines = files.into_iter().flat_map(|it| evtx_lines(&it));
        merge(&mut total, compare(&set, &engine, &mut lines, source)?);
    }
    let events = Events::load()?;
    merge(&mut total, compare(&set, &engine, &mut events.iter().map(<[u8]>::to_vec), source)?);
    for (line, count) in &total {
        println!("{count:>6} {line}");
    }
    println!("{} kinds of difference", total.len());
    ensure!(total.is_empty(), "findings differ");
    Ok(())
}

fn merge(total: &mut Differences, more: Differences) {
    for (line, count) in more {
        *total.entry(line).or_default() += count;
    }
}

fn evtx_lines(path: &std::path::Path) -> Vec<Vec<u8>> {
    let settings = evtx::ParserSettings::default().num_threads(1);
    let Ok(parser) = evtx::EvtxParser::from_path(path) else { return Vec::new() };
    let mut parser = parser.with_configuration(settings);
    parser.records_json().filter_map(|it| it.ok().map(|it| it.data.into_bytes())).collect()
}

/// How much faster two threads are than one, each with half of the events: the median over turns of one thread and two,
/// so that what else the machine does meets both alike.
fn threads(set: &RuleSet, events: &Events) -> f64 {
    let mut feeders = [Feeder::new(set), Feeder::new(set)];
    let all: Vec<&[u8]> = events.iter().collect();
    let next = AtomicUsize::new(0);
    // As in the product, a thread takes the next part when it is done with one, so that neither waits for the other.
    let work = |feeder: &mut Feeder| {
        let mut out = Vec::new();
        loop {
            let at = next.fetch_add(PART, Ordering::Relaxed);
            let Some(rest) = all.get(at..).filter(|it| !it.is_empty()) else { break };
            rest.iter().take(PART).for_each(|it| feeder.feed(it, &mut out));
        }
        black_box(out.len());
    };
    let fresh = || next.store(0, Ordering::Relaxed);
    for feeder in &mut feeders {
        fresh();
        work(feeder);
    }
    let [first, second] = &mut feeders;
    let mut ratios: Vec<f64> = (0..THREAD_TURNS)
        .map(|_| {
            fresh();
            let one = measure::best_wall(1, || work(first));
            fresh();
            let two = measure::best_wall(1, || {
                std::thread::scope(|scope| {
                    scope.spawn(|| work(first));
                    work(second);
                });
            });
            one / two
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    eprintln!("two threads over one, by turns: {ratios:.2?}");
    ratios[THREAD_TURNS / 2]
}

/// 99th percentile of the time from a line's arrival to its findings, in microseconds, at a steady rate.
fn stream(set: &RuleSet, events: &Events) -> f64 {
    let mut feeder = Feeder::new(set);
    let mut out = Vec::new();
    events.iter().for_each(|it| feeder.feed(it, &mut out));
    let n = events.len().min(2 * STREAM_EPS as usize);
    let start = Instant::now();
    let mut latencies: Vec<f64> = events
        .iter()
        .take(n)
        .enumerate()
        .map(|(index, line)| {
            let arrival = start + Duration::from_nanos(index as u64 * 1_000_000_000 / STREAM_EPS);
            while Instant::now() < arrival {
                std::hint::spin_loop();
            }
            out.clear();
            feeder.feed(line, &mut out);
            arrival.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    latencies.sort_by(f64::total_cmp);
    latencies.get(latencies.len() * 99 / 100).copied().unwrap_or(0.0)
}

/// Cost per event with 10,000 distinct rules over that with 1,000.
fn growth(rules: &[RuleFile], events: &Events) -> f64 {
    let sample: Vec<RuleFile> = rules.iter().step_by(3).take(1000).cloned().collect();
    let many: Vec<RuleFile> =
        (0..10).flat_map(|round| sample.iter().map(move |it| vary(it, round))).collect();
    let cost = |rules: &[RuleFile]| feed_all(&load(rules), events).first;
    let (few, many) = (cost(&sample), cost(&many));
    eprintln!("1,000 rules {few:.3} s, 10,000 rules {many:.3} s");
    many / few
}

/// A rule with other values: every quoted text gets a suffix, so that no two rounds share a comparison.
fn vary(rule: &RuleFile, round: usize) -> RuleFile {
    if round == 0 {
        return rule.clone();
    }
    let mut in_detection = false;
    let mut text = String::new();
    for line in rule.text.lines() {
        in_detection |= line.starts_with("detection:");
        if line.starts_with("falsepositives") || line.starts_with("level") {
            in_detection = false;
        }
        let varied = in_detection
            && line.trim_end().ends_with('\'')
            && !line.contains("condition")
            && !line.contains("|re");
        if varied {
            let cut = line.trim_end().len() - 1;
            text.push_str(&format!("{}{round}x'\n", &line[..cut]));
        } else {
            text.push_str(&line.replace("id: ", &format!("id: {round}")));
            text.push('\n');
        }
    }
    RuleFile { name: format!("{round}/{}", rule.name), text }
}

/// Peak memory of a process that loads the rules and reads the archives as a stream.
fn peak_of_child() -> Result<f64> {
    let program = std::env::current_exe()?;
    let output = std::process::Command::new(program).arg("detect-memory").output()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().context("the measuring process said no number")
}

/// Loads the rules, reads the archives as a stream, and prints the peak memory in MB.
pub fn memory() -> Result<()> {
    let set = load(&corpus::rules()?);
    let mut feeder = Feeder::new(&set);
    let mut out = Vec::new();
    for archive in corpus::archives() {
        corpus::lines(&archive, |line| {
            out.clear();
            feeder.feed(line, &mut out);
        })?;
    }
    println!("{:.1}", measure::peak_memory_mb());
    Ok(())
}

/// Feeds all events over and over for a profiler.
pub fn profile() -> Result<()> {
    let events = Events::load()?;
    let set = load(&corpus::rules()?);
    by_route(&set, &events);
    for _ in 0..3 {
        let fed = feed_all(&set, &events);
        let rate = |seconds: f64| events.len() as f64 / seconds;
        eprintln!("{:.0} events/s, in later rounds {:.0}", rate(fed.first), rate(fed.best));
    }
    Ok(())
}

/// Prints which kinds of events cost how much, and what is looked for in them.
fn by_route(set: &RuleSet, events: &Events) {
    let mut feeder = Feeder::new(set);
    let mut out = Vec::new();
    events.iter().for_each(|it| feeder.feed(it, &mut out));
    let mut costs: BTreeMap<String, (usize, f64)> = BTreeMap::new();
    for line in events.iter() {
        let Ok(event) = JsonEvent::new(line, None) else { continue };
        let text = |name| event.get(name).map(|it| it.to_text().into_owned()).unwrap_or_default();
        let key = format!("{} {}", text("Channel"), text("EventID"));
        let start = Instant::now();
        feeder.feed(line, &mut out);
        let cost = costs.entry(key).or_default();
        cost.0 += 1;
        cost.1 += start.elapsed().as_secs_f64();
    }
    let routes = feeder.detector.describe();
    let total: f64 = costs.values().map(|it| it.1).sum();
    let mut costs: Vec<_> = costs.into_iter().collect();
    costs.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    for (key, (n, seconds)) in costs.iter().take(15) {
        println!(
            "{key}: {n} events, {:.2} us each, {:.1} %",
            seconds / *n as f64 * 1e6,
            seconds / total * 100.0
        );
        for line in routes.iter().filter(|it| {
            it.contains(&format!(" {key}  rules"))
                || it.contains(&format!(
                    "{}  {}  ",
                    key.rsplit_once(' ').map_or("", |it| it.0),
                    key.rsplit_once(' ').map_or("", |it| it.1)
                ))
        }) {
            println!("    {line}");
        }
    }
}
