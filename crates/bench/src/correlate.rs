//! Benchmark `correlate`: a million live groups, one hot group of many entries, eviction, state saved and restored.

use std::time::Instant;

use anyhow::{Result, ensure};
use bulkhead_detect::{CorrelationOptions, Detector, EventRef, Options, RuleFile, RuleSet, compile};
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{Event, Field, FieldsEvent, Shape};
use bulkhead_model::finding::Finding;
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::measure;

/// Groups alive in the large run.
const GROUPS: u64 = 1_000_000;
/// Events of the large run for each group.
const ROUNDS: u64 = 3;
/// Groups of the small run, to which the cost of the large one is compared.
const FEW: u64 = 10_000;
/// How far events may go back, in milliseconds.
const LATENESS_MS: i64 = 1000;
/// Begin of the made-up telemetry, in milliseconds since 1970.
const BEGIN_MS: i64 = 1_700_000_000_000;

const BASE: &str = "title: Logon failed\nid: failed\nlogsource: {category: application}\n\
                    detection: {sel: {action: fail}, condition: sel}\nlevel: low\n---\n";

fn load(correlation: &str) -> Result<RuleSet> {
    let text = format!(
        "{BASE}title: Many\nid: many\ncorrelation:\n  rules: failed\n  timespan: 1d\n{correlation}level: high\n"
    );
    let file = RuleFile { name: "correlate.yml".to_owned(), text };
    let (set, report) = compile(&[file], &Options::default());
    ensure!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    Ok(set)
}

/// Feeds made-up events.
struct Feeder {
    detector: Detector,
    n: u64,
    out: Vec<Finding>,
    found: usize,
}

impl Feeder {
    fn new(set: &RuleSet, groups_max: usize) -> Self {
        let options = CorrelationOptions {
            lateness_ms: Some(LATENESS_MS),
            groups_max,
            ..CorrelationOptions::default()
        };
        Self { detector: Detector::with_options(set, options), n: 0, out: Vec::new(), found: 0 }
    }

    /// Feeds `n` events of one of `groups` users each, every user in turn but in no order; every tenth a little late.
    fn feed(&mut self, n: u64, groups: u64) {
        for _ in 0..n {
            let user = format!("user-{:08x}", (self.n % groups).wrapping_mul(0x9E37_79B1) & 0xFFFF_FFFF);
            let bytes = (self.n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40).to_string();
            let late = if self.n.is_multiple_of(10) { LATENESS_MS / 2 } else { 0 };
            let time = Timestamp::from_millisecond(BEGIN_MS + (self.n / 4).cast_signed() - late).ok();
            let mut event = FieldsEvent::new(b"", Shape::Json);
            event.push("action", Field::text("fail"));
            event.push("user", Field::text(&user));
            event.push("bytes", Field::text(&bytes));
            let entities = |_: &dyn Event| Entities { time, ..Entities::default() };
            self.n += 1;
            let source = LogSource { category: Some("application"), ..LogSource::default() };
            let at = EventRef { file: "made-up", record: self.n, source, entities: &entities };
            self.detector.feed(&event, &at, &mut self.out);
            self.found += self.out.len();
            self.out.clear();
        }
    }

    /// Events per second over `n` events.
    fn rate(&mut self, n: u64, groups: u64) -> f64 {
        n as f64 / measure::best(1, || self.feed(n, groups))
    }
}

/// Runs everything; prints a table, or one object with `json`.
pub fn run(json: bool) -> Result<()> {
    let counting = load("  type: event_count\n  group-by: [user]\n  condition: {gte: 100}\n")?;
    let mut few = Feeder::new(&counting, usize::MAX);
    few.feed(FEW, FEW);
    let few_eps = few.rate(GROUPS, FEW);
    drop(few);
    let before = measure::memory_mb();
    let mut many = Feeder::new(&counting, usize::MAX);
    let growing_eps = many.rate(GROUPS, GROUPS);
    let group_bytes = (measure::memory_mb() - before) * 1_048_576.0 / many.detector.n_groups() as f64;
    let live_eps = many.rate((ROUNDS - 1) * GROUPS, GROUPS);
    let live = many.detector.n_groups();
    let start = Instant::now();
    let saved = many.detector.save();
    let save_s = start.elapsed().as_secs_f64();
    drop(many);
    let mut restored = Feeder::new(&counting, usize::MAX);
    let start = Instant::now();
    let left_out = restored.detector.restore(&saved).map_err(anyhow::Error::msg)?;
    let restore_s = start.elapsed().as_secs_f64();
    ensure!(left_out == 0 && restored.detector.n_groups() == live, "the state was not restored whole");
    ensure!(restored.detector.save() == saved, "the state was not restored exactly");
    let save_mb = saved.len() as f64 / 1e6;
    drop((restored, saved));
    let bound = 100_000;
    let mut evicting = Feeder::new(&counting, bound);
    evicting.feed(GROUPS, GROUPS);
    let evicting_eps = evicting.rate(GROUPS, GROUPS);
    let evicted = evicting.detector.counts().correlation.evicted;
    ensure!(evicting.detector.n_groups() == bound, "the bound on groups does not hold");
    let mut result = json!({
        "groups": live, "few_groups": FEW,
        "few_eps": few_eps.round(), "growing_eps": growing_eps.round(), "live_eps": live_eps.round(),
        "slowdown": round(few_eps / live_eps),
        "group_bytes": group_bytes.round(), "peak_mb": measure::peak_memory_mb().round(),
        "save_s": round(save_s), "save_mb": round(save_mb), "restore_s": round(restore_s),
        "evicting_eps": evicting_eps.round(), "evicted": evicted,
    });
    result["hot"] = hot()?;
    if json {
        println!("{result}");
    } else {
        for (key, value) in result.as_object().into_iter().flatten().filter(|(key, _)| *key != "hot") {
            println!("{key:<14} {value}");
        }
        for line in result["hot"].as_array().into_iter().flatten() {
            println!("hot {line}");
        }
    }
    Ok(())
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// One group that holds everything: events per second while it is small and once it is large.
fn hot() -> Result<Json> {
    let kinds = [
        ("event_count", "  type: event_count\n  condition: {gte: 2000000}\n"),
        ("value_count", "  type: value_count\n  condition: {field: bytes, gte: 20000000}\n"),
        ("value_sum", "  type: value_sum\n  condition: {field: bytes, lt: 0}\n"),
        ("value_avg", "  type: value_avg\n  condition: {field: bytes, lt: 0}\n"),
        (
            "value_percentile",
            "  type: value_percentile\n  condition: {field: bytes, percentile: 95, lt: 0}\n",
        ),
    ];
    let mut lines = Vec::new();
    for (name, correlation) in kinds {
        let set = load(correlation)?;
        let mut feeder = Feeder::new(&set, usize::MAX);
        feeder.feed(4 * LATENESS_MS.cast_unsigned(), FEW);
        let small_eps = feeder.rate(20_000, FEW);
        feeder.feed(500_000, FEW);
        let large_eps = feeder.rate(100_000, FEW);
        let entries = feeder.n;
        lines.push(json!({
            "type": name, "entries": entries, "small_eps": small_eps.round(), "large_eps": large_eps.round(),
            "slowdown": round(small_eps / large_eps),
        }));
    }
    Ok(Json::Array(lines))
}
