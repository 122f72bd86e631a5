//! Reads telemetry and shows what came out.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bulkhead_model::entity::{Entities, Observations};
use bulkhead_model::event::{Value, Visitor};
use bulkhead_telemetry::{Observer, Options, Record, Telemetry, Worker, entities, read, read_parallel};
use serde_json::{Map, json};

/// One record, kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub file: String,
    pub record: u64,
    pub raw: Vec<u8>,
    pub shown: serde_json::Value,
}

/// Everything that `paths` yields.
pub fn read_all(paths: &[&Path], options: &Options) -> (Vec<Kept>, Telemetry) {
    let paths: Vec<String> = paths.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let mut kept = Vec::new();
    let mut sink = |record: &Record<'_>| {
        kept.push(keep(record));
        ControlFlow::Continue(())
    };
    let telemetry = read(&paths, options, &mut sink);
    if telemetry.bytes() < PARALLEL_MAX {
        same_in_parallel(&paths, options, &kept, &telemetry);
    }
    (kept, telemetry)
}

/// Up to so many bytes everything is read again on many threads; beyond, the tests would take too long.
const PARALLEL_MAX: u64 = 32 << 20;

fn keep(record: &Record<'_>) -> Kept {
    Kept {
        file: record.file.to_owned(),
        record: record.record,
        raw: record.event.raw().to_vec(),
        shown: show(record),
    }
}

struct Keeper;

impl Worker for Keeper {
    type Out = Vec<Kept>;

    fn record(&mut self, record: &Record<'_>, out: &mut Self::Out) {
        out.push(keep(record));
    }
}

/// However many threads read, records, numbers, counts and faults are the same.
#[track_caller]
fn same_in_parallel(paths: &[String], options: &Options, kept: &[Kept], telemetry: &Telemetry) {
    for threads in [1, 2, 3, 8] {
        let mut again = Vec::new();
        let workers = std::iter::repeat_with(|| Keeper).take(threads).collect();
        let report = read_parallel(paths, options, workers, &mut |batch, _| {
            again.extend(batch.out.into_iter().map(|mut it| {
                it.record += batch.before;
                it.shown["record"] = it.record.into();
                it
            }));
            ControlFlow::Continue(())
        });
        let first = kept.iter().zip(&again).position(|(a, b)| a != b);
        let differ = first.map(|it| (&kept[it], &again[it]));
        assert_eq!((kept.len(), first), (again.len(), None), "{paths:?} on {threads} threads: {differ:?}");
        assert_eq!(*telemetry, report, "{paths:?} on {threads} threads");
    }
}

/// The sum of the entities of everything that `paths` yields.
pub fn observe(paths: &[&Path]) -> (Observations, Telemetry) {
    let paths: Vec<String> = paths.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let mut observer = Observer::default();
    let mut sink = |record: &Record<'_>| {
        observer.add(&entities(record.event));
        ControlFlow::Continue(())
    };
    let telemetry = read(&paths, &Options::default(), &mut sink);
    (observer.finish(), telemetry)
}

fn show(record: &Record<'_>) -> serde_json::Value {
    let mut all = All(Map::new());
    record.event.visit(&mut all);
    let source: Vec<&str> = [record.source.product, record.source.service, record.source.category]
        .into_iter()
        .map(|it| it.unwrap_or("-"))
        .collect();
    json!({
        "record": record.record,
        "shape": format!("{:?}", record.event.shape()),
        "source": source.join(" "),
        "fields": all.0,
        "entities": show_entities(&entities(record.event)),
    })
}

/// The entities that are there, in few words.
fn show_entities(it: &Entities) -> serde_json::Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value.into());
        }
    };
    put("time", it.time.map(|it| it.to_string()));
    put("host", it.host.clone());
    put("subject", it.subject.map(|it| it.to_string()));
    put("os", it.os.map(str::to_owned));
    put("role", it.role.map(str::to_owned));
    put("user", it.user.clone());
    put("created", it.created.clone());
    put("process", it.process.clone());
    put("privileged", it.privileged.then(|| "yes".to_owned()));
    let own: Vec<String> = it.host_addresses.iter().map(ToString::to_string).collect();
    put("host_addresses", (!own.is_empty()).then(|| own.join(" ")));
    let named: Vec<String> = it.named.iter().map(|(address, name)| format!("{address}={name}")).collect();
    put("named", (!named.is_empty()).then(|| named.join(" ")));
    put(
        "logon",
        it.logon.as_ref().map(|it| {
            let verdict = if it.success { "succeeded" } else { "failed" };
            format!("{} {} {} -> {} {verdict}", it.user, it.kind, it.from.as_deref().unwrap_or("-"), it.to)
        }),
    );
    put("flow", it.flow.as_ref().map(|it| format!("{} -> {} {}/{}", it.from, it.to, it.protocol, it.port)));
    out.into()
}

/// Collects every field; several values of one become an array.
struct All(Map<String, serde_json::Value>);

impl<'e> Visitor<'e> for All {
    fn wants(&mut self, _: &str) -> bool {
        true
    }

    fn value(&mut self, name: &str, value: Value<'e>) {
        let value = match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(it) => it.into(),
            other => other.to_text().into_owned().into(),
        };
        match self.0.get_mut(name) {
            None => drop(self.0.insert(name.to_owned(), value)),
            Some(serde_json::Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
}

/// The public data sets, or none with a line that says what does not run. On CI they must be there if the folder is.
pub fn shared_data(what: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BULKHEAD_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    if root.join(what).is_dir() {
        return Some(root.join(what));
    }
    let insists = std::env::var("CI").is_ok_and(|it| it == "true")
        && Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).is_dir();
    assert!(!insists, "no {} although CI has ../shared", root.join(what).display());
    println!("not run: tests over {what} (no ../shared/data)");
    None
}
