//! The whole loop, generic over whoever acts, records and keeps the time.
//!
//! ```text
//! due(state, now) + answers to effects(state) --> decide --> record --> evolve --> ...
//! ```
//! Pure: the clock, the journal and the world are behind [`Executor`].

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::command::{Command, Ctx, Policy, Rejection};
use crate::decide::decide;
use crate::due::{due, next_due};
use crate::effects::{Effect, effects};
use crate::event::Event;
use crate::evolve::evolve;
use crate::state::State;

/// Commands one round may take without time passing or anything being awaited; more means that the executor and the
/// engine are talking in circles.
const MAX_PER_INSTANT: usize = 100_000;

/// Acts, records and keeps the time.
pub trait Executor {
    /// What can go wrong for good, such as the journal refusing.
    type Error;

    /// Now.
    fn now(&mut self) -> Timestamp;

    /// Records events, in order, all or none, durably. Returns them as they will be read back, so that the state in
    /// memory is the one a restart finds.
    ///
    /// # Errors
    /// When they could not be recorded; the run ends.
    fn record(&mut self, events: Vec<Event>) -> Result<Vec<Event>, Self::Error>;

    /// Begins to carry out an effect. Called once per effect; what it is about stands in `state`. Answers known at once
    /// are returned, others come through [`Executor::wait`].
    ///
    /// # Errors
    /// When nothing can go on; an effect that merely failed is answered with a command that says so.
    fn start(&mut self, state: &State, effect: &Effect) -> Result<Vec<Command>, Self::Error>;

    /// An effect begun is no longer wanted; its answer, should it come, will be rejected as late.
    fn cancel(&mut self, _effect: &Effect) {}

    /// Waits until answers or commands from outside are there and returns them, or until `until` and returns none; then
    /// [`Executor::now`] is at least that. `None` ends the run: nobody will say anything any more. Where time is only
    /// simulated, that is so when no answer is on its way and [`crate::next_progress`] is none, since leases alone would
    /// be renewed for ever.
    ///
    /// # Errors
    /// When nothing can go on.
    fn wait(&mut self, state: &State, until: Option<Timestamp>) -> Result<Option<Vec<Command>>, Self::Error>;

    /// A command changed nothing.
    fn rejected(&mut self, _command: &Command, _rejection: &Rejection) {}
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The incident is closed.
    Closed,
    /// Nothing is under way, nothing is due, and nobody says anything: it is for people to go on.
    Resting,
    /// The executor and the engine are talking in circles; a fault of the program.
    Circling,
}

/// Runs until the incident is closed or nothing is left to do. `state` is what the journal replays to; with
/// `restarted` steps found begun are probed first.
///
/// # Errors
/// Whatever the executor returns.
pub fn run<E: Executor>(
    state: State,
    policy: &Policy,
    executor: &mut E,
    restarted: bool,
) -> Result<(State, Outcome), E::Error> {
    let mut run = Run { state, policy, executor, under_way: BTreeSet::new() };
    if restarted {
        run.take(&Command::Resume)?;
    }
    let mut at = None;
    let mut count = 0;
    loop {
        let busy = run.round()?;
        if run.state.is_closed() {
            return Ok((run.state, Outcome::Closed));
        }
        let now = run.executor.now();
        count = if at == Some(now) { count + 1 } else { 0 };
        at = Some(now);
        if count > MAX_PER_INSTANT {
            return Ok((run.state, Outcome::Circling));
        }
        if busy {
            continue;
        }
        let until = next_due(&run.state);
        let Some(commands) = run.executor.wait(&run.state, until)? else {
            return Ok((run.state, Outcome::Resting));
        };
        for command in commands {
            run.take(&command)?;
        }
    }
}

/// One command: decided, recorded, evolved. Returns the next state and whether anything happened.
///
/// # Errors
/// Whatever the executor returns when it records.
pub fn step<E: Executor>(
    mut state: State,
    command: &Command,
    policy: &Policy,
    executor: &mut E,
) -> Result<(State, bool), E::Error> {
    let ctx = Ctx { now: executor.now(), policy: policy.clone() };
    match decide(&state, command.clone(), &ctx) {
        Ok(events) if events.is_empty() => Ok((state, false)),
        Ok(events) => {
            for event in executor.record(events)? {
                state = evolve(state, &event);
            }
            Ok((state, true))
        }
        Err(rejection) => {
            executor.rejected(command, &rejection);
            Ok((state, false))
        }
    }
}

struct Run<'a, E> {
    state: State,
    policy: &'a Policy,
    executor: &'a mut E,
    /// Effects begun and still wanted.
    under_way: BTreeSet<Effect>,
}

impl<E: Executor> Run<'_, E> {
    fn take(&mut self, command: &Command) -> Result<bool, E::Error> {
        let state = std::mem::take(&mut self.state);
        let (state, changed) = step(state, command, self.policy, self.executor)?;
        self.state = state;
        Ok(changed)
    }

    /// Everything that can happen at this instant without waiting, once; whether anything did.
    fn round(&mut self) -> Result<bool, E::Error> {
        let now = self.executor.now();
        let mut busy = false;
        for command in due(&self.state, now) {
            busy |= self.take(&command)?;
        }
        let wanted: BTreeSet<Effect> = effects(&self.state).into_iter().collect();
        for gone in self.under_way.difference(&wanted) {
            self.executor.cancel(gone);
        }
        self.under_way.retain(|it| wanted.contains(it));
        let new: Vec<Effect> = wanted.difference(&self.under_way).cloned().collect();
        for effect in new {
            // An answer to the one before may have made this one pointless.
            if !effects(&self.state).contains(&effect) {
                continue;
            }
            self.under_way.insert(effect.clone());
            for command in self.executor.start(&self.state, &effect)? {
                self.take(&command)?;
            }
            busy = true;
        }
        Ok(busy)
    }
}
