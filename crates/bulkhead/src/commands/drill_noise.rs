//! `drill --noise`: whose ordinary life is played, and how much of each kind.

use bulkhead_evaluate::scenario::NoiseKind;
use bulkhead_evaluate::{Scenario, announced, read, scenario, scenarios};
use bulkhead_model::diag::nearest;
use bulkhead_model::{estate, yaml};

use crate::estate_input::{self, EstateInput, SHOWN};
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::inputs;

/// Most times as busy as a scenario says.
const FACTOR_MAX: f64 = 1000.0;

/// Takes the noise of others and scales it as the flags say: a factor, `KIND=FACTOR`, a scenario's name or file.
pub fn apply(scenario: &mut Scenario, flags: &[String]) -> Outcome {
    let (mut factors, mut source) = (Vec::new(), None);
    for flag in flags {
        match asked(flag)? {
            Asked::Factor(kind, factor) => factors.push((flag, kind, factor)),
            Asked::Source(name) => {
                if let Some(before) = source.replace(name) {
                    let message =
                        format!("--noise {before} and --noise {flag} both say whose noise is played");
                    return Err(Failure::input(message)
                        .hint("give one scenario, and KIND=FACTOR as often as you like"));
                }
            }
        }
    }
    // What goes on before an attack goes on around it.
    let before = scenario.before_noise.clone().filter(|_| scenario.before.secs() > 0);
    if let Some(name) = source.or(before) {
        let other = load(&name)?;
        (scenario.noise, scenario.timezone) = (other.noise, other.timezone);
    }
    for (flag, kind, factor) in factors {
        if !scenario.scale_noise(kind, factor)
            && let Some(kind) = kind
        {
            let message = format!("--noise {flag}: `{}` has no noise of kind `{}`", scenario.id, kind.name());
            return Err(Failure::input(message).hint(format!("it has {}", kinds(scenario))));
        }
    }
    Ok(())
}

/// The estate with what its operator has announced of the scenario's noise, in its text as well.
pub fn announce(input: EstateInput, scenario: &Scenario, seed: u64) -> Outcome<EstateInput> {
    let (windows, scanners) = announced(scenario, &input.estate, seed);
    if windows.is_empty() && scanners.is_empty() {
        return Ok(input);
    }
    let mut estate = input.estate;
    let is_first = estate.maintenance.is_empty() && estate.scanners.is_empty();
    let json = |value: serde_json::Result<String>| value.map_err(anyhow::Error::new);
    let text = format!(
        "{}\n# Announced by the operator of the drill.\nmaintenance: {}\nscanners: {}\n",
        input.text,
        json(serde_json::to_string(&windows))?,
        json(serde_json::to_string(&scanners))?
    );
    estate.maintenance.extend(windows);
    estate.scanners.extend(scanners);
    let is_same = is_first && estate::read(&input.origin, &text).0.as_ref() == Some(&estate);
    let text = if is_same {
        text
    } else {
        let value = serde_json::to_value(&estate).map_err(anyhow::Error::new)?;
        format!("# With what the operator of the drill announced.\n{}", yaml::emit(&value))
    };
    Ok(EstateInput { origin: input.origin, text, estate })
}

enum Asked {
    Factor(Option<NoiseKind>, f64),
    Source(String),
}

fn asked(flag: &str) -> Outcome<Asked> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let allowed = |factor: f64| {
        let is_fit = factor.is_finite() && (0.0..=FACTOR_MAX).contains(&factor);
        if is_fit { Ok(factor) } else { Err(not_a_factor(flag)) }
    };
    if let Some(factor) = number(flag) {
        return Ok(Asked::Factor(None, allowed(factor)?));
    }
    // A file whose name holds `=` is a file.
    let Some((kind, factor)) = flag.split_once('=').filter(|_| !inputs::is_file(flag.as_ref())) else {
        return Ok(Asked::Source(flag.to_owned()));
    };
    let Some(known) = NoiseKind::ALL.iter().find(|(name, _)| *name == kind.trim()).map(|(_, it)| *it) else {
        let names: Vec<_> = NoiseKind::ALL.iter().map(|(name, _)| *name).collect();
        let near =
            nearest(kind, names.iter().copied()).map_or(String::new(), |it| format!("did you mean `{it}`? "));
        let message = format!("--noise {flag}: `{kind}` is no kind of noise");
        return Err(Failure::input(message).hint(format!("{near}choose from: {}", names.join(", "))));
    };
    let factor = number(factor).ok_or_else(|| not_a_factor(flag))?;
    Ok(Asked::Factor(Some(known), allowed(factor)?))
}

fn not_a_factor(flag: &str) -> Failure {
    Failure::input(format!("--noise {flag} holds no number from 0 to {FACTOR_MAX}"))
        .hint("write --noise 2 for twice of everything, --noise rounds=0 for none of one kind")
}

/// A scenario built in, or read from a file.
fn load(name: &str) -> Outcome<Scenario> {
    let text = match scenario(name) {
        Some(text) => text.to_owned(),
        None if inputs::is_file(name.as_ref()) => estate_input::text(name.as_ref())?,
        None => {
            let names: Vec<_> = scenarios().iter().map(|(name, _)| *name).collect();
            let message =
                format!("--noise {name} is no number, no KIND=FACTOR, no scenario built in and no file");
            return Err(Failure::input(message).hint(format!("built in are {}", names.join(", "))));
        }
    };
    let (scenario, diagnostics) = read(name, &text);
    print_diagnostics(&diagnostics, SHOWN);
    scenario.ok_or_else(|| Failure::input(format!("--noise {name}: the scenario cannot be read")))
}

/// The kinds that a scenario has.
fn kinds(scenario: &Scenario) -> String {
    let mut kinds: Vec<_> = scenario.noise.iter().map(|it| it.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let names: Vec<_> = kinds.into_iter().map(NoiseKind::name).collect();
    if names.is_empty() { "none at all".to_owned() } else { names.join(", ") }
}
