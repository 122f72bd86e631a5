//! Playing a scenario: [`generate`] is where a reader sees the whole of it.

use bulkhead_model::estate::{Estate, Maintenance, Scanner};
use bulkhead_model::span::Span;
use jiff::{SignedDuration, Timestamp};

use crate::attack::Attack;
use crate::defence::Defence;
use crate::movement::Movement;
use crate::noise::Maker;
use crate::scenario::Scenario;
use crate::telemetry::Sink;
use crate::truth::Truth;
use crate::world::World;

/// How much telemetry follows the last step of a relapse.
const AFTER_RELAPSE: Span = Span::from_secs(3600);

/// What the other side of the drill does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Play<'p> {
    /// The states of the defence, in order of time. Before the first, nothing is installed.
    pub defences: &'p [Defence],
    /// When surveillance begins, from which the scenario's `relapse` steps count; absent: no relapse is played.
    pub surveillance_from: Option<Timestamp>,
}

/// What a drill yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// File names below the telemetry folder, and their bytes; each in order of time.
    pub telemetry: Vec<(String, Vec<u8>)>,
    /// What truly happened.
    pub truth: Truth,
    /// Groups of benign events left out because the scenario asked for more than a drill may hold.
    pub noise_dropped: u64,
}

/// Plays `scenario` against `estate`.
///
/// The same inputs give the same bytes. Two plays that differ only from an instant on give the same telemetry before it,
/// so that a drill can generate, decide, and generate again with what it decided.
pub fn generate(scenario: &Scenario, estate: &Estate, seed: u64, play: &Play<'_>) -> Generated {
    let mut world = World::new(estate, &scenario.silent);
    let movement = Movement::new(&world);
    let cast = world.cast(scenario, seed, &movement);
    world.blind(scenario, &cast);
    let mut sink = Sink::default();
    let mut attack = Attack::new(&scenario.id, &world, &movement, cast, play.defences, seed, &mut sink);
    attack.plan(&scenario.steps, scenario.start);
    if let Some(from) = play.surveillance_from {
        attack.plan(&scenario.relapse, from);
    }
    let truth = attack.run();
    let mut maker = Maker::new(&world, &movement, &mut sink, seed, zone(scenario, estate));
    if scenario.before > Span::default() {
        maker.make(&scenario.noise, begin(scenario), scenario.before);
    }
    maker.make(&scenario.noise, scenario.start, scenario.length);
    if let Some(from) = play.surveillance_from {
        let last = scenario.relapse.iter().map(|it| it.at.secs()).max().unwrap_or_default();
        maker.make(&scenario.noise, from, Span::from_secs(last + AFTER_RELAPSE.secs()));
    }
    let noise_dropped = maker.dropped;
    Generated { telemetry: sink.finish(), truth, noise_dropped }
}

/// What the operator of `estate` has announced of the scenario's noise, as its estate would say it.
pub fn announced(scenario: &Scenario, estate: &Estate, seed: u64) -> (Vec<Maintenance>, Vec<Scanner>) {
    let world = World::new(estate, &scenario.silent);
    let movement = Movement::new(&world);
    let mut sink = Sink::default();
    let maker = Maker::new(&world, &movement, &mut sink, seed, zone(scenario, estate));
    let length = i64::try_from(scenario.length.secs()).unwrap_or(i64::MAX);
    let end = scenario.start.saturating_add(SignedDuration::from_secs(length)).unwrap_or(Timestamp::MAX);
    maker.announced(&scenario.noise, (begin(scenario), end))
}

/// When telemetry begins.
fn begin(scenario: &Scenario) -> Timestamp {
    let before = SignedDuration::from_secs(i64::try_from(scenario.before.secs()).unwrap_or(i64::MAX));
    scenario.start.saturating_sub(before).unwrap_or(scenario.start)
}

fn zone<'s>(scenario: &'s Scenario, estate: &'s Estate) -> &'s str {
    scenario.timezone.as_deref().unwrap_or(&estate.estate.timezone)
}
