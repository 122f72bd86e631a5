//! Whole processes on one file, as users run them: ours and the rival's in turn, load included, by processor time.

use std::ffi::OsString;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use bulkhead_model::json::JsonEvent;

use crate::corpus::{self, Events};
use crate::{measure, peers};

/// Runs of each, in turn; medians count.
const TURNS: usize = 5;

/// What whole processes take, medians over the turns.
pub struct Processes {
    /// Seconds of processor time of `bulkhead detect FILE --threads 1`, load included.
    pub ours_s: f64,
    /// Seconds of processor time on a file of one event: what starting and loading the rules takes.
    pub start_s: f64,
    /// Peak resident memory of ours, MB.
    pub rss_mb: f64,
    /// Seconds of processor time of the rival on the same file; none where it is not installed.
    pub rsigma_s: Option<f64>,
    /// Its version, as it says it.
    pub rsigma: Option<String>,
    /// The rival's time as a multiple of ours, turn by turn, ascending: on a file made ready for it, each event flat and with
    /// its log source beside its fields, so that it routes rules as ours are routed. What making it so costs is not counted.
    pub ratios: Vec<f64>,
    /// The same on the file that ours reads, of which the rival knows no log source and tries every rule.
    pub ratios_same_file: Vec<f64>,
    /// The file's size.
    pub bytes: u64,
}

/// Measures both on the events, written to one file.
pub fn run(events: &Events) -> Result<Processes> {
    let ours = ours()?;
    let folder = std::env::temp_dir().join(format!("bulkhead-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = on_file(events, &ours, &folder);
    std::fs::remove_dir_all(&folder).ok();
    result
}

fn on_file(events: &Events, ours: &Path, folder: &Path) -> Result<Processes> {
    let (file, single) = (folder.join("events.ndjson"), folder.join("one.ndjson"));
    write(&file, events.iter())?;
    write(&single, events.iter().take(1))?;
    let rival = rival();
    if rival.is_none() {
        eprintln!(
            "without rsigma as a process: `cargo install rsigma@0.26.0 --ignore-rust-version`, or name it in RSIGMA"
        );
    }
    // The rival takes one folder of rules: both are given the same.
    let rules = folder.join("rules");
    for it in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        copy(&corpus::root().join("sigma").join(it), &rules.join(it))?;
    }
    let tagged = folder.join("tagged.ndjson");
    if rival.is_some() {
        write_tagged(&tagged, events)?;
    }
    let (mut own, mut start, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ratios, mut ratios_same_file, mut rss_mb) = (Vec::new(), Vec::new(), 0.0_f64);
    for turn in 0..=TURNS {
        let mine = accounted(&mut detect(ours, &rules, &file))?;
        let begun = accounted(&mut detect(ours, &rules, &single))?;
        let on =
            |it: &Path| rival.as_ref().map(|rival| accounted(&mut eval(&rival.0, &rules, it))).transpose();
        let theirs = on(&tagged)?;
        // Once is enough for what takes so long.
        let same = if turn == 1 { on(&file)? } else { None };
        // The first turn warms the file cache.
        if turn == 0 {
            continue;
        }
        rss_mb = rss_mb.max(mine.peak_mb);
        own.push(mine.cpu_s);
        start.push(begun.cpu_s);
        if let Some(theirs) = theirs {
            other.push(theirs.cpu_s);
            ratios.push(theirs.cpu_s / mine.cpu_s);
        }
        ratios_same_file.extend(same.map(|it| it.cpu_s / mine.cpu_s));
    }
    ratios.sort_by(f64::total_cmp);
    Ok(Processes {
        ours_s: median(&mut own),
        start_s: median(&mut start),
        rss_mb,
        rsigma_s: (!other.is_empty()).then(|| median(&mut other)),
        rsigma: rival.map(|it| it.1),
        ratios,
        ratios_same_file,
        bytes: std::fs::metadata(&file)?.len(),
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn write<'l>(path: &Path, lines: impl Iterator<Item = &'l [u8]>) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    for line in lines {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Every event as the rival reads it best: flat, tagged with its log source.
fn write_tagged(path: &Path, events: &Events) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    for line in events.iter() {
        let Ok(event) = JsonEvent::new(line, None) else { continue };
        for form in peers::flat(&event) {
            writeln!(out, "{form}")?;
        }
    }
    Ok(out.flush()?)
}

/// Copies the rule files below `from`.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::write(&target, std::fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

fn detect(program: &Path, rules: &Path, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.args([
        "detect",
        "--threads",
        "1",
        "--format",
        "ndjson",
        "--no-builtin-rules",
        "--quiet",
        "--rules",
    ]);
    command.arg(rules).arg(file);
    quiet(command)
}

fn eval(program: &Path, rules: &Path, file: &Path) -> Command {
    let mut command = Command::new(program);
    let fields = "product=_ls_product,service=_ls_service,category=_ls_category";
    command.args(["engine", "eval", "--logsource-routing", "--logsource-field-map", fields, "-r"]);
    let mut at = OsString::from("@");
    at.push(file);
    command.arg(rules).arg("-e").arg(at);
    quiet(command)
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The product, built in release mode like this program and lying beside it.
fn ours() -> Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().map(Path::to_path_buf).unwrap_or_default();
    let program = folder.join("bulkhead");
    ensure!(
        program.is_file(),
        "{} is not built: `cargo xtask bench detect` builds it first",
        program.display()
    );
    Ok(program)
}

/// The rival's program and version, where it is installed: named by `RSIGMA`, or on the path.
fn rival() -> Option<(PathBuf, String)> {
    let program = std::env::var_os("RSIGMA").map_or_else(|| PathBuf::from("rsigma"), PathBuf::from);
    let output = Command::new(&program).arg("--version").output().ok().filter(|it| it.status.success())?;
    Some((program, String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

/// What one finished process took.
pub struct Taken {
    /// Seconds of processor time, user and system.
    pub cpu_s: f64,
    /// Peak resident memory, MB.
    pub peak_mb: f64,
}

/// Runs `command` to its end and returns what the kernel accounted to it.
pub fn accounted(command: &mut Command) -> Result<Taken> {
    let before = measure::children_seconds()?;
    let shown = format!("{command:?}");
    let mut child = command.spawn().with_context(|| shown.clone())?;
    let mut peak_mb = 0.0_f64;
    let status = loop {
        // The high-water mark is gone once the process is reaped.
        peak_mb = peak_mb.max(measure::peak_memory_of(child.id()));
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(Taken { cpu_s: measure::children_seconds()? - before, peak_mb })
}
