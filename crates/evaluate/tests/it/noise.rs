//! Ordinary life: every kind leaves what it says, by its hours and days, and the same seed the same bytes.

use std::collections::BTreeSet;

use bulkhead_evaluate::scenario::{Noise, NoiseKind, Pace};
use bulkhead_evaluate::{Generated, Play, Scenario, announced, generate};
use bulkhead_model::estate::{self, Estate};
use bulkhead_model::finding::Level;
use bulkhead_model::span::Span;
use jiff::Timestamp;

use crate::hunt::{hunt, starter, workspace};

fn telco() -> Estate {
    let path = workspace("examples/telco/estate.yaml");
    let text = std::fs::read_to_string(path).expect("an example estate");
    estate::read("telco", &text).0.expect("sound")
}

fn false_alarm() -> Scenario {
    let text = bulkhead_evaluate::scenario("false-alarm").expect("built in");
    bulkhead_evaluate::read("false-alarm", text).0.expect("sound")
}

/// A scenario from `start` on of this noise alone, a list in YAML.
fn only(noise: &str, start: &str, length: &str) -> Scenario {
    let text = format!("{{version: 1, id: n, start: {start}, length: {length}, noise: [{noise}]}}");
    let (scenario, faults) = bulkhead_evaluate::read("n", &text);
    scenario.unwrap_or_else(|| panic!("{faults:?}"))
}

fn play(scenario: &Scenario, seed: u64) -> Generated {
    generate(scenario, &telco(), seed, &Play::default())
}

fn text(out: &Generated) -> String {
    out.telemetry.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
}

fn lines(out: &Generated) -> usize {
    text(out).lines().count()
}

/// What a week of one kind leaves, over a few seeds: words in the telemetry, and titles of rules from level low on that
/// it alone sets off.
fn check(kind: NoiseKind, words: &[&str], titles: &[&str]) {
    let (rules, _) = starter();
    let noise = format!("{{kind: {}}}", kind.name());
    let (length, seeds) = if kind.dates().is_some() { ("7d", 6) } else { ("1d", 2) };
    let scenario = only(&noise, "2025-07-07T00:00:00Z", length);
    let (mut seen, mut all) = (BTreeSet::new(), String::new());
    for seed in 0..seeds {
        let out = play(&scenario, seed);
        assert_eq!(out.truth.first_act, None, "{kind:?}");
        let (findings, telemetry) = hunt(&rules, &out.telemetry);
        assert!(telemetry.sources.iter().all(|it| it.malformed == 0), "{kind:?}: {telemetry:?}");
        let grave = findings.iter().filter(|it| it.rule.level >= Level::Low);
        seen.extend(grave.map(|it| it.rule.title.clone()));
        all.push_str(&text(&out));
    }
    for word in words {
        assert!(all.contains(word), "{kind:?}: no `{word}`");
    }
    for title in titles {
        assert!(seen.contains(*title), "{kind:?}: `{title}` is not among {seen:?}");
    }
}

#[test]
fn every_kind_leaves_what_it_says() {
    for (_, kind) in NoiseKind::ALL {
        let (words, titles): (&[&str], &[&str]) = match kind {
            NoiseKind::Desktop => (&["EXCEL.EXE", "www.press.example"], &[]),
            NoiseKind::Logon => (&["\"EventID\":4624"], &[]),
            NoiseKind::Mistyped => (&["\"EventID\":4625", "Failed password for"], &[]),
            NoiseKind::Admin => (&["Accepted publickey", "\"LogonType\":\"10\""], &[]),
            NoiseKind::Jobs => (&["logrotate", "inventory.ps1"], &[]),
            NoiseKind::Flows => (&["\"conn_state\":\"SF\""], &[]),
            NoiseKind::Netops => (&["CFGLOG_LOGGEDCMD"], &[]),
            NoiseKind::Odd => (&["certutil.exe -decode"], &["PowerShell runs an encoded command"]),
            NoiseKind::Patches => (
                &["\"EventID\":19", "\"EventID\":1074", "apt-get", "System is rebooting"],
                &[
                    "PowerShell runs an encoded command",
                    "Autostart registry value points to a script or user-writable place",
                    "Scheduled task runs code from a user-writable place",
                    "systemd unit or timer created",
                    "Cron job file created",
                ],
            ),
            NoiseKind::Joiners => (
                &["\"EventID\":4720", "\"EventID\":4722", "\"EventID\":4728", "userinit.exe"],
                &["Autostart registry value points to a script or user-writable place"],
            ),
            NoiseKind::Scanner => (
                &["\"conn_state\":\"REJ\"", "nmap", "Failed password for invalid user", "etc/passwd"],
                &[
                    "Scan of administration ports inside the network",
                    "Network scanner run",
                    "SSH password guessing",
                ],
            ),
            NoiseKind::Rounds => (
                &["wsmprovhost.exe", "svcctl", "agent.msi"],
                &[
                    "Process started through Windows Remote Management",
                    "Service manager reached over the network by a person",
                    "systemd unit or timer created",
                ],
            ),
            NoiseKind::Backups => (&["pg_dump", "svc-backup", "wbadmin.exe start backup"], &[]),
        };
        check(*kind, words, titles);
    }
}

#[test]
fn rounds_use_the_tool_of_intruders_now_and_then() {
    let (rules, _) = starter();
    let scenario = only("{kind: rounds, share: 1}", "2025-07-07T00:00:00Z", "5d");
    let (findings, _) = hunt(&rules, &play(&scenario, 3).telemetry);
    let titles: BTreeSet<_> = findings.iter().map(|it| it.rule.title.as_str()).collect();
    assert!(titles.contains("Command run through the PsExec service"), "{titles:?}");
}

#[test]
fn the_built_in_day_has_every_kind_and_raises_findings() {
    let scenario = false_alarm();
    let kinds: BTreeSet<_> = scenario.noise.iter().map(|it| it.kind).collect();
    assert_eq!(kinds.len(), NoiseKind::ALL.len(), "{kinds:?}");
    let mut week = scenario.clone();
    week.length = Span::from_secs(7 * 86_400);
    let (rules, _) = starter();
    let (findings, _) = hunt(&rules, &play(&week, 1).telemetry);
    let of = |level: Level| findings.iter().filter(|it| it.rule.level == level).count();
    assert!(of(Level::Medium) > 100, "{} medium", of(Level::Medium));
    assert!(of(Level::High) > 3, "{} high", of(Level::High));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let mut scenario = false_alarm();
    scenario.length = Span::from_secs(2 * 86_400);
    scenario.before = Span::from_secs(86_400);
    assert_eq!(play(&scenario, 5), play(&scenario, 5));
    assert_ne!(play(&scenario, 5), play(&scenario, 6));
}

#[test]
fn a_weekend_and_a_night_are_quieter() {
    let week = |rhythm: &str, start: &str, length: &str| {
        let noise = format!("{{kind: desktop, on: [{{kind: workstation}}], per_hour: 4, rhythm: {rhythm}}}");
        lines(&play(&only(&noise, start, length), 1))
    };
    let thursday = week("office", "2025-07-24T00:00:00+02:00", "1d");
    let saturday = week("office", "2025-07-26T00:00:00+02:00", "1d");
    assert!(saturday * 5 < thursday, "{saturday} on Saturday, {thursday} on Thursday");
    let morning = week("office", "2025-07-24T09:00:00+02:00", "3h");
    let night = week("office", "2025-07-24T01:00:00+02:00", "3h");
    assert!(night * 5 < morning, "{night} at night, {morning} in the morning");
    let by_night = week("night", "2025-07-24T01:00:00+02:00", "3h");
    let by_day = week("night", "2025-07-24T09:00:00+02:00", "3h");
    assert!(by_day * 3 < by_night, "{by_day} by day, {by_night} at night");
    let steady =
        ["2025-07-24T00:00:00+02:00", "2025-07-26T00:00:00+02:00"].map(|it| week("steady", it, "1d"));
    assert!(steady[0].abs_diff(steady[1]) * 10 < steady[0], "{steady:?}");
}

#[test]
fn days_and_hours_are_those_of_the_zone() {
    let patches = "{kind: patches, days: [thu], weeks: [4], at: \"20:00\", lasts: 1h}";
    let lines_in = |zone: &str, start: &str, length: &str| {
        let mut scenario = only(patches, start, length);
        scenario.timezone = (!zone.is_empty()).then(|| zone.to_owned());
        lines(&play(&scenario, 1))
    };
    // The estate's zone is Paris: two hours ahead in July.
    assert!(lines_in("", "2025-07-24T18:00:00Z", "1h") > 0);
    assert_eq!(lines_in("", "2025-07-24T00:00:00Z", "18h"), 0);
    assert_eq!(lines_in("UTC", "2025-07-24T18:00:00Z", "2h"), 0);
    assert!(lines_in("UTC", "2025-07-24T20:00:00Z", "1h") > 0);
}

#[test]
fn a_day_is_the_same_wherever_the_recording_is_cut() {
    let noise = "{kind: scanner}, {kind: rounds}, {kind: backups}, {kind: joiners}";
    let whole = only(noise, "2025-07-27T23:30:00Z", "2d");
    let mut cut = only(noise, "2025-07-29T00:10:00Z", "85800s");
    cut.before = Span::from_secs(88_800 - 1800);
    cut.length = Span::from_secs(2 * 86_400 - cut.before.secs());
    cut.start =
        whole.start + jiff::SignedDuration::from_secs(i64::try_from(cut.before.secs()).expect("small"));
    assert_eq!(play(&whole, 4).telemetry, play(&cut, 4).telemetry);
}

#[test]
fn noise_is_scaled_by_kind() {
    let mut scenario = false_alarm();
    assert!(scenario.scale_noise(Some(NoiseKind::Rounds), 0.0));
    let busy = |it: &Noise| matches!(it.pace, Pace::Steady { per_hour, .. } if per_hour > 0.0);
    assert!(scenario.noise.iter().any(|it| it.kind == NoiseKind::Admin && busy(it)), "others stay");
    scenario.noise.retain(|it| it.kind == NoiseKind::Rounds);
    assert_eq!(lines(&play(&scenario, 1)), 0);
    assert!(!scenario.scale_noise(Some(NoiseKind::Scanner), 2.0), "it has none");
}

#[test]
fn what_is_announced_is_what_happens() {
    let mut scenario = false_alarm();
    scenario.length = Span::from_secs(86_400);
    let (windows, scanners) = announced(&scenario, &telco(), 7);
    let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    assert_eq!(windows.len(), 1, "{windows:?}");
    assert!(windows[0].covers(at("2025-07-24T18:00:00Z")) && !windows[0].covers(at("2025-07-24T21:30:00Z")));
    let scanner = scanners[0].from.clone().and_then(|it| it.asset).expect("a host");
    scenario.noise.retain(|it| it.kind == NoiseKind::Scanner);
    let out = play(&scenario, 7);
    let address = telco().assets.iter().find(|it| it.id == scanner).expect("in the estate").addresses[0];
    let of_others = text(&out)
        .lines()
        .filter(|it| it.contains("\"id.orig_h\""))
        .filter(|it| !it.contains(&format!("\"id.orig_h\":\"{address}\"")))
        .count();
    assert_eq!(of_others, 0);
}
