//! Stopwatch and process memory.

use std::time::Instant;

use anyhow::{Context, Result};

/// Seconds this thread was on a processor so far (Linux); other processes on the machine do not add to it.
pub fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// The least processor time of `rounds` runs in seconds: the run least disturbed by others.
pub fn best(rounds: usize, mut work: impl FnMut()) -> f64 {
    (0..rounds)
        .map(|_| {
            let (start, wall) = (cpu_seconds(), Instant::now());
            work();
            let cpu = cpu_seconds() - start;
            if cpu > 0.0 { cpu } else { wall.elapsed().as_secs_f64() }
        })
        .fold(f64::INFINITY, f64::min)
}

/// The shortest of `rounds` runs in seconds by the clock, for work of several threads.
pub fn best_wall(rounds: usize, mut work: impl FnMut()) -> f64 {
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

/// Ticks of the kernel's accounting in a second (`USER_HZ` of Linux).
const TICKS: f64 = 100.0;

/// Seconds of processor time, user and system, of all processes that this one started and that have ended (Linux).
pub fn children_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // proc(5): fields 16 and 17; the second may hold blanks and ends with the last `)`.
    let fields = text.rsplit_once(')').map(|it| it.1).unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(13).take(2).filter_map(|it| it.parse().ok()).collect();
    let [user, system] = ticks[..] else { return None.context("/proc/self/stat is not as proc(5) says") };
    Ok((user + system) / TICKS)
}

/// Peak resident memory of this process in MB (Linux).
pub fn peak_memory_mb() -> f64 {
    peak_memory_of(std::process::id())
}

/// Peak resident memory of a process that still runs, in MB (Linux).
pub fn peak_memory_of(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// Resident memory of this process in MB (Linux).
pub fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}
