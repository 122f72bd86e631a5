//! Any bytes as a telemetry file: formats, archives, parsers, entities, the drafted estate.
#![no_main]

use std::io::Write;
use std::ops::ControlFlow;

use bulkhead_telemetry::{Observer, Options, Record, discover, entities, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(bytes).is_err() {
        return;
    }
    let mut observer = Observer::default();
    let mut sink = |record: &Record<'_>| {
        observer.add(&entities(record.event));
        ControlFlow::Continue(())
    };
    let options = Options { unpacked_max: 16 << 20, now: "2024-06-01T00:00:00Z".parse().ok(), ..Options::default() };
    read(&[file.path().to_string_lossy().into_owned()], &options, &mut sink);
    discover::draft(&observer.finish(), "fuzz");
});
