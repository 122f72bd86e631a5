//! Scenarios played on the example estates.

use std::path::PathBuf;

use bulkhead_evaluate::{Generated, Play, Scenario, generate};
use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::{self, Estate};

use crate::hunt::{hunt, starter, workspace};

fn estate(name: &str) -> Estate {
    let path = workspace(&format!("examples/{name}/estate.yaml"));
    let text = std::fs::read_to_string(&path).expect("an example estate");
    let (estate, faults) = estate::read(name, &text);
    estate.unwrap_or_else(|| panic!("{faults:?}"))
}

fn scenario(name: &str) -> Scenario {
    let text = bulkhead_evaluate::scenario(name).expect("an embedded scenario");
    let (scenario, faults) = bulkhead_evaluate::read(name, text);
    assert_eq!(faults, Vec::<Diagnostic>::new());
    scenario.expect("no faults, so a scenario")
}

fn play(scenario: &Scenario, estate: &Estate) -> Generated {
    generate(scenario, estate, scenario.seed, &Play::default())
}

#[test]
fn print() {
    let (rules, _) = starter();
    for name in ["reference", "oss-ssh", "false-alarm"] {
        let started = std::time::Instant::now();
        let out = play(&scenario(name), &estate("telco"));
        println!("{name} {:?} dropped {}", started.elapsed(), out.noise_dropped);
        for (part, host) in &out.truth.cast {
            println!("  {part}: {host}");
        }
        for act in &out.truth.acts {
            println!(
                "  {} {} {} {:?} {:?} id {:?}",
                act.at, act.technique, act.text, act.outcome, act.port, act.identity
            );
        }
        for (file, bytes) in &out.telemetry {
            println!(
                "  {file} {} bytes {} lines",
                bytes.len(),
                bytes.iter().filter(|it| **it == b'\n').count()
            );
            if let Ok(dir) = std::env::var("DUMP") {
                let path = PathBuf::from(dir).join(name).join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
        let (findings, telemetry) = hunt(&rules, &out.telemetry);
        for source in &telemetry.sources {
            println!("  {source:?}");
        }
        let mut findings = findings;
        findings.sort_by_key(|it| it.time);
        for f in &findings {
            println!(
                "  F {:?} {} {} host {:?} user {:?}",
                f.time,
                f.rule.level.as_str(),
                f.rule.title,
                f.host,
                f.user
            );
        }
    }
}
